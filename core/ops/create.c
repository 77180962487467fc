/* create.c - operations that make tensors from nothing: constant and counted
   ones. */
#include "create.h"

#include <math.h>

peri_dtype peri__made_dtype(const peri_frame *frame, peri_dtype fallback) {
  int place = peri__source_place(frame->op);
  return (peri_dtype)peri__int(frame->value, place, fallback);
}

int peri__made(peri_frame *frame, const int64_t *shape, int ndim,
               peri_dtype dtype) {
  peri_meta *out = &frame->out[0];
  out->dtype = dtype;
  out->ndim = ndim;
  for (int d = 0; d < ndim; d++) {
    out->shape[d] = shape[d];
    if (shape[d] < 0)
      return peri__op_fail(frame, PERI_ESHAPE, "shape has the size %lld",
                           (long long)shape[d]);
  }
  frame->nout = 1;
  int wants_grad = peri__source_place(frame->op) + 2;
  if (frame->value[wants_grad].i == 0 || peri__is_float(dtype)) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "requires_grad needs a float dtype, it is %s",
                       peri_dtype_name(dtype));
}

static int run_numbers(peri_frame *frame, int kernel,
                       const peri__numbers_attr *attr) {
  return peri__run(frame->ctx, peri__kernel_id(kernel), frame->y, 1, 0, attr,
                   sizeof *attr);
}

/* ---- zeros, ones, full ------------------------------------------------ */

int peri__shaped_infer(peri_frame *frame) {
  const peri_value *shape = &frame->value[0];
  return peri__made(frame, shape->list, shape->count,
                    peri__made_dtype(frame, PERI_F32));
}

int peri__full_infer(peri_frame *frame) {
  const peri_value *shape = &frame->value[0];
  peri_dtype natural = frame->value[1].whole ? PERI_I64 : PERI_F32;
  return peri__made(frame, shape->list, shape->count,
                    peri__made_dtype(frame, natural));
}

int peri__full_forward(peri_frame *frame) {
  return peri__fill_with(frame->y[0], &frame->value[1]);
}

static int fill_whole(peri_frame *frame, int64_t number) {
  const peri_value value = {.type = PERI_P_NUMBER, .whole = true, .i = number};
  return peri__fill_with(frame->y[0], &value);
}

int peri__zeros_forward(peri_frame *frame) { return fill_whole(frame, 0); }
int peri__ones_forward(peri_frame *frame) { return fill_whole(frame, 1); }

/* ---- arange, linspace, eye -------------------------------------------- */

typedef struct {
  bool whole;
  double start, stop, step;
  int64_t istart, istop, istep;
} range;

/* One number alone is the bound. */
static range range_of(const peri_frame *frame) {
  const peri_value *v = frame->value;
  bool alone = v[1].type == PERI_P_END;
  int bound = alone ? 0 : 1;
  range r = {.whole = v[0].whole && (alone || v[1].whole) && v[2].whole};
  r.start = alone ? 0 : peri__real(v, 0, 0);
  r.stop = peri__real(v, bound, 0);
  r.step = peri__real(v, 2, 1);
  r.istart = alone ? 0 : peri__int(v, 0, 0);
  r.istop = peri__int(v, bound, 0);
  r.istep = peri__int(v, 2, 1);
  return r;
}

/* How many numbers of a range lie before its bound, whole ones exactly. */
static double count_of(const range *r) {
  if (!r->whole) return ceil((r->stop - r->start) / r->step);
  bool up = r->istep > 0;
  uint64_t from = (uint64_t)(up ? r->istart : r->istop);
  uint64_t to = (uint64_t)(up ? r->istop : r->istart);
  uint64_t step = up ? (uint64_t)r->istep : 0 - (uint64_t)r->istep;
  uint64_t gap = to - from;
  return (double)(gap / step + (gap % step != 0));
}

int peri__arange_infer(peri_frame *frame) {
  range r = range_of(frame);
  bool leads = r.step > 0 ? r.start <= r.stop : r.start >= r.stop;
  if (r.whole) leads = r.istep > 0 ? r.istart <= r.istop : r.istart >= r.istop;
  double count = leads && r.step != 0 ? count_of(&r) : -1;
  if (!(count >= 0))
    return peri__op_fail(frame, PERI_EARG,
                         "step %g does not lead from %g to %g", r.step, r.start,
                         r.stop);
  if (!(count < 1e15))
    return peri__op_fail(frame, PERI_ESHAPE, "%g numbers are too many", count);
  int64_t size = (int64_t)count;
  return peri__made(frame, &size, 1,
                    peri__made_dtype(frame, r.whole ? PERI_I64 : PERI_F32));
}

int peri__arange_forward(peri_frame *frame) {
  range r = range_of(frame);
  peri__numbers_attr attr = {.whole = r.whole,
                             .real = {r.start, r.step},
                             .i = {r.istart, r.istep},
                             .last = -1};
  return run_numbers(frame, PERI_K_arange, &attr);
}

int peri__linspace_infer(peri_frame *frame) {
  return peri__made(frame, &frame->value[2].i, 1,
                    peri__made_dtype(frame, PERI_F32));
}

int peri__linspace_forward(peri_frame *frame) {
  double start = frame->value[0].f, stop = frame->value[1].f;
  int64_t steps = frame->value[2].i;
  double step = steps > 1 ? (stop - start) / (double)(steps - 1) : 0;
  peri__numbers_attr attr = {
      .real = {start, step}, .last = steps > 1 ? steps - 1 : -1, .stop = stop};
  return run_numbers(frame, PERI_K_arange, &attr);
}

int peri__eye_infer(peri_frame *frame) {
  int64_t rows = frame->value[0].i;
  const int64_t shape[2] = {rows, peri__int(frame->value, 1, rows)};
  return peri__made(frame, shape, 2, peri__made_dtype(frame, PERI_F32));
}

int peri__eye_forward(peri_frame *frame) {
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_eye), frame->y, 1, 0,
                   NULL, 0);
}
