/* walk.c - ordering and joining dimensions, stepping from row to row, sharing
   rows among threads. */
#include "walk.h"

/* ---- Dimensions ------------------------------------------------------- */

/* True if dimension 'd' of the arguments continues the last one of 'walk' in
   each of them. */
static bool continues(const peri__walk *walk, const peri_arg *const *arg,
                      int d) {
  int last = walk->ndim - 1;
  int64_t size = arg[0]->shape[d];
  for (int a = 0; a < walk->args; a++)
    if (arg[a]->data && walk->strides[a][last] != arg[a]->strides[d] * size)
      return false;
  return true;
}

static void add_dim(peri__walk *walk, const peri_arg *const *arg, int d) {
  int64_t size = arg[0]->shape[d];
  bool join = walk->ndim > 0 && continues(walk, arg, d);
  int at = join ? walk->ndim - 1 : walk->ndim++;
  walk->shape[at] = join ? walk->shape[at] * size : size;
  for (int a = 0; a < walk->args; a++)
    walk->strides[a][at] = arg[a]->data ? arg[a]->strides[d] : 0;
}

/* The dimensions of 'order' but 'dim', and at least one. */
static void add_dims(peri__walk *walk, const peri_arg *const *arg, int args,
                     const int *order, int dim) {
  const peri_arg *first = arg[0];
  walk->args = args;
  walk->ndim = 0;
  for (int i = 0; i < first->ndim; i++)
    if (order[i] != dim && first->shape[order[i]] != 1)
      add_dim(walk, arg, order[i]);
  if (walk->ndim > 0) return;
  walk->ndim = 1; /* a single element */
  walk->shape[0] = 1;
  for (int a = 0; a < args; a++) walk->strides[a][0] = 1;
}

void peri__walk_of(peri__walk *walk, const peri_arg *const *arg, int args,
                   int dim) {
  int order[PERI_MAX_DIMS];
  peri__order_dims(arg[0]->strides, arg[0]->ndim, order);
  add_dims(walk, arg, args, order, dim);
}

void peri__walk_row_major(peri__walk *walk, const peri_arg *const *arg,
                          int args) {
  static const int order[PERI_MAX_DIMS] = {0, 1, 2, 3, 4, 5, 6, 7};
  add_dims(walk, arg, args, order, -1);
}

void peri__walk_begin(peri__walk *walk, const peri_call *call) {
  const peri_arg *arg[PERI_MAX_ARGS];
  int args = call->nout + call->nin;
  for (int a = 0; a < args; a++) arg[a] = &call->arg[a];
  peri__walk_of(walk, arg, args, -1);
}

/* ---- Places ----------------------------------------------------------- */

int64_t peri__walk_count(const peri__walk *walk, int outer) {
  int64_t count = 1;
  for (int d = 0; d < outer; d++) count *= walk->shape[d];
  return count;
}

void peri__walk_seek(const peri__walk *walk, int outer, int64_t index,
                     peri__spot *spot) {
  for (int a = 0; a < walk->args; a++) spot->offset[a] = 0;
  for (int d = outer - 1; d >= 0; d--) {
    spot->at[d] = index == 0 ? 0 : index % walk->shape[d];
    index = index == 0 ? 0 : index / walk->shape[d];
    for (int a = 0; a < walk->args; a++)
      spot->offset[a] += spot->at[d] * walk->strides[a][d];
  }
}

bool peri__walk_step(const peri__walk *walk, int outer, peri__spot *spot) {
  for (int d = outer - 1; d >= 0; d--) {
    for (int a = 0; a < walk->args; a++) spot->offset[a] += walk->strides[a][d];
    if (++spot->at[d] < walk->shape[d]) return true;
    for (int a = 0; a < walk->args; a++)
      spot->offset[a] -= walk->strides[a][d] * walk->shape[d];
    spot->at[d] = 0;
  }
  return false;
}

/* ---- Sharing ---------------------------------------------------------- */

#define GRAIN 4096  /* elements of a row that stay together */
#define ROW_COST 10 /* nanoseconds for the step to another row */

typedef struct {
  const peri__walk *walk;
  const peri_call *call;
  peri__piece_body *body;
  void *user;
  int64_t grains; /* of a row */
} share;

/* Grains 'first' up to 'end' of the row at 'spot', many at a time. */
static void run_row(const share *s, const peri__spot *spot, int64_t first,
                    int64_t end) {
  const peri__walk *walk = s->walk;
  int64_t stop = end * GRAIN, offset[PERI_MAX_ARGS];
  if (end == s->grains) stop = walk->shape[walk->ndim - 1];
  for (int64_t at = first * GRAIN; at < stop; at += PERI_POLL) {
    if (peri_call_stopped(s->call)) return;
    for (int a = 0; a < walk->args; a++)
      offset[a] = spot->offset[a] + at * peri__row_stride(walk, a);
    s->body(s->user, walk, offset,
            stop - at < PERI_POLL ? stop - at : PERI_POLL);
  }
}

static void run_share(void *user, int64_t first, int64_t end, int thread) {
  const share *s = user;
  peri__spot spot;
  int outer = s->walk->ndim - 1;
  (void)thread;
  peri__walk_seek(s->walk, outer, first / s->grains, &spot);
  for (int64_t grain = first % s->grains; first < end; grain = 0) {
    int64_t count = s->grains - grain;
    if (count > end - first) count = end - first;
    run_row(s, &spot, grain, grain + count);
    peri__walk_step(s->walk, outer, &spot);
    first += count;
  }
}

void peri__walk_share(const peri__walk *walk, const peri_call *call,
                      double cost, peri__piece_body *body, void *user) {
  int64_t row = walk->shape[walk->ndim - 1];
  int64_t rows = peri__walk_count(walk, walk->ndim - 1);
  share s = {walk, call, body, user, (row + GRAIN - 1) / GRAIN};
  double grain = (double)(row < GRAIN ? row : GRAIN);
  if (row > 0 && rows > 0)
    peri_parallel_for(call, rows * s.grains, grain * cost + ROW_COST, run_share,
                      &s);
}
