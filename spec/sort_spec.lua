-- Order along a dimension, and what is chosen by it. Numbers that are written
-- in are PyTorch 2.15's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local inf, nan = math.huge, 0 / 0
local x = pg.tensor { { 3.0, 1.0, 2.0 }, { 5.0, 6.0, 4.0 } }

-- The outputs of a call against a list.
local function all_near(got, want)
  assert.are.equal(#want, #got)
  for i, value in ipairs(want) do near(got[i], value) end
end

describe("sort", function()
  local cases = {
    { "the last dimension", { x:sort() },
      { { { 1, 2, 3 }, { 4, 5, 6 } }, { { 2, 3, 1 }, { 3, 1, 2 } } } },
    { "another dimension", { x:sort(1) },
      { { { 3, 1, 2 }, { 5, 6, 4 } }, { { 1, 1, 1 }, { 2, 2, 2 } } } },
    { "the largest first", { x:sort { descending = true } },
      { { { 3, 2, 1 }, { 6, 5, 4 } }, { { 1, 3, 2 }, { 2, 1, 3 } } } },
    { "equals as they stood", { pg.tensor({ 2, 1, 2, 1 }):sort() },
      { { 1, 1, 2, 2 }, { 2, 4, 1, 3 } } },
    { "equals as they stood, descending",
      { pg.tensor({ 2, 1, 2, 1 }):sort { descending = true } },
      { { 2, 2, 1, 1 }, { 1, 3, 2, 4 } } },
    { "NaN last", { pg.tensor({ nan, inf, -inf, 0.0 }):sort() },
      { { -inf, 0, inf, nan }, { 3, 4, 2, 1 } } },
    { "NaN first, descending",
      { pg.tensor({ 1.0, nan, inf }):sort { descending = true } },
      { { nan, inf, 1 }, { 2, 3, 1 } } },
    { "false before true", { pg.tensor({ true, false, true }):sort() },
      { { false, true, true }, { 2, 1, 3 } } },
    { "a single number", { pg.tensor(7.0):sort() }, { 7, 1 } },
    { "nothing", { pg.zeros({ 2, 0 }):sort() }, { { {}, {} }, { {}, {} } } },
    { "only positions", { x:argsort(2) }, { { { 2, 3, 1 }, { 3, 1, 2 } } } },
    { "only values, along the first dimension", { x:msort() },
      { { { 3, 1, 2 }, { 5, 6, 4 } } } },
  }
  for _, case in ipairs(cases) do
    it("orders " .. case[1], function()
      for i, want in ipairs(case[3]) do
        near(case[2][i], want)
      end
    end)
  end

  it("keeps the sign of zeros, which are equal", function()
    local values = pg.tensor({ 0.0, -0.0, -1.0 }):sort()
    assert.are.equal(inf, 1 / values[2])
    assert.are.equal(-inf, 1 / values[3])
  end)

  -- Spread over both signs, with equals; in float64 also numbers that differ in
  -- their last bits only, so that more than 32 bits of each decide.
  local function line(dtype, count)
    pg.manual_seed(7)
    local y = pg.randint(-count // 4, count // 4, { count })
    if dtype == "close" then
      return y:to("float64") * 2 ^ -50 + 1
    end
    return y:to(dtype)
  end

  -- Neighbours in order, equals by their positions, all positions there.
  local function is_order(values, positions)
    local count = values.shape[1]
    local a, b = values:narrow(1, 1, count - 1), values:narrow(1, 2, count - 1)
    local p = positions:narrow(1, 1, count - 1)
    local equal = pg.eq(a, b) & positions:narrow(1, 2, count - 1):gt(p)
    return (pg.lt(a, b) | equal):all()
      and positions:bincount():narrow(1, 2, count):eq(1):all()
  end

  for _, dtype in ipairs { "float32", "float64", "int64", "int32", "uint8",
    "float16", "bfloat16", "close" } do
    it("orders long lines of " .. dtype, function()
      for _, count in ipairs { 65, 1000, 70000 } do
        local y = line(dtype, count)
        local values, positions = y:sort()
        assert.is_true(is_order(values, positions))
        tensors.same_bits(y:index_select(positions), values)
      end
    end)
  end

  it("tells all float16 numbers apart", function()
    local bits = pg.arange(-65000, 65000, { dtype = "float64" })
    local y = (bits * 2 ^ -10):to("float16")
    local values = y:sort { descending = true }
    tensors.same_bits(values:sort(), y:sort())
    assert.are.equal(y:max():item(), values[1])
  end)
end)

describe("topk", function()
  local y = pg.tensor { 4, 1, 4, 3, 9 }
  local cases = {
    { "the largest", { y:topk(3) }, { { 9, 4, 4 }, { 5, 1, 3 } } },
    { "the smallest", { y:topk { k = 2, largest = false } },
      { { 1, 3 }, { 2, 4 } } },
    { "all", { y:topk(5) }, { { 9, 4, 4, 3, 1 }, { 5, 1, 3, 4, 2 } } },
    { "none", { y:topk(0) }, { {}, {} } },
    { "along the first dimension", { x:topk(1, 1) },
      { { { 5, 6, 4 } }, { { 2, 2, 2 } } } },
    { "NaN as the largest", { pg.tensor({ 1.0, nan, 2.0 }):topk(2) },
      { { nan, 2 }, { 2, 3 } } },
    { "of a single number", { pg.tensor(7.0):topk(1) }, { 7, 1 } },
  }
  for _, case in ipairs(cases) do
    it("gives " .. case[1], function() all_near(case[2], case[3]) end)
  end

  for _, dtype in ipairs { "float32", "float64", "int64", "bfloat16" } do
    it("gives the first of the order of " .. dtype, function()
      pg.manual_seed(3)
      local z = (pg.randn { 3, 2000 } * 100):to(dtype)
      local values, positions = z:sort { descending = true }
      for _, k in ipairs { 5, 32, 33, 400, 1500 } do
        local best, places = z:topk(k)
        tensors.same_bits(best, values:narrow(2, 1, k))
        tensors.same_bits(places, positions:narrow(2, 1, k))
      end
    end)
  end
end)

describe("kthvalue", function()
  it("gives what stands at k in the order", function()
    pg.manual_seed(4)
    for _, dtype in ipairs { "float32", "float64", "int64", "uint8" } do
      local y = pg.randint(0, 200, { 2, 500 }):to(dtype)
      local values, positions = y:sort()
      for _, k in ipairs { 1, 77, 250, 500 } do
        local value, position = y:kthvalue(k)
        tensors.same_bits(value, values:select(2, k))
        tensors.same_bits(position, positions:select(2, k))
      end
    end
  end)

  it("keeps the dimension when asked", function()
    assert.are.same({ 2, 1 }, x:kthvalue({ k = 2, keepdim = true }).shape)
    assert.are.same({ 2 }, x:kthvalue(2).shape)
  end)
end)

describe("median", function()
  local cases = {
    { "the lower of two", pg.tensor({ 4, 1, 3, 2 }):median(), 2 },
    { "of all elements", x:median(), 3 },
    { "NaN if there is one", pg.tensor({ 1.0, nan, 0.0 }):median(), nan },
    { "past NaN", pg.tensor({ 1.0, nan, 0.0 }):nanmedian(), 0 },
    { "NaN of nothing but NaN", pg.tensor({ nan, nan }):nanmedian(), nan },
    { "NaN of nothing", pg.zeros({ 0 }):median(), nan },
    { "with keepdim", x:median { keepdim = true }, { { 3 } } },
  }
  for _, case in ipairs(cases) do
    it("gives " .. case[1], function() near(case[2], case[3]) end)
  end

  it("gives values and positions along a dimension", function()
    all_near({ x:median(2) }, { { 2, 5 }, { 3, 1 } })
    all_near({ x:median { dim = 1, keepdim = true } },
      { { { 3, 1, 2 } }, { { 1, 1, 1 } } })
    all_near({ pg.tensor({ nan, 1.0, nan }):median(1) }, { nan, 1 })
  end)

  it("shares its gradient among equals", function()
    local y = pg.tensor { 1.0, 3.0, 3.0, 7.0 }
    y.requires_grad = true
    y:median():backward()
    near(y.grad, { 0, 0.5, 0.5, 0 })
  end)
end)

describe("mode", function()
  local cases = {
    { "the most frequent, and its last place", { 1, 2, 2, 3, 2 }, 2, 5 },
    { "the smallest of several", { 5, 7, 5, 7, 1 }, 5, 3 },
    { "a number where NaN comes often", { nan, nan, 8.0, 8.0, nan }, 8, 4 },
    { "NaN where there is nothing else", { nan, nan }, nan, 1 },
  }
  for _, case in ipairs(cases) do
    it("gives " .. case[1], function()
      all_near({ pg.tensor(case[2]):mode() }, { case[3], case[4] })
    end)
  end
end)

describe("quantile", function()
  local y = pg.tensor { 0.0, 1.0, 2.0, 10.0, 4.0 }
  local q = pg.tensor { 0.1, 0.5, 0.9 }
  local cases = {
    { "by lines", y:quantile(q), { 0.4, 2, 7.6 } },
    { "the lower one", y:quantile(q, { interpolation = "lower" }),
      { 0, 2, 4 } },
    { "the higher one", y:quantile(q, { interpolation = "higher" }),
      { 1, 2, 10 } },
    { "the nearest one", y:quantile(q, { interpolation = "nearest" }),
      { 0, 2, 10 } },
    { "the middle", y:quantile(q, { interpolation = "midpoint" }),
      { 0.5, 2, 7 } },
    { "along a dimension", x:quantile(0.25, 2), { 1.5, 4.5 } },
    { "several along a dimension", x:quantile(pg.tensor { 0.0, 1.0 }, 2),
      { { 1, 4 }, { 3, 6 } } },
    { "NaN if there is one", pg.tensor({ 1.0, nan }):quantile(0.0), nan },
    { "past NaN", pg.tensor({ 1.0, nan, 3.0 }):nanquantile(0.5), 2 },
    { "infinities as they are", pg.tensor({ 1.0, inf }):quantile(1.0), inf },
    { "a place that is halfway to the even one",
      pg.tensor({ 0.0, 1.0, 2.0, 3.0 })
        :quantile(0.5, { interpolation = "nearest" }), 2 },
  }
  for _, case in ipairs(cases) do
    it("gives " .. case[1], function() near(case[2], case[3]) end)
  end

  it("has the shape of a reduction, shares first", function()
    local z = pg.zeros { 2, 3, 4 }
    assert.are.same({ 3, 2, 1, 4 },
      z:quantile(q, { dim = 2, keepdim = true }).shape)
    assert.are.same({ 3, 2, 4 }, z:quantile(q, 2).shape)
    assert.are.same({ 1, 1, 1 }, z:quantile(0.5, { keepdim = true }).shape)
    assert.are.same({}, z:quantile(0.5).shape)
  end)

  it("has shapes on the meta device", function()
    local z = pg.zeros({ 3, 4 }, { device = "meta" })
    assert.are.same({ 3 }, z:quantile(0.5, 2).shape)
    assert.are.same({ 4 }, z:nanquantile(0.5, 1).shape)
  end)

  it("has a gradient in the share", function()
    local share = pg.tensor({ 0.3 }, { dtype = "float64" })
    share.requires_grad = true
    y:to("float64"):quantile(share):sum():backward()
    near(share.grad, { 4 })
  end)
end)
