-- Samples of the rows of core/ops/mask.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local mask = { of = "bool", { 2, 3 }, { 1, 0, 1, 0, 0, 1 } }
local row = { of = "bool", { 3 }, { 1, 0, 1 } }
local two = { of = "float64", {}, { 2.5 } }

return {
  masked_select = {
    sample({ { 2, 3 }, mask }), sample({ { 2, 3 }, row }),
    sample({ { 3 }, mask }),
    empty = sample({ { 0, 3 }, row }),
  },
  masked_fill = {
    sample({ { 2, 3 }, mask, {} }), sample({ { 2, 3 }, row, {} }),
    sample({ { 3 }, mask, two }),
    empty = sample({ { 0, 3 }, row, {} }),
  },
  masked_scatter = {
    sample({ { 2, 3 }, mask, { 3 } }), sample({ { 2, 3 }, row, { 2, 3 } }),
    sample({ { 3 }, mask, { 4 } }),
    empty = sample({ { 0, 3 }, row, { 4 } }),
  },
  masked_put = {
    sample({ { 2, 3 }, { 4 }, mask }), sample({ { 2, 3 }, { 4 }, row }),
    empty = sample({ { 0, 3 }, { 4 }, row }),
  },
  nonzero = over({ 2, 3 }, {}),
  flat_nonzero = over({ 2, 3 }, {}),
  argwhere = over({ 2, 3 }, {}),
  one_hot = {
    sample({ forms.labels }), sample({ forms.labels }, { num_classes = 5 }),
    empty = sample({ { of = "int64", { 0 }, {} } }, { num_classes = 2 }),
  },
}
