-- Tensors as values: making, fields, reading, printing, identity.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

describe("pg.tensor", function()
  local dtypes = {
    { { 1, 2 }, "int64" },
    { { 1.0, 2 }, "float32" },
    { { true, false }, "bool" },
    { { { 1, 2 }, { 3, 4.5 } }, "float32" },
    { 7, "int64" },
    { 7.5, "float32" },
    { true, "bool" },
  }
  for i, case in ipairs(dtypes) do
    it(("gives %s by what stands in list %d"):format(case[2], i), function()
      assert.are.equal(case[2], pg.tensor(case[1]).dtype)
    end)
  end

  it("takes the shape of nested lists", function()
    local x = pg.tensor { { 1, 2, 3 }, { 4, 5, 6 } }
    assert.are.same({ 2, 3 }, x.shape)
    near(x, { { 1, 2, 3 }, { 4, 5, 6 } })
  end)

  it("makes a 0-d tensor of a number", function()
    assert.are.same({}, pg.tensor(3).shape)
    assert.are.equal(3, pg.tensor(3):item())
  end)

  it("takes dtype and requires_grad as options", function()
    local x = pg.tensor({ 1, 2 }, { dtype = "float64", requires_grad = true })
    assert.are.equal("float64", x.dtype)
    assert.is_true(x.requires_grad)
  end)

  it("refuses lists of unequal length", function()
    raises(function() pg.tensor { { 1, 2 }, { 3 } } end, "tensor")
  end)

  it("refuses what is no number", function()
    raises(function() pg.tensor { 1, "two" } end, "tensor", "string")
  end)

  it("refuses more than eight dimensions", function()
    raises(function() pg.tensor { { { { { { { { { 1 } } } } } } } } } end, "8")
  end)
end)

describe("a tensor", function()
  local x = pg.tensor { { 1.5, 2.5, 3.5 }, { 4.5, 5.5, 6.5 } }

  it("tells its sizes", function()
    assert.are.equal(2, #x)
    assert.are.equal(6, x:numel())
    assert.are.equal(2, x:dim())
    assert.are.equal(3, x:size(2))
    assert.are.equal(3, x:size(-1))
    assert.are.equal("cpu", x.device)
  end)

  it("gives its numbers back as nested lists", function()
    assert.are.same({ { 1.5, 2.5, 3.5 }, { 4.5, 5.5, 6.5 } }, x:totable())
  end)

  it("gives its only element as a number", function()
    assert.are.equal(2.5, pg.tensor({ { 2.5 } }):item())
    assert.are.equal("integer", math.type(pg.tensor(4):item()))
    assert.is_true(pg.tensor(true):item())
  end)

  it("refuses item of several elements", function()
    raises(function() return x:item() end, "item", "[2, 3]")
  end)

  it("walks its rows", function()
    local sums = {}
    for row in x:rows() do sums[#sums + 1] = row:sum():item() end
    assert.are.same({ 7.5, 16.5 }, sums)
  end)

  it("refuses ipairs and names rows", function()
    raises(function()
      for _, row in ipairs(x) do assert.is_not_nil(row) end
    end, "rows")
  end)

  it("refuses an unknown field and names the nearest", function()
    raises(function() return x.shappe end, "shappe", "shape")
  end)

  it("is equal to itself only", function()
    assert.is_true(x == x)
    assert.is_false(x == x:clone())
  end)

  it("refuses < and names the method", function()
    raises(function() return x < x end, "lt")
    raises(function() return x <= x end, "le")
  end)

  it("lives on the meta device without memory", function()
    local m = pg.zeros({ 1000000, 1000000 }, { device = "meta" })
    assert.are.equal("meta", m.device)
    assert.are.same({ 1000000, 1000000 }, (m + 1).shape)
  end)

  it("reads as float64 what it holds in float64", function()
    local v = 0.1
    assert.are.equal(v, pg.tensor({ v }, { dtype = "float64" }):item())
  end)
end)

describe("tostring", function()
  local cases = {
    { "shows a vector", pg.tensor { 1, 2, 3 }, "1", "2", "3", "int64" },
    { "shows rows", pg.tensor { { 1.5, 2 }, { 3, 4 } }, "1.5", "float32" },
    { "shows a number", pg.tensor(2.5), "2.5" },
    { "shows an empty shape", pg.zeros { 0, 3 }, "0, 3" },
    { "shortens long dimensions", pg.arange(5001), "...", "5000" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local text = tostring(case[2])
      for i = 3, #case do
        assert.is_truthy(text:find(case[i], 1, true), text)
      end
      assert.is_true(#text < 2000)
    end)
  end
end)

describe("operators", function()
  local a = pg.tensor { 7.0, -7.0 }
  local b = pg.tensor { 2.0, 2.0 }
  local cases = {
    { "+", a + b, { 9, -5 } }, { "-", a - b, { 5, -9 } },
    { "*", a * b, { 14, -14 } }, { "/", a / b, { 3.5, -3.5 } },
    { "//", a // b, { 3, -4 } }, { "%", a % b, { 1, 1 } },
    { "^", a ^ b, { 49, 49 } }, { "unary -", -a, { -7, 7 } },
    { "+ number", a + 1, { 8, -6 } }, { "number -", 1 - a, { -6, 8 } },
  }
  for _, case in ipairs(cases) do
    it(case[1] .. " acts element by element", function()
      near(case[2], case[3])
    end)
  end

  it("& | ~ serve masks", function()
    local p = pg.tensor { true, true, false }
    local q = pg.tensor { true, false, false }
    near(p & q, { true, false, false })
    near(p | q, { true, true, false })
    near(~p, { false, false, true })
    near(p ~ q, { false, true, false })
  end)

  it("& | ~ << >> act on the bits of integers", function()
    local n = pg.tensor { 6, -1 }
    near(n & 3, { 2, 3 })
    near(n | 8, { 14, -1 })
    near(n ~ 5, { 3, -6 })
    near(~n, { -7, 0 })
    near(n << 2, { 24, -4 })
    near(n >> 1, { 3, -1 })
  end)
end)

describe("free", function()
  it("drops a tensor at the end of its block", function()
    local kept
    do
      local x <close> = pg.ones { 3 }
      kept = x
    end
    raises(function() return kept:sum() end, "free")
  end)
end)

describe("shapes", function()
  it("are equal if their sizes are", function()
    local x = pg.ones { 2, 3 }
    assert.is_true(x.shape == pg.zeros { 2, 3 }.shape)
    assert.is_false(x.shape == pg.ones { 3, 2 }.shape)
    assert.is_false(x.shape == pg.ones { 2 }.shape)
  end)

  it("join to texts", function()
    assert.are.equal("of [2, 3]!", "of " .. pg.ones { 2, 3 }.shape .. "!")
  end)
end)

describe("a dtype of another name", function()
  it("is told the name here", function()
    local names = { float = "float32", double = "float64", int = "int64",
      long = "int64" }
    for name, right in pairs(names) do
      tensors.raises(function() pg.ones({ 2 }, { dtype = name }) end,
        "did you mean '" .. right .. "'")
    end
  end)
end)

describe("help", function()
  it("has topics beside names", function()
    local print_out = print
    _G.print = function() end
    local indexing, operators = pg.help "indexing", pg.help "operators"
    local all = pg.help()
    _G.print = print_out
    assert.is_truthy(indexing:find("t[{ { 2, 5 } }]", 1, true))
    assert.is_truthy(operators:find("x:eq(y):all()", 1, true))
    assert.is_truthy(all:find("indexing, operators", 1, true))
  end)
end)
