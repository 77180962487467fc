-- Looking up and counting. Numbers that are written in are PyTorch 2.15's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local nan = 0 / 0

local function all_near(got, want)
  for i, value in ipairs(want) do near(got[i], value) end
end

describe("unique", function()
  local x = pg.tensor { { 3, 1, 3 }, { 1, 1, 2 } }
  local both = { return_inverse = true, return_counts = true }

  it("gives each element once, in order", function()
    near(x:unique(), { 1, 2, 3 })
    near(pg.tensor({ true, false, true }):unique(), { false, true })
  end)

  it("tells where they went and how often they come", function()
    all_near({ x:unique(both) },
      { { 1, 2, 3 }, { { 3, 1, 3 }, { 1, 1, 2 } }, { 3, 1, 2 } })
  end)

  it("leaves nil what is not asked for", function()
    local values, inverse, counts = x:unique { return_counts = true }
    near(values, { 1, 2, 3 })
    assert.is_nil(inverse)
    near(counts, { 3, 1, 2 })
    assert.are.equal(1, select("#", x:unique()))
  end)

  it("compares slices of a dimension", function()
    local y = pg.tensor { { 2, 1, 2 }, { 5, 6, 5 } }
    all_near({ y:unique { dim = 2, return_inverse = true,
      return_counts = true } },
      { { { 1, 2 }, { 6, 5 } }, { 2, 1, 2 }, { 1, 2 } })
    near(y:unique { dim = 1 }, { { 2, 1, 2 }, { 5, 6, 5 } })
  end)

  it("takes every NaN for another", function()
    near(pg.tensor({ nan, 1.0, nan, 1.0 }):unique(), { 1, nan, nan })
  end)

  it("gives nothing of nothing", function()
    local values, inverse, counts = pg.zeros({ 0 }):unique(both)
    assert.are.same({ 0 }, values.shape)
    assert.are.same({ 0 }, inverse.shape)
    assert.are.same({ 0 }, counts.shape)
  end)

  it("gives the gradient to the first of equals", function()
    local y = pg.tensor { 2.0, 1.0, 2.0 }
    y.requires_grad = true
    local values = y:unique()
    pg.sum(values * pg.tensor { 10.0, 20.0 }):backward()
    near(y.grad, { 20, 10, 0 })
  end)

  it("keeps only runs apart when consecutive", function()
    local y = pg.tensor { 3, 3, 1, 3, 3, 3 }
    all_near({ y:unique_consecutive(both) },
      { { 3, 1, 3 }, { 1, 1, 2, 3, 3, 3 }, { 2, 1, 3 } })
    near(pg.tensor({ { 1, 2 }, { 1, 2 }, { 0, 2 } })
      :unique_consecutive { dim = 1 }, { { 1, 2 }, { 0, 2 } })
  end)
end)

describe("searchsorted", function()
  local s = pg.tensor { 1, 3, 3, 5 }
  local cases = {
    { "in front of equals", pg.searchsorted(s, pg.tensor { 0, 3, 4, 9 }),
      { 1, 2, 4, 5 } },
    { "behind equals", pg.searchsorted(s, pg.tensor { 0, 3, 9 },
      { right = true }), { 1, 4, 5 } },
    { "behind equals by side", pg.searchsorted(s, pg.tensor { 3 },
      { side = "right" }), { 4 } },
    { "a number", pg.searchsorted(s, 3), 2 },
    { "between whole numbers", pg.searchsorted(s, 2.5), 2 },
    { "NaN at the end", pg.searchsorted(s, pg.tensor { nan }), { 5 } },
    { "into nothing", pg.searchsorted(pg.zeros { 0 }, pg.tensor { 1.0 }),
      { 1 } },
    { "line by line", pg.searchsorted(pg.tensor { { 1, 2 }, { 3, 4 } },
      pg.tensor { { 2, 9, 0 }, { 2, 9, 4 } }), { { 2, 3, 1 }, { 1, 3, 2 } } },
    { "buckets", pg.bucketize(pg.tensor { 0.5, 1.0, 2.0 },
      pg.tensor { 1.0, 2.0 }), { 1, 1, 2 } },
    { "buckets, to the right", pg.bucketize(pg.tensor { 0.5, 1.0, 2.0 },
      pg.tensor { 1.0, 2.0 }, { right = true }), { 1, 2, 3 } },
  }
  for _, case in ipairs(cases) do
    it("places " .. case[1], function() near(case[2], case[3]) end)
  end

  it("tells large whole numbers from floats near them", function()
    local big = pg.tensor { 2 ^ 53 | 0, (2 ^ 53 | 0) + 1 }
    near(pg.searchsorted(big, big), { 1, 2 })
  end)
end)

describe("isin", function()
  local x = pg.tensor { { 1, 2 }, { 3, 4 } }
  local cases = {
    { "elements", pg.isin(x, pg.tensor { 4, 1, 9 }),
      { { true, false }, { false, true } } },
    { "the others", pg.isin(x, pg.tensor { 4, 1 }, { invert = true }),
      { { false, true }, { true, false } } },
    { "a number", pg.isin(x, 3), { { false, false }, { true, false } } },
    { "a number among others", pg.isin(3, x), true },
    { "nothing in nothing", pg.isin(x, pg.zeros { 0 }),
      { { false, false }, { false, false } } },
    { "numbers beside NaN",
      pg.isin(pg.tensor { 1.0, nan }, pg.tensor { nan, 1.0, nan, nan, nan }),
      { true, false } },
    { "no NaN", pg.isin(pg.tensor { nan, 1.0 }, pg.tensor { nan, 1.0 }),
      { false, true } },
  }
  for _, case in ipairs(cases) do
    it("finds " .. case[1], function() near(case[2], case[3]) end)
  end
end)

describe("bincount", function()
  it("counts from the number 0 on", function()
    near(pg.tensor({ 1, 3, 1 }):bincount(), { 0, 2, 0, 1 })
    near(pg.tensor({ 1 }):bincount { minlength = 3 }, { 0, 1, 0 })
    assert.are.same({ 0 }, pg.zeros({ 0 }, { dtype = "int64" })
      :bincount().shape)
  end)

  it("adds weights", function()
    local x, w = pg.tensor { 1, 3, 1 }, pg.tensor { 0.5, 2.0, 0.25 }
    near(x:bincount(w), { 0, 0.75, 0, 2 })
    assert.are.equal("float32", x:bincount(w).dtype)
    assert.are.equal("float64", x:bincount(pg.tensor { 1, 2, 3 }).dtype)
  end)

  it("has a gradient in the weights", function()
    local w = pg.tensor { 0.5, 2.0, 0.25 }
    w.requires_grad = true
    local y = pg.tensor({ 1, 2, 1 }):bincount(w)
    pg.sum(y * pg.tensor { 1.0, 10.0, 100.0 }):backward()
    near(w.grad, { 10, 100, 10 })
  end)
end)

describe("histc", function()
  local x = pg.tensor { 1.0, 2.0, 1.0, 5.0, nan }
  local cases = {
    { "within a range", x:histc { bins = 4, min = 0, max = 3 },
      { 0, 2, 1, 0 } },
    { "the upper end in the last bin", x:histc { bins = 2, min = 1, max = 5 },
      { 3, 1 } },
    { "from the least to the largest", pg.tensor({ 1.0, 2.0, 4.0 }):histc(3),
      { 1, 1, 1 } },
    { "around a single value", pg.tensor({ 2.0, 2.0 }):histc(2), { 0, 2 } },
    { "nothing", pg.zeros({ 0 }):histc(2), { 0, 0 } },
    { "more than float16 can count",
      pg.ones({ 4000 }, { dtype = "float16" }):histc { bins = 1, max = 2 },
      { 4000 } },
  }
  for _, case in ipairs(cases) do
    it("counts " .. case[1], function() near(case[2], case[3]) end)
  end

  it("counts a large line in the bins of its formula", function()
    pg.manual_seed(5)
    local y = pg.rand { 5000 }
    local want = (y * 10):floor():to("int64"):bincount()
    near(y:histc { bins = 10, min = 0, max = 1 }, want:totable())
  end)
end)
