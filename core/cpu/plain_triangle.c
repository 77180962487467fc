/* plain_triangle.c - triangles of matrices: the elements of one, zeros
   elsewhere (triangle), and where its elements are (triangle_places). */
#include "plain.h"

static int64_t clamp(int64_t number, int64_t most) {
  return number < 0 ? 0 : number > most ? most : number;
}

/* Where row 'i' of 'columns' is kept: from, up to. */
static void kept(const peri__triangle_attr *attr, int64_t i, int64_t columns,
                 int64_t *from, int64_t *to) {
  int64_t end;
  if (!peri__add(i, attr->diagonal, &end) || end == INT64_MAX)
    end = INT64_MAX - 1;
  *from = attr->upper ? clamp(end, columns) : 0;
  *to = attr->upper ? columns : clamp(end < 0 ? 0 : end + 1, columns);
}

static void write_zeros(const peri_arg *y, int64_t at, int64_t stride,
                        int64_t count) {
  const int64_t zero = 0;
  peri__convert(peri__at(y, at), y->dtype, stride, &zero, PERI_I64, 0, count);
}

/* y = x in the triangle, 0 elsewhere; of a call in place y is x. */
void peri__plain_triangle(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int last = y->ndim - 1;
  int64_t columns = y->shape[last], dy = y->strides[last], from, to;
  int64_t dx = x->strides[last];
  bool own = y->data == x->data;
  peri__triangle_attr attr;
  peri__lines lines;
  memcpy(&attr, call->attr, sizeof attr);
  if (!peri__lines_begin(&lines, call, last, 2)) return;
  do {
    int64_t at = lines.offset[0];
    kept(&attr, lines.spot.at[last - 1], columns, &from, &to);
    write_zeros(y, at, dy, from);
    if (!own)
      peri__convert(peri__at(y, at + from * dy), y->dtype, dy,
                    peri__at(x, lines.offset[1] + from * dx), x->dtype, dx,
                    to - from);
    write_zeros(y, at + to * dy, dy, columns - to);
  } while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

/* Columns 'first', 'first' + 1, ... of row 'i' into places from 'at' on. */
static void write_places(const peri_arg *y, int64_t at, int64_t i,
                         int64_t first, int64_t count) {
  int64_t numbers[PERI_CHUNK];
  int64_t step = y->strides[1];
  peri__convert(peri__at(y, at * step), y->dtype, step, &i, PERI_I64, 0, count);
  for (int64_t done = 0; done < count; done += PERI_CHUNK) {
    int64_t n = count - done < PERI_CHUNK ? count - done : PERI_CHUNK;
    for (int64_t k = 0; k < n; k++) numbers[k] = first + done + k;
    peri__convert(peri__at(y, y->strides[0] + (at + done) * step), y->dtype,
                  step, numbers, PERI_I64, 1, n);
  }
}

/* y[0] = rows, y[1] = columns of the elements of a triangle, row by row. */
void peri__plain_triangle_places(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  int64_t at = 0, from, to;
  peri__triangle_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  for (int64_t i = 0; at < y->shape[1]; i++) {
    if (i % PERI_CHUNK == 0 && peri_call_stopped(call)) return;
    kept(&attr, i, attr.columns, &from, &to);
    if (to <= from) continue;
    write_places(y, at, i + attr.base, from + attr.base, to - from);
    at += to - from;
  }
}
