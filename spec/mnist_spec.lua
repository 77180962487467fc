-- Training on handwritten digits: the accuracy that the real files give, and
-- runs that repeat to the last bit.

local pg = require "perigee"
local process = require "spec.support.process"
local tensors = require "spec.support.tensors"
local nn, optim, data = pg.nn, pg.optim, pg.data

local function mlp()
  return nn.Sequential {
    nn.Flatten(),
    nn.Linear(784, 256), nn.ReLU(),
    nn.Linear(256, 128), nn.ReLU(),
    nn.Linear(128, 10),
  }
end

local function linear()
  return nn.Sequential { nn.Flatten(), nn.Linear(784, 10) }
end

-- Train what 'make' makes with Adam on 'train', at most 'steps' steps.
local function fit(make, train, epochs, steps)
  pg.manual_seed(42)
  local model = make()
  local opt = optim.Adam(model:parameters(), { lr = 1e-3 })
  local loader = data.DataLoader(train, { batch_size = 128, shuffle = true })
  for _ = 1, epochs do
    for x, y in loader:epoch() do
      if steps == 0 then return model end
      steps = steps and steps - 1
      local loss = pg.cross_entropy(model(x), y)
      opt:zero_grad()
      loss:backward()
      opt:step()
    end
  end
  return model
end

local function accuracy(model, set)
  local right = 0
  model:eval()
  pg.no_grad(function()
    for x, y in data.DataLoader(set, { batch_size = 500 }):epoch() do
      right = right + model(x):argmax(2):eq(y):sum():item()
    end
  end)
  return right / #set
end

describe("mnist", function()
  it("gives bit-identical weights in two runs", function()
    local train = data.digits(1500, 1)
    local first, second = fit(mlp, train, 1, 10), fit(mlp, train, 1, 10)
    local weights = second:parameters()
    for i, p in ipairs(first:parameters()) do
      tensors.same_bits(p, weights[i])
    end
  end)

  if process.quick then
    pending("reaches 97.6% in a run that is not quick")
    return
  end

  it("draws digits that a linear model cannot read, but the MLP can", function()
    local train, test = data.digits(24000, 1), data.digits(4000, 2)
    local line, net = fit(linear, train, 5), fit(mlp, train, 5)
    local poor, good = accuracy(line, test), accuracy(net, test)
    assert.is_true(poor < 0.93, ("linear %.2f%%"):format(100 * poor))
    assert.is_true(good > 0.97, ("MLP %.2f%%"):format(100 * good))
  end)

  local train, test = data.mnist { train_size = 1, test_size = 1 }
  if not train.source:find("files", 1, true) then
    pending("reaches 97.6% where PERIGEE_DATA has the files")
    return
  end

  it("reaches 97.6% after five epochs", function()
    local got = accuracy(fit(mlp, train, 5), test)
    assert.is_true(got >= 0.976, ("%.2f%%"):format(100 * got))
  end)
end)
