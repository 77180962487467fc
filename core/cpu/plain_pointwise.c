/* plain_pointwise.c - plain kernels of the rows of ops/pointwise.def: one loop
   per expression and compute type, behind one walk that converts what has
   another dtype or is not contiguous, a chunk at a time. */
#include <math.h>

#include "plain.h"
#include "pointwise.h"
#include "pointwise_parts.h"
#include "special.h"

/* ---- Arithmetic of integers that is not one C operator ---------------- */

/* Wraps; a negative exponent leaves only what 1 and -1 give. */
static inline int64_t power_i64(int64_t a, int64_t b) {
  uint64_t y = 1, x = (uint64_t)a;
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
  for (; b > 0; b >>= 1, x *= x)
    if (b & 1) y *= x;
  return (int64_t)y;
}

static inline int64_t modulo_i64(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline int64_t floor_quotient_i64(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static inline int64_t quotient_i64(int64_t a, int64_t b) {
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  return b == 0 ? 0 : a / b;
}

static inline int64_t rest_i64(int64_t a, int64_t b) {
  return b == 0 || b == -1 ? 0 : a % b;
}

static inline int64_t shift_up_i64(int64_t a, int64_t b) {
  return b < 0 || b > 63 ? 0 : (int64_t)((uint64_t)a << b);
}

static inline int64_t shift_down_i64(int64_t a, int64_t b) {
  int64_t bits = b < 0 || b > 63 ? 63 : b;
  return a < 0 ? ~(~a >> bits) : a >> bits;
}

static inline int64_t round_down_i64(int64_t x) { return x; }
static inline int64_t round_up_i64(int64_t x) { return x; }
static inline int64_t towards_zero_i64(int64_t x) { return x; }
static inline int64_t to_even_i64(int64_t x) { return x; }
static inline bool negative_i64(int64_t x) { return x < 0; }
static inline int64_t magnitude_i64(int64_t x) {
  return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}

/* ---- The loops -------------------------------------------------------- */

#define T float
#define NAME(f) f##_f32
#define MATH(name) name##f
#define FLOATS 1
#define BY_BLOCKS 0
#define WITHOUT_SPECIAL
#include "pointwise_words.h"

#define T double
#define NAME(f) f##_f64
#define MATH(name) name
#define FLOATS 1
#define BY_BLOCKS 0
#define OWN_digamma ~, OWN
#define OWN_erfinv ~, OWN
#define OWN_lgamma ~, OWN
#include "pointwise_words.h"

#define T int64_t
#define NAME(f) f##_i64
#define FLOATS 0
#define BY_BLOCKS 0
#include "pointwise_words.h"

/* ---- Tables ----------------------------------------------------------- */

peri__loop *peri__plain_loop(int kernel, peri_dtype compute) {
  return compute == PERI_F32   ? loops_f32[kernel]
         : compute == PERI_F64 ? loops_f64[kernel]
                               : loops_i64[kernel];
}

#define RESULT_FLOAT false
#define RESULT_ARITH false
#define RESULT_CHOOSE false
#define RESULT_BITS false
#define RESULT_COMPARE true

static const bool compares[] = {
#define UNARY(f, kind, ...) RESULT_##kind, false,
#define PART(f, kind, ...) RESULT_##kind, false,
#define BINARY(f, kind, ...) RESULT_##kind, false, false,
#define TERNARY(f, kind, ...) RESULT_##kind, false, false, false,
#define STEP1(f, kind, ...) RESULT_##kind,
#define STEP2(f, kind, ...) RESULT_##kind,
#define FORM(op, f, kind, ...) RESULT_##kind, false, false,
#define MODE(f, kind, ...) RESULT_##kind,
#include "ops/pointwise.def"
};

bool peri__compares(int kernel) { return compares[kernel]; }

static void pointwise(const peri_call *call);

static const peri_kernel kernels[] = {
#define UNARY(f, ...) {#f, pointwise}, {#f "_dx", pointwise},
#define PART(f, ...) {#f, pointwise}, {#f "_dx", pointwise},
#define BINARY(f, ...) \
  {#f, pointwise}, {#f "_da", pointwise}, {#f "_db", pointwise},
#define TERNARY(f, ...) \
  {#f, pointwise}, {#f "_da", pointwise}, {#f "_db", pointwise}, \
      {#f "_dc", pointwise},
#define STEP1(f, ...) {#f, pointwise},
#define STEP2(f, ...) {#f, pointwise},
#define FORM(op, f, ...) \
  {#f, pointwise}, {#f "_da", pointwise}, {#f "_db", pointwise},
#define MODE(f, ...) {#f, pointwise},
#include "ops/pointwise.def"
};

_Static_assert(sizeof kernels / sizeof *kernels == PERI_POINTWISE_KERNELS,
               "PERI_POINTWISE_KERNELS counts them");

const peri_kernel *peri__pointwise_kernel(int id) { return &kernels[id]; }

/* ---- Narrow integers -------------------------------------------------- */

#define KEEP_LOW_BITS(type) \
  for (int64_t i = 0; i < count; i++) \
    ((type *)to)[i * step] = (type)(uint64_t)from[i];

void peri__store_whole(void *to, peri_dtype dtype, int64_t step,
                       const int64_t *from, int64_t count) {
  switch (dtype) {
    case PERI_U8: KEEP_LOW_BITS(uint8_t) break;
    case PERI_I32: KEEP_LOW_BITS(int32_t) break;
    default: peri__convert(to, dtype, step, from, PERI_I64, 1, count);
  }
}

/* ---- The walk --------------------------------------------------------- */

/* 'count' elements of an input in the compute type: where they lie, if they
   lie so, else converted into 'buffer'. */
static const void *fetch(const peri_arg *arg, int64_t offset, int64_t stride,
                         peri_dtype compute, void *buffer, int64_t count) {
  if (!arg->data) return NULL;
  const void *data = peri__at(arg, offset);
  if (arg->dtype == compute && (stride == 1 || count == 1)) return data;
  peri__convert(buffer, compute, 1, data, arg->dtype, stride, count);
  return buffer;
}

/* A run of elements in chunks: inputs as the compute type, the loop, the
   result converted if the output has another type or stride. */
static void run_row(const peri_call *call, const peri__walk *walk,
                    const int64_t *offset) {
  double buffer[PERI_MAX_ARGS][PERI_CHUNK]; /* room for any compute type */
  const void *in[PERI_LOOP_INPUTS] = {NULL};
  peri__pointwise_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  peri__loop *run = peri__plain_loop(call->kernel, attr.compute);
  peri_dtype made = peri__compares(call->kernel) ? PERI_BOOL : attr.compute;
  const peri_arg *y = &call->arg[0];
  int last = walk->ndim - 1;
  int64_t count = walk->shape[last], step = walk->strides[0][last];
  bool direct = y->dtype == made && (step == 1 || count == 1);
  for (int64_t at = 0; at < count && !peri_call_stopped(call);
       at += PERI_CHUNK) {
    int64_t n = count - at < PERI_CHUNK ? count - at : PERI_CHUNK;
    for (int k = 0; k < call->nin; k++) {
      int64_t stride = walk->strides[k + 1][last];
      in[k] = fetch(&call->arg[k + 1], offset[k + 1] + at * stride, stride,
                    attr.compute, buffer[k + 1], n);
    }
    fill_gaps(in, call->nin);
    void *place = peri__at(y, offset[0] + at * step);
    run(&attr, in, direct ? place : buffer[0], n);
    if (direct) continue;
    if (made == PERI_I64)
      peri__store_whole(place, y->dtype, step, (int64_t *)buffer[0], n);
    else
      peri__convert(place, y->dtype, step, buffer[0], made, 1, n);
  }
}

static void pointwise(const peri_call *call) {
  peri__walk walk;
  peri__walk_begin(&walk, call);
  peri__walk_rows(&walk, call, run_row);
}
