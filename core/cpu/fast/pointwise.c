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

/* How an argument of a small call lies. */
typedef enum { ABSENT, DENSE, NUMBER, OTHER } form;

static form form_of(const peri_arg *arg, const peri_arg *y) {
  int64_t dense = 1;
  bool is_dense = true, is_number = true;
  if (!arg->data) return ABSENT;
  for (int d = y->ndim - 1; d >= 0; d--) {
    if (y->shape[d] == 1) continue;
    is_dense = is_dense && arg->strides[d] == dense;
    is_number = is_number && arg->strides[d] == 0;
    dense *= y->shape[d];
  }
  return is_dense ? DENSE : is_number ? NUMBER : OTHER;
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
    if (form_of(x, y) != NUMBER) continue;
    peri__block number = {x->data, x->dtype, 1, count, 0, 0};
    LEVEL(block_read)(&number, buffer[used], w.attr.compute);
    in[k] = buffer[used++];
  }
  fill_gaps(in, call->nin);
  w.loop(&w.attr, in, y->data, count);
}

/* The form in which a small call may run; NULL: none. */
static void (*small_form(const peri_call *call))(const peri_call *) {
  peri_dtype compute = compute_of(call);
  const peri_arg *y = &call->arg[0];
  int64_t count = count_of(y);
  int numbers = 0;
  if (count > SMALL || count == 0 || y->dtype != made_by(call, compute) ||
      form_of(y, y) != DENSE)
    return NULL;
  for (int k = 1; k <= call->nin; k++) {
    form f = form_of(&call->arg[k], y);
    if (f == NUMBER) numbers++;
    if (f == OTHER || (f == DENSE && call->arg[k].dtype != compute))
      return NULL;
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
  return loop_of(call, compute_of(call)) != NULL;
}

static void prepare(peri_call *call) {
  call->run = small_form(call);
  if (!call->run) call->run = run_tiles;
}

const peri__fast LEVEL(pointwise) = {takes, prepare};
