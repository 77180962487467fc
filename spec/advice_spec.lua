-- The advice about names of other frameworks: it is for names that are not
-- there, and tells of names that are.

local pg = require "perigee"

local x = pg.ones(1)

local function there(of, name)
  return (pcall(function() return of[name] end))
end

-- The rows of a file that `pattern` reads, by the table they stand in.
local function rows(path, pattern)
  local list, group = {}, nil
  for line in io.lines(path) do
    group = line:match "^static const char %*const ([%w_]+)%[%]" or group
    local name, text = line:match(pattern)
    if name then
      list[#list + 1] = { group = group, name = name, text = text }
    end
  end
  assert(#list > 20)
  return list
end

describe("advice about", function()
  for _, row in ipairs(rows("core/ops/synonyms.def",
    '^SYNONYM%("([%w_]+)", ([%w_]+)%)$')) do
    it(row.name .. " is for what is there by another name", function()
      assert.is_true(there(pg, row.text))
      assert.is_false(there(pg, row.name) or there(x, row.name))
    end)
  end

  for _, row in ipairs(rows("bindings/advice.c",
    '^    {"([%w_]+)", "(.*)"},$')) do
    local of = row.group == "of_tensors" and x or pg
    if row.group == "of_tensors" or row.group == "of_module" then
      it(row.name .. " tells of what is there instead", function()
        assert.is_false(there(of, row.name))
        for on, name in row.text:gmatch "(%w+)[.:]([%a_][%w_]*)" do
          assert.is_true(there(on == "pg" and pg or x, name), name)
        end
      end)
    end
  end
end)
