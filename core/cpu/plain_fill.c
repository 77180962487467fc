/* plain_fill.c - plain kernels that copy, or write numbers that follow from
   the place: copy, fill, arange, eye, take, spread. */
#include "plain.h"

/* ---- copy: output, and an input of the same shape by strides ---------- */

static void copy_row(const peri_call *call, const peri__walk *walk,
                     const int64_t *offset) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int last = walk->ndim - 1;
  int64_t count = walk->shape[last];
  int64_t dy = walk->strides[0][last], dx = walk->strides[1][last];
  for (int64_t at = 0; at < count && !peri_call_stopped(call); at += PERI_POLL)
    peri__convert(peri__at(y, offset[0] + at * dy), y->dtype, dy,
                  peri__at(x, offset[1] + at * dx), x->dtype, dx,
                  count - at < PERI_POLL ? count - at : PERI_POLL);
}

void peri__plain_copy(const peri_call *call) {
  peri__walk walk;
  peri__walk_begin(&walk, call);
  peri__walk_rows(&walk, call, copy_row);
}

/* ---- fill: peri__numbers_attr ----------------------------------------- */

static void fill_row(const peri_call *call, const peri__walk *walk,
                     const int64_t *offset) {
  const peri_arg *y = &call->arg[0];
  peri__numbers_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  int last = walk->ndim - 1;
  const void *from = attr.whole ? (const void *)attr.i : attr.real;
  int64_t count = walk->shape[last], dy = walk->strides[0][last];
  for (int64_t at = 0; at < count && !peri_call_stopped(call); at += PERI_POLL)
    peri__convert(peri__at(y, offset[0] + at * dy), y->dtype, dy, from,
                  attr.whole ? PERI_I64 : PERI_F64, 0,
                  count - at < PERI_POLL ? count - at : PERI_POLL);
}

void peri__plain_fill(const peri_call *call) {
  peri__walk walk;
  peri__walk_begin(&walk, call);
  peri__walk_rows(&walk, call, fill_row);
}

/* ---- arange: first + i step; the last number of linspace is exact ----- */

void peri__plain_arange(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  peri__numbers_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  for (int64_t i = 0; i < y->shape[0] && !peri_call_stopped(call); i++) {
    void *at = peri__at(y, i * y->strides[0]);
    uint64_t sum = (uint64_t)attr.i[0] + (uint64_t)i * (uint64_t)attr.i[1];
    int64_t whole = (int64_t)sum;
    double real = attr.real[0] + (double)i * attr.real[1];
    if (i == attr.last) real = attr.stop;
    if (attr.whole)
      peri__convert(at, y->dtype, 1, &whole, PERI_I64, 1, 1);
    else
      peri__convert(at, y->dtype, 1, &real, PERI_F64, 1, 1);
  }
}

void peri__plain_eye(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  for (int64_t i = 0; i < y->shape[0]; i++)
    for (int64_t j = 0; j < y->shape[1]; j++) {
      int64_t one = i == j;
      if (j % PERI_POLL == 0 && peri_call_stopped(call)) return;
      peri__convert(peri__at(y, i * y->strides[0] + j * y->strides[1]),
                    y->dtype, 1, &one, PERI_I64, 1, 1);
    }
}

/* ---- take and spread: peri__dim_attr, argument 2 holds positions ------ */

/* Place of position 'i' of the index, counted from 0; -1 if it is out of range,
   which a replay may meet: what an index holds is checked when an operation is
   applied, not when its record runs again. */
static int64_t chosen(const peri_arg *index, int64_t i, int64_t base,
                      int64_t size) {
  int64_t given;
  peri__convert(&given, PERI_I64, 1, peri__at(index, i * index->strides[0]),
                index->dtype, 1, 1);
  return peri__place(given, (int)base, size);
}

static void write_zeros(const peri_call *part) {
  peri_call fill = *part;
  const peri__numbers_attr zero = {.whole = true};
  fill.nin = 0;
  memcpy(fill.attr, &zero, sizeof zero);
  peri__plain_fill(&fill);
}

/* y[.., i, ..] = x[.., index[i], ..] along 'dim', zeros where there is none. */
void peri__plain_take(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  const peri_arg *index = &call->arg[2];
  peri__dim_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  peri_call part = *call; /* one position at a time, copied like a tensor */
  part.nin = 1;
  part.arg[0].shape[attr.dim] = part.arg[1].shape[attr.dim] = 1;
  for (int64_t i = 0; i < index->shape[0]; i++) {
    int64_t from = chosen(index, i, attr.base, x->shape[attr.dim]);
    if (peri_call_stopped(call)) return;
    part.arg[0].data = peri__at(y, i * y->strides[attr.dim]);
    if (from >= 0) {
      part.arg[1].data = peri__at(x, from * x->strides[attr.dim]);
      peri__plain_copy(&part);
    } else {
      write_zeros(&part);
    }
  }
}

/* Sums in double, which is exact for the whole numbers a gradient can hold. */
static void add_row(const peri_call *call, const peri__walk *walk,
                    const int64_t *offset) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int last = walk->ndim - 1;
  for (int64_t i = 0; i < walk->shape[last]; i++) {
    double sum, more;
    if (i % PERI_POLL == 0 && peri_call_stopped(call)) return;
    void *at = peri__at(y, offset[0] + i * walk->strides[0][last]);
    const void *from = peri__at(x, offset[1] + i * walk->strides[1][last]);
    peri__convert(&sum, PERI_F64, 1, at, y->dtype, 1, 1);
    peri__convert(&more, PERI_F64, 1, from, x->dtype, 1, 1);
    sum += more;
    peri__convert(at, y->dtype, 1, &sum, PERI_F64, 1, 1);
  }
}

/* y[.., index[i], ..] += x[.., i, ..] along 'dim', in the order of i; what has
   no place is left out. */
void peri__plain_spread(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  const peri_arg *index = &call->arg[2];
  peri__dim_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  peri_call part = *call;
  part.nin = 1;
  part.arg[0].shape[attr.dim] = part.arg[1].shape[attr.dim] = 1;
  for (int64_t i = 0; i < index->shape[0]; i++) {
    int64_t to = chosen(index, i, attr.base, y->shape[attr.dim]);
    peri__walk walk;
    if (to < 0) continue;
    if (peri_call_stopped(call)) return;
    part.arg[0].data = peri__at(y, to * y->strides[attr.dim]);
    part.arg[1].data = peri__at(x, i * x->strides[attr.dim]);
    peri__walk_begin(&walk, &part);
    peri__walk_rows(&walk, &part, add_row);
  }
}
