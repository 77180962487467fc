/* special.h - functions of a double that libm lacks. */
#ifndef PERI_SPECIAL_H
#define PERI_SPECIAL_H

#include <math.h>

/* Derivative of log |gamma(x)|: NaN at negative whole numbers, an infinity at a
   zero, with the other sign. */
double peri__digamma(double x);
/* Its derivative of order n >= 0. */
double peri__polygamma(int n, double x);
/* Where erf is x: NaN beyond -1 and 1. */
double peri__erfinv(double x);

static inline double digamma_f64(double x) { return peri__digamma(x); }
static inline double erfinv_f64(double x) { return peri__erfinv(x); }

/* As lgamma, without its global sign. */
static inline double lgamma_f64(double x) {
  int sign;
  return lgamma_r(x, &sign);
}

#endif
