/* draw.c - random numbers (splitmix64), shapes and contents of tensors. */
#include "fuzz.h"

#include <math.h>

uint64_t fuzz_next(fuzz_random *r) {
  uint64_t z = (r->state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

int64_t fuzz_below(fuzz_random *r, int64_t n) {
  return n > 0 ? (int64_t)(fuzz_next(r) % (uint64_t)n) : 0;
}

int64_t fuzz_between(fuzz_random *r, int64_t low, int64_t high) {
  return low + fuzz_below(r, high - low + 1);
}

bool fuzz_chance(fuzz_random *r, int n) {
  return fuzz_next(r) % (uint64_t)n == 0;
}

double fuzz_unit(fuzz_random *r) {
  return (double)(fuzz_next(r) >> 11) * 0x1p-53;
}

int64_t fuzz_numel(const int64_t *shape, int ndim) {
  int64_t count = 1;
  for (int d = 0; d < ndim; d++) count *= shape[d];
  return count;
}

/* ---- Shapes ------------------------------------------------------------- */

static int64_t draw_size(fuzz_random *r) {
  static const int64_t few[] = {1, 1, 2, 2, 3, 3, 4, 5};
  static const int64_t many[] = {7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 100, 257};
  if (fuzz_chance(r, 40)) return 0;
  if (fuzz_chance(r, 8)) return many[fuzz_below(r, 12)];
  return few[fuzz_below(r, 8)];
}

void fuzz_shape(fuzz_random *r, int ndim, int64_t *shape) {
  int64_t room = fuzz_chance(r, 60) && !r->small ? 6000 : 300;
  bool shared = fuzz_chance(r, 600) && !r->small; /* work for more threads */
  for (int d = 0; d < ndim; d++) {
    do shape[d] = draw_size(r);
    while (shape[d] > room);
    if (shape[d] > 1) room /= shape[d];
  }
  if (shared && ndim > 0) shape[fuzz_below(r, ndim)] = 20000 / ndim;
  if (shared && fuzz_numel(shape, ndim) > 60000) fuzz_shape(r, ndim, shape);
}

/* ---- Contents ----------------------------------------------------------- */

/* Numbers at which formulas tend to break. */
static double odd_number(fuzz_random *r) {
  static const double odd[] = {NAN,  INFINITY, -INFINITY, 0.0,   -0.0,
                               1,    -1,       0.5,       1e-15, -1e-6,
                               1000, -65504,   1e15,      90,    -2};
  return odd[fuzz_below(r, (int64_t)(sizeof odd / sizeof *odd))];
}

static int64_t odd_whole(fuzz_random *r) {
  static const int64_t odd[] = {0,         -1,        255,       256,
                                -128,      INT32_MAX, INT32_MIN, INT64_MAX,
                                INT64_MIN, 63,        64,        1000000};
  return odd[fuzz_below(r, (int64_t)(sizeof odd / sizeof *odd))];
}

/* How the plain numbers of one tensor are spread. */
typedef enum { EVEN, TIES, SCALED, ODD, MANNERS } manner;

static manner draw_manner(fuzz_random *r) {
  static const manner often[] = {EVEN, EVEN, EVEN,   EVEN,
                                 TIES, TIES, SCALED, ODD};
  return often[fuzz_below(r, 8)];
}

static double plain_float(fuzz_random *r, manner how) {
  static const double scale[] = {0.001, 0.01, 0.1, 1, 10, 100};
  double x = 4 * fuzz_unit(r) - 2;
  switch (how) {
    case TIES: return (double)fuzz_between(r, -6, 6) / 2;
    case SCALED: return x * scale[fuzz_below(r, 6)];
    case ODD: return fuzz_chance(r, 4) ? odd_number(r) : x;
    default: return x;
  }
}

static double draw_float(fuzz_random *r, fuzz_style style, manner how) {
  switch (style) {
    case STYLE_UNIT:
      return fuzz_chance(r, 8) ? (double)fuzz_below(r, 2) : fuzz_unit(r);
    case STYLE_POSITIVE: return 0.1 + 1.9 * fuzz_unit(r);
    default: return plain_float(r, how);
  }
}

static int64_t draw_whole(fuzz_random *r, fuzz_style style, manner how) {
  switch (style) {
    case STYLE_UNIT: return fuzz_below(r, 2);
    case STYLE_POSITIVE: return fuzz_between(r, 1, 9);
    default:
      if (how == ODD && fuzz_chance(r, 4)) return odd_whole(r);
      return fuzz_between(r, -3, 9);
  }
}

/* A position, from the end now and then unless 'forward'. */
static int64_t draw_place(fuzz_random *r, int base, int64_t bound,
                          bool forward) {
  if (bound < 1) return base;
  if (!forward && fuzz_chance(r, 4)) return -1 - fuzz_below(r, bound);
  return base + fuzz_below(r, bound);
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

void fuzz_fill(fuzz_random *r, void *data, peri_dtype dtype, int64_t count,
               fuzz_style style, int base, int64_t bound) {
  bool real = peri__is_float(dtype);
  bool forward = dtype == PERI_U8 || dtype == PERI_BOOL || fuzz_chance(r, 2);
  manner how = draw_manner(r);
  double *f = malloc(((size_t)count + 1) * sizeof *f);
  int64_t *i = malloc(((size_t)count + 1) * sizeof *i);
  for (int64_t k = 0; k < count; k++) {
    f[k] = draw_float(r, style, style == STYLE_SORTED ? TIES : how);
    i[k] = style >= STYLE_DIM ? draw_place(r, base, bound, forward)
                              : draw_whole(r, style, how);
    if (dtype == PERI_BOOL) i[k] &= 1;
    if (!real) f[k] = (double)i[k];
    if (real && style >= STYLE_DIM) f[k] = (double)i[k];
  }
  if (style == STYLE_SORTED) {
    qsort(f, (size_t)count, sizeof *f, ascending);
    for (int64_t k = 0; k < count; k++) i[k] = (int64_t)f[k];
  }
  if (real)
    peri__convert(data, dtype, 1, f, PERI_F64, 1, count);
  else
    peri__convert(data, dtype, 1, i, PERI_I64, 1, count);
  free(f);
  free(i);
}
