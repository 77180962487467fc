/* mask_i64.c - reading, writing and finding the elements that a mask of truth
   values chooses, in row-major order: masked_select, masked_scatter, nonzero.
   Every element is copied to where the next chosen one belongs, and the place
   moves on only if it was one: no branch has to be guessed. Compiled once, for
   the lowest level. Twins: those of cpu/plain_mask.c. */
#include "cpu/walk.h"
#include "mask.h"

#define CHUNK 4096 /* elements between two looks at the interrupt */

typedef struct {
  peri__walk walk; /* of x, or y, and mask */
  char *packed;    /* the elements in a row */
  int64_t packed_stride, room;
  char *apart;         /* the elements where the mask is */
  const uint8_t *mask; /* bytes of truth values, any but 0 is true */
} job;

/* One row: elements 'count' of x and mask with strides, packed from 'n' on.
   -> how many are packed then */
typedef int64_t mover(const job *j, int64_t apart, int64_t mask, int64_t count,
                      int64_t n);

#define MOVERS(T) \
  static int64_t pack_##T(const job *j, int64_t apart, int64_t mask, \
                          int64_t count, int64_t n) { \
    int64_t dx = peri__row_stride(&j->walk, 0); \
    int64_t dm = peri__row_stride(&j->walk, 1), dy = j->packed_stride; \
    const T *x = (const T *)j->apart + apart; \
    const uint8_t *m = j->mask + mask; \
    T *y = (T *)j->packed; \
    for (int64_t i = 0; i < count && n < j->room; i++) { \
      y[n * dy] = x[i * dx]; \
      n += m[i * dm] != 0; \
    } \
    return n; \
  } \
  static int64_t unpack_##T(const job *j, int64_t apart, int64_t mask, \
                            int64_t count, int64_t n) { \
    int64_t dy = peri__row_stride(&j->walk, 0); \
    int64_t dm = peri__row_stride(&j->walk, 1), dx = j->packed_stride; \
    T *y = (T *)j->apart + apart; \
    const uint8_t *m = j->mask + mask; \
    const T *x = (const T *)j->packed; \
    for (int64_t i = 0; i < count && n < j->room; i++) { \
      T chosen = (T)(m[i * dm] != 0), own = y[i * dy]; \
      y[i * dy] = (T)(own ^ ((own ^ x[n * dx]) & (T)-chosen)); \
      n += (int64_t)chosen; \
    } \
    return n; \
  }
MOVERS(uint8_t)
MOVERS(uint16_t)
MOVERS(uint32_t)
MOVERS(uint64_t)
#undef MOVERS

#define TABLE(name) \
  { \
    [1] = name##_uint8_t, [2] = name##_uint16_t, [4] = name##_uint32_t, \
    [8] = name##_uint64_t \
  }

/* 'own' is the argument beside the mask, 'packed' the other one. -> how many
   elements of that were read or written */
static int64_t move(const peri_call *call, mover *const *movers, int own,
                    int packed) {
  const peri_arg *arg[] = {&call->arg[own], &call->arg[2]};
  const peri_arg *row = &call->arg[packed];
  job j = {.packed = row->data,
           .packed_stride = row->strides[0],
           .room = row->shape[0],
           .apart = arg[0]->data,
           .mask = arg[1]->data};
  peri__spot spot;
  mover *run = movers[peri_dtype_size(row->dtype)];
  peri__walk_row_major(&j.walk, arg, 2);
  int outer = j.walk.ndim - 1;
  int64_t count = j.walk.shape[outer], n = 0;
  if (peri__walk_count(&j.walk, j.walk.ndim) == 0) return 0;
  peri__walk_seek(&j.walk, outer, 0, &spot);
  do
    for (int64_t i = 0; i < count; i += CHUNK) {
      if (peri_call_stopped(call)) return n;
      n = run(&j, spot.offset[0] + i * j.walk.strides[0][outer],
              spot.offset[1] + i * j.walk.strides[1][outer],
              count - i < CHUNK ? count - i : CHUNK, n);
    }
  while (peri__walk_step(&j.walk, outer, &spot));
  return n;
}

/* A replay may find fewer: zeros are left. */
void LOWEST(masked_select_i64)(const peri_call *call) {
  static mover *const movers[] = TABLE(pack);
  const peri_arg *y = &call->arg[0];
  const int64_t zero = 0;
  int64_t n = move(call, movers, 1, 0);
  if (n < y->shape[0])
    peri__convert(peri__at(y, n * y->strides[0]), y->dtype, y->strides[0],
                  &zero, PERI_I64, 0, y->shape[0] - n);
}

void LOWEST(masked_scatter_i64)(const peri_call *call) {
  static mover *const movers[] = TABLE(unpack);
  (void)move(call, movers, 0, 1);
}

/* ---- nonzero ----------------------------------------------------------- */

/* Places in a row of those of 'count' truth values that are true. -> how many
   there are */
static int64_t find_true(const uint8_t *truth, int64_t count, int64_t *place) {
  int64_t n = 0;
  for (int64_t i = 0; i < count; i++) {
    place[n] = i;
    n += truth[i];
  }
  return n;
}

typedef struct {
  const peri_arg *y;
  int64_t base, n; /* positions written so far */
  int dims;        /* numbers of a position */
  bool flat;
} finder;

/* 'count' places of the row at 'at', from element 'first' on; the row begins
   with element 'flat' of all. */
static void write_places(finder *f, const int64_t *at, int64_t flat,
                         int64_t first, const int64_t *place, int64_t count) {
  int64_t *y = (int64_t *)f->y->data + f->n * f->y->strides[0];
  int64_t dy = f->y->strides[0], dd = f->flat ? 0 : f->y->strides[1];
  int last = f->dims - 1;
  if (f->n + count > f->y->shape[0]) count = f->y->shape[0] - f->n;
  int64_t start = first + f->base + (f->flat ? flat : 0);
  for (int64_t i = 0; i < count; i++) {
    int64_t *own = y + i * dy;
    for (int d = 0; d < last; d++) own[d * dd] = at[d] + f->base;
    own[last * dd] = start + place[i];
  }
  f->n += count;
}

static void find_row(finder *f, const peri_arg *x, const int64_t *at,
                     int64_t offset, int64_t flat) {
  int last = x->ndim - 1;
  uint8_t truth[POSITIONS];
  int64_t place[POSITIONS];
  for (int64_t i = 0; i < x->shape[last]; i += POSITIONS) {
    int64_t left = x->shape[last] - i;
    int64_t count = left < POSITIONS ? left : POSITIONS;
    peri__convert(truth, PERI_BOOL, 1,
                  peri__at(x, offset + i * x->strides[last]), x->dtype,
                  x->strides[last], count);
    count = find_true(truth, count, place);
    write_places(f, at, flat, i, place, count);
  }
}

/* The row after the one at 'at', whose first element is 'offset'. */
static bool next_row(const peri_arg *x, int64_t *at, int64_t *offset) {
  for (int d = x->ndim - 2; d >= 0; d--) {
    *offset += x->strides[d];
    if (++at[d] < x->shape[d]) return true;
    *offset -= x->shape[d] * x->strides[d];
    at[d] = 0;
  }
  return false;
}

void LOWEST(nonzero_i64)(const peri_call *call) {
  const peri_arg *x = &call->arg[1];
  int64_t at[PERI_MAX_DIMS] = {0}, offset = 0, flat = 0;
  peri__nonzero_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  finder f = {.y = &call->arg[0], .base = attr.base, .flat = attr.flat};
  f.dims = f.flat ? 1 : x->ndim;
  if (peri__numel(x->shape, x->ndim) == 0) return;
  do {
    if (peri_call_stopped(call)) return;
    find_row(&f, x, at, offset, flat);
    flat += x->shape[x->ndim - 1];
  } while (next_row(x, at, &offset));
}
