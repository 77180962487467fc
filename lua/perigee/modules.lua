--- Modules that read best in Lua; run with the table nn when it is opened.
local nn = ...

local ModuleList = nn.Module "ModuleList"

function ModuleList:init(list)
  for _, module in ipairs(list or {}) do self:append(module) end
end

--- Put `module` at the end, named by its place from 0 on, as in PyTorch.
function ModuleList:append(module)
  if not nn.is_module(module) then
    error("ModuleList: a module expected, got " .. type(module), 3)
  end
  self[tostring(#self)] = module
  return self
end

function ModuleList.forward()
  error("ModuleList is a list; call the modules in it", 3)
end

nn.ModuleList = ModuleList
