-- At least one call of every operation, for specs that go over all of them:
-- gradient checks, failing allocations. A pointwise row gets its samples from
-- the domain it names; the others have theirs in the table below. A row
-- without a sample fails gradient_spec.
--
-- A sample is { inputs = {...}, options = {...} }. An input is the shape of a
-- float tensor, or { of = dtype, shape, data } for one without a gradient.
-- 'empty' is the sample with a size of zero, false where that is an error.

local pg = require "perigee"
local tensors = require "spec.support.tensors"

local samples = {}

local labels = { of = "int64", { 4 }, { 2, 4, 1, 2 } }
local chances = { of = "float64", { 3 }, { 0.25, 0.5, 1.0 } }

local function sample(inputs, options)
  return { inputs = inputs, options = options }
end

-- Samples over one tensor: whole, and per option table.
local function over(shape, ...)
  local list = {}
  for i, options in ipairs({ ... }) do
    list[i] = sample({ shape }, options)
  end
  list.empty = sample({ { 0, 3 } }, list[#list] and list[#list].options)
  return list
end

local function with_empty(list, empty)
  list.empty = empty
  return list
end

local reduced = over({ 2, 3, 4 }, {}, { dim = { 1, 3 } },
  { dim = 2, keepdim = true })
local positions = with_empty(over({ 3, 4 }, {}, { dim = -1 },
  { dim = 1, keepdim = true }), false)
local source = { sample({}, { shape = { 2, 3 } }), empty =
  sample({}, { shape = { 0, 3 } }) }

local own = {
  sum = reduced, mean = reduced, any = reduced, all = reduced,
  max = positions, min = positions, argmax = positions, argmin = positions,

  matmul = {
    sample({ { 3, 4 }, { 4, 2 } }), sample({ { 4 }, { 4 } }),
    sample({ { 2, 1, 3, 2 }, { 3, 2, 2 } }),
    empty = sample({ { 2, 0 }, { 0, 3 } }),
  },
  linear = {
    sample({ { 3, 4 }, { 2, 4 }, { 2 } }), sample({ { 2, 2, 3 }, { 4, 3 } }),
    empty = sample({ { 0, 4 }, { 2, 4 }, { 2 } }),
  },

  alias = over({ 2, 3 }, {}),
  view = over({ 2, 3 }, { shape = { 3, -1 } }),
  reshape = over({ 2, 3 }, { shape = { 3, -1 } }),
  flatten = over({ 2, 3, 2 }, {}, { start_dim = 2 }),
  permute = over({ 2, 3, 4 }, { dims = { 3, 1, 2 } }),
  transpose = over({ 2, 3, 4 }, { dim0 = 1, dim1 = -1 }),
  expand = over({ 3, 1 }, { shape = { 2, 3, 4 } }),
  squeeze = over({ 1, 3, 1 }, {}, { dim = 1 }),
  unsqueeze = over({ 2, 3 }, { dim = 2 }),
  window = over({ 3, 4 },
    { start = { 1, 0 }, length = { 2, 2 }, step = { 1, 2 } }),
  narrow = over({ 3, 4 }, { dim = 2, start = 2, length = 3 }),
  slice = over({ 3, 5 }, { dim = 2, start = 2, stop = 5, step = 2 }),
  select = over({ 3, 4 }, { dim = 2, index = -1 }),
  detach = over({ 2, 3 }, {}),

  to = over({ 2, 3 }, { dtype = "float64" }, { dtype = "float32" },
    { dtype = "int64" }),
  clone = over({ 2, 3 }, {}),
  contiguous = over({ 2, 3 }, {}),
  copy = {
    sample({ { 2, 3 }, { 2, 3 } }), sample({ { 2, 3 }, { 3 } }),
    empty = sample({ { 0, 3 }, { 3 } }),
  },
  fill = over({ 2, 3 }, { value = 1.5 }),
  zero = over({ 2, 3 }, {}),

  cat = {
    sample({ list = { { 2, 3 }, { 1, 3 } } }),
    sample({ list = { { 2, 3 }, { 2, 2 } } }, { dim = 2 }),
    empty = sample({ list = { { 0, 3 }, { 2, 3 } } }),
  },
  stack = {
    sample({ list = { { 2, 3 }, { 2, 3 } } }),
    sample({ list = { { 2 }, { 2 } } }, { dim = -1 }),
    empty = sample({ list = { { 0, 3 }, { 0, 3 } } }),
  },
  index_select = {
    sample({ { 4, 2 }, labels }), sample({ { 2, 4 }, labels }, { dim = 2 }),
    empty = sample({ { 4, 0 }, labels }),
  },

  softmax = over({ 3, 4 }, { dim = 1 }, { dim = -1 }),
  log_softmax = over({ 3, 4 }, { dim = 1 }, { dim = -1 }),
  cross_entropy = {
    sample({ { 4, 5 }, labels }),
    sample({ { 4, 5 }, labels,
      { of = "float64", { 5 }, { 1, 2, 0.5, 1, 3 } } },
      { label_smoothing = 0.1 }),
    sample({ { 4, 5 }, labels }, { reduction = "none", ignore_index = 2 }),
    empty = sample({ { 0, 5 }, { of = "int64", { 0 }, {} } },
      { reduction = "sum" }),
  },
  dropout = over({ 3, 4 }, { p = 0.5 }, { p = 0.5, training = false }),

  zeros = source, ones = source, rand = source, randn = source,
  full = { sample({}, { shape = { 2, 3 }, value = 1.5 }),
    empty = sample({}, { shape = { 0 }, value = 1 }) },
  arange = { sample({}, { start = 1, stop = 5 }), empty = false },
  linspace = { sample({}, { start = 0, stop = 1, steps = 5 }),
    empty = sample({}, { start = 0, stop = 1, steps = 0 }) },
  eye = { sample({}, { rows = 3 }), empty = sample({}, { rows = 0 }) },
  randint = { sample({}, { low = 1, high = 7, shape = { 4 } }),
    empty = sample({}, { low = 1, high = 6, shape = { 0 } }) },
  randperm = { sample({}, { n = 5 }), empty = sample({}, { n = 0 }) },
  bernoulli = { sample({ chances }),
    empty = sample({ { of = "float64", { 0 }, {} } }) },
}

own.view.row_major = true -- takes no other memory order

-- The empty sample of these needs options of its own.
own.view.empty.options = { shape = { 3, 0 } }
own.reshape.empty.options = { shape = { 3, 0 } }
own.flatten.empty.options = {}
own.permute.empty.options = { dims = { 2, 1 } }
own.transpose.empty.options = { dim0 = 1, dim1 = 2 }
own.expand.empty.options = { shape = { 2, 0, 3 } }
own.window.empty.options =
  { start = { 0, 0 }, length = { 0, 2 }, step = { 1, 1 } }
own.narrow.empty.options = { dim = 2, start = 2, length = 0 }
own.slice.empty.options = { dim = 2, start = 2 }

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
  if row.params[1] then -- with the first parameter, inside the domain
    local at = row.domain.low + 0.33 * (row.domain.high - row.domain.low)
    list[#list + 1] = sample(same, { [row.params[1].name] = at })
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

-- Call 'row' with arguments and options. An operation that only exists in
-- place gets a copy of its first argument. -> the outputs
function samples.call(row, arguments, options)
  local list = table.move(arguments, 1, #arguments, 1, {})
  if options and next(options) then list[#list + 1] = options end
  if row.flags.only_inplace then
    list[1] = list[1]:clone()
    return list[1][row.name .. "_"](table.unpack(list))
  end
  return pg[row.name](table.unpack(list))
end

return samples
