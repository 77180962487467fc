-- Running sums, products and extremes; differences and integrals. The numbers
-- are those of PyTorch 2.15 or follow from the formula.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local inf, nan = math.huge, 0 / 0
local x = pg.tensor { { 1.0, 5.0, 3.0 }, { 4.0, 2.0, 6.0 } }

describe("scans", function()
  local cases = {
    { "running sums down the columns", x:cumsum(1),
      { { 1, 5, 3 }, { 5, 7, 9 } } },
    { "running sums along the rows", x:cumsum(2),
      { { 1, 6, 9 }, { 4, 6, 12 } } },
    { "running products", x:cumprod(-1), { { 1, 5, 15 }, { 4, 8, 48 } } },
    { "running products behind a zero",
      pg.tensor({ 2.0, 0.0, 3.0 }):cumprod(1), { 2, 0, 0 } },
    { "running sums of exponentials",
      pg.tensor({ 0.0, 0.0, 0.0 }):logcumsumexp(1):exp(), { 1, 2, 3 } },
    { "running sums of exponentials that would overflow",
      pg.tensor({ 1000.0, 1000.0 }):logcumsumexp(1),
      { 1000, 1000.6931471805599 } },
    { "nothing but -inf", pg.tensor({ -inf, -inf }):logcumsumexp(1),
      { -inf, -inf } },
    { "sums of booleans", pg.tensor({ true, false, true }):cumsum(1),
      { 1, 1, 2 } },
    { "the sum of a number alone", pg.tensor(3.0):cumsum(1), 3 },
    { "nothing of nothing", pg.zeros({ 0 }):cumsum(1), {} },
    { "differences", pg.tensor({ 1, 4, 9, 16 }):diff(), { 3, 5, 7 } },
    { "second differences", pg.tensor({ 1, 4, 9, 16 }):diff { n = 2 },
      { 2, 2 } },
    { "differences of more than there is", pg.tensor({ 1, 2 }):diff { n = 5 },
      {} },
    { "differences with an end", pg.tensor({ 1, 4 }):diff {
      prepend = pg.tensor { 0 }, append = pg.tensor { 9 } }, { 1, 3, 5 } },
    { "differences of booleans", pg.tensor({ true, false, false }):diff(),
      { true, false } },
    { "an integral", pg.trapezoid(pg.tensor { 1.0, 2.0, 4.0 }, { dx = 2 }), 9 },
    { "an integral over places",
      pg.trapezoid(pg.tensor { 1.0, 2.0, 4.0 }, pg.tensor { 0.0, 1.0, 3.0 }),
      7.5 },
    { "an integral of integers", pg.trapezoid(pg.tensor { 1, 2, 4 }), 4.5 },
    { "a running integral",
      pg.cumulative_trapezoid(pg.tensor { 1.0, 2.0, 4.0 }), { 1.5, 4.5 } },
  }
  for _, case in ipairs(cases) do
    it("give " .. case[1], function() near(case[2], case[3]) end)
  end

  it("give the largest so far, its last place, and NaN from there on",
    function()
      local values, places = pg.tensor({ 1, 3, 3, nan, 4, nan }):cummax(1)
      near(values, { 1, 3, 3, nan, nan, nan })
      near(places, { 1, 2, 3, 4, 4, 6 })
    end)

  it("give the smallest so far", function()
    local values, places = pg.tensor({ 2, 2, 5, 1 }):cummin(1)
    near(values, { 2, 2, 2, 1 })
    near(places, { 1, 2, 2, 4 })
    assert.are.equal("int64", places.dtype)
  end)

  it("give int64 for integers and what dtype asks for", function()
    local bytes = pg.full({ 3 }, 200, { dtype = "uint8" })
    near(bytes:cumsum(1), { 200, 400, 600 })
    near(bytes:cumsum { dim = 1, dtype = "uint8" }, { 200, 144, 88 })
    assert.are.equal("float64",
      bytes:cumprod({ dim = 1, dtype = "float64" }).dtype)
  end)

  it("keep float16 sums in more than float16 on the way", function()
    local y = pg.ones({ 4000 }, { dtype = "float16" }):cumsum(1)
    assert.are.equal(4000, y[4000])
  end)

  it("read views in their own order", function()
    near(x:transpose(1, 2):cumsum(1), { { 1, 4 }, { 6, 6 }, { 9, 12 } })
    near(pg.tensor(2.0):expand({ 3 }):cumprod(1), { 2, 4, 8 })
  end)
end)

describe("gradients of scans", function()
  local function slope(data, fn)
    local leaf = pg.tensor(data, { dtype = "float64" })
    leaf.requires_grad = true
    fn(leaf):backward()
    return leaf.grad
  end

  it("of a running product are exact with one zero", function()
    near(slope({ 2, 0, 3 }, function(y) return y:cumprod(1):sum() end),
      { 1, 8, 0 })
  end)

  it("of a running product are exact with two zeros", function()
    near(slope({ 2, 0, 0, 5 }, function(y) return y:cumprod(1):sum() end),
      { 1, 2, 0, 0 })
  end)

  it("of a product are exact with zeros", function()
    near(slope({ 2, 0, 3 }, function(y) return y:prod() end), { 0, 6, 0 })
    near(slope({ 0, 0, 3 }, function(y) return y:prod() end), { 0, 0, 0 })
  end)

  it("of a product with zeros have gradients of their own", function()
    local y = pg.tensor({ 2, 0, 3 }, { dtype = "float64" })
    y.requires_grad = true
    local dy = pg.grad(y:prod(), y, { create_graph = true })
    near((pg.grad(dy:narrow(1, 1, 1):sum(), y)), { 0, 3, 0 })
  end)

  it("of running sums of exponentials are 0 where all is -inf", function()
    near(slope({ -inf, 0 },
      function(y) return y:logcumsumexp(1):narrow(1, 2, 1):sum() end), { 0, 1 })
  end)
end)
