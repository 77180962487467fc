/* repeat.c - elements more than once: tile, repeat_interleave, combinations.
   Composed of expand and reshape, or of index_select. */
#include "internal.h"

/* ---- tile ------------------------------------------------------------- */

/* A tensor with leading ones, and how often each dimension is repeated. */
typedef struct {
  int ndim;
  int64_t shape[PERI_MAX_DIMS], times[PERI_MAX_DIMS], result[PERI_MAX_DIMS];
} tiling;

static int plan_tiling(const peri_frame *frame, tiling *t) {
  const peri_tensor *x = frame->in[0];
  const peri_value *repeats = &frame->value[0];
  t->ndim = x->ndim > repeats->count ? x->ndim : repeats->count;
  for (int d = 0; d < t->ndim; d++) {
    int own = d - (t->ndim - x->ndim), given = d - (t->ndim - repeats->count);
    t->shape[d] = own >= 0 ? x->shape[own] : 1;
    t->times[d] = given >= 0 ? repeats->list[given] : 1;
    if (t->times[d] < 0)
      return peri__op_fail(frame, PERI_EARG, "repeats has the number %lld",
                           (long long)t->times[d]);
    if (!peri__mul(t->shape[d], t->times[d], &t->result[d]))
      return peri__op_fail(frame, PERI_ESHAPE, "the result is too large");
  }
  return 0;
}

/* One dimension after the other, each with what is before and behind it. */
static peri_tensor *tile_each(peri_tensor *x, const tiling *t) {
  int64_t before = 1, behind = peri_tensor_numel(x);
  for (int d = 0; d < t->ndim && x; d++) {
    behind = t->shape[d] > 0 ? behind / t->shape[d] : 0;
    const int64_t one[4] = {before, 1, t->shape[d], behind};
    const int64_t more[4] = {before, t->times[d], t->shape[d], behind};
    const int64_t flat[1] = {-1};
    before *= t->result[d];
    if (t->times[d] == 1) continue;
    x = peri_reshape(peri_expand(peri_reshape(x, one, 4), more, 4), flat, 1);
  }
  return peri_reshape(x, t->result, t->ndim);
}

/* All dimensions at once: [n] becomes [times, n] where it is repeated.
   -> dimensions, PERI_MAX_DIMS + 1 if they are too many */
static int widen(const tiling *t, int64_t *one, int64_t *more) {
  int ndim = 0;
  for (int d = 0; d < t->ndim; d++) {
    bool repeated = t->times[d] != 1;
    if (ndim + repeated >= PERI_MAX_DIMS) return PERI_MAX_DIMS + 1;
    if (repeated) {
      one[ndim] = 1;
      more[ndim++] = t->times[d];
    }
    one[ndim] = more[ndim] = t->shape[d];
    ndim++;
  }
  return ndim;
}

int peri__tile_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t one[PERI_MAX_DIMS], more[PERI_MAX_DIMS];
  tiling t;
  int status = plan_tiling(frame, &t);
  if (status < 0) return status;
  if (peri__numel(t.result, t.ndim) < 0)
    return peri__op_fail(frame, PERI_ESHAPE, "the result is too large");
  int ndim = widen(&t, one, more);
  bool empty = peri__numel(t.result, t.ndim) == 0;
  if (ndim == t.ndim)
    frame->y[0] = peri_clone(peri_view(x, t.shape, t.ndim));
  else if (ndim <= PERI_MAX_DIMS && !empty)
    frame->y[0] = peri_reshape(peri_expand(peri_view(x, one, ndim), more, ndim),
                               t.result, t.ndim);
  else
    frame->y[0] = tile_each(x, &t);
  return 0;
}

/* ---- repeat_interleave ------------------------------------------------ */

static peri_tensor *repeat_each(peri_tensor *x, int dim, int64_t times) {
  int64_t before = 1, behind = 1, shape[PERI_MAX_DIMS];
  peri__copy_sizes(shape, x->shape, x->ndim);
  for (int d = 0; d < dim; d++) before *= shape[d];
  for (int d = dim + 1; d < x->ndim; d++) behind *= shape[d];
  const int64_t one[4] = {before, shape[dim], 1, behind};
  const int64_t more[4] = {before, shape[dim], times, behind};
  if (!peri__mul(shape[dim], times, &shape[dim])) shape[dim] = -2;
  return peri_reshape(peri_expand(peri_reshape(x, one, 4), more, 4), shape,
                      x->ndim);
}

/* The numbers of 'repeats', which has data. -> NULL with the error set */
static int64_t *read_counts(const peri_frame *frame, peri_tensor *repeats,
                            int64_t size, int64_t *total) {
  bool alone = peri_tensor_numel(repeats) == 1;
  int64_t *counts = peri__alloc(frame->ctx, (size_t)size * sizeof *counts);
  *total = 0;
  if (!counts) return NULL;
  peri__convert(counts, PERI_I64, 1, peri_tensor_data(repeats), repeats->dtype,
                alone ? 0 : repeats->strides[0], size);
  for (int64_t i = 0; i < size; i++) {
    bool right = counts[i] >= 0 && peri__add(*total, counts[i], total);
    if (right) continue;
    peri__op_fail(frame, PERI_EARG, "repeats has the number %lld",
                  (long long)counts[i]);
    peri__free(frame->ctx, counts);
    return NULL;
  }
  return counts;
}

/* Position i as often as 'repeats' says. */
static peri_tensor *positions(const peri_frame *frame, peri_tensor *repeats,
                              int64_t size) {
  int64_t total, at = 0;
  int64_t *counts = read_counts(frame, repeats, size, &total);
  if (!counts) return NULL;
  peri_tensor *index = peri_tensor_new(frame->ctx, NULL, &total, 1, PERI_I64);
  int64_t *to = peri_tensor_data(index);
  for (int64_t i = 0; i < size && to; i++)
    for (int64_t k = 0; k < counts[i]; k++) to[at++] = i;
  peri__free(frame->ctx, counts);
  return index;
}

static int check_repeats(const peri_frame *frame, int64_t size) {
  const peri_tensor *repeats = frame->in[1];
  int64_t count = peri_tensor_numel(repeats);
  if (peri__category(repeats->dtype) != PERI_CATEGORY_INT)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "repeats must hold integers, it is %s",
                         peri_dtype_name(repeats->dtype));
  if (repeats->ndim < 2 && (count == 1 || count == size)) return 0;
  peri_text shape = peri__shape_of(repeats);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "repeats must have a number for each of %lld "
                       "positions, its shape is %s",
                       (long long)size, shape.s);
}

int peri__repeat_interleave_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *repeats = frame->in[1];
  bool flat = frame->value[0].type == PERI_P_END || x->ndim == 0;
  int dim = flat ? 0 : (int)frame->value[0].i;
  if (flat) x = peri_ravel(x);
  if (!x) return frame->ctx->status;
  int status = check_repeats(frame, x->shape[dim]);
  if (status < 0) return status;
  if (repeats->number) {
    int64_t times = peri_item_whole(repeats);
    if (times < 0)
      return peri__op_fail(frame, PERI_EARG, "repeats has the number %lld",
                           (long long)times);
    frame->y[0] = repeat_each(x, dim, times);
    return 0;
  }
  status = peri__frame_check_data(frame);
  if (status < 0) return status;
  const peri_index_select_options options = {.dim = dim};
  frame->y[0] =
      peri_index_select(x, positions(frame, repeats, x->shape[dim]), &options);
  return 0;
}

/* ---- combinations ----------------------------------------------------- */

/* n over r, r of n + r - 1 with replacement; -1: too many. Each step of the
   product is a whole number. */
static int64_t count_choices(int64_t n, int64_t r, bool again) {
  int64_t count = 1, most = again ? n + r - 1 : n;
  if (r == 0) return 0;
  if (n == 0 || r > most) return 0;
  for (int64_t i = 1; i <= r; i++) {
    if (!peri__mul(count, most - r + i, &count)) return -1;
    count /= i;
  }
  return count;
}

/* The next choice after 'at': the last place that can grow does, those behind
   it start from there. */
static void next_choice(int64_t *at, int64_t n, int64_t r, bool again) {
  int64_t i = r - 1;
  while (i > 0 && at[i] == (again ? n - 1 : n - r + i)) i--;
  at[i]++;
  for (int64_t k = i + 1; k < r; k++) at[k] = at[k - 1] + !again;
}

static peri_tensor *choices(const peri_frame *frame, int64_t n, int64_t r,
                            int64_t count) {
  bool again = frame->value[1].i != 0;
  int64_t size = count * r, at[64];
  peri_tensor *index = peri_tensor_new(frame->ctx, NULL, &size, 1, PERI_I64);
  int64_t *to = peri_tensor_data(index);
  for (int64_t i = 0; i < r; i++) at[i] = again ? 0 : i;
  for (int64_t row = 0; row < count && to; row++) {
    memcpy(to + row * r, at, (size_t)r * sizeof *at);
    if (row % 4096 == 0 && peri__poll(frame->ctx) < 0) return NULL;
    next_choice(at, n, r, again);
  }
  return index;
}

/* An index that has none. */
static peri_tensor *no_positions(peri_context *ctx, int64_t size) {
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = PERI_I64;
  options.device = "meta";
  return peri_zeros(ctx, &size, 1, &options);
}

int peri__combinations_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t r = frame->value[0].i, size;
  if (x->ndim != 1) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must be a vector, its shape is %s", shape.s);
  }
  int64_t count = count_choices(x->shape[0], r, frame->value[1].i != 0);
  if (count < 0 || !peri__mul(count, r, &size))
    return peri__op_fail(frame, PERI_ESHAPE, "the choices are too many");
  const int64_t shape[2] = {count, r};
  peri_tensor *index = x->storage->meta ? no_positions(frame->ctx, size)
                                        : choices(frame, x->shape[0], r, count);
  peri_tensor *chosen = peri_index_select(x, index, NULL);
  frame->y[0] = r == 0 ? chosen : peri_reshape(chosen, shape, 2);
  return 0;
}
