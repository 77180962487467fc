-- At least one call of every operation, for specs that go over all of them:
-- gradient checks, failing allocations. A pointwise row gets its samples from
-- the domain it names; the others have theirs in samples/, a file for each file
-- of rows in core/ops. A row without a sample fails gradient_spec.
--
-- A sample is { inputs = {...}, options = {...} }. An input is the shape of a
-- float tensor, or { of = dtype, shape, data } for one without a gradient.
-- 'through' has functions that make arguments, by their number, of a special
-- kind; 'output' is the number of the output whose gradient is checked.
-- 'empty' is the sample with a size of zero, false where that is an error.

local pg = require "perigee"
local forms = require "spec.support.sample_forms"
local rows = require "spec.support.rows"
local tensors = require "spec.support.tensors"

local samples = {}

local sample = forms.sample

local families = {
  "reduce", "product", "linalg", "view", "copy", "join", "index", "scatter",
  "mask", "softmax", "create", "random", "compare", "shape", "diagonal",
  "parts", "arrange", "pad", "make", "scan", "statistics", "distance", "sort",
  "count", "norm", "conv",
}

local own = {} -- samples by the name of the row
for _, family in ipairs(families) do
  for name, list in pairs(require("spec.support.samples." .. family)) do
    own[name] = list
  end
end

local condition = { of = "bool", { 3, 1 }, { 1, 0, 1 } }

-- Samples of a pointwise row: equal shapes, then shapes that broadcast.
local function pointwise(row)
  local same, mixed, none = {}, {}, {}
  for i, input in ipairs(row.inputs) do
    local chooses = input.name == "cond"
    same[i] = chooses and condition or { 3, 4 }
    mixed[i] = chooses and condition or (i == 1 and { 3, 4 } or { 4 })
    none[i] = chooses and { of = "bool", { 0, 1 }, {} } or { 0, 4 }
  end
  local list = { sample(same), empty = sample(none) }
  if #row.inputs > 1 then list[2] = sample(mixed) end
  local param = row.params[1]
  if param and param.choices then -- with each of its words
    for word in param.choices:gmatch("[^|]+") do
      list[#list + 1] = sample(same, { [param.name] = word })
    end
  elseif param then -- with a value inside the domain
    local at = row.domain.low + 0.33 * (row.domain.high - row.domain.low)
    list[#list + 1] = sample(same, { [param.name] = at })
  end
  return list
end

-- Samples of 'row', nil if there are none.
function samples.of(row)
  if own[row.name] then return own[row.name] end
  return row.domain and pointwise(row) or nil
end

-- Leaf of 'shape' within the domain of 'row', of which there were 'salt'.
local function leaf(row, shape, dtype, salt)
  local low, high = -2, 2
  if row.domain then low, high = row.domain.low, row.domain.high end
  if low == high then low, high = -2, 2 end
  local data = tensors.spread(tensors.count(shape), low, high, salt)
  return tensors.make(shape, data, dtype)
end

-- Inputs of 'entry' as tensors, floats as 'dtype'.
-- -> arguments in the row's order (a list is one of them), the float leaves
function samples.inputs(row, entry, dtype)
  local arguments, leaves = {}, {}
  local function add(to, input)
    if input.of then
      to[#to + 1] = tensors.make(input[1], input[2],
        input.of == "float64" and dtype or input.of)
    else
      leaves[#leaves + 1] = leaf(row, input, dtype, #leaves)
      to[#to + 1] = leaves[#leaves]
    end
  end
  if entry.inputs.list then
    arguments[1] = {}
    for _, input in ipairs(entry.inputs.list) do add(arguments[1], input) end
  else
    for _, input in ipairs(entry.inputs) do add(arguments, input) end
  end
  return arguments, leaves
end

-- Call 'row' with arguments and the options of 'entry'. An operation that only
-- exists in place gets a copy of its first argument.
-- -> the outputs, those of a list too
function samples.call(row, arguments, entry)
  local list = forms.pass(arguments, entry.through)
  local options = entry.options
  if options and next(options) then list[#list + 1] = options end
  if row.flags.only_inplace then
    list[1] = list[1]:clone()
    return list[1][rows.inplace(row)](table.unpack(list))
  end
  if row.flags.list then
    return table.unpack(pg[row.name](table.unpack(list)))
  end
  return pg[row.name](table.unpack(list))
end

return samples
