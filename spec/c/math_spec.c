/* math_spec.c - functions of our own at every level against libm in a wider
   type: double for float, long double for double. `math_spec all` asks every
   float, without it every 1999th is taken.

   The exact value is at most 2 units in the last place away; what it gives at
   NaN, infinities, zeros and beyond the range of a type is C's. Denormals count
   as zero, as inside a context. */
#include <float.h>
#include <math.h>

#include "check.h"
#include "cpu/fast/math_arrays.h"

#define MOST_ULPS 2
enum { COUNT = 4096 };

/* ---- The other opinion ------------------------------------------------- */

static const struct {
  const char *name;
  double (*wide)(double x);
  long double (*widest)(long double x);
} libm[] = {{"exp", exp, expl},    {"expm1", expm1, expm1l},
            {"log", log, logl},    {"log1p", log1p, log1pl},
            {"tanh", tanh, tanhl}, {"erf", erf, erfl},
            {"sin", sin, sinl},    {"cos", cos, cosl}};

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

static uint32_t stride = 1999;

static bool floats_fit(const char *level, const peri__function *f, int row,
                       const float *x, int count) {
  static float y[COUNT];
  bool ok = true;
  f->f32(x, y, count);
  for (int i = 0; i < count; i++) {
    double given = fabsf(x[i]) < FLT_MIN ? copysign(0, x[i]) : x[i];
    bool fine =
        fits(y[i], libm[row].wide(given), FLT_MANT_DIG, FLT_MAX, FLT_MIN);
    if (!fine && ok) say(level, f->name, x[i], y[i]);
    ok = ok && fine;
  }
  return ok;
}

static bool all_floats(const char *level, const peri__function *f, int row) {
  static float x[COUNT];
  bool ok = true;
  uint64_t bits = 0;
  while (bits <= UINT32_MAX) {
    int count = 0;
    for (; count < COUNT && bits <= UINT32_MAX; bits += stride) {
      uint32_t word = (uint32_t)bits;
      memcpy(&x[count++], &word, sizeof word);
    }
    ok = floats_fit(level, f, row, x, count) && ok;
  }
  return ok;
}

static const float edge[] = {0.0f,     -0.0f,     INFINITY, -INFINITY, NAN,
                             FLT_MIN,  -FLT_MIN,  FLT_MAX,  -FLT_MAX,  1,
                             -1,       88.72283f, 88.7229f, -87.3365f, -87.3f,
                             0x1p-24f, -0x1p-24f, 0x1p20f,  0x1.8p20f, 1e30f};

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

static bool doubles_fit(const char *level, const peri__function *f, int row,
                        const double *x, int count) {
  static double y[COUNT];
  bool ok = true;
  f->f64(x, y, count);
  for (int i = 0; i < count; i++) {
    long double given = fabs(x[i]) < DBL_MIN ? copysignl(0, x[i]) : x[i];
    bool fine =
        fits(y[i], libm[row].widest(given), DBL_MANT_DIG, DBL_MAX, DBL_MIN);
    if (!fine && ok) say(level, f->name, x[i], y[i]);
    ok = ok && fine;
  }
  return ok;
}

static bool random_doubles(const char *level, const peri__function *f,
                           int row) {
  static double x[COUNT];
  bool ok = true;
  state = 5;
  for (int round = 0; round < 25; round++) {
    for (int i = 0; i < COUNT; i++) x[i] = random_double(i);
    ok = doubles_fit(level, f, row, x, COUNT) && ok;
  }
  return ok;
}

static const double wide_edge[] = {
    0.0,      -0.0,     INFINITY, -INFINITY, NAN,      DBL_MIN, -DBL_MIN,
    DBL_MAX,  -DBL_MAX, 1,        -1,        709.7827, 709.79,  -708.39,
    -708.397, -745.2,   0x1p-53,  -0x1p-53,  0x1p20,   1e22,    -1e300};

/* ---- Levels ------------------------------------------------------------ */

static void at_level(const char *level, const peri__function *functions) {
  int row = 0;
  for (const peri__function *f = functions; f->name; f++, row++) {
    CHECK_TEXT(f->name, libm[row].name);
    CHECK(floats_fit(level, f, row, edge, sizeof edge / sizeof *edge));
    CHECK(all_floats(level, f, row));
    CHECK(doubles_fit(level, f, row, wide_edge,
                      sizeof wide_edge / sizeof *wide_edge));
    CHECK(random_doubles(level, f, row));
  }
  CHECK(row == sizeof libm / sizeof *libm);
}

static bool here(const char *name) {
  const char *why = NULL;
  return peri__level_named(name, &why) != NULL;
}

/* Levels that fuse multiply-adds have the same bits. */
static void agree(const peri__function *a, const peri__function *b) {
  static double x[COUNT], y[COUNT], z[COUNT];
  state = 6;
  for (; a->name; a++, b++) {
    for (int i = 0; i < COUNT; i++) x[i] = random_double(i);
    a->f64(x, y, COUNT);
    b->f64(x, z, COUNT);
    for (int i = 0; i < COUNT; i++)
      if (isnan(y[i]) && isnan(z[i])) y[i] = z[i] = 0;
    CHECK(memcmp(y, z, sizeof y) == 0);
  }
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "all") == 0) stride = 1;
  unsigned host = peri__fp_enter();
#define X(word, name, fused) \
  if (here(name)) at_level(name, peri__##word##_math);
  PERI_LEVEL_ROWS(X)
#undef X
#if defined(__x86_64__)
  if (here("x86-64-v4")) agree(peri__x86_64_v3_math, peri__x86_64_v4_math);
#endif
  peri__fp_leave(host);
  return check_done("functions");
}
