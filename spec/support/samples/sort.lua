-- Samples of the rows of core/ops/sort.def.

local forms = require "spec.support.sample_forms"
local over, sample, with_empty = forms.over, forms.sample, forms.with_empty

local half = { of = "float64", {}, { 0.4 } }
local shares = { of = "float64", { 2 }, { 0.2, 0.7 } }

local function quantile()
  return {
    sample({ { 5 }, half }), sample({ { 3, 4 }, shares }, { dim = 2 }),
    sample({ { 4, 3 }, shares }, { dim = 1, keepdim = true,
      interpolation = "midpoint" }),
    sample({ { 5, 2 }, half }, { dim = 1, interpolation = "nearest" }),
    empty = sample({ { 0, 3 }, half }, { dim = 2 }),
  }
end

local chosen = over({ 3, 4 }, {}, { dim = -1 }, { dim = 1, keepdim = true })

return {
  sort = over({ 3, 4 }, {}, { dim = 1, descending = true }),
  argsort = over({ 3, 4 }, {}, { dim = 1, descending = true }),
  msort = over({ 3, 4 }, {}),
  topk = with_empty(over({ 3, 4 }, { k = 2 }, { k = 4, dim = 2 },
      { k = 1, dim = 1, largest = false }),
    sample({ { 0, 3 } }, { k = 2 })),
  kthvalue = with_empty(over({ 3, 4 }, { k = 2 },
      { k = 3, dim = 1, keepdim = true }),
    sample({ { 0, 3 } }, { k = 2 })),
  median = with_empty(chosen, sample({ { 0, 3 } }, { dim = 2 })),
  nanmedian = with_empty(chosen, sample({ { 0, 3 } }, { dim = 2 })),
  mode = with_empty(over({ 3, 4 }, {}, { dim = 1, keepdim = true }),
    sample({ { 0, 3 } })),
  quantile = quantile(),
  nanquantile = quantile(),
}
