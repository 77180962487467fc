/* index.c - reading elements by their positions, and adding them back. */
#include "kernels.h"

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
