-- Samples of the rows of core/ops/shape.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local function as(shape, other)
  return { sample({ shape, { of = "float64", other[1], other[2] } }),
    empty = sample({ { 0, 3 }, { of = "float64", { 0, 3 }, {} } }) }
end

local rows = {
  ravel = over({ 2, 3 }, {}),
  unflatten = over({ 2, 6 }, { dim = 2, sizes = { 2, -1 } }),
  view_as = as({ 2, 2 }, { { 4 }, { 1, 2, 3, 4 } }),
  reshape_as = as({ 2, 2 }, { { 4 }, { 1, 2, 3, 4 } }),
  expand_as = as({ 2, 1 }, { { 2, 2 }, { 1, 2, 3, 4 } }),
  broadcast_to = over({ 3, 1 }, { shape = { 2, -1, 2 } }),
  movedim = over({ 2, 3, 4 }, { source = { 1, 3 }, destination = { 2, 1 } },
    { source = 1, destination = -1 }),
  swapdims = over({ 2, 3, 4 }, { dim0 = 1, dim1 = -1 }),
  t = over({ 2, 3 }, {}),
  atleast_1d = over({}, {}),
  atleast_2d = over({ 3 }, {}),
  atleast_3d = over({ 2, 3 }, {}),
}

rows.view_as.row_major = true -- takes no other memory order
rows.unflatten.empty.options = { dim = 2, sizes = { 3, 1 } }
rows.broadcast_to.empty.options = { shape = { 2, 0, 3 } }
rows.swapdims.empty.options = { dim0 = 1, dim1 = 2 }

return rows
