-- Changes in place and gradients: what becomes part of the history, what ends
-- it, what is refused. Values without a gradient are pointwise_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local function leaf(data) return pg.tensor(data, { requires_grad = true }) end

-- Float64 leaf of 'shape' with numbers well away from 0.
local function spread(shape, salt)
  return tensors.leaf(tensors.make(shape,
    tensors.spread(tensors.count(shape), 0.5, 1.5, salt), "float64"))
end

describe("changes in place", function()
  it("are part of the history", function()
    local x = leaf { 1.0, 2.0 }
    local y = x * 2
    y:mul_(y:detach():clone())
    y:sum():backward()
    near(x.grad, { 4, 8 })
  end)

  it("by the tensor itself have the gradient of both places", function()
    local x = leaf { 1.0, 2.0 }
    local y = x * 1
    y:mul_(y):sum():backward()
    near(x.grad, { 2, 4 })
  end)

  it("of whole numbers have no history, so their views stay true", function()
    local v = pg.zeros({ 2 }, { dtype = "int64" }):narrow(1, 1, 1)
    v:copy_(leaf { 3.0 })
    assert.are.equal(3, v:sum():item())
  end)

  it("of a leaf are refused outside no_grad", function()
    local x = leaf { 1.0 }
    raises(function() x:add_(1) end, "leaf", "no_grad")
    pg.no_grad(function() x:add_(1) end)
    near(x, { 2 })
  end)

  it("of a saved tensor are an error that names the operation", function()
    local x = leaf { 1.0, 2.0 }
    local y = x * 1
    local z = y * y
    y:add_(1)
    raises(function() z:sum():backward() end, "mul", "add_", "in place")
  end)

  it("of a saved output are an error", function()
    local x = leaf { 1.0 }
    local y = x:exp()
    y:zero_()
    raises(function() y:sum():backward() end, "exp", "zero_", "in place")
  end)

  it("of what no gradient needs are fine", function()
    local x = leaf { 1.0 }
    local y = x + 1
    y:add_(1)
    y:sum():backward()
    near(x.grad, { 1 })
  end)
end)

describe("a change in place of a constant kind", function()
  local constant = {
    { "floor_", function(y) y:floor_() end },
    { "gt_", function(y) y:gt_(3) end },
  }
  for _, case in ipairs(constant) do
    it(("ends the history: %s"):format(case[1]), function()
      local y = leaf { 1.3, 2.6 } * 2
      case[2](y)
      assert.is_false(y.requires_grad)
      raises(function() y:sum():backward() end, "backward", "no history")
    end)

    it(("on a view lets no gradient to that part: %s"):format(case[1]),
      function()
        local x = leaf { 1.3, 2.6, 3.9 }
        local y = x * 2
        case[2](y:narrow(1, 2, 1))
        y:sum():backward()
        near(x.grad, { 2, 0, 2 })
      end)
  end

  it("takes a new history from the next change", function()
    local x, w = leaf { 1.3, 2.6 }, leaf { 5.0, 7.0 }
    local y = x * 2
    y:floor_()
    y:mul_(w)
    y:sum():backward()
    assert.is_nil(x.grad)
    near(w.grad, { 2, 5 })
  end)
end)

describe("overwriting", function()
  local ways = {
    { "fill_", function(y) y:fill_(0) end },
    { "zero_", function(y) y:zero_() end },
    { "copy_", function(y) y:copy_(pg.zeros { 2 }) end },
  }
  for _, way in ipairs(ways) do
    it(("by %s gives the gradient zero, an infinite one flowing in")
      :format(way[1]), function()
      local x = leaf { 3.0, 4.0 }
      local y = x * 2
      way[2](y)
      y:log():sum():backward()
      near(x.grad, { 0, 0 })
    end)
  end
end)

describe("a view changed in place", function()
  -- Of the leaves, each in its own shape.
  local cases = {
    { "a row written", { { 4 } }, function(p)
      local z = pg.zeros({ 3, 4 }, { dtype = "float64" })
      z[2] = p * p
      return z:tanh()
    end },
    { "a column multiplied", { { 3, 4 } }, function(x)
      local z = x * x
      z:narrow(2, 2, 2):mul_(3)
      return z * z
    end },
    { "a column multiplied by another", { { 3, 4 } }, function(x)
      local z = x * x
      z[{ {}, 1 }]:mul_(x[{ {}, 4 }])
      return z * z
    end },
    { "a transposed view added to", { { 3, 4 }, { 4, 3 } }, function(x, y)
      local z = x * x
      z:transpose(1, 2):add_(y)
      return z * z
    end },
    { "every second element", { { 5 }, { 3 } }, function(x, y)
      local z = x * x
      z:slice(1, 1, 5, 2):mul_(y)
      return z * z
    end },
    { "a view of a view", { { 3, 4 }, { 2 } }, function(x, y)
      local z = x * x
      z:transpose(1, 2)[2]:narrow(1, 1, 2):mul_(y)
      return z * z
    end },
    { "two changes in a row", { { 3, 4 }, { 2, 4 } }, function(x, y)
      local z = x * x
      local v = z[{ { 1, 2 } }]
      v:add_(y)
      v:sigmoid_()
      return z * v:sum()
    end },
    { "a change of the base, then of a view", { { 3, 2 } }, function(x)
      local z = x * x
      z:mul_(x)
      z[2]:mul_(x[1])
      return z * z
    end },
    { "elements written one by one", { { 3 } }, function(x)
      local z = x * 1
      for i = 1, 3 do z[i] = x[{ i }] * x[{ 1 }] end
      return z
    end },
    { "a part filled with a number", { { 3, 2 } }, function(x)
      local z = x * x
      z[{ { 2, 3 }, 1 }] = 7
      return z * z
    end },
  }
  for _, case in ipairs(cases) do
    it(("has the gradient of differences, twice: %s"):format(case[1]),
      function()
        local leaves = {}
        for i, shape in ipairs(case[2]) do leaves[i] = spread(shape, i) end
        pg.gradcheck(case[3], leaves)
        pg.gradgradcheck(case[3], leaves)
      end)
  end

  it("hands the gradient of each element to whoever wrote it", function()
    local x, p = leaf { { 1.0, 2.0 }, { 3.0, 4.0 } }, leaf { 5.0, 6.0 }
    local z = x * 10
    z[2] = p * p
    pg.sum(z * z):backward()
    near(x.grad, { { 200, 400 }, { 0, 0 } })
    near(p.grad, { 4 * 5 ^ 3, 4 * 6 ^ 3 })
  end)

  it("makes its base depend on what was written", function()
    local z = pg.zeros { 2, 2 }
    z[1]:copy_(leaf { 1.0, 2.0 })
    assert.is_true(z.requires_grad)
  end)

  it("can be read and changed again", function()
    local x = leaf { 1.0, 2.0 }
    local y = x * 3
    local v = y:narrow(1, 1, 1)
    v:mul_(2)
    pg.sum(v * v):backward()
    near(x.grad, { 72, 0 })
  end)
end)

describe("a view whose base was changed since", function()
  local function stale()
    local y = leaf { 3.0, 4.0 } * 2
    local v = y:narrow(1, 1, 1)
    y:neg_()
    return v
  end

  it("raises when it is used", function()
    local v = stale()
    raises(function() return v * 2 end, "mul", "view", "neg_", "again")
  end)

  it("raises when it is changed", function()
    local v = stale()
    raises(function() v:add_(1) end, "add_", "view", "neg_", "again")
  end)

  it("raises in a backward from it", function()
    local v = stale()
    raises(function() v:backward() end, "backward", "view", "neg_", "again")
  end)

  it("raises when another view was the one changed", function()
    local y = leaf { 1.0, 2.0, 3.0 } * 2
    local a, b = y:narrow(1, 1, 2), y:narrow(1, 2, 2)
    a:add_(1)
    raises(function() return b * 2 end, "mul", "view", "add_")
    near(a, { 3, 5 })
  end)

  it("still tells its numbers", function()
    assert.are.equal(-6, stale():item())
  end)
end)

describe("a view from before its base had a history", function()
  local function early()
    local base = pg.zeros { 2 }
    local v = base:narrow(1, 1, 1)
    base:copy_(leaf { 3.0, 4.0 })
    return v
  end

  it("raises when it is used", function()
    local v = early()
    raises(function() return v:sum() end, "sum", "view", "copy_", "again")
  end)

  it("raises when it is changed", function()
    local y, v = leaf { 3.0, 4.0 } * 2, nil
    pg.no_grad(function() v = y:narrow(1, 1, 1) end)
    raises(function() v:add_(1) end, "add_", "view", "history")
  end)
end)

describe("a view of a leaf", function()
  it("is refused outside no_grad", function()
    local x = leaf { 1.0, 2.0 }
    raises(function() x[1] = 3 end, "view of a leaf", "no_grad")
    raises(function() x:narrow(1, 1, 1):zero_() end, "zero_", "view of a leaf")
    near(x, { 1, 2 })
  end)

  it("changes the leaf inside no_grad", function()
    local x = leaf { 1.0, 2.0 }
    pg.no_grad(function() x[1] = 3 end)
    near(x, { 3, 2 })
    assert.is_true(x.requires_grad)
  end)
end)
