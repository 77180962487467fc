-- XOR by a network with eight hidden units: the smallest whole training loop.
-- Prints the loss every 100 steps and the four answers at the end, in well
-- under a second.
--
--   perigee examples/01_xor.lua

local pg = require "perigee"
local nn, optim = pg.nn, pg.optim

pg.manual_seed(1)

local x = pg.tensor { { 0.0, 0.0 }, { 0.0, 1.0 }, { 1.0, 0.0 }, { 1.0, 1.0 } }
local wanted = pg.tensor { { 0.0 }, { 1.0 }, { 1.0 }, { 0.0 } }

local model = nn.Sequential {
  nn.Linear(2, 8), nn.Tanh(),
  nn.Linear(8, 1), nn.Sigmoid(),
}
local opt = optim.Adam(model:parameters(), { lr = 0.05 })

for step = 1, 500 do
  local loss = ((model(x) - wanted) ^ 2):mean()
  opt:zero_grad()
  loss:backward()
  opt:step()
  if step % 100 == 0 then
    print(("step %d  loss %.5f"):format(step, loss:item()))
  end
end

local answers = pg.no_grad(function() return model(x) end)
for i = 1, #x do
  print(("%d xor %d = %.2f"):format(x[i][1], x[i][2], answers[i][1]))
end
