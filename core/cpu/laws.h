/* laws.h - one number of a law by trials that may be refused. An element has
   counters of its own for them (stream PERI_STREAM_TRIAL and those after it,
   one for each four words), so that its number depends on (key, call number,
   element) alone, however many trials its neighbours need. All of it is plain
   double arithmetic with our own logarithm, exponential, sine and cosine: the
   same bits everywhere. */
#ifndef PERI_LAWS_H
#define PERI_LAWS_H

#include "kernels.h"

typedef struct {
  uint64_t key, draw, element;
  uint32_t round; /* of four words, none drawn yet: 0 */
  /* The words of the first rounds, and what comes of them or the parameters
     first, two normal numbers or e^-rate, if somebody has them. */
  const uint32_t *ready[2];
  const double *first;
  uint32_t word[4];
  int left;    /* words not used yet */
  bool paired; /* 'spare' is the second of a pair of normal numbers */
  double spare;
} peri__trials;

/* Normal with mean and std, given to lie in [a, b]; inverse transforms would
   lose the tails. Parameters that the operation refuses give NaN. */
double peri__trunc_normal_trial(peri__trials *t, double mean, double std,
                                double a, double b);
double peri__gamma_trial(peri__trials *t, double concentration, double rate);
double peri__beta_trial(peri__trials *t, double concentration1,
                        double concentration0);
double peri__poisson_trial(peri__trials *t, double rate);
double peri__binomial_trial(peri__trials *t, double count, double prob);
/* The number of a law that takes trials, for an element of 'dtype' with
   parameters 'p' (plain_law.c). */
double peri__number_by_trials(int law, peri__trials *t, const double *p,
                              peri_dtype dtype);

#endif
