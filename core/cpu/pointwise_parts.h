/* pointwise_parts.h - words of pointwise rows in floats that are not one C
   operator. */
#ifndef PERI_POINTWISE_PARTS_H
#define PERI_POINTWISE_PARTS_H

#include <math.h>

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

static inline float round_down_f32(float x) { return floorf(x); }
static inline double round_down_f64(double x) { return floor(x); }
static inline float magnitude_f32(float x) { return fabsf(x); }
static inline double magnitude_f64(double x) { return fabs(x); }

#endif
