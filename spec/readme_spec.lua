-- README.md: its examples of the tensor language give what stands behind them.

local pg = require "perigee"
local doc_text = require "docs.doc_text"

-- The lines of Lua between the marks of `name`.
local function made(name)
  local file = assert(io.open "README.md")
  local text = file:read "a"
  file:close()
  local part = text:match("<!%-%- made: " .. name .. " %-%->\n(.-)<!%-%- end")
  local lines = {}
  for block in part:gmatch "```lua\n(.-)```" do
    for line in block:gsub("\n%-%->", " -->"):gmatch "[^\n]+" do
      lines[#lines + 1] = line
    end
  end
  return lines
end

local function printed(...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = doc_text.printed(values[i]) end
  return table.concat(values, ", ")
end

describe("the examples in README.md", function()
  local env = { pg = pg }
  for _, line in ipairs(made "tensors") do
    local code, result = line:match "^(.-) +%-%-> (.*)$"
    it("say what is so: " .. (code or line), function()
      local chunk = assert(load(result and "return " .. code or line,
        "=README.md", "t", env))
      local got = printed(chunk())
      if result then assert.are.equal(result, got) end
    end)
  end
end)
