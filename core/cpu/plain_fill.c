/* plain_fill.c - plain kernels that copy, or write numbers that follow from
   the place: copy, fill, arange, eye. */
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

/* Numbers 'first' up to 'first + count' into 'to', int64_t or double. */
static void count_numbers(const peri__numbers_attr *attr, int64_t first,
                          int64_t count, void *to) {
  int64_t *whole = to;
  double *real = to;
  for (int64_t i = 0; i < count; i++) {
    uint64_t steps = (uint64_t)(first + i);
    if (attr->whole)
      whole[i] = (int64_t)((uint64_t)attr->i[0] + steps * (uint64_t)attr->i[1]);
    else
      real[i] = attr->real[0] + (double)(first + i) * attr->real[1];
  }
  int64_t last = attr->last - first;
  if (!attr->whole && last >= 0 && last < count) real[last] = attr->stop;
}

void peri__plain_arange(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  int64_t size = y->shape[0], dy = y->strides[0];
  peri__numbers_attr attr;
  uint64_t buffer[PERI_CHUNK];
  memcpy(&attr, call->attr, sizeof attr);
  for (int64_t i = 0; i < size && !peri_call_stopped(call); i += PERI_CHUNK) {
    int64_t count = size - i < PERI_CHUNK ? size - i : PERI_CHUNK;
    count_numbers(&attr, i, count, buffer);
    peri__convert(peri__at(y, i * dy), y->dtype, dy, buffer,
                  attr.whole ? PERI_I64 : PERI_F64, 1, count);
  }
}

static void write_zeros(const peri_call *part) {
  peri_call fill = *part;
  const peri__numbers_attr zero = {.whole = true};
  fill.nin = 0;
  memcpy(fill.attr, &zero, sizeof zero);
  peri__plain_fill(&fill);
}

/* Zeros, and ones along the diagonal. */
void peri__plain_eye(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  const int64_t one = 1;
  int64_t count = y->shape[0] < y->shape[1] ? y->shape[0] : y->shape[1];
  write_zeros(call);
  peri__convert(y->data, y->dtype, y->strides[0] + y->strides[1], &one,
                PERI_I64, 0, count);
}
