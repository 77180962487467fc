/* plain_reduce.c - plain kernels of the reductions.

   Output 0, and output 1 of max, min and moments, have the input's dimensions
   with size 1 where it is reduced. For each element of the output the input is
   gone through in row-major order of the reduced dimensions: floats are summed
   in double, whole numbers in int64 with wrap. Attributes: peri__reduce_attr.
 */
#include <math.h>

#include "plain.h"
#include "reduction.h"

/* One output element and the input elements that belong to it. */
typedef struct {
  const peri_arg *x;
  int dims[PERI_MAX_DIMS]; /* reduced dimensions of x */
  int count;
  int64_t total;  /* elements for each output */
  int64_t offset; /* of the first one in x */
} group;

typedef void visit(const group *g, const peri_call *call,
                   const int64_t *offset);

/* Read element 'index' of the group, in the order of its dimensions. */
static int64_t element(const group *g, int64_t index) {
  int64_t offset = g->offset;
  for (int i = g->count - 1; i >= 0; i--) {
    int64_t size = g->x->shape[g->dims[i]];
    offset += index % size * g->x->strides[g->dims[i]];
    index /= size;
  }
  return offset;
}

static double real_at(const group *g, int64_t index) {
  double value;
  peri__convert(&value, PERI_F64, 1, peri__at(g->x, element(g, index)),
                g->x->dtype, 1, 1);
  return value;
}

static int64_t whole_at(const group *g, int64_t index) {
  int64_t value;
  peri__convert(&value, PERI_I64, 1, peri__at(g->x, element(g, index)),
                g->x->dtype, 1, 1);
  return value;
}

static void put_real(const peri_arg *y, int64_t offset, double value) {
  peri__convert(peri__at(y, offset), y->dtype, 1, &value, PERI_F64, 1, 1);
}

static void put_whole(const peri_arg *y, int64_t offset, int64_t value) {
  value = peri__wrapped(value, y->dtype);
  peri__convert(peri__at(y, offset), y->dtype, 1, &value, PERI_I64, 1, 1);
}

static group group_of(const peri_call *call) {
  group g = {.x = &call->arg[call->nout], .total = 1};
  for (int d = 0; d < g.x->ndim; d++) {
    if (call->arg[0].shape[d] == g.x->shape[d]) continue;
    g.dims[g.count++] = d;
    g.total *= g.x->shape[d];
  }
  return g;
}

/* Call 'run' for every output element with its group. */
static void each_output(const peri_call *call, visit *run) {
  peri__lines lines;
  group g = group_of(call);
  int last = call->nout; /* the input is the argument after the outputs */
  if (!peri__lines_begin(&lines, call, -1, last + 1)) return;
  do {
    g.offset = lines.offset[last];
    run(&g, call, lines.offset);
  } while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

/* ---- Sums ------------------------------------------------------------- */

static void sum_group(const group *g, const peri_call *call,
                      const int64_t *offset) {
  const peri_arg *y = &call->arg[0];
  if (peri__is_float(y->dtype)) {
    double sum = 0;
    for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++)
      sum += real_at(g, i);
    put_real(y, offset[0], sum);
  } else {
    uint64_t sum = 0;
    for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++)
      sum += (uint64_t)whole_at(g, i);
    put_whole(y, offset[0], (int64_t)sum);
  }
}

void peri__plain_sum(const peri_call *call) { each_output(call, sum_group); }

/* NaN left out. */
static void nansum_group(const group *g, const peri_call *call,
                         const int64_t *offset) {
  double sum = 0;
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++) {
    double value = real_at(g, i);
    if (!isnan(value)) sum += value;
  }
  put_real(&call->arg[0], offset[0], sum);
}

void peri__plain_nansum(const peri_call *call) {
  each_output(call, nansum_group);
}

/* ---- Products ---------------------------------------------------------- */

static void prod_group(const group *g, const peri_call *call,
                       const int64_t *offset) {
  const peri_arg *y = &call->arg[0];
  if (peri__is_float(y->dtype)) {
    double product = 1;
    for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++)
      product *= real_at(g, i);
    put_real(y, offset[0], product);
  } else {
    uint64_t product = 1;
    for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++)
      product *= (uint64_t)whole_at(g, i);
    put_whole(y, offset[0], (int64_t)product);
  }
}

void peri__plain_prod(const peri_call *call) { each_output(call, prod_group); }

/* ---- Moments ------------------------------------------------------------ */

/* Mean, and the sum of the squared differences from it by the divisor. */
static void moments_group(const group *g, const peri_call *call,
                          const int64_t *offset) {
  double sum = 0;
  peri__reduce_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++)
    sum += real_at(g, i);
  double mean = sum / (double)g->total;
  double squares = mean - mean; /* NaN of nothing */
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++) {
    double difference = real_at(g, i) - mean;
    squares += difference * difference;
  }
  put_real(&call->arg[0], offset[0], mean);
  put_real(&call->arg[1], offset[1], squares / attr.p);
}

void peri__plain_moments(const peri_call *call) {
  each_output(call, moments_group);
}

/* ---- Norms -------------------------------------------------------------- */

/* (sum |x|^p)^(1 / p), how many are not 0 for p 0. */
static double power_norm(const group *g, const peri_call *call, double p) {
  double sum = 0;
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++) {
    double size = fabs(real_at(g, i));
    sum += p == 0 ? size != 0 : p == 1 ? size : pow(size, p);
  }
  return p == 0 || p == 1 ? sum : p == 2 ? sqrt(sum) : pow(sum, 1 / p);
}

/* The largest |x| for p > 0, else the smallest; NaN wins. */
static double extreme_norm(const group *g, const peri_call *call, double p) {
  double best = p > 0 ? 0 : INFINITY;
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++) {
    double size = fabs(real_at(g, i));
    if ((p > 0 ? size > best : size < best) || isnan(size)) best = size;
    if (isnan(best)) break;
  }
  return best;
}

static void norm_group(const group *g, const peri_call *call,
                       const int64_t *offset) {
  peri__reduce_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  put_real(&call->arg[0], offset[0],
           isinf(attr.p) ? extreme_norm(g, call, attr.p)
                         : power_norm(g, call, attr.p));
}

void peri__plain_norm(const peri_call *call) { each_output(call, norm_group); }

/* ---- Logarithms of sums ------------------------------------------------- */

/* max + log sum e^(x - max); infinities have nothing subtracted, so that they
   stay what they are. */
static void logsumexp_group(const group *g, const peri_call *call,
                            const int64_t *offset) {
  double max = -INFINITY, sum = 0;
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++) {
    double value = real_at(g, i);
    if (value > max) max = value;
  }
  if (isinf(max)) max = 0;
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++)
    sum += exp(real_at(g, i) - max);
  put_real(&call->arg[0], offset[0], max + log(sum));
}

void peri__plain_logsumexp(const peri_call *call) {
  each_output(call, logsumexp_group);
}

/* ---- Extremes --------------------------------------------------------- */

/* Index in the group of the largest (sign 1) or smallest (sign -1) element,
   the first of equals; NaN comes before all. If no position is asked for, +0 is
   larger than -0. */
static int64_t extreme(const group *g, const peri_call *call, int sign,
                       bool place) {
  int64_t best = 0;
  if (peri__is_float(g->x->dtype)) {
    double top = real_at(g, 0);
    for (int64_t i = 1; i < g->total && !isnan(top); i++) {
      if (peri__stopped_at(call, i)) break;
      double value = real_at(g, i);
      bool zero = !place && value == top && !signbit(value) == (sign > 0);
      if (!(sign > 0 ? value > top : value < top) && !isnan(value) && !zero)
        continue;
      top = value;
      best = i;
    }
  } else {
    int64_t top = whole_at(g, 0);
    for (int64_t i = 1; i < g->total && !peri__stopped_at(call, i); i++) {
      int64_t value = whole_at(g, i);
      if (!(sign > 0 ? value > top : value < top)) continue;
      top = value;
      best = i;
    }
  }
  return best;
}

static void extreme_group(const group *g, const peri_call *call,
                          const int64_t *offset, int sign) {
  peri__reduce_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  int64_t best = extreme(g, call, sign, call->nout > 1);
  const peri_arg *y = &call->arg[0];
  peri__convert(peri__at(y, offset[0]), y->dtype, 1,
                peri__at(g->x, element(g, best)), g->x->dtype, 1, 1);
  if (call->nout > 1) put_whole(&call->arg[1], offset[1], best + attr.base);
}

static void max_group(const group *g, const peri_call *call,
                      const int64_t *offset) {
  extreme_group(g, call, offset, 1);
}

static void min_group(const group *g, const peri_call *call,
                      const int64_t *offset) {
  extreme_group(g, call, offset, -1);
}

static void position_group(const group *g, const peri_call *call,
                           const int64_t *offset, int sign) {
  peri__reduce_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  put_whole(&call->arg[0], offset[0], extreme(g, call, sign, true) + attr.base);
}

static void argmax_group(const group *g, const peri_call *call,
                         const int64_t *offset) {
  position_group(g, call, offset, 1);
}

static void argmin_group(const group *g, const peri_call *call,
                         const int64_t *offset) {
  position_group(g, call, offset, -1);
}

void peri__plain_max(const peri_call *call) { each_output(call, max_group); }
void peri__plain_min(const peri_call *call) { each_output(call, min_group); }

void peri__plain_argmax(const peri_call *call) {
  each_output(call, argmax_group);
}

void peri__plain_argmin(const peri_call *call) {
  each_output(call, argmin_group);
}

/* ---- Truth ------------------------------------------------------------ */

/* True if some element of the group is zero (or not zero). */
static bool some(const group *g, const peri_call *call, bool zero) {
  for (int64_t i = 0; i < g->total && !peri__stopped_at(call, i); i++)
    if ((real_at(g, i) == 0) == zero) return true;
  return false;
}

static void any_group(const group *g, const peri_call *call,
                      const int64_t *offset) {
  put_whole(&call->arg[0], offset[0], some(g, call, false));
}

static void all_group(const group *g, const peri_call *call,
                      const int64_t *offset) {
  put_whole(&call->arg[0], offset[0], !some(g, call, true));
}

void peri__plain_any(const peri_call *call) { each_output(call, any_group); }
void peri__plain_all(const peri_call *call) { each_output(call, all_group); }
