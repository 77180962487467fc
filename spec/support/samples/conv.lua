-- Samples of the rows of core/ops/conv.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

return {
  conv1d = {
    sample({ { 2, 3, 5 }, { 2, 3, 3 }, { 2 } }),
    sample({ { 3, 5 }, { 2, 3, 2 } }, { stride = 2, padding = 1 }),
    empty = sample({ { 0, 3, 5 }, { 2, 3, 3 }, { 2 } }),
  },
  conv2d = {
    sample({ { 1, 2, 4, 3 }, { 2, 2, 2, 2 }, { 2 } }, { padding = { 1, 0 } }),
    sample({ { 1, 4, 3, 4 }, { 2, 2, 2, 2 } }, { groups = 2, dilation = 2 }),
    empty = sample({ { 0, 2, 4, 3 }, { 2, 2, 2, 2 }, { 2 } }),
  },
  conv3d = {
    sample({ { 1, 1, 2, 3, 2 }, { 2, 1, 2, 2, 1 }, { 2 } }),
    empty = sample({ { 0, 1, 2, 3, 2 }, { 2, 1, 2, 2, 1 }, { 2 } }),
  },
}
