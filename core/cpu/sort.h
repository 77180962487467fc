/* sort.h - what the kernels of sorting and counting agree on.

   Order is the order of whole numbers: every element has a key, and keys
   compare as the elements do. Zeros of both signs have one key, NaN the
   largest. Equal keys keep the order of their places, so every order is the
   only one there is, whatever finds it. */
#ifndef PERI_SORT_H
#define PERI_SORT_H

#include "walk.h"

/* sort, topk, kth, mode: outputs values and positions, input x, alike but in
   'dim'. */
typedef struct {
  int dim;
  bool descending; /* the largest first */
  int64_t base;    /* of positions */
  int choice;      /* kth: PERI_KTH, PERI_MEDIAN, PERI_NANMEDIAN */
  int64_t k;       /* PERI_KTH: place in ascending order, from 0 */
} peri__sort_attr;

enum { PERI_KTH, PERI_MEDIAN, PERI_NANMEDIAN };

/* search: output y, inputs the sorted sequence, whose last dimension is
   searched, and the values, which have the shape of y. */
typedef struct {
  bool right;   /* behind equal elements, else in front of them */
  int64_t base; /* of positions */
} peri__search_attr;

/* histc: output the counts, inputs x and maybe what each element weighs, both
   of one dimension. */
typedef struct {
  bool range; /* low and high are given, else those of x */
  double low, high;
} peri__histc_attr;

/* Bits of a key of 'dtype', as many as its elements have. */
static inline int peri__key_bits(peri_dtype dtype) {
  return 8 * (int)peri_dtype_size(dtype);
}

/* The largest key of 'dtype': that of NaN if it is a float. */
static inline uint64_t peri__last_key(peri_dtype dtype) {
  return UINT64_MAX >> (64 - peri__key_bits(dtype));
}

/* Keys of 'count' elements of 'x' from 'offset' on, 'stride' apart; if
   'descending' those of the opposite order. */
void peri__order_keys(uint64_t *key, const peri_arg *x, int64_t offset,
                      int64_t stride, int64_t count, bool descending);

/* Elements 'place[i]' of the line at 'from' of x to the line at 'to' of y. */
void peri__take_places(const peri_arg *y, int64_t to, int64_t to_stride,
                       const peri_arg *x, int64_t from, int64_t from_stride,
                       const int64_t *place, int64_t count);

/* Where in the order, NaN last, of 'count' elements the one is that kth
   chooses; 'nans' of them are NaN. */
static inline int64_t peri__kth_place(const peri__sort_attr *attr,
                                      int64_t count, int64_t nans) {
  if (attr->choice == PERI_KTH) return attr->k;
  if (attr->choice == PERI_MEDIAN && nans > 0) return count - nans;
  return nans < count ? (count - nans - 1) / 2 : 0;
}

/* Workspace of the plain kernels that order something; 0 for others. */
size_t peri__sort_workspace(const peri_call *call);

#endif
