-- Random tensors in random places: shapes about the widths of registers and
-- blocks, numbers, and layouts (transposed, sliced, shifted, expanded) through
-- which an operation sees them. All is drawn from math.random and the seed of
-- perigee, so that the same seed gives the same tensors everywhere.

local pg = require "perigee"

local randoms = {}

local random = math.random

local sizes = { 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 257 }

-- One of them, at most 'most'.
function randoms.size(most)
  local size
  repeat size = sizes[random(#sizes)] until size <= most
  return size
end

-- A shape of 'least' to 'highest' dimensions and at most 'most' elements; now
-- and then a matrix of more, whose work is worth sharing among threads.
function randoms.shape(least, highest, most)
  if random(12) == 1 and most > 4096 then
    return { random(200, 300), random(257, 600) }
  end
  local shape, left = {}, most
  for i = 1, random(least, highest) do
    shape[i] = randoms.size(left)
    left = left // shape[i]
  end
  return shape
end

-- One of the arguments.
function randoms.either(...)
  local list = { ... }
  return list[random(#list)]
end

local function copy(list) return table.move(list, 1, #list, 1, {}) end

-- 'shape' with some sizes 1 and leading dimensions gone.
function randoms.narrower(shape)
  local result = {}
  for i = randoms.either(1, 1, random(#shape + 1)), #shape do
    result[#result + 1] = random(3) == 1 and 1 or shape[i]
  end
  return result
end

-- ---- Numbers and layouts ---------------------------------------------------

local floats = { float32 = 1, float64 = 1, float16 = 1, bfloat16 = 1 }

-- Numbers of 'kind', row-major: floats from low to high with those of the list
-- 'odd' among them, whole numbers from first up to below last.
local function numbers(kind, shape)
  if kind.dtype == "bool" then
    return pg.randint(0, 2, shape):to("bool")
  elseif not floats[kind.dtype] then
    return pg.randint(kind.first or 1, kind.last or 8, shape,
      { dtype = kind.dtype })
  end
  local x = pg.rand(shape, { dtype = "float64" })
  x = (x * (kind.high - kind.low) + kind.low):to(kind.dtype)
  local count = x:numel()
  for _, odd in ipairs(kind.odd and count > 0 and kind.odd or {}) do
    x:view { -1 }[random(count)] = odd
  end
  return x
end

-- Layouts: the shape of the leaf to draw for a tensor of 'shape', and the view
-- of it that the operation gets.
local layouts = {}

function layouts.whole(shape) return shape, function(x) return x end end

function layouts.transposed(shape)
  local dims, turned = {}, {}
  for i = 1, #shape do
    dims[i] = #shape + 1 - i
    turned[i] = shape[dims[i]]
  end
  return turned, function(x) return x:permute(dims) end
end

function layouts.sliced(shape)
  if #shape == 0 then return layouts.whole(shape) end
  local wider, at = copy(shape), random(#shape)
  local start, step = random(3), random(2, 3)
  wider[at] = start + shape[at] * step
  return wider, function(x)
    return x:slice { dim = at, start = start, step = step,
      stop = start + (shape[at] - 1) * step }
  end
end

function layouts.shifted(shape)
  local count, shift = 1, random(7)
  for _, size in ipairs(shape) do count = count * size end
  return { count + shift }, function(x)
    return x:narrow(1, shift + 1, count):view(shape)
  end
end

function layouts.expanded(shape)
  if #shape == 0 then return layouts.whole(shape) end
  local narrow = copy(shape)
  narrow[random(#shape)] = 1
  return narrow, function(x) return x:expand(shape) end
end

local all = { "whole", "transposed", "sliced", "shifted", "expanded" }
local writable = { "whole", "transposed", "sliced", "shifted" }

-- A tensor of 'shape' with numbers of 'kind'; kind.layout names its layout, or
-- else it is drawn, if kind.written one in which elements share no memory.
-- -> { leaf, view(leaf) = the tensor }
function randoms.tensor(kind, shape)
  local names = kind.written and writable or all
  local name = kind.layout or names[random(#names)]
  local leaf_shape, view = layouts[name](shape)
  return { leaf = numbers(kind, leaf_shape), view = view }
end

-- Begin anew from 'seed'.
function randoms.seed(seed)
  math.randomseed(seed)
  pg.manual_seed(seed)
end

-- True if 'dtype' is a float type.
function randoms.is_float(dtype) return floats[dtype] ~= nil end

return randoms
