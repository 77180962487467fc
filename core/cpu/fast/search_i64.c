/* search_i64.c - the fast form of search where sequences and values lie densely
   along their last dimension: some values at a time halve one range after the
   other without a branch, so that their reads of memory overlap. Twin:
   peri__plain_search. */
#include "cpu/sort.h"
#include "fast.h"

enum {
  TOGETHER = 8, /* values; reads that a core has under way */
  PIECE = 1024  /* values of a line that are one item */
};

typedef struct {
  const peri_call *call;
  peri__search_attr attr;
  peri__walk walk; /* beside the last dimension */
  int64_t count;   /* values of a line */
  int64_t size;    /* of a sequence */
  int64_t pieces;  /* of a line */
} job;

/* Places of 'n' values, at most TOGETHER, without the base: how many of the
   sequence are below (LESS), or not above. */
#define SEARCH(T, name, LESS) \
  static void name(const void *sequence, int64_t size, const void *values, \
                   int64_t n, int64_t *place) { \
    const T *s = sequence; \
    T v[TOGETHER]; \
    int64_t low[TOGETHER] = {0}; \
    for (int j = 0; j < TOGETHER; j++) \
      v[j] = ((const T *)values)[j < n ? j : 0]; \
    int64_t left = size; \
    for (; left > 1; left -= left / 2) { \
      int64_t half = left / 2; \
      for (int j = 0; j < TOGETHER; j++) \
        low[j] += half & -(int64_t)(LESS(s[low[j] + half - 1], v[j])); \
    } \
    for (int j = 0; j < n; j++) \
      place[j] = low[j] + (left > 0 && (LESS(s[low[j]], v[j]))); \
  }
/* NaN stands behind all numbers. */
#define BELOW(a, b) (((a) < (b)) | (((b) != (b)) & ((a) == (a))))
#define NOT_ABOVE(a, b) (((a) <= (b)) | ((b) != (b)))
#define BOTH(T, name) \
  SEARCH(T, name##_left, BELOW) \
  SEARCH(T, name##_right, NOT_ABOVE)
BOTH(uint8_t, u8)
BOTH(int32_t, i32)
BOTH(int64_t, i64)
BOTH(float, f32)
BOTH(double, f64)

typedef void body(const void *sequence, int64_t size, const void *values,
                  int64_t n, int64_t *place);

static body *const bodies[PERI_DTYPES][2] = {
    [PERI_U8] = {u8_left, u8_right},    [PERI_I32] = {i32_left, i32_right},
    [PERI_I64] = {i64_left, i64_right}, [PERI_F32] = {f32_left, f32_right},
    [PERI_F64] = {f64_left, f64_right},
};

/* Values 'first' up to 'end' of a line to the places. */
static void search_places(const job *j, const int64_t *offset, int64_t first,
                          int64_t end) {
  const peri_arg *y = &j->call->arg[0], *x = &j->call->arg[2];
  const void *sequence = peri__at(&j->call->arg[1], offset[1]);
  body *run = bodies[x->dtype][j->attr.right];
  int64_t *to = peri__at(y, offset[0]);
  for (int64_t i = first; i < end; i += TOGETHER) {
    int64_t n = end - i < TOGETHER ? end - i : TOGETHER;
    run(sequence, j->size, peri__at(x, offset[2] + i), n, to + i);
    for (int64_t k = i; k < i + n; k++) to[k] += j->attr.base;
  }
}

/* Whether the elements that stand at the places are the values. */
#define FOUND(T) \
  static void found_##T(uint8_t *y, const T *sequence, int64_t size, \
                        const T *values, int64_t n, const int64_t *place) { \
    for (int64_t i = 0; i < n; i++) \
      y[i] = place[i] < size && sequence[place[i]] == values[i]; \
  }
FOUND(uint8_t)
FOUND(int32_t)
FOUND(int64_t)
FOUND(float)
FOUND(double)

/* The same to truths. */
static void search_truths(const job *j, const int64_t *offset, int64_t first,
                          int64_t end) {
  const peri_arg *x = &j->call->arg[2];
  const void *sequence = peri__at(&j->call->arg[1], offset[1]);
  uint8_t *to = peri__at(&j->call->arg[0], offset[0]);
  int64_t place[TOGETHER];
  for (int64_t i = first; i < end; i += TOGETHER) {
    int64_t n = end - i < TOGETHER ? end - i : TOGETHER;
    const void *values = peri__at(x, offset[2] + i);
    bodies[x->dtype][0](sequence, j->size, values, n, place);
    switch (x->dtype) {
      case PERI_U8:
        found_uint8_t(to + i, sequence, j->size, values, n, place);
        break;
      case PERI_I32:
        found_int32_t(to + i, sequence, j->size, values, n, place);
        break;
      case PERI_I64:
        found_int64_t(to + i, sequence, j->size, values, n, place);
        break;
      case PERI_F32:
        found_float(to + i, sequence, j->size, values, n, place);
        break;
      default: found_double(to + i, sequence, j->size, values, n, place);
    }
  }
}

/* Items are pieces of lines. */
static void run_pieces(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  int64_t piece = first % j->pieces;
  bool truths = j->call->arg[0].dtype == PERI_BOOL;
  (void)thread;
  peri__walk_seek(&j->walk, j->walk.ndim, first / j->pieces, &spot);
  for (; first < end && !peri_call_stopped(j->call); first++) {
    int64_t from = piece * PIECE;
    int64_t to = j->count - from < PIECE ? j->count : from + PIECE;
    if (truths)
      search_truths(j, spot.offset, from, to);
    else
      search_places(j, spot.offset, from, to);
    if (++piece < j->pieces) continue;
    piece = 0;
    peri__walk_step(&j->walk, j->walk.ndim, &spot);
  }
}

static void run_search(const peri_call *call) {
  const peri_arg *arg[] = {&call->arg[0], &call->arg[1], &call->arg[2]};
  int last = arg[0]->ndim - 1;
  job j = {
      .call = call, .count = arg[0]->shape[last], .size = arg[1]->shape[last]};
  memcpy(&j.attr, call->attr, sizeof j.attr);
  peri__walk_of(&j.walk, arg, 3, last);
  j.pieces = (j.count + PIECE - 1) / PIECE;
  int64_t lines = peri__walk_count(&j.walk, j.walk.ndim);
  double cost = 2; /* nanoseconds of a step, of which there are log2(size) */
  for (int64_t left = j.size; left > 1; left /= 2) cost += 2;
  if (lines > 0 && j.count > 0)
    peri_parallel_for(call, lines * j.pieces,
                      cost * (double)(j.count < PIECE ? j.count : PIECE),
                      run_pieces, &j);
}

static bool is_dense(const peri_arg *x) {
  int last = x->ndim - 1;
  return x->shape[last] <= 1 || x->strides[last] == 1;
}

static bool takes(const peri_call *call) {
  peri_dtype dtype = call->arg[2].dtype;
  for (int i = 0; i < 3; i++)
    if (!is_dense(&call->arg[i])) return false;
  return call->arg[1].dtype == dtype && bodies[dtype][0];
}

static void prepare(peri_call *call) { call->run = run_search; }

const peri__fast LEVEL(search) = {takes, prepare};
