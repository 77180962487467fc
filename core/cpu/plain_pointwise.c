/* plain_pointwise.c - plain kernels of the rows of ops/pointwise.def: one loop
   per expression and compute type, behind one walk that converts what has
   another dtype or is not contiguous, a chunk at a time. */
#include <math.h>

#include "plain.h"

typedef void loop(const peri__pointwise_attr *attr, const void *const *in,
                  void *out, int64_t count);

/* ---- Arithmetic that is not one C operator ---------------------------- */

static inline float power_f32(float a, float b) { return powf(a, b); }
static inline double power_f64(double a, double b) { return pow(a, b); }

/* Wraps; a negative exponent leaves only what 1 and -1 give. */
static inline int64_t power_i64(int64_t a, int64_t b) {
  uint64_t y = 1, x = (uint64_t)a;
  if (b < 0) return a == 1 ? 1 : a == -1 ? (b % 2 ? -1 : 1) : 0;
  for (; b > 0; b >>= 1, x *= x)
    if (b & 1) y *= x;
  return (int64_t)y;
}

static inline float modulo_f32(float a, float b) {
  float r = fmodf(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline double modulo_f64(double a, double b) {
  double r = fmod(a, b);
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline int64_t modulo_i64(int64_t a, int64_t b) {
  if (b == 0 || b == -1) return 0;
  int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static inline float floor_quotient_f32(float a, float b) {
  return floorf(a / b);
}

static inline double floor_quotient_f64(double a, double b) {
  return floor(a / b);
}

static inline int64_t floor_quotient_i64(int64_t a, int64_t b) {
  if (b == 0) return 0;
  if (b == -1) return (int64_t)(0 - (uint64_t)a);
  return a / b - (a % b != 0 && (a < 0) != (b < 0));
}

static inline float round_down_f32(float x) { return floorf(x); }
static inline double round_down_f64(double x) { return floor(x); }
static inline int64_t round_down_i64(int64_t x) { return x; }
static inline float magnitude_f32(float x) { return fabsf(x); }
static inline double magnitude_f64(double x) { return fabs(x); }
static inline int64_t magnitude_i64(int64_t x) {
  return x < 0 ? (int64_t)(0 - (uint64_t)x) : x;
}

/* ---- The loops -------------------------------------------------------- */

#define T float
#define NAME(f) f##_f32
#define MATH(name) name##f
#define FLOATS 1
#include "pointwise_words.h"

#define T double
#define NAME(f) f##_f64
#define MATH(name) name
#define FLOATS 1
#include "pointwise_words.h"

#define T int64_t
#define NAME(f) f##_i64
#define FLOATS 0
#include "pointwise_words.h"

/* ---- The table -------------------------------------------------------- */

typedef struct {
  loop *f32, *f64, *i64;
} loops;

#define FLOATS_ONLY(f) {f##_f32, f##_f64, NULL},
#define ALL_TYPES(f) {f##_f32, f##_f64, f##_i64},
#define LOOPS_FLOAT(f) FLOATS_ONLY(f)
#define LOOPS_ARITH(f) ALL_TYPES(f)
#define LOOPS_COMPARE(f) ALL_TYPES(f)
#define LOOPS_CHOOSE(f) ALL_TYPES(f)

static const loops table[] = {
#define UNARY(f, kind, params, forward, dx, low, high, doc) \
  LOOPS_##kind(f) FLOATS_ONLY(f##_da)
#define BINARY(f, kind, forward, da, db, low, high, doc) \
  LOOPS_##kind(f) FLOATS_ONLY(f##_da) FLOATS_ONLY(f##_db)
#define TERNARY(f, kind, inputs, forward, da, db, dc, low, high, doc) \
  LOOPS_##kind(f) FLOATS_ONLY(f##_da) FLOATS_ONLY(f##_db) FLOATS_ONLY(f##_dc)
#define STEP1(f, kind, forward, doc) LOOPS_##kind(f)
#define STEP2(f, kind, forward, doc) LOOPS_##kind(f)
#include "ops/pointwise.def"
};

static void pointwise(const peri_call *call);

static const peri_kernel kernels[] = {
#define UNARY(f, kind, params, forward, dx, low, high, doc) \
  {#f, pointwise}, {#f "_dx", pointwise},
#define BINARY(f, kind, forward, da, db, low, high, doc) \
  {#f, pointwise}, {#f "_da", pointwise}, {#f "_db", pointwise},
#define TERNARY(f, kind, inputs, forward, da, db, dc, low, high, doc) \
  {#f, pointwise}, {#f "_da", pointwise}, {#f "_db", pointwise}, \
      {#f "_dc", pointwise},
#define STEP1(f, kind, forward, doc) {#f, pointwise},
#define STEP2(f, kind, forward, doc) {#f, pointwise},
#include "ops/pointwise.def"
};

int peri__pointwise_kernel_count(void) {
  return (int)(sizeof kernels / sizeof *kernels);
}

const peri_kernel *peri__pointwise_kernel(int id) { return &kernels[id]; }

/* ---- The walk --------------------------------------------------------- */

static loop *loop_of(const peri_call *call, peri_dtype compute) {
  const loops *row = &table[call->kernel];
  return compute == PERI_F32   ? row->f32
         : compute == PERI_F64 ? row->f64
                               : row->i64;
}

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
  const void *in[5] = {NULL};
  peri__pointwise_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  loop *run = loop_of(call, attr.compute);
  const peri_arg *y = &call->arg[0];
  int last = walk->ndim - 1;
  int64_t count = walk->shape[last], step = walk->strides[0][last];
  bool direct = y->dtype == attr.compute && (step == 1 || count == 1);
  for (int64_t at = 0; at < count && !peri_call_stopped(call);
       at += PERI_CHUNK) {
    int64_t n = count - at < PERI_CHUNK ? count - at : PERI_CHUNK;
    for (int k = 0; k < call->nin; k++) {
      int64_t stride = walk->strides[k + 1][last];
      in[k] = fetch(&call->arg[k + 1], offset[k + 1] + at * stride, stride,
                    attr.compute, buffer[k + 1], n);
    }
    void *place = peri__at(y, offset[0] + at * step);
    run(&attr, in, direct ? place : buffer[0], n);
    if (!direct)
      peri__convert(place, y->dtype, step, buffer[0], attr.compute, 1, n);
  }
}

static void pointwise(const peri_call *call) {
  peri__walk walk;
  peri__walk_begin(&walk, call);
  peri__walk_rows(&walk, call, run_row);
}
