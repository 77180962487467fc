/* scatter.c - gather, and what writes where it reads: one element for each
   position of an index. */
#include "index.h"

/* ---- Shapes ----------------------------------------------------------- */

static int no_fit(const peri_frame *frame, const char *name,
                  const peri_tensor *t, const char *than,
                  const peri_tensor *other, int d) {
  peri_text shape = peri__shape_of(t), room = peri__shape_of(other);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "%s of shape %s is longer than %s of %s in dimension %d",
                       name, shape.s, than, room.s, d + frame->base);
}

/* As many dimensions as x. */
static int check_ndim(const peri_frame *frame, const char *name,
                      const peri_tensor *t) {
  const peri_tensor *x = frame->in[0];
  if (t->ndim == x->ndim) return 0;
  peri_text shape = peri__shape_of(t), own = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "%s must have as many dimensions as x, their shapes are "
                       "%s and %s",
                       name, shape.s, own.s);
}

/* The index in[1] against x along 'dim'. */
static int check_index(const peri_frame *frame, int dim) {
  const peri_tensor *x = frame->in[0], *index = frame->in[1];
  int status = peri__check_integers(frame, index, "index");
  if (status == 0) status = check_ndim(frame, "index", index);
  for (int d = 0; status == 0 && d < x->ndim; d++)
    if (d != dim && index->shape[d] > x->shape[d])
      status = no_fit(frame, "index", index, "x", x, d);
  return status;
}

static int check_src(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *index = frame->in[1];
  const peri_tensor *src = frame->in[2];
  if (src->dtype != x->dtype)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "src is %s, x is %s; convert src with to(\"%s\")",
                         peri_dtype_name(src->dtype), peri_dtype_name(x->dtype),
                         peri_dtype_name(x->dtype));
  int status = check_ndim(frame, "src", src);
  for (int d = 0; status == 0 && d < x->ndim; d++)
    if (index->shape[d] > src->shape[d])
      status = no_fit(frame, "index", index, "src", src, d);
  return status;
}

/* 'x' as far as 'like' goes; a single number has one dimension here. */
static peri_tensor *part_like(peri_tensor *x, const peri_tensor *like) {
  const int64_t one = 1;
  if (x->ndim == 0) return peri__view(x, &one, &one, 1, x->offset);
  return peri__view(x, like->shape, x->strides, x->ndim, x->offset);
}

/* ---- gather ----------------------------------------------------------- */

int peri__gather_infer(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  int status = check_index(frame, dim);
  if (status < 0) return status;
  frame->out[0] = peri__meta(frame->in[1]);
  frame->out[0].dtype = frame->in[0]->dtype;
  frame->nout = 1;
  return peri__check_positions(frame, frame->in[1], "index", frame->in[0], dim,
                               1);
}

int peri__gather_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *index = frame->in[1];
  peri__index_attr attr = {.dim = (int)frame->value[0].i, .dims = 1};
  attr.base = frame->base;
  peri_tensor *args[3] = {part_like(frame->y[0], index), part_like(x, x),
                          part_like(index, index)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_gather), args, 1, 2,
                   &attr, sizeof attr);
}

/* Zeros of 'meta' where 'like' is. */
static peri_tensor *zeros(const peri_meta *meta, const peri_tensor *like) {
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = meta->dtype;
  options.device = peri_tensor_device(like);
  return peri_zeros(like->ctx, meta->shape, meta->ndim, &options);
}

static peri_value dim_value(const peri_backprop *grad, int64_t dim) {
  return (peri_value){.type = PERI_P_DIM, .whole = true, .i = dim + grad->base};
}

int peri__gather_backward(peri_backprop *grad) {
  peri_tensor *in[3] = {zeros(&grad->in_meta[0], grad->dy[0]), grad->in[1],
                        grad->dy[0]};
  peri_value value[] = {dim_value(grad, grad->value[0].i)};
  if (!in[0]) return grad->ctx->status;
  grad->dx[0] = peri_apply_inplace(
      grad->ctx, peri__op_named(NULL, "scatter_add"), in, 3, value, grad->base);
  return 0;
}

/* ---- scatter_add ------------------------------------------------------ */

int peri__scatter_add_infer(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  int status = check_index(frame, dim);
  if (status == 0) status = check_src(frame);
  if (status < 0) return status;
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
  return peri__check_positions(frame, frame->in[1], "index", frame->in[0], dim,
                               1);
}

/* Write src at the positions of the index into y, which becomes x first. */
static int write_at(peri_frame *frame, int dim, int mode) {
  peri_tensor *y = frame->y[0], *index = frame->in[1], *src = frame->in[2];
  peri__index_attr attr = {dim, 1, frame->base, mode};
  if (!frame->inplace) peri_copy_(y, frame->in[0]);
  peri_tensor *args[3] = {part_like(y, y), part_like(src, index),
                          part_like(index, index)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_scatter), args, 1, 2,
                   &attr, sizeof attr);
}

int peri__scatter_add_forward(peri_frame *frame) {
  return write_at(frame, (int)frame->value[0].i, PERI_SCATTER_ADD);
}

/* The gradient of src: dy where it went, zeros where src is longer than the
   index. */
static peri_tensor *gathered(const peri_backprop *grad, peri_tensor *dy,
                             int64_t dim) {
  peri_tensor *in[2] = {dy, grad->in[1]};
  const peri_meta *src = &grad->in_meta[2];
  peri_value value[] = {dim_value(grad, dim)};
  peri_tensor *y = peri__backward_apply(grad, "gather", in, 2, value);
  if (!y || peri__same_shape(y->shape, y->ndim, src->shape, src->ndim))
    return y;
  int64_t start[PERI_MAX_DIMS] = {0}, step[PERI_MAX_DIMS];
  for (int d = 0; d < src->ndim; d++) step[d] = 1;
  return peri_unwindow(y, src->shape, src->ndim, start, src->ndim, y->shape,
                       src->ndim, step, src->ndim);
}

int peri__scatter_add_backward(peri_backprop *grad) {
  grad->dx[0] = grad->dy[0];
  if (grad->needs[2])
    grad->dx[2] = gathered(grad, grad->dy[0], grad->value[0].i);
  return 0;
}
