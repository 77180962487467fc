-- Optimizers: one step by hand for each, state, hyper-parameters, refusals.
-- Trajectories are golden_spec's.

local pg = require "perigee"
local tensors = require "spec.support.tensors"
local optim = pg.optim
local near, raises = tensors.near, tensors.raises

local function leaf(data)
  return pg.tensor(data, { dtype = "float64", requires_grad = true })
end

-- Parameter { 1, -2 } after 'steps' steps with gradient { 0.5, 1 }.
local function after(name, options, steps)
  local p = leaf { 1.0, -2.0 }
  local opt = optim[name]({ p }, options)
  for _ = 1, steps do
    p.grad = pg.tensor({ 0.5, 1.0 }, { dtype = "float64" })
    opt:step()
  end
  return p
end

describe("optim", function()
  -- By the formulas of the papers, with constant gradient g.
  local cases = {
    { "SGD", { lr = 0.1 }, 2, { 1 - 0.2 * 0.5, -2 - 0.2 } },
    { "SGD", { lr = 0.1, momentum = 0.5 }, 2,
      { 1 - 0.1 * 0.5 * (1 + 1.5), -2 - 0.1 * (1 + 1.5) } },
    { "SGD", { lr = 0.1, momentum = 0.5, dampening = 0.5 }, 2,
      { 1 - 0.1 * 0.5 * (1 + 1), -2 - 0.1 * (1 + 1) } },
    { "SGD", { lr = 0.1, momentum = 0.5, nesterov = true }, 1,
      { 1 - 0.1 * 0.5 * 1.5, -2 - 0.1 * 1.5 } },
    { "SGD", { lr = 0.1, weight_decay = 0.2 }, 1,
      { 1 - 0.1 * (0.5 + 0.2), -2 - 0.1 * (1 - 0.4) } },
    { "Adam", { lr = 0.1, eps = 0 }, 3, { 1 - 0.3, -2 - 0.3 } },
    { "AdamW", { lr = 0.1, eps = 0, weight_decay = 0.5 }, 1,
      { 1 * 0.95 - 0.1, -2 * 0.95 - 0.1 } },
  }
  for i, case in ipairs(cases) do
    it(("moves by the formula of %s, case %d"):format(case[1], i), function()
      near(after(case[1], case[2], case[3]), case[4])
    end)
  end

  it("leaves a parameter without a gradient alone", function()
    local p, q = leaf { 1.0 }, leaf { 1.0 }
    local opt = optim.Adam({ p, q })
    p:sum():backward()
    opt:step()
    near(q, { 1 })
    assert.is_true(p:item() < 1)
  end)

  it("takes the parameters of a module", function()
    local model = pg.nn.Linear(2, 1)
    local opt = optim.SGD(model:parameters(), { lr = 1 })
    local before = model.bias:item()
    model(pg.ones { 1, 2 }):sum():backward()
    opt:step()
    assert.is_true(math.abs(model.bias:item() - (before - 1)) < 1e-6)
    opt:zero_grad()
    assert.is_nil(model.weight.grad)
  end)

  it("reads and changes hyper-parameters by name", function()
    local p = leaf { 1.0 }
    local opt = optim.SGD({ p }, { lr = 0.5 })
    assert.are.equal(0.5, opt.lr)
    opt.lr = 0.25
    p.grad = pg.ones({ 1 }, { dtype = "float64" })
    opt:step()
    near(p, { 0.75 })
    raises(function() opt.lr = -1 end, "lr", "-1")
    raises(function() opt.rate = 1 end, "rate")
  end)

  it("records no history", function()
    local p = leaf { 1.0 }
    local opt = optim.SGD({ p }, { lr = 0.1 })
    p:sum():backward()
    opt:step()
    assert.is_true(p.requires_grad)
    p:sum():backward()
  end)

  local p = leaf { 1.0 }
  local refused = {
    { "an unknown option", function() optim.Adam({ p }, { rate = 1 }) end,
      "rate" },
    { "a misspelt option and names the nearest",
      function() optim.Adam({ p }, { weight_decai = 1 }) end,
      "weight_decai", "weight_decay" },
    { "a negative rate", function() optim.SGD({ p }, { lr = -1 }) end,
      "lr", "-1" },
    { "a beta of one",
      function() optim.Adam({ p }, { betas = { 0.9, 1 } }) end, "betas" },
    { "nesterov without momentum",
      function() optim.SGD({ p }, { nesterov = true }) end, "nesterov",
      "momentum" },
    { "no parameters", function() optim.SGD({}) end, "SGD" },
    { "a parameter twice", function() optim.SGD({ p, p }) end, "SGD" },
    { "a tensor that wants no gradient",
      function() optim.SGD({ pg.ones { 1 } }) end, "SGD" },
  }
  tensors.each_raises(it, "refuses ", refused)
end)
