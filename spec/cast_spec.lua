-- Conversion over all pairs of dtypes with edge values: integers saturate, NaN
-- becomes 0 in them, floats are the nearest, ties to even. Each pair is done
-- one element at a time, in a dense run and through strides, which are kernels
-- of their own.

local pg = require "perigee"

local limits = {
  uint8 = { 0, 255 },
  int32 = { -(1 << 31), (1 << 31) - 1 },
  int64 = { math.mininteger, math.maxinteger },
}

-- Bits behind the point, smallest exponent of a normal number, largest one.
local forms = {
  float16 = { 10, -14, 15 }, bfloat16 = { 7, -126, 127 },
  float32 = { 23, -126, 127 }, float64 = { 52, -1022, 1023 },
}

local nan, huge = 0 / 0, math.huge

-- What every dtype holds, as the language's numbers. float16 alone has
-- subnormal numbers: the library counts those of the others as zero.
local values = {
  bool = { 0, 1 },
  uint8 = { 0, 1, 127, 128, 254, 255 },
  int32 = { 0, 1, -1, 255, 256, 300, -300, 2049, 65519, 65520, 16777217,
    33554433, -(1 << 31), (1 << 31) - 1 },
  int64 = { 0, 1, -1, 255, 256, 300, 2049, 65519, 65520, 16777217, 33554433,
    1 << 31, (1 << 31) - 1, -(1 << 31) - 1, (1 << 53) + 1, (1 << 54) + 2,
    (1 << 54) + 6, (1 << 55) + 4, (1 << 55) + 5, (1 << 40) + (1 << 16),
    (1 << 40) + (1 << 16) + 1, math.mininteger, math.maxinteger,
    -((1 << 54) + 6), (1 << 62) + (1 << 38) },
  float16 = { 0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, 255.5, 300.0, -300.0,
    65504.0, -65504.0, 2.0 ^ -14, 2.0 ^ -24, -2.0 ^ -24, 3 * 2.0 ^ -24,
    1023 * 2.0 ^ -24, 1 + 2.0 ^ -10, huge, -huge, nan },
  bfloat16 = { 0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 255.0, 256.0, 300.0, -300.0,
    1 + 2.0 ^ -7, 2.0 ^ 31, -2.0 ^ 31, 2.0 ^ 63, -2.0 ^ 63, 2.0 ^ 100,
    2.0 ^ -24, 2.0 ^ -25, 3 * 2.0 ^ -25, 2.0 ^ -126, 255 * 2.0 ^ 120, huge,
    -huge, nan },
  float32 = { 0.0, -0.0, 1.0, -1.0, 0.5, 1 - 2.0 ^ -24, 1.5, 2.5, -1.5, 255.5,
    300.0, -300.0, 2.0 ^ 31, 2.0 ^ 31 - 128, -2.0 ^ 31, -2.0 ^ 31 - 256,
    2.0 ^ 63, -2.0 ^ 63, 2.0 ^ 63 - 2.0 ^ 39, 65519.0, 65520.0,
    65520 - 2.0 ^ -8,
    1 + 2.0 ^ -11, 1 + 3 * 2.0 ^ -11, 1 + 2.0 ^ -11 + 2.0 ^ -23, 1 + 2.0 ^ -8,
    1 + 3 * 2.0 ^ -8, 1 + 2.0 ^ -8 + 2.0 ^ -23, 2.0 ^ -25, 1.5 * 2.0 ^ -25,
    3 * 2.0 ^ -25, 2.0 ^ -26, 2047 * 2.0 ^ -25, 2.0 ^ -126, 2.0 ^ 127,
    (2 - 2.0 ^ -23) * 2.0 ^ 127, (2 - 2.0 ^ -8) * 2.0 ^ 127,
    (2 - 2.0 ^ -8 - 2.0 ^ -23) * 2.0 ^ 127, huge, -huge, nan },
  float64 = { 0.0, -0.0, 1.0, -1.0, 0.5, 1 - 2.0 ^ -53, 1.5, 2.5, 255.5, 300.0,
    -300.0, 2.0 ^ 31, 2.0 ^ 31 - 0.5, -2.0 ^ 31 - 0.5, -2.0 ^ 31 - 1, 2.0 ^ 63,
    -2.0 ^ 63, 2.0 ^ 63 - 1024, 1e300, -1e300, 65519.9999, 65520.0,
    1 + 2.0 ^ -11, 1 + 2.0 ^ -11 + 2.0 ^ -52, 1 + 2.0 ^ -11 + 2.0 ^ -30,
    1 + 3 * 2.0 ^ -11, 1 + 2.0 ^ -8, 1 + 2.0 ^ -8 + 2.0 ^ -40, 1 + 2.0 ^ -24,
    1 + 2.0 ^ -24 + 2.0 ^ -52, 1 + 3 * 2.0 ^ -24, 2.0 ^ -25,
    2.0 ^ -25 + 2.0 ^ -60, 2.0 ^ -134, 2.0 ^ -133 + 2.0 ^ -134, 2.0 ^ -126,
    (2 - 2.0 ^ -24) * 2.0 ^ 127, (2 - 2.0 ^ -24 - 2.0 ^ -52) * 2.0 ^ 127, huge,
    -huge, nan },
}

local names = { "bool", "uint8", "int32", "int64", "float16", "bfloat16",
  "float32", "float64" }

-- ---- The rule ---------------------------------------------------------------

local function to_whole(v, low, high)
  if v ~= v then return 0 end
  if v >= 2.0 ^ 63 then return high end
  if v < -2.0 ^ 63 then return low end
  local whole = math.tointeger(v < 0 and math.ceil(v) or math.floor(v))
  return math.max(low, math.min(high, whole))
end

-- The nearest whole number, of two the even one; 'v' is below 2^54.
local function even(v)
  local below = math.floor(v)
  local rest = v - below
  if rest > 0.5 or (rest == 0.5 and below % 2 == 1) then below = below + 1 end
  return below
end

-- A double to a float of 'form'.
local function to_float(v, form)
  if v ~= v or v == 0 or v == huge or v == -huge then return v end
  local bits, least, most = form[1], form[2], form[3]
  if bits == 52 then return v end
  local size = math.abs(v)
  local exponent = least
  while exponent < 1023 and size >= 2.0 ^ (exponent + 1) do
    exponent = exponent + 1
  end
  local unit = 2.0 ^ (exponent - bits)
  local rounded = even(size / unit) * unit
  if rounded >= 2.0 ^ (most + 1) then rounded = huge end
  if bits ~= 10 and rounded < 2.0 ^ least then rounded = 0.0 end
  return v < 0 and -rounded or rounded
end

-- An integer as a double that rounds as it does: a bit that a double cannot
-- hold is told by the last one that it can.
local function sticky(i)
  if i == math.mininteger then return -2.0 ^ 63 end
  local size, shift = math.abs(i), 0
  while size >> shift >= 1 << 53 do shift = shift + 1 end
  local kept = size >> shift
  if kept << shift ~= size then kept = kept | 1 end
  local v = (kept + 0.0) * 2.0 ^ shift
  return i < 0 and -v or v
end

local function converted(v, to)
  if to == "bool" then return v ~= 0 end
  if limits[to] then return to_whole(v, limits[to][1], limits[to][2]) end
  if math.type(v) == "integer" then
    return to == "float64" and v + 0.0 or to_float(sticky(v), forms[to])
  end
  return to_float(v, forms[to])
end

-- ---- Every pair -------------------------------------------------------------

local function same(got, want)
  if got ~= got or want ~= want then return got ~= got and want ~= want end
  if got ~= want then return false end
  return want ~= 0 or math.type(want) ~= "float" or 1 / got == 1 / want
end

-- The numbers of 'dtype' as a tensor, exactly.
local function source(dtype)
  local list = values[dtype]
  if dtype == "bool" then return pg.tensor { false, true } end
  return pg.tensor(list, { dtype = dtype })
end

local function check(from, to, got, how)
  for i, v in ipairs(values[from]) do
    local want = converted(v, to)
    assert.is_true(same(got[i], want), ("%s to %s, %s: %s gives %s, not %s")
      :format(from, to, how, v, got[i], want))
  end
end

describe("conversion", function()
  for _, from in ipairs(names) do
    for _, to in ipairs(names) do
      it(("of %s to %s follows the rule"):format(from, to), function()
        local x = source(from)
        local count = #values[from]
        check(from, to, x:to(to):totable(), "short")
        local many = x:view(1, count):expand(67, count):contiguous():to(to)
        check(from, to, many[67]:totable(), "dense")
        check(from, to, x:view(count, 1):expand(count, 3):contiguous()
          :transpose(1, 2):to(to)[2]:totable(), "strided")
        local y = pg.zeros({ count, 2 }, { dtype = to })
        y[{ {}, 2 }]:copy_(x)
        check(from, to, y[{ {}, 2 }]:totable(), "into strides")
      end)
    end
  end

  it("rounds every float32 between two float16 to the nearest", function()
    pg.manual_seed(4)
    for _, to in ipairs { "float16", "bfloat16" } do
      local x = pg.exponential(0.1, { shape = { 5000 } })
      local got = x:to(to):totable()
      for i, v in ipairs(x:totable()) do
        assert.are.equal(to_float(v, forms[to]), got[i])
      end
    end
  end)
end)
