-- Samples of the rows of core/ops/scan.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local along = over({ 3, 4 }, { dim = 1 }, { dim = -1 })
local summed = over({ 3, 4 }, { dim = 1, dtype = "float64" }, { dim = -1 })

return {
  cumsum = summed, cumprod = summed,
  logcumsumexp = along, cummax = along, cummin = along,
  diff = {
    sample({ { 3, 4 } }),
    sample({ { 3, 4 } }, { n = 2, dim = 1 }),
    sample({ { 3, 4 }, { 2, 4 }, { 1, 4 } }, { dim = 1 }),
    empty = sample({ { 0, 3 } }, { dim = 1 }),
  },
  trapezoid = {
    sample({ { 3, 4 } }, { dx = 0.5 }),
    sample({ { 3, 4 }, { 3 } }, { dim = 1 }),
    empty = sample({ { 0, 3 } }),
  },
  cumulative_trapezoid = {
    sample({ { 3, 4 } }, { dx = 0.5, dim = 1 }),
    sample({ { 3, 4 }, { 3, 4 } }),
    empty = sample({ { 0, 3 } }),
  },
}
