-- Linear algebra by LAPACK: identities of the factors, values, edges. What is
-- refused is in linalg_errors_spec, gradients are in gradient_spec.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local dtypes = { float64 = 1e-12, float32 = 1e-5 }

-- Numbers of a fixed sequence; matrices far from singular; symmetric positive
-- definite ones.
local function drawn(shape, dtype, salt)
  return tensors.make(shape, tensors.spread(tensors.count(shape), -2, 2, salt),
    dtype)
end

local function unit(x) return pg.eye(x:size(-1), { dtype = x.dtype }) end

local function regular(shape, dtype)
  local x = drawn(shape, dtype)
  return x * 0.3 + unit(x) * 3
end

local function definite(shape, dtype)
  local x = drawn(shape, dtype)
  return x:matmul(x:transpose(-1, -2)) + unit(x)
end

local function assert_small(x, bound)
  if x:numel() == 0 then return end
  local most = x:abs():max():item()
  assert.is_true(most <= bound, ("%g is above %g"):format(most, bound))
end

-- Layouts of the same matrices.
local function layouts(x)
  return {
    contiguous = x,
    transposed = x:transpose(-1, -2):contiguous():transpose(-1, -2),
    sliced = pg.cat({ x, x }, -1):narrow(-1, 1, x:size(-1)),
  }
end

-- A row per identity: shape, how its matrices are made, what must vanish.
local identities = {
  { "solve", { 2, 4, 4 }, regular, function(a)
    local b = drawn({ 2, 4, 3 }, a.dtype, 7)
    return a:matmul(pg.solve(a, b)) - b
  end },
  { "solve from the right", { 2, 4, 4 }, regular, function(a)
    local b = drawn({ 3, 4 }, a.dtype, 7)
    return pg.solve(a, b, { left = false }):matmul(a) - b
  end },
  { "inverse", { 3, 2, 4, 4 }, regular, function(a)
    return a:matmul(a:inverse()) - unit(a)
  end },
  { "lu", { 2, 5, 3 }, drawn, function(a)
    local p, l, u = a:lu()
    return p:matmul(l):matmul(u) - a
  end },
  { "lu of wide matrices", { 3, 5 }, drawn, function(a)
    local p, l, u = a:lu()
    return p:matmul(l):matmul(u) - a
  end },
  { "lu_solve", { 2, 4, 4 }, regular, function(a)
    local lu, pivots = a:lu_factor()
    local b = drawn({ 2, 4, 3 }, a.dtype, 7)
    return a:matmul(pg.lu_solve(lu, pivots, b)) - b
  end },
  { "cholesky", { 2, 4, 4 }, definite, function(a)
    local l = a:cholesky()
    return l:matmul(l:transpose(-1, -2)) - a
  end },
  { "upper cholesky", { 4, 4 }, definite, function(a)
    local u = a:cholesky(true)
    return u:transpose(-1, -2):matmul(u) - a
  end },
  { "cholesky_solve", { 4, 4 }, definite, function(a)
    local b = drawn({ 4, 2 }, a.dtype, 7)
    return a:matmul(b:cholesky_solve(a:cholesky())) - b
  end },
  { "cholesky_inverse", { 4, 4 }, definite, function(a)
    return a:matmul(pg.cholesky_inverse(a:cholesky())) - unit(a)
  end },
  { "qr", { 2, 5, 3 }, drawn, function(a)
    local q, r = a:qr()
    return q:matmul(r) - a
  end },
  { "complete qr", { 5, 3 }, drawn, function(a)
    local q, r = a:qr("complete")
    return q:matmul(r) - a
  end },
  { "columns of complete qr", { 5, 3 }, drawn, function(a)
    local q = a:qr("complete")
    return q:transpose(-1, -2):matmul(q) - unit(q)
  end },
  { "svd", { 2, 5, 3 }, drawn, function(a)
    local u, s, vh = a:svd(false)
    return (u * s:unsqueeze(-2)):matmul(vh) - a
  end },
  { "vectors of full svd", { 5, 3 }, drawn, function(a)
    local u = a:svd()
    return u:matmul(u:transpose(-1, -2)) - unit(u)
  end },
  { "svdvals", { 2, 3, 5 }, drawn, function(a)
    local _, s = a:svd()
    return a:svdvals() - s
  end },
  { "eigh", { 2, 4, 4 }, definite, function(a)
    local values, vectors = a:eigh()
    return a:matmul(vectors) - vectors * values:unsqueeze(-2)
  end },
  { "eigvalsh", { 4, 4 }, definite, function(a)
    return a:eigvalsh():sum() - a:trace()
  end },
  { "det", { 3, 4, 4 }, regular, function(a)
    local sign, logarithm = a:slogdet()
    return a:det() / (sign * logarithm:exp()) - 1
  end },
  { "lstsq", { 5, 3 }, drawn, function(a)
    local b = drawn({ 5, 2 }, a.dtype, 7)
    local x = pg.lstsq(a, b)
    return a:transpose(-1, -2):matmul(a:matmul(x) - b)
  end },
  { "pinv", { 2, 5, 3 }, drawn, function(a)
    return a:matmul(a:pinv()):matmul(a) - a
  end },
  { "solve_triangular", { 40, 40 }, regular, function(a)
    local b = drawn({ 40, 3 }, a.dtype, 7)
    return a:triu():matmul(pg.solve_triangular(a, b, { upper = true })) - b
  end },
  { "solve_triangular from the right", { 40, 40 }, regular, function(a)
    local b = drawn({ 3, 40 }, a.dtype, 7)
    return pg.solve_triangular(a, b, { upper = false, left = false })
      :matmul(a:tril()) - b
  end },
}

describe("the identity of", function()
  for _, row in ipairs(identities) do
    local name, shape, make, rest = table.unpack(row)
    it(name .. " holds in both float types and all layouts", function()
      for dtype, bound in pairs(dtypes) do
        for _, x in pairs(layouts(make(shape, dtype))) do
          assert_small(rest(x), bound * 40)
        end
      end
    end)
  end
end)

describe("values of", function()
  local a = pg.tensor({ { 4, 2 }, { 2, 5 } }, { dtype = "float64" })

  it("det and slogdet are those of a singular matrix too", function()
    local singular = pg.tensor { { 1.0, 2.0 }, { 2.0, 4.0 } }
    assert.are.equal(0, singular:det():item())
    local sign, logarithm = singular:slogdet()
    assert.are.equal(0, sign:item())
    assert.are.equal(-math.huge, logarithm:item())
    assert.are.equal(16, a:det():item() // 1)
  end)

  it("logdet is NaN below 0", function()
    local x = pg.tensor { { -1.0, 0.0 }, { 0.0, 1.0 } }:logdet():item()
    assert.is_true(x ~= x)
  end)

  it("the gradient of det at a singular matrix are its cofactors", function()
    local x = pg.tensor({ { 1, 2 }, { 2, 4 } },
      { dtype = "float64", requires_grad = true })
    x:det():backward()
    near(x.grad, { { 4, -2 }, { -2, 1 } })
  end)

  it("lstsq tell rank, residuals and singular values", function()
    local x = pg.tensor({ { 1, 2 }, { 3, 4 }, { 5, 7 } }, { dtype = "float64" })
    local b = pg.tensor({ 1, 2, 4 }, { dtype = "float64" })
    local solution, residuals, rank, s = pg.lstsq(x, b)
    near(solution, { 1 / 14, 0.5 })
    near(residuals, { 1 / 14 })
    assert.are.equal(2, rank:item())
    near(s, { 10.191422, 0.3671377 }, { rtol = 1e-6, atol = 0 })
  end)

  it("pinv and matrix_rank leave out what the bounds say", function()
    local x = pg.tensor({ { 4, 0 }, { 0, 1 } }, { dtype = "float64" })
    near(x:pinv { rtol = 0.3 }, { { 0.25, 0 }, { 0, 0 } })
    near(x:pinv { atol = 2 }, { { 0.25, 0 }, { 0, 0 } })
    assert.are.equal(2, x:matrix_rank():item())
    assert.are.equal(1, x:matrix_rank { rtol = 0.3 }:item())
  end)

  it("matrix_norm and cond follow their words and numbers", function()
    local x = pg.tensor({ { 3, -4 }, { 0, 1 } }, { dtype = "float64" })
    local s = x:svdvals():totable()
    local wanted = { fro = 26 ^ 0.5, nuc = s[1] + s[2], [2] = s[1], [-2] = s[2],
      [1] = 5, [-1] = 3, [math.huge] = 7, [-math.huge] = 1 }
    for word, norm in pairs(wanted) do near(x:matrix_norm(word), norm) end
    near(x:cond(), s[1] / s[2])
    near(x:cond(1), 5 * 7 / 3)
    assert.are.same({ 1, 1 }, x:matrix_norm("fro", true).shape)
  end)

  it("only one triangle is read by cholesky and eigh", function()
    local lower = pg.tensor { { 4.0, 99.0 }, { 2.0, 5.0 } }
    near(lower:cholesky(), { { 2, 0 }, { 1, 2 } })
    near(lower:transpose(1, 2):cholesky(true), { { 2, 1 }, { 0, 2 } })
    local spread = { (9 - 17 ^ 0.5) / 2, (9 + 17 ^ 0.5) / 2 }
    near(lower:eigvalsh(), spread)
    near((lower:transpose(1, 2):eigh("U")), spread)
  end)

  it("solve takes vectors, and broadcasts", function()
    local batch = pg.stack { unit(a) * 2, unit(a) * 4 }
    local b = pg.tensor({ 8, 4 }, { dtype = "float64" })
    near(pg.solve(batch, b), { { 4, 2 }, { 2, 1 } })
    near(pg.solve(batch, pg.stack { b, b }), { { 4, 2 }, { 2, 1 } })
    near(pg.solve(unit(a) * 2, b:reshape(1, 2, 1)), { { { 4 }, { 2 } } })
  end)
end)

describe("nothing", function()
  local none = pg.zeros(0, 0)

  it("has determinant 1 and empty factors", function()
    assert.are.equal(1, none:det():item())
    assert.are.same({ 0, 0 }, none:inverse().shape)
    assert.are.same({ 2, 0, 0 }, pg.zeros(2, 0, 0):cholesky().shape)
    assert.are.same({ 0, 3 }, pg.solve(none, pg.zeros(0, 3)).shape)
    assert.are.same({ 0, 2, 2 }, pg.zeros(0, 2, 2):inverse().shape)
  end)

  it("spans nothing: all vectors are free", function()
    local u, s, vh = pg.zeros(3, 0):svd()
    near(u, { { 1, 0, 0 }, { 0, 1, 0 }, { 0, 0, 1 } })
    assert.are.same({ 0 }, s.shape)
    assert.are.same({ 0, 0 }, vh.shape)
    near((pg.zeros(2, 0):qr("complete")), { { 1, 0 }, { 0, 1 } })
    near((pg.lstsq(pg.zeros(0, 2), pg.zeros(0, 1))), { { 0 }, { 0 } })
  end)
end)
