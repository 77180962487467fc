-- Programs at each instruction-set level: the host that runs these specs,
-- started anew with another level.

local process = require "spec.support.process"

local levels = {}

-- Run a script at 'level'. -> as process.run
function levels.run(level, script)
  return process.run("PERIGEE_ISA=" .. level .. " " .. process.host .. " "
    .. script)
end

-- Levels that there are, by the error that lists them.
local function known()
  local list = {}
  local text = levels.run("none", "-v").err:match("is none of ([^\n]+)")
  for name in text:gmatch("[^, ]+") do list[#list + 1] = name end
  return list
end

-- Levels that this processor has, plain first.
function levels.here()
  local list = {}
  for _, name in ipairs(known()) do
    if levels.run(name, "-e ''").status == 0 then list[#list + 1] = name end
  end
  return list
end

return levels
