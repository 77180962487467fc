/* plain_index.c - the plain kernels of elements at positions: gather and
   scatter, with peri__index_attr, and the joining of two indices. */
#include "places.h"
#include "plain.h"

/* One of these on its way. */
typedef struct {
  peri__indexed own;
  peri__walk walk;
} job;

/* The walk goes through 'model', the index and the tensor with the places,
   which is argument 'own'. */
static void job_begin(job *j, const peri_call *call, int model, int own) {
  const peri_arg *arg[] = {&call->arg[model], &j->own.index, &j->own.flat};
  peri__indexed_begin(&j->own, call, own);
  peri__walk_of(&j->walk, arg, 3, -1);
}

static int64_t offset_of(const job *j, int64_t at) {
  const peri_arg *index = &j->own.index;
  int64_t given;
  peri__convert(&given, PERI_I64, 1, peri__at(index, at), index->dtype, 1, 1);
  return peri__given_offset(&j->own.places, given);
}

/* ---- gather: y, x, index ---------------------------------------------- */

/* y[.., i, ..] = x[.., index[.., i, ..], ..] along 'dim', zero where there is
   no such place. */
static void gather_piece(void *user, const peri__walk *walk,
                         const int64_t *offset, int64_t count) {
  const job *j = user;
  const peri_arg *y = &j->own.call->arg[0], *x = &j->own.flat;
  const int64_t zero = 0;
  for (int64_t i = 0; i < count; i++) {
    int64_t from = offset_of(j, offset[1] + i * peri__row_stride(walk, 1));
    void *to = peri__at(y, offset[0] + i * peri__row_stride(walk, 0));
    int64_t at = offset[2] + i * peri__row_stride(walk, 2) + from;
    if (from < 0)
      peri__convert(to, y->dtype, 1, &zero, PERI_I64, 1, 1);
    else
      peri__convert(to, y->dtype, 1, peri__at(x, at), y->dtype, 1, 1);
  }
}

void peri__plain_gather(const peri_call *call) {
  job j;
  job_begin(&j, call, 0, 1);
  peri__walk_share(&j.walk, call, 10, gather_piece, &j);
}

/* ---- scatter: y, src, index ------------------------------------------- */

static double joined(int mode, double y, double x) {
  switch (mode) {
    case PERI_SCATTER_ADD: return y + x;
    case PERI_SCATTER_MUL: return y * x;
    case PERI_SCATTER_MAX: return y != y || y >= x ? y : x;
    case PERI_SCATTER_MIN: return y != y || y <= x ? y : x;
    default: return x;
  }
}

/* In the width of 'dtype', where sums and products wrap; those of truth values
   are "or" and "and". */
static int64_t joined_whole(int mode, peri_dtype dtype, int64_t y, int64_t x) {
  int64_t made = x;
  if (mode == PERI_SCATTER_ADD)
    made = (int64_t)((uint64_t)y + (uint64_t)x);
  else if (mode == PERI_SCATTER_MUL)
    made = (int64_t)((uint64_t)y * (uint64_t)x);
  else if (mode == PERI_SCATTER_MAX)
    made = y > x ? y : x;
  else if (mode == PERI_SCATTER_MIN)
    made = y < x ? y : x;
  if (dtype == PERI_I32) return (int32_t)(uint32_t)made;
  return dtype == PERI_U8 ? (uint8_t)made : made;
}

static void join_whole(int mode, const peri_arg *y, int64_t to,
                       const peri_arg *src, int64_t from) {
  int64_t a, b;
  peri__convert(&a, PERI_I64, 1, peri__at(y, to), y->dtype, 1, 1);
  peri__convert(&b, PERI_I64, 1, peri__at(src, from), src->dtype, 1, 1);
  a = joined_whole(mode, y->dtype, a, b);
  peri__convert(peri__at(y, to), y->dtype, 1, &a, PERI_I64, 1, 1);
}

/* 16-bit floats are joined in float32. */
static void join_real(int mode, const peri_arg *y, int64_t to,
                      const peri_arg *src, int64_t from) {
  double made = joined(mode, peri__get(y, to), peri__get(src, from));
  if (y->dtype != PERI_F64) made = (double)(float)made;
  peri__put(y, to, made);
}

/* y[.., index[.., i, ..], ..] and src[.., i, ..] along 'dim' are joined, in the
   order of i; what has no place is left out. */
static void scatter_row(const job *j, const int64_t *offset, int64_t count) {
  const peri_call *call = j->own.call;
  const peri_arg *y = &call->arg[0], *src = &call->arg[1];
  bool real = peri__is_float(y->dtype);
  for (int64_t i = 0; i < count && !peri__stopped_at(call, i); i++) {
    int64_t to = offset_of(j, offset[1] + i * peri__row_stride(&j->walk, 1));
    int64_t from = offset[0] + i * peri__row_stride(&j->walk, 0);
    if (to < 0) continue;
    to += offset[2] + i * peri__row_stride(&j->walk, 2);
    if (real)
      join_real(j->own.attr.mode, y, to, src, from);
    else
      join_whole(j->own.attr.mode, y, to, src, from);
  }
}

void peri__plain_scatter(const peri_call *call) {
  job j;
  peri__spot spot;
  job_begin(&j, call, 1, 0);
  int outer = j.walk.ndim - 1;
  int64_t row = j.walk.shape[outer];
  if (peri__walk_count(&j.walk, j.walk.ndim) == 0) return;
  peri__walk_seek(&j.walk, outer, 0, &spot);
  do scatter_row(&j, spot.offset, row);
  while (!peri_call_stopped(call) && peri__walk_step(&j.walk, outer, &spot));
}

/* ---- join_places: y int64, a, b: peri__join_attr ---------------------- */

/* Out of range stays so, in an index of any size. */
static int64_t joined_place(const peri__join_attr *attr, int64_t a, int64_t b) {
  int64_t first = peri__place(a, (int)attr->base[0], attr->size[0]);
  int64_t second = peri__place(b, (int)attr->base[1], attr->size[1]);
  return first < 0 || second < 0 ? INT64_MIN : first * attr->size[1] + second;
}

static void join_piece(void *user, const peri__walk *walk,
                       const int64_t *offset, int64_t count) {
  const peri_call *call = user;
  const peri_arg *arg = call->arg;
  peri__join_attr attr;
  int64_t given[2][PERI_CHUNK], step[3];
  memcpy(&attr, call->attr, sizeof attr);
  for (int k = 0; k < 3; k++) step[k] = peri__row_stride(walk, k);
  for (int64_t at = 0; at < count; at += PERI_CHUNK) {
    int64_t n = count - at < PERI_CHUNK ? count - at : PERI_CHUNK;
    int64_t *y = peri__at(&arg[0], offset[0] + at * step[0]);
    for (int k = 1; k < 3; k++)
      peri__convert(given[k - 1], PERI_I64, 1,
                    peri__at(&arg[k], offset[k] + at * step[k]), arg[k].dtype,
                    step[k], n);
    for (int64_t i = 0; i < n; i++)
      y[i * step[0]] = joined_place(&attr, given[0][i], given[1][i]);
  }
}

void peri__plain_join_places(const peri_call *call) {
  peri__walk walk;
  peri__walk_begin(&walk, call);
  peri__walk_share(&walk, call, 5, join_piece, (void *)call);
}
