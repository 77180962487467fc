/* pointwise_parts.h - words of pointwise rows in floats that are not one C
   operator. OWN_POWER_F32: who includes this has power_f32. */
#ifndef PERI_POINTWISE_PARTS_H
#define PERI_POINTWISE_PARTS_H

#include <math.h>
#include <stdbool.h>

#ifndef OWN_POWER_F32
static inline float power_f32(float a, float b) { return powf(a, b); }
#endif
static inline double power_f64(double a, double b) { return pow(a, b); }

#ifndef OWN_REST_F32
static inline float rest_f32(float a, float b) { return fmodf(a, b); }
#endif
#ifndef OWN_REST_F64
static inline double rest_f64(double a, double b) { return fmod(a, b); }
#endif

/* A remainder takes the sign of b, and its quotient is what is then left of a,
   a whole number but for its rounding. */
#define DIVISIONS(type, T, truncated, nearest) \
  static inline T modulo_##type(T a, T b) { \
    T r = rest_##type(a, b); \
    return r != 0 && (r < 0) != (b < 0) ? r + b : r; \
  } \
  static inline T floor_quotient_##type(T a, T b) { \
    T r = rest_##type(a, b), d = a / b, q = (a - r) / b; \
    q = r != 0 && (r < 0) != (b < 0) ? q - 1 : q; \
    T y = q != 0 ? nearest(q) : 0 * d; \
    return b == 0 ? d : y; \
  } \
  static inline T quotient_##type(T a, T b) { return truncated(a / b); }

DIVISIONS(f32, float, truncf, rintf)
DIVISIONS(f64, double, trunc, rint)
#undef DIVISIONS

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

static inline bool negative_f32(float x) { return signbit(x) != 0; }
static inline bool negative_f64(double x) { return signbit(x) != 0; }

#endif
