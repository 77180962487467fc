-- Indexing: every form of t[...], read and written. Positions count from 1.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

-- 1 2 3 4 / 5 6 7 8 / 9 10 11 12
local function matrix() return pg.arange(1, 13):reshape { 3, 4 } end

describe("t[...]", function()
  local t = matrix()

  it("selects along the first dimension", function()
    near(t[2], { 5, 6, 7, 8 })
    near(t[-1], { 9, 10, 11, 12 })
  end)

  it("gives a Lua number on a vector", function()
    assert.are.equal(6, t[2][2])
    assert.are.equal(8, t[2][-1])
  end)

  it("takes integral floats as positions", function()
    near(t[2.0], { 5, 6, 7, 8 })
  end)

  local cases = {
    { "a list of positions", { 2, 3 }, 7 },
    { "a range, everything", { { 1, 2 }, {} },
      { { 1, 2, 3, 4 }, { 5, 6, 7, 8 } } },
    { "everything, a position", { {}, 2 }, { 2, 6, 10 } },
    { "a range with a step", { 1, { 1, 4, 2 } }, { 1, 3 } },
    { "a range with the largest step", { 1, { 2, 4, math.maxinteger } },
      { 2 } },
    { "a range from the end", { 1, { -2, -1 } }, { 3, 4 } },
    { "one place of two", { { 2, 3 } }, { { 5, 6, 7, 8 }, { 9, 10, 11, 12 } } },
  }
  for _, case in ipairs(cases) do
    it("reads " .. case[1], function()
      near(t[case[2]], case[3])
    end)
  end

  it("keeps a 0-d tensor with its gradient", function()
    local x = pg.tensor({ 1.0, 2.0, 3.0 }, { requires_grad = true })
    local y = x[{ 2 }]
    assert.are.same({}, y.shape)
    y:backward()
    near(x.grad, { 0, 1, 0 })
  end)

  it("looks at the same memory for ranges", function()
    local x = pg.zeros { 3, 3 }
    x[{ {}, 2 }]:add_(1)
    near(x, { { 0, 1, 0 }, { 0, 1, 0 }, { 0, 1, 0 } })
  end)

  local refused = {
    { "position 0", function() return t[0] end, "0" },
    { "a position past the end", function() return t[4] end, "4", "3" },
    { "a position before the start", function() return t[-4] end, "-4" },
    { "too many places", function() return t[{ 1, 1, 1 }] end, "places", "2" },
    { "a fraction", function() return t[1.5] end, "1.5" },
    { "a range past the end", function() return t[{ { 2, 5 } }] end, "5" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)

describe("t[...] = v", function()
  local cases = {
    { "a row from a number", 2, 0, { { 1, 2, 3, 4 }, { 0, 0, 0, 0 },
      { 9, 10, 11, 12 } } },
    { "an element", { 1, 1 }, -5, { { -5, 2, 3, 4 }, { 5, 6, 7, 8 },
      { 9, 10, 11, 12 } } },
    { "a column from a vector", { {}, 4 }, pg.tensor { 0, 0, 1 },
      { { 1, 2, 3, 0 }, { 5, 6, 7, 0 }, { 9, 10, 11, 1 } } },
    { "a range", { { 1, 2 }, { 1, 4, 3 } }, 7,
      { { 7, 2, 3, 7 }, { 7, 6, 7, 7 }, { 9, 10, 11, 12 } } },
  }
  for _, case in ipairs(cases) do
    it("writes " .. case[1], function()
      local t = matrix()
      t[case[2]] = case[3]
      near(t, case[4])
    end)
  end

  it("writes an element of a vector", function()
    local v = pg.zeros { 3 }
    v[2] = 1.5
    near(v, { 0, 1.5, 0 })
  end)

  it("refuses a value that does not broadcast", function()
    local t = matrix()
    raises(function() t[1] = pg.tensor { 1, 2 } end, "index: a value of shape "
      .. "[2] does not broadcast to [4], the shape of what is indexed")
  end)

  it("lets the gradient flow to the value", function()
    local v = pg.tensor({ 2.0, 3.0 }, { requires_grad = true })
    local x = pg.zeros { 2, 2 }
    x[2] = v
    pg.sum(x * x):backward()
    near(v.grad, { 4, 6 })
  end)

  it("cuts the gradient to what was overwritten", function()
    local x = pg.tensor({ { 1.0, 2.0 }, { 3.0, 4.0 } },
      { requires_grad = true })
    local y = x * 10
    y[1] = 0
    y:sum():backward()
    near(x.grad, { { 0, 0 }, { 10, 10 } })
  end)

  it("makes views that were taken before it raise", function()
    local x = pg.tensor({ 1.0, 2.0 }, { requires_grad = true })
    local y = x * 10
    local view = y[{ { 1, 1 } }]
    y[2] = 0
    raises(function() return view * 2 end, "view", "in place")
  end)
end)
