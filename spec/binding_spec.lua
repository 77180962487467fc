-- What holds between Lua's collector, its coroutines and the objects of the
-- core; and errors that scripts commonly run into.

local pg = require "perigee"
local process = require "spec.support.process"
local tensors = require "spec.support.tensors"
local nn, optim, data = pg.nn, pg.optim, pg.data
local raises = tensors.raises

local Narrow = nn.Module "Narrow"
function Narrow:init() self.fc = nn.Linear(2, 2) end
function Narrow:forward(x, wait)
  if wait then coroutine.yield() end
  return self.fc(x)
end

-- The message with which `module` refuses three features.
local function refusal(module)
  local _, message = pcall(module, pg.ones { 1, 3 })
  return message
end

describe("a finalizer", function()
  -- One row per object: how it is made and used.
  local set = data.TensorDataset(pg.ones { 4 })
  local rows = {
    { "tensor", function() return pg.ones { 2 } end,
      function(x) return x + 1 end },
    { "module", function() return nn.Linear(1, 1) end,
      function(x) return x(pg.ones { 1 }) end },
    { "module", Narrow, function(x) return x.fc end },
    { "optimizer", function()
      return optim.SGD(nn.Linear(1, 1):parameters())
    end, function(x) return x.lr end },
    { "data set", function() return data.TensorDataset(pg.ones { 4 }) end,
      function(x) return #x end },
    { "loader", function() return data.DataLoader(set) end,
      function(x) return x:epoch() end },
    { "recording", function() return (pg.record(function() end)) end,
      function(x) return x:replay() end },
  }
  for _, row in ipairs(rows) do
    it("is refused a " .. row[1] .. " that is gone", function()
      local message
      do
        local held = {}
        setmetatable(held, { __gc = function(self)
          message = select(2, pcall(row[3], self.object))
        end })
        held.object = row[2]()
      end
      collectgarbage()
      collectgarbage()
      assert.is_truthy(message:find(row[1] .. " was freed", 1, true))
    end)
  end

  it("may take away the gradient that is being read", function()
    local p, armed = pg.ones({ 8 }, { requires_grad = true }), false
    local function again()
      setmetatable({}, { __gc = function()
        if armed then p.grad = nil end
        again()
      end })
    end
    again()
    local mode = collectgarbage("incremental", 100, 1000)
    for _ = 1, 500 do
      p.grad = nil
      p:sum():backward()
      armed = true
      local grad = p.grad
      armed = false
      assert.is_true(grad == nil or grad:sum():item() == 8)
    end
    collectgarbage(mode)
  end)
end)

describe("a userdata", function()
  it("stays that of its parameter when a scope frees another", function()
    local fc = nn.Linear(2, 2)
    local weight = fc.weight
    pg.scope(function() return weight:contiguous():sum():item() end)
    assert.are.equal(weight, fc.weight)
    assert.are.equal(2, weight.shape[1])
  end)
end)

describe("a coroutine", function()
  it("leaves no path behind when it yields inside a forward", function()
    local module = Narrow()
    local expected = refusal(module)
    for _ = 1, 300 do
      coroutine.wrap(function() return Narrow()(pg.ones { 1, 2 }, true) end)()
    end
    assert.are.equal(expected, refusal(module))
    assert.is_truthy(expected:find 'nn.Linear "fc"')
  end)

  it("leaves the path of the module that resumed it", function()
    local Outer = nn.Module "Outer"
    function Outer:init() self.inner = Narrow() end
    function Outer:forward(x)
      coroutine.wrap(function() return self.inner(pg.ones { 1, 2 }, true) end)()
      return self.inner(x)
    end
    assert.is_truthy(refusal(Outer()):find 'nn.Linear "inner.fc"')
  end)

  it("has a gradient mode of its own", function()
    local p = pg.ones({ 1 }, { requires_grad = true })
    local other = coroutine.wrap(function()
      local _ <close> = pg.no_grad()
      coroutine.yield((p * 2).requires_grad)
      return (p * 2).requires_grad
    end)
    assert.is_false(other())
    assert.is_true((p * 2).requires_grad)
    assert.is_false(other())
  end)
end)

describe("an error value", function()
  it("passes through modules untouched", function()
    local Failing = nn.Module "Failing"
    local value = {}
    function Failing.forward() error(value) end
    local _, got = pcall(nn.Sequential { Failing() }, pg.ones { 1 })
    assert.are.equal(value, got)
  end)
end)

describe("a mistake", function()
  local x = pg.ones { 2, 2 }
  local set = data.TensorDataset(x)
  for _, case in ipairs {
    { "a layer misspelt", function() return nn.Lineer end, "'Linear'" },
    { "an optimizer misspelt", function() return optim.adam end, "'Adam'" },
    { "a reader misspelt", function() return data.minst end, "'mnist'" },
    { "a dtype misspelt", function() return x:to("float23") end,
      "to has no dtype 'float23'; did you mean 'float32'" },
    { "no function for no_grad", function() pg.no_grad(1) end,
      "no_grad: fn must be a function, got number" },
    { "no function for scope", function() pg.scope "x" end,
      "scope: fn must be a function, got string" },
    { "no function for gradcheck", function() pg.gradcheck(1, x) end,
      "gradcheck: fn must be a function, got number" },
    { "nil for an operand", function() return x + nil end, "got nil" },
    { "a name in an index", function() return x[{ { first = 1 } }] end,
      "index: a table of places has no names, got [first]" },
    { "nil for an element", function() x[1] = nil end,
      "index: the value must be a number" },
    { "a loader as an iterator", function()
      for batch in data.DataLoader(set) do tostring(batch) end
    end, "loader:epoch()" },
    { "a list of tensors", function() return data.TensorDataset { x } end,
      "TensorDataset: tensors are given one by one" },
    { "classes that are no list", function()
      return data.TensorDataset(x, { classes = "abc" })
    end, "classes must be a list of strings, got string" },
    { "no boolean for train", function() nn.ReLU():train "no" end,
      "train: on must be true or false" },
    { "no module for a list", function() nn.ModuleList { 1 } end,
      "ModuleList: a module expected, got number" },
  } do
    it("with " .. case[1] .. " is named", function()
      raises(case[2], case[3])
      local _, message = pcall(case[2])
      assert.is_truthy(message:find("binding_spec.lua:%d+: "), message)
    end)
  end
end)

describe("a view of whole numbers", function()
  it("takes numbers that have a history", function()
    local p = pg.tensor({ 1.5, 2.5 }, { requires_grad = true })
    local x = pg.tensor { { 1, 2 }, { 3, 4 } }
    x[1] = p * p
    assert.are.same({ { 2, 6 }, { 3, 4 } }, x:totable())
    assert.is_false(x.requires_grad)
  end)
end)

describe("pg.help", function()
  it("prints in a script that comes through a pipe", function()
    local got = process.run(process.host,
      "local pg = require 'perigee' pg.help 'pg.nn.Linear'")
    assert.is_truthy(got.out:find("nn.Linear(in_features", 1, true))
  end)
end)

describe("a shape", function()
  it("prints its sizes", function()
    assert.are.equal("[2, 3]", tostring(pg.ones({ 2, 3 }).shape))
  end)
end)
