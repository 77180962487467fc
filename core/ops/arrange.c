/* arrange.c - the elements of a tensor in another order: flip and roll, which
   copy from views that run backwards or in pieces; triangles of matrices. */
#include "kernels.h"

/* ---- flip ------------------------------------------------------------- */

/* 'x' with some dimensions walked backwards. */
static peri_tensor *turned(peri_tensor *x, const peri_value *dims) {
  int64_t strides[PERI_MAX_DIMS], offset = x->offset;
  peri__copy_sizes(strides, x->strides, x->ndim);
  for (int i = 0; i < dims->count && x->ndim > 0; i++) {
    int64_t d = dims->list[i];
    if (x->shape[d] < 2) continue;
    offset += (x->shape[d] - 1) * x->strides[d];
    strides[d] = -strides[d];
  }
  return peri__view(x, x->shape, strides, x->ndim, offset);
}

int peri__flip_forward(peri_frame *frame) {
  return peri__copy_into(frame->y[0], turned(frame->in[0], &frame->value[0]));
}

int peri__flip_backward(peri_backprop *grad) {
  const peri_value *dims = &grad->value[0];
  grad->dx[0] = peri_flip(grad->dy[0], dims->list, dims->count);
  return 0;
}

static int flip_one(peri_frame *frame, int64_t dim) {
  peri_tensor *x = frame->in[0];
  if (x->ndim <= dim)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have at least %d dimensions, it has %d",
                         (int)dim + 1, x->ndim);
  frame->y[0] = peri_flip(x, &dim, 1);
  return 0;
}

int peri__fliplr_forward(peri_frame *frame) { return flip_one(frame, 1); }
int peri__flipud_forward(peri_frame *frame) { return flip_one(frame, 0); }

/* A quarter turn is a flip and a swap. */
int peri__rot90_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const peri_value *dims = &frame->value[1];
  bool absent = dims->type == PERI_P_END || dims->count == 0;
  int64_t plane[2] = {0, 1};
  if (x->ndim < 2)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have at least 2 dimensions, it has %d",
                         x->ndim);
  if (!absent && dims->count != 2)
    return peri__op_fail(frame, PERI_EARG,
                         "dims must name 2 dimensions, got %d", dims->count);
  for (int i = 0; i < 2 && !absent; i++) plane[i] = dims->list[i];
  switch ((unsigned)frame->value[0].i % 4) {
    case 0: frame->y[0] = peri_clone(x); break;
    case 1:
      frame->y[0] =
          peri_transpose(peri_flip(x, &plane[1], 1), plane[0], plane[1]);
      break;
    case 2: frame->y[0] = peri_flip(x, plane, 2); break;
    default:
      frame->y[0] =
          peri_flip(peri_transpose(x, plane[0], plane[1]), &plane[1], 1);
  }
  return 0;
}

/* ---- roll ------------------------------------------------------------- */

/* Positions to move on, from 0 to 'size', which is above 0. */
static int64_t shift_of(int64_t given, int64_t size) {
  int64_t shift = given % size;
  return shift < 0 ? shift + size : shift;
}

/* Each dimension falls into two runs, one of which wraps: copy the box of
   those runs that the bits of 'wraps' choose. */
static int copy_box(const peri_frame *frame, unsigned wraps) {
  const peri_value *shifts = &frame->value[0], *dims = &frame->value[1];
  peri_tensor *to = frame->y[0], *from = frame->in[0];
  for (int i = 0; i < dims->count && to && from; i++) {
    int dim = (int)dims->list[i];
    int64_t size = frame->in[0]->shape[dim];
    int64_t shift = shift_of(shifts->list[i], size);
    bool wrapped = (wraps >> i & 1) != 0;
    int64_t length = wrapped ? shift : size - shift;
    if (length == 0) return 0;
    to = peri__cut(to, dim, wrapped ? 0 : shift, length);
    from = peri__cut(from, dim, wrapped ? size - shift : 0, length);
  }
  return peri__copy_into(to, from);
}

int peri__rotate_forward(peri_frame *frame) {
  int status = 0;
  if (peri_tensor_numel(frame->in[0]) == 0) return 0;
  for (unsigned wraps = 0; wraps < 1U << frame->value[1].count; wraps++)
    if (status == 0) status = copy_box(frame, wraps);
  return status;
}

int peri__rotate_backward(peri_backprop *grad) {
  const peri_value *shifts = &grad->value[0], *dims = &grad->value[1];
  int64_t back[PERI_MAX_DIMS];
  for (int i = 0; i < shifts->count; i++) {
    int64_t size = grad->in_meta[0].shape[dims->list[i]];
    back[i] = size > 0 ? size - shift_of(shifts->list[i], size) : 0;
  }
  grad->dx[0] =
      peri_rotate(grad->dy[0], back, shifts->count, dims->list, dims->count);
  return 0;
}

/* Add the shifts of each dimension, from 0 to its size, up in 'sum'. */
static int sum_shifts(const peri_frame *frame, int64_t *sum) {
  const peri_value *shifts = &frame->value[0], *dims = &frame->value[1];
  const peri_tensor *x = frame->in[0];
  int ndim = x->ndim > 0 ? x->ndim : 1;
  for (int i = 0; i < dims->count; i++) {
    int64_t dim = peri__place(dims->list[i], frame->base, ndim);
    if (dim < 0)
      return peri__op_fail(
          frame, PERI_EINDEX,
          "dims must be in [%d, %d] or negative from the end, got %lld",
          frame->base, ndim - 1 + frame->base, (long long)dims->list[i]);
    int64_t size = x->ndim > 0 ? x->shape[dim] : 0;
    if (size == 0) continue;
    sum[dim] = (sum[dim] + shift_of(shifts->list[i], size)) % size;
  }
  return 0;
}

static int roll_dims(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t sum[PERI_MAX_DIMS] = {0}, shifts[PERI_MAX_DIMS], dims[PERI_MAX_DIMS];
  int count = 0;
  int status = sum_shifts(frame, sum);
  if (status < 0) return status;
  for (int d = 0; d < x->ndim; d++)
    if (sum[d] > 0) {
      shifts[count] = sum[d];
      dims[count++] = d;
    }
  frame->y[0] = peri_rotate(x, shifts, count, dims, count);
  return 0;
}

int peri__roll_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const peri_value *shifts = &frame->value[0], *dims = &frame->value[1];
  const int64_t row[1] = {0};
  bool flat = dims->type == PERI_P_END || dims->count == 0;
  if (shifts->count != (flat ? 1 : dims->count))
    return peri__op_fail(frame, PERI_EARG, "%d shifts for %d dimensions%s",
                         shifts->count, flat ? 1 : dims->count,
                         flat ? ", all elements in a row" : "");
  if (!flat) return roll_dims(frame);
  frame->y[0] = peri_reshape(
      peri_rotate(peri_ravel(x), shifts->list, 1, row, 1), x->shape, x->ndim);
  return 0;
}

/* ---- tril, triu ------------------------------------------------------- */

int peri__triangle_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
  if (frame->in[0]->ndim >= 2) return 0;
  peri_text shape = peri__shape_of(frame->in[0]);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x must have at least 2 dimensions, its shape is %s",
                       shape.s);
}

static int run_triangle(peri_frame *frame, bool upper) {
  const peri__triangle_attr attr = {.diagonal = frame->value[0].i,
                                    .upper = upper};
  peri_tensor *args[2] = {frame->y[0], frame->in[0]};
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_triangle), args, 1, 1,
                   &attr, sizeof attr);
}

int peri__tril_forward(peri_frame *frame) { return run_triangle(frame, false); }
int peri__triu_forward(peri_frame *frame) { return run_triangle(frame, true); }

int peri__tril_backward(peri_backprop *grad) {
  const peri_tril_options options = {.diagonal = grad->value[0].i};
  grad->dx[0] = peri_tril(grad->dy[0], &options);
  return 0;
}

int peri__triu_backward(peri_backprop *grad) {
  const peri_triu_options options = {.diagonal = grad->value[0].i};
  grad->dx[0] = peri_triu(grad->dy[0], &options);
  return 0;
}
