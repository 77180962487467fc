/* at.c - peri_at and what writes there: positions, ranges and tensors of
   positions or truth values, one after the other for the dimensions of x.

   Positions and ranges are a window, a view. What remains are dimensions, or
   groups of them under a mask, that tensors count through. A mask becomes the
   positions of its true elements, and groups beside each other one index that
   counts through all their dimensions; groups apart are brought to the front
   first, which is where PyTorch has the result of those. So every key is one
   fetch or one assign. */
#include "index.h"

/* A tensor among the places. */
typedef struct {
  peri_tensor *by;
  int base;      /* its positions count from here */
  int own;       /* first dimension of x that it stands for */
  int dim, dims; /* the same in the window; how many */
} group;

/* What places stand for. */
typedef struct {
  peri_context *ctx;
  peri_tensor *x;
  int64_t start[PERI_MAX_DIMS], length[PERI_MAX_DIMS], step[PERI_MAX_DIMS];
  int64_t shape[PERI_MAX_DIMS]; /* of the window */
  int ndim;
  bool whole; /* the window is x itself */
  int groups;
  group group[PERI_MAX_DIMS];
  bool inside; /* no position in a tensor is negative */
} key;

/* ---- Reading the places ----------------------------------------------- */

/* In the numbers of the caller, which count from 'base'. */
static int out_of_range(const key *k, int dim, int64_t given, int base) {
  peri_text shape = peri__shape_of(k->x);
  return peri_fail(k->ctx, PERI_EINDEX,
                   "index: position %lld is out of range, dimension %d of %s "
                   "has %lld positions",
                   (long long)given, dim + base, shape.s,
                   (long long)k->x->shape[dim]);
}

/* A range may be empty: {2, 1}, up to behind the last position. */
static int read_range(key *k, int dim, const peri_index *place) {
  int64_t size = k->x->shape[dim];
  int64_t first = peri__place(place->first, 0, size);
  int64_t last = peri__place(place->last, 0, size);
  int64_t step = place->step ? place->step : 1;
  if (step < 0)
    return peri_fail(k->ctx, PERI_EINDEX, "index: the step must be positive");
  k->start[dim] = k->length[dim] = 0;
  k->step[dim] = step;
  if (place->first >= 0 && place->first <= size &&
      place->last == place->first - 1)
    return 0;
  if (first < 0) return out_of_range(k, dim, place->first, 0);
  if (last < 0) return out_of_range(k, dim, place->last, 0);
  k->start[dim] = first;
  k->length[dim] = last < first ? 0 : (last - first) / step + 1;
  return 0;
}

static int read_position(key *k, int dim, int64_t given, int base) {
  k->start[dim] = peri__place(given, base, k->x->shape[dim]);
  k->length[dim] = 1;
  k->whole = false;
  return k->start[dim] < 0 ? out_of_range(k, dim, given, base) : 0;
}

/* All of dimension 'dim' is in the window. */
static void keep_all(key *k, int dim) {
  k->start[dim] = 0;
  k->step[dim] = 1;
  k->length[dim] = k->x->shape[dim];
}

static int mask_error(const key *k, const peri_tensor *mask, int dim) {
  peri_text own = peri__shape_of(mask), shape = peri__shape_of(k->x);
  return peri_fail(k->ctx, PERI_ESHAPE,
                   "index: a mask of shape %s does not fit dimension %d%s of "
                   "%s: sizes must be equal",
                   own.s, dim + k->group[k->groups].base,
                   mask->ndim > 1 ? " and those behind it" : "", shape.s);
}

/* A mask stands for as many dimensions as it has, of the same sizes. */
static int check_mask(const key *k, const peri_tensor *mask, int dim) {
  if (mask->ndim == 0)
    return peri_fail(k->ctx, PERI_ESHAPE,
                     "index: a mask needs a dimension, it is a single truth "
                     "value");
  for (int d = 0; d < mask->ndim; d++)
    if (dim + d >= k->x->ndim || mask->shape[d] != k->x->shape[dim + d])
      return mask_error(k, mask, dim);
  return 0;
}

static int check_kind(const key *k, const peri_tensor *by) {
  if (by->ctx != k->ctx)
    return peri_fail(k->ctx, PERI_EARG,
                     "index: a tensor of positions belongs to another context");
  if (by->dtype == PERI_BOOL || by->dtype == PERI_I32 || by->dtype == PERI_I64)
    return 0;
  if (by->dtype == PERI_U8)
    return peri_fail(k->ctx, PERI_EDTYPE,
                     "index: a uint8 tensor could be a mask or positions; "
                     "convert it with to(\"bool\") or to(\"int64\")");
  return peri_fail(k->ctx, PERI_EDTYPE,
                   "index: a tensor of positions holds integers or truth "
                   "values, this one %s; convert it with to(\"int64\")",
                   peri_dtype_name(by->dtype));
}

/* A 0-d tensor is read now, as a number would be. */
static int read_single(key *k, int dim, const peri_index *place) {
  int64_t given = 0;
  if (k->ctx->recording || place->by->storage->meta)
    return peri_fail(
        k->ctx, PERI_EARG,
        "index: a 0-d tensor is read at once, which %s; give it "
        "a dimension",
        k->ctx->recording ? "cannot be recorded" : "needs data (device meta)");
  given = peri_item_whole(place->by);
  return read_position(k, dim, given, place->base);
}

static int read_tensor(key *k, int dim, const peri_index *place) {
  peri_tensor *by = place->by;
  group *g = &k->group[k->groups];
  int status = by ? check_kind(k, by)
                  : peri_fail(k->ctx, PERI_EARG, "index: by is NULL");
  if (status < 0) return status;
  if (by->ndim == 0 && by->dtype != PERI_BOOL) {
    k->step[dim] = 1;
    return read_single(k, dim, place);
  }
  *g = (group){by, place->base, dim, k->ndim, 1};
  if (by->dtype == PERI_BOOL) {
    status = check_mask(k, by, dim);
    g->dims = by->ndim;
  }
  if (status < 0) return status;
  k->groups++;
  for (int d = dim; d < dim + g->dims; d++) {
    keep_all(k, d);
    k->shape[k->ndim++] = k->length[d];
  }
  return 0;
}

/* The place for dimension 'dim' and maybe those behind it. -> the next
   dimension, or a negative status */
static int read_place(key *k, int dim, const peri_index *place) {
  int groups = k->groups, status = 0;
  keep_all(k, dim);
  if (place->kind == PERI_TENSOR)
    status = read_tensor(k, dim, place);
  else if (place->kind == PERI_AT)
    status = read_position(k, dim, place->first, 0);
  else if (place->kind == PERI_RANGE)
    status = read_range(k, dim, place);
  if (status < 0) return status;
  if (k->groups > groups) return dim + k->group[groups].dims;
  if (place->kind == PERI_RANGE || place->kind == PERI_ALL) {
    k->shape[k->ndim++] = k->length[dim];
    if (place->kind == PERI_RANGE) k->whole = false;
  }
  return dim + 1;
}

static int read_key(key *k, peri_tensor *x, const peri_index *places,
                    int count) {
  const peri_index all = {.kind = PERI_ALL};
  int dim = 0, i = 0;
  k->ctx = x->ctx;
  k->x = x;
  k->ndim = k->groups = 0;
  k->whole = true;
  for (; dim >= 0 && dim < x->ndim; i++)
    dim = read_place(k, dim, i < count ? &places[i] : &all);
  if (dim < 0) return dim;
  if (count < 0 || i < count)
    return peri_fail(k->ctx, PERI_EINDEX, "index: %d places for %d dimensions",
                     count, x->ndim);
  return 0;
}

/* ---- The window ------------------------------------------------------- */

static peri_tensor *window_of(const key *k) {
  peri_tensor *x = k->x;
  int ndim = x->ndim;
  if (k->whole && k->groups > 0) return x;
  peri_tensor *part =
      peri_window(x, k->start, ndim, k->length, ndim, k->step, ndim);
  if (!part || k->ndim == ndim) return part;
  return peri_view(part, k->shape, k->ndim);
}

/* ---- Tensors ---------------------------------------------------------- */

/* A key with tensors once it is clear what they choose. */
typedef struct {
  peri_tensor *x;      /* the window, with the dimensions that go together */
  peri_tensor *places; /* counting through them */
  int base;
  int dim, dims;
  bool inside; /* none of them is negative */
} choice;

/* The positions of the true elements, counted through the mask. */
static peri_tensor *positions_of(peri_context *ctx, peri_tensor *mask) {
  if (ctx->recording || mask->storage->meta) {
    peri_fail(ctx, PERI_EARG,
              "index: how many elements a mask chooses is not known %s",
              ctx->recording ? "to a recording" : "without data (device meta)");
    return NULL;
  }
  return peri_flat_nonzero(mask);
}

static int check_positions(key *k, const group *g) {
  static const peri_op op = {.name = "index"}; /* it words errors */
  peri_frame frame;
  bool inside;
  peri__frame_init(&frame, k->ctx, &op, NULL, 0, g->base);
  int status = peri__check_positions(&frame, g->by, "position", k->x, g->own, 1,
                                     &inside);
  k->inside = k->inside && inside;
  return status;
}

/* Groups as positions, all of them there. */
static int find_positions(key *k) {
  k->inside = !k->ctx->recording;
  for (int i = 0; i < k->groups; i++) {
    group *g = &k->group[i];
    if (g->by->dtype == PERI_BOOL) {
      g->by = positions_of(k->ctx, g->by);
      g->base = 0;
      if (!g->by) return k->ctx->status;
    } else if (check_positions(k, g) < 0) {
      return k->ctx->status;
    }
  }
  return 0;
}

static bool beside(const key *k) {
  for (int i = 1; i < k->groups; i++)
    if (k->group[i].dim != k->group[i - 1].dim + k->group[i - 1].dims)
      return false;
  return true;
}

/* 'x' with the dimensions of all groups in front. */
static peri_tensor *groups_first(const key *k, peri_tensor *x) {
  int64_t dims[PERI_MAX_DIMS];
  int count = 0;
  bool taken[PERI_MAX_DIMS] = {false};
  for (int i = 0; i < k->groups; i++)
    for (int d = 0; d < k->group[i].dims; d++) {
      dims[count++] = k->group[i].dim + d;
      taken[k->group[i].dim + d] = true;
    }
  for (int d = 0; d < x->ndim; d++)
    if (!taken[d]) dims[count++] = d;
  return peri_permute(x, dims, count);
}

/* Positions that count through 'size' places. */
typedef struct {
  peri_tensor *by;
  int base;
  int64_t size;
} counter;

static counter counter_of(const key *k, const group *g) {
  counter c = {g->by, g->base, 1};
  for (int d = 0; d < g->dims; d++) c.size *= k->shape[g->dim + d];
  return c;
}

static peri_tensor *unlike(const key *k, const counter *a, const counter *b) {
  peri_text first = peri__shape_of(a->by), second = peri__shape_of(b->by);
  peri_fail(k->ctx, PERI_ESHAPE,
            "index: positions of shapes %s and %s do not broadcast", first.s,
            second.s);
  return NULL;
}

/* 'a' and 'b' as one that counts through both, from 0. NULL with the error
   set */
static peri_tensor *joined(const key *k, const counter *a, const counter *b) {
  peri_meta meta = {.dtype = PERI_I64};
  peri__join_attr attr = {{a->base, b->base}, {a->size, b->size}, k->inside};
  meta.ndim = peri__broadcast(a->by->shape, a->by->ndim, b->by->shape,
                              b->by->ndim, meta.shape);
  if (meta.ndim < 0) return unlike(k, a, b);
  peri_tensor *y = peri__tensor_make(k->ctx, &meta, NULL, a->by->storage->meta);
  peri_tensor *args[3] = {y, peri_expand(a->by, meta.shape, meta.ndim),
                          peri_expand(b->by, meta.shape, meta.ndim)};
  if (!y || !args[1] || !args[2]) return NULL;
  int status = peri__run(k->ctx, peri__kernel_id(PERI_K_join_places), args, 1,
                         2, &attr, sizeof attr);
  return status < 0 ? NULL : y;
}

static int check_ndim(const key *k, const choice *c) {
  int ndim = c->x->ndim - c->dims + c->places->ndim;
  if (ndim <= PERI_MAX_DIMS) return 0;
  return peri_fail(k->ctx, PERI_ESHAPE,
                   "index: the result would have %d dimensions, at most %d "
                   "are possible",
                   ndim, PERI_MAX_DIMS);
}

static int find_choice(key *k, choice *c) {
  int status = find_positions(k);
  if (status < 0) return status;
  bool together = beside(k);
  c->x = window_of(k);
  if (c->x && !together) c->x = groups_first(k, c->x);
  c->dim = together ? k->group[0].dim : 0;
  c->dims = k->group[0].dims;
  counter all = counter_of(k, &k->group[0]);
  for (int i = 1; i < k->groups && all.by; i++) {
    counter next = counter_of(k, &k->group[i]);
    all = (counter){joined(k, &all, &next), 0, all.size * next.size};
    c->dims += k->group[i].dims;
  }
  if (!c->x || !all.by) return k->ctx->status;
  c->places = all.by;
  c->base = all.base;
  c->inside = k->groups > 1 ? !k->ctx->recording : k->inside;
  return check_ndim(k, c);
}

static peri_value whole_value(peri_type type, int64_t i) {
  return (peri_value){.type = type, .whole = true, .i = i};
}

static peri_tensor *read_choice(key *k) {
  choice c;
  if (find_choice(k, &c) < 0) return NULL;
  peri_tensor *in[] = {c.x, c.places};
  const peri_value value[] = {whole_value(PERI_P_INT, c.dim),
                              whole_value(PERI_P_INT, c.dims),
                              whole_value(PERI_P_BOOL, c.inside)};
  return peri_apply(k->ctx, peri__op_named(NULL, "fetch"), in, 2, value, c.base,
                    NULL);
}

/* True if one mask is all there is for the window. */
static bool is_masked(const key *k) {
  return k->groups == 1 && k->group[0].by->dtype == PERI_BOOL;
}

static peri_tensor *read(peri_tensor *x, const peri_index *places, int count) {
  key k;
  if (read_key(&k, x, places, count) < 0) return NULL;
  if (k.groups == 0) return window_of(&k);
  if (is_masked(&k) && k.group[0].dims == k.ndim && !k.ctx->recording &&
      !x->storage->meta)
    return peri_masked_select(window_of(&k), k.group[0].by);
  return read_choice(&k);
}

/* ---- Writing ---------------------------------------------------------- */

/* 'value' must broadcast to what is indexed. */
static int check_value(const key *k, const peri_tensor *value,
                       const peri_meta *due) {
  int64_t shape[PERI_MAX_DIMS];
  int ndim =
      peri__broadcast(value->shape, value->ndim, due->shape, due->ndim, shape);
  if (peri__same_shape(shape, ndim, due->shape, due->ndim)) return 0;
  peri_text own = peri__shape_of(value), room = peri__meta_text(due);
  return peri_fail(k->ctx, PERI_ESHAPE,
                   "index: a value of shape %s does not broadcast to %s, the "
                   "shape of what is indexed",
                   own.s, room.s);
}

/* What reading 'c' gives. */
static peri_meta choice_meta(const choice *c) {
  peri_meta due = {.ndim = 0};
  for (int d = 0; d < c->dim; d++) due.shape[due.ndim++] = c->x->shape[d];
  for (int d = 0; d < c->places->ndim; d++)
    due.shape[due.ndim++] = c->places->shape[d];
  for (int d = c->dim + c->dims; d < c->x->ndim; d++)
    due.shape[due.ndim++] = c->x->shape[d];
  return due;
}

static int write_choice(key *k, peri_tensor *value, bool accumulate) {
  choice c;
  int status = find_choice(k, &c);
  if (status < 0) return status;
  const peri_meta due = choice_meta(&c);
  status = check_value(k, value, &due);
  if (status < 0) return status;
  peri_tensor *in[] = {c.x, c.places, value};
  const peri_value values[] = {
      whole_value(PERI_P_INT, c.dim), whole_value(PERI_P_INT, c.dims),
      whole_value(PERI_P_BOOL, accumulate), whole_value(PERI_P_BOOL, c.inside)};
  peri_apply_inplace(k->ctx, peri__op_named(NULL, "assign"), in, 3, values,
                     c.base);
  return k->ctx->status;
}

/* One number where the mask is true: nobody needs to know where that is. */
static int fill_masked(const key *k, peri_tensor *value) {
  const group *g = &k->group[0];
  int64_t shape[PERI_MAX_DIMS];
  for (int d = 0; d < k->ndim; d++)
    shape[d] = d < g->dim || d >= g->dim + g->dims ? 1 : k->shape[d];
  peri_masked_fill_(window_of(k), peri_reshape(g->by, shape, k->ndim), value);
  return k->ctx->status;
}

/* Without tensors among the places, what is written is a view. */
static int write_window(const key *k, peri_tensor *value, bool accumulate) {
  peri_tensor *x = window_of(k);
  if (!x) return k->ctx->status;
  const peri_meta due = peri__meta(x);
  int status = check_value(k, value, &due);
  if (status < 0) return status;
  if (accumulate)
    peri_add_(x, value);
  else
    peri_copy_(x, value);
  return k->ctx->status;
}

static int write(peri_tensor *x, const peri_index *places, int count,
                 peri_tensor *value, bool accumulate) {
  key k;
  int status = read_key(&k, x, places, count);
  if (status < 0) return status;
  if (!value) return peri_fail(k.ctx, PERI_EARG, "index: value is NULL");
  if (k.groups == 0)
    write_window(&k, value, accumulate);
  else if (is_masked(&k) && value->ndim == 0 && !accumulate)
    fill_masked(&k, value);
  else
    write_choice(&k, value, accumulate);
  return k.ctx->status;
}

/* ---- The entries ------------------------------------------------------ */

peri_tensor *peri_at(peri_tensor *x, const peri_index *places, int count) {
  if (!x || peri__enter(x->ctx) < 0) return NULL;
  peri_scope scope = peri__scope_open(x->ctx);
  peri_tensor *y = read(x, places, count);
  if (y == x) y = peri_alias(x);
  if (y) peri__escape(y);
  peri__scope_close(scope);
  peri__leave(x->ctx);
  return y;
}

static int write_at(peri_tensor *x, const peri_index *places, int count,
                    peri_tensor *value, bool accumulate) {
  if (!x) return PERI_EARG;
  peri_context *ctx = x->ctx;
  int status = peri__enter(ctx);
  if (status < 0) return status;
  peri_scope scope = peri__scope_open(ctx);
  status = write(x, places, count, value, accumulate);
  peri__scope_close(scope);
  peri__leave(ctx);
  return status;
}

int peri_set_at(peri_tensor *x, const peri_index *places, int count,
                peri_tensor *value) {
  return write_at(x, places, count, value, false);
}

int peri_add_at(peri_tensor *x, const peri_index *places, int count,
                peri_tensor *value) {
  return write_at(x, places, count, value, true);
}
