-- Writes the reference out of the tables: a page per entry, an index, the table
-- of promotion, and definitions for editors that know LuaCATS. Run by
-- `make docs` in the project's root:
--
--   perigee docs/reference.lua folder header
--
-- `header` is the complete perigee.h, from which the C forms come.

local pg = require "perigee"
local doc_text = require "docs.doc_text"
local luacats = require "docs.luacats"

local folder, header = arg[1], arg[2]

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

local function write(name, text)
  local file = assert(io.open(folder .. "/" .. name, "w"))
  assert(file:write(text))
  assert(file:close())
end

-- ---- A page -----------------------------------------------------------------

local c_source = read(header)

-- The declarations of the operation called `name`, with their comments.
local function c_form(name)
  local list = {}
  for _, form in ipairs({ name, name .. "_" }) do
    local declaration = c_source:match("(PERI_API [^;{}]-[ *]peri_" .. form
      .. "%([^;]-%);)")
    list[#list + 1] = declaration
  end
  return #list > 0 and table.concat(list, "\n") or nil
end

local function cell(text)
  return (tostring(text):gsub("|", "\\|"))
end

-- "int, 1 to 4" and the like.
local function kind_of(param)
  local text = param.choices and param.choices:gsub("|", " | ") or param.type
  if param.low and param.low > -2^53 and param.high < 2^53 then
    text = ("%s, %g to %g"):format(text, param.low, param.high)
  end
  return text
end

local function fallback_of(param)
  if param.required then return "required" end
  local value = param.default
  if type(value) == "table" then
    return "{ " .. table.concat(value, ", ") .. " }"
  end
  return value == nil and "none" or tostring(value)
end

local function parameters(row)
  if not row.params or #row.params == 0 then return nil end
  local lines = { "| parameter | type | default | |", "|---|---|---|---|" }
  for _, param in ipairs(row.params) do
    lines[#lines + 1] = ("| `%s` | %s | %s | %s |"):format(param.name,
      cell(kind_of(param)), cell(fallback_of(param)), cell(param.doc))
  end
  return table.concat(lines, "\n")
end

local function fenced(language, text)
  return ("```%s\n%s\n```"):format(language, text)
end

local labels = { { "returns", "Returns" }, { "grad", "Gradient" },
  { "errors", "Errors" }, { "ref", "Source" } }

-- Inputs, then what comes back.
local function facts(parts)
  local lines = {}
  for _, entry in ipairs(parts.takes) do
    lines[#lines + 1] = ("- **%s**: %s"):format(entry.names, entry.text)
  end
  for _, label in ipairs(labels) do
    if parts[label[1]] then
      lines[#lines + 1] = ("- *%s*: %s"):format(label[2], parts[label[1]])
    end
  end
  return #lines > 0 and table.concat(lines, "\n") or nil
end

local function examples(parts)
  local list = {}
  for i, lines in ipairs(parts.examples) do
    list[i] = table.concat(lines, "\n") .. "\n--> " .. lines.gives
  end
  return #list > 0 and fenced("lua", table.concat(list, "\n\n")) or nil
end

-- The page of an entry of pg.reference().
local function page(entry)
  local parts = doc_text.parse(entry)
  local blocks = { "# " .. entry.name, fenced("lua", entry.usage) }
  local function add(block) blocks[#blocks + 1] = block end
  if entry.params and entry.inputs or #parts.takes > 0 then
    add(parts.summary)
    add(facts(parts))
  else
    add(fenced("", entry.doc))
  end
  add(parameters(entry))
  add(examples(parts))
  local c = entry.inputs and c_form(entry.name)
  add(c and fenced("c", c))
  return table.concat(blocks, "\n\n") .. "\n"
end

-- ---- All of them ------------------------------------------------------------

-- File of an entry: a kind of its own for methods, which share names with
-- operations.
local function file_of(entry)
  local kind = entry.kind:gsub("%W+", "-")
  return ("%s-%s.md"):format(kind, entry.name)
end

local function index(entries)
  local lines, kind = { "# Reference\n" }, nil
  for _, entry in ipairs(entries) do
    if entry.kind ~= kind then
      kind = entry.kind
      lines[#lines + 1] = ("\n## %s\n"):format(kind)
    end
    lines[#lines + 1] = ("- [%s](%s): %s"):format(entry.name, file_of(entry),
      entry.doc:match "^[^\n]*")
  end
  lines[#lines + 1] = "\n## more\n\n- [promotion](promotion.md): the element "
    .. "type in which two tensors meet"
  return table.concat(lines, "\n") .. "\n"
end

-- The element type of a + b, for all pairs, as additions give it.
local function promotion()
  local types = { "bool", "uint8", "int32", "int64", "float16", "bfloat16",
    "float32", "float64" }
  local lines = { "# Promotion\n\nThe element type in which two tensors meet "
    .. "in a pointwise operation:\n",
    "| | " .. table.concat(types, " | ") .. " |",
    "|---" .. ("|---"):rep(#types) .. "|" }
  for _, a in ipairs(types) do
    local cells = { "**" .. a .. "**" }
    for _, b in ipairs(types) do
      cells[#cells + 1] =
        (pg.zeros({ 1 }, { dtype = a }) + pg.zeros({ 1 }, { dtype = b })).dtype
    end
    lines[#lines + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  lines[#lines + 1] = "\nA 0-d tensor or a plain number raises the category "
    .. "alone (bool, integer, float): a float number with an integer tensor "
    .. "gives float32."
  return table.concat(lines, "\n") .. "\n"
end

local entries = pg.reference()
for _, entry in ipairs(entries) do write(file_of(entry), page(entry)) end
write("index.md", index(entries))
write("promotion.md", promotion())
write("perigee.lua", luacats(entries))
print(("%d pages in %s"):format(#entries + 2, folder))
