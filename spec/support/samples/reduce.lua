-- Samples of the rows of core/ops/reduce.def.

local forms = require "spec.support.sample_forms"
local over, with_empty = forms.over, forms.with_empty

local reduced = over({ 2, 3, 4 }, {}, { dim = { 1, 3 } },
  { dim = 2, keepdim = true })
local positions = with_empty(over({ 3, 4 }, {}, { dim = -1 },
  { dim = 1, keepdim = true }), false)

return {
  sum = reduced, mean = reduced, any = reduced, all = reduced,
  max = positions, min = positions, argmax = positions, argmin = positions,
}
