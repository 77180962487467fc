-- Random calls of every operation and optimizer, the same wherever the seed is
-- the same. What the samples of an operation fix (the shapes of a view, options
-- that must fit) stays as they have it; numbers and memory layouts are drawn.

local samples = require "spec.support.samples"
local randoms = require "spec.support.randoms"

local random, either = math.random, randoms.either
local narrower = randoms.narrower

local calls = {}

-- Draw an input of 'call'.
local function draw_input(call, kind, shape)
  local input = randoms.tensor(kind, shape)
  if randoms.is_float(kind.dtype) and not kind.fixed then
    call.leaves[#call.leaves + 1] = input.leaf
  end
  return input
end

-- ---- The calls of each family ----------------------------------------------

local families = {}

local specials = { 0 / 0, math.huge, -math.huge, 0.0, -0.0 }

-- Kind of numbers in the domain of the row, now and then with specials.
local function domain_of(call)
  local row, low, high = call.row, -2, 2
  if row.domain and row.domain.low ~= row.domain.high then
    low, high = row.domain.low, row.domain.high
  end
  local odd = random(6) == 1 and specials or nil
  return { dtype = call.dtype, low = low, high = high, odd = odd }
end

function families.pointwise(call)
  local row = call.row
  local shape = randoms.shape(0, 4, 20000)
  local whole = call.inplace and 1 or random(#row.inputs)
  for i, input in ipairs(row.inputs) do
    local kind = domain_of(call)
    if input.name == "cond" then kind = { dtype = "bool" } end
    kind.written = call.inplace and i == 1
    call.inputs[i] =
      draw_input(call, kind, i == whole and shape or narrower(shape))
  end
  for _, param in ipairs(row.params) do
    local share = param.name == "max" and 0.75 or 0.25
    call.options[param.name] =
      row.domain.low + share * (row.domain.high - row.domain.low)
  end
end

local function reduction(call)
  local shape = randoms.shape(1, 4, 20000)
  call.inputs[1] = draw_input(call, domain_of(call), shape)
  if random(4) == 1 then return end
  local dims = {}
  for i = 1, #shape do
    if random(2) == 1 then dims[#dims + 1] = i end
  end
  call.options.dim = #dims > 0 and dims or random(#shape)
  call.options.keepdim = random(2) == 1
end
families.sum, families.mean = reduction, reduction
families.any, families.all = reduction, reduction

local function choice(call)
  local shape = randoms.shape(1, 4, 20000)
  call.inputs[1] = draw_input(call, domain_of(call), shape)
  if random(4) > 1 then
    call.options.dim = random(#shape)
    call.options.keepdim = random(2) == 1
  end
end
families.max, families.min = choice, choice
families.argmax, families.argmin = choice, choice

-- Sizes of a product: small, long in K, or large enough for several tiles.
local function product_sizes()
  local size = randoms.size
  return either(size(100), random(130, 200)), either(size(100), 1, 129),
    either(size(257), random(400, 1000))
end

function families.matmul(call)
  local m, n, k = product_sizes()
  local a, b = { m, k }, { k, n }
  if random(5) == 1 then a = { k } end
  if random(5) == 1 then b = { k } end
  if #a == 2 and random(3) == 1 then table.insert(a, 1, random(3)) end
  if #b == 2 and random(3) == 1 then table.insert(b, 1, a[3] and a[1] or 2) end
  local kind = { dtype = call.dtype, low = -1, high = 1 }
  call.inputs = { draw_input(call, kind, a), draw_input(call, kind, b) }
end

function families.linear(call)
  local m, n, k = product_sizes()
  local x = either({ m, k }, { k }, { 2, (m + 1) // 2, k })
  local kind = { dtype = call.dtype, low = -1, high = 1 }
  call.inputs = { draw_input(call, kind, x), draw_input(call, kind, { n, k }) }
  if random(2) == 1 then call.inputs[3] = draw_input(call, kind, { n }) end
end

local function along(call)
  local shape = randoms.shape(1, 4, 20000)
  local odd = random(6) == 1 and { -math.huge } or nil
  call.inputs[1] = draw_input(call,
    { dtype = call.dtype, low = -9, high = 9, odd = odd }, shape)
  call.options.dim = random(#shape)
end
families.softmax, families.log_softmax = along, along

function families.cross_entropy(call)
  local n, k = randoms.size(257), randoms.size(257)
  local logits, classes = { n, k }, { n }
  if random(3) == 1 then logits[3], classes[2] = 3, 3 end
  call.inputs = {
    draw_input(call, { dtype = call.dtype, low = -9, high = 9 }, logits),
    draw_input(call, { dtype = "int64", first = 1, last = k + 1 }, classes),
  }
  if random(2) == 1 then
    call.inputs[3] = draw_input(call,
      { dtype = call.dtype, low = 0.5, high = 2, fixed = true }, { k })
  end
  call.options = { reduction = either("mean", "sum", "none"),
    label_smoothing = either(0, 0.1), ignore_index = either(1, 1000) }
end

function families.dropout(call)
  call.inputs[1] = draw_input(call, domain_of(call), randoms.shape(0, 4, 20000))
  call.options.p = either(0.1, 0.5)
end

function families.to(call)
  call.inputs[1] = draw_input(call,
    { dtype = call.dtype, low = 0, high = 100 }, randoms.shape(0, 4, 20000))
  call.options.dtype = either("float32", "float64", "float16", "bfloat16",
    "int64", "int32", "uint8", "bool")
end

local function copied(call)
  call.inputs[1] = draw_input(call, domain_of(call), randoms.shape(0, 4, 20000))
end
families.clone, families.contiguous = copied, copied

function families.copy(call)
  local shape = randoms.shape(0, 4, 20000)
  local kind = domain_of(call)
  call.inputs[2] = draw_input(call, kind, narrower(shape))
  kind.written = true
  call.inputs[1] = draw_input(call, kind, shape)
end

local function joined(call)
  local shape = randoms.shape(1, 3, 3000)
  local at = random(#shape)
  call.list = true
  for i = 1, random(4) do
    local one = table.move(shape, 1, #shape, 1, {})
    if call.row.name == "cat" then one[at] = randoms.size(20) end
    call.inputs[i] = draw_input(call, domain_of(call), one)
  end
  call.options.dim = at
end
families.cat, families.stack = joined, joined

function families.index_select(call)
  local shape = randoms.shape(1, 3, 10000)
  local at = random(#shape)
  call.inputs = {
    draw_input(call, domain_of(call), shape),
    draw_input(call, { dtype = "int64", first = 1, last = shape[at] + 1 },
      { randoms.size(100) }),
  }
  call.options.dim = at
end

local function drawn(call)
  call.options.shape = randoms.shape(0, 3, 20000)
  call.options.dtype = call.dtype
end
families.rand, families.randn = drawn, drawn
families.zeros, families.ones = drawn, drawn

function families.bernoulli(call)
  call.inputs[1] = draw_input(call, { dtype = call.dtype, low = 0, high = 1 },
    randoms.shape(0, 3, 20000))
end

-- One of the samples, with drawn numbers and layouts.
local function sampled(call)
  local row = call.row
  local list = samples.of(row)
  local entry = list[random(#list)]
  call.list = entry.inputs.list ~= nil
  call.through = entry.through
  for i, input in ipairs(entry.inputs.list or entry.inputs) do
    if input.of then
      local x = samples.inputs(row, { inputs = { input } }, call.dtype)[1]
      call.inputs[i] = { leaf = x, view = function(y) return y end }
    else
      local kind = domain_of(call)
      kind.layout = list.row_major and "whole" or nil
      kind.written = row.flags.only_inplace
      call.inputs[i] = draw_input(call, kind, input)
    end
  end
  call.options = entry.options or {}
end

-- The call of 'row' that 'seed' draws, floats as 'dtype'; in place its first
-- input can be written. -> { row, inputs, list = true if the inputs are one
-- argument, options, leaves = those that may have a gradient }
function calls.draw(row, dtype, seed, inplace)
  randoms.seed(seed)
  local call = { row = row, dtype = dtype, inplace = inplace, inputs = {},
    leaves = {}, options = {} }
  local family = families[row.name]
    or row.domain and families.pointwise or sampled
  family(call)
  return call
end

return calls
