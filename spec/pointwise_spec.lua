-- Operations element by element: values at the edges, shapes, memory order,
-- forms in place. Ordinary values and gradients are golden_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local inf, nan = math.huge, 0 / 0

describe("pointwise", function()
  local edges = {
    { "exp", { -inf, 0, inf, nan }, { 0, 1, inf, nan } },
    { "log", { 0, 1, inf, -1 }, { -inf, 0, inf, nan } },
    { "sqrt", { 0, inf, -1 }, { 0, inf, nan } },
    { "abs", { -inf, -0.0, nan }, { inf, 0, nan } },
    { "tanh", { -inf, 0, inf, nan }, { -1, 0, 1, nan } },
    { "sigmoid", { -inf, -1e4, 0, 1e4, inf, nan },
      { 0, 0, 0.5, 1, 1, nan } },
    { "relu", { -inf, -1, 0, inf, nan }, { 0, 0, 0, inf, nan } },
    { "floor", { -1.5, 2.7, inf, nan }, { -2, 2, inf, nan } },
    { "isnan", { nan, inf, 0 }, { true, false, false } },
    { "logical_not", { nan, 0, 2 }, { false, true, false } },
  }
  for _, case in ipairs(edges) do
    it(case[1] .. " follows IEEE 754 at its edges", function()
      for _, dtype in ipairs({ "float32", "float64" }) do
        near(pg[case[1]](pg.tensor(case[2], { dtype = dtype })), case[3])
      end
    end)
  end

  local pairs_of = {
    { "maximum", { nan, 1, inf }, { 1, nan, 2 }, { nan, nan, inf } },
    { "minimum", { nan, 1, -inf }, { 1, nan, 2 }, { nan, nan, -inf } },
    { "div", { 1, -1, 0 }, { 0, 0, 0 }, { inf, -inf, nan } },
    { "pow", { 0, -8, 2, nan }, { 0, 1 / 3, -1, 0 }, { 1, nan, 0.5, 1 } },
    { "remainder", { 5.5, -5.5, 5.5, -5.5 }, { 2, 2, -2, -2 },
      { 1.5, 0.5, -0.5, -1.5 } },
    { "floor_divide", { 5.5, -5.5, 5.5, -5.5 }, { 2, 2, -2, -2 },
      { 2, -3, -3, 2 } },
    { "eq", { nan, 1 }, { nan, 1 }, { false, true } },
    { "ne", { nan, 1 }, { nan, 1 }, { true, false } },
    { "le", { nan, 1, 2 }, { nan, 1, 1 }, { false, true, false } },
  }
  for _, case in ipairs(pairs_of) do
    it(case[1] .. " follows IEEE 754 for pairs", function()
      local a = pg.tensor(case[2], { dtype = "float64" })
      local b = pg.tensor(case[3], { dtype = "float64" })
      near(pg[case[1]](a, b), case[4])
    end)
  end

  local whole = {
    { "floor_divide", { 7, -7, 7, 1 }, { 2, 2, -2, 0 }, { 3, -4, -4, 0 } },
    { "remainder", { 7, -7, 7, 1 }, { 2, 2, -2, 0 }, { 1, 1, -1, 0 } },
    { "pow", { 2, -3, 2 }, { 10, 3, -1 }, { 1024, -27, 0 } },
    { "mul", { math.maxinteger }, { 2 }, { -2 } },
    { "floor_divide", { math.mininteger }, { -1 }, { math.mininteger } },
    { "remainder", { math.mininteger }, { -1 }, { 0 } },
  }
  for _, case in ipairs(whole) do
    it(case[1] .. " of integers is defined everywhere", function()
      local y = pg[case[1]](pg.tensor(case[2]), pg.tensor(case[3]))
      assert.are.equal("int64", y.dtype)
      near(y, case[4])
    end)
  end

  it("compares large integers exactly", function()
    local x = pg.tensor { 9007199254740993 }
    assert.is_false(x:eq(9007199254740992):item())
  end)

  it("clamp takes one bound or both", function()
    local x = pg.tensor { -2.0, 0.5, 3.0, nan }
    near(x:clamp(0, 1), { 0, 0.5, 1, nan })
    near(x:clamp { min = 0 }, { 0, 0.5, 3, nan })
    near(x:clamp { max = 1 }, { -2, 0.5, 1, nan })
  end)

  it("the gradient of remainder has the quotient of its value", function()
    local b = pg.tensor({ 0.1, -0.1, 3 },
      { dtype = "float64", requires_grad = true })
    local y = pg.tensor({ 1, 1, -7 }, { dtype = "float64" }):remainder(b)
    near((pg.grad(y:sum(), b)), { -9, 10, 3 })
  end)

  it("clamp gives NaN if a bound is NaN", function()
    local x = pg.tensor({ -2.0, 3.0 }, { requires_grad = true })
    for _, bounds in ipairs { { min = nan }, { max = nan },
      { min = nan, max = 1 }, { min = 0, max = nan } } do
      local y = x:clamp(bounds)
      near(y, { nan, nan })
      near((pg.grad(y:sum(), x)), { 0, 0 })
    end
  end)

  it("where leaves what is not chosen out, NaN included", function()
    local x = pg.tensor({ 4.0, -1.0 }, { requires_grad = true })
    local y = pg.where(x:gt(0), x:sqrt(), 0)
    near(y, { 2, 0 })
    y:sum():backward()
    assert.are.equal(0.25, x.grad[1])
  end)
end)

describe("pow", function()
  local function leaf(data)
    return pg.tensor(data, { dtype = "float64", requires_grad = true })
  end

  -- d/dx x^p = p x^(p-1), d/dx p^x = p^x log p: p is no float32.
  local powers = {
    { "a power", function(x) return x ^ 2.1 end,
      function(v) return 2.1 * v ^ 1.1 end },
    { "a base", function(x) return pg.pow(2.1, x) end,
      function(v) return 2.1 ^ v * math.log(2.1) end },
  }
  for _, case in ipairs(powers) do
    it(("takes %s as precisely for a gradient to go on with")
      :format(case[1]), function()
      local x = leaf { 3.0, 4.0 }
      local plain = pg.grad(case[2](x):sum(), x)
      local graph = pg.grad(case[2](x):sum(), x, { create_graph = true })
      near(plain, { case[3](3), case[3](4) }, { rtol = 1e-14, atol = 0 })
      tensors.same_bits(graph:detach(), plain)
    end)
  end

  -- y = a^b at a = 0, b = 2: dy/da = b a^(b-1) = 0, dy/db = a^b log a = 0;
  -- d/da of the latter is a^(b-1) (b log a + 1) = 0.
  it("has finite first and second derivatives at 0", function()
    local a, b = leaf { 0.0, 2.0 }, leaf { 2.0, 2.0 }
    local da, db = pg.grad((a ^ b):sum(), { a, b }, { create_graph = true })
    local log2 = math.log(2)
    near(da, { 0, 4 })
    near(db, { 0, 4 * log2 })
    local dba, dbb = pg.grad(db:sum(), { a, b }, { retain_graph = true })
    near(dba, { 0, 2 * (2 * log2 + 1) })
    near(dbb, { 0, 4 * log2 ^ 2 })
    near((pg.grad(da:sum(), a)), { 2, 2 })
  end)
end)

describe("broadcasting", function()
  local shapes = {
    { { 3, 1 }, { 4 }, { 3, 4 } }, { {}, { 2, 3 }, { 2, 3 } },
    { { 1 }, { 0 }, { 0 } }, { { 2, 1, 4 }, { 3, 1 }, { 2, 3, 4 } },
    { { 1, 1, 1, 1, 1, 1, 1, 2 }, { 3, 1 }, { 1, 1, 1, 1, 1, 1, 3, 2 } },
  }
  for _, case in ipairs(shapes) do
    it("joins " .. tensors.shape_text(case[1]) .. " and "
      .. tensors.shape_text(case[2]), function()
      assert.are.same(case[3], (pg.ones(case[1]) + pg.ones(case[2])).shape)
    end)
  end

  it("refuses shapes that do not fit, naming both", function()
    raises(function() return pg.ones { 2, 3 } + pg.ones { 2 } end,
      "add", "[2, 3]", "[2]")
  end)

  it("repeats values along sizes of one", function()
    near(pg.tensor { { 1 }, { 2 } } * pg.tensor { 10, 20 },
      { { 10, 20 }, { 20, 40 } })
  end)
end)

describe("in place", function()
  it("changes the tensor and returns it", function()
    local x = pg.tensor { 1.0, 2.0 }
    assert.are.equal(x, x:add_(1))
    near(x, { 2, 3 })
  end)

  it("acts on views", function()
    local x = pg.zeros { 2, 2 }
    x:transpose(1, 2)[1]:add_(pg.tensor { 1.0, 2.0 })
    near(x, { { 1, 0 }, { 2, 0 } })
  end)

  it("reads an overlapping operand before it writes", function()
    local x = pg.tensor { { 1.0, 2.0 }, { 3.0, 4.0 } }
    x:add_(x:transpose(1, 2))
    near(x, { { 2, 5 }, { 5, 8 } })
  end)

  it("keeps the dtype of the tensor", function()
    local x = pg.tensor { 1.0, 2.0 }
    x:mul_(pg.tensor({ 2.0, 2.0 }, { dtype = "float64" }))
    assert.are.equal("float32", x.dtype)
  end)

  it("refuses a result that does not fit", function()
    raises(function() pg.ones({ 2 }):add_(pg.ones { 3, 2 }) end, "add",
      "[3, 2]", "[2]")
  end)

  it("copy_, fill_ and zero_ overwrite", function()
    local x = pg.ones { 2, 2 }
    near(x:copy_(pg.tensor { 3.0, 4.0 }), { { 3, 4 }, { 3, 4 } })
    near(x:fill_(2), { { 2, 2 }, { 2, 2 } })
    near(x:zero_(), { { 0, 0 }, { 0, 0 } })
  end)
end)

describe("memory order", function()
  it("of a result is that of its operands", function()
    local x = pg.rand({ 3, 4 }):transpose(1, 2)
    assert.is_false(x:is_contiguous())
    assert.is_false((x + 1):is_contiguous())
    assert.is_true((x + 1):transpose(1, 2):is_contiguous())
  end)
end)
