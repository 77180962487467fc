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
   end. 'inside' (NULL: nobody asks): true if none is negative, and they will be
   used at once, without a recording. */
int peri__check_positions(const peri_frame *frame, const peri_tensor *index,
                          const char *name, const peri_tensor *x, int dim,
                          int dims, bool *inside);
/* Every element of 'x' must be one of 'classes' classes, counted from the
   frame's base. */
int peri__check_classes(const peri_frame *frame, const peri_tensor *x,
                        int64_t classes);
/* 'source' must have the dtype of in[0], unless it is a plain number. */
int peri__check_dtype(const peri_frame *frame, const peri_tensor *source,
                      const char *name);
/* 'value' must be a number or a 0-d tensor. */
int peri__check_single(const peri_frame *frame, const peri_tensor *value,
                       const char *name);
/* 'mask' must hold truth values. */
int peri__check_mask(const peri_frame *frame, const peri_tensor *mask);
/* Elements of 'x' that are not zero. */
int64_t peri__count_nonzero(const peri_tensor *x);
/* Apply a row in backward: positions count from the base of 'grad'. */
peri_tensor *peri__backward_apply(const peri_backprop *grad, const char *name,
                                  peri_tensor *const *in, int nin,
                                  const peri_value *value);
/* The numbers of the elements of 'x' in row-major order, from 0. */
peri_tensor *peri__numbers_like(const peri_tensor *x);
/* Zeros in the shape and dtype of input 'i', where the gradient is. */
peri_tensor *peri__backward_zeros(const peri_backprop *grad, int i);

/* For scatter and its kin, whose inputs are x, index and src (scatter.c):
   check what they are, and the positions; write src at these into y, which
   becomes x first; dy at the positions; the gradient of as much of src as the
   index reaches with zeros for the rest. */
int peri__scatter_check(const peri_frame *frame, int dim);
int peri__scatter_positions(const peri_frame *frame, int dim, bool *inside);
int peri__scatter_write(peri_frame *frame, int dim, int mode, bool inside);
peri_tensor *peri__scatter_read(const peri_backprop *grad, peri_tensor *dy,
                                int64_t dim);
peri_tensor *peri__scatter_widen(const peri_backprop *grad, peri_tensor *dsrc);

#endif
