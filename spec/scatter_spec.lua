-- gather, scatter and what else reads or writes by positions. Numbers are those
-- of PyTorch, positions counted from 1.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local x = pg.tensor { { 1.0, 2.0, 3.0 }, { 4.0, 5.0, 6.0 } }
local index = pg.tensor { { 3, 1 }, { 2, 2 } }
local src = pg.tensor { { 10.0, 20.0 }, { 30.0, 40.0 } }

describe("gather", function()
  it("chooses along the last dimension", function()
    near(x:gather(index, 2), { { 3, 1 }, { 5, 5 } })
  end)

  it("chooses along the first, where index has fewer columns", function()
    near(x:gather(pg.tensor { { 2 }, { 1 }, { -1 } }, 1),
      { { 4 }, { 1 }, { 4 } })
  end)

  it("takes int32 positions of any layout", function()
    local turned = index:to("int32"):transpose(1, 2)
    near(x:gather(turned, -1), { { 3, 2 }, { 4, 5 } })
  end)

  it("keeps the dtype", function()
    for _, dtype in ipairs { "bool", "uint8", "int32", "bfloat16" } do
      local y = x:to(dtype):gather(index, 2)
      assert.are.equal(dtype, y.dtype)
      tensors.same_bits(y, x:gather(index, 2):to(dtype))
    end
  end)

  it("gives an empty tensor for an empty index", function()
    local none = pg.zeros({ 0, 2 }, { dtype = "int64" })
    assert.are.same({ 0, 2 }, x:gather(none, 1).shape)
  end)

  it("reads a single number", function()
    near(pg.tensor(7.0):gather(pg.tensor(1), 1), 7)
  end)
end)

describe("take_along_dim", function()
  it("broadcasts the other dimensions", function()
    near(x:take_along_dim(pg.tensor { { 3, 1 } }, 2), { { 3, 1 }, { 6, 4 } })
  end)

  it("takes x as one row without a dimension", function()
    near(x:take_along_dim(pg.tensor { 6, 1 }), { 6, 1 })
  end)
end)

describe("scatter", function()
  it("overwrites", function()
    near(x:scatter(index, src, 2), { { 20, 2, 10 }, { 4, 40, 6 } })
    near(x, { { 1, 2, 3 }, { 4, 5, 6 } })
  end)

  it("writes a number", function()
    near(x:scatter(index, -1, 2), { { -1, 2, -1 }, { 4, -1, 6 } })
  end)

  it("adds and multiplies", function()
    near(x:scatter(index, src, 2, "add"), { { 21, 2, 13 }, { 4, 75, 6 } })
    near(x:scatter(index, src, 2, "multiply"),
      { { 20, 2, 30 }, { 4, 6000, 6 } })
  end)

  it("has no gradient when it multiplies", function()
    raises(function()
      src:clone():requires_grad_():scatter(index, src, 2, "multiply")
    end, "scatter: multiply has no gradient; use scatter_reduce with prod")
  end)

  it("changes x in place", function()
    local y = x:clone()
    assert.are.equal(y, y:scatter_(index, 0, 2))
    near(y, { { 0, 2, 0 }, { 4, 0, 6 } })
  end)
end)

describe("scatter_add", function()
  it("adds what goes to one place", function()
    near(x:scatter_add(index, src, 2), { { 21, 2, 13 }, { 4, 75, 6 } })
  end)

  it("wraps whole numbers", function()
    local small = pg.tensor({ 250 }, { dtype = "uint8" })
    near(small:scatter_add(pg.tensor { 1 }, small, 1), { 244 })
  end)
end)

describe("scatter_reduce", function()
  local cases = {
    { "sum", true, { { 21, 2, 13 }, { 4, 75, 6 } } },
    { "sum", false, { { 20, 2, 10 }, { 4, 70, 6 } } },
    { "prod", true, { { 20, 2, 30 }, { 4, 6000, 6 } } },
    { "prod", false, { { 20, 2, 10 }, { 4, 1200, 6 } } },
    { "mean", true, { { 10.5, 2, 6.5 }, { 4, 25, 6 } } },
    { "mean", false, { { 20, 2, 10 }, { 4, 35, 6 } } },
    { "amax", true, { { 20, 2, 10 }, { 4, 40, 6 } } },
    { "amin", true, { { 1, 2, 3 }, { 4, 5, 6 } } },
    { "amin", false, { { 20, 2, 10 }, { 4, 30, 6 } } },
  }
  for _, case in ipairs(cases) do
    it(("joins by %s, x %s"):format(case[1], case[2] and "too" or "not"),
      function()
        near(x:scatter_reduce(index, src, 2, case[1], case[2]), case[3])
        local y = x:clone()
        near(y:scatter_reduce_(index, src, 2, case[1], case[2]), case[3])
      end)
  end

  it("rounds means of integers down", function()
    local whole = pg.tensor { 7, 8 }
    near(whole:scatter_reduce(pg.tensor { 1, 2 }, pg.tensor { -8, 1 }, 1,
      "mean"), { -1, 4 })
  end)

  it("keeps NaN", function()
    local y = x:scatter_reduce(index, src * (0 / 0), 2, "amax")
    near(y, { { 0 / 0, 2, 0 / 0 }, { 4, 0 / 0, 6 } })
  end)

  it("gives each of a single zero its gradient in a product", function()
    local a = pg.tensor({ 2.0, 3.0 }, { requires_grad = true })
    local b = pg.tensor({ 0.0, 5.0, 7.0 }, { requires_grad = true })
    pg.sum(a:scatter_reduce(pg.tensor { 1, 1, 2 }, b, 1, "prod")):backward()
    near(a.grad, { 0, 7 })
    near(b.grad, { 10, 0, 3 })
  end)
end)

describe("rows by positions", function()
  local pair = pg.tensor { 3, 1 }

  it("are added with a factor", function()
    near(x:index_add(pg.tensor { 1, 1 }, x, 1, 0.5),
      { { 3.5, 5.5, 7.5 }, { 4, 5, 6 } })
  end)

  it("are overwritten by a tensor or a number", function()
    near(x:index_copy(pair, src, 2), { { 20, 2, 10 }, { 40, 5, 30 } })
    near(x:index_fill(pair, 0, -1), { { 0, 2, 0 }, { 0, 5, 0 } })
  end)

  it("are chosen from a wide matrix", function()
    local wide = pg.arange(1, 3001):reshape { 3, 1000 }
    near(wide:index_select(pg.tensor { 1000, 2 }, 2),
      { { 1000, 2 }, { 2000, 1002 }, { 3000, 2002 } })
  end)
end)

describe("take and put", function()
  it("count through all elements", function()
    near(x:take(pg.tensor { { 6, 1 }, { -2, 2 } }), { { 6, 1 }, { 5, 2 } })
    near(x:put(pg.tensor { 6, 1 }, pg.tensor { 0.5, 1.5 }),
      { { 1.5, 2, 3 }, { 4, 5, 0.5 } })
  end)

  it("count through a view in its own order", function()
    near(x:transpose(1, 2):take(pg.tensor { 2 }), { 4 })
  end)

  it("add where asked to", function()
    near(x:put(pg.tensor { 1, 1 }, pg.tensor { 0.5, 0.25 }, true),
      { { 1.75, 2, 3 }, { 4, 5, 6 } })
  end)
end)
