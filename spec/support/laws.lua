-- Exact distribution functions and probabilities of random laws, and how far
-- numbers drawn from them may be off. Formulas: Abramowitz and Stegun, chapters
-- 6 and 26; the incomplete functions by series and continued fractions as in
-- Numerical Recipes, 6.2 and 6.4.

local laws = {}

-- ---- Functions -------------------------------------------------------------

-- Logarithm of the gamma function: Stirling's series from x + 10 down.
function laws.lgamma(x)
  local shift = 0.0
  while x < 10 do
    shift = shift + math.log(x)
    x = x + 1
  end
  local z = 1 / (x * x)
  return (x - 0.5) * math.log(x) - x + 0.5 * math.log(2 * math.pi) - shift
    + (1 / 12 - z * (1 / 360 - z * (1 / 1260 - z * (1 / 1680)))) / x
end
local lgamma = laws.lgamma

-- Lentz's method for b0 + a1 / (b1 + a2 / (b2 + ...)); term(i) gives a, b.
local function fraction(b0, term)
  local tiny = 1e-300
  local f = b0 == 0 and tiny or b0
  local c, d = f, 0.0
  for i = 1, 1000 do
    local a, b = term(i)
    d = b + a * d
    d = 1 / (d == 0 and tiny or d)
    c = b + a / c
    c = c == 0 and tiny or c
    f = f * c * d
    if math.abs(c * d - 1) < 1e-15 then break end
  end
  return f
end

-- Regularised lower incomplete gamma function P(a, x).
function laws.gamma_cdf(a, x)
  if x <= 0 then return 0.0 end
  local front = math.exp(a * math.log(x) - x - lgamma(a))
  if x < a + 1 then
    local term, sum = 1 / a, 1 / a
    for i = 1, 2000 do
      term = term * x / (a + i)
      sum = sum + term
      if term < sum * 1e-16 then break end
    end
    return front * sum
  end
  return 1 - front / fraction(x + 1 - a, function(i)
    return -i * (i - a), x + 2 * i + 1 - a
  end)
end

-- Regularised incomplete beta function I_x(a, b).
function laws.beta_cdf(a, b, x)
  if x <= 0 then return 0.0 elseif x >= 1 then return 1.0 end
  if x > (a + 1) / (a + b + 2) then return 1 - laws.beta_cdf(b, a, 1 - x) end
  local front = math.exp(lgamma(a + b) - lgamma(a) - lgamma(b)
    + a * math.log(x) + b * math.log(1 - x)) / a
  return front / fraction(1, function(i)
    local m = i // 2
    if i % 2 == 0 then
      return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1
    end
    return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1
  end)
end

function laws.normal_cdf(x)
  local half = 0.5 * laws.gamma_cdf(0.5, x * x / 2)
  return x < 0 and 0.5 - half or 0.5 + half
end

-- ---- How far off ------------------------------------------------------------

-- Largest distance between the distribution function of the numbers in the list
-- 'x' and 'cdf', times sqrt(n): Kolmogorov's statistic.
function laws.kolmogorov(x, cdf)
  local n, worst = #x, 0.0
  table.sort(x)
  for i, value in ipairs(x) do
    local f = cdf(value)
    worst = math.max(worst, i / n - f, f - (i - 1) / n)
  end
  return worst * math.sqrt(n)
end

-- What it exceeds in one case of a thousand, by the first term of Kolmogorov's
-- series: 2 e^(-2 d^2) = 0.001.
laws.kolmogorov_limit = math.sqrt(math.log(2000) / 2)

-- Pearson's statistic of 'counts' against 'expected', both lists, and its
-- degrees of freedom. Neighbours are joined until 5 are expected (Cochran's
-- rule).
function laws.chi_square(counts, expected)
  local sum, freedom, count, expect = 0.0, -1, 0, 0.0
  local last_count, last_expect = 0, 0.0
  for i = 1, #expected do
    count, expect = count + (counts[i] or 0), expect + expected[i]
    if expect >= 5 then
      sum = sum + (count - expect) ^ 2 / expect
      freedom, last_count, last_expect = freedom + 1, count, expect
      count, expect = 0, 0.0
    end
  end
  if expect > 0 then -- what is left joins the last
    sum = sum - (last_count - last_expect) ^ 2 / last_expect
    last_count, last_expect = last_count + count, last_expect + expect
    sum = sum + (last_count - last_expect) ^ 2 / last_expect
  end
  return sum, freedom
end

-- What it exceeds in one case of a thousand: Wilson and Hilferty 1931, with the
-- normal quantile 3.0902.
function laws.chi_square_limit(freedom)
  local v = 2 / (9 * freedom)
  return freedom * (1 - v + 3.0902 * math.sqrt(v)) ^ 3
end

return laws
