/* pointwise.h - what the files of the fast pointwise kernels share: the loops
   of each float type, and blocks of arguments as dense arrays. */
#ifndef PERI_FAST_POINTWISE_H
#define PERI_FAST_POINTWISE_H

#include "cpu/pointwise.h"
#include "fast.h"

/* By kernel id. */
peri__loop *LEVEL(loop_f32)(int kernel);
peri__loop *LEVEL(loop_f64)(int kernel);

/* 'rows' x 'cols' elements of an argument, with its strides in elements. */
typedef struct {
  void *data;
  peri_dtype dtype;
  int64_t rows, cols, row, col;
} peri__block;

/* The block as a dense array of 'dtype', row by row. */
void LEVEL(block_read)(const peri__block *from, void *to, peri_dtype dtype);
/* The other way. */
void LEVEL(block_write)(const peri__block *to, const void *from,
                        peri_dtype dtype);

/* What is the same for all elements of a call. */
typedef struct {
  const peri_call *call;
  peri__pointwise_attr attr;
  peri__loop *loop;
  peri_dtype made; /* by the loop */
} peri__loop_work;

#define PERI_BLOCK 16 /* elements of loops that go by whole blocks */

#define PERI_TILE 1024 /* elements of a tile that needs a buffer */

/* Run the loop over all elements, tile by tile. 'cost': nanoseconds of an
   element. */
void LEVEL(pointwise_tiles)(const peri__loop_work *work, double cost);

#endif
