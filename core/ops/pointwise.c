/* pointwise.c - the operations of pointwise.def: rows, shape and dtype rule,
   records, gradients.

   The derivative of a row runs as one fused kernel; where the gradient is
   differentiated again, the same expression is read as calls of operations. */
#include <math.h>

#include "kernels.h"
#include "tables.h"

typedef enum { FLOAT, ARITH, COMPARE, CHOOSE, BITS } kind;

/* What the words of an expression stand for when it is read as operations. */
typedef struct {
  peri_context *ctx;
  const peri_op *op;
  peri_tensor *const *in;
  peri_tensor *out, *dy;
  const peri_value *value;
} words;

typedef peri_tensor *rule(const words *w);

typedef struct {
  kind kind;
  int kernel; /* id of the forward; the derivatives follow */
  rule *rule[3];
  bool passes[3];    /* the derivative is DY */
  unsigned saves[3]; /* what each of them reads */
  double low, high;  /* domain of the gradient check */
} detail;

/* ---- Expressions as operations ---------------------------------------- */

/* Parameter 'k' as a number; a flag or the place of a word counts as one. */
static double param_real(const peri_value *value, int k) {
  const peri_value *v = &value[k];
  if (v->type == PERI_P_END) return 0;
  return v->whole ? (double)v->i : v->f;
}

/* The order of polygamma, which digamma has as well: 0. */
static peri_tensor *polygamma(const words *w, int more, peri_tensor *x) {
  bool ordered = w->op->params != NULL;
  return peri_polygamma(x, more + (ordered ? w->value[0].i : 0));
}

#define X w->in[0]
#define A w->in[0]
#define B w->in[1]
#define C w->in[2]
#define O w->out
#define DY w->dy
#define NONE NULL
#define NUM(c) peri_number(w->ctx, (double)(c))
#define P(k) peri_number(w->ctx, param_real(w->value, k))
#define HAS(k) peri_whole(w->ctx, w->value[k].type != PERI_P_END)
#define ADD(a, b) peri_add(a, b)
#define SUB(a, b) peri_sub(a, b)
#define MUL(a, b) peri_mul(a, b)
#define DIV(a, b) peri_div(a, b)
#define NEG(a) peri_neg(a)
#define ABS(a) peri_abs(a)
#define TRUNC(a) peri_trunc(a)
#define POW(a, b) peri_pow(a, b)
#define POLYGAMMA(more, x) polygamma(w, more, x)
#define GT(a, b) peri_gt(a, b)
#define GE(a, b) peri_ge(a, b)
#define LT(a, b) peri_lt(a, b)
#define LE(a, b) peri_le(a, b)
#define EQ(a, b) peri_eq(a, b)
#define NE(a, b) peri_ne(a, b)
#define AND(a, b) peri_logical_and(a, b)
#define OR(a, b) peri_logical_or(a, b)
#define SELECT(c, a, b) peri_where(c, a, b)
#define SIGMOID(x) peri_sigmoid(x)
#define F(f, x) peri_##f(x)

#define RULE(name, expression) \
  static peri_tensor *name(const words *w) { \
    (void)w; \
    return expression; \
  }
#define UNARY(f, kind, params, forward, dx, ...) RULE(f##_da, dx)
#define PART(f, kind, forward, dx, ...) RULE(f##_da, dx)
#define BINARY(f, kind, params, forward, da, db, ...) \
  RULE(f##_da, da) RULE(f##_db, db)
#define TERNARY(f, kind, inputs, params, forward, da, db, dc, ...) \
  RULE(f##_da, da) RULE(f##_db, db) RULE(f##_dc, dc)
#define STEP1(...)
#define STEP2(...)
#define FORM(op, f, kind, params, forward, da, db, doc) \
  RULE(f##_da, da) RULE(f##_db, db)
#define MODE(...)
#include "ops/pointwise.def"

/* ---- Expressions as the list of what they read ------------------------ */

#include "ops/no_words.h"
#define X PERI_SAVE_IN(0)
#define A PERI_SAVE_IN(0)
#define B PERI_SAVE_IN(1)
#define C PERI_SAVE_IN(2)
#define O PERI_SAVE_OUT(0)
#define DY 0u
#define NONE 0u
#define NUM(c) 0u
#define P(k) 0u
#define HAS(k) 0u
#define BOTH(a, b) ((a) | (b))
#define ADD(a, b) BOTH(a, b)
#define SUB(a, b) BOTH(a, b)
#define MUL(a, b) BOTH(a, b)
#define DIV(a, b) BOTH(a, b)
#define NEG(a) (a)
#define ABS(a) (a)
#define TRUNC(a) (a)
#define POW(a, b) BOTH(a, b)
#define POLYGAMMA(more, x) (x)
#define GT(a, b) BOTH(a, b)
#define GE(a, b) BOTH(a, b)
#define LT(a, b) BOTH(a, b)
#define LE(a, b) BOTH(a, b)
#define EQ(a, b) BOTH(a, b)
#define NE(a, b) BOTH(a, b)
#define AND(a, b) BOTH(a, b)
#define OR(a, b) BOTH(a, b)
#define SELECT(c, a, b) ((c) | (a) | (b))
#define SIGMOID(x) (x)
#define F(f, x) (x)

enum {
#define UNARY(f, kind, params, forward, dx, ...) f##_reads_a = dx,
#define PART(f, kind, forward, dx, ...) f##_reads_a = dx,
#define BINARY(f, kind, params, forward, da, db, ...) \
  f##_reads_a = da, f##_reads_b = db,
#define TERNARY(f, kind, inputs, params, forward, da, db, dc, ...) \
  f##_reads_a = da, f##_reads_b = db, f##_reads_c = dc,
#define STEP1(...)
#define STEP2(...)
#define FORM(op, f, kind, params, forward, da, db, doc) \
  f##_reads_a = da, f##_reads_b = db,
#define MODE(...)
#include "ops/pointwise.def"
};

/* Kernel ids: the forward, then one derivative per input. */
enum {
#define UNARY(f, ...) f##_kernel, f##_kernel_a,
#define PART(f, ...) f##_kernel, f##_kernel_a,
#define BINARY(f, ...) f##_kernel, f##_kernel_a, f##_kernel_b,
#define TERNARY(f, ...) f##_kernel, f##_kernel_a, f##_kernel_b, f##_kernel_c,
#define STEP1(f, ...) f##_kernel,
#define STEP2(f, ...) f##_kernel,
#define FORM(op, f, ...) f##_kernel, f##_kernel_a, f##_kernel_b,
#define MODE(f, ...) f##_kernel,
#include "ops/pointwise.def"
};

/* Their parameters have room in the attributes of a record. */
#define FITS(f, ...) \
  _Static_assert( \
      sizeof((const peri_param[]){__VA_ARGS__{0}}) / sizeof(peri_param) <= \
          PERI_POINTWISE_PARAMS + 1, \
      #f " has too many parameters");
#define UNARY(f, kind, params, ...) FITS(f, params)
#define PART(...)
#define BINARY(f, kind, params, ...) FITS(f, params)
#define TERNARY(f, kind, inputs, params, ...) FITS(f, params)
#define STEP1(f, kind, params, ...) FITS(f, params)
#define STEP2(f, kind, params, ...) FITS(f, params)
#define FORM(op, f, kind, params, ...) FITS(f, params)
#define MODE(...)
#include "ops/pointwise.def"

/* ---- Rows ------------------------------------------------------------- */

/* True if a derivative is written DY, the only one of two letters. */
#define PASSES(derivative) (sizeof #derivative == sizeof "DY")

/* clang-format off */
static const detail details[] = {
#define UNARY(f, kind, params, forward, dx, low, high, doc) \
  {kind, f##_kernel, {f##_da}, {PASSES(dx)}, {f##_reads_a}, low, high},
#define PART(f, kind, forward, dx, low, high) \
  {kind, f##_kernel, {f##_da}, {PASSES(dx)}, {f##_reads_a}, low, high},
#define BINARY(f, kind, params, forward, da, db, low, high, doc) \
  {kind, f##_kernel, {f##_da, f##_db}, {PASSES(da), PASSES(db)}, \
   {f##_reads_a, f##_reads_b}, low, high},
#define TERNARY(f, kind, inputs, params, forward, da, db, dc, low, high, doc) \
  {kind, f##_kernel, {f##_da, f##_db, f##_dc}, \
   {PASSES(da), PASSES(db), PASSES(dc)}, \
   {f##_reads_a, f##_reads_b, f##_reads_c}, low, high},
#define STEP1(f, kind, ...) {kind, f##_kernel, {0}, {0}, {0}, -2, 2},
#define STEP2(f, kind, ...) {kind, f##_kernel, {0}, {0}, {0}, -2, 2},
#define FORM(op, f, kind, params, forward, da, db, doc) \
  {kind, f##_kernel, {f##_da, f##_db}, {PASSES(da), PASSES(db)}, \
   {f##_reads_a, f##_reads_b}, 0, 0},
#define MODE(...)
#include "ops/pointwise.def"
};
/* clang-format on */

/* Place of each row. */
enum {
#define UNARY(f, ...) f##_row,
#define PART(f, ...) f##_row,
#define BINARY(f, ...) f##_row,
#define TERNARY(f, ...) f##_row,
#define STEP1(f, ...) f##_row,
#define STEP2(f, ...) f##_row,
#define FORM(op, f, ...) f##_row,
#define MODE(...)
#include "ops/pointwise.def"
};

static int infer(peri_frame *frame);
static int run_forward(peri_frame *frame);
static int backward(peri_backprop *grad);

#define FLAGS (PERI_OP_ORDERED | PERI_OP_INPLACE)
#define STEPS (FLAGS | PERI_OP_CONSTANT)
#define HIDDEN (PERI_OP_ORDERED | PERI_OP_HIDDEN)
/* A condition is not overwritten by what it chooses. */
#define UNLESS_CHOOSE(kind) (kind == CHOOSE ? PERI_OP_ORDERED : FLAGS)
#define REST(f, flags, backward, doc) \
  {0}, flags, 0, details[f##_row].saves, infer, run_forward, backward, \
      &details[f##_row], doc
/* clang-format off */
const peri_op peri__pointwise_rows[] = {
#define UNARY(f, kind, params, forward, dx, low, high, doc) \
  {#f, {IN(x){0}}, PARAMS(params), REST(f, FLAGS, backward, doc)},
#define PART(f, ...) {#f, {IN(x){0}}, NULL, REST(f, HIDDEN, backward, "")},
#define BINARY(f, kind, params, forward, da, db, low, high, doc) \
  {#f, {ANY(a) ANY(b){0}}, PARAMS(params), REST(f, FLAGS, backward, doc)},
#define TERNARY(f, kind, inputs, params, forward, da, db, dc, low, high, doc) \
  {#f, {inputs{0}}, PARAMS(params), \
   REST(f, UNLESS_CHOOSE(kind), backward, doc)},
#define STEP1(f, kind, params, forward, doc) \
  {#f, {IN(x){0}}, PARAMS(params), REST(f, STEPS, NULL, doc)},
#define STEP2(f, kind, params, forward, doc) \
  {#f, {ANY(a) ANY(b){0}}, PARAMS(params), REST(f, STEPS, NULL, doc)},
#define FORM(...)
#define MODE(...)
#include "ops/pointwise.def"

#define UNARY(...)
#define PART(...)
#define BINARY(...)
#define TERNARY(...)
#define STEP1(...)
#define STEP2(...)
#define FORM(op, f, kind, params, forward, da, db, doc) \
  {#op, {ANY(a) ANY(b){0}}, PARAMS(params), REST(f, FLAGS, backward, "")},
#define MODE(...)
#include "ops/pointwise.def"
};
/* clang-format on */

static bool is_form(const peri_op *op) {
  return op >= peri__pointwise_rows + PERI_POINTWISE_ROWS &&
         op < peri__pointwise_rows + PERI_POINTWISE_ROWS + PERI_POINTWISE_FORMS;
}

const peri_op *peri_op_form(const peri_op *op) {
  const peri_op *form = peri__pointwise_rows + PERI_POINTWISE_ROWS;
  for (int i = 0; op && i < PERI_POINTWISE_FORMS; i++)
    if (strcmp(form[i].name, op->name) == 0) return &form[i];
  return NULL;
}

bool peri_op_domain(const peri_op *op, double *low, double *high) {
  if (op->forward != run_forward) return false;
  const detail *row = op->detail;
  *low = row->low;
  *high = row->high;
  return true;
}

/* One input, no parameters, a derivative that reads the output alone, kernels
   in the type of the product. */
int peri__activation_kernel(const peri_op *op) {
  const detail *row = op->forward == run_forward ? op->detail : NULL;
  bool fits = row && row->rule[0] && !row->rule[1] && !op->params &&
              row->kernel < PERI_LEVELLED_KERNELS &&
              (row->saves[0] & ~PERI_SAVE_OUT(0)) == 0;
  return fits ? row->kernel : PERI_NO_ACTIVATION;
}

/* ---- Shapes and dtypes ------------------------------------------------ */

/* The common shape of all inputs. */
static int broadcast_inputs(peri_frame *frame) {
  peri_meta *out = &frame->out[0];
  peri__read_meta(frame->in[0], out);
  for (int i = 1; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i];
    if (peri__same_shape(out->shape, out->ndim, x->shape, x->ndim)) continue;
    int ndim =
        peri__broadcast(out->shape, out->ndim, x->shape, x->ndim, out->shape);
    if (ndim < 0) {
      peri_text first = peri__meta_text(out), second = peri__shape_of(x);
      return peri__op_fail(frame, PERI_ESHAPE,
                           "shapes %s and %s do not broadcast", first.s,
                           second.s);
    }
    out->ndim = ndim;
  }
  return 0;
}

/* Parameters that are plain numbers count like plain numbers, but for those of
   forms. */
static peri_dtype promote_params(const peri_frame *frame, peri_dtype dtype) {
  const peri_param *params = is_form(frame->op) ? NULL : frame->op->params;
  for (int i = 0; params && params[i].name; i++) {
    const peri_value *value = &frame->value[i];
    if (value->type != PERI_P_NUMBER) continue;
    if (!value->whole && !peri__is_float(dtype)) dtype = PERI_F32;
    if (value->whole && dtype == PERI_BOOL) dtype = PERI_I64;
  }
  return dtype;
}

/* The dtype in which the inputs meet. */
static peri_dtype meeting_dtype(const peri_frame *frame) {
  const detail *row = frame->op->detail;
  int first = row->kind == CHOOSE ? 1 : 0;
  peri_dtype dtype = peri__promote_all(frame->in + first, frame->nin - first);
  dtype = promote_params(frame, dtype);
  if (row->kind == FLOAT && !peri__is_float(dtype)) dtype = PERI_F32;
  return dtype;
}

/* True if the inputs are tensors of one shape and dtype, as they mostly are. */
static bool all_alike(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  if (x->number || x->ndim == 0) return false;
  for (int i = 1; i < frame->nin; i++) {
    const peri_tensor *y = frame->in[i];
    if (y->number || y->dtype != x->dtype ||
        !peri__same_shape(x->shape, x->ndim, y->shape, y->ndim))
      return false;
  }
  return true;
}

/* Rows of bits take no floats. */
static int check_bits(const peri_frame *frame) {
  for (int i = 0; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i];
    const char *name = frame->op->inputs[i].name;
    if (!peri__is_float(x->dtype)) continue;
    if (x->number)
      return peri__op_fail(frame, PERI_EDTYPE, "%s must be a whole number",
                           name);
    return peri__op_fail(frame, PERI_EDTYPE,
                         "%s must hold integers or bool, it is %s; convert it "
                         "with to(\"int64\")",
                         name, peri_dtype_name(x->dtype));
  }
  return 0;
}

/* Whole numbers are scaled by whole numbers. */
static int check_scale(const peri_frame *frame, peri_dtype dtype) {
  const peri_value *value = frame->value;
  if (value->type != PERI_P_NUMBER || value->whole) return 0;
  if (peri__is_float(dtype) || value->f == floor(value->f)) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "%s must be a whole number where a and b hold integers, "
                       "got %.10g",
                       frame->op->params->name, value->f);
}

static int infer(peri_frame *frame) {
  const detail *row = frame->op->detail;
  peri_meta *out = &frame->out[0];
  frame->nout = 1;
  if (row->kind == ARITH && all_alike(frame) && !frame->op->params) {
    peri__read_meta(frame->in[0], out);
    return 0;
  }
  int status = row->kind == BITS ? check_bits(frame) : 0;
  if (status == 0) status = broadcast_inputs(frame);
  if (status < 0) return status;
  out->dtype = row->kind == COMPARE ? PERI_BOOL : meeting_dtype(frame);
  return is_form(frame->op) ? check_scale(frame, out->dtype) : 0;
}

/* ---- Records ---------------------------------------------------------- */

static __attribute__((noinline)) void write_params(peri_call *call,
                                                   const peri_param *params,
                                                   const peri_value *value) {
  peri__pointwise_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  for (int i = 0; params[i].name; i++) {
    if (value[i].type == PERI_P_END) continue;
    attr.has |= 1u << i;
    attr.real[i] = param_real(value, i);
    attr.whole[i] = peri__int(value, i, 0);
  }
  memcpy(call->attr, &attr, sizeof attr);
}

/* The kernels of further words stand behind those of the row. */
static __attribute__((noinline)) void choose_mode(peri_call *call,
                                                  const peri_frame *frame) {
  int64_t mode = peri__int(frame->value, 0, 0);
  if (frame->op->params->type == PERI_P_CHOICE && mode > 0)
    call->kernel += frame->nin + (int)mode;
}

/* Rows of special.def have no loops in float. */
static peri_dtype compute_dtype(int kernel, peri_dtype dtype) {
  peri_dtype compute = peri__compute_dtype(dtype);
  bool special = kernel >= PERI_LEVELLED_KERNELS;
  return special && compute == PERI_F32 ? PERI_F64 : compute;
}

/* Most rows have no parameters, so the one field they need is put in alone:
   a copy of the struct would wait until that field has reached memory. */
static void write_attr(peri_call *call, const peri_op *op,
                       const peri_value *value, peri_dtype dtype) {
  const peri_dtype compute = compute_dtype(call->kernel, dtype);
  memset(call->attr, 0, sizeof(peri__pointwise_attr));
  memcpy(call->attr + offsetof(peri__pointwise_attr, compute), &compute,
         sizeof compute);
  if (op->params) write_params(call, op->params, value);
}

/* One record: the output, then the inputs as broadcast to it. */
static int run_forward(peri_frame *frame) {
  const detail *row = frame->op->detail;
  peri_tensor *args[PERI_MAX_ARGS];
  peri_call call;
  args[0] = frame->y[0];
  for (int i = 0; i < frame->nin; i++) args[i + 1] = frame->in[i];
  peri__call_alike(&call, row->kernel, args, frame->nin);
  if (frame->op->params) choose_mode(&call, frame);
  peri_dtype dtype =
      row->kind == COMPARE ? meeting_dtype(frame) : frame->out[0].dtype;
  write_attr(&call, frame->op, frame->value, dtype);
  return peri__call_run(frame->ctx, &call, args);
}

/* ---- Gradients -------------------------------------------------------- */

/* One record for the derivative of input 'i': the inputs, the output and its
   gradient stand in the places that the expression expects. */
static peri_tensor *fused(const peri_backprop *grad, int i) {
  const detail *row = grad->op->detail;
  peri_tensor *dy = grad->dy[0];
  peri_meta meta = peri__meta(dy);
  peri_tensor *dx =
      peri__tensor_make(grad->ctx, &meta, peri__dense(dy) ? dy->strides : NULL,
                        dy->storage->meta);
  if (!dx) return NULL;
  peri_tensor *args[] = {dx, NULL, NULL, NULL, grad->out[0], dy};
  for (int k = 0; k < grad->nin; k++) args[1 + k] = grad->in[k];
  peri_call call;
  peri__call_alike(&call, row->kernel + 1 + i, args, 5);
  write_attr(&call, grad->op, grad->value, dy->dtype);
  return peri__call_run(grad->ctx, &call, args) < 0 ? NULL : dx;
}

/* Input 'i' for a rule of operations. Plain numbers take the dtype of the
   others: two of them alone would meet in float32. */
static peri_tensor *operand(const peri_backprop *grad, int i) {
  peri_tensor *x = grad->in[i];
  return grad->graph && x && x->number ? peri_cast(x, grad->dy[0]->dtype) : x;
}

static int backward(peri_backprop *grad) {
  const detail *row = grad->op->detail;
  peri_tensor *in[3] = {NULL};
  words w = {grad->ctx, grad->op, in, grad->out[0], grad->dy[0], grad->value};
  for (int i = 0; i < grad->nin; i++) in[i] = operand(grad, i);
  for (int i = 0; i < grad->nin; i++) {
    if (!grad->needs[i]) continue;
    bool composed = grad->graph || row->passes[i];
    grad->dx[i] = composed ? row->rule[i](&w) : fused(grad, i);
  }
  return grad->ctx->status;
}
