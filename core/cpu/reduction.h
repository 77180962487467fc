/* reduction.h - the dimensions of a reduction, tidied for its fast kernels.

   Reduced dimensions are ordered by the memory of x, the largest stride first
   (where positions count: as they are), and joined where they follow each
   other; kept ones are joined too. If x is dense along a kept dimension that is
   wide enough, that is the one of the columns, which are worked on side by
   side; else each output is one of its own. */
#ifndef PERI_REDUCTION_H
#define PERI_REDUCTION_H

#include "kernels.h"

#define PERI_WIDE_ENOUGH 16 /* columns, unless the rows follow each other */

typedef struct {
  int kept;                          /* dimensions, without the columns */
  int64_t shape[PERI_MAX_DIMS];      /* of those */
  int64_t strides[3][PERI_MAX_DIMS]; /* in x and the outputs */
  int reduced;                       /* dimensions, at least 1 */
  int64_t sizes[PERI_MAX_DIMS];      /* of those */
  int64_t steps[PERI_MAX_DIMS];      /* in x */
  int64_t outputs;                   /* without the columns */
  int64_t total;                     /* elements that become one */
  int64_t columns, column_steps[3];  /* 0: there are none */
} peri__reduction;

/* A whole number as 'dtype' keeps it, whose upper bits are lost. */
static inline int64_t peri__wrapped(int64_t value, peri_dtype dtype) {
  if (dtype == PERI_I32) return (int32_t)(uint32_t)(uint64_t)value;
  return dtype == PERI_U8 ? (uint8_t)(uint64_t)value : value;
}

/* 'ordered': the elements count in the order of the dimensions. */
void peri__reduction_of(peri__reduction *r, const peri_call *call,
                        bool ordered);

/* Offsets in x and the outputs of output 'index' (of its first column). */
static inline void peri__reduction_at(const peri__reduction *r, int64_t index,
                                      int64_t offset[3]) {
  memset(offset, 0, 3 * sizeof *offset);
  for (int d = r->kept - 1; d >= 0; d--) {
    int64_t at = d > 0 ? index % r->shape[d] : index;
    if (d > 0) index /= r->shape[d];
    for (int a = 0; a < 3; a++) offset[a] += at * r->strides[a][d];
  }
}

/* Offset in x of element 'index' of an output. -> how many follow it, itself
   included, with the last of 'steps' between them */
static inline int64_t peri__reduction_run(const peri__reduction *r,
                                          int64_t index, int64_t *offset) {
  int last = r->reduced - 1;
  int64_t at = last > 0 ? index % r->sizes[last] : index;
  *offset = at * r->steps[last];
  int64_t rest = last > 0 ? index / r->sizes[last] : 0;
  for (int d = last - 1; d >= 0; d--) {
    *offset += (d > 0 ? rest % r->sizes[d] : rest) * r->steps[d];
    if (d > 0) rest /= r->sizes[d];
  }
  return r->sizes[last] - at;
}

#endif
