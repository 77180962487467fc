-- Golden cases of many steps: an optimizer that follows given gradients, and
-- whole trainings of small networks.

local pg = require "perigee"
local tensors = require "spec.support.tensors"

local training = {}

-- Parameters p1, p2, ... moved by given gradients g1, g2, ... of each step.
function training.optimizer(case, inputs, dtype)
  local parameters, paths = {}, {}
  while inputs["p" .. #parameters + 1] do
    local i = #parameters + 1
    parameters[i], paths[i] = tensors.leaf(inputs["p" .. i]), {}
  end
  local optimizer = pg.optim[case.op](parameters, case.args)
  for step = 1, inputs.g1.shape[1] do
    for i, p in ipairs(parameters) do
      p.grad = inputs["g" .. i]:select(1, step):clone()
    end
    optimizer:step()
    for i, p in ipairs(parameters) do
      table.move(tensors.flat(p), 1, p:numel(), #paths[i] + 1, paths[i])
    end
  end
  local outputs = {}
  for i, path in ipairs(paths) do
    outputs[i] = tensors.make(inputs["g" .. i].shape, path, dtype)
  end
  return outputs
end

-- Weights w1, b1, w2, b2, ... as leaves, in order.
local function weights_of(inputs)
  local list = {}
  while inputs["w" .. #list // 2 + 1] do
    local i = #list // 2 + 1
    list[#list + 1] = tensors.leaf(inputs["w" .. i])
    list[#list + 1] = tensors.leaf(inputs["b" .. i])
  end
  return list
end

-- A network of linear maps with an activation between them.
local function forward(x, weights, activation)
  for i = 1, #weights, 2 do
    x = pg.linear(x, weights[i], weights[i + 1])
    if i + 1 < #weights then x = pg[activation](x) end
  end
  return x
end

-- l1 sum |w| + l2 sum w^2 over the weights, without the biases; nil if none.
local function penalty(weights, l1, l2)
  local total
  for i = 1, #weights, 2 do
    local w = weights[i]
    local part = w:abs():sum() * (l1 or 0) + (w * w):sum() * (l2 or 0)
    total = total and total + part or part
  end
  return total
end

-- What of a training's args goes to its optimizer: all that is not the run's.
local function settings_of(args)
  local of_the_run = { layers = 1, batch = 1, activation = 1, loss = 1,
    optimizer = 1, steps = 1, l1 = 1, l2 = 1 }
  local settings = {}
  for name, value in pairs(args) do
    if not of_the_run[name] then settings[name] = value end
  end
  return settings
end

-- A whole training: losses of the steps and final weights.
function training.run(case, inputs, dtype)
  local args = case.args
  local weights = weights_of(inputs)
  local optimizer = pg.optim[args.optimizer](weights, settings_of(args))
  local losses, plain = {}, {}
  for step = 1, args.steps do
    local chosen = inputs.order:select(1, step)
    local y = forward(inputs.x:index_select(chosen, 1), weights,
      args.activation)
    local data_loss = pg[args.loss](y, inputs.y:index_select(chosen, 1))
    local loss = data_loss
    if args.l1 or args.l2 then
      loss = data_loss + penalty(weights, args.l1, args.l2)
    end
    losses[step], plain[step] = loss:item(), data_loss:item()
    optimizer:zero_grad()
    loss:backward()
    optimizer:step()
  end
  local outputs = { tensors.make({ args.steps }, losses, dtype) }
  if args.l1 then
    outputs[2] = tensors.make({ args.steps }, plain, dtype)
  end
  table.move(weights, 1, #weights, #outputs + 1, outputs)
  return outputs
end

return training
