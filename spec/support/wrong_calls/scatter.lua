-- Wrong calls of the rows of core/ops/scatter.def.

return {
  { "pg.zeros(2, 3):gather(1, pg.tensor{ 1 })",
    "gather: index must be a tensor, got number; tensors come first: "
      .. "gather(x, index, dim)" },
  { "pg.zeros(2, 3):gather(pg.tensor{ { 1.5 } }, 1)",
    "gather: index must hold integers, it is float32; convert it with "
      .. "to(\"int64\")" },
  { "pg.zeros(2, 3):gather(pg.tensor{ { 1, 4 } }, 2)",
    "gather: index 4 at [1, 2] is out of range, dimension 2 of [2, 3] has 3 "
      .. "positions" },
  { "pg.zeros(2, 3):gather(pg.tensor{ { 0 } }, 2)",
    "gather: index 0 at [1, 1]: positions count from 1, negative ones from the "
      .. "end" },
  { "pg.zeros(2, 3):gather(pg.tensor{ 1 }, 1)",
    "gather: index must have as many dimensions as x, their shapes are [1] and "
      .. "[2, 3]" },
  { "pg.zeros(1, 3):gather(pg.tensor{ { 1 }, { 1 } }, 2)",
    "gather: index of shape [2, 1] is longer than x of [1, 3] in dimension 1" },
  { "pg.zeros(2, 3):scatter(pg.tensor{ { 1, 2 } }, pg.zeros(1, 1), 2)",
    "scatter: index of shape [1, 2] is longer than src of [1, 1] in dimension "
      .. "2" },
  { "pg.zeros(2):scatter_add(pg.tensor{ 1 }, pg.tensor{ 1 }, 1)",
    "scatter_add: src is int64, x is float32; convert it with "
      .. 'to("float32")' },
  { "pg.zeros(2):scatter_add(pg.tensor{ 1 }, 5, 1)",
    "scatter_add: src must be a tensor, got number" },
  { "pg.zeros(2):scatter_reduce(pg.tensor{ 1 }, pg.zeros(1), 1, 'max')",
    "scatter_reduce: reduce must be one of sum|prod|mean|amax|amin, got "
      .. "\"max\"" },
  { "pg.zeros(2, 3):take_along_dim(pg.tensor{ { 1 }, { 1 }, { 1 } }, 2)",
    "take_along_dim: indices of shape [3, 1] do not broadcast with x of "
      .. "[2, 3]" },
}
