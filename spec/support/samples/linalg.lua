-- Samples of the rows of core/ops/linalg.def.

local forms = require "spec.support.sample_forms"
local sample, of, with_empty = forms.sample, forms.of, forms.with_empty
local regular, definite = forms.regular, forms.definite
local apart, symmetric = forms.apart, forms.symmetric

local none = { { 0, 0 } }

-- A matrix, a batch of them, and none.
local function matrices(make, ...)
  local list = {}
  for _, options in ipairs { ... } do
    list[#list + 1] = of(make, { { 3, 3 } }, options)
  end
  list[#list + 1] = of(make, { { 2, 2, 2 } }, list[1].options)
  return with_empty(list, sample(none, list[1].options))
end

-- The same for wide and tall matrices.
local function oblong(make, ...)
  local list = {}
  for _, options in ipairs { ... } do
    list[#list + 1] = of(make, { { 3, 2 } }, options)
    list[#list + 1] = of(make, { { 2, 3 } }, options)
  end
  return with_empty(list, sample({ { 0, 2 } }, list[1].options))
end

local function turned(x) return apart(x):flip(1) end

local factors = { of = "float64", { 2, 2 }, { 4, 2, 0.5, 3 } }
local pivots = { of = "int64", { 2 }, { 2, 2 } }

-- Samples of the gradients of several outputs.
local function outputs(list, ...)
  for _, number in ipairs { ... } do
    for i = 1, #list do
      if not list[i].output then
        local entry = { output = number }
        for k, v in pairs(list[i]) do entry[k] = v end
        list[#list + 1] = entry
      end
    end
  end
  return list
end

return {
  solve = {
    of(regular, { { 3, 3 }, { 3, 2 } }), of(regular, { { 2, 2, 2 }, { 2 } }),
    of(regular, { { 2, 2, 2 }, { 2, 2 } }),
    of(regular, { { 3, 3 }, { 2, 1, 3 } }, { left = false }),
    empty = sample { { 0, 0 }, { 0, 2 } },
  },
  inverse = matrices(regular, {}),
  inv = matrices(regular, {}),
  solve_triangular = {
    of(regular, { { 3, 3 }, { 3, 2 } }, { upper = true }),
    of(regular, { { 3, 3 }, { 2, 3, 1 } }, { upper = false }),
    of(regular, { { 2, 2 }, { 1, 2 } }, { upper = true, left = false,
      unitriangular = true }),
    of(regular, { { 2, 2 }, { 1, 2 } }, { upper = false, left = false }),
    empty = sample({ { 0, 0 }, { 0, 2 } }, { upper = true }),
  },
  lu_solve = {
    sample { factors, pivots, { 2, 3 } },
    sample({ factors, pivots, { 2, 1 } }, { adjoint = true }),
    empty = sample { factors, pivots, { 2, 0 } },
  },
  cholesky_solve = {
    { inputs = { { 3, 2 }, { 3, 3 } }, through = { nil, regular } },
    { inputs = { { 3, 2 }, { 3, 3 } }, options = { upper = true },
      through = { nil, regular } },
    empty = sample { { 0, 2 }, { 0, 0 } },
  },
  cholesky_inverse = matrices(regular, {}, { upper = true }),
  lu_parts = {},
  lu_factor = oblong(apart, {}),
  lu = {
    { inputs = { { 3, 2 } }, through = { apart }, output = 2 },
    { inputs = { { 3, 3 } }, through = { turned }, output = 3 },
    empty = { inputs = { { 0, 2 } }, output = 2 },
  },
  det = matrices(regular, {}),
  slogdet = {
    { inputs = { { 3, 3 } }, through = { regular }, output = 2 },
    { inputs = { { 2, 2, 2 } }, through = { regular }, output = 2 },
    empty = sample(none),
  },
  logdet = matrices(regular, {}),
  cholesky = matrices(definite, {}, { upper = true }),
  qr = outputs(with_empty({
    of(apart, { { 3, 2 } }), of(apart, { { 2, 3 } }),
    of(apart, { { 2, 3 } }, { mode = "complete" }),
    of(apart, { { 2, 3, 3 } }, { mode = "complete" }),
  }, sample { { 0, 2 } }), 2),
  svd = outputs(oblong(apart, { full_matrices = false }), 2, 3),
  svdvals = oblong(apart, {}),
  eigh = outputs(matrices(symmetric, {}, { UPLO = "U" }), 2),
  eigvalsh = matrices(symmetric, {}),
  lstsq = {
    { inputs = { { 3, 2 }, { 3, 2 } }, through = { apart }, output = 1 },
    { inputs = { { 2, 3 }, { 2 } }, through = { apart }, output = 1 },
    empty = sample { { 0, 2 }, { 0, 1 } },
  },
  pinv = oblong(apart, {}),
  matrix_rank = oblong(apart, {}, { rtol = 0.4 }),
  matrix_norm = oblong(apart, { ord = "fro" }, { ord = "nuc" }, { ord = 2 },
    { ord = -2 }, { ord = 1 }, { ord = "inf", keepdim = true }),
  cond = with_empty(matrices(apart, {}, { p = 1 }, { p = "fro" }), false),
  cofactors = {}, singular = {}, eigenvalues = {},
}
