/* region.c - what a change in place of a view does to the history of its base:
   the base becomes embed(base before, changed part), the view region(base).

   A region is where a view looks in its base: sizes, strides and offset in
   elements of a base whose own strides are 'layout'. Other tensors of the
   base's shape, gradients for one, are laid out like it first. */
#include "internal.h"

/* 'x' with the strides 'layout': itself or a copy. NULL with the error set */
static peri_tensor *laid_out(peri_tensor *x, const int64_t *layout) {
  if (!x || peri__same_shape(x->strides, x->ndim, layout, x->ndim)) return x;
  peri_meta meta = peri__meta(x);
  peri_tensor *y = peri__tensor_make(x->ctx, &meta, layout, x->storage->meta);
  return y ? peri_copy_(y, x) : NULL;
}

static peri_tensor *part_of(peri_tensor *x, const int64_t *shape, int ndim,
                            const peri_value *strides, int64_t offset) {
  if (!x) return NULL;
  return peri__view(x, shape, strides->list, ndim, x->offset + offset);
}

static void set_meta(peri_meta *meta, peri_dtype dtype,
                     const peri_value *shape) {
  meta->dtype = dtype;
  meta->ndim = shape->count;
  memcpy(meta->shape, shape->list, sizeof meta->shape);
}

enum { SHAPE, STRIDES, OFFSET, LAYOUT }; /* parameters of the rows */

int peri__region_infer(peri_frame *frame) {
  set_meta(&frame->out[0], frame->in[0]->dtype, &frame->value[SHAPE]);
  frame->nout = 1;
  return 0;
}

int peri__region_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri_tensor *x = laid_out(frame->in[0], v[LAYOUT].list);
  peri_copy_(frame->y[0], part_of(x, v[SHAPE].list, v[SHAPE].count, &v[STRIDES],
                                  v[OFFSET].i));
  return frame->ctx->status;
}

int peri__region_backward(peri_backprop *grad) {
  const peri_value *v = grad->value;
  const peri_meta *x = &grad->in_meta[0];
  grad->dx[0] = peri_unregion(grad->dy[0], x->shape, x->ndim, v[STRIDES].list,
                              v[STRIDES].count, v[OFFSET].i, v[LAYOUT].list,
                              v[LAYOUT].count);
  return 0;
}

/* Zeros of SHAPE with dy in the region. */
int peri__unregion_infer(peri_frame *frame) {
  return peri__region_infer(frame);
}

int peri__unregion_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri_tensor *dy = frame->in[0], *y = frame->y[0];
  peri_tensor *base = laid_out(peri_zero_(y), v[LAYOUT].list);
  peri_copy_(part_of(base, dy->shape, dy->ndim, &v[STRIDES], v[OFFSET].i), dy);
  if (base != y) peri_copy_(y, base);
  return frame->ctx->status;
}

int peri__unregion_backward(peri_backprop *grad) {
  const peri_value *v = grad->value;
  const peri_meta *dy = &grad->in_meta[0];
  grad->dx[0] = peri_region(grad->dy[0], dy->shape, dy->ndim, v[STRIDES].list,
                            v[STRIDES].count, v[OFFSET].i, v[LAYOUT].list,
                            v[LAYOUT].count);
  return 0;
}

/* x with the region overwritten by part; SHAPE is that of part. */
int peri__embed_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri_tensor *y = frame->y[0], *part = frame->in[1];
  peri_tensor *base = laid_out(peri_copy_(y, frame->in[0]), v[LAYOUT].list);
  peri_copy_(part_of(base, part->shape, part->ndim, &v[STRIDES], v[OFFSET].i),
             part);
  if (base != y) peri_copy_(y, base);
  return frame->ctx->status;
}

int peri__embed_backward(peri_backprop *grad) {
  const peri_value *v = grad->value;
  const peri_meta *part = &grad->in_meta[1];
  peri_tensor *dy = grad->dy[0];
  peri_tensor *inside = peri_region(
      dy, part->shape, part->ndim, v[STRIDES].list, v[STRIDES].count,
      v[OFFSET].i, v[LAYOUT].list, v[LAYOUT].count);
  if (inside && grad->needs[0])
    grad->dx[0] = peri_embed(dy, peri__zeros_like(inside), part->shape,
                             part->ndim, v[STRIDES].list, v[STRIDES].count,
                             v[OFFSET].i, v[LAYOUT].list, v[LAYOUT].count);
  grad->dx[1] = inside;
  return 0;
}
