-- The advice about names of other frameworks: it is for names that are not
-- there, and tells of names that are.

local pg = require "perigee"

local x = pg.ones(1)

local function there(of, name)
  return (pcall(function() return of[name] end))
end

-- The rows of bindings/advice.c, by the table they stand in.
local function rows()
  local list, group = {}, nil
  for line in io.lines "bindings/advice.c" do
    group = line:match "^static const char %*const ([%w_]+)%[%]" or group
    local name, text = line:match '^    {"([%w_]+)", "(.*)"},$'
    if name then
      list[#list + 1] = { group = group, name = name, text = text }
    end
  end
  return list
end

describe("advice", function()
  for _, row in ipairs(rows()) do
    local names = {}
    for of, name in row.text:gmatch "(%w+)[.:]([%a_][%w_]*)" do
      names[#names + 1] = { of, name }
    end
    if row.group == "both" and row.text:find "^[%w_]+$" then
      names[1] = { "pg", row.text }
    end

    if row.group ~= "of_parameters" then
      it(("about %s tells of what is there"):format(row.name), function()
        for _, name in ipairs(names) do
          assert.is_true(there(name[1] == "pg" and pg or x, name[2]), name[2])
        end
      end)

      it(("about %s is of use"):format(row.name), function()
        assert.is_false(row.group ~= "of_module" and there(x, row.name))
        assert.is_false(row.group ~= "of_tensors" and there(pg, row.name))
      end)
    end
  end

  it("is read here", function() assert.is_true(#rows() > 40) end)
end)
