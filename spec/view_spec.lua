-- Views, joining and choosing: shapes, shared memory, refusals. Values and
-- gradients are golden_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local near, raises = tensors.near, tensors.raises

-- 1, 2, 3, ... in the given sizes.
local function counted(...)
  return pg.arange(1, tensors.count { ... } + 1):reshape { ... }
end

describe("views", function()
  local t = counted(2, 3, 4)
  local shapes = {
    { "reshape", t:reshape { 6, -1 }, { 6, 4 } },
    { "view", t:view { 4, 6 }, { 4, 6 } },
    { "flatten", t:flatten(), { 24 } },
    { "flatten from a dimension", t:flatten(2), { 2, 12 } },
    { "flatten of a number", pg.tensor(1):flatten(), { 1 } },
    { "transpose", t:transpose(1, -1), { 4, 3, 2 } },
    { "permute", t:permute { 2, 3, 1 }, { 3, 4, 2 } },
    { "expand", t[{ { 1, 1 } }]:expand { 5, 2, 3, 4 }, { 5, 2, 3, 4 }, true },
    { "squeeze", pg.zeros({ 1, 2, 1 }):squeeze(), { 2 } },
    { "squeeze of one dimension", pg.zeros({ 1, 2, 1 }):squeeze(1), { 2, 1 } },
    { "squeeze of a size above one", t:squeeze(1), { 2, 3, 4 } },
    { "unsqueeze", t:unsqueeze(1), { 1, 2, 3, 4 } },
    { "unsqueeze at the end", t:unsqueeze(-1), { 2, 3, 4, 1 } },
    { "narrow", t:narrow(2, 2, 2), { 2, 2, 4 } },
    { "slice", t:slice(3, 1, 4, 2), { 2, 3, 2 } },
    { "select", t:select(2, 3), { 2, 4 } },
  }
  for _, case in ipairs(shapes) do
    if not case[4] then
      it(("give %s its shape"):format(case[1]), function()
        assert.are.same(case[3], case[2].shape)
      end)
    end
  end

  it("share their memory", function()
    local base = pg.zeros { 2, 3 }
    base:transpose(1, 2):fill_(1)
    base:reshape({ 6 })[1] = 5
    base:narrow(2, 3, 1):fill_(7)
    near(base, { { 5, 1, 7 }, { 1, 1, 7 } })
  end)

  it("expand sizes of one without a copy", function()
    local row = pg.tensor { { 1, 2 } }
    local y = row:expand { 3, -1 }
    near(y, { { 1, 2 }, { 1, 2 }, { 1, 2 } })
    row[{ 1, 1 }] = 9
    near(y[3], { 9, 2 })
  end)

  it("narrow and slice reach beyond 2^31 positions", function()
    local x = pg.zeros({ 3000000000 }, { device = "meta" })
    assert.are.same({ 2500000000 }, x:narrow(1, 400000000, 2500000000).shape)
    assert.are.same({ 2 }, x:slice(1, 1, 3000000000, 2147483648).shape)
  end)

  it("slice takes any step, of no elements too", function()
    near(counted(4, 1):slice(1, 2, 4, math.maxinteger), { { 2 } })
    local x = pg.zeros({ 0, 1 << 59 })
    assert.are.same({ 0, 1 << 28 }, x:slice(2, 1, -1, 1 << 31).shape)
  end)

  it("reshape copies where the memory order needs it", function()
    near(counted(2, 3):transpose(1, 2):reshape { 6 }, { 1, 4, 2, 5, 3, 6 })
  end)

  it("clone and contiguous give memory of their own", function()
    local base = pg.zeros { 2, 2 }
    base:clone():fill_(1)
    base:transpose(1, 2):contiguous():fill_(1)
    near(base, { { 0, 0 }, { 0, 0 } })
  end)

  it("contiguous is the tensor itself when it lies row-major", function()
    local base = pg.zeros { 2, 2 }
    base:contiguous():fill_(1)
    near(base, { { 1, 1 }, { 1, 1 } })
  end)

  local refused = {
    { "reshape to another count", function() t:reshape { 5, 5 } end,
      "reshape", "[2, 3, 4]", "[5, 5]" },
    { "reshape with two unknown sizes",
      function() t:reshape { -1, -1 } end, "reshape" },
    { "view across memory order",
      function() t:transpose(1, 2):view { 24 } end, "view" },
    { "expand of a size above one", function() t:expand { 3, 3, 4 } end,
      "expand", "[2, 3, 4]" },
    { "permute with a dimension twice", function() t:permute { 1, 1, 2 } end,
      "permute" },
    { "transpose of dimension 0", function() t:transpose(0, 1) end,
      "transpose", "0" },
    { "narrow past the end", function() t:narrow(1, 2, 2) end, "narrow" },
    { "select past the end", function() t:select(1, 3) end, "select", "3" },
    { "unsqueeze past the end", function() t:unsqueeze(5) end, "unsqueeze" },
    { "a ninth dimension",
      function() pg.zeros({ 1, 1, 1, 1, 1, 1, 1, 1 }):unsqueeze(1) end, "8" },
  }
  tensors.each_raises(it, "refuse ", refused)
end)

describe("joining", function()
  local a, b = counted(2, 2), counted(1, 2) * 10

  it("cat adds up one size", function()
    near(pg.cat({ a, b }), { { 1, 2 }, { 3, 4 }, { 10, 20 } })
    near(pg.cat({ a, a }, { dim = 2 }), { { 1, 2, 1, 2 }, { 3, 4, 3, 4 } })
    near(pg.cat({ a, a }, -1), { { 1, 2, 1, 2 }, { 3, 4, 3, 4 } })
  end)

  it("cat promotes dtypes", function()
    assert.are.equal("float32", pg.cat({ a, pg.zeros { 1, 2 } }).dtype)
  end)

  it("stack adds a dimension", function()
    near(pg.stack { b[1], b[1] + 1 }, { { 10, 20 }, { 11, 21 } })
    near(pg.stack({ b[1], b[1] + 1 }, { dim = 2 }), { { 10, 11 }, { 20, 21 } })
  end)

  local refused = {
    { "cat of nothing", function() pg.cat {} end, "cat" },
    { "cat of sizes that differ",
      function() pg.cat { a, pg.zeros { 2, 3 } } end, "cat", "[2, 3]" },
    { "stack of eight dimensions", function()
        pg.stack { pg.ones { 1, 1, 1, 1, 1, 1, 1, 1 } }
      end, "stack: ", "8" },
    { "stack of shapes that differ", function() pg.stack { a, b } end,
      "stack", "[1, 2]" },
    { "cat of a hole", function() pg.cat { a, nil, b } end, "cat" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)

describe("index_select", function()
  local t = counted(3, 2)

  it("chooses positions in any order", function()
    near(t:index_select(pg.tensor { 3, 1, 3 }),
      { { 5, 6 }, { 1, 2 }, { 5, 6 } })
    near(t:index_select(pg.tensor { 2 }, 2), { { 2 }, { 4 }, { 6 } })
  end)

  it("refuses a position out of range", function()
    raises(function() t:index_select(pg.tensor { 4 }) end, "index_select", "4")
    raises(function() t:index_select(pg.tensor { 0 }) end, "index_select", "0")
  end)
end)
