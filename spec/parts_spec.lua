-- Operations that give a list of tensors: split, chunk, tensor_split, unbind,
-- meshgrid, broadcast_tensors.

local pg = require "perigee"
local tensors = require "spec.support.tensors"

local near = tensors.near

-- Sizes of the parts along 'dim'.
local function sizes(parts, dim)
  local list = {}
  for i, part in ipairs(parts) do list[i] = part:size(dim or 1) end
  return list
end

describe("cutting", function()
  local x = pg.arange(7)
  local rows = {
    { "split(3)", x:split(3), { 3, 3, 1 } },
    { "split(9)", x:split(9), { 7 } },
    { "split of listed sizes", x:split { 2, 0, 5 }, { 2, 0, 5 } },
    { "split of nothing", pg.zeros(0, 2):split(3), { 0 } },
    { "chunk(3)", x:chunk(3), { 3, 3, 1 } },
    { "chunk(4)", pg.arange(6):chunk(4), { 2, 2, 2 } },
    { "chunk of nothing", pg.zeros(0):chunk(2), { 0, 0 } },
    { "tensor_split(3)", x:tensor_split(3), { 3, 2, 2 } },
    { "tensor_split(9)", x:tensor_split(9), { 1, 1, 1, 1, 1, 1, 1, 0, 0 } },
    { "tensor_split before positions",
      x:tensor_split { indices = { 3, -1 } }, { 2, 4, 1 } },
    { "tensor_split past the end",
      x:tensor_split { indices = { 5, 50 } }, { 4, 3, 0 } },
  }
  for _, row in ipairs(rows) do
    it("makes the sizes of " .. row[1], function()
      assert.are.same(row[3], sizes(row[2]))
    end)
  end

  it("keeps the order of the positions", function()
    local a, b = table.unpack(pg.arange(6):reshape(2, 3):split({ 1, 2 }, 2))
    near(a, { { 0 }, { 3 } })
    near(b, { { 1, 2 }, { 4, 5 } })
  end)

  it("takes more sizes than a tensor has dimensions", function()
    local ones = {}
    for i = 1, 20 do ones[i] = 1 end
    assert.are.same(ones, sizes(pg.zeros(20):split(ones)))
  end)

  it("shares the storage", function()
    local y = pg.zeros(2, 4)
    local _, right = table.unpack(y:chunk(2, 2))
    right:fill_(1)
    near(y, { { 0, 0, 1, 1 }, { 0, 0, 1, 1 } })
  end)
end)

describe("unbind", function()
  it("gives a tensor for each position", function()
    local list = pg.arange(6):reshape(2, 3):unbind(-1)
    assert.are.equal(3, #list)
    near(list[2], { 1, 4 })
  end)

  it("gives an empty list for a dimension without positions", function()
    assert.are.same({}, pg.zeros(2, 0):unbind(2))
  end)

  it("gives tensors of no dimension for a vector", function()
    near(pg.tensor { 4, 5 }:unbind()[2], 5)
  end)

  it("writes through its parts", function()
    local x = pg.zeros(2, 2)
    x:unbind(2)[1]:add_(3)
    near(x, { { 3, 0 }, { 3, 0 } })
  end)
end)

describe("the gradient of parts", function()
  it("is zero where a part was not used", function()
    local x = pg.arange(5.0):requires_grad_()
    local part = x:split(2)[2]
    local loss = (part * part):sum()
    loss:backward()
    near(x.grad, { 0, 0, 4, 6, 0 })
  end)

  it("goes on from a part changed in place", function()
    local x = pg.ones({ 4 }, { requires_grad = true })
    local y = x * 2
    local first = y:split(2)[1]
    first:mul_(5)
    y:sum():backward()
    near(x.grad, { 10, 10, 2, 2 })
  end)

  it("refuses a part whose neighbour was changed since", function()
    local parts = (pg.ones({ 4 }, { requires_grad = true }) * 1):split(2)
    parts[1]:mul_(5)
    tensors.raises(function() return parts[2] + 1 end,
      "changed in place by mul_", "take the view again")
  end)

  it("reaches one part alone when asked for it", function()
    local x = pg.ones({ 4 }, { requires_grad = true })
    local a, b = table.unpack(x:chunk(2))
    near((pg.grad((a * b * b):sum(), b)), { 2, 2 })
  end)
end)

describe("meshgrid", function()
  local a, b = pg.tensor { 1, 2, 3 }, pg.tensor { 7, 8 }

  it("spreads along the dimensions in order", function()
    local x, y = table.unpack(pg.meshgrid { a, b })
    near(x, { { 1, 1 }, { 2, 2 }, { 3, 3 } })
    near(y, { { 7, 8 }, { 7, 8 }, { 7, 8 } })
  end)

  it("swaps the first two with indexing xy", function()
    local x, y = table.unpack(pg.meshgrid({ a, b }, { indexing = "xy" }))
    near(x, { { 1, 2, 3 }, { 1, 2, 3 } })
    near(y, { { 7, 7, 7 }, { 8, 8, 8 } })
  end)

  it("takes a number as a vector of one", function()
    assert.are.same({ 3, 1 }, pg.meshgrid { a, pg.tensor(5) }[2].shape)
  end)
end)

describe("broadcast_tensors", function()
  it("keeps dtypes", function()
    local x, y = table.unpack(
      pg.broadcast_tensors { pg.zeros(2, 1), pg.tensor { 1, 2, 3 } })
    assert.are.same({ { 2, 3 }, { 2, 3 }, "float32", "int64" },
      { x.shape, y.shape, x.dtype, y.dtype })
  end)
end)

describe("a list", function()
  it("is made on the meta device", function()
    local parts = pg.zeros({ 4, 3 }, { device = "meta" }):split(3)
    assert.are.same({ { 3, 3 }, { 1, 3 }, "meta" },
      { parts[1].shape, parts[2].shape, parts[1].device })
  end)

  it("leaves nothing behind", function()
    local x = pg.zeros(100)
    collectgarbage()
    local before = pg.memory_stats().live_tensors
    for _ = 1, 50 do x:unbind() end
    collectgarbage()
    collectgarbage()
    assert.are.equal(before, pg.memory_stats().live_tensors)
  end)
end)
