/* index.h - what the operations on positions share: how an index is checked.
   Nothing is written before every position has been looked at. */
#ifndef PERI_INDEX_H
#define PERI_INDEX_H

#include "kernels.h"

/* 'index' must hold integers. */
int peri__check_integers(const peri_frame *frame, const peri_tensor *index,
                         const char *name);
/* Every position in 'index' must lie in the 'dims' dimensions of 'x' from 'dim'
   on, counted through them from the frame's base or, if negative, from their
   end. */
int peri__check_positions(const peri_frame *frame, const peri_tensor *index,
                          const char *name, const peri_tensor *x, int dim,
                          int dims);
/* 'mask' must hold truth values. */
int peri__check_mask(const peri_frame *frame, const peri_tensor *mask);
/* Elements of 'x' that are not zero. */
int64_t peri__count_nonzero(const peri_tensor *x);
/* Apply a row in backward: positions count from the base of 'grad'. */
peri_tensor *peri__backward_apply(const peri_backprop *grad, const char *name,
                                  peri_tensor *const *in, int nin,
                                  const peri_value *value);

#endif
