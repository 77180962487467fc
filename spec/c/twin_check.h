/* twin_check.h - what the specs share that compare fast kernels with their
   plain twins: a context of each, and random tensors that both see. */
#ifndef PERI_TWIN_CHECK_H
#define PERI_TWIN_CHECK_H

#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "cpu/level.h"
#include "internal.h"

static uint64_t random_state;

static inline int64_t below(int64_t count) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (int64_t)((random_state >> 33) % (uint64_t)count);
}

/* In [-1, 1]. */
static inline double uniform(void) {
  return (double)below(2000001) / 1000000 - 1;
}

/* Numbers in a buffer, and a view of them. */
typedef struct {
  void *data;
  peri_dtype dtype;
  int ndim;
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS], offset, count;
} sample;

static inline void put_number(sample *s, int64_t at, double value) {
  peri__convert((char *)s->data + at * (int64_t)peri_dtype_size(s->dtype),
                s->dtype, 1, &value, PERI_F64, 1, 1);
}

/* A view with dimensions in a random order of memory, some of them every
   other element, from some offset on; 'number' gives the elements. */
static inline sample random_sample(const int64_t *shape, int ndim,
                                   peri_dtype dtype, bool dense,
                                   double (*number)(void)) {
  sample s = {.dtype = dtype, .ndim = ndim, .count = 1};
  int order[PERI_MAX_DIMS];
  int64_t distance = 1;
  for (int d = 0; d < ndim; d++) order[d] = d;
  for (int d = ndim - 1; d > 0 && !dense; d--) {
    int other = (int)below(d + 1), kept = order[d];
    order[d] = order[other];
    order[other] = kept;
  }
  for (int i = ndim - 1; i >= 0; i--) {
    int d = order[i];
    if (!dense && below(4) == 0) distance *= 2;
    s.shape[d] = shape[d];
    s.strides[d] = distance;
    distance *= shape[d] > 0 ? shape[d] : 1;
    s.count *= shape[d];
  }
  s.offset = dense ? 0 : below(5);
  s.data = malloc((size_t)(distance + 8) * peri_dtype_size(dtype));
  for (int64_t i = 0; i < distance + s.offset; i++) put_number(&s, i, number());
  return s;
}

static inline peri_tensor *in(peri_context *ctx, const sample *s) {
  char *at = (char *)s->data + s->offset * (int64_t)peri_dtype_size(s->dtype);
  return peri_tensor_wrap(ctx, at, s->shape, s->strides, s->ndim, s->dtype,
                          NULL, NULL);
}

static inline peri_context *open_level(const char *isa, int threads) {
  return peri_context_new(&(peri_options){.isa = isa, .threads = threads},
                          NULL);
}

/* Elements of 'x' as doubles, to be freed; NULL without 'x'. */
static inline double *numbers(peri_tensor *x) {
  if (!x) return NULL;
  size_t bytes = (size_t)(peri_tensor_numel(x) + 1) * sizeof(double);
  double *out = malloc(bytes);
  peri_copy_out(x, out, PERI_F64, bytes);
  return out;
}

static inline bool equal(double a, double b) {
  return a == b || (isnan(a) && isnan(b));
}

/* Half the distance of 1 to the next number. */
static inline double unit(peri_dtype dtype) {
  switch (dtype) {
    case PERI_F64: return 0x1p-53;
    case PERI_F32: return 0x1p-24;
    case PERI_F16: return 0x1p-11;
    default: return 0x1p-8;
  }
}

/* True if 'a' and 'b' have the same bytes. */
static inline bool same_bytes(peri_tensor *a, peri_tensor *b) {
  if (!a || !b || peri_tensor_numel(a) != peri_tensor_numel(b)) return false;
  size_t bytes =
      (size_t)peri_tensor_numel(a) * peri_dtype_size(peri_tensor_dtype(a));
  return memcmp(peri_tensor_data(a), peri_tensor_data(b), bytes) == 0;
}

#endif
