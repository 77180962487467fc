/* math_f64.h - functions of a double as straight arithmetic: what math_f32.h
   says of float holds here. Whole numbers stay in int64 vectors by the bits of
   shifted numbers, since the lower levels convert none. */
#ifndef PERI_MATH_F64_H
#define PERI_MATH_F64_H

#include <math.h>

#include "fast.h"

/* a b + c */
INLINE double fused_f64(double a, double b, double c) {
#if FUSED
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

INLINE uint64_t bits_f64(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

INLINE double of_bits_f64(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

#define SIGN_F64 ((uint64_t)1 << 63)
/* A number plus this has its nearest whole number in the low bits. */
#define ROUNDER_F64 0x1.8p52

INLINE double magnitude_of_f64(double x) {
  return of_bits_f64(bits_f64(x) & ~SIGN_F64);
}

/* 'x', which is not negative, with the sign of 'sign'. */
INLINE double signed_f64(double x, double sign) {
  return of_bits_f64(bits_f64(x) | (bits_f64(sign) & SIGN_F64));
}

/* NaN stays. */
INLINE double at_most_f64(double x, double most) { return x > most ? most : x; }
INLINE double at_least_f64(double x, double least) {
  return x < least ? least : x;
}

/* 2^n for n in [-1022, 1023], n modulo 2^64. */
INLINE double power_of_2_f64(uint64_t n) {
  return of_bits_f64((n + 1023) << 52);
}

/* ---- Exponential ------------------------------------------------------ */

/* ln 2 in two parts: a whole number of 12 bits times the first is exact. */
#define LN2_HIGH_F64 0x1.62e42fefap-1
#define LN2_LOW_F64 0x1.cf79abc9e3b3ap-40
#define LN2_F64 0x1.62e42fefa39efp-1
#define LOG2_E_F64 0x1.71547652b82fep+0

/* x = n ln 2 + r with r in [-ln 2 / 2, ln 2 / 2]; e^r = 1 + r + more. */
typedef struct {
  uint64_t n;
  double r, square, q; /* more = square q */
} exp_parts_f64;

INLINE exp_parts_f64 exp_parts_of_f64(double shifted, double r) {
  double q = 0x1.af683e37b6ad6p-26; /* (e^r - 1 - r) / r^2 */
  q = fused_f64(q, r, 0x1.28b830f12a220p-22);
  q = fused_f64(q, r, 0x1.71ddf3fba2996p-19);
  q = fused_f64(q, r, 0x1.a0198f479a380p-16);
  q = fused_f64(q, r, 0x1.a01a01b104d90p-13);
  q = fused_f64(q, r, 0x1.6c16c18796238p-10);
  q = fused_f64(q, r, 0x1.111111110f5f5p-7);
  q = fused_f64(q, r, 0x1.555555554fd35p-5);
  q = fused_f64(q, r, 0x1.5555555555558p-3);
  q = fused_f64(q, r, 0x1.000000000000ap-1);
  return (exp_parts_f64){bits_f64(shifted) - bits_f64(ROUNDER_F64), r, r * r,
                         q};
}

INLINE exp_parts_f64 split_exp_f64(double x) {
  double shifted = fused_f64(x, LOG2_E_F64, ROUNDER_F64);
  double n = shifted - ROUNDER_F64;
  double r = fused_f64(n, -LN2_HIGH_F64, x);
  return exp_parts_of_f64(shifted, fused_f64(n, -LN2_LOW_F64, r));
}

/* e^r - 1 */
INLINE double less_one_f64(exp_parts_f64 e) {
  return fused_f64(e.square, e.q, e.r);
}

/* Where e^x is the largest number, and the least that is not denormal. */
#define MOST_EXP_F64 0x1.62e42fefa39efp+9
#define LEAST_EXP_F64 -0x1.6232bdd7abcd2p+9

/* As joined_exp_f32 does it. */
INLINE double joined_exp_f64(exp_parts_f64 e) {
  double p = fused_f64(fused_f64(e.q, e.r, 1), e.r, 1);
  return of_bits_f64(bits_f64(p) + (e.n << 52));
}

INLINE double exp_f64(double x) {
  double y = joined_exp_f64(split_exp_f64(x));
  y = x <= MOST_EXP_F64 ? y : x * INFINITY; /* NaN stays */
  return x < LEAST_EXP_F64 ? 0 : y;
}

INLINE double exp2_f64(double x) {
  double shifted = x + ROUNDER_F64, r = x - (shifted - ROUNDER_F64);
  double y = joined_exp_f64(exp_parts_of_f64(shifted, r * LN2_F64));
  y = x < 1024 ? y : x * INFINITY;
  return x < -1022 ? 0 : y;
}

/* e^x - 1 = 2 (2^(n-1) p + (2^(n-1) - 1/2)); x itself where it is so small that
   a half of it may be denormal. */
INLINE double expm1_f64(double x) {
  exp_parts_f64 e = split_exp_f64(at_least_f64(at_most_f64(x, 710), -50));
  double scale = power_of_2_f64(e.n - 1);
  double y = 2 * fused_f64(scale, less_one_f64(e), scale - 0.5);
  return magnitude_of_f64(x) < 0x1p-900 ? x : y;
}

/* y = m / d with m = e^(2 |x|) - 1 and d = m + 2. Where m is small, the
   rounding of both is made good: (m + a) / (d + a + b) is nearly
   y + (a - y (a + b)) / d, and 1 / d is (1 - y) / 2. */
INLINE double tanh_f64(double x) {
  exp_parts_f64 e = split_exp_f64(at_most_f64(2 * magnitude_of_f64(x), 44));
  double scale = power_of_2_f64(e.n), p = less_one_f64(e);
  double m = fused_f64(scale, p, scale - 1), d = m + 2, y = m / d;
  double a = fused_f64(scale, p, scale - 1 - m), b = m - (d - 2);
  a = fused_f64(scale, fused_f64(e.square, e.q, e.r - p), a);
  double better = fused_f64(0.5 - 0.5 * y, fused_f64(-y, a + b, a), y);
  return signed_f64(m < 1 ? better : y, x);
}

/* ---- Logarithm -------------------------------------------------------- */

/* x = 2^e (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)), for what is not denormal:
   log(1 + f) is 2 atanh(s) with s = f / (2 + f), and f is kept apart as
   f - (half - more), half = f^2 / 2 and more = s (half + rest). */
typedef struct {
  double e, f, half, more;
} log_parts_f64;

INLINE log_parts_f64 split_log_f64(double x) {
  const uint64_t root = 0x3fe6a09e667f3bcd; /* bits of sqrt(1/2) */
  const uint64_t one = (uint64_t)1023 << 52;
  uint64_t bits = bits_f64(x), biased = (bits + (one - root)) >> 52;
  double f = of_bits_f64(bits - (biased << 52) + one) - 1;
  double e = of_bits_f64(biased | bits_f64(0x1p52)) - (0x1p52 + 1023);
  double s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  double rest = 0x1.2fa4486edb560p-3; /* (2 atanh(s) - 2 s) / s^3 */
  rest = fused_f64(rest, z, 0x1.39953ae692206p-3);
  rest = fused_f64(rest, z, 0x1.7466922db1c65p-3);
  rest = fused_f64(rest, z, 0x1.c71c51705890bp-3);
  rest = fused_f64(rest, z, 0x1.249249411a700p-2);
  rest = fused_f64(rest, z, 0x1.999999998328dp-2);
  rest = fused_f64(rest, z, 0x1.555555555557fp-1);
  rest *= z;
  return (log_parts_f64){e, f, half, s * (half + rest)};
}

INLINE double log_normal_f64(double x) {
  log_parts_f64 l = split_log_f64(x);
  double y = fused_f64(l.e, LN2_LOW_F64, l.more);
  return fused_f64(l.e, LN2_HIGH_F64, l.f - (l.half - y));
}

#define LEAST_F64 0x1p-1022 /* that is not denormal */

/* 'y' where it is the logarithm of x, else what that is. */
INLINE double log_or_end_f64(double x, double y) {
  y = x == INFINITY ? x : y;
  double outside = x > -LEAST_F64 ? -INFINITY : NAN;
  return x >= LEAST_F64 ? y : outside;
}

INLINE double log_f64(double x) { return log_or_end_f64(x, log_normal_f64(x)); }

/* log(1 + f) of the parts. */
INLINE double log_rest_f64(log_parts_f64 l) { return l.f - (l.half - l.more); }

INLINE double log2_f64(double x) {
  log_parts_f64 l = split_log_f64(x);
  return log_or_end_f64(x, fused_f64(log_rest_f64(l), LOG2_E_F64, l.e));
}

INLINE double log10_f64(double x) {
  log_parts_f64 l = split_log_f64(x);
  double y = log_rest_f64(l) * 0x1.bcb7b1526e50ep-2; /* log10(e) */
  y = fused_f64(l.e, -0x1.9dc1da994fd21p-59, y);
  return log_or_end_f64(x, fused_f64(l.e, 0x1.34413509f79ffp-2, y));
}

/* log(u) with u = 1 + x as rounded, and what the rounding lost. */
INLINE double log1p_f64(double x) {
  double u = 1 + x, log_u = log_f64(u);
  double y = log_u + (x - (u - 1)) / u;
  y = u > 0 && u < INFINITY ? y : log_u;
  return x == 0 ? x : y;
}

/* ---- Error function --------------------------------------------------- */

/* erf(x) / x - 1 for x in [0, 1], of z = x^2. */
INLINE double erf_low_f64(double z) {
  double y = -0x1.abae353b8c9f6p-31;
  y = fused_f64(y, z, 0x1.d71b21cf3dcd1p-27);
  y = fused_f64(y, z, -0x1.5c072df7c0e9ep-23);
  y = fused_f64(y, z, 0x1.b97fd5d5cea58p-20);
  y = fused_f64(y, z, -0x1.f4ca4dbca9a02p-17);
  y = fused_f64(y, z, 0x1.f9a2bab00ed8ep-14);
  y = fused_f64(y, z, -0x1.c02db03e3cd72p-11);
  y = fused_f64(y, z, 0x1.565bccf92eaadp-8);
  y = fused_f64(y, z, -0x1.b82ce311fab6fp-6);
  y = fused_f64(y, z, 0x1.ce2f21a040d21p-4);
  y = fused_f64(y, z, -0x1.812746b0379bdp-2);
  return fused_f64(y, z, 0x1.06eba8214db68p-3);
}

/* erfc(x) e^(x^2) for x in [1, 6], of t = (x - 3) / (x + 3). */
INLINE double erf_high_f64(double t) {
  double y = 0x1.5092cc302eba3p-20;
  y = fused_f64(y, t, 0x1.0b44dc5ff5aa6p-19);
  y = fused_f64(y, t, -0x1.0cca6d67f4b8ap-17);
  y = fused_f64(y, t, -0x1.aecba3ea2f253p-17);
  y = fused_f64(y, t, 0x1.0cb4ccf597c8ep-14);
  y = fused_f64(y, t, 0x1.7b9d375de2abcp-15);
  y = fused_f64(y, t, -0x1.390868f3abf26p-11);
  y = fused_f64(y, t, 0x1.731020e12a2bep-11);
  y = fused_f64(y, t, 0x1.17c8391d52e96p-8);
  y = fused_f64(y, t, -0x1.8fa58eb62f654p-6);
  y = fused_f64(y, t, 0x1.258b13b005992p-4);
  y = fused_f64(y, t, -0x1.336ffbef08a4fp-3);
  y = fused_f64(y, t, 0x1.f6ff204105ac5p-3);
  y = fused_f64(y, t, -0x1.4e102b9cf8513p-2);
  return fused_f64(y, t, 0x1.6e9827d229d2cp-3);
}

INLINE double erf_f64(double x) {
  double t = at_most_f64(magnitude_of_f64(x), 6);
  double low = fused_f64(erf_low_f64(t * t), t, t);
  low = t < 0x1p-900 ? 0x1.20dd750429b6dp+0 * t : low;
  exp_parts_f64 e = split_exp_f64(-(t * t));
  double scale = power_of_2_f64(e.n);
  double high = fused_f64(scale, less_one_f64(e), scale);
  high = 1 - high * erf_high_f64((t - 3) / (t + 3));
  return signed_f64(t < 1 ? low : high, x);
}

/* ---- Sine and cosine -------------------------------------------------- */

/* Beyond this, sine and cosine of this file are NaN, and who calls them asks
   libm instead. */
#define MOST_ANGLE_F64 0x1p20

/* An angle >= 0 less its quarters, whose number comes in 'quarter', and in
   'low' what the result lacks. pi / 2 comes in three parts: a whole number of
   20 bits times each of the first two is exact, and the second subtraction is
   made good in the third. */
INLINE double within_quarter_f64(double angle, uint64_t *quarter, double *low) {
  double shifted = angle * 0x1.45f306dc9c883p-1 + ROUNDER_F64;
  double n = shifted - ROUNDER_F64;
  double wide = angle - n * 0x1.921fb544p+0, part = n * 0x1.0b4611a6p-34;
  double narrow = wide - part, lost = (wide - narrow) - part;
  double more = lost - n * 0x1.3198a2e037073p-69, r = narrow + more;
  *quarter = bits_f64(shifted);
  *low = (narrow - r) + more;
  return r;
}

/* Sine of 'angle' >= 0 turned on by 'turns' quarters. */
INLINE double turned_sine_f64(double angle, uint64_t turns) {
  uint64_t quarter;
  double low, r = within_quarter_f64(angle, &quarter, &low), z = r * r;
  quarter += turns;
  double sine = 0x1.5d74f36ba26a0p-33; /* (sin r - r) / r^3 */
  sine = fused_f64(sine, z, -0x1.ae5e0dc3b4d22p-26);
  sine = fused_f64(sine, z, 0x1.71de35227d3c4p-19);
  sine = fused_f64(sine, z, -0x1.a01a019bddeadp-13);
  sine = fused_f64(sine, z, 0x1.111111110f90ap-7);
  sine = fused_f64(sine, z, -0x1.555555555554bp-3);
  sine = fused_f64(sine * z, r, r);
  double cosine = -0x1.8fe757cc20792p-37; /* (cos r - 1 + r^2 / 2) / r^4 */
  cosine = fused_f64(cosine, z, 0x1.1eea6a0b44632p-29);
  cosine = fused_f64(cosine, z, -0x1.27e4f8dd872bfp-22);
  cosine = fused_f64(cosine, z, 0x1.a01a019dfb7e5p-16);
  cosine = fused_f64(cosine, z, -0x1.6c16c16c16010p-10);
  cosine = fused_f64(cosine, z, 0x1.5555555555553p-5);
  cosine = fused_f64(cosine, z, -0.5);
  cosine = fused_f64(cosine, z, 1);
  double y = (quarter & 1) != 0 ? cosine : sine;
  y = of_bits_f64(bits_f64(y) ^ (quarter & 2) << 62);
  return angle <= MOST_ANGLE_F64 ? y : NAN;
}

INLINE double sin_f64(double x) {
  double y = turned_sine_f64(magnitude_of_f64(x), 0);
  return of_bits_f64(bits_f64(y) ^ (bits_f64(x) & SIGN_F64));
}

INLINE double cos_f64(double x) {
  return turned_sine_f64(magnitude_of_f64(x), 1);
}

#endif
