-- Single operations: tensors of 4 elements, of 1 MiB (which stays in a cache)
-- and of 64 MiB. The limit is a triad that touches as many bytes; what only
-- reads may pass it. The goals are the ratios to PyTorch that no row should
-- miss: 1.5 times its time, and for 4 elements, where the way to the kernel is
-- all, a third of it from Lua and a fifth from C.

local operations = require "operations"

local sizes = {
  { "4 elements", 2, { Perigee = 3, C = 5 } },
  { "1 MiB", 512, { Perigee = 1 / 1.5 } },
  { "64 MiB", 4096, { Perigee = 1 / 1.5 } },
}

local rows = {}

local function add(operation, size, side, goals)
  local small = side == 2
  local kind = operation.backward and "back" or "op"
  local function case(text)
    return text and ("%s %d %s"):format(kind, side, text)
  end
  local bytes = operation.bytes * side * side
  rows[#rows + 1] = {
    name = operation.name .. ", " .. size,
    group = size,
    goals = goals,
    unit = small and "us" or "GB/s",
    amount = bytes,
    threads = small and { 1 } or { 1, 2 },
    cases = {
      Perigee = case(operation.perigee),
      C = small and not operation.backward and
        "op " .. operation.name:gsub(" ", "_") or nil,
      PyTorch = case(operation.pytorch),
      NumPy = case(operation.numpy),
      triad = not small and "triad " .. bytes or nil,
    },
  }
end

for _, size in ipairs(sizes) do
  for _, operation in ipairs(operations) do
    add(operation, table.unpack(size))
  end
end

return {
  title = "Operations",
  columns = {
    { name = "Perigee", worker = "ours", role = "own" },
    { name = "C", worker = "calls", role = "own" },
    { name = "triad", worker = "limits", role = "limit" },
    { name = "PyTorch", worker = "peer", role = "peer" },
    { name = "NumPy", worker = "numpy", threads = 1 },
  },
  effort = { samples = 5, slice = 0.01, pause = 0.02, longest = 1 },
  rows = rows,
}
