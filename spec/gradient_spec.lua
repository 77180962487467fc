-- Every operation that has a gradient against central differences, first and
-- second order, in float64, over inputs of each memory layout.

local pg = require "perigee"
local rows = require "spec.support.rows"
local samples = require "spec.support.samples"
local tensors = require "spec.support.tensors"

local function reversed(n)
  local dims = {}
  for i = 1, n do dims[i] = n + 1 - i end
  return dims
end

-- Each layout: the leaf to start from, and how the operation's input is made
-- of it, with the gradient flowing back through that.
local layouts = {
  {
    name = "contiguous",
    leaf = function(x) return x end,
    input = function(x) return x end,
  },
  {
    name = "transposed",
    leaf = function(x)
      return x:permute({ dims = reversed(x:dim()) }):contiguous()
    end,
    input = function(x) return x:permute({ dims = reversed(x:dim()) }) end,
  },
  {
    name = "broadcast",
    leaf = function(x)
      return x:dim() > 0 and x:narrow(1, 1, 1) or x
    end,
    input = function(x, shape) return x:expand({ shape = shape }) end,
  },
}

local differentiable = {}
for _, row in ipairs(rows.list) do
  local flags = row.flags
  if not (flags.source or flags.constant or flags.nograd
      or row.name == "detach") then
    differentiable[#differentiable + 1] = row
  end
end

-- All elements of several tensors in a row.
local function joined(...)
  local list = { ... }
  for i, x in ipairs(list) do list[i] = x:reshape(-1) end
  return pg.cat(list)
end

-- The function whose gradient is checked, of the leaves alone: the fixed
-- inputs of 'entry' stay, random numbers start anew at every call.
local function function_of(row, entry, layout, shapes)
  return function(...)
    local leaves = { ... }
    local arguments, places = samples.inputs(row, entry, "float64")
    local made = {}
    for i, place in ipairs(places) do
      made[place] = layout.input(leaves[i], shapes[i])
    end
    local function put(list)
      for i, x in ipairs(list) do
        if type(x) == "table" then put(x) else list[i] = made[x] or x end
      end
    end
    put(arguments)
    pg.manual_seed(1)
    if row.flags.list then
      return joined(samples.call(row, arguments, entry))
    end
    return (select(entry.output or 1, samples.call(row, arguments, entry)))
  end
end

local function check(row, entry, layout)
  local _, leaves = samples.inputs(row, entry, "float64")
  local starts, shapes = {}, {}
  for i, x in ipairs(leaves) do
    shapes[i] = x.shape
    starts[i] = tensors.leaf(layout.leaf(x))
  end
  local fn = function_of(row, entry, layout, shapes)
  local y = fn(table.unpack(starts))
  if y.dtype ~= "float64" then return end
  assert.is_true(y.requires_grad, row.name .. " lost its gradient")
  pg.gradcheck(fn, starts)
  pg.gradgradcheck(fn, starts)
end

describe("samples", function()
  for _, row in ipairs(rows.list) do
    it("hold a call of " .. row.name, function()
      assert.is_not_nil(samples.of(row))
    end)
  end
end)

describe("gradient", function()
  for _, row in ipairs(differentiable) do
    local list = samples.of(row) or {}
    for i, layout in ipairs(layouts) do
      if i > 1 and list.row_major then break end
      it(("of %s agrees with differences on %s inputs")
        :format(row.name, layout.name), function()
        for _, entry in ipairs(list) do check(row, entry, layout) end
      end)
    end
    if list.empty then
      it(("of %s exists on inputs of size zero"):format(row.name), function()
        check(row, list.empty, layouts[1])
      end)
    end
  end
end)

-- The form of 'row' with an underscore, on 'x' in place of the first argument.
local function in_place(row, x, arguments, options)
  local rest = { table.unpack(arguments, 2) }
  rest[#rest + 1] = options
  return x[row.name .. "_"](x, table.unpack(rest))
end

describe("in place", function()
  for _, row in ipairs(rows.list) do
    if row.flags.inplace and not row.flags.only_inplace then
      local list = samples.of(row) or {}
      it(("%s_ gives what %s gives"):format(row.name, row.name), function()
        local entry = list[1]
        local arguments = samples.inputs(row, entry, "float64")
        local want = samples.call(row, arguments, entry)
        local x = arguments[1]:clone()
        assert.are.equal(x, in_place(row, x, arguments, entry.options))
        tensors.same_bits(x, want:to(x.dtype))
      end)

      it(("%s_ has the gradient of %s"):format(row.name, row.name), function()
        local function gradients(of)
          local arguments, leaves = samples.inputs(row, list[1], "float64")
          for _, leaf in ipairs(leaves) do leaf.requires_grad = true end
          local y = of(arguments)
          if not y.requires_grad then return {} end
          return { pg.grad(y:sum(), leaves, { allow_unused = true }) }
        end
        local want = gradients(function(arguments)
          return samples.call(row, arguments, list[1])
        end)
        local got = gradients(function(arguments)
          return in_place(row, arguments[1] * 1, arguments, list[1].options)
        end)
        for i, grad in pairs(want) do tensors.same_bits(got[i], grad) end
      end)
    end
  end
end)
