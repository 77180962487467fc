/* laws.c - numbers of the laws that take trials: truncated normal, gamma,
   beta, Poisson, binomial. laws.h says where their words come from.

   ref  Robert 1995, "Simulation of truncated normal variables"
        Marsaglia and Tsang 2000, "A simple method for generating gamma
        variables", with their boost for a shape under 1 (section 6)
        Hoermann 1993, "The transformed rejection method for generating
        Poisson random variables" (PTRS) and "The generation of binomial
        random variates" (BTRS) */
#include "laws.h"

#include "random_words.h"

/* ---- Functions -------------------------------------------------------- */

/* log k! - (k + 1/2) log(k + 1) + (k + 1) - log(2 pi) / 2: what Stirling's
   formula leaves, from the table or its series in 1 / (k + 1). */
static double stirling_rest(double k) {
  static const double table[] = {
      0.08106146679532726,  0.04134069595540929,  0.02767792568499834,
      0.02079067210376509,  0.01664469118982119,  0.01387612882307075,
      0.01189670994589177,  0.010411265261972096, 0.009255462182712733,
      0.008330563433362871,
  };
  if (k < 10) return table[(int)k];
  double n = k + 1, nn = n * n;
  return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 / nn) / nn) / n;
}

/* ---- Trials ----------------------------------------------------------- */

enum { MOST_ROUNDS = 1 << 14 }; /* that no law needs */

static bool go_on(const peri__trials *t) { return t->round < MOST_ROUNDS; }

static void next_round(peri__trials *t) {
  const uint32_t *ready = t->round < 2 ? t->ready[t->round] : NULL;
  if (ready)
    memcpy(t->word, ready, sizeof t->word);
  else
    peri__philox(t->key, t->element, t->draw, PERI_STREAM_TRIAL + t->round,
                 t->word);
  t->round++;
  t->left = 4;
}

/* Uniform in [0, 1). */
static double uniform(peri__trials *t) {
  if (t->left == 0) next_round(t);
  t->left -= 2;
  const uint32_t *w = t->word + (2 - t->left);
  return peri__uniform_wide(w[0], w[1]);
}

/* Uniform in (0, 1], which has a logarithm. */
static double above_zero(peri__trials *t) { return 1 - uniform(t); }

static double exponential(peri__trials *t) {
  return -peri__log_series(above_zero(t));
}

static double normal(peri__trials *t) {
  double x;
  t->paired = !t->paired;
  if (!t->paired) return t->spare;
  if (t->first && t->round == 0) {
    t->round = 1;
    t->spare = t->first[1];
    return t->first[0];
  }
  double u = uniform(t), v = uniform(t);
  peri__normal_from(u, v, &x, &t->spare);
  return x;
}

/* ---- Truncated normal ------------------------------------------------- */

#define WIDE 2.5 /* sqrt(2 pi): from here normal numbers are refused less */

static double between(peri__trials *t, double low, double high) {
  return low + (high - low) * uniform(t);
}

/* Around 0, which lies in [low, high]. */
static double truncated_middle(peri__trials *t, double low, double high) {
  while (go_on(t)) {
    double x = high - low > WIDE ? normal(t) : between(t, low, high);
    if (high - low > WIDE ? x >= low && x <= high : exponential(t) >= x * x / 2)
      return x;
  }
  return NAN;
}

/* Above 0: an exponential from 'low' on that is tangent to the tail, or
   uniform numbers where the interval is shorter than its mean. */
static double truncated_tail(peri__trials *t, double low, double high) {
  double slope = (low + sqrt(low * low + 4)) / 2;
  bool narrow = high - low < 1 / slope;
  while (go_on(t)) {
    double x = narrow ? between(t, low, high) : low + exponential(t) / slope;
    double off =
        narrow ? (x - low) * (x + low) / 2 : (x - slope) * (x - slope) / 2;
    if (x <= high && exponential(t) >= off) return x;
  }
  return NAN;
}

double peri__trunc_normal_trial(peri__trials *t, double mean, double std,
                                double a, double b) {
  double low = (a - mean) / std, high = (b - mean) / std, x;
  if (std == 0) return mean < a ? a : mean > b ? b : mean;
  if (!(low <= high && low < INFINITY && high > -INFINITY)) return NAN;
  if (low > 0)
    x = truncated_tail(t, low, high);
  else if (high < 0)
    x = -truncated_tail(t, -high, -low);
  else
    x = truncated_middle(t, low, high);
  x = mean + std * x;
  return x < a ? a : x > b ? b : x;
}

/* ---- Gamma and beta --------------------------------------------------- */

/* Shape from 1 on. */
static double gamma_of(peri__trials *t, double shape) {
  double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);
  while (go_on(t)) {
    double x = normal(t), v = 1 + c * x;
    if (!(v > 0)) continue;
    v = v * v * v;
    double u = above_zero(t), xx = x * x;
    if (u < 1 - 0.0331 * xx * xx) return d * v;
    if (peri__log_series(u) < 0.5 * xx + d * (1 - v + peri__log_series(v)))
      return d * v;
  }
  return NAN;
}

static bool is_shape(double x) { return x > 0 && x < INFINITY; }

double peri__gamma_trial(peri__trials *t, double concentration, double rate) {
  if (!is_shape(concentration)) return NAN;
  if (concentration >= 1) return gamma_of(t, concentration) / rate;
  double x = gamma_of(t, concentration + 1);
  return x * peri__exp_series(-exponential(t) / concentration) / rate;
}

/* Logarithm of a gamma number, which small shapes need: the number itself may
   be no number of the machine any more. */
static double log_gamma_of(peri__trials *t, double shape) {
  if (shape >= 1) return peri__log_series(gamma_of(t, shape));
  double x = peri__log_series(gamma_of(t, shape + 1));
  return x - exponential(t) / shape;
}

double peri__beta_trial(peri__trials *t, double concentration1,
                        double concentration0) {
  if (!is_shape(concentration1) || !is_shape(concentration0)) return NAN;
  double x = log_gamma_of(t, concentration1);
  double y = log_gamma_of(t, concentration0);
  return 1 / (1 + peri__exp_series(y - x));
}

/* ---- Poisson and binomial --------------------------------------------- */

#define FEW_EVENTS 10 /* of whose mean on Hoermann's methods hold */

/* Events before 'rate' where the time between them is exponential, by the
   products of e^-time (Knuth, The Art of Computer Programming 2, 3.4.1). */
static double poisson_few(peri__trials *t, double rate) {
  double least = t->first ? *t->first : peri__exp_series(-rate);
  double events = 0, product = above_zero(t);
  while (product > least && go_on(t)) {
    product *= above_zero(t);
    events++;
  }
  return events;
}

/* log of e^-rate rate^k / k!. */
static double poisson_log(double k, double rate) {
  const double half_log_two_pi = 0.91893853320467274;
  double n = k + 1;
  return k * peri__log_series(rate / n) - 0.5 * peri__log_series(n) +
         (n - rate) - half_log_two_pi - stirling_rest(k);
}

static double poisson_many(peri__trials *t, double rate) {
  double b = 0.931 + 2.53 * sqrt(rate), a = -0.059 + 0.02483 * b;
  double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  double least = 0.9277 - 3.6224 / (b - 2);
  while (go_on(t)) {
    double u = uniform(t) - 0.5, v = above_zero(t), us = 0.5 - fabs(u);
    double k = floor((2 * a / us + b) * u + rate + 0.43);
    if (us >= 0.07 && v <= least) return k;
    if (!(k >= 0) || (us < 0.013 && v > us)) continue;
    if (peri__log_series(v * inverse_alpha / (a / (us * us) + b)) <=
        poisson_log(k, rate))
      return k;
  }
  return NAN;
}

double peri__poisson_trial(peri__trials *t, double rate) {
  if (!(rate > 0 && rate < INFINITY)) return rate == 0 ? 0 : NAN;
  return rate < FEW_EVENTS ? poisson_few(t, rate) : poisson_many(t, rate);
}

/* Successes among 'count' where the tries between them are geometric. */
static double binomial_few(peri__trials *t, double count, double prob) {
  double slope = -peri__log1p_series(-prob), successes = 0;
  double tries = floor(exponential(t) / slope) + 1;
  while (tries <= count && go_on(t)) {
    tries += floor(exponential(t) / slope) + 1;
    successes++;
  }
  return successes;
}

static double binomial_many(peri__trials *t, double count, double prob) {
  double spread = sqrt(count * prob * (1 - prob)), odds = prob / (1 - prob);
  double b = 1.15 + 2.53 * spread, a = -0.0873 + 0.0248 * b + 0.01 * prob;
  double c = count * prob + 0.5, least = 0.92 - 4.2 / b;
  double alpha = (2.83 + 5.1 / b) * spread;
  double m = floor((count + 1) * prob), most = count - m + 1;
  while (go_on(t)) {
    double u = uniform(t) - 0.5, v = above_zero(t), us = 0.5 - fabs(u);
    double k = floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= least) return k;
    if (!(k >= 0 && k <= count)) continue;
    double bound =
        (m + 0.5) * peri__log_series((m + 1) / (odds * most)) +
        (count + 1) * peri__log_series(most / (count - k + 1)) +
        (k + 0.5) * peri__log_series(odds * (count - k + 1) / (k + 1)) +
        stirling_rest(m) + stirling_rest(count - m) - stirling_rest(k) -
        stirling_rest(count - k);
    if (peri__log_series(v * alpha / (a / (us * us) + b)) <= bound) return k;
  }
  return NAN;
}

double peri__binomial_trial(peri__trials *t, double count, double prob) {
  if (!(count >= 0 && count < INFINITY && prob >= 0 && prob <= 1)) return NAN;
  double rare = prob <= 0.5 ? prob : 1 - prob, k = 0;
  if (rare > 0)
    k = count * rare < FEW_EVENTS ? binomial_few(t, count, rare)
                                  : binomial_many(t, count, rare);
  return prob <= 0.5 ? k : count - k;
}
