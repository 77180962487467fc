/* update.c - what the update kernels share: the walk over a parameter, its
   states and its gradient in pieces of one type, handed to the threads.

   Arguments of the record: parameter, step, states; gradient, numbers. Where
   all arrays have the type of the formula and the same dense layout they are
   one long row, updated in place; else rows are gone through block by block,
   and what has another type or a stride is copied out and back. */
#include "update.h"

#include "cpu/half.h"

#define PIECE 4096       /* elements of a row that are shared as one item */
#define BLOCK_BYTES 4096 /* copied out at once: all arrays fit in the cache */
#define ARRAYS (PERI_MAX_STATES + 1) /* parameter, gradient, states but step */

enum { PARAMETER, GRADIENT, STATES };

/* An array with an entry per element; data NULL: it is not used. */
typedef struct {
  char *data;
  peri_dtype dtype;
  int64_t strides[PERI_MAX_DIMS];
} array;

/* Dimensions in the order of the parameter's memory, the last one a row,
   joined where all arrays allow it. */
typedef struct {
  array array[ARRAYS];
  int arrays, ndim; /* at least 1 */
  int64_t shape[PERI_MAX_DIMS];
  int64_t pieces; /* of a row */
  peri_dtype dtype;
  peri__formula *formula;
  peri__piece piece; /* what all pieces have in common */
} job;

/* ---- Layout ----------------------------------------------------------- */

static void add_array(job *j, const peri_arg *arg) {
  array *a = &j->array[j->arrays++];
  a->data = arg->data;
  a->dtype = arg->dtype;
}

/* True if dimension 'd' of the arguments continues the last one of 'j'. */
static bool continues(const job *j, const peri_arg *const *arg, int d) {
  int last = j->ndim - 1;
  for (int i = 0; i < j->arrays; i++)
    if (j->array[i].data &&
        j->array[i].strides[last] != arg[i]->strides[d] * arg[i]->shape[d])
      return false;
  return true;
}

static void add_dim(job *j, const peri_arg *const *arg, int d) {
  int64_t size = arg[0]->shape[d];
  bool join = j->ndim > 0 && continues(j, arg, d);
  int at = join ? j->ndim - 1 : j->ndim++;
  j->shape[at] = join ? j->shape[at] * size : size;
  for (int i = 0; i < j->arrays; i++)
    if (j->array[i].data) j->array[i].strides[at] = arg[i]->strides[d];
}

static void lay_out(job *j, const peri_call *call) {
  const peri_arg *arg[ARRAYS] = {&call->arg[0], &call->arg[call->nout]};
  int order[PERI_MAX_DIMS];
  for (int i = 2; i < call->nout; i++) arg[i] = &call->arg[i];
  for (int i = 0; i < call->nout; i++) add_array(j, arg[i]);
  peri__order_dims(arg[0]->strides, arg[0]->ndim, order);
  for (int i = 0; i < arg[0]->ndim; i++)
    if (arg[0]->shape[order[i]] != 1) add_dim(j, arg, order[i]);
  if (j->ndim == 0) { /* a single element */
    j->shape[j->ndim++] = 1;
    for (int i = 0; i < j->arrays; i++) j->array[i].strides[0] = 1;
  }
  j->pieces = (j->shape[j->ndim - 1] + PIECE - 1) / PIECE;
}

/* ---- Types and strides ------------------------------------------------ */

#define LOOP(name, To, From, CONVERT) \
  static void name(To *to, const From *from, int64_t count) { \
    for (int64_t i = 0; i < count; i++) to[i] = CONVERT(from[i]); \
  }
LOOP(from_bf16, float, uint16_t, peri__from_bf16)
LOOP(from_f16, float, uint16_t, peri__from_f16)
LOOP(to_bf16, uint16_t, float, peri__to_bf16)
LOOP(to_f16, uint16_t, float, peri__to_f16)
#undef LOOP

static int64_t stride_of(const job *j, const array *a) {
  return a->strides[j->ndim - 1];
}

/* The formula may work on it where it lies. */
static bool is_direct(const job *j, const array *a) {
  return !a->data || (a->dtype == j->dtype && stride_of(j, a) == 1);
}

static void copy_out(const job *j, const array *a, void *to, const void *from,
                     int64_t count) {
  if (stride_of(j, a) == 1 && a->dtype == PERI_BF16)
    from_bf16(to, from, count);
  else if (stride_of(j, a) == 1 && a->dtype == PERI_F16)
    from_f16(to, from, count);
  else
    peri__convert(to, j->dtype, 1, from, a->dtype, stride_of(j, a), count);
}

static void copy_back(const job *j, const array *a, void *to, const void *from,
                      int64_t count) {
  if (stride_of(j, a) == 1 && a->dtype == PERI_BF16)
    to_bf16(to, from, count);
  else if (stride_of(j, a) == 1 && a->dtype == PERI_F16)
    to_f16(to, from, count);
  else
    peri__convert(to, a->dtype, stride_of(j, a), from, j->dtype, 1, count);
}

/* ---- Pieces ----------------------------------------------------------- */

/* Run the formula over 'count' elements at the addresses 'at'. */
static void update_at(const job *j, void *const *at, int64_t count) {
  void *state[PERI_MAX_STATES] = {NULL};
  peri__piece piece = j->piece;
  for (int i = STATES; i < j->arrays; i++) state[i - 1] = at[i];
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
  for (int i = 0; i < j->arrays; i++) {
    const array *a = &j->array[i];
    near[i] = is_direct(j, a) ? at[i] : buffer[i];
    if (near[i] != at[i]) copy_out(j, a, near[i], at[i], count);
  }
  update_at(j, near, count);
  for (int i = 0; i < j->arrays; i++)
    if (near[i] != at[i] && i != GRADIENT)
      copy_back(j, &j->array[i], at[i], near[i], count);
}

static void advance(const job *j, void **at, int64_t count) {
  for (int i = 0; i < j->arrays; i++) {
    const array *a = &j->array[i];
    int64_t bytes = (int64_t)peri_dtype_size(a->dtype) * stride_of(j, a);
    if (a->data) at[i] = (char *)at[i] + bytes * count;
  }
}

static bool all_direct(const job *j) {
  for (int i = 0; i < j->arrays; i++)
    if (!is_direct(j, &j->array[i])) return false;
  return true;
}

/* Addresses of the first elements of row 'row'. */
static void find_row(const job *j, int64_t row, void **at) {
  int64_t offset[ARRAYS] = {0};
  for (int d = j->ndim - 2; d >= 0; d--) {
    for (int i = 0; i < j->arrays; i++)
      offset[i] += row % j->shape[d] * j->array[i].strides[d];
    row /= j->shape[d];
  }
  for (int i = 0; i < j->arrays; i++) {
    const array *a = &j->array[i];
    at[i] = a->data;
    if (a->data)
      at[i] = a->data + offset[i] * (int64_t)peri_dtype_size(a->dtype);
  }
}

/* Elements 'begin' up to 'end' of a row. */
static void update_row(const job *j, int64_t row, int64_t begin, int64_t end) {
  void *at[ARRAYS];
  int64_t block = BLOCK_BYTES / (int64_t)peri_dtype_size(j->dtype);
  find_row(j, row, at);
  advance(j, at, begin);
  if (all_direct(j)) {
    update_at(j, at, end - begin);
    return;
  }
  for (int64_t left = end - begin; left > 0; left -= block) {
    int64_t count = left < block ? left : block;
    update_copied(j, at, count);
    advance(j, at, count);
  }
}

/* Pieces 'first' up to 'end' of all rows; those of a row in one go. */
static void update_pieces(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  int64_t width = j->shape[j->ndim - 1];
  (void)thread;
  while (first < end) {
    int64_t piece = first % j->pieces, left = j->pieces - piece;
    int64_t count = end - first < left ? end - first : left;
    int64_t stop = (piece + count) * PIECE;
    update_row(j, first / j->pieces, piece * PIECE,
               stop < width ? stop : width);
    first += count;
  }
}

/* A gradient in the memory of its parameter is read before or after the
   parameter is written as the order of the elements has it: one thread. */
static void share(job *j, const peri_call *call, int64_t elements) {
  int64_t width = j->shape[j->ndim - 1], rows = elements / width;
  int64_t items = rows * j->pieces;
  if (call->arg[0].buffer == call->arg[call->nout].buffer)
    update_pieces(j, 0, items, 0);
  else
    peri_parallel_for(call, items, call->cost / (double)items, update_pieces,
                      j);
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
  share(&j, call, elements);
}
