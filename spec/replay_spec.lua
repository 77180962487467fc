-- Recordings: the calls of a training step, kept and run again on new data.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local nn, optim = pg.nn, pg.optim
local raises = tensors.raises

local function batch(seed)
  pg.manual_seed(seed)
  return pg.randn { 16, 8 }, pg.randint(1, 5, { 16 })
end

-- A model and the function that trains it by one step on x and y.
local function trainer(name, options, x, y)
  pg.manual_seed(3)
  local model = nn.Sequential {
    nn.Linear(8, 12), nn.Tanh(),
    nn.Linear(12, 4),
  }
  local opt = optim[name](model:parameters(), options)
  return model, function()
    local loss = pg.cross_entropy(model(x), y)
    opt:zero_grad()
    loss:backward()
    opt:step()
    return loss
  end
end

-- Weights after steps on the batches with seeds 1 .. count, all run plainly.
local function plain(name, options, count)
  local x, y = batch(1)
  local model, step = trainer(name, options, x, y)
  for seed = 1, count do
    local a, b = batch(seed)
    x:copy_(a)
    y:copy_(b)
    step()
  end
  return model:parameters()
end

-- The same with the first step recorded and the others replayed.
local function replayed(name, options, count)
  local x, y = batch(1)
  local model, step = trainer(name, options, x, y)
  local recording = pg.record(step)
  for seed = 2, count do
    local a, b = batch(seed)
    x:copy_(a)
    y:copy_(b)
    recording:replay()
  end
  return model:parameters(), recording
end

describe("a recording", function()
  local cases = {
    { "SGD", { lr = 0.1, momentum = 0.9 } },
    { "Adam", { lr = 0.01 } },
    { "AdamW", { lr = 0.01 } },
  }
  for _, case in ipairs(cases) do
    it(("of a step with %s gives the plain run's bits"):format(case[1]),
      function()
        local want = plain(case[1], case[2], 5)
        local got = replayed(case[1], case[2], 5)
        for i, p in ipairs(want) do tensors.same_bits(got[i], p) end
      end)
  end

  it("asks for no memory when it is replayed", function()
    local _, recording = replayed("Adam", {}, 1)
    collectgarbage()
    local before = pg.memory_stats()
    for _ = 1, 20 do recording:replay() end
    local after = pg.memory_stats()
    assert.are.equal(before.host_allocs, after.host_allocs)
    assert.are.equal(before.live_tensors, after.live_tensors)
  end)

  it("lists its calls", function()
    local x = pg.ones { 3 }
    local recording = pg.record(function() return x:exp():sum() end)
    assert.are.equal(2, #recording)
    local names = {}
    for _, call in ipairs(recording:calls()) do
      names[#names + 1] = call.kernel
    end
    assert.are.same({ "exp", "sum" }, names)
  end)

  it("draws new random numbers at every replay", function()
    pg.manual_seed(1)
    local y
    local recording = pg.record(function() y = pg.rand { 4 } end)
    local first = y:clone()
    recording:replay()
    assert.is_false(y:eq(first):all())
  end)

  it("gives zeros where an index has left its range", function()
    local x, index, y = pg.ones { 3, 2 }, pg.tensor { 3, 1 }, nil
    local recording = pg.record(function() y = x:index_select(index, 1) end)
    index[1] = 1 << 40
    recording:replay()
    assert.are.same({ { 0, 0 }, { 1, 1 } }, y:totable())
  end)

  it("ignores a target that is no class any more", function()
    local x = pg.tensor { { 1.0, 2.0 }, { 3.0, 1.0 } }
    local target, weight = pg.tensor { 1, 2 }, pg.tensor { 0.5, 2.0 }
    local loss
    x.requires_grad = true
    local recording = pg.record(function()
      loss = pg.cross_entropy(x, target, weight)
      loss:backward()
    end)
    target[2] = 1 << 40
    x.grad:zero_()
    recording:replay()
    assert.is_true(math.abs(loss:item() - math.log(1 + math.exp(1))) < 1e-6)
    assert.are.same({ 0, 0 }, x.grad[2]:totable())
  end)

  it("refuses another one inside", function()
    raises(function()
      pg.record(function() pg.record(function() end) end)
    end, "record")
  end)

  it("ends when its function fails", function()
    pcall(pg.record, function() error("stop") end)
    assert.are.equal(1,
      #pg.record(function() return pg.ones { 2 } + 1 end) - 1)
  end)
end)
