-- Numbers drawn from laws with parameters against their exact distribution,
-- with fixed seeds. A law that is right passes the limits of Kolmogorov and of
-- chi square in 999 of 1000 seeds (support/laws.lua); mean and variance are
-- allowed five standard errors.

local pg = require "perigee"
local laws = require "spec.support.laws"

local n = 20000

local function normal(x) return laws.normal_cdf(x) end

-- Distribution function of a normal law given that it lies in [a, b].
local function truncated(mean, std, a, b)
  local low, high = normal((a - mean) / std), normal((b - mean) / std)
  return function(x) return (normal((x - mean) / std) - low) / (high - low) end
end

-- Name, what draws, distribution function, mean, variance, fourth central
-- moment over the squared variance (kurtosis); no moments where there are none.
local continuous = {
  { "uniform(-1, 3)", function(o) return pg.uniform(-1, 3, o) end,
    function(x) return (x + 1) / 4 end, 1, 16 / 12, 1.8 },
  { "normal(2, 3)", function(o) return pg.normal(2, 3, o) end,
    function(x) return normal((x - 2) / 3) end, 2, 9, 3 },
  { "log_normal(0.5, 0.25)", function(o) return pg.log_normal(0.5, 0.25, o) end,
    function(x) return normal((math.log(x) - 0.5) / 0.25) end,
    math.exp(0.53125), (math.exp(0.0625) - 1) * math.exp(1.0625), 4.1 },
  { "exponential(2)", function(o) return pg.exponential(2, o) end,
    function(x) return 1 - math.exp(-2 * x) end, 0.5, 0.25, 9 },
  { "cauchy(1, 2)", function(o) return pg.cauchy(1, 2, o) end,
    function(x) return 0.5 + math.atan((x - 1) / 2) / math.pi end },
  { "laplace(1, 2)", function(o) return pg.laplace(1, 2, o) end,
    function(x)
      local half = 0.5 * math.exp(-math.abs(x - 1) / 2)
      return x < 1 and half or 1 - half
    end, 1, 8, 6 },
  { "gamma(0.3, 2)", function(o) return pg.gamma(0.3, 2, o) end,
    function(x) return laws.gamma_cdf(0.3, 2 * x) end, 0.15, 0.075, 23 },
  { "gamma(1)", function(o) return pg.gamma(1, nil, o) end,
    function(x) return 1 - math.exp(-x) end, 1, 1, 9 },
  { "gamma(7.5, 0.5)", function(o) return pg.gamma(7.5, 0.5, o) end,
    function(x) return laws.gamma_cdf(7.5, 0.5 * x) end, 15, 30, 3.8 },
  { "beta(0.5, 0.5)", function(o) return pg.beta(0.5, 0.5, o) end,
    function(x) return laws.beta_cdf(0.5, 0.5, x) end, 0.5, 0.125, 1.5 },
  { "beta(2, 5)", function(o) return pg.beta(2, 5, o) end,
    function(x) return laws.beta_cdf(2, 5, x) end, 2 / 7, 10 / 392, 2.88 },
  { "trunc_normal(0, 1)", function(o) return pg.trunc_normal(0, 1, o) end,
    truncated(0, 1, -2, 2) },
  { "trunc_normal(1, 2), a short interval in the middle",
    function(o)
      o.a, o.b = 0.5, 2
      return pg.trunc_normal(1, 2, o)
    end, truncated(1, 2, 0.5, 2) },
  { "trunc_normal(0, 1), the tail from 3 on",
    function(o)
      o.a, o.b = 3, 100
      return pg.trunc_normal(0, 1, o)
    end, function(x)
      return 1 - (1 - laws.gamma_cdf(0.5, x * x / 2))
        / (1 - laws.gamma_cdf(0.5, 4.5))
    end },
  { "trunc_normal(0, 1), a short interval in the lower tail",
    function(o)
      o.a, o.b = -3.25, -3
      return pg.trunc_normal(0, 1, o)
    end, truncated(0, 1, -3.25, -3) },
}

-- Mean and variance of 'x' within five standard errors, the variance's being
-- variance sqrt((kurtosis - 1) / n).
local function has_moments(x, mean, variance, kurtosis)
  x = x:to "float64"
  local d = x - mean
  local off = d:mean():item()
  assert.is_true(math.abs(off) < 5 * math.sqrt(variance / n),
    "mean off by " .. off)
  local spread = (d * d):mean():item()
  assert.is_true(math.abs(spread - variance)
    < 5 * variance * math.sqrt((kurtosis - 1) / n), "variance " .. spread)
end

describe("random numbers of", function()
  for _, law in ipairs(continuous) do
    for _, dtype in ipairs { "float32", "float64" } do
      it(law[1] .. " in " .. dtype .. " have that distribution", function()
        pg.manual_seed(21)
        local x = law[2] { shape = { n }, dtype = dtype }
        local d = laws.kolmogorov(x:totable(), law[3])
        assert.is_true(d < laws.kolmogorov_limit, "Kolmogorov " .. d)
        if law[4] then has_moments(x, law[4], law[5], law[6]) end
      end)
    end
  end
end)

-- ---- Whole numbers ---------------------------------------------------------

local function poisson(rate)
  return function(k)
    return math.exp(k * math.log(rate) - rate - laws.lgamma(k + 1))
  end
end

local function binomial(count, p)
  return function(k)
    if k > count then return 0 end
    return math.exp(laws.lgamma(count + 1) - laws.lgamma(k + 1)
      - laws.lgamma(count - k + 1) + k * math.log(p)
      + (count - k) * math.log(1 - p))
  end
end

-- Name, what draws, probability of k, the range of k.
local discrete = {
  { "poisson(0.5)", function(o) return pg.poisson(0.5, o) end, poisson(0.5),
    0, 10 },
  { "poisson(9.5)", function(o) return pg.poisson(9.5, o) end, poisson(9.5),
    0, 40 },
  { "poisson(12)", function(o) return pg.poisson(12, o) end, poisson(12),
    0, 45 },
  { "poisson(400)", function(o) return pg.poisson(400, o) end, poisson(400),
    250, 550 },
  { "binomial(10, 0.3)", function(o) return pg.binomial(10, 0.3, o) end,
    binomial(10, 0.3), 0, 10 },
  { "binomial(60, 0.4)", function(o) return pg.binomial(60, 0.4, o) end,
    binomial(60, 0.4), 0, 60 },
  { "binomial(200, 0.93)", function(o) return pg.binomial(200, 0.93, o) end,
    binomial(200, 0.93), 120, 200 },
  { "geometric(0.3)", function(o) return pg.geometric(0.3, o) end,
    function(k) return 0.7 ^ (k - 1) * 0.3 end, 1, 50 },
  { "bernoulli(0.3)", function(o) return pg.bernoulli(0.3, o) end,
    function(k) return k == 1 and 0.3 or 0.7 end, 0, 1 },
  { "random_(2, 12)",
    function(o)
      return pg.zeros(o.shape, { dtype = o.dtype }):random_(2, 12)
    end,
    function() return 0.1 end, 2, 11 },
  { "randint_like(1, 7)",
    function(o)
      return pg.randint_like(pg.zeros(o.shape, { dtype = o.dtype }), 1, 7)
    end, function() return 1 / 6 end, 1, 6 },
}

-- Fail unless the whole numbers in 'x' from first to last are as often as
-- chance(k) says, and no others are there.
local function has_chances(x, chance, first, last)
  local counts, expected, total = {}, {}, 0
  for _, k in ipairs(x) do
    local at = math.tointeger(k) - first + 1
    counts[at] = (counts[at] or 0) + 1
  end
  for k = first, last do
    expected[k - first + 1] = chance(k) * #x
    total = total + (counts[k - first + 1] or 0)
  end
  assert.are.equal(#x, total)
  local sum, freedom = laws.chi_square(counts, expected)
  assert.is_true(sum < laws.chi_square_limit(freedom),
    ("chi square %.1f of %d"):format(sum, freedom))
end

describe("random whole numbers of", function()
  for _, law in ipairs(discrete) do
    for _, dtype in ipairs { "float32", "float64" } do
      it(law[1] .. " in " .. dtype .. " have those chances", function()
        pg.manual_seed(22)
        local x = law[2] { shape = { n }, dtype = dtype }
        has_chances(x:totable(), law[3], law[4], law[5])
      end)
    end
  end
end)

describe("positions of", function()
  local weights = pg.tensor { 1.0, 2.0, 0.0, 3.0, 4.0 }
  local chance = { 0.1, 0.2, 0, 0.3, 0.4 }

  it("multinomial with replacement are as often as their weights", function()
    pg.manual_seed(23)
    local x = weights:multinomial(n, { replacement = true })
    has_chances(x:totable(), function(k) return chance[k] end, 1, 5)
  end)

  it("categorical are as often as logits say", function()
    pg.manual_seed(24)
    local x = pg.categorical(nil, weights:log(), { shape = { n } })
    has_chances(x:totable(), function(k) return chance[k] end, 1, 5)
  end)

  it("multinomial in rows are as often as those of their row", function()
    pg.manual_seed(25)
    local back = weights:index_select(pg.tensor { 5, 4, 3, 2, 1 })
    local both = pg.stack { weights, back }
    local x = both:multinomial(n, true)
    has_chances(x[1]:totable(), function(k) return chance[k] end, 1, 5)
    has_chances(x[2]:totable(), function(k) return chance[6 - k] end, 1, 5)
  end)

  -- P(i, then j) = w_i / W * w_j / (W - w_i)
  it("multinomial without replacement come one after the other", function()
    pg.manual_seed(26)
    local x = weights:view(1, 5):expand(n, 5):multinomial(2):totable()
    local pairs_drawn = {}
    for i, pair in ipairs(x) do
      pairs_drawn[i] = (pair[1] - 1) * 5 + pair[2]
    end
    has_chances(pairs_drawn, function(k)
      local i, j = (k - 1) // 5 + 1, (k - 1) % 5 + 1
      return i == j and 0 or chance[i] * chance[j] / (1 - chance[i])
    end, 1, 25)
  end)

  it("multinomial without replacement are each row's, each once", function()
    pg.manual_seed(27)
    local x = pg.ones(50, 9):multinomial(9)
    assert.are.same(pg.full({ 50 }, 45):totable(), x:sum(2):totable())
    assert.is_true(x:min():item() == 1 and x:max():item() == 9)
  end)
end)

-- ---- Independence ----------------------------------------------------------

-- Correlation of two tensors, times sqrt(n): normal with variance 1 where they
-- are independent.
local function correlation(a, b)
  a, b = a - a:mean(), b - b:mean()
  local c = (a * b):mean() / ((a * a):mean() * (b * b):mean()):sqrt()
  return c:item() * math.sqrt(a:numel())
end

describe("random numbers", function()
  local draws = {
    { "uniform", function() return pg.uniform(0, 1, n) end },
    { "normal", function() return pg.normal(0, 1, n) end },
    { "exponential", function() return pg.exponential(1, n) end },
    { "laplace", function() return pg.laplace(0, 1, n) end },
    { "gamma", function() return pg.gamma(0.5, nil, { shape = { n } }) end },
    { "trunc_normal", function() return pg.trunc_normal(0, 1, n) end },
    { "poisson", function() return pg.poisson(20, n) end },
    { "binomial", function() return pg.binomial(50, 0.5, n) end },
  }
  for _, case in ipairs(draws) do
    it("of " .. case[1] .. " do not depend on their neighbours", function()
      pg.manual_seed(28)
      local x = case[2]():to "float64"
      for lag = 1, 4 do
        local c = correlation(x[{ { 1, n - lag } }], x[{ { lag + 1, n } }])
        assert.is_true(math.abs(c) < 4, ("lag %d: %.1f"):format(lag, c))
      end
    end)

    it("of " .. case[1] .. " do not depend on other calls", function()
      pg.manual_seed(29)
      local x, y = case[2]():to "float64", case[2]():to "float64"
      assert.is_true(math.abs(correlation(x, y)) < 4)
      pg.manual_seed(30)
      assert.is_true(math.abs(correlation(x, case[2]():to "float64")) < 4)
    end)
  end
end)
