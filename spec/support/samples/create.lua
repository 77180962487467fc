-- Samples of the rows of core/ops/create.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local source = { sample({}, { shape = { 2, 3 } }), empty =
  sample({}, { shape = { 0, 3 } }) }

return {
  zeros = source, ones = source,
  full = { sample({}, { shape = { 2, 3 }, value = 1.5 }),
    empty = sample({}, { shape = { 0 }, value = 1 }) },
  arange = { sample({}, { start = 1, stop = 5 }), empty = false },
  linspace = { sample({}, { start = 0, stop = 1, steps = 5 }),
    empty = sample({}, { start = 0, stop = 1, steps = 0 }) },
  eye = { sample({}, { rows = 3 }), empty = sample({}, { rows = 0 }) },
}
