/* reduced.h - what the operations that make one element of many share: which
   dimensions of x go, the shapes and records that follow from it, and the way
   back from a result to the shape of x. */
#ifndef PERI_REDUCED_H
#define PERI_REDUCED_H

#include "kernels.h"

typedef struct {
  bool gone[PERI_MAX_DIMS]; /* reduced dimensions */
  bool keep;                /* they stay with size 1 */
} peri__plan;

/* 'dim' is one dimension or a list, none for all; 'keep' a flag. */
peri__plan peri__plan_of(const peri_value *dim, const peri_value *keep,
                         int ndim);
/* The reduced dimensions in 'dims'. -> how many */
int peri__plan_dims(const peri__plan *plan, int ndim, int64_t *dims);
/* Elements of 'x' that become one. */
int64_t peri__plan_count(const peri__plan *plan, const peri_meta *x);
void peri__reduced_meta(const peri_tensor *x, const peri__plan *plan,
                        peri_dtype dtype, peri_meta *out);
/* An error unless every element of the result has something to choose from. */
int peri__check_choice(const peri_frame *frame, const peri__plan *plan);
/* An error unless x is a float. */
int peri__check_float(const peri_frame *frame, int input);

/* One record of 'kernel': the outputs of 'frame' with reduced dimensions of
   size 1, then x. */
int peri__reduce(const peri_frame *frame, int kernel, peri_tensor *x,
                 const peri__plan *plan, const peri__reduce_attr *attr);
/* 'y' with the reduced dimensions of 'x' back as size 1. */
peri_tensor *peri__restore(peri_tensor *y, const peri_meta *x,
                           const peri__plan *plan);
/* The sum of 'x', whose reduced dimensions stay, or as the plan has it. */
peri_tensor *peri__sum_kept(peri_tensor *x, const peri__plan *plan);
peri_tensor *peri__sum_over(peri_tensor *x, const peri__plan *plan);
/* What 'x' is summed as for a result of 'dtype', PERI_DTYPE_NONE for any. */
peri_tensor *peri__summand(peri_tensor *x, peri_dtype dtype);
/* dtype of such a sum. */
peri_dtype peri__sum_dtype(peri_dtype x, peri_dtype given);
/* The value of a parameter that may name a dtype. */
peri_dtype peri__dtype_value(const peri_value *value);
/* dy shared evenly by the elements of 'x' that are their group's 'y'. */
peri_tensor *peri__share_evenly(peri_tensor *x, peri_tensor *y, peri_tensor *dy,
                                const peri__plan *plan);

/* Positions along dimension 'dim' of input 0, in a shape that broadcasts to
   it. */
peri_tensor *peri__places(const peri_backprop *grad, int64_t dim);
/* 'length' positions of a dimension, which may be none (ops/diff.c). */
peri_tensor *peri__range(peri_tensor *x, int64_t dim, int64_t start,
                         int64_t length);
/* Products of the elements before each (after each, if 'reverse') along a
   dimension, without it (ops/scan.c). */
peri_tensor *peri__products_before(peri_tensor *x, int64_t dim, bool reverse);

#endif
