-- Samples of the rows of core/ops/copy.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

return {
  to = over({ 2, 3 }, { dtype = "float64" }, { dtype = "float32" },
    { dtype = "int64" }),
  clone = over({ 2, 3 }, {}),
  contiguous = over({ 2, 3 }, {}),
  copy = {
    sample({ { 2, 3 }, { 2, 3 } }), sample({ { 2, 3 }, { 3 } }),
    empty = sample({ { 0, 3 }, { 3 } }),
  },
  fill = over({ 2, 3 }, { value = 1.5 }),
  zero = over({ 2, 3 }, {}),
}
