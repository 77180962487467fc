-- Samples of the rows of core/ops/pad.def.

local forms = require "spec.support.sample_forms"
local over = forms.over

local rows = {
  surround = over({ 3, 4 }, { pad = { 1, -2, 0, 2 }, value = 1.5 }),
  extend = over({ 3, 4 }, { pad = { 3, 1, 1, 2 }, mode = 0 },
    { pad = { 5, 1, 1, 4 }, mode = 1 }, { pad = { 4, 1, 0, 3 }, mode = 2 }),
  pad = over({ 3, 4 }, { pad = { 1, -2, 0, 2 } },
    { pad = { 3, 1, 2 , -1 }, mode = "reflect" },
    { pad = { 5, 1 }, mode = "replicate" },
    { pad = { -1, 2 }, mode = "circular" }),
}

rows.surround.empty.options = { pad = { 1, 1 }, value = 2 }
rows.extend.empty.options = { pad = { 1, 1 }, mode = 0 }

return rows
