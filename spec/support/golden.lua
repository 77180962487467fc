-- Runs golden cases: reference numbers from outside, one table per case with
-- inputs, options, outputs and gradients. A case is run in float64 and in
-- float32, forward and, where it has gradients, backward.
--
-- The rows decide what a case means: inputs and options go by their names,
-- and one that the row does not take is a failure. What is not one call of one
-- operation (a chain of them, a training) is in golden_runs.lua.

local tensors = require "spec.support.tensors"
local rows = require "spec.support.rows"
local runs = require "spec.support.golden_runs"

local golden = {}

-- Tables of cases in 'folder': those that index.lua names.
function golden.read(folder)
  local tables = {}
  for _, entry in ipairs(dofile(folder .. "/index.lua").files) do
    tables[#tables + 1] = dofile(folder .. "/" .. entry.file)
  end
  return tables
end

-- The inputs of 'case' as tensors by name, floats as 'dtype'; those with
-- gradients as leaves that want one.
local function make_inputs(case, dtype)
  local inputs = {}
  for _, input in ipairs(case.inputs) do
    local x = tensors.make(input.shape, input.data, input.dtype or dtype)
    if case.grads and case.grads[input.name] then x.requires_grad = true end
    inputs[input.name] = x
  end
  return inputs
end

-- Tensor 'got' against 'want' of a case. -> nil or what differs
local function compare(got, want, dtype, case)
  local expected = want.dtype or dtype
  local tolerance = tensors.tolerance[expected]
  if expected == "float64" and case.tol then tolerance = case.tol end
  local found = type(got) == "boolean" and "bool" or got.dtype
  if found ~= expected then
    return ("dtype %s, expected %s"):format(found, expected)
  end
  return tensors.difference(got, want.shape, want.data,
    tolerance or { rtol = 0, atol = 0 })
end

-- Let the case's gradients flow into those outputs that are tracked.
local function backward(case, outputs, dtype)
  local loss
  for i, seed in ipairs(case.grad_outputs) do
    local y = outputs[i]
    if seed and type(y) == "userdata" and y.requires_grad then
      local part = (y * tensors.make(seed.shape, seed.data, dtype)):sum()
      loss = loss and loss + part or part
    end
  end
  if loss then loss:backward() end
end

local function all_zero(data)
  for _, v in ipairs(data) do
    if v ~= 0 then return false end
  end
  return true
end

local function check_outputs(case, outputs, dtype)
  if #outputs ~= #case.outputs then
    return ("%d outputs, expected %d"):format(#outputs, #case.outputs)
  end
  for i, want in ipairs(case.outputs) do
    local message = compare(outputs[i], want, dtype, case)
    if message then return ("output %d: %s"):format(i, message) end
  end
  return nil
end

-- A gradient that is all zeros may be absent. In a 'kink' case it is a matter
-- of choice and only has to exist.
local function check_gradients(case, inputs, dtype)
  for _, input in ipairs(case.inputs) do
    local want = case.grads[input.name]
    local got = want and inputs[input.name].grad
    local message
    if got and not case.kink then
      message = compare(got, want, dtype, case)
    elseif want and not got and not all_zero(want.data) then
      message = "missing"
    end
    if message then
      return ("gradient of %s: %s"):format(input.name, message)
    end
  end
  return nil
end

-- One run of 'case' in 'dtype'. -> nil or what is wrong
local function run_once(case, run, dtype)
  local inputs = make_inputs(case, dtype)
  local outputs = run(case, inputs, dtype)
  local message = check_outputs(case, outputs, dtype)
  if not message and case.grads then
    backward(case, outputs, dtype)
    message = check_gradients(case, inputs, dtype)
  end
  return message
end

-- -> "passed", "failed" with a message, or "pending" with what is missing
function golden.run(case, group)
  local run, missing = runs.of(case, group)
  if not run then return "pending", missing end
  for _, dtype in ipairs({ "float64", "float32" }) do
    if dtype == "float64" or not case.f64_only then
      local ok, message = pcall(run_once, case, run, dtype)
      if message then
        return "failed", ("%s in %s: %s"):format(case.id, dtype,
          ok and message or "error: " .. tostring(message))
      end
    end
  end
  return "passed"
end

-- Run every case in 'folder'.
-- -> list of { op, passed, pending = reason or nil, failures } in order
function golden.run_all(folder)
  local results, by_op = {}, {}
  for _, file in ipairs(golden.read(folder)) do
    for _, case in ipairs(file.cases) do
      local key = file.group .. "/" .. case.op
      local result = by_op[key]
      if not result then
        result = { op = case.op, passed = 0, pending = 0, failures = {} }
        by_op[key], results[#results + 1] = result, result
      end
      local status, message = golden.run(case, file.group)
      if status == "failed" then
        table.insert(result.failures, message)
      else
        result[status] = result[status] + 1
      end
      if status == "pending"
          and (rows.op(message) or rows.optimizer(message)) then
        table.insert(result.failures, case.id .. " is pending, but "
          .. case.op .. " is a row")
      end
    end
  end
  return results
end

-- Closing line of 'results'. -> text, number of failures
function golden.summary(results)
  local passed, failed, waiting = 0, 0, 0
  for _, result in ipairs(results) do
    passed = passed + result.passed
    failed = failed + #result.failures
    waiting = waiting + result.pending
  end
  return ("%d passed, %d failed, %d pending"):format(passed, failed, waiting),
    failed
end

return golden
