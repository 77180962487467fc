-- Random numbers: statistics with a fixed seed, and what a seed promises.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local raises = tensors.raises

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
