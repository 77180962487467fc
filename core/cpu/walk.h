/* walk.h - the way through the elements of a call: the dimensions of its
   arguments in the order of memory, joined where they follow each other, so
   that most calls are one long row and the rest few rows of one stride each.

     walk   the dimensions; the last one is a row
     spot   a place in the outer ones: where a row begins in each argument
     pieces what the rows are cut into, to be shared among threads */
#ifndef PERI_WALK_H
#define PERI_WALK_H

#include "kernels.h"

typedef struct {
  int ndim; /* at least 1 */
  int args;
  int64_t shape[PERI_MAX_DIMS];
  int64_t strides[PERI_MAX_ARGS][PERI_MAX_DIMS]; /* absent arguments: 0 */
} peri__walk;

typedef struct {
  int64_t at[PERI_MAX_DIMS];
  int64_t offset[PERI_MAX_ARGS]; /* in elements */
} peri__spot;

/* All arguments of 'call' have the shape of the first, whose memory sets the
   order of the dimensions. */
void peri__walk_begin(peri__walk *walk, const peri_call *call);
/* The same of 'args' arguments, as if dimension 'dim', in which they may
   differ, had size 1; -1: they do not. */
void peri__walk_of(peri__walk *walk, const peri_arg *const *arg, int args,
                   int dim);
/* Of 'args' arguments with one shape, in row-major order whatever their
   memory. */
void peri__walk_row_major(peri__walk *walk, const peri_arg *const *arg,
                          int args);
/* Number of places in the first 'outer' dimensions. */
int64_t peri__walk_count(const peri__walk *walk, int outer);
/* Place number 'index' of the first 'outer' dimensions; the last of them counts
   fastest. */
void peri__walk_seek(const peri__walk *walk, int outer, int64_t index,
                     peri__spot *spot);
/* The next place. -> false after the last, where 'spot' is the first again */
bool peri__walk_step(const peri__walk *walk, int outer, peri__spot *spot);

/* Elements of a row, 'count' of them from the offsets on, each of which is the
   stride of the walk's last dimension from the one before. */
typedef void peri__piece_body(void *user, const peri__walk *walk,
                              const int64_t *offset, int64_t count);

/* Share all elements among the threads of 'call', which is polled between the
   pieces. A piece has at most PERI_POLL elements; how rows are cut is not
   fixed. 'cost': nanoseconds an element takes. */
void peri__walk_share(const peri__walk *walk, const peri_call *call,
                      double cost, peri__piece_body *body, void *user);

/* Element 'offset' of argument 'arg'. */
static inline void *peri__at(const peri_arg *arg, int64_t offset) {
  return (char *)arg->data + offset * (int64_t)peri_dtype_size(arg->dtype);
}

/* Stride of argument 'arg' in a row. */
static inline int64_t peri__row_stride(const peri__walk *walk, int arg) {
  return walk->strides[arg][walk->ndim - 1];
}

#endif
