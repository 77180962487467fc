/* angle_f32.h - tangent and the inverse functions of angles, hyperbolic
   functions, lengths and remainders of floats: what math_f32.h says of its
   functions holds here. What few ask for goes through double, where the plain
   formula is precise enough. */
#ifndef PERI_ANGLE_F32_H
#define PERI_ANGLE_F32_H

#include "angle_f64.h"
#include "math_f32.h"

#define QUARTER_F32 0x1.921fb6p+0f        /* pi / 2, */
#define QUARTER_REST_F32 -0x1.777a5cp-25f /* and what that lacks */

/* Within an eighth of a turn a polynomial, then itself or its reciprocal with
   the other sign. */
INLINE float tan_f32(float x) {
  uint32_t quarter;
  float angle = magnitude_of_f32(x), low;
  float r = within_quarter_f32(angle, &quarter, &low), z = r * r;
  float y = 0x1.f7c856p-9f; /* (tan(r) - r) / r^3 */
  y = fused_f32(y, z, 0x1.368a84p-10f);
  y = fused_f32(y, z, 0x1.46743ap-7f);
  y = fused_f32(y, z, 0x1.623d0ep-6f);
  y = fused_f32(y, z, 0x1.ba52a2p-5f);
  y = fused_f32(y, z, 0x1.111088p-3f);
  y = fused_f32(y, z, 0x1.555556p-2f);
  y = r + fused_f32(y * z, r, fused_f32(low, z, low));
  bool odd = (quarter & 1) != 0;
  y = (odd ? -1 : y) / (odd ? y : 1);
  y = angle <= MOST_ANGLE_F32 ? y : NAN;
  return of_bits_f32(bits_f32(y) ^ (bits_f32(x) & SIGN_F32));
}

/* By t, (t - 1) / (t + 1) or -1 / t. */
INLINE float atan_f32(float x) {
  float t = magnitude_of_f32(x);
  bool some = t > 0x1.a8279ap-2f, much = t > 0x1.3504f4p+1f;
  float turns = much ? 1 : some ? 0.5f : 0;
  float q = (much ? -1 : some ? t - 1 : t) / (much ? t : some ? t + 1 : 1);
  float z = q * q;
  float y = -0x1.08432cp-4f; /* (atan(q) - q) / q^3 */
  y = fused_f32(y, z, 0x1.b80f88p-4f);
  y = fused_f32(y, z, -0x1.24202ep-3f);
  y = fused_f32(y, z, 0x1.99973p-3f);
  y = fused_f32(y, z, -0x1.555554p-2f);
  y = fused_f32(y * z, q, turns * QUARTER_REST_F32);
  return signed_f32(turns * QUARTER_F32 + (q + y), x);
}

/* asin(x) up to 1 / 2, beyond it that of sqrt((1 - x) / 2), from which asin and
   acos follow; 'more' is what the result lacks. */
INLINE float asin_of_f32(float t, float *more) {
  float z = t > 0.5f ? 0.5f - 0.5f * t : t * t;
  float s = t > 0.5f ? __builtin_sqrtf(z) : t;
  float y = 0x1.14138cp-5f; /* (asin(s) - s) / s^3 */
  y = fused_f32(y, z, 0x1.18e1f6p-6f);
  y = fused_f32(y, z, 0x1.fd921ap-6f);
  y = fused_f32(y, z, 0x1.6d5b8ep-5f);
  y = fused_f32(y, z, 0x1.333432p-4f);
  y = fused_f32(y, z, 0x1.555554p-3f);
  *more = y * z * s;
  return s;
}

INLINE float asin_f32(float x) {
  float t = magnitude_of_f32(x), more, s = asin_of_f32(t, &more);
  float y = QUARTER_F32 - (2 * s + (2 * more - QUARTER_REST_F32));
  return signed_f32(t > 0.5f ? y : s + more, x);
}

INLINE float acos_f32(float x) {
  float t = magnitude_of_f32(x), more, s = asin_of_f32(t, &more);
  float low = signed_f32(s, x), low_more = signed_f32(more, x);
  float inside = QUARTER_F32 - (low + (low_more - QUARTER_REST_F32));
  float beyond = 2 * (s + more);
  float back = 2 * (QUARTER_F32 - (s + (more - QUARTER_REST_F32)));
  return t > 0.5f ? (x < 0 ? back : beyond) : inside;
}

/* ---- Through double --------------------------------------------------- */

INLINE float atan2_f32(float a, float b) { return (float)atan2_f64(a, b); }

INLINE float hypot_f32(float a, float b) {
  double x = a, y = b, square = x * x;
  float length = (float)__builtin_sqrt(fused_f64(y, y, square));
  float u = magnitude_of_f32(a), v = magnitude_of_f32(b);
  return u == INFINITY || v == INFINITY ? INFINITY : length;
}

/* Near zero what the formulas make of x is lost, and x is the result. */
INLINE float unless_small_f32(float x, double y) {
  float t = magnitude_of_f32(x);
  return t < 0x1p-13f ? x : signed_f32((float)y, x);
}

INLINE float cosh_f32(float x) {
  double e = exp_f64(magnitude_of_f32(x));
  return (float)(0.5 * e + 0.5 / e);
}

INLINE float sinh_f32(float x) {
  double e = exp_f64(magnitude_of_f32(x));
  return unless_small_f32(x, 0.5 * e - 0.5 / e);
}

INLINE float asinh_f32(float x) {
  double t = magnitude_of_f32(x);
  return unless_small_f32(x, log_f64(t + __builtin_sqrt(t * t + 1)));
}

INLINE float acosh_f32(float x) {
  double t = x;
  float y = (float)log_f64(t + __builtin_sqrt((t - 1) * (t + 1)));
  return x >= 1 ? y : NAN;
}

INLINE float atanh_f32(float x) {
  double t = magnitude_of_f32(x);
  return unless_small_f32(x, 0.5 * log_f64((1 + t) / (1 - t)));
}

INLINE float rest_f32(float a, float b) { return (float)rest_f64(a, b); }

#endif
