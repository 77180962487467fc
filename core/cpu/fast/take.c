/* take.c - the fast forms of choosing positions along a dimension and of adding
   to chosen ones, where both tensors have one dtype. Rows that lie densely in
   memory are copied or added as such; else the positions of one row are gone
   through in the inner loop. Adding is in the order of the positions, whatever
   thread does it: a thread owns places of the output. Twins: peri__plain_take,
   peri__plain_spread. */
#include "cpu/walk.h"
#include "fast.h"

typedef struct {
  const peri_call *call;
  const peri_arg *y, *x;
  peri__walk walk;      /* of y and x beside the dimension */
  const int64_t *place; /* of each position, -1: out of range */
  int64_t count, size;  /* positions, and places they choose from */
  int64_t dy, dx;       /* strides along the dimension */
  int outer;            /* dimensions of the walk before the row */
  int64_t row;          /* elements of a row; 1: no dense ones */
  size_t element;       /* bytes */
} job;

/* Places from the index, into the workspace. 'chooses': the argument whose
   dimension they count in. */
static job job_of(const peri_call *call, int chooses) {
  const peri_arg *arg[] = {&call->arg[0], &call->arg[1]};
  const peri_arg *index = &call->arg[2];
  int64_t *place = call->workspace;
  peri__dim_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  job j = {.call = call, .y = arg[0], .x = arg[1]};
  peri__walk_of(&j.walk, arg, 2, attr.dim);
  j.place = place;
  j.count = index->shape[0];
  j.size = call->arg[chooses].shape[attr.dim];
  j.dy = j.y->strides[attr.dim];
  j.dx = j.x->strides[attr.dim];
  int last = j.walk.ndim - 1;
  bool dense = j.walk.strides[0][last] == 1 && j.walk.strides[1][last] == 1 &&
               j.walk.shape[last] > 1;
  j.outer = dense ? j.walk.ndim - 1 : j.walk.ndim;
  j.row = dense ? j.walk.shape[j.outer] : 1;
  j.element = peri_dtype_size(j.y->dtype);
  peri__convert(place, PERI_I64, 1, index->data, index->dtype,
                index->strides[0], j.count);
  for (int64_t i = 0; i < j.count; i++)
    place[i] = peri__place(place[i], (int)attr.base, j.size);
  return j;
}

/* ---- take -------------------------------------------------------------- */

static void take_row(const job *j, const peri__spot *spot, int64_t i) {
  size_t bytes = (size_t)j->row * j->element;
  void *to = peri__at(j->y, spot->offset[0] + i * j->dy);
  int64_t place = j->place[i];
  if (place < 0)
    memset(to, 0, bytes);
  else
    memcpy(to, peri__at(j->x, spot->offset[1] + place * j->dx), bytes);
}

/* Items are rows of y: those of one spot follow each other. */
static void take_rows(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  int64_t i = first % j->count;
  (void)thread;
  peri__walk_seek(&j->walk, j->outer, first / j->count, &spot);
  for (; first < end && !peri_call_stopped(j->call); first++) {
    take_row(j, &spot, i);
    if (++i < j->count) continue;
    i = 0;
    peri__walk_step(&j->walk, j->outer, &spot);
  }
}

#define PIECE 4096 /* positions of a spot that are one item */

/* Positions 'first' up to 'end' of one spot, element by element. */
#define GATHER(T) \
  static void gather_##T(const job *j, const peri__spot *spot, int64_t first, \
                         int64_t end) { \
    T *y = peri__at(j->y, spot->offset[0]); \
    const T *x = peri__at(j->x, spot->offset[1]); \
    for (int64_t i = first; i < end; i++) { \
      int64_t place = j->place[i]; \
      y[i * j->dy] = (T)(place < 0 ? 0 : x[place * j->dx]); \
    } \
  }
GATHER(uint8_t)
GATHER(uint16_t)
GATHER(uint32_t)
GATHER(uint64_t)
#undef GATHER

static int64_t pieces_of(const job *j) {
  return (j->count + PIECE - 1) / PIECE;
}

/* Items are pieces of spots. */
static void take_elements(void *user, int64_t first, int64_t end, int thread) {
  static void (*const gather[])(const job *j, const peri__spot *spot,
                                int64_t first,
                                int64_t end) = {[1] = gather_uint8_t,
                                                [2] = gather_uint16_t,
                                                [4] = gather_uint32_t,
                                                [8] = gather_uint64_t};
  const job *j = user;
  peri__spot spot;
  int64_t pieces = pieces_of(j), piece = first % pieces;
  (void)thread;
  peri__walk_seek(&j->walk, j->outer, first / pieces, &spot);
  for (; first < end && !peri_call_stopped(j->call); first++) {
    int64_t stop = (piece + 1) * PIECE;
    gather[j->element](j, &spot, piece * PIECE,
                       stop < j->count ? stop : j->count);
    if (++piece < pieces) continue;
    piece = 0;
    peri__walk_step(&j->walk, j->outer, &spot);
  }
}

static void run_take(const peri_call *call) {
  job j = job_of(call, 1);
  int64_t spots = peri__walk_count(&j.walk, j.outer);
  if (j.count == 0 || spots == 0 || j.row == 0) return;
  if (j.outer == j.walk.ndim)
    peri_parallel_for(call, spots * pieces_of(&j),
                      (double)(j.count < PIECE ? j.count : PIECE) * 2,
                      take_elements, &j);
  else
    peri_parallel_for(call, spots * j.count,
                      (double)j.row * (double)j.element * 0.1 + 10, take_rows,
                      &j);
}

/* ---- spread ------------------------------------------------------------ */

#define ADDING(T) \
  static void add_##T(void *to, const void *from, int64_t count) { \
    T *y = to; \
    const T *x = from; \
    for (int64_t i = 0; i < count; i++) y[i] += x[i]; \
  } \
  static void scatter_##T(const job *j, const peri__spot *spot) { \
    T *y = peri__at(j->y, spot->offset[0]); \
    const T *x = peri__at(j->x, spot->offset[1]); \
    for (int64_t i = 0; i < j->count; i++) { \
      int64_t place = j->place[i]; \
      if (i % PERI_POLL == 0 && peri_call_stopped(j->call)) return; \
      if (place >= 0) y[place * j->dy] += x[i * j->dx]; \
    } \
  }
ADDING(float)
ADDING(double)
#undef ADDING

/* The rows of one spot whose places are in 'first' up to 'end'. */
static void add_rows(const job *j, const peri__spot *spot, int64_t first,
                     int64_t end) {
  bool single = j->y->dtype == PERI_F32;
  for (int64_t i = 0; i < j->count; i++) {
    int64_t place = j->place[i];
    if (place < first || place >= end) continue;
    if (peri_call_stopped(j->call)) return;
    void *to = peri__at(j->y, spot->offset[0] + place * j->dy);
    const void *from = peri__at(j->x, spot->offset[1] + i * j->dx);
    if (single)
      add_float(to, from, j->row);
    else
      add_double(to, from, j->row);
  }
}

/* Items are places of the output. */
static void spread_rows(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  (void)thread;
  peri__walk_seek(&j->walk, j->outer, 0, &spot);
  do add_rows(j, &spot, first, end);
  while (peri__walk_step(&j->walk, j->outer, &spot));
}

/* Items are spots. */
static void spread_elements(void *user, int64_t first, int64_t end,
                            int thread) {
  const job *j = user;
  bool single = j->y->dtype == PERI_F32;
  peri__spot spot;
  (void)thread;
  peri__walk_seek(&j->walk, j->outer, first, &spot);
  for (; first < end && !peri_call_stopped(j->call); first++) {
    if (single)
      scatter_float(j, &spot);
    else
      scatter_double(j, &spot);
    peri__walk_step(&j->walk, j->outer, &spot);
  }
}

static void run_spread(const peri_call *call) {
  job j = job_of(call, 0);
  int64_t spots = peri__walk_count(&j.walk, j.outer);
  double each = (double)j.row * (double)j.element * 0.1 + 2; /* nanoseconds */
  if (j.count == 0 || j.size == 0 || spots == 0 || j.row == 0) return;
  if (j.outer == j.walk.ndim)
    peri_parallel_for(call, spots, (double)j.count * each, spread_elements, &j);
  else
    peri_parallel_for(call, j.size,
                      (double)(j.count * spots) * each / (double)j.size,
                      spread_rows, &j);
}

/* ---- The table --------------------------------------------------------- */

/* A copy of a bool would have to mend its bytes. */
static bool takes(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  return dtype == call->arg[1].dtype && dtype != PERI_BOOL;
}

static bool spreads(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  return takes(call) && (dtype == PERI_F32 || dtype == PERI_F64);
}

static void prepare(peri_call *call, void (*run)(const peri_call *call)) {
  call->run = run;
  call->workspace_bytes =
      (size_t)call->arg[2].shape[0] * sizeof(int64_t) + 1; /* never none */
}

static void prepare_take(peri_call *call) { prepare(call, run_take); }
static void prepare_spread(peri_call *call) { prepare(call, run_spread); }

const peri__fast LEVEL(take) = {takes, prepare_take};
const peri__fast LEVEL(spread) = {spreads, prepare_spread};
