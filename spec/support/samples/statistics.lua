-- Samples of the rows of core/ops/statistics.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local spread = over({ 2, 3, 4 }, {}, { dim = { 1, 3 }, correction = 0 },
  { dim = 2, keepdim = true })

return {
  var = spread, std = spread, var_mean = spread, std_mean = spread,
  cov = {
    sample({ { 3, 4 } }),
    sample({ { 4 } }, { correction = 0 }),
    sample({ { 3, 4 }, { of = "int64", { 4 }, { 1, 2, 1, 3 } } }),
    sample({ { 3, 4 }, { of = "int64", { 4 }, { 1, 2, 1, 3 } },
      { of = "float64", { 4 }, { 0.5, 0.25, 1, 0.75 } } }),
    empty = sample({ { 0, 3 } }),
  },
  corrcoef = {
    sample({ { 3, 4 } }),
    empty = sample({ { 0, 3 } }),
  },
}
