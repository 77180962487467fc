-- Norms and distances. The numbers are those of PyTorch 2.15 or follow from
-- the formula.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local inf, nan = math.huge, 0 / 0
local x =
  pg.tensor { { 0.0, 0.0, 0.0 }, { 1.0, -2.0, 0.0 }, { 2.0, 2.0, -2.0 } }

describe("norm", function()
  local cases = {
    { 0, { 0, 2, 3 }, { { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 0 } } },
    { 0.5, { 0, 5.8284271247461903, 18 },
      { { 0, 0, 0 }, { 2.4142135623730949, -1.7071067811865475, 0 },
        { 3, 3, -3 } } },
    { 1, { 0, 3, 6 }, { { 0, 0, 0 }, { 1, -1, 0 }, { 1, 1, -1 } } },
    { 2, { 0, 2.2360679774997898, 3.4641016151377544 },
      { { 0, 0, 0 }, { 0.44721359549995793, -0.89442719099991586, 0 },
        { 0.57735026918962573, 0.57735026918962573, -0.57735026918962573 } } },
    { 3, { 0, 2.0800838230519041, 2.8844991406148168 },
      { { 0, 0, 0 }, { 0.23112042478354492, -0.92448169913417969, 0 },
        { 0.48074985676913606, 0.48074985676913606, -0.48074985676913606 } } },
    { inf, { 0, 2, 2 },
      { { 0, 0, 0 }, { 0, -1, 0 }, { 1 / 3, 1 / 3, -1 / 3 } } },
    { -inf, { 0, 0, 2 },
      { { 0, 0, 0 }, { 0, 0, 0 }, { 1 / 3, 1 / 3, -1 / 3 } } },
    { -1, { 0, 0, 2 / 3 },
      { { 0, 0, 0 }, { 0, 0, 0 }, { 1 / 9, 1 / 9, -1 / 9 } } },
  }
  for _, case in ipairs(cases) do
    it("has values and gradients of order " .. case[1], function()
      local leaf = x:clone()
      leaf.requires_grad = true
      local y = leaf:norm(case[1], 2)
      near(y, case[2])
      y:sum():backward()
      if leaf.grad then near(leaf.grad, case[3]) end
    end)
  end

  local values = {
    { "of everything", x:norm(), 4.1231056256176606 },
    { "called fro", x:norm("fro"), 4.1231056256176606 },
    { "over a list", x:norm { dim = { 1, 2 }, keepdim = true },
      { { 4.1231056256176606 } } },
    { "of a number alone", pg.tensor(-3.0):norm(), 3 },
    { "of nothing", pg.zeros({ 2, 0 }):norm(2, 2), { 0, 0 } },
    { "of NaN", pg.tensor({ 1.0, nan }):norm(inf), nan },
    { "in another dtype", pg.tensor({ 3, 4 }):norm { dtype = "float32" }, 5 },
    { "under the name of linear algebra", x:vector_norm { ord = 1 }, 9 },
  }
  for _, case in ipairs(values) do
    it("gives that " .. case[1], function() near(case[2], case[3]) end)
  end

  it("of float16 is summed in float32", function()
    local y = pg.full({ 10000 }, 10, { dtype = "float16" }):norm()
    near(y, 1000)
    assert.are.equal("float16", y.dtype)
  end)
end)

describe("normalize", function()
  it("divides by the length", function()
    near(pg.tensor({ { 3.0, 4.0 } }):normalize(), { { 0.6, 0.8 } })
    near(pg.tensor({ 3.0, 1.0 }):normalize(1, 1), { 0.75, 0.25 })
  end)

  it("leaves zeros what they are", function()
    near(pg.zeros({ 1, 2 }):normalize(), { { 0, 0 } })
  end)
end)

describe("distances", function()
  local a = pg.tensor { { 0.0, 0.0 }, { 1.0, 1.0 } }
  local b = pg.tensor { { 3.0, 4.0 }, { 1.0, 1.0 }, { 0.0, 1.0 } }
  local cases = {
    { "of two tensors", pg.dist(a, b:narrow(1, 1, 2)), 5 },
    { "of vectors", pg.pairwise_distance(a, b:narrow(1, 1, 2), { eps = 0 }),
      { 5, 0 } },
    { "of equal vectors, moved apart", pg.pairwise_distance(a, a),
      { 1.4142135623730951e-6, 1.4142135623730951e-6 } },
    { "between all", pg.cdist(a, b),
      { { 5, 1.4142135623730951, 1 }, { 3.6055512754639891, 0, 1 } } },
    { "of order 1", pg.cdist(a, b, 1), { { 7, 2, 1 }, { 5, 0, 1 } } },
    { "of order 0", pg.cdist(a, b, 0), { { 2, 2, 1 }, { 2, 0, 1 } } },
    { "of the largest", pg.cdist(a, b, inf), { { 4, 1, 1 }, { 3, 0, 1 } } },
    { "of vectors without elements", pg.cdist(pg.zeros { 2, 0 },
      pg.zeros { 1, 0 }), { { 0 }, { 0 } } },
  }
  for _, case in ipairs(cases) do
    it("are right " .. case[1], function() near(case[2], case[3]) end)
  end

  it("between all broadcast", function()
    assert.are.same({ 4, 2, 3 },
      { table.unpack(pg.cdist(pg.zeros { 4, 2, 2 }, b).shape) })
  end)

  it("have gradient 0 where they are 0", function()
    local leaf = a:clone()
    leaf.requires_grad = true
    pg.cdist(leaf, b:narrow(1, 2, 1)):sum():backward()
    local slope = -0.70710678118654757
    near(leaf.grad, { { slope, slope }, { 0, 0 } })
  end)
end)
