/* plain.h - what the plain kernels share: the walk over the elements of a
   call.

   The plain kernels are the reference: each is the formula as a loop, for
   every dtype, any strides, any number of elements. They see pointers, sizes
   and strides. Faster kernels are compared with them. */
#ifndef PERI_PLAIN_H
#define PERI_PLAIN_H

#include "kernels.h"

/* Elements handled at once where dtypes are converted on the way. */
#define PERI_CHUNK 256

/* The dimensions of a call whose arguments have one shape, ordered by the
   memory of the first argument and joined where they follow each other. */
typedef struct {
  int ndim; /* at least 1 */
  int64_t shape[PERI_MAX_DIMS];
  int64_t strides[PERI_MAX_ARGS][PERI_MAX_DIMS]; /* absent ones: 0 */
  int args;
} peri__walk;

void peri__walk_begin(peri__walk *walk, const peri_call *call);
/* Call 'run' once for every run of the last dimension, with the offset in
   elements of its first element in each argument. */
void peri__walk_rows(const peri__walk *walk, const peri_call *call,
                     void (*run)(const peri_call *call, const peri__walk *walk,
                                 const int64_t *offset));
/* Address of element 'offset' of argument 'arg'. */
static inline void *peri__at(const peri_arg *arg, int64_t offset) {
  return (char *)arg->data + offset * (int64_t)peri_dtype_size(arg->dtype);
}

/* A loop over all but dimension 'dim' of 'arg': step the position and the
   offsets of the first 'args' arguments. -> false after the last */
typedef struct {
  const peri_call *call;
  int dim, args; /* dim -1: none is left out */
  int64_t at[PERI_MAX_DIMS];
  int64_t offset[PERI_MAX_ARGS];
} peri__lines;

bool peri__lines_begin(peri__lines *lines, const peri_call *call, int dim,
                       int args);
bool peri__lines_next(peri__lines *lines);

/* Bytes that the product in 'call' needs beside its arguments. */
size_t peri__matmul_workspace(const peri_call *call);

#endif
