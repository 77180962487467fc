/* diagonal.c - views whose strides are sums or multiples of those of x:
   diagonal and unfold, whose gradients are written into regions (region.c) of
   zeros, and matrices made of diagonals, which are such gradients. */
#include "internal.h"

/* ---- Diagonals -------------------------------------------------------- */

/* Where the diagonals of matrices with 'rows' and 'columns' lie. */
typedef struct {
  int rows, columns;     /* dimensions */
  int64_t down, across;  /* of the first element */
  int64_t count, stride; /* of the others */
  int64_t start;         /* elements from the first of the tensor */
} slant;

static slant slant_of(const peri_frame *frame, const int64_t *shape,
                      const int64_t *strides) {
  int64_t offset = frame->value[0].i;
  if (offset == INT64_MIN) offset++; /* as empty, and has a negative */
  slant s = {.rows = (int)frame->value[1].i,
             .columns = (int)frame->value[2].i,
             .down = offset < 0 ? -offset : 0,
             .across = offset > 0 ? offset : 0};
  int64_t left = shape[s.rows] - s.down, right = shape[s.columns] - s.across;
  s.count = left < right ? left : right;
  s.stride = strides[s.rows] + strides[s.columns];
  if (s.count > 0)
    s.start = s.down * strides[s.rows] + s.across * strides[s.columns];
  else
    s.count = 0;
  return s;
}

static int check_planes(const peri_frame *frame) {
  if (frame->value[1].i != frame->value[2].i) return 0;
  return peri__op_fail(frame, PERI_EARG, "dim1 and dim2 are both dimension %d",
                       (int)frame->value[1].i + frame->base);
}

/* Shape and strides of the diagonals in a tensor of 'ndim' dimensions. */
static void along_slant(const slant *s, const int64_t *shape,
                        const int64_t *strides, int ndim, int64_t *out_shape,
                        int64_t *out_strides) {
  int at = 0;
  for (int d = 0; d < ndim; d++) {
    if (d == s->rows || d == s->columns) continue;
    out_shape[at] = shape[d];
    out_strides[at++] = strides[d];
  }
  out_shape[at] = s->count;
  out_strides[at] = s->stride;
}

int peri__diagonal_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  int status = check_planes(frame);
  if (status < 0) return status;
  slant s = slant_of(frame, x->shape, x->strides);
  along_slant(&s, x->shape, x->strides, x->ndim, shape, strides);
  frame->y[0] = peri__view(x, shape, strides, x->ndim - 1, x->offset + s.start);
  return 0;
}

/* Zeros of 'shape' with 'x' as the diagonals that 'frame' names. */
static peri_tensor *spread(const peri_frame *frame, peri_tensor *x,
                           const int64_t *shape, int ndim) {
  int64_t layout[PERI_MAX_DIMS], own[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  peri__strides(shape, ndim, layout);
  slant s = slant_of(frame, shape, layout);
  along_slant(&s, shape, layout, ndim, own, strides);
  return peri_unregion(x, shape, ndim, strides, ndim - 1, s.start, layout,
                       ndim);
}

int peri__diagonal_backward(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  const peri_frame frame = {.value = grad->value};
  grad->dx[0] = spread(&frame, grad->dy[0], x->shape, x->ndim);
  return 0;
}

int peri__diag_embed_forward(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int64_t shape[PERI_MAX_DIMS], offset = frame->value[0].i;
  int rows = (int)frame->value[1].i, columns = (int)frame->value[2].i, at = 0;
  int status = check_planes(frame);
  if (status < 0) return status;
  if (x->ndim == 0 || x->ndim == PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have 1 to %d dimensions, it has %d",
                         PERI_MAX_DIMS - 1, x->ndim);
  int64_t size = x->shape[x->ndim - 1] + (offset < 0 ? -offset : offset);
  for (int d = 0; d <= x->ndim; d++)
    shape[d] = d == rows || d == columns ? size : x->shape[at++];
  frame->y[0] = spread(frame, frame->in[0], shape, x->ndim + 1);
  return 0;
}

int peri__diag_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t offset = frame->value[0].i;
  peri_diagonal_options of = peri_diagonal_defaults();
  peri_diag_embed_options into = peri_diag_embed_defaults();
  of.offset = into.offset = offset;
  if (x->ndim != 1 && x->ndim != 2) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must be a vector or a matrix, its shape is %s",
                         shape.s);
  }
  frame->y[0] =
      x->ndim == 1 ? peri_diag_embed(x, &into) : peri_diagonal(x, &of);
  return 0;
}

int peri__diagflat_forward(peri_frame *frame) {
  peri_diag_embed_options options = peri_diag_embed_defaults();
  options.offset = frame->value[0].i;
  frame->y[0] = peri_diag_embed(peri_ravel(frame->in[0]), &options);
  return 0;
}

/* ---- Windows ---------------------------------------------------------- */

static int check_windows(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int dim = (int)frame->value[0].i;
  int64_t size = frame->value[1].i;
  if (x->ndim == 0 || x->ndim == PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have 1 to %d dimensions, it has %d",
                         PERI_MAX_DIMS - 1, x->ndim);
  if (size <= x->shape[dim]) return 0;
  return peri__op_fail(
      frame, PERI_ESHAPE, "a window has %lld positions, dimension %d has %lld",
      (long long)size, dim + frame->base, (long long)x->shape[dim]);
}

/* Strides of the windows in a tensor with 'layout', only every so many. */
static void window_strides(const peri_value *value, const int64_t *layout,
                           int ndim, int64_t every, int64_t *strides) {
  int dim = (int)value[0].i;
  peri__copy_sizes(strides, layout, ndim);
  strides[ndim] = layout[dim];
  if (!peri__mul(layout[dim], value[2].i, &strides[dim]) ||
      !peri__mul(strides[dim], every, &strides[dim]))
    strides[dim] = layout[dim]; /* there is one window: any will do */
}

int peri__unfold_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int dim = (int)frame->value[0].i, status = check_windows(frame);
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  if (status < 0) return status;
  peri__copy_sizes(shape, x->shape, x->ndim);
  shape[dim] = (x->shape[dim] - frame->value[1].i) / frame->value[2].i + 1;
  shape[x->ndim] = frame->value[1].i;
  window_strides(frame->value, x->strides, x->ndim, 1, strides);
  frame->y[0] = peri__view(x, shape, strides, x->ndim + 1, x->offset);
  return 0;
}

/* Zeros in the shape of x with every 'every'-th window of dy from 'first'
   written to its place: so far apart they do not overlap. */
static peri_tensor *put_windows(const peri_backprop *grad, int64_t first,
                                int64_t every) {
  const peri_meta *x = &grad->in_meta[0];
  int64_t layout[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  int64_t dim = grad->value[0].i;
  peri_slice_options options = peri_slice_defaults();
  options.start = first;
  options.step = every;
  peri_tensor *part = peri_slice(grad->dy[0], dim, &options);
  peri__strides(x->shape, x->ndim, layout);
  window_strides(grad->value, layout, x->ndim, every, strides);
  int64_t start = first * grad->value[2].i * layout[dim];
  return peri_unregion(part, x->shape, x->ndim, strides, x->ndim + 1, start,
                       layout, x->ndim);
}

/* Windows that do not overlap are put together, and such groups added. */
int peri__unfold_backward(peri_backprop *grad) {
  int64_t every = (grad->value[1].i - 1) / grad->value[2].i + 1;
  int64_t windows = grad->dy[0]->shape[grad->value[0].i];
  peri_tensor *sum = put_windows(grad, 0, every);
  for (int64_t first = 1; first < every && first < windows && sum; first++)
    sum = peri_add(sum, put_windows(grad, first, every));
  grad->dx[0] = sum;
  return 0;
}
