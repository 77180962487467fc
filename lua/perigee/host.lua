--- What the perigee executable says about itself.
local pg = require "perigee"

local host = {}

--- "Perigee 0.1.0 (Lua 5.4.4)"
function host.version()
  local info = pg.info()
  return ("Perigee %s (%s)"):format(info.version, info.lua or _VERSION)
end

-- The fields of pg.info() in the order of reading; others follow by name.
local order = {
  "version", "lua", "isa", "threads", "providers", "dtypes", "data",
  "byte_limit", "libraries", "operations", "layers", "optimizers", "readers",
}

-- Rows of `info` as pairs of strings, sorted as `order` says.
local function rows(info)
  local place = {}
  for i, name in ipairs(order) do place[name] = i end
  local names = {}
  for name in pairs(info) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    local i, j = place[a] or #order + 1, place[b] or #order + 1
    if i ~= j then return i < j end
    return a < b
  end)
  local list = {}
  for i, name in ipairs(names) do
    local value = info[name]
    if type(value) == "table" then
      value = #value > 0 and table.concat(value, ", ") or "none"
    end
    list[i] = { (name:gsub("_", " ")), tostring(value) }
  end
  return list
end

--- Print pg.info() as a table of two columns.
function host.info()
  local list, width = rows(pg.info()), 0
  for _, row in ipairs(list) do width = math.max(width, #row[1]) end
  for _, row in ipairs(list) do
    print(row[1] .. (" "):rep(width - #row[1] + 2) .. row[2])
  end
end

return host
