/* plain_distance.c - the plain kernel of distances: y[..., i, j] is the norm of
   a[..., i, :] - b[..., j, :], computed in double. Attributes:
   peri__distance_attr. */
#include <math.h>

#include "plain.h"

/* What a difference adds to the sum of a norm. */
static double part_of(double difference, double p) {
  double size = fabs(difference);
  if (p == 2) return size * size;
  return p == 0 ? size != 0 : p == 1 ? size : pow(size, p);
}

static double whole_of(double sum, double p) {
  if (p == 2) return sqrt(sum);
  return p == 0 || p == 1 || isinf(p) ? sum : pow(sum, 1 / p);
}

/* The distance of the vectors at two offsets. */
static double distance(const peri_call *call, int64_t at_a, int64_t at_b,
                       double p) {
  const peri_arg *a = &call->arg[1], *b = &call->arg[2];
  int last = a->ndim - 1;
  double sum = 0;
  for (int64_t k = 0; k < a->shape[last]; k++) {
    double difference = peri__get(a, at_a + k * a->strides[last]) -
                        peri__get(b, at_b + k * b->strides[last]);
    double size = fabs(difference);
    if (!isinf(p))
      sum += part_of(difference, p);
    else if (size > sum || isnan(size))
      sum = size;
  }
  return whole_of(sum, p);
}

/* Offsets of the vector that element 'index' of the output, row-major, has in
   each input. -> offset in the output */
static int64_t place(const peri_call *call, int64_t index, int64_t at[2]) {
  const peri_arg *y = &call->arg[0], *x[2] = {&call->arg[1], &call->arg[2]};
  int64_t offset = 0;
  at[0] = at[1] = 0;
  for (int d = y->ndim - 1; d >= 0; d--) {
    int64_t i = index % y->shape[d];
    index /= y->shape[d];
    offset += i * y->strides[d];
    for (int a = 0; a < 2; a++) {
      bool own = d < y->ndim - 2 || d == y->ndim - 2 + a;
      if (own) at[a] += i * x[a]->strides[d < y->ndim - 2 ? d : y->ndim - 2];
    }
  }
  return offset;
}

void peri__plain_distances(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  peri__distance_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  int64_t count = peri__numel(y->shape, y->ndim);
  for (int64_t i = 0; i < count; i++) {
    int64_t at[2], offset = place(call, i, at);
    if (i % 256 == 0 && peri_call_stopped(call)) return;
    peri__put(y, offset, distance(call, at[0], at[1], attr.p));
  }
}
