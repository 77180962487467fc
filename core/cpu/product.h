/* product.h - what every kernel of the matrix product agrees on: how a call
   record is read, and the order in which an element is summed.

     y[i, j] = activation(sum_k a[i, k] b[k, j] + bias[j])

   k is cut into equal parts, which are added in ascending order. The order
   depends on shapes and strides only, never on threads, tiles or the
   instruction-set level:
     chain  Parts of at most PERI_PRODUCT_PART. A part is one chain of
            multiply-adds over ascending k from zero.
     dot    A vector times a matrix whose neighbours along k are neighbours in
            memory: parts of at most PERI_DOT_PART, whole lanes but for the
            last one. A part is PERI_DOT_LANES chains, the one of lane l over
            k = l, l + PERI_DOT_LANES ..., then folded in halves.
   A multiply-add is fused where the kernel's level has the instruction
   (peri__level), else a product that is rounded and then added. The bias comes
   after the last part, then the activation, as an operation of its own would
   compute it. One row of a batch computed alone may take the dot form, and then
   differs from the batch in its last bits. */
#ifndef PERI_PRODUCT_H
#define PERI_PRODUCT_H

#include "kernels.h"

#define PERI_PRODUCT_PART 400 /* packed parts of b stay in the L2 cache */
#define PERI_DOT_LANES 32
#define PERI_DOT_PART 8192 /* the vector stays in the L1 cache */

/* A batch of products with one layout; strides in elements. */
typedef struct {
  int64_t m, n, k;
  int64_t part; /* of k, at least 1 */
  bool dot;
  int64_t y_row, y_col, a_row, a_k, b_k, b_col, bias_col;
  int batch; /* dimensions; those that only make m larger are joined to it */
  int64_t shape[PERI_MAX_DIMS];
  int64_t step[3][PERI_MAX_DIMS]; /* of y, a, b */
} peri__product;

peri__product peri__product_of(const peri_call *call);
/* Matrices in the batch, 1 if there is none. */
int64_t peri__product_count(const peri__product *p);
/* True if there is no element to write. */
bool peri__product_empty(const peri__product *p);
/* Elements from the first matrix to number 'index', in y, a and b. */
void peri__product_offsets(const peri__product *p, int64_t index,
                           int64_t offset[3]);
/* Kernel of the activation, or PERI_NO_ACTIVATION. */
int peri__product_activation(const peri_call *call);

#endif
