/* join.c - cat and stack. */
#include "internal.h"

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

int peri__cat_forward(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  int64_t start = 0;
  int status = 0;
  for (int i = 0; i < frame->nin && status == 0; i++) {
    int64_t length = frame->in[i]->shape[dim];
    peri_tensor *place = peri__cut(frame->y[0], dim, start, length);
    status = peri__copy_into(place, frame->in[i]);
    peri_release(place);
    start += length;
  }
  return status;
}

int peri__cat_backward(peri_backprop *grad) {
  int dim = (int)grad->value[0].i;
  int64_t start = 0;
  for (int i = 0; i < grad->nin; i++) {
    int64_t length = grad->in_meta[i].shape[dim];
    bool there = length > 0; /* a part of nothing may begin anywhere */
    if (grad->needs[i])
      grad->dx[i] = there ? peri_narrow(grad->dy[0], dim, start, length)
                          : peri__zeros_of(grad->dy[0], &grad->in_meta[i]);
    start += length;
  }
  return 0;
}

/* cat of the tensors with a new dimension each. */
int peri__stack_forward(peri_frame *frame) {
  peri_context *ctx = frame->ctx;
  int dim = (int)frame->value[0].i;
  size_t bytes = (size_t)frame->nin * sizeof(peri_tensor *);
  if (frame->in[0]->ndim == PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "the tensors have %d dimensions already",
                         PERI_MAX_DIMS);
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
