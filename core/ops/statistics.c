/* statistics.c - variance, standard deviation, covariance, correlation.

   The moments of a tensor are the operation beneath: mean and sum of squared
   differences by a divisor, in float32 for 16-bit floats. */
#include <math.h>

#include "reduced.h"

/* ---- Moments ----------------------------------------------------------- */

static peri__plan plan_of(const peri_value *value, int ndim) {
  return peri__plan_of(&value[0], &value[1], ndim);
}

int peri__moments_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  peri__plan p = plan_of(frame->value, x->ndim);
  for (int i = 0; i < 2; i++)
    peri__reduced_meta(x, &p, peri__wide(x->dtype), &frame->out[i]);
  frame->nout = 2;
  return 0;
}

int peri__moments_forward(peri_frame *frame) {
  peri__plan p = plan_of(frame->value, frame->in[0]->ndim);
  peri__reduce_attr attr = {.base = frame->base, .p = frame->value[2].f};
  return peri__reduce(frame, PERI_K_moments, frame->in[0], &p, &attr);
}

/* dx = dmean / n + 2 (x - mean) dsquares / divisor. The mean is made again
   where the gradient is differentiated: it depends on x. */
int peri__moments_backward(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  peri__plan p = plan_of(grad->value, x->ndim);
  peri_tensor *dmean = grad->dy[0], *dsquares = grad->dy[1], *dx = NULL;
  peri_dtype wide = peri__wide(x->dtype);
  peri_tensor *count = peri_number(grad->ctx, (double)peri__plan_count(&p, x));
  if (dmean)
    dx = peri_expand(peri__restore(peri_div(dmean, count), x, &p), x->shape,
                     x->ndim);
  if (dsquares) {
    peri_tensor *mean = peri__restore(grad->out[0], x, &p);
    peri_tensor *twice =
        peri_mul(dsquares, peri_number(grad->ctx, 2 / grad->value[2].f));
    peri_tensor *part = peri_mul(peri_sub(peri_to(grad->in[0], wide), mean),
                                 peri__restore(twice, x, &p));
    dx = dx ? peri_add(dx, part) : part;
  }
  grad->dx[0] = dx;
  return 0;
}

/* ---- Variance ----------------------------------------------------------- */

/* Square root with gradient 0 at 0. */
static peri_tensor *root(peri_tensor *x) {
  if (!x || !x->ctx->grad_enabled || !peri__tracked(x)) return peri_sqrt(x);
  peri_tensor *zero = peri_eq(x, peri_number(x->ctx, 0));
  peri_tensor *safe = peri_where(zero, peri_number(x->ctx, 1), x);
  return peri_where(zero, peri_number(x->ctx, 0), peri_sqrt(safe));
}

/* var or, if 'roots', std; and the mean where the row has it. */
static int spread(peri_frame *frame, bool roots) {
  peri_tensor *x = frame->in[0], *squares = NULL;
  const peri_value *v = frame->value;
  peri__plan p = peri__plan_of(&v[0], &v[2], x->ndim);
  peri_meta meta = peri__meta(x);
  int64_t dims[PERI_MAX_DIMS];
  peri_moments_options options = peri_moments_defaults();
  int status = peri__check_float(frame, 0);
  if (status < 0) return status;
  options.dim_count = peri__plan_dims(&p, x->ndim, dims);
  options.dim = x->ndim > 0 ? dims : NULL;
  options.keepdim = p.keep;
  double left = (double)peri__plan_count(&p, &meta) - v[1].f;
  options.divisor = left > 0 ? left : 0;
  peri_tensor *mean = peri_moments(x, &options, &squares);
  if (roots) squares = root(squares);
  bool same = peri__wide(x->dtype) == x->dtype;
  frame->y[0] = same ? squares : peri_to(squares, x->dtype);
  frame->nout = peri__count_outputs(frame->op);
  if (frame->nout > 1) frame->y[1] = peri_to(mean, x->dtype);
  return 0;
}

int peri__var_forward(peri_frame *frame) { return spread(frame, false); }
int peri__std_forward(peri_frame *frame) { return spread(frame, true); }
int peri__var_mean_forward(peri_frame *frame) { return spread(frame, false); }
int peri__std_mean_forward(peri_frame *frame) { return spread(frame, true); }

/* ---- Covariance --------------------------------------------------------- */

static int check_table(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  if (x->ndim <= 2) return 0;
  peri_text shape = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x must have one or two dimensions, its shape is %s",
                       shape.s);
}

/* Weights must be [N], and of the kind given. */
static int check_weights(const peri_frame *frame, int input, int category) {
  const peri_tensor *x = frame->in[0], *w = frame->in[input];
  const char *name = frame->op->inputs[input].name;
  if (!w) return 0;
  int64_t count = x->ndim ? x->shape[x->ndim - 1] : 1;
  peri_text shape = peri__shape_of(w);
  if (peri__category(w->dtype) != category)
    return peri__op_fail(frame, PERI_EDTYPE, "%s must be %s, it is %s", name,
                         category == PERI_CATEGORY_INT ? "integers" : "floats",
                         peri_dtype_name(w->dtype));
  if (w->ndim == 1 && w->shape[0] == count) return 0;
  return peri__op_fail(frame, PERI_ESHAPE,
                       "%s must have shape [%lld], it has %s", name,
                       (long long)count, shape.s);
}

/* x as [D, N] floats. */
static peri_tensor *as_table(peri_tensor *x) {
  int64_t shape[2] = {1, x->ndim ? x->shape[x->ndim - 1] : 1};
  if (!peri__is_float(x->dtype)) x = peri_to(x, PERI_F32);
  return x && x->ndim < 2 ? peri_reshape(x, shape, 2) : x;
}

/* What each observation counts, NULL if all count 1. */
static peri_tensor *weights_of(const peri_frame *frame, peri_dtype dtype) {
  peri_tensor *often = frame->in[1], *much = frame->in[2];
  if (often) often = peri_to(often, dtype);
  if (much) much = peri_to(much, dtype);
  return often && much ? peri_mul(often, much) : often ? often : much;
}

static peri_tensor *sum_along(peri_tensor *x) {
  int64_t last = -1;
  peri_sum_options options = peri_sum_defaults();
  options.dim = &last;
  options.dim_count = 1;
  options.keepdim = true;
  return peri_sum(x, &options);
}

/* What the products are divided by: the weights' sum, less the correction. */
static peri_tensor *divisor_of(const peri_frame *frame, peri_tensor *w,
                               int64_t count) {
  peri_context *ctx = frame->ctx;
  double correction = frame->value[0].f, left = (double)count - correction;
  peri_clamp_options least = peri_clamp_defaults();
  least.min = 0;
  if (!w) return peri_number(ctx, left > 0 ? left : 0);
  peri_tensor *sum = peri_sum(w, NULL), *off = peri_number(ctx, correction);
  if (frame->in[2]) { /* sum(w aweights) / sum(w) of an observation */
    peri_tensor *much = peri_to(frame->in[2], peri_tensor_dtype(w));
    off = peri_mul(off, peri_div(peri_sum(peri_mul(w, much), NULL), sum));
  }
  return peri_clamp(peri_sub(sum, off), &least);
}

static peri_tensor *covariance(const peri_frame *frame, peri_tensor *x,
                               peri_tensor *w) {
  if (!x) return NULL;
  int64_t count = x->shape[1];
  peri_tensor *sum = w ? sum_along(peri_mul(x, w)) : sum_along(x);
  peri_tensor *total =
      w ? peri_sum(w, NULL) : peri_number(frame->ctx, (double)count);
  peri_tensor *centred = peri_sub(x, peri_div(sum, total));
  peri_tensor *other = w ? peri_mul(centred, w) : centred;
  return peri_div(peri_matmul(centred, peri_transpose(other, 0, 1)),
                  divisor_of(frame, w, count));
}

int peri__cov_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int status = check_table(frame);
  if (status == 0) status = check_weights(frame, 1, PERI_CATEGORY_INT);
  if (status == 0) status = check_weights(frame, 2, PERI_CATEGORY_FLOAT);
  if (status < 0) return status;
  peri_tensor *table = as_table(x);
  peri_tensor *w = table ? weights_of(frame, table->dtype) : NULL;
  peri_tensor *y = covariance(frame, table, w);
  frame->y[0] = x->ndim < 2 ? peri_reshape(y, NULL, 0) : y;
  return 0;
}

/* Diagonal of a square matrix as a column. */
static peri_tensor *diagonal_of(peri_tensor *c) {
  if (!c) return NULL;
  peri_eye_options options = peri_eye_defaults();
  options.dtype = PERI_BOOL;
  options.device = peri_tensor_device(c);
  peri_tensor *eye = peri_eye(c->ctx, c->shape[0], &options);
  return sum_along(peri_where(eye, c, peri_number(c->ctx, 0)));
}

int peri__corrcoef_forward(peri_frame *frame) {
  int status = check_table(frame);
  if (status < 0) return status;
  peri_tensor *c = peri_cov(frame->in[0], NULL, NULL, NULL), *y = c;
  if (frame->in[0]->ndim < 2) {
    frame->y[0] = peri_div(c, c);
    return 0;
  }
  peri_tensor *scale = peri_sqrt(diagonal_of(c));
  peri_clamp_options range = peri_clamp_defaults();
  range.min = -1;
  range.max = 1;
  y = peri_div(peri_div(c, scale), peri_transpose(scale, 0, 1));
  frame->y[0] = peri_clamp(y, &range);
  return 0;
}
