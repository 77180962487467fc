-- What README.md shows of the tensor language: themes, each with a sentence and
-- lines that run in order and share their names. What an expression gives is
-- put behind it by docs/readme.lua.

return {
  { "Positions count from 1 (in C from 0), negative ones from the end. A range "
    .. "has both ends; masks and tensors of positions read, write and let "
    .. "gradients through.", {
    "x = pg.tensor{ { 3.0, 1, 2 }, { 0, 5, 4 } }",
    "x[2]",
    "x[{ {}, -1 }]",
    "x[{ 1, { 1, 3, 2 } }]",
    "x[x:gt(2)]",
    "x[{ {}, pg.tensor{ 3, 1 } }]",
    "x[{ 2, 1 }] = 9",
  } },
  { "Every operation is a function and a method. Parameters go by place or by "
    .. "name; results have positions where that helps; a form in place ends in "
    .. "an underscore.", {
    "x:sum(1)",
    "x:max{ dim = 2, keepdim = true }",
    "x:topk(2)",
    "x:sub(x:mean(1)):abs_():clamp_(0, 2)",
    "pg.cat({ x, pg.zeros(1, 3) }, 1).shape",
  } },
  { "Gaps in data are NaN.", {
    "y = pg.tensor{ 1.0, 0 / 0, 4 }",
    "y:masked_fill(y:isnan(), y:nanmean())",
    "y[~y:isnan()]:cumsum(1)",
    "pg.tensor{ 3, 1, 3 }:unique{ return_counts = true }",
  } },
  { "Random numbers come from the seed, or from a stream of one's own.", {
    "g = pg.Generator(7)",
    "pg.rand(2, { generator = g })",
    "pg.normal(0, 1, { 2, 2 }, { generator = g }).shape",
    "pg.multinomial(pg.tensor{ 0.0, 1, 0 }, 3, true, { generator = g })",
  } },
  { "Products, and linear algebra where a LAPACK is found.", {
    "a = pg.tensor{ { 2.0, 1 }, { 0, 4 } }",
    "a:matmul(pg.tensor{ 1.0, 1 })",
    'pg.einsum("ij,ij->i", a, a)',
    "pg.solve(a, pg.tensor{ 4.0, 8 })",
    "pg.eigh(pg.diag(pg.tensor{ 2.0, 5 }))",
  } },
  { "Gradients of gradients, too.", {
    "w = pg.tensor({ 1.0, 2 }, { requires_grad = true })",
    "g = pg.grad((w ^ 3):sum(), w, { create_graph = true })",
    "g:detach()",
    "pg.grad(g:sum(), w)",
  } },
}
