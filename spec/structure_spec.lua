-- The shape of the house: who may know what, and that everything is told.

local pg = require "perigee"
local process = require "spec.support.process"

local function lines(command)
  local list = {}
  for line in process.run(command).out:gmatch("[^\n]+") do
    list[#list + 1] = line
  end
  return list
end

-- Names of the rows of operations, layers and optimizers: the first word in
-- the brackets of what begins a line of a table.
local function names()
  return lines([[sed -nE 's/^[A-Z][A-Z0-9_]*\(([A-Za-z_0-9]+),.*/\1/p' ]]
    .. "core/ops/*.def core/nn/layers.def "
    .. "core/optim/optims.def")
end

describe("the tables", function()
  local files = "bindings/*.c bindings/*.h core/autograd.c core/node.c "
    .. "core/inplace.c"

  it("are the only ones to know a row by name", function()
    local found = {}
    local list = names()
    assert.is_true(#list > 80)
    for _, name in ipairs(list) do
      local called = ([[peri_%s_\?(\|PERI_K_%s\>\|"%s_\?"]]):format(name,
        name, name)
      for _, line in ipairs(lines(("grep -n -- %s %s"):format(
        process.quote(called), files))) do
        found[#found + 1] = line
      end
    end
    assert.are.same({}, found)
  end)

  it("tell of every row what it does", function()
    for _, row in ipairs(pg.ops()) do
      assert.is_truthy(#row.doc > 20, row.name)
    end
  end)
end)

describe("core", function()
  local forbidden = { "printf", "puts", "exit", "abort", "assert", "getenv",
    "signal", "setlocale", "rand", "srand", "strtok" }

  for _, name in ipairs(forbidden) do
    it("does not call " .. name, function()
      local pattern = ([[\(^\|[^_[:alnum:]"]\)%s(]]):format(name)
      assert.are.same({}, lines(("grep -rn --include=*.[ch] -- %s core")
        :format(process.quote(pattern))))
    end)
  end

  it("knows nothing of Lua", function()
    assert.are.same({}, lines(
      [[grep -rnE --include=*.[ch] '#include.*(lua|lauxlib)' core]]))
  end)

  it("has no variables that change", function()
    local objects = lines("find " .. process.quote(process.build .. "/core")
      .. " -name '*.o'")
    if #objects == 0 or process.sanitized then return end
    assert.are.same({}, lines("size -A " .. table.concat(objects, " ")
      .. " | awk '/:$/ { file = $1 } $1 ~ /^\\.(data|bss)$/ && $2 > 0 "
      .. "{ print file, $1, $2 }'"))
  end)
end)

describe("the libraries", function()
  for _, name in ipairs({ "libperigee.so", "perigee.so" }) do
    it(name .. " exports peri_ and luaopen_ only", function()
      local path = process.quote(process.build .. "/" .. name)
      assert.are.same({}, lines("nm -D --defined-only " .. path
        .. " | awk '{ print $3 }' | sed 's/@.*//'"
        .. " | grep -Ev '^(peri_[a-z]|luaopen_|__odr_asan)'"))
    end)
  end
end)

describe("the host", function()
  it("is written on the VM's interface", function()
    assert.are.same({}, lines(
      "grep -nE '#include.*(lua|lauxlib)' bindings/host.c bindings/repl.c"))
  end)
end)

describe("the sources", function()
  it("keep to 80 columns", function()
    assert.are.same({}, lines([[grep -rnE --include=*.[ch] --include=*.def ]]
      .. [[--include=*.lua '^.{81,}' core bindings lua spec examples docs]]))
  end)

  it("keep files under 600 lines", function()
    assert.are.same({}, lines([[find core bindings spec/c examples docs ]]
      .. [[-name '*.c' | xargs wc -l | awk '$1 > 600 && $2 != "total"']]))
  end)

  it("promise nothing for later", function()
    assert.are.same({}, lines([[grep -rnE --include=*.[ch] --include=*.def ]]
      .. [[--include=*.lua 'TODO|FIXME|XXX|not implemented|placeholder' ]]
      .. [[core bindings lua examples docs]]))
  end)
end)

describe("specs", function()
  it("are named by subject and behaviour", function()
    assert.are.same({}, lines([[grep -nE 'it\("(should|checks?|tests?)\b|]]
      .. [[it\("[^"]*\bworks\b' spec/*_spec.lua | grep -v structure_spec]]))
  end)
end)

describe("the documents", function()
  for _, path in ipairs({ "README.md", "LICENSE", "docs/internals.md" }) do
    it(path .. " is there", function()
      local file = io.open(path)
      assert.is_truthy(file)
      file:close()
    end)
  end
end)
