/* plain_unique.c - kernels of unique and unique_consecutive, which see a matrix
   whose rows are compared: order_rows brings equal rows together, runs numbers
   the runs of equals, groups tells of each run what users ask for. They have no
   other form. */
#include "plain.h"
#include "sort.h"

/* ---- order_rows: the places of the rows in lexicographic order ---------- */

typedef struct {
  const uint64_t *key; /* row after row */
  int64_t columns;
} table;

static bool row_below(const table *t, int64_t a, int64_t b) {
  const uint64_t *x = t->key + a * t->columns, *y = t->key + b * t->columns;
  int64_t i = 0;
  while (i < t->columns && x[i] == y[i]) i++;
  return i < t->columns && x[i] < y[i];
}

/* Merge the neighbours first .. middle and middle .. end of 'from'. */
static void merge_rows(const peri_call *call, const table *t,
                       const int64_t *from, int64_t *to, const int64_t at[3]) {
  int64_t a = at[0], b = at[1];
  for (int64_t i = at[0]; i < at[2]; i++) {
    if (peri__stopped_at(call, i)) return;
    bool second = a == at[1] || (b < at[2] && row_below(t, from[b], from[a]));
    to[i] = from[second ? b++ : a++];
  }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* Output [n] int64, input [n, m]; places count from 0. */
void peri__plain_order_rows(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  int64_t n = x->shape[0], *order = y->data;
  uint64_t *key = call->workspace;
  table t = {key, x->shape[1]};
  int64_t *spare = (int64_t *)(key + n * t.columns);
  for (int64_t i = 0; i < n && !peri_call_stopped(call); i++) {
    order[i] = i;
    peri__order_keys(key + i * t.columns, x, i * x->strides[0], x->strides[1],
                     t.columns, false);
  }
  for (int64_t width = 1; width < n; width *= 2) {
    for (int64_t i = 0; i < n && !peri_call_stopped(call); i += 2 * width)
      merge_rows(call, &t, order, spare,
                 (int64_t[]){i, least(i + width, n), least(i + 2 * width, n)});
    if (peri_call_stopped(call)) return;
    memcpy(order, spare, (size_t)n * sizeof *order);
  }
}

/* ---- runs: the number, from 0, of the run of each row in its order ------ */

/* Place 'i' of an order that may be absent: as the rows stand. */
static int64_t place_of(const peri_arg *order, int64_t i) {
  const int64_t *place = order->data;
  return place ? place[i] : i;
}

/* True if rows 'a' and 'b' are equal; a NaN equals nothing. */
static bool equal_rows(const peri_arg *x, int64_t a, int64_t b) {
  uint64_t one[PERI_CHUNK], other[PERI_CHUNK];
  uint64_t nan = peri__last_key(x->dtype);
  bool real = peri__is_float(x->dtype);
  for (int64_t at = 0; at < x->shape[1]; at += PERI_CHUNK) {
    int64_t count = least(x->shape[1] - at, PERI_CHUNK), step = x->strides[1];
    peri__order_keys(one, x, a * x->strides[0] + at * step, step, count, false);
    peri__order_keys(other, x, b * x->strides[0] + at * step, step, count,
                     false);
    for (int64_t i = 0; i < count; i++)
      if (one[i] != other[i] || (real && one[i] == nan)) return false;
  }
  return true;
}

/* Keys of neighbours of a single column that stands in its order. */
static void column_runs(const peri_call *call) {
  const peri_arg *x = &call->arg[1];
  int64_t n = x->shape[0], run = -1, *ids = call->arg[0].data;
  uint64_t key[PERI_CHUNK], before = 0, nan = peri__last_key(x->dtype);
  bool real = peri__is_float(x->dtype);
  for (int64_t at = 0; at < n; at += PERI_CHUNK) {
    int64_t count = least(n - at, PERI_CHUNK);
    if (peri__stopped_at(call, at)) return;
    peri__order_keys(key, x, at * x->strides[0], x->strides[0], count, false);
    for (int64_t i = 0; i < count; i++) {
      bool other = run < 0 || key[i] != before || (real && key[i] == nan);
      run += other;
      before = key[i];
      ids[at + i] = run;
    }
  }
}

/* Output [n] int64, inputs [n, m] and the order [n] or nothing. */
void peri__plain_runs(const peri_call *call) {
  const peri_arg *x = &call->arg[1], *order = &call->arg[2];
  int64_t n = x->shape[0], run = 0, *ids = call->arg[0].data;
  if (x->shape[1] == 1 && !order->data) {
    column_runs(call);
    return;
  }
  for (int64_t i = 0; i < n; i++) {
    if (peri__stopped_at(call, i)) return;
    run += i > 0 && !equal_rows(x, place_of(order, i - 1), place_of(order, i));
    ids[i] = run;
  }
}

/* ---- groups ------------------------------------------------------------- */

/* Places of the first rows of the runs, in their order. */
static void find_starts(const peri_call *call, int64_t *first) {
  const int64_t *ids = call->arg[3].data;
  for (int64_t i = call->arg[3].shape[0] - 1; i >= 0; i--) {
    if (peri__stopped_at(call, i)) return;
    first[ids[i]] = i;
  }
}

/* Outputs: the place, from 0, of the first row of each run [g]; how long the
   runs are [g]; the position of the run of each row [n] or nothing. Inputs: the
   numbers of runs [n]; the order [n] or nothing. All int64 and dense. */
void peri__plain_groups(const peri_call *call) {
  const peri_arg *order = &call->arg[4];
  int64_t *first = call->arg[0].data, *counts = call->arg[1].data;
  int64_t *inverse = call->arg[2].data, n = call->arg[3].shape[0], base;
  int64_t groups = call->arg[0].shape[0];
  const int64_t *ids = call->arg[3].data;
  memcpy(&base, call->attr, sizeof base);
  find_starts(call, first);
  if (peri_call_stopped(call)) return;
  for (int64_t g = 0; g < groups; g++) {
    if (peri__stopped_at(call, g)) return;
    counts[g] = (g + 1 < groups ? first[g + 1] : n) - first[g];
    first[g] = place_of(order, first[g]);
  }
  for (int64_t i = 0; inverse && i < n; i++) {
    if (peri__stopped_at(call, i)) return;
    inverse[place_of(order, i)] = ids[i] + base;
  }
}
