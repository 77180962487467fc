/* scatter_i64.c - writing elements to positions, both tensors of one dtype. A
   line along the dimension is written in its order, whichever thread does it,
   so that sums have the same bits at any number of them. Lines are gone through
   element by element, or many beside each other, or, where the index is
   repeated over a row, by whole rows; rows are shared among threads by the
   places they go to. Twin: peri__plain_scatter. */
#include "gather.h"

/* 'count' elements x[i dx] joined to y[i dy + offset[i]], where there is such a
   place. */
typedef void join(void *y, int64_t dy, const void *x, int64_t dx, int64_t scale,
                  const positions *p, int64_t count);
/* The same with one offset, which is there, for all of them. */
typedef void join_row(void *y, int64_t dy, const void *x, int64_t dx,
                      int64_t count);

/* The most frequent strides are known to the compiler. */
#define JOIN(name, T, made) \
  INLINE void name##_each_##T(T *to, int64_t dy, const T *from, int64_t dx, \
                              int64_t scale, const int64_t *place, \
                              int64_t step, int64_t count) { \
    for (int64_t i = 0; i < count; i++) { \
      int64_t at = place[i * step]; \
      T *y = to + i * dy + at * scale, x = from[i * dx]; \
      if (at >= 0) *y = (T)(made); \
    } \
  } \
  static void name##_##T(void *to, int64_t dy, const void *from, int64_t dx, \
                         int64_t scale, const positions *p, int64_t count) { \
    T *first = (T *)to - p->bias * scale; \
    if (dy == 0 && dx == 1 && scale == 1 && p->step == 1) \
      name##_each_##T(first, 0, from, 1, 1, p->at, 1, count); \
    else if (dy == 1 && dx == 1 && p->step == 1) \
      name##_each_##T(first, 1, from, 1, scale, p->at, 1, count); \
    else \
      name##_each_##T(first, dy, from, dx, scale, p->at, p->step, count); \
  } \
  INLINE void name##_row_each_##T(T *to, int64_t dy, const T *from, \
                                  int64_t dx, int64_t count) { \
    for (int64_t i = 0; i < count; i++) { \
      T *y = to + i * dy, x = from[i * dx]; \
      *y = (T)(made); \
    } \
  } \
  static void name##_row_##T(void *to, int64_t dy, const void *from, \
                             int64_t dx, int64_t count) { \
    if (dy == 1 && dx == 1) \
      name##_row_each_##T(to, 1, from, 1, count); \
    else \
      name##_row_each_##T(to, dy, from, dx, count); \
  }

#define SUMS(T) JOIN(add, T, *y + x) JOIN(mul, T, *y *x)
/* NaN stays. */
#define LIMITS(T) \
  JOIN(max, T, *y != *y || *y >= x ? *y : x) \
  JOIN(min, T, *y != *y || *y <= x ? *y : x)

JOIN(set, uint8_t, x)
JOIN(set, uint16_t, x)
JOIN(set, uint32_t, x)
JOIN(set, uint64_t, x)
SUMS(float)
SUMS(double)
SUMS(uint64_t)
LIMITS(float)
LIMITS(double)
LIMITS(int64_t)

typedef struct {
  join *elements;
  join_row *row;
} loops;

#define LOOPS(name, T) \
  { name##_##T, name##_row_##T }

static const loops copies[] = {[1] = LOOPS(set, uint8_t),
                               [2] = LOOPS(set, uint16_t),
                               [4] = LOOPS(set, uint32_t),
                               [8] = LOOPS(set, uint64_t)};

static const loops joins[][PERI_DTYPES] = {
    [PERI_SCATTER_ADD] = {[PERI_F32] = LOOPS(add, float),
                          [PERI_F64] = LOOPS(add, double),
                          [PERI_I64] = LOOPS(add, uint64_t)},
    [PERI_SCATTER_MUL] = {[PERI_F32] = LOOPS(mul, float),
                          [PERI_F64] = LOOPS(mul, double),
                          [PERI_I64] = LOOPS(mul, uint64_t)},
    [PERI_SCATTER_MAX] = {[PERI_F32] = LOOPS(max, float),
                          [PERI_F64] = LOOPS(max, double),
                          [PERI_I64] = LOOPS(max, int64_t)},
    [PERI_SCATTER_MIN] = {[PERI_F32] = LOOPS(min, float),
                          [PERI_F64] = LOOPS(min, double),
                          [PERI_I64] = LOOPS(min, int64_t)},
};

static loops loops_of(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  peri__index_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return attr.mode == PERI_SCATTER_SET ? copies[peri_dtype_size(dtype)]
                                       : joins[attr.mode][dtype];
}

bool LOWEST(scatter_knows)(const peri_call *call) {
  return loops_of(call).elements != NULL;
}

/* ---- The way ----------------------------------------------------------- */

typedef struct {
  peri__indexed own;
  peri__walk walk; /* src, index, y beside the dimension */
  const peri_arg *src;
  loops loops;
  bool made;                /* the index holds offsets */
  int64_t length, dsrc, di; /* of a line */
  int64_t element;          /* bytes */
  int64_t span;             /* elements from the first place to the last */
} job;

/* A piece of the walk's last dimension, or of a line. */
typedef struct {
  int64_t src, index, y; /* where it begins */
  int64_t dsrc, di, dy;  /* strides */
} strip;

static void write_strip(const job *j, const strip *s, int64_t count) {
  int64_t buffer[POSITIONS], size = j->element;
  int64_t scale = offset_scale(&j->own, j->made);
  char *y = (char *)j->own.flat.data + s->y * size;
  const char *src = (const char *)j->src->data + s->src * size;
  for (int64_t i = 0; i < count; i += POSITIONS) {
    int64_t n = count - i < POSITIONS ? count - i : POSITIONS;
    if (i % PERI_POLL == 0 && peri_call_stopped(j->own.call)) return;
    positions p = LOWEST(find_offsets)(&j->own, j->made, s->index + i * s->di,
                                       s->di, n, buffer);
    j->loops.elements(y + i * s->dy * size, s->dy, src + i * s->dsrc * size,
                      s->dsrc, scale, &p, n);
  }
}

/* ---- Element by element: items are lines ------------------------------- */

static void write_lines(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  (void)thread;
  peri__walk_seek(&j->walk, j->walk.ndim, first, &spot);
  for (; first < end && !peri_call_stopped(j->own.call); first++) {
    const strip s = {spot.offset[0], spot.offset[1], spot.offset[2],
                     j->dsrc,        j->di,          0};
    write_strip(j, &s, j->length);
    peri__walk_step(&j->walk, j->walk.ndim, &spot);
  }
}

/* ---- Lines beside each other: items are POSITIONS of them -------------- */

static int64_t blocks_of(const job *j) {
  return (j->walk.shape[j->walk.ndim - 1] + POSITIONS - 1) / POSITIONS;
}

static void write_block(const job *j, const peri__spot *spot, int64_t first) {
  const peri__walk *walk = &j->walk;
  int last = walk->ndim - 1;
  int64_t left = walk->shape[last] - first;
  strip s = {.dsrc = walk->strides[0][last],
             .di = walk->strides[1][last],
             .dy = walk->strides[2][last]};
  for (int64_t i = 0; i < j->length; i++) {
    s.src = spot->offset[0] + first * s.dsrc + i * j->dsrc;
    s.index = spot->offset[1] + first * s.di + i * j->di;
    s.y = spot->offset[2] + first * s.dy;
    write_strip(j, &s, left < POSITIONS ? left : POSITIONS);
  }
}

static void write_blocks(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  int outer = j->walk.ndim - 1;
  int64_t blocks = blocks_of(j);
  (void)thread;
  for (; first < end && !peri_call_stopped(j->own.call); first++) {
    peri__walk_seek(&j->walk, outer, first / blocks, &spot);
    write_block(j, &spot, first % blocks * POSITIONS);
  }
}

/* ---- Rows: items are spots, or parts of the places --------------------- */

/* Which part of the rows of a spot: elements 'first' up to 'end' of those that
   go to offsets from 'low' up to 'high'. */
typedef struct {
  int64_t first, end, low, high;
} part;

static void write_rows(const job *j, const peri__spot *spot, const part *p) {
  int last = j->walk.ndim - 1;
  int64_t dsrc = j->walk.strides[0][last], dy = j->walk.strides[2][last];
  int64_t size = j->element, count = p->end - p->first;
  int64_t some = PERI_POLL / count + 1; /* between two looks */
  const int64_t *offset = (const int64_t *)j->own.index.data + spot->offset[1];
  char *y = (char *)j->own.flat.data + (spot->offset[2] + p->first * dy) * size;
  const char *src =
      (const char *)j->src->data + (spot->offset[0] + p->first * dsrc) * size;
  for (int64_t i = 0; i < j->length; i++) {
    int64_t at = offset[i * j->di];
    if (i % some == 0 && peri_call_stopped(j->own.call)) return;
    if (at >= p->low && at < p->high)
      j->loops.row(y + at * size, dy, src + i * j->dsrc * size, dsrc, count);
  }
}

static void write_spots(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  int outer = j->walk.ndim - 1;
  int64_t row = j->walk.shape[outer];
  (void)thread;
  peri__walk_seek(&j->walk, outer, first, &spot);
  for (; first < end && !peri_call_stopped(j->own.call); first++) {
    write_rows(j, &spot, &(part){0, row, 0, j->span});
    peri__walk_step(&j->walk, outer, &spot);
  }
}

static void write_parts(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  int outer = j->walk.ndim - 1;
  int64_t parts = j->own.call->threads, row = j->walk.shape[outer];
  (void)thread;
  peri__walk_seek(&j->walk, outer, 0, &spot);
  do {
    for (int64_t i = first; i < end; i++)
      write_rows(
          j, &spot,
          &(part){0, row, i * j->span / parts, (i + 1) * j->span / parts});
  } while (peri__walk_step(&j->walk, outer, &spot));
}

/* Elements of rows that lie apart from each other are written beside each
   other, as many as the first cache holds of their lines. */
enum { NARROW = 8 };

static int64_t narrow_of(const job *j) {
  return (j->walk.shape[j->walk.ndim - 1] + NARROW - 1) / NARROW;
}

static void write_narrow(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  int outer = j->walk.ndim - 1;
  int64_t blocks = narrow_of(j), row = j->walk.shape[outer];
  (void)thread;
  for (; first < end && !peri_call_stopped(j->own.call); first++) {
    int64_t at = first % blocks * NARROW;
    int64_t stop = at + NARROW < row ? at + NARROW : row;
    peri__walk_seek(&j->walk, outer, first / blocks, &spot);
    write_rows(j, &spot, &(part){at, stop, 0, j->span});
  }
}

static void run_rows(job *j) {
  const peri_call *call = j->own.call;
  int last = j->walk.ndim - 1;
  int64_t spots = peri__walk_count(&j->walk, last);
  double row = (double)j->walk.shape[last] * 0.5 + 5;
  if (j->dsrc < j->walk.strides[0][last])
    peri_parallel_for(call, spots * narrow_of(j), (double)j->length * NARROW,
                      write_narrow, j);
  else if (spots >= call->threads)
    peri_parallel_for(call, spots, (double)j->length * row, write_spots, j);
  else
    peri_parallel_for(call, call->threads,
                      (double)(spots * j->length) * row / call->threads,
                      write_parts, j);
}

/* ---- The entry --------------------------------------------------------- */

static void job_begin(job *j, const peri_call *call) {
  const peri_arg *arg[] = {&call->arg[1], &j->own.index, &j->own.flat};
  peri__indexed_begin(&j->own, call, 0);
  int dim = j->own.attr.dim;
  const peri__places *places = &j->own.places;
  j->src = &call->arg[1];
  j->loops = loops_of(call);
  j->made = LOWEST(make_offsets)(&j->own);
  j->length = j->own.index.shape[dim];
  j->dsrc = j->src->strides[dim];
  j->di = j->own.index.strides[dim];
  j->element = (int64_t)peri_dtype_size(j->src->dtype);
  j->span = 1;
  for (int d = 0; d < places->dims; d++)
    j->span += (places->shape[d] - 1) * places->strides[d];
  peri__walk_of(&j->walk, arg, 3, dim);
}

void LOWEST(scatter_i64)(const peri_call *call) {
  job j;
  job_begin(&j, call);
  int last = j.walk.ndim - 1;
  int64_t lines = peri__walk_count(&j.walk, j.walk.ndim);
  if (lines == 0 || j.length == 0 || j.own.places.size == 0) return;
  bool beside = j.walk.shape[last] > 1 && j.walk.strides[0][last] < j.dsrc;
  if (j.made && j.walk.shape[last] > 1 && j.walk.strides[1][last] == 0)
    run_rows(&j);
  else if (beside)
    peri_parallel_for(call, lines / j.walk.shape[last] * blocks_of(&j),
                      (double)(j.length * POSITIONS) * 3, write_blocks, &j);
  else
    peri_parallel_for(call, lines, (double)j.length * 3, write_lines, &j);
}
