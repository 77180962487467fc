-- Comparisons with a tolerance, bits, steps and limits: what is made of
-- pointwise operations, and rows of integers.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local inf, nan = math.huge, 0 / 0

describe("isclose", function()
  local a = pg.tensor { 1.0, 100.0, inf, nan, 0.0 }
  local b = pg.tensor { 1.0000001, 101.0, inf, nan, -0.0 }

  it("asks for |a - b| <= atol + rtol |b|", function()
    near(a:isclose(b), { true, false, true, false, true })
    near(a:isclose(b, { rtol = 0.01 }), { true, true, true, false, true })
    near(a:isclose(b, { rtol = 0, atol = 1 }),
      { true, true, true, false, true })
  end)

  it("takes NaN for NaN if asked to", function()
    near(a:isclose(b, { equal_nan = true }), { true, false, true, true, true })
  end)

  it("does not take infinities for close", function()
    near(pg.tensor { inf, inf, 1.0 }:isclose(pg.tensor { -inf, 1.0, inf }),
      { false, false, false })
  end)

  it("compares integers without overflow", function()
    local x = pg.tensor({ 2147483647, 5 }, { dtype = "int32" })
    near(x:isclose(pg.tensor({ -2147483648, 5 }, { dtype = "int32" })),
      { false, true })
  end)
end)

describe("allclose and equal", function()
  it("give booleans", function()
    assert.is_true(pg.ones(3):allclose(pg.ones(3) + 1e-7))
    assert.is_false(pg.ones(3):allclose(1.1))
    assert.is_true(pg.ones(3):equal(pg.ones(3)))
    assert.is_true(pg.zeros(0):equal(pg.zeros(0)))
    assert.is_true(pg.zeros(0):allclose(1))
  end)

  it("equal wants one shape, and no NaN", function()
    assert.is_false(pg.ones(3):equal(pg.ones(1, 3)))
    assert.is_false(pg.tensor { nan }:equal(pg.tensor { nan }))
    assert.is_true(pg.tensor { 1, 2 }:equal(pg.tensor { 1.0, 2.0 }))
  end)
end)

describe("bits", function()
  local a = pg.tensor { 12, -5, 7 }

  it("are those of two's complement", function()
    near(a:bitwise_and(10), { 8, 10, 2 })
    near(a:bitwise_or(3), { 15, -5, 7 })
    near(a:bitwise_xor(-1), { -13, 4, -8 })
    near(a:bitwise_not(), { -13, 4, -8 })
  end)

  it("shift, to nothing if they leave the type", function()
    near(a:bitwise_left_shift(2), { 48, -20, 28 })
    near(a:bitwise_right_shift(1), { 6, -3, 3 })
    near(a:bitwise_left_shift(pg.tensor { 64, 63, -1 }),
      { 0, math.mininteger, 0 })
    near(a:bitwise_right_shift(pg.tensor { 64, 70, -1 }), { 0, -1, 0 })
    local i = pg.tensor({ 1, 3 }, { dtype = "int32" })
    near(i:bitwise_left_shift(31), { -2147483648, -2147483648 })
    near(pg.tensor({ 200 }, { dtype = "uint8" }):bitwise_left_shift(1), { 144 })
  end)

  it("keep the dtype", function()
    near(pg.tensor({ 5 }, { dtype = "uint8" }):bitwise_not(), { 250 })
    near(pg.tensor { true, false }:bitwise_not(), { false, true })
    near(pg.tensor { true, true }:bitwise_xor(pg.tensor { true, false }),
      { false, true })
  end)

  it("stand behind the operators, logical for masks", function()
    near(a & 10, { 8, 10, 2 })
    near(a | 3, { 15, -5, 7 })
    near(~a, { -13, 4, -8 })
    local mask = a:gt(0)
    near(mask & ~mask, { false, false, false })
    near(mask | a:lt(0), { true, true, true })
  end)
end)

describe("integers", function()
  local wraps = {
    { "uint8", "add", 200, 100, 44 }, { "uint8", "sub", 1, 2, 255 },
    { "uint8", "mul", 20, 20, 144 },
    { "int32", "add", 2147483647, 1, -2147483648 },
    { "int32", "mul", 65536, 65536, 0 },
  }
  for _, case in ipairs(wraps) do
    local dtype, name = case[1], case[2]
    it(("of %s wrap in %s"):format(dtype, name), function()
      local x = pg.tensor({ case[3] }, { dtype = dtype })
      local y = pg.tensor({ case[4] }, { dtype = dtype })
      near(x[name](x, y), { case[5] })
      near(x:expand { 3000 }[name](x:expand { 3000 }, y),
        pg.full({ 3000 }, case[5]):totable())
      near(x[name .. "_"](x, y), { case[5] })
    end)
  end

  it("modulo zero is zero", function()
    near(pg.tensor { 7, -7 }:fmod(0), { 0, 0 })
    near(pg.tensor { 7, -7, math.mininteger }:fmod(-1), { 0, 0, 0 })
    near(pg.tensor { 7, -7 }:fmod(4), { 3, -3 })
  end)
end)

describe("steps and limits", function()
  it("heaviside takes its value at 0 from the second input", function()
    near(pg.tensor { -1.0, 0.0, -0.0, 2.0, nan }:heaviside(0.5),
      { 0, 0.5, 0.5, 1, 0 })
  end)

  it("clamp_min and clamp_max take numbers and tensors", function()
    local x = pg.tensor { -2.0, 0.5, 3.0, nan }
    near(x:clamp_min(0), { 0, 0.5, 3, nan })
    near(x:clamp_max(pg.tensor { 1.0, 0.0, 4.0, 1.0 }), { -2, 0, 3, nan })
  end)

  it("a tie of clamp_min goes to x, or half to a tensor", function()
    local x = pg.tensor({ 1.0 }, { requires_grad = true })
    local min = pg.tensor({ 1.0 }, { requires_grad = true })
    near((pg.grad(x:clamp_min(1):sum(), x)), { 1 })
    local dx, dmin = pg.grad(x:clamp_min(min):sum(), { x, min })
    near(dx, { 0.5 })
    near(dmin, { 0.5 })
  end)

  local pairs_of = {
    { "fmax", { nan, 1, 2, nan }, { 1, nan, 3, nan }, { 1, 1, 3, nan } },
    { "fmin", { nan, 1, 2, nan }, { 1, nan, 3, nan }, { 1, 1, 2, nan } },
    { "logical_xor", { nan, 0, 2 }, { 0, 0, 1 }, { true, false, false } },
    { "copysign", { 1, -2, 0 }, { -0.0, 3, -1 }, { -1, 2, -0.0 } },
    { "hypot", { 3, 1e200, inf }, { 4, 1e200, nan },
      { 5, 1e200 * math.sqrt(2), inf } },
    { "atan2", { 1, 0.0, 0.0, -1 }, { 1, -1, 1, 0 },
      { math.pi / 4, math.pi, 0, -math.pi / 2 } },
    { "xlogy", { 0, 0, 2 }, { 0, nan, 1 }, { 0, nan, 0 } },
    { "fmod", { 5.5, -5.5, 1, 1 }, { 2, 2, 0, inf }, { 1.5, -1.5, nan, 1 } },
    { "logaddexp", { 1000, -inf, inf, 0 }, { 1000, -inf, inf, -1000 },
      { 1000.6931471805599, -inf, inf, 0 } },
    { "logaddexp2", { 1000, -inf, 3 }, { 1000, -inf, 3 }, { 1001, -inf, 4 } },
    { "float_power", { 2, 9 }, { -1, 0.5 }, { 0.5, 3 } },
  }
  for _, case in ipairs(pairs_of) do
    it(case[1] .. " follows IEEE 754 for pairs", function()
      local a = pg.tensor(case[2], { dtype = "float64" })
      local b = pg.tensor(case[3], { dtype = "float64" })
      near(pg[case[1]](a, b), case[4])
    end)
  end

  it("the gradient of atan2 stays a number close to the origin", function()
    local a = pg.tensor({ 0.0, 1e-300, 1e-300 }, { dtype = "float64" })
    local b = pg.tensor({ 0.0, 0.0, -1e-300 }, { dtype = "float64" })
    a.requires_grad, b.requires_grad = true, true
    local da, db = pg.grad(pg.atan2(a, b):sum(), { a, b })
    near(da, { 0, 0, 0 })
    near(db, { 0, 0, 0 })
  end)

  local ones = {
    { "isinf", { true, true, false, false } },
    { "isposinf", { true, false, false, false } },
    { "isneginf", { false, true, false, false } },
    { "isfinite", { false, false, false, true } },
    { "signbit", { false, true, false, true } },
  }
  for _, case in ipairs(ones) do
    it(case[1] .. " tells the kinds of numbers apart", function()
      local quiet = -(0 / 0) -- without the sign that 0 / 0 has here
      near(pg.tensor { inf, -inf, quiet, -0.0 }[case[1]](
        pg.tensor { inf, -inf, quiet, -0.0 }), case[2])
    end)
  end

  it("nan_to_num takes the ends of the dtype for infinities", function()
    local x = pg.tensor { nan, inf, -inf, 1.5 }
    near(x:nan_to_num(), { 0, 3.4028234663852886e38, -3.4028234663852886e38,
      1.5 })
    near(x:nan_to_num { nan = 7, posinf = 1, neginf = -1 }, { 7, 1, -1, 1.5 })
    near(x:to("float16"):nan_to_num(), { 0, 65504, -65504, 1.5 })
    near(pg.tensor { 3, 4 }:nan_to_num(), { 3, 4 })
  end)

  it("float_power computes in float64", function()
    assert.are.equal("float64", pg.tensor { 2, 3 }:float_power(2).dtype)
  end)
end)
