/* bundle.h - the lines along one dimension of a call's arguments, tidied for
   kernels that work on several lines side by side.

   The other dimensions are joined where they follow each other in every
   argument, and one of them is chosen to lie 'across' the lines that are worked
   on together: the one in which the first argument is dense, if it is wide
   enough, else the longest. Tiles of at most 'width' lines are the items of
   work; they depend on shapes and strides alone. */
#ifndef PERI_BUNDLE_H
#define PERI_BUNDLE_H

#include "kernels.h"

#define PERI_BUNDLE_ARGS 5

typedef struct {
  int args;
  int64_t length;                  /* of a line */
  int64_t along[PERI_BUNDLE_ARGS]; /* from element to element of a line */
  int64_t wide, width;             /* lines across, in tiles of 'width' */
  int64_t step[PERI_BUNDLE_ARGS];  /* from line to line across */
  int ndim;                        /* of the other dimensions */
  int64_t shape[PERI_MAX_DIMS];
  int64_t strides[PERI_BUNDLE_ARGS][PERI_MAX_DIMS];
  int64_t lines, tiles; /* all of them */
} peri__bundle;

/* The lines along 'dim', -1: a line is one element. The first argument gives
   the shape; the others have as many dimensions, their own size along 'dim'. */
void peri__bundle_begin(peri__bundle *b, const peri_arg *const *arg, int args,
                        int dim, int64_t width);

/* Offsets of the first line of tile 'index' in each argument. -> lines in it */
int peri__bundle_tile(const peri__bundle *b, int64_t index, int64_t *offset);

#endif
