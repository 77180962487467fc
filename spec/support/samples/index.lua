-- Samples of the rows of core/ops/index.def.

local forms = require "spec.support.sample_forms"
local sample, labels = forms.sample, forms.labels

local repeated = { of = "int64", { 4 }, { 2, -1, 1, 2 } }
local apart = { of = "int32", { 2 }, { 3, -3 } }
local among = { of = "int64", { 2, 3 }, { 1, -1, 4, 4, 2, 6 } }
local pairs_ = { of = "int64", { 2, 2 }, { 1, 5, 2, 1 } }
local none = { of = "int64", { 0 }, {} }
local two = { of = "float64", {}, { 2.5 } }

return {
  index_select = {
    sample({ { 4, 2 }, labels }), sample({ { 2, 4 }, labels }, { dim = 2 }),
    empty = sample({ { 4, 0 }, labels }),
  },
  index_add = {
    sample({ { 3, 2 }, repeated, { 4, 2 } }, { dim = 1 }),
    sample({ { 2, 3 }, repeated, { 2, 4 } }, { dim = 2, alpha = -0.5 }),
    empty = sample({ { 3, 2 }, none, { 0, 2 } }, { dim = 1 }),
  },
  index_copy = {
    sample({ { 4, 2 }, apart, { 2, 2 } }, { dim = 1 }),
    sample({ { 2, 5 }, apart, { 2, 2 } }, { dim = -1 }),
    empty = sample({ { 3, 2 }, none, { 0, 2 } }, { dim = 1 }),
  },
  index_fill = {
    sample({ { 3, 2 }, repeated, two }, { dim = 1 }),
    sample({ { 2, 3 }, repeated, {} }, { dim = 2 }),
    empty = sample({ { 3, 2 }, none, two }, { dim = 1 }),
  },
  take = {
    sample({ { 2, 3 }, among }), sample({ { 2, 3 }, labels }),
    empty = sample({ { 2, 3 }, none }),
  },
  put = {
    sample({ { 2, 3 }, pairs_, { 4 } }, { accumulate = true }),
    sample({ { 2, 3 }, apart, { 2 } }),
    empty = sample({ { 2, 3 }, none, { 0 } }),
  },
  fetch = {
    sample({ { 3, 2 }, { of = "int64", { 2, 2 }, { 3, 1, -1, 2 } } },
      { dim = 0, dims = 1 }),
    sample({ { 2, 2, 3 }, among }, { dim = 1, dims = 2 }),
    empty = sample({ { 2, 3 }, none }, { dim = 0, dims = 2 }),
  },
  assign = {
    sample({ { 3, 2 }, apart, { 2 } }, { dim = 0, dims = 1 }),
    sample({ { 2, 2, 3 }, among, { 2, 2, 3 } },
      { dim = 1, dims = 2, accumulate = true }),
    empty = sample({ { 2, 3 }, none, {} }, { dim = 0, dims = 2 }),
  },
}
