/* reduction.c - the dimensions of a reduction, tidied for its fast kernels. */
#include "reduction.h"

static void add_reduced(peri__reduction *r, int64_t size, int64_t step) {
  int last = r->reduced - 1;
  bool join = r->reduced > 0 && r->steps[last] == size * step;
  int at = join ? last : r->reduced++;
  r->sizes[at] = (join ? r->sizes[at] : 1) * size;
  r->steps[at] = step;
  r->total *= size;
}

/* 'strides': in x and the outputs. */
static void add_kept(peri__reduction *r, int64_t size,
                     const int64_t strides[3]) {
  int last = r->kept - 1;
  bool join = r->kept > 0;
  for (int a = 0; join && a < 3; a++)
    join = r->strides[a][last] == strides[a] * size;
  int at = join ? last : r->kept++;
  r->shape[at] = (join ? r->shape[at] : 1) * size;
  for (int a = 0; a < 3; a++) r->strides[a][at] = strides[a];
  r->outputs *= size;
}

/* Take the kept dimension 'at' as the columns. */
static void take_columns(peri__reduction *r, int at) {
  r->columns = r->shape[at];
  r->outputs /= r->columns;
  r->kept--;
  for (int a = 0; a < 3; a++) r->column_steps[a] = r->strides[a][at];
  for (int d = at; d < r->kept; d++) {
    r->shape[d] = r->shape[d + 1];
    for (int a = 0; a < 3; a++) r->strides[a][d] = r->strides[a][d + 1];
  }
}

static void find_columns(peri__reduction *r, bool ordered) {
  if (r->outputs == 0 || r->total == 0) return;
  for (int d = 0; d < r->kept; d++) {
    int64_t size = r->shape[d];
    bool packed = !ordered && r->reduced == 1 && r->steps[0] == size;
    if (r->strides[0][d] != 1 || (size < PERI_WIDE_ENOUGH && !packed)) continue;
    take_columns(r, d);
    return;
  }
}

void peri__reduction_of(peri__reduction *r, const peri_call *call,
                        bool ordered) {
  const peri_arg *y = call->arg, *x = &call->arg[call->nout];
  int order[PERI_MAX_DIMS];
  r->kept = r->reduced = 0;
  r->outputs = r->total = 1;
  r->columns = 0;
  if (!ordered) peri__order_dims(x->strides, x->ndim, order);
  for (int i = 0; i < x->ndim; i++) {
    int d = ordered ? i : order[i];
    int64_t strides[3] = {x->strides[d], y[0].strides[d],
                          call->nout > 1 ? y[1].strides[d] : 0};
    if (y[0].shape[d] != x->shape[d])
      add_reduced(r, x->shape[d], x->strides[d]);
    else if (x->shape[d] != 1)
      add_kept(r, x->shape[d], strides);
  }
  if (r->reduced == 0) add_reduced(r, 1, 1);
  find_columns(r, ordered);
}
