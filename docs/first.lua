local pg = require "perigee"
local nn, optim, data = pg.nn, pg.optim, pg.data

pg.manual_seed(42)
local train, test = assert(data.mnist())
local model = nn.Sequential {
  nn.Flatten(), nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 10) }
local opt = optim.Adam(model:parameters(), { lr = 1e-3 })
local loader = data.DataLoader(train, { batch_size = 64, shuffle = true })
for x, y in loader:epoch() do
  opt:zero_grad()
  pg.cross_entropy(model(x), y):backward()
  opt:step()
end
local x, y = table.unpack(test[1])
print("written " .. test.classes[y:item()] ..
  ", read " .. test.classes[model(x):argmax():item()])
