-- Samples of the rows of core/ops/parts.def.

local forms = require "spec.support.sample_forms"
local over, sample = forms.over, forms.sample

local rows = {
  pieces = over({ 5, 2 }, { dim = 0, sizes = { 2, 0, 3 } }),
  unbind = over({ 3, 2 }, {}, { dim = 2 }),
  split = over({ 5, 2 }, { split_size = 2 }, { split_size = { 1, 0, 4 } },
    { split_size = 2, dim = -1 }),
  chunk = over({ 5, 4 }, { chunks = 3 }, { chunks = 3, dim = 2 }),
  tensor_split = over({ 5, 2 }, { sections = 3 }, { indices = { 2, 2, -1 } },
    { sections = 2, dim = 2 }),
  meshgrid = {
    sample({ list = { { 3 }, { 2 } } }),
    sample({ list = { { 3 }, {}, { 2 } } }, { indexing = "xy" }),
    empty = sample({ list = { { 3 }, { 0 } } }),
  },
  broadcast_tensors = {
    sample({ list = { { 3, 1 }, { 2 } } }),
    empty = sample({ list = { { 0, 1 }, { 2 } } }),
  },
}

-- The empty sample of these needs options of its own.
rows.unbind.empty.options = { dim = 2 }
rows.chunk.empty.options = { chunks = 3 }

return rows
