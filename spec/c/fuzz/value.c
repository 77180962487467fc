/* value.c - values of parameters, drawn by their type, range and choices. Each
   type has a few ways; which of them a row accepts is found by trying. */
#include "fuzz.h"

#include <math.h>

/* Ways of a parameter: 0 leaves it out. */
enum { WAY_ABSENT, WAY_FIT, WAY_OTHER };

/* Of whole numbers. */
enum { INT_FEW = WAY_FIT, INT_LOWEST, INT_SIZE, INT_ANY, INT_WAYS };

/* Of lists of dimensions. */
enum { DIMS_SOME = WAY_FIT, DIMS_ORDER, DIMS_ONE, DIMS_NONE, DIMS_WAYS };

/* Of lists of whole numbers. */
enum {
  INTS_SHAPE = WAY_FIT, /* the sizes of the first input */
  INTS_TARGET,          /* what it expands to */
  INTS_JOINED,          /* its elements in another shape */
  INTS_EACH,            /* a small number for each dimension */
  INTS_PADS,            /* two for each of some last dimensions */
  INTS_FEW,             /* some sizes */
  INTS_ONE,
  INTS_TWO,
  INTS_PARTS, /* whose sum is its size at the dimension of the call */
  INTS_WAYS
};

int fuzz_ways(const peri_param *param) {
  switch (param->type) {
    case PERI_P_INT: return INT_WAYS;
    case PERI_P_DIMS: return DIMS_WAYS;
    case PERI_P_MANY:
    case PERI_P_INTS: return INTS_WAYS;
    case PERI_P_NUMBER: return WAY_OTHER + 1;
    default: return WAY_OTHER;
  }
}

/* What is drawn for; the first input may be missing. */
typedef struct {
  fuzz_random *r;
  const peri_param *param;
  const peri_tensor *x;
  int base;
  int way;
  int *dim; /* the last one drawn, from 0 */
} draft;

static int64_t size_at_dim(const draft *d) {
  return d->x && *d->dim < d->x->ndim ? d->x->shape[*d->dim] : 1;
}

static peri_value whole(peri_type type, int64_t i) {
  return (peri_value){.type = type, .whole = true, .i = i};
}

static peri_value list_of(peri_type type, int count) {
  return (peri_value){.type = type, .count = count};
}

static peri_value real_value(const draft *d) {
  static const double odd[] = {NAN, INFINITY, -1, 1e30, 0};
  double low = d->param->low, high = d->param->high;
  peri_value v = {.type = PERI_P_REAL};
  bool any = low >= high;
  if (any || low < -4) low = any || high > 4 ? -2 : high - 4;
  if (any || high > low + 4) high = low + 4;
  v.f = low + (high - low) * fuzz_unit(d->r);
  if (fuzz_chance(d->r, 8)) v.f = fuzz_chance(d->r, 2) ? low : high;
  if (fuzz_chance(d->r, 40)) v.f = odd[fuzz_below(d->r, 5)];
  return v;
}

static int64_t within(double low, double high, int64_t i) {
  if (low >= high) return i;
  if ((double)i < low) return (int64_t)low;
  return (double)i > high ? (int64_t)high : i;
}

static peri_value int_value(const draft *d) {
  static const int64_t odd[] = {-1, 0, 1, 7, 100, INT64_MAX, INT64_MIN, -100};
  fuzz_random *r = d->r;
  double low = d->param->low, high = d->param->high;
  switch (d->way) {
    case INT_LOWEST:
      return whole(PERI_P_INT, within(low, high, fuzz_between(r, 0, 1)));
    case INT_SIZE:
      return whole(PERI_P_INT,
                   within(low, high, fuzz_between(r, 0, size_at_dim(d))));
    case INT_ANY: return whole(PERI_P_INT, odd[fuzz_below(r, 8)]);
    default:
      return whole(PERI_P_INT, within(low, high, fuzz_between(r, -1, 5)));
  }
}

static peri_value number_value(const draft *d) {
  bool real = d->way == WAY_OTHER;
  peri_value v = {.type = PERI_P_NUMBER, .whole = !real};
  if (real)
    v.f = (double)fuzz_between(d->r, -8, 12) / 4;
  else
    v.i = fuzz_between(d->r, -3, 6);
  return v;
}

/* A dimension as the caller counts, out of range now and then. */
static int64_t a_dim(const draft *d, int64_t dim, int64_t ndim) {
  if (fuzz_chance(d->r, 60)) return fuzz_between(d->r, -10, 10);
  return fuzz_chance(d->r, 3) ? dim - (ndim ? ndim : 1) : dim + d->base;
}

static peri_value dim_value(const draft *d) {
  int64_t ndim = (d->x ? d->x->ndim : 0) + (d->param->type == PERI_P_NEWDIM);
  int64_t dim = fuzz_below(d->r, ndim);
  *d->dim = (int)dim;
  return whole(d->param->type, a_dim(d, dim, ndim));
}

static peri_value dims_value(const draft *d) {
  int ndim = d->x ? d->x->ndim : 0;
  peri_value v = list_of(PERI_P_DIMS, 0);
  for (int i = 0; i < ndim; i++) v.list[i] = i;
  for (int i = ndim - 1; i > 0; i--) {
    int64_t other = fuzz_below(d->r, i + 1), kept = v.list[i];
    v.list[i] = v.list[other];
    v.list[other] = kept;
  }
  switch (d->way) {
    case DIMS_ORDER: v.count = ndim; break;
    case DIMS_ONE: v.count = 1; break;
    case DIMS_NONE: break;
    default: v.count = (int)fuzz_below(d->r, ndim + 1);
  }
  for (int i = 0; i < v.count; i++) v.list[i] = a_dim(d, v.list[i], ndim);
  return v;
}

static peri_value index_value(const draft *d) {
  int64_t size = size_at_dim(d), place = fuzz_below(d->r, size);
  if (fuzz_chance(d->r, 30))
    place = fuzz_between(d->r, -9, 9);
  else if (fuzz_chance(d->r, 3))
    place -= size;
  else
    place += d->base;
  return whole(PERI_P_INDEX, place);
}

/* ---- Lists of whole numbers --------------------------------------------- */

static void target(const draft *d, peri_value *v) {
  for (int i = 0; i < v->count; i++) {
    if (v->list[i] == 1) v->list[i] = fuzz_between(d->r, 0, 4);
    if (fuzz_chance(d->r, 5)) v->list[i] = -1;
  }
  if (v->count == PERI_MAX_DIMS || fuzz_chance(d->r, 2)) return;
  memmove(v->list + 1, v->list, (size_t)v->count++ * sizeof *v->list);
  v->list[0] = fuzz_between(d->r, 1, 3);
}

/* Neighbours multiplied, one left to follow from the rest. */
static void joined(const draft *d, peri_value *v) {
  for (int i = 0; i + 1 < v->count; i++) {
    if (!fuzz_chance(d->r, 2)) continue;
    v->list[i] *= v->list[i + 1];
    v->count--;
    memmove(v->list + i + 1, v->list + i + 2,
            (size_t)(v->count - i - 1) * sizeof *v->list);
  }
  bool empty = d->x && peri_tensor_numel(d->x) == 0;
  if (v->count > 0 && !empty && fuzz_chance(d->r, 2))
    v->list[fuzz_below(d->r, v->count)] = -1;
  if (v->count == 0) {
    v->list[v->count++] = 1;
  }
}

static void few(const draft *d, peri_value *v, int count, int64_t low,
                int64_t high) {
  v->count = count > PERI_MAX_DIMS ? PERI_MAX_DIMS : count;
  for (int i = 0; i < v->count; i++) v->list[i] = fuzz_between(d->r, low, high);
}

static void parts(const draft *d, peri_value *v) {
  int64_t left = size_at_dim(d);
  v->count = 0;
  while (v->count < PERI_MAX_DIMS - 1 && left > 0) {
    int64_t part = fuzz_between(d->r, fuzz_chance(d->r, 5) ? 0 : 1, left);
    v->list[v->count++] = part;
    left -= part;
  }
  if (left > 0 || v->count == 0) v->list[v->count++] = left;
}

static peri_value ints_value(const draft *d) {
  int ndim = d->x ? d->x->ndim : 0;
  peri_value v = list_of(PERI_P_INTS, ndim);
  if (d->x) memcpy(v.list, d->x->shape, sizeof v.list);
  switch (d->way) {
    case INTS_SHAPE: break;
    case INTS_TARGET: target(d, &v); break;
    case INTS_JOINED: joined(d, &v); break;
    case INTS_EACH: few(d, &v, ndim, 0, 3); break;
    case INTS_PADS: few(d, &v, 2 * (int)fuzz_between(d->r, 1, 3), -1, 2); break;
    case INTS_ONE: few(d, &v, 1, -2, 4); break;
    case INTS_TWO: few(d, &v, 2, 1, 4); break;
    case INTS_PARTS: parts(d, &v); break;
    default:
      v.count = (int)fuzz_below(d->r, 4);
      if (fuzz_chance(d->r, 6)) v.count = (int)fuzz_between(d->r, 4, 8);
      few(d, &v, v.count, fuzz_chance(d->r, 6) ? 0 : 1, 4);
  }
  return v;
}

/* The list lies in the call. */
static peri_value many_value(const draft *d, int64_t *room) {
  peri_value v = ints_value(d);
  v.type = PERI_P_MANY;
  memcpy(room, v.list, (size_t)v.count * sizeof *room);
  v.many = room;
  return v;
}

static peri_value reals_value(const draft *d) {
  peri_value v = list_of(PERI_P_REALS, d->param->fallback.count);
  for (int i = 0; i < v.count; i++) v.reals[i] = real_value(d).f;
  return v;
}

/* ---- Words -------------------------------------------------------------- */

static int64_t count_words(const char *choices) {
  int64_t words = 1;
  for (; choices && *choices; choices++) words += *choices == '|';
  return words;
}

/* Words that a free string may be: what cannot be guessed, by the name of the
   parameter. */
static const struct {
  const char *param, *words[16];
} known[] = {
    {"equation",
     {"ij,jk->ik", "ij->ji", "ii->i", "ij,ij->", "i,j->ij", "bij,bjk->bik",
      "...ij,...jk->...ik", "ij,j", "ijk->k", "ii", "ij,jk,kl->il", "i,i->",
      "...i->...", "bn,anm,bm->ba", "ij->"}},
    {"ord", {"fro", "nuc", "inf", "-inf"}},
    {"p", {"fro", "nuc", "inf", "-inf"}},
    {"indexing", {"ij", "xy"}},
    {"", {"mean", "sum", "none", "x", ""}},
};

static peri_value string_value(const draft *d) {
  size_t at = 0;
  int64_t words = 0;
  while (*known[at].param && strcmp(known[at].param, d->param->name) != 0) at++;
  while (words < 16 && known[at].words[words]) words++;
  return (peri_value){.type = PERI_P_STRING,
                      .s = known[at].words[fuzz_below(d->r, words)]};
}

static peri_value dtype_value(const draft *d) {
  return whole(PERI_P_DTYPE, fuzz_between(d->r, PERI_BOOL, PERI_F64));
}

peri_value fuzz_value(fuzz_random *r, fuzz_call *call, int index, int way,
                      int *dim) {
  const peri_param *param = &call->op->params[index];
  const peri_tensor *x = call->nin > 0 ? call->in[0].main : NULL;
  draft d = {r, param, x, call->base, way, dim};
  if (way == WAY_ABSENT && param->need != PERI_REQUIRED)
    return (peri_value){.type = PERI_P_END};
  if (way == WAY_ABSENT) d.way = WAY_FIT;
  switch (param->type) {
    case PERI_P_INT: return int_value(&d);
    case PERI_P_REAL: return real_value(&d);
    case PERI_P_NUMBER: return number_value(&d);
    case PERI_P_BOOL: return whole(PERI_P_BOOL, fuzz_below(r, 2));
    case PERI_P_DIM:
    case PERI_P_NEWDIM: return dim_value(&d);
    case PERI_P_DIMS: return dims_value(&d);
    case PERI_P_INDEX: return index_value(&d);
    case PERI_P_INTS: return ints_value(&d);
    case PERI_P_MANY: return many_value(&d, call->many[index]);
    case PERI_P_REALS: return reals_value(&d);
    case PERI_P_STRING: return string_value(&d);
    case PERI_P_CHOICE:
      return whole(PERI_P_CHOICE, fuzz_below(r, count_words(param->choices)));
    case PERI_P_DTYPE: return dtype_value(&d);
    default: return (peri_value){.type = PERI_P_END};
  }
}
