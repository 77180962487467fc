/* view.c - operations that look at the same storage with other shapes and
   strides, and those composed of them. */
#include "internal.h"

/* ---- alias, detach ---------------------------------------------------- */

int peri__alias_forward(peri_frame *frame) {
  frame->y[0] = peri__alias(frame->in[0]);
  return 0;
}

int peri__alias_backward(peri_backprop *grad) {
  grad->dx[0] = grad->dy[0];
  return 0;
}

int peri__detach_forward(peri_frame *frame) {
  return peri__alias_forward(frame);
}

/* Never called: the row is constant, nothing is recorded. */
int peri__detach_backward(peri_backprop *grad) {
  return peri_fail(grad->ctx, PERI_EGRAD, "detach: has no gradient");
}

/* ---- view, reshape ---------------------------------------------------- */

/* The shape asked for by parameter 0, with -1 worked out. -> dimensions */
static int wanted_shape(const peri_frame *frame, int64_t *shape) {
  const peri_tensor *x = frame->in[0];
  const peri_value *value = &frame->value[0];
  int64_t count = peri_tensor_numel(x), known = 1;
  int open = -1;
  for (int d = 0; d < value->count; d++) {
    shape[d] = value->list[d];
    bool first_open = shape[d] == -1 && open < 0;
    if (first_open) open = d;
    if (shape[d] < 0 && !first_open)
      return peri__op_fail(frame, PERI_ESHAPE,
                           "shape has the size %lld; sizes are 0 or more, "
                           "and one may be -1",
                           (long long)shape[d]);
    if (!first_open && known >= 0 && !peri__mul(known, shape[d], &known))
      known = -1; /* more than there can be */
  }
  bool fits = open < 0 || known != 0; /* -1 beside a 0 could be anything */
  if (open >= 0 && known > 0) {
    shape[open] = count / known;
    known *= shape[open];
  }
  if (!fits || known != count) {
    peri_text from = peri__shape_of(x);
    peri_meta meta = {.ndim = value->count};
    memcpy(meta.shape, value->list, sizeof meta.shape);
    peri_text to = peri__meta_text(&meta);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x of shape %s with %lld elements does not fill %s",
                         from.s, (long long)count, to.s);
  }
  return value->count;
}

int peri__view_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  int ndim = wanted_shape(frame, shape);
  if (ndim < 0) return ndim;
  if (!peri__view_strides(x->shape, x->strides, x->ndim, shape, ndim, strides))
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x is not contiguous enough for this shape; reshape "
                         "copies where it must");
  frame->y[0] = peri__view(x, shape, strides, ndim, x->offset);
  return 0;
}

int peri__view_backward(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  grad->dx[0] = peri_reshape(grad->dy[0], x->shape, x->ndim);
  return 0;
}

int peri__reshape_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  int ndim = wanted_shape(frame, shape);
  if (ndim < 0) return ndim;
  if (!peri__view_strides(x->shape, x->strides, x->ndim, shape, ndim, strides))
    x = peri_contiguous(x);
  frame->y[0] = peri_view(x, shape, ndim);
  return 0;
}

int peri__flatten_forward(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int first = (int)frame->value[0].i, last = (int)frame->value[1].i;
  int64_t shape[PERI_MAX_DIMS], size = 1;
  int ndim = 0;
  if (first > last)
    return peri__op_fail(frame, PERI_EINDEX,
                         "start_dim %d comes after end_dim %d",
                         first + frame->base, last + frame->base);
  for (int d = 0; d < x->ndim; d++) {
    size *= d >= first && d <= last ? x->shape[d] : 1;
    if (d < first || d > last)
      shape[ndim++] = x->shape[d];
    else if (d == last)
      shape[ndim++] = size;
  }
  if (x->ndim == 0) shape[ndim++] = 1;
  frame->y[0] = peri_reshape(frame->in[0], shape, ndim);
  return 0;
}

int peri__squeeze_forward(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  const peri_value *only = &frame->value[0];
  bool all = only->type == PERI_P_END || only->count == 0;
  int64_t shape[PERI_MAX_DIMS];
  int ndim = 0;
  bool meant[PERI_MAX_DIMS] = {false};
  for (int i = 0; !all && i < only->count; i++) meant[only->list[i]] = true;
  for (int d = 0; d < x->ndim; d++)
    if (x->shape[d] != 1 || !(all || meant[d])) shape[ndim++] = x->shape[d];
  frame->y[0] = peri_view(frame->in[0], shape, ndim);
  return 0;
}

int peri__unsqueeze_forward(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int place = (int)frame->value[0].i;
  int64_t shape[PERI_MAX_DIMS];
  if (x->ndim == PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE, "x has %d dimensions already",
                         PERI_MAX_DIMS);
  for (int d = 0; d <= x->ndim; d++)
    shape[d] = d == place ? 1 : x->shape[d - (d > place)];
  frame->y[0] = peri_view(frame->in[0], shape, x->ndim + 1);
  return 0;
}

/* ---- permute, transpose ----------------------------------------------- */

int peri__permute_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const peri_value *dims = &frame->value[0];
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  if (dims->count != x->ndim)
    return peri__op_fail(frame, PERI_EINDEX,
                         "dims must name each of %d dimensions once, got %d",
                         x->ndim, dims->count);
  for (int d = 0; d < x->ndim; d++) {
    shape[d] = x->shape[dims->list[d]];
    strides[d] = x->strides[dims->list[d]];
  }
  frame->y[0] = peri__view(x, shape, strides, x->ndim, x->offset);
  return 0;
}

int peri__permute_backward(peri_backprop *grad) {
  const peri_value *dims = &grad->value[0];
  int64_t back[PERI_MAX_DIMS];
  for (int d = 0; d < dims->count; d++) back[dims->list[d]] = d;
  grad->dx[0] = peri_permute(grad->dy[0], back, dims->count);
  return 0;
}

int peri__transpose_forward(peri_frame *frame) {
  int64_t dims[PERI_MAX_DIMS];
  int64_t a = frame->value[0].i, b = frame->value[1].i;
  int ndim = frame->in[0]->ndim;
  for (int d = 0; d < ndim; d++) dims[d] = d == a ? b : d == b ? a : d;
  frame->y[0] = peri_permute(frame->in[0], dims, ndim);
  return 0;
}

/* ---- expand ----------------------------------------------------------- */

static int no_expand(const peri_frame *frame) {
  peri_meta meta = {.ndim = frame->value[0].count};
  memcpy(meta.shape, frame->value[0].list, sizeof meta.shape);
  peri_text from = peri__shape_of(frame->in[0]), to = peri__meta_text(&meta);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x of shape %s cannot be expanded to %s", from.s, to.s);
}

int peri__expand_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const peri_value *value = &frame->value[0];
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  int extra = value->count - x->ndim;
  if (extra < 0) return no_expand(frame);
  for (int d = 0; d < value->count; d++) {
    int own = d - extra;
    int64_t size = own >= 0 ? x->shape[own] : 1;
    shape[d] = value->list[d] == -1 && own >= 0 ? size : value->list[d];
    if (shape[d] < 0 || (size != 1 && shape[d] != size))
      return no_expand(frame);
    strides[d] = own < 0 || size != shape[d] ? 0 : x->strides[own];
  }
  if (peri__numel(shape, value->count) < 0) return no_expand(frame);
  frame->y[0] = peri__view(x, shape, strides, value->count, x->offset);
  return 0;
}

int peri__expand_backward(peri_backprop *grad) {
  grad->dx[0] = peri__fit(grad->dy[0], &grad->in_meta[0]);
  return 0;
}

/* ---- window, narrow, slice, select ------------------------------------ */

int peri__window_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const peri_value *start = &frame->value[0], *length = &frame->value[1];
  const peri_value *step = &frame->value[2];
  int64_t strides[PERI_MAX_DIMS], offset = x->offset;
  for (int d = 0; d < x->ndim; d++) {
    bool steps = length->list[d] > 1; /* else any stride will do */
    strides[d] = x->strides[d] * (steps ? step->list[d] : 1);
    if (length->list[d] > 0) offset += start->list[d] * x->strides[d];
  }
  frame->y[0] = peri__view(x, length->list, strides, x->ndim, offset);
  return 0;
}

int peri__window_backward(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  grad->dx[0] = peri_unwindow(grad->dy[0], x->shape, x->ndim,
                              grad->value[0].list, x->ndim, grad->value[1].list,
                              x->ndim, grad->value[2].list, x->ndim);
  return 0;
}

peri_tensor *peri__cut(peri_tensor *x, int dim, int64_t start, int64_t length) {
  if (!x) return NULL;
  int64_t shape[PERI_MAX_DIMS];
  peri__copy_sizes(shape, x->shape, x->ndim);
  shape[dim] = length;
  int64_t step = length > 0 ? start * x->strides[dim] : 0;
  return peri__view(x, shape, x->strides, x->ndim, x->offset + step);
}

/* 'length' positions of dimension 'dim' of 'x' from 'start'. */
static peri_tensor *cut(peri_tensor *x, int dim, int64_t start, int64_t length,
                        int64_t step) {
  int64_t starts[PERI_MAX_DIMS] = {0}, lengths[PERI_MAX_DIMS];
  int64_t steps[PERI_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) {
    lengths[d] = x->shape[d];
    steps[d] = 1;
  }
  starts[dim] = start;
  lengths[dim] = length;
  steps[dim] = step;
  return peri_window(x, starts, x->ndim, lengths, x->ndim, steps, x->ndim);
}

/* Only tensors with a dimension can be cut. */
static int check_cut(const peri_frame *frame) {
  if (frame->in[0]->ndim > 0) return 0;
  return peri__op_fail(frame, PERI_ESHAPE, "x is a single number");
}

int peri__narrow_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int dim = (int)frame->value[0].i;
  int64_t start = frame->value[1].i, length = frame->value[2].i;
  int status = check_cut(frame);
  if (status < 0) return status;
  if (length > x->shape[dim] - start)
    return peri__op_fail(frame, PERI_EINDEX,
                         "%lld positions from %lld leave dimension %d, which "
                         "has %lld",
                         (long long)length, (long long)(start + frame->base),
                         dim + frame->base, (long long)x->shape[dim]);
  frame->y[0] = cut(x, dim, start, length, 1);
  return 0;
}

int peri__slice_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int status = check_cut(frame);
  if (status < 0) return status;
  int dim = (int)frame->value[0].i;
  int64_t start = peri__int(frame->value, 1, 0);
  int64_t stop = peri__int(frame->value, 2, x->shape[dim] - 1);
  int64_t step = frame->value[3].i;
  int64_t length = stop < start ? 0 : (stop - start) / step + 1;
  frame->y[0] = cut(x, dim, start, length, step);
  return 0;
}

int peri__select_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int status = check_cut(frame);
  if (status < 0) return status;
  int dim = (int)frame->value[0].i;
  int64_t shape[PERI_MAX_DIMS];
  int ndim = 0;
  for (int d = 0; d < x->ndim; d++)
    if (d != dim) shape[ndim++] = x->shape[d];
  frame->y[0] = peri_view(cut(x, dim, frame->value[1].i, 1, 1), shape, ndim);
  return 0;
}
