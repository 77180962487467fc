-- Modules: layers of the table, containers, classes written in Lua.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local nn = pg.nn
local near, raises = tensors.near, tensors.raises

local Residual = nn.Module "Residual"
function Residual:init(width) self.fc = nn.Linear(width, width) end
function Residual:forward(x) return x + self.fc(x):relu() end

-- Paths of a module's parameters, in order.
local function paths(module)
  local list = {}
  for path in module:named_parameters() do list[#list + 1] = path end
  return list
end

describe("nn.Linear", function()
  it("has PyTorch's layout and bounds", function()
    pg.manual_seed(1)
    local fc = nn.Linear(64, 32)
    assert.are.same({ 32, 64 }, fc.weight.shape)
    assert.are.same({ 32 }, fc.bias.shape)
    local bound = 1 / math.sqrt(64)
    assert.is_true(fc.weight:abs():max():item() <= bound)
    assert.is_true(fc.weight:abs():max():item() > 0.95 * bound)
    assert.is_true(math.abs(fc.weight:mean():item()) < 0.01)
  end)

  it("is linear of its weight and bias", function()
    local fc, x = nn.Linear(3, 2), pg.ones { 4, 3 }
    tensors.same_bits(fc(x), pg.linear(x, fc.weight, fc.bias))
  end)

  it("goes without a bias", function()
    local fc = nn.Linear(3, 2, { bias = false })
    assert.are.same({ "weight" }, paths(fc))
    assert.is_nil(fc.bias)
  end)

  it("prints its sizes", function()
    assert.is_truthy(tostring(nn.Linear(10, 5)):find("Linear(10 -> 5", 1, true))
  end)

  it("refuses no features", function()
    raises(function() nn.Linear(0, 5) end, "Linear", "in_features", "1")
    raises(function() nn.Linear(5) end, "Linear", "out_features")
  end)
end)

describe("layers of one operation", function()
  local x = pg.tensor { { -1.0, 2.0 }, { 3.0, -4.0 } }
  local cases = {
    { nn.ReLU(), x:relu() }, { nn.Sigmoid(), x:sigmoid() },
    { nn.Tanh(), x:tanh() }, { nn.Softmax(), x:softmax(-1) },
    { nn.Softmax { dim = 1 }, x:softmax(1) }, { nn.Identity(), x },
    { nn.Flatten(), x }, { nn.Flatten { start_dim = 1 }, x:flatten() },
  }
  for _, case in ipairs(cases) do
    it(tostring(case[1]) .. " gives what the operation gives", function()
      tensors.same_bits(case[1](x), case[2])
    end)
  end

  it("Dropout follows training and evaluation", function()
    local layer = nn.Dropout(0.5)
    assert.is_true(layer.training)
    assert.is_true(layer(pg.ones { 100 }):eq(0):any())
    layer:eval()
    near(layer(pg.ones { 3 }), { 1, 1, 1 })
  end)

  it("Flatten keeps the first dimension", function()
    assert.are.same({ 2, 12 }, nn.Flatten()(pg.ones { 2, 3, 4 }).shape)
  end)
end)

describe("nn.Sequential", function()
  local model = nn.Sequential { nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2) }

  it("runs its modules in order", function()
    local x = pg.ones { 2, 4 }
    local want = model[3](model[1](x):relu())
    tensors.same_bits(model(x), want)
  end)

  it("names parameters by place, from 0 as PyTorch does", function()
    assert.are.same({ "0.weight", "0.bias", "2.weight", "2.bias" },
      paths(model))
  end)

  it("prints one module a line", function()
    local text = tostring(model)
    for _, part in ipairs({ "Sequential", "Linear(4 -> 3", "ReLU",
      "Linear(3 -> 2" }) do
      assert.is_truthy(text:find(part, 1, true), text)
    end
  end)

  it("passes its input on when it is empty", function()
    near(nn.Sequential {}(pg.tensor { 1.0 }), { 1 })
  end)

  it("refuses what is no module", function()
    raises(function() nn.Sequential { nn.ReLU(), 3 } end, "Sequential")
  end)
end)

describe("nn.Module", function()
  it("finds what is assigned, in order, by path", function()
    local Net = nn.Module "Net"
    function Net:init()
      self.second = nn.Linear(2, 2)
      self.scale = nn.Parameter(pg.ones { 2 })
      self.block = nn.Sequential { Residual(2), nn.Linear(2, 1) }
      self.note = "not a parameter"
    end
    assert.are.same({ "second.weight", "second.bias", "scale",
      "block.0.fc.weight", "block.0.fc.bias", "block.1.weight",
      "block.1.bias" }, paths(Net()))
  end)

  it("nests in C containers and holds C layers", function()
    pg.manual_seed(2)
    local model = nn.Sequential { nn.Linear(3, 4), Residual(4), nn.ReLU() }
    local x = pg.ones { 2, 3 }
    local inner = model[2]
    local h = model[1](x)
    tensors.same_bits(model(x), (h + inner.fc(h):relu()):relu())
    model(x):sum():backward()
    assert.are.same({ 4, 4 }, inner.fc.weight.grad.shape)
  end)

  it("keeps identity", function()
    local model = nn.Sequential { Residual(2) }
    assert.are.equal(model[1], model[1])
    assert.are.equal(model[1].fc.weight, model[1].fc.weight)
    local seen = { [model[1].fc.weight] = "w" }
    assert.are.equal("w", seen[model:parameters()[1]])
  end)

  it("counts a shared parameter once", function()
    local Tied = nn.Module "Tied"
    function Tied:init()
      self.a = nn.Linear(2, 2, { bias = false })
      self.b = self.a
    end
    assert.are.equal(1, #Tied():parameters())
  end)

  it("hands training mode and zero_grad down", function()
    local model = nn.Sequential { Residual(2), nn.Dropout() }
    model:eval()
    assert.is_false(model[2].training)
    assert.is_false(model[1].fc.training)
    model:train()
    assert.is_true(model[1].training)
    model(pg.ones { 1, 2 }):sum():backward()
    model:zero_grad()
    assert.is_nil(model[1].fc.weight.grad)
  end)

  it("prints as nested classes", function()
    local text = tostring(Residual(3))
    assert.is_truthy(text:find("Residual", 1, true), text)
    assert.is_truthy(text:find("Linear(3 -> 3", 1, true), text)
  end)

  it("refuses a plain table of modules and names ModuleList", function()
    local Bad = nn.Module "Bad"
    function Bad:init() self.list = { nn.ReLU(), nn.ReLU() } end
    raises(function() Bad() end, "ModuleList")
  end)

  it("refuses an unknown field", function()
    raises(function() return nn.ReLU().weigth end, "weigth")
  end)

  it("says when forward is missing", function()
    local Bare = nn.Module "Bare"
    raises(function() Bare()(pg.ones { 1 }) end, "Bare", "forward")
  end)

  it("is collected when nothing refers to it", function()
    collectgarbage()
    local before = pg.memory_stats().live_tensors
    for _ = 1, 20 do
      local model = nn.Sequential { Residual(4), Residual(4) }
      model(pg.ones { 1, 4 }):sum():backward()
    end
    collectgarbage()
    collectgarbage()
    assert.are.equal(before, pg.memory_stats().live_tensors)
  end)
end)

describe("fields of a class", function()
  local Plain = nn.Module "Plain"

  it("refuse a plain table of parameters", function()
    local m = Plain()
    raises(function() m.list = { nn.Parameter(pg.ones { 2 }) } end, "Plain",
      "'list'", "assign each to a field of its own")
    m.list = { pg.ones { 2 } }
  end)

  it("keep their kind until nil takes them out", function()
    local m = Plain()
    m.w, m.fc = nn.Parameter(pg.ones { 2 }), nn.Linear(2, 2)
    raises(function() m.w = pg.ones { 2 } end, "'w' is a parameter")
    raises(function() m.w = 1 end, "'w' is a parameter")
    raises(function() m.fc = 1 end, "'fc' is a module")
    m.w, m.fc = nil, nil
    assert.are.same({}, paths(m))
    m.w = 1
  end)
end)
