/* index.c - reading and writing rows of a tensor by their positions, along one
   dimension or through several that follow each other (take, put and what is
   behind t[...]). All are two kernels, gather and scatter, whose index is
   repeated over the row. */
#include "index.h"

/* ---- Records ---------------------------------------------------------- */

/* The shape 'x' has when positions, 'count' of them, stand in the place of
   'dims' dimensions from 'dim' on. -> dimensions */
static int flat_shape(const peri_tensor *x, int dim, int dims, int64_t count,
                      int64_t *shape) {
  int ndim = 0;
  for (int d = 0; d < dim; d++) shape[ndim++] = x->shape[d];
  shape[ndim++] = count;
  for (int d = dim + dims; d < x->ndim; d++) shape[ndim++] = x->shape[d];
  return ndim;
}

/* The positions in 'index' in row-major order along 'dim', repeated over
   'shape'. */
static peri_tensor *repeated(peri_tensor *index, const int64_t *shape, int ndim,
                             int dim) {
  int64_t strides[PERI_MAX_DIMS] = {0};
  strides[dim] = index->ndim == 1 ? index->strides[0] : 1;
  if (index->ndim > 1) index = peri__contiguous(index);
  return index ? peri__view(index, shape, strides, ndim, index->offset) : NULL;
}

/* Elements of 'x' in row-major order as 'shape': a view if one can be. */
static peri_tensor *as_shape(peri_tensor *x, const int64_t *shape, int ndim) {
  int64_t strides[PERI_MAX_DIMS];
  if (!x) return NULL;
  if (!peri__view_strides(x->shape, x->strides, x->ndim, shape, ndim,
                          strides)) {
    x = peri__contiguous(x);
    peri__strides(shape, ndim, strides);
  }
  return x ? peri__view(x, shape, strides, ndim, x->offset) : NULL;
}

/* A single number has one dimension for the kernels. */
static peri_tensor *at_least_1d(peri_tensor *x) {
  const int64_t one = 1;
  return x->ndim > 0 ? x : peri__view(x, &one, &one, 1, x->offset);
}

static int read_at(peri_frame *frame, int dim, int dims, bool inside) {
  peri_tensor *x = frame->in[0], *index = frame->in[1];
  int64_t shape[PERI_MAX_DIMS];
  int ndim = flat_shape(x, dim, dims, peri_tensor_numel(index), shape);
  peri__index_attr attr = {dim, dims, frame->base, 0, inside};
  peri_tensor *args[3] = {as_shape(frame->y[0], shape, ndim), at_least_1d(x),
                          repeated(index, shape, ndim, dim)};
  if (x->ndim == 0) attr.dims = 1;
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_gather), args, 1, 2,
                   &attr, sizeof attr);
}

/* 'source', converted and broadcast to what fetch gives. */
static peri_tensor *spread(const peri_frame *frame, peri_tensor *source,
                           int dim, int dims) {
  const peri_tensor *x = frame->in[0], *index = frame->in[1];
  int64_t shape[PERI_MAX_DIMS];
  int ndim = 0;
  for (int d = 0; d < dim; d++) shape[ndim++] = x->shape[d];
  for (int d = 0; d < index->ndim; d++) shape[ndim++] = index->shape[d];
  for (int d = dim + dims; d < x->ndim; d++) shape[ndim++] = x->shape[d];
  if (source->dtype != x->dtype) source = peri_cast(source, x->dtype);
  return source ? peri_expand(source, shape, ndim) : NULL;
}

/* y becomes x first, then 'source', which is of the shape fetch gives, is
   written to the positions. */
static int write_at(peri_frame *frame, peri_tensor *source, int dim, int dims,
                    int mode, bool inside) {
  peri_tensor *x = frame->in[0], *index = frame->in[1], *y = frame->y[0];
  int64_t shape[PERI_MAX_DIMS];
  int ndim = flat_shape(x, dim, dims, peri_tensor_numel(index), shape);
  peri__index_attr attr = {dim, dims, frame->base, mode, inside};
  if (!frame->inplace) peri_copy_(y, x);
  peri_tensor *args[3] = {at_least_1d(y), as_shape(source, shape, ndim),
                          repeated(index, shape, ndim, dim)};
  if (x->ndim == 0) attr.dims = 1;
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_scatter), args, 1, 2,
                   &attr, sizeof attr);
}

/* The same once all positions are there. */
static int read_checked(peri_frame *frame, int dim, int dims) {
  bool inside;
  int status = peri__check_positions(frame, frame->in[1], "index", frame->in[0],
                                     dim, dims, &inside);
  return status < 0 ? status : read_at(frame, dim, dims, inside);
}

static int write_checked(peri_frame *frame, peri_tensor *source, int dim,
                         int dims, int mode) {
  bool inside;
  int status = peri__check_positions(frame, frame->in[1], "index", frame->in[0],
                                     dim, dims, &inside);
  if (status < 0 || !source) return status;
  return write_at(frame, source, dim, dims, mode, inside);
}

/* ---- Their gradients -------------------------------------------------- */

static peri_value count_value(int64_t i) {
  return (peri_value){.type = PERI_P_INT, .whole = true, .i = i};
}

/* dy at the positions. */
static peri_tensor *chosen(const peri_backprop *grad, int dim, int dims) {
  peri_tensor *in[] = {grad->dy[0], grad->in[1]};
  const peri_value value[3] = {count_value(dim), count_value(dims)};
  return peri__backward_apply(grad, "fetch", in, 2, value);
}

/* The shape of the index with ones behind it, so that it broadcasts to what
   fetch gives. */
static peri_tensor *in_front(const peri_backprop *grad, peri_tensor *won,
                             int dim, int dims) {
  int64_t shape[PERI_MAX_DIMS];
  int ndim = won->ndim;
  peri__copy_sizes(shape, won->shape, ndim);
  for (int d = dim + dims; d < grad->in_meta[0].ndim; d++) shape[ndim++] = 1;
  return peri_reshape(won, shape, ndim);
}

/* True for the elements of the index that were written last where they went:
   each place is stamped with the number of its writer. */
static peri_tensor *last_writers(const peri_backprop *grad, int dim, int dims) {
  const peri_value rows[4] = {count_value(0), count_value(1)};
  peri_tensor *index = grad->in[1];
  peri_tensor *order = peri__numbers_like(index);
  peri_meta meta = {.dtype = PERI_I64, .ndim = 1, .shape = {1}};
  for (int d = dim; d < dim + dims; d++)
    meta.shape[0] *= grad->in_meta[0].shape[d];
  peri_tensor *in[] = {peri__zeros_of(index, &meta), index, order};
  if (!in[0] || !order) return NULL;
  in[0] = peri__backward_apply(grad, "assign", in, 3, rows);
  if (!in[0]) return NULL;
  return peri_eq(peri__backward_apply(grad, "fetch", in, 2, rows), order);
}

/* The gradient of what was written: dy at the positions, zeros where a later
   one has overwritten it. */
static peri_tensor *kept(const peri_backprop *grad, int dim, int dims) {
  peri_tensor *dy = chosen(grad, dim, dims);
  if (peri_tensor_numel(grad->in[1]) < 2 || !dy) return dy;
  peri_tensor *won = last_writers(grad, dim, dims);
  if (!won) return NULL;
  return peri_where(in_front(grad, won, dim, dims), dy,
                    peri_whole(grad->ctx, 0));
}

/* dy with zeros at the positions. */
static peri_tensor *erased(const peri_backprop *grad, int dim, int dims) {
  peri_tensor *in[] = {grad->dy[0], grad->in[1], peri_whole(grad->ctx, 0)};
  const peri_value value[4] = {count_value(dim), count_value(dims)};
  if (!in[2]) return NULL;
  return peri__backward_apply(grad, "assign", in, 3, value);
}

/* Zeros in the shape of x with dy added at the positions. */
static peri_tensor *added(const peri_backprop *grad, int dim, int dims) {
  peri_tensor *in[] = {peri__backward_zeros(grad, 0), grad->in[1], grad->dy[0]};
  const peri_value value[4] = {count_value(dim),
                               count_value(dims),
                               {.type = PERI_P_BOOL, .whole = true, .i = 1}};
  if (!in[0]) return NULL;
  return peri_apply_inplace(grad->ctx, peri__op_named(NULL, "assign"), in, 3,
                            value, grad->base);
}

/* ---- Checks ----------------------------------------------------------- */

/* One dimension of positions along one of x. */
static int check_index(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *index = frame->in[1];
  peri_text shape = peri__shape_of(index);
  int status = peri__check_integers(frame, index, "index");
  if (status < 0) return status;
  if (index->ndim != 1)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "index must have one dimension, its shape is %s",
                         shape.s);
  if (x->ndim == 0)
    return peri__op_fail(frame, PERI_ESHAPE, "x is a single number");
  return 0;
}

static void like_x(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
}

/* in[2] is x with as many positions along 'dim' as the index has. */
static int check_source(const peri_frame *frame, int dim) {
  const peri_tensor *source = frame->in[2];
  peri_meta whole = peri__meta(frame->in[0]);
  int status = peri__check_dtype(frame, source, "source");
  if (status < 0) return status;
  whole.shape[dim] = frame->in[1]->shape[0];
  if (peri__same_shape(source->shape, source->ndim, whole.shape, whole.ndim))
    return 0;
  peri_text own = peri__shape_of(source), due = peri__meta_text(&whole);
  return peri__op_fail(frame, PERI_ESHAPE, "source has shape %s, expected %s",
                       own.s, due.s);
}

/* ---- index_select ----------------------------------------------------- */

int peri__index_select_infer(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  int status = check_index(frame);
  if (status < 0) return status;
  like_x(frame);
  frame->out[0].shape[dim] = frame->in[1]->shape[0];
  return 0;
}

int peri__index_select_forward(peri_frame *frame) {
  return read_checked(frame, (int)frame->value[0].i, 1);
}

int peri__index_select_backward(peri_backprop *grad) {
  grad->dx[0] = added(grad, (int)grad->value[0].i, 1);
  return 0;
}

/* ---- index_add, index_copy -------------------------------------------- */

int peri__index_add_infer(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  int status = check_index(frame);
  if (status == 0) status = check_source(frame, dim);
  like_x(frame);
  return status;
}

int peri__index_add_forward(peri_frame *frame) {
  peri_tensor *source = frame->in[2];
  double alpha = peri__real(frame->value, 1, 1);
  if (alpha < 1 || alpha > 1)
    source = peri_mul(source, peri_number(frame->ctx, alpha));
  if (source && source->dtype != frame->in[2]->dtype)
    source = peri_cast(source, frame->in[2]->dtype);
  return write_checked(frame, source, (int)frame->value[0].i, 1,
                       PERI_SCATTER_ADD);
}

int peri__index_add_backward(peri_backprop *grad) {
  double alpha = peri__real(grad->value, 1, 1);
  grad->dx[0] = grad->dy[0];
  if (!grad->needs[2]) return 0;
  grad->dx[2] = chosen(grad, (int)grad->value[0].i, 1);
  if (alpha < 1 || alpha > 1)
    grad->dx[2] = peri_mul(grad->dx[2], peri_number(grad->ctx, alpha));
  return 0;
}

int peri__index_copy_infer(peri_frame *frame) {
  return peri__index_add_infer(frame);
}

int peri__index_copy_forward(peri_frame *frame) {
  return write_checked(frame, frame->in[2], (int)frame->value[0].i, 1,
                       PERI_SCATTER_SET);
}

int peri__index_copy_backward(peri_backprop *grad) {
  int dim = (int)grad->value[0].i;
  if (grad->needs[0]) grad->dx[0] = erased(grad, dim, 1);
  if (grad->needs[2]) grad->dx[2] = kept(grad, dim, 1);
  return 0;
}

/* ---- index_fill ------------------------------------------------------- */

int peri__index_fill_infer(peri_frame *frame) {
  int status = check_index(frame);
  if (status == 0) status = peri__check_single(frame, frame->in[2], "value");
  like_x(frame);
  return status;
}

int peri__index_fill_forward(peri_frame *frame) {
  int dim = (int)frame->value[0].i;
  return write_checked(frame, spread(frame, frame->in[2], dim, 1), dim, 1,
                       PERI_SCATTER_SET);
}

int peri__index_fill_backward(peri_backprop *grad) {
  return peri__index_copy_backward(grad);
}

/* ---- take, put -------------------------------------------------------- */

int peri__take_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *index = frame->in[1];
  int status = peri__check_integers(frame, index, "index");
  if (status < 0) return status;
  frame->out[0] = peri__meta(index);
  frame->out[0].dtype = x->dtype;
  frame->nout = 1;
  return 0;
}

int peri__take_forward(peri_frame *frame) {
  return read_checked(frame, 0, frame->in[0]->ndim);
}

int peri__take_backward(peri_backprop *grad) {
  grad->dx[0] = added(grad, 0, grad->in_meta[0].ndim);
  return 0;
}

int peri__put_infer(peri_frame *frame) {
  const peri_tensor *index = frame->in[1], *source = frame->in[2];
  int64_t count = peri_tensor_numel(index), own = peri_tensor_numel(source);
  int status = peri__check_integers(frame, index, "index");
  if (status == 0) status = peri__check_dtype(frame, source, "source");
  like_x(frame);
  if (status < 0) return status;
  if (own != count && !source->number)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "source has %lld elements, index has %lld",
                         (long long)own, (long long)count);
  return 0;
}

int peri__put_forward(peri_frame *frame) {
  peri_tensor *source = frame->in[2];
  int ndim = frame->in[0]->ndim;
  if (source->number) source = spread(frame, source, 0, ndim);
  return write_checked(frame, source, 0, ndim,
                       frame->value[0].i ? PERI_SCATTER_ADD : PERI_SCATTER_SET);
}

int peri__put_backward(peri_backprop *grad) {
  const peri_meta *source = &grad->in_meta[2];
  int ndim = grad->in_meta[0].ndim;
  if (grad->needs[0])
    grad->dx[0] = grad->value[0].i ? grad->dy[0] : erased(grad, 0, ndim);
  if (grad->needs[2])
    grad->dx[2] = peri_reshape(
        grad->value[0].i ? chosen(grad, 0, ndim) : kept(grad, 0, ndim),
        source->shape, source->ndim);
  return 0;
}

/* ---- fetch, assign: what t[...] is made of ---------------------------- */

/* Their parameters. */
enum { DIM, DIMS, FETCH_INSIDE, ACCUMULATE = 2, ASSIGN_INSIDE };

/* A replay may find other positions. */
static bool known_inside(const peri_frame *frame, int parameter) {
  return frame->value[parameter].i != 0 && !frame->ctx->recording;
}

int peri__fetch_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *places = frame->in[1];
  int dim = (int)frame->value[DIM].i, end = dim + (int)frame->value[DIMS].i;
  peri_meta *out = &frame->out[0];
  frame->nout = 1;
  *out = (peri_meta){.dtype = x->dtype};
  for (int d = 0; d < dim; d++) out->shape[out->ndim++] = x->shape[d];
  for (int d = 0; d < places->ndim; d++)
    out->shape[out->ndim++] = places->shape[d];
  for (int d = end; d < x->ndim; d++) out->shape[out->ndim++] = x->shape[d];
  return 0;
}

int peri__fetch_forward(peri_frame *frame) {
  return read_at(frame, (int)frame->value[DIM].i, (int)frame->value[DIMS].i,
                 known_inside(frame, FETCH_INSIDE));
}

int peri__fetch_backward(peri_backprop *grad) {
  grad->dx[0] = added(grad, (int)grad->value[DIM].i, (int)grad->value[DIMS].i);
  return 0;
}

int peri__assign_infer(peri_frame *frame) {
  like_x(frame);
  return 0;
}

int peri__assign_forward(peri_frame *frame) {
  int dim = (int)frame->value[DIM].i, dims = (int)frame->value[DIMS].i;
  int mode = frame->value[ACCUMULATE].i ? PERI_SCATTER_ADD : PERI_SCATTER_SET;
  return write_at(frame, spread(frame, frame->in[2], dim, dims), dim, dims,
                  mode, known_inside(frame, ASSIGN_INSIDE));
}

int peri__assign_backward(peri_backprop *grad) {
  int dim = (int)grad->value[DIM].i, dims = (int)grad->value[DIMS].i;
  bool adds = grad->value[ACCUMULATE].i != 0;
  if (grad->needs[0])
    grad->dx[0] = adds ? grad->dy[0] : erased(grad, dim, dims);
  if (grad->needs[2])
    grad->dx[2] = adds ? chosen(grad, dim, dims) : kept(grad, dim, dims);
  return 0;
}
