/* update.c - what the update kernels share: the walk over a parameter, its
   states and its gradient in pieces of one type, handed to the threads.

   Arguments of the record: parameter, step, states; gradient, numbers. Where
   all arrays have the type of the formula and are dense along a row they are
   updated in place; else a row is gone through block by block, and what has
   another type or a stride is copied out and back. */
#include "update.h"

#include "convert.h"
#include "cpu/walk.h"

#define BLOCK_BYTES 4096 /* copied out at once: all arrays fit in the cache */
#define ARRAYS (PERI_MAX_STATES + 1) /* parameter, gradient, states but step */

enum { PARAMETER, GRADIENT, STATES };

typedef struct {
  const peri_arg *array[ARRAYS]; /* no data: it is not used */
  peri__walk walk;               /* of those */
  peri_dtype dtype;              /* of the formula */
  peri__formula *formula;
  peri__piece piece; /* what all pieces have in common */
} job;

/* ---- Types and strides ------------------------------------------------ */

#define LOOP(name, To, From, CONVERT) \
  static void name(To *to, const From *from, int64_t count) { \
    for (int64_t i = 0; i < count; i++) to[i] = CONVERT(from[i]); \
  }
LOOP(from_bf16, float, uint16_t, peri__bf16_load)
LOOP(from_f16, float, uint16_t, peri__f16_load)
LOOP(to_bf16, uint16_t, float, peri__bf16_store)
LOOP(to_f16, uint16_t, float, peri__f16_store)
#undef LOOP

/* The formula may work on array 'i' where it lies. */
static bool is_direct(const job *j, int i) {
  const peri_arg *a = j->array[i];
  return !a->data ||
         (a->dtype == j->dtype && peri__row_stride(&j->walk, i) == 1);
}

static bool all_direct(const job *j) {
  for (int i = 0; i < j->walk.args; i++)
    if (!is_direct(j, i)) return false;
  return true;
}

static void copy_out(const job *j, int i, void *to, const void *from,
                     int64_t count) {
  peri_dtype dtype = j->array[i]->dtype;
  int64_t stride = peri__row_stride(&j->walk, i);
  if (stride == 1 && dtype == PERI_BF16)
    from_bf16(to, from, count);
  else if (stride == 1 && dtype == PERI_F16)
    from_f16(to, from, count);
  else
    peri__convert(to, j->dtype, 1, from, dtype, stride, count);
}

static void copy_back(const job *j, int i, void *to, const void *from,
                      int64_t count) {
  peri_dtype dtype = j->array[i]->dtype;
  int64_t stride = peri__row_stride(&j->walk, i);
  if (stride == 1 && dtype == PERI_BF16)
    to_bf16(to, from, count);
  else if (stride == 1 && dtype == PERI_F16)
    to_f16(to, from, count);
  else
    peri__convert(to, dtype, stride, from, j->dtype, 1, count);
}

/* ---- Pieces ----------------------------------------------------------- */

/* Run the formula over 'count' elements at the addresses 'at'. */
static void update_at(const job *j, void *const *at, int64_t count) {
  void *state[PERI_MAX_STATES] = {NULL};
  peri__piece piece = j->piece;
  for (int i = STATES; i < j->walk.args; i++) state[i - 1] = at[i];
  piece.count = count;
  piece.p = at[PARAMETER];
  piece.g = at[GRADIENT];
  piece.state = state;
  j->formula(&piece);
}

/* The same where some arrays are copied; at most a block. */
static void update_copied(const job *j, void *const *at, int64_t count) {
  double buffer[ARRAYS][BLOCK_BYTES / sizeof(double)];
  void *near[ARRAYS];
  for (int i = 0; i < j->walk.args; i++) {
    near[i] = is_direct(j, i) ? at[i] : buffer[i];
    if (near[i] != at[i]) copy_out(j, i, near[i], at[i], count);
  }
  update_at(j, near, count);
  for (int i = 0; i < j->walk.args; i++)
    if (near[i] != at[i] && i != GRADIENT)
      copy_back(j, i, at[i], near[i], count);
}

/* Addresses of the elements 'first' places behind 'offset' in a row. */
static void find(const job *j, const int64_t *offset, int64_t first,
                 void **at) {
  for (int i = 0; i < j->walk.args; i++) {
    int64_t place = offset[i] + first * peri__row_stride(&j->walk, i);
    at[i] = j->array[i]->data ? peri__at(j->array[i], place) : NULL;
  }
}

static void update_piece(void *user, const peri__walk *walk,
                         const int64_t *offset, int64_t count) {
  const job *j = user;
  const int64_t block = BLOCK_BYTES / (int64_t)peri_dtype_size(j->dtype);
  void *at[ARRAYS];
  (void)walk;
  find(j, offset, 0, at);
  if (all_direct(j)) {
    update_at(j, at, count);
    return;
  }
  for (int64_t i = 0; i < count; i += block) {
    find(j, offset, i, at);
    update_copied(j, at, count - i < block ? count - i : block);
  }
}

/* ---- Records ---------------------------------------------------------- */

/* As many arrays as outputs: the gradient stands in the place of the step. */
static void lay_out(job *j, const peri_call *call) {
  j->array[PARAMETER] = &call->arg[0];
  j->array[GRADIENT] = &call->arg[call->nout];
  for (int i = STATES; i < call->nout; i++) j->array[i] = &call->arg[i];
  peri__walk_of(&j->walk, j->array, call->nout, -1);
}

/* A gradient in the memory of its parameter is read before or after the
   parameter is written as the order of the elements has it: one thread. */
static void share(job *j, const peri_call *call, double cost) {
  if (call->arg[0].buffer == call->arg[call->nout].buffer) {
    peri_call alone = *call;
    alone.threads = 1;
    peri__walk_share(&j->walk, &alone, cost, update_piece, j);
  } else {
    peri__walk_share(&j->walk, call, cost, update_piece, j);
  }
}

void LEVEL(update)(const peri_call *call, peri__formula *narrow,
                   peri__formula *wide) {
  const peri_arg *p = &call->arg[0], *numbers = &call->arg[call->nout + 1];
  double *step = call->arg[1].data;
  bool is_wide = p->dtype == PERI_F64;
  int64_t elements = peri__numel(p->shape, p->ndim);
  job j = {.dtype = is_wide ? PERI_F64 : PERI_F32,
           .formula = is_wide ? wide : narrow,
           .piece = {.number = numbers->data, .step = step ? ++*step : 0}};
  if (elements == 0) return;
  lay_out(&j, call);
  share(&j, call, call->cost / (double)elements);
}
