/* plain_mask.c - the plain kernels of elements that a mask chooses:
   masked_select, masked_scatter, nonzero. All go through the mask in row-major
   order, whatever its memory; what belongs to the chosen elements follows each
   other. How many there are is known from an earlier look at the mask: what a
   replay finds beyond that is left out, and where it finds fewer the rest of
   what was selected is zero. */
#include "plain.h"

static bool chosen(const peri_arg *mask, int64_t at) {
  uint8_t truth;
  peri__convert(&truth, PERI_BOOL, 1, peri__at(mask, at), mask->dtype, 1, 1);
  return truth != 0;
}

static void copy_one(const peri_arg *to, int64_t at, const peri_arg *from,
                     int64_t source) {
  peri__convert(peri__at(to, at), to->dtype, 1, peri__at(from, source),
                from->dtype, 1, 1);
}

/* ---- masked_select: y [n], x, mask ------------------------------------ */

/* The chosen elements of a row, from place 'n' of y on. -> the next place */
static int64_t select_row(const peri_call *call, const peri__walk *walk,
                          const peri__spot *spot, int64_t n) {
  const peri_arg *y = &call->arg[0];
  for (int64_t i = 0; i < walk->shape[walk->ndim - 1]; i++) {
    int64_t from = spot->offset[0] + i * peri__row_stride(walk, 0);
    int64_t at = spot->offset[1] + i * peri__row_stride(walk, 1);
    if (n == y->shape[0] || peri__stopped_at(call, i)) break;
    if (chosen(&call->arg[2], at))
      copy_one(y, n++ * y->strides[0], &call->arg[1], from);
  }
  return n;
}

void peri__plain_masked_select(const peri_call *call) {
  const peri_arg *arg[] = {&call->arg[1], &call->arg[2]};
  peri__walk walk;
  peri__spot spot;
  int64_t n = 0;
  peri__walk_row_major(&walk, arg, 2);
  peri__walk_seek(&walk, walk.ndim - 1, 0, &spot);
  bool any = peri__walk_count(&walk, walk.ndim) > 0;
  for (; any && !peri_call_stopped(call);
       any = peri__walk_step(&walk, walk.ndim - 1, &spot))
    n = select_row(call, &walk, &spot, n);
  for (; n < call->arg[0].shape[0] && !peri_call_stopped(call); n++)
    peri__put(&call->arg[0], n * call->arg[0].strides[0], 0);
}

/* ---- masked_scatter: y, src [n], mask --------------------------------- */

/* The same the other way round. */
static int64_t scatter_row(const peri_call *call, const peri__walk *walk,
                           const peri__spot *spot, int64_t n) {
  const peri_arg *src = &call->arg[1];
  for (int64_t i = 0; i < walk->shape[walk->ndim - 1]; i++) {
    int64_t to = spot->offset[0] + i * peri__row_stride(walk, 0);
    int64_t at = spot->offset[1] + i * peri__row_stride(walk, 1);
    if (n == src->shape[0] || peri__stopped_at(call, i)) break;
    if (chosen(&call->arg[2], at))
      copy_one(&call->arg[0], to, src, n++ * src->strides[0]);
  }
  return n;
}

void peri__plain_masked_scatter(const peri_call *call) {
  const peri_arg *arg[] = {&call->arg[0], &call->arg[2]};
  peri__walk walk;
  peri__spot spot;
  int64_t n = 0;
  peri__walk_row_major(&walk, arg, 2);
  if (peri__walk_count(&walk, walk.ndim) == 0) return;
  peri__walk_seek(&walk, walk.ndim - 1, 0, &spot);
  do n = scatter_row(call, &walk, &spot, n);
  while (!peri_call_stopped(call) &&
         peri__walk_step(&walk, walk.ndim - 1, &spot));
}

/* ---- nonzero: y [n, ndim], x; flat: y [n] ------------------------------ */

/* Position number 'n' of the result: the element at 'at', which is 'flat' in
   row-major order. */
static void write_position(const peri_arg *y, int64_t n, const int64_t *at,
                           int64_t flat, const peri__nonzero_attr *attr) {
  int count = attr->flat ? 1 : (int)y->shape[1];
  for (int d = 0; d < count; d++) {
    int64_t own = (attr->flat ? flat : at[d]) + attr->base;
    int64_t offset = n * y->strides[0] + (attr->flat ? 0 : d * y->strides[1]);
    peri__convert(peri__at(y, offset), y->dtype, 1, &own, PERI_I64, 1, 1);
  }
}

/* The element after 'at' in row-major order, 'offset' follows. */
static void step(const peri_arg *x, int64_t *at, int64_t *offset) {
  for (int d = x->ndim - 1; d >= 0; d--) {
    *offset += x->strides[d];
    if (++at[d] < x->shape[d]) return;
    *offset -= x->shape[d] * x->strides[d];
    at[d] = 0;
  }
}

void peri__plain_nonzero(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int64_t at[PERI_MAX_DIMS] = {0}, offset = 0, n = 0;
  int64_t count = peri__numel(x->shape, x->ndim);
  peri__nonzero_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  for (int64_t i = 0; i < count && n < y->shape[0]; i++) {
    if (peri__stopped_at(call, i)) return;
    if (chosen(x, offset)) write_position(y, n++, at, i, &attr);
    step(x, at, &offset);
  }
}
