/* gather.h - what the fast forms of gather and scatter share. They gain
   nothing from wide vectors and are compiled once, for the lowest level. */
#ifndef PERI_FAST_GATHER_H
#define PERI_FAST_GATHER_H

#include "cpu/places.h"
#include "fast.h"

#define POSITIONS 256 /* of an index that are looked at together */

/* Positions as they lie in an index, or made from it: place i is
   at[i step] - bias; what is below 0 is out of range. */
typedef struct {
  const int64_t *at;
  int64_t step, bias;
} positions;

/* What positions choose from: 'size' places that count from 'base'; 'inside':
   they are known to do so. */
typedef struct {
  int64_t base, size;
  bool inside;
} extent;

/* 'count' positions, at most POSITIONS, of 'index' from element 'at' on;
   'buffer' has room for them. */
positions LOWEST(find_positions)(const peri_arg *index, int64_t at,
                                 int64_t stride, int64_t count,
                                 const extent *places, int64_t *buffer);
/* The same as offsets in elements of a tensor, once each is multiplied by
   offset_scale. */
positions LOWEST(find_offsets)(const peri__indexed *job, bool made, int64_t at,
                               int64_t stride, int64_t count, int64_t *buffer);
static inline int64_t offset_scale(const peri__indexed *job, bool made) {
  return made || job->places.dims > 1 ? 1 : job->places.strides[0];
}

/* Bytes for the offsets of an index that is repeated along a dimension, which
   are made once; 0 for others. */
size_t LOWEST(offsets_bytes)(const peri_arg *index);
/* The index becomes int64 offsets (-1: out of range) in the workspace if that
   has been asked for. -> true if so */
bool LOWEST(make_offsets)(peri__indexed *job);

void LOWEST(join_places_i64)(const peri_call *call);
void LOWEST(gather_i64)(const peri_call *call);
void LOWEST(scatter_i64)(const peri_call *call);
/* True if scatter has loops for the mode and dtype of 'call'. */
bool LOWEST(scatter_knows)(const peri_call *call);

#endif
