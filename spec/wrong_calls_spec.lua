-- Mistakes as users make them, with the exact message that each gets. The rows
-- are in support/wrong_calls/, a file for each family of operations:
-- { what was written, what the error says }.

local pg = require "perigee"
local process = require "spec.support.process"

local function families()
  local list = {}
  for name in process.run("ls spec/support/wrong_calls").out:gmatch "(%w+)%.lua"
  do
    list[#list + 1] = name
  end
  return list
end

-- The message of the error that 'code' raises, without its place.
local function message_of(code)
  local chunk = assert(load("local pg = ... ; return " .. code, "=script")
    or load("local pg = ... ; " .. code, "=script"))
  local ok, message = pcall(chunk, pg)
  assert.is_false(ok, code .. " raised nothing")
  return (tostring(message):gsub("^script:1: ", ""))
end

for _, family in ipairs(families()) do
  describe("a wrong call of the family " .. family, function()
    for _, row in ipairs(require("spec.support.wrong_calls." .. family)) do
      it(row[1], function()
        assert.are.equal(row[2], message_of(row[1]))
      end)
    end
  end)
end
