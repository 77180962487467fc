/* bundle.c - the lines along one dimension of a call's arguments. */
#include "bundle.h"

/* True if dimension 'd' continues the last one of 'b' in every argument. */
static bool continues(const peri__bundle *b, const peri_arg *const *arg,
                      int d) {
  if (b->ndim == 0) return false;
  for (int a = 0; a < b->args; a++)
    if (b->strides[a][b->ndim - 1] != arg[a]->strides[d] * arg[0]->shape[d])
      return false;
  return true;
}

static void add_dim(peri__bundle *b, const peri_arg *const *arg, int d) {
  bool join = continues(b, arg, d);
  int at = join ? b->ndim - 1 : b->ndim++;
  b->shape[at] = (join ? b->shape[at] : 1) * arg[0]->shape[d];
  for (int a = 0; a < b->args; a++) b->strides[a][at] = arg[a]->strides[d];
}

/* The dimension to lie across. */
static int best_across(const peri__bundle *b) {
  int best = 0;
  for (int d = 0; d < b->ndim; d++) {
    if (b->strides[0][d] == 1 && b->shape[d] >= b->width) return d;
    if (b->shape[d] > b->shape[best]) best = d;
  }
  return best;
}

/* Take dimension 'across' out of those left. */
static void choose(peri__bundle *b, int across) {
  b->wide = b->shape[across];
  for (int a = 0; a < b->args; a++) b->step[a] = b->strides[a][across];
  b->ndim--;
  for (int d = across; d < b->ndim; d++) {
    b->shape[d] = b->shape[d + 1];
    for (int a = 0; a < b->args; a++) b->strides[a][d] = b->strides[a][d + 1];
  }
}

void peri__bundle_begin(peri__bundle *b, const peri_arg *const *arg, int args,
                        int dim, int64_t width) {
  bool has_dim = dim >= 0 && dim < arg[0]->ndim;
  b->args = args;
  b->ndim = 0;
  b->length = has_dim ? arg[0]->shape[dim] : 1;
  b->lines = 1;
  b->width = width;
  for (int a = 0; a < args; a++) {
    b->along[a] = has_dim ? arg[a]->strides[dim] : 0;
    b->step[a] = 0;
  }
  for (int d = 0; d < arg[0]->ndim; d++) {
    if (d == dim || arg[0]->shape[d] == 1) continue;
    b->lines *= arg[0]->shape[d];
    add_dim(b, arg, d);
  }
  b->wide = 1;
  if (b->ndim > 0) choose(b, best_across(b));
  b->tiles =
      b->lines == 0 ? 0 : b->lines / b->wide * ((b->wide + width - 1) / width);
}

int peri__bundle_tile(const peri__bundle *b, int64_t index, int64_t *offset) {
  int64_t row = (b->wide + b->width - 1) / b->width; /* tiles across */
  int64_t first = index % row * b->width, rest = index / row;
  for (int a = 0; a < b->args; a++) offset[a] = first * b->step[a];
  for (int d = b->ndim - 1; d >= 0; d--) {
    int64_t at = rest % b->shape[d];
    rest /= b->shape[d];
    for (int a = 0; a < b->args; a++) offset[a] += at * b->strides[a][d];
  }
  int64_t left = b->wide - first;
  return (int)(left < b->width ? left : b->width);
}
