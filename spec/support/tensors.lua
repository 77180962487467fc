-- Making and comparing tensors in specs. The tolerances of every comparison
-- stand here and nowhere else. Works with busted and without it.

local pg = require "perigee"

local tensors = {}

-- got is right if got == want or |got - want| <= atol + rtol * |want|.
tensors.tolerance = {
  float64 = { rtol = 1e-9, atol = 1e-12 },
  float32 = { rtol = 1e-4, atol = 1e-5 },
  bfloat16 = { rtol = 1e-2, atol = 1e-2 },
  float16 = { rtol = 1e-3, atol = 1e-3 },
}
local exact = { rtol = 0, atol = 0 }

-- Numbers of a nested list in row-major order, and its shape.
local function flatten(value, flat, shape, depth)
  if type(value) ~= "table" then
    flat[#flat + 1] = value
    return
  end
  shape[depth] = shape[depth] or #value
  for _, item in ipairs(value) do
    flatten(item, flat, shape, depth + 1)
  end
end

-- Tensor of 'shape' with the row-major numbers 'data'.
function tensors.make(shape, data, dtype)
  if #data == 0 then
    return pg.zeros(shape, { dtype = dtype })
  end
  return pg.tensor(data, { dtype = dtype }):reshape(shape)
end

-- A leaf that wants its gradient.
function tensors.leaf(x)
  x = x:detach():clone()
  x.requires_grad = true
  return x
end

-- All elements of 'x' in row-major order; booleans as they are.
function tensors.flat(x)
  if x:numel() == 0 then return {} end
  return x:detach():reshape({ -1 }):totable()
end

-- Deterministic numbers between 'low' and 'high', well apart from each other:
-- multiples of the golden ratio, wrapped. 'salt' gives other sequences.
function tensors.spread(count, low, high, salt)
  local data = {}
  for i = 1, count do
    local u = ((i * 0.6180339887498949) + (salt or 0) * 0.3819660113) % 1.0
    data[i] = low + (high - low) * (0.02 + 0.96 * u)
  end
  return data
end

-- Number of elements of 'shape'.
function tensors.count(shape)
  local n = 1
  for _, size in ipairs(shape) do n = n * size end
  return n
end

function tensors.shape_text(shape)
  local sizes = {}
  for i = 1, #shape do sizes[i] = tostring(shape[i]) end
  return "[" .. table.concat(sizes, ", ") .. "]"
end

local function same_shape(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
end

local function number(value)
  if type(value) == "boolean" then return value and 1 or 0 end
  return value
end

local function close(got, want, tolerance)
  if got == want then return true end
  if got ~= got or want ~= want then return got ~= got and want ~= want end
  if math.abs(want) == math.huge then return false end
  local room = tolerance.atol + tolerance.rtol * math.abs(want)
  return math.abs(got - want) <= room
end

-- Compare tensor (number, boolean) 'got' with 'shape' and row-major 'data'.
-- -> nil if it is right, else a text that says where it is not
function tensors.difference(got, shape, data, tolerance)
  local values, dtype = { got }, nil
  if type(got) == "userdata" then
    if not same_shape(got.shape, shape) then
      return ("shape %s, expected %s"):format(
        tensors.shape_text(got.shape), tensors.shape_text(shape))
    end
    values, dtype = tensors.flat(got), got.dtype
  elseif #shape ~= 0 then
    return ("a %s, expected shape %s"):format(
      type(got), tensors.shape_text(shape))
  end
  tolerance = tolerance or tensors.tolerance[dtype or "float32"] or exact
  for i, want in ipairs(data) do
    if not close(number(values[i]), number(want), tolerance) then
      return ("element %d is %s, expected %s"):format(
        i, tostring(values[i]), tostring(want))
    end
  end
  return nil
end

-- Fail unless 'got' has the shape and numbers of nested list (or number)
-- 'want'.
function tensors.near(got, want, tolerance)
  local flat, shape = {}, {}
  flatten(want, flat, shape, 1)
  local message = tensors.difference(got, shape, flat, tolerance)
  if message then error(message, 2) end
end

-- Fail unless the bits of two tensors are equal.
function tensors.same_bits(a, b)
  local message = tensors.difference(a, b.shape, tensors.flat(b), exact)
  if message or a.dtype ~= b.dtype then
    error(message or a.dtype .. " against " .. b.dtype, 2)
  end
end

-- Fail unless 'fn' raises a message that holds each of the texts. -> message
function tensors.raises(fn, ...)
  local ok, message = pcall(fn)
  if ok then error("no error was raised", 2) end
  message = tostring(message)
  for _, text in ipairs({ ... }) do
    if not message:find(text, 1, true) then
      error(("the message has no %q: %s"):format(text, message), 2)
    end
  end
  return message
end

-- With busted's 'it', a spec for each row { what, function, texts ... } of
-- 'list': the function raises a message with these texts. Its name is 'start'
-- and what.
function tensors.each_raises(it, start, list)
  for _, case in ipairs(list) do
    it(start .. case[1], function()
      tensors.raises(case[2], table.unpack(case, 3))
    end)
  end
end

return tensors
