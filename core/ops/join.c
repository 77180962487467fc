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

/* Copy 'x' to where dimension 'dim' of 'y' has position 'start', and as many
   behind it as x has; 'new': x has no such dimension. */
static int copy_part(peri_tensor *y, peri_tensor *x, int dim, int64_t start,
                     bool new) {
  peri_tensor *args[2] = {y, x};
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(PERI_K_copy));
  peri__call_out(&call, y);
  peri__call_in(&call, x);
  peri_arg *place = &call.arg[0];
  int64_t skipped = start * y->strides[dim];
  place->offset += skipped;
  if (place->data)
    place->data =
        (char *)place->data + skipped * (int64_t)peri_dtype_size(place->dtype);
  peri__copy_sizes(place->shape, x->shape, x->ndim);
  place->ndim = x->ndim;
  for (int d = dim; new &&d < x->ndim; d++)
    place->strides[d] = place->strides[d + 1];
  return peri__call_run(y->ctx, &call, args);
}

int peri__cat_forward(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  int64_t start = 0;
  int status = 0;
  for (int i = 0; i < frame->nin && status == 0; i++) {
    status = copy_part(frame->y[0], frame->in[i], dim, start, false);
    start += frame->in[i]->shape[dim];
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

int peri__stack_infer(peri_frame *frame) {
  const peri_tensor *first = frame->in[0];
  int dim = (int)frame->value[0].i;
  peri_meta *out = &frame->out[0];
  *out = peri__meta(first);
  out->dtype = peri__promote_all(frame->in, frame->nin);
  frame->nout = 1;
  if (first->ndim == PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "the tensors have %d dimensions already",
                         PERI_MAX_DIMS);
  for (int i = 1; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i];
    if (!peri__same_shape(x->shape, x->ndim, first->shape, first->ndim))
      return differs(frame, i);
  }
  for (int d = out->ndim++; d > dim; d--) out->shape[d] = out->shape[d - 1];
  out->shape[dim] = frame->nin;
  return 0;
}

int peri__stack_forward(peri_frame *frame) {
  int dim = (int)frame->value[0].i, status = 0;
  for (int i = 0; i < frame->nin && status == 0; i++)
    status = copy_part(frame->y[0], frame->in[i], dim, i, true);
  return status;
}

int peri__stack_backward(peri_backprop *grad) {
  int dim = (int)grad->value[0].i;
  for (int i = 0; i < grad->nin; i++)
    if (grad->needs[i]) grad->dx[i] = peri_select(grad->dy[0], dim, i);
  return 0;
}
