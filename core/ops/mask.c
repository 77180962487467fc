/* mask.c - elements that a mask chooses, and where they are. */
#include "index.h"

/* The common shape of x and mask. */
static int broadcast_mask(const peri_frame *frame, const peri_tensor *x,
                          const peri_tensor *mask, peri_meta *out) {
  int status = peri__check_mask(frame, mask);
  if (status < 0) return status;
  out->dtype = x->dtype;
  out->ndim =
      peri__broadcast(x->shape, x->ndim, mask->shape, mask->ndim, out->shape);
  if (out->ndim >= 0) return 0;
  peri_text own = peri__shape_of(x), shape = peri__shape_of(mask);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "mask of shape %s does not fit x of %s", shape.s, own.s);
}

/* 'x' as one of 'shape', repeated where it is shorter. */
static peri_tensor *spread(peri_tensor *x, const int64_t *shape, int ndim) {
  int64_t strides[PERI_MAX_DIMS];
  for (int d = 0; d < ndim; d++) {
    int own = d - (ndim - x->ndim);
    bool repeats = own < 0 || (x->shape[own] == 1 && shape[d] != 1);
    strides[d] = repeats ? 0 : x->strides[own];
  }
  return peri__view(x, shape, strides, ndim, x->offset);
}

/* ---- masked_select ---------------------------------------------------- */

/* Each true element of the mask chooses one of each place it is repeated to. */
static int64_t count_chosen(const peri_tensor *mask, const peri_meta *whole) {
  int64_t count = peri__count_nonzero(mask), own = peri_tensor_numel(mask);
  return own == 0 ? 0 : count * (peri__numel(whole->shape, whole->ndim) / own);
}

int peri__masked_select_infer(peri_frame *frame) {
  peri_meta whole;
  int status = broadcast_mask(frame, frame->in[0], frame->in[1], &whole);
  if (status < 0) return status;
  if (peri__numel(whole.shape, whole.ndim) < 0)
    return peri__op_fail(frame, PERI_ESHAPE, "the common shape is too large");
  frame->out[0].dtype = whole.dtype;
  frame->out[0].ndim = 1;
  frame->out[0].shape[0] = count_chosen(frame->in[1], &whole);
  frame->nout = 1;
  return 0;
}

int peri__masked_select_forward(peri_frame *frame) {
  peri_meta whole;
  int status = broadcast_mask(frame, frame->in[0], frame->in[1], &whole);
  if (status < 0) return status;
  peri_tensor *args[3] = {frame->y[0],
                          spread(frame->in[0], whole.shape, whole.ndim),
                          spread(frame->in[1], whole.shape, whole.ndim)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_masked_select), args, 1,
                   2, NULL, 0);
}

int peri__masked_select_backward(peri_backprop *grad) {
  peri_meta whole = grad->in_meta[0];
  peri_zeros_options options = peri_zeros_defaults();
  peri_tensor *mask = grad->in[1];
  whole.ndim = peri__broadcast(grad->in_meta[0].shape, whole.ndim, mask->shape,
                               mask->ndim, whole.shape);
  options.dtype = whole.dtype;
  peri_tensor *dx = peri_zeros(grad->ctx, whole.shape, whole.ndim, &options);
  grad->dx[0] = peri_masked_put_(dx, grad->dy[0], mask);
  return 0;
}

/* ---- masked_put ------------------------------------------------------- */

int peri__masked_put_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
  return 0;
}

int peri__masked_put_forward(peri_frame *frame) {
  peri_tensor *y = frame->y[0], *src = frame->in[1];
  if (!frame->inplace) peri_copy_(y, frame->in[0]);
  peri_tensor *args[3] = {y, src, spread(frame->in[2], y->shape, y->ndim)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_masked_scatter), args, 1,
                   2, NULL, 0);
}

int peri__masked_put_backward(peri_backprop *grad) {
  peri_tensor *dy = grad->dy[0], *mask = grad->in[2];
  if (grad->needs[0]) grad->dx[0] = peri_where(mask, peri__zeros_like(dy), dy);
  if (grad->needs[1])
    grad->dx[1] =
        peri_masked_select(dy, peri_expand(mask, dy->shape, dy->ndim));
  return 0;
}

/* ---- nonzero ---------------------------------------------------------- */

static int run_nonzero(peri_frame *frame, bool flat) {
  peri__reduce_attr attr = {flat ? 0 : frame->base, flat};
  peri_tensor *args[2] = {frame->y[0], frame->in[0]};
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_nonzero), args, 1, 1,
                   &attr, sizeof attr);
}

int peri__nonzero_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  frame->out[0] = (peri_meta){.dtype = PERI_I64, .ndim = 2};
  frame->out[0].shape[0] = peri__count_nonzero(x);
  frame->out[0].shape[1] = x->ndim;
  frame->nout = 1;
  return 0;
}

int peri__nonzero_forward(peri_frame *frame) {
  return run_nonzero(frame, false);
}

int peri__flat_nonzero_infer(peri_frame *frame) {
  frame->out[0] = (peri_meta){.dtype = PERI_I64, .ndim = 1};
  frame->out[0].shape[0] = peri__count_nonzero(frame->in[0]);
  frame->nout = 1;
  return 0;
}

int peri__flat_nonzero_forward(peri_frame *frame) {
  return run_nonzero(frame, true);
}
