-- Arithmetic of integers at the ends of their range: it wraps as two's
-- complement does, and what a processor would trap has a result. The other
-- opinion is Lua's own 64-bit integers, which wrap as well.

local pg = require "perigee"

local types = {
  uint8 = { 0, 1, 2, 3, 7, 100, 127, 128, 254, 255 },
  int32 = { -(1 << 31), -(1 << 31) + 1, -65536, -7, -2, -1, 0, 1, 2, 3, 31, 7,
    46341, 65536, (1 << 31) - 1 },
  int64 = { math.mininteger, math.mininteger + 1, -(1 << 32), -7, -2, -1, 0, 1,
    2, 3, 7, 63, 3037000500, 1 << 32, math.maxinteger },
}
local names = { "uint8", "int32", "int64" }

-- An integer as 'dtype' keeps it: the low bits.
local function wrap(i, dtype)
  if dtype == "uint8" then return i & 0xff end
  if dtype == "int32" then return ((i + (1 << 31)) & 0xffffffff) - (1 << 31) end
  return i
end

local function power(a, b)
  if b < 0 then
    return a == 1 and 1 or a == -1 and (b % 2 == 0 and 1 or -1) or 0
  end
  local y = 1
  while b > 0 do
    if b & 1 == 1 then y = y * a end
    a, b = a * a, b >> 1
  end
  return y
end

-- By the name of the row. Lua's // and % floor, and wrap at mininteger / -1.
local binary = {
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  floor_divide = function(a, b) return b == 0 and 0 or a // b end,
  remainder = function(a, b) return b == 0 and 0 or a % b end,
  fmod = function(a, b)
    return (b == 0 or b == -1) and 0 or math.fmod(a, b)
  end,
  pow = power,
  maximum = math.max, minimum = math.min,
  bitwise_and = function(a, b) return a & b end,
  bitwise_or = function(a, b) return a | b end,
  bitwise_xor = function(a, b) return a ~ b end,
}
local unary = {
  neg = function(a) return -a end,
  abs = function(a) return a < 0 and -a or a end,
  square = function(a) return a * a end,
  sign = function(a) return a > 0 and 1 or a < 0 and -1 or 0 end,
  relu = function(a) return a > 0 and a or 0 end,
  floor = function(a) return a end,
  ceil = function(a) return a end,
  trunc = function(a) return a end,
}

local rows = {}
for _, row in ipairs(pg.ops()) do rows[row.name] = true end

-- The names of 'table' in order, of those that are rows.
local function sorted(list)
  local found = {}
  for name in pairs(list) do
    if rows[name] then found[#found + 1] = name end
  end
  table.sort(found)
  return found
end

local function tensor(list, dtype) return pg.tensor(list, { dtype = dtype }) end

describe("integers of", function()
  for _, dtype in ipairs(names) do
    local list = types[dtype]
    local column = tensor(list, dtype):view(#list, 1)
    local row = tensor(list, dtype):view(1, #list)

    for _, name in ipairs(sorted(binary)) do
      local want = {}
      for i, a in ipairs(list) do
        want[i] = {}
        for j, b in ipairs(list) do
          want[i][j] = wrap(binary[name](a, b), dtype)
        end
      end

      it(dtype .. " wrap in " .. name .. " of tensors", function()
        local got = pg[name](column, row)
        assert.are.equal(dtype, got.dtype)
        assert.are.same(want, got:totable())
      end)

      it(dtype .. " wrap in " .. name .. " with numbers", function()
        for j, b in ipairs(list) do
          local got = pg[name](tensor(list, dtype), b):totable()
          for i in ipairs(list) do
            assert.are.equal(want[i][j], got[i], list[i] .. ", " .. b)
          end
        end
      end)

      it(dtype .. " wrap in " .. name .. " in place", function()
        local x = column:expand(#list, #list):clone()
        x[name .. "_"](x, row)
        assert.are.same(want, x:totable())
      end)
    end

    for _, name in ipairs(sorted(unary)) do
      it(dtype .. " wrap in " .. name, function()
        local want = {}
        for i, a in ipairs(list) do want[i] = wrap(unary[name](a), dtype) end
        assert.are.same(want, pg[name](tensor(list, dtype)):totable())
      end)
    end

    it(dtype .. " wrap in sum and where wider ones meet them", function()
      local x = tensor({ 1, 2 }, dtype)
      x:add_(tensor({ 1 << 40, (1 << 40) + 300 }, "int64"))
      assert.are.same({ wrap((1 << 40) + 1, dtype),
        wrap((1 << 40) + 302, dtype) }, x:totable())
      assert.are.equal("int64", x:sum().dtype)
    end)

    it(dtype .. " divide as floats", function()
      local y = tensor({ 1, 0, 6 }, dtype) / tensor({ 0, 0, 4 }, dtype)
      assert.are.equal(math.huge, y[1])
      assert.is_true(y[2] ~= y[2])
      assert.are.equal(1.5, y[3])
    end)
  end

  it("bool add as or, multiply as and", function()
    local a = pg.tensor { { true }, { false } }
    local b = pg.tensor { true, false }
    assert.are.same({ { true, true }, { true, false } }, (a + b):totable())
    assert.are.same({ { true, false }, { false, false } }, (a * b):totable())
  end)

  it("floats divided by zero give what IEEE 754 says", function()
    local zero = pg.tensor { 0.0, -0.0 }
    assert.are.same({ math.huge, -math.huge }, (1 / zero):totable())
    assert.are.same({ -math.huge, math.huge }, (-1 / zero):totable())
    local y = pg.cat { zero / 0, zero % 0 }
    assert.is_true(y:ne(y):all())
    assert.are.same({ math.huge, -math.huge },
      (pg.tensor { 1.0, -1.0 } // 0):totable())
  end)
end)
