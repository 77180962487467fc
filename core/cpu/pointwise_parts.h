/* pointwise_parts.h - words of pointwise rows in floats that are not one C
   operator. */
#ifndef PERI_POINTWISE_PARTS_H
#define PERI_POINTWISE_PARTS_H

#include <math.h>
#include <stdbool.h>

static inline float power_f32(float a, float b) { return powf(a, b); }
static inline double power_f64(double a, double b) { return pow(a, b); }

static inline float modulo_f32(float a, float b) {
  float r = fmodf(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline double modulo_f64(double a, double b) {
  double r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline float floor_quotient_f32(float a, float b) {
  return floorf(a / b);
}

static inline double floor_quotient_f64(double a, double b) {
  return floor(a / b);
}

/* Those that are functions of math.h. */
#define BOTH_TYPES(name, f, single) \
  static inline float name##_f32(float x) { return single(x); } \
  static inline double name##_f64(double x) { return f(x); }

BOTH_TYPES(magnitude, fabs, fabsf)
BOTH_TYPES(round_down, floor, floorf)
BOTH_TYPES(round_up, ceil, ceilf)
BOTH_TYPES(towards_zero, trunc, truncf)
BOTH_TYPES(to_even, rint, rintf) /* as the mode is inside a context */

#undef BOTH_TYPES

static inline double rest_f64(double a, double b) { return fmod(a, b); }
static inline bool negative_f64(double x) { return signbit(x) != 0; }

#endif
