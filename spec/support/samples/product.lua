-- Samples of the rows of core/ops/product.def.

local forms = require "spec.support.sample_forms"
local sample = forms.sample

local function listed(inputs, options)
  return { inputs = { list = inputs }, options = options }
end

-- c + a b with the default factors and with others.
local function added(c, a, b, empty)
  return {
    sample { c, a, b }, sample({ c, a, b }, { beta = 0.5, alpha = -2 }),
    empty = sample(empty),
  }
end

local function equation(text, ...)
  return listed({ ... }, { equation = text })
end

return {
  matmul = {
    sample({ { 3, 4 }, { 4, 2 } }), sample({ { 4 }, { 4 } }),
    sample({ { 2, 1, 3, 2 }, { 3, 2, 2 } }),
    empty = sample({ { 2, 0 }, { 0, 3 } }),
  },
  linear = {
    sample({ { 3, 4 }, { 2, 4 }, { 2 } }), sample({ { 2, 2, 3 }, { 4, 3 } }),
    empty = sample({ { 0, 4 }, { 2, 4 }, { 2 } }),
  },
  mm = { sample { { 3, 4 }, { 4, 2 } }, empty = sample { { 2, 0 }, { 0, 3 } } },
  bmm = {
    sample { { 2, 3, 4 }, { 2, 4, 2 } },
    empty = sample { { 0, 2, 2 }, { 0, 2, 3 } },
  },
  mv = { sample { { 3, 4 }, { 4 } }, empty = sample { { 2, 0 }, { 0 } } },
  dot = { sample { { 4 }, { 4 } }, empty = sample { { 0 }, { 0 } } },
  vdot = { sample { { 4 }, { 4 } }, empty = sample { { 0 }, { 0 } } },
  addmm = added({ 1, 2 }, { 3, 4 }, { 4, 2 }, { { 1 }, { 2, 0 }, { 0, 3 } }),
  addmv = added({ 3 }, { 3, 4 }, { 4 }, { { 1 }, { 2, 0 }, { 0 } }),
  addr = added({ 1 }, { 3 }, { 4 }, { { 1 }, { 0 }, { 2 } }),
  baddbmm = added({ 3, 1 }, { 2, 3, 4 }, { 2, 4, 2 },
    { { 1 }, { 0, 2, 2 }, { 0, 2, 2 } }),
  addbmm = added({ 2 }, { 2, 3, 4 }, { 2, 4, 2 },
    { { 1 }, { 0, 2, 2 }, { 0, 2, 2 } }),
  outer = { sample { { 3 }, { 4 } }, empty = sample { { 0 }, { 2 } } },
  inner = {
    sample { { 2, 3 }, { 4, 3 } }, sample { {}, { 3 } },
    empty = sample { { 2, 0 }, { 0 } },
  },
  tensordot = {
    sample({ { 2, 3, 2 }, { 3, 2 } }, { dims = { { 2, 3 }, { 1, 2 } } }),
    sample({ { 2, 3 }, { 3, 2 } }, { dims = 1 }),
    sample({ { 2 }, { 3 } }, { dims = 0 }),
    empty = sample({ { 2, 0 }, { 0, 2 } }, { dims = 1 }),
  },
  einsum = {
    equation("ij,jk->ik", { 2, 3 }, { 3, 2 }), equation("iij->ji", { 2, 2, 3 }),
    equation("...i,ij,...j", { 2, 3 }, { 3, 2 }, { 2, 2 }),
    equation("bij,b->j", { 2, 1, 3 }, { 2 }), equation("i,j", { 2 }, { 3 }),
    empty = equation("ij,jk->ik", { 2, 0 }, { 0, 2 }),
  },
  kron = {
    sample { { 2, 3 }, { 2, 2 } }, sample { { 2 }, { 2, 2 } },
    empty = sample { { 0, 2 }, { 2 } },
  },
  cross = {
    sample { { 2, 3 }, { 3 } }, sample({ { 3, 2 }, { 3, 2 } }, { dim = 1 }),
    empty = sample { { 0, 3 }, { 3 } },
  },
  multi_dot = {
    listed { { 2, 3 }, { 3, 2 }, { 2, 2 } }, listed { { 3 }, { 3, 2 }, { 2 } },
    empty = listed { { 0, 2 }, { 2, 2 } },
  },
  chain_matmul = {
    listed { { 2, 3 }, { 3, 2 }, { 2, 2 } }, empty = listed { { 0, 2 } },
  },
  matrix_power = {
    sample({ { 3, 3 } }, { n = 3 }), sample({ { 2, 2, 2 } }, { n = 1 }),
    forms.of(forms.regular, { { 3, 3 } }, { n = -2 }),
    empty = sample({ { 0, 0 } }, { n = 2 }),
  },
  trace = { sample { { 3, 4 } }, empty = sample { { 0, 3 } } },
  vander = {
    sample { { 3 } }, sample({ { 2, 2 } }, { N = 4, increasing = true }),
    empty = sample({ { 0 } }, { N = 2 }),
  },
}
