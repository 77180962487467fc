/* math_spec.c - functions of our own at every level against libm in a wider
   type: double for float, long double for double. `math_spec all` asks every
   float, without it every 3999th is taken.

   The exact value is at most 2 units in the last place away; what it gives at
   NaN, infinities, zeros and beyond the range of a type is C's. Denormals count
   as zero, as inside a context. */
#include <float.h>
#include <math.h>

#include "check.h"
#include "cpu/level.h"
#include "cpu/pointwise.h"

#define MOST_ULPS 2
enum { COUNT = 4096 };

/* The loops of a level by kernel id. */
typedef struct {
  peri__loop *(*f32)(int kernel), *(*f64)(int kernel);
  bool own; /* else some functions are libm's, where denormals count */
} loops;

#define X(word, name, fused) \
  peri__loop *peri__##word##_loop_f32(int kernel); \
  peri__loop *peri__##word##_loop_f64(int kernel); \
  static const loops word = {peri__##word##_loop_f32, peri__##word##_loop_f64, \
                             fused};
PERI_LEVEL_ROWS(X)
#undef X

/* ---- The other opinion ------------------------------------------------- */

typedef struct {
  const char *name;
  int kernel;
  double (*wide)(double x);
  long double (*widest)(long double x); /* NULL: doubles go to libm */
} function;

#define BOTH(f) \
  { #f, PERI_ID_##f, f, f##l }
#define FLOATS(f) \
  { #f, PERI_ID_##f, f, NULL }

static const function functions[] = {
    BOTH(exp),    BOTH(expm1),  BOTH(exp2),    BOTH(log),     BOTH(log1p),
    BOTH(log2),   BOTH(log10),  BOTH(tanh),    BOTH(erf),     BOTH(sin),
    BOTH(cos),    BOTH(tan),    BOTH(asin),    BOTH(acos),    BOTH(atan),
    FLOATS(sinh), FLOATS(cosh), FLOATS(asinh), FLOATS(acosh), FLOATS(atanh)};
enum { FUNCTIONS = sizeof functions / sizeof *functions };

/* Those of two numbers. */
static const struct {
  const char *name;
  int kernel;
  double (*wide)(double a, double b);
  long double (*widest)(long double a, long double b);
} pairs[] = {BOTH(atan2), BOTH(hypot), BOTH(fmod)};
enum { PAIRS = sizeof pairs / sizeof *pairs };

static void run(peri__loop *loop, const void *a, const void *b, void *y) {
  const peri__pointwise_attr attr = {.has = 0};
  const void *in[PERI_LOOP_INPUTS] = {a, b, a, a, a};
  loop(&attr, in, y, COUNT);
}

/* Distance from 'exact' in units of the last place of a number with so many
   digits there. */
static double ulps(long double got, long double exact, int digits) {
  int exponent;
  frexpl(exact, &exponent);
  return (double)(fabsl(got - exact) / ldexpl(1, exponent - digits));
}

/* What holds where there is no distance: NaN, no finite value, zero, or less
   than the least number 'least' that is not denormal. */
static bool same_kind(long double got, long double exact, long double most,
                      long double least) {
  if (isnan(exact)) return isnan(got);
  if (!isnan(got) && signbit(got) == 0 && signbit(exact) != 0) return false;
  if (isinf(got)) return fabsl(exact) >= most;
  return !isnan(got) && fabsl(got) <= least;
}

static bool fits(long double got, long double exact, int digits,
                 long double most, long double least) {
  bool ordinary = fabsl(exact) >= least && fabsl(exact) <= most;
  if (ordinary && isfinite(got)) return ulps(got, exact, digits) <= MOST_ULPS;
  return same_kind(got, exact, most * (1 - 2e-7L), least);
}

static void say(const char *level, const char *name, double x, double y) {
  printf("%s %s(%a) is %a\n", level, name, x, y);
}

/* ---- Floats ------------------------------------------------------------ */

static uint32_t stride = 3999;

/* Denormals count as zero. */
static double flushed(double x, double least) {
  return fabs(x) < least ? copysign(0, x) : x;
}

static bool floats_fit(const char *level, const loops *l, const function *f,
                       const float *x) {
  static float y[COUNT];
  bool ok = true;
  run(l->f32(f->kernel), x, x, y);
  for (int i = 0; i < COUNT; i++) {
    if (fabsf(x[i]) < FLT_MIN && !l->own) continue;
    double exact = f->wide(flushed(x[i], FLT_MIN));
    bool fine = fits(y[i], exact, FLT_MANT_DIG, FLT_MAX, FLT_MIN);
    if (!fine && ok) say(level, f->name, x[i], y[i]);
    ok = ok && fine;
  }
  return ok;
}

static bool all_floats(const char *level, const loops *l, const function *f) {
  static float x[COUNT];
  bool ok = true;
  uint64_t bits = 0;
  while (bits <= UINT32_MAX) {
    for (int i = 0; i < COUNT; i++, bits += stride) {
      uint32_t word = (uint32_t)bits;
      memcpy(&x[i], &word, sizeof word);
    }
    ok = floats_fit(level, l, f, x) && ok;
  }
  return ok;
}

static const float edge[COUNT] = {
    0.0f,    -0.0f,    INFINITY,  -INFINITY, NAN,        FLT_MIN,  -FLT_MIN,
    FLT_MAX, -FLT_MAX, 1,         -1,        88.72283f,  88.7229f, -87.3365f,
    -87.3f,  0x1p-24f, -0x1p-24f, 0x1p20f,   0x1.8p20f,  1e30f,    127.99999f,
    128,     -126,     0.5f,      -0.5f,     0.41421357f};

/* ---- Doubles ----------------------------------------------------------- */

static uint64_t state;

static uint64_t random_bits(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state ^ state >> 29;
}

/* Any number, or one from an interval in which a function changes. */
static double random_double(int i) {
  static const double range[] = {720, 40, 3, 1, 0.1, 1e6, 1e9};
  uint64_t bits = random_bits();
  double x;
  if (i % 8 > 0) return ((double)(bits >> 11) * 0x1p-52 - 1) * range[i % 8 - 1];
  memcpy(&x, &bits, sizeof x);
  return x;
}

static bool doubles_fit(const char *level, const loops *l, const function *f,
                        const double *x) {
  static double y[COUNT];
  bool ok = true;
  run(l->f64(f->kernel), x, x, y);
  for (int i = 0; i < COUNT; i++) {
    if (fabs(x[i]) < DBL_MIN && !l->own) continue;
    long double exact = f->widest(flushed(x[i], DBL_MIN));
    bool fine = fits(y[i], exact, DBL_MANT_DIG, DBL_MAX, DBL_MIN);
    if (!fine && ok) say(level, f->name, x[i], y[i]);
    ok = ok && fine;
  }
  return ok;
}

static bool random_doubles(const char *level, const loops *l,
                           const function *f) {
  static double x[COUNT];
  bool ok = true;
  state = 5;
  for (int round = 0; round < 25; round++) {
    for (int i = 0; i < COUNT; i++) x[i] = random_double(i);
    ok = doubles_fit(level, l, f, x) && ok;
  }
  return ok;
}

static const double wide_edge[COUNT] = {
    0.0,      -0.0,     INFINITY, -INFINITY, NAN,      DBL_MIN, -DBL_MIN,
    DBL_MAX,  -DBL_MAX, 1,        -1,        709.7827, 709.79,  -708.39,
    -708.397, -745.2,   0x1p-53,  -0x1p-53,  0x1p20,   1e22,    -1e300};

/* ---- Pairs of numbers -------------------------------------------------- */

/* Often of one size, sometimes special. */
static double one_of_pair(void) {
  static const double special[] = {0, -0.0, INFINITY, -INFINITY, NAN, 1, -1};
  uint64_t which = random_bits() >> 33;
  double x = random_double((int)(which % 4));
  return which % 32 == 0 ? special[which / 32 % 7] : x;
}

static bool pairs_fit(const char *level, const loops *l, int row) {
  static float a[COUNT], b[COUNT], y[COUNT];
  static double wide_a[COUNT], wide_b[COUNT], wide_y[COUNT];
  bool ok = true;
  for (int i = 0; i < COUNT; i++) {
    wide_a[i] = flushed(one_of_pair(), DBL_MIN);
    wide_b[i] = flushed(one_of_pair(), DBL_MIN);
    a[i] = (float)flushed(wide_a[i], FLT_MIN);
    b[i] = (float)flushed(wide_b[i], FLT_MIN);
  }
  run(l->f32(pairs[row].kernel), a, b, y);
  run(l->f64(pairs[row].kernel), wide_a, wide_b, wide_y);
  for (int i = 0; i < COUNT; i++) {
    bool fine = fits(y[i], pairs[row].wide(a[i], b[i]), FLT_MANT_DIG, FLT_MAX,
                     FLT_MIN) &&
                fits(wide_y[i], pairs[row].widest(wide_a[i], wide_b[i]),
                     DBL_MANT_DIG, DBL_MAX, DBL_MIN);
    if (!fine && ok)
      printf("%s %s(%a, %a) is %a or %a\n", level, pairs[row].name, wide_a[i],
             wide_b[i], y[i], wide_y[i]);
    ok = ok && fine;
  }
  return ok;
}

/* ---- Levels ------------------------------------------------------------ */

static void at_level(const char *level, const loops *l) {
  for (const function *f = functions; f < functions + FUNCTIONS; f++) {
    CHECK(floats_fit(level, l, f, edge));
    CHECK(all_floats(level, l, f));
    if (!f->widest) continue;
    CHECK(doubles_fit(level, l, f, wide_edge));
    CHECK(random_doubles(level, l, f));
  }
  state = 7;
  for (int row = 0; row < PAIRS; row++)
    for (int round = 0; round < 25; round++) CHECK(pairs_fit(level, l, row));
}

static bool here(const char *name) {
  const char *why = NULL;
  return peri__level_named(name, &why) != NULL;
}

/* Levels that fuse multiply-adds have the same bits. */
static void agree(const loops *a, const loops *b) {
  static double x[COUNT], y[COUNT], z[COUNT];
  state = 6;
  for (const function *f = functions; f < functions + FUNCTIONS; f++) {
    for (int i = 0; i < COUNT; i++) x[i] = random_double(i);
    run(a->f64(f->kernel), x, x, y);
    run(b->f64(f->kernel), x, x, z);
    for (int i = 0; i < COUNT; i++)
      if (isnan(y[i]) && isnan(z[i])) y[i] = z[i] = 0;
    CHECK(memcmp(y, z, sizeof y) == 0);
  }
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "all") == 0) stride = 1;
  unsigned host = peri__fp_enter();
#define X(word, name, fused) \
  if (here(name)) at_level(name, &word);
  PERI_LEVEL_ROWS(X)
#undef X
#if defined(__x86_64__)
  if (here("x86-64-v4")) agree(&x86_64_v3, &x86_64_v4);
#endif
  peri__fp_leave(host);
  return check_done("functions");
}
