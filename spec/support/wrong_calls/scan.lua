-- Wrong calls of the rows of core/ops/scan.def.

return {
  { "pg.zeros(2, 3):cumsum()",
    "cumsum: dim is required" },
  { "pg.zeros(2, 3):cumsum(3)",
    "cumsum: dim must be in [1, 2] or negative from the end, got 3" },
  { "pg.zeros(2, 3):cumprod{ 1, 2 }",
    "cumprod: dim must be a whole number, got table" },
  { "pg.tensor{ 1, 2 }:logcumsumexp(1)",
    "logcumsumexp: x must be a float, it is int64; convert it with "
      .. 'to("float32")' },
  { "pg.tensor(1.0):diff()",
    "diff: x is a single number" },
  { "pg.zeros(2, 3):diff(2)",
    "diff: prepend must be a tensor or nil, got number; name what is no "
      .. "tensor, as { n = value }" },
  { "pg.zeros(2, 3):diff{ prepend = pg.zeros(3), dim = 1 }",
    "diff: prepend of shape [3] does not fit x of shape [2, 3] along "
      .. "dimension 1" },
  { "pg.zeros(2, 3):diff{ n = -1 }",
    "diff: n must be at least 0, got -1" },
  { "pg.trapezoid(pg.zeros(2, 3), pg.zeros(2))",
    "trapezoid: x of shape [2] does not fit y of shape [2, 3] along "
      .. "dimension 2" },
  { "pg.trapezoid(pg.tensor(1.0))",
    "trapezoid: y is a single number" },
  { "pg.zeros(2, 3):cummax{ dim = 1.5 }",
    "cummax: dim must be a whole number, got 1.5" },
  { "pg.zeros(2, 3):cumsum{ dim = 1, exclusive = true }",
    "cumsum has no parameter 'exclusive'; it has dim, dtype, x" },
}
