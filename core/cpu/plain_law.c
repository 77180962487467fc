/* plain_law.c - random numbers of any law with parameters: one number of
   random words, of the element or of trials of its own, whoever computes it, so
   threads take parts. fast/random.c has what goes by blocks.

   call  y; first and second parameter, with the shape of y or absent
   Attributes: peri__random_attr. */
#include "laws.h"
#include "plain.h"
#include "random_source.h"
#include "random_words.h"

typedef struct {
  peri__source source;
  bool wide; /* float64: more bits of a word */
  peri_dtype dtype;
  double real[4];
  double most; /* of uniform numbers, if it is the same for all: not NaN */
} drawer;

/* ---- Laws that take a word or two ------------------------------------- */

/* Under 'high' also where rounding would reach it. */
static double uniform_of(drawer *d, uint64_t i) {
  double low = d->real[0], high = d->real[1];
  double x = low + (high - low) * peri__uniform_at(&d->source, i, d->wide);
  double most = isnan(d->most) ? peri__below(high, d->dtype) : d->most;
  return x < most ? x : most > low ? most : low;
}

static double normal_of(drawer *d, uint64_t i) {
  return d->real[0] + d->real[1] * peri__normal_at(&d->source, i, d->wide);
}

/* ---- All -------------------------------------------------------------- */

double peri__number_by_trials(int law, peri__trials *t, const double *p,
                              peri_dtype dtype) {
  double least, x;
  switch (law) {
    case PERI_LAW_TRUNC_NORMAL:
      return peri__trunc_normal_trial(t, p[0], p[1], p[2], p[3]);
    case PERI_LAW_BETA: return peri__beta_trial(t, p[0], p[1]);
    case PERI_LAW_POISSON: return peri__poisson_trial(t, p[0]);
    case PERI_LAW_BINOMIAL: return peri__binomial_trial(t, p[0], p[1]);
    default:
      least = peri__least_normal(dtype);
      x = peri__gamma_trial(t, p[0], p[1]);
      return x < least ? least : x;
  }
}

/* Those whose numbers are wide whatever the dtype. */
static double word_law(drawer *d, uint64_t i) {
  const double *p = d->real;
  const uint32_t *w = peri__word_pair(&d->source, i);
  double u = peri__uniform_wide(w[0], w[1]);
  switch (d->source.attr.law) {
    case PERI_LAW_EXPONENTIAL: return peri__exponential_from(u) / p[0];
    case PERI_LAW_CAUCHY: return p[0] + p[1] * peri__cauchy_from(w[0], w[1]);
    case PERI_LAW_LAPLACE: return p[0] + p[1] * peri__laplace_from(w[0], w[1]);
    default: return peri__geometric_from(u, p[0]);
  }
}

static double number_of(drawer *d, uint64_t i) {
  const peri__random_attr *attr = &d->source.attr;
  peri__trials t = {.key = attr->key, .draw = attr->draw, .element = i};
  switch (attr->law) {
    case PERI_LAW_UNIFORM: return uniform_of(d, i);
    case PERI_LAW_NORMAL: return normal_of(d, i);
    case PERI_LAW_LOG_NORMAL: return peri__exp_series(normal_of(d, i));
    case PERI_LAW_EXPONENTIAL:
    case PERI_LAW_CAUCHY:
    case PERI_LAW_LAPLACE:
    case PERI_LAW_GEOMETRIC: return word_law(d, i);
    default: return peri__number_by_trials(attr->law, &t, d->real, d->dtype);
  }
}

/* ---- The kernel ------------------------------------------------------- */

enum { BLOCK = 256 };    /* elements between two looks at the interrupt */
#define ELEMENT_COST 30. /* nanoseconds, measured on gamma */

typedef struct {
  const peri_call *call;
  const peri__walk *walk;
  int64_t count;
} job;

/* True if parameter 'k' is a tensor. */
static bool given(const peri_call *call, int k) {
  return call->nin > k && call->arg[1 + k].data;
}

static void run_blocks(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  const peri_arg *arg = j->call->arg;
  drawer d = {.source = peri__source_of(j->call),
              .wide = arg[0].dtype == PERI_F64,
              .dtype = arg[0].dtype};
  int64_t i = first * BLOCK, stop = end * BLOCK;
  peri__spot spot;
  (void)thread;
  memcpy(d.real, d.source.attr.real, sizeof d.real);
  d.most = given(j->call, 1) ? NAN : peri__below(d.real[1], d.dtype);
  if (stop > j->count) stop = j->count;
  peri__walk_seek(j->walk, j->walk->ndim, i, &spot);
  for (; i < stop; i++) {
    if (i % BLOCK == 0 && peri_call_stopped(j->call)) return;
    for (int k = 0; k < 2; k++)
      if (given(j->call, k))
        d.real[k] = peri__get(&arg[1 + k], spot.offset[1 + k]);
    peri__put(&arg[0], spot.offset[0], number_of(&d, (uint64_t)i));
    peri__walk_step(j->walk, j->walk->ndim, &spot);
  }
}

void peri__plain_law(const peri_call *call) {
  peri__lines lines;
  if (!peri__lines_begin(&lines, call, -1, call->nout + call->nin)) return;
  job j = {call, &lines.walk, peri__walk_count(&lines.walk, lines.walk.ndim)};
  peri_parallel_for(call, (j.count + BLOCK - 1) / BLOCK, BLOCK * ELEMENT_COST,
                    run_blocks, &j);
}

/* ---- Numbers of a dtype ----------------------------------------------- */

/* Bits behind the point, exponent of the smallest normal number. */
static void form_of(peri_dtype dtype, int *bits, int *least) {
  *bits = dtype == PERI_F64    ? 52
          : dtype == PERI_F16  ? 10
          : dtype == PERI_BF16 ? 7
                               : 23;
  *least = dtype == PERI_F64 ? -1022 : dtype == PERI_F16 ? -14 : -126;
}

double peri__least_normal(peri_dtype dtype) {
  int bits, least;
  form_of(dtype, &bits, &least);
  return ldexp(1, least);
}

double peri__below(double high, peri_dtype dtype) {
  int bits, least, exponent;
  double rounded;
  form_of(dtype, &bits, &least);
  union {
    double f64;
    float f32;
    uint16_t half;
  } element;
  peri__convert(&element, dtype, 1, &high, PERI_F64, 1, 1);
  peri__convert(&rounded, PERI_F64, 1, &element, dtype, 1, 1);
  if (rounded < high || isinf(rounded)) return rounded;
  double mantissa = frexp(rounded, &exponent);
  if (rounded == 0) return -ldexp(1, least);
  exponent = exponent - 1 < least ? least : exponent - 1;
  return rounded - ldexp(mantissa == 0.5 ? 0.5 : 1, exponent - bits);
}
