-- Element types: conversion, names, mixtures that are refused.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

local names = { "bool", "uint8", "int32", "int64", "float16", "bfloat16",
  "float32", "float64" }

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
