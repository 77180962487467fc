-- Prints the benchmarks' tables and writes what they show to <build>/bench/ as
-- JSON, there in seconds of one run (memory: in bytes). Run by `make bench` in
-- the project's root:
--
--   perigee bench/run.lua build [subject [pattern of rows]]
--
-- A subject is a file of this folder that returns its title, its rows and its
-- columns. A row has a case for each column that can do it, a unit, for rates
-- the amount that a run does, and numbers of threads; its goals are the speeds
-- beside the peer that columns should reach, and its group those with which its
-- own is averaged. A column has a worker and a role: "own" is what is judged,
-- by its percentage of "limit" and its speed beside the fastest "peer", both
-- from the shortest times, which others on the machine disturb least. A column
-- may be for one number of threads alone.

local build, subject_name, pattern = arg[1], arg[2] or "", arg[3] or ""
package.path = "bench/?.lua;" .. package.path
local contest = require "contest"
local report = require "report"
local pg = require "perigee"

local subjects = {
  "limits", "ops", "matmul", "steps", "optimizers", "tiny", "footprint",
}

-- The subjects that are asked for.
local function wanted()
  if subject_name == "" then return subjects end
  for _, name in ipairs(subjects) do
    if name == subject_name then return { name } end
  end
  io.stderr:write("bench: the subjects are ", table.concat(subjects, ", "),
    "\n")
  os.exit(false)
end

-- ---- Workers ----------------------------------------------------------------

local commands = {
  ours = os.getenv "BENCH_PERIGEE" .. " bench/ours.lua",
  peer = os.getenv "PYTHON" .. " -B bench/peer.py",
  numpy = os.getenv "PYTHON" .. " -B bench/peer_numpy.py",
  limits = ("%s/bench/limits.%s"):format(build, pg.info().isa),
  blas = build .. "/bench/blas",
  calls = build .. "/bench/calls",
  child = build .. "/bench/child",
}
local labels = { peer = "PyTorch", numpy = "NumPy", blas = "OpenBLAS" }
local opened, reasons = {}, {}

-- The worker called `name`, or nil; says once why it is left out.
local function worker(name)
  if not opened[name] and not reasons[name] then
    opened[name], reasons[name] = contest.open(commands[name])
    if reasons[name] then
      print(("%s is left out: %s"):format(labels[name] or name, reasons[name]))
    end
  end
  return opened[name]
end

-- The columns of `subject` whose workers are there.
local function columns_of(subject)
  local list = {}
  for _, column in ipairs(subject.columns) do
    local needed = not column.needs or worker(column.needs)
    if needed and worker(column.worker) then list[#list + 1] = column end
  end
  return list
end

-- ---- Measuring --------------------------------------------------------------

-- Summaries of `row` on `threads` by the names of columns.
local function measure(row, columns, threads, effort)
  local entries, names, results = {}, {}, {}
  for _, column in ipairs(columns) do
    local case = row.cases[column.name]
    if case and (column.threads or threads) == threads then
      names[#names + 1] = column.name
      entries[#entries + 1] = { worker = worker(column.worker), case = case }
    end
  end
  for i, summary in ipairs(contest.measure(entries, threads, effort)) do
    results[names[i]] = summary
  end
  return results
end

-- What a run of `row` does in the column `name`.
local function amount(row, name)
  return row.amounts and row.amounts[name] or row.amount
end

-- Percentage of the limit's rate that the first own column has, or nil, and
-- the speeds of own columns beside the fastest peer, by their names.
local function judge(row, columns, results)
  local own, limit, peer, speeds = nil, nil, nil, {}
  for _, column in ipairs(columns) do
    local summary = results[column.name]
    if summary and column.role == "own" then
      own = own or summary.min
    elseif summary and column.role == "limit" then
      limit = summary.min * row.amount / amount(row, column.name)
    elseif summary and column.role == "peer" then
      peer = math.min(peer or math.huge, summary.min)
    end
  end
  for _, column in ipairs(columns) do
    local summary = peer and column.role == "own" and results[column.name]
    if summary then speeds[column.name] = peer / summary.min end
  end
  return own and limit and 100 * limit / own, speeds
end

-- ---- Tables -----------------------------------------------------------------

-- True if a column of `columns` has `role`.
local function any(columns, role)
  for _, column in ipairs(columns) do
    if column.role == role then return true end
  end
  return false
end

local function heading(columns)
  local line = { "", "threads", "" }
  for _, column in ipairs(columns) do line[#line + 1] = column.name end
  line[#line + 1] = any(columns, "limit") and "of limit" or ""
  line[#line + 1] = any(columns, "peer") and "to best" or ""
  return line
end

local function line_of(row, columns, threads, results)
  local line, ratios = { row.name, tostring(threads), row.unit }, {}
  local percent, speeds = judge(row, columns, results)
  for _, column in ipairs(columns) do
    local summary, speed = results[column.name], speeds[column.name]
    line[#line + 1] = summary and
      report.cell(summary, row.unit, amount(row, column.name)) or ""
    if speed then ratios[#ratios + 1] = ("%.2fx"):format(speed) end
  end
  line[#line + 1] = percent and ("%.0f%%"):format(percent) or ""
  line[#line + 1] = table.concat(ratios, " ")
  return line
end

-- How many processes were running in the last minute, "?" if nobody knows:
-- above 0.5 the figures are those of a busy machine.
local function load_average()
  local file = io.open "/proc/loadavg"
  local number = file and file:read "n"
  if file then file:close() end
  return number or "?"
end

-- Names and versions of all that was measured.
local function contestants()
  local list = {}
  for _, name in ipairs { "ours", "peer", "numpy", "blas" } do
    if opened[name] then list[#list + 1] = opened[name].name end
  end
  return list
end

-- Widths of the columns of the table.
local function widths_of(subject, columns)
  local widths = { 0, #"threads", #"GFLOP/s" }
  for _, row in ipairs(subject.rows) do
    widths[1] = math.max(widths[1], #row.name)
  end
  for _ = 1, #columns do widths[#widths + 1] = #"123 [123..12345]" end
  widths[#widths + 1] = #"of limit"
  widths[#widths + 1] = #"to best"
  return widths
end

-- ---- The verdict ------------------------------------------------------------

local goal_of_all = 1 / 1.5 -- of rows that name none

-- Add the speeds of a row beside the peer to the groups of `verdict`.
local function note(verdict, row, threads, speeds)
  for name, speed in pairs(speeds) do
    local title = (row.group and row.group .. ", " or "") .. name
    local group = verdict[title]
    if not group then
      group = { title = title, count = 0, logs = 0, missed = {} }
      verdict[title], verdict[#verdict + 1] = group, group
    end
    group.count, group.logs = group.count + 1, group.logs + math.log(speed)
    local goal = row.goals and row.goals[name] or goal_of_all
    if speed < goal then
      table.insert(group.missed, ("  %s, %d thread%s: %.2fx, not %.2fx")
        :format(row.name, threads, threads > 1 and "s" or "", speed, goal))
    end
  end
end

-- The geometric mean of each group, and the rows that miss their goal.
local function print_verdict(verdict)
  table.sort(verdict, function(a, b) return a.title < b.title end)
  for _, group in ipairs(verdict) do
    print(("%s: geometric mean %.2fx of the best peer in %d rows, %d below " ..
      "their goal"):format(group.title, math.exp(group.logs / group.count),
      group.count, #group.missed))
    for _, line in ipairs(group.missed) do print(line) end
  end
end

-- Measure and print the rows of `subject`, which are returned for JSON.
local function measure_all(subject, columns)
  local rows, widths, verdict = {}, widths_of(subject, columns), {}
  print(report.line(heading(columns), widths))
  for _, row in ipairs(subject.rows) do
    local asked = row.name:find(pattern)
    for _, threads in ipairs(asked and (row.threads or { 1, 2 }) or {}) do
      local results = measure(row, columns, threads, subject.effort)
      rows[#rows + 1] = { name = row.name, threads = threads,
        unit = row.unit, amount = row.amount, amounts = row.amounts,
        results = results }
      note(verdict, row, threads, select(2, judge(row, columns, results)))
      print(report.line(line_of(row, columns, threads, results), widths))
    end
  end
  print_verdict(verdict)
  return rows
end

local function run(name)
  local subject = require(name)
  local columns, load = columns_of(subject), load_average()
  print(("\n%s: median [min..max]; load average before %s"):format(
    subject.title, load))
  local rows = measure_all(subject, columns)
  local file = assert(io.open(("%s/bench/%s.json"):format(build, name), "w"))
  file:write(report.json { subject = name, date = os.date "!%FT%TZ",
    contestants = contestants(), load = load, rows = rows }, "\n")
  assert(file:close())
end

local names = wanted()
io.stdout:setvbuf "line"
worker "ours"
worker "peer"
print(table.concat(contestants(), ", "))
for _, name in ipairs(names) do run(name) end
for _, each in pairs(opened) do each:close() end
