-- Samples of the rows of core/ops/scatter.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local rows = { of = "int64", { 2, 3 }, { 4, 1, 1, -1, 2, 1 } }
local columns = { of = "int32", { 3, 4 },
  { 2, 2, 1, -1, 1, 1, 1, 2, 2, 1, 2, 1 } }
local none = { of = "int64", { 0, 3 }, {} }

return {
  gather = {
    sample({ { 4, 3 }, rows }, { dim = 1 }),
    sample({ { 4, 2 }, columns }, { dim = -1 }),
    empty = sample({ { 4, 3 }, none }, { dim = 1 }),
  },
  scatter_add = {
    sample({ { 4, 3 }, rows, { 2, 3 } }, { dim = 1 }),
    sample({ { 4, 2 }, columns, { 3, 5 } }, { dim = -1 }),
    empty = sample({ { 4, 3 }, none, { 2, 3 } }, { dim = 1 }),
  },
}
