-- Single operations: tensors of 4 elements, of 1 MiB (which stays in a cache)
-- and of 64 MiB. The limit is a triad that touches as many bytes; what only
-- reads may pass it.

-- Operations and the bytes that they must read and write for an element.
local operations = {
  { "add", 12 }, { "mul", 12 }, { "relu", 8 }, { "exp", 8 }, { "tanh", 8 },
  { "sigmoid", 8 }, { "add_scalar", 8 }, { "add_row", 8 },
  { "add_column", 8 }, { "transpose", 8 }, { "sum", 4 }, { "sum_rows", 4 },
  { "sum_columns", 4 }, { "max", 4 }, { "softmax", 8 }, { "log_softmax", 8 },
  { "cross_entropy", 4 }, { "cross_entropy_backward", 12 },
}

local rows = {}

local function add(size, side)
  for _, operation in ipairs(operations) do
    local name, bytes = operation[1], operation[2] * side * side
    local case = ("op %s %d %d"):format(name, side, side)
    local small = side == 2
    rows[#rows + 1] = {
      name = name:gsub("_", " ") .. ", " .. size,
      unit = small and "us" or "GB/s",
      amount = bytes,
      threads = small and { 1 } or { 1, 2 },
      cases = {
        Perigee = case, PyTorch = case,
        triad = not small and "triad " .. bytes or nil,
      },
    }
  end
end

add("4 elements", 2)
add("1 MiB", 512)
add("64 MiB", 4096)

return {
  title = "Operations",
  columns = {
    { name = "Perigee", worker = "ours", role = "own" },
    { name = "triad", worker = "limits", role = "limit" },
    { name = "PyTorch", worker = "peer", role = "peer" },
  },
  rows = rows,
}
