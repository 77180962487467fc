-- How a golden case is executed. Most are one call of the operation they name;
-- the others stand in the table 'special', whole trainings in
-- golden_training.lua. A run takes the case, its inputs by name and the float
-- dtype, and returns the list of outputs.

local pg = require "perigee"
local rows = require "spec.support.rows"
local training = require "spec.support.golden_training"

local runs = {}

-- Names of 'given' that 'take' has not taken are an error: nothing of a case
-- is dropped silently.
local function refuse_rest(what, given, taken)
  for name in pairs(given) do
    if not taken[name] then
      error(("the row takes no %s '%s'"):format(what, name), 0)
    end
  end
end

-- Inputs x1, x2, ... as a list.
local function numbered(inputs, taken)
  local list = {}
  while inputs["x" .. #list + 1] do
    taken["x" .. #list + 1] = true
    list[#list + 1] = inputs["x" .. #list + 1]
  end
  return list
end

-- Positional arguments of 'row' out of inputs by name. -> list, count
local function positional(row, inputs)
  local list, taken = {}, {}
  for i, input in ipairs(row.inputs) do
    if input.list then
      list[i] = numbered(inputs, taken)
    else
      list[i], taken[input.name] = inputs[input.name], true
    end
  end
  refuse_rest("input", inputs, taken)
  return list, #row.inputs
end

-- Options of 'row' out of a case's args.
local function named(row, args)
  local options = {}
  for name, value in pairs(args) do
    if not rows.find(row.params, name) then
      error(("the row takes no argument '%s'"):format(name), 0)
    end
    options[name] = value
  end
  return next(options) and options or nil
end

-- Plain numbers among 'args' that the row takes as inputs go there.
-- -> inputs, the other args
local function separated(row, inputs, args)
  local all, rest = {}, {}
  for name, x in pairs(inputs) do all[name] = x end
  for name, value in pairs(args) do
    local input = rows.find(row.inputs, name)
    if input and input.number then all[name] = value else rest[name] = value end
  end
  return all, rest
end

-- Call operation 'op' with inputs by name and options. -> list of outputs
local function call(op, inputs, args)
  local row = rows.op(op)
  local all, options = separated(row, inputs, args)
  local list, count = positional(row, all)
  list[count + 1] = named(row, options)
  local outputs = { pg[op](table.unpack(list, 1, count + 1)) }
  return row.flags.list and outputs[1] or outputs
end

local function copy(t, without)
  local result = {}
  for k, v in pairs(t) do
    if not (without and without[k]) then result[k] = v end
  end
  return result
end

-- An argument that is an input of the row (value of masked_fill) is one here.
local function run_row(case, inputs)
  local args = copy(case.args)
  for _, input in ipairs(rows.op(case.op).inputs) do
    if args[input.name] ~= nil then
      inputs = copy(inputs)
      inputs[input.name], args[input.name] = args[input.name], nil
    end
  end
  return call(case.op, inputs, args)
end

-- Tensor x with the plain number args.scalar on one side.
local function run_number(case, inputs)
  local first, second = rows.op(case.op).inputs[1], rows.op(case.op).inputs[2]
  local x, scalar = inputs.x, case.args.scalar
  local operands = case.args.side == "right"
      and { [first.name] = x, [second.name] = scalar }
    or { [first.name] = scalar, [second.name] = x }
  return call(case.op, operands, copy(case.args, { scalar = 1, side = 1 }))
end

-- An operand "given transposed" is a view with its last two dims swapped.
local function run_matmul(case, inputs)
  local operands = copy(inputs)
  for _, name in ipairs({ "a", "b" }) do
    if case.args["transpose_" .. name] then
      operands[name] = inputs[name]:transpose(-2, -1)
    end
  end
  return call("matmul", operands,
    copy(case.args, { transpose_a = 1, transpose_b = 1 }))
end

-- One size of all parts, or the size of each.
local function run_split(case, inputs)
  local args = copy(case.args, { size = 1, sections = 1 })
  args.split_size = case.args.size or case.args.sections
  return call("split", inputs, args)
end

-- repeat is a word of Lua.
local function run_repeat(case, inputs)
  return call("tile", inputs, case.args)
end

-- A source: whole tensors of a shape.
local function run_source(case, _, dtype)
  local args = copy(case.args)
  args.dtype = dtype
  if rows.find(rows.op(case.op).params, "rows") then
    args.rows, args.columns, args.shape = args.shape[1], args.shape[2], nil
  end
  return call(case.op, {}, args)
end

-- One step of a chain on 'x'; 'kept' holds the inputs and saved tensors.
local function take_step(step, x, kept)
  if step.op == "save" then
    kept[step.as] = x
    return x
  elseif step.op == "load" then
    return kept[step.from]
  end
  local row = rows.op(step.op)
  local inputs = { [row.inputs[1].name] = x }
  if step.with then inputs[row.inputs[2].name] = kept[step.with] end
  return call(step.op, inputs, step.args or {})[1]
end

local function walk(steps, x, kept)
  for _, step in ipairs(steps) do
    refuse_rest("field", step,
      { op = 1, args = 1, with = 1, as = 1, from = 1 })
    x = take_step(step, x, kept)
  end
  return x
end

local function run_chain(case, inputs)
  refuse_rest("argument", case.args, { steps = 1 })
  return { walk(case.args.steps, inputs.x, copy(inputs)) }
end

local function run_inplace_add(case, inputs)
  refuse_rest("argument", case.args, { view = 1, alpha = 1 })
  local view = walk(case.args.view, inputs.x, {})
  view:add_(inputs.y * case.args.alpha)
  return { inputs.x }
end

-- First operation of 'steps' that is no row.
local function missing_step(steps)
  for _, step in ipairs(steps) do
    if step.op ~= "save" and step.op ~= "load" and not rows.op(step.op) then
      return step.op
    end
  end
  return nil
end

local special = {
  matmul = { run = run_matmul },
  split = { run = run_split },
  ["repeat"] = { run = run_repeat },
  chain = { run = run_chain, steps = "steps" },
  inplace_add = { run = run_inplace_add, steps = "view" },
  train_mlp = { run = training.run },
  train_penalty = { run = training.run },
}

-- True for an initializer, told by the statistics of a large sample.
local function is_initializer(case, group)
  return group == "init" and case.outputs[1].name ~= nil
end

-- How to run 'case'. -> function, or nil and the name of what is missing
function runs.of(case, group)
  if is_initializer(case, group) then return nil, "init." .. case.op end
  local entry = special[case.op]
  if entry then
    local missing = entry.steps and missing_step(case.args[entry.steps])
    if missing then return nil, missing end
    return entry.run
  end
  if rows.optimizer(case.op) then return training.optimizer end
  if not rows.op(case.op) then return nil, case.op end
  if group == "init" then return run_source end
  if case.args.side then return run_number end
  return run_row
end

return runs
