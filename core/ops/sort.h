/* sort.h - what the operations share that order elements. */
#ifndef PERI_OPS_SORT_H
#define PERI_OPS_SORT_H

#include "cpu/sort.h"

/* The values of sort along 'dim', ascending, with their gradient. */
peri_tensor *peri__ascending(peri_tensor *x, int dim);
/* Size of 'dim', from 0; a 0-d tensor counts as having one. */
static inline int64_t peri__size_along(const peri_tensor *x, int64_t dim) {
  return x->ndim > 0 ? x->shape[dim] : 1;
}
/* x[positions], position by position along 'dim' from 0, and the reverse:
   zeros in the shape of 'x' with 'dy' at positions; these count from 'base'. */
peri_tensor *peri__at_positions(peri_tensor *x, peri_tensor *positions, int dim,
                                int base);
peri_tensor *peri__to_positions(peri_tensor *dy, peri_tensor *positions,
                                int dim, int base, const peri_meta *x);

#endif
