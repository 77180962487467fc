-- Tensors made from nothing.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

describe("making", function()
  local cases = {
    { "zeros", pg.zeros { 2, 2 }, { { 0, 0 }, { 0, 0 } }, "float32" },
    { "ones", pg.ones(3), { 1, 1, 1 }, "float32" },
    { "full of a whole number", pg.full({ 2 }, 7), { 7, 7 }, "int64" },
    { "full of a float", pg.full({ 2 }, 0.5), { 0.5, 0.5 }, "float32" },
    { "full with a dtype", pg.full({ 2 }, 7, { dtype = "float64" }),
      { 7, 7 }, "float64" },
    { "arange", pg.arange(1, 6), { 1, 2, 3, 4, 5 }, "int64" },
    { "arange of one number", pg.arange(3), { 0, 1, 2 }, "int64" },
    { "arange with a step", pg.arange(10, 1, -4), { 10, 6, 2 }, "int64" },
    { "arange of floats", pg.arange(0, 1, 0.25), { 0, 0.25, 0.5, 0.75 },
      "float32" },
    { "arange past 2^53", pg.arange(1 << 53, (1 << 53) + 3),
      { 1 << 53, (1 << 53) + 1, (1 << 53) + 2 }, "int64" },
    { "arange up to the largest",
      pg.arange(math.maxinteger - 2, math.maxinteger),
      { math.maxinteger - 2, math.maxinteger - 1 }, "int64" },
    { "arange from the smallest",
      pg.arange(math.mininteger, math.mininteger + 5, 3),
      { math.mininteger, math.mininteger + 3 }, "int64" },
    { "linspace", pg.linspace(0, 1, 5), { 0, 0.25, 0.5, 0.75, 1 },
      "float32" },
    { "linspace of one", pg.linspace(3, 4, 1), { 3 }, "float32" },
    { "eye", pg.eye(2), { { 1, 0 }, { 0, 1 } }, "float32" },
    { "eye with columns", pg.eye(2, 3), { { 1, 0, 0 }, { 0, 1, 0 } },
      "float32" },
  }
  for _, case in ipairs(cases) do
    it("gives " .. case[1], function()
      near(case[2], case[3])
      assert.are.equal(case[4], case[2].dtype)
    end)
  end

  it("takes requires_grad", function()
    assert.is_true(pg.zeros({ 2 }, { requires_grad = true }).requires_grad)
  end)

  local refused = {
    { "a negative size", function() pg.zeros { -1 } end, "zeros", "-1" },
    { "sizes whose product overflows",
      function() pg.zeros { 1 << 40, 1 << 40 } end, "large" },
    { "nine dimensions", function() pg.ones { 1, 1, 1, 1, 1, 1, 1, 1, 1 } end,
      "ones", "8" },
    { "a step of zero", function() pg.arange(1, 5, 0) end, "arange" },
    { "a step away from the end", function() pg.arange(1, 5, -1) end,
      "arange" },
    { "a whole tensor's gradient",
      function() pg.zeros({ 2 }, { dtype = "int64", requires_grad = true })
      end, "zeros: ", "int64" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)
