/* angle_f64.h - tangent, the inverse functions of angles, lengths and
   remainders of doubles: what math_f32.h says of its functions holds here. */
#ifndef PERI_ANGLE_F64_H
#define PERI_ANGLE_F64_H

#include "math_f64.h"

#define QUARTER_F64 0x1.921fb54442d18p+0       /* pi / 2, */
#define QUARTER_REST_F64 0x1.1a62633145c07p-54 /* and what that lacks */
#define EIGHTH_F64 0x1.a827999fcef32p-2        /* tan(pi / 8) */

/* Within an eighth of a turn a polynomial, then itself or its reciprocal with
   the other sign. */
INLINE double tan_f64(double x) {
  uint64_t quarter;
  double angle = magnitude_of_f64(x), low;
  double r = within_quarter_f64(angle, &quarter, &low), z = r * r;
  double y = 0x1.31c555d7fe768p-16; /* (tan(r) - r) / r^3 */
  y = fused_f64(y, z, -0x1.1afcfe5e947d0p-15);
  y = fused_f64(y, z, 0x1.1f471a0f68b9ap-14);
  y = fused_f64(y, z, -0x1.b1edaa62b30f5p-19);
  y = fused_f64(y, z, 0x1.f6b70da0ced82p-14);
  y = fused_f64(y, z, 0x1.e3939edb2edeep-13);
  y = fused_f64(y, z, 0x1.36818d0257aa7p-11);
  y = fused_f64(y, z, 0x1.7d88b75d14455p-10);
  y = fused_f64(y, z, 0x1.d6d56e3fd475ap-9);
  y = fused_f64(y, z, 0x1.226e2d4cc74e4p-7);
  y = fused_f64(y, z, 0x1.664f48b2e2503p-6);
  y = fused_f64(y, z, 0x1.ba1ba1b9864a4p-5);
  y = fused_f64(y, z, 0x1.11111111116c1p-3);
  y = fused_f64(y, z, 0x1.5555555555554p-2);
  y = r + fused_f64(y * z, r, fused_f64(low, z, low));
  bool odd = (quarter & 1) != 0;
  y = (odd ? -1 : y) / (odd ? y : 1);
  y = angle <= MOST_ANGLE_F64 ? y : NAN;
  return of_bits_f64(bits_f64(y) ^ (bits_f64(x) & SIGN_F64));
}

/* atan(n / d) + turned, where n / d is at most tan(pi / 8), and 'rest' is what
   'turned' lacks. */
INLINE double atan_of_f64(double n, double d, double turned, double rest) {
  double q = n / d, z = q * q;
  double y = -0x1.3a2b7a07caea9p-6; /* (atan(q) - q) / q^3 */
  y = fused_f64(y, z, 0x1.41603647c7a7cp-5);
  y = fused_f64(y, z, -0x1.a098bb6ba4941p-5);
  y = fused_f64(y, z, 0x1.dfe61e80903d2p-5);
  y = fused_f64(y, z, -0x1.10fa75382537fp-4);
  y = fused_f64(y, z, 0x1.3b1262d95579ep-4);
  y = fused_f64(y, z, -0x1.745d0b26b83e7p-4);
  y = fused_f64(y, z, 0x1.c71c7185314cbp-4);
  y = fused_f64(y, z, -0x1.24924924360cbp-3);
  y = fused_f64(y, z, 0x1.999999999934ap-3);
  y = fused_f64(y, z, -0x1.5555555555555p-2);
  return turned + (q + fused_f64(y * z, q, rest));
}

/* By t, (t - 1) / (t + 1) or -1 / t. */
INLINE double atan_f64(double x) {
  double t = magnitude_of_f64(x);
  bool some = t > EIGHTH_F64, much = t > 0x1.3504f333f9de6p+1;
  double turns = much ? 1 : some ? 0.5 : 0;
  double n = much ? -1 : some ? t - 1 : t;
  double d = much ? t : some ? t + 1 : 1;
  return signed_f64(
      atan_of_f64(n, d, turns * QUARTER_F64, turns * QUARTER_REST_F64), x);
}

/* The angle within its eighth of a turn, then mirrored where it lies beyond
   45 degrees, and where beyond 90. */
INLINE double atan2_f64(double a, double b) {
  const double most = 0x1.fffffffffffffp+1023;
  double y = magnitude_of_f64(a), x = magnitude_of_f64(b);
  bool steep = y > x, back = (bits_f64(b) & SIGN_F64) != 0;
  double n = steep ? x : y, d = steep ? y : x;
  double scale = d > 0x1p1000 ? 0.25 : 1; /* for the sum below */
  n = n < d && d == INFINITY ? 0 : at_most_f64(n, most) * scale;
  d = d == 0 ? 1 : at_most_f64(d, most) * scale;
  bool some = n > EIGHTH_F64 * d;
  double turns = some ? 0.5 : 0;
  double angle = atan_of_f64(some ? n - d : n, some ? n + d : d,
                             turns * QUARTER_F64, turns * QUARTER_REST_F64);
  angle = steep ? QUARTER_F64 - (angle - QUARTER_REST_F64) : angle;
  double other = 2 * QUARTER_F64 - (angle - 2 * QUARTER_REST_F64);
  return signed_f64(back ? other : angle, a);
}

/* asin(x) up to 1 / 2, beyond it that of sqrt((1 - x) / 2), from which asin and
   acos follow; 'more' is what the result lacks. */
INLINE double asin_of_f64(double t, double *more) {
  double z = t > 0.5 ? 0.5 - 0.5 * t : t * t;
  double s = t > 0.5 ? __builtin_sqrt(z) : t;
  double y = 0x1.d78189767524ep-6; /* (asin(s) - s) / s^3 */
  y = fused_f64(y, z, -0x1.e7a24f548c99fp-7);
  y = fused_f64(y, z, 0x1.1d661531b222ep-6);
  y = fused_f64(y, z, 0x1.653a8f8cfd43cp-8);
  y = fused_f64(y, z, 0x1.524ea8b3aad31p-7);
  y = fused_f64(y, z, 0x1.78246f32d075cp-7);
  y = fused_f64(y, z, 0x1.c9cf3759fd8ffp-7);
  y = fused_f64(y, z, 0x1.1c4d343fa57f6p-6);
  y = fused_f64(y, z, 0x1.6e8bb1d89492bp-6);
  y = fused_f64(y, z, 0x1.f1c71c1d4aa0dp-6);
  y = fused_f64(y, z, 0x1.6db6db6e3292ep-5);
  y = fused_f64(y, z, 0x1.3333333332ec4p-4);
  y = fused_f64(y, z, 0x1.5555555555556p-3);
  *more = y * z * s;
  return s;
}

INLINE double asin_f64(double x) {
  double t = magnitude_of_f64(x), more, s = asin_of_f64(t, &more);
  double y = QUARTER_F64 - (2 * s + (2 * more - QUARTER_REST_F64));
  return signed_f64(t > 0.5 ? y : s + more, x);
}

INLINE double acos_f64(double x) {
  double t = magnitude_of_f64(x), more, s = asin_of_f64(t, &more);
  double low = signed_f64(s, x), low_more = signed_f64(more, x);
  double inside = QUARTER_F64 - (low + (low_more - QUARTER_REST_F64));
  double beyond = 2 * (s + more);
  double back = 2 * (QUARTER_F64 - (s + (more - QUARTER_REST_F64)));
  return t > 0.5 ? (x < 0 ? back : beyond) : inside;
}

/* Scaled where a square might be infinite or zero. */
INLINE double hypot_f64(double a, double b) {
  double x = magnitude_of_f64(a), y = magnitude_of_f64(b);
  double most = x > y ? x : y;
  double scale = most > 0x1p500 ? 0x1p-600 : most < 0x1p-400 ? 0x1p600 : 1;
  double back = most > 0x1p500 ? 0x1p600 : most < 0x1p-400 ? 0x1p-600 : 1;
  double u = x * scale, v = y * scale;
  double length = __builtin_sqrt(fused_f64(u, u, v * v)) * back;
  return x == INFINITY || y == INFINITY ? INFINITY : length;
}

/* ---- Remainders ------------------------------------------------------- */

/* Up to this quotient the remainder is exact: the product with a whole number
   that is off by one at most has a difference from 'a' that is a double. It
   needs the fused multiply-add. */
#define MOST_QUOTIENT 0x1p50

/* As fmod, for a quotient up to MOST_QUOTIENT and a finite b. */
INLINE double rest_f64(double a, double b) {
  double x = magnitude_of_f64(a), y = magnitude_of_f64(b);
  double r = fused_f64(-__builtin_trunc(x / y), y, x);
  return signed_f64(r < 0 ? r + y : r, a);
}

#endif
