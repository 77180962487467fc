/* count.c - what was run: calls of each row, arguments of each dtype and
   layout, and other events. What should occur and never did is a failure. */
#include "fuzz.h"

#include <stdio.h>

enum {
  MOST_ROWS = 1024,
  MOST_EVENTS = 32,
  PATIENCE = 20 /* times the least tries, until a row succeeds */
};

static long rows[MOST_ROWS][FUZZ_COUNTS];
static unsigned seen[MOST_ROWS]; /* dtypes of first inputs, a bit each */
static bool missing[MOST_ROWS];  /* a library that the row needs */
static long dtypes[PERI_DTYPES];

static struct {
  const char *name;
  long count;
} events[MOST_EVENTS];

int fuzz_rows(void) {
  int count = 0;
  while (count < MOST_ROWS && peri_op_at(NULL, count)) count++;
  return count;
}

bool fuzz_callable(const peri_op *op) { return !(op->flags & PERI_OP_HIDDEN); }

int fuzz_callables(void) {
  int count = 0;
  for (int i = 0; i < fuzz_rows(); i++)
    count += fuzz_callable(peri_op_at(NULL, i));
  return count;
}

int fuzz_callable_row(int place) {
  int row = 0;
  while (!fuzz_callable(peri_op_at(NULL, row)) || place-- > 0) row++;
  return row;
}

int fuzz_row_index(const peri_op *op) {
  int row = 0;
  while (peri_op_at(NULL, row) != op) row++;
  return row;
}

void fuzz_count_one(const peri_op *op, fuzz_count count) {
  rows[fuzz_row_index(op)][count]++;
}

void fuzz_count_missing(const peri_op *op) {
  missing[fuzz_row_index(op)] = true;
}

void fuzz_count_event(const char *name) {
  int i = 0;
  while (i < MOST_EVENTS - 1 && events[i].name && events[i].name != name) i++;
  events[i].name = name;
  events[i].count++;
}

/* ---- Layouts ------------------------------------------------------------ */

/* Strides that are not those of neighbours in row-major order. */
static bool descends(const peri_tensor *x) {
  for (int d = 0; d + 1 < x->ndim; d++)
    if (x->strides[d] < x->strides[d + 1]) return false;
  return true;
}

static bool is_broadcast(const peri_tensor *x) {
  for (int d = 0; d < x->ndim; d++)
    if (x->strides[d] == 0 && x->shape[d] > 1) return true;
  return false;
}

static bool has_size(const peri_tensor *x, int64_t size) {
  for (int d = 0; d < x->ndim; d++)
    if (x->shape[d] == size) return true;
  return false;
}

static bool is_row_major(const peri_tensor *x) {
  return peri_tensor_is_contiguous(x);
}
static bool is_permuted(const peri_tensor *x) { return !descends(x); }
static bool has_gaps(const peri_tensor *x) {
  return !peri__dense(x) && !peri__overlaps(x);
}
static bool shares_elements(const peri_tensor *x) {
  return peri__overlaps(x) && !is_broadcast(x);
}
static bool is_shifted(const peri_tensor *x) { return x->offset > 0; }
static bool is_wrapped(const peri_tensor *x) { return x->storage->wrapped; }
static bool is_meta(const peri_tensor *x) { return x->storage->meta; }
static bool is_number(const peri_tensor *x) { return x->number; }
static bool is_view(const peri_tensor *x) { return x->base != NULL; }
static bool is_scalar(const peri_tensor *x) {
  return x->ndim == 0 && !x->number;
}
static bool is_deep(const peri_tensor *x) { return x->ndim == PERI_MAX_DIMS; }
static bool is_empty(const peri_tensor *x) { return has_size(x, 0); }
static bool has_one(const peri_tensor *x) { return has_size(x, 1); }
static bool is_large(const peri_tensor *x) {
  return peri_tensor_numel(x) > 4096;
}
static bool is_changed(const peri_tensor *x) { return x->storage->version > 0; }
static bool is_tracked(const peri_tensor *x) { return peri__tracked(x); }

static struct {
  const char *name;
  bool (*is)(const peri_tensor *x);
  long count;
} layouts[] = {
    {"row-major", is_row_major, 0},
    {"permuted", is_permuted, 0},
    {"with gaps", has_gaps, 0},
    {"broadcast", is_broadcast, 0},
    {"sharing elements", shares_elements, 0},
    {"shifted", is_shifted, 0},
    {"view with a base", is_view, 0},
    {"buffer of the host", is_wrapped, 0},
    {"meta", is_meta, 0},
    {"plain number", is_number, 0},
    {"0-d", is_scalar, 0},
    {"8-d", is_deep, 0},
    {"empty", is_empty, 0},
    {"with a size of 1", has_one, 0},
    {"large", is_large, 0},
    {"changed in place before", is_changed, 0},
    {"tracked", is_tracked, 0},
};

enum { LAYOUTS = sizeof layouts / sizeof *layouts };

static long aliases; /* calls of which two inputs share memory */

static bool has_alias(const fuzz_call *call) {
  for (int i = 0; i < call->nin; i++)
    for (int k = 0; k < i; k++)
      if (call->in[i].main && call->in[k].main &&
          call->in[i].main->storage == call->in[k].main->storage)
        return true;
  return false;
}

void fuzz_count_call(const fuzz_call *call) {
  fuzz_count_one(call->op, call->inplace ? COUNT_IN_PLACE : COUNT_DONE);
  aliases += has_alias(call);
  for (int i = 0; i < call->nin; i++) {
    const peri_tensor *x = call->in[i].main;
    if (!x) continue;
    dtypes[x->dtype]++;
    if (i == 0) seen[fuzz_row_index(call->op)] |= 1u << x->dtype;
    for (int k = 0; k < LAYOUTS; k++) layouts[k].count += layouts[k].is(x);
  }
}

/* ---- The report --------------------------------------------------------- */

static int zero(bool expected, long count, const char *what, const char *name) {
  if (!expected || count > 0) return 0;
  printf("NEVER: %s %s\n", name, what);
  return 1;
}

/* A letter for each dtype that the first input had. */
static const char *letters(unsigned bits, char text[PERI_DTYPES]) {
  static const char all[] = "-bulihofd"; /* bool ... float64 */
  int used = 0;
  for (int d = 1; d < PERI_DTYPES; d++)
    if (bits & 1u << d) text[used++] = all[d];
  text[used] = '\0';
  return text;
}

/* What of a row should occur and never did, NULL if nothing. */
static const char *lacking(int row) {
  const peri_op *op = peri_op_at(NULL, row);
  const long *n = rows[row];
  bool only = op->flags & PERI_OP_ONLY_INPLACE;
  bool grad = op->backward && !only && !(op->flags & PERI_OP_CONSTANT);
  if (missing[row]) return NULL;
  if (!only && n[COUNT_DONE] == 0) return "succeeded";
  if (op->flags & PERI_OP_INPLACE && n[COUNT_IN_PLACE] == 0)
    return "succeeded in place";
  return grad && n[COUNT_GRADIENT] == 0 ? "had a gradient" : NULL;
}

bool fuzz_enough(const fuzz_settings *settings) {
  for (int row = 0; peri_op_at(NULL, row); row++) {
    const peri_op *op = peri_op_at(NULL, row);
    long tried = rows[row][COUNT_TRIED];
    if (!fuzz_callable(op) || (settings->row && settings->row != op)) continue;
    if (tried < settings->least) return false;
    if (tried < PATIENCE * settings->least && lacking(row)) return false;
  }
  return true;
}

static int report_row(int row) {
  const peri_op *op = peri_op_at(NULL, row);
  const long *n = rows[row];
  const char *never = lacking(row);
  char text[PERI_DTYPES];
  printf("%-20s %7ld %7ld %7ld %7ld %7ld %7ld  %s%s\n", op->name,
         n[COUNT_TRIED], n[COUNT_DONE], n[COUNT_IN_PLACE], n[COUNT_GRADIENT],
         n[COUNT_FLOAT64], n[COUNT_META], letters(seen[row], text),
         missing[row] ? " (no library)" : "");
  return zero(never != NULL, 0, never, op->name);
}

int fuzz_report(const fuzz_settings *settings) {
  int zeros = 0;
  printf("%-20s %7s %7s %7s %7s %7s %7s  %s\n", "operation", "tried", "done",
         "in-place", "grad", "float64", "meta", "dtypes");
  for (int row = 0; peri_op_at(NULL, row); row++) {
    const peri_op *op = peri_op_at(NULL, row);
    if (fuzz_callable(op) && (!settings->row || settings->row == op))
      zeros += report_row(row);
  }
  bool all = !settings->row && !settings->one;
  for (int d = PERI_BOOL; d < PERI_DTYPES; d++) {
    printf("%-24s %10ld\n", peri_dtype_name((peri_dtype)d), dtypes[d]);
    zeros += zero(all, dtypes[d], "taken", peri_dtype_name((peri_dtype)d));
  }
  for (int k = 0; k < LAYOUTS; k++) {
    printf("%-24s %10ld\n", layouts[k].name, layouts[k].count);
    zeros += zero(all, layouts[k].count, "taken", layouts[k].name);
  }
  printf("%-24s %10ld\n", "aliases among inputs", aliases);
  zeros += zero(all, aliases, "taken", "aliases");
  for (int i = 0; i < MOST_EVENTS && events[i].name; i++)
    printf("%-36s %10ld\n", events[i].name, events[i].count);
  return zeros;
}
