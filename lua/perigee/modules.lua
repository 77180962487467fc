--- Modules that read best in Lua; run with the table nn when it is opened.
local nn = ...

local ModuleList = nn.Module "ModuleList"

-- Put `module` at the end, named by its place from 0 on, as in PyTorch.
-- `level` is that of the user's call, as for error.
local function put(list, module, level)
  if not nn.is_module(module) then
    error("ModuleList: a module expected, got " .. type(module), level + 1)
  end
  list[tostring(#list)] = module
end

function ModuleList:init(list)
  if list ~= nil and type(list) ~= "table" then
    error("ModuleList: a list of modules expected, got " .. type(list), 3)
  end
  for i = 1, list and #list or 0 do put(self, list[i], 3) end
end

--- Add `module` to the end.
function ModuleList:append(module)
  put(self, module, 2)
  return self
end

function ModuleList.forward()
  error("ModuleList is a list; call the modules in it", 3)
end

nn.ModuleList = ModuleList
