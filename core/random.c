/* random.c - random numbers as a function of their place: Philox4x32-10
   (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11).

   This is a file format: checkpoints rely on it, so it never changes.

     key     word 0, 1   seed, low and high half
     counter word 0, 1   block of elements, low and high half
             word 2      call number, low 32 bits
             word 3      stream << 16 | call number, bits 32 to 47

   Ten rounds give four words for each counter. Each call that draws takes
   the next call number of its context; which words an element of it uses is
   said where it is drawn. Uniform numbers are the high 24 or 53 bits of a
   word or two. Normal numbers are Box-Muller with the logarithm, sine and
   cosine below: series in plain double arithmetic (and the square root,
   which IEEE 754 rounds correctly), so that their bits depend neither on the
   C library nor on the instruction set. The library is compiled with
   -ffp-contract=off: a fused multiply-add here would change bits. */
#include <math.h>

#include "internal.h"

/* ---- Philox ----------------------------------------------------------- */

#define ROUNDS 10
#define MULTIPLIER_0 0xD2511F53u /* the paper's constants for four words */
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0 0x9E3779B9u /* golden ratio */
#define WEYL_1 0xBB67AE85u /* sqrt(3) - 1 */

void peri__philox_rounds(uint32_t counter[4], uint32_t key[2]) {
  for (int i = 0; i < ROUNDS; i++) {
    uint64_t a = (uint64_t)MULTIPLIER_0 * counter[0];
    uint64_t b = (uint64_t)MULTIPLIER_1 * counter[2];
    counter[0] = (uint32_t)(b >> 32) ^ counter[1] ^ key[0];
    counter[1] = (uint32_t)b;
    counter[2] = (uint32_t)(a >> 32) ^ counter[3] ^ key[1];
    counter[3] = (uint32_t)a;
    key[0] += WEYL_0;
    key[1] += WEYL_1;
  }
}

void peri__philox(uint64_t key, uint64_t block, uint64_t call, uint32_t stream,
                  uint32_t out[4]) {
  uint32_t halves[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
  out[0] = (uint32_t)block;
  out[1] = (uint32_t)(block >> 32);
  out[2] = (uint32_t)call;
  out[3] = stream << 16 | (uint32_t)(call >> 32 & 0xffff);
  peri__philox_rounds(out, halves);
}

float peri__uniform32(uint32_t word) { return (float)(word >> 8) * 0x1p-24f; }

double peri__uniform64(uint32_t high, uint32_t low) {
  return (double)(((uint64_t)high << 32 | low) >> 11) * 0x1p-53;
}

/* ---- Normal numbers --------------------------------------------------- */

#define LN2_HIGH 0x1.62e42fefa0000p-1 /* ln 2, short enough that a product */
#define LN2_LOW 0x1.cf79abc9e3b3ap-40 /* with an exponent is exact; the rest */
#define SQRT2 0x1.6a09e667f3bcdp+0
#define TWO_PI 0x1.921fb54442d18p+2

/* Odd terms of atanh from the third on, the highest first: at |s| = 3 -
   sqrt 8 the first one left out is under 2^-60 of the sum. */
static const double atanh_terms[] = {
    1.0 / 23, 1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13,
    1.0 / 11, 1.0 / 9,  1.0 / 7,  1.0 / 5,  1.0 / 3,
};

/* 1 / 17!, ..., 1 / 3! and 1 / 16!, ..., 1 / 2! with their signs: at pi / 4
   the first one left out is under 2^-58. */
static const double sine_terms[] = {
    1.0 / 355687428096000,
    -1.0 / 1307674368000,
    1.0 / 6227020800,
    -1.0 / 39916800,
    1.0 / 362880,
    -1.0 / 5040,
    1.0 / 120,
    -1.0 / 6,
};
static const double cosine_terms[] = {
    1.0 / 20922789888000, -1.0 / 87178291200, 1.0 / 479001600, -1.0 / 3628800,
    1.0 / 40320,          -1.0 / 720,         1.0 / 24,        -1.0 / 2,
};

#define COUNT(terms) ((int)(sizeof(terms) / sizeof *(terms)))

/* Polynomial in z, coefficients from the highest power down. */
static double horner(const double *terms, int count, double z) {
  double sum = terms[0];
  for (int i = 1; i < count; i++) sum = sum * z + terms[i];
  return sum;
}

/* Natural logarithm of a normal x > 0.
   x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2), and with
   s = f / (2 + f): log(1 + f) = 2 atanh(s) = f - s (f - r),
   r = 2 s^2 (1/3 + s^2/5 + s^4/7 + ...). */
static double log_series(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int k = (int)(bits >> 52) - 1023;
  bits = (bits & 0xfffffffffffff) | (uint64_t)1023 << 52;
  double m;
  memcpy(&m, &bits, sizeof m);
  if (m > SQRT2) {
    m *= 0.5;
    k++;
  }
  double f = m - 1;
  double s = f / (2 + f);
  double z = s * s;
  double r = 2 * z * horner(atanh_terms, COUNT(atanh_terms), z);
  double tail = s * (f - r);
  return k * LN2_HIGH + (f - (tail - k * LN2_LOW));
}

/* Sine and cosine of an angle of at most pi / 4 by their Taylor series. */
static void sine_series(double angle, double *sine, double *cosine) {
  double z = angle * angle;
  double s = z * horner(sine_terms, COUNT(sine_terms), z);
  *sine = angle + angle * s;
  *cosine = 1 + z * horner(cosine_terms, COUNT(cosine_terms), z);
}

/* Sine and cosine of 2 pi v for v in [0, 1), a multiple of 2^-53: the nearest
   quarter turn is taken off exactly. */
static void turn(double v, double *sine, double *cosine) {
  int quarter = (int)(4 * v + 0.5);
  double s, c;
  sine_series(TWO_PI * (v - 0.25 * quarter), &s, &c);
  const double around[4] = {s, c, -s, -c};
  *sine = around[quarter & 3];
  *cosine = around[(quarter + 1) & 3];
}

/* u is mirrored to (0, 1], where it has a logarithm:
   (r cos 2 pi v, r sin 2 pi v) with r = sqrt(-2 log(1 - u)). */
void peri__normal_pair(double u, double v, double out[2]) {
  double radius = sqrt(-2 * log_series(1 - u));
  double sine, cosine;
  turn(v, &sine, &cosine);
  out[0] = radius * cosine;
  out[1] = radius * sine;
}

/* ---- Order and state -------------------------------------------------- */

/* High 64 bits of the product. */
uint64_t peri__mul_high(uint64_t a, uint64_t b) {
  uint64_t a_low = (uint32_t)a, a_high = a >> 32;
  uint64_t b_low = (uint32_t)b, b_high = b >> 32;
  uint64_t middle = a_high * b_low + (a_low * b_low >> 32);
  uint64_t carry = (uint32_t)middle + a_low * b_high;
  return a_high * b_high + (middle >> 32) + (carry >> 32);
}

/* Position i changes places with one of 0..i: the high half of (i + 1) times
   the number whose low and high half are words 0 and 1 of block i. */
void peri__shuffle_part(uint64_t key, uint64_t call, uint32_t stream,
                        int64_t *order, int64_t from, int64_t to) {
  for (int64_t i = from; i > to; i--) {
    uint32_t word[4];
    peri__philox(key, (uint64_t)i, call, stream, word);
    uint64_t draw = (uint64_t)word[1] << 32 | word[0];
    int64_t j = (int64_t)peri__mul_high(draw, (uint64_t)i + 1);
    int64_t last = order[i];
    order[i] = order[j];
    order[j] = last;
  }
}

void peri__shuffle(uint64_t key, uint64_t call, uint32_t stream, int64_t *order,
                   int64_t count) {
  for (int64_t i = 0; i < count; i++) order[i] = i;
  peri__shuffle_part(key, call, stream, order, count - 1, 0);
}

uint64_t peri__draw(peri_context *ctx) { return ctx->draws++; }

int peri_manual_seed(peri_context *ctx, uint64_t seed) {
  int status = peri__enter(ctx);
  if (status < 0) return status;
  ctx->seed = seed;
  ctx->draws = 0;
  peri__leave(ctx);
  return PERI_OK;
}
