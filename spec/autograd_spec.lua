-- Gradients: how they flow, gather and are refused. The derivative of each
-- operation is gradient_spec's, the history of changes in place inplace_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local function leaf(data) return pg.tensor(data, { requires_grad = true }) end

describe("backward", function()
  it("gathers over every path and every call", function()
    local x = leaf { 1.0, 2.0 }
    pg.sum(x * x + x):backward()
    near(x.grad, { 3, 5 })
    x:sum():backward()
    near(x.grad, { 4, 6 })
  end)

  it("leaves tensors alone that want no gradient", function()
    local x, y = leaf { 1.0 }, pg.tensor { 2.0 }
    pg.sum(x * y):backward()
    assert.is_nil(y.grad)
  end)

  it("sums over what was broadcast", function()
    local x, b = leaf { { 1.0 }, { 2.0 } }, leaf(3.0)
    pg.sum(x + pg.zeros { 2, 3 } + b):backward()
    near(x.grad, { { 3 }, { 3 } })
    near(b.grad, 6)
  end)

  it("goes through views", function()
    local x = leaf { { 1.0, 2.0 }, { 3.0, 4.0 } }
    x:transpose(1, 2)[1]:mul(pg.tensor { 10.0, 100.0 }):sum():backward()
    near(x.grad, { { 10, 0 }, { 100, 0 } })
  end)

  it("starts from any tensor with a gradient that flows in", function()
    local x = leaf { 1.0, 2.0 }
    local y = x * 3
    y:backward(pg.tensor { 1.0, 10.0 })
    near(x.grad, { 3, 30 })
  end)

  it("runs twice when the graph is retained", function()
    local x = leaf { 2.0 }
    local y = (x * x):sum()
    y:backward { retain_graph = true }
    y:backward()
    near(x.grad, { 8 })
  end)

  it("survives a chain of 100000 operations", function()
    local x = leaf { 1.0 }
    local y = x
    for _ = 1, 100000 do y = y + 0 end
    y:sum():backward()
    near(x.grad, { 1 })
  end)

  it("stops at detach and no_grad", function()
    local x = leaf { 2.0 }
    local y
    pg.no_grad(function() y = x * 5 end)
    assert.is_false(y.requires_grad)
    pg.sum(x * x:detach() + y):backward()
    near(x.grad, { 2 })
  end)

  it("is switched off until the end of the block by a closing value",
    function()
      local x = leaf { 2.0 }
      do
        local _ <close> = pg.no_grad()
        assert.is_false((x * 2).requires_grad)
      end
      assert.is_true((x * 2).requires_grad)
    end)

  it("comes back on when no_grad's function fails", function()
    pcall(pg.no_grad, function() error("stop") end)
    assert.is_true((leaf { 1.0 } * 2).requires_grad)
  end)
end)

describe("grad", function()
  it("returns gradients and leaves the leaves alone", function()
    local x, y = leaf { 1.0, 2.0 }, leaf { 3.0, 4.0 }
    local dx, dy = pg.grad((x * y):sum(), { x, y })
    near(dx, { 3, 4 })
    near(dy, { 1, 2 })
    assert.is_nil(x.grad)
  end)

  it("differentiates gradients again", function()
    local x = leaf { 2.0, 3.0 }
    local dx = pg.grad((x * x * x):sum(), x, { create_graph = true })
    near(dx, { 12, 27 })
    near((pg.grad(dx:sum(), x)), { 12, 18 })
  end)

  it("returns tensors that share no memory", function()
    local x, y = leaf { 1.0, 2.0 }, leaf { 3.0, 4.0 }
    local seed = pg.tensor { 5.0, 6.0 }
    local dx, dy = pg.grad(x + y, { x, y }, { grad_outputs = seed })
    dx:mul_(100)
    near(dx, { 500, 600 })
    near(dy, { 5, 6 })
    near(seed, { 5, 6 })
  end)

  it("refuses an input outside the history", function()
    local x, y = leaf { 1.0 }, leaf { 1.0 }
    raises(function() pg.grad(x:sum(), { y }) end, "grad", "allow_unused")
  end)

  it("gives nil for it when asked to", function()
    local x, y = leaf { 1.0 }, leaf { 1.0 }
    assert.is_nil((pg.grad(x:sum(), { y }, { allow_unused = true })))
  end)
end)

describe("requires_grad", function()
  it("follows from the inputs", function()
    local x = leaf { 1.0 }
    assert.is_true((x + 1).requires_grad)
    assert.is_false((pg.tensor { 1.0 } + 1).requires_grad)
    assert.is_false(x:gt(0).requires_grad)
  end)

  it("is refused for integers", function()
    local x = pg.tensor { 1 }
    raises(function() x.requires_grad = true end, "int64")
  end)

  it("is refused for a tensor that an operation made", function()
    local y = leaf { 1.0 } * 2
    raises(function() y.requires_grad = false end, "mul", "detach")
  end)
end)

describe("grad fields", function()
  it("are the same object at every reading", function()
    local x = leaf { 1.0 }
    x:sum():backward()
    assert.are.equal(x.grad, x.grad)
  end)

  it("can be set and taken away", function()
    local x = leaf { 1.0, 2.0 }
    x.grad = pg.tensor { 5.0, 6.0 }
    near(x.grad, { 5, 6 })
    x.grad = nil
    assert.is_nil(x.grad)
  end)

  it("refuse another shape", function()
    local x = leaf { 1.0, 2.0 }
    raises(function() x.grad = pg.ones { 3 } end, "[3]")
  end)
end)

describe("pg.gradcheck", function()
  local x = pg.tensor({ 0.5, 1.5 }, { dtype = "float64",
    requires_grad = true })

  it("passes a right gradient", function()
    assert.is_true(pg.gradcheck(function(v) return v:exp() end, { x }))
    assert.is_true(pg.gradgradcheck(function(v) return v:exp() end, { x }))
  end)

  it("names input, element and both numbers of a wrong one", function()
    raises(function()
      pg.gradcheck(function(v) return v * v:detach() end, { x })
    end, "gradcheck", "input 1", "element 1")
  end)

  it("refuses float32", function()
    raises(function()
      pg.gradcheck(function(v) return v * 2 end, { leaf { 1.0 } })
    end, "float64")
  end)

  it("hands on an error of the function", function()
    raises(function()
      pg.gradcheck(function() error("my own error") end, { x })
    end, "my own error")
  end)
end)

describe("operations without a gradient", function()
  it("raise when one is asked for", function()
    local p = leaf { 0.5 }
    raises(function() return p:bernoulli() end, "bernoulli")
  end)

  it("raise when a target requires one", function()
    raises(function()
      pg.cross_entropy(pg.ones { 1, 2 }, leaf { { 0.5, 0.5 } })
    end, "cross_entropy", "target")
  end)
end)
