-- The calls of levels_equal_spec.c, the same list in every VM: each operation,
-- its form in place and each optimizer, several times per dtype. Run from
-- there.
-- luacheck: globals count run_call tell covered

local pg = require "perigee"
local rows = require "spec.support.rows"
local runs = require "spec.support.random_runs"

local dtypes = {
  { "float32", 7 }, { "float64", 4 }, { "float16", 1 }, { "bfloat16", 1 },
  { "int64", 1 }, { "int32", 1 }, { "uint8", 1 }, { "bool", 1 },
}

local calls, done = {}, {}

-- Calls run(what, dtype, seed) under 'name', where the seed is the number of
-- the call.
local function add(name, run, what)
  for _, entry in ipairs(dtypes) do
    for _ = 1, entry[2] do
      calls[#calls + 1] =
        { name = name, run = run, what = what, dtype = entry[1] }
    end
  end
end

for _, row in ipairs(rows.list) do
  if not row.flags.only_inplace then add(row.name, runs.operation, row) end
  if row.flags.inplace then add(rows.inplace(row), runs.inplace, row) end
end

local optimizers = {}
for name in pairs(pg.optim.optimizers()) do
  optimizers[#optimizers + 1] = name
end
table.sort(optimizers)
for _, name in ipairs(optimizers) do
  add("optim." .. name, runs.optimizer, name)
end

count = pg.tensor(#calls)

-- Run call number 'at'. -> what came out, nothing if the call is refused
function run_call(at)
  local call = calls[at:item()]
  local ok, result = pcall(call.run, call.what, call.dtype, at:item())
  call.refused = not ok and tostring(result) or nil
  if not ok then return end
  done[call.name] = true
  return table.unpack(result)
end

function tell(at)
  local call = calls[at]
  print(("call %d: %s of %s%s"):format(at, call.name, call.dtype,
    call.refused and ", refused: " .. call.refused or ""))
end

-- Fails if something was refused every time.
function covered()
  for _, call in ipairs(calls) do
    assert(done[call.name],
      call.name .. " never ran: " .. tostring(call.refused))
  end
end
