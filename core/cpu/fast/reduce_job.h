/* reduce_job.h - what the fast reductions of one compute type share: how the
   elements of an output are read and what becomes of them on the way.

   Other element types are converted block by block, and so are elements that
   do not lie in a row. A pass may map them: any and all are the largest and
   the smallest of "x is not 0", a norm sums powers. */
#ifndef PERI_REDUCE_JOB_H
#define PERI_REDUCE_JOB_H

#include "reduce.h"
#include "reduce_tree.h"

enum {
  AS_IS,
  TRUTH,
  NO_NAN,
  SIZE,
  SQUARE,
  POWER,
  OFFSET,
  OFFSET_SQUARE,
  OFFSET_EXP
};

/* One way through elements: what they are mapped to, and how they are
   joined. */
typedef struct {
  int op, map;
  T none;          /* changes nothing */
  T power;         /* of POWER */
  const T *center; /* of OFFSET...: one number, or one of each column */
} pass;

typedef struct {
  const peri_call *call;
  peri__reduction r;
  const peri_arg *x;
  bool typed; /* x is of type T */
  pass p;
  double order;    /* of a norm, 1 for what needs no finish */
  double divisor;  /* of the second moment */
  int64_t stripes; /* of columns, at least 1 */
  int64_t chunks;
  int64_t base; /* added to positions */
  T *parts;     /* of the chunks */
} job;

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- Maps --------------------------------------------------------------- */

#if IS_FLOAT

/* x - center, of columns each with its own. */
static void offset_run(const pass *p, bool columns, const T *x, T *to,
                       int64_t count) {
  if (columns)
    for (int64_t i = 0; i < count; i++) to[i] = x[i] - p->center[i];
  else
    for (int64_t i = 0; i < count; i++) to[i] = x[i] - p->center[0];
}

static void square_run(const T *x, T *to, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = x[i] * x[i];
}

static void size_run(const T *x, T *to, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = x[i] < 0 ? -x[i] : x[i] + 0;
}

static void no_nan_run(const T *x, T *to, int64_t count) {
  for (int64_t i = 0; i < count; i++) to[i] = is_nan(x[i]) ? 0 : x[i];
}

/* |x|^power */
static void power_run(T power, const T *x, T *to, int64_t count) {
  size_run(x, to, count);
  LOG(to, to, count);
  for (int64_t i = 0; i < count; i++) to[i] *= power;
  EXP(to, to, count);
}

static void map_number(const pass *p, bool columns, const T *x, T *to,
                       int64_t count) {
  switch (p->map) {
    case NO_NAN: no_nan_run(x, to, count); break;
    case SIZE: size_run(x, to, count); break;
    case SQUARE: square_run(x, to, count); break;
    case POWER: power_run(p->power, x, to, count); break;
    default: offset_run(p, columns, x, to, count);
  }
  if (p->map == OFFSET_SQUARE) square_run(to, to, count);
  if (p->map == OFFSET_EXP) EXP(to, to, count);
}

#endif

/* to = x mapped; 'to' may be 'x'. */
static void map_run(const pass *p, bool columns, const T *x, T *to,
                    int64_t count) {
  if (p->map == TRUTH)
    for (int64_t i = 0; i < count; i++) to[i] = x[i] != 0;
#if IS_FLOAT
  if (p->map > TRUTH) map_number(p, columns, x, to, count);
#endif
  (void)columns;
}

/* ---- Reading and writing ------------------------------------------------ */

/* True if elements are taken where they are. */
INLINE bool direct(const job *j, const pass *p) {
  return j->typed && p->map == AS_IS;
}

/* 'count' elements from 'offset' on into 'to', as the pass has them. */
static void read_run(const job *j, const pass *p, int64_t offset, int64_t step,
                     int64_t count, T *to) {
  const char *from =
      (const char *)j->x->data + offset * (int64_t)peri_dtype_size(j->x->dtype);
  const T *x = to;
  if (step == 1 && j->typed && p->map != AS_IS)
    x = (const T *)from;
  else if (step == 1)
    LEVEL(convert)(to, T_DTYPE, from, j->x->dtype, count);
  else
    peri__convert(to, T_DTYPE, 1, from, j->x->dtype, step, count);
  if (p->map != AS_IS) map_run(p, j->r.columns != 0, x, to, count);
}

/* Elements 'at' to 'at' + 'count' of the output whose first one is at 'offset',
   in a row: where they are, or a copy. */
static const T *block_at(const job *j, const pass *p, int64_t offset,
                         int64_t at, int64_t count, T *copy) {
  int64_t step = j->r.steps[j->r.reduced - 1], place;
  int64_t run = peri__reduction_run(&j->r, at, &place);
  if (direct(j, p) && step == 1 && run >= count)
    return (const T *)j->x->data + offset + place;
  for (int64_t done = 0; done < count; done += run) {
    run = peri__reduction_run(&j->r, at + done, &place);
    if (run > count - done) run = count - done;
    read_run(j, p, offset + place, step, run, copy + done);
  }
  return copy;
}

/* What a norm makes of its sum. */
static T finished(const job *j, T value) {
#if IS_FLOAT
  if (j->order == 2) return (T)__builtin_sqrt((double)value);
  if (j->order != 1) return (T)__builtin_pow((double)value, 1 / j->order);
#endif
  (void)j;
  return value;
}

static void write_one(const peri_arg *y, int64_t offset, T value) {
  if (y->dtype == T_DTYPE) {
    ((T *)y->data)[offset] = value;
    return;
  }
#if !IS_FLOAT
  value = peri__wrapped(value, y->dtype);
#endif
  peri__convert((char *)y->data + offset * (int64_t)peri_dtype_size(y->dtype),
                y->dtype, 1, &value, T_DTYPE, 1, 1);
}

/* Column 'first' and 'count' - 1 more of output 'y', whose first column is at
   'offset'. */
static void write_columns(const job *j, int y, int64_t offset, int64_t first,
                          int64_t count, T *value) {
  const peri_arg *arg = &j->call->arg[y];
  int64_t step = j->r.column_steps[1 + y];
  offset += first * step;
  for (int64_t c = 0; j->order != 1 && c < count; c++)
    value[c] = finished(j, value[c]);
#if !IS_FLOAT
  for (int64_t c = 0; c < count; c++)
    value[c] = peri__wrapped(value[c], arg->dtype);
#endif
  peri__convert(
      (char *)arg->data + offset * (int64_t)peri_dtype_size(arg->dtype),
      arg->dtype, step, value, T_DTYPE, 1, count);
}

#endif
