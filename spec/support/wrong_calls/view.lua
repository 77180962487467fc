-- Wrong calls of the rows of core/ops/view.def.

return {
  { "pg.zeros(2, 3):reshape(4, 2)",
    "reshape: x of shape [2, 3] with 6 elements does not fill [4, 2]" },
  { "pg.zeros(2, 3):transpose(1, 3)",
    "transpose: dim1 must be in [1, 2] or negative from the end, got 3" },
  { "pg.zeros(2, 3):permute(1, 1)",
    "permute: dims names dimension 1 twice" },
  { "pg.zeros(2, 3)[0]",
    "index 0: positions count from 1, negative ones from the end" },
}
