/* draw.c - random numbers that need no law of their own: rand, randn, randint
   and their forms for the shape of a tensor, random_, randperm, bernoulli, the
   mask of dropout. */
#include "draw.h"

int peri__run_random(peri_frame *frame, int kernel, peri_tensor *const *args,
                     int nin, bool alike, peri__random_attr attr) {
  peri_call call;
  if (alike) {
    peri__call_alike(&call, peri__kernel_id(kernel), args, nin);
  } else {
    peri__call_begin(&call, peri__kernel_id(kernel));
    peri__call_out(&call, args[0]);
    for (int i = 0; i < nin; i++) peri__call_in(&call, args[1 + i]);
  }
  call.flags = PERI_CALL_RANDOM;
  attr.generator = peri__generator_of(frame);
  memcpy(call.attr, &attr, sizeof attr);
  peri__call_draw(&call);
  int status = peri__call_run(frame->ctx, &call, args);
  if (status < 0) attr.generator->draws--;
  return status;
}

/* A record without inputs. */
static int run_random(peri_frame *frame, int kernel, peri__random_attr attr) {
  return peri__run_random(frame, kernel, frame->y, 0, false, attr);
}

/* ---- Sources ---------------------------------------------------------- */

int peri__random_infer(peri_frame *frame) {
  int status = peri__shaped_infer(frame);
  peri_dtype dtype = frame->out[0].dtype;
  if (status < 0 || peri__is_float(dtype)) return status;
  return peri__op_fail(frame, PERI_EDTYPE, "dtype must be a float, got %s",
                       peri_dtype_name(dtype));
}

int peri__rand_forward(peri_frame *frame) {
  const peri__random_attr attr = {0};
  return run_random(frame, PERI_K_uniform, attr);
}

int peri__randn_forward(peri_frame *frame) {
  const peri__random_attr attr = {0};
  return run_random(frame, PERI_K_normal, attr);
}

/* Numbers from 'low' up to below 'high' must exist in 'dtype', if it is one of
   whole numbers. */
static int check_whole(const peri_frame *frame, const char *const name[2],
                       int64_t low, int64_t high, peri_dtype dtype) {
  if (high <= low)
    return peri__op_fail(frame, PERI_EARG, "%s must be above %s %lld, got %lld",
                         name[1], name[0], (long long)low, (long long)high);
  if (peri__is_float(dtype) || dtype == PERI_I64) return 0;
  int64_t most = dtype == PERI_I32 ? INT32_MAX : dtype == PERI_U8 ? 255 : 1;
  int64_t least = dtype == PERI_I32 ? INT32_MIN : 0;
  if (low >= least && high - 1 <= most) return 0;
  return peri__op_fail(
      frame, PERI_EARG, "numbers from %lld to %lld do not fit %s",
      (long long)low, (long long)high - 1, peri_dtype_name(dtype));
}

int peri__randint_infer(peri_frame *frame) {
  static const char *const names[] = {"low", "high"};
  const peri_value *v = frame->value;
  peri_dtype dtype = peri__made_dtype(frame, PERI_I64);
  int status = check_whole(frame, names, v[0].i, v[1].i, dtype);
  if (status < 0) return status;
  return peri__made(frame, v[2].list, v[2].count, dtype);
}

int peri__randint_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri__random_attr attr = {.low = v[0].i};
  attr.range = (uint64_t)v[1].i - (uint64_t)v[0].i;
  return run_random(frame, PERI_K_integers, attr);
}

int peri__randperm_infer(peri_frame *frame) {
  return peri__made(frame, &frame->value[0].i, 1,
                    peri__made_dtype(frame, PERI_I64));
}

int peri__randperm_forward(peri_frame *frame) {
  const peri__random_attr attr = {.base = frame->base};
  return run_random(frame, PERI_K_permutation, attr);
}

int peri__randint_like_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  const peri_tensor *x = frame->in[0];
  peri_randint_options options = peri_randint_defaults();
  options.dtype = (peri_dtype)peri__int(v, 2, x->dtype);
  options.device = peri_tensor_device(x);
  options.requires_grad = v[3].i != 0;
  options.generator = peri__generator_of(frame);
  frame->y[0] =
      peri_randint(frame->ctx, v[0].i, v[1].i, x->shape, x->ndim, &options);
  return frame->y[0] ? 0 : (int)frame->ctx->status;
}

/* The row 'make' of a source with shape, dtype and device of x. */
#define LIKE(name, make) \
  int peri__##name##_forward(peri_frame *frame) { \
    const peri_value *v = frame->value; \
    const peri_tensor *x = frame->in[0]; \
    make##_options options = make##_defaults(); \
    options.dtype = (peri_dtype)peri__int(v, 0, x->dtype); \
    options.device = peri_tensor_device(x); \
    options.requires_grad = v[1].i != 0; \
    options.generator = peri__generator_of(frame); \
    frame->y[0] = make(frame->ctx, x->shape, x->ndim, &options); \
    return frame->y[0] ? 0 : (int)frame->ctx->status; \
  }
LIKE(rand_like, peri_rand)
LIKE(randn_like, peri_randn)
#undef LIKE

/* ---- Whole numbers in place ------------------------------------------- */

/* One past the largest whole number up to which 'dtype' has all. */
static uint64_t numbers_of(peri_dtype dtype) {
  switch (dtype) {
    case PERI_BOOL: return 2;
    case PERI_U8: return 1 << 8;
    case PERI_I32: return (uint64_t)1 << 31;
    case PERI_F16: return (1 << 11) + 1;
    case PERI_BF16: return (1 << 8) + 1;
    case PERI_F32: return (1 << 24) + 1;
    case PERI_F64: return ((uint64_t)1 << 53) + 1;
    default: return (uint64_t)1 << 63;
  }
}

/* One number alone is the bound, and 0 is the first. */
int peri__random__infer(peri_frame *frame) {
  const peri_value *v = frame->value;
  bool alone = v[1].type == PERI_P_END;
  peri_dtype dtype = frame->in[0]->dtype;
  int status = peri__same_infer(frame);
  if (status < 0 || v[0].type == PERI_P_END) return status;
  static const char *const names[] = {"from", "to"};
  return check_whole(frame, names, alone ? 0 : v[0].i, v[alone ? 0 : 1].i,
                     dtype);
}

int peri__random__forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri__random_attr attr = {.low = 0};
  if (v[0].type == PERI_P_END) {
    attr.range = numbers_of(frame->in[0]->dtype);
  } else {
    bool alone = v[1].type == PERI_P_END;
    attr.low = alone ? 0 : v[0].i;
    attr.range = (uint64_t)v[alone ? 0 : 1].i - (uint64_t)attr.low;
  }
  return run_random(frame, PERI_K_integers, attr);
}

/* ---- Chances ---------------------------------------------------------- */

enum { BLOCK = 256 }; /* numbers looked at together */

/* The same of 'count' numbers at 'from'. */
static bool find_in_block(const void *from, peri_dtype dtype, int64_t count,
                          bool (*fits)(double), double *found) {
  double x[BLOCK];
  peri__convert(x, PERI_F64, 1, from, dtype, 1, count);
  for (int64_t i = 0; i < count; i++)
    if (!fits(x[i])) {
      *found = x[i];
      return true;
    }
  return false;
}

bool peri__find_unfit(peri_tensor *x, bool (*fits)(double), double *found) {
  if (x->storage->meta) return false;
  int64_t count = peri_tensor_numel(x);
  peri_tensor *flat = peri__contiguous(x);
  if (!flat) return true;
  const char *from = count > 0 ? peri_tensor_data(flat) : NULL;
  for (int64_t i = 0; i < count; i += BLOCK) {
    if (i % 65536 == 0 && peri__poll(x->ctx) < 0) return true;
    if (find_in_block(from + (size_t)i * peri_dtype_size(x->dtype), x->dtype,
                      count - i < BLOCK ? count - i : BLOCK, fits, found))
      return true;
  }
  return false;
}

bool peri__is_chance(double p) { return p >= 0 && p <= 1; }

static int refuse_chance(const peri_frame *frame, double p) {
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__op_fail(frame, PERI_EARG,
                       "probabilities must be in [0, 1], got %.10g", p);
}

int peri__bernoulli_infer(peri_frame *frame) {
  const peri_tensor *p = frame->in[0];
  if (!p->number && !peri__is_float(p->dtype))
    return peri__op_fail(frame, PERI_EDTYPE,
                         "p must hold float probabilities, it is %s",
                         peri_dtype_name(p->dtype));
  return peri__law_infer(frame);
}

/* Ones with chances 'p', which a plain number may be and which are checked
   before the first number is drawn. */
static int draw_bernoulli(peri_frame *frame, peri_tensor *p) {
  peri_tensor *args[2] = {frame->y[0], p};
  peri__random_attr attr = {.p = 0};
  if (peri__find_unfit(p, peri__is_chance, &attr.p))
    return refuse_chance(frame, attr.p);
  if (!p->number)
    return peri__run_random(frame, PERI_K_bernoulli, args, 1, true, attr);
  attr.p = peri_item(p);
  return run_random(frame, PERI_K_bernoulli, attr);
}

int peri__bernoulli_forward(peri_frame *frame) {
  return draw_bernoulli(frame, frame->in[0]);
}

int peri__bernoulli__infer(peri_frame *frame) {
  return peri__params_infer(frame, 1);
}

int peri__bernoulli__forward(peri_frame *frame) {
  peri_tensor *p = frame->in[1] ? frame->in[1] : peri_number(frame->ctx, 0.5);
  return p ? draw_bernoulli(frame, p) : (int)frame->ctx->status;
}

int peri__dropout_mask_forward(peri_frame *frame) {
  const peri__random_attr attr = {.p = frame->value[0].f};
  return run_random(frame, PERI_K_dropout_mask, attr);
}
