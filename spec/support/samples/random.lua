-- Samples of the rows of core/ops/random.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local chances = { of = "float64", { 3 }, { 0.25, 0.5, 1.0 } }
local source = { sample({}, { shape = { 2, 3 } }), empty =
  sample({}, { shape = { 0, 3 } }) }

local weights = { of = "float64", { 2, 4 }, { 1, 2, 0, 4, 0.5, 0.5, 3, 0 } }

local function numbers(shape, x)
  local count, data = 1, {}
  for _, size in ipairs(shape) do count = count * size end
  for i = 1, count do data[i] = x end
  return { of = "float64", shape, data }
end

local function fixed(shape) return numbers(shape, 0.5) end

-- Samples of a law over one parameter: as a tensor, with a shape, empty.
local function one(x)
  return { sample({ numbers({ 3 }, x) }),
    sample({ numbers({ 3 }, x) }, { shape = { 2, 3 } }),
    empty = sample({ numbers({ 0 }, x) }) }
end

-- The same over two, which broadcast.
local function two(x, y, options)
  return { sample({ numbers({ 3 }, x), numbers({ 2, 1 }, y) }, options),
    empty = sample({ numbers({ 0, 3 }, x), numbers({ 3 }, y) }, options) }
end

-- Samples in place, one per table of options.
local function over(...)
  local list = { empty = sample({ fixed { 0, 3 } }, (...)) }
  for i, options in ipairs { ... } do
    list[i] = sample({ fixed { 2, 3 } }, options)
  end
  return list
end

return {
  rand = source, randn = source,
  randint = { sample({}, { low = 1, high = 7, shape = { 4 } }),
    empty = sample({}, { low = 1, high = 6, shape = { 0 } }) },
  randperm = { sample({}, { n = 5 }), empty = sample({}, { n = 0 }) },
  rand_like = forms.over({ 2, 3 }, {}), randn_like = forms.over({ 2, 3 }, {}),
  randint_like = forms.over({ 2, 3 }, { low = 1, high = 7 }),
  random_ = over({}, { from = 2, to = 9 }, { from = 9 }),
  uniform = two(-1, 2), normal = two(-1, 2), log_normal = two(-1, 2),
  trunc_normal = two(-1, 2, { a = -1, b = 3 }),
  exponential = one(0.5), cauchy = two(0, 1), laplace = two(0, 1),
  gamma = two(0.5, 2), beta = two(0.5, 2), geometric = one(0.25),
  poisson = one(3), binomial = two(5, 0.25),
  uniform_ = over({}, { from = -1, to = 3 }),
  normal_ = over({}, { mean = -1, std = 3 }),
  log_normal_ = over({}, { mean = 0, std = 0.5 }),
  trunc_normal_ = over({}, { mean = 3 }),
  exponential_ = over({}, { lambd = 3 }), cauchy_ = over({}, { sigma = 3 }),
  geometric_ = over({ p = 0.25 }),
  bernoulli = { sample({ chances }), sample({ chances }, { shape = { 2, 3 } }),
    empty = sample({ { of = "float64", { 0 }, {} } }) },
  bernoulli_ = { sample({ fixed { 2, 3 } }),
    sample({ fixed { 2, 3 }, chances }),
    empty = sample({ fixed { 0, 3 }, chances }) },
  multinomial = { sample({ weights }, { num_samples = 2 }),
    sample({ weights }, { num_samples = 5, replacement = true }),
    sample({ chances }, { num_samples = 3 }),
    empty = sample({ { of = "float64", { 0, 3 }, {} } }, { num_samples = 2 }) },
  categorical = { sample({ weights }),
    sample({ weights }, { shape = { 2, 2 } }),
    empty = sample({ weights }, { shape = { 0 } }) },
}
