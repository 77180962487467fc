-- Samples of the rows of core/ops/arrange.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local counts = { of = "int64", { 3 }, { 2, 0, 1 } }
local two = { of = "int64", {}, { 2 } }

local rows = {
  flip = over({ 3, 4 }, { dims = 1 }, { dims = { 1, 2 } }),
  fliplr = over({ 2, 3 }, {}),
  flipud = over({ 2, 3 }, {}),
  rot90 = over({ 2, 3 }, {}, { k = 2 }, { k = -1, dims = { 2, 1 } }),
  rotate = over({ 3, 4 }, { shifts = { 1, -2 }, dims = { 0, 1 } }),
  roll = over({ 3, 4 }, { shifts = 2 },
    { shifts = { 1, -2 }, dims = { 2, 1 } }),
  tril = over({ 3, 4 }, {}, { diagonal = 1 }, { diagonal = -2 }),
  triu = over({ 3, 4 }, {}, { diagonal = 1 }, { diagonal = -2 }),
  tile = over({ 2, 3 }, { repeats = { 2, 1, 3 } }, { repeats = 2 }),
  repeat_interleave = {
    sample({ { 3, 2 }, counts }, { dim = 1 }), sample({ { 3 }, two }),
    empty = sample({ { 0, 3 }, two }, { dim = 1 }),
  },
  combinations = over({ 4 }, {}, { r = 3, with_replacement = true }),
}

rows.rot90.empty.options = {}
rows.combinations.empty = sample({ { 0 } })

return rows
