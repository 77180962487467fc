-- Whole training steps: forward, cross entropy, backward, optimizer. The
-- columns of PyTorch are the forms of its optimizers.

local rows = {}

local function add(name, net, batch, optimizer)
  local case = ("%s %d %s"):format(net, batch, optimizer:lower())
  rows[#rows + 1] = {
    name = ("%s, batch %d, %s"):format(name, batch, optimizer),
    unit = "us",
    cases = {
      Perigee = case,
      eager = case .. " eager",
      foreach = case .. " foreach",
      fused = case .. " fused",
    },
  }
end

for _, batch in ipairs { 1, 32, 128, 1024 } do
  for _, optimizer in ipairs { "SGD", "Adam" } do
    add("784-256-128-10", "mlp", batch, optimizer)
  end
end
add("784-15-10", "small", 10, "SGD")

return {
  title = "Training steps",
  columns = {
    { name = "Perigee", worker = "ours", role = "own" },
    { name = "eager", worker = "peer", role = "peer" },
    { name = "foreach", worker = "peer", role = "peer" },
    { name = "fused", worker = "peer", role = "peer" },
  },
  rows = rows,
}
