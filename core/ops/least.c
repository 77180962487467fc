/* least.c - least squares and what the singular values tell: lstsq, pinv,
   matrix_rank, cond, matrix_norm. */
#include "linalg.h"

#include <float.h>
#include <math.h>

static double epsilon_of(peri_dtype dtype) {
  return dtype == PERI_F32 ? FLT_EPSILON : DBL_EPSILON;
}

/* Parameter 'index', or what rounding makes of the largest singular value. */
static double rtol_of(const peri_frame *frame, int index) {
  const peri_tensor *x = frame->in[0];
  int64_t most = peri__rows(x) > peri__cols(x) ? peri__rows(x) : peri__cols(x);
  return peri__real(frame->value, index, epsilon_of(x->dtype) * (double)most);
}

/* ---- lstsq ------------------------------------------------------------ */

static bool is_vector(const peri_meta *a, const peri_meta *b) {
  return b->ndim == a->ndim - 1;
}

/* b is as many columns as it has, or one per matrix of a. */
static int check_right(const peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  peri_text as = peri__shape_of(a), bs = peri__shape_of(b);
  int rows = a->ndim - 2;
  bool fits = (b->ndim == a->ndim || b->ndim == a->ndim - 1) &&
              peri__same_shape(a->shape, rows + 1, b->shape, rows + 1);
  if (fits) return peri__check_alike(frame, 1);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "a of shape %s and b of shape %s do not fit", as.s,
                       bs.s);
}

int peri__lstsq_infer(peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  int status = peri__check_matrices(frame, 0, false, PERI_MOST_ROWS);
  if (status == 0) status = check_right(frame);
  if (status < 0) return status;
  bool vector = b->ndim < a->ndim;
  int64_t columns = vector ? 1 : peri__cols(b);
  if (columns > PERI_MOST_ROWS)
    return peri__op_fail(frame, PERI_ESHAPE, "b has more than %d columns",
                         PERI_MOST_ROWS);
  peri__batch_meta(a, peri__cols(a), vector ? -1 : columns, a->dtype,
                   &frame->out[0]);
  peri__batch_meta(a, columns, -1, a->dtype, &frame->out[1]);
  if (peri__rows(a) <= peri__cols(a))
    frame->out[1] = (peri_meta){.dtype = a->dtype, .ndim = 1, .shape = {0}};
  peri__batch_meta(a, -1, -1, PERI_I64, &frame->out[2]);
  peri__batch_meta(a, peri__least_size(a), -1, a->dtype, &frame->out[3]);
  frame->nout = 4;
  return 0;
}

/* An error where the rank stands in for it. */
static int check_rank(const peri_frame *frame) {
  const peri_tensor *rank = frame->y[2];
  const int64_t *list = rank->storage->data;
  for (int64_t i = 0; !rank->storage->meta && i < peri_tensor_numel(rank); i++)
    if (list[rank->offset + i] < 0)
      return peri__op_fail(
          frame, PERI_EARG, "%s",
          list[rank->offset + i] == PERI_INFO_NOT_FINITE
              ? "a or b has NaN or infinite elements"
              : "the singular values of a gave no convergence");
  return 0;
}

int peri__lstsq_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[0], *b = frame->in[1], *x = frame->y[0];
  if (b->ndim < a->ndim) {
    b = peri_unsqueeze(b, -1);
    x = peri_unsqueeze(x, -1);
  }
  peri_tensor *args[5] = {x, frame->y[2], frame->y[3], a, b};
  const peri__lapack_attr attr = {.batch = a->ndim - 2,
                                  .rcond = rtol_of(frame, 0)};
  int status = peri__lapack_run(frame, PERI_K_lstsq, attr, args, 3, 2);
  if (status == 0) status = check_rank(frame);
  if (status < 0 || peri__rows(a) <= peri__cols(a)) return status;
  const int64_t dim = -2;
  peri_sum_options options = peri_sum_defaults();
  options.dim = &dim;
  options.dim_count = 1;
  peri_tensor *rest = peri_sub(peri_matmul(a, x), b);
  peri_copy_(frame->y[1], peri_sum(peri_mul(rest, rest), &options));
  return 0;
}

/* X = A^+ B: db = A^+T dx, and dA through the gradient dx B^T of A^+. */
int peri__lstsq_backward(peri_backprop *grad) {
  peri_tensor *a = grad->in[0], *b = grad->in[1], *dx = grad->dy[0];
  bool vector = is_vector(&grad->in_meta[0], &grad->in_meta[1]);
  if (grad->dy[1] || grad->dy[3])
    return peri_fail(grad->ctx, PERI_EGRAD,
                     "lstsq: residuals and singular values have no gradient "
                     "here; compute them from the solution");
  if (!dx) return 0;
  peri_pinv_options options = peri_pinv_defaults();
  options.rtol = peri__real(grad->value, 0, NAN);
  peri_tensor *y = peri_pinv(a, &options);
  if (vector) dx = peri_unsqueeze(dx, -1);
  if (vector) b = peri_unsqueeze(b, -1);
  if (grad->needs[0])
    grad->dx[0] = peri__pinv_dx(a, y, peri_matmul(dx, peri__turned(b)));
  if (!grad->needs[1]) return 0;
  peri_tensor *db = peri_matmul(peri__turned(y), dx);
  grad->dx[1] = vector ? peri_select(db, -1, 0) : db;
  return 0;
}

/* ---- pinv ------------------------------------------------------------- */

int peri__pinv_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, false, PERI_MOST_ROWS);
  if (status == 0)
    peri__batch_meta(x, peri__cols(x), peri__rows(x), x->dtype, &frame->out[0]);
  return status;
}

/* What a singular value must exceed to count, one number per matrix. */
static peri_tensor *floor_of(const peri_frame *frame, peri_tensor *s, int atol,
                             int rtol) {
  peri_context *ctx = frame->ctx;
  peri_tensor *most = peri__cut_cols(s, 0, 1); /* the largest comes first */
  bool only_atol = frame->value[atol].type != PERI_P_END &&
                   frame->value[rtol].type == PERI_P_END &&
                   frame->value[atol].f > 0;
  double share = only_atol ? 0 : rtol_of(frame, rtol);
  return peri_maximum(peri_mul(most, peri_number(ctx, share)),
                      peri_number(ctx, peri__real(frame->value, atol, 0)));
}

/* V S^-1 U^T over the singular values that count. */
int peri__pinv_forward(peri_frame *frame) {
  const peri_svd_options options = {.full_matrices = false};
  peri_tensor *s = NULL, *v = NULL, *zero = peri_number(frame->ctx, 0);
  if (peri_tensor_numel(frame->y[0]) == 0) return 0;
  peri_tensor *u = peri_svd(frame->in[0], &options, &s, &v);
  if (!u) return frame->ctx->status;
  peri_tensor *one = peri_number(frame->ctx, 1);
  peri_tensor *counts = peri_gt(s, floor_of(frame, s, 0, 1));
  peri_tensor *inverse = peri_where(counts, peri_div(one, s), zero);
  peri_copy_(
      frame->y[0],
      peri_matmul(peri__scale_cols(peri__turned(v), inverse), peri__turned(u)));
  return 0;
}

/* ref  Golub and Pereyra 1973, equation 4.12 */
peri_tensor *peri__pinv_dx(peri_tensor *a, peri_tensor *y, peri_tensor *dy) {
  peri_tensor *across = peri__turned(y), *turned = peri__turned(dy);
  peri_tensor *dx = peri_neg(peri_matmul(peri_matmul(across, dy), across));
  peri_tensor *left = peri_matmul(turned, peri_matmul(y, across));
  peri_tensor *right = peri_matmul(peri_matmul(across, y), turned);
  left = peri_sub(left, peri_matmul(a, peri_matmul(y, left)));
  right = peri_sub(right, peri_matmul(peri_matmul(right, y), a));
  return peri_add(dx, peri_add(left, right));
}

int peri__pinv_backward(peri_backprop *grad) {
  grad->dx[0] = peri__pinv_dx(grad->in[0], grad->out[0], grad->dy[0]);
  return 0;
}

/* ---- matrix_rank, matrix_norm, cond ----------------------------------- */

static peri_tensor *sum_last(peri_tensor *x) {
  const int64_t dim = -1;
  peri_sum_options options = peri_sum_defaults();
  options.dim = &dim;
  options.dim_count = 1;
  return peri_sum(x, &options);
}

int peri__matrix_rank_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, false, PERI_MOST_ROWS);
  if (status < 0) return status;
  peri_tensor *s = peri_svdvals(peri_detach(x));
  if (!s) return frame->ctx->status;
  if (peri__least_size(x) > 0) s = peri_gt(s, floor_of(frame, s, 0, 1));
  frame->y[0] = sum_last(peri_to(s, PERI_I64));
  return 0;
}

/* The words of ord and p in their order. */
enum { FRO, NUC, TWO, MINUS_TWO, ONE, MINUS_ONE, INF, MINUS_INF };

static peri_tensor *extreme(peri_tensor *x, int dim, bool largest) {
  peri_tensor *places = NULL;
  peri_max_options most = peri_max_defaults();
  peri_min_options least = peri_min_defaults();
  most.dim = least.dim = dim;
  return largest ? peri_max(x, &most, &places) : peri_min(x, &least, &places);
}

/* Largest or smallest sum of absolute values, of columns or of rows. */
static peri_tensor *by_sums(peri_tensor *x, bool rows, bool largest) {
  const int64_t dim = rows ? -1 : -2;
  peri_sum_options options = peri_sum_defaults();
  options.dim = &dim;
  options.dim_count = 1;
  return extreme(peri_sum(peri_abs(x), &options), -1, largest);
}

/* The norm of each matrix by a word above. */
static peri_tensor *norm_of(peri_tensor *x, int64_t word) {
  const int64_t both[2] = {-2, -1};
  peri_sum_options options = peri_sum_defaults();
  options.dim = both;
  options.dim_count = 2;
  switch (word) {
    case FRO: return peri_sqrt(peri_sum(peri_mul(x, x), &options));
    case NUC: return sum_last(peri_svdvals(x));
    case TWO: return extreme(peri_svdvals(x), -1, true);
    case MINUS_TWO: return extreme(peri_svdvals(x), -1, false);
    case ONE: return by_sums(x, false, true);
    case MINUS_ONE: return by_sums(x, false, false);
    case INF: return by_sums(x, true, true);
    default: return by_sums(x, true, false);
  }
}

int peri__matrix_norm_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, false, INT64_MAX);
  if (status < 0) return status;
  peri_tensor *y = norm_of(x, frame->value[0].i);
  if (frame->value[1].i) y = peri_unsqueeze(peri_unsqueeze(y, -1), -1);
  frame->y[0] = y;
  return 0;
}

/* |A| |A^-1|; in the norms of singular values without the inverse, so that any
   matrix has one. */
int peri__cond_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t word = frame->value[0].i;
  bool by_values = word == TWO || word == MINUS_TWO;
  int status = peri__check_matrices(frame, 0, !by_values, PERI_MOST_ROWS);
  if (status < 0) return status;
  if (!by_values) {
    frame->y[0] = peri_mul(norm_of(x, word), norm_of(peri_inverse(x), word));
    return 0;
  }
  peri_tensor *s = peri_svdvals(x);
  peri_tensor *most = extreme(s, -1, true), *least = extreme(s, -1, false);
  frame->y[0] = word == TWO ? peri_div(most, least) : peri_div(least, most);
  return 0;
}
