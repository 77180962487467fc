--- What the perigee executable says about itself.
local pg = require "perigee"

local host = {}

--- "Perigee 0.1.0 (Lua 5.4.4)"
function host.version()
  local info = pg.info()
  return ("Perigee %s (%s)"):format(info.version, info.lua or _VERSION)
end

-- The fields in the order of reading; others follow by name.
local order = {
  "perigee", "lua", "isa", "threads", "providers", "dtypes", "data folder",
  "byte limit", "line editor", "operations", "layers", "optimizers", "readers",
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
    list[i] = { name, tostring(value) }
  end
  return list
end

--- Print pg.info() and what the executable adds, as a table of two columns.
-- `editor` names what reads its lines; it sets no byte limit.
function host.info(editor)
  local info = pg.info()
  info.perigee, info.version = info.version, nil
  info["data folder"] = os.getenv "PERIGEE_DATA" or "./data"
  info["byte limit"] = "none"
  info["line editor"] = editor
  local list, width = rows(info), 0
  for _, row in ipairs(list) do width = math.max(width, #row[1]) end
  for _, row in ipairs(list) do
    print(row[1] .. (" "):rep(width - #row[1] + 2) .. row[2])
  end
end

return host
