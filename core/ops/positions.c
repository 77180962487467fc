/* positions.c - looks into indices and masks before an operation works with
   them: are all positions there, how many elements are chosen. */
#include "index.h"

/* Runs of elements along the last dimension of a tensor, in row-major order. */
typedef struct {
  const peri_tensor *x;
  int64_t at[PERI_MAX_DIMS]; /* of the outer dimensions */
  int64_t offset, count, stride;
} runs;

static bool runs_begin(runs *r, const peri_tensor *x) {
  int last = x->ndim - 1;
  *r = (runs){.x = x, .count = 1, .stride = 1};
  if (last >= 0) {
    r->count = x->shape[last];
    r->stride = x->strides[last];
  }
  return peri_tensor_numel(x) > 0;
}

static bool runs_next(runs *r) {
  const peri_tensor *x = r->x;
  for (int d = x->ndim - 2; d >= 0; d--) {
    r->offset += x->strides[d];
    if (++r->at[d] < x->shape[d]) return true;
    r->offset -= x->shape[d] * x->strides[d];
    r->at[d] = 0;
  }
  return false;
}

static const void *run_data(const runs *r, int64_t i) {
  const peri_tensor *x = r->x;
  int64_t at = x->offset + r->offset + i * r->stride;
  return (const char *)x->storage->data +
         at * (int64_t)peri_dtype_size(x->dtype);
}

/* ---- Positions -------------------------------------------------------- */

int peri__check_integers(const peri_frame *frame, const peri_tensor *index,
                         const char *name) {
  if (peri__category(index->dtype) == PERI_CATEGORY_INT) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "%s must hold integers, it is %s; convert it with "
                       "to(\"int64\")",
                       name, peri_dtype_name(index->dtype));
}

enum { BLOCK = 256 }; /* positions looked at together */

/* What an index is looked at for. */
typedef struct {
  const peri_frame *frame;
  const char *name;
  const peri_tensor *x; /* NULL: positions are classes */
  int dim, dims;
  int64_t base, size;
  bool *inside; /* false as soon as one is negative */
} range;

/* True if all positions count from the start and are there, as mostly: sign
   bits alone tell. A whole block is better for the compiler. */
static inline bool all_inside(const range *r, const int64_t *given,
                              int64_t count) {
  uint64_t first = (uint64_t)r->base, last = (uint64_t)(r->size - 1);
  uint64_t outside = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t place = (uint64_t)given[i] - first;
    outside |= place | (last - place);
  }
  return outside >> 63 == 0;
}

/* There is no class from the end. */
static bool is_outside(const range *r, int64_t given) {
  if (!r->x && given < r->base) return true;
  return peri__place(given, (int)r->base, r->size) < 0;
}

/* " at [2, 3]", in the numbers of the caller. */
static peri_text place_text(const range *r, const runs *at, int64_t i) {
  peri_meta meta = {.ndim = at->x->ndim};
  peri_text text = {""}, place;
  if (meta.ndim == 0) return text;
  for (int d = 0; d < meta.ndim; d++) meta.shape[d] = at->at[d] + r->base;
  meta.shape[meta.ndim - 1] = i + r->base;
  place = peri__meta_text(&meta);
  memcpy(text.s, " at ", 4);
  memcpy(text.s + 4, place.s, sizeof text.s - 5);
  return text;
}

static int class_error(const range *r, const char *place, int64_t given) {
  return peri__op_fail(r->frame, PERI_EINDEX,
                       "class %lld%s is out of range, classes are %lld to %lld",
                       (long long)given, place, (long long)r->base,
                       (long long)(r->size - 1 + r->base));
}

static int outside_error(const range *r, const runs *at, int64_t i,
                         int64_t given) {
  peri_text place = place_text(r, at, i), shape = {""};
  if (!r->x) return class_error(r, place.s, given);
  shape = peri__shape_of(r->x);
  if (given == 0 && r->base == 1)
    return peri__op_fail(r->frame, PERI_EINDEX,
                         "%s 0%s: positions count from 1, negative ones from "
                         "the end",
                         r->name, place.s);
  if (r->dims != r->x->ndim || r->dims == 1)
    return peri__op_fail(r->frame, PERI_EINDEX,
                         "%s %lld%s is out of range, dimension %d of %s has "
                         "%lld positions",
                         r->name, (long long)given, place.s,
                         r->dim + (int)r->base, shape.s, (long long)r->size);
  return peri__op_fail(
      r->frame, PERI_EINDEX, "%s %lld%s is out of range, %s has %lld elements",
      r->name, (long long)given, place.s, shape.s, (long long)r->size);
}

static int check_block(const range *r, const runs *at, int64_t first,
                       int64_t count) {
  const peri_tensor *index = at->x;
  const int64_t *given = run_data(at, first);
  int64_t buffer[BLOCK];
  if (index->dtype != PERI_I64 || at->stride != 1) {
    peri__convert(buffer, PERI_I64, 1, given, index->dtype, at->stride, count);
    given = buffer;
  }
  if (count == BLOCK ? all_inside(r, given, BLOCK)
                     : all_inside(r, given, count))
    return 0;
  *r->inside = false;
  for (int64_t i = 0; i < count; i++)
    if (is_outside(r, given[i]))
      return outside_error(r, at, first + i, given[i]);
  return 0;
}

static int check_run(const range *r, const runs *at) {
  for (int64_t i = 0; i < at->count; i += BLOCK) {
    int64_t left = at->count - i;
    int status = check_block(r, at, i, left < BLOCK ? left : BLOCK);
    if (status < 0) return status;
    if (i % PERI_POLL == 0 && peri__poll(r->frame->ctx) < 0)
      return r->frame->ctx->status;
  }
  return 0;
}

/* What is repeated along a dimension is looked at once. */
static peri_tensor unrepeated(const peri_tensor *index) {
  peri_tensor once = *index;
  for (int d = 0; d < once.ndim; d++)
    if (once.strides[d] == 0 && once.shape[d] > 1) once.shape[d] = 1;
  return once;
}

static int check_all(const range *r, const peri_tensor *index) {
  peri_tensor once = unrepeated(index);
  runs at;
  if (index->storage->meta || !runs_begin(&at, &once)) return 0;
  do {
    int status = check_run(r, &at);
    if (status < 0) return status;
  } while (runs_next(&at));
  return 0;
}

int peri__check_classes(const peri_frame *frame, const peri_tensor *x,
                        int64_t classes) {
  bool inside;
  range r = {frame, "x", NULL, 0, 0, frame->base, classes, &inside};
  return check_all(&r, x);
}

int peri__check_positions(const peri_frame *frame, const peri_tensor *index,
                          const char *name, const peri_tensor *x, int dim,
                          int dims, bool *inside) {
  bool all = true;
  range r = {frame, name, x, dim, dims, frame->base, 1, &all};
  for (int d = dim; d < dim + dims && d < x->ndim; d++) r.size *= x->shape[d];
  int status = check_all(&r, index);
  if (inside) *inside = all && !frame->ctx->recording;
  return status;
}

/* ---- What is written -------------------------------------------------- */

int peri__check_dtype(const peri_frame *frame, const peri_tensor *source,
                      const char *name) {
  const peri_tensor *x = frame->in[0];
  if (source->number || source->dtype == x->dtype) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "%s is %s, x is %s; convert it with to(\"%s\")", name,
                       peri_dtype_name(source->dtype),
                       peri_dtype_name(x->dtype), peri_dtype_name(x->dtype));
}

int peri__check_single(const peri_frame *frame, const peri_tensor *value,
                       const char *name) {
  if (value->ndim == 0) return 0;
  peri_text shape = peri__shape_of(value);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "%s must be a single number, its shape is %s", name,
                       shape.s);
}

/* ---- Masks ------------------------------------------------------------ */

int peri__check_mask(const peri_frame *frame, const peri_tensor *mask) {
  if (mask->dtype == PERI_BOOL) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "mask must hold truth values, it is %s; convert it "
                       "with to(\"bool\") or compare",
                       peri_dtype_name(mask->dtype));
}

static int64_t count_block(const runs *at, int64_t first, int64_t count) {
  uint8_t truth[BLOCK];
  int64_t sum = 0;
  peri__convert(truth, PERI_BOOL, 1, run_data(at, first), at->x->dtype,
                at->stride, count);
  for (int64_t i = 0; i < count; i++) sum += truth[i];
  return sum;
}

int64_t peri__count_nonzero(const peri_tensor *x) {
  peri_tensor flat = *x;
  int64_t sum = 0;
  runs at;
  if (peri_tensor_is_contiguous(x)) {
    flat.ndim = 1;
    flat.shape[0] = peri_tensor_numel(x);
    flat.strides[0] = 1;
  }
  if (!runs_begin(&at, &flat)) return 0;
  do {
    for (int64_t i = 0; i < at.count; i += BLOCK)
      sum += count_block(&at, i, at.count - i < BLOCK ? at.count - i : BLOCK);
  } while (runs_next(&at));
  return sum;
}

/* ---- Gradients -------------------------------------------------------- */

peri_tensor *peri__backward_apply(const peri_backprop *grad, const char *name,
                                  peri_tensor *const *in, int nin,
                                  const peri_value *value) {
  return peri_apply(grad->ctx, peri__op_named(NULL, name), in, nin, value,
                    grad->base, NULL);
}

peri_tensor *peri__backward_zeros(const peri_backprop *grad, int i) {
  return peri__zeros_of(grad->dy[0], &grad->in_meta[i]);
}

peri_tensor *peri__numbers_like(const peri_tensor *x) {
  peri_arange_options options = peri_arange_defaults();
  options.device = peri_tensor_device(x);
  options.dtype = PERI_I64;
  peri_tensor *count =
      peri_arange(x->ctx, (double)peri_tensor_numel(x), &options);
  return peri_reshape(count, x->shape, x->ndim);
}
