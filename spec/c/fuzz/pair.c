/* pair.c - the same tensor in both contexts: in a drawn layout (permuted, with
   gaps, shifted, expanded, a buffer of the host with strides of its own), what
   is copied from one to the other, and snapshots of all storages. */
#include "fuzz.h"

enum { MOST_ELEMENTS = 60000 };

peri_meta fuzz_meta(const peri_tensor *x) {
  peri_meta meta = {.dtype = x->dtype, .ndim = x->ndim};
  memcpy(meta.shape, x->shape, sizeof meta.shape);
  return meta;
}

fuzz_pair *fuzz_note(fuzz_world *w, peri_tensor *main, peri_tensor *plain) {
  fuzz_pair *pair = &w->fresh[w->fresh_count];
  if (w->fresh_count < FUZZ_FRESH - 1) w->fresh_count++;
  *pair = (fuzz_pair){main, plain, w->ids++, w->depth};
  return pair;
}

/* ---- Layouts ------------------------------------------------------------ */

/* From row-major memory to the tensor: cut a range with a step out of one
   dimension, permute, expand. */
typedef struct {
  peri_meta meta;
  int64_t base[PERI_MAX_DIMS]; /* sizes in memory */
  int64_t dims[PERI_MAX_DIMS]; /* of memory, in the tensor's order */
  int cut;                     /* a dimension of memory, or -1 */
  peri_index range;
  bool permuted, expanded;
  bool wants_base, wants_view; /* which of them requires a gradient */
} plan;

static bool is_view(const plan *p) {
  return p->permuted || p->expanded || p->cut >= 0;
}

static void plan_order(fuzz_random *r, plan *p) {
  int n = p->meta.ndim;
  for (int d = 0; d < n; d++) p->dims[d] = d;
  if (n < 2 || !fuzz_chance(r, 3)) return;
  p->permuted = true;
  for (int d = n - 1; d > 0; d--) {
    int64_t other = fuzz_below(r, d + 1), kept = p->dims[d];
    p->dims[d] = p->dims[other];
    p->dims[other] = kept;
  }
}

static void plan_sizes(fuzz_random *r, plan *p) {
  int n = p->meta.ndim;
  bool expand = n > 0 && fuzz_chance(r, 6);
  for (int d = 0; d < n; d++) {
    int64_t size = p->meta.shape[d];
    bool one = expand && size != 0 && fuzz_chance(r, 2);
    p->expanded |= one && size > 1;
    p->base[p->dims[d]] = one ? 1 : size;
  }
}

static void plan_cut(fuzz_random *r, plan *p) {
  p->cut = -1;
  if (p->meta.ndim == 0 || !fuzz_chance(r, 3)) return;
  int d = (int)fuzz_below(r, p->meta.ndim);
  int64_t size = p->base[d];
  if (size == 0) return;
  int64_t first = fuzz_below(r, 3), step = fuzz_between(r, 1, 3);
  int64_t last = first + (size - 1) * step;
  p->range = (peri_index){
      .kind = PERI_RANGE, .first = first, .last = last, .step = step};
  p->base[d] = last + 1 + fuzz_below(r, 2);
  p->cut = d;
}

static peri_tensor *cut(peri_tensor *x, const plan *p) {
  peri_index places[PERI_MAX_DIMS];
  for (int d = 0; d < p->cut; d++) places[d] = (peri_index){.kind = PERI_ALL};
  places[p->cut] = p->range;
  return peri_at(x, places, p->cut + 1);
}

/* The tensor of 'p' over 'base', which is one of its own without views. */
static peri_tensor *lay(peri_tensor *base, const plan *p) {
  const peri_meta *m = &p->meta;
  peri_tensor *x = base;
  if (p->cut >= 0) x = cut(x, p);
  if (p->permuted) x = peri_permute(x, p->dims, m->ndim);
  if (p->expanded) x = peri_expand(x, m->shape, m->ndim);
  if (p->wants_view && x != base) x = peri_detach(x);
  if (p->wants_view) peri_set_requires_grad(x, true);
  return x;
}

static peri_tensor *base_of(peri_context *ctx, const plan *p,
                            const void *data) {
  peri_tensor *x =
      peri_tensor_new(ctx, data, p->base, p->meta.ndim, p->meta.dtype);
  if (p->wants_base) peri_set_requires_grad(x, true);
  return x;
}

static void *draw_data(fuzz_world *w, peri_dtype dtype, int64_t count,
                       fuzz_style style, int base, int64_t bound) {
  void *data = malloc(((size_t)count + 1) * peri_dtype_size(dtype));
  fuzz_fill(&w->random, data, dtype, count, style, base, bound);
  return data;
}

/* ---- Buffers of the host ------------------------------------------------ */

static void release(void *user, void *data) {
  (void)user;
  free(data);
}

/* Strides of the host's own: row-major, turned, or such that elements share
   memory. -> elements of the buffer */
static int64_t host_strides(fuzz_random *r, const peri_meta *m,
                            int64_t *strides) {
  int64_t way = fuzz_below(r, 3), distance = 1, last = 0;
  for (int k = 0; k < m->ndim; k++) {
    int d = way == 0 ? m->ndim - 1 - k : k;
    strides[d] = way == 2 ? 1 : distance;
    distance *= m->shape[d] > 0 ? m->shape[d] : 1;
  }
  for (int d = 0; d < m->ndim; d++)
    if (m->shape[d] > 0) last += (m->shape[d] - 1) * strides[d];
  return last + 1;
}

static peri_tensor *wrap(peri_context *ctx, const peri_meta *m,
                         const int64_t *strides, const void *data,
                         size_t bytes) {
  void *own = malloc(bytes);
  memcpy(own, data, bytes);
  peri_tensor *x = peri_tensor_wrap(ctx, own, m->shape, strides, m->ndim,
                                    m->dtype, release, NULL);
  if (!x) free(own);
  return x;
}

static fuzz_pair make_wrapped(fuzz_world *w, const peri_meta *m,
                              fuzz_style style, int base, int64_t bound) {
  int64_t strides[PERI_MAX_DIMS];
  int64_t count = host_strides(&w->random, m, strides);
  size_t bytes = (size_t)count * peri_dtype_size(m->dtype);
  void *data = draw_data(w, m->dtype, count, style, base, bound);
  peri_tensor *main = wrap(w->main, m, strides, data, bytes);
  peri_tensor *plain = wrap(w->plain, m, strides, data, bytes);
  fuzz_pair *pair = fuzz_note(w, main, plain);
  fuzz_tell_tensor(pair, "wrapped");
  free(data);
  return *pair;
}

/* Remember a leaf to the end of the program. */
static void keep_leaf(fuzz_world *w, peri_tensor *main, peri_tensor *plain) {
  if (w->leaf_count == FUZZ_LEAVES) return;
  w->leaf[w->leaf_count++] =
      (fuzz_pair){peri_keep(main), peri_keep(plain), w->ids, -1};
}

/* Note a pair that is remembered as a leaf: the one who notes it owns it. */
static fuzz_pair *note_leaf(fuzz_world *w, peri_tensor *main,
                            peri_tensor *plain) {
  if (w->leaf_count == FUZZ_LEAVES) return fuzz_note(w, main, plain);
  keep_leaf(w, main, plain);
  fuzz_pair *pair = fuzz_note(w, peri_keep(main), peri_keep(plain));
  pair->depth = -1;
  return pair;
}

static fuzz_pair make_planned(fuzz_world *w, const plan *p, fuzz_style style,
                              int base, int64_t bound) {
  int64_t count = fuzz_numel(p->base, p->meta.ndim);
  void *data = draw_data(w, p->meta.dtype, count, style, base, bound);
  peri_tensor *main = base_of(w->main, p, data);
  peri_tensor *plain = base_of(w->plain, p, data);
  free(data);
  peri_tensor *view = lay(main, p), *plain_view = lay(plain, p);
  if (p->wants_base)
    fuzz_tell_tensor(note_leaf(w, main, plain), "the base of the next");
  else if (view != main && fuzz_chance(&w->random, 3))
    fuzz_tell_tensor(fuzz_note(w, main, plain), "the base of the next");
  fuzz_pair *pair = p->wants_view ? note_leaf(w, view, plain_view)
                                  : fuzz_note(w, view, plain_view);
  fuzz_tell_tensor(pair, is_view(p) ? "view" : "new");
  return *pair;
}

/* Shapes that follow from others may come out large. */
static void shrink(peri_meta *m) {
  while (fuzz_numel(m->shape, m->ndim) > MOST_ELEMENTS)
    for (int d = 0; d < m->ndim; d++)
      if (m->shape[d] > 1) m->shape[d] = (m->shape[d] + 1) / 2;
}

fuzz_pair fuzz_make(fuzz_world *w, const peri_meta *meta, fuzz_style style,
                    int base, int64_t bound) {
  fuzz_random *r = &w->random;
  plan p = {.meta = *meta, .cut = -1};
  shrink(&p.meta);
  meta = &p.meta;
  if (fuzz_chance(r, 12)) return make_wrapped(w, meta, style, base, bound);
  bool simple = fuzz_chance(r, 3);
  for (int d = 0; d < meta->ndim; d++) p.dims[d] = d;
  if (!simple) plan_order(r, &p);
  if (simple)
    memcpy(p.base, meta->shape, sizeof p.base);
  else
    plan_sizes(r, &p);
  if (!simple) plan_cut(r, &p);
  if (w->grads && peri__is_float(meta->dtype) && fuzz_chance(r, 2)) {
    p.wants_base = is_view(&p) && fuzz_chance(r, 2);
    p.wants_view = !p.wants_base;
  }
  return make_planned(w, &p, style, base, bound);
}

fuzz_pair fuzz_number(fuzz_world *w, bool whole) {
  fuzz_random *r = &w->random;
  double real = (double)fuzz_between(r, -8, 8) / 4;
  int64_t i = fuzz_between(r, -3, 5);
  if (whole)
    return *fuzz_note(w, peri_whole(w->main, i), peri_whole(w->plain, i));
  return *fuzz_note(w, peri_number(w->main, real), peri_number(w->plain, real));
}

/* ---- From one to the other ---------------------------------------------- */

static unsigned char *element(const peri_tensor *x, const int64_t *at) {
  int64_t place = x->offset;
  for (int d = 0; d < x->ndim; d++) place += at[d] * x->strides[d];
  return (unsigned char *)x->storage->data +
         place * (int64_t)peri_dtype_size(x->dtype);
}

/* The next position in row-major order. -> false past the last */
static bool advance(const peri_tensor *x, int64_t *at) {
  for (int d = x->ndim - 1; d >= 0; d--) {
    if (++at[d] < x->shape[d]) return true;
    at[d] = 0;
  }
  return false;
}

void fuzz_sync(peri_tensor *to, const peri_tensor *from) {
  int64_t at[PERI_MAX_DIMS] = {0};
  if (from->storage->meta || peri_tensor_numel(from) == 0) return;
  do memcpy(element(to, at), element(from, at), peri_dtype_size(from->dtype));
  while (advance(from, at));
}

bool fuzz_alike(const peri_tensor *a, const peri_tensor *b) {
  return a->dtype == b->dtype && a->number == b->number &&
         a->storage->meta == b->storage->meta &&
         peri__tracked(a) == peri__tracked(b) &&
         peri__same_shape(a->shape, a->ndim, b->shape, b->ndim) &&
         peri__same_shape(a->strides, a->ndim, b->strides, b->ndim);
}

/* ---- Snapshots ---------------------------------------------------------- */

static void snap_one(fuzz_snapshot *s, const peri_tensor *x) {
  if (!x) return;
  for (int i = 0; i < s->count; i++)
    if (s->at[i].storage == x->storage) return;
  size_t bytes = x->storage->meta ? 0 : x->storage->bytes;
  unsigned char *copy = malloc(bytes + 1);
  if (bytes) memcpy(copy, x->storage->data, bytes);
  s->at[s->count].storage = x->storage;
  s->at[s->count].bytes = copy;
  s->at[s->count++].version = x->storage->version;
}

void fuzz_snap(fuzz_world *w, fuzz_snapshot *s) {
  s->count = 0;
  for (int i = 0; i < w->pooled; i++) snap_one(s, w->pool[i].main);
  for (int i = 0; i < w->fresh_count; i++) snap_one(s, w->fresh[i].main);
}

void fuzz_snap_free(fuzz_snapshot *s) {
  for (int i = 0; i < s->count; i++) free(s->at[i].bytes);
  s->count = 0;
}

/* Let 'copy' hold the elements that 'x' has now. */
static void catch_up(unsigned char *copy, const peri_tensor *x) {
  int64_t at[PERI_MAX_DIMS] = {0};
  if (x->storage->meta || peri_tensor_numel(x) == 0) return;
  do {
    unsigned char *now = element(x, at);
    memcpy(copy + (now - (unsigned char *)x->storage->data), now,
           peri_dtype_size(x->dtype));
  } while (advance(x, at));
}

bool fuzz_unchanged(fuzz_snapshot *s, const peri_tensor *target) {
  for (int i = 0; i < s->count; i++) {
    const peri_storage *storage = s->at[i].storage;
    bool written = target && target->storage == storage;
    if (written) catch_up(s->at[i].bytes, target);
    if (written == (storage->version == s->at[i].version)) return false;
    if (!storage->meta &&
        memcmp(storage->data, s->at[i].bytes, storage->bytes) != 0)
      return false;
  }
  return true;
}
