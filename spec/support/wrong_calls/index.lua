-- Wrong calls of the rows of core/ops/index.def, and wrong keys of t[...].

return {
  { "pg.zeros(2, 3)[pg.tensor{ 1, 3 }]",
    "index: position 3 at [2] is out of range, dimension 1 of [2, 3] has 2 "
      .. "positions" },
  { "pg.zeros(2, 3)[{ {}, pg.tensor{ 1, 0 } }]",
    "index: position 0 at [2]: positions count from 1, negative ones from the "
      .. "end" },
  { "pg.zeros(2, 3)[pg.tensor{ 1.0, 2.0 }]",
    "index: a tensor of positions holds integers or truth values, this one "
      .. "float32; convert it with to(\"int64\")" },
  { "pg.zeros(2, 3)[pg.zeros({ 2, 3 }, { dtype = 'uint8' })]",
    "index: a uint8 tensor could be a mask or positions; convert it with "
      .. "to(\"bool\") or to(\"int64\")" },
  { "pg.zeros(2, 3)[pg.tensor{ true, false, true }]",
    "index: a mask of shape [3] does not fit dimension 1 of [2, 3]: sizes "
      .. "must be equal" },
  { "pg.zeros(2, 3)[pg.ones(3, 2):gt(0)]",
    "index: a mask of shape [3, 2] does not fit dimension 1 and those behind "
      .. "it of [2, 3]: sizes must be equal" },
  { "pg.zeros(2, 3)[{ pg.tensor{ 1, 2 }, pg.tensor{ 1, 2, 3 } }]",
    "index: positions of shapes [2] and [3] do not broadcast" },
  { "local t = pg.zeros(2, 3) ; t[pg.tensor{ 1, 2 }] = pg.zeros(2)",
    "index: a value of shape [2] does not broadcast to [2, 3], the shape of "
      .. "what is indexed" },
  { "pg.zeros(2, 3)[{ 1, 2, 3 }]",
    "index: the places stand for more dimensions than the tensor has, 2" },
  { "pg.zeros(2, 3)[{ 1, 'x' }]",
    "index: place 2 must be a position, {first, last}, {first, last, step}, {} "
      .. "or a tensor, got string" },
  { "pg.zeros(2, 3):index_select(pg.tensor{ 4 }, 2)",
    "index_select: index 4 at [1] is out of range, dimension 2 of [2, 3] has 3 "
      .. "positions" },
  { "pg.zeros(2, 3):index_add(pg.tensor{ 1 }, pg.zeros(3), 1)",
    "index_add: source has shape [3], expected [1, 3]" },
  { "pg.zeros(2):index_copy(pg.tensor{ 1 }, pg.tensor{ 1 }, 1)",
    "index_copy: source is int64, x is float32; convert it with "
      .. 'to("float32")' },
  { "pg.zeros(2, 3):index_fill(pg.tensor{ 1 }, pg.zeros(2), 1)",
    "index_fill: value must be a single number, its shape is [2]" },
  { "pg.zeros(2, 3):take(pg.tensor{ 7 })",
    "take: index 7 at [1] is out of range, [2, 3] has 6 elements" },
  { "pg.zeros(2, 3):put(pg.tensor{ 1, 2 }, pg.zeros(3))",
    "put: source has 3 elements, index has 2" },
}
