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

-- One of the words of a parameter, or a number of the row's domain.
local function draw_param(row, param)
  if param.choices then
    local words = {}
    for word in param.choices:gmatch("[^|]+") do words[#words + 1] = word end
    return words[random(#words)]
  end
  local share = param.name == "max" and 0.75 or 0.25
  return row.domain.low + share * (row.domain.high - row.domain.low)
end

-- What two inputs alone give, a parameter may change.
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
  if #row.inputs == 2 and random(2) == 1 then return end
  for _, param in ipairs(row.params) do
    call.options[param.name] = draw_param(row, param)
  end
end

local function reduction(call)
  local shape = randoms.shape(1, 4, 20000)
  local kind = domain_of(call)
  if call.row.name == "prod" then kind.odd = nil end -- 0 times infinity
  call.inputs[1] = draw_input(call, kind, shape)
  if random(4) == 1 then return end
  local dims = {}
  for i = 1, #shape do
    if random(2) == 1 then dims[#dims + 1] = i end
  end
  call.options.dim = #dims > 0 and dims or random(#shape)
  if call.row.name ~= "count_nonzero" then
    call.options.keepdim = random(2) == 1
  end
end
for _, name in ipairs({ "sum", "mean", "prod", "any", "all", "amax", "amin",
  "count_nonzero", "nansum", "nanmean", "logsumexp", "var", "std", "var_mean",
  "std_mean" }) do
  families[name] = reduction
end

function families.norm(call)
  reduction(call)
  call.options.p = either(0, 1, 2, 3, math.huge, -math.huge)
end

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
families.aminmax = choice

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
families.logcumsumexp = along

local function running(call)
  local shape = randoms.shape(1, 4, 20000)
  local kind = domain_of(call)
  if call.row.name == "cumprod" then kind.odd = nil end
  call.inputs[1] = draw_input(call, kind, shape)
  call.options.dim = random(#shape)
end
families.cumsum, families.cumprod = running, running
families.cummax, families.cummin = running, running

function families.cdist(call)
  local p, r, d = randoms.size(60), randoms.size(60), randoms.size(40)
  local kind = { dtype = call.dtype, low = -1, high = 1 }
  call.inputs = { draw_input(call, kind, either({ p, d }, { 3, p, d })),
    draw_input(call, kind, { r, d }) }
  call.options.p = either(0, 1, 2, 3, math.huge)
end

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

-- Positions of one sign, in range.
local function draw_positions(call, size, shape)
  local from_end = random(4) == 1
  return draw_input(call, { dtype = either("int64", "int32"),
    first = from_end and -size or 1, last = from_end and 0 or size + 1 }, shape)
end

-- A shape, a dimension of it and as many positions along that.
local function along_index(call)
  local shape = randoms.shape(1, 3, 10000)
  call.options.dim = random(#shape)
  return shape, call.options.dim, randoms.size(100)
end

local function with(shape, dim, size)
  local other = table.move(shape, 1, #shape, 1, {})
  other[dim] = size
  return other
end

local function writable(call)
  local kind = domain_of(call)
  kind.written = call.inplace
  return kind
end

function families.index_select(call)
  local shape, dim, count = along_index(call)
  call.inputs = { draw_input(call, domain_of(call), shape),
    draw_positions(call, shape[dim], { count }) }
end

local function index_written(call)
  local shape, dim, count = along_index(call)
  call.inputs = { draw_input(call, writable(call), shape),
    draw_positions(call, shape[dim], { count }),
    draw_input(call, domain_of(call), with(shape, dim, count)) }
end
families.index_add, families.index_copy = index_written, index_written

function families.gather(call)
  local shape, dim, count = along_index(call)
  call.inputs = { draw_input(call, domain_of(call), shape),
    draw_positions(call, shape[dim], with(shape, dim, count)) }
end

local function scattered(call)
  local shape, dim, count = along_index(call)
  local whole = with(shape, dim, count)
  call.inputs = { draw_input(call, writable(call), shape),
    draw_positions(call, shape[dim], whole),
    draw_input(call, domain_of(call), whole) }
end
families.scatter, families.scatter_add = scattered, scattered

function families.scatter_reduce(call)
  scattered(call)
  call.options.reduce = either("sum", "prod", "mean", "amax", "amin")
  call.options.include_self = either(true, false)
end

function families.take(call)
  local shape = randoms.shape(1, 3, 10000)
  local count = 1
  for _, size in ipairs(shape) do count = count * size end
  call.inputs = { draw_input(call, domain_of(call), shape),
    draw_positions(call, count, randoms.shape(1, 2, 3000)) }
end

local function masked(call)
  local shape = randoms.shape(1, 4, 20000)
  call.inputs = { draw_input(call, writable(call), shape),
    draw_input(call, { dtype = "bool" }, narrower(shape)) }
  return shape
end
families.masked_select = masked

function families.masked_fill(call)
  masked(call)
  call.inputs[3] = draw_input(call, domain_of(call), {})
end

function families.masked_scatter(call)
  local shape = masked(call)
  call.inputs[3] = draw_input(call, domain_of(call), shape)
end

function families.nonzero(call)
  call.inputs[1] = draw_input(call, { dtype = either("bool", "int32"),
    first = 0, last = 2 }, randoms.shape(1, 4, 20000))
end

-- Lines to put in order, short and long, or to choose from.
local function ordered(call)
  local name, shape = call.row.name, randoms.shape(1, 4, 20000)
  local at = random(#shape)
  call.inputs[1] = draw_input(call, domain_of(call), shape)
  call.options.dim = at
  if name == "sort" or name == "argsort" then
    call.options.descending = random(2) == 1
  elseif name == "topk" then
    call.options.k = random(shape[at])
    call.options.largest = random(2) == 1
  elseif name == "kthvalue" then
    call.options.k = random(shape[at])
  elseif random(4) == 1 and name ~= "mode" then
    call.options.dim = nil
  end
end
families.sort, families.argsort, families.topk = ordered, ordered, ordered
families.kthvalue, families.mode = ordered, ordered
families.median, families.nanmedian = ordered, ordered

-- Values among an ascending sequence of their dtype.
local function searched(call)
  local kind = { dtype = call.dtype, low = -2, high = 2, fixed = true }
  local values = draw_input(call, kind, randoms.shape(0, 3, 20000))
  local sequence = draw_input(call, kind, { randoms.size(300) })
  local view = sequence.view
  sequence.view = function(x) return (view(x):sort()) end
  call.inputs = { values, sequence }
  if call.row.name == "searchsorted" then
    call.inputs = { sequence, values }
  elseif call.row.name == "isin" then
    call.options.invert = random(2) == 1
    return
  end
  call.options.right = random(2) == 1
end
families.searchsorted, families.bucketize = searched, searched
families.isin = searched

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

require "spec.support.shape_draws"(families, draw_input, domain_of)

-- One of the samples, with drawn numbers and layouts.
local function sampled(call)
  local row = call.row
  local list = samples.of(row)
  local entry = list[random(#list)]
  call.list = entry.inputs.list ~= nil
  call.through = entry.through
  call.output = entry.output
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

families.polygamma = sampled -- its order is a whole number

-- The call of 'row' that 'seed' draws, floats as 'dtype'; in place its first
-- input can be written. -> { row, inputs, list = true if the inputs are one
-- argument, options, leaves = those that may have a gradient, output = the one
-- that has a gradient if not all have }
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
