/* math_f32.h - functions of a float as straight arithmetic: no branch, table or
   call, so that a loop around one of them becomes vectors at every level.
   Within 2 units in the last place of the exact value (spec/c/math_spec.c); NaN
   gives NaN, infinities and zeros with their signs give what C's functions
   give, denormals count as zero.

   Polynomials are minimax fits of the function named beside them. What needs a
   multiply-add asks for it, so the bits are those of the level: the same
   wherever it is fused. */
#ifndef PERI_MATH_F32_H
#define PERI_MATH_F32_H

#include <math.h>

#include "math_f64.h"

/* a b + c */
INLINE float fused_f32(float a, float b, float c) {
#if FUSED
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}

INLINE uint32_t bits_f32(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE float of_bits_f32(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

#define SIGN_F32 0x80000000u
/* A number plus this has its nearest whole number in the low bits. */
#define ROUNDER_F32 0x1.8p23f

INLINE float magnitude_of_f32(float x) {
  return of_bits_f32(bits_f32(x) & ~SIGN_F32);
}

/* 'x', which is not negative, with the sign of 'sign'. */
INLINE float signed_f32(float x, float sign) {
  return of_bits_f32(bits_f32(x) | (bits_f32(sign) & SIGN_F32));
}

/* NaN stays. */
INLINE float at_most_f32(float x, float most) { return x > most ? most : x; }
INLINE float at_least_f32(float x, float least) {
  return x < least ? least : x;
}

/* 2^n for n in [-126, 127]. */
INLINE float power_of_2_f32(int32_t n) {
  return of_bits_f32((uint32_t)(n + 127) << 23);
}

/* ---- Exponential ------------------------------------------------------ */

/* ln 2 in two parts: a whole number of 9 bits times the first is exact. */
#define LN2_HIGH_F32 0x1.62e4p-1f
#define LN2_LOW_F32 0x1.7f7d1cp-20f
#define LN2_F32 0x1.62e430p-1f
#define LOG2_E_F32 0x1.715476p+0f

/* x = n ln 2 + r with r in [-ln 2 / 2, ln 2 / 2]; e^r = 1 + r + more. */
typedef struct {
  int32_t n;
  float r, square, q; /* more = square q */
} exp_parts_f32;

INLINE exp_parts_f32 exp_parts_of_f32(float shifted, float r) {
  float q = 0x1.6dbbbcp-10f; /* (e^r - 1 - r) / r^2 */
  q = fused_f32(q, r, 0x1.124144p-7f);
  q = fused_f32(q, r, 0x1.555456p-5f);
  q = fused_f32(q, r, 0x1.555486p-3f);
  q = fused_f32(q, r, 0.5f);
  return (exp_parts_f32){(int32_t)(bits_f32(shifted) - bits_f32(ROUNDER_F32)),
                         r, r * r, q};
}

INLINE exp_parts_f32 split_exp_f32(float x) {
  float shifted = fused_f32(x, LOG2_E_F32, ROUNDER_F32);
  float n = shifted - ROUNDER_F32;
  float r = fused_f32(n, -LN2_HIGH_F32, x);
  return exp_parts_of_f32(shifted, fused_f32(n, -LN2_LOW_F32, r));
}

/* e^r - 1 */
INLINE float less_one_f32(exp_parts_f32 e) {
  return fused_f32(e.square, e.q, e.r);
}

/* Where e^x is the largest number, and the least that is not denormal. */
#define MOST_EXP_F32 88.7228394f
#define LEAST_EXP_F32 -87.3365479f

/* e^r 2^n by adding n to the exponent, which has room for it up to the ends of
   the range; beyond them what was added is nonsense. */
INLINE float joined_exp_f32(exp_parts_f32 e) {
  float p = fused_f32(fused_f32(e.q, e.r, 1), e.r, 1);
  return of_bits_f32(bits_f32(p) + ((uint32_t)e.n << 23));
}

INLINE float exp_f32(float x) {
  float y = joined_exp_f32(split_exp_f32(x));
  y = x <= MOST_EXP_F32 ? y : x * INFINITY; /* NaN stays */
  return x < LEAST_EXP_F32 ? 0 : y;
}

INLINE float exp2_f32(float x) {
  float shifted = x + ROUNDER_F32, r = x - (shifted - ROUNDER_F32);
  float y = joined_exp_f32(exp_parts_of_f32(shifted, r * LN2_F32));
  y = x < 128 ? y : x * INFINITY;
  return x < -126 ? 0 : y;
}

/* e^x - 1 = 2 (2^(n-1) p + (2^(n-1) - 1/2)); x itself where it is so small that
   a half of it may be denormal. */
INLINE float expm1_f32(float x) {
  exp_parts_f32 e = split_exp_f32(at_least_f32(at_most_f32(x, 89), -30));
  float scale = power_of_2_f32(e.n - 1);
  float y = 2 * fused_f32(scale, less_one_f32(e), scale - 0.5f);
  return magnitude_of_f32(x) < 0x1p-100f ? x : y;
}

/* 1 - 2 / (e^(2 |x|) + 1), and a polynomial where that would cancel, which
   NaN takes as well. */
INLINE float tanh_f32(float x) {
  float t = magnitude_of_f32(x), z = t * t;
  exp_parts_f32 e = split_exp_f32(at_most_f32(2 * t, 20));
  float p = fused_f32(fused_f32(e.q, e.r, 1), e.r, 1);
  float high = of_bits_f32(bits_f32(p) + ((uint32_t)e.n << 23));
  high = 1 - 2 / (high + 1);
  float low = -0x1.73175cp-8f; /* (tanh(t) - t) / t^3 */
  low = fused_f32(low, z, 0x1.51bd24p-6f);
  low = fused_f32(low, z, -0x1.b838d2p-5f);
  low = fused_f32(low, z, 0x1.1107a4p-3f);
  low = fused_f32(low, z, -0x1.55553ap-2f);
  low = fused_f32(t * z, low, t);
  return signed_f32(t >= 0.625f ? high : low, x);
}

/* ---- Logarithm -------------------------------------------------------- */

/* x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for what is not denormal;
   log(1 + f) = f + (more - f^2 / 2). */
typedef struct {
  float e, f, square, more;
} log_parts_f32;

INLINE log_parts_f32 split_log_f32(float x) {
  uint32_t bits = bits_f32(x);
  int32_t e = (int32_t)(bits - 0x3f3504f3u) >> 23; /* bits of sqrt(1/2) */
  float f = of_bits_f32(bits - ((uint32_t)e << 23)) - 1, scale = (float)e;
  float q = -0x1.41f06ap-4f; /* (log(1 + f) - f + f^2 / 2) / f^3 */
  q = fused_f32(q, f, 0x1.07d12ep-3f);
  q = fused_f32(q, f, -0x1.0ce026p-3f);
  q = fused_f32(q, f, 0x1.226e3cp-3f);
  q = fused_f32(q, f, -0x1.547892p-3f);
  q = fused_f32(q, f, 0x1.99a596p-3f);
  q = fused_f32(q, f, -0x1.000220p-2f);
  q = fused_f32(q, f, 0x1.55554ap-2f);
  float square = f * f;
  return (log_parts_f32){scale, f, square, square * f * q};
}

INLINE float log_normal_f32(float x) {
  log_parts_f32 l = split_log_f32(x);
  float y = fused_f32(l.e, LN2_LOW_F32, l.more);
  y = fused_f32(-0.5f, l.square, y);
  return fused_f32(l.e, LN2_HIGH_F32, l.f + y);
}

#define LEAST_F32 0x1p-126f /* that is not denormal */

/* 'y' where it is the logarithm of x, else what that is. */
INLINE float log_or_end_f32(float x, float y) {
  y = x == INFINITY ? x : y;
  float outside = x > -LEAST_F32 ? -INFINITY : NAN;
  return x >= LEAST_F32 ? y : outside;
}

INLINE float log_f32(float x) { return log_or_end_f32(x, log_normal_f32(x)); }

/* log(1 + f) of the parts. */
INLINE float log_rest_f32(log_parts_f32 l) {
  return l.f + fused_f32(-0.5f, l.square, l.more);
}

INLINE float log2_f32(float x) {
  log_parts_f32 l = split_log_f32(x);
  return log_or_end_f32(x, fused_f32(log_rest_f32(l), LOG2_E_F32, l.e));
}

INLINE float log10_f32(float x) {
  log_parts_f32 l = split_log_f32(x);
  float y = log_rest_f32(l) * 0x1.bcb7b2p-2f; /* log10(e) */
  y = fused_f32(l.e, -0x1.ec10cp-27f, y);
  return log_or_end_f32(x, fused_f32(l.e, 0x1.344136p-2f, y));
}

/* log(u) with u = 1 + x as rounded, and what the rounding lost. */
INLINE float log1p_f32(float x) {
  float u = 1 + x, log_u = log_f32(u);
  float y = log_u + (x - (u - 1)) / u;
  y = u > 0 && u < INFINITY ? y : log_u;
  return x == 0 ? x : y;
}

/* ---- Error function --------------------------------------------------- */

/* A polynomial below 1, whose two terms are one where half of them may be
   denormal; above it 1 - erfc(x), of which one more is the
   logarithm. */
INLINE float erf_f32(float x) {
  float t = at_most_f32(magnitude_of_f32(x), 4), z = t * t;
  float low = 0x1.496a12p-14f; /* erf(t) / t - 1 */
  low = fused_f32(low, z, -0x1.a3f71ep-11f);
  low = fused_f32(low, z, 0x1.5405bep-8f);
  low = fused_f32(low, z, -0x1.b7f91p-6f);
  low = fused_f32(low, z, 0x1.ce2cf8p-4f);
  low = fused_f32(low, z, -0x1.81273ep-2f);
  low = fused_f32(low, z, 0x1.06eba8p-3f);
  low = t < 0x1p-100f ? 0x1.20dd76p+0f * t : fused_f32(low, t, t);
  float high = -0x1.9005e2p-25f; /* -log(erfc(t)) */
  high = fused_f32(high, t, 0x1.773c6cp-16f);
  high = fused_f32(high, t, -0x1.d33ap-12f);
  high = fused_f32(high, t, 0x1.148662p-8f);
  high = fused_f32(high, t, -0x1.9d890cp-6f);
  high = fused_f32(high, t, 0x1.bc4242p-4f);
  high = fused_f32(high, t, 0x1.4430bcp-1f);
  high = fused_f32(high, t, 0x1.212d22p+0f);
  high = fused_f32(high, t, -0x1.913e9cp-13f);
  exp_parts_f32 e = split_exp_f32(-high);
  float scale = power_of_2_f32(e.n);
  high = 1 - fused_f32(scale, less_one_f32(e), scale);
  return signed_f32(t < 1 ? low : high, x);
}

/* ---- Sine and cosine -------------------------------------------------- */

/* Beyond this, sine and cosine of this file are NaN, and who calls them asks
   libm instead. */
#define MOST_ANGLE_F32 0x1p16f

/* An angle >= 0 less its quarters, whose number comes in 'quarter', and in
   'low' what the result lacks. pi / 2 comes in three parts: the difference to
   the first is exact, since it is small and both are multiples of 2^-22; what
   the second product and difference lose goes with the third. It needs the
   fused multiply-add. */
INLINE float within_quarter_f32(float angle, uint32_t *quarter, float *low) {
  const float second = -0x1.777a5cp-25f;
  float shifted = fused_f32(angle, 0x1.45f306p-1f, ROUNDER_F32);
  float n = shifted - ROUNDER_F32;
  float wide = fused_f32(n, -0x1.921fb6p+0f, angle), part = n * second;
  float narrow = wide - part, change = narrow - wide;
  float lost = (wide - (narrow - change)) - (part + change);
  lost -= fused_f32(n, second, -part);
  lost = fused_f32(n, 0x1.ee59dap-50f, lost);
  float r = narrow + lost;
  *quarter = bits_f32(shifted);
  *low = (narrow - r) + lost;
  return r;
}

/* Sine of 'angle' >= 0 turned on by 'turns' quarters. */
INLINE float turned_sine_f32(float angle, uint32_t turns) {
  uint32_t quarter;
  float low, r = within_quarter_f32(angle, &quarter, &low), z = r * r;
  quarter += turns;
  float sine = -0x1.98e3p-13f; /* (sin r - r) / r^3 */
  sine = fused_f32(sine, z, 0x1.110650p-7f);
  sine = fused_f32(sine, z, -0x1.555544p-3f);
  sine = fused_f32(sine * z, r, r);
  float cosine = 0x1.9a526cp-16f; /* (cos r - 1 + r^2 / 2) / r^4 */
  cosine = fused_f32(cosine, z, -0x1.6c0e22p-10f);
  cosine = fused_f32(cosine, z, 0x1.55554ep-5f);
  cosine = fused_f32(cosine, z, -0.5f);
  cosine = fused_f32(cosine, z, 1);
  float y = (quarter & 1) != 0 ? cosine : sine;
  y = of_bits_f32(bits_f32(y) ^ (quarter & 2) << 30);
  return angle <= MOST_ANGLE_F32 ? y : NAN;
}

INLINE float sin_f32(float x) {
  float y = turned_sine_f32(magnitude_of_f32(x), 0);
  return of_bits_f32(bits_f32(y) ^ (bits_f32(x) & SIGN_F32));
}

INLINE float cos_f32(float x) {
  return turned_sine_f32(magnitude_of_f32(x), 1);
}

/* ---- Power ------------------------------------------------------------ */

/* log2(x) of x >= 0 in double, within 2^-36 of it: e + log2(1 + f) with 1 + f
   in [sqrt(1/2), sqrt(2)), which is a series in s = f / (2 + f). */
INLINE double wide_log2(double x) {
  const uint64_t root = 0x3fe6a09e667f3bcd; /* bits of sqrt(1/2) */
  const uint64_t one = (uint64_t)1023 << 52;
  uint64_t bits = bits_f64(x), biased = (bits + (one - root)) >> 52;
  double f = of_bits_f64(bits - (biased << 52) + one) - 1;
  double e = of_bits_f64(biased | bits_f64(0x1p52)) - (0x1p52 + 1023);
  double s = f / (2 + f), z = s * s;
  double q = 0x1.c68f568d31761p-3; /* log2(1 + f) / s */
  q = fused_f64(q, z, 0x1.0c9a84994022dp-2);
  q = fused_f64(q, z, 0x1.484b13d7c02a9p-2);
  q = fused_f64(q, z, 0x1.a61762a7adedap-2);
  q = fused_f64(q, z, 0x1.2776c50ef9bfep-1);
  q = fused_f64(q, z, 0x1.ec709dc3a03fep-1);
  q = fused_f64(q, z, 0x1.71547652b82fep+1);
  double y = x < INFINITY ? fused_f64(q, s, e) : x; /* NaN stays */
  return x == 0 ? -INFINITY : y;
}

/* 2^t in double, for t in [-1000, 1000]; a series in t without its whole part,
   within 2^-32 of it. */
INLINE double wide_exp2(double t) {
  double shifted = t + ROUNDER_F64, r = t - (shifted - ROUNDER_F64);
  uint64_t n = bits_f64(shifted) - bits_f64(ROUNDER_F64);
  double p = 0x1.62c0223a5c822p-20;
  p = fused_f64(p, r, 0x1.ffcbfc588b0c5p-17);
  p = fused_f64(p, r, 0x1.430912f86c786p-13);
  p = fused_f64(p, r, 0x1.5d87fe78a6730p-10);
  p = fused_f64(p, r, 0x1.3b2ab6fba4e77p-7);
  p = fused_f64(p, r, 0x1.c6b08d704a0bfp-5);
  p = fused_f64(p, r, 0x1.ebfbdff82c58ep-3);
  p = fused_f64(p, r, 0x1.62e42fefa39efp-1);
  p = fused_f64(p, r, 0x1.0000000000000p+0);
  return of_bits_f64(bits_f64(p) + (n << 52));
}

/* The whole number next to 'x', which is itself beyond 2^51. */
INLINE double nearest_whole(double x) {
  double near = x + ROUNDER_F64 - ROUNDER_F64;
  return magnitude_of_f64(x) < 0x1p51 ? near : x;
}

/* a^b through double, so that what a float can hold is exact. */
INLINE float power_f32(float a, float b) {
  double x = a, y = b, m = magnitude_of_f64(x);
  double t = y * wide_log2(m), half = 0.5 * y;
  double size = wide_exp2(at_least_f64(at_most_f64(t, 200), -200));
  size = t == t ? size : t;
  size = x < 0 && m < INFINITY && nearest_whole(y) != y ? NAN : size;
  double sign = nearest_whole(y) == y && nearest_whole(half) != half ? x : 1;
  size = signed_f64(size, sign);
  size = m == 1 && magnitude_of_f64(y) == INFINITY ? 1 : size;
  return (float)(x == 1 || y == 0 ? 1 : size);
}

#endif
