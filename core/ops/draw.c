/* draw.c - random numbers of one law: rand, randn, randint, randperm,
   bernoulli, the mask of dropout. */
#include "create.h"

/* A record with the next call number of the generator; replays take new ones.
   A call that fails draws nothing. */
static int run_random(peri_frame *frame, int kernel, peri_tensor *const *args,
                      int nin, peri__random_attr attr) {
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(kernel));
  call.flags = PERI_CALL_RANDOM;
  peri__call_out(&call, args[0]);
  for (int i = 0; i < nin; i++) peri__call_in(&call, args[1 + i]);
  attr.generator = peri__generator_of(frame);
  memcpy(call.attr, &attr, sizeof attr);
  peri__call_draw(&call);
  int status = peri__call_run(frame->ctx, &call, args);
  if (status < 0) attr.generator->draws--;
  return status;
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
  return peri__made(frame, v[2].list, v[2].count,
                    peri__made_dtype(frame, PERI_I64));
}

int peri__randint_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri__random_attr attr = {.low = v[0].i};
  attr.range = (uint64_t)v[1].i - (uint64_t)v[0].i;
  return run_random(frame, PERI_K_integers, frame->y, 0, attr);
}

int peri__randperm_infer(peri_frame *frame) {
  return peri__made(frame, &frame->value[0].i, 1,
                    peri__made_dtype(frame, PERI_I64));
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
