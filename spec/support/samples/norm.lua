-- Samples of the rows of core/ops/norm.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

return {
  layer_norm = {
    sample({ { 2, 4 }, { 4 }, { 4 } }, { normalized_shape = { 4 } }),
    sample({ { 2, 2, 3 } }, { normalized_shape = { 2, 3 }, eps = 0.01 }),
    empty = sample({ { 0, 3 } }, { normalized_shape = { 3 } }),
  },
}
