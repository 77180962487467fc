-- Samples of the rows of core/ops/diagonal.def.

local forms = require "spec.support.sample_forms"
local over = forms.over

local rows = {
  diagonal = over({ 3, 4 }, {}, { offset = 1 }, { offset = -2 }),
  unfold = over({ 5, 3 }, { dim = 1, size = 2, step = 1 },
    { dim = 1, size = 3, step = 2 }, { dim = 2, size = 1, step = 2 }),
  diag_embed = over({ 2, 3 }, {}, { offset = -1, dim1 = 1, dim2 = 3 }),
  diag = over({ 3, 4 }, {}, { diagonal = 1 }),
  diagflat = over({ 2, 2 }, {}, { offset = -1 }),
}

rows.diag[3] = forms.sample({ { 3 } }, { diagonal = -1 })
rows.unfold.empty.options = { dim = 2, size = 2, step = 1 }

return rows
