-- Every pointwise row in every dtype: it runs or refuses the dtype by name, and
-- gives what it gives in float64, within the tolerance of its result.

local pg = require "perigee"
local rows = require "spec.support.rows"

local names = { "bool", "uint8", "int32", "int64", "float16", "bfloat16",
  "float32", "float64" }
local is_float = { float16 = true, bfloat16 = true, float32 = true,
  float64 = true }

-- Of the largest number of a result: a step of the dtype, and in float32, in
-- which narrower ones are computed, what functions may lose.
local steps = { float16 = 2.0 ^ -10, bfloat16 = 2.0 ^ -7, float32 = 2.0 ^ -19,
  float64 = 2.0 ^ -46 }

-- 24 numbers in the domain of 'row', multiples of 1/16, which all floats hold,
-- so that steps are where they are in float64; whole ones for integers.
local function input(row, name, dtype, salt)
  local low, high = -2, 2
  if row.domain.low < row.domain.high then
    low, high = row.domain.low, row.domain.high
  end
  local count, list = 24, {}
  if name == "cond" then dtype = "bool" end
  for i = 1, count do
    local share = (i * 7 + salt * 5) % count / (count - 1)
    list[i] = math.ceil((low + share * (high - low)) * 16 - 1e-9) / 16
    if not is_float[dtype] then list[i] = (i + salt) % 5 end
  end
  return pg.tensor(list, { dtype = "float64" }):to(dtype)
end

local function options_of(row)
  local options = {}
  for i, param in ipairs(row.params) do
    if param.required then options[param.name] = i end
  end
  if row.name == "clamp" then options.min, options.max = 0, 1 end
  return next(options) and options or nil
end

local function call(row, list, options)
  local arguments = table.move(list, 1, #list, 1, {})
  arguments[#arguments + 1] = options
  return pg[row.name](table.unpack(arguments))
end

-- The result of 'row' on 'list' where every number is a float64.
local function in_float64(row, list, options)
  local wide = {}
  for i, x in ipairs(list) do
    wide[i] = row.inputs[i].name == "cond" and x or x:to "float64"
  end
  return call(row, wide, options):to "float64"
end

-- An integer as 'dtype' keeps it; bool as 0 or 1.
local function wrap(i, dtype)
  if dtype == "bool" then return i ~= 0 and 1 or 0 end
  return dtype == "uint8" and i & 0xff or i
end

-- 'want' is the float64 of element 'i'. What is not finite in floats has a rule
-- of its own in integers (integer_spec).
local function right(got, want, dtype, room)
  if want ~= want then return not is_float[dtype] or got ~= got end
  if math.abs(want) == math.huge then
    return not is_float[dtype] or got == want
  end
  if is_float[dtype] then return math.abs(got - want) <= room end
  return got == wrap(math.tointeger(want < 0 and math.ceil(want)
    or math.floor(want)), dtype)
end

-- The largest finite number of a list.
local function largest(list)
  local most = 0.1
  for _, x in ipairs(list) do
    if math.abs(x) < math.huge then most = math.max(most, math.abs(x)) end
  end
  return most
end

local function compare(row, dtype, got, want)
  local made = got.dtype
  got, want = got:to "float64":totable(), want:totable()
  local room = (steps[made] or 0) * largest(want)
  for i in ipairs(want) do
    assert.is_true(right(got[i], want[i], made, room),
      ("%s of %s, element %d: %s, in float64 %s"):format(row.name, dtype, i,
        got[i], want[i]))
  end
end

-- Rows of bits have no float64 to compare with.
local function takes_floats(row)
  return pcall(in_float64, row, (function()
    local list = {}
    for i, x in ipairs(row.inputs) do
      list[i] = input(row, x.name, "float64", i)
    end
    return list
  end)(), options_of(row))
end

describe("a pointwise row", function()
  for _, row in ipairs(rows.list) do
    for _, dtype in ipairs(row.domain and names or {}) do
      it(("%s in %s gives what it gives in float64, or refuses"):format(
        row.name, dtype), function()
        local list, options = {}, options_of(row)
        for i, x in ipairs(row.inputs) do
          list[i] = input(row, x.name, dtype, i)
        end
        local ok, got = pcall(call, row, list, options)
        if not ok then
          assert.is_truthy(tostring(got):find(dtype, 1, true), got)
        elseif takes_floats(row) then
          compare(row, dtype, got, in_float64(row, list, options))
        end
      end)
    end
  end
end)
