/* copy_convert.c - dense runs of one dtype into another at one level, bit for
   bit like peri__convert, their twin: one vectorised loop for each frequent
   pair; the 16-bit floats reach the others through a block of float32, which
   holds them exactly; the rest is left to the twin. */
#include "convert.h"
#include "fast.h"

enum { BLOCK = 512 }; /* numbers that are converted in two steps at once */

typedef void loop(void *to, const void *from, int64_t count);

/* Source, its type, kind of its wide type, target, its type. */
#define PAIRS(P) \
  P(BOOL, uint8_t, WHOLE, BOOL, uint8_t) \
  P(BOOL, uint8_t, WHOLE, I64, int64_t) \
  P(BOOL, uint8_t, BYTE, F32, float) \
  P(U8, uint8_t, WHOLE, I64, int64_t) \
  P(U8, uint8_t, BYTE, F32, float) \
  P(U8, uint8_t, BYTE, F64, double) \
  P(I32, int32_t, WHOLE, I64, int64_t) \
  P(I32, int32_t, INT, F32, float) \
  P(I32, int32_t, INT, F64, double) \
  P(I64, int64_t, WHOLE, BOOL, uint8_t) \
  P(I64, int64_t, WHOLE, U8, uint8_t) \
  P(I64, int64_t, WHOLE, I32, int32_t) \
  P(I64, int64_t, WHOLE, F32, float) \
  P(I64, int64_t, WHOLE, F64, double) \
  P(F16, uint16_t, SINGLE, F32, float) \
  P(BF16, uint16_t, SINGLE, F32, float) \
  P(F32, float, SINGLE, BOOL, uint8_t) \
  P(F32, float, SINGLE, U8, uint8_t) \
  P(F32, float, SINGLE, I32, int32_t) \
  P(F32, float, SINGLE, I64, int64_t) \
  P(F32, float, SINGLE, F16, uint16_t) \
  P(F32, float, SINGLE, BF16, uint16_t) \
  P(F32, float, SINGLE, F64, double) \
  P(F64, double, DOUBLE, I64, int64_t) \
  P(F64, double, DOUBLE, F32, float)

/* Whole numbers of few bits, rounded to floats as int64_t is: once. */
typedef int32_t peri__wide_BYTE, peri__wide_INT;
#define BYTE_F32(v) ((float)(v))
#define BYTE_F64(v) ((double)(v))
#define INT_F32(v) ((float)(v))
#define INT_F64(v) ((double)(v))

#define LOOP(from, from_type, kind, to, to_type) \
  static void from##_to_##to(void *out, const void *in, int64_t count) { \
    to_type *y = out; \
    const from_type *x = in; \
    for (int64_t i = 0; i < count; i++) { \
      peri__wide_##kind v = LOAD_##from(x[i]); \
      y[i] = (to_type)kind##_##to(v); \
    } \
  }
PAIRS(LOOP)
#undef LOOP

static loop *const loops[PERI_DTYPES][PERI_DTYPES] = {
#define ENTRY(from, from_type, kind, to, to_type) \
  [PERI_##from][PERI_##to] = from##_to_##to,
    PAIRS(ENTRY)
#undef ENTRY
};

/* True if float32 holds every number of 'dtype'. */
static bool is_narrow(peri_dtype dtype) {
  return dtype == PERI_F16 || dtype == PERI_BF16 || dtype == PERI_U8 ||
         dtype == PERI_BOOL;
}

/* Through a block of float32, if both steps have a loop. */
static bool in_two_steps(char *to, peri_dtype to_dtype, const char *from,
                         peri_dtype from_dtype, int64_t count) {
  loop *first = loops[from_dtype][PERI_F32],
       *second = loops[PERI_F32][to_dtype];
  size_t in = peri_dtype_size(from_dtype), out = peri_dtype_size(to_dtype);
  float block[BLOCK];
  if (!is_narrow(from_dtype) || !first || !second) return false;
  for (; count > 0; count -= BLOCK, from += BLOCK * in, to += BLOCK * out) {
    int64_t n = count < BLOCK ? count : BLOCK;
    first(block, from, n);
    second(to, block, n);
  }
  return true;
}

void LEVEL(convert)(void *to, peri_dtype to_dtype, const void *from,
                    peri_dtype from_dtype, int64_t count) {
  loop *direct = loops[from_dtype][to_dtype];
  if (direct)
    direct(to, from, count);
  else if (to_dtype == from_dtype ||
           !in_two_steps(to, to_dtype, from, from_dtype, count))
    peri__convert(to, to_dtype, 1, from, from_dtype, 1, count);
}
