/* math_arrays.c - functions over dense arrays. Sine and cosine ask libm for the
   angles that are beyond the range of ours. */
#include "math_arrays.h"

#include "math_f32.h"
#include "math_f64.h"

#define BLOCK 256 /* elements between two looks at the range */

#define MAP(f, T) \
  static void f##_array(const T *x, T *y, int64_t count) { \
    _Pragma("omp simd") for (int64_t i = 0; i < count; i++) y[i] = f(x[i]); \
  }

/* A block goes to a buffer first, since 'y' may be 'x', which libm needs. */
#define MAP_ANGLE(f, T, type, libm) \
  static void f##_block(const T *x, T *y, int64_t count) { \
    T block[BLOCK]; \
    unsigned beyond = 0; \
    _Pragma("omp simd reduction(| : beyond)") for (int64_t i = 0; i < count; \
                                                   i++) { \
      block[i] = f(x[i]); \
      beyond |= magnitude_of_##type(x[i]) <= MOST_ANGLE(type) ? 0u : 1u; \
    } \
    for (int64_t i = 0; beyond != 0 && i < count; i++) \
      if (!(magnitude_of_##type(x[i]) <= MOST_ANGLE(type))) \
        block[i] = libm(x[i]); \
    memcpy(y, block, (size_t)count * sizeof *y); \
  } \
  static void f##_array(const T *x, T *y, int64_t count) { \
    for (int64_t at = 0; at < count; at += BLOCK) \
      f##_block(x + at, y + at, count - at < BLOCK ? count - at : BLOCK); \
  }

#define MOST_ANGLE(type) MOST_ANGLE_##type
#define MOST_ANGLE_f32 MOST_ANGLE_F32
#define MOST_ANGLE_f64 MOST_ANGLE_F64

#define ROWS(X) \
  X(exp) \
  X(expm1) \
  X(log) \
  X(log1p) \
  X(tanh) \
  X(erf)

#define X(f) MAP(f##_f32, float) MAP(f##_f64, double)
ROWS(X)
#undef X

MAP_ANGLE(sin_f32, float, f32, sinf)
MAP_ANGLE(cos_f32, float, f32, cosf)
MAP_ANGLE(sin_f64, double, f64, sin)
MAP_ANGLE(cos_f64, double, f64, cos)

#define NAMED(f, T) \
  void LEVEL(f)(const T *x, T *y, int64_t count) { f##_array(x, y, count); }

NAMED(exp_f32, float)
NAMED(exp_f64, double)
NAMED(log_f32, float)
NAMED(log_f64, double)

const peri__function LEVEL(math)[] = {
#define X(f) {#f, f##_f32_array, f##_f64_array},
    ROWS(X) X(sin) X(cos){NULL, NULL, NULL},
#undef X
};
