-- Samples of the rows of core/ops/random.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local chances = { of = "float64", { 3 }, { 0.25, 0.5, 1.0 } }
local source = { sample({}, { shape = { 2, 3 } }), empty =
  sample({}, { shape = { 0, 3 } }) }

return {
  rand = source, randn = source,
  randint = { sample({}, { low = 1, high = 7, shape = { 4 } }),
    empty = sample({}, { low = 1, high = 6, shape = { 0 } }) },
  randperm = { sample({}, { n = 5 }), empty = sample({}, { n = 0 }) },
  bernoulli = { sample({ chances }),
    empty = sample({ { of = "float64", { 0 }, {} } }) },
}
