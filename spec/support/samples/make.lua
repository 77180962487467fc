-- Samples of the rows of core/ops/make.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local alike = over({ 2, 3 }, {}, { dtype = "float64" })
local places = {
  sample({}, { row = 3, col = 4 }),
  sample({}, { row = 3, col = 2, offset = -1 }),
  empty = sample({}, { row = 0, col = 2 }),
}

return {
  zeros_like = alike, ones_like = alike, empty_like = alike,
  full_like = over({ 2, 3 }, { value = 1.5 }),
  empty = { sample({}, { shape = { 2, 3 } }),
    empty = sample({}, { shape = { 0, 3 } }) },
  logspace = { sample({}, { start = 0, stop = 1, steps = 5 }),
    empty = sample({}, { start = 0, stop = 1, steps = 0 }) },
  tril_indices = places, triu_indices = places,
}
