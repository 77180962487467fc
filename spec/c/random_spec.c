/* random_spec.c - Philox4x32-10 against its published vectors, the layout of
   its counter, and the numbers made of its words. libm serves as the other
   opinion on logarithm, sine and cosine. */
#include <math.h>

#include "check.h"
#include "internal.h"

static bool equal_words(const uint32_t a[4], const uint32_t b[4]) {
  return memcmp(a, b, 4 * sizeof *a) == 0;
}

/* Known answers of the authors' library (Random123, kat_vectors). */
static const struct {
  uint32_t counter[4], key[2], out[4];
} vectors[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
     {0xffffffff, 0xffffffff},
     {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static void philox_gives_the_published_words(void) {
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    uint32_t counter[4], key[2];
    memcpy(counter, vectors[i].counter, sizeof counter);
    memcpy(key, vectors[i].key, sizeof key);
    peri__philox_rounds(counter, key);
    CHECK(equal_words(counter, vectors[i].out));
  }
}

/* The third vector, cut into the fields of the file format. */
static void counter_has_its_layout(void) {
  uint32_t out[4];
  peri__philox(0x299f31d0a4093822, 0x85a308d3243f6a88, 0x734413198a2e, 0x0370,
               out);
  CHECK(equal_words(out, vectors[2].out));
}

static void uniforms_stay_under_one(void) {
  CHECK(peri__uniform32(0) == 0);
  CHECK(peri__uniform32(0xff) == 0);
  CHECK(peri__uniform32(0x100) == 0x1p-24f);
  CHECK(peri__uniform32(0x80000000) == 0.5f);
  CHECK(peri__uniform32(0xffffffff) == 1 - 0x1p-24f);
  CHECK(peri__uniform64(0, 0x7ff) == 0);
  CHECK(peri__uniform64(0, 0x800) == 0x1p-53);
  CHECK(peri__uniform64(0x80000000, 0) == 0.5);
  CHECK(peri__uniform64(0xffffffff, 0xffffffff) == 1 - 0x1p-53);
}

/* ---- Normal numbers --------------------------------------------------- */

/* Distance from 'exact' in units of the last place of a double there. */
static double ulps(double got, long double exact) {
  int exponent;
  frexp((double)exact, &exponent);
  long double ulp = ldexpl(1, exponent - 53);
  return (double)(fabsl((long double)got - exact) / ulp);
}

static double worst(double a, double b) { return a > b ? a : b; }

/* At v = 0 the cosine is 1 and the sine 0: the first number is the radius. */
static double radius_error(double u) {
  double out[2];
  peri__normal_pair(u, 0, out);
  if (u == 0) return fabs(out[0]);
  return ulps(out[0], sqrtl(-2 * logl(1 - (long double)u)));
}

/* Sine of 2 pi v; long double has digits of pi enough for an eighth turn. */
static long double sine_of(double v) {
  const long double pi = 3.14159265358979323846264338327950288L;
  int quarter = (int)(4 * v + 0.5);
  long double angle = 2 * pi * (v - quarter / 4.0L);
  long double sine = quarter % 2 == 0 ? sinl(angle) : cosl(angle);
  return quarter % 4 < 2 ? sine : -sine;
}

/* The radius is what v = 0 gives. */
static double turn_error(double v) {
  const double u = 0.39346934028736658;
  double unit[2], out[2];
  peri__normal_pair(u, 0, unit);
  peri__normal_pair(u, v, out);
  double s = ulps(out[1], unit[0] * sine_of(v));
  double c = ulps(out[0], unit[0] * sine_of(v < 0.75 ? v + 0.25 : v - 0.75));
  return worst(c, s);
}

static void normals_agree_with_libm(void) {
  double radius = 0, angle = 0;
  const uint64_t seed = 11;
  for (uint64_t i = 0; i < 200000; i++) {
    uint32_t word[4];
    peri__philox(seed, i, 0, PERI_STREAM_SAMPLE, word);
    double u = peri__uniform64(word[0], word[1]);
    double v = peri__uniform64(word[2], word[3]);
    double small = ldexp(1 + floor(v * 8), -(int)(i % 50) - 4);
    radius = worst(radius, radius_error(u));
    radius = worst(radius, radius_error(small));
    radius = worst(radius, radius_error(1 - small));
    angle = worst(angle, turn_error(v));
  }
  for (int eighth = 0; eighth < 8; eighth++)
    angle = worst(angle, turn_error(eighth / 8.0));
  if (!CHECK(radius <= 2) || !CHECK(angle <= 2))
    printf("radius %.3f ulp, angle %.3f ulp, seed %d\n", radius, angle,
           (int)seed);
}

/* The bits are a file format. Each lies within one unit in the last place
   of the exact number, computed with 60 digits elsewhere. */
static const struct {
  double u, v, out[2];
} fixed[] = {
    {0, 0.3, {0, 0}},
    {0x1.fffffffffffffp-1, 0, {0x1.124b2800eda48p+3, 0}}, /* the largest */
    {0x1p-53, 0.875, {0x1.6a09e667f3bcdp-27, -0x1.6a09e667f3bccp-27}},
    {0.5, 0.125, {0x1.aa4499161cd47p-1, 0x1.aa4499161cd48p-1}},
    {0x1.92e9a0720d3ecp-2,
     0x1.3c6ef372fe95p-1,
     {-0x1.798869e0de832p-1, -0x1.59d9dd253cc14p-1}},
    {0x1.fae147ae147aep-1,
     0x1.7ae147ae147aep-2,
     {-0x1.09eb8afd6f8e8p+1, 0x1.1b2d1716c9321p+1}},
    {0x1p-24,
     0x1.ff7ced916872bp-1,
     {0x1.6a08126ae1635p-12, -0x1.232ab7a62fc9ep-19}},
};

static void normals_are_fixed(void) {
  for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
    double out[2];
    peri__normal_pair(fixed[i].u, fixed[i].v, out);
    CHECK(out[0] == fixed[i].out[0]);
    CHECK(out[1] == fixed[i].out[1]);
  }
}

static void normals_have_the_moments_of_normals(void) {
  enum { PAIRS = 200000 };
  double sum = 0, square = 0, fourth = 0, product = 0;
  for (uint64_t i = 0; i < PAIRS; i++) {
    uint32_t w[4];
    double out[2];
    peri__philox(3, i, 1, PERI_STREAM_TENSOR, w);
    peri__normal_pair(peri__uniform64(w[0], w[1]), peri__uniform64(w[2], w[3]),
                      out);
    for (int k = 0; k < 2; k++) {
      sum += out[k];
      square += out[k] * out[k];
      fourth += out[k] * out[k] * out[k] * out[k];
    }
    product += out[0] * out[1];
  }
  CHECK(fabs(sum / (2 * PAIRS)) < 0.005); /* about 3 deviations each */
  CHECK(fabs(square / (2 * PAIRS) - 1) < 0.007);
  CHECK(fabs(fourth / (2 * PAIRS) - 3) < 0.05);
  CHECK(fabs(product / PAIRS) < 0.007);
}

/* ---- Order and state -------------------------------------------------- */

static void shuffle_orders_every_position_once(void) {
  enum { COUNT = 1000 };
  int64_t order[COUNT], again[COUNT];
  bool seen[COUNT] = {false};
  peri__shuffle(42, 5, PERI_STREAM_ORDER, order, COUNT);
  bool once = true;
  for (int i = 0; i < COUNT; i++) {
    once = once && order[i] >= 0 && order[i] < COUNT && !seen[order[i]];
    seen[order[i]] = true;
  }
  CHECK(once);
  peri__shuffle(42, 5, PERI_STREAM_ORDER, again, COUNT);
  CHECK(memcmp(order, again, sizeof order) == 0);
  peri__shuffle(42, 6, PERI_STREAM_ORDER, again, COUNT);
  CHECK(memcmp(order, again, sizeof order) != 0);
  order[0] = 9;
  peri__shuffle(42, 5, PERI_STREAM_ORDER, order, 0);
  CHECK(order[0] == 9);
  peri__shuffle(42, 5, PERI_STREAM_ORDER, order, 1);
  CHECK(order[0] == 0);
}

/* From a second implementation of the generator and the rule, in Python. */
static void shuffle_is_fixed(void) {
  const int64_t ten[] = {4, 3, 2, 8, 5, 0, 7, 1, 9, 6};
  const int64_t twelve[] = {0, 3, 8, 9, 10, 4, 6, 2, 5, 7, 1, 11};
  int64_t order[12];
  peri__shuffle(42, 0, PERI_STREAM_ORDER, order, 10);
  CHECK(memcmp(order, ten, sizeof ten) == 0);
  peri__shuffle(0x123456789abcdef0, 0x500000007, PERI_STREAM_SAMPLE, order, 12);
  CHECK(memcmp(order, twelve, sizeof twelve) == 0);
}

/* All 24 orders of four come equally often: chi squared of 23 degrees of
   freedom stays under its 99.9% point. */
static void shuffle_is_fair(void) {
  enum { DRAWS = 24000 };
  int counts[256] = {0};
  for (uint64_t call = 0; call < DRAWS; call++) {
    int64_t o[4];
    peri__shuffle(1, call, PERI_STREAM_ORDER, o, 4);
    counts[o[0] * 64 + o[1] * 16 + o[2] * 4 + o[3]]++;
  }
  double chi = 0;
  int orders = 0;
  for (int i = 0; i < 256; i++) {
    if (counts[i] == 0) continue;
    orders++;
    chi += (counts[i] - DRAWS / 24.0) * (counts[i] - DRAWS / 24.0) /
           (DRAWS / 24.0);
  }
  CHECK(orders == 24);
  CHECK(chi < 49.7);
}

static void seed_starts_call_numbers_anew(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  CHECK(peri__draw(peri_default_generator(ctx)) == 0);
  CHECK(peri__draw(peri_default_generator(ctx)) == 1);
  CHECK(peri_manual_seed(ctx, 99) == PERI_OK);
  CHECK(ctx->generator.seed == 99);
  CHECK(peri__draw(peri_default_generator(ctx)) == 0);
  peri_fail(ctx, PERI_EARG, "first");
  CHECK(peri_manual_seed(ctx, 5) == PERI_EARG);
  CHECK(ctx->generator.seed == 99);
  peri_context_free(ctx);
}

int main(void) {
  philox_gives_the_published_words();
  counter_has_its_layout();
  uniforms_stay_under_one();
  normals_agree_with_libm();
  normals_are_fixed();
  normals_have_the_moments_of_normals();
  shuffle_orders_every_position_once();
  shuffle_is_fixed();
  shuffle_is_fair();
  seed_starts_call_numbers_anew();
  return check_done("random");
}
