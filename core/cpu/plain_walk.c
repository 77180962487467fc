/* plain_walk.c - how the plain kernels go through the elements of a call. */
#include "plain.h"

peri_dtype peri__compute_dtype(peri_dtype dtype) {
  if (!peri__is_float(dtype)) return PERI_I64;
  return dtype == PERI_F64 ? PERI_F64 : PERI_F32;
}

/* True if dimension 'd' of 'call' continues the last dimension of 'walk' in
   every argument. */
static bool continues(const peri__walk *walk, const peri_call *call, int d) {
  int last = walk->ndim - 1;
  for (int a = 0; a < walk->args; a++) {
    const peri_arg *arg = &call->arg[a];
    if (!arg->data) continue;
    if (walk->strides[a][last] != arg->strides[d] * arg->shape[d]) return false;
  }
  return true;
}

static void add_dim(peri__walk *walk, const peri_call *call, int d) {
  int64_t size = call->arg[0].shape[d];
  bool join = walk->ndim > 0 && continues(walk, call, d);
  int at = join ? walk->ndim - 1 : walk->ndim++;
  walk->shape[at] = join ? walk->shape[at] * size : size;
  for (int a = 0; a < walk->args; a++)
    walk->strides[a][at] = call->arg[a].data ? call->arg[a].strides[d] : 0;
}

void peri__walk_begin(peri__walk *walk, const peri_call *call) {
  int order[PERI_MAX_DIMS];
  const peri_arg *first = &call->arg[0];
  walk->args = call->nout + call->nin;
  walk->ndim = 0;
  peri__order_dims(first->strides, first->ndim, order);
  for (int i = 0; i < first->ndim; i++)
    if (first->shape[order[i]] != 1) add_dim(walk, call, order[i]);
  if (walk->ndim > 0) return;
  walk->ndim = 1; /* a single element */
  walk->shape[0] = 1;
  for (int a = 0; a < walk->args; a++) walk->strides[a][0] = 1;
}

/* The next row: the last of the outer dimensions counts fastest. */
static bool next_row(const peri__walk *walk, int64_t *at, int64_t *offset) {
  for (int d = walk->ndim - 2; d >= 0; d--) {
    for (int a = 0; a < walk->args; a++) offset[a] += walk->strides[a][d];
    if (++at[d] < walk->shape[d]) return true;
    for (int a = 0; a < walk->args; a++)
      offset[a] -= walk->strides[a][d] * walk->shape[d];
    at[d] = 0;
  }
  return false;
}

void peri__walk_rows(const peri__walk *walk, const peri_call *call,
                     void (*run)(const peri_call *call, const peri__walk *walk,
                                 const int64_t *offset)) {
  int64_t at[PERI_MAX_DIMS] = {0};
  int64_t offset[PERI_MAX_ARGS] = {0};
  for (int d = 0; d < walk->ndim; d++)
    if (walk->shape[d] == 0) return;
  do run(call, walk, offset);
  while (next_row(walk, at, offset) && !peri_call_stopped(call));
}

bool peri__lines_begin(peri__lines *lines, const peri_call *call, int dim,
                       int args) {
  memset(lines, 0, sizeof *lines);
  lines->call = call;
  lines->dim = dim;
  lines->args = args;
  for (int d = 0; d < call->arg[0].ndim; d++)
    if (d != dim && call->arg[0].shape[d] == 0) return false;
  return true;
}

bool peri__lines_next(peri__lines *lines) {
  const peri_arg *arg = lines->call->arg;
  for (int d = arg[0].ndim - 1; d >= 0; d--) {
    if (d == lines->dim) continue;
    for (int a = 0; a < lines->args; a++) lines->offset[a] += arg[a].strides[d];
    if (++lines->at[d] < arg[0].shape[d]) return true;
    for (int a = 0; a < lines->args; a++)
      lines->offset[a] -= arg[a].strides[d] * arg[0].shape[d];
    lines->at[d] = 0;
  }
  return false;
}
