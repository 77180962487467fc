-- Start-up and memory of whole processes. 'perigee -e ;' runs an empty script;
-- a tab stands in the code for Python, since words end at a space.

local perigee = os.getenv "BENCH_PERIGEE"
local python = os.getenv "PYTHON"
local import = python .. " -cimport\ttorch"
local train = "100 1 mlp 128 adam"

return {
  title = "Start-up and memory",
  columns = {
    { name = "Perigee", worker = "child", role = "own" },
    { name = "PyTorch", worker = "child", role = "peer", needs = "peer" },
  },
  rows = {
    { name = "start", unit = "ms", threads = { 1 },
      cases = { Perigee = "time " .. perigee .. " -e ;",
        PyTorch = "time " .. import } },
    { name = "peak memory, nothing done", unit = "MB", threads = { 1 },
      cases = { Perigee = "peak " .. perigee .. " -e ;",
        PyTorch = "peak " .. import } },
    { name = "peak memory, 784-256-128-10, batch 128, Adam", unit = "MB",
      threads = { 1 },
      cases = { Perigee = "peak " .. perigee .. " bench/ours.lua " .. train,
        PyTorch = ("peak %s bench/peer.py %s eager"):format(python, train) } },
  },
}
