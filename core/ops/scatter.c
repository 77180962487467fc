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

/* The tensor in[2], which may go on behind the index. */
static int check_src(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *index = frame->in[1];
  const peri_tensor *src = frame->in[2];
  int status = peri__check_dtype(frame, src, "src");
  if (status == 0) status = check_ndim(frame, "src", src);
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
  return 0;
}

int peri__gather_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *index = frame->in[1];
  int dim = (int)frame->value[0].i;
  peri__index_attr attr = {dim, 1, frame->base, 0, false};
  int status = peri__scatter_positions(frame, dim, &attr.inside);
  if (status < 0) return status;
  peri_tensor *args[3] = {part_like(frame->y[0], index), part_like(x, x),
                          part_like(index, index)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_gather), args, 1, 2,
                   &attr, sizeof attr);
}

static peri_value dim_value(int64_t dim, int base) {
  return (peri_value){.type = PERI_P_DIM, .whole = true, .i = dim + base};
}

int peri__gather_backward(peri_backprop *grad) {
  peri_tensor *in[3] = {peri__backward_zeros(grad, 0), grad->in[1],
                        grad->dy[0]};
  const peri_value value[] = {dim_value(grad->value[0].i, grad->base)};
  if (!in[0]) return grad->ctx->status;
  grad->dx[0] = peri_apply_inplace(
      grad->ctx, peri__op_named(NULL, "scatter_add"), in, 3, value, grad->base);
  return 0;
}

/* ---- take_along_dim --------------------------------------------------- */

/* The common shape of x and index but for their own sizes along 'dim'. */
static int common_shapes(const peri_frame *frame, int dim, int64_t *x_shape,
                         int64_t *index_shape) {
  const peri_tensor *x = frame->in[0], *index = frame->in[1];
  int64_t a[PERI_MAX_DIMS], b[PERI_MAX_DIMS];
  int status = check_ndim(frame, "indices", index);
  if (status < 0) return status;
  peri__copy_sizes(a, x->shape, x->ndim);
  peri__copy_sizes(b, index->shape, x->ndim);
  a[dim] = b[dim] = 1;
  if (peri__broadcast(a, x->ndim, b, x->ndim, x_shape) < 0) {
    peri_text own = peri__shape_of(x), other = peri__shape_of(index);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "indices of shape %s do not broadcast with x of %s",
                         other.s, own.s);
  }
  peri__copy_sizes(index_shape, x_shape, x->ndim);
  x_shape[dim] = x->shape[dim];
  index_shape[dim] = index->shape[dim];
  return 0;
}

int peri__take_along_dim_forward(peri_frame *frame) {
  peri_tensor *in[] = {frame->in[0], frame->in[1]};
  const int64_t all = -1;
  int64_t shapes[2][PERI_MAX_DIMS];
  int dim = (int)peri__int(frame->value, 0, -1);
  int status = peri__check_integers(frame, in[1], "indices");
  if (status == 0 && dim >= 0 && in[0]->ndim > 0)
    status = common_shapes(frame, dim, shapes[0], shapes[1]);
  if (status < 0) return status;
  for (int i = 0; i < 2; i++)
    in[i] = dim < 0 ? peri_reshape(in[i], &all, 1)
                    : peri_expand(in[i], shapes[i], in[i]->ndim);
  if (!in[1]) return frame->ctx->status;
  if (dim < 0) dim = 0;
  status = peri__check_positions(frame, in[1], "index", in[0], dim, 1, NULL);
  if (status < 0) return status;
  const peri_value value[] = {dim_value(dim, frame->base)};
  frame->y[0] = peri_apply(frame->ctx, peri__op_named(NULL, "gather"), in, 2,
                           value, frame->base, NULL);
  return 0;
}

/* ---- Writing ---------------------------------------------------------- */

static void like_x(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
}

int peri__scatter_check(const peri_frame *frame, int dim) {
  const peri_tensor *src = frame->in[2];
  int status = check_index(frame, dim);
  return status == 0 && !src->number ? check_src(frame) : status;
}

int peri__scatter_positions(const peri_frame *frame, int dim, bool *inside) {
  return peri__check_positions(frame, frame->in[1], "index", frame->in[0], dim,
                               1, inside);
}

int peri__scatter_write(peri_frame *frame, int dim, int mode, bool inside) {
  peri_tensor *y = frame->y[0], *index = frame->in[1], *src = frame->in[2];
  peri__index_attr attr = {dim, 1, frame->base, mode, inside};
  if (!frame->inplace) peri_copy_(y, frame->in[0]);
  if (src->number && index->ndim > 0)
    src = peri_expand(src, index->shape, index->ndim);
  if (src && src->dtype != y->dtype) src = peri_cast(src, y->dtype);
  if (!src) return frame->ctx->status;
  peri_tensor *args[3] = {part_like(y, y), part_like(src, index),
                          part_like(index, index)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_scatter), args, 1, 2,
                   &attr, sizeof attr);
}

peri_tensor *peri__scatter_read(const peri_backprop *grad, peri_tensor *dy,
                                int64_t dim) {
  peri_tensor *in[2] = {dy, grad->in[1]};
  const peri_value value[] = {dim_value(dim, grad->base)};
  return dy ? peri__backward_apply(grad, "gather", in, 2, value) : NULL;
}

peri_tensor *peri__scatter_widen(const peri_backprop *grad, peri_tensor *dsrc) {
  const peri_meta *src = &grad->in_meta[2];
  int64_t start[PERI_MAX_DIMS] = {0}, step[PERI_MAX_DIMS];
  if (!dsrc || dsrc->ndim != src->ndim) return dsrc; /* a number */
  if (peri__same_shape(dsrc->shape, dsrc->ndim, src->shape, src->ndim))
    return dsrc;
  for (int d = 0; d < src->ndim; d++) step[d] = 1;
  return peri_unwindow(dsrc, src->shape, src->ndim, start, src->ndim,
                       dsrc->shape, src->ndim, step, src->ndim);
}

/* ---- scatter ---------------------------------------------------------- */

enum { DIM, REDUCE }; /* parameters */

static const int modes[] = {PERI_SCATTER_SET, PERI_SCATTER_ADD,
                            PERI_SCATTER_MUL};

int peri__scatter_infer(peri_frame *frame) {
  like_x(frame);
  if (modes[frame->value[REDUCE].i] == PERI_SCATTER_MUL &&
      peri__wants_grad(frame->ctx, frame->in, frame->nin))
    return peri__op_fail(frame, PERI_EGRAD,
                         "multiply has no gradient; use scatter_reduce with "
                         "prod");
  return peri__scatter_check(frame, (int)frame->value[DIM].i);
}

static int write_checked(peri_frame *frame, int mode) {
  int dim = (int)frame->value[DIM].i;
  bool inside;
  int status = peri__scatter_positions(frame, dim, &inside);
  return status < 0 ? status : peri__scatter_write(frame, dim, mode, inside);
}

int peri__scatter_forward(peri_frame *frame) {
  return write_checked(frame, modes[frame->value[REDUCE].i]);
}

/* dy with zeros where something was written. */
static peri_tensor *erased(const peri_backprop *grad) {
  peri_tensor *in[3] = {grad->dy[0], grad->in[1], peri_whole(grad->ctx, 0)};
  const peri_value value[] = {dim_value(grad->value[DIM].i, grad->base),
                              {.type = PERI_P_END}};
  return in[2] ? peri__backward_apply(grad, "scatter", in, 3, value) : NULL;
}

/* True for the elements of the index that were written last where they went:
   each place is stamped with the number of its writer. */
static peri_tensor *last_writers(const peri_backprop *grad) {
  int64_t dim = grad->value[DIM].i;
  peri_meta meta = grad->in_meta[0];
  peri_tensor *index = grad->in[1], *order = peri__numbers_like(index);
  const peri_value value[] = {dim_value(dim, grad->base), {.type = PERI_P_END}};
  meta.dtype = PERI_I64;
  peri_tensor *in[] = {peri__zeros_of(index, &meta), index, order};
  if (!in[0] || !order) return NULL;
  peri_tensor *stamps = peri__backward_apply(grad, "scatter", in, 3, value);
  return peri_eq(peri__scatter_read(grad, stamps, dim), order);
}

/* The gradient of what was written: dy where it went, zeros where a later one
   has overwritten it. */
static peri_tensor *kept(const peri_backprop *grad) {
  peri_tensor *dy = peri__scatter_read(grad, grad->dy[0], grad->value[DIM].i);
  if (peri_tensor_numel(grad->in[1]) < 2 || !dy) return dy;
  return peri_where(last_writers(grad), dy, peri_whole(grad->ctx, 0));
}

int peri__scatter_backward(peri_backprop *grad) {
  peri_tensor *dy = grad->dy[0];
  bool adds = modes[grad->value[REDUCE].i] == PERI_SCATTER_ADD;
  if (grad->needs[0]) grad->dx[0] = adds ? dy : erased(grad);
  if (grad->needs[2])
    grad->dx[2] = peri__scatter_widen(
        grad,
        adds ? peri__scatter_read(grad, dy, grad->value[DIM].i) : kept(grad));
  return 0;
}

/* ---- scatter_add ------------------------------------------------------ */

int peri__scatter_add_infer(peri_frame *frame) {
  like_x(frame);
  return peri__scatter_check(frame, (int)frame->value[DIM].i);
}

int peri__scatter_add_forward(peri_frame *frame) {
  return write_checked(frame, PERI_SCATTER_ADD);
}

int peri__scatter_add_backward(peri_backprop *grad) {
  grad->dx[0] = grad->dy[0];
  if (grad->needs[2])
    grad->dx[2] = peri__scatter_widen(
        grad, peri__scatter_read(grad, grad->dy[0], grad->value[DIM].i));
  return 0;
}
