/* scatter_reduce.c - scatter_reduce, made of scatter, scatter_add and
   scatter_fold, which has the gradients that need values. */
#include <math.h>

#include "index.h"

enum { SUM, PROD, MEAN, AMAX, AMIN };     /* words of scatter_reduce */
enum { FOLD_PROD, FOLD_AMAX, FOLD_AMIN }; /* words of scatter_fold */
enum { DIM, REDUCE, INCLUDE_SELF };

/* ---- scatter_reduce --------------------------------------------------- */

static peri_tensor *with(const peri_frame *frame, const char *name,
                         peri_tensor *x, peri_tensor *src, int word) {
  peri_tensor *in[3] = {x, frame->in[1], src};
  int64_t dim = frame->value[DIM].i;
  const peri_op *op = peri__op_named(NULL, name);
  peri_value value[2] = {{.type = PERI_P_DIM, .whole = true, .i = dim},
                         {.type = PERI_P_END}};
  if (op->params[0].type == PERI_P_DIM)
    value[0].i += frame->base;
  else
    value[0].type = PERI_P_INT;
  if (word >= 0)
    value[1] = (peri_value){.type = PERI_P_CHOICE, .whole = true, .i = word};
  return x && src ? peri_apply(frame->ctx, op, in, 3, value, frame->base, NULL)
                  : NULL;
}

/* What changes nothing when it is joined. */
static peri_tensor *neutral(peri_context *ctx, int word, peri_dtype dtype) {
  bool real = peri__is_float(dtype);
  if (word == PROD) return peri_whole(ctx, 1);
  if (word == AMAX)
    return real ? peri_number(ctx, -INFINITY) : peri_whole(ctx, INT64_MIN);
  if (word == AMIN)
    return real ? peri_number(ctx, INFINITY) : peri_whole(ctx, INT64_MAX);
  return peri_whole(ctx, 0);
}

/* How many elements are joined at each place, those with none taken as 1. */
static peri_tensor *counts(const peri_frame *frame, bool include_self) {
  peri_context *ctx = frame->ctx;
  peri_dtype dtype = frame->in[0]->dtype;
  peri_tensor *x = peri_detach(frame->in[0]), *index = frame->in[1];
  if (!x) return NULL;
  if (!peri__is_float(dtype)) dtype = PERI_I64;
  peri_tensor *one = peri_to(peri__ones_like(index), dtype);
  peri_tensor *start =
      peri_to(include_self ? peri__ones_like(x) : peri__zeros_like(x), dtype);
  return peri_maximum(with(frame, "scatter_add", start, one, -1),
                      peri_whole(ctx, 1));
}

static peri_tensor *mean(const peri_frame *frame, peri_tensor *x,
                         bool include_self) {
  peri_tensor *sum = with(frame, "scatter_add", x, frame->in[2], -1);
  peri_tensor *count = counts(frame, include_self);
  if (!sum || !count) return NULL;
  if (peri__is_float(sum->dtype)) return peri_div(sum, count);
  return peri_to(peri_floor_divide(sum, count), sum->dtype);
}

static peri_tensor *reduced(const peri_frame *frame) {
  int word = (int)frame->value[REDUCE].i;
  bool include_self = frame->value[INCLUDE_SELF].i != 0;
  peri_tensor *x = frame->in[0], *src = frame->in[2];
  if (!include_self)
    x = with(frame, "scatter", x, neutral(frame->ctx, word, x->dtype), 0);
  switch (word) {
    case SUM: return with(frame, "scatter_add", x, src, -1);
    case MEAN: return mean(frame, x, include_self);
    case PROD: return with(frame, "scatter_fold", x, src, FOLD_PROD);
    case AMAX: return with(frame, "scatter_fold", x, src, FOLD_AMAX);
    default: return with(frame, "scatter_fold", x, src, FOLD_AMIN);
  }
}

int peri__scatter_reduce_forward(peri_frame *frame) {
  int dim = (int)frame->value[DIM].i;
  int status = peri__scatter_check(frame, dim);
  if (status == 0) status = peri__scatter_positions(frame, dim, NULL);
  if (status < 0) return status;
  peri_tensor *y = reduced(frame);
  frame->y[0] = frame->inplace ? peri_copy_(frame->in[0], y) : y;
  return frame->ctx->status;
}

/* ---- scatter_fold ----------------------------------------------------- */

int peri__scatter_fold_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
  return 0;
}

int peri__scatter_fold_forward(peri_frame *frame) {
  static const int modes[] = {PERI_SCATTER_MUL, PERI_SCATTER_MAX,
                              PERI_SCATTER_MIN};
  return peri__scatter_write(frame, (int)frame->value[DIM].i,
                             modes[frame->value[REDUCE].i], false);
}

/* 'src' as far as the index goes. */
static peri_tensor *reached(const peri_backprop *grad) {
  peri_tensor *src = grad->in[2];
  const peri_tensor *index = grad->in[1];
  for (int d = 0; src && d < index->ndim; d++)
    if (src->shape[d] != index->shape[d])
      src = peri_narrow(src, d, 0, index->shape[d]);
  return src;
}

/* 'x' with 'src' joined to it in the same way. */
static peri_tensor *joined(const peri_backprop *grad, const char *name,
                           peri_tensor *x, peri_tensor *src) {
  peri_tensor *in[3] = {x, grad->in[1], src};
  peri_value value[2] = {grad->value[DIM], grad->value[REDUCE]};
  if (!x || !src) return NULL;
  if (strcmp(name, "scatter_fold") != 0)
    value[0] = (peri_value){.type = PERI_P_DIM,
                            .whole = true,
                            .i = grad->value[DIM].i + grad->base};
  return peri__backward_apply(grad, name, in, 3, value);
}

/* Equals share the gradient. */
static int extreme_backward(peri_backprop *grad) {
  int64_t dim = grad->value[DIM].i;
  peri_tensor *y = grad->out[0], *dy = grad->dy[0], *src = reached(grad);
  if (!src) return grad->ctx->status;
  peri_tensor *x_won = peri_to(peri_eq(grad->in[0], y), dy->dtype);
  peri_tensor *src_won =
      peri_to(peri_eq(src, peri__scatter_read(grad, y, dim)), dy->dtype);
  peri_tensor *share =
      peri_div(dy, joined(grad, "scatter_add", x_won, src_won));
  if (grad->needs[0]) grad->dx[0] = peri_mul(share, x_won);
  if (grad->needs[2])
    grad->dx[2] = peri__scatter_widen(
        grad, peri_mul(peri__scatter_read(grad, share, dim), src_won));
  return 0;
}

static peri_tensor *one_for_zero(peri_tensor *x, peri_tensor *zero) {
  return peri_where(zero, peri_number(x->ctx, 1), x);
}

/* The product of the others at each place of src: divided where src is not
   zero; a single zero leaves the product without it. */
static int prod_backward(peri_backprop *grad) {
  peri_context *ctx = grad->ctx;
  int64_t dim = grad->value[DIM].i;
  peri_tensor *x = grad->in[0], *dy = grad->dy[0], *src = reached(grad);
  if (!src) return ctx->status;
  peri_tensor *x_zero = peri_eq(x, peri_number(ctx, 0));
  peri_tensor *src_zero = peri_eq(src, peri_number(ctx, 0));
  peri_tensor *x_one = one_for_zero(x, x_zero);
  if (grad->needs[0])
    grad->dx[0] =
        peri_mul(dy, peri_div(joined(grad, "scatter_fold", x_one, src), x_one));
  if (!grad->needs[2] || ctx->status < 0) return ctx->status;
  peri_tensor *zeros =
      peri__scatter_read(grad,
                         joined(grad, "scatter_add", peri__zeros_like(x),
                                peri_to(src_zero, x->dtype)),
                         dim);
  peri_tensor *single =
      peri_logical_and(src_zero, peri_eq(zeros, peri_number(ctx, 1)));
  peri_tensor *one = one_for_zero(src, single);
  peri_tensor *without = joined(grad, "scatter_fold", x, one);
  peri_tensor *others =
      peri_where(single, peri__scatter_read(grad, without, dim),
                 peri_div(peri__scatter_read(grad, grad->out[0], dim),
                          one_for_zero(src, src_zero)));
  grad->dx[2] = peri__scatter_widen(
      grad, peri_mul(peri__scatter_read(grad, dy, dim), others));
  return 0;
}

int peri__scatter_fold_backward(peri_backprop *grad) {
  return grad->value[REDUCE].i == FOLD_PROD ? prod_backward(grad)
                                            : extreme_backward(grad);
}
