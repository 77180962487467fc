-- Samples of the rows of core/ops/reduce.def.

local forms = require "spec.support.sample_forms"
local over, with_empty = forms.over, forms.with_empty

local function reduced(...)
  return over({ 2, 3, 4 }, {}, { dim = { 1, 3 } }, { dim = 2, keepdim = true },
    ...)
end

local summed = reduced({ dtype = "float64" }, { dim = 1 })
local choices = with_empty(reduced(), false)
local positions = with_empty(over({ 3, 4 }, {}, { dim = -1 },
  { dim = 1, keepdim = true }), false)

return {
  sum = summed, mean = summed, prod = summed,
  any = reduced(), all = reduced(), nansum = reduced(), nanmean = reduced(),
  logsumexp = reduced(),
  count_nonzero = over({ 2, 3, 4 }, {}, { dim = { 1, 3 } }),
  amax = choices, amin = choices,
  max = positions, min = positions, argmax = positions, argmin = positions,
  aminmax = positions,
}
