/* linalg.h - what the files of linear algebra share: checks of matrices, the
   records of LAPACK (cpu/lapack.h), small compositions. */
#ifndef PERI_LINALG_H
#define PERI_LINALG_H

#include "cpu/lapack.h"

/* Most rows of what LAPACK's workspaces for vectors of svd and eigh allow,
   whose lengths are 32-bit: 7 n^2 is below 2^31. */
enum { PERI_MOST_ROWS = 16384 };

/* Input 'i' must be float32 or float64 matrices, batch dimensions in front,
   with sizes up to 'most'; square if asked for. */
int peri__check_matrices(const peri_frame *frame, int i, bool square,
                         int64_t most);
/* Input 'i' must have the dtype of input 0. */
int peri__check_alike(const peri_frame *frame, int i);

/* Rows and columns of matrices. */
static inline int64_t peri__rows(const peri_tensor *x) {
  return x->shape[x->ndim - 2];
}
static inline int64_t peri__cols(const peri_tensor *x) {
  return x->shape[x->ndim - 1];
}
static inline int64_t peri__least_size(const peri_tensor *x) {
  return peri__rows(x) < peri__cols(x) ? peri__rows(x) : peri__cols(x);
}

/* Set 'out' to the batch dimensions of 'x' and up to two more, of size 'rows'
   and 'cols'; negative: not there. */
void peri__batch_meta(const peri_tensor *x, int64_t rows, int64_t cols,
                      peri_dtype dtype, peri_meta *out);

/* One record of LAPACK, or of a kernel that needs none: 'nout' outputs, then
   'nin' inputs, an absent one NULL, whose first 'attr.batch' dimensions are the
   same. Fails if the library is missing. */
int peri__lapack_run(const peri_frame *frame, int kernel,
                     peri__lapack_attr attr, peri_tensor *const *args, int nout,
                     int nin);
/* The error of the first matrix that failed: "x 'what' ('number' 3)" by its
   number in 'info', or without the number if that is NULL. */
int peri__check_info(const peri_frame *frame, const peri_tensor *info,
                     const char *what, const char *number);

/* Compositions over the last two dimensions: transposed, its diagonal as last
   dimension, a vector as diagonal, unit matrix, a triangle. */
peri_tensor *peri__turned(peri_tensor *x);
peri_tensor *peri__diagonals(peri_tensor *x);
peri_tensor *peri__on_diagonal(peri_tensor *x);
peri_tensor *peri__unit(const peri_tensor *like, int64_t n);
peri_tensor *peri__lower(peri_tensor *x, int64_t diagonal);
peri_tensor *peri__upper(peri_tensor *x, int64_t diagonal);
/* 'count' rows, or columns, from 'start'. */
peri_tensor *peri__cut_rows(peri_tensor *x, int64_t start, int64_t count);
peri_tensor *peri__cut_cols(peri_tensor *x, int64_t start, int64_t count);
/* 'x' with its columns, or its rows, times the numbers of 's'. */
peri_tensor *peri__scale_cols(peri_tensor *x, peri_tensor *s);
peri_tensor *peri__scale_rows(peri_tensor *x, peri_tensor *s);
/* X of A X = B with a triangle of 'a'; of X A = B if not 'left'. */
peri_tensor *peri__triangular(peri_tensor *a, peri_tensor *b, bool upper,
                              bool left, bool unit);
/* 'x' with the batch dimensions 'shape'. */
peri_tensor *peri__spread_batch(peri_tensor *x, const int64_t *shape, int ndim);
/* The gradient by A of Y = A^+, given that of Y. */
peri_tensor *peri__pinv_dx(peri_tensor *a, peri_tensor *y, peri_tensor *dy);

#endif
