-- Samples of the rows of core/ops/scatter.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local rows = { of = "int64", { 2, 3 }, { 4, 1, 1, -1, 2, 1 } }
local columns = { of = "int32", { 3, 4 },
  { 2, 2, 1, -1, 1, 1, 1, 2, 2, 1, 2, 1 } }
local none = { of = "int64", { 0, 3 }, {} }

local apart = { of = "int64", { 2, 2 }, { 3, 1, 1, 3 } }

-- Both shapes of an index, with columns to spare in src.
local function written()
  return {
    sample({ { 4, 3 }, rows, { 2, 3 } }, { dim = 1 }),
    sample({ { 4, 2 }, columns, { 3, 5 } }, { dim = -1 }),
    empty = sample({ { 4, 3 }, none, { 2, 3 } }, { dim = 1 }),
  }
end

local reduced = written()
for _, how in ipairs { "prod", "mean", "amax", "amin" } do
  for _, include_self in ipairs { true, false } do
    reduced[#reduced + 1] = sample({ { 4, 3 }, rows, { 2, 3 } },
      { dim = 1, reduce = how, include_self = include_self })
  end
end
reduced[#reduced + 1] = sample({ { 4, 3 }, rows, { 2, 3 } },
  { dim = 1, include_self = false })

return {
  gather = {
    sample({ { 4, 3 }, rows }, { dim = 1 }),
    sample({ { 4, 2 }, columns }, { dim = -1 }),
    empty = sample({ { 4, 3 }, none }, { dim = 1 }),
  },
  take_along_dim = {
    sample({ { 4, 1 }, rows }, { dim = 1 }), sample({ { 4, 3 }, rows }),
    empty = sample({ { 4, 3 }, none }, { dim = 1 }),
  },
  scatter = {
    sample({ { 4, 3 }, rows, { 2, 3 } }, { dim = 1 }),
    sample({ { 4, 2 }, columns, { 3, 5 } }, { dim = -1 }),
    sample({ { 4, 3 }, apart, { 2, 4 } }, { dim = 2, reduce = "add" }),
    empty = sample({ { 4, 3 }, none, { 2, 3 } }, { dim = 1 }),
  },
  scatter_add = written(),
  scatter_reduce = reduced,
  scatter_fold = {
    sample({ { 4, 3 }, rows, { 2, 3 } }, { dim = 0 }),
    sample({ { 4, 3 }, rows, { 2, 3 } }, { dim = 0, reduce = "amax" }),
    sample({ { 4, 3 }, rows, { 2, 3 } }, { dim = 0, reduce = "amin" }),
    empty = sample({ { 4, 3 }, none, { 2, 3 } }, { dim = 0 }),
  },
}
