-- Matrix products: every pairing of ranks, views, empty sizes, refusals.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

-- C = A B by the definition, over nested lists.
local function product(a, b)
  local c = {}
  for i = 1, #a do
    c[i] = {}
    for j = 1, #b[1] do
      local sum = 0.0
      for k = 1, #b do sum = sum + a[i][k] * b[k][j] end
      c[i][j] = sum
    end
  end
  return c
end

local function lists(rows, columns, salt)
  local flat, list = tensors.spread(rows * columns, -1, 1, salt), {}
  for i = 1, rows do
    list[i] = table.move(flat, (i - 1) * columns + 1, i * columns, 1, {})
  end
  return list
end

describe("matmul", function()
  local shapes = {
    { { 3 }, { 3 }, {} }, { { 3 }, { 3, 2 }, { 2 } },
    { { 2, 3 }, { 3 }, { 2 } }, { { 2, 3 }, { 3, 4 }, { 2, 4 } },
    { { 3 }, { 5, 3, 2 }, { 5, 2 } }, { { 5, 2, 3 }, { 3 }, { 5, 2 } },
    { { 5, 2, 3 }, { 3, 4 }, { 5, 2, 4 } },
    { { 2, 1, 2, 3 }, { 4, 3, 2 }, { 2, 4, 2, 2 } },
    { { 2, 0 }, { 0, 3 }, { 2, 3 } }, { { 0, 2 }, { 2, 3 }, { 0, 3 } },
    { { 0, 2, 2 }, { 2, 3 }, { 0, 2, 3 } },
  }
  for _, case in ipairs(shapes) do
    it("of " .. tensors.shape_text(case[1]) .. " and "
      .. tensors.shape_text(case[2]) .. " has shape "
      .. tensors.shape_text(case[3]), function()
      assert.are.same(case[3], pg.ones(case[1]):matmul(pg.ones(case[2])).shape)
    end)
  end

  for _, size in ipairs({ { 1, 1, 1 }, { 7, 5, 9 }, { 33, 17, 20 } }) do
    local m, k, n = table.unpack(size)
    local a, b = lists(m, k, 1), lists(k, n, 2)
    it(("of %dx%d and %dx%d is the sum of products"):format(m, k, k, n),
      function()
        for _, dtype in ipairs({ "float64", "float32" }) do
          near(pg.tensor(a, { dtype = dtype })
            :matmul(pg.tensor(b, { dtype = dtype })), product(a, b))
        end
      end)
  end

  it("takes views as they lie", function()
    local a, b = lists(3, 4, 1), lists(5, 4, 2)
    local x, y = pg.tensor(a), pg.tensor(b)
    local want = x:matmul(y:transpose(1, 2):contiguous())
    near(x:matmul(y:transpose(1, 2)), want:totable())
  end)

  it("sums nothing to zero", function()
    near(pg.ones({ 2, 0 }):matmul(pg.ones { 0, 2 }), { { 0, 0 }, { 0, 0 } })
  end)

  it("lets the gradient flow to a broadcast batch", function()
    local a = pg.tensor({ { { 1.0, 2.0 } } }, { requires_grad = true })
    a:matmul(pg.ones { 3, 2, 1 }):sum():backward()
    near(a.grad, { { { 3, 3 } } })
  end)

  local refused = {
    { "inner sizes that differ",
      function() pg.ones({ 2, 3 }):matmul(pg.ones { 4, 5 }) end,
      "matmul", "[2, 3]", "[4, 5]" },
    { "a number",
      function() pg.ones({}):matmul(pg.ones { 2 }) end, "matmul" },
    { "batches that do not broadcast",
      function() pg.ones({ 2, 1, 1 }):matmul(pg.ones { 3, 1, 1 }) end,
      "matmul", "[2, 1, 1]", "[3, 1, 1]" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)

describe("linear", function()
  it("maps the last dimension", function()
    local w = pg.tensor { { 1.0, 2.0 }, { 3.0, 4.0 }, { 5.0, 6.0 } }
    local b = pg.tensor { 0.5, 0.0, -0.5 }
    near(pg.linear(pg.tensor { { 1.0, 1.0 } }, w, b), { { 3.5, 7, 10.5 } })
    near(pg.linear(pg.tensor { 1.0, 1.0 }, w), { 3, 7, 11 })
  end)

  it("is exact for integers that no float64 holds", function()
    local large = (1 << 53) + 1
    near(pg.linear(pg.tensor { { large } }, pg.tensor { { 1 } },
      pg.tensor { 1 }), { { large + 1 } })
  end)

  it("refuses features that differ, naming both sizes", function()
    raises(function() pg.linear(pg.ones { 32, 783 }, pg.ones { 10, 784 }) end,
      "linear", "783", "784")
  end)
end)

describe("an activation after nn.Linear in nn.Sequential", function()
  local nn = pg.nn

  -- Output and gradients of 'forward' over x, weight and bias, and the
  -- gradient by x of the sum of its squared gradient.
  local function results(forward, x, weight, bias)
    local y = forward(x)
    local leaves = { x, weight, bias }
    local first = { pg.grad((y * y):sum(), leaves, { create_graph = true }) }
    local second = { pg.grad((first[1] * first[1]):sum(), leaves) }
    return { y = y, first = first, second = second }
  end

  for name, op in pairs({ ReLU = "relu", Tanh = "tanh", Sigmoid = "sigmoid" })
  do
    for _, dtype in ipairs({ "float32", "float64" }) do
      it(("%s in %s gives the bits of the two operations"):format(name, dtype),
        function()
          pg.manual_seed(3)
          local model = nn.Sequential {
            nn.Linear(20, 9, { dtype = dtype }), nn[name](),
          }
          local fc = model:children()[1]
          local x = pg.randn({ 7, 20 }, { dtype = dtype, requires_grad = true })
          local apart = results(function(input)
            return pg[op](pg.linear(input, fc.weight, fc.bias))
          end, x, fc.weight, fc.bias)
          local together = results(model, x, fc.weight, fc.bias)
          assert.is_true(together.y:eq(apart.y):all())
          for _, order in ipairs({ "first", "second" }) do
            for i, dx in ipairs(apart[order]) do
              assert.is_true(together[order][i]:eq(dx):all())
            end
          end
        end)
    end
  end

  it("names the Linear in an error", function()
    local model = nn.Sequential { nn.Linear(3, 2), nn.ReLU() }
    raises(function() model(pg.ones { 1, 4 }) end, "linear: x has 4 features",
      'nn.Linear "0"')
  end)
end)
