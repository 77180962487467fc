/* softmax_lines.h - lines of classes of type T: what the kernels of softmax
   and of cross entropy share.

   Everything is done to tables of rows of 'lanes' elements, as many rows at a
   time as stay in the first cache. Either the lanes are lines that go side by
   side, element k of each in row k; or, where lines are long and lie in memory
   one after the other, they are the elements of one line, which fills row
   after row, and what the lanes came to is folded at the end. A table is where
   the elements are in memory, or a copy: of another dtype, of lines turned or
   with gaps, of fewer than 'lanes'.

   Sums go down the rows of a table, then over the tables, in their order; how
   many rows a table has depends on shapes and strides alone. */
#ifndef PERI_SOFTMAX_LINES_H
#define PERI_SOFTMAX_LINES_H

#include "softmax.h"
#include "vector_join.h"

enum {
  LANES = 32,        /* of short lines, and of one line */
  WIDE_LANES = 64,   /* of long lines side by side: fewer jumps in memory */
  ROOM = 1024,       /* elements of a table */
  SHORT_LINE = 32,   /* rows up to which lines are turned to go side by side */
  GROUP = LANES / W, /* vectors that are summed at a time */
  INS = 2            /* arguments that are read table by table, the first */
};
#define NONE (-(T)__builtin_inff()) /* below every logit */

typedef T table[ROOM] __attribute__((aligned(VECTOR_BYTES)));
typedef T lane_row[WIDE_LANES] __attribute__((aligned(VECTOR_BYTES)));

typedef struct {
  const peri_call *call;
  const peri_arg *arg[SOFTMAX_ARGS];
  T pad[INS];      /* for lanes without an element */
  peri__walk walk; /* across the lines: its rows are the lines of tiles */
  int64_t along[SOFTMAX_ARGS]; /* from element to element of a line */
  int64_t length;              /* of a line */
  int64_t count, tiles;        /* lines, tiles of them */
  int lanes;
  bool single; /* a tile is one line */
} lines;

typedef struct {
  const lines *l;
  int64_t offset[SOFTMAX_ARGS]; /* of the first line */
  int count;                    /* lines of the tile */
  int64_t rows;
  int64_t held[INS]; /* row at which the table of the argument begins, or -1 */
  table in[INS], out;
} tile;

/* Rows of a table or in memory. */
typedef struct {
  T *at;
  int64_t row, count; /* from row to row, how many */
  int lanes;
} view;

/* ---- Ways through the lines -------------------------------------------- */

/* Lines across along the longest dimension, if the dense one has few. */
COLD void widen(peri__walk *walk) {
  int last = walk->ndim - 1, best = last;
  for (int d = 0; d < last; d++)
    if (walk->shape[d] > walk->shape[best]) best = d;
  if (walk->shape[last] >= LANES / 4 || best == last) return;
  int64_t size = walk->shape[best];
  walk->shape[best] = walk->shape[last];
  walk->shape[last] = size;
  for (int a = 0; a < walk->args; a++) {
    int64_t stride = walk->strides[a][best];
    walk->strides[a][best] = walk->strides[a][last];
    walk->strides[a][last] = stride;
  }
}

static int64_t tiles_across(const lines *l) {
  int64_t wide = l->walk.shape[l->walk.ndim - 1];
  int64_t width = l->single ? 1 : l->lanes;
  return (wide + width - 1) / width;
}

/* The first 'args' arguments of 'call'; the first one gives the shape. Bit a
   of 'dense' is set if argument a has an element for each of a line. */
COLD void lines_begin(lines *l, const peri_call *call, int args, unsigned dense,
                      int dim) {
  const peri_arg *arg[PERI_MAX_ARGS];
  bool has_dim = dim < call->arg[0].ndim, beside = true;
  for (int a = 0; a < args; a++) arg[a] = &call->arg[a];
  peri__walk_of(&l->walk, arg, args, dim);
  widen(&l->walk);
  l->length = has_dim ? call->arg[0].shape[dim] : 1;
  for (int a = 0; a < args; a++) {
    l->arg[a] = &call->arg[a];
    l->along[a] = has_dim ? call->arg[a].strides[dim] : 0;
    if (dense >> a & 1) beside = beside && peri__row_stride(&l->walk, a) == 1;
  }
  bool is_long = l->length > SHORT_LINE;
  bool few = l->walk.shape[l->walk.ndim - 1] < LANES / 2;
  l->single = is_long && (!beside || few);
  l->lanes = is_long && !l->single ? WIDE_LANES : LANES;
  l->count = peri__walk_count(&l->walk, l->walk.ndim);
  l->tiles = peri__walk_count(&l->walk, l->walk.ndim - 1) * tiles_across(l);
}

static void tile_begin(tile *t, const lines *l, int64_t index) {
  int last = l->walk.ndim - 1;
  int64_t across = tiles_across(l), width = l->single ? 1 : l->lanes;
  int64_t first = index % across * width, left = l->walk.shape[last] - first;
  peri__spot spot;
  peri__walk_seek(&l->walk, last, index / across, &spot);
  for (int a = 0; a < l->walk.args; a++)
    t->offset[a] = spot.offset[a] + first * l->walk.strides[a][last];
  t->l = l;
  t->count = (int)(left < width ? left : width);
  t->rows = l->single ? (l->length + l->lanes - 1) / l->lanes : l->length;
  for (int a = 0; a < INS; a++) t->held[a] = -1;
}

/* Nanoseconds of a tile whose elements take 'each'. */
static double tile_cost(const lines *l, double each) {
  return each * (double)(l->length * (l->single ? 1 : l->lanes)) + 20;
}

/* Rows of the table that begins at row 'at', 0 at the end or if the call is
   stopped. The last row of a single line, if it is not full, is alone. */
static int64_t rows_from(const tile *t, int64_t at) {
  const lines *l = t->l;
  int64_t most = ROOM / l->lanes, left = t->rows - at;
  if (left > 1 && l->single && t->rows * l->lanes != l->length) left--;
  if (left <= 0 || peri_call_stopped(l->call)) return 0;
  return left < most ? left : most;
}

/* For the tables of a tile: 'at' is the first row, 'n' how many; none is left
   when the work is to stop. */
#define EACH_TABLE(t) \
  for (int64_t at = 0, n; \
       (n = rows_from(t, at)) > 0 && !peri_call_stopped((t)->l->call); \
       at += n)

/* ---- Tables ------------------------------------------------------------ */

static __attribute__((noinline)) void fill(T *to, T x, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = x;
}

/* Elements of argument 'a' in row 'at', from the first line on. */
static void *place_of(const tile *t, int a, int64_t at) {
  int64_t element = t->l->single ? at * t->l->lanes : at;
  return peri__at(t->l->arg[a], t->offset[a] + element * t->l->along[a]);
}

/* True if 'n' rows of argument 'a' from row 'at' on are a table in memory. */
static bool lies(const tile *t, int a, int64_t at, int64_t n) {
  const lines *l = t->l;
  if (l->arg[a]->dtype != T_DTYPE) return false;
  if (l->single) return l->along[a] == 1 && (at + n) * l->lanes <= l->length;
  return t->count == l->lanes && peri__row_stride(&l->walk, a) == 1;
}

static view view_of(const tile *t, T *at, int64_t row, int64_t n) {
  return (view){at, row, n, t->l->lanes};
}

static view view_in_memory(const tile *t, int a, int64_t at, int64_t n) {
  return view_of(t, place_of(t, a, at),
                 t->l->single ? t->l->lanes : t->l->along[a], n);
}

/* Runs of elements that are copied: 'step' from run to run, 'stride' from
   element to element. */
typedef struct {
  char *at;
  peri_dtype dtype;
  int64_t step, stride;
} runs;

static void copy_runs(runs to, runs from, int64_t count, int64_t length) {
  if (to.dtype == from.dtype) {
    for (int64_t r = 0; r < count; r++) {
      T *y = (T *)to.at + r * to.step;
      const T *x = (const T *)from.at + r * from.step;
      FEW for (int64_t i = 0; i < length; i++) y[i * to.stride] =
          x[i * from.stride];
    }
    return;
  }
  to.step *= (int64_t)peri_dtype_size(to.dtype);
  from.step *= (int64_t)peri_dtype_size(from.dtype);
  for (int64_t r = 0; r < count; r++)
    peri__convert(to.at + r * to.step, to.dtype, to.stride,
                  from.at + r * from.step, from.dtype, from.stride, length);
}

/* 'n' rows of argument 'a' from row 'at' on between memory and a table. */
static void copy_table(const tile *t, int a, int64_t at, int64_t n, T *other,
                       bool out) {
  const lines *l = t->l;
  int64_t step = peri__row_stride(&l->walk, a), along = l->along[a];
  int64_t count = t->count, length = n;
  runs memory = {place_of(t, a, at), l->arg[a]->dtype, step, along};
  runs inside = {(char *)other, T_DTYPE, 1, l->lanes};
  if (l->single) {
    int64_t left = l->length - at * l->lanes;
    length = left < n * l->lanes ? left : n * l->lanes;
    inside.stride = 1;
  } else if (step == 1) { /* row by row */
    memory = (runs){memory.at, memory.dtype, along, step};
    inside = (runs){inside.at, T_DTYPE, l->lanes, 1};
    count = n;
    length = t->count;
  }
  copy_runs(out ? memory : inside, out ? inside : memory, count, length);
}

/* 'n' rows of argument 'a' from row 'at' on, to be read. */
static view rows_in(tile *t, int a, int64_t at, int64_t n) {
  T *in = t->in[a];
  if (lies(t, a, at, n)) return view_in_memory(t, a, at, n);
  if (t->held[a] != at) {
    fill(in, t->l->pad[a], n * t->l->lanes);
    copy_table(t, a, at, n, in, false);
  }
  t->held[a] = at;
  return view_of(t, in, t->l->lanes, n);
}

/* Where 'n' rows of output 'a' may be written, and read until the next ones
   are asked for; rows_done brings them to memory. */
static view rows_out(tile *t, int a, int64_t at, int64_t n) {
  if (lies(t, a, at, n)) return view_in_memory(t, a, at, n);
  return view_of(t, t->out, t->l->lanes, n);
}

static void rows_done(const tile *t, int a, int64_t at, const view *y) {
  if (y->at == t->out) copy_table(t, a, at, y->count, y->at, true);
}

/* True if what rows_out gave is there to the end: in memory, or in the table,
   which only the last rows need. */
static bool rows_stay(const tile *t, int a) {
  int64_t n = rows_from(t, 0);
  return n == t->rows || lies(t, a, 0, n);
}

/* ---- Arithmetic --------------------------------------------------------- */

/* to = formula of the rows x and z and of a and b, one of each lane. */
#define MAP(name, formula) \
  static void name(const view *to, const view *x, const view *z, const T *a, \
                   const T *b) { \
    for (int v = 0; v < to->lanes; v += W) { \
      vec A = load(a + v), B = load(b + v); \
      const T *from = x->at + v, *other = z->at + v; \
      T *y = to->at + v; \
      (void)A, (void)B; \
      for (int64_t k = 0; k < to->count; k++) { \
        vec X = load(from + k * x->row), Z = load(other + k * z->row); \
        (void)Z; \
        store(y + k * to->row, formula); \
      } \
    } \
  }

/* max or sum of each lane goes on with the rows of x. */
#define JOIN(name, op) \
  static void name(T *lane, const view *x) { \
    for (int g = 0; g < x->lanes; g += LANES) { \
      vec all[GROUP]; \
      UNROLL \
      for (int v = 0; v < GROUP; v++) all[v] = load(lane + g + v * W); \
      const T *row = x->at + g; \
      for (int64_t k = 0; k < x->count; k++, row += x->row) { \
        UNROLL \
        for (int v = 0; v < GROUP; v++) \
          all[v] = join(op, all[v], load(row + v * W)); \
      } \
      UNROLL \
      for (int v = 0; v < GROUP; v++) store(lane + g + v * W, all[v]); \
    } \
  }

MAP(subtract, X - A)
MAP(multiply, X *A)
JOIN(join_max, MAX)
JOIN(join_chain, SUM)

/* The rows are a chain of their own, which is then added. */
static void join_sum(T *lane, const view *x) {
  lane_row chain;
  fill(chain, 0, x->lanes);
  join_chain(chain, x);
  for (int i = 0; i < x->lanes; i++) lane[i] += chain[i];
}

/* e^x */
static void exponentials(const view *to, const view *x) {
  bool dense = to->row == to->lanes && x->row == x->lanes;
  int64_t calls = dense ? 1 : to->count, run = to->lanes;
  if (dense) run *= to->count;
  for (int64_t k = 0; k < calls; k++)
    EXP(x->at + k * x->row, to->at + k * to->row, run);
}

/* The lanes of a single line are folded, and all become that. */
static void fold_single(const tile *t, int op, T *lane) {
  if (!t->l->single) return;
  T all =
      op == SUM ? fold_lanes(SUM, lane, LANES) : fold_lanes(MAX, lane, LANES);
  fill(lane, all, LANES);
}

/* The largest element of each line, 0 if it is -inf: nothing to subtract. */
static void find_max(tile *t, T *max) {
  fill(max, NONE, t->l->lanes);
  EACH_TABLE(t) {
    view x = rows_in(t, 0, at, n);
    join_max(max, &x);
  }
  fold_single(t, MAX, max);
  for (int i = 0; i < t->l->lanes; i++) max[i] = max[i] == NONE ? 0 : max[i];
}

/* e^(x - max) */
static void powers(const view *to, const view *x, const T *max) {
  subtract(to, x, x, max, max);
  exponentials(to, to);
}

#endif
