/* plain_count.c - plain kernels that look up and count: search, bincount,
   histc. */
#include <math.h>

#include "plain.h"
#include "sort.h"

/* ---- search ------------------------------------------------------------- */

/* A sequence, or an array of values, of whole numbers or floats. */
typedef struct {
  const peri_arg *x;
  int64_t offset, stride;
} row;

static row row_of(const peri_arg *x, int64_t offset) {
  return (row){x, offset, x->strides[x->ndim - 1]};
}

/* An element: both forms, of which the dtype says which one counts. */
typedef struct {
  double real;
  int64_t whole;
} number;

static number number_at(const row *r, int64_t i) {
  number n = {0, 0};
  const void *at = peri__at(r->x, r->offset + i * r->stride);
  peri__convert(&n.real, PERI_F64, 1, at, r->x->dtype, 1, 1);
  peri__convert(&n.whole, PERI_I64, 1, at, r->x->dtype, 1, 1);
  return n;
}

/* True if 'a' of a sequence stands in front of the place for 'b': NaN stands
   behind all numbers. */
static bool in_front(number a, number b, bool real, bool right) {
  if (real && isnan(b.real)) return right || !isnan(a.real);
  if (real) return right ? a.real <= b.real : a.real < b.real;
  return right ? a.whole <= b.whole : a.whole < b.whole;
}

/* How many of the 'count' elements of a sequence stand in front of 'value'. */
static int64_t place_for(const row *sequence, int64_t count, number value,
                         bool right) {
  bool real = peri__is_float(sequence->x->dtype);
  int64_t low = 0, high = count;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (in_front(number_at(sequence, middle), value, real, right))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool same(number a, number b, bool real) {
  return real ? a.real == b.real : a.whole == b.whole;
}

/* The place of each value, or, if y is bool, whether the sequence has it. */
static void search_line(const peri_call *call, const int64_t *offset) {
  const peri_arg *y = &call->arg[0];
  peri__search_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  row to = row_of(y, offset[0]), sequence = row_of(&call->arg[1], offset[1]);
  row values = row_of(&call->arg[2], offset[2]);
  int64_t count = sequence.x->shape[sequence.x->ndim - 1];
  bool real = peri__is_float(values.x->dtype), found = y->dtype == PERI_BOOL;
  for (int64_t i = 0; i < y->shape[y->ndim - 1]; i++) {
    if (peri__stopped_at(call, i)) return;
    number value = number_at(&values, i);
    int64_t place = place_for(&sequence, count, value, attr.right);
    bool there = found && place < count &&
                 same(number_at(&sequence, place), value, real);
    int64_t result = found ? there : place + attr.base;
    peri__convert(peri__at(y, to.offset + i * to.stride), y->dtype, 1, &result,
                  PERI_I64, 1, 1);
  }
}

/* Output [..., m], inputs the sequences [..., n] and the values [..., m], of
   one dtype. */
void peri__plain_search(const peri_call *call) {
  peri__lines lines;
  if (!peri__lines_begin(&lines, call, call->arg[0].ndim - 1, 3)) return;
  do search_line(call, lines.offset);
  while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

/* ---- bincount ----------------------------------------------------------- */

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* 'count' elements of x from place 'at' on, where they are or in 'room'. */
static const int64_t *wholes(const peri_arg *x, int64_t at, int64_t count,
                             int64_t *room) {
  const void *from = peri__at(x, at * x->strides[0]);
  if (x->dtype == PERI_I64 && x->strides[0] == 1) return from;
  peri__convert(room, PERI_I64, 1, from, x->dtype, x->strides[0], count);
  return room;
}

/* Output [m] int64: how often each number comes in the input [n]; what is none
   of 0 .. m - 1 does not count. */
void peri__plain_bincount(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int64_t *counts = y->data, n = x->shape[0], room[PERI_CHUNK];
  uint64_t size = (uint64_t)y->shape[0];
  memset(counts, 0, (size_t)size * sizeof *counts);
  for (int64_t at = 0; at < n; at += PERI_CHUNK) {
    int64_t count = least(n - at, PERI_CHUNK);
    const int64_t *given = wholes(x, at, count, room);
    if (peri__stopped_at(call, at)) return;
    for (int64_t i = 0; i < count; i++)
      if ((uint64_t)given[i] < size) counts[given[i]]++;
  }
}

/* ---- histc -------------------------------------------------------------- */

/* The bin of an element, or -1: from float to the last bit as in float. */
#define BIN_OF(T) \
  static int64_t bin_##T(double element, double low_end, double high_end, \
                         int64_t bins) { \
    T x = (T)element, low = (T)low_end, high = (T)high_end; \
    if (!(x >= low && x <= high)) return -1; \
    int64_t bin = (int64_t)((x - low) * (T)bins / (high - low)); \
    return bin < bins ? bin : bins - 1; \
  }
BIN_OF(float)
BIN_OF(double)

static double only(const peri_arg *x) { return peri__get(x, 0); }

typedef struct {
  double low, high;
  double *total; /* of each bin */
  int64_t bins;
  bool single; /* floats decide */
} bins;

static void count_chunk(const bins *b, const double *x, const double *weight,
                        int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    int64_t bin = b->single ? bin_float(x[i], b->low, b->high, b->bins)
                            : bin_double(x[i], b->low, b->high, b->bins);
    if (bin >= 0) b->total[bin] += weight[i];
  }
}

static bins bins_of(const peri_call *call) {
  bins b = {only(&call->arg[3]), only(&call->arg[4]), call->workspace,
            call->arg[0].shape[0], call->arg[1].dtype != PERI_F64};
  if (b.low == b.high) {
    b.low -= 1;
    b.high += 1;
  }
  for (int64_t i = 0; i < b.bins; i++) b.total[i] = 0;
  return b;
}

/* Output [bins]: what elements of x [n] in equal bins from low to high, [] and
   [], weigh; 1 each if weights [n] are absent. */
void peri__plain_histc(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1], *w = &call->arg[2];
  double element[PERI_CHUNK], weight[PERI_CHUNK];
  bins b = bins_of(call);
  for (int i = 0; i < PERI_CHUNK; i++) weight[i] = 1;
  for (int64_t at = 0; at < x->shape[0]; at += PERI_CHUNK) {
    int64_t count = least(x->shape[0] - at, PERI_CHUNK);
    if (peri__stopped_at(call, at)) return;
    peri__convert(element, PERI_F64, 1, peri__at(x, at * x->strides[0]),
                  x->dtype, x->strides[0], count);
    if (w->data)
      peri__convert(weight, PERI_F64, 1, peri__at(w, at * w->strides[0]),
                    w->dtype, w->strides[0], count);
    count_chunk(&b, element, weight, count);
  }
  peri__convert(y->data, y->dtype, y->strides[0], b.total, PERI_F64, 1, b.bins);
}
