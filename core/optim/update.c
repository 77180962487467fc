/* update.c - what the plain update kernels share: the walk over a parameter,
   its states and its gradient in pieces of one type.

   Arguments of the record: parameter, step, states; gradient, numbers. Where
   all arrays have the type of the formula and the same dense layout the piece
   is the whole, in place; else pieces of a row are copied out and back. */
#include "update.h"

#define PIECE 256                    /* elements copied out at once */
#define ARRAYS (PERI_MAX_STATES + 1) /* parameter, gradient, states but step */

/* The arrays with an entry per element: parameter, gradient, states. */
typedef struct {
  const peri_arg *arg[ARRAYS];
  int count;
  peri_dtype dtype; /* of the formula */
} arrays;

double peri__power(double base, double count) {
  double power = 1;
  for (uint64_t left = (uint64_t)count; left > 0; left >>= 1) {
    if (left & 1) power *= base;
    base *= base;
  }
  return power;
}

static int64_t elements(const peri_arg *arg) {
  return peri__numel(arg->shape, arg->ndim);
}

/* No gaps and nothing twice: the elements reach as far as there are any. */
static bool is_dense(const peri_arg *arg) {
  int64_t reach = 1;
  for (int d = 0; d < arg->ndim; d++) {
    if (arg->shape[d] > 1 && arg->strides[d] < 1) return false;
    if (arg->shape[d] > 1) reach += (arg->shape[d] - 1) * arg->strides[d];
  }
  return reach == elements(arg);
}

static bool same_layout(const peri_arg *a, const peri_arg *b) {
  for (int d = 0; d < a->ndim; d++)
    if (a->shape[d] > 1 && a->strides[d] != b->strides[d]) return false;
  return true;
}

static bool in_place(const arrays *all) {
  for (int i = 0; i < all->count; i++) {
    const peri_arg *arg = all->arg[i];
    if (arg && arg->data &&
        (arg->dtype != all->dtype || !same_layout(all->arg[0], arg)))
      return false;
  }
  return is_dense(all->arg[0]);
}

/* Address of the element of 'arg' that stands at 'at'. */
static void *element(const peri_arg *arg, const int64_t *at) {
  int64_t offset = 0;
  for (int d = 0; d < arg->ndim; d++) offset += at[d] * arg->strides[d];
  return (char *)arg->data + offset * (int64_t)peri_dtype_size(arg->dtype);
}

static int64_t row_stride(const peri_arg *arg) {
  return arg->ndim > 0 ? arg->strides[arg->ndim - 1] : 1;
}

/* Copy 'count' elements of a row out, update them, copy them back. */
static void update_copied(const arrays *all, const int64_t *at, int64_t count,
                          peri__piece *piece, peri__formula *formula) {
  double buffer[ARRAYS][PIECE]; /* room for either type */
  void *state[PERI_MAX_STATES] = {NULL};
  for (int i = 0; i < all->count; i++) {
    const peri_arg *arg = all->arg[i];
    if (!arg->data) continue;
    peri__convert(buffer[i], all->dtype, 1, element(arg, at), arg->dtype,
                  row_stride(arg), count);
    if (i >= 2) state[i - 1] = buffer[i];
  }
  piece->count = count;
  piece->p = buffer[0];
  piece->g = buffer[1];
  piece->state = state;
  formula(piece);
  for (int i = 0; i < all->count; i++) {
    const peri_arg *arg = all->arg[i];
    if (arg->data && i != 1)
      peri__convert(element(arg, at), arg->dtype, row_stride(arg), buffer[i],
                    all->dtype, 1, count);
  }
}

/* Move 'at' to the next row of 'p'. -> false after the last */
static bool next_row(const peri_arg *p, int64_t *at) {
  for (int d = p->ndim - 2; d >= 0; d--) {
    if (++at[d] < p->shape[d]) return true;
    at[d] = 0;
  }
  return false;
}

static void update_rows(const arrays *all, peri__piece *piece,
                        peri__formula *formula) {
  const peri_arg *p = all->arg[0];
  int64_t at[PERI_MAX_DIMS] = {0};
  int64_t width = p->ndim > 0 ? p->shape[p->ndim - 1] : 1;
  int64_t *column = &at[p->ndim > 0 ? p->ndim - 1 : 0];
  do {
    for (*column = 0; *column < width; *column += PIECE) {
      int64_t left = width - *column;
      update_copied(all, at, left < PIECE ? left : PIECE, piece, formula);
    }
    *column = 0;
  } while (next_row(p, at));
}

static void update_whole(const arrays *all, peri__piece *piece,
                         peri__formula *formula) {
  void *state[PERI_MAX_STATES] = {NULL};
  for (int i = 2; i < all->count; i++) state[i - 1] = all->arg[i]->data;
  piece->count = elements(all->arg[0]);
  piece->p = all->arg[0]->data;
  piece->g = all->arg[1]->data;
  piece->state = state;
  formula(piece);
}

void peri__update(const peri_call *call, peri__formula *narrow,
                  peri__formula *wide) {
  const peri_arg *p = &call->arg[0], *g = &call->arg[call->nout];
  double *step = call->arg[1].data;
  bool is_wide = p->dtype == PERI_F64;
  peri__formula *formula = is_wide ? wide : narrow;
  arrays all = {{p, g}, 2, is_wide ? PERI_F64 : PERI_F32};
  for (int i = 2; i < call->nout; i++) all.arg[all.count++] = &call->arg[i];
  peri__piece piece = {.number = g[1].data, .step = step ? ++*step : 0};
  if (elements(p) == 0) return;
  if (in_place(&all))
    update_whole(&all, &piece, formula);
  else
    update_rows(&all, &piece, formula);
}
