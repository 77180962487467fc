/* scan.c - cumsum, cumprod, logcumsumexp, cummax, cummin: each element takes
   those before it along one dimension.

   The gradient of a running product is made of products of what stands before
   an element and of a recurrence over what follows it, y[i] = b[i] + a[i]
   y[i - 1]. Neither divides, so zeros are exact, and the gradients of both are
   made of the same two again. */
#include <math.h>

#include "reduced.h"

static int like_x(peri_frame *frame, peri_dtype dtype) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->out[0].dtype = dtype;
  frame->nout = 1;
  return 0;
}

/* cumsum, cumprod */
int peri__cumsum_infer(peri_frame *frame) {
  peri_dtype given = peri__dtype_value(&frame->value[1]);
  return like_x(frame, peri__sum_dtype(frame->in[0]->dtype, given));
}

int peri__float_scan_infer(peri_frame *frame) {
  like_x(frame, frame->in[0]->dtype);
  return peri__check_float(frame, 0);
}

/* cummax, cummin */
int peri__cummax_infer(peri_frame *frame) {
  like_x(frame, frame->in[0]->dtype);
  frame->out[1] = frame->out[0];
  frame->out[1].dtype = PERI_I64;
  frame->nout = 2;
  return 0;
}

/* ---- Records ---------------------------------------------------------- */

enum { DIM, REVERSE, EXCLUSIVE }; /* parameters of the hidden rows */

/* Value of flag 'index' of a hidden row; the others have none. */
static bool flag_of(const peri_frame *frame, int index) {
  return frame->op->flags & PERI_OP_HIDDEN && frame->value[index].i != 0;
}

static int scan_as(peri_frame *frame, int kernel, peri_tensor *x,
                   bool exclusive) {
  peri__scan_attr attr = {.dim = (int)frame->value[DIM].i,
                          .base = frame->base,
                          .reverse = flag_of(frame, REVERSE),
                          .exclusive = exclusive};
  peri_tensor *args[PERI_MAX_ARGS];
  int count = 0;
  if (!x) return frame->ctx->status;
  for (int i = 0; i < frame->nout; i++) args[count++] = frame->y[i];
  args[count++] = x;
  if (frame->nin > 1) args[count++] = frame->in[1];
  return peri__run(frame->ctx, peri__kernel_id(kernel), args, frame->nout,
                   frame->nin, &attr, sizeof attr);
}

static int scan(peri_frame *frame, int kernel) {
  return scan_as(frame, kernel, frame->in[0], false);
}

int peri__cumsum_forward(peri_frame *frame) {
  peri_dtype dtype = peri__dtype_value(&frame->value[1]);
  return scan_as(frame, PERI_K_scan_sum, peri__summand(frame->in[0], dtype),
                 false);
}

int peri__cumprod_forward(peri_frame *frame) {
  peri_dtype dtype = peri__dtype_value(&frame->value[1]);
  return scan_as(frame, PERI_K_scan_prod, peri__summand(frame->in[0], dtype),
                 false);
}

int peri__scan_sum_forward(peri_frame *frame) {
  return scan(frame, PERI_K_scan_sum);
}

int peri__scan_prod_forward(peri_frame *frame) {
  return scan_as(frame, PERI_K_scan_prod, frame->in[0],
                 flag_of(frame, EXCLUSIVE));
}

int peri__logcumsumexp_forward(peri_frame *frame) {
  return scan(frame, PERI_K_scan_logsumexp);
}

int peri__cummax_forward(peri_frame *frame) {
  return scan(frame, PERI_K_scan_max);
}

int peri__cummin_forward(peri_frame *frame) {
  return scan(frame, PERI_K_scan_min);
}

int peri__recurrence_forward(peri_frame *frame) {
  return scan(frame, PERI_K_recurrence);
}

/* ---- Gradients -------------------------------------------------------- */

static peri_tensor *running_sum(peri_tensor *x, int64_t dim, bool reverse) {
  peri_scan_sum_options options = peri_scan_sum_defaults();
  options.reverse = reverse;
  return peri_scan_sum(x, dim, &options);
}

static peri_tensor *running_product(peri_tensor *x, int64_t dim, bool reverse,
                                    bool exclusive) {
  peri_scan_prod_options options = peri_scan_prod_defaults();
  options.reverse = reverse;
  options.exclusive = exclusive;
  return peri_scan_prod(x, dim, &options);
}

static peri_tensor *recur(peri_tensor *a, peri_tensor *b, int64_t dim,
                          bool reverse) {
  peri_recurrence_options options = peri_recurrence_defaults();
  options.reverse = reverse;
  return peri_recurrence(a, b, dim, &options);
}

peri_tensor *peri__products_before(peri_tensor *x, int64_t dim, bool reverse) {
  return running_product(x, dim, reverse, true);
}

/* Every element in the place behind it (before it, if 'reverse'); the first has
   0, or stays if it is 'kept'. */
static peri_tensor *moved(peri_tensor *x, int64_t dim, bool reverse,
                          bool kept) {
  if (!x) return NULL;
  if (x->ndim == 0) return kept ? x : peri__zeros_like(x);
  int64_t size = x->shape[dim];
  if (size == 0) return x;
  peri_cat_options options = peri_cat_defaults();
  options.dim = dim;
  peri_tensor *rest = peri__range(x, dim, reverse, size - 1);
  peri_tensor *first = peri__range(x, dim, reverse ? size - 1 : 0, 1);
  if (!kept && first) first = peri__zeros_like(first);
  peri_tensor *const behind[2] = {first, rest}, *const before[2] = {rest,
                                                                    first};
  return peri_cat(reverse ? before : behind, 2, &options);
}

int peri__cumsum_backward(peri_backprop *grad) {
  grad->dx[0] = running_sum(grad->dy[0], grad->value[DIM].i, true);
  return 0;
}

int peri__scan_sum_backward(peri_backprop *grad) {
  grad->dx[0] =
      running_sum(grad->dy[0], grad->value[DIM].i, grad->value[REVERSE].i == 0);
  return 0;
}

/* dx[i] is the product of all before i, times the sum over j behind i (from i
   on, unless exclusive) of dy[j] and the product of what is between. */
static peri_tensor *product_slope(peri_tensor *x, peri_tensor *dy, int64_t dim,
                                  bool reverse, bool exclusive) {
  peri_tensor *before = running_product(x, dim, reverse, true);
  peri_tensor *after =
      exclusive ? moved(recur(x, dy, dim, !reverse), dim, !reverse, false)
                : recur(moved(x, dim, !reverse, false), dy, dim, !reverse);
  return peri_mul(before, after);
}

int peri__cumprod_backward(peri_backprop *grad) {
  peri_dtype dtype = peri__wide(peri_tensor_dtype(grad->dy[0]));
  grad->dx[0] =
      product_slope(peri_to(grad->in[0], dtype), peri_to(grad->dy[0], dtype),
                    grad->value[DIM].i, false, false);
  return 0;
}

int peri__scan_prod_backward(peri_backprop *grad) {
  const peri_value *v = grad->value;
  grad->dx[0] = product_slope(grad->in[0], grad->dy[0], v[DIM].i,
                              v[REVERSE].i != 0, v[EXCLUSIVE].i != 0);
  return 0;
}

/* db is a recurrence from the other end, da[i] = db[i] y[i - 1]. */
int peri__recurrence_backward(peri_backprop *grad) {
  int64_t dim = grad->value[DIM].i;
  bool reverse = grad->value[REVERSE].i != 0;
  peri_tensor *a = moved(grad->in[0], dim, !reverse, false);
  peri_tensor *db = recur(a, grad->dy[0], dim, !reverse);
  grad->dx[1] = db;
  if (grad->needs[0])
    grad->dx[0] = peri_mul(db, moved(grad->out[0], dim, reverse, false));
  return 0;
}

/* dx[i] = e^(x[i] - y[i]) s[i], where s[i] sums dy[j] e^(y[i] - y[j]) from i
   on: the recurrence s[i] = dy[i] + e^(y[i] - y[i + 1]) s[i + 1]. No exponent
   is above 0. */
int peri__logcumsumexp_backward(peri_backprop *grad) {
  peri_context *ctx = grad->ctx;
  int64_t dim = grad->value[DIM].i;
  peri_tensor *least = peri_number(ctx, -INFINITY);
  peri_tensor *none = peri_eq(grad->out[0], least);
  peri_tensor *y = peri_where(none, peri_number(ctx, 0), grad->out[0]);
  peri_tensor *step = peri_sub(y, moved(y, dim, true, true));
  peri_tensor *a = peri_exp(peri_where(none, least, step));
  peri_tensor *sum = recur(a, grad->dy[0], dim, true);
  grad->dx[0] = peri_mul(peri_exp(peri_sub(grad->in[0], y)), sum);
  return 0;
}

/* All of dy goes to the positions. Equal ones follow each other, so a
   recurrence from the end sums their dy at the first, which is the place. */
int peri__cummax_backward(peri_backprop *grad) {
  peri_tensor *position = grad->out[1], *dy = grad->dy[0];
  int64_t dim = grad->value[DIM].i;
  if (!dy) return 0; /* only positions are used further on */
  peri_tensor *same = peri_eq(position, moved(position, dim, true, true));
  peri_tensor *sum = recur(peri_cast(same, dy->dtype), dy, dim, true);
  peri_tensor *own = peri_eq(position, peri__places(grad, dim));
  grad->dx[0] = peri_where(own, sum, peri_number(grad->ctx, 0));
  return 0;
}

int peri__cummin_backward(peri_backprop *grad) {
  return peri__cummax_backward(grad);
}
