-- Random numbers: bounds, parameters, layouts, dtypes, forms in place, edges.

local pg = require "perigee"
local tensors = require "spec.support.tensors"

-- Mean and variance of a float tensor in double precision.
local function moments(x)
  x = x:to("float64")
  local mean = x:mean():item()
  local d = x - mean
  return mean, (d * d):mean():item()
end

describe("random numbers with bounds", function()
  local ranges = {
    { 0, 1 }, { -3, 5 }, { 1, 1.01 }, { -1e-3, 0 }, { 100, 101 }, { 2, 2 },
  }
  for _, dtype in ipairs({ "float16", "bfloat16", "float32", "float64" }) do
    it("of uniform_ stay under the upper one in " .. dtype, function()
      pg.manual_seed(6)
      for _, range in ipairs(ranges) do
        local x = pg.zeros({ 20000 }, { dtype = dtype })
        x:uniform_(range[1], range[2])
        local least, most = x:min():item(), x:max():item()
        local first = pg.tensor({ range[1] }, { dtype = dtype })[1]
        assert.is_true(least >= first, least .. " below " .. first)
        assert.is_true(most < range[2] or range[1] == range[2]
          or first >= range[2], most .. " of " .. range[2])
      end
    end)

    it("of trunc_normal_ lie between them in " .. dtype, function()
      pg.manual_seed(6)
      local x = pg.zeros({ 20000 }, { dtype = dtype })
      x:trunc_normal_ { mean = 1, std = 2, a = 0.5, b = 4 }
      assert.is_true(x:min():item() >= 0.5 and x:max():item() <= 4)
    end)
  end

  it("of random_ are all that a dtype has", function()
    pg.manual_seed(6)
    local x = pg.zeros({ 20000 }, { dtype = "uint8" }):random_()
    assert.are.equal(0, x:min():item())
    assert.are.equal(255, x:max():item())
    local y = pg.zeros({ 100 }, { dtype = "bool" }):random_():to "uint8"
    assert.are.equal(0, y:min():item())
    assert.are.equal(1, y:max():item())
    local z = pg.zeros({ 1000 }, { dtype = "int64" }):random_()
    assert.is_true(z:min():item() >= 0 and z:max():item() > 1 << 61)
    assert.is_true(pg.zeros({ 1000 }):random_():max():item() <= 1 << 24)
  end)

  it("of random_ with one number begin at 0", function()
    pg.manual_seed(6)
    local x = pg.zeros({ 1000 }, { dtype = "int32" }):random_(3)
    assert.are.equal(0, x:min():item())
    assert.are.equal(2, x:max():item())
  end)
end)

describe("parameters of random numbers", function()
  it("broadcast, and give shape and dtype", function()
    local mean = pg.tensor({ { 10.0 }, { 20.0 } }, { dtype = "float64" })
    local x = pg.normal(mean, pg.tensor { 0.0, 0.0, 0.0 })
    assert.are.equal("float64", x.dtype)
    assert.are.same({ { 10, 10, 10 }, { 20, 20, 20 } }, x:totable())
    assert.are.equal("float32", pg.poisson(pg.tensor { 3, 4 }).dtype)
    assert.are.equal("float32", pg.normal(0, 1).dtype)
    assert.are.equal(0, pg.normal(0, 1):dim())
    assert.are.equal("float16", pg.gamma(2, 1, { dtype = "float16" }).dtype)
    assert.are.same({ 4, 3 }, { table.unpack(pg.gamma(pg.ones(3),
      { shape = { 4, 3 } }).shape) })
  end)

  it("are each element's own", function()
    pg.manual_seed(6)
    local x = pg.binomial(pg.tensor { 0.0, 7.0, 9.0 }, pg.tensor { 0.5, 1, 0 })
    assert.are.same({ 0, 7, 0 }, x:totable())
  end)

  it("give as tensors what they give as numbers", function()
    local n = 1000
    local function same(name, first, second)
      local a, b = pg.full({ n }, first), second and pg.full({ n }, second)
      pg.manual_seed(3)
      local want = pg[name](first, second, { shape = { n } })
      pg.manual_seed(3)
      tensors.same_bits(pg[name](a, b), want)
      pg.manual_seed(3)
      tensors.same_bits(pg[name](a:view(1, n):expand(2, n)[1], second), want)
    end
    for _, name in ipairs { "uniform", "normal", "log_normal", "cauchy",
      "laplace", "gamma", "beta" } do
      same(name, 0.5, 1.5)
    end
  end)

  it("may lie anywhere in memory", function()
    local mean = pg.arange(0, 12, 1, { dtype = "float32" }):view(3, 4)
    pg.manual_seed(3)
    local want = pg.normal(mean:transpose(1, 2):contiguous(), 1)
    pg.manual_seed(3)
    tensors.same_bits(pg.normal(mean:transpose(1, 2), 1), want)
  end)
end)

describe("random numbers in place", function()
  local names = { "uniform_", "normal_", "exponential_", "cauchy_",
    "log_normal_", "trunc_normal_", "bernoulli_", "random_" }
  for _, name in ipairs(names) do
    it("of " .. name .. " give x back, the same into strided places", function()
      local x, y = pg.zeros(4, 6), pg.zeros(6, 4)
      pg.manual_seed(3)
      assert.are.equal(x, x[name](x))
      pg.manual_seed(3)
      y:transpose(1, 2)[name](y:transpose(1, 2))
      tensors.same_bits(y:transpose(1, 2):contiguous(), x)
    end)
  end

  it("leave what is not written", function()
    local x = pg.zeros(3, 4)
    x[{ {}, { 2, 3 } }]:uniform_(1, 2)
    assert.are.same({ 0, 0, 0 }, x[{ {}, 1 }]:totable())
    assert.are.same({ 0, 0, 0 }, x[{ {}, 4 }]:totable())
    assert.is_true(x[{ {}, { 2, 3 } }]:min():item() >= 1)
  end)

  it("may fill a parameter inside no_grad", function()
    local p = pg.zeros({ 3 }, { requires_grad = true })
    pg.no_grad(function() p:normal_(5, 0) end)
    assert.are.same({ 5, 5, 5 }, p:totable())
    assert.is_true(p.requires_grad)
  end)

  it("of bernoulli_ take a probability for each element", function()
    local x = pg.full({ 2, 2 }, 7):bernoulli_(pg.tensor { 0.0, 1.0 })
    assert.are.same({ { 0, 1 }, { 0, 1 } }, x:totable())
    assert.are.equal("int64", x.dtype)
  end)
end)

describe("random numbers at the edges", function()
  it("of nothing are nothing, and count as a call", function()
    for _, x in ipairs { pg.normal(0, 1, { 0, 3 }), pg.gamma(pg.zeros(0), 1),
      pg.zeros(0, 4):multinomial(2), pg.zeros(0):uniform_(),
      pg.categorical(pg.ones(0, 3)) } do
      assert.are.equal(0, x:numel())
    end
  end)

  it("of the meta device have shapes only", function()
    local mean = pg.zeros({ 2, 3 }, { device = "meta" })
    assert.are.equal("meta", pg.normal(mean, 1).device)
    assert.are.equal("meta", pg.rand_like(mean).device)
    assert.are.equal("meta", mean:multinomial(2).device)
    assert.are.same({ 4, 2 }, { table.unpack(
      pg.categorical(mean, { shape = { 4 } }).shape) })
    mean:uniform_()
  end)

  it("of a gamma law with a tiny shape are above zero", function()
    pg.manual_seed(3)
    for _, dtype in ipairs { "float16", "bfloat16", "float32", "float64" } do
      local x = pg.gamma(1e-3, 1, { shape = { 1000 }, dtype = dtype })
      assert.is_true(x:min():item() > 0)
    end
  end)

  it("of a beta law with tiny shapes are 0 or 1, never nan", function()
    pg.manual_seed(3)
    local x = pg.beta(1e-4, 1e-4, { shape = { 1000 } })
    assert.is_true(x:eq(x):all())
    assert.is_true(math.abs(x:mean():item() - 0.5) < 0.1)
  end)

  it("of large means have their mean and variance", function()
    pg.manual_seed(3)
    local x = pg.poisson(1e9, { shape = { 10000 }, dtype = "float64" })
    local mean, variance = moments(x)
    assert.is_true(math.abs(mean - 1e9) < 5 * math.sqrt(1e9 / 1e4))
    assert.is_true(math.abs(variance / 1e9 - 1) < 5 * math.sqrt(2 / 1e4))
    x = pg.binomial(1e12, 0.25, { shape = { 10000 }, dtype = "float64" })
    mean, variance = moments(x)
    assert.is_true(math.abs(mean - 0.25e12) < 5 * math.sqrt(0.1875e12 / 1e4))
    assert.is_true(math.abs(variance / 0.1875e12 - 1) < 5 * math.sqrt(2 / 1e4))
  end)

  it("of multinomial find the one weight that is there", function()
    local x = pg.zeros(5000)
    x[4321] = 1e-30
    assert.are.same({ 4321, 4321 }, x:multinomial(2, true):totable())
    assert.are.same({ 4321 }, x:multinomial(1):totable())
  end)

  it("of multinomial see weights through their strides", function()
    local w = pg.tensor { { 0.0, 1.0, 5.0 }, { 2.0, 0.0, 0.0 } }
    assert.are.same({ { 2 }, { 1 }, { 1 } },
      w:transpose(1, 2):multinomial(1):totable())
  end)

  it("of categorical have the shape, then that of the rows", function()
    local probs = pg.zeros(2, 3, 4)
    probs[{ {}, {}, 3 }] = 1
    local x = pg.categorical(probs, { shape = { 5, 6 } })
    assert.are.same({ 5, 6, 2, 3 }, { table.unpack(x.shape) })
    assert.is_true(x:eq(3):all())
    local rows = pg.tensor { { 1.0, 0.0 }, { 0.0, 1.0 } }
    assert.are.same({ { 1, 2 }, { 1, 2 }, { 1, 2 } },
      pg.categorical(rows, { shape = { 3 } }):totable())
  end)

  it("of every law are new at a replay", function()
    local x, drawn = pg.ones(5), nil
    local recording = pg.record(function()
      x:exponential_()
      drawn = { x, pg.gamma(2, x), pg.normal(x, 1), pg.rand(5):multinomial(5),
        pg.bernoulli(0.5, 40) }
    end)
    local before = {}
    for i, y in ipairs(drawn) do before[i] = y:clone() end
    recording:replay()
    for i, y in ipairs(drawn) do assert.is_false(y:eq(before[i]):all()) end
  end)
end)
