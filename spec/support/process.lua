-- Running programs from specs: the host that runs these specs, stock Lua with
-- the module of the same build, and the shell.

local process = {}

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  os.remove(path)
  return text
end

-- 'text' as one word of the shell.
function process.quote(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

-- Run a shell command, with 'input' on its standard input.
-- -> { status = exit status (128 + n for signal n), out = text, err = text }
function process.run(command, input)
  local from, out, err = os.tmpname(), os.tmpname(), os.tmpname()
  local file = assert(io.open(from, "wb"))
  file:write(input or "")
  file:close()
  local _, how, status = os.execute(("{ %s\n} <%s >%s 2>%s"):format(command,
    from, out, err))
  os.remove(from)
  if how == "signal" then status = 128 + status end
  return { status = status, out = read_all(out), err = read_all(err) }
end

local function first_line(command)
  local pipe = assert(io.popen(command))
  local line = pipe:read("l")
  pipe:close()
  return line
end

-- The folder of the build whose host runs this, else "build".
local function find_build()
  local host = first_line("readlink /proc/$PPID/exe 2>/dev/null") or ""
  return host:match("^(.*)/perigee$") or "build"
end

process.build = find_build()
process.host = process.quote(process.build .. "/perigee")
process.library = process.build .. "/perigee.so"
process.quick = os.getenv("PERIGEE_QUICK") ~= nil

-- True if the build has sanitizers, which a stock program cannot load and
-- which hold freed memory back.
process.sanitized = os.execute("grep -q __asan_init "
  .. process.quote(process.library) .. " 2>/dev/null") == true

-- Command of a stock lua5.4 that finds the module of this build, nil if there
-- is none.
function process.stock_lua()
  if process.sanitized or not first_line("command -v lua5.4") then
    return nil
  end
  return "LUA_CPATH=" .. process.quote(process.build .. "/?.so;;")
    .. " lua5.4"
end

-- A file with 'text' for the time of fn(path).
function process.with_file(text, fn)
  local path = os.tmpname()
  local file = assert(io.open(path, "wb"))
  file:write(text)
  file:close()
  local ok, message = pcall(fn, path)
  os.remove(path)
  if not ok then error(message, 0) end
end

return process
