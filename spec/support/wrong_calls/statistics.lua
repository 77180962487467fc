-- Wrong calls of the rows of core/ops/statistics.def.

return {
  { "pg.tensor{ 1, 2 }:var()",
    'var: x must be a float, it is int64; convert it with to("float32")' },
  { "pg.tensor{ 1, 2 }:std()",
    'std: x must be a float, it is int64; convert it with to("float32")' },
  { "pg.zeros(2, 3):var{ unbiased = true }",
    "var has no parameter 'unbiased'; write correction" },
  { 'pg.zeros(2, 3):var{ correction = "no" }',
    'var: correction must be a number, got string "no"' },
  { "pg.zeros(2, 3):std(4)",
    "std: dim must be in [1, 2] or negative from the end, got 4" },
  { "pg.zeros(2, 3, 4):cov()",
    "cov: x must have one or two dimensions, its shape is [2, 3, 4]" },
  { "pg.zeros(2, 3):cov(pg.ones(3))",
    "cov: fweights must be integers, it is float32" },
  { "pg.zeros(2, 3):cov{ aweights = pg.ones(2) }",
    "cov: aweights must have shape [3], it has [2]" },
  { "pg.zeros(2, 3, 4):corrcoef()",
    "corrcoef: x must have one or two dimensions, its shape is [2, 3, 4]" },
  { "pg.zeros(2, 3):cov(1)",
    "cov: fweights must be a tensor or nil, got number; name what is no "
      .. "tensor, as { correction = value }" },
}
