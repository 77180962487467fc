-- Samples of the rows of core/ops/join.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

return {
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
