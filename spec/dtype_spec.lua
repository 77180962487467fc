-- Element types: promotion over all pairs, conversion, names.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local names = { "bool", "uint8", "int32", "int64", "float16", "bfloat16",
  "float32", "float64" }

-- torch.promote_types of PyTorch 1.13, one row per first operand, columns in
-- the order of 'names'.
local promoted = {
  { "bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32",
    "float64" },
  { "uint8", "uint8", "int32", "int64", "float16", "bfloat16", "float32",
    "float64" },
  { "int32", "int32", "int32", "int64", "float16", "bfloat16", "float32",
    "float64" },
  { "int64", "int64", "int64", "int64", "float16", "bfloat16", "float32",
    "float64" },
  { "float16", "float16", "float16", "float16", "float16", "float32",
    "float32", "float64" },
  { "bfloat16", "bfloat16", "bfloat16", "bfloat16", "float32", "bfloat16",
    "float32", "float64" },
  { "float32", "float32", "float32", "float32", "float32", "float32",
    "float32", "float64" },
  { "float64", "float64", "float64", "float64", "float64", "float64",
    "float64", "float64" },
}

describe("promotion", function()
  for i, a in ipairs(names) do
    it("of " .. a .. " with every dtype is PyTorch's", function()
      local got = {}
      for j, b in ipairs(names) do
        local x = pg.ones({ 2 }, { dtype = a })
        local y = pg.ones({ 2 }, { dtype = b })
        got[j] = x:maximum(y).dtype
      end
      assert.are.same(promoted[i], got)
    end)
  end

  -- torch.result_type(x, number), PyTorch 1.13.
  local numbers = {
    { "bool", 2, "int64" }, { "bool", 2.5, "float32" },
    { "uint8", 2, "uint8" }, { "uint8", 2.5, "float32" },
    { "int32", 2, "int32" }, { "int32", 2.5, "float32" },
    { "int64", 2.5, "float32" }, { "float16", 2.5, "float16" },
    { "bfloat16", 2, "bfloat16" }, { "float32", 2.5, "float32" },
    { "float64", 2, "float64" },
  }
  for _, case in ipairs(numbers) do
    it(("of %s with the number %s is %s"):format(table.unpack(case)),
      function()
        assert.are.equal(case[3],
          pg.ones({ 2 }, { dtype = case[1] }):mul(case[2]).dtype)
      end)
  end

  it("lets a 0-d tensor give way within its category", function()
    local x = pg.ones({ 2 }, { dtype = "float32" })
    local number = pg.tensor(2.0, { dtype = "float64" })
    assert.are.equal("float32", (x * number).dtype)
    assert.are.equal("float32",
      (pg.ones({ 2 }, { dtype = "int32" }) * pg.tensor(2.5)).dtype)
  end)

  it("gives floats for divided integers", function()
    local y = pg.tensor { 1, 2 } / pg.tensor { 2, 4 }
    assert.are.equal("float32", y.dtype)
    near(y, { 0.5, 0.5 })
  end)

  it("gives floats for functions of integers", function()
    assert.are.equal("float32", pg.tensor({ 1, 2 }):exp().dtype)
    assert.are.equal("float64",
      pg.ones({ 1 }, { dtype = "float64" }):exp().dtype)
  end)
end)

describe("to", function()
  local cases = {
    { { -1.7, 1.7, 300.0 }, "uint8", { 0, 1, 255 } },
    { { -1.7, 1.7, 3e10 }, "int32", { -1, 1, 2147483647 } },
    { { 0.0, 0.5, -2.0 }, "bool", { false, true, true } },
    { { 1.0, 0 / 0 }, "int64", { 1, 0 } },
    { { 1.0009765625, 65504.0, 1e6 }, "float16",
      { 1.0009765625, 65504.0, math.huge } },
    { { 1.00390625, 1.01171875 }, "bfloat16", { 1.0, 1.015625 } },
  }
  for _, case in ipairs(cases) do
    it("converts floats to " .. case[2], function()
      near(pg.tensor(case[1]):to(case[2]), case[3], { rtol = 0, atol = 0 })
    end)
  end

  it("returns the same elements when the dtype is the same", function()
    local x = pg.tensor { 1.0, 2.0 }
    x:to("float32"):add_(1)
    near(x, { 2, 3 })
  end)

  it("lets the gradient flow between floats", function()
    local x = pg.tensor({ 1.0, 2.0 }, { requires_grad = true })
    x:to("float64"):sum():backward()
    assert.are.equal("float32", x.grad.dtype)
    near(x.grad, { 1, 1 })
  end)

  it("refuses an unknown dtype", function()
    raises(function() pg.zeros({ 1 }, { dtype = "float31" }) end, "float31")
  end)
end)

describe("dtype constants", function()
  for _, name in ipairs(names) do
    it("pg." .. name .. " is its name", function()
      assert.are.equal(name, pg[name])
    end)
  end
end)

describe("mixed dtypes", function()
  local x = pg.ones({ 2, 2 })
  local y = pg.ones({ 2, 2 }, { dtype = "float64" })
  it("are refused by matmul", function()
    raises(function() return x:matmul(y) end, "matmul", "float32", "float64")
  end)
  it("are refused by linear", function()
    raises(function() return pg.linear(x, y) end, "linear", "float32",
      "float64")
  end)
end)
