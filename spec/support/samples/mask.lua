-- Samples of the rows of core/ops/mask.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local mask = { of = "bool", { 2, 3 }, { 1, 0, 1, 0, 0, 1 } }
local row = { of = "bool", { 3 }, { 1, 0, 1 } }

return {
  masked_select = {
    sample({ { 2, 3 }, mask }), sample({ { 2, 3 }, row }),
    sample({ { 3 }, mask }),
    empty = sample({ { 0, 3 }, row }),
  },
  masked_put = {
    sample({ { 2, 3 }, { 4 }, mask }), sample({ { 2, 3 }, { 4 }, row }),
    empty = sample({ { 0, 3 }, { 4 }, row }),
  },
  nonzero = over({ 2, 3 }, {}),
  flat_nonzero = over({ 2, 3 }, {}),
}
