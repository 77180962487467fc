-- Wrong calls of the rows of core/ops/count.def.

return {
  { "pg.zeros(2, 3):unique{ dim = 3 }",
    "unique: dim must be in [1, 2] or negative from the end, got 3" },
  { "pg.zeros(2, { device = 'meta' }):unique()",
    "unique: needs data, and x has none (device meta)" },
  { "pg.searchsorted(pg.zeros(2, 3), pg.zeros(3, 4))",
    "searchsorted: sorted_sequence of shape [2, 3] and values of shape"
      .. " [3, 4] must agree in all sizes but the last" },
  { "pg.searchsorted(pg.zeros(2, 3), 1)",
    "searchsorted: sorted_sequence of shape [2, 3] and values of shape"
      .. " [] must agree in all sizes but the last" },
  { "pg.bucketize(pg.zeros(2), pg.zeros(2, 3))",
    "bucketize: boundaries must have one dimension, its shape is [2, 3]" },
  { "pg.tensor({ 1, -2 }):bincount()",
    "bincount: x must not be negative, it holds -2" },
  { "pg.tensor({ 1.5 }):bincount()",
    "bincount: x must hold integers, it is float32" },
  { "pg.zeros(2, 2, { dtype = 'int64' }):bincount()",
    "bincount: x must have one dimension, its shape is [2, 2]" },
  { "pg.tensor({ 1, 2 }):bincount(pg.zeros(3))",
    "bincount: weights of shape [3] must have the shape of x, [2]" },
  { "pg.tensor({ 1, 2 }):histc()",
    'histc: x must be a float, it is int64; convert it with to("float32")' },
  { "pg.zeros(3):histc{ min = 2, max = 1 }",
    "histc: min and max must be finite, max not below min; they are 2"
      .. " and 1" },
  { "pg.zeros(3):histc{ bins = 0 }",
    "histc: bins must be at least 1, got 0" },
  { "pg.tensor({ 1.0, 0 / 0 }):histc()",
    "histc: x holds NaN or infinities; give min and max" },
}
