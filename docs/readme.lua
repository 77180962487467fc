-- Rewrites the parts of README.md that are made: what stands between
--   <!-- made: name --> and <!-- end -->
-- is replaced by what the maker of that name returns. Run by `make readme`
-- as `build/perigee docs/readme.lua`, in the project's root.

local pg = require "perigee"
local doc_text = require "docs.doc_text"

-- What a shell command prints.
local function output(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  assert(pipe:close(), command .. " failed")
  return text
end

local function fenced(language, text)
  return ("```%s\n%s```\n"):format(language, text:gsub("%s*$", "\n"))
end

-- `text` in lines of at most `width` columns.
local function wrapped(text, width)
  local lines = { "" }
  for word in text:gmatch "%S+" do
    local line = lines[#lines]
    if #line + 1 + #word > width then
      lines[#lines + 1] = word
    else
      lines[#lines] = line == "" and word or line .. " " .. word
    end
  end
  return table.concat(lines, "\n")
end

local function file(path)
  local handle = assert(io.open(path))
  local text = handle:read "a"
  handle:close()
  return text
end

-- Median of the wall times of `runs` runs of `command`, in milliseconds.
local function milliseconds(command, runs)
  local times = {}
  for i = 1, runs do
    local start = pg.clock()
    assert(os.execute(command))
    times[i] = 1000 * (pg.clock() - start)
  end
  table.sort(times)
  return times[(runs + 1) // 2]
end

-- The names of pg.ops(), in the order of the table.
local function operations()
  local list = {}
  for i, row in ipairs(pg.ops()) do list[i] = row.name end
  return list
end

-- The keys of rows that are given by name, sorted.
local function sorted(rows)
  local list = {}
  for name in pairs(rows) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- Size of a file of the build without its symbols, in megabytes.
local function megabytes(name)
  return tonumber(output(("strip -o build/stripped build/%s && \
    wc -c < build/stripped && rm build/stripped"):format(name))) / 1e6
end

local function quoted(names)
  return "`" .. table.concat(names, "` `") .. "`"
end

local makers = {}

function makers.program()
  return fenced("lua", file "docs/first.lua") .. "\nIt prints\n\n" ..
    fenced("", output "build/perigee docs/first.lua")
end

-- The same command against this build, which nobody has installed.
local compile_here = [[
cc docs/first.c -Ibuild/include -Lbuild -lperigee -Wl,-rpath,'$ORIGIN' \
  -o build/embedding && build/embedding]]

function makers.embedding()
  return fenced("c", file "docs/first.c") .. "\n" .. fenced("", [[
$ cc first.c $(pkg-config --cflags --libs perigee) -o first
$ ./first
]] .. output(compile_here))
end

-- `line` with what it gives, run with the names in `env`, as "--> text" behind
-- or below it; a statement alone.
local function with_result(line, env)
  local expression = load("return " .. line, "=tensors", "t", env)
  if not expression then
    assert(load(line, "=tensors", "t", env))()
    return line
  end
  local values = table.pack(expression())
  for i = 1, values.n do values[i] = doc_text.printed(values[i]) end
  local text = "--> " .. table.concat(values, ", ")
  local gap = #line > 40 and "\n" or (" "):rep(41 - #line)
  return line .. gap .. text
end

function makers.tensors()
  local blocks, env = {}, { pg = pg }
  for i, theme in ipairs(require "docs.tensors") do
    local lines = {}
    for k, line in ipairs(theme[2]) do lines[k] = with_result(line, env) end
    blocks[i] = wrapped(theme[1], 80) .. "\n\n"
      .. fenced("lua", table.concat(lines, "\n"))
  end
  return table.concat(blocks, "\n")
end

-- The message of a mistake, without the place in this file.
function makers.mistake()
  local model = pg.nn.Sequential { pg.nn.Flatten(), pg.nn.Linear(784, 10) }
  local _, message = pcall(model, pg.zeros(32, 783))
  return fenced("", (message:gsub("^[^ ]*:%d+: ", "")))
end

function makers.numbers()
  local training = output "build/perigee examples/02_mnist.lua"
  local source = training:match "to test: (%w+)"
  return ([[
| | |
|---|---|
| test accuracy of `examples/02_mnist.lua` (%s) | %s |
| start of `perigee -e ''`, median of 21 | %.1f ms |
| `perigee`, stripped, with Lua inside | %.2f MB |
| `libperigee.so`, stripped | %.2f MB |
| operations, layers, optimizers | %d, %d, %d |
]]):format(source == "files" and "the MNIST files" or "drawn digits",
    training:match "test accuracy (%S+)",
    milliseconds("build/perigee -e ''", 21),
    megabytes "perigee", megabytes "libperigee.so",
    #operations(), #sorted(pg.nn.layers()), #sorted(pg.optim.optimizers()))
end

function makers.tables()
  return ("Operations: %d; layers: %s; optimizers: %s.\n"):format(
    #operations(), quoted(sorted(pg.nn.layers())),
    quoted(sorted(pg.optim.optimizers())))
end

local text = file "README.md"
text = text:gsub("(<!%-%- made: (%w+) %-%->\n).-(<!%-%- end %-%->)",
  function(head, name, tail)
    return head .. makers[name]() .. tail
  end)
local handle = assert(io.open("README.md", "w"))
handle:write(text)
handle:close()
