--- The interactive session: what a line means, how values are shown, what may
-- follow a prefix. It reads no terminal and writes nothing but through print,
-- so that any host can put an editor of its own around it.
local repl = {}

local pending -- the lines of an unfinished statement
local last = {} -- the line completed last and its completions

local keywords = {
  "and", "break", "do", "else", "elseif", "end", "false", "for", "function",
  "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then",
  "true", "until", "while",
}

local function unfinished(message)
  return message:sub(-5) == "<eof>"
end

--- Add `line` to what came before; nil forgets it.
-- Returns the chunk to call, or nil and true if more input is needed. An
-- expression becomes a chunk that returns its values, with true as the third
-- result. Raises on bad syntax.
function repl.read(line)
  if not line then
    pending = nil
    return nil, false
  end
  local text = pending and pending .. "\n" .. line or line
  pending = nil
  local chunk, problem = load("return " .. text:gsub("^=", ""), "=stdin", "t")
  if chunk then return chunk, false, true end
  local statement, message = load(text, "=stdin", "t")
  if statement then return statement, false end
  if unfinished(message) or unfinished(problem) then
    pending = text
    return nil, true
  end
  error(message, 0)
end

--- Print the values of an expression.
function repl.show(...)
  print(...)
end

-- Names that may follow `value`, as keys of a set. A userdata class lists its
-- own through the metatable field __names.
local function collect(value, names)
  local depth = 0
  while value ~= nil and depth < 10 do
    if type(value) == "table" then
      for key in next, value do names[key] = true end
    end
    local meta = debug.getmetatable(value)
    if not meta then break end
    local list = rawget(meta, "__names")
    if list then
      for _, name in ipairs(list(value)) do names[name] = true end
    end
    value = rawget(meta, "__index")
    if type(value) ~= "table" then break end
    depth = depth + 1
  end
  return names
end

-- Value of "a.b.c" from the globals, nil if the way is broken.
local function follow(path)
  local value = _G
  for name in path:gmatch "[%w_]+" do
    local ok, field = pcall(function() return value[name] end)
    if not ok or field == nil then return nil end
    value = field
  end
  return value
end

local function callable(owner, name)
  local ok, value = pcall(function() return owner[name] end)
  if not ok then return false end
  local meta = debug.getmetatable(value)
  return type(value) == "function" or meta ~= nil and meta.__call ~= nil
end

-- True if `name` is one to offer after `prefix`: those with an underscore in
-- front are offered only when asked for.
local function fits(name, prefix)
  return type(name) == "string" and name:find "^[%a_][%w_]*$" ~= nil
    and name:sub(1, #prefix) == prefix
    and (name:sub(1, 1) ~= "_" or prefix ~= "")
end

-- The names that fit `prefix`, sorted; with `owner` only what it can call.
local function matching(names, prefix, owner)
  local list = {}
  for name in pairs(names) do
    if fits(name, prefix) and (not owner or callable(owner, name)) then
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- What stands before the name at the end of `line`, and all such names.
local function completions(line)
  local head, word = line:match "^(.-)([%a_][%w_.:]*)$"
  if not head then return line, matching(collect(_G, {}), "") end
  if head:find "[.:]$" then return line, {} end -- after a call: f():name
  local path, mark, prefix = word:match "^(.*)([.:])([%w_]*)$"
  if not path then
    local names = collect(_G, {})
    for _, keyword in ipairs(keywords) do names[keyword] = true end
    return head, matching(names, word)
  end
  local owner = follow(path)
  if owner == nil then return line, {} end
  local names = matching(collect(owner, {}), prefix, mark == ":" and owner)
  return head .. path .. mark, names
end

--- Completion `index` of the expression at the end of `line`: the whole line,
-- or nil past the last.
function repl.complete(line, index)
  if index == 1 or last.line ~= line then
    last.line = line
    last.head, last.names = completions(line)
  end
  local name = last.names[index]
  return name and last.head .. name
end

return repl
