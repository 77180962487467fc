/* copy.c - operations that move elements into other memory or another dtype,
   and those that overwrite: cast, to, clone, pack, contiguous, copy_, fill_,
   zero_, unwindow. All are one kernel, copy, over different arguments. */
#include "kernels.h"

int peri__copy_into(peri_tensor *to, peri_tensor *from) {
  if (!to || !from) return PERI_EARG; /* with the error that made it so */
  peri_tensor *args[2] = {to, from};
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(PERI_K_copy));
  peri__call_out(&call, to);
  peri__call_in(&call, from);
  peri__call_broadcast(&call, to->shape, to->ndim);
  return peri__call_run(to->ctx, &call, args);
}

int peri__fill_with(peri_tensor *to, const peri_value *number) {
  peri__numbers_attr attr = {.whole = number->whole, .last = -1};
  attr.real[0] = number->whole ? (double)number->i : number->f;
  attr.i[0] = number->whole ? number->i : 0;
  return peri__run(to->ctx, peri__kernel_id(PERI_K_fill), &to, 1, 0, &attr,
                   sizeof attr);
}

int peri__same_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
  return 0;
}

int peri__cast_infer(peri_frame *frame) {
  peri__same_infer(frame);
  frame->out[0].dtype = (peri_dtype)frame->value[0].i;
  return 0;
}

int peri__cast_forward(peri_frame *frame) {
  return peri__copy_into(frame->y[0], frame->in[0]);
}

/* The caller converts back to the dtype of x. */
int peri__cast_backward(peri_backprop *grad) {
  grad->dx[0] = grad->dy[0];
  return 0;
}

int peri__to_forward(peri_frame *frame) {
  peri_dtype dtype = (peri_dtype)frame->value[0].i;
  peri_tensor *x = frame->in[0];
  frame->y[0] = x->dtype == dtype ? peri_alias(x) : peri_cast(x, dtype);
  return 0;
}

int peri__clone_forward(peri_frame *frame) {
  return peri__copy_into(frame->y[0], frame->in[0]);
}

int peri__clone_backward(peri_backprop *grad) {
  grad->dx[0] = grad->dy[0];
  return 0;
}

int peri__pack_forward(peri_frame *frame) {
  return peri__copy_into(frame->y[0], frame->in[0]);
}

int peri__pack_backward(peri_backprop *grad) {
  grad->dx[0] = grad->dy[0];
  return 0;
}

int peri__contiguous_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  frame->y[0] = peri_tensor_is_contiguous(x) ? peri_alias(x) : peri_pack(x);
  return 0;
}

/* ---- In place --------------------------------------------------------- */

/* x as it is; src must broadcast to it. */
int peri__copy_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *src = frame->in[1];
  int64_t shape[PERI_MAX_DIMS];
  int ndim = peri__broadcast(x->shape, x->ndim, src->shape, src->ndim, shape);
  peri__same_infer(frame);
  if (ndim < 0 || !peri__same_shape(shape, ndim, x->shape, x->ndim)) {
    peri_text to = peri__shape_of(x), from = peri__shape_of(src);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "src of shape %s does not broadcast to x of %s",
                         from.s, to.s);
  }
  return 0;
}

int peri__copy_forward(peri_frame *frame) {
  return peri__copy_into(frame->y[0], frame->in[1]);
}

/* What was in x before has no part in the result. */
int peri__copy_backward(peri_backprop *grad) {
  if (grad->needs[0]) grad->dx[0] = peri__zeros_like(grad->dy[0]);
  if (grad->needs[1]) grad->dx[1] = grad->dy[0];
  return 0;
}

int peri__fill_forward(peri_frame *frame) {
  return peri__fill_with(frame->y[0], &frame->value[0]);
}

int peri__fill_backward(peri_backprop *grad) {
  grad->dx[0] = peri__zeros_like(grad->dy[0]);
  return 0;
}

int peri__zero_forward(peri_frame *frame) {
  const peri_value zero = {.type = PERI_P_NUMBER, .whole = true};
  return peri__fill_with(frame->y[0], &zero);
}

int peri__zero_backward(peri_backprop *grad) {
  return peri__fill_backward(grad);
}

/* ---- The gradient of a window ----------------------------------------- */

int peri__unwindow_infer(peri_frame *frame) {
  const peri_value *shape = &frame->value[0];
  frame->out[0].dtype = frame->in[0]->dtype;
  frame->out[0].ndim = shape->count;
  memcpy(frame->out[0].shape, shape->list, sizeof frame->out[0].shape);
  frame->nout = 1;
  return 0;
}

int peri__unwindow_forward(peri_frame *frame) {
  const peri_value zero = {.type = PERI_P_NUMBER, .whole = true};
  const peri_value *v = frame->value;
  int status = peri__fill_with(frame->y[0], &zero);
  if (status < 0) return status;
  peri_tensor *part = peri_window(frame->y[0], v[1].list, v[1].count, v[2].list,
                                  v[2].count, v[3].list, v[3].count);
  return peri__copy_into(part, frame->in[0]);
}

int peri__unwindow_backward(peri_backprop *grad) {
  const peri_value *v = grad->value;
  grad->dx[0] = peri_window(grad->dy[0], v[1].list, v[1].count, v[2].list,
                            v[2].count, v[3].list, v[3].count);
  return 0;
}
