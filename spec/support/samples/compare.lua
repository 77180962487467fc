-- Samples of the rows of core/ops/compare.def, and of those pointwise rows that
-- take no floats or need a parameter.

local forms = require "spec.support.sample_forms"
local sample, over = forms.sample, forms.over

local function whole(shape, data) return { of = "int64", shape, data } end

local bits = {
  sample { whole({ 4 }, { 12, 5, -1, 0 }), whole({ 4 }, { 10, 3, 7, 2 }) },
  sample { whole({ 2, 1 }, { 12, 5 }), whole({ 2 }, { 1, 4 }) },
  empty = sample { whole({ 0 }, {}), whole({ 1 }, { 3 }) },
}

local pair = {
  sample { { 3, 4 }, { 3, 4 } }, sample { { 3, 4 }, { 4 } },
  empty = sample { { 0, 4 }, { 4 } },
}

local close = {
  sample { { 3, 4 }, { 4 } },
  sample({ { 3, 4 }, { 3, 4 } }, { rtol = 0.5, atol = 1, equal_nan = true }),
  empty = sample { { 0, 4 }, { 4 } },
}

return {
  isclose = close, allclose = close, equal = pair,
  heaviside = pair, clamp_min = pair, clamp_max = pair,
  round = over({ 3, 4 }, {}, { decimals = 1 }, { decimals = -1 }),
  nan_to_num = over({ 3, 4 }, {}, { nan = 1, posinf = 2.5, neginf = -3 }),
  float_power = {
    sample { { 2, 3 }, { of = "float64", { 3 }, { 2, 3, 1 } } },
    empty = sample { { 0, 3 }, { of = "float64", { 3 }, { 2, 3, 1 } } },
  },
  gelu = over({ 3, 4 }, {}, { approximate = "tanh" }),
  bitwise_not = {
    sample { whole({ 4 }, { 12, 5, -1, 0 }) },
    sample { { of = "bool", { 2 }, { 1, 0 } } },
    empty = sample { whole({ 0 }, {}) },
  },
  bitwise_and = bits, bitwise_or = bits, bitwise_xor = bits,
  bitwise_left_shift = bits, bitwise_right_shift = bits,
  threshold = over({ 3, 4 }, { threshold = 0.7, value = 3 }),
  polygamma = over({ 2, 3 }, { n = 1 }, { n = 2 }, { n = 0 }),
}
