-- Bad input, as users meet it: what each mistake says, and that work goes on
-- afterwards. Mistakes in the form of a call are args_spec's.

local pg = require "perigee"
local process = require "spec.support.process"
local tensors = require "spec.support.tensors"
local nn, data = pg.nn, pg.data
local near, raises = tensors.near, tensors.raises

local function leaf(data_) return pg.tensor(data_, { requires_grad = true }) end

describe("a mistake", function()
  local cases = {
    { "wrong inner sizes", function()
      nn.Linear(784, 10)(pg.ones { 32, 783 })
    end, "linear", "783", "784", "[32, 783]", "nn.Linear" },
    { "a target out of range", function()
      pg.cross_entropy(pg.ones { 2, 3 }, pg.tensor { 1, 4 })
    end, "cross_entropy", "4" },
    { "float targets [N]", function()
      pg.cross_entropy(pg.ones { 2, 3 }, pg.tensor { 1.0, 2.0 })
    end, "cross_entropy", "target", "float32" },
    { "mixed dtypes", function()
      nn.Linear(2, 2)(pg.ones({ 1, 2 }, { dtype = "float64" }))
    end, "linear", "float64", "float32" },
    { "an unknown option", function() nn.Dropout { q = 0.5 } end, "Dropout",
      "q", "p" },
    { "a wrong argument type", function() nn.Linear("wide", 2) end, "Linear",
      "in_features", "wide" },
    { "backward of a non-scalar", function() (leaf { 1.0, 2.0 } * 2):backward()
    end, "backward", "[2]" },
    { "backward without a history", function() pg.ones({}):backward() end,
      "backward" },
    { "backward twice", function()
      local x = leaf { 1.0 }
      local y = (x * x):sum()
      y:backward()
      y:backward()
    end, "backward", "retain_graph" },
    { "a saved tensor changed in place", function()
      local y = leaf { 1.0 } * 2
      local z = (y * y):sum()
      y:fill_(0)
      z:backward()
    end, "mul", "fill_", "in place" },
  }
  for _, case in ipairs(cases) do
    it("is explained: " .. case[1], function()
      raises(case[2], table.unpack(case, 3))
      near(pg.tensor { 1.0 } + 1, { 2 })
    end)
  end

  it("blames no_grad only where it is on", function()
    local x = pg.ones(1)
    local message = raises(function() x:backward() end, "no history")
    assert.is_nil(message:find("no_grad", 1, true))
    raises(function() pg.no_grad(function() x:backward() end) end, "no_grad")
  end)

  it("carries the path of the module", function()
    local model = nn.Sequential { nn.Linear(4, 3), nn.ReLU(),
      nn.Linear(5, 2) }
    raises(function() model(pg.ones { 1, 4 }) end, "linear", "3", "5",
      'nn.Linear "2"')
  end)
end)

describe("an error in a Lua module's forward", function()
  local Broken = nn.Module "Broken"
  function Broken:init(value) self.value = value end
  function Broken:forward() error(self.value) end
  local Outer = nn.Module "Outer"
  function Outer:init(value) self.inner = Broken(value) end
  function Outer:forward(x) return self.inner(x * 2) end

  it("names the path and the line", function()
    local line = debug.getinfo(Broken.forward, "S").linedefined
    raises(function() Outer("no good")(pg.ones { 1 }) end, "no good",
      "errors_spec.lua:" .. line, "inner", "Broken")
  end)

  it("arrives as it was thrown if it is no string", function()
    local thrown = { code = 7 }
    local ok, caught = pcall(Outer(thrown), pg.ones { 1 })
    assert.is_false(ok)
    assert.are.equal(thrown, caught)
  end)

  it("leaks nothing, inside C containers too", function()
    local model = nn.Sequential { nn.Identity(), Outer("stop") }
    local function live()
      collectgarbage()
      collectgarbage()
      return pg.memory_stats().live_tensors
    end
    pcall(model, pg.ones { 1 })
    local before = live()
    for _ = 1, 20 do pcall(model, pg.ones { 1 }) end
    assert.are.equal(before, live())
    raises(function() model(pg.ones { 1 }) end, "stop", "1.inner")
  end)
end)

describe("a failing world", function()
  it("answers nil, message and code for a missing IDX file", function()
    local x, message, code = data.idx("/nonexistent/file")
    assert.is_nil(x)
    assert.is_truthy(message:find("/nonexistent/file", 1, true))
    assert.are.equal("EIO", code)
  end)

  local files = {
    { "truncated", "\0\0\8\1\0\0\0\5abc", "13 bytes expected", "11" },
    { "cut in its header", "\0\0\8\3\0\0", "header" },
    { "too long", "\0\0\8\1\0\0\0\1abc", "expected" },
    { "of an unknown type", "\0\0\7\1\0\0\0\1a", "07" },
    { "with a wrong magic number", "\1\0\8\1\0\0\0\1a", "01 00" },
    { "with sizes that overflow",
      "\0\0\8\8" .. ("\255"):rep(32), "large" },
    { "that is empty", "", "header" },
  }
  for _, case in ipairs(files) do
    it("refuses an IDX file " .. case[1], function()
      process.with_file(case[2], function(path)
        local x, message, code = data.idx(path)
        assert.is_nil(x)
        assert.are.equal("EFORMAT", code)
        for i = 3, #case do
          assert.is_truthy(message:find(case[i], 1, true), message)
        end
      end)
    end)
  end

  it("stops a gz bomb at the declared size", function()
    local path = os.tmpname()
    local made = process.run("{ printf '\\0\\0\\10\\1\\0\\0\\0\\5'; "
      .. "head -c 300000000 /dev/zero; } | gzip -1 >" .. path)
    assert.are.equal(0, made.status)
    local before = pg.memory_stats().peak_bytes
    local x, message, code = data.idx(path)
    os.remove(path)
    assert.is_nil(x)
    assert.are.equal("EFORMAT", code)
    assert.is_truthy(message:find("more", 1, true), message)
    assert.is_true(pg.memory_stats().peak_bytes - before < 1 << 20)
  end)
end)

describe("memory that is not to be had", function()
  if process.sanitized then
    pending("ends a program under a sanitizer")
    return
  end

  it("is an error after which the loop goes on", function()
    for _ = 1, 3 do
      raises(function() pg.zeros { 1 << 46 } end, "memory")
      near(pg.ones({ 2 }) * 2, { 2, 2 })
    end
  end)
end)
