/* shape.c - sizes and strides: arithmetic that notices overflow,
   broadcasting, and the strides of a view.

   A shape is legal when the product of its sizes, zeros taken as ones, is a
   number of 8-byte elements whose bytes an int64_t can count. That makes
   row-major strides of every legal shape, empty ones too, safe to compute
   without further checks. */
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

#define WIDEST 8 /* bytes of the largest element */

bool peri__mul(int64_t a, int64_t b, int64_t *out) {
  return !__builtin_mul_overflow(a, b, out);
}

bool peri__add(int64_t a, int64_t b, int64_t *out) {
  return !__builtin_add_overflow(a, b, out);
}

int64_t peri__numel(const int64_t *shape, int ndim) {
  int64_t bytes = WIDEST;
  bool empty = false;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] < 0) return -1;
    empty = empty || shape[d] == 0;
    if (shape[d] != 0 && !peri__mul(bytes, shape[d], &bytes)) return -1;
  }
  return empty ? 0 : bytes / WIDEST;
}

/* A size of zero counts as one, so that strides are never zero. */
void peri__strides(const int64_t *shape, int ndim, int64_t *strides) {
  int64_t step = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    strides[d] = step;
    step *= shape[d] > 0 ? shape[d] : 1;
  }
}

/* Dimensions are compared from the last; a size of 1, or none, gives way. */
int peri__broadcast(const int64_t *a, int na, const int64_t *b, int nb,
                    int64_t *out) {
  int ndim = na > nb ? na : nb;
  for (int d = 1; d <= ndim; d++) {
    int64_t x = d <= na ? a[na - d] : 1;
    int64_t y = d <= nb ? b[nb - d] : 1;
    if (x != y && x != 1 && y != 1) return -1;
    out[ndim - d] = x == 1 ? y : x;
  }
  return ndim;
}

/* ---- Views ------------------------------------------------------------ */

/* Elements with one step between neighbours. */
typedef struct {
  int64_t size, step;
} run;

/* The dimensions of a view as the fewest runs, innermost first: neighbours
   that walk on where the inner one ends are one run, size 1 vanishes.
   -> number of runs */
static int merge_runs(const int64_t *shape, const int64_t *strides, int ndim,
                      run *runs) {
  int count = 0;
  for (int d = ndim - 1; d >= 0; d--) {
    if (shape[d] == 1) continue;
    run *inner = count > 0 ? &runs[count - 1] : NULL;
    int64_t end;
    if (inner != NULL && peri__mul(inner->size, inner->step, &end) &&
        strides[d] == end)
      inner->size *= shape[d];
    else
      runs[count++] = (run){shape[d], strides[d]};
  }
  return count;
}

/* Stride of a dimension of size 1 in front of dimension d + 1. Any would
   do; this is the one a row-major tensor has. */
static int64_t idle_stride(const int64_t *shape, const int64_t *strides,
                           int ndim, int d, int64_t first) {
  int64_t step;
  if (d + 1 >= ndim) return first;
  return peri__mul(strides[d + 1], shape[d + 1], &step) ? step : 1;
}

/* Every run must be the product of consecutive new sizes: cut the runs at
   the new sizes from the innermost on. Both shapes have the same number of
   elements. */
bool peri__view_strides(const int64_t *old_shape, const int64_t *old_strides,
                        int old_ndim, const int64_t *shape, int ndim,
                        int64_t *strides) {
  if (peri__numel(shape, ndim) == 0) {
    peri__strides(shape, ndim, strides);
    return true;
  }
  run runs[PERI_MAX_DIMS];
  int count = merge_runs(old_shape, old_strides, old_ndim, runs);
  int at = 0;       /* run being cut */
  int64_t done = 1; /* elements of it that have a dimension */
  for (int d = ndim - 1; d >= 0; d--) {
    if (shape[d] == 1) {
      int64_t first = count > 0 ? runs[0].step : 1;
      strides[d] = idle_stride(shape, strides, ndim, d, first);
      continue;
    }
    if (at == count || shape[d] > runs[at].size / done ||
        !peri__mul(done, runs[at].step, &strides[d]))
      return false;
    done *= shape[d];
    if (done == runs[at].size) {
      at++;
      done = 1;
    }
  }
  return at == count && done == 1;
}

/* ---- Text ------------------------------------------------------------- */

const char *peri_shape_text(const int64_t *shape, int ndim, char *text,
                            size_t room) {
  char whole[PERI_SHAPE_TEXT];
  size_t used = 0;
  whole[used++] = '[';
  for (int d = 0; d < ndim && d < PERI_MAX_DIMS; d++)
    used += (size_t)snprintf(whole + used, sizeof whole - used,
                             d > 0 ? ", %" PRId64 : "%" PRId64, shape[d]);
  whole[used++] = ']';
  whole[used] = '\0';
  if (room > 0) {
    size_t kept = used < room ? used : room - 1;
    memcpy(text, whole, kept);
    text[kept] = '\0';
  }
  return text;
}

peri_text peri__shape_of(const peri_tensor *x) {
  peri_text text = {""};
  peri_shape_text(x->shape, x->ndim, text.s, sizeof text.s);
  return text;
}

peri_text peri__meta_text(const peri_meta *meta) {
  peri_text text = {""};
  peri_shape_text(meta->shape, meta->ndim, text.s, sizeof text.s);
  return text;
}

int64_t peri__place(int64_t given, int base, int64_t size) {
  if (given < 0) return given + size >= 0 ? given + size : -1;
  return given >= base && given - base < size ? given - base : -1;
}

void peri__order_dims(const int64_t *strides, int ndim, int *order) {
  for (int d = 0; d < ndim; d++) {
    int at = d;
    for (; at > 0 && strides[order[at - 1]] < strides[d]; at--)
      order[at] = order[at - 1];
    order[at] = d;
  }
}
