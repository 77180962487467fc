/* parts.c - operations that give a list: a tensor cut into parts (pieces,
   split, chunk, tensor_split, unbind), tensors of one shape (meshgrid,
   broadcast_tensors). All are views.

   Parts of one tensor have one node, whose gradient is joined of theirs. */
#include "internal.h"

/* ---- Cutting ---------------------------------------------------------- */

static int check_cut(const peri_frame *frame) {
  if (frame->in[0]->ndim > 0) return 0;
  return peri__op_fail(frame, PERI_ESHAPE, "x is a single number");
}

int peri__pieces_infer(peri_frame *frame) {
  frame->nout = frame->value[1].count;
  return 0;
}

int peri__pieces_forward(peri_frame *frame) {
  const int64_t *sizes = frame->value[1].many;
  int dim = (int)frame->value[0].i;
  int64_t start = 0;
  for (int i = 0; i < frame->nout; i++) {
    frame->part[i] = peri__cut(frame->in[0], dim, start, sizes[i]);
    if (!frame->part[i]) break;
    start += sizes[i];
  }
  return frame->ctx->status;
}

/* Zeros for parts without a gradient, 'size' positions of 'dim'. */
static peri_tensor *gap(const peri_backprop *grad, int dim, int64_t size) {
  peri_meta meta = grad->in_meta[0];
  int i = 0;
  while (!grad->dy[i]) i++; /* one has a gradient, or nobody would ask */
  meta.shape[dim] = size;
  return peri__zeros_of(grad->dy[i], &meta);
}

/* The gradients of the parts along 'dim' into 'list'; neighbours that have none
   are one gap. 'sizes' NULL: each is one position, without the dimension.
   -> how many */
static int gather(const peri_backprop *grad, int dim, const int64_t *sizes,
                  peri_tensor **list) {
  int64_t missing = 0;
  int count = 0;
  for (int i = 0; i < grad->nout; i++) {
    peri_tensor *dy = grad->dy[i];
    if (!dy) missing += sizes ? sizes[i] : 1;
    if (!dy) continue;
    if (missing > 0) list[count++] = gap(grad, dim, missing);
    list[count++] = sizes ? dy : peri_unsqueeze(dy, dim);
    missing = 0;
  }
  if (missing > 0) list[count++] = gap(grad, dim, missing);
  return count;
}

static int join(peri_backprop *grad, int dim, const int64_t *sizes) {
  peri_context *ctx = grad->ctx;
  size_t bytes = (size_t)grad->nout * sizeof(peri_tensor *);
  peri_tensor **list = peri__alloc(ctx, bytes);
  if (!list) return ctx->status;
  int count = gather(grad, dim, sizes, list);
  peri_cat_options options = {.dim = dim};
  grad->dx[0] = count == 1 ? list[0] : peri_cat(list, count, &options);
  peri__free(ctx, list);
  return ctx->status;
}

int peri__pieces_backward(peri_backprop *grad) {
  return join(grad, (int)grad->value[0].i, grad->value[1].many);
}

/* ---- split, chunk, tensor_split --------------------------------------- */

/* How a dimension is cut. */
typedef struct {
  int dim;
  int count;
  int64_t size;        /* of all parts but the last ones, */
  int64_t larger;      /* and one more of so many first ones; */
  const int64_t *each; /* or of each part; */
  bool begins;         /* or where each but the first begins, from 'base' */
  int base;
} cuts;

/* Where a part begins that the caller names. */
static int64_t begin_of(const cuts *c, int64_t given, int64_t whole) {
  int64_t start = given < 0 ? given + whole : given - c->base;
  return start < 0 ? 0 : start > whole ? whole : start;
}

/* Size of part 'i' of 'whole' positions, 'start' of which are before it. */
static int64_t size_of(const cuts *c, int i, int64_t start, int64_t whole) {
  int64_t left = whole - start;
  if (c->begins)
    return i + 1 < c->count ? begin_of(c, c->each[i], whole) - start : left;
  if (c->each) return c->each[i];
  int64_t size = c->size + (i < c->larger);
  return size < left ? size : left;
}

static int count_parts(peri_frame *frame, int64_t count) {
  if (count > INT32_MAX)
    return peri__op_fail(frame, PERI_ESHAPE, "%lld parts are too many",
                         (long long)count);
  frame->nout = (int)count;
  return 0;
}

/* The parts of in[0] that 'c' says. */
static int cut_all(peri_frame *frame, cuts *c) {
  peri_context *ctx = frame->ctx;
  peri_tensor *x = frame->in[0];
  int64_t start = 0;
  int64_t *sizes = peri__alloc(ctx, (size_t)frame->nout * sizeof *sizes);
  if (!sizes) return ctx->status;
  c->count = frame->nout;
  for (int i = 0; i < frame->nout; i++) {
    sizes[i] = size_of(c, i, start, x->shape[c->dim]);
    start += sizes[i];
  }
  int status =
      peri_pieces(x, c->dim, sizes, frame->nout, frame->part, frame->nout);
  peri__free(ctx, sizes);
  return status < 0 ? status : 0;
}

/* The listed sizes must fill dimension 'dim'. */
static int check_sizes(const peri_frame *frame, const peri_value *sizes,
                       int64_t whole) {
  int64_t sum = 0;
  for (int i = 0; i < sizes->count; i++) {
    if (sizes->many[i] < 0)
      return peri__op_fail(frame, PERI_EARG, "split_size has the size %lld",
                           (long long)sizes->many[i]);
    if (!peri__add(sum, sizes->many[i], &sum)) sum = INT64_MAX;
  }
  if (sum == whole) return 0;
  return peri__op_fail(
      frame, PERI_ESHAPE, "the sizes add up to %lld, dimension %d has %lld",
      (long long)sum, (int)frame->value[1].i + frame->base, (long long)whole);
}

int peri__split_infer(peri_frame *frame) {
  const peri_value *sizes = &frame->value[0];
  int status = check_cut(frame);
  if (status < 0) return status;
  int64_t whole = frame->in[0]->shape[frame->value[1].i];
  frame->nout = sizes->count;
  if (sizes->count != 1) return check_sizes(frame, sizes, whole);
  int64_t size = sizes->many[0];
  if (size < 0 || (size == 0 && whole > 0))
    return peri__op_fail(frame, PERI_EARG, "split_size must be above 0");
  return count_parts(frame, whole == 0 ? 1 : (whole - 1) / size + 1);
}

int peri__split_forward(peri_frame *frame) {
  const peri_value *sizes = &frame->value[0];
  cuts c = {.dim = (int)frame->value[1].i};
  if (sizes->count == 1)
    c.size = sizes->many[0];
  else
    c.each = sizes->many;
  return cut_all(frame, &c);
}

/* Positions of each chunk but the last. */
static int64_t chunk_size(const peri_frame *frame) {
  int64_t whole = frame->in[0]->shape[frame->value[1].i];
  int64_t chunks = frame->value[0].i;
  return whole == 0 ? 0 : (whole - 1) / chunks + 1;
}

int peri__chunk_infer(peri_frame *frame) {
  int status = check_cut(frame);
  if (status < 0) return status;
  int64_t size = chunk_size(frame);
  int64_t whole = frame->in[0]->shape[frame->value[1].i];
  return count_parts(frame,
                     size == 0 ? frame->value[0].i : (whole - 1) / size + 1);
}

int peri__chunk_forward(peri_frame *frame) {
  cuts c = {.dim = (int)frame->value[1].i, .size = chunk_size(frame)};
  return cut_all(frame, &c);
}

/* The whole numbers of tensor_split. */
enum { SECTIONS, DIM, INDICES };

static bool has_indices(const peri_frame *frame) {
  const peri_value *indices = &frame->value[INDICES];
  return indices->type != PERI_P_END;
}

static cuts named_cuts(const peri_frame *frame) {
  cuts c = {.dim = (int)frame->value[DIM].i, .base = frame->base};
  int64_t whole = frame->in[0]->shape[c.dim];
  int64_t sections = peri__int(frame->value, SECTIONS, 1);
  c.size = whole / sections;
  c.larger = whole % sections;
  c.begins = has_indices(frame);
  if (c.begins) c.each = frame->value[INDICES].many;
  return c;
}

static int check_begins(const peri_frame *frame) {
  const peri_value *indices = &frame->value[INDICES];
  cuts c = named_cuts(frame);
  int64_t start = 0, whole = frame->in[0]->shape[c.dim];
  for (int i = 0; i < indices->count; i++) {
    int64_t given = indices->many[i], begin = begin_of(&c, given, whole);
    if (given >= 0 && given < frame->base)
      return peri__op_fail(frame, PERI_EINDEX,
                           "positions count from %d, indices has %lld",
                           frame->base, (long long)given);
    if (begin < start)
      return peri__op_fail(frame, PERI_EINDEX,
                           "indices must not decrease, %lld comes too late",
                           (long long)given);
    start = begin;
  }
  return 0;
}

int peri__tensor_split_infer(peri_frame *frame) {
  int status = check_cut(frame);
  if (status < 0) return status;
  if (has_indices(frame) == (frame->value[SECTIONS].type != PERI_P_END))
    return peri__op_fail(frame, PERI_EARG,
                         "either sections or indices must be given");
  if (!has_indices(frame)) return count_parts(frame, frame->value[SECTIONS].i);
  frame->nout = frame->value[INDICES].count + 1;
  return check_begins(frame);
}

int peri__tensor_split_forward(peri_frame *frame) {
  cuts c = named_cuts(frame);
  return cut_all(frame, &c);
}

/* ---- unbind ----------------------------------------------------------- */

int peri__unbind_infer(peri_frame *frame) {
  int status = check_cut(frame);
  if (status < 0) return status;
  return count_parts(frame, frame->in[0]->shape[frame->value[0].i]);
}

int peri__unbind_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int dim = (int)frame->value[0].i, ndim = 0;
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) {
    if (d == dim) continue;
    shape[ndim] = x->shape[d];
    strides[ndim++] = x->strides[d];
  }
  for (int i = 0; i < frame->nout; i++) {
    frame->part[i] =
        peri__view(x, shape, strides, ndim, x->offset + i * x->strides[dim]);
    if (!frame->part[i]) break;
  }
  return frame->ctx->status;
}

int peri__unbind_backward(peri_backprop *grad) {
  return join(grad, (int)grad->value[0].i, NULL);
}

/* ---- meshgrid, broadcast_tensors -------------------------------------- */

int peri__meshgrid_infer(peri_frame *frame) {
  frame->nout = frame->nin;
  if (frame->nin > PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "%d vectors span more than %d dimensions", frame->nin,
                         PERI_MAX_DIMS);
  for (int i = 0; i < frame->nin; i++) {
    peri_text shape = peri__shape_of(frame->in[i]);
    if (frame->in[i]->ndim > 1)
      return peri__op_fail(frame, PERI_ESHAPE,
                           "tensor %d must be a vector, its shape is %s", i + 1,
                           shape.s);
  }
  return 0;
}

/* Dimension of the grid along which input 'i' lies. */
static int place_of(const peri_frame *frame, int i) {
  bool swapped = frame->value[0].i == 1 && frame->nin > 1;
  return swapped && i < 2 ? 1 - i : i;
}

int peri__meshgrid_forward(peri_frame *frame) {
  int64_t grid[PERI_MAX_DIMS], own[PERI_MAX_DIMS];
  int ndim = frame->nin;
  for (int i = 0; i < ndim; i++) {
    grid[place_of(frame, i)] = peri_tensor_numel(frame->in[i]);
    own[i] = 1;
  }
  for (int i = 0; i < ndim; i++) {
    int place = place_of(frame, i);
    own[place] = grid[place];
    frame->part[i] =
        peri_expand(peri_view(frame->in[i], own, ndim), grid, ndim);
    own[place] = 1;
  }
  return frame->ctx->status;
}

/* -> dimensions of the common 'shape', or a status */
static int common_shape(const peri_frame *frame, int64_t *shape) {
  int64_t wider[PERI_MAX_DIMS];
  int ndim = 0;
  for (int i = 0; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i];
    int joined = peri__broadcast(x->shape, x->ndim, shape, ndim, wider);
    if (joined < 0) {
      peri_text own = peri__shape_of(x);
      peri_meta meta = {.ndim = ndim};
      memcpy(meta.shape, shape, (size_t)ndim * sizeof *shape);
      peri_text before = peri__meta_text(&meta);
      return peri__op_fail(frame, PERI_ESHAPE,
                           "tensor %d of shape %s does not broadcast with "
                           "those before it, %s",
                           i + 1, own.s, before.s);
    }
    ndim = joined;
    memcpy(shape, wider, (size_t)ndim * sizeof *shape);
  }
  return ndim;
}

int peri__broadcast_tensors_infer(peri_frame *frame) {
  int64_t shape[PERI_MAX_DIMS];
  frame->nout = frame->nin;
  int ndim = common_shape(frame, shape);
  return ndim < 0 ? ndim : 0;
}

int peri__broadcast_tensors_forward(peri_frame *frame) {
  int64_t shape[PERI_MAX_DIMS];
  int ndim = common_shape(frame, shape);
  for (int i = 0; i < frame->nin; i++)
    frame->part[i] = peri_expand(frame->in[i], shape, ndim);
  return frame->ctx->status;
}
