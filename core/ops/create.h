/* create.h - what the rows share that make tensors from nothing. */
#ifndef PERI_CREATE_H
#define PERI_CREATE_H

#include "kernels.h"

/* The dtype parameter of a source, or 'fallback' where it is absent. */
peri_dtype peri__made_dtype(const peri_frame *frame, peri_dtype fallback);
/* The one output of a source. -> 0 or a status */
int peri__made(peri_frame *frame, const int64_t *shape, int ndim,
               peri_dtype dtype);
/* The shape rule of zeros: the first parameter and the dtype, float32. */
int peri__shaped_infer(peri_frame *frame);

#endif
