/* special.c - digamma, polygamma and the inverse error function, each by the
   expansion named beside it, within some units in the last place but near the
   zeros of digamma. Compiled once. */
#include "special.h"

#include <stdbool.h>

#define PI 3.14159265358979323846
#define FAR 12 /* from here on the expansions for large x hold */

/* Bernoulli numbers B_2j / (2j)! and B_2j / 2j. */
static const double over_factorial[] = {
    1.0 / 12,          -1.0 / 720,
    1.0 / 30240,       -1.0 / 1209600,
    1.0 / 47900160,    -691.0 / 1307674368000,
    1.0 / 74724249600, -3617.0 / 10670622842880000};
static const double over_index[] = {1.0 / 12,   -1.0 / 120, 1.0 / 252,
                                    -1.0 / 240, 1.0 / 132,  -691.0 / 32760,
                                    1.0 / 12};
enum {
  ZETA_TERMS = sizeof over_factorial / sizeof *over_factorial,
  DIGAMMA_TERMS = sizeof over_index / sizeof *over_index
};

static bool is_whole(double x) { return x == floor(x); }

/* psi(x) = psi(x + 1) - 1 / x up to FAR, there log x - 1 / 2x - sum B_2j / 2j
   x^-2j; below 0 by psi(1 - x) - pi / tan(pi x). Abramowitz and Stegun 6.3. */
double peri__digamma(double x) {
  double y = 0, sum = 0;
  if (x == 0) return copysign(INFINITY, -x);
  if (x < 0) {
    if (is_whole(x)) return NAN;
    y = -PI / tan(PI * (x - rint(x)));
    x = 1 - x;
  }
  for (; x < FAR; x++) y -= 1 / x;
  double z = 1 / (x * x);
  for (int j = DIGAMMA_TERMS - 1; j >= 0; j--) sum = (sum + over_index[j]) * z;
  return y + log(x) - 0.5 / x - sum;
}

/* Sum over k >= 0 of (x + k)^-s for x > 0 and whole s > 1: terms up to where
   the formula of Euler and Maclaurin holds, which gives the rest. */
static double hurwitz(int s, double x) {
  double sum = 0;
  for (; x < FAR + s; x++) sum += pow(x, -s);
  double power = pow(x, -s), factor = s * power / x;
  sum += power * (x / (s - 1) + 0.5);
  for (int j = 0; j < ZETA_TERMS; j++) {
    sum += over_factorial[j] * factor;
    factor *= (s + 2 * j + 1) / x * ((s + 2 * j + 2) / x);
  }
  return sum;
}

/* The same below 0: the terms left of 0 are the powers of g, g + 1, ..., -x
   with the sign of an odd or even s. */
static double hurwitz_below(int s, double x) {
  double f = x - floor(x), g = 1 - f;
  double left = hurwitz(s, g) - hurwitz(s, 1 - x);
  return hurwitz(s, f) + (s % 2 ? -left : left);
}

/* (-1)^(n + 1) n! zeta(n + 1, x). Abramowitz and Stegun 6.4.10. */
double peri__polygamma(int n, double x) {
  if (n == 0) return peri__digamma(x);
  if (isnan(x)) return x;
  double sign = n % 2 ? 1 : -1;
  if (x <= 0 && is_whole(x)) return n % 2 ? INFINITY : NAN;
  if (x == INFINITY) return sign * 0.0;
  double zeta = x > 0 ? hurwitz(n + 1, x) : hurwitz_below(n + 1, x);
  return sign * tgamma(n + 1.0) * zeta;
}

/* Winitzki's estimate, then steps of Halley on erfc, which is precise where x
   is near 1. */
double peri__erfinv(double x) {
  double size = fabs(x), a = 0.147;
  if (!(size < 1)) return size == 1 ? x * INFINITY : NAN;
  double log_rest = log1p(-size * size), t = 2 / (PI * a) + log_rest / 2;
  double y = sqrt(fmax(sqrt(t * t - log_rest / a) - t, 0));
  for (int i = 0; i < 2; i++) {
    double error = size < 0.5 ? erf(y) - size : (1 - size) - erfc(y);
    double step = error * (0.5 * sqrt(PI)) * exp(y * y);
    y -= step / (1 + y * step);
  }
  return copysign(y, x);
}
