/* distance.c - norms of vectors and distances between them.

   A norm is one record; so are the distances between all vectors of two sets.
   Where a norm is 0 its gradient is 0. */
#include <math.h>

#include "reduced.h"

enum { P, NORM_DIM, NORM_KEEP, NORM_TYPE }; /* parameters of norm */

static peri_dtype dtype_of(const peri_frame *frame, peri_dtype x) {
  peri_dtype given = peri__dtype_value(&frame->value[NORM_TYPE]);
  return given == PERI_DTYPE_NONE ? x : given;
}

static peri__plan plan_of(const peri_value *value, int ndim) {
  return peri__plan_of(&value[NORM_DIM], &value[NORM_KEEP], ndim);
}

/* The norm must be a float, as x is or as dtype has it. */
static int check_norm(const peri_frame *frame) {
  bool given = frame->value[NORM_TYPE].type != PERI_P_END;
  peri_dtype dtype = dtype_of(frame, frame->in[0]->dtype);
  if (isnan(frame->value[P].f))
    return peri__op_fail(frame, PERI_EARG, "%s is NaN",
                         frame->op->params[P].name);
  if (!given) return peri__check_float(frame, 0);
  if (peri__is_float(dtype)) return 0;
  return peri__op_fail(frame, PERI_EDTYPE, "dtype must be a float, it is %s",
                       peri_dtype_name(dtype));
}

int peri__norm_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  double p = frame->value[P].f;
  peri__plan plan = plan_of(frame->value, x->ndim);
  int status = check_norm(frame);
  if (status < 0) return status;
  peri__reduced_meta(x, &plan, dtype_of(frame, x->dtype), &frame->out[0]);
  return p < 0 || isinf(p) ? peri__check_choice(frame, &plan) : 0;
}

int peri__norm_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  peri__plan plan = plan_of(frame->value, x->ndim);
  peri__reduce_attr attr = {.p = frame->value[P].f};
  x = peri__summand(x, dtype_of(frame, x->dtype));
  return peri__reduce(frame, PERI_K_norm, x, &plan, &attr);
}

/* ---- Gradients -------------------------------------------------------- */

static peri_tensor *constant(peri_tensor *x, double value) {
  return x ? peri_number(x->ctx, value) : NULL;
}

/* 'a' where 'cond' is true, else a number. */
static peri_tensor *or_number(peri_tensor *cond, peri_tensor *a,
                              double number) {
  return peri_where(cond, a, constant(a, number));
}

/* -1, 0 or 1, without a gradient. */
static peri_tensor *sign_of(peri_tensor *x) {
  peri_tensor *zero = constant(x, 0);
  if (!x) return NULL;
  return peri_sub(peri_cast(peri_gt(x, zero), x->dtype),
                  peri_cast(peri_lt(x, zero), x->dtype));
}

/* dx of vectors x with norm y, whose reduced dimensions stay: dy x / y for p 2,
   dy sign(x) (|x| / y)^(p - 1) for others. */
static peri_tensor *norm_slope(peri_tensor *x, peri_tensor *y, peri_tensor *dy,
                               double p, const peri__plan *plan) {
  if (!x || p == 0) return x ? peri__zeros_like(x) : NULL;
  if (p == 1) return peri_mul(sign_of(x), dy);
  if (isinf(p))
    return peri_mul(sign_of(x), peri__share_evenly(peri_abs(x), y, dy, plan));
  peri_tensor *there = peri_ne(y, constant(y, 0));
  peri_tensor *safe = or_number(there, y, 1);
  dy = or_number(there, dy, 0);
  if (p == 2) return peri_mul(x, peri_div(dy, safe));
  peri_tensor *own = peri_ne(x, constant(x, 0));
  peri_tensor *size = peri_div(or_number(own, peri_abs(x), 1), safe);
  peri_tensor *slope = or_number(own, peri_pow(size, constant(x, p - 1)), 0);
  return peri_mul(peri_mul(sign_of(x), slope), dy);
}

int peri__norm_backward(peri_backprop *grad) {
  const peri_meta *meta = &grad->in_meta[0];
  peri__plan plan = plan_of(grad->value, meta->ndim);
  peri_tensor *y = grad->out[0], *dy = grad->dy[0];
  if (!dy) return 0;
  peri_tensor *x = peri_to(grad->in[0], dy->dtype);
  grad->dx[0] =
      norm_slope(x, peri__restore(y, meta, &plan),
                 peri__restore(dy, meta, &plan), grad->value[P].f, &plan);
  return 0;
}

/* ---- Composed --------------------------------------------------------- */

int peri__vector_norm_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri_norm_options options = peri_norm_defaults();
  int status = check_norm(frame);
  if (status < 0) return status;
  options.p = v[P].f;
  options.dim_count = v[NORM_DIM].count;
  options.dim = v[NORM_DIM].type == PERI_P_END ? NULL : v[NORM_DIM].list;
  options.keepdim = v[NORM_KEEP].i != 0;
  options.dtype = peri__dtype_value(&v[NORM_TYPE]);
  frame->y[0] = peri_norm(frame->in[0], &options);
  return 0;
}

static peri_tensor *norm_along(peri_tensor *x, double p, int64_t dim,
                               bool keep) {
  peri_norm_options options = peri_norm_defaults();
  options.p = p;
  options.dim = &dim;
  options.dim_count = x && x->ndim > 0;
  options.keepdim = keep;
  return peri_norm(x, &options);
}

int peri__normalize_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri_tensor *x = frame->in[0];
  peri_clamp_options least = peri_clamp_defaults();
  int status = peri__check_float(frame, 0);
  if (status < 0) return status;
  least.min = v[2].f;
  peri_tensor *length = norm_along(x, v[0].f, v[1].i, true);
  frame->y[0] = peri_div(x, peri_clamp(length, &least));
  return 0;
}

/* Both inputs must be floats whose shapes broadcast. */
static int check_pair(const peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  int64_t shape[PERI_MAX_DIMS];
  int status = peri__check_float(frame, 0);
  if (status == 0) status = peri__check_float(frame, 1);
  if (status < 0) return status;
  if (peri__broadcast(a->shape, a->ndim, b->shape, b->ndim, shape) >= 0)
    return 0;
  peri_text first = peri__shape_of(a), second = peri__shape_of(b);
  return peri__op_fail(
      frame, PERI_ESHAPE, "%s of shape %s and %s of shape %s do not broadcast",
      frame->op->inputs[0].name, first.s, frame->op->inputs[1].name, second.s);
}

int peri__dist_forward(peri_frame *frame) {
  peri_norm_options options = peri_norm_defaults();
  int status = check_pair(frame);
  if (status < 0) return status;
  options.p = frame->value[P].f;
  frame->y[0] = peri_norm(peri_sub(frame->in[0], frame->in[1]), &options);
  return 0;
}

int peri__pairwise_distance_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  int status = check_pair(frame);
  if (status < 0) return status;
  peri_tensor *between = peri_add(peri_sub(frame->in[0], frame->in[1]),
                                  peri_number(frame->ctx, v[1].f));
  frame->y[0] = norm_along(between, v[0].f, -1, v[2].i != 0);
  return 0;
}

/* ---- Distances between all ---------------------------------------------- */

static int check_sets(const peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  for (int i = 0; i < 2; i++) {
    const peri_tensor *x = frame->in[i];
    int status = peri__check_float(frame, i);
    if (status < 0) return status;
    if (x->ndim < 2)
      return peri__op_fail(frame, PERI_ESHAPE,
                           "%s must have at least two dimensions, it has %d",
                           frame->op->inputs[i].name, x->ndim);
  }
  if (a->dtype != b->dtype)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "x1 is %s, x2 is %s; convert one with to",
                         peri_dtype_name(a->dtype), peri_dtype_name(b->dtype));
  if (a->shape[a->ndim - 1] != b->shape[b->ndim - 1])
    return peri__op_fail(
        frame, PERI_ESHAPE, "x1 has vectors of %lld elements, x2 of %lld",
        (long long)a->shape[a->ndim - 1], (long long)b->shape[b->ndim - 1]);
  return 0;
}

int peri__cdist_infer(peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  peri_meta *out = &frame->out[0];
  int status = check_sets(frame);
  if (status < 0) return status;
  if (isnan(frame->value[0].f))
    return peri__op_fail(frame, PERI_EARG, "p is NaN");
  out->dtype = a->dtype;
  out->ndim =
      peri__broadcast(a->shape, a->ndim - 2, b->shape, b->ndim - 2, out->shape);
  if (out->ndim < 0) {
    peri_text first = peri__shape_of(a), second = peri__shape_of(b);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x1 of shape %s and x2 of shape %s do not broadcast",
                         first.s, second.s);
  }
  out->shape[out->ndim++] = a->shape[a->ndim - 2];
  out->shape[out->ndim++] = b->shape[b->ndim - 2];
  return 0;
}

/* The inputs are seen with the earlier dimensions of the output. */
int peri__cdist_forward(peri_frame *frame) {
  const peri_tensor *y = frame->y[0];
  peri_tensor *args[3] = {frame->y[0], frame->in[0], frame->in[1]};
  peri__distance_attr attr = {frame->value[0].f};
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(PERI_K_distances));
  peri__call_out(&call, y);
  for (int i = 0; i < 2; i++) {
    const peri_tensor *x = frame->in[i];
    int64_t shape[PERI_MAX_DIMS];
    memcpy(shape, y->shape, sizeof shape);
    shape[y->ndim - 2] = x->shape[x->ndim - 2];
    shape[y->ndim - 1] = x->shape[x->ndim - 1];
    peri__call_in(&call, x);
    peri__call_broadcast(&call, shape, y->ndim);
  }
  memcpy(call.attr, &attr, sizeof attr);
  return peri__call_run(frame->ctx, &call, args);
}

/* With w = dy / y: dx1 = x1 sum(w) - w x2, and the same for x2. */
static void slopes_of_two(peri_backprop *grad) {
  peri_tensor *y = grad->out[0];
  peri_tensor *there = peri_ne(y, constant(y, 0));
  peri_tensor *w =
      or_number(there, peri_div(grad->dy[0], or_number(there, y, 1)), 0);
  for (int i = 0; w && i < 2; i++, w = peri_transpose(w, -2, -1)) {
    peri__plan last = {.keep = true};
    last.gone[w->ndim - 1] = true;
    if (grad->needs[i])
      grad->dx[i] = peri_sub(peri_mul(grad->in[i], peri__sum_kept(w, &last)),
                             peri_matmul(w, grad->in[1 - i]));
  }
}

/* The slopes of all differences, [..., P, R, D]. */
static void slopes_of_all(peri_backprop *grad) {
  peri_tensor *between = peri_sub(peri_unsqueeze(grad->in[0], -2),
                                  peri_unsqueeze(grad->in[1], -3));
  if (!between) return;
  peri__plan plan = {.keep = true};
  int last = between->ndim - 1;
  plan.gone[last] = true;
  peri_tensor *slope =
      norm_slope(between, peri_unsqueeze(grad->out[0], -1),
                 peri_unsqueeze(grad->dy[0], -1), grad->value[0].f, &plan);
  for (int i = 0; i < 2; i++) { /* over R for x1, over P for x2 */
    peri__plan over = {.keep = false};
    over.gone[last - 1 - i] = true;
    peri_tensor *dx = peri__sum_over(slope, &over);
    grad->dx[i] = i == 0 ? dx : peri_neg(dx);
  }
}

int peri__cdist_backward(peri_backprop *grad) {
  if (grad->value[0].f == 2)
    slopes_of_two(grad);
  else
    slopes_of_all(grad);
  return 0;
}
