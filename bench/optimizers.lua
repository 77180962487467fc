-- Optimizers alone, over 10 million parameters in one tensor and in 200. The
-- limit is a triad that touches as many bytes; what changes numbers in place
-- may pass it, since the triad also fetches each line that it overwrites. The
-- columns of PyTorch are the forms of its optimizers.

-- Bytes read and written for a parameter: SGD reads it and its gradient and
-- writes it; Adam does so and reads and writes two means.
local optimizers = { { "SGD", 12 }, { "Adam", 28 } }
local divisions = { { 1, 10000000 }, { 200, 50000 } }

local rows = {}
for _, optimizer in ipairs(optimizers) do
  for _, division in ipairs(divisions) do
    local count, size = division[1], division[2]
    local case = ("update %s %d %d"):format(optimizer[1]:lower(), count, size)
    local bytes = optimizer[2] * count * size
    rows[#rows + 1] = {
      name = ("%s, %d x %d"):format(optimizer[1], count, size),
      unit = "GB/s",
      amount = bytes,
      cases = {
        Perigee = case,
        triad = "triad " .. bytes,
        eager = case .. " eager",
        foreach = case .. " foreach",
        fused = case .. " fused",
      },
    }
  end
end

return {
  title = "Optimizers",
  columns = {
    { name = "Perigee", worker = "ours", role = "own" },
    { name = "triad", worker = "limits", role = "limit" },
    { name = "eager", worker = "peer", role = "peer" },
    { name = "foreach", worker = "peer", role = "peer" },
    { name = "fused", worker = "peer", role = "peer" },
  },
  rows = rows,
}
