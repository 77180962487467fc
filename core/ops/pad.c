/* pad.c - pad. A number around a tensor is one operation (surround), whose
   gradient is the same with the signs of pad changed. The other modes are a
   second one (extend): dimension by dimension, from the last, the margins are
   copied from what is between them, by views that run backwards (reflect),
   stand still (replicate) or begin at the other end (circular). */
#include "internal.h"

enum { REFLECT, REPLICATE, CIRCULAR }; /* of extend; of pad: one more */

/* Positions before and after dimension 'd' of 'ndim'. */
typedef struct {
  int64_t before, after;
} margin;

static margin margin_of(const peri_value *pad, int ndim, int d) {
  int pair = ndim - 1 - d;
  if (2 * pair >= pad->count) return (margin){0, 0};
  return (margin){pad->many[2 * pair], pad->many[2 * pair + 1]};
}

static int64_t above(int64_t number) { return number > 0 ? number : 0; }

/* Sizes of x with its margins. What is cut must be there. */
static int padded_meta(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  peri_meta *out = &frame->out[0];
  *out = peri__meta(x);
  frame->nout = 1;
  for (int d = 0; d < x->ndim; d++) {
    margin m = margin_of(&frame->value[0], x->ndim, d);
    int64_t left = x->shape[d] - above(-m.before) - above(-m.after);
    if (left >= 0 && peri__add(left, above(m.before), &out->shape[d]) &&
        peri__add(out->shape[d], above(m.after), &out->shape[d]))
      continue;
    return peri__op_fail(frame, PERI_ESHAPE,
                         "%lld and %lld positions cannot be added to "
                         "dimension %d of size %lld",
                         (long long)m.before, (long long)m.after,
                         d + frame->base, (long long)x->shape[d]);
  }
  return 0;
}

/* ---- surround --------------------------------------------------------- */

int peri__surround_infer(peri_frame *frame) { return padded_meta(frame); }

#define FEW 1024 /* elements that are all filled in one go */

/* The margins, each element once: those of a dimension where the dimensions
   before it are inside. What is inside of all is left in '*inner'. */
static int fill_margins(const peri_frame *frame, peri_tensor **inner) {
  const peri_value *value = &frame->value[1];
  peri_tensor *y = frame->y[0];
  bool few = peri_tensor_numel(y) <= FEW;
  int status = few ? peri__fill_with(y, value) : 0;
  for (int d = 0; d < y->ndim && status == 0; d++) {
    margin m = margin_of(&frame->value[0], y->ndim, d);
    int64_t size = y->shape[d], before = above(m.before);
    int64_t after = above(m.after);
    if (before == 0 && after == 0) continue;
    peri_tensor *outer = y;
    y = peri__cut(y, d, before, size - before - after);
    if (!y) return frame->ctx->status;
    if (few) continue;
    peri_tensor *start = peri__cut(outer, d, 0, before);
    peri_tensor *end = peri__cut(outer, d, size - after, after);
    if (!start || !end) return frame->ctx->status;
    if (before > 0) status = peri__fill_with(start, value);
    if (status == 0 && after > 0) status = peri__fill_with(end, value);
  }
  *inner = y;
  return status;
}

int peri__surround_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *inner = NULL;
  int status = fill_margins(frame, &inner);
  if (status < 0) return status;
  for (int d = 0; x && d < x->ndim; d++) {
    margin m = margin_of(&frame->value[0], x->ndim, d);
    if (inner->shape[d] != x->shape[d])
      x = peri__cut(x, d, above(-m.before), inner->shape[d]);
  }
  return peri__copy_into(inner, x);
}

/* The other way round: what was added is cut, what was cut comes back as
   zeros. */
static peri_tensor *unpad(peri_tensor *dy, const peri_value *pad) {
  int64_t back[2 * PERI_MAX_DIMS];
  for (int i = 0; i < pad->count; i++) back[i] = -pad->many[i];
  return peri_surround(dy, back, pad->count, 0);
}

int peri__surround_backward(peri_backprop *grad) {
  grad->dx[0] = unpad(grad->dy[0], &grad->value[0]);
  return 0;
}

/* ---- extend ----------------------------------------------------------- */

int peri__extend_infer(peri_frame *frame) { return padded_meta(frame); }

/* Where a margin of 'length' positions in dimension 'd' of 'y' is copied from:
   from 'start' on, by 'step'. */
static peri_tensor *source(peri_tensor *y, int d, int64_t start, int64_t step,
                           int64_t length) {
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  peri__copy_sizes(shape, y->shape, y->ndim);
  peri__copy_sizes(strides, y->strides, y->ndim);
  shape[d] = length;
  strides[d] *= step;
  return peri__view(y, shape, strides, y->ndim,
                    y->offset + start * y->strides[d]);
}

/* Both margins of dimension 'd' of 'y'. */
static int copy_margins(peri_tensor *y, int d, margin m, int mode) {
  static const int steps[] = {[REFLECT] = -1, [REPLICATE] = 0, [CIRCULAR] = 1};
  int64_t size = y->shape[d] - m.before - m.after;
  int64_t last = m.before + size; /* behind the last one inside */
  const int64_t before[] = {
      [REFLECT] = 2 * m.before, [REPLICATE] = m.before, [CIRCULAR] = size};
  const int64_t after[] = {
      [REFLECT] = last - 2, [REPLICATE] = last - 1, [CIRCULAR] = m.before};
  int status = 0;
  if (m.before > 0)
    status = peri__copy_into(peri__cut(y, d, 0, m.before),
                             source(y, d, before[mode], steps[mode], m.before));
  if (m.after > 0 && status == 0)
    status = peri__copy_into(peri__cut(y, d, last, m.after),
                             source(y, d, after[mode], steps[mode], m.after));
  return status;
}

int peri__extend_forward(peri_frame *frame) {
  peri_tensor *y = frame->y[0], *x = frame->in[0];
  const peri_value *pad = &frame->value[0];
  margin m[PERI_MAX_DIMS];
  if (peri_tensor_numel(y) == 0) return 0;
  peri_tensor *part[PERI_MAX_DIMS + 1] = {y}; /* dimensions before d inside */
  for (int d = 0; d < x->ndim; d++) {
    m[d] = margin_of(pad, x->ndim, d);
    part[d + 1] = peri__cut(part[d], d, m[d].before, x->shape[d]);
  }
  int status = peri__copy_into(part[x->ndim], x);
  for (int d = x->ndim - 1; d >= 0 && status == 0; d--)
    status = copy_margins(part[d], d, m[d], (int)frame->value[1].i);
  return status;
}

/* 'sum' with 'part' added to positions of dimension 'd' from 'start': in place
   where no graph of the gradient is wanted. */
static peri_tensor *add_at(peri_tensor *sum, int d, int64_t start,
                           peri_tensor *part, bool graph) {
  int64_t around[2 * PERI_MAX_DIMS] = {0};
  if (!sum || !part) return NULL;
  if (!graph) {
    peri_tensor *place = peri__cut(sum, d, start, part->shape[d]);
    return peri_add_(place, part) ? sum : NULL;
  }
  int pair = 2 * (sum->ndim - 1 - d);
  around[pair] = start;
  around[pair + 1] = sum->shape[d] - start - part->shape[d];
  return peri_add(sum, peri_surround(part, around, pair + 2, 0));
}

/* The gradient of a margin as it goes to where it was copied from. */
static peri_tensor *folded(peri_tensor *part, int d, int mode) {
  const int64_t dims[1] = {d};
  peri_sum_options options = peri_sum_defaults();
  options.dim = dims;
  options.dim_count = 1;
  options.keepdim = true;
  switch (mode) {
    case REFLECT: return peri_flip(part, dims, 1);
    case REPLICATE: return peri_sum(part, &options);
    default: return part;
  }
}

/* Dimension 'd' of 'dy' without its margins, which are added inside. */
static peri_tensor *fold(peri_tensor *dy, int d, margin m, int mode,
                         bool graph) {
  if (!dy || (m.before == 0 && m.after == 0)) return dy;
  int64_t size = dy->shape[d] - m.before - m.after;
  const int64_t before[] = {
      [REFLECT] = 1, [REPLICATE] = 0, [CIRCULAR] = size - m.before};
  const int64_t after[] = {
      [REFLECT] = size - 1 - m.after, [REPLICATE] = size - 1, [CIRCULAR] = 0};
  peri_tensor *sum = peri_narrow(dy, d, m.before, size);
  if (!graph) sum = peri_clone(sum);
  if (m.before > 0)
    sum = add_at(sum, d, before[mode],
                 folded(peri_narrow(dy, d, 0, m.before), d, mode), graph);
  if (m.after > 0)
    sum = add_at(sum, d, after[mode],
                 folded(peri_narrow(dy, d, m.before + size, m.after), d, mode),
                 graph);
  return sum;
}

int peri__extend_backward(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  peri_tensor *dx = grad->dy[0];
  if (peri_tensor_numel(dx) == 0) {
    grad->dx[0] = unpad(dx, &grad->value[0]);
    return 0;
  }
  for (int d = 0; d < x->ndim; d++)
    dx = fold(dx, d, margin_of(&grad->value[0], x->ndim, d),
              (int)grad->value[1].i, grad->graph);
  grad->dx[0] = dx;
  return 0;
}

/* ---- pad -------------------------------------------------------------- */

enum { PAD, MODE, VALUE }; /* its parameters */

static int check_pad(peri_frame *frame) {
  const peri_value *pad = &frame->value[PAD];
  int ndim = frame->in[0]->ndim;
  if (pad->count % 2 != 0)
    return peri__op_fail(frame, PERI_EARG,
                         "pad must hold pairs, before and after; it has %d "
                         "numbers",
                         pad->count);
  if (pad->count > 2 * ndim)
    return peri__op_fail(frame, PERI_EARG,
                         "pad has %d pairs, x has %d dimensions",
                         pad->count / 2, ndim);
  for (int i = 0; i < pad->count; i++)
    if (pad->many[i] > INT64_MAX / 4 || pad->many[i] < -INT64_MAX / 4)
      return peri__op_fail(frame, PERI_ESHAPE, "pad has the number %lld",
                           (long long)pad->many[i]);
  return padded_meta(frame);
}

/* A margin must find what it is copied from. */
static int check_margin(const peri_frame *frame, int d, int64_t added,
                        int mode) {
  static const char *const names[] = {"reflect", "replicate", "circular"};
  int64_t size = frame->in[0]->shape[d];
  margin m = margin_of(&frame->value[PAD], frame->in[0]->ndim, d);
  if (mode == CIRCULAR) size -= above(-m.before) + above(-m.after);
  int64_t most = mode == REFLECT ? size - 1 : mode == CIRCULAR ? size : -1;
  bool fits = mode == REPLICATE ? size > 0 : added <= most;
  if (added <= 0 || fits) return 0;
  return peri__op_fail(frame, PERI_ESHAPE,
                       "%s cannot add %lld positions to dimension %d of size "
                       "%lld",
                       names[mode], (long long)added, d + frame->base,
                       (long long)size);
}

/* Apart: what is added, what is taken away. */
static int split_pad(const peri_frame *frame, int mode, int64_t *added,
                     int64_t *taken) {
  const peri_value *pad = &frame->value[PAD];
  for (int i = 0; i < pad->count; i++) {
    int64_t given = pad->many[i];
    int status =
        check_margin(frame, frame->in[0]->ndim - 1 - i / 2, given, mode);
    if (status < 0) return status;
    added[i] = given > 0 ? given : 0;
    taken[i] = given < 0 ? given : 0;
  }
  return 0;
}

/* Circular margins come from what is left, the others from all of x. */
static int pad_inside(peri_frame *frame, int mode) {
  int count = frame->value[PAD].count;
  int64_t added[2 * PERI_MAX_DIMS], taken[2 * PERI_MAX_DIMS];
  peri_tensor *x = frame->in[0];
  int status = split_pad(frame, mode, added, taken);
  if (status < 0) return status;
  bool cuts = false;
  for (int i = 0; i < count; i++) cuts = cuts || taken[i] < 0;
  if (cuts && mode == CIRCULAR) x = peri_surround(x, taken, count, 0);
  x = peri_extend(x, added, count, mode);
  if (cuts && mode != CIRCULAR) x = peri_surround(x, taken, count, 0);
  frame->y[0] = x;
  return 0;
}

/* A whole number may be larger than a double holds. */
static peri_tensor *pad_constant(const peri_frame *frame) {
  const peri_op *op = peri__op_named(NULL, "surround");
  const peri_value value[2] = {frame->value[PAD], frame->value[VALUE]};
  return peri_apply(frame->ctx, op, frame->in, 1, value, frame->base, NULL);
}

int peri__pad_forward(peri_frame *frame) {
  int status = check_pad(frame), mode = (int)frame->value[MODE].i - 1;
  if (status < 0) return status;
  if (mode >= 0) return pad_inside(frame, mode);
  frame->y[0] = pad_constant(frame);
  return 0;
}
