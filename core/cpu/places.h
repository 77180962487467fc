/* places.h - from positions in an index to elements of a tensor, as gather and
   scatter need it. */
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

/* The dimensions of 'x' that 'attr' names. 'flat' becomes x as seen by those
   who add the offset of a place themselves: in the shape of 'model', with
   stride 0 along the dimension. */
void peri__places_of(peri__places *places, peri_arg *flat, const peri_arg *x,
                     const peri__index_attr *attr, const peri_arg *model);

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
