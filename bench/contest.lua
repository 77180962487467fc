-- Workers and how they are compared.
--
-- A worker is a process that prints its name, or "- reason" if it cannot
-- work, and then answers every line "reps threads case words..." with the
-- seconds that so many runs of the case took. So that all are measured the
-- same way in the same minute, those of one row take turns.

local contest = {}

-- What is spent on a row, unless its subject says otherwise.
local usual = {
  samples = 7,
  slice = 0.04, -- seconds of a sample, at least
  pause = 0.05, -- before each: threads of others spin on for some milliseconds
  longest = math.huge, -- seconds after which two samples are enough
}

local worker = {}
worker.__index = worker

--- Start `command`, or return nil and why it cannot work.
function contest.open(command)
  local pipe = os.tmpname()
  assert(os.remove(pipe) and os.execute("mkfifo " .. pipe))
  local requests = assert(io.popen(("%s >%s"):format(command, pipe), "w"))
  local answers = assert(io.open(pipe)) -- waits until the shell has it open
  os.remove(pipe)
  requests:setvbuf "line"
  local name = answers:read() or "- it does not start"
  local reason = name:match "^%- (.*)"
  if reason then
    requests:close()
    return nil, reason
  end
  return setmetatable({ name = name, requests = requests, answers = answers },
    worker)
end

function worker:close()
  self.requests:close()
  self.answers:close()
end

--- Seconds of `reps` runs of `case`.
function worker:seconds(case, threads, reps)
  self.requests:write(("%d %d %s\n"):format(reps, threads, case))
  local answer = self.answers:read()
  return tonumber(answer) or
    error(("%s, case '%s': %s"):format(self.name, case, answer))
end

-- How many runs of `case` fill a slice, and the seconds of so many.
local function calibrate(self, case, threads, slice)
  local reps, seconds = 1, self:seconds(case, threads, 1)
  while seconds < slice do
    local wanted = 1.2 * reps * slice / math.max(seconds, 1e-9)
    reps = math.ceil(math.min(wanted, 100 * reps))
    seconds = self:seconds(case, threads, reps)
  end
  return reps, seconds
end

-- Seconds of one run: the median, the shortest and the longest.
local function summary(list)
  table.sort(list)
  return { median = list[#list // 2 + 1], min = list[1], max = list[#list] }
end

--- Measure the entries { worker, case }, which take turns, on `threads`.
-- Fields of `effort` stand before the usual ones. Returns a summary for each,
-- in the same order.
function contest.measure(entries, threads, effort)
  effort = setmetatable(effort or {}, { __index = usual })
  local turns = #entries > 1 and threads > 1
  local reps, times, spent = {}, {}, 0
  for i, entry in ipairs(entries) do
    local count, seconds =
      calibrate(entry.worker, entry.case, threads, effort.slice)
    reps[i], times[i] = count, { count == 1 and seconds or nil }
    spent = spent + seconds
  end
  for sample = 1, effort.samples do
    if sample > 1 and spent > effort.longest then break end
    for i, entry in ipairs(entries) do
      if turns then os.execute("sleep " .. effort.pause) end
      local seconds = entry.worker:seconds(entry.case, threads, reps[i])
      table.insert(times[i], seconds / reps[i])
      spent = spent + seconds
    end
  end
  for i, list in ipairs(times) do times[i] = summary(list) end
  return times
end

return contest
