/* plain_sort.c - plain kernels of what orders a line: sort, topk, kth and mode
   take what they need from the whole order, which a merge sort finds. */
#include "plain.h"
#include "sort.h"

enum { SOME = 4096 }; /* elements between two looks at the interrupt */

/* A line and its order. */
typedef struct {
  const peri_call *call;
  const peri_arg *values, *positions, *x;
  peri__sort_attr attr;
  int64_t count, stride; /* of the line */
  uint64_t *key;         /* of each element */
  int64_t *order;        /* places, the first of the order first */
  int64_t *spare;        /* room for as many */
} line;

/* Key, order and spare of a line. */
static size_t line_bytes(const peri_call *call) {
  peri__sort_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return 3 * sizeof(int64_t) * (size_t)call->arg[2].shape[attr.dim];
}

size_t peri__sort_workspace(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  switch (call->kernel - peri__kernel_id(0)) {
    case PERI_K_sort:
    case PERI_K_topk:
    case PERI_K_kth:
    case PERI_K_mode: return line_bytes(call);
    case PERI_K_order_rows: /* keys, and room for the order */
      return sizeof(int64_t) * (size_t)x->shape[0] * (size_t)(x->shape[1] + 1);
    case PERI_K_histc: return sizeof(double) * (size_t)y->shape[0];
    default: return 0;
  }
}

static line line_of(const peri_call *call) {
  line l = {.call = call,
            .values = &call->arg[0],
            .positions = &call->arg[1],
            .x = &call->arg[2]};
  memcpy(&l.attr, call->attr, sizeof l.attr);
  l.count = l.x->shape[l.attr.dim];
  l.stride = l.x->strides[l.attr.dim];
  l.key = call->workspace;
  l.order = (int64_t *)(l.key + l.count);
  l.spare = l.order + l.count;
  return l;
}

/* Merge the neighbours first .. middle and middle .. end of the order into the
   spare room: of equal keys the one of the first. */
static void merge(const line *l, int64_t first, int64_t middle, int64_t end) {
  const uint64_t *key = l->key;
  const int64_t *from = l->order;
  int64_t a = first, b = middle, *to = l->spare;
  for (int64_t i = first; i < end; i++) {
    if (peri__stopped_at(l->call, i)) return;
    bool second = a == middle || (b < end && key[from[b]] < key[from[a]]);
    to[i] = from[second ? b++ : a++];
  }
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* One pass over all pairs of neighbours, 'width' long. */
static void merge_pairs(line *l, int64_t width) {
  int64_t n = l->count;
  for (int64_t i = 0; i < n; i += 2 * width) {
    if (i % SOME == 0 && peri_call_stopped(l->call)) return;
    merge(l, i, least(i + width, n), least(i + 2 * width, n));
  }
  int64_t *spare = l->order;
  l->order = l->spare;
  l->spare = spare;
}

/* Order the line that begins at 'offset' of x. */
static void put_in_order(line *l, int64_t offset) {
  int64_t n = l->count;
  for (int64_t at = 0; at < n; at += SOME) {
    int64_t end = at + least(n - at, SOME);
    if (peri_call_stopped(l->call)) return;
    peri__order_keys(l->key + at, l->x, offset + at * l->stride, l->stride,
                     end - at, l->attr.descending);
    for (int64_t i = at; i < end; i++) l->order[i] = i;
  }
  for (int64_t width = 1; width < n && !peri_call_stopped(l->call); width *= 2)
    merge_pairs(l, width);
}

/* Element 'place' of x to place 'i' of the outputs. */
static void put(const line *l, const int64_t *offset, int64_t i,
                int64_t place) {
  int64_t position = place + l->attr.base;
  int dim = l->attr.dim;
  peri__take_places(l->values, offset[0] + i * l->values->strides[dim], 1, l->x,
                    offset[2], l->stride, &place, 1);
  peri__convert(
      peri__at(l->positions, offset[1] + i * l->positions->strides[dim]),
      l->positions->dtype, 1, &position, PERI_I64, 1, 1);
}

/* Call 'run' for every line, in order, with its offsets. */
static void each_line(const peri_call *call,
                      void (*run)(line *l, const int64_t *offset)) {
  peri__lines lines;
  line l = line_of(call);
  if (!peri__lines_begin(&lines, call, l.attr.dim, 3)) return;
  do {
    put_in_order(&l, lines.offset[2]);
    if (peri_call_stopped(call)) return; /* the order is not complete */
    run(&l, lines.offset);
  } while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

/* ---- sort, topk -------------------------------------------------------- */

/* As many as the outputs have room for. */
static void put_first(line *l, const int64_t *offset) {
  int64_t count = l->values->shape[l->attr.dim];
  for (int64_t i = 0; i < count && !peri__stopped_at(l->call, i); i++)
    put(l, offset, i, l->order[i]);
}

void peri__plain_sort(const peri_call *call) { each_line(call, put_first); }
void peri__plain_topk(const peri_call *call) { each_line(call, put_first); }

/* ---- kth --------------------------------------------------------------- */

static int64_t count_nans(const line *l) {
  int64_t nans = 0;
  if (!peri__is_float(l->x->dtype)) return 0;
  for (int64_t i = 0; i < l->count && !peri__stopped_at(l->call, i); i++)
    nans += l->key[i] == peri__last_key(l->x->dtype);
  return nans;
}

static void put_kth(line *l, const int64_t *offset) {
  int64_t at = peri__kth_place(&l->attr, l->count, count_nans(l));
  put(l, offset, 0, l->order[at]);
}

void peri__plain_kth(const peri_call *call) { each_line(call, put_kth); }

/* ---- mode -------------------------------------------------------------- */

/* True if places 'a' and 'b' hold equal elements; NaN equals none. */
static bool equals(const line *l, int64_t a, int64_t b) {
  uint64_t key = l->key[a];
  bool nan = peri__is_float(l->x->dtype) && key == peri__last_key(l->x->dtype);
  return key == l->key[b] && !nan;
}

/* The last of the longest run of equals, the first such run. */
static void put_mode(line *l, const int64_t *offset) {
  int64_t best = 0, longest = 0, start = 0;
  for (int64_t i = 0; i < l->count; i++) {
    if (peri__stopped_at(l->call, i)) return;
    if (i > 0 && !equals(l, l->order[i - 1], l->order[i])) start = i;
    if (i - start < longest) continue;
    longest = i - start + 1;
    best = l->order[i];
  }
  put(l, offset, 0, best);
}

void peri__plain_mode(const peri_call *call) { each_line(call, put_mode); }
