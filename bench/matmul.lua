-- Matrix products of float32, x [M, K] times y [K, N]. NT has y transposed, as
-- the forward of a linear layer; NN is its gradient for the input, TN the one
-- for the weight. The limit is multiply-adds in registers.

local flops_of_fma = 393216 -- in one run of that case

local shapes = {
  { "NT", 128, 256, 784 }, { "NN", 128, 784, 256 }, { "TN", 256, 784, 128 },
  { "NT", 128, 10, 256 }, { "NT", 32, 256, 784 },
  { "NT", 1, 256, 784 }, { "NN", 1, 784, 256 },
  { "NN", 512, 512, 512 }, { "NT", 512, 512, 512 },
  { "TN", 512, 512, 512 }, { "NN", 1024, 1024, 1024 },
  { "NN", 2048, 2048, 2048 },
}

local rows = {}
for i, shape in ipairs(shapes) do
  local form, m, n, k = table.unpack(shape)
  local case = ("matmul %s %d %d %d"):format(form, m, n, k)
  rows[i] = {
    name = ("%s %dx%dx%d"):format(form, m, n, k),
    unit = "GFLOP/s",
    amount = 2 * m * n * k,
    amounts = { peak = flops_of_fma },
    cases = { Perigee = case, peak = "fma", OpenBLAS = case, PyTorch = case },
  }
end

return {
  title = "Matrix products MxNxK",
  columns = {
    { name = "Perigee", worker = "ours", role = "own" },
    { name = "peak", worker = "limits", role = "limit" },
    { name = "OpenBLAS", worker = "blas", role = "peer" },
    { name = "PyTorch", worker = "peer", role = "peer" },
  },
  rows = rows,
}
