/* create.c - operations that make tensors from nothing: constant, counted and
   random ones. Their last three parameters are dtype, device and
   requires_grad. Random ones take one call number of the context each. */
#include <math.h>

#include "kernels.h"

/* The dtype parameter, or 'fallback' where it is absent. */
static peri_dtype dtype_of(const peri_frame *frame, peri_dtype fallback) {
  int place = peri__count_params(frame->op->params) - 3;
  return (peri_dtype)peri__int(frame->value, place, fallback);
}

/* The one output of a source. */
static int make(peri_frame *frame, const int64_t *shape, int ndim,
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
  return 0;
}

static int run_numbers(peri_frame *frame, int kernel,
                       const peri__numbers_attr *attr) {
  return peri__run(frame->ctx, peri__kernel_id(kernel), frame->y, 1, 0, attr,
                   sizeof *attr);
}

/* ---- zeros, ones, full ------------------------------------------------ */

int peri__shaped_infer(peri_frame *frame) {
  const peri_value *shape = &frame->value[0];
  return make(frame, shape->list, shape->count, dtype_of(frame, PERI_F32));
}

int peri__full_infer(peri_frame *frame) {
  const peri_value *shape = &frame->value[0];
  peri_dtype natural = frame->value[1].whole ? PERI_I64 : PERI_F32;
  return make(frame, shape->list, shape->count, dtype_of(frame, natural));
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
  return make(frame, &size, 1, dtype_of(frame, r.whole ? PERI_I64 : PERI_F32));
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
  return make(frame, &frame->value[2].i, 1, dtype_of(frame, PERI_F32));
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
  return make(frame, shape, 2, dtype_of(frame, PERI_F32));
}

int peri__eye_forward(peri_frame *frame) {
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_eye), frame->y, 1, 0,
                   NULL, 0);
}

/* ---- Random ----------------------------------------------------------- */

/* A record with the next call number; replays take new ones. */
static int run_random(peri_frame *frame, int kernel, peri_tensor *const *args,
                      int nin, peri__random_attr attr) {
  peri_context *ctx = frame->ctx;
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(kernel));
  call.flags = PERI_CALL_RANDOM;
  peri__call_out(&call, args[0]);
  for (int i = 0; i < nin; i++) peri__call_in(&call, args[1 + i]);
  attr.key = ctx->seed;
  attr.draw = peri__draw(ctx);
  memcpy(call.attr, &attr, sizeof attr);
  return peri__call_run(ctx, &call, args);
}

int peri__random_infer(peri_frame *frame) {
  int status = peri__shaped_infer(frame);
  peri_dtype dtype = frame->out[0].dtype;
  if (status < 0 || peri__is_float(dtype)) return status;
  return peri__op_fail(frame, PERI_EDTYPE, "dtype must be a float, got %s",
                       peri_dtype_name(dtype));
}

int peri__rand_forward(peri_frame *frame) {
  const peri__random_attr attr = {0};
  return run_random(frame, PERI_K_uniform, frame->y, 0, attr);
}

int peri__randn_forward(peri_frame *frame) {
  const peri__random_attr attr = {0};
  return run_random(frame, PERI_K_normal, frame->y, 0, attr);
}

int peri__randint_infer(peri_frame *frame) {
  const peri_value *v = frame->value;
  if (v[1].i <= v[0].i)
    return peri__op_fail(frame, PERI_EARG,
                         "high must be above low %lld, got %lld",
                         (long long)v[0].i, (long long)v[1].i);
  return make(frame, v[2].list, v[2].count, dtype_of(frame, PERI_I64));
}

int peri__randint_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri__random_attr attr = {.low = v[0].i};
  attr.range = (uint64_t)v[1].i - (uint64_t)v[0].i;
  return run_random(frame, PERI_K_integers, frame->y, 0, attr);
}

int peri__randperm_infer(peri_frame *frame) {
  return make(frame, &frame->value[0].i, 1, dtype_of(frame, PERI_I64));
}

int peri__randperm_forward(peri_frame *frame) {
  const peri__random_attr attr = {.base = frame->base};
  return run_random(frame, PERI_K_permutation, frame->y, 0, attr);
}

enum { BLOCK = 256 }; /* probabilities looked at together */

/* The first of 'count' numbers at 'from' that is no probability, or 0. */
static double no_probability(const void *from, peri_dtype dtype,
                             int64_t count) {
  double p[BLOCK];
  peri__convert(p, PERI_F64, 1, from, dtype, 1, count);
  for (int64_t i = 0; i < count; i++)
    if (!(p[i] >= 0 && p[i] <= 1)) return p[i];
  return 0;
}

/* Probabilities are checked before the first number is drawn. */
int peri__bernoulli_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *args[2] = {frame->y[0], x};
  const peri__random_attr attr = {0};
  if (!peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE, "x must be a float, it is %s",
                         peri_dtype_name(x->dtype));
  int64_t count = x->storage->meta ? 0 : peri_tensor_numel(x);
  peri_tensor *flat = peri__contiguous(x);
  if (!flat) return frame->ctx->status;
  const char *from = count > 0 ? peri_tensor_data(flat) : NULL;
  for (int64_t i = 0; i < count; i += BLOCK) {
    if (i % 65536 == 0 && peri__poll(frame->ctx) < 0) break;
    double p = no_probability(from + (size_t)i * peri_dtype_size(x->dtype),
                              x->dtype, count - i < BLOCK ? count - i : BLOCK);
    if (p != 0)
      return peri__op_fail(frame, PERI_EARG,
                           "probabilities must be in [0, 1], got %g", p);
  }
  return run_random(frame, PERI_K_bernoulli, args, 1, attr);
}

int peri__dropout_mask_forward(peri_frame *frame) {
  const peri__random_attr attr = {.p = frame->value[0].f};
  return run_random(frame, PERI_K_dropout_mask, frame->y, 0, attr);
}
