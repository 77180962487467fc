/* random_words.h - the arithmetic of random numbers, in forms from which loops
   over many of them become vector instructions; random.c tells what they are
   for.

   Normal numbers use the logarithm, sine and cosine below: series in plain
   double arithmetic (and the square root, which IEEE 754 rounds correctly), so
   that their bits depend neither on the C library nor on the instruction set.
   The library is compiled with -ffp-contract=off: a fused multiply-add here
   would change bits. */
#ifndef PERI_RANDOM_WORDS_H
#define PERI_RANDOM_WORDS_H

#include <math.h>

#include "internal.h"

#define WORD static inline __attribute__((always_inline))

/* For a loop inside one over many numbers, which needs it unrolled. */
#if defined(__clang__)
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* ---- Philox ----------------------------------------------------------- */

#define ROUNDS 10
#define MULTIPLIER_0 0xD2511F53u /* the paper's constants for four words */
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0 0x9E3779B9u /* golden ratio */
#define WEYL_1 0xBB67AE85u /* sqrt(3) - 1 */

/* Ten rounds over the counter c and the key k, in place. */
WORD void peri__rounds(uint32_t *c0, uint32_t *c1, uint32_t *c2, uint32_t *c3,
                       uint32_t *k0, uint32_t *k1) {
  UNROLLED
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t a = (uint64_t)MULTIPLIER_0 * *c0;
    uint64_t b = (uint64_t)MULTIPLIER_1 * *c2;
    *c0 = (uint32_t)(b >> 32) ^ *c1 ^ *k0;
    *c1 = (uint32_t)b;
    *c2 = (uint32_t)(a >> 32) ^ *c3 ^ *k1;
    *c3 = (uint32_t)a;
    *k0 += WEYL_0;
    *k1 += WEYL_1;
  }
}

/* ---- Uniform numbers -------------------------------------------------- */

WORD float peri__uniform_narrow(uint32_t word) {
  return (float)(int32_t)(word >> 8) * 0x1p-24f;
}

/* 53 bits; both parts and their sum are exact. */
WORD double peri__uniform_wide(uint32_t high, uint32_t low) {
  return (double)high * 0x1p-32 + (double)(int32_t)(low >> 11) * 0x1p-53;
}

/* High 64 bits of the product. */
WORD uint64_t peri__high_of_product(uint64_t a, uint64_t b) {
  uint64_t a_low = (uint32_t)a, a_high = a >> 32;
  uint64_t b_low = (uint32_t)b, b_high = b >> 32;
  uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
  uint64_t carry = (uint32_t)middle + a_low * b_high;
  return a_high * b_high + (middle >> 32) + (carry >> 32);
}

/* ---- Normal numbers --------------------------------------------------- */

#define LN2_HIGH 0x1.62e42fefa0000p-1 /* ln 2, short enough that a product */
#define LN2_LOW 0x1.cf79abc9e3b3ap-40 /* with an exponent is exact; the rest */
#define SQRT2 0x1.6a09e667f3bcdp+0
#define TWO_PI 0x1.921fb54442d18p+2

/* Odd terms of atanh from the third on, the highest first: at |s| = 3 -
   sqrt 8 the first one left out is under 2^-60 of the sum. */
static const double peri__atanh_terms[] = {
    1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
    1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,
};

/* 1 / 17!, ..., 1 / 3! and 1 / 16!, ..., 1 / 2! with their signs: at pi / 4
   the first one left out is under 2^-58. */
static const double peri__sine_terms[] = {
    1.0 / 355687428096000,
    -1.0 / 1307674368000,
    1.0 / 6227020800,
    -1.0 / 39916800,
    1.0 / 362880,
    -1.0 / 5040,
    1.0 / 120,
    -1.0 / 6,
};
static const double peri__cosine_terms[] = {
    1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800,
    1.0 / 40320,          -1.0 / 720,         1.0 / 24,        -1.0 / 2,
};

/* Polynomial in z, coefficients from the highest power down. */
WORD double peri__horner(const double *terms, int count, double z) {
  double sum = terms[0];
  UNROLLED
  for (int i = 1; i < count; i++) sum = sum * z + terms[i];
  return sum;
}

#define SERIES(terms, z) \
  peri__horner(terms, (int)(sizeof(terms) / sizeof *(terms)), z)

/* Natural logarithm of a normal x > 0.
   x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2), and with
   s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - s (f - r),
   r = 2 s^2 (1/3 + s^2/5 + s^4/7 + ...). */
WORD double peri__log_series(double x) {
  uint64_t bits, one = (uint64_t)1023 << 52;
  double m;
  memcpy(&bits, &x, sizeof bits);
  uint64_t mantissa = (bits & 0xfffffffffffff) | one;
  memcpy(&m, &mantissa, sizeof m);
  double k = (double)((int32_t)(bits >> 52) - 1023);
  k = m > SQRT2 ? k + 1 : k;
  m = m > SQRT2 ? m * 0.5 : m;
  double f = m - 1;
  double s = f / (2 + f);
  double z = s * s;
  double r = 2 * z * SERIES(peri__atanh_terms, z);
  double tail = s * (f - r);
  return k * LN2_HIGH + (f - (tail - k * LN2_LOW));
}

/* Sine and cosine of 2 pi v for v in [0, 1), a multiple of 2^-53: the nearest
   quarter turn is taken off exactly, the rest goes by the Taylor series. */
WORD void peri__turn(double v, double *sine, double *cosine) {
  int32_t quarter = (int32_t)(4 * v + 0.5);
  double angle = TWO_PI * (v - 0.25 * quarter);
  double z = angle * angle;
  double s = angle + angle * (z * SERIES(peri__sine_terms, z));
  double c = 1 + z * SERIES(peri__cosine_terms, z);
  double up = quarter & 1 ? c : s, along = quarter & 1 ? s : c;
  *sine = quarter & 2 ? -up : up;
  *cosine = (quarter + 1) & 2 ? -along : along;
}

/* u is mirrored to (0, 1], where it has a logarithm:
   (r cos 2 pi v, r sin 2 pi v) with r = sqrt(-2 log(1 - u)). */
WORD void peri__normal_from(double u, double v, double *x, double *y) {
  double radius = sqrt(-2 * peri__log_series(1 - u));
  double sine, cosine;
  peri__turn(v, &sine, &cosine);
  *x = radius * cosine;
  *y = radius * sine;
}

/* ---- Numbers of other laws -------------------------------------------- */

/* 1 / 13!, ..., 1 / 2!, 1, 1: at ln 2 / 2 the first one left out is under
   2^-57. */
static const double peri__exp_terms[] = {
    1.0 / 6227020800,
    1.0 / 479001600,
    1.0 / 39916800,
    1.0 / 3628800,
    1.0 / 362880,
    1.0 / 40320,
    1.0 / 5040,
    1.0 / 720,
    1.0 / 120,
    1.0 / 24,
    1.0 / 6,
    0.5,
    1,
    1,
};

#define LOG2_E 1.4426950408889634
#define EXP_LEAST -708.0 /* below, the result is no normal number: 0 */
#define EXP_MOST 709.78

/* e^x: x = k ln 2 + r, |r| <= ln 2 / 2, and e^x = 2^k e^r. NaN gives 0. */
WORD double peri__exp_series(double x) {
  double inside = x > EXP_LEAST ? x : EXP_LEAST, scale;
  inside = inside < EXP_MOST ? inside : EXP_MOST;
  double shifted = inside * LOG2_E + 0x1.8p+52; /* a whole number in its bits */
  double k = shifted - 0x1.8p+52;
  double r = (inside - k * LN2_HIGH) - k * LN2_LOW;
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 1023 - 1) << 52; /* 2^(k - 1) */
  memcpy(&scale, &bits, sizeof scale);
  double y = 2 * SERIES(peri__exp_terms, r) * scale;
  y = x > EXP_LEAST ? y : 0;
  return x > EXP_MOST ? (double)INFINITY : y;
}

/* log(1 + x) for x > -1: what rounding 1 + x loses is put right by the
   slope. */
WORD double peri__log1p_series(double x) {
  double y = 1 + x, up = y - 1;
  double slope = x / (up == 0 ? 1 : up);
  return up == 0 ? x : peri__log_series(y) * slope;
}

/* Exponential with mean 1 from u in [0, 1). */
WORD double peri__exponential_from(double u) {
  return -peri__log_series(1 - u);
}

/* tan(pi (u - 1/2)) with u in the middle of one of 2^52 steps, which two words
   choose: never 0 or 1. */
WORD double peri__cauchy_from(uint32_t high, uint32_t low) {
  double sine, cosine;
  double step = (double)high * 0x1p-33 + (double)(int32_t)(low >> 12) * 0x1p-53;
  peri__turn(step + 0x1p-54, &sine, &cosine);
  return -(cosine / sine);
}

/* The lowest bit of the second word, which the size does not use, is the
   sign. */
WORD double peri__laplace_from(uint32_t high, uint32_t low) {
  double size = peri__exponential_from(peri__uniform_wide(high, low));
  return low & 1 ? -size : size;
}

/* Tries up to the first success of chance p from 0 to 1. */
WORD double peri__geometric_from(double u, double p) {
  double rate = -peri__log1p_series(p < 1 ? -p : -0.5);
  double tries = floor(peri__exponential_from(u) / rate) + 1;
  return p < 1 ? tries : 1;
}

#endif
