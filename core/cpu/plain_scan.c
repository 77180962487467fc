/* plain_scan.c - plain kernels that go along one dimension, each element after
   those before it. Floats are computed in double, whole numbers in int64 with
   wrap; what goes on is not rounded to the output's type on the way.
   Attributes: peri__scan_attr. */
#include <math.h>

#include "plain.h"
#include "reduction.h"

/* A line of every argument: element i of argument a is 'step[a]' from the one
   before, in the order that the scan goes. */
typedef struct {
  const peri_call *call;
  peri__scan_attr attr;
  int64_t count;
  int64_t at[PERI_MAX_ARGS], step[PERI_MAX_ARGS];
} line;

typedef void scan(const line *l);

static void each_line(const peri_call *call, scan *run) {
  line l = {.call = call};
  peri__lines lines;
  const peri_arg *y = &call->arg[0];
  int args = call->nout + call->nin;
  memcpy(&l.attr, call->attr, sizeof l.attr);
  l.count = y->ndim > 0 ? y->shape[l.attr.dim] : 1;
  for (int a = 0; a < args; a++) {
    l.step[a] = y->ndim > 0 ? call->arg[a].strides[l.attr.dim] : 0;
    if (l.attr.reverse) l.step[a] = -l.step[a];
  }
  if (!peri__lines_begin(&lines, call, l.attr.dim, args)) return;
  do {
    for (int a = 0; a < args; a++) {
      l.at[a] = lines.offset[a];
      if (l.attr.reverse && l.count > 0) l.at[a] -= (l.count - 1) * l.step[a];
    }
    run(&l);
  } while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

static double real_at(const line *l, int arg, int64_t i) {
  return peri__get(&l->call->arg[arg], l->at[arg] + i * l->step[arg]);
}

static int64_t whole_at(const line *l, int arg, int64_t i) {
  const peri_arg *x = &l->call->arg[arg];
  int64_t value;
  peri__convert(&value, PERI_I64, 1, peri__at(x, l->at[arg] + i * l->step[arg]),
                x->dtype, 1, 1);
  return value;
}

static void put_real(const line *l, int arg, int64_t i, double value) {
  peri__put(&l->call->arg[arg], l->at[arg] + i * l->step[arg], value);
}

static void put_whole(const line *l, int arg, int64_t i, int64_t value) {
  const peri_arg *y = &l->call->arg[arg];
  value = peri__wrapped(value, y->dtype);
  peri__convert(peri__at(y, l->at[arg] + i * l->step[arg]), y->dtype, 1, &value,
                PERI_I64, 1, 1);
}

#define EACH(l, i) \
  for (int64_t i = 0; i < (l)->count && !peri__stopped_at((l)->call, i); i++)

/* ---- Sums and products --------------------------------------------------- */

static void sum_line(const line *l) {
  double sum = 0;
  uint64_t whole = 0;
  bool real = peri__is_float(l->call->arg[0].dtype);
  EACH(l, i) {
    if (real)
      put_real(l, 0, i, sum += real_at(l, 1, i));
    else
      put_whole(l, 0, i, (int64_t)(whole += (uint64_t)whole_at(l, 1, i)));
  }
}

/* Without the element itself if the scan is exclusive. */
static void prod_line(const line *l) {
  double product = 1;
  uint64_t whole = 1;
  bool real = peri__is_float(l->call->arg[0].dtype);
  EACH(l, i) {
    double before = product;
    uint64_t whole_before = whole;
    if (real)
      product *= real_at(l, 1, i);
    else
      whole *= (uint64_t)whole_at(l, 1, i);
    if (real)
      put_real(l, 0, i, l->attr.exclusive ? before : product);
    else
      put_whole(l, 0, i, (int64_t)(l->attr.exclusive ? whole_before : whole));
  }
}

/* y[i] = b[i] + a[i] y[i - 1] */
static void recurrence_line(const line *l) {
  double y = 0;
  EACH(l, i) {
    y = i == 0 ? real_at(l, 2, i) : real_at(l, 2, i) + real_at(l, 1, i) * y;
    put_real(l, 0, i, y);
  }
}

/* log(e^a + e^b) */
static double log_add(double a, double b) {
  double low = a < b ? a : b, high = a < b ? b : a;
  if (isnan(a) || isnan(b)) return a + b;
  return isinf(high) ? high : high + log1p(exp(low - high));
}

static void logsumexp_line(const line *l) {
  double sum = -INFINITY;
  EACH(l, i) put_real(l, 0, i, sum = log_add(sum, real_at(l, 1, i)));
}

void peri__plain_scan_sum(const peri_call *call) { each_line(call, sum_line); }

void peri__plain_scan_prod(const peri_call *call) {
  each_line(call, prod_line);
}

void peri__plain_scan_logsumexp(const peri_call *call) {
  each_line(call, logsumexp_line);
}

void peri__plain_recurrence(const peri_call *call) {
  each_line(call, recurrence_line);
}

/* ---- Extremes ------------------------------------------------------------ */

/* True if element i comes before element 'best', or equals it; NaN comes before
   all. */
static bool comes(const line *l, int64_t i, int64_t best, int sign) {
  if (peri__is_float(l->call->arg[0].dtype)) {
    double a = real_at(l, 2, i), b = real_at(l, 2, best);
    return isnan(a) || (sign > 0 ? a >= b : a <= b);
  }
  int64_t a = whole_at(l, 2, i), b = whole_at(l, 2, best);
  return sign > 0 ? a >= b : a <= b;
}

/* Values and positions of the largest (sign 1) or smallest (sign -1) so far. */
static void extreme_line(const line *l, int sign) {
  const peri_arg *y = &l->call->arg[0], *x = &l->call->arg[2];
  int64_t best = 0;
  EACH(l, i) {
    if (comes(l, i, best, sign)) best = i;
    peri__convert(peri__at(y, l->at[0] + i * l->step[0]), y->dtype, 1,
                  peri__at(x, l->at[2] + best * l->step[2]), x->dtype, 1, 1);
    put_whole(l, 1, i, best + l->attr.base);
  }
}

static void max_line(const line *l) { extreme_line(l, 1); }
static void min_line(const line *l) { extreme_line(l, -1); }

void peri__plain_scan_max(const peri_call *call) { each_line(call, max_line); }
void peri__plain_scan_min(const peri_call *call) { each_line(call, min_line); }
