/* dtype_spec.c - names, PyTorch's promotion, and conversion between all
   dtypes: every 16-bit float against its definition, the ends of every
   integer, strides. */
#include <math.h>

#include "check.h"
#include "internal.h"

static void names_go_both_ways(void) {
  const char *const names[] = {"bool",    "uint8",    "int32",   "int64",
                               "float16", "bfloat16", "float32", "float64"};
  const size_t sizes[] = {1, 1, 4, 8, 2, 2, 4, 8};
  for (int i = 0; i < 8; i++) {
    peri_dtype dtype = peri_dtype_named(names[i]);
    CHECK(dtype == (peri_dtype)(PERI_BOOL + i));
    CHECK_TEXT(peri_dtype_name(dtype), names[i]);
    CHECK(peri_dtype_size(dtype) == sizes[i]);
    CHECK(peri__is_float(dtype) == (i >= 4));
  }
  CHECK(peri_dtype_named("none") == PERI_DTYPE_NONE);
  CHECK(peri_dtype_named("float") == PERI_DTYPE_NONE);
  CHECK(peri_dtype_named(NULL) == PERI_DTYPE_NONE);
  CHECK_TEXT(peri_dtype_name(PERI_DTYPE_NONE), "none");
  CHECK(peri_dtype_size(PERI_DTYPES) == 0);
}

/* ---- Promotion -------------------------------------------------------- */

/* torch.promote_types, rows and columns in the order of the dtypes. */
static const peri_dtype promoted[8][8] = {
#define B PERI_BOOL
#define U PERI_U8
#define I PERI_I32
#define L PERI_I64
#define H PERI_F16
#define G PERI_BF16
#define F PERI_F32
#define D PERI_F64
    {B, U, I, L, H, G, F, D}, {U, U, I, L, H, G, F, D},
    {I, I, I, L, H, G, F, D}, {L, L, L, L, H, G, F, D},
    {H, H, H, H, H, F, F, D}, {G, G, G, G, F, G, F, D},
    {F, F, F, F, F, F, F, D}, {D, D, D, D, D, D, D, D},
};

static void pairs_promote_as_in_pytorch(void) {
  bool same = true;
  for (int a = 0; a < 8; a++)
    for (int b = 0; b < 8; b++)
      same =
          same && peri__promote((peri_dtype)(PERI_BOOL + a),
                                (peri_dtype)(PERI_BOOL + b)) == promoted[a][b];
  CHECK(same);
}

/* torch.result_type of up to three operands: a tensor, a 0-d tensor, a plain
   number (double or int64). */
static const struct {
  peri_dtype tensor, scalar, number, result;
} mixed[] = {
    {F, 0, 0, F}, {F, 0, D, F}, {F, 0, L, F}, {L, 0, D, F}, {U, 0, D, F},
    {B, 0, D, F}, {B, 0, L, L}, {U, 0, L, U}, {I, 0, L, I}, {H, 0, D, H},
    {G, 0, L, G}, {D, 0, D, D}, {F, D, 0, F}, {I, D, 0, D}, {I, H, 0, H},
    {B, U, 0, U}, {U, L, 0, U}, {H, G, 0, H}, {0, D, 0, D}, {0, I, L, I},
    {0, I, D, F}, {0, B, L, L}, {0, H, D, H}, {0, 0, D, F}, {0, 0, L, L},
    {U, I, D, F}, {I, B, L, I}, {F, L, D, F}, {0, 0, 0, 0},
};

static void levels_promote_as_in_pytorch(void) {
  for (size_t i = 0; i < sizeof mixed / sizeof *mixed; i++) {
    peri_tensor tensor = {.dtype = mixed[i].tensor, .ndim = 1};
    peri_tensor scalar = {.dtype = mixed[i].scalar};
    peri_tensor number = {.dtype = mixed[i].number, .number = true};
    peri_tensor *in[] = {mixed[i].number != 0 ? &number : NULL,
                         mixed[i].scalar != 0 ? &scalar : NULL,
                         mixed[i].tensor != 0 ? &tensor : NULL};
    if (!CHECK(peri__promote_all(in, 3) == mixed[i].result))
      printf("  row %d\n", (int)i);
  }
}

#undef B
#undef U
#undef I
#undef L
#undef H
#undef G
#undef F
#undef D

/* ---- 16-bit floats ---------------------------------------------------- */

/* A format by its definition. */
typedef struct {
  peri_dtype dtype;
  int mantissa, bias;
} half_format;

static const half_format formats[] = {{PERI_F16, 10, 15}, {PERI_BF16, 7, 127}};

static double half_value(const half_format *format, uint16_t bits) {
  int exponent = bits >> format->mantissa & (2 * format->bias + 1);
  int mantissa = bits & ((1 << format->mantissa) - 1);
  double sign = bits >> 15 != 0 ? -1 : 1;
  if (exponent == 2 * format->bias + 1)
    return mantissa != 0 ? (double)NAN : sign * (double)INFINITY;
  if (exponent == 0)
    return sign * ldexp(mantissa, 1 - format->bias - format->mantissa);
  return sign * ldexp(mantissa + (1 << format->mantissa),
                      exponent - format->bias - format->mantissa);
}

static double widen(peri_dtype dtype, uint16_t bits) {
  double value;
  peri__convert(&value, PERI_F64, 1, &bits, dtype, 1, 1);
  return value;
}

static uint16_t narrow(peri_dtype dtype, double value) {
  uint16_t bits;
  peri__convert(&bits, dtype, 1, &value, PERI_F64, 1, 1);
  return bits;
}

static bool is_nan(double v) { return v != v; }

static void every_half_is_read_and_written_back(void) {
  for (int f = 0; f < 2; f++) {
    bool right = true, back = true;
    for (int i = 0; i <= UINT16_MAX; i++) {
      double expected = half_value(&formats[f], (uint16_t)i);
      double got = widen(formats[f].dtype, (uint16_t)i);
      uint16_t again = narrow(formats[f].dtype, got);
      right = right && (is_nan(expected)
                            ? is_nan(got)
                            : got == expected && !signbit(got) == (i < 32768));
      back = back && (is_nan(expected) ? is_nan(widen(formats[f].dtype, again))
                                       : again == i);
    }
    CHECK(right);
    CHECK(back);
  }
}

/* Between two neighbours: the middle goes to the even one, a hair from it to
   the nearer one. The middle of the largest number and the next power of two
   is where infinity begins. */
static void halves_round_to_nearest_even(void) {
  for (int f = 0; f < 2; f++) {
    const half_format *format = &formats[f];
    uint16_t infinity = (uint16_t)((2 * format->bias + 1) << format->mantissa);
    bool right = true;
    for (uint16_t low = 0; low < infinity; low++) {
      uint16_t high = (uint16_t)(low + 1);
      double a = half_value(format, low);
      double b = high == infinity ? ldexp(1, format->bias + 1)
                                  : half_value(format, high);
      double middle = a / 2 + b / 2;
      uint16_t even = low % 2 == 0 ? low : high;
      right = right && narrow(format->dtype, middle) == even &&
              narrow(format->dtype, -middle) == (even | 0x8000) &&
              narrow(format->dtype, nextafter(middle, a)) == low &&
              narrow(format->dtype, nextafter(middle, b)) == high;
    }
    CHECK(right);
    CHECK(narrow(format->dtype, 1e300) == infinity);
    CHECK(narrow(format->dtype, -(double)INFINITY) == (infinity | 0x8000));
    CHECK(narrow(format->dtype, 5e-324) == 0);
    CHECK(narrow(format->dtype, -0.0) == 0x8000);
    CHECK(is_nan(widen(format->dtype, narrow(format->dtype, NAN))));
  }
}

static void whole_numbers_are_rounded_once(void) {
  /* The tie between two bfloat16 and one more, which a double loses. */
  int64_t tie = ((int64_t)1 << 62) + ((int64_t)1 << 54);
  const int64_t from[] = {tie, tie + 1, -tie - 1, INT64_MIN, INT64_MAX};
  uint16_t out[5];
  peri__convert(out, PERI_BF16, 1, from, PERI_I64, 1, 5);
  CHECK(widen(PERI_BF16, out[0]) == 0x1p62);
  CHECK(widen(PERI_BF16, out[1]) == 0x1.02p62);
  CHECK(widen(PERI_BF16, out[2]) == -0x1.02p62);
  CHECK(widen(PERI_BF16, out[3]) == -0x1p63);
  CHECK(widen(PERI_BF16, out[4]) == 0x1p63);
  /* The same for float32: 2^24 + 1 is a tie, 2^60 + 2^36 + 1 is over one. */
  const int64_t wide[] = {16777217, ((int64_t)1 << 60) + ((int64_t)1 << 36),
                          ((int64_t)1 << 60) + ((int64_t)1 << 36) + 1};
  float single[3];
  peri__convert(single, PERI_F32, 1, wide, PERI_I64, 1, 3);
  CHECK(single[0] == 16777216.0f);
  CHECK(single[1] == 0x1p60f);
  CHECK(single[2] == 0x1.000002p60f);
}

/* ---- Integers and bool ------------------------------------------------ */

enum { FLOATS = 12 };

static void floats_saturate(void) {
  const double from[FLOATS] = {-1.5, 2.9,   300, -300,     3e9,       -3e9,
                               1e19, -1e19, NAN, INFINITY, -INFINITY, -0.0};
  const int64_t longs[FLOATS] = {-1,         2,           300,       -300,
                                 3000000000, -3000000000, INT64_MAX, INT64_MIN,
                                 0,          INT64_MAX,   INT64_MIN, 0};
  const int32_t ints[FLOATS] = {-1,        2,         300,       -300,
                                INT32_MAX, INT32_MIN, INT32_MAX, INT32_MIN,
                                0,         INT32_MAX, INT32_MIN, 0};
  const uint8_t bytes[FLOATS] = {0, 2, 255, 0, 255, 0, 255, 0, 0, 255, 0, 0};
  const uint8_t truths[FLOATS] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0};
  int64_t l[FLOATS];
  int32_t i[FLOATS];
  uint8_t u[FLOATS], b[FLOATS];
  peri__convert(l, PERI_I64, 1, from, PERI_F64, 1, FLOATS);
  peri__convert(i, PERI_I32, 1, from, PERI_F64, 1, FLOATS);
  peri__convert(u, PERI_U8, 1, from, PERI_F64, 1, FLOATS);
  peri__convert(b, PERI_BOOL, 1, from, PERI_F64, 1, FLOATS);
  CHECK(memcmp(l, longs, sizeof l) == 0);
  CHECK(memcmp(i, ints, sizeof i) == 0);
  CHECK(memcmp(u, bytes, sizeof u) == 0);
  CHECK(memcmp(b, truths, sizeof b) == 0);
}

static void whole_numbers_saturate(void) {
  const int64_t from[] = {-1, 256, INT64_MAX, INT64_MIN, 7, 0};
  const int32_t ints[] = {-1, 256, INT32_MAX, INT32_MIN, 7, 0};
  const uint8_t bytes[] = {0, 255, 255, 0, 7, 0};
  const uint8_t truths[] = {1, 1, 1, 1, 1, 0};
  int32_t i[6];
  uint8_t u[6], b[6];
  peri__convert(i, PERI_I32, 1, from, PERI_I64, 1, 6);
  peri__convert(u, PERI_U8, 1, from, PERI_I64, 1, 6);
  peri__convert(b, PERI_BOOL, 1, from, PERI_I64, 1, 6);
  CHECK(memcmp(i, ints, sizeof i) == 0);
  CHECK(memcmp(u, bytes, sizeof u) == 0);
  CHECK(memcmp(b, truths, sizeof b) == 0);
}

static void bool_is_zero_or_one(void) {
  const uint8_t from[] = {0, 1, 2, 255};
  const uint8_t expected[] = {0, 1, 1, 1};
  uint8_t out[4];
  peri__convert(out, PERI_BOOL, 1, from, PERI_BOOL, 1, 4);
  CHECK(memcmp(out, expected, 4) == 0);
  peri__convert(out, PERI_U8, 1, from, PERI_BOOL, 1, 4);
  CHECK(memcmp(out, expected, 4) == 0);
}

/* ---- All pairs -------------------------------------------------------- */

/* 0 and 1 exist everywhere: through every pair, with gaps, backwards. */
static void all_pairs_walk_their_strides(void) {
  const int64_t pattern[4] = {1, 0, 0, 1};
  bool right = true;
  for (int a = PERI_BOOL; a < PERI_DTYPES; a++) {
    for (int b = PERI_BOOL; b < PERI_DTYPES; b++) {
      int64_t from[12] = {0}, to[12] = {0}, back[4];
      char *last = (char *)to + 9 * peri_dtype_size((peri_dtype)b);
      peri__convert(from, (peri_dtype)a, 2, pattern, PERI_I64, 1, 4);
      peri__convert(last, (peri_dtype)b, -3, from, (peri_dtype)a, 2, 4);
      peri__convert(back, PERI_I64, 1, last, (peri_dtype)b, -3, 4);
      right = right && memcmp(back, pattern, sizeof back) == 0;
    }
  }
  CHECK(right);
}

static void equal_dtypes_keep_their_bits(void) {
  const uint32_t from[] = {0x7fc01234, 0xff800001, 0x00000001};
  uint32_t to[3] = {0};
  peri__convert(to, PERI_F32, 1, from, PERI_F32, 1, 3);
  CHECK(memcmp(to, from, sizeof to) == 0);
  peri__convert(to, PERI_F32, 1, from, PERI_F32, 1, 0);
  CHECK(memcmp(to, from, sizeof to) == 0);
}

int main(void) {
  names_go_both_ways();
  pairs_promote_as_in_pytorch();
  levels_promote_as_in_pytorch();
  every_half_is_read_and_written_back();
  halves_round_to_nearest_even();
  whole_numbers_are_rounded_once();
  floats_saturate();
  whole_numbers_saturate();
  bool_is_zero_or_one();
  all_pairs_walk_their_strides();
  equal_dtypes_keep_their_bits();
  return check_done("dtype");
}
