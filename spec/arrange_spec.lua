-- Elements in another order, repeated, padded, joined. Gradients are
-- gradient_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near = tensors.near

local function counted(...)
  return pg.arange(1, tensors.count { ... } + 1):reshape { ... }
end

describe("the values of", function()
  local x = counted(2, 3)
  local rows = {
    { "flip of both", x:flip(1, 2), { { 6, 5, 4 }, { 3, 2, 1 } } },
    { "flip of a view", x:t():flip(1), { { 3, 6 }, { 2, 5 }, { 1, 4 } } },
    { "flip of nothing", x:flip {}, { { 1, 2, 3 }, { 4, 5, 6 } } },
    { "fliplr", x:fliplr(), { { 3, 2, 1 }, { 6, 5, 4 } } },
    { "flipud", x:flipud(), { { 4, 5, 6 }, { 1, 2, 3 } } },
    { "rot90", x:rot90(), { { 3, 6 }, { 2, 5 }, { 1, 4 } } },
    { "rot90 backwards", x:rot90(-1), { { 4, 1 }, { 5, 2 }, { 6, 3 } } },
    { "rot90 by two", x:rot90(2), { { 6, 5, 4 }, { 3, 2, 1 } } },
    { "roll", x:roll(1, 2), { { 3, 1, 2 }, { 6, 4, 5 } } },
    { "roll of both", x:roll({ 1, -1 }, { 1, 2 }),
      { { 5, 6, 4 }, { 2, 3, 1 } } },
    { "roll of all in a row", x:roll(-2), { { 3, 4, 5 }, { 6, 1, 2 } } },
    { "roll by more than the size", x:roll(7, 2),
      { { 3, 1, 2 }, { 6, 4, 5 } } },
    { "roll along a dimension twice", x:roll({ 1, -1, 1 }, { 2, 1, -1 }),
      { { 5, 6, 4 }, { 2, 3, 1 } } },
    { "tril", x:tril(), { { 1, 0, 0 }, { 4, 5, 0 } } },
    { "tril above", x:tril(1), { { 1, 2, 0 }, { 4, 5, 6 } } },
    { "triu", x:triu(1), { { 0, 2, 3 }, { 0, 0, 6 } } },
    { "triu far below", x:triu(-9), { { 1, 2, 3 }, { 4, 5, 6 } } },
    { "tile", x:tile(1, 2), { { 1, 2, 3, 1, 2, 3 }, { 4, 5, 6, 4, 5, 6 } } },
    { "repeat_interleave", x:repeat_interleave(2, 1),
      { { 1, 2, 3 }, { 1, 2, 3 }, { 4, 5, 6 }, { 4, 5, 6 } } },
    { "repeat_interleave by counts",
      x:repeat_interleave(pg.tensor { 0, 2, 1 }, 2),
      { { 2, 2, 3 }, { 5, 5, 6 } } },
    { "combinations with replacement",
      pg.tensor { 1, 2 }:combinations { with_replacement = true },
      { { 1, 1 }, { 1, 2 }, { 2, 2 } } },
    { "pad", x:pad { 1, 0, 0, 1 },
      { { 0, 1, 2, 3 }, { 0, 4, 5, 6 }, { 0, 0, 0, 0 } } },
    { "pad with a number", x:pad { pad = { -1, 1 }, value = 9 },
      { { 2, 3, 9 }, { 5, 6, 9 } } },
    { "pad by reflection", x:pad({ 2, 1 }, "reflect"),
      { { 3, 2, 1, 2, 3, 2 }, { 6, 5, 4, 5, 6, 5 } } },
    { "pad by replication", x:pad({ 1, 1, 1, 0 }, "replicate"),
      { { 1, 1, 2, 3, 3 }, { 1, 1, 2, 3, 3 }, { 4, 4, 5, 6, 6 } } },
    { "pad in a circle", x:pad({ 1, 2 }, "circular"),
      { { 3, 1, 2, 3, 1, 2 }, { 6, 4, 5, 6, 4, 5 } } },
    { "pad that reflects and cuts", x:pad({ -1, 2 }, "reflect"),
      { { 2, 3, 2, 1 }, { 5, 6, 5, 4 } } },
    { "hstack of vectors", pg.hstack { x[1], x[2] }, { 1, 2, 3, 4, 5, 6 } },
    { "vstack", pg.vstack { x, x[1] },
      { { 1, 2, 3 }, { 4, 5, 6 }, { 1, 2, 3 } } },
    { "dstack", pg.dstack { x[1], x[2] },
      { { { 1, 4 }, { 2, 5 }, { 3, 6 } } } },
    { "column_stack", pg.column_stack { pg.tensor { 7, 8 }, x },
      { { 7, 1, 2, 3 }, { 8, 4, 5, 6 } } },
    { "block_diag", pg.block_diag { x[{ {}, { 1, 1 } }], pg.tensor(9) },
      { { 1, 0 }, { 4, 0 }, { 0, 9 } } },
    { "cartesian_prod",
      pg.cartesian_prod { pg.tensor { 1, 2 }, pg.tensor { 3 },
        pg.tensor { 4, 5 } },
      { { 1, 3, 4 }, { 1, 3, 5 }, { 2, 3, 4 }, { 2, 3, 5 } } },
  }
  for _, row in ipairs(rows) do
    it(row[1], function() near(row[2], row[3]) end)
  end
end)

describe("every dtype", function()
  for _, dtype in ipairs { "float64", "float16", "bfloat16", "int64", "int32",
    "uint8", "bool" } do
    it("keeps its elements when rearranged: " .. dtype, function()
      local x = pg.tensor { 1, 0, 1, 1 }:to(dtype)
      for _, y in ipairs { x:flip(1):flip(1), x:roll(1):roll(-1),
        x:pad({ 1, 1 }, "circular"):narrow(1, 2, 4), x:tile(2):narrow(1, 1, 4),
        x:pad { 1, 1 }:narrow(1, 2, 4) } do
        assert.are.equal(dtype, y.dtype)
        near(y:to "int64", { 1, 0, 1, 1 })
      end
    end)
  end

  it("keeps whole numbers too large for a double in pad", function()
    local big = math.maxinteger
    near(pg.tensor { 1 }:pad { pad = { 1, 0 }, value = big }[1], big)
  end)
end)

describe("tile and pad", function()
  it("take tensors of eight dimensions", function()
    local x = pg.ones(1, 2, 1, 2, 1, 1, 1, 2)
    local y = x:tile(2, 1, 2, 1, 2, 1, 2, 2)
    assert.are.same({ 2, 2, 2, 2, 2, 1, 2, 4 }, y.shape)
    assert.are.equal(2 ^ 7 * 2, y:sum():item())
    local pads = {}
    for i = 1, 16 do pads[i] = 1 end
    assert.are.equal(8, x:pad(pads):sum():item())
    assert.are.equal(4, x:pad(pads):size(-2) + 1)
  end)

  it("give what they fill for an empty tensor", function()
    near(pg.zeros(0):pad { pad = { 1, 1 }, value = 4 }, { 4, 4 })
    assert.are.same({ 0, 6 }, pg.zeros(0, 3):tile(2, 2).shape)
  end)
end)

describe("a triangle", function()
  it("is taken in place", function()
    local x = pg.ones(2, 2)
    x:tril_()
    near(x, { { 1, 0 }, { 1, 1 } })
  end)

  it("is taken of each matrix of a batch", function()
    near(pg.ones(2, 2, 2):triu(1):sum { dim = { 2, 3 } }, { 1, 1 })
  end)
end)
