-- Samples of the rows of core/ops/join.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local function joined(...)
  local list = { empty = sample({ list = { { 0, 3 }, { 0, 3 } } }) }
  for i, shapes in ipairs({ ... }) do list[i] = sample({ list = shapes }) end
  return list
end

return {
  hstack = joined({ { 2, 3 }, { 2, 1 } }, { {}, { 2 } }),
  vstack = joined({ { 2, 3 }, { 3 } }, { {}, {} }),
  dstack = joined({ { 2, 3 }, { 2, 3, 2 } }, { { 2 }, { 2 } }),
  column_stack = joined({ { 2, 3 }, { 2 } }, { {}, {} }),
  block_diag = joined({ { 2, 3 }, { 2 }, {} }),
  cartesian_prod = {
    sample({ list = { { 2 }, { 3 } } }), sample({ list = { { 2 } } }),
    empty = sample({ list = { { 2 }, { 0 } } }),
  },
  cat = {
    sample({ list = { { 2, 3 }, { 1, 3 } } }),
    sample({ list = { { 2, 3 }, { 2, 2 } } }, { dim = 2 }),
    empty = sample({ list = { { 0, 3 }, { 2, 3 } } }),
  },
  stack = {
    sample({ list = { { 2, 3 }, { 2, 3 } } }),
    sample({ list = { { 2 }, { 2 } } }, { dim = -1 }),
    empty = sample({ list = { { 0, 3 }, { 0, 3 } } }),
  },
}
