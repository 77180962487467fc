-- Samples of the rows of core/ops/softmax.def.

local forms = require "spec.support.sample_forms"
local over, sample, labels = forms.over, forms.sample, forms.labels

return {
  softmax = over({ 3, 4 }, { dim = 1 }, { dim = -1 }),
  log_softmax = over({ 3, 4 }, { dim = 1 }, { dim = -1 }),
  cross_entropy = {
    sample({ { 4, 5 }, labels }),
    sample({ { 4, 5 }, labels,
      { of = "float64", { 5 }, { 1, 2, 0.5, 1, 3 } } },
      { label_smoothing = 0.1 }),
    sample({ { 4, 5 }, labels }, { reduction = "none", ignore_index = 2 }),
    empty = sample({ { 0, 5 }, { of = "int64", { 0 }, {} } },
      { reduction = "sum" }),
  },
  dropout = over({ 3, 4 }, { p = 0.5 }, { p = 0.5, training = false }),
}
