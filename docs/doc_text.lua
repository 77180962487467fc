-- Reads the doc texts of rows: their fields, and the examples in them.
--
-- A text is a sentence with its formula, then lines that begin with names of
-- inputs or with one of the words below; indented lines go on with the line
-- above. An example is Lua: its lines run in order, the last is an expression,
-- and `gives` tells what that prints.

local doc_text = {}

local words = { ["->"] = "returns", grad = "grad", errors = "errors",
  ref = "ref", example = "example", gives = "gives" }

local function trimmed(text)
  return (text:gsub("^%s+", ""):gsub("%s+$", ""):gsub("%s+", " "))
end

-- True if `label`, "a, b", has nothing but names of `row`.
local function names_inputs(row, label)
  local names = {}
  for _, list in ipairs({ row.inputs or {}, row.params or {} }) do
    for _, entry in ipairs(list) do names[entry.name] = true end
  end
  for name in label:gmatch "[^%s,]+" do
    if not names[name] then return false end
  end
  return true
end

-- What `row` says in its text: `summary`, `takes` (a list of { names, text }),
-- `returns`, `grad`, `errors` and `ref` as texts, `examples` as a list of lists
-- of lines, each with its `gives`; what is not there is nil or an empty list.
function doc_text.parse(row)
  local parts = { takes = {}, examples = {} }
  local target, key = parts, "summary" -- what the line goes on with
  for line in row.doc:gmatch "[^\n]+" do
    local word, rest = line:match "^(%S+)%s+(.+)$"
    local label, text = line:match "^([%w_, ]-)  +(.+)$"
    local last = parts.examples[#parts.examples]
    if words[word] == "example" then
      if not last or last.gives then
        last = {}
        table.insert(parts.examples, last)
      end
      target, key, line = last, #last + 1, rest
    elseif words[word] == "gives" then
      target, key, line = last, "gives", rest
    elseif words[word] then
      target, key, line = parts, words[word], rest
    elseif label and label ~= "" and names_inputs(row, label) then
      target, key, line = { names = label }, "text", text
      table.insert(parts.takes, target)
    end
    target[key] = target[key] and target[key] .. " " .. trimmed(line)
      or trimmed(line)
  end
  return parts
end

-- What a value prints in an example: a tensor without its dtype and shape, a
-- plain list its elements.
function doc_text.printed(value)
  if type(value) == "table" and not getmetatable(value) then
    local list = {}
    for i, element in ipairs(value) do list[i] = doc_text.printed(element) end
    return table.concat(list, ", ")
  end
  local text = tostring(value)
  if type(value) == "userdata" then text = text:gsub("\n[^\n]*$", "") end
  return trimmed(text)
end

-- Run the lines of an example with `pg` as the module. -> what it gives
function doc_text.run(lines, pg)
  local code = ("local pg = ...\n%s\nreturn %s"):format(
    table.concat(lines, "\n", 1, #lines - 1), lines[#lines])
  local values = table.pack(assert(load(code, "=example"))(pg))
  for i = 1, values.n do values[i] = doc_text.printed(values[i]) end
  return table.concat(values, ", ", 1, values.n)
end

return doc_text
