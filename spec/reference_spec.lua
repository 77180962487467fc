-- The reference: every row tells all it should, its example gives what it
-- says, and `make docs` writes pages and definitions of all of them.

local pg = require "perigee"
local doc_text = require "docs.doc_text"
local process = require "spec.support.process"

local entries = pg.reference()

local operations = {}
for _, entry in ipairs(entries) do
  if entry.kind == "operations" then operations[#operations + 1] = entry end
end

describe("the text of", function()
  for _, row in ipairs(operations) do
    it(row.name .. " tells inputs, result and gradient", function()
      local parts = doc_text.parse(row)
      local told = {}
      for _, entry in ipairs(parts.takes) do
        for name in entry.names:gmatch "[%w_]+" do told[name] = true end
      end
      for _, input in ipairs(row.inputs) do
        assert.is_true(told[input.name], "nothing about " .. input.name)
      end
      assert.is_string(parts.returns)
      assert.is_true(row.flags.source or parts.grad ~= nil, "no gradient")
    end)

    it(row.name .. " has examples that give what they say", function()
      local examples = doc_text.parse(row).examples
      assert.is_true(#examples > 0, "no example")
      for _, lines in ipairs(examples) do
        assert.are.equal(lines.gives, doc_text.run(lines, pg))
      end
    end)
  end
end)

describe("the pages", function()
  local folder = os.tmpname()
  os.remove(folder)
  local made

  setup(function()
    made = process.run(("mkdir %s && %s docs/reference.lua %s %s"):format(
      folder, process.host, folder,
      process.quote(process.build .. "/include/perigee.h")))
  end)
  teardown(function() process.run("rm -r " .. folder) end)

  local function read(name)
    local file = assert(io.open(folder .. "/" .. name))
    local text = file:read "a"
    file:close()
    return text
  end

  it("are written without an error", function()
    assert.are.equal(0, made.status, made.err)
  end)

  it("are listed in the index, each with its C form", function()
    local index = read "index.md"
    for _, row in ipairs(operations) do
      local name = "operations-" .. row.name .. ".md"
      assert.is_truthy(index:find(name, 1, true), name)
      assert.is_truthy(read(name):find("PERI_API", 1, true), name)
    end
  end)

  it("show the promotion of all pairs of element types", function()
    assert.is_truthy(read "promotion.md":find(
      "| **int64** | int64 | int64 | int64 | int64 | float16 | bfloat16 "
        .. "| float32 | float64 |", 1, true))
  end)

  it("come with definitions that are Lua and name every operation", function()
    local text = read "perigee.lua"
    local defined = assert(load(text))()
    for _, row in ipairs(operations) do
      assert.is_true(defined[row.name] ~= nil or row.flags.only_inplace,
        row.name)
    end
  end)
end)
