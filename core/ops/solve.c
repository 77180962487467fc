/* solve.c - systems of linear equations: solve, inverse, solve_triangular,
   lu_solve, cholesky_solve. */
#include "linalg.h"

/* ---- Shapes of a system ----------------------------------------------- */

/* A X = B or X A = B as the kernels see it. */
typedef struct {
  bool vector; /* B is one, or a batch of them */
  bool left;
  int batch;
  int64_t shape[PERI_MAX_DIMS]; /* of the batch */
} system_form;

/* B is a vector, or one per matrix of A. */
static bool is_vector(const peri_meta *a, const peri_meta *b) {
  return b->ndim == 1 ||
         (b->ndim == a->ndim - 1 &&
          peri__same_shape(b->shape, b->ndim, a->shape, a->ndim - 1));
}

static int no_fit(const peri_frame *frame, const char *what) {
  peri_text a = peri__shape_of(frame->in[0]), b = peri__shape_of(frame->in[1]);
  return peri__op_fail(frame, PERI_ESHAPE, "a of shape %s and b of shape %s %s",
                       a.s, b.s, what);
}

/* Read the form of the inputs into 'form', the result's shape into out[0]. */
static int read_system(peri_frame *frame, bool left, bool vectors,
                       system_form *form) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  const peri_meta ma = peri__meta(a), mb = peri__meta(b);
  peri_meta *out = &frame->out[0];
  int status = peri__check_alike(frame, 1);
  if (status < 0) return status;
  form->left = left;
  form->vector = vectors && is_vector(&ma, &mb);
  if (form->vector && !left)
    return no_fit(frame, "do not fit; X A = B takes matrices");
  if (!form->vector && b->ndim < 2)
    return no_fit(frame, "do not fit; b must be a matrix");
  int own = form->vector ? 1 : 2; /* dimensions of b that are no batch */
  int64_t size = form->vector || !left ? peri__cols(b) : peri__rows(b);
  if (form->vector) size = b->shape[b->ndim - 1];
  if (size != peri__rows(a))
    return no_fit(frame, left ? "differ in rows" : "differ in columns");
  form->batch = peri__broadcast(a->shape, a->ndim - 2, b->shape, b->ndim - own,
                                form->shape);
  if (form->batch < 0 || form->batch + own > PERI_MAX_DIMS)
    return no_fit(frame, "do not broadcast");
  out->dtype = a->dtype;
  out->ndim = form->batch + own;
  peri__copy_sizes(out->shape, form->shape, form->batch);
  for (int d = 0; d < own; d++)
    out->shape[form->batch + d] = b->shape[b->ndim - own + d];
  return 0;
}

/* 'x' as a matrix of columns whose rows are those of A. */
static peri_tensor *as_columns(peri_tensor *x, const system_form *form) {
  if (form->vector) return peri_unsqueeze(x, -1);
  return form->left ? x : peri__turned(x);
}

/* ---- solve ------------------------------------------------------------ */

int peri__solve_infer(peri_frame *frame) {
  system_form form;
  int status = peri__check_matrices(frame, 0, true, INT32_MAX);
  if (status == 0)
    status = read_system(frame, frame->value[0].i != 0, true, &form);
  frame->out[1] = (peri_meta){.dtype = PERI_I64};
  if (status < 0) return status;
  frame->out[1].ndim = form.batch;
  peri__copy_sizes(frame->out[1].shape, form.shape, form.batch);
  frame->nout = 2;
  return 0;
}

int peri__solve_forward(peri_frame *frame) {
  system_form form;
  int status = read_system(frame, frame->value[0].i != 0, true, &form);
  if (status < 0) return status;
  peri_tensor *a = form.left ? frame->in[0] : peri__turned(frame->in[0]);
  peri_tensor *args[4] = {as_columns(frame->y[0], &form), frame->y[1],
                          peri__spread_batch(a, form.shape, form.batch)};
  args[3] = peri__spread_batch(as_columns(frame->in[1], &form), form.shape,
                               form.batch);
  const peri__lapack_attr attr = {.batch = form.batch};
  status = peri__lapack_run(frame, PERI_K_solve, attr, args, 2, 2);
  if (status < 0) return status;
  return peri__check_info(frame, frame->y[1], "is singular", "zero pivot");
}

/* db = A^-T dy, da = -db X^T; with the sides exchanged da = -X^T db. */
int peri__solve_backward(peri_backprop *grad) {
  bool left = grad->value[0].i != 0;
  bool vector = left && is_vector(&grad->in_meta[0], &grad->in_meta[1]);
  peri_tensor *x = grad->out[0], *dy = grad->dy[0];
  const peri_solve_options options = {.left = left};
  if (vector) x = peri_unsqueeze(x, -1);
  if (vector) dy = peri_unsqueeze(dy, -1);
  peri_tensor *db = peri_solve(peri__turned(grad->in[0]), dy, &options);
  if (grad->needs[0]) {
    x = peri__turned(x);
    grad->dx[0] = peri_neg(left ? peri_matmul(db, x) : peri_matmul(x, db));
  }
  if (grad->needs[1]) grad->dx[1] = vector ? peri_select(db, -1, 0) : db;
  return 0;
}

/* ---- inverse ---------------------------------------------------------- */

int peri__inverse_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, true, INT32_MAX);
  if (status < 0) return status;
  frame->out[0] = peri__meta(x);
  peri__batch_meta(x, -1, -1, PERI_I64, &frame->out[1]);
  frame->nout = 2;
  return 0;
}

int peri__inverse_forward(peri_frame *frame) {
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->in[0]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2};
  int status = peri__lapack_run(frame, PERI_K_inverse, attr, args, 2, 1);
  if (status < 0) return status;
  return peri__check_info(frame, frame->y[1], "is singular", "zero pivot");
}

/* dx = -Y^T dy Y^T */
int peri__inverse_backward(peri_backprop *grad) {
  peri_tensor *y = peri__turned(grad->out[0]);
  grad->dx[0] = peri_neg(peri_matmul(peri_matmul(y, grad->dy[0]), y));
  return 0;
}

int peri__inv_forward(peri_frame *frame) {
  frame->y[0] = peri_inverse(frame->in[0]);
  return 0;
}

/* ---- solve_triangular ------------------------------------------------- */

enum { BLOCK = 16 }; /* rows that the plain loop solves at once */

int peri__solve_triangular_infer(peri_frame *frame) {
  system_form form;
  int status = peri__check_matrices(frame, 0, true, INT64_MAX);
  if (status < 0) return status;
  return read_system(frame, frame->value[1].i != 0, false, &form);
}

/* A system on its way: Y becomes X, row after row, from its end if 'back'. */
typedef struct {
  const peri_frame *frame;
  peri_tensor *y, *a;
  bool back;
} substitution;

/* A square of A and the rows of Y beside it. */
static int solve_block(const substitution *s, int64_t from, int64_t count) {
  peri_tensor *square =
      peri__cut_cols(peri__cut_rows(s->a, from, count), from, count);
  peri_tensor *args[2] = {peri__cut_rows(s->y, from, count), square};
  const peri__lapack_attr attr = {.batch = s->y->ndim - 2,
                                  .mode = s->back ? PERI_UPPER : PERI_LOWER,
                                  .base = s->frame->value[2].i != 0};
  return peri__lapack_run(s->frame, PERI_K_solve_triangle, attr, args, 1, 1);
}

/* One half, its part of the other rows by a matrix product, the other half. */
static int solve_rows(const substitution *s, int64_t from, int64_t count) {
  if (count <= BLOCK) return solve_block(s, from, count);
  int64_t half = (count / 2 + BLOCK - 1) / BLOCK * BLOCK;
  int64_t start[2] = {from, from + half}, size[2] = {half, count - half};
  int one = s->back ? 1 : 0, other = 1 - one;
  int status = solve_rows(s, start[one], size[one]);
  if (status < 0) return status;
  peri_tensor *strip = peri__cut_cols(
      peri__cut_rows(s->a, start[other], size[other]), start[one], size[one]);
  peri_tensor *part =
      peri_matmul(strip, peri__cut_rows(s->y, start[one], size[one]));
  peri_sub_(peri__cut_rows(s->y, start[other], size[other]), part);
  peri_release(part);
  return solve_rows(s, start[other], size[other]);
}

/* X A = B is A^T X^T = B^T, worked out in memory of its own. */
int peri__solve_triangular_forward(peri_frame *frame) {
  system_form form;
  bool left = frame->value[1].i != 0, upper = frame->value[0].i != 0;
  int status = read_system(frame, left, false, &form);
  if (status < 0 || peri_tensor_numel(frame->y[0]) == 0) return status;
  substitution s = {frame, frame->y[0], frame->in[0], upper == left};
  if (!peri_copy_(s.y, frame->in[1])) return frame->ctx->status;
  if (!left) {
    s.y = peri_contiguous(peri__turned(s.y));
    s.a = peri__turned(s.a);
  }
  s.a = peri__spread_batch(s.a, form.shape, form.batch);
  if (!s.a || !s.y) return frame->ctx->status;
  status = solve_rows(&s, 0, peri__rows(s.y));
  if (status == 0 && !left) peri_copy_(frame->y[0], peri__turned(s.y));
  return status;
}

/* As solve, with the part of da that is read. */
int peri__solve_triangular_backward(peri_backprop *grad) {
  bool upper = grad->value[0].i != 0, left = grad->value[1].i != 0;
  bool unit = grad->value[2].i != 0;
  peri_tensor *x = peri__turned(grad->out[0]);
  peri_tensor *db = peri__triangular(peri__turned(grad->in[0]), grad->dy[0],
                                     !upper, left, unit);
  if (grad->needs[0]) {
    peri_tensor *da = peri_neg(left ? peri_matmul(db, x) : peri_matmul(x, db));
    grad->dx[0] = upper ? peri__upper(da, unit) : peri__lower(da, -(int)unit);
  }
  if (grad->needs[1]) grad->dx[1] = db;
  return 0;
}

/* ---- With factors that are there already ------------------------------ */

int peri__lu_solve_infer(peri_frame *frame) {
  const peri_tensor *lu = frame->in[0], *pivots = frame->in[1];
  const peri_tensor *b = frame->in[2];
  peri_text ps = peri__shape_of(pivots), bs = peri__shape_of(b);
  int status = peri__check_matrices(frame, 0, true, INT32_MAX);
  if (status == 0) status = peri__check_alike(frame, 2);
  if (status < 0) return status;
  if (pivots->dtype != PERI_I64)
    return peri__op_fail(frame, PERI_EDTYPE, "pivots must be int64, it is %s",
                         peri_dtype_name(pivots->dtype));
  if (!peri__same_shape(pivots->shape, pivots->ndim, lu->shape, lu->ndim - 1))
    return peri__op_fail(frame, PERI_ESHAPE,
                         "pivots of shape %s are not those of lu", ps.s);
  if (b->ndim != lu->ndim || peri__rows(b) != peri__rows(lu) ||
      !peri__same_shape(b->shape, b->ndim - 2, lu->shape, lu->ndim - 2))
    return peri__op_fail(frame, PERI_ESHAPE,
                         "b of shape %s does not fit the factors", bs.s);
  frame->out[0] = peri__meta(b);
  return 0;
}

/* Rows are exchanged with themselves or later ones. */
static int check_pivots(const peri_frame *frame) {
  peri_tensor *pivots = peri_contiguous(frame->in[1]);
  const int64_t *list = peri_tensor_data(pivots);
  int64_t n = peri__rows(frame->in[0]);
  for (int64_t i = 0; list && i < peri_tensor_numel(pivots); i++) {
    int64_t row = list[i] - frame->base;
    if (row < i % n || row >= n)
      return peri__op_fail(frame, PERI_EINDEX,
                           "pivots has %lld, which is no row from its own on",
                           (long long)list[i]);
  }
  return 0;
}

static int run_lu_solve(const peri_frame *frame, peri_tensor *y) {
  peri_tensor *args[4] = {y, frame->in[0], frame->in[1], frame->in[2]};
  const peri__lapack_attr attr = {.batch = y->ndim - 2,
                                  .mode = frame->value[0].i != 0,
                                  .base = frame->base};
  return peri__lapack_run(frame, PERI_K_lu_solve, attr, args, 1, 3);
}

int peri__lu_solve_forward(peri_frame *frame) {
  int status = check_pivots(frame);
  return status == 0 ? run_lu_solve(frame, frame->y[0]) : status;
}

/* db = A^-T dy from the same factors. */
int peri__lu_solve_backward(peri_backprop *grad) {
  peri_tensor *in[3] = {grad->in[0], grad->in[1], grad->dy[0]};
  const peri_value adjoint = {
      .type = PERI_P_BOOL, .whole = true, .i = grad->value[0].i == 0};
  grad->dx[2] =
      peri_apply(grad->ctx, grad->op, in, 3, &adjoint, grad->base, NULL);
  return 0;
}

/* Two triangular systems. */
int peri__cholesky_solve_forward(peri_frame *frame) {
  bool upper = frame->value[0].i != 0;
  peri_tensor *b = frame->in[0], *factor = frame->in[1];
  peri_tensor *other = peri__turned(factor);
  peri_tensor *y =
      peri__triangular(upper ? other : factor, b, false, true, false);
  frame->y[0] = peri__triangular(upper ? factor : other, y, true, true, false);
  return 0;
}

int peri__cholesky_inverse_forward(peri_frame *frame) {
  peri_tensor *factor = frame->in[0];
  int status = peri__check_matrices(frame, 0, true, INT64_MAX);
  if (status < 0) return status;
  const peri_cholesky_solve_options options = {.upper = frame->value[0].i != 0};
  frame->y[0] = peri_cholesky_solve(peri__unit(factor, peri__rows(factor)),
                                    factor, &options);
  return 0;
}
