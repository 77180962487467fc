-- Operations so small that only the way to them counts: from C, from Lua and
-- from Python. "call" is a call of an empty function, which the figures of
-- both languages contain.

local function row(name, case, in_c)
  return {
    name = name, unit = "ns", threads = { 1 },
    cases = {
      C = in_c and "op " .. case or nil,
      Lua = "tiny " .. case,
      PyTorch = "tiny " .. case,
    },
  }
end

return {
  title = "Tiny operations",
  columns = {
    { name = "C", worker = "calls" },
    { name = "Lua", worker = "ours", role = "own" },
    { name = "PyTorch", worker = "peer", role = "peer" },
  },
  rows = {
    row("call", "call"),
    row("add of 4 elements", "add", true),
    row("the same, recording", "add_recording", true),
    row("linear 8x16 to 16, backward", "linear"),
  },
}
