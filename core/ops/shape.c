/* shape.c - operations that look at a tensor in another shape, each composed
   of view, reshape, expand and permute. */
#include "internal.h"

static const int64_t all[1] = {-1};

int peri__ravel_forward(peri_frame *frame) {
  frame->y[0] = peri_reshape(frame->in[0], all, 1);
  return 0;
}

/* ---- unflatten -------------------------------------------------------- */

/* The sizes with -1 worked out. -> 0, or a status if they do not fill it */
static int fill_sizes(const peri_frame *frame, int64_t whole, int64_t *sizes) {
  const peri_value *value = &frame->value[1];
  int64_t known = 1;
  int open = -1;
  for (int i = 0; i < value->count; i++) {
    sizes[i] = value->list[i];
    bool first_open = sizes[i] == -1 && open < 0;
    if (first_open) open = i;
    if (first_open || known < 0) continue;
    if (sizes[i] < 0 || !peri__mul(known, sizes[i], &known)) known = -1;
  }
  if (open >= 0 && known > 0) {
    sizes[open] = whole / known;
    known *= sizes[open];
  }
  if (value->count > 0 && known == whole && (open < 0 || known != 0)) return 0;
  peri_meta meta = {.ndim = value->count};
  memcpy(meta.shape, value->list, sizeof meta.shape);
  peri_text given = peri__meta_text(&meta);
  return peri__op_fail(
      frame, PERI_ESHAPE, "sizes %s do not fill dimension %d, which has %lld",
      given.s, (int)frame->value[0].i + frame->base, (long long)whole);
}

int peri__unflatten_forward(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int dim = (int)frame->value[0].i, more = frame->value[1].count;
  int64_t sizes[PERI_MAX_DIMS], shape[2 * PERI_MAX_DIMS];
  int ndim = 0;
  if (x->ndim == 0)
    return peri__op_fail(frame, PERI_ESHAPE, "x is a single number");
  int status = fill_sizes(frame, x->shape[dim], sizes);
  if (status < 0) return status;
  for (int d = 0; d < x->ndim; d++) {
    if (d != dim) shape[ndim++] = x->shape[d];
    for (int i = 0; d == dim && i < more; i++) shape[ndim++] = sizes[i];
  }
  if (ndim > PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "the result has %d dimensions, at most %d", ndim,
                         PERI_MAX_DIMS);
  frame->y[0] = peri_view(frame->in[0], shape, ndim);
  return 0;
}

/* ---- As another tensor ------------------------------------------------ */

int peri__view_as_forward(peri_frame *frame) {
  const peri_tensor *other = frame->in[1];
  frame->y[0] = peri_view(frame->in[0], other->shape, other->ndim);
  return 0;
}

int peri__reshape_as_forward(peri_frame *frame) {
  const peri_tensor *other = frame->in[1];
  frame->y[0] = peri_reshape(frame->in[0], other->shape, other->ndim);
  return 0;
}

int peri__expand_as_forward(peri_frame *frame) {
  const peri_tensor *other = frame->in[1];
  frame->y[0] = peri_expand(frame->in[0], other->shape, other->ndim);
  return 0;
}

int peri__broadcast_to_forward(peri_frame *frame) {
  const peri_value *shape = &frame->value[0];
  frame->y[0] = peri_expand(frame->in[0], shape->list, shape->count);
  return 0;
}

/* ---- Order of dimensions ---------------------------------------------- */

int peri__movedim_forward(peri_frame *frame) {
  const peri_value *from = &frame->value[0], *to = &frame->value[1];
  int64_t dims[PERI_MAX_DIMS];
  int ndim = frame->in[0]->ndim, next = 0;
  bool moved[PERI_MAX_DIMS] = {false};
  if (from->count != to->count)
    return peri__op_fail(frame, PERI_EARG,
                         "source names %d dimensions, destination %d",
                         from->count, to->count);
  for (int d = 0; d < ndim; d++) dims[d] = -1;
  for (int i = 0; i < from->count && ndim > 0; i++) {
    dims[to->list[i]] = from->list[i];
    moved[from->list[i]] = true;
  }
  for (int d = 0; d < ndim; d++) {
    if (dims[d] >= 0) continue;
    while (moved[next]) next++;
    dims[d] = next++;
  }
  frame->y[0] = peri_permute(frame->in[0], dims, ndim);
  return 0;
}

int peri__swapdims_forward(peri_frame *frame) {
  frame->y[0] =
      peri_transpose(frame->in[0], frame->value[0].i, frame->value[1].i);
  return 0;
}

int peri__t_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  if (x->ndim > 2) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have at most 2 dimensions, its shape is %s; "
                         "transpose names two of them",
                         shape.s);
  }
  frame->y[0] = x->ndim == 2 ? peri_transpose(x, 0, 1) : peri_alias(x);
  return 0;
}

/* ---- atleast_1d, atleast_2d, atleast_3d ------------------------------- */

int peri__atleast_1d_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const int64_t shape[1] = {1};
  frame->y[0] = x->ndim == 0 ? peri_view(x, shape, 1) : peri_alias(x);
  return 0;
}

int peri__atleast_2d_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const int64_t shape[2] = {1, peri_tensor_numel(x)};
  frame->y[0] = x->ndim < 2 ? peri_view(x, shape, 2) : peri_alias(x);
  return 0;
}

int peri__atleast_3d_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  const int64_t row[3] = {1, peri_tensor_numel(x), 1};
  if (x->ndim < 2)
    frame->y[0] = peri_view(x, row, 3);
  else
    frame->y[0] = x->ndim == 2 ? peri_unsqueeze(x, 2) : peri_alias(x);
  return 0;
}
