-- Reductions: dims, empty ones, NaN, accuracy, booleans.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local inf, nan = math.huge, 0 / 0
local x = pg.tensor { { 1.0, 5.0, 3.0 }, { 4.0, 2.0, 6.0 } }

local long = pg.zeros(300000)
long[299999] = 1

describe("reductions", function()
  local cases = {
    { "sum over everything", x:sum(), 21 },
    { "sum by position", x:sum(1), { 5, 7, 9 } },
    { "sum by name", x:sum { dim = 2, keepdim = true }, { { 9 }, { 12 } } },
    { "sum over a list", x:sum { 1, 2 }, 21 },
    { "sum from the end", x:sum(-1), { 9, 12 } },
    { "mean", x:mean(2), { 3, 4 } },
    { "argmax in flat order", x:argmax(), 6 },
    { "argmax along a dimension", x:argmax(1), { 2, 1, 2 } },
    { "argmin", x:argmin(2), { 1, 2 } },
    { "sum of booleans", pg.tensor({ true, true, false }):sum(), 2 },
    { "sum of nothing", pg.zeros({ 0, 2 }):sum(1), { 0, 0 } },
    { "mean of nothing", pg.zeros({ 0 }):mean(), nan },
    { "max with NaN", pg.tensor({ 1, nan, 3 }):max(), nan },
    { "min with infinities", pg.tensor({ 1, -inf, inf }):min(), -inf },
    { "argmax with NaN", pg.tensor({ 1, nan, 3 }):argmax(), 2 },
    { "argmax of equals", pg.tensor({ 1, 3, 3 }):argmax(), 2 },
    { "argmax beyond many blocks", long:argmax(), 299999 },
    { "the largest over a list of dimensions", x:amax { 1, 2 }, 6 },
    { "the smallest", x:amin(1), { 1, 2, 3 } },
    { "the largest with NaN", pg.tensor({ 1, nan, 3 }):amax(), nan },
    { "products", x:prod(2), { 15, 48 } },
    { "the product of nothing", pg.zeros({ 0, 2 }):prod(1), { 1, 1 } },
    { "the product of booleans", pg.tensor({ true, false }):prod(), 0 },
    { "logarithms of sums", pg.tensor({ 0.0, 0.0 }):logsumexp(),
      0.69314718055994531 },
    { "logarithms of large sums", pg.tensor({ 1000.0, 1000.0 }):logsumexp(),
      1000.6931471805599 },
    { "the logarithm of nothing but -inf", pg.tensor({ -inf }):logsumexp(),
      -inf },
    { "the logarithm of an infinite sum", pg.tensor({ inf, 1.0 }):logsumexp(),
      inf },
    { "the logarithm of no sum", pg.zeros({ 0 }):logsumexp(), -inf },
    { "logarithms of sums of integers", pg.tensor({ 1, 2, 3 }):logsumexp(1),
      3.4076059644443806 },
    { "how many are not zero", pg.tensor({ 1.0, 0.0, nan }):count_nonzero(),
      2 },
    { "sums without NaN", pg.tensor({ 1, nan, 2 }):nansum(), 3 },
    { "means without NaN", pg.tensor({ 1, nan, 2 }):nanmean(), 1.5 },
    { "the mean of nothing but NaN", pg.tensor({ nan }):nanmean(), nan },
  }
  for _, case in ipairs(cases) do
    it("give " .. case[1], function() near(case[2], case[3]) end)
  end

  it("give max values and positions", function()
    local values, positions = x:max(2)
    near(values, { 5, 6 })
    near(positions, { 2, 3 })
    assert.are.equal("int64", positions.dtype)
  end)

  it("give int64 for sums of integers", function()
    local y = pg.full({ 300 }, 255, { dtype = "uint8" }):sum()
    assert.are.equal("int64", y.dtype)
    assert.are.equal(76500, y:item())
  end)

  it("sum and multiply in the dtype asked for", function()
    local bytes = pg.full({ 2 }, 200, { dtype = "uint8" })
    near(bytes:sum { dtype = "uint8" }, 144)
    near(bytes:prod { dtype = "int32" }, 40000)
    near(pg.tensor({ 1.5, 2.5 }):sum { dtype = "int64" }, 3)
    near(pg.tensor({ 2, -2 }):sum { dtype = "bool" }, true)
    near(pg.tensor({ 1, 2 }):mean { dtype = "float64" }, 1.5)
    assert.are.equal("float32",
      pg.ones({ 3 }, { dtype = "float16" }):sum({ dtype = "float32" }).dtype)
  end)

  it("give both ends of the range", function()
    local low, high = x:aminmax(2)
    near(low, { 1, 2 })
    near(high, { 5, 6 })
  end)

  it("share the gradient of the largest among equals", function()
    local leaf = pg.tensor { { 3.0, 3.0, 1.0 }, { 0.0, 2.0, 1.0 } }
    leaf.requires_grad = true
    leaf:amax(2):sum():backward()
    near(leaf.grad, { { 0.5, 0.5, 0 }, { 0, 1, 0 } })
  end)

  it("give no gradient to a line of -inf", function()
    local leaf = pg.tensor { { -inf, -inf }, { 0.0, 0.0 } }
    leaf.requires_grad = true
    leaf:logsumexp(2):sum():backward()
    near(leaf.grad, { { 0, 0 }, { 0.5, 0.5 } })
  end)

  it("give +0 as the largest of zeros, -0 as the smallest", function()
    local zeros = pg.zeros({ 3, 70 })
    zeros[{ 2, 33 }] = -0.0
    assert.are.equal(inf, 1 / zeros:amax():item())
    assert.are.equal(-inf, 1 / zeros:amin():item())
    assert.are.equal(-inf, 1 / zeros:amin(1)[33])
    assert.are.equal(inf, 1 / (-pg.zeros({ 40, 20 })):sum(1)[1])
  end)

  it("give Lua booleans for any and all without dim", function()
    local mask = pg.tensor { { true, false }, { true, true } }
    assert.is_true(mask:any())
    assert.is_false(mask:all())
    near(mask:all(1), { true, false })
    assert.is_true(pg.zeros({ 0 }, { dtype = "bool" }):all())
  end)

  it("read views in their own order", function()
    near(x:transpose(1, 2):sum(1), { 9, 12 })
    near(x[1]:expand({ 4, 3 }):sum(), 36)
    near(x:transpose(1, 2):argmax(), 6)
  end)

  it("stay accurate over a million float32 numbers", function()
    local s = pg.full({ 1000000 }, 0.1):sum():item()
    local exact = 1000000 * 0.100000001490116119384765625
    assert.is_true(math.abs(s - exact) < 1e-6 * exact)
  end)

  it("give the mean of more numbers than float16 can count", function()
    near(pg.ones({ 100000 }, { dtype = "float16" }):mean(), 1)
    near(pg.full({ 70000 }, 0.5, { dtype = "bfloat16" }):mean(), 0.5)
  end)

  it("take the first of zeros of both signs as the largest", function()
    local x = pg.full({ 64 }, -1.0)
    x[3], x[18] = -0.0, 0.0
    local top, place = x:max(1)
    assert.are.equal(3, place:item())
    assert.are.equal(-math.huge, 1 / top:item())
  end)

  local refused = {
    { "a dimension out of range", function() x:sum(3) end, "sum", "3" },
    { "dimension 0", function() x:sum(0) end, "sum", "0" },
    { "a dimension twice", function() x:sum { 1, -2 } end, "sum" },
    { "the largest of nothing", function() pg.zeros({ 0 }):max() end, "max" },
    { "the place of the largest of nothing",
      function() pg.zeros({ 2, 0 }):argmax(2) end, "argmax" },
    { "the mean of integers", function() pg.tensor({ 1, 2 }):mean() end,
      "mean", "int64" },
  }
  tensors.each_raises(it, "refuse ", refused)
end)
