-- Definitions for editors (LuaCATS): what `pg` and its objects have, with
-- types, out of the entries of pg.reference(). Returns the function that makes
-- their text.

local types = {
  int = "integer", real = "number", number = "number", bool = "boolean",
  dim = "integer", index = "integer", dims = "integer|integer[]",
  ints = "integer|integer[]", reals = "number[]", string = "string",
  dtype = "perigee.Dtype", generator = "perigee.Generator",
}

-- Where the functions of each kind stand, and what they return if a row says
-- nothing.
local places = {
  operations = { "pg", "perigee.Tensor" },
  layers = { "pg.nn", "perigee.Module" },
  optimizers = { "pg.optim", "perigee.Optimizer" },
  readers = { "pg.data", "perigee.Dataset" },
  ["functions of pg"] = { "pg", "any" },
  ["functions of pg.nn"] = { "pg.nn", "any" },
  ["functions of pg.optim"] = { "pg.optim", "any" },
  ["functions of pg.data"] = { "pg.data", "any" },
  ["methods of tensors"] = { "Tensor", "any", method = true },
  ["methods of modules"] = { "Module", "any", method = true },
  ["methods of optimizers"] = { "Optimizer", "any", method = true },
  ["methods of loaders"] = { "Loader", "any", method = true },
  ["methods of recordings"] = { "Recording", "any", method = true },
  ["methods of generators"] = { "Generator", "any", method = true },
}

local head = [[
---@meta perigee

---@alias perigee.Dtype
---| "bool"
---| "uint8"
---| "int32"
---| "int64"
---| "float16"
---| "bfloat16"
---| "float32"
---| "float64"

---@class perigee.Module
---@operator call(any): perigee.Tensor
local Module = {}

---@class perigee.Optimizer
local Optimizer = {}

---@class perigee.Dataset
local Dataset = {}

---@class perigee.Loader
local Loader = {}

---@class perigee.Recording
local Recording = {}

---@class perigee.Generator
local Generator = {}

---@class perigee.Tensor
---@operator add(perigee.Tensor|number): perigee.Tensor
---@operator sub(perigee.Tensor|number): perigee.Tensor
---@operator mul(perigee.Tensor|number): perigee.Tensor
---@operator div(perigee.Tensor|number): perigee.Tensor
---@operator idiv(perigee.Tensor|number): perigee.Tensor
---@operator mod(perigee.Tensor|number): perigee.Tensor
---@operator pow(perigee.Tensor|number): perigee.Tensor
---@operator band(perigee.Tensor|number|boolean): perigee.Tensor
---@operator bor(perigee.Tensor|number|boolean): perigee.Tensor
---@operator unm: perigee.Tensor
---@operator bnot: perigee.Tensor
---@operator len: integer
---@field [any] any
---@field shape integer[] sizes of the dimensions
---@field dtype perigee.Dtype element type
---@field device string where it lives
---@field grad perigee.Tensor? the gradient of a leaf
---@field requires_grad boolean whether a gradient is wanted
---@field is_leaf boolean whether it has no history
local Tensor = {}

local pg = { nn = {}, optim = {}, data = {} }
]]

local function type_of(param)
  if param.choices then
    return '"' .. param.choices:gsub("|", '"|"') .. '"'
  end
  return types[param.type] or "any"
end

local function tensor_type(input)
  if input.list then return "perigee.Tensor[]" end
  return input.number and "perigee.Tensor|number" or "perigee.Tensor"
end

local function comment(text)
  return "---" .. text:gsub("\n", "\n---")
end

-- { { name, type, optional } } of the inputs and then the parameters of a row.
local function arguments(row)
  local list = {}
  for _, input in ipairs(row.inputs or {}) do
    list[#list + 1] = { input.name, tensor_type(input), input.optional }
  end
  for _, param in ipairs(row.params or {}) do
    list[#list + 1] =
      { param.name, type_of(param), not param.required, param.doc }
  end
  return list
end

-- The parameters of a row as the type of its trailing table.
local function options_type(row)
  local fields = {}
  for _, param in ipairs(row.params or {}) do
    fields[#fields + 1] = ("%s?: %s"):format(param.name, type_of(param))
  end
  return "{ " .. table.concat(fields, ", ") .. " }"
end

local function returns(row, fallback)
  if row.flags and row.flags.truth then return fallback .. "|boolean" end
  if row.flags and row.flags.list then return "perigee.Tensor[]" end
  local outputs = row.outputs or {}
  if #outputs < 2 then return fallback end
  return ("perigee.Tensor, "):rep(#outputs - 1) .. "perigee.Tensor"
end

-- The overload with options by name, after the first `skip` inputs.
local function overload(row, result, skip)
  if not row.params or #row.params == 0 then return nil end
  local list = {}
  for i, input in ipairs(row.inputs or {}) do
    if i > skip then
      list[#list + 1] = ("%s%s: %s"):format(input.name,
        input.optional and "?" or "", tensor_type(input))
    end
  end
  if skip > 0 then table.insert(list, 1, "self: perigee.Tensor") end
  list[#list + 1] = "options: " .. options_type(row)
  return ("---@overload fun(%s): %s"):format(table.concat(list, ", "), result)
end

-- A function of a row: `skip` inputs are the object before the colon.
local function definition(row, name, result, skip)
  local lines, names = { comment(row.doc) }, {}
  for i, argument in ipairs(arguments(row)) do
    if i > skip then
      names[#names + 1] = argument[1]
      lines[#lines + 1] = ("---@param %s%s %s%s"):format(argument[1],
        argument[3] and "?" or "", argument[2],
        argument[4] and " " .. argument[4] or "")
    end
  end
  lines[#lines + 1] = "---@return " .. result
  lines[#lines + 1] = overload(row, result, skip)
  lines[#lines + 1] = ("function %s(%s) end\n"):format(name,
    table.concat(names, ", "))
  return table.concat(lines, "\n")
end

-- An operation as function, method and in place.
local function operation(row, add)
  local place = places.operations
  local result = returns(row, place[2])
  local first = row.inputs[1]
  if not row.flags.only_inplace then
    add(definition(row, "pg." .. row.name, result, 0))
    if first and not first.list then
      add(definition(row, "Tensor:" .. row.name, result, 1))
    end
  end
  if row.flags.inplace then
    local name = row.name:gsub("_?$", "_", 1) -- which may have it already
    add(definition(row, "Tensor:" .. name, place[2], 1))
  end
end

-- A function of which only the usage is known.
local function plain(entry, add)
  local place = places[entry.kind]
  if not place then return end
  local names = {}
  local given = entry.usage:match "%((.-)%)" or ""
  for name in given:gsub("{.-}", "options"):gmatch "[%a_][%w_]*" do
    names[#names + 1] = name
  end
  local lines = { comment(entry.doc) }
  for _, name in ipairs(names) do
    lines[#lines + 1] = ("---@param %s? any"):format(name)
  end
  lines[#lines + 1] = "---@return " .. place[2]
  lines[#lines + 1] = ("function %s%s%s(%s) end\n"):format(place[1],
    place.method and ":" or ".", entry.name, table.concat(names, ", "))
  add(table.concat(lines, "\n"))
end

return function(entries)
  local blocks = { head }
  local function add(block) blocks[#blocks + 1] = block end
  for _, entry in ipairs(entries) do
    if entry.kind == "operations" then
      operation(entry, add)
    elseif places[entry.kind] and #entry.params > 0 then
      local place = places[entry.kind]
      add(definition(entry, place[1] .. "." .. entry.name, place[2], 0))
    else
      plain(entry, add)
    end
  end
  add "return pg\n"
  return table.concat(blocks, "\n")
end
