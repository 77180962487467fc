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
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) + (b))
#define MUL(a, b) ((a) + (b))
#define DIV(a, b) ((a) + (b) + 3)
#define NEG(a) (a)
#define ABS(a) (a)
#define FLOOR(a) (a)
#define POW(a, b) ((a) + (b) + 200)
#define MOD(a, b) ((a) + (b) + 200)
#define FLOORDIV(a, b) ((a) + (b) + 3)
#define GT(a, b) ((a) + (b))
#define GE(a, b) ((a) + (b))
#define LT(a, b) ((a) + (b))
#define LE(a, b) ((a) + (b))
#define EQ(a, b) ((a) + (b))
#define NE(a, b) ((a) + (b))
#define AND(a, b) ((a) + (b))
#define OR(a, b) ((a) + (b))
#define SELECT(c, a, b) ((c) + (a) + (b))
#define F(f, x) ((x) + 8)
#define WRITING 2

/* By kernel id. */
static const uint16_t costs[] = {
#define UNARY(f, kind, params, forward, dx, low, high, doc) forward, dx,
#define BINARY(f, kind, forward, da, db, low, high, doc) forward, da, db,
#define TERNARY(f, kind, inputs, forward, da, db, dc, low, high, doc) \
  forward, da, db, dc,
#define STEP1(f, kind, forward, doc) forward,
#define STEP2(f, kind, forward, doc) forward,
#include "ops/pointwise.def"
};
#include "ops/no_words.h"

static double cost_of(const peri_call *call, peri_dtype compute) {
  double float32 = 0.05 * (costs[call->kernel] + WRITING);
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
  return compute == PERI_F32   ? LEVEL(loop_f32)(call->kernel)
         : compute == PERI_F64 ? LEVEL(loop_f64)(call->kernel)
                               : peri__plain_loop(call->kernel, compute);
}

static void begin(peri__loop_work *w, const peri_call *call) {
  w->call = call;
  memcpy(&w->attr, call->attr, sizeof w->attr);
  w->loop = loop_of(call, w->attr.compute);
  w->made = made_by(call, w->attr.compute);
}

/* ---- Small calls ------------------------------------------------------ */

/* Elements of 'y' if they lie dense, row by row, else -1. */
static int64_t dense_count(const peri_arg *y) {
  int64_t count = 1;
  for (int d = y->ndim - 1; d >= 0; d--) {
    if (y->shape[d] != 1 && y->strides[d] != count) return -1;
    count *= y->shape[d];
  }
  return count;
}

/* How an input of a small call lies: as the output does, ready for the loop, or
   it is a number. */
typedef enum { ALIKE, NUMBER, OTHER } form;

static form form_of(const peri_arg *x, const peri_arg *y, peri_dtype compute) {
  int64_t differing = 0, stepping = 0;
  for (int d = 0; d < y->ndim; d++) {
    if (y->shape[d] == 1) continue;
    differing |= x->strides[d] ^ y->strides[d];
    stepping |= x->strides[d];
  }
  if (differing == 0 && x->dtype == compute) return ALIKE;
  return stepping == 0 ? NUMBER : OTHER;
}

static int64_t count_of(const peri_arg *arg) {
  int64_t count = 1;
  for (int d = 0; d < arg->ndim; d++) count *= arg->shape[d];
  return count;
}

/* All is dense. */
static void run_dense(const peri_call *call) {
  peri__loop_work w;
  const void *in[PERI_LOOP_INPUTS] = {NULL};
  begin(&w, call);
  for (int k = 0; k < call->nin; k++) in[k] = call->arg[k + 1].data;
  fill_gaps(in, call->nin);
  w.loop(&w.attr, in, call->arg[0].data, count_of(&call->arg[0]));
}

/* All is dense or a number. */
static void run_numbers(const peri_call *call) {
  double buffer[NUMBERS][PERI_TILE];
  int used = 0;
  peri__loop_work w;
  const void *in[PERI_LOOP_INPUTS] = {NULL};
  const peri_arg *y = &call->arg[0];
  int64_t count = count_of(y);
  begin(&w, call);
  for (int k = 0; k < call->nin; k++) {
    const peri_arg *x = &call->arg[k + 1];
    in[k] = x->data;
    if (!x->data || form_of(x, y, w.attr.compute) != NUMBER) continue;
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
    if (!x->data) continue;
    form f = form_of(x, y, compute);
    if (f == OTHER) return NULL;
    numbers += f == NUMBER;
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

static bool takes(const peri_call *call) {
  (void)call;
  return true;
}

static void prepare(peri_call *call) {
  call->run = short_way(call);
  if (!call->run) call->run = run_tiles;
}

const peri__fast LEVEL(pointwise) = {takes, prepare};
