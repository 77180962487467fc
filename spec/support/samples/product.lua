-- Samples of the rows of core/ops/product.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

return {
  matmul = {
    sample({ { 3, 4 }, { 4, 2 } }), sample({ { 4 }, { 4 } }),
    sample({ { 2, 1, 3, 2 }, { 3, 2, 2 } }),
    empty = sample({ { 2, 0 }, { 0, 3 } }),
  },
  linear = {
    sample({ { 3, 4 }, { 2, 4 }, { 2 } }), sample({ { 2, 2, 3 }, { 4, 3 } }),
    empty = sample({ { 0, 4 }, { 2, 4 }, { 2 } }),
  },
}
