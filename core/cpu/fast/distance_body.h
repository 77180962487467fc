/* distance_body.h - the fast distances of one element type at one level. Twin:
   plain_distance.c.

   An item is a tile of the output. Vectors of the second set are turned to
   columns, some elements at a time, so that the sums of a row of the tile go
   side by side; a sum is one chain over the elements in their order. */
#include "distance.h"
#include "vector_join.h"

enum { TALL = 64, WIDE = 64, DEEP = 64, GROUP = WIDE / W < 4 ? WIDE / W : 4 };

enum { SIZES, SQUARES, LARGEST }; /* what becomes of the differences */

typedef struct {
  const peri_call *call;
  int way;
  int64_t rows, columns, depth; /* P, R, D */
  int64_t down, across;         /* tiles of a matrix */
} job;

/* Offsets of the matrices, and a tile of them. */
typedef struct {
  int64_t offset[3], row, column;
  int64_t rows, columns;
  _Alignas(64) T sum[TALL * WIDE], turned[DEEP * WIDE];
} tile;

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

INLINE vec size_of(vec x) { return pick((mask)(x < 0), -x, x); }

/* The sums of a row of the tile go on with 'count' elements. */
INLINE void go_on(int way, const T *a, const T *turned, int64_t count, T *sum) {
  for (int g = 0; g < WIDE; g += GROUP * W) {
    vec s[GROUP];
    UNROLL
    for (int v = 0; v < GROUP; v++) s[v] = load(sum + g + v * W);
    for (int64_t k = 0; k < count; k++) {
      vec x = all(a[k]);
      UNROLL
      for (int v = 0; v < GROUP; v++) {
        vec d = x - load(turned + k * WIDE + g + v * W);
        s[v] = way == SQUARES ? mul_add(d, d, s[v])
               : way == SIZES ? s[v] + size_of(d)
                              : join(MAX, s[v], size_of(d));
      }
    }
    UNROLL
    for (int v = 0; v < GROUP; v++) store(sum + g + v * W, s[v]);
  }
}

static void go_on_any(int way, const T *a, const T *turned, int64_t count,
                      T *sum) {
  if (way == SQUARES)
    go_on(SQUARES, a, turned, count, sum);
  else if (way == SIZES)
    go_on(SIZES, a, turned, count, sum);
  else
    go_on(LARGEST, a, turned, count, sum);
}

/* Elements 'k' to 'k' + 'count' of the vectors of the second set, turned. */
static void turn_columns(const job *j, tile *t, int64_t k, int64_t count) {
  const peri_arg *b = &j->call->arg[2];
  int64_t across = b->strides[b->ndim - 2], along = b->strides[b->ndim - 1];
  const T *x = (const T *)b->data + t->offset[2] + t->column * across;
  for (int64_t i = 0; i < count; i++)
    for (int64_t c = 0; c < t->columns; c++)
      t->turned[i * WIDE + c] = x[c * across + (k + i) * along];
}

static void sum_tile(const job *j, tile *t) {
  const peri_arg *a = &j->call->arg[1];
  int64_t down = a->strides[a->ndim - 2], along = a->strides[a->ndim - 1];
  const T *x = (const T *)a->data + t->offset[1] + t->row * down;
  memset(t->sum, 0, sizeof t->sum);
  if (t->columns < WIDE) memset(t->turned, 0, sizeof t->turned);
  for (int64_t k = 0; k < j->depth && !peri_call_stopped(j->call); k += DEEP) {
    int64_t count = smaller(j->depth - k, DEEP);
    turn_columns(j, t, k, count);
    for (int64_t r = 0; r < t->rows; r++) {
      T copy[DEEP];
      const T *row = x + r * down + k * along;
      for (int64_t i = 0; along != 1 && i < count; i++)
        copy[i] = row[i * along];
      go_on_any(j->way, along == 1 ? row : copy, t->turned, count,
                t->sum + r * WIDE);
    }
  }
}

static void write_tile(const job *j, tile *t) {
  const peri_arg *y = &j->call->arg[0];
  int64_t down = y->strides[y->ndim - 2], across = y->strides[y->ndim - 1];
  T *to = (T *)y->data + t->offset[0] + t->row * down + t->column * across;
  if (j->way == SQUARES)
    for (int64_t i = 0; i < t->rows * WIDE; i++) t->sum[i] = ROOT(t->sum[i]);
  for (int64_t r = 0; r < t->rows; r++)
    if (across == 1)
      memcpy(to + r * down, t->sum + r * WIDE, (size_t)t->columns * sizeof(T));
    else
      for (int64_t c = 0; c < t->columns; c++)
        to[r * down + c * across] = t->sum[r * WIDE + c];
}

static void tile_begin(const job *j, int64_t item, tile *t) {
  const peri_arg *y = &j->call->arg[0];
  int64_t matrix = item / (j->down * j->across);
  item %= j->down * j->across;
  t->row = item / j->across * TALL;
  t->column = item % j->across * WIDE;
  t->rows = smaller(j->rows - t->row, TALL);
  t->columns = smaller(j->columns - t->column, WIDE);
  memset(t->offset, 0, sizeof t->offset);
  for (int d = y->ndim - 3; d >= 0; d--) {
    int64_t at = matrix % y->shape[d];
    matrix /= y->shape[d];
    for (int a = 0; a < 3; a++) t->offset[a] += at * j->call->arg[a].strides[d];
  }
}

static void items(void *user, int64_t item, int64_t end, int thread) {
  const job *j = user;
  (void)thread;
  for (; item < end && !peri_call_stopped(j->call); item++) {
    tile t;
    tile_begin(j, item, &t);
    sum_tile(j, &t);
    write_tile(j, &t);
  }
}

void DISTANCES(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *a = &call->arg[1];
  peri__distance_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  job j = {.call = call,
           .way = attr.p == 1   ? SIZES
                  : attr.p == 2 ? SQUARES
                                : LARGEST,
           .rows = y->shape[y->ndim - 2],
           .columns = y->shape[y->ndim - 1],
           .depth = a->shape[a->ndim - 1]};
  int64_t matrices = peri__numel(y->shape, y->ndim - 2);
  j.down = (j.rows + TALL - 1) / TALL;
  j.across = (j.columns + WIDE - 1) / WIDE;
  double cost = 0.1 * TALL * WIDE * (double)j.depth + 100;
  peri_parallel_for(call, matrices * j.down * j.across, cost, items, &j);
}
