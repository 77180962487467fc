-- The perigee executable and the module under stock Lua, as processes.

local process = require "spec.support.process"
local host, run = process.host, process.run

local function code(text) return host .. " -e " .. process.quote(text) end

describe("perigee", function()
  it("runs a script with its arguments", function()
    process.with_file("print(#arg, arg[1], arg[2], ...)", function(path)
      local result = run(host .. " " .. path .. " one 'two three'")
      assert.are.equal("2\tone\ttwo three\tone\ttwo three\n", result.out)
      assert.are.equal(0, result.status)
    end)
  end)

  it("numbers what precedes the script below zero", function()
    process.with_file("print(arg[0], arg[-1] ~= nil)", function(path)
      assert.are.equal(path .. "\ttrue\n", run(host .. " " .. path).out)
    end)
  end)

  it("skips a first line that names an interpreter", function()
    process.with_file("#!/usr/bin/env perigee\nprint 'ran'", function(path)
      assert.are.equal("ran\n", run(host .. " " .. path).out)
    end)
  end)

  it("runs code of the command line, pg at hand", function()
    assert.are.equal("6.0\n",
      run(code "print(pg.tensor({ 1.0, 2.0, 3.0 }):sum():item())").out)
  end)

  it("runs standard input", function()
    assert.are.equal("3\n", run(host .. " -", "print(1 + 2)").out)
  end)

  it("refuses a number of threads that is none", function()
    local result = run("PERIGEE_THREADS=abc " .. code "print(1)")
    assert.are.equal(1, result.status)
  end)

  it("ends with the status of os.exit", function()
    assert.are.equal(7, run(code "os.exit(7)").status)
    assert.are.equal(0, run(code "os.exit(true, true)").status)
  end)

  it("ends with 1 and the traceback on stderr after an error", function()
    process.with_file("local function f() error('broken') end\nf()",
      function(path)
        local result = run(host .. " " .. path)
        assert.are.equal(1, result.status)
        assert.are.equal("", result.out)
        assert.is_truthy(result.err:find(":1: broken", 1, true))
        assert.is_truthy(result.err:find("traceback", 1, true))
      end)
  end)

  it("ends with 1 when the script is missing", function()
    local result = run(host .. " /nonexistent.lua")
    assert.are.equal(1, result.status)
    assert.is_truthy(result.err:find("/nonexistent.lua", 1, true))
  end)

  it("ends with 1 and names an unknown option", function()
    local result = run(host .. " --nonsense")
    assert.are.equal(1, result.status)
    assert.is_truthy(result.err:find("--nonsense", 1, true))
  end)

  local texts = {
    { "--version", "Perigee 0", "Lua 5.4" }, { "--help", "usage: perigee" },
    { "info", "dtypes", "threads" },
  }
  for _, case in ipairs(texts) do
    it("answers " .. case[1], function()
      local result = run(host .. " " .. case[1])
      assert.are.equal(0, result.status)
      for i = 2, #case do
        assert.is_truthy(result.out:lower():find(case[i]:lower(), 1, true),
          result.out)
      end
    end)
  end

  it("prints the values of an interactive session", function()
    local result = run(host .. " -i", "1 + 1\npg.ones { 2 }\nx = 5\nx\n")
    for _, part in ipairs({ "2", "float32", "5" }) do
      assert.is_truthy(result.out:find(part, 1, true), result.out)
    end
  end)

  it("goes on after an error in a session", function()
    local result = run(host .. " -i", "error('first')\nprint('second')\n")
    assert.is_truthy((result.out .. result.err):find("first", 1, true))
    assert.is_truthy(result.out:find("second", 1, true))
  end)

  it("stops at an interrupt, inside a tensor operation too", function()
    local loop = code "while true do local _ = pg.ones { 300, 300 } * 2 end"
    local result = run(loop .. " & child=$!; sleep 0.3; kill -INT $child; "
      .. "wait $child")
    assert.is_true(result.status ~= 0)
    assert.is_truthy(result.err:find("interrupted", 1, true), result.err)
  end)

  it("keeps the streams of the library silent", function()
    local result = run(code "local x = pg.ones { 3 }; x = x * 2")
    assert.are.equal("", result.out .. result.err)
  end)

  if process.sanitized then
    pending("its size and start are those of a build without sanitizers")
    return
  end

  it("starts and ends in under 20 ms", function()
    local best = math.huge
    for _ = 1, 10 do
      local result = run("start=$(date +%s%N); " .. host
        .. " -e ''; end=$(date +%s%N); echo $((end - start))")
      best = math.min(best, tonumber(result.out))
    end
    assert.is_true(best < 20e6, best / 1e6 .. " ms")
  end)

  it("is smaller than 3 MB when stripped", function()
    local copy = os.tmpname()
    local result = run("strip -o " .. copy .. " " .. host .. " && wc -c <"
      .. copy)
    os.remove(copy)
    assert.is_true(tonumber(result.out) < 3e6, result.out .. result.err)
  end)

  it("needs no library but the system's, Lua, zlib and libedit", function()
    local known = { "linux-vdso", "ld-linux", "libc.", "libm.", "libdl.",
      "libpthread.", "libz.", "liblua", "libedit.", "libtinfo.", "libbsd.",
      "libmd.", "libncurses" }
    for line in run("ldd " .. host).out:gmatch("[^\n]+") do
      local found = false
      for _, name in ipairs(known) do
        found = found or line:find(name, 1, true)
      end
      assert.is_truthy(found, line)
    end
  end)
end)

describe("stock lua5.4", function()
  local lua = process.stock_lua()
  if not lua then
    pending("is not here, or the build has sanitizers")
    return
  end

  it("trains with the module", function()
    local result = run(lua .. " examples/01_xor.lua")
    assert.are.equal(0, result.status, result.err)
    assert.is_truthy(result.out:find("1 xor 0 = [01]"), result.out)
  end)

  it("opens the module twice without harm", function()
    local result = run(lua .. " -e " .. process.quote [[
      local a = require "perigee"
      local x = a.ones { 2 }
      package.loaded.perigee = nil
      local b = require "perigee"
      print((b.ones { 2 } + x):sum():item())]])
    assert.are.equal("4.0\n", result.out, result.err)
  end)
end)
