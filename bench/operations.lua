-- The operations of ops.lua, each as users of Perigee, PyTorch and NumPy write
-- it, and the bytes that it must read and write for an element of x. What the
-- texts name besides the library is an operand: the workers know how to make
-- it for a side of n (ours.lua, peer.py, peer_numpy.py). Results go into a
-- tensor that is there already where PyTorch and NumPy have that form: large
-- ones would else pay for fresh pages at each call.

local list = {}

local function add(name, bytes, perigee, pytorch, numpy)
  list[#list + 1] = { name = name, bytes = bytes, perigee = perigee,
    pytorch = pytorch, numpy = numpy }
end

-- One function with the same name everywhere, of the arguments `arguments`.
local function same(bytes, arguments, names)
  for name, of_numpy in names:gmatch "([%w_]+)=?([%w_]*)" do
    local call = ("%s(%s, out=into)"):format("%s", arguments)
    add(name:gsub("_", " "), bytes, ("pg.%s(%s)"):format(name, arguments),
      "torch." .. call:format(name), of_numpy ~= "none" and
      "np." .. call:format(of_numpy ~= "" and of_numpy or name) or nil)
  end
end

-- ---- Element by element -----------------------------------------------------

same(12, "x, y", "add mul=multiply div=divide maximum")
same(8, "x", "exp log tanh sigmoid=none")
add("add scalar", 8, "pg.add(x, 2.5)", "torch.add(x, 2.5, out=into)",
  "np.add(x, np.float32(2.5), out=into)")
add("add row", 8, "pg.add(x, row)", "torch.add(x, row, out=into)",
  "np.add(x, row, out=into)")
add("add column", 8, "pg.add(x, column)", "torch.add(x, column, out=into)",
  "np.add(x, column, out=into)")
add("pow", 8, "pg.pow(x, 2.5)", "torch.pow(x, 2.5, out=into)",
  "np.power(x, np.float32(2.5), out=into)")
add("lt", 9, "pg.lt(x, y)", "torch.lt(x, y, out=flags)",
  "np.less(x, y, out=flags)")
add("where", 13, "pg.where(mask, x, y)", "torch.where(mask, x, y, out=into)",
  "np.where(mask, x, y)")
add("clamp", 8, "pg.clamp(x, 0.25, 0.75)",
  "torch.clamp(x, 0.25, 0.75, out=into)",
  "np.clip(x, np.float32(0.25), np.float32(0.75), out=into)")
add("relu", 8, "pg.relu(x)",
  "torch.clamp_min(x, 0.0, out=into) if into is not None else torch.relu(x)",
  "np.maximum(x, np.float32(0), out=into)")
add("gelu", 8, "pg.gelu(x)", "torch._C._nn.gelu(x, out=into)")
add("addcmul", 16, "pg.addcmul(x, y, z, 0.5)",
  "torch.addcmul(x, y, z, value=0.5, out=into)")
add("to float64", 12, "pg.to(x, pg.float64)",
  "wide.copy_(x) if wide is not None else x.to(torch.float64)",
  "x.astype(np.float64)")

-- ---- Reductions and scans ---------------------------------------------------

add("sum", 4, "pg.sum(x)", "x.sum()", "x.sum()")
add("sum rows", 4, "pg.sum(x, 2)", "x.sum(1)", "x.sum(1)")
add("sum columns", 4, "pg.sum(x, 1)", "x.sum(0)", "x.sum(0)")
add("max", 4, "pg.max(x)", "x.max()", "x.max()")
add("max rows", 4, "pg.max(x, 2)", "x.max(1)")
add("argmax columns", 4, "pg.argmax(x, 1)", "x.argmax(0)", "x.argmax(0)")
add("logsumexp rows", 4, "pg.logsumexp(x, 2)", "x.logsumexp(1)")
add("norm", 4, "pg.norm(x)", "torch.linalg.vector_norm(x)",
  "np.linalg.norm(x)")
add("norm rows", 4, "pg.norm(x, 2, 2)", "torch.linalg.vector_norm(x, 2, 1)",
  "np.linalg.norm(x, 2, 1)")
add("var rows", 4, "pg.var(x, 2)", "x.var(1)", "x.var(1)")
add("var columns", 4, "pg.var(x, 1)", "x.var(0)", "x.var(0)")
add("cumsum rows", 8, "pg.cumsum(x, 2)", "torch.cumsum(x, 1, out=into)",
  "np.cumsum(x, 1, out=into)")
add("cumsum columns", 8, "pg.cumsum(x, 1)", "torch.cumsum(x, 0, out=into)",
  "np.cumsum(x, 0, out=into)")
add("cummax rows", 16, "pg.cummax(x, 2)", "torch.cummax(x, 1)",
  "np.maximum.accumulate(x, 1, out=into)")

-- ---- Order and search -------------------------------------------------------

add("sort rows", 16, "pg.sort(x, 2)", "torch.sort(x, 1)", "np.sort(x, 1)")
add("argsort columns", 12, "pg.argsort(x, 1)", "torch.argsort(x, 0)")
add("topk rows", 4, "pg.topk(x, k)", "torch.topk(x, k)")
add("median rows", 4, "pg.median(x, 2)", "torch.median(x, 1)")
add("unique", 8, "pg.unique(words)", "torch.unique(words)", "np.unique(words)")
add("searchsorted", 12, "pg.searchsorted(sorted, x)",
  "torch.searchsorted(sorted, x)", "np.searchsorted(sorted, x)")

-- ---- Places and masks -------------------------------------------------------

add("gather", 16, "pg.gather(x, index, 2)",
  "torch.gather(x, 1, index, out=into)", "np.take_along_axis(x, index, 1)")
add("take", 16, "pg.take(x, places)", "torch.take(x, places, out=into)",
  "np.take(x, places)")
add("index select rows", 8, "pg.index_select(x, order, 1)",
  "torch.index_select(x, 0, order, out=into)", "x[order]")
add("index select columns", 8, "pg.index_select(x, order, 2)",
  "torch.index_select(x, 1, order, out=into)", "x[:, order]")
add("scatter add", 20, "pg.scatter_add(x, index, y, 2)",
  "torch.scatter_add(x, 1, index, y, out=into)")
add("index add", 16, "pg.index_add(x, order, y, 1)",
  "torch.index_add(x, 0, order, y, out=into)")
add("masked select", 7, "pg.masked_select(x, mask)",
  "torch.masked_select(x, mask)", "x[mask]")
add("masked fill", 9, "pg.masked_fill(x, mask, 0)", "x.masked_fill(mask, 0)",
  "np.where(mask, np.float32(0), x)")
add("nonzero", 9, "pg.nonzero(mask)", "torch.nonzero(mask)",
  "np.argwhere(mask)")

-- ---- Copies in another shape ------------------------------------------------

add("clone", 8, "pg.clone(x)", "into.copy_(x) if into is not None else " ..
  "x.clone()", "x.copy()")
add("transpose", 8, "pg.contiguous(x:transpose(1, 2))",
  "into.copy_(x.t()) if into is not None else x.t().contiguous()",
  "x.T.copy()")
add("permute", 8, "pg.contiguous(cube:permute(3, 1, 2))",
  "cube.permute(2, 0, 1).contiguous()", "cube.transpose(2, 0, 1).copy()")
add("cat", 16, "pg.cat{ x, y }", "torch.cat((x, y))", "np.concatenate((x, y))")
add("cat columns", 16, "pg.cat({ x, y }, 2)", "torch.cat((x, y), 1)",
  "np.concatenate((x, y), 1)")
add("stack", 16, "pg.stack({ x, y }, 3)", "torch.stack((x, y), 2)",
  "np.stack((x, y), 2)")
add("flip", 8, "pg.flip(x, 2)", "torch.flip(x, (1,))", "np.flip(x, 1).copy()")
add("roll", 8, "pg.roll(x, 1, 2)", "torch.roll(x, 1, 1)", "np.roll(x, 1, 1)")
add("pad", 8, "pg.pad(x, { 1, 1, 1, 1 })", "F.pad(x, (1, 1, 1, 1))",
  "np.pad(x, 1)")
add("tile", 20, "pg.tile(x, 2, 2)", "torch.tile(x, (2, 2))",
  "np.tile(x, (2, 2))")
add("repeat interleave", 12, "pg.repeat_interleave(x, 2, 2)",
  "torch.repeat_interleave(x, 2, 1)", "np.repeat(x, 2, 1)")
add("tril", 8, "pg.tril(x)", "torch.tril(x, out=into)", "np.tril(x)")

-- ---- Products, normalized rows, random numbers ------------------------------

add("bmm", 12, "pg.bmm(cube, cube)", "torch.bmm(cube, cube)",
  "np.matmul(cube, cube)")
add("einsum", 12, 'pg.einsum({ cube, cube }, "bij,bkj->bik")',
  'torch.einsum("bij,bkj->bik", cube, cube)')
add("mv", 4, "pg.mv(x, row)", "torch.mv(x, row)", "np.matmul(x, row)")
add("cdist", 4, "pg.cdist(points, points)", "torch.cdist(points, points)")
add("softmax", 8, "pg.softmax(x, 2)", "torch.softmax(x, 1, out=into)")
add("log softmax", 8, "pg.log_softmax(x, 2)",
  "torch.log_softmax(x, 1, out=into)")
add("cross entropy", 4, "pg.cross_entropy(x, target)",
  "F.cross_entropy(x, target)")
add("dropout", 8, "pg.dropout(x, 0.5)", "F.dropout(x, 0.5)")
add("rand", 4, "pg.rand(n, n)", "torch.rand(n, n, out=into)",
  "rng.random((n, n), np.float32, into)")
add("randn", 4, "pg.randn(n, n)", "torch.randn(n, n, out=into)",
  "rng.standard_normal((n, n), np.float32, into)")
add("randint", 8, "pg.randint(1, 11, { n, n })",
  "torch.randint(10, (n, n))", "rng.integers(10, size=(n, n))")
add("randperm", 8, "pg.randperm(n * n)", "torch.randperm(n * n)",
  "rng.permutation(n * n)")

-- ---- Forward and backward ---------------------------------------------------

-- The row before with its gradient: 'leaf' requires one.
local function backward(name, bytes, perigee, pytorch)
  add(name .. " backward", bytes, perigee, pytorch)
  list[#list].backward = true
end

backward("mul", 28, "pg.mul(leaf, y)", "torch.mul(leaf, y)")
backward("add column", 20, "pg.add(leaf_column, x)",
  "torch.add(leaf_column, x)")
backward("sigmoid", 20, "pg.sigmoid(leaf)", "torch.sigmoid(leaf)")
backward("max rows", 8, "pg.max(leaf, 2)", "leaf.max(1)[0]")
backward("var rows", 12, "pg.var(leaf, 2)", "leaf.var(1)")
backward("cumsum", 16, "pg.cumsum(leaf, 2)", "leaf.cumsum(1)")
backward("sort", 36, "pg.sort(leaf, 2)", "torch.sort(leaf, 1)[0]")
backward("gather", 32, "pg.gather(leaf, index, 2)",
  "torch.gather(leaf, 1, index)")
backward("index select", 24, "pg.index_select(leaf, order, 1)",
  "torch.index_select(leaf, 0, order)")
backward("cat", 32, "pg.cat{ leaf, x }", "torch.cat((leaf, x))")
backward("softmax", 20, "pg.softmax(leaf, 2)", "torch.softmax(leaf, 1)")
backward("cross entropy", 12, "pg.cross_entropy(leaf, target)",
  "F.cross_entropy(leaf, target)")

return list
