-- Wrong calls of the rows of core/ops/mask.def.

return {
  { "pg.zeros(2, 3):masked_select(pg.tensor{ 1, 0, 1 })",
    "masked_select: mask must hold truth values, it is int64; convert it with "
      .. "to(\"bool\") or compare" },
  { "pg.zeros(2, 3):masked_select(pg.tensor{ true, false })",
    "masked_select: mask of shape [2] does not fit x of [2, 3]" },
  { "pg.zeros(2, 3):masked_fill(pg.ones(2, 3), 1)",
    "masked_fill: mask must hold truth values, it is float32; convert it with "
      .. "to(\"bool\") or compare" },
  { "pg.zeros(2):masked_fill(pg.tensor{ true, false }, pg.zeros(2))",
    "masked_fill: value must be a single number, its shape is [2]" },
  { "pg.zeros(3):masked_fill_(pg.ones(2, 3):gt(0), 1)",
    "masked_fill_: the result has shape [2, 3], x has [3]" },
  { "pg.zeros(3):masked_scatter(pg.tensor{ true, true, false }, pg.zeros(1))",
    "masked_scatter: source has 1 elements, the mask chooses 2" },
  { "pg.zeros(2):masked_scatter(pg.tensor{ true, true }, pg.tensor{ 1, 2 })",
    "masked_scatter: source is int64, x is float32; convert it with "
      .. 'to("float32")' },
  { "pg.tensor{ 1, 4 }:one_hot(3)",
    "one_hot: class 4 at [2] is out of range, classes are 1 to 3" },
  { "pg.tensor{ 1, 0 }:one_hot()",
    "one_hot: class 0 at [2] is out of range, classes are 1 to 1" },
  { "pg.tensor{ 1.0 }:one_hot(3)",
    "one_hot: x must hold integers, it is float32; convert it with "
      .. "to(\"int64\")" },
}
