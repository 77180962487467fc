-- Wrong calls of the rows of core/ops/conv.def and norm.def.

return {
  { "pg.conv2d(pg.ones(8, 4, 28, 28), pg.ones(6, 3, 5, 5))",
    "conv2d: weight [6, 3, 5, 5] with 1 groups expects C=3 channels, "
      .. "x is [8, 4, 28, 28]" },
  { "pg.conv2d(pg.ones(3, 2, 2), pg.ones(6, 3, 5, 5))",
    "conv2d: weight [6, 3, 5, 5] with dilation 1 does not fit into "
      .. "x [3, 2, 2] with padding 0" },
  { "pg.conv2d(pg.ones(28, 28), pg.ones(6, 3, 5, 5))",
    "conv2d: x needs 4 dimensions, or 3 without N, it is [28, 28]" },
  { "pg.conv1d(pg.ones(1, 2, 9), pg.ones(4, 2, 3), pg.ones(3))",
    "conv1d: bias must be [4], it is [3]" },
  { "pg.conv1d(pg.ones(1, 2, 9), pg.ones(4, 2, 3), nil, { stride = { 1, 2 } })",
    "conv1d: stride has 2 numbers, expected 1 or 1" },
  { "pg.conv1d(pg.ones(1, 2, 9), pg.ones(3, 1, 3), nil, { groups = 2 })",
    "conv1d: 2 groups do not divide the K=3 of weight [3, 1, 3]" },
  { "pg.ones(2, 3):layer_norm(nil, nil, { normalized_shape = { 4 } })",
    "layer_norm: x of shape [2, 3] does not end with [4]" },
  { "pg.arange(3):layer_norm(nil, nil, { normalized_shape = { 3 } })",
    "layer_norm: x must be a float, it is int64; convert it with "
      .. "to(\"float32\")" },
}
