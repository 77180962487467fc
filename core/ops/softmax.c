/* softmax.c - softmax and log_softmax along one dimension. */
#include "kernels.h"

int peri__softmax_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  if (!peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE, "x must be a float, it is %s",
                         peri_dtype_name(x->dtype));
  frame->out[0] = peri__meta(x);
  frame->nout = 1;
  return 0;
}

static int along(peri_context *ctx, int kernel, const peri_value *value,
                 peri_tensor *const *args, int nin) {
  peri__dim_attr attr = {(int)value[0].i, 0};
  return peri__run(ctx, peri__kernel_id(kernel), args, 1, nin, &attr,
                   sizeof attr);
}

int peri__softmax_forward(peri_frame *frame) {
  peri_tensor *args[2] = {frame->y[0], frame->in[0]};
  return along(frame->ctx, PERI_K_softmax, frame->value, args, 1);
}

int peri__log_softmax_forward(peri_frame *frame) {
  peri_tensor *args[2] = {frame->y[0], frame->in[0]};
  return along(frame->ctx, PERI_K_log_softmax, frame->value, args, 1);
}

/* One record for dx of y and dy. */
static peri_tensor *fused(const peri_backprop *grad, int kernel) {
  peri_tensor *dy = grad->dy[0];
  peri_meta meta = peri__meta(dy);
  peri_tensor *dx =
      peri__tensor_make(grad->ctx, &meta, NULL, dy->storage->meta);
  peri_tensor *args[3] = {dx, grad->out[0], dy};
  if (!dx || along(grad->ctx, kernel, grad->value, args, 2) < 0) return NULL;
  return dx;
}

/* Sum along the dimension, which stays. */
static peri_tensor *total(peri_tensor *x, const peri_value *value) {
  if (!x) return NULL;
  peri_sum_options options = peri_sum_defaults();
  options.dim = &value[0].i;
  options.dim_count = x->ndim > 0;
  options.keepdim = true;
  return peri_sum(x, &options);
}

/* dx = y (dy - sum(dy y)) */
int peri__softmax_backward(peri_backprop *grad) {
  peri_tensor *y = grad->out[0], *dy = grad->dy[0];
  grad->dx[0] =
      grad->graph
          ? peri_mul(y, peri_sub(dy, total(peri_mul(dy, y), grad->value)))
          : fused(grad, PERI_K_softmax_dx);
  return 0;
}

/* dx = dy - e^y sum(dy) */
int peri__log_softmax_backward(peri_backprop *grad) {
  peri_tensor *y = grad->out[0], *dy = grad->dy[0];
  grad->dx[0] =
      grad->graph ? peri_sub(dy, peri_mul(peri_exp(y), total(dy, grad->value)))
                  : fused(grad, PERI_K_log_softmax_dx);
  return 0;
}
