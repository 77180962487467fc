-- einsum, tensordot and the products beside matmul: values, forms of the call.
-- Gradients are in gradient_spec.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local function drawn(shape, salt)
  return tensors.make(shape, tensors.spread(tensors.count(shape), -2, 2, salt),
    "float64")
end

local a, b = drawn({ 2, 3 }), drawn({ 3, 4 }, 1)
local c, square = drawn({ 2, 3 }, 2), drawn({ 3, 3 }, 3)
local batch, other = drawn({ 5, 2, 3 }, 4), drawn({ 5, 3, 4 }, 5)
local u, v = drawn({ 3 }, 6), drawn({ 4 }, 7)

-- Equation, tensors, what it stands for.
local equations = {
  { "ij,jk->ik", { a, b }, a:matmul(b) },
  { "ij,jk", { a, b }, a:matmul(b) },
  { "ij , jk -> ki", { a, b }, a:matmul(b):transpose(1, 2) },
  { "bij,bjk->bik", { batch, other }, batch:matmul(other) },
  { "bij,bjk->ik", { batch, other }, batch:matmul(other):sum(1) },
  { "ba", { a }, a:transpose(1, 2) },
  { "aB", { a }, a:transpose(1, 2) },
  { "ii", { square }, square:trace() },
  { "ii->i", { square }, square:diagonal() },
  { "ij->", { a }, a:sum() },
  { "ij->j", { a }, a:sum(1) },
  { "ij,ij->", { a, c }, (a * c):sum() },
  { "ij,ij->i", { a, c }, (a * c):sum(2) },
  { "ij,ij->ij", { a, c }, a * c },
  { "i,j->ij", { u, v }, u:outer(v) },
  { "i,j", { u, v }, u:outer(v) },
  { "ij,j->i", { a, u }, a:mv(u) },
  { "ij,kj,k->i", { a, b:transpose(1, 2), v }, a:matmul(b):mv(v) },
  { "ij,jk,kl,l->i", { a, b, b:transpose(1, 2), u },
    a:matmul(b):matmul(b:transpose(1, 2)):mv(u) },
  { "...ij,...jk->...ik", { batch, other }, batch:matmul(other) },
  { "...ij,jk", { batch, b }, batch:matmul(b) },
  { "...", { a }, a },
  { "...->", { a }, a:sum() },
  { "i...->...i", { batch }, batch:permute(2, 3, 1) },
  { "...i,...i->...", { batch, a }, (batch * a):sum(-1) },
  { "ij,ij->ij", { a, u:reshape(1, 3) }, a * u },
  { "ij,jk->ik", { a, drawn({ 1, 4 }, 1) },
    a:sum(2):outer(drawn({ 1, 4 }, 1)[1]) },
  { ",ij->ij", { pg.tensor(2, { dtype = "float64" }), a }, a * 2 },
  { "ijk,ikl,i->jl", { batch, other, drawn({ 5 }, 8) },
    (batch:matmul(other) * drawn({ 5 }, 8):reshape(5, 1, 1)):sum(1) },
}

describe("einsum", function()
  for _, row in ipairs(equations) do
    it("of " .. row[1] .. " gives what the operations give", function()
      near(pg.einsum(row[2], row[1]), row[3]:totable())
    end)
  end

  it("takes the equation first, and tensors without a list", function()
    local want = a:matmul(b)
    tensors.same_bits(pg.einsum("ij,jk->ik", a, b), want)
    tensors.same_bits(pg.einsum("ij,jk->ik", { a, b }), want)
    tensors.same_bits(pg.einsum(a, b, "ij,jk->ik"), want)
    tensors.same_bits(pg.einsum({ a, b }, { equation = "ij,jk->ik" }), want)
  end)

  it("of one tensor is a view where nothing is summed", function()
    local x = pg.zeros(2, 3)
    pg.einsum("ij->ji", x)[3][1] = 7
    assert.are.equal(7, x[1][3])
  end)

  it("keeps whole numbers whole", function()
    local x = pg.tensor({ { 1, 2 }, { 3, 4 } }, { dtype = "int32" })
    local y = pg.einsum("ij,jk->ik", x, x)
    assert.are.equal("int32", y.dtype)
    near(y, { { 7, 10 }, { 15, 22 } })
  end)

  it("contracts more dimensions than a tensor may have", function()
    local x = pg.ones({ 2, 1, 2, 1, 2, 1, 2, 1 })
    local y = pg.einsum("abcdefgh,abcdefgi->hi", x, x)
    near(y, { { 16 } })
  end)

  it("takes a chain of vectors and matrices in the cheap order", function()
    local x = pg.ones(2000)
    local y = pg.einsum("i,j,j,k,k->i", x, x, x, x, x)
    assert.are.equal(4e6, y[1])
  end)
end)

describe("tensordot", function()
  it("sums the last dimensions of a with the first of b", function()
    near(pg.tensordot(a, b, 1), a:matmul(b):totable())
    near(pg.tensordot(a, c), (a * c):sum():item())
    near(pg.tensordot(u, v, 0), u:outer(v):totable())
  end)

  it("sums the dimensions that two lists pair", function()
    local y = pg.tensordot(batch, other, { { 1, 3 }, { 1, -2 } })
    near(y, batch:matmul(other):sum(1):totable())
    near(pg.tensordot(a, c, { dims = { { 2 }, { 2 } } }),
      a:matmul(c:transpose(1, 2)):totable())
  end)
end)

describe("products with a tensor added", function()
  local half = { beta = 0.5, alpha = -2 }

  it("scale both parts", function()
    near(pg.addmm(c[{ {}, { 1, 2 } }]:sum(2, true), a, b, half),
      (c[{ {}, { 1, 2 } }]:sum(2, true) * 0.5 - a:matmul(b) * 2):totable())
    near(pg.addmv(u[{ { 1, 2 } }], a, u, half),
      (u[{ { 1, 2 } }] * 0.5 - a:mv(u) * 2):totable())
    near(pg.baddbmm(v, batch, other, half),
      (v * 0.5 - batch:bmm(other) * 2):totable())
    near(pg.addbmm(v, batch, other, half),
      (v * 0.5 - batch:bmm(other):sum(1) * 2):totable())
    near(pg.addr(v, u, v, half), (v * 0.5 - u:outer(v) * 2):totable())
  end)

  it("leave out what beta = 0 drops, NaN included", function()
    local odd = pg.full({ 4 }, 0 / 0, { dtype = "float64" })
    near(pg.addmm(odd, a, b, { beta = 0 }), a:matmul(b):totable())
  end)

  it("add a bias as linear does", function()
    tensors.same_bits(pg.addmm(v, a, b), pg.linear(a, b:transpose(1, 2), v))
  end)
end)

describe("other products", function()
  it("multi_dot takes the order that costs least", function()
    local x, y, z = drawn({ 2, 30 }), drawn({ 30, 2 }, 1), drawn({ 2, 9 }, 2)
    near(pg.multi_dot(x, y, z), x:matmul(y):matmul(z):totable())
    near(pg.multi_dot { u, b, v }, u:matmul(b):dot(v):item())
  end)

  it("matrix_power takes 0 and negative exponents", function()
    local x = pg.tensor { { 2.0, 0.0 }, { 0.0, 4.0 } }
    near(x:matrix_power(0), { { 1, 0 }, { 0, 1 } })
    near(x:matrix_power(-2), { { 0.25, 0 }, { 0, 0.0625 } })
    near(x:matrix_power(3), { { 8, 0 }, { 0, 64 } })
  end)

  it("kron fills in leading dimensions", function()
    near(pg.kron(pg.tensor { { 1, 2 }, { 3, 4 } }, pg.tensor { 1, 10 }),
      { { 1, 10, 2, 20 }, { 3, 30, 4, 40 } })
  end)

  it("cross broadcasts and takes any dimension", function()
    local x = pg.tensor { { 1, 2, 3 } }
    local y = pg.tensor { { 4, 5, 6 }, { 1, 0, 0 } }
    local want = pg.tensor { { -3, 6, -3 }, { 0, 3, -2 } }
    near(pg.cross(x, y), want:totable())
    near(pg.cross(x:transpose(1, 2), y:transpose(1, 2), 1),
      want:transpose(1, 2):totable())
  end)

  it("vander counts the powers down, or up", function()
    near(pg.tensor { 2, 3 }:vander(), { { 2, 1 }, { 3, 1 } })
    near(pg.tensor { 2, 3 }:vander { N = 3, increasing = true },
      { { 1, 2, 4 }, { 1, 3, 9 } })
    assert.are.same({ 2, 0 }, pg.tensor { 2, 3 }:vander(0).shape)
  end)
end)
