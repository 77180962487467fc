-- Every golden case, forward and backward, in float64 and float32. The cases
-- are those of the folder $PERIGEE_GOLDEN, else the small set beside this
-- file. Runs under busted, then at every instruction-set level of this
-- processor; or alone: build/perigee spec/golden_spec.lua

local golden = require "spec.support.golden"
local levels = require "spec.support.levels"

local folder = os.getenv("PERIGEE_GOLDEN") or "spec/golden"

-- Without busted: print the failures and the closing line.
local function report()
  local results = golden.run_all(folder)
  for _, result in ipairs(results) do
    for _, message in ipairs(result.failures) do print(message) end
  end
  local text, failed = golden.summary(results)
  print(text)
  os.exit(failed == 0, true)
end

if not describe then report() end

describe("golden", function()
  local results = golden.run_all(folder)
  local waiting = {}

  for _, result in ipairs(results) do
    if result.passed + #result.failures > 0 then
      it("gives the reference values of " .. result.op, function()
        assert.are.equal("", table.concat(result.failures, "\n"))
      end)
    elseif result.pending > 0 then
      waiting[#waiting + 1] = result.op
    end
  end

  for _, level in ipairs(levels.here()) do
    it("gives them at level " .. level, function()
      local run = levels.run(level, "spec/golden_spec.lua")
      assert.are.equal(golden.summary(results), run.out:match("([^\n]*)\n$"))
      assert.are.equal(0, run.status)
    end)
  end

  if #waiting > 0 then
    pending("waits for " .. table.concat(waiting, ", "))
  end

  teardown(function()
    print("\ngolden: " .. golden.summary(results))
  end)
end)
