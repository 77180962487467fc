-- Shapes, diagonals and windows: shapes, shared memory, writing through.
-- Values and gradients are also golden_spec's and gradient_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local function counted(...)
  return pg.arange(1, tensors.count { ... } + 1):reshape { ... }
end

describe("the shape of", function()
  local t = counted(2, 3, 4)
  local rows = {
    { "ravel", t:ravel(), { 24 } },
    { "unflatten", t:unflatten(3, { 2, -1 }), { 2, 3, 2, 2 } },
    { "unflatten from the end", t:unflatten(-3, { -1, 1 }), { 2, 1, 3, 4 } },
    { "view_as", t:view_as(pg.zeros(4, 6)), { 4, 6 } },
    { "reshape_as", t:permute(3, 1, 2):reshape_as(pg.zeros(24)), { 24 } },
    { "expand_as", t:expand_as(pg.zeros(5, 2, 3, 4)), { 5, 2, 3, 4 } },
    { "broadcast_to", t:broadcast_to(5, -1, -1, -1), { 5, 2, 3, 4 } },
    { "movedim", t:movedim(1, -1), { 3, 4, 2 } },
    { "movedim of two", t:movedim({ 1, 2 }, { 3, 1 }), { 3, 4, 2 } },
    { "swapdims", t:swapdims(1, 3), { 4, 3, 2 } },
    { "t of a matrix", t[1]:t(), { 4, 3 } },
    { "t of a vector", pg.zeros(3):t(), { 3 } },
    { "atleast_1d of a number", pg.tensor(1):atleast_1d(), { 1 } },
    { "atleast_2d of a vector", pg.zeros(3):atleast_2d(), { 1, 3 } },
    { "atleast_3d of a vector", pg.zeros(3):atleast_3d(), { 1, 3, 1 } },
    { "atleast_3d of a matrix", pg.zeros(3, 2):atleast_3d(), { 3, 2, 1 } },
    { "squeeze of two", pg.zeros(1, 2, 1, 1):squeeze { 1, 3 }, { 2, 1 } },
    { "diagonal", t:diagonal(0, 1, 3), { 3, 2 } },
    { "diagonal outside", t:diagonal(9, 2, 3), { 2, 0 } },
    { "diag_embed", t:diag_embed(1), { 2, 3, 5, 5 } },
    { "diag_embed in front", t:diag_embed(0, 1, 2), { 4, 4, 2, 3 } },
    { "unfold", t:unfold(3, 2, 1), { 2, 3, 3, 2 } },
  }
  for _, row in ipairs(rows) do
    it(row[1], function() assert.are.same(row[3], row[2].shape) end)
  end
end)

describe("diagonal", function()
  it("takes one off the main diagonal", function()
    near(counted(2, 3):diagonal(1), { 2, 6 })
    near(counted(2, 3):diagonal(-1), { 4 })
  end)

  it("writes through", function()
    local x = pg.zeros(2, 3)
    x:diagonal():fill_(5)
    x:diagonal(1):add_(pg.tensor { 1, 2 })
    near(x, { { 5, 1, 0 }, { 0, 5, 2 } })
  end)

  it("carries a change in place to the gradient of its base", function()
    local x = pg.ones({ 2, 2 }, { requires_grad = true })
    local y = x * 3
    y:diagonal():mul_(2)
    y:sum():backward()
    near(x.grad, { { 6, 3 }, { 3, 6 } })
  end)

  it("makes matrices of vectors", function()
    near(pg.tensor { 1, 2 }:diag(1), { { 0, 1, 0 }, { 0, 0, 2 }, { 0, 0, 0 } })
    near(pg.tensor { { 1 }, { 2 } }:diagflat(-1),
      { { 0, 0, 0 }, { 1, 0, 0 }, { 0, 2, 0 } })
  end)

  it("gives views of matrices with diag", function()
    local x = counted(2, 2)
    x:diag():fill_(0)
    near(x, { { 0, 2 }, { 3, 0 } })
  end)
end)

describe("unfold", function()
  it("puts the windows behind", function()
    near(counted(5):unfold(1, 3, 2), { { 1, 2, 3 }, { 3, 4, 5 } })
  end)

  it("adds the gradients of windows that overlap", function()
    local x = pg.zeros({ 5 }, { requires_grad = true })
    x:unfold(1, 3, 1):sum():backward()
    near(x.grad, { 1, 2, 3, 2, 1 })
  end)

  it("writes through windows that do not overlap", function()
    local x = pg.zeros(5)
    x:unfold(1, 2, 3):fill_(1)
    near(x, { 1, 1, 0, 1, 1 })
  end)

  it("copies nothing of a large tensor", function()
    local x = pg.zeros({ 1000000000 }, { device = "meta" })
    assert.are.same({ 999999001, 1000 }, x:unfold(1, 1000, 1).shape)
  end)
end)

describe("in the shape of another", function()
  local x = pg.zeros({ 2, 3 }, { dtype = "int32" })

  it("the dtype is that of x unless named", function()
    assert.are.same({ "int32", "float64", "int32" },
      { x:zeros_like().dtype, x:ones_like { dtype = "float64" }.dtype,
        x:full_like(7).dtype })
  end)

  it("the number is converted", function()
    near(x:full_like(7.9), { { 7, 7, 7 }, { 7, 7, 7 } })
  end)

  it("a leaf is made on demand", function()
    local leaf = pg.ones(2):zeros_like { requires_grad = true }
    assert.is_true(leaf.requires_grad)
    assert.is_false(leaf:zeros_like().requires_grad)
  end)

  it("meta stays meta", function()
    local meta = pg.zeros({ 9 }, { device = "meta" })
    assert.are.equal("meta", meta:empty_like().device)
  end)
end)

describe("positions of a triangle", function()
  it("count from 1", function()
    near(pg.tril_indices(3, 2), { { 1, 2, 2, 3, 3 }, { 1, 1, 2, 1, 2 } })
    near(pg.triu_indices(2, 3, 1), { { 1, 1, 2 }, { 2, 3, 3 } })
  end)

  it("are none where there is no element", function()
    assert.are.same({ 2, 0 }, pg.tril_indices(2, 3, -2).shape)
    assert.are.same({ 2, 6 }, pg.triu_indices(2, 3, -9).shape)
  end)
end)

describe("logspace", function()
  it("takes powers of its base", function()
    near(pg.logspace(0, 3, 4, { base = 2, dtype = "float64" }), { 1, 2, 4, 8 })
  end)
end)
