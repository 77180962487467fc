/* gather_i64.c - reading elements at positions, both tensors of one dtype.
   Where the index is repeated along a row, whole rows are copied; else its
   positions become offsets a chunk at a time, and the elements are read one by
   one. Twin: peri__plain_gather. */
#include "gather.h"

/* ---- Offsets ----------------------------------------------------------- */

/* Elements of the index that are not repeated. */
static int64_t unique_of(const peri_arg *index, bool *repeats) {
  int64_t unique = 1;
  *repeats = false;
  for (int d = 0; d < index->ndim; d++)
    if (index->strides[d] == 0 && index->shape[d] > 1)
      *repeats = true;
    else
      unique *= index->shape[d];
  return unique;
}

size_t LOWEST(offsets_bytes)(const peri_arg *index) {
  bool repeats;
  int64_t unique = unique_of(index, &repeats);
  return repeats ? (size_t)unique * sizeof(int64_t) + 1 : 0;
}

/* True if all positions count from the start and are there, as mostly: without
   a branch, sign bits alone tell. */
static bool all_inside(const positions *p, int64_t count,
                       const extent *places) {
  uint64_t first = (uint64_t)places->base;
  uint64_t last = (uint64_t)(places->size - 1), outside = 0;
  for (int64_t i = 0; i < count; i++) {
    uint64_t place = (uint64_t)p->at[i * p->step] - first;
    outside |= place | (last - place);
  }
  return outside >> 63 == 0;
}

positions LOWEST(find_positions)(const peri_arg *index, int64_t at,
                                 int64_t stride, int64_t count,
                                 const extent *places, int64_t *buffer) {
  positions p = {peri__at(index, at), stride, places->base};
  if (index->dtype != PERI_I64) {
    peri__convert(buffer, PERI_I64, 1, p.at, index->dtype, stride, count);
    p = (positions){buffer, 1, places->base};
  }
  if (places->inside || all_inside(&p, count, places)) return p;
  for (int64_t i = 0; i < count; i++)
    buffer[i] = peri__place(p.at[i * p.step], (int)places->base, places->size);
  return (positions){buffer, 1, 0};
}

positions LOWEST(find_offsets)(const peri__indexed *job, bool made, int64_t at,
                               int64_t stride, int64_t count, int64_t *buffer) {
  const peri__places *places = &job->places;
  if (made)
    return (positions){(const int64_t *)job->index.data + at, stride, 0};
  const extent own = {places->base, places->size, job->attr.inside};
  positions p =
      LOWEST(find_positions)(&job->index, at, stride, count, &own, buffer);
  if (places->dims == 1) return p;
  for (int64_t i = 0; i < count; i++) {
    int64_t given = p.at[i * p.step];
    buffer[i] = given < 0 ? -1 : peri__place_offset(places, given - p.bias);
  }
  return (positions){buffer, 1, 0};
}

/* The dimensions of 'index' along which it is not repeated. */
static peri_arg once(const peri_arg *index) {
  peri_arg arg = *index;
  arg.ndim = 0;
  for (int d = 0; d < index->ndim; d++) {
    if (index->strides[d] == 0 && index->shape[d] > 1) continue;
    arg.shape[arg.ndim] = index->shape[d];
    arg.strides[arg.ndim++] = index->strides[d];
  }
  return arg;
}

/* Offsets for 'count' elements of 'index' into the workspace. */
static void make_row(const peri__indexed *job, int64_t at, int64_t stride,
                     int64_t count, int64_t *offset) {
  int64_t scale = offset_scale(job, false), buffer[POSITIONS];
  for (int64_t i = 0; i < count; i += POSITIONS) {
    int64_t n = count - i < POSITIONS ? count - i : POSITIONS;
    positions p =
        LOWEST(find_offsets)(job, false, at + i * stride, stride, n, buffer);
    for (int64_t k = 0; k < n; k++) {
      int64_t place = p.at[k * p.step];
      offset[i + k] = place < 0 ? -1 : (place - p.bias) * scale;
    }
  }
}

/* The index is what the workspace holds: strides of its own dimensions. */
static void use_offsets(peri__indexed *job) {
  int64_t stride = 1;
  job->index.data = job->call->workspace;
  job->index.dtype = PERI_I64;
  for (int d = job->index.ndim - 1; d >= 0; d--) {
    if (job->index.strides[d] == 0 && job->index.shape[d] > 1) continue;
    job->index.strides[d] = stride;
    stride *= job->index.shape[d];
  }
}

bool LOWEST(make_offsets)(peri__indexed *job) {
  peri_arg own = once(&job->index);
  const peri_arg *arg[] = {&own};
  int64_t *offset = job->call->workspace;
  peri__walk walk;
  peri__spot spot;
  if (!offset) return false;
  peri__walk_row_major(&walk, arg, 1);
  int outer = walk.ndim - 1;
  int64_t row = walk.shape[outer];
  if (peri__walk_count(&walk, walk.ndim) > 0) {
    peri__walk_seek(&walk, outer, 0, &spot);
    do {
      make_row(job, spot.offset[0], walk.strides[0][outer], row, offset);
      offset += row;
    } while (!peri_call_stopped(job->call) &&
             peri__walk_step(&walk, outer, &spot));
  }
  use_offsets(job);
  return true;
}

/* ---- Elements ---------------------------------------------------------- */

typedef struct {
  peri__indexed own;
  peri__walk walk; /* y, index, x */
  const peri_arg *y;
  bool made;       /* the index holds offsets */
  int64_t element; /* bytes */
} job;

/* y[i] = x[offset[i]], with strides; the most frequent ones are known to the
   compiler. */
#define READ(T) \
  INLINE void read_each_##T(T *y, int64_t dy, const T *x, int64_t dx, \
                            int64_t scale, const int64_t *place, int64_t step, \
                            int64_t count) { \
    for (int64_t i = 0; i < count; i++) { \
      int64_t at = place[i * step]; \
      y[i * dy] = (T)(at < 0 ? 0 : x[i * dx + at * scale]); \
    } \
  } \
  static void read_##T(void *to, int64_t dy, const void *from, int64_t dx, \
                       int64_t scale, const positions *p, int64_t count) { \
    const T *x = (const T *)from - p->bias * scale; \
    if (dy == 1 && dx == 0 && scale == 1 && p->step == 1) \
      read_each_##T(to, 1, x, 0, 1, p->at, 1, count); \
    else if (dy == 1 && dx == 1 && p->step == 1) \
      read_each_##T(to, 1, x, 1, scale, p->at, 1, count); \
    else \
      read_each_##T(to, dy, x, dx, scale, p->at, p->step, count); \
  }
READ(uint8_t)
READ(uint16_t)
READ(uint32_t)
READ(uint64_t)
#undef READ

typedef void reader(void *to, int64_t dy, const void *from, int64_t dx,
                    int64_t scale, const positions *p, int64_t count);

static reader *const readers[] = {[1] = read_uint8_t,
                                  [2] = read_uint16_t,
                                  [4] = read_uint32_t,
                                  [8] = read_uint64_t};

static void gather_piece(void *user, const peri__walk *walk, const int64_t *at,
                         int64_t count) {
  const job *j = user;
  int64_t dy = peri__row_stride(walk, 0), di = peri__row_stride(walk, 1);
  int64_t dx = peri__row_stride(walk, 2), buffer[POSITIONS];
  int64_t scale = offset_scale(&j->own, j->made), size = j->element;
  char *to = (char *)j->y->data + at[0] * size;
  const char *from = (const char *)j->own.flat.data + at[2] * size;
  for (int64_t i = 0; i < count; i += POSITIONS) {
    int64_t n = count - i < POSITIONS ? count - i : POSITIONS;
    positions p =
        LOWEST(find_offsets)(&j->own, j->made, at[1] + i * di, di, n, buffer);
    readers[size](to + i * dy * size, dy, from + i * dx * size, dx, scale, &p,
                  n);
  }
}

/* ---- Rows -------------------------------------------------------------- */

static void copy_row(const job *j, const peri__spot *spot) {
  int last = j->walk.ndim - 1;
  int64_t count = j->walk.shape[last], size = j->element;
  int64_t dy = j->walk.strides[0][last], dx = j->walk.strides[2][last];
  const int64_t *offset = (const int64_t *)j->own.index.data + spot->offset[1];
  char *to = (char *)j->y->data + spot->offset[0] * size;
  const char *from = (const char *)j->own.flat.data + spot->offset[2] * size;
  const positions p = {offset, 0, 0};
  if (dy != 1 || dx != 1)
    readers[size](to, dy, from, dx, 1, &p, count);
  else if (*offset < 0)
    memset(to, 0, (size_t)(count * size));
  else
    memcpy(to, from + *offset * size, (size_t)(count * size));
}

/* Items are rows. */
static void copy_rows(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  int outer = j->walk.ndim - 1;
  int64_t some = PERI_POLL / j->walk.shape[outer] + 1; /* between two looks */
  (void)thread;
  peri__walk_seek(&j->walk, outer, first, &spot);
  for (; first < end; first++) {
    if (first % some == 0 && peri_call_stopped(j->own.call)) return;
    copy_row(j, &spot);
    peri__walk_step(&j->walk, outer, &spot);
  }
}

void LOWEST(gather_i64)(const peri_call *call) {
  job j = {.y = &call->arg[0]};
  const peri_arg *arg[] = {j.y, &j.own.index, &j.own.flat};
  peri__indexed_begin(&j.own, call, 1);
  j.made = LOWEST(make_offsets)(&j.own);
  j.element = (int64_t)peri_dtype_size(j.y->dtype);
  peri__walk_of(&j.walk, arg, 3, -1);
  int last = j.walk.ndim - 1;
  int64_t row = j.walk.shape[last], rows = peri__walk_count(&j.walk, last);
  if (!j.made || j.walk.strides[1][last] != 0)
    peri__walk_share(&j.walk, call, 2, gather_piece, &j);
  else if (row > 0)
    peri_parallel_for(call, rows, (double)(row * j.element) * 0.1 + 10,
                      copy_rows, &j);
}

/* ---- join_places -------------------------------------------------------- */

typedef struct {
  const peri_call *call;
  peri__join_attr attr;
} pair;

static void join_piece(void *user, const peri__walk *walk, const int64_t *at,
                       int64_t count) {
  const pair *own = user;
  const peri_arg *arg = own->call->arg;
  const int64_t *base = own->attr.base, *size = own->attr.size;
  const extent first_of = {base[0], size[0], own->attr.inside};
  const extent second_of = {base[1], size[1], own->attr.inside};
  int64_t room[2][POSITIONS], dy = peri__row_stride(walk, 0);
  int64_t da = peri__row_stride(walk, 1), db = peri__row_stride(walk, 2);
  for (int64_t i = 0; i < count; i += POSITIONS) {
    int64_t n = count - i < POSITIONS ? count - i : POSITIONS;
    int64_t *y = (int64_t *)arg[0].data + at[0] + i * dy;
    positions a = LOWEST(find_positions)(&arg[1], at[1] + i * da, da, n,
                                         &first_of, room[0]);
    positions b = LOWEST(find_positions)(&arg[2], at[2] + i * db, db, n,
                                         &second_of, room[1]);
    for (int64_t k = 0; k < n; k++) {
      int64_t first = a.at[k * a.step], second = b.at[k * b.step];
      int64_t place = (first - a.bias) * size[1] + second - b.bias;
      y[k * dy] = (first | second) < 0 ? INT64_MIN : place;
    }
  }
}

void LOWEST(join_places_i64)(const peri_call *call) {
  pair own = {.call = call};
  peri__walk walk;
  memcpy(&own.attr, call->attr, sizeof own.attr);
  peri__walk_begin(&walk, call);
  peri__walk_share(&walk, call, 3, join_piece, &own);
}
