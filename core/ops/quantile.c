/* quantile.c - quantile and nanquantile, composed: the line is put in order,
   the two neighbours of the rank are picked, and joined. */
#include <math.h>

#include "sort.h"

enum { DIM, KEEPDIM, INTERPOLATION };              /* parameters */
enum { LINEAR, LOWER, HIGHER, NEAREST, MIDPOINT }; /* interpolation */

typedef struct {
  peri_context *ctx;
  peri_tensor *sorted; /* x in order along dim, not 0-d */
  int dim;
  int64_t size;      /* of dim */
  int64_t count;     /* of the shares */
  peri_tensor *rank; /* of each share at dim: [.., Q, ..] */
  bool same;         /* in every line: sizes of rank beside dim are 1 */
  int64_t how;
} plan;

static int check_shares(const peri_frame *frame) {
  peri_tensor *q = frame->in[1];
  if (q->ndim > 1)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "q must be a number or have one dimension, it has %d",
                         q->ndim);
  if (q->storage->meta) return 0;
  peri_tensor *all = peri_reshape(peri_to(peri_detach(q), PERI_F64),
                                  (const int64_t[]){peri_tensor_numel(q)}, 1);
  const double *share = all ? peri_tensor_data(peri__contiguous(all)) : NULL;
  for (int64_t i = 0; share && i < all->shape[0]; i++)
    if (!(share[i] >= 0 && share[i] <= 1))
      return peri__op_fail(frame, PERI_EARG, "q must be in [0, 1], it is %g",
                           share[i]);
  return frame->ctx->status;
}

static int check(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  const peri_value *dim = &frame->value[DIM];
  bool all = dim->type == PERI_P_END;
  int64_t size = all ? peri_tensor_numel(x) : peri__size_along(x, dim->i);
  if (!peri__is_float(x->dtype))
    return peri__op_fail(
        frame, PERI_EDTYPE,
        "x must be a float, it is %s; convert it with to(\"float32\")",
        peri_dtype_name(x->dtype));
  if (size == 0) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x of shape %s has no elements to choose from",
                         shape.s);
  }
  return check_shares(frame);
}

/* 'x', of 'count' elements, along dim of a shape that has 1 elsewhere. */
static peri_tensor *lie_along(const plan *p, peri_tensor *x, int64_t count) {
  int64_t shape[PERI_MAX_DIMS];
  int ndim = p->sorted ? p->sorted->ndim : 1;
  for (int d = 0; d < ndim; d++) shape[d] = d == p->dim ? count : 1;
  return peri_reshape(x, shape, ndim);
}

/* rank = q (n - 1); n without NaN, if these do not count. */
static void find_rank(plan *p, peri_tensor *q, bool skip_nan) {
  peri_context *ctx = p->ctx;
  peri_tensor *last = peri_number(ctx, (double)(p->size - 1));
  q = lie_along(p, q, p->count);
  if (skip_nan) {
    int64_t dim = p->dim;
    peri_sum_options options = peri_sum_defaults();
    options.dim = &dim;
    options.dim_count = 1;
    options.keepdim = true;
    peri_tensor *nans = peri_sum(peri_isnan(p->sorted), &options);
    last = peri_sub(last, peri_cast(nans, p->sorted->dtype));
    last = peri_maximum(last, peri_number(ctx, 0));
  }
  p->rank = peri_mul(q, last);
  p->same = !skip_nan;
  if (p->how == LOWER) p->rank = peri_floor(p->rank);
  if (p->how == HIGHER) p->rank = peri_ceil(p->rank);
  if (p->how == NEAREST) p->rank = peri_round(p->rank, NULL);
}

/* Elements of the lines at whole ranks. */
static peri_tensor *pick(const plan *p, peri_tensor *rank) {
  peri_tensor *place = peri_to(rank, PERI_I64);
  if (!p->same) return peri__at_positions(p->sorted, place, p->dim, 0);
  peri_index_select_options options = {.dim = p->dim};
  return peri_index_select(
      p->sorted, peri_reshape(place, (const int64_t[]){p->count}, 1), &options);
}

/* Between the neighbours; NaN where the line has one that counts. */
static peri_tensor *join(const plan *p) {
  peri_context *ctx = p->ctx;
  peri_tensor *below = peri_floor(p->rank), *above = peri_ceil(p->rank);
  peri_tensor *low = pick(p, below), *high = pick(p, above);
  peri_tensor *weight =
      p->how == MIDPOINT ? peri_number(ctx, 0.5) : peri_sub(p->rank, below);
  peri_tensor *between = peri_add(low, peri_mul(peri_sub(high, low), weight));
  peri_tensor *y = peri_where(peri_eq(below, above), low, between);
  if (!p->same) return y;
  peri_tensor *last = peri_narrow(p->sorted, p->dim, p->size - 1, 1);
  return peri_where(peri_isnan(last), last, y);
}

/* [.., Q, ..] with Q in front, or gone. */
static peri_tensor *arrange(const peri_frame *frame, const plan *p,
                            peri_tensor *y) {
  int64_t order[PERI_MAX_DIMS], shape[PERI_MAX_DIMS];
  const peri_tensor *x = frame->in[0];
  bool all = frame->value[DIM].type == PERI_P_END;
  bool keep = frame->value[KEEPDIM].i != 0;
  int ndim = 0;
  if (!y) return NULL;
  order[0] = p->dim;
  for (int d = 0, at = 1; d < y->ndim; d++)
    if (d != p->dim) order[at++] = d;
  if (frame->in[1]->ndim == 1) shape[ndim++] = p->count;
  for (int d = 0; d < x->ndim; d++) {
    bool gone = all || d == p->dim;
    if (gone && !keep) continue;
    if (ndim == PERI_MAX_DIMS) {
      peri__op_fail(frame, PERI_ESHAPE,
                    "the result has more than %d dimensions", PERI_MAX_DIMS);
      return NULL;
    }
    shape[ndim++] = gone ? 1 : x->shape[d];
  }
  return peri_reshape(peri_permute(y, order, y->ndim), shape, ndim);
}

/* q in the dtype and on the device of x, where a plain number is not. */
static peri_tensor *shares_like(peri_tensor *x, peri_tensor *q) {
  peri_zeros_options options = peri_zeros_defaults();
  if (!x || !x->storage->meta) return x ? peri_cast(q, x->dtype) : NULL;
  options.dtype = x->dtype;
  options.device = peri_tensor_device(x);
  return peri_zeros(x->ctx, q->shape, q->ndim, &options);
}

static int quantile(peri_frame *frame, bool skip_nan) {
  peri_tensor *x = frame->in[0], *q = frame->in[1];
  int status = check(frame);
  if (status < 0) return status;
  bool all = frame->value[DIM].type == PERI_P_END || x->ndim == 0;
  plan p = {.ctx = frame->ctx,
            .dim = all ? 0 : (int)frame->value[DIM].i,
            .count = peri_tensor_numel(q),
            .how = frame->value[INTERPOLATION].i};
  peri_dtype wide = peri__wide(x->dtype);
  x = peri_to(x, wide);
  if (all)
    x = peri_reshape(x, (const int64_t[]){peri_tensor_numel(frame->in[0])}, 1);
  p.sorted = peri__ascending(x, p.dim);
  if (!p.sorted) return frame->ctx->status;
  p.size = p.sorted->shape[p.dim];
  find_rank(&p, shares_like(p.sorted, q), skip_nan);
  frame->y[0] = peri_to(arrange(frame, &p, join(&p)), frame->in[0]->dtype);
  return frame->ctx->status;
}

int peri__quantile_forward(peri_frame *frame) { return quantile(frame, false); }

int peri__nanquantile_forward(peri_frame *frame) {
  return quantile(frame, true);
}
