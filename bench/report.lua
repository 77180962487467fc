-- What was measured, as a table to read and as JSON.

local report = {}

-- Units: what a time in seconds, or an amount by it, is multiplied with.
local units = {
  GHz = { rate = true, scale = 1e-9 },
  ["GFLOP/s"] = { rate = true, scale = 1e-9 },
  ["GB/s"] = { rate = true, scale = 1e-9 },
  ns = { scale = 1e9 },
  us = { scale = 1e6 },
  ms = { scale = 1e3 },
  MB = { scale = 1e-6 }, -- a worker may answer bytes in place of seconds
}

--- A time in `unit`; `amount` is what is done in that time.
function report.value(seconds, unit, amount)
  local u = units[unit]
  return u.scale * (u.rate and amount / seconds or seconds)
end

-- Three digits, more before the point if need be.
local function digits(x)
  if x >= 100 then return ("%.0f"):format(x) end
  return (x >= 10 and "%.1f" or "%.2f"):format(x)
end

--- "12.3 [11.9..12.8]"
function report.cell(summary, unit, amount)
  local low = report.value(summary.min, unit, amount)
  local high = report.value(summary.max, unit, amount)
  if low > high then low, high = high, low end
  return ("%s [%s..%s]"):format(
    digits(report.value(summary.median, unit, amount)),
    digits(low), digits(high))
end

--- `texts` side by side, each as wide as `widths` says.
function report.line(texts, widths)
  local line = {}
  for i, text in ipairs(texts) do
    line[i] = text .. (" "):rep(math.max(widths[i] - #text, 0))
  end
  return table.concat(line, "  "):match "^(.-) *$"
end

local function quote(text)
  return '"' .. text:gsub('[%c"\\]', function(c)
    return ("\\u%04x"):format(c:byte())
  end) .. '"'
end

local function sorted_keys(object)
  local keys = {}
  for key in pairs(object) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

--- A value as JSON: a table with a first element, or an empty one, is a list.
function report.json(value)
  local parts = {}
  if type(value) ~= "table" then
    return type(value) == "string" and quote(value) or
      type(value) == "number" and ("%.9g"):format(value) or tostring(value)
  elseif #value > 0 or next(value) == nil then
    for i, element in ipairs(value) do parts[i] = report.json(element) end
    return "[" .. table.concat(parts, ",\n") .. "]"
  end
  for i, key in ipairs(sorted_keys(value)) do
    parts[i] = quote(key) .. ": " .. report.json(value[key])
  end
  return "{" .. table.concat(parts, ", ") .. "}"
end

return report
