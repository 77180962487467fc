-- Running random calls: an operation with its gradient, its form in place, an
-- optimizer.

local pg = require "perigee"
local calls = require "spec.support.random_calls"
local forms = require "spec.support.sample_forms"
local randoms = require "spec.support.randoms"
local rows = require "spec.support.rows"

local random = math.random

local runs = {}

local function arguments_of(call)
  local list = {}
  for i, input in ipairs(call.inputs) do list[i] = input.view(input.leaf) end
  list = forms.pass(list, call.through)
  if call.list then list = { list } end
  if next(call.options) then list[#list + 1] = call.options end
  return list
end

-- Outputs as tensors.
local function outputs_of(first, ...)
  local list = type(first) == "table" and first or { first, ... }
  for i, y in ipairs(list) do
    if type(y) == "boolean" then list[i] = pg.tensor { y and 1 or 0 } end
  end
  return list
end

-- A number whose gradient reaches every output that has one: through drawn
-- weights, or through the sum alone, whose gradient is a broadcast one.
local function objective(outputs)
  local loss
  for _, y in ipairs(outputs) do
    if y.requires_grad then
      local weights = pg.rand(y.shape, { dtype = "float64" }):to(y.dtype)
      local part = random(3) == 1 and y:sum() or (y * weights):sum()
      loss = loss and loss + part or part
    end
  end
  return loss
end

-- The call of 'row' that 'seed' draws, floats as 'dtype'. -> a list: the
-- outputs, then the gradients of all leaves
function runs.operation(row, dtype, seed)
  local call = calls.draw(row, dtype, seed)
  for _, leaf in ipairs(call.leaves) do
    leaf.requires_grad = not (row.flags.constant or row.flags.nograd)
  end
  local outputs = outputs_of(pg[row.name](table.unpack(arguments_of(call))))
  local loss = objective(call.output and { outputs[call.output] } or outputs)
  if loss then loss:backward() end
  for _, leaf in ipairs(call.leaves) do outputs[#outputs + 1] = leaf.grad end
  return outputs
end

-- The same in place, perhaps into strided places. -> { the whole leaf }
function runs.inplace(row, dtype, seed)
  local call = calls.draw(row, dtype, seed, true)
  local list = arguments_of(call)
  list[1][rows.inplace(row)](table.unpack(list))
  return { call.inputs[1].leaf }
end

local settings = {
  SGD = { { lr = 0.1 }, { lr = 0.1, momentum = 0.9, weight_decay = 0.1 },
    { lr = 0.1, momentum = 0.9, nesterov = true },
    { lr = 0.1, momentum = 0.9, dampening = 0.5, maximize = true } },
  Adam = { {}, { weight_decay = 0.1 }, { amsgrad = true, maximize = true } },
  AdamW = { {}, { weight_decay = 0.1 }, { amsgrad = true, maximize = true } },
}

-- Three steps of optimizer 'name' on a parameter. -> { it }
function runs.optimizer(name, dtype, seed)
  randoms.seed(seed)
  local list = settings[name] or { {} }
  local kind = { dtype = dtype, low = -1, high = 1 }
  local shape = randoms.shape(0, 3, 20000)
  local input = randoms.tensor(
    { dtype = dtype, low = -1, high = 1, written = true }, shape)
  local p = input.view(input.leaf)
  p.requires_grad = true
  local optimizer = pg.optim[name]({ p }, list[random(#list)])
  for _ = 1, 3 do
    local g = randoms.tensor(kind, shape)
    p.grad = g.view(g.leaf):clone()
    optimizer:step()
  end
  return { p:detach() }
end

return runs
