/* convert.h - the conversion of one element between any two dtypes, as
   expressions from which loops are made: all pairs in dtype.c, the frequent
   ones for vectors in cpu/fast/.

   A source is loaded as one of three wide types, which hold it exactly:
   int64_t (WHOLE), float (SINGLE), double (DOUBLE); a target is rounded once
   from there, floats to the nearest, ties to even. Integers saturate, NaN
   becomes 0. The functions choose by values and not by branches, so that loops
   of them become vector instructions; 16-bit floats go by their bits, so that
   flushing of denormals does not touch them. */
#ifndef PERI_CONVERT_H
#define PERI_CONVERT_H

#include "internal.h"

#define WORD static inline __attribute__((always_inline))

WORD int32_t peri__bits_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

WORD float peri__float_of(int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* ---- 16-bit floats and float32 ---------------------------------------- */

/* Bits are compared as signed numbers, as vectors can be at every level. */

#define F32_INFINITY 0x7f800000
#define F32_REBIAS (112 << 23) /* from the exponents of float16 */

/* Subnormals are multiples of 2^-24. A NaN becomes a quiet one. */
WORD float peri__f16_load(uint16_t half) {
  int32_t magnitude = half & 0x7fff;
  int32_t small = peri__bits_of((float)magnitude * 0x1p-24f);
  int32_t wide = (magnitude << 13) + F32_REBIAS;
  wide += magnitude >= 0x7c00 ? F32_REBIAS : 0;
  wide |= magnitude > 0x7c00 ? 0x400000 : 0;
  wide = magnitude < 0x400 ? small : wide;
  return peri__float_of(wide | (int32_t)((uint32_t)(half & 0x8000) << 16));
}

/* Under 2^-14 the sum with 1/2 has its last bit where the subnormals have
   theirs. From 65520 on it is infinity. */
WORD uint16_t peri__f16_store(float value) {
  int32_t bits = peri__bits_of(value), magnitude = bits & 0x7fffffff;
  int32_t sign = bits >> 16 & 0x8000, one_half = peri__bits_of(0.5f);
  int32_t small = peri__bits_of(peri__float_of(magnitude) + 0.5f) - one_half;
  int32_t half = (magnitude - F32_REBIAS + 0xfff + (magnitude >> 13 & 1)) >> 13;
  half = half < 0x7c00 ? half : 0x7c00;
  half = magnitude < 0x38800000 ? small : half;
  return (uint16_t)(sign | (magnitude > F32_INFINITY ? 0x7e00 : half));
}

WORD float peri__bf16_load(uint16_t half) {
  return peri__float_of((int32_t)((uint32_t)half << 16));
}

/* A mantissa that rounds up carries into the exponent. */
WORD uint16_t peri__bf16_store(float value) {
  int32_t bits = peri__bits_of(value), magnitude = bits & 0x7fffffff;
  uint32_t odd = (uint32_t)magnitude >> 16 & 1;
  uint32_t half = ((uint32_t)magnitude + 0x7fff + odd) >> 16;
  half = magnitude > F32_INFINITY ? 0x7fc0 : half;
  return (uint16_t)(half | ((uint32_t)bits >> 16 & 0x8000));
}

/* ---- Whole numbers ---------------------------------------------------- */

/* Towards zero; beyond the ends the ends, NaN 0. */
#define TOWARDS_ZERO(name, from, to, low, high, below) \
  WORD to name(from v) { \
    from inside = v >= (low) && v < (below) ? v : 0; \
    to whole = (to)inside; \
    whole = v >= (below) ? (high) : whole; \
    return v < (low) ? -(high)-1 : whole; \
  }

TOWARDS_ZERO(peri__i32_of_single, float, int32_t, -0x1p31f, INT32_MAX, 0x1p31f)
TOWARDS_ZERO(peri__i64_of_single, float, int64_t, -0x1p63f, INT64_MAX, 0x1p63f)
TOWARDS_ZERO(peri__i32_of_double, double, int32_t, -0x1p31, INT32_MAX, 0x1p31)
TOWARDS_ZERO(peri__i64_of_double, double, int64_t, -0x1p63, INT64_MAX, 0x1p63)

WORD uint8_t peri__u8_of_single(float v) {
  v = v > 0 ? v : 0;
  return (uint8_t)(int32_t)(v < 255 ? v : 255);
}

WORD uint8_t peri__u8_of_double(double v) {
  v = v > 0 ? v : 0;
  return (uint8_t)(int32_t)(v < 255 ? v : 255);
}

WORD int32_t peri__i32_of_whole(int64_t v) {
  v = v < INT32_MIN ? INT32_MIN : v;
  return (int32_t)(v > INT32_MAX ? INT32_MAX : v);
}

WORD uint8_t peri__u8_of_whole(int64_t v) {
  v = v < 0 ? 0 : v;
  return (uint8_t)(v > 255 ? 255 : v);
}

/* ---- 16-bit floats and wider types ------------------------------------ */

/* The 16 bits nearest to a number with 64 (dtype.c). */
uint16_t peri__f16_of_double(double value);
uint16_t peri__bf16_of_double(double value);
uint16_t peri__f16_of_whole(int64_t value);
uint16_t peri__bf16_of_whole(int64_t value);

/* ---- Words ------------------------------------------------------------ */

typedef int64_t peri__wide_WHOLE;
typedef float peri__wide_SINGLE;
typedef double peri__wide_DOUBLE;

#define LOAD_BOOL(v) ((v) != 0)
#define LOAD_U8(v) (v)
#define LOAD_I32(v) (v)
#define LOAD_I64(v) (v)
#define LOAD_F16(v) peri__f16_load(v)
#define LOAD_BF16(v) peri__bf16_load(v)
#define LOAD_F32(v) (v)
#define LOAD_F64(v) (v)

#define WHOLE_BOOL(v) ((v) != 0)
#define WHOLE_U8(v) peri__u8_of_whole(v)
#define WHOLE_I32(v) peri__i32_of_whole(v)
#define WHOLE_I64(v) (v)
#define WHOLE_F16(v) peri__f16_of_whole(v)
#define WHOLE_BF16(v) peri__bf16_of_whole(v)
#define WHOLE_F32(v) ((float)(v))
#define WHOLE_F64(v) ((double)(v))

#define SINGLE_BOOL(v) ((v) != 0)
#define SINGLE_U8(v) peri__u8_of_single(v)
#define SINGLE_I32(v) peri__i32_of_single(v)
#define SINGLE_I64(v) peri__i64_of_single(v)
#define SINGLE_F16(v) peri__f16_store(v)
#define SINGLE_BF16(v) peri__bf16_store(v)
#define SINGLE_F32(v) (v)
#define SINGLE_F64(v) ((double)(v))

#define DOUBLE_BOOL(v) ((v) != 0)
#define DOUBLE_U8(v) peri__u8_of_double(v)
#define DOUBLE_I32(v) peri__i32_of_double(v)
#define DOUBLE_I64(v) peri__i64_of_double(v)
#define DOUBLE_F16(v) peri__f16_of_double(v)
#define DOUBLE_BF16(v) peri__bf16_of_double(v)
#define DOUBLE_F32(v) ((float)(v))
#define DOUBLE_F64(v) (v)

#endif
