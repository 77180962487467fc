-- Softmax and cross entropy: stability, kinds of targets, refusals.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

describe("softmax", function()
  it("sums to one along its dimension", function()
    near(pg.tensor(tensors.spread(12, -3, 3)):reshape({ 3, 4 })
      :softmax(1):sum(1), { 1, 1, 1, 1 })
  end)

  it("stays finite for logits of 1e4", function()
    near(pg.tensor({ 1e4, 1e4, -1e4 }):softmax(1), { 0.5, 0.5, 0 })
    near(pg.tensor({ 1e4, 0.0, 1e4 - 1 }):log_softmax(1),
      { -math.log(1 + math.exp(-1)), -1e4 - math.log(1 + math.exp(-1)),
        -1 - math.log(1 + math.exp(-1)) })
  end)

  it("refuses integers", function()
    raises(function() pg.tensor({ 1, 2 }):softmax(1) end, "softmax", "int64")
  end)

  it("refuses a dimension out of range", function()
    raises(function() pg.ones({ 2 }):softmax(2) end, "softmax", "2")
  end)

  it("needs its dimension", function()
    raises(function() pg.ones({ 2 }):softmax() end, "softmax", "dim")
  end)
end)

describe("cross_entropy", function()
  local logits = pg.tensor { { 2.0, 1.0, 0.0 }, { 0.0, 0.0, 0.0 } }
  local y = pg.tensor { 1, 3 }
  -- -log of e^2 / (e^2 + e + 1), and log 3
  local first = math.log(math.exp(2) + math.exp(1) + 1) - 2
  local second = math.log(3)

  it("is minus the logarithm of the class's probability", function()
    near(pg.cross_entropy(logits, y, { reduction = "none" }),
      { first, second })
    near(pg.cross_entropy(logits, y), (first + second) / 2)
    near(pg.cross_entropy(logits, y, { reduction = "sum" }), first + second)
  end)

  it("gives the right finite loss for logits of 1e4", function()
    local x = pg.tensor({ { 1e4, 0.0 }, { 1e4, 0.0 } },
      { requires_grad = true })
    local loss = pg.cross_entropy(x, pg.tensor { 1, 2 })
    near(loss, 5000)
    loss:backward()
    near(x.grad, { { 0, 0 }, { 0.5, -0.5 } })
  end)

  it("divides by the weights of the classes that occur", function()
    local w = pg.tensor { 1.0, 1.0, 3.0 }
    near(pg.cross_entropy(logits, y, w), (first + 3 * second) / 4)
  end)

  it("leaves ignored targets out", function()
    near(pg.cross_entropy(logits, y, { ignore_index = 3 }), first)
  end)

  for _, index in ipairs({ math.maxinteger, (1 << 53) + 1 }) do
    it("leaves out a target as large as " .. index, function()
      local options = { ignore_index = index, label_smoothing = 0.1,
        reduction = "sum" }
      near(pg.cross_entropy(logits[{ { 1, 1 } }], pg.tensor { index },
        options), 0)
    end)
  end

  it("counts more samples than float16 can", function()
    local x = pg.zeros({ 70000, 2 }, { dtype = "float16" })
    near(pg.cross_entropy(x, pg.ones({ 70000 }, { dtype = "int64" })),
      math.log(2))
  end)

  it("takes probabilities", function()
    local p = pg.tensor { { 1.0, 0.0, 0.0 }, { 0.0, 0.5, 0.5 } }
    near(pg.cross_entropy(logits, p), (first + second) / 2)
  end)

  it("has the gradient softmax minus target", function()
    local x = logits:clone()
    x.requires_grad = true
    pg.cross_entropy(x, y, { reduction = "sum" }):backward()
    near(x.grad, (logits:softmax(2)
      - pg.tensor { { 1, 0, 0 }, { 0, 0, 1 } }):totable())
  end)

  it("is one call of a kernel each way", function()
    local x = pg.zeros({ 4, 3 }, { requires_grad = true })
    local loss
    local forward = pg.record(function()
      loss = pg.cross_entropy(x, pg.tensor { 1, 2, 3, 1 })
    end)
    assert.are.equal("class_loss", forward:calls()[1].kernel)
    assert.are.equal(1, #forward)
    local backward = {}
    for _, call in ipairs(pg.record(function() loss:backward() end):calls()) do
      if call.kernel:find("class") then
        backward[#backward + 1] = call.kernel
      end
    end
    assert.are.same({ "class_loss_dx" }, backward)
  end)

  it("gives ignored samples no gradient, whatever their logits", function()
    local x = pg.tensor({ { 0 / 0, 0.0 }, { 0.0, 0.0 } },
      { requires_grad = true })
    local loss = pg.cross_entropy(x, pg.tensor { -100, 1 })
    near(loss, math.log(2))
    loss:backward()
    near(x.grad, { { 0, 0 }, { -0.5, 0.5 } })
  end)

  it("leaves logits of -inf out that no share falls on", function()
    local x = pg.tensor({ { 0.0, -math.huge, 0.0 } }, { requires_grad = true })
    local loss = pg.cross_entropy(x, pg.tensor { 1 })
    near(loss, math.log(2))
    loss:backward()
    near(x.grad, { { -0.5, 0, 0.5 } })
  end)

  it("smooths labels", function()
    near(pg.cross_entropy(logits, y, { label_smoothing = 0.3,
      reduction = "none" }), { first + 0.3 * (2 - 1), second })
  end)

  it("computes float16 in float32", function()
    local x = pg.zeros({ 2, 4 }, { dtype = "float16", requires_grad = true })
    local loss = pg.cross_entropy(x, pg.tensor { 1, 4 })
    assert.are.equal("float16", loss.dtype)
    loss:backward()
    near(x.grad:to("float32"), { { -0.375, 0.125, 0.125, 0.125 },
      { 0.125, 0.125, 0.125, -0.375 } })
  end)

  it("has right gradients of gradients for every target and reduction",
    function()
      local start = pg.tensor(tensors.spread(12, -2, 2),
        { dtype = "float64", requires_grad = true }):detach()
        :reshape({ 3, 4 })
      start.requires_grad = true
      local p = pg.tensor({ { 0.5, 0.25, 0.25, 0 }, { 0, 1, 0, 0 },
        { 0.25, 0.25, 0.25, 0.25 } }, { dtype = "float64" })
      local w = pg.tensor({ 1, 2, 0.5, 3 }, { dtype = "float64" })
      for _, reduction in ipairs { "mean", "sum", "none" } do
        for _, target in ipairs { p, pg.tensor { 4, 1, 2 } } do
          local function fn(x)
            return pg.cross_entropy(x, target, w, { reduction = reduction,
              label_smoothing = 0.1, ignore_index = 1 })
          end
          pg.gradcheck(fn, { start })
          pg.gradgradcheck(fn, { start })
        end
      end
    end)

  local refused = {
    { "a class above the last", function()
      pg.cross_entropy(logits, pg.tensor { 1, 4 })
    end, "cross_entropy", "4", "3" },
    { "class 0", function()
      pg.cross_entropy(logits, pg.tensor { 0, 1 })
    end, "cross_entropy", "0" },
    { "the smallest integer as a class", function()
      pg.cross_entropy(logits, pg.tensor { 1, math.mininteger })
    end, "cross_entropy", "-9223372036854775808", "1 to 3" },
    { "floats as classes", function()
      pg.cross_entropy(logits, pg.tensor { 1.0, 3.0 })
    end, "cross_entropy", "float32", "[2]" },
    { "another number of targets", function()
      pg.cross_entropy(logits, pg.tensor { 1, 2, 3 })
    end, "cross_entropy", "[3]" },
    { "integer logits", function()
      pg.cross_entropy(pg.tensor { { 1, 2 } }, pg.tensor { 1 })
    end, "cross_entropy", "int64" },
    { "an unknown reduction", function()
      pg.cross_entropy(logits, y, { reduction = "average" })
    end, "reduction", "average", "mean" },
    { "label smoothing above one", function()
      pg.cross_entropy(logits, y, { label_smoothing = 1.5 })
    end, "label_smoothing", "1" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)

describe("dropout", function()
  it("keeps the mean and drops the share p", function()
    pg.manual_seed(3)
    local y = pg.ones({ 10000 }):dropout { p = 0.25 }
    local dropped = y:eq(0):sum():item() / 10000
    assert.is_true(math.abs(dropped - 0.25) < 0.02, "dropped " .. dropped)
    near(y:max(), 1 / 0.75)
    assert.is_true(math.abs(y:mean():item() - 1) < 0.03)
  end)

  it("passes x unchanged outside training", function()
    local x = pg.tensor { 1.0, 2.0 }
    near(x:dropout { p = 0.9, training = false }, { 1, 2 })
  end)

  it("scales the gradient by the same mask", function()
    local x = pg.ones({ 100 }, { requires_grad = true })
    local y = x:dropout(0.5)
    y:sum():backward()
    tensors.same_bits(x.grad, y:detach())
  end)
end)
