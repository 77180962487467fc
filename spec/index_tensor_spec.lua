-- Indexing with tensors: positions and masks in t[...], read and written.
-- Numbers of results are what NumPy and PyTorch give, counted from 1.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

-- 1 2 3 4 / 5 6 7 8 / 9 10 11 12
local function matrix() return pg.arange(1, 13):reshape { 3, 4 } end
local function cube() return pg.arange(1, 25):reshape { 2, 3, 4 } end

local rows, pair = pg.tensor { 3, 1, 3 }, pg.tensor { 2, -1 }
local mask = pg.tensor { true, false, true }

describe("t[...] with tensors", function()
  local cases = {
    { "rows in any order", rows,
      { { 9, 10, 11, 12 }, { 1, 2, 3, 4 }, { 9, 10, 11, 12 } } },
    { "rows of int32 from the end", pg.tensor({ -1 }, { dtype = "int32" }),
      { { 9, 10, 11, 12 } } },
    { "a matrix of rows", pg.tensor { { 1 }, { 2 } },
      { { { 1, 2, 3, 4 } }, { { 5, 6, 7, 8 } } } },
    { "the row of a 0-d tensor", pg.tensor(2), { 5, 6, 7, 8 } },
    { "columns", { {}, pair }, { { 2, 4 }, { 6, 8 }, { 10, 12 } } },
    { "one element for each pair", { pg.tensor { 1, 3 }, pair }, { 2, 12 } },
    { "the table of two tensors that broadcast",
      { pg.tensor { { 1 }, { 3 } }, pair }, { { 2, 4 }, { 10, 12 } } },
    { "positions in a range", { { 2, 3 }, pair }, { { 6, 8 }, { 10, 12 } } },
    { "positions of a row", { 2, pair }, { 6, 8 } },
    { "rows under a mask", mask, { { 1, 2, 3, 4 }, { 9, 10, 11, 12 } } },
    { "elements under a mask", matrix():gt(9), { 10, 11, 12 } },
    { "columns under a mask", { {}, pg.tensor { false, true, true, false } },
      { { 2, 3 }, { 6, 7 }, { 10, 11 } } },
    { "pairs of a mask and positions", { mask, pair }, { 2, 12 } },
  }
  for _, case in ipairs(cases) do
    it("reads " .. case[1], function() near(matrix()[case[2]], case[3]) end)
  end

  local places = {
    { "where they stand if they follow each other",
      { {}, pair, pair }, { { 6, 12 }, { 18, 24 } } },
    { "in front if they stand apart", { pair, {}, pg.tensor { 1, 4 } },
      { { 13, 17, 21 }, { 16, 20, 24 } } },
    { "in front of a mask that stands apart",
      { pg.tensor { true, true }, {}, pg.tensor { 1, 4 } },
      { { 1, 5, 9 }, { 16, 20, 24 } } },
    { "where they stand with a number between",
      { pair, 2, pair }, { 18, 20 } },
  }
  for _, case in ipairs(places) do
    it("puts the chosen " .. case[1], function()
      near(cube()[case[2]], case[3])
    end)
  end

  it("reads nothing where nothing is true", function()
    assert.are.same({ 0, 4 }, matrix()[matrix():select(2, 1):gt(99)].shape)
  end)

  it("copies", function()
    local t = matrix()
    t[rows]:zero_()
    near(t[1], { 1, 2, 3, 4 })
  end)

  it("adds the gradients of an element that is chosen twice", function()
    local x = pg.tensor({ 1.0, 2.0, 3.0 }, { requires_grad = true })
    local y = x[rows] * pg.tensor { 1.0, 10.0, 100.0 }
    y:sum():backward()
    near(x.grad, { 10, 0, 101 })
  end)
end)

describe("t[...] = v with tensors", function()
  local cases = {
    { "a number to rows", pg.tensor { 1, 3 }, 0,
      { { 0, 0, 0, 0 }, { 5, 6, 7, 8 }, { 0, 0, 0, 0 } } },
    { "a row to rows", pg.tensor { 2, 3 }, pg.tensor { 4, 3, 2, 1 },
      { { 1, 2, 3, 4 }, { 4, 3, 2, 1 }, { 4, 3, 2, 1 } } },
    { "the last of those that go to one place", pg.tensor { 1, 1 },
      pg.tensor { { 8, 8, 8, 8 }, { 9, 9, 9, 9 } },
      { { 9, 9, 9, 9 }, { 5, 6, 7, 8 }, { 9, 10, 11, 12 } } },
    { "columns of a range", { { 1, 2 }, pair }, -1,
      { { 1, -1, 3, -1 }, { 5, -1, 7, -1 }, { 9, 10, 11, 12 } } },
    { "elements", { pg.tensor { 1, 3 }, pair }, pg.tensor { 20, 30 },
      { { 1, 20, 3, 4 }, { 5, 6, 7, 8 }, { 9, 10, 11, 30 } } },
    { "a number where a mask is true", matrix():lt(7), 0,
      { { 0, 0, 0, 0 }, { 0, 0, 7, 8 }, { 9, 10, 11, 12 } } },
    { "elements where a mask is true", matrix():gt(9), pg.tensor { 1, 2, 3 },
      { { 1, 2, 3, 4 }, { 5, 6, 7, 8 }, { 9, 1, 2, 3 } } },
    { "a list to columns under a mask",
      { {}, pg.tensor { true, false, false, true } }, { 0, 1 },
      { { 0, 2, 3, 1 }, { 0, 6, 7, 1 }, { 0, 10, 11, 1 } } },
  }
  for _, case in ipairs(cases) do
    it("writes " .. case[1], function()
      local t = matrix()
      t[case[2]] = case[3]
      near(t, case[4])
    end)
  end

  it("writes through a view", function()
    local t = matrix()
    t:transpose(1, 2)[pg.tensor { 1, 4 }] = 0
    near(t, { { 0, 2, 3, 0 }, { 0, 6, 7, 0 }, { 0, 10, 11, 0 } })
  end)

  it("gives the gradient to what was written last and to what stayed",
    function()
      local x = pg.tensor({ 1.0, 2.0, 3.0 }, { requires_grad = true })
      local v = pg.tensor({ 5.0, 6.0 }, { requires_grad = true })
      local y = x * 1
      y[pg.tensor { 3, 3 }] = v
      pg.sum(y * pg.tensor { 1.0, 10.0, 100.0 }):backward()
      near(x.grad, { 1, 10, 0 })
      near(v.grad, { 0, 100 })
    end)

  it("leaves all as it is when one position is out of range", function()
    local t = matrix()
    raises(function() t[pg.tensor { 1, 4 }] = 0 end, "position 4 at [2]")
    near(t, matrix():totable())
  end)

  it("refuses to save a tensor that it changes afterwards", function()
    local x = pg.tensor({ 1.0, 2.0 }, { requires_grad = true })
    local y = x * 1
    local z = (y * y):sum()
    y[pg.tensor { 1 }] = 0
    raises(function() z:backward() end, "in place")
  end)
end)

describe("a recording", function()
  it("reads the positions anew", function()
    local x, index, y = pg.arange(1, 7):reshape { 3, 2 }, pg.tensor { 1, 2 }
    local recording = pg.record(function() y = x[{ index, index }] end)
    index[1] = 2
    recording:replay()
    near(y, { 4, 4 })
    index[2] = 1 << 40
    recording:replay()
    near(y, { 4, 0 })
  end)

  it("refuses a mask, whose result has another shape each time", function()
    raises(function()
      pg.record(function() return matrix()[mask] end)
    end, "index: how many elements a mask chooses is not known")
  end)
end)
