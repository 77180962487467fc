-- Samples of the rows of core/ops/view.def.

local forms = require "spec.support.sample_forms"
local over = forms.over

local rows = {
  alias = over({ 2, 3 }, {}),
  view = over({ 2, 3 }, { shape = { 3, -1 } }),
  reshape = over({ 2, 3 }, { shape = { 3, -1 } }),
  flatten = over({ 2, 3, 2 }, {}, { start_dim = 2 }),
  permute = over({ 2, 3, 4 }, { dims = { 3, 1, 2 } }),
  transpose = over({ 2, 3, 4 }, { dim0 = 1, dim1 = -1 }),
  expand = over({ 3, 1 }, { shape = { 2, 3, 4 } }),
  squeeze = over({ 1, 3, 1 }, {}, { dim = 1 }),
  unsqueeze = over({ 2, 3 }, { dim = 2 }),
  window = over({ 3, 4 },
    { start = { 1, 0 }, length = { 2, 2 }, step = { 1, 2 } }),
  narrow = over({ 3, 4 }, { dim = 2, start = 2, length = 3 }),
  slice = over({ 3, 5 }, { dim = 2, start = 2, stop = 5, step = 2 }),
  select = over({ 3, 4 }, { dim = 2, index = -1 }),
  detach = over({ 2, 3 }, {}),
}

rows.view.row_major = true -- takes no other memory order

-- The empty sample of these needs options of its own.
rows.view.empty.options = { shape = { 3, 0 } }
rows.reshape.empty.options = { shape = { 3, 0 } }
rows.flatten.empty.options = {}
rows.permute.empty.options = { dims = { 2, 1 } }
rows.transpose.empty.options = { dim0 = 1, dim1 = 2 }
rows.expand.empty.options = { shape = { 2, 0, 3 } }
rows.window.empty.options =
  { start = { 0, 0 }, length = { 0, 2 }, step = { 1, 1 } }
rows.narrow.empty.options = { dim = 2, start = 2, length = 0 }
rows.slice.empty.options = { dim = 2, start = 2 }

return rows
