-- Samples of the rows of core/ops/count.def.

local forms = require "spec.support.sample_forms"
local sample, labels = forms.sample, forms.labels

local none = { of = "int64", { 0 }, {} }
local ends = { of = "float64", { 3 }, { -1, 0.5, 1 } }
local lines = { of = "float64", { 2, 3 }, { -1, 0, 1, -2, 0, 2 } }
local some = { of = "float64", { 2, 2 }, { 0.5, -3, 7, 1 } }

return {
  unique = {
    sample({ { 5 } }),
    sample({ { 3, 2 } }, { dim = 2, return_counts = true }),
    empty = sample({ { 0 } }, { return_inverse = true }),
  },
  unique_consecutive = {
    sample({ { 5 } }), sample({ { 2, 3 } }, { dim = 1, return_inverse = true }),
    empty = sample({ { 0 } }),
  },
  searchsorted = {
    sample({ ends, some }), sample({ lines, some }, { right = true }),
    empty = sample({ ends, { of = "float64", { 0 }, {} } }),
  },
  bucketize = {
    sample({ some, ends }), sample({ some, ends }, { right = true }),
    empty = sample({ { of = "float64", { 0 }, {} }, ends }),
  },
  isin = {
    sample({ some, ends }), sample({ labels, labels }, { invert = true }),
    empty = sample({ none, labels }),
  },
  bincount = {
    sample({ labels, { 4 } }), sample({ labels, { 4 } }, { minlength = 9 }),
    empty = sample({ none, { 0 } }),
  },
  histc = {
    sample({ { 3, 4 } }, { bins = 4 }),
    sample({ { 3, 4 } }, { bins = 3, min = -1, max = 1 }),
    empty = sample({ { 0 } }, { bins = 2 }),
  },
}
