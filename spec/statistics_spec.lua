-- Variance, standard deviation, covariance, correlation. The numbers are those
-- of PyTorch 2.15 or follow from the formula.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local inf, nan = math.huge, 0 / 0
local x = pg.tensor { { 1.0, 2.0, 4.0 }, { 3.0, 1.0, 0.0 } }

describe("spread", function()
  local cases = {
    { "the variance of a sample", x:var(2), { 7 / 3, 7 / 3 } },
    { "the variance of the whole", x:var { dim = 2, correction = 0 },
      { 14 / 9, 14 / 9 } },
    { "the variance over everything", x:var(), 2.1666666666666665 },
    { "the variance over a list", x:var { dim = { 1, 2 }, keepdim = true },
      { { 2.1666666666666665 } } },
    { "the standard deviation", pg.tensor({ 1.0, 3.0, 5.0 }):std(), 2 },
    { "the variance of one number", pg.tensor({ 3.0 }):var(), nan },
    { "no variance of one number that is the whole",
      pg.tensor({ 3.0 }):var { correction = 0 }, 0 },
    { "the variance of nothing", pg.zeros({ 0 }):var(), nan },
    { "infinity where nothing is left to divide by",
      pg.tensor({ 1.0, 2.0 }):var { correction = 5 }, inf },
    { "NaN for NaN", pg.tensor({ 1.0, nan }):std(), nan },
  }
  for _, case in ipairs(cases) do
    it("gives " .. case[1], function() near(case[2], case[3]) end)
  end

  it("comes with the mean", function()
    local var, mean = pg.tensor({ 1.0, 3.0, 5.0 }):var_mean()
    local std, same = pg.tensor({ 1.0, 3.0, 5.0 }):std_mean()
    near(var, 4)
    near(std, 2)
    near(mean, 3)
    near(same, 3)
  end)

  it("is not lost far from zero", function()
    pg.manual_seed(1)
    local y = pg.randn({ 200000 }) * 0.5 + 4096
    local exact = y:to("float64"):var():item()
    assert.is_true(math.abs(y:var():item() - exact) < 1e-5 * exact)
    local columns = y:reshape { 1000, 200 }
    local wanted = columns:to("float64"):var(1):totable()
    near(columns:var(1), wanted, { rtol = 1e-4, atol = 0 })
  end)

  it("of float16 is summed in float32", function()
    local y = pg.full({ 100000 }, 0.5, { dtype = "float16" })
    near(y:var(), 0)
    assert.are.equal("float16", y:var().dtype)
  end)

  it("has gradient 0 where it is 0", function()
    local leaf = pg.tensor { { 1.0, 1.0 }, { 1.0, 2.0 } }
    leaf.requires_grad = true
    leaf:std(2):sum():backward()
    near(leaf.grad, { { 0, 0 }, { -0.70710678118654757, 0.70710678118654757 } })
  end)
end)

describe("covariance", function()
  local cases = {
    { "of variables", x:cov(), { { 7 / 3, -13 / 6 }, { -13 / 6, 7 / 3 } } },
    { "of one variable", pg.tensor({ 1.0, 2.0, 4.0 }):cov(), 7 / 3 },
    { "of integers", pg.tensor({ 1, 2, 4 }):cov(), 7 / 3 },
    { "with weights", x:cov(pg.tensor { 1, 2, 3 }, pg.tensor { 0.5, 0.2, 1.0 }),
      { { 1.5572139, -1.3721393 }, { -1.3721393, 1.3047264 } } },
    { "divided by deviations", x:corrcoef(),
      { { 1, -13 / 14 }, { -13 / 14, 1 } } },
    { "divided, of one variable", pg.tensor({ 1.0, 2.0 }):corrcoef(), 1 },
  }
  for _, case in ipairs(cases) do
    it("gives that " .. case[1], function() near(case[2], case[3]) end)
  end
end)
