-- Wrong calls of pointwise rows and of those of core/ops/compare.def.

return {
  { "pg.ones(2):bitwise_and(1)",
    "bitwise_and: a must hold integers or bool, it is float32; "
      .. 'convert it with to("int64")' },
  { "pg.tensor { 1.5 }:bitwise_not()",
    "bitwise_not: x must hold integers or bool, it is float32; "
      .. 'convert it with to("int64")' },
  { "pg.tensor { 1, 2 }:bitwise_left_shift(0.5)",
    "bitwise_left_shift: b must be a whole number" },
  { "pg.ones(2) & pg.ones(2)",
    "bitwise_and: a must hold integers or bool, it is float32; "
      .. 'convert it with to("int64")' },
  { "pg.tensor { 15 }:round(-1)",
    "round: x must be a float where decimals is not 0, it is "
      .. 'int64; convert it with to("float32")' },
  { "pg.ones(3):atan2(pg.ones(2))",
    "atan2: shapes [3] and [2] do not broadcast" },
  { "pg.ones(3):threshold(1)",
    "threshold: value is required" },
  { "pg.ones(3):polygamma(-1)",
    "polygamma: n must be in [0, 1000], got -1" },
  { "pg.ones(3):polygamma(0.5)",
    "polygamma: n must be a whole number, got 0.5" },
  { "pg.ones(3):gelu { approximate = 'erf' }",
    'gelu: approximate must be one of none|tanh, got "erf"' },
  { "pg.ones(3):softplus { betta = 2 }",
    "softplus has no parameter 'betta'; did you mean 'beta'?" },
  { "pg.ones(3):lerp(pg.ones(3))",
    "lerp: weight must be a tensor or a number, got no value" },
  { "pg.ones(3):addcmul(2, pg.ones(3))",
    "addcmul: tensor1 must be a tensor, got number; tensors come first: "
      .. "addcmul(x, tensor1, tensor2, value)" },
  { "pg.ones(3):equal(1)",
    "equal: b must be a tensor, got number" },
  { "pg.tensor { 1, 2 }:silu_()",
    "silu_: the result is float32, which x of int64 cannot hold" },
  { "pg.tensor { 1, 2 }:reciprocal_()",
    "reciprocal_: the result is float32, which x of int64 cannot hold" },
  { "pg.ones(3):hardshrink(-1)",
    "hardshrink: lambd must be at least 0, got -1" },
  { "pg.ones(3):logit { eps = 2 }",
    "logit: eps must be in [0, 1], got 2" },
}
