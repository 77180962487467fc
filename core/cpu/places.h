/* places.h - from positions in an index to elements of a tensor, as gather and
   scatter need it: the way goes through the index and what is read or written
   beside it; to an element of the tensor with the places, which that way sees
   with stride 0 along the dimension, comes the offset of its place. */
#ifndef PERI_PLACES_H
#define PERI_PLACES_H

#include "walk.h"

/* Dimensions that positions count through, joined where they follow each
   other, the last one first. */
typedef struct {
  int64_t base, size; /* positions there are */
  int dims;
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
} peri__places;

/* A call of gather or scatter. */
typedef struct {
  const peri_call *call;
  peri__index_attr attr;
  peri__places places;
  peri_arg index;
  peri_arg flat; /* the tensor with the places, in the shape of the index */
} peri__indexed;

/* 'own': the argument with the places. */
void peri__indexed_begin(peri__indexed *job, const peri_call *call, int own);

/* Offset in elements of 'place', which counts from 0. */
static inline int64_t peri__place_offset(const peri__places *places,
                                         int64_t place) {
  int64_t offset = 0;
  int last = places->dims - 1;
  for (int d = 0; d < last; d++) {
    offset += place % places->shape[d] * places->strides[d];
    place /= places->shape[d];
  }
  return offset + place * places->strides[last];
}

/* Offset for what an index holds; -1 if it is out of range, which a replay may
   meet: an index is checked when an operation is applied, not when its record
   runs again. */
static inline int64_t peri__given_offset(const peri__places *places,
                                         int64_t given) {
  int64_t place = peri__place(given, (int)places->base, places->size);
  return place < 0 ? -1 : peri__place_offset(places, place);
}

#endif
