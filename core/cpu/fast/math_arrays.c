/* math_arrays.c - functions over dense arrays. */
#include "math_f32.h"
#include "math_f64.h"

#define NAMED(f, T) \
  void LEVEL(f)(const T *x, T *y, int64_t count) { \
    _Pragma("omp simd") for (int64_t i = 0; i < count; i++) y[i] = f(x[i]); \
  }

NAMED(exp_f32, float)
NAMED(exp_f64, double)
NAMED(log_f32, float)
NAMED(log_f64, double)
