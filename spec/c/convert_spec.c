/* convert_spec.c - conversion of dense runs at every level: all pairs of dtypes
   over the values where something changes, in runs of every length to past a
   block, as the plain kernel converts them; float32 to 16 bits as float64,
   which dtype_spec compares with the definition. */
#include <math.h>

#include "check.h"
#include "cpu/level.h"
#include "kernels.h"

enum { COUNT = 1200 }; /* past two blocks */

static peri_context *plain, *fast;

/* ---- Values ------------------------------------------------------------ */

/* clang-format off */
static const double edges[] = {
    0.0, -0.0, 0.5, -0.5, 0.999, 1, -1, 1.5, 2.5, 254.99, 255, 255.5, 256, -3,
    2049, 2051, 65504, 65519.99, 65520, 1e5, 16777217, 2147483520, 2147483647,
    2147483648, -2147483648, -2147483649, -2147483904, 0x1p53, 0x1.8p62,
    0x1p63, -0x1p63, -0x1.00001p63, 1e300, -1e300, 3.4028235e38, 3.4028236e38,
    0x1p-14, 0x1.ffcp-15, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1p-26, 0x1p-126,
    0x1.fffffep-127, 0x1p-149, 0x1p-1022, 5e-324, (double)INFINITY,
    -(double)INFINITY, (double)NAN};
/* clang-format on */
enum { EDGES = sizeof edges / sizeof *edges };

/* Element 'i': an edge, or bits that follow from i. */
static void write_element(peri_dtype dtype, char *to, int i) {
  uint64_t bits = (uint64_t)i * 0x9e3779b97f4a7c15u;
  double edge = edges[i % EDGES];
  if (i / EDGES % 2 == 0)
    peri__convert(to, dtype, 1, &edge, PERI_F64, 1, 1);
  else if (i / EDGES % 4 == 1)
    memcpy(to, &bits, peri_dtype_size(dtype));
  else
    memcpy(to, (char *)&bits + 8 - peri_dtype_size(dtype),
           peri_dtype_size(dtype));
}

/* ---- All pairs --------------------------------------------------------- */

static bool run(peri_context *ctx, void *to, peri_dtype to_dtype, void *from,
                peri_dtype from_dtype, int64_t count) {
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *args[] = {
      peri_tensor_wrap(ctx, to, &count, NULL, 1, to_dtype, NULL, NULL),
      peri_tensor_wrap(ctx, from, &count, NULL, 1, from_dtype, NULL, NULL)};
  int kernel = peri__kernel_id(PERI_K_copy);
  bool ok = peri_launch(ctx, kernel, args, 1, 1, NULL, 0) == 0;
  peri_scope_close(scope);
  return ok;
}

static bool pair(peri_dtype from, peri_dtype to) {
  static uint64_t in[COUNT], expected[COUNT], got[COUNT];
  bool ok = true;
  for (int i = 0; i < COUNT; i++)
    write_element(from, (char *)in + (size_t)i * peri_dtype_size(from), i);
  for (int count = 1; count <= COUNT; count += count < 70 ? 1 : 113) {
    memset(expected, 7, sizeof expected);
    memset(got, 7, sizeof got);
    ok = run(plain, expected, to, in, from, count) && ok;
    ok = run(fast, got, to, in, from, count) && ok;
    ok = ok && memcmp(expected, got, sizeof got) == 0;
  }
  if (!ok)
    printf("isa %s: %s to %s\n", peri_isa(fast), peri_dtype_name(from),
           peri_dtype_name(to));
  return ok;
}

static void every_pair(void) {
  bool ok = true;
  for (int from = PERI_BOOL; from < PERI_DTYPES; from++)
    for (int to = PERI_BOOL; to < PERI_DTYPES; to++)
      ok = pair((peri_dtype)from, (peri_dtype)to) && ok;
  CHECK(ok);
}

/* ---- float32 and 16 bits ----------------------------------------------- */

/* Around every float16 and bfloat16 and every middle between two. */
static bool rounds_once(peri_dtype dtype) {
  enum { NEAR = 6 };
  static float in[65536 * NEAR];
  static double wide[65536 * NEAR];
  static uint16_t got[65536 * NEAR], expected[65536 * NEAR];
  for (int i = 0; i < 65536; i++) {
    uint16_t half[2] = {(uint16_t)i, (uint16_t)(i + 1)};
    double low, high;
    peri__convert(&low, PERI_F64, 1, &half[0], dtype, 1, 1);
    peri__convert(&high, PERI_F64, 1, &half[1], dtype, 1, 1);
    float middle = (float)((low + high) / 2), at = (float)low;
    const float near[NEAR] = {
        at,     nextafterf(at, INFINITY),     nextafterf(at, -INFINITY),
        middle, nextafterf(middle, INFINITY), nextafterf(middle, -INFINITY)};
    memcpy(&in[i * NEAR], near, sizeof near);
  }
  for (int i = 0; i < 65536 * NEAR; i++) wide[i] = (double)in[i];
  bool ok = run(fast, got, dtype, in, PERI_F32, 65536 * NEAR);
  peri__convert(expected, dtype, 1, wide, PERI_F64, 1, 65536 * NEAR);
  return ok && memcmp(got, expected, sizeof got) == 0;
}

static bool widens(peri_dtype dtype) {
  static uint16_t in[65536];
  static float got[65536];
  for (int i = 0; i < 65536; i++) in[i] = (uint16_t)i;
  bool ok = run(fast, got, PERI_F32, in, dtype, 65536);
  for (int i = 0; i < 65536; i++) {
    double expected;
    peri__convert(&expected, PERI_F64, 1, &in[i], dtype, 1, 1);
    ok = ok && (expected == (double)got[i]
                    ? !signbit(expected) == !signbit(got[i])
                    : expected != expected && got[i] != got[i]);
  }
  return ok;
}

static void at_level(const peri__level *level) {
  fast = peri_context_new(&(peri_options){.isa = level->name}, NULL);
  if (!CHECK(fast != NULL)) return;
  every_pair();
  CHECK(rounds_once(PERI_F16));
  CHECK(rounds_once(PERI_BF16));
  CHECK(widens(PERI_F16));
  CHECK(widens(PERI_BF16));
  peri_context_free(fast);
}

int main(void) {
  plain = peri_context_new(&(peri_options){.isa = "plain"}, NULL);
  for (int i = 0; peri__level_at(i); i++)
    if (peri__level_at(i)->here()) at_level(peri__level_at(i));
  peri_context_free(plain);
  return check_done("conversion");
}
