/* plain_softmax.c - plain kernels that work along one dimension of classes:
   softmax, log_softmax, their gradients. Each line is read into double, so that
   one text serves every dtype. */
#include <math.h>

#include "plain.h"

/* Length and stride of a line of 'arg'; a 0-d tensor has one of length 1. */
static int64_t length_of(const peri_arg *arg, int dim) {
  return arg->ndim > 0 ? arg->shape[dim] : 1;
}

static int64_t stride_of(const peri_arg *arg, int dim) {
  return arg->ndim > 0 ? arg->strides[dim] : 0;
}

/* max and log sum e^(x - max) of a line. */
typedef struct {
  double max, log_sum;
} scale;

/* NaN and +inf in the line end up in the sum; -inf alone gives nothing to
   subtract. */
static scale scale_of(const peri_call *call, const peri_arg *x, int64_t offset,
                      int dim) {
  int64_t count = length_of(x, dim), stride = stride_of(x, dim);
  scale s = {-INFINITY, 0};
  double sum = 0;
  for (int64_t i = 0; i < count && !peri__stopped_at(call, i); i++) {
    double value = peri__get(x, offset + i * stride);
    if (value > s.max) s.max = value;
  }
  if (s.max == -INFINITY) s.max = 0; /* nothing but -inf, or NaN */
  for (int64_t i = 0; i < count && !peri__stopped_at(call, i); i++)
    sum += exp(peri__get(x, offset + i * stride) - s.max);
  s.log_sum = log(sum);
  return s;
}

static int dim_of(const peri_call *call) {
  peri__dim_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return attr.dim;
}

/* Call 'line' with the offsets of every line along 'dim'. */
static void each_line(const peri_call *call, int dim,
                      void (*line)(const peri_call *call,
                                   const int64_t *offset)) {
  peri__lines lines;
  int args = call->nout + call->nin;
  if (!peri__lines_begin(&lines, call, dim, args)) return;
  do line(call, lines.offset);
  while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

/* ---- softmax, log_softmax --------------------------------------------- */

static void log_softmax_line(const peri_call *call, const int64_t *offset) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int dim = dim_of(call);
  scale s = scale_of(call, x, offset[1], dim);
  for (int64_t i = 0; i < length_of(x, dim) && !peri__stopped_at(call, i);
       i++) {
    double value = peri__get(x, offset[1] + i * stride_of(x, dim));
    peri__put(y, offset[0] + i * stride_of(y, dim), value - s.max - s.log_sum);
  }
}

static void softmax_line(const peri_call *call, const int64_t *offset) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int dim = dim_of(call);
  scale s = scale_of(call, x, offset[1], dim);
  for (int64_t i = 0; i < length_of(x, dim) && !peri__stopped_at(call, i);
       i++) {
    double value = peri__get(x, offset[1] + i * stride_of(x, dim));
    peri__put(y, offset[0] + i * stride_of(y, dim),
              exp(value - s.max - s.log_sum));
  }
}

void peri__plain_softmax(const peri_call *call) {
  each_line(call, dim_of(call), softmax_line);
}

void peri__plain_log_softmax(const peri_call *call) {
  each_line(call, dim_of(call), log_softmax_line);
}

/* ---- Their gradients: dx of y and dy ---------------------------------- */

/* dx = y (dy - sum(dy y)) */
static void softmax_dx_line(const peri_call *call, const int64_t *offset) {
  const peri_arg *dx = &call->arg[0], *y = &call->arg[1], *dy = &call->arg[2];
  int dim = dim_of(call);
  double sum = 0;
  for (int64_t i = 0; i < length_of(y, dim) && !peri__stopped_at(call, i); i++)
    sum += peri__get(y, offset[1] + i * stride_of(y, dim)) *
           peri__get(dy, offset[2] + i * stride_of(dy, dim));
  for (int64_t i = 0; i < length_of(y, dim) && !peri__stopped_at(call, i); i++)
    peri__put(dx, offset[0] + i * stride_of(dx, dim),
              peri__get(y, offset[1] + i * stride_of(y, dim)) *
                  (peri__get(dy, offset[2] + i * stride_of(dy, dim)) - sum));
}

/* dx = dy - e^y sum(dy) */
static void log_softmax_dx_line(const peri_call *call, const int64_t *offset) {
  const peri_arg *dx = &call->arg[0], *y = &call->arg[1], *dy = &call->arg[2];
  int dim = dim_of(call);
  double sum = 0;
  for (int64_t i = 0; i < length_of(y, dim) && !peri__stopped_at(call, i); i++)
    sum += peri__get(dy, offset[2] + i * stride_of(dy, dim));
  for (int64_t i = 0; i < length_of(y, dim) && !peri__stopped_at(call, i); i++)
    peri__put(dx, offset[0] + i * stride_of(dx, dim),
              peri__get(dy, offset[2] + i * stride_of(dy, dim)) -
                  exp(peri__get(y, offset[1] + i * stride_of(y, dim))) * sum);
}

void peri__plain_softmax_dx(const peri_call *call) {
  each_line(call, dim_of(call), softmax_dx_line);
}

void peri__plain_log_softmax_dx(const peri_call *call) {
  each_line(call, dim_of(call), log_softmax_dx_line);
}
