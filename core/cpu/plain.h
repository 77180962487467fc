/* plain.h - what the plain kernels share: the walk over the elements of a call
   and the attribute structs laid over a record's bytes.

   The plain kernels are the reference: each is the formula as a loop, for
   every dtype, any strides, any number of elements. They see pointers, sizes
   and strides. Faster kernels are compared with them. */
#ifndef PERI_PLAIN_H
#define PERI_PLAIN_H

#include "internal.h"

/* Elements handled at once where dtypes are converted on the way. */
#define PERI_CHUNK 256
/* Elements between two looks at the interrupt, well under 10 milliseconds. */
#define PERI_POLL 65536

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

/* Element type in which a kernel computes: float, double or int64_t. */
peri_dtype peri__compute_dtype(peri_dtype dtype);

/* Bytes that the product in 'call' needs beside its arguments. */
size_t peri__matmul_workspace(const peri_call *call);

/* ---- Attributes ------------------------------------------------------- */

#define PERI_POINTWISE_PARAMS 4 /* of a row, at most */

typedef struct {
  peri_dtype compute;
  unsigned has; /* bit k: parameter k is given */
  double real[PERI_POINTWISE_PARAMS];
  int64_t whole[PERI_POINTWISE_PARAMS];
} peri__pointwise_attr;

/* sum, max, min, any, all, argmax, argmin: the output has size 1 in the
   reduced dimensions. */
typedef struct {
  int64_t base; /* added to positions */
  bool flat;    /* positions count through all dimensions */
} peri__reduce_attr;

/* softmax, class_loss, take ...: the dimension they work along. */
typedef struct {
  int dim;
  int64_t base; /* of positions in data */
} peri__dim_attr;

/* fill: the number in both forms. arange, linspace: first and step. */
typedef struct {
  bool whole;
  double real[2];
  int64_t i[2];
  int64_t last; /* linspace: place of the last number; -1: none */
  double stop;  /* linspace: the last number */
} peri__numbers_attr;

/* Random kernels: key and call number come first (call.c renews them). */
typedef struct {
  uint64_t key, draw;
  double p;
  int64_t low;
  uint64_t range;
  int64_t base;
} peri__random_attr;

/* class_weights. */
typedef struct {
  int dim;
  int64_t base, ignore_index;
  double smoothing;
} peri__class_attr;

#endif
