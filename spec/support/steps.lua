-- A training loop as a user writes it first, with no word about memory, that
-- reports how much it holds. Runs as a program:
--
--   steps.lua STEPS MODE
--
-- MODE "naive" leaves everything to the collector; "scoped" frees each step's
-- tensors at its end with the collector stopped, for comparing times. Prints
-- highest resident KiB over the first tenth of the steps and over the rest,
-- and the seconds of processor time that the rest took.

local pg = require "perigee"
local nn, optim = pg.nn, pg.optim

local steps, mode = tonumber(arg[1]), arg[2]

pg.manual_seed(7)
local model = nn.Sequential {
  nn.Linear(32, 64), nn.ReLU(),
  nn.Linear(64, 10),
}
local opt = optim.Adam(model:parameters(), { lr = 1e-3 })
local x, y = pg.randn { 32, 32 }, pg.randint(1, 11, { 32 })

local function step()
  local loss = pg.cross_entropy(model(x), y)
  opt:zero_grad()
  loss:backward()
  opt:step()
end

-- Resident memory in KiB.
local function resident()
  for line in io.lines("/proc/self/status") do
    local kib = line:match("^VmRSS:%s*(%d+)")
    if kib then return tonumber(kib) end
  end
  return 0
end

local function run(from, to)
  local highest = 0
  for i = from, to do
    if mode == "scoped" then pg.scope(step) else step() end
    if i % 20 == 0 then highest = math.max(highest, resident()) end
  end
  return highest
end

if mode == "scoped" then collectgarbage("stop") end
local first = run(1, steps // 10)
local start = os.clock()
local rest = run(steps // 10 + 1, steps)
print(first, rest, os.clock() - start)
