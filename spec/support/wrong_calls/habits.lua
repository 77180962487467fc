-- Calls written as in other frameworks, or from memory: what each is told.

return {
  { "pg.ones(2, 3):gather(2, pg.tensor { { 1 }, { 2 } })",
    "gather: index must be a tensor, got number; tensors come first: "
      .. "gather(x, index, dim)" },
  { "pg.zeros(3):index_add_(1, pg.tensor { 1 }, pg.ones(1))",
    "index_add: index must be a tensor, got number; tensors come first: "
      .. "index_add(x, index, source, dim, alpha)" },
  { "pg.zeros(3):index_add(1)",
    "index_add: index must be a tensor, got number" },
  { "pg.ones(5):diff(2)",
    "diff: prepend must be a tensor or nil, got number; name what is no "
      .. "tensor, as { n = value }" },
  { "pg.ones(5):diff { prepend = 2 }",
    "diff: prepend must be a tensor or nil, got number" },
  { "pg.ones(2):view { 1, { 2 } }",
    "view: entry 2 of shape must be a whole number, got table" },
  { "pg.tensor { 1, 2, dtype = 'float32' }",
    "tensor: a list has no names, got 'dtype'; options go in a table of "
      .. "their own behind it" },
  { "pg.tensor { dtype = 'float32' }",
    "tensor: a list has no names, got 'dtype'; options go in a table of "
      .. "their own behind it" },
  { "pg.tensor { 1, 2 }:mean()",
    'mean: x must be a float, it is int64; convert it with to("float32")' },
  { "pg.ones(2, 3):matmul(pg.ones(2, 3))",
    "matmul: a of shape [2, 3] and b of shape [2, 3] do not fit: 3 columns "
      .. "of a meet 2 rows of b" },
  { "pg.ones(2):exp(pg.ones(2))",
    "exp: unexpected argument after the last: tensor" },
  { "pg.eye(2, { dtype = 'int64' }):det()",
    "det: x must be float32 or float64, it is int64; convert it with "
      .. 'to("float32")' },
  { "pg.ones(2):float()",
    'tensor has no field \'float\'; write x:to("float32")' },
  { "pg.ones(2):clip_(0, 1)",
    "tensor has no field 'clip_'; write x:clamp_" },
  { "pg.clip(pg.ones(2), 0, 1)",
    "perigee has no field 'clip'; write pg.clamp" },
  { "pg.ones(2):stride()", "tensor has no field 'stride'" },
  { "pg.ones(2):srot()", "tensor has no field 'srot'; did you mean 'sort'?" },
  { "pg.nn.functional.relu(pg.ones(2))",
    "nn has no field 'functional'; write pg.relu(x) and the like: functions "
      .. "are in pg itself" },
  { "pg.ones(2):mean { axis = 1 }",
    "mean has no parameter 'axis'; write dim" },
  { "pg.help 'clip'", "help has no text for 'clip'; write pg.clamp" },
  { "pg.ones(2) > 0",
    "< gives one boolean in Lua; tensors are compared element by element "
      .. "with x:lt(y), numbers in them as x:item()" },
}
