/* pointwise.c - the fast kernels of pointwise rows: which loop, what it costs,
   and the short way of small calls, whose arguments are dense or numbers. The
   others go by tiles (pointwise_tiles.c). Twin: plain_pointwise.c. */
#include "pointwise.h"

#define SMALL 4096 /* elements of a call without tiles, at most */
#define NUMBERS 2  /* in it, at most */

/* ---- What an element costs -------------------------------------------- */

/* The words read once more: an expression is its time in twentieths of a
   nanosecond per float32 element, roughly. */
#define X 1
#define A 1
#define B 1
#define C 1
#define O 1
#define DY 1
#define NONE 0
#define NUM(value) 0
#define P(k) 0
#define HAS(k) 0
#define BOTH(a, b) ((a) + (b))
#define ADD(a, b) BOTH(a, b)
#define SUB(a, b) BOTH(a, b)
#define MUL(a, b) BOTH(a, b)
#define DIV(a, b) ((a) + (b) + 3)
#define NEG(a) (a)
#define ABS(a) (a)
#define FLOOR(a) (a)
#define CEIL(a) (a)
#define TRUNC(a) (a)
#define ROUND(a) (a)
#define SIGNBIT(a) (a)
#define POW(a, b) ((a) + (b) + 40)
#define MOD(a, b) ((a) + (b) + 20)
#define FMOD(a, b) ((a) + (b) + 16)
#define ATAN2(a, b) ((a) + (b) + 40)
#define HYPOT(a, b) ((a) + (b) + 20)
#define POLYGAMMA(more, x) ((x) + 1000)
#define FLOORDIV(a, b) ((a) + (b) + 30)
#define QUOTIENT(a, b) ((a) + (b) + 3)
#define BITAND(a, b) BOTH(a, b)
#define BITOR(a, b) BOTH(a, b)
#define BITXOR(a, b) BOTH(a, b)
#define SHL(a, b) BOTH(a, b)
#define SHR(a, b) BOTH(a, b)
#define GT(a, b) BOTH(a, b)
#define GE(a, b) BOTH(a, b)
#define LT(a, b) BOTH(a, b)
#define LE(a, b) BOTH(a, b)
#define EQ(a, b) BOTH(a, b)
#define NE(a, b) BOTH(a, b)
#define AND(a, b) BOTH(a, b)
#define OR(a, b) BOTH(a, b)
#define SELECT(c, a, b) ((c) + (a) + (b))
#define SIGMOID(x) ((x) + 11)
#define F(f, x) ((x) + 8)
#define WRITING 2

/* By kernel id. */
static const uint16_t costs[] = {
#define UNARY(f, kind, params, forward, dx, ...) forward, dx,
#define PART(f, kind, forward, dx, ...) forward, dx,
#define BINARY(f, kind, params, forward, da, db, ...) forward, da, db,
#define TERNARY(f, kind, inputs, params, forward, da, db, dc, ...) \
  forward, da, db, dc,
#define STEP1(f, kind, params, forward, doc) forward,
#define STEP2(f, kind, params, forward, doc) forward,
#define FORM(op, f, kind, params, forward, da, db, doc) forward, da, db,
#define MODE(f, kind, forward) forward,
#include "ops/pointwise.def"
};
#include "ops/no_words.h"

/* Libm's functions take about ten times as long. */
static double cost_of(const peri_call *call, peri_dtype compute) {
  double float32 = 0.05 * (costs[call->kernel] + WRITING);
  if (call->kernel >= PERI_LEVELLED_KERNELS) float32 *= 5;
  return compute == PERI_F32 ? float32 : 2 * float32;
}

/* ---- Loops ------------------------------------------------------------ */

static peri_dtype compute_of(const peri_call *call) {
  peri__pointwise_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return attr.compute;
}

static peri_dtype made_by(const peri_call *call, peri_dtype compute) {
  return peri__compares(call->kernel) ? PERI_BOOL : compute;
}

static peri__loop *loop_of(const peri_call *call, peri_dtype compute) {
  if (compute == PERI_I64 || call->kernel >= PERI_LEVELLED_KERNELS)
    return peri__plain_loop(call->kernel, compute);
  return compute == PERI_F32 ? LEVEL(loop_f32)(call->kernel)
                             : LEVEL(loop_f64)(call->kernel);
}

/* Parameters are read if there are any: a copy of all the bytes would wait
   until the fields that were just written are in memory. */
static void read_attr(const peri_call *call, peri__pointwise_attr *attr) {
  memset(attr, 0, sizeof *attr);
  attr->compute = compute_of(call);
  memcpy(&attr->has, call->attr + offsetof(peri__pointwise_attr, has),
         sizeof attr->has);
  if (attr->has) memcpy(attr, call->attr, sizeof *attr);
}

static void begin(peri__loop_work *w, const peri_call *call) {
  w->call = call;
  read_attr(call, &w->attr);
  w->loop = loop_of(call, w->attr.compute);
  w->made = made_by(call, w->attr.compute);
}

/* ---- Small calls ------------------------------------------------------ */

/* Elements of 'y' if they lie dense, row by row, else -1. */
static int64_t dense_count(const peri_arg *y) {
  int64_t count = 1;
  for (int d = y->ndim - 1; d >= 0; d--) {
    if (y->strides[d] != count && y->shape[d] != 1) return -1;
    count *= y->shape[d];
  }
  return count;
}

/* True if an input lies as the output does. */
static bool alike(const peri_arg *x, const peri_arg *y) {
  for (int d = 0; d < y->ndim; d++)
    if (x->strides[d] != y->strides[d] && y->shape[d] != 1) return false;
  return true;
}

/* True if the loop can read an input where it is. */
static bool ready(const peri_arg *x, const peri_arg *y, peri_dtype compute) {
  return x->dtype == compute && alike(x, y);
}

/* True if an input is one element for all of the output. */
static bool is_number(const peri_arg *x, const peri_arg *y) {
  for (int d = 0; d < y->ndim; d++)
    if (x->strides[d] != 0 && y->shape[d] != 1) return false;
  return true;
}

/* The inputs where they are; one that is there for what is absent. */
static void dense_inputs(const peri_call *call,
                         const void *in[PERI_LOOP_INPUTS]) {
  const peri_arg *x = &call->arg[1];
  while (!x->data) x++;
  const void *there = x->data;
  UNROLL for (int k = 0; k < PERI_LOOP_INPUTS; k++) {
    const void *data = k < call->nin ? call->arg[k + 1].data : NULL;
    in[k] = data ? data : there;
  }
}

/* All is dense. */
static void run_dense(const peri_call *call) {
  const void *in[PERI_LOOP_INPUTS];
  peri__pointwise_attr attr;
  read_attr(call, &attr);
  dense_inputs(call, in);
  loop_of(call, attr.compute)(&attr, in, call->arg[0].data,
                              dense_count(&call->arg[0]));
}

/* All is dense or a number. */
static void run_numbers(const peri_call *call) {
  double buffer[NUMBERS][PERI_TILE];
  int used = 0;
  peri__loop_work w;
  const void *in[PERI_LOOP_INPUTS] = {NULL};
  const peri_arg *y = &call->arg[0];
  int64_t count = dense_count(y);
  begin(&w, call);
  for (int k = 0; k < call->nin; k++) {
    const peri_arg *x = &call->arg[k + 1];
    in[k] = x->data;
    if (!x->data || ready(x, y, w.attr.compute)) continue;
    peri__block number = {x->data, x->dtype, 1, count, 0, 0};
    LEVEL(block_read)(&number, buffer[used], w.attr.compute);
    in[k] = buffer[used++];
  }
  fill_gaps(in, call->nin);
  w.loop(&w.attr, in, y->data, count);
}

/* The short way of a call, NULL if it has none. */
static void (*short_way(const peri_call *call))(const peri_call *) {
  peri_dtype compute = compute_of(call);
  const peri_arg *y = &call->arg[0];
  int64_t count = dense_count(y);
  int numbers = 0;
  if (count <= 0 || count > SMALL || y->dtype != made_by(call, compute))
    return NULL;
  for (const peri_arg *x = y + 1; x <= y + call->nin; x++) {
    if (!x->data || ready(x, y, compute)) continue;
    if (!is_number(x, y)) return NULL;
    numbers++;
  }
  if (numbers == 0) return run_dense;
  return numbers <= NUMBERS && count <= PERI_TILE ? run_numbers : NULL;
}

/* ---- The kernel ------------------------------------------------------- */

static void run_tiles(const peri_call *call) {
  peri__loop_work w;
  begin(&w, call);
  LEVEL(pointwise_tiles)(&w, cost_of(call, w.attr.compute));
}

void LEVEL(pointwise_prepare)(peri_call *call) {
  call->run = short_way(call);
  if (!call->run) call->run = run_tiles;
}
