/* reduce.h - what the files of the fast reductions share. */
#ifndef PERI_FAST_REDUCE_H
#define PERI_FAST_REDUCE_H

#include "cpu/reduction.h"
#include "fast.h"

/* Elements that become one, or rows of columns, which a thread takes at once:
   a power of two times the leaves of their trees. */
#define CHUNK_BLOCKS 16
#define CHUNK_CHAINS 16
#define BLOCK 4096    /* elements that are one leaf of a tree */
#define CHAIN 32      /* rows of columns that are one leaf of a tree */
#define STRIPE 256    /* columns that are worked on at once */
#define SHORT_ROW 32  /* elements of outputs that are joined one by one, */
#define SHORT_ROWS 64 /* as many at a time */

/* sum, prod, max, min, any, all, norm: values alone. */
void LEVEL(reduce_f32)(const peri_call *call);
void LEVEL(reduce_f64)(const peri_call *call);
void LOWEST(reduce_i64)(const peri_call *call);
/* max and min with positions, argmax, argmin. */
void LEVEL(choose_f32)(const peri_call *call);
void LEVEL(choose_f64)(const peri_call *call);
void LOWEST(choose_i64)(const peri_call *call);

/* moments, logsumexp. */
void LEVEL(pairs_f32)(const peri_call *call);
void LEVEL(pairs_f64)(const peri_call *call);

/* Chunks that every output is made of. */
static inline int64_t chunks_of(const peri__reduction *r) {
  int64_t chunk = r->columns ? CHAIN * CHUNK_CHAINS : BLOCK * CHUNK_BLOCKS;
  return (r->total + chunk - 1) / chunk;
}

#endif
