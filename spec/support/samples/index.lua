-- Samples of the rows of core/ops/index.def.

local forms = require "spec.support.sample_forms"
local sample, labels = forms.sample, forms.labels

return {
  index_select = {
    sample({ { 4, 2 }, labels }), sample({ { 2, 4 }, labels }, { dim = 2 }),
    empty = sample({ { 4, 0 }, labels }),
  },
}
