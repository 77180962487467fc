-- Samples of the rows of core/ops/create.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local chances = { of = "float64", { 3 }, { 0.25, 0.5, 1.0 } }
local source = { sample({}, { shape = { 2, 3 } }), empty =
  sample({}, { shape = { 0, 3 } }) }

return {
  zeros = source, ones = source, rand = source, randn = source,
  full = { sample({}, { shape = { 2, 3 }, value = 1.5 }),
    empty = sample({}, { shape = { 0 }, value = 1 }) },
  arange = { sample({}, { start = 1, stop = 5 }), empty = false },
  linspace = { sample({}, { start = 0, stop = 1, steps = 5 }),
    empty = sample({}, { start = 0, stop = 1, steps = 0 }) },
  eye = { sample({}, { rows = 3 }), empty = sample({}, { rows = 0 }) },
  randint = { sample({}, { low = 1, high = 7, shape = { 4 } }),
    empty = sample({}, { low = 1, high = 6, shape = { 0 } }) },
  randperm = { sample({}, { n = 5 }), empty = sample({}, { n = 0 }) },
  bernoulli = { sample({ chances }),
    empty = sample({ { of = "float64", { 0 }, {} } }) },
}
