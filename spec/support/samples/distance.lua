-- Samples of the rows of core/ops/distance.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local function pairs_of(first, second, none)
  return {
    sample({ first, second }),
    sample({ first, second }, { p = 3 }),
    sample({ first, second }, { p = 1 }),
    empty = sample(none),
  }
end

return {
  norm = over({ 3, 4 }, {}, { p = 1, dim = 1 }, { p = 3, dim = { 1, 2 } },
    { p = 0.5 }, { p = math.huge, dim = 2 }, { p = -1, dim = 1 },
    { dim = 2, keepdim = true, dtype = "float64" }),
  vector_norm = over({ 3, 4 }, {}, { ord = 3, dim = 1 }),
  normalize = over({ 3, 4 }, {}, { p = 1, dim = 1 }, { p = 3 }),
  dist = pairs_of({ 3, 4 }, { 4 }, { { 0, 4 }, { 4 } }),
  pairwise_distance = pairs_of({ 3, 4 }, { 4 }, { { 0, 4 }, { 4 } }),
  cdist = pairs_of({ 2, 3, 4 }, { 2, 4 }, { { 0, 4 }, { 2, 4 } }),
}
