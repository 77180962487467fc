/* join.c - cat, stack, and choosing positions along a dimension. */
#include "kernels.h"

static int differs(const peri_frame *frame, int i) {
  peri_text first = peri__shape_of(frame->in[0]);
  peri_text other = peri__shape_of(frame->in[i]);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "tensor %d of shape %s does not fit the first, %s",
                       i + 1, other.s, first.s);
}

/* Equal sizes but along dim, where they add up. */
int peri__cat_infer(peri_frame *frame) {
  const peri_tensor *first = frame->in[0];
  int dim = (int)frame->value[0].i;
  peri_meta *out = &frame->out[0];
  *out = peri__meta(first);
  out->dtype = peri__promote_all(frame->in, frame->nin);
  frame->nout = 1;
  if (first->ndim == 0)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "tensors are single numbers; stack joins those");
  for (int i = 1; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i];
    if (x->ndim != first->ndim) return differs(frame, i);
    for (int d = 0; d < x->ndim; d++)
      if (d != dim && x->shape[d] != first->shape[d]) return differs(frame, i);
    if (!peri__add(out->shape[dim], x->shape[dim], &out->shape[dim]))
      return peri__op_fail(frame, PERI_ESHAPE, "the result is too large");
  }
  return 0;
}

/* 'length' positions of 'dim' from 'start', as a view. */
static peri_tensor *part(peri_tensor *x, int dim, int64_t start,
                         int64_t length) {
  return peri_narrow(x, dim, length > 0 ? start : 0, length);
}

int peri__cat_forward(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  int64_t start = 0;
  for (int i = 0; i < frame->nin && frame->ctx->status == 0; i++) {
    int64_t length = frame->in[i]->shape[dim];
    if (length == 0) continue; /* no place at the end to look at */
    peri_copy_(part(frame->y[0], dim, start, length), frame->in[i]);
    start += length;
  }
  return frame->ctx->status;
}

int peri__cat_backward(peri_backprop *grad) {
  int dim = (int)grad->value[0].i;
  int64_t start = 0;
  for (int i = 0; i < grad->nin; i++) {
    int64_t length = grad->in_meta[i].shape[dim];
    if (grad->needs[i] && length > 0)
      grad->dx[i] = part(grad->dy[0], dim, start, length);
    start += length;
  }
  return 0;
}

/* cat of the tensors with a new dimension each. */
int peri__stack_forward(peri_frame *frame) {
  peri_context *ctx = frame->ctx;
  int dim = (int)frame->value[0].i;
  size_t bytes = (size_t)frame->nin * sizeof(peri_tensor *);
  for (int i = 1; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i], *first = frame->in[0];
    if (!peri__same_shape(x->shape, x->ndim, first->shape, first->ndim))
      return differs(frame, i);
  }
  peri_tensor **xs = peri__alloc(ctx, bytes);
  if (!xs) return ctx->status;
  for (int i = 0; i < frame->nin; i++)
    xs[i] = peri_unsqueeze(frame->in[i], dim);
  peri_cat_options options = {.dim = dim};
  if (ctx->status == 0) frame->y[0] = peri_cat(xs, frame->nin, &options);
  peri__free(ctx, xs);
  return ctx->status;
}

/* ---- Choosing positions ----------------------------------------------- */

static int check_index(const peri_frame *frame) {
  const peri_tensor *index = frame->in[1];
  peri_text shape = peri__shape_of(index);
  if (peri__category(index->dtype) != PERI_CATEGORY_INT)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "index must hold integers, it is %s",
                         peri_dtype_name(index->dtype));
  if (index->ndim != 1)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "index must have one dimension, its shape is %s",
                         shape.s);
  return 0;
}

enum { BLOCK = 256 }; /* positions looked at together */

/* Every position must lie in 'size' places counted from 'base', or be
   negative from the end. Asked before anything is written. */
static int check_positions(const peri_frame *frame, int64_t size) {
  const peri_tensor *index = frame->in[1];
  int64_t given[BLOCK], count = index->shape[0], stride = index->strides[0];
  size_t bytes = peri_dtype_size(index->dtype);
  if (index->storage->meta) return 0;
  for (int64_t i = 0; i < count; i++) {
    const char *at = index->storage->data;
    int64_t left = count - i < BLOCK ? count - i : BLOCK;
    if (i % BLOCK == 0)
      peri__convert(given, PERI_I64, 1,
                    at + (size_t)(index->offset + i * stride) * bytes,
                    index->dtype, stride, left);
    if (peri__place(given[i % BLOCK], (int)frame->base, size) < 0)
      return peri__op_fail(frame, PERI_EINDEX,
                           "position %lld is out of range, there are %lld",
                           (long long)given[i % BLOCK], (long long)size);
  }
  return 0;
}

int peri__index_select_infer(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int dim = (int)frame->value[0].i;
  int status = check_index(frame);
  if (status < 0) return status;
  if (x->ndim == 0)
    return peri__op_fail(frame, PERI_ESHAPE, "x is a single number");
  frame->out[0] = peri__meta(x);
  frame->out[0].shape[dim] = frame->in[1]->shape[0];
  frame->nout = 1;
  return check_positions(frame, x->shape[dim]);
}

int peri__index_select_forward(peri_frame *frame) {
  peri__dim_attr attr = {(int)frame->value[0].i, frame->base};
  peri_tensor *args[3] = {frame->y[0], frame->in[0], frame->in[1]};
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_take), args, 1, 2, &attr,
                   sizeof attr);
}

/* Apply the row 'name' with a dimension and a size to 'x' and an index that
   counts from 'base'. */
static peri_tensor *with_index(const peri_backprop *grad, const char *name,
                               int64_t dim, int64_t size) {
  peri_tensor *in[2] = {grad->dy[0], grad->in[1]};
  peri_value value[2] = {{.type = PERI_P_INT, .whole = true, .i = dim},
                         {.type = PERI_P_INT, .whole = true, .i = size}};
  const peri_op *op = peri__op_named(NULL, name);
  if (op->params[0].type == PERI_P_DIM) {
    value[0].type = PERI_P_DIM;
    value[0].i += grad->base;
  }
  return peri_apply(grad->ctx, op, in, 2, value, grad->base, NULL);
}

int peri__index_select_backward(peri_backprop *grad) {
  int64_t dim = grad->value[0].i;
  grad->dx[0] =
      with_index(grad, "index_spread", dim, grad->in_meta[0].shape[dim]);
  return 0;
}

int peri__index_spread_infer(peri_frame *frame) {
  int status = check_index(frame);
  if (status < 0) return status;
  frame->out[0] = peri__meta(frame->in[0]);
  frame->out[0].shape[frame->value[0].i] = frame->value[1].i;
  frame->nout = 1;
  return check_positions(frame, frame->value[1].i);
}

int peri__index_spread_forward(peri_frame *frame) {
  const peri_value zero = {.type = PERI_P_NUMBER, .whole = true};
  peri__dim_attr attr = {(int)frame->value[0].i, frame->base};
  peri_tensor *args[3] = {frame->y[0], frame->in[0], frame->in[1]};
  int status = peri__fill_with(frame->y[0], &zero);
  if (status < 0) return status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_spread), args, 1, 2,
                   &attr, sizeof attr);
}

int peri__index_spread_backward(peri_backprop *grad) {
  grad->dx[0] = with_index(grad, "index_select", grad->value[0].i, 0);
  return 0;
}
