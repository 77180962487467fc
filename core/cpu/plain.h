/* plain.h - what the plain kernels share.

   The plain kernels are the reference: each is the formula as a loop, for
   every dtype, any strides, any number of elements. They see pointers, sizes
   and strides. Faster kernels are compared with them. */
#ifndef PERI_PLAIN_H
#define PERI_PLAIN_H

#include "walk.h"

/* Elements handled at once where dtypes are converted on the way. */
#define PERI_CHUNK 256

/* Call 'run' once for every run of the last dimension, with the offset in
   elements of its first element in each argument. */
void peri__walk_rows(const peri__walk *walk, const peri_call *call,
                     void (*run)(const peri_call *call, const peri__walk *walk,
                                 const int64_t *offset));

/* A loop over all but dimension 'dim' of a call, -1: over all, in the order of
   the first argument's shape. */
typedef struct {
  peri__walk walk;
  peri__spot spot;
  const int64_t *offset; /* of the line, in each of the first 'args' ones */
} peri__lines;

/* -> false if there is no line */
bool peri__lines_begin(peri__lines *lines, const peri_call *call, int dim,
                       int args);
/* -> false after the last */
bool peri__lines_next(peri__lines *lines);

/* Bytes that the product in 'call' needs beside its arguments. */
size_t peri__matmul_workspace(const peri_call *call);

/* Bytes that the kernel multinomial needs beside its arguments. */
size_t peri__multinomial_workspace(const peri_call *call);

/* An element as a double. */
static inline double peri__get(const peri_arg *arg, int64_t offset) {
  double value;
  peri__convert(&value, PERI_F64, 1, peri__at(arg, offset), arg->dtype, 1, 1);
  return value;
}

static inline void peri__put(const peri_arg *arg, int64_t offset,
                             double value) {
  peri__convert(peri__at(arg, offset), arg->dtype, 1, &value, PERI_F64, 1, 1);
}

/* True if the work is to stop; looks every PERI_POLL elements of a line. */
static inline bool peri__stopped_at(const peri_call *call, int64_t i) {
  return i % PERI_POLL == 0 && peri_call_stopped(call);
}

#endif
