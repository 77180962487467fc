-- The operations under a failing allocator, driven by alloc_spec.c: one call
-- after the other out of the samples, forward and backward. Run from there.
-- luacheck: globals advance run compare canary leaks tell

local pg = require "perigee"
local rows = require "spec.support.rows"
local samples = require "spec.support.samples"

local calls = {}
for _, row in ipairs(rows.list) do
  local list = samples.of(row) or {}
  for _, entry in ipairs(list) do
    calls[#calls + 1] = { row = row, entry = entry }
  end
  if list.empty then calls[#calls + 1] = { row = row, entry = list.empty } end
end

-- What stands between brackets, for reading and for writing.
local function keys()
  local first, last = pg.tensor { 3, 1, 3 }, pg.tensor { -1, 2, 2 }
  return { first, pg.tensor { true, false, true }, { first, last },
    { {}, last }, { 2, { 1, 3, 2 } }, { { 1, 2 }, pg.tensor { 2 } },
    pg.ones({ 3, 3 }):gt(0) }
end

for i = 1, #keys() do
  for _, writes in ipairs { false, true } do
    calls[#calls + 1] = { row = { name = "key " .. i }, key = i,
      writes = writes }
  end
end

-- Sum of 'x' as a plain number, its gradient on the way if it has one.
local function digest(x)
  if type(x) == "boolean" then return x and 1 or 0 end
  local sum = x:to("float64"):sum()
  if sum.requires_grad then sum:backward() end
  return sum:item()
end

local function index_once(call)
  local x = pg.tensor({ { 1.0, 2, 3 }, { 4, 5, 6 }, { 7, 8, 9 } },
    { requires_grad = true })
  local key, y = keys()[call.key], x * 1
  if call.writes then
    y[key] = y[key] * 2
  else
    y = y[key]
  end
  return { digest(y), digest(x.grad) }
end

local function call_once(call)
  if call.key then return index_once(call) end
  pg.manual_seed(1)
  local arguments, leaves = samples.inputs(call.row, call.entry, "float64")
  for _, x in ipairs(leaves) do x.requires_grad = true end
  local outputs = { samples.call(call.row, arguments, call.entry) }
  local numbers = { digest(outputs[1]) }
  for _, x in ipairs(leaves) do
    numbers[#numbers + 1] = x.grad and digest(x.grad) or 0
  end
  return numbers
end

local at, wanted, got, live = 0, nil, nil, nil

local function live_tensors()
  collectgarbage()
  collectgarbage()
  return pg.memory_stats().live_tensors
end

-- To the next call, run once as it should be. -> false past the last
function advance()
  at = at + 1
  if not calls[at] then return false end
  wanted = call_once(calls[at])
  live = live_tensors()
  return true
end

function run() got = call_once(calls[at]) end

function compare()
  for i, want in ipairs(wanted) do
    assert(got[i] == want or want ~= want, "a wrong result")
  end
end

function canary()
  local x = pg.tensor({ 1.0, 2.0 }, { requires_grad = true })
  local y = (x * x):sum()
  y:backward()
  assert(y:item() == 5 and x.grad[2] == 4, "a wrong result afterwards")
end

function leaks()
  local now = live_tensors()
  assert(now == live, ("%d tensors, %d before"):format(now, live))
end

function tell()
  print(("%s, call %d"):format(calls[at].row.name, at))
end
