-- What masks choose, and where the chosen elements are.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local x = pg.tensor { { 1.0, 2.0, 3.0 }, { 4.0, 5.0, 6.0 } }
local odd = pg.tensor { { true, false, true }, { false, true, false } }
local columns = pg.tensor { true, false, true }

describe("masked_select", function()
  it("goes through the elements in row-major order", function()
    near(x:masked_select(odd), { 1, 3, 5 })
    near(x:transpose(1, 2):masked_select(odd:transpose(1, 2)), { 1, 5, 3 })
  end)

  it("broadcasts both", function()
    near(x:masked_select(columns), { 1, 3, 4, 6 })
    near(x[1]:masked_select(odd), { 1, 3, 2 })
  end)

  it("keeps the dtype", function()
    for _, dtype in ipairs { "bool", "uint8", "int64", "bfloat16" } do
      assert.are.equal(dtype, x:to(dtype):masked_select(odd).dtype)
    end
  end)

  it("takes any byte but 0 for true", function()
    local truth = pg.tensor { 0, 2, 255 }:to("uint8"):to("bool")
    near(pg.tensor { 1, 2, 3 }:masked_select(truth), { 2, 3 })
  end)
end)

describe("masked_fill", function()
  it("overwrites where the mask is true, as where does", function()
    near(x:masked_fill(odd, 0), { { 0, 2, 0 }, { 4, 0, 6 } })
    near(x:masked_fill(columns, -1), { { -1, 2, -1 }, { -1, 5, -1 } })
    near(x[1]:masked_fill(odd, 0), { { 0, 2, 0 }, { 1, 0, 3 } })
  end)

  it("keeps the dtype of x", function()
    assert.are.equal("int64", pg.tensor { 1, 2 }:masked_fill(
      pg.tensor { true, false }, 2.0).dtype)
  end)

  it("hides NaN from value and gradient", function()
    local y = pg.tensor({ 1.0, 0 / 0 }, { requires_grad = true })
    local z = y:masked_fill(y:isnan(), 0)
    z:sum():backward()
    near(z, { 1, 0 })
    near(y.grad, { 1, 0 })
  end)

  it("gives the gradient to a value", function()
    local v = pg.tensor(2.0, { requires_grad = true })
    pg.sum(x:masked_fill(odd, v) * x):backward()
    near(v.grad, 9)
  end)

  it("does not let x grow in place", function()
    raises(function() x[1]:masked_fill_(odd, 0) end, "masked_fill",
      "[2, 3]", "[3]")
  end)
end)

describe("masked_scatter", function()
  it("takes from source in order", function()
    near(x:masked_scatter(odd, pg.tensor { 10.0, 20.0, 30.0, 40.0 }),
      { { 10, 2, 20 }, { 4, 30, 6 } })
  end)

  it("changes what a view sees in place", function()
    local y = x:clone()
    y:transpose(1, 2):masked_scatter_(odd:transpose(1, 2),
      pg.tensor { 10.0, 20.0, 30.0 })
    near(y, { { 10, 2, 30 }, { 4, 20, 6 } })
  end)
end)

describe("nonzero", function()
  it("gives a position a row", function()
    near(odd:nonzero(), { { 1, 1 }, { 1, 3 }, { 2, 2 } })
    near(pg.tensor { 0.0, -2.5, 0 / 0 }:nonzero(), { { 2 }, { 3 } })
  end)

  it("goes through a view in its own order", function()
    near(odd:transpose(1, 2):nonzero(), { { 1, 1 }, { 2, 2 }, { 3, 1 } })
  end)

  it("has no columns for a single number", function()
    assert.are.same({ 1, 0 }, pg.tensor(3):nonzero().shape)
    assert.are.same({ 0, 2 }, pg.zeros(2, 3):nonzero().shape)
  end)

  it("serves as index again", function()
    local at = odd:nonzero()
    near(x[{ at:select(2, 1), at:select(2, 2) }], { 1, 3, 5 })
  end)

  it("refuses meta tensors and recordings", function()
    raises(function() pg.zeros({ 2 }, { device = "meta" }):nonzero() end,
      "nonzero: needs data")
    raises(function() pg.record(function() odd:nonzero() end) end,
      "nonzero: cannot be recorded")
  end)
end)

describe("one_hot", function()
  it("counts classes from 1", function()
    near(pg.tensor { 1, 3 }:one_hot(3), { { 1, 0, 0 }, { 0, 0, 1 } })
    near(pg.tensor { { 2 }, { 1 } }:one_hot(), { { { 0, 1 } }, { { 1, 0 } } })
  end)
end)
