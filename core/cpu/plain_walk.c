/* plain_walk.c - how the plain kernels go through the elements of a call. */
#include "plain.h"

peri_dtype peri__compute_dtype(peri_dtype dtype) {
  if (!peri__is_float(dtype)) return PERI_I64;
  return dtype == PERI_F64 ? PERI_F64 : PERI_F32;
}

void peri__walk_rows(const peri__walk *walk, const peri_call *call,
                     void (*run)(const peri_call *call, const peri__walk *walk,
                                 const int64_t *offset)) {
  peri__spot spot;
  if (peri__walk_count(walk, walk->ndim) == 0) return;
  peri__walk_seek(walk, walk->ndim - 1, 0, &spot);
  do run(call, walk, spot.offset);
  while (peri__walk_step(walk, walk->ndim - 1, &spot) &&
         !peri_call_stopped(call));
}

bool peri__lines_begin(peri__lines *lines, const peri_call *call, int dim,
                       int args) {
  peri__walk *walk = &lines->walk;
  const peri_arg *first = &call->arg[0];
  walk->args = args;
  walk->ndim = 0;
  for (int d = 0; d < first->ndim; d++) {
    if (d == dim) continue;
    walk->shape[walk->ndim] = first->shape[d];
    for (int a = 0; a < args; a++)
      walk->strides[a][walk->ndim] = call->arg[a].strides[d];
    walk->ndim++;
  }
  peri__walk_seek(walk, walk->ndim, 0, &lines->spot);
  lines->offset = lines->spot.offset;
  return peri__walk_count(walk, walk->ndim) > 0;
}

bool peri__lines_next(peri__lines *lines) {
  return peri__walk_step(&lines->walk, lines->walk.ndim, &lines->spot);
}
