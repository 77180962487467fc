-- Tensors made from nothing, and random numbers: values, statistics with a
-- fixed seed, and what a seed promises.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

describe("making", function()
  local cases = {
    { "zeros", pg.zeros { 2, 2 }, { { 0, 0 }, { 0, 0 } }, "float32" },
    { "ones", pg.ones(3), { 1, 1, 1 }, "float32" },
    { "full of a whole number", pg.full({ 2 }, 7), { 7, 7 }, "int64" },
    { "full of a float", pg.full({ 2 }, 0.5), { 0.5, 0.5 }, "float32" },
    { "full with a dtype", pg.full({ 2 }, 7, { dtype = "float64" }),
      { 7, 7 }, "float64" },
    { "arange", pg.arange(1, 6), { 1, 2, 3, 4, 5 }, "int64" },
    { "arange of one number", pg.arange(3), { 0, 1, 2 }, "int64" },
    { "arange with a step", pg.arange(10, 1, -4), { 10, 6, 2 }, "int64" },
    { "arange of floats", pg.arange(0, 1, 0.25), { 0, 0.25, 0.5, 0.75 },
      "float32" },
    { "arange past 2^53", pg.arange(1 << 53, (1 << 53) + 3),
      { 1 << 53, (1 << 53) + 1, (1 << 53) + 2 }, "int64" },
    { "arange up to the largest",
      pg.arange(math.maxinteger - 2, math.maxinteger),
      { math.maxinteger - 2, math.maxinteger - 1 }, "int64" },
    { "arange from the smallest",
      pg.arange(math.mininteger, math.mininteger + 5, 3),
      { math.mininteger, math.mininteger + 3 }, "int64" },
    { "linspace", pg.linspace(0, 1, 5), { 0, 0.25, 0.5, 0.75, 1 },
      "float32" },
    { "linspace of one", pg.linspace(3, 4, 1), { 3 }, "float32" },
    { "eye", pg.eye(2), { { 1, 0 }, { 0, 1 } }, "float32" },
    { "eye with columns", pg.eye(2, 3), { { 1, 0, 0 }, { 0, 1, 0 } },
      "float32" },
  }
  for _, case in ipairs(cases) do
    it("gives " .. case[1], function()
      near(case[2], case[3])
      assert.are.equal(case[4], case[2].dtype)
    end)
  end

  it("takes requires_grad", function()
    assert.is_true(pg.zeros({ 2 }, { requires_grad = true }).requires_grad)
  end)

  local refused = {
    { "a negative size", function() pg.zeros { -1 } end, "zeros", "-1" },
    { "sizes whose product overflows",
      function() pg.zeros { 1 << 40, 1 << 40 } end, "large" },
    { "nine dimensions", function() pg.ones { 1, 1, 1, 1, 1, 1, 1, 1, 1 } end,
      "ones", "8" },
    { "a step of zero", function() pg.arange(1, 5, 0) end, "arange" },
    { "a step away from the end", function() pg.arange(1, 5, -1) end,
      "arange" },
    { "a whole tensor's gradient",
      function() pg.zeros({ 2 }, { dtype = "int64", requires_grad = true })
      end, "zeros: ", "int64" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)

-- Mean and variance of a float tensor in double precision.
local function moments(x)
  x = x:to("float64")
  local mean = x:mean():item()
  local d = x - mean
  return mean, (d * d):mean():item()
end

describe("random numbers", function()
  local n = 100000

  -- Bounds: five standard errors.
  local laws = {
    { "rand", function(o) return pg.rand({ n }, o) end, 0.5, 1 / 12 },
    { "randn", function(o) return pg.randn({ n }, o) end, 0, 1 },
    { "randint", function() return pg.randint(1, 7, { n }) end, 3.5, 35 / 12 },
    { "bernoulli", function(o) return pg.full({ n }, 0.3, o):bernoulli() end,
      0.3, 0.21 },
  }
  for _, law in ipairs(laws) do
    for _, dtype in ipairs({ "float32", "float64" }) do
      it(("of %s in %s have their mean and variance"):format(law[1], dtype),
        function()
          pg.manual_seed(11)
          local mean, variance = moments(law[2] { dtype = dtype })
          local error_of_mean = math.sqrt(law[4] / n)
          assert.is_true(math.abs(mean - law[3]) < 5 * error_of_mean,
            "mean " .. mean)
          assert.is_true(math.abs(variance - law[4])
            < 5 * law[4] * math.sqrt(2 / n), "variance " .. variance)
        end)
    end
  end

  for _, dtype in ipairs({ "float16", "bfloat16", "float32", "float64" }) do
    it("of rand keep to [0, 1) in " .. dtype, function()
      pg.manual_seed(5)
      local x = pg.rand({ n }, { dtype = dtype })
      assert.is_true(x:min():item() >= 0 and x:max():item() < 1)
    end)
  end

  it("of randn have a normal's tails", function()
    pg.manual_seed(5)
    local x = pg.randn({ n }):abs()
    local beyond = x:gt(1.959963985):sum():item() / n
    assert.is_true(math.abs(beyond - 0.05) < 5 * math.sqrt(0.0475 / n))
  end)

  it("of randint reach the first and the last below the bound", function()
    pg.manual_seed(5)
    local x = pg.randint(-2, 3, { 1000 })
    assert.are.equal(-2, x:min():item())
    assert.are.equal(2, x:max():item())
  end)

  it("of randperm are every position once", function()
    pg.manual_seed(5)
    local seen = {}
    local order = pg.randperm(100):totable()
    for _, p in ipairs(order) do seen[p] = true end
    assert.are.equal(100, #order)
    for p = 1, 100 do assert.is_true(seen[p]) end
  end)

  it("come again with the same seed", function()
    local function draw()
      pg.manual_seed(42)
      return pg.cat { pg.rand { 5 }, pg.randn { 5 }, pg.rand { 5 } }
    end
    tensors.same_bits(draw(), draw())
  end)

  it("differ between seeds and between calls", function()
    pg.manual_seed(1)
    local a, b = pg.rand { 4 }, pg.rand { 4 }
    pg.manual_seed(2)
    local c = pg.rand { 4 }
    assert.is_false(a:eq(b):any() or a:eq(c):any())
  end)

  it("depend on the position in the flat order only", function()
    pg.manual_seed(9)
    local a = pg.rand { 12 }
    pg.manual_seed(9)
    tensors.same_bits(pg.rand({ 3, 4 }):reshape { 12 }, a)
    pg.manual_seed(9)
    tensors.same_bits(pg.rand { 5 }, a[{ { 1, 5 } }])
  end)

  it("refuse probabilities outside [0, 1]", function()
    raises(function() pg.tensor({ 0.5, 1.5 }):bernoulli() end, "bernoulli",
      "1.5")
  end)

  it("refuse an empty range", function()
    raises(function() pg.randint(3, 3, { 1 }) end, "randint", "3")
  end)
end)
