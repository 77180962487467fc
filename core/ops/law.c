/* law.c - random numbers of laws with parameters, which are tensors or plain
   numbers: uniform, normal, gamma and the like, and their forms in place.
   Parameters are checked before the first number is drawn. All are one kernel,
   law, but what needs no parameters is drawn by draw.c. */
#include "draw.h"

#include <math.h>

/* ---- What parameters must be ------------------------------------------ */

static bool is_any(double x) { return !isnan(x); }
static bool is_spread(double x) { return x >= 0 && x < INFINITY; }
static bool is_above_zero(double x) { return x > 0; }
static bool is_shape(double x) { return x > 0 && x < INFINITY; }
static bool is_chance_above_zero(double x) { return x > 0 && x <= 1; }
static bool is_count(double x) { return x >= 0 && x < 0x1p53 && floor(x) == x; }

typedef struct {
  bool (*fits)(double x);
  const char *must;
} demand;

static const demand any = {is_any, "must not be nan"};
static const demand spread = {is_spread, "must be finite and not negative"};
static const demand above_zero = {is_above_zero, "must be above 0"};
static const demand shape = {is_shape, "must be finite and above 0"};
static const demand chance = {peri__is_chance, "must be in [0, 1]"};
static const demand tries = {is_chance_above_zero,
                             "must be above 0 and at most 1"};
static const demand whole = {is_count, "must be a whole number, not negative"};

/* Of each parameter; whole laws draw whole numbers, which integers hold. */
static const struct {
  const demand *of[2];
  bool whole;
} laws[] = {
    [PERI_LAW_UNIFORM] = {{&any, &any}, false},
    [PERI_LAW_NORMAL] = {{&any, &spread}, false},
    [PERI_LAW_LOG_NORMAL] = {{&any, &spread}, false},
    [PERI_LAW_TRUNC_NORMAL] = {{&any, &spread}, false},
    [PERI_LAW_EXPONENTIAL] = {{&above_zero}, false},
    [PERI_LAW_CAUCHY] = {{&any, &above_zero}, false},
    [PERI_LAW_LAPLACE] = {{&any, &above_zero}, false},
    [PERI_LAW_GAMMA] = {{&shape, &above_zero}, false},
    [PERI_LAW_BETA] = {{&shape, &shape}, false},
    [PERI_LAW_GEOMETRIC] = {{&tries}, true},
    [PERI_LAW_POISSON] = {{&spread}, true},
    [PERI_LAW_BINOMIAL] = {{&whole, &chance}, true},
};

/* A law about to be drawn. */
typedef struct {
  peri__random_attr attr;
  const char *name[4]; /* of the parameters, for messages */
  peri_tensor *x[2];   /* those that are tensors, else NULL */
} draft;

static int check_param(const peri_frame *frame, const draft *d, int k) {
  const demand *must = laws[d->attr.law].of[k];
  double found = d->attr.real[k];
  bool unfit = false;
  if (!must) return 0;
  if (d->x[k])
    unfit = peri__find_unfit(d->x[k], must->fits, &found);
  else
    unfit = !must->fits(found);
  if (frame->ctx->status < 0) return frame->ctx->status;
  if (!unfit) return 0;
  return peri__op_fail(frame, PERI_EARG, "%s %s, got %.10g", d->name[k],
                       must->must, found);
}

static int check_range(const peri_frame *frame, const draft *d, double low,
                       double high, int first) {
  if (high - low >= 0 && high - low < INFINITY) return 0;
  if (!(high - low < 0))
    return peri__op_fail(frame, PERI_EARG,
                         "%s and %s must be finite, also their difference, "
                         "got %.10g and %.10g",
                         d->name[first], d->name[first + 1], low, high);
  return peri__op_fail(frame, PERI_EARG,
                       "%s must not be above %s, got %.10g "
                       "and %.10g",
                       d->name[first], d->name[first + 1], low, high);
}

/* Bounds must be numbers of the dtype, which 1e6 is not of float16. */
static int check_bound(const peri_frame *frame, const draft *d, int k) {
  peri_dtype dtype = frame->out[0].dtype;
  if (d->x[k] || !isinf(peri__below(d->attr.real[k], dtype))) return 0;
  return peri__op_fail(frame, PERI_EARG, "%s is beyond %s, got %.10g",
                       d->name[k], peri_dtype_name(dtype), d->attr.real[k]);
}

/* Element 'at' of 'x', whose shape is that of the result. */
static double element(const peri_tensor *x, int64_t at) {
  int64_t offset = x->offset;
  double value;
  for (int d = x->ndim - 1; d >= 0; at /= x->shape[d--])
    offset += at % x->shape[d] * x->strides[d];
  peri__convert(&value, PERI_F64, 1,
                (const char *)x->storage->data +
                    (size_t)offset * peri_dtype_size(x->dtype),
                x->dtype, 1, 1);
  return value;
}

/* Pairs of low and high, one of which may be a number. */
static int check_ranges(peri_frame *frame, const draft *d) {
  const peri_tensor *y = frame->y[0];
  peri_tensor *x[2] = {NULL, NULL};
  int64_t count = peri_tensor_numel(y);
  int status = check_bound(frame, d, 0);
  if (status == 0) status = check_bound(frame, d, 1);
  if (status < 0) return status;
  if (!d->x[0] && !d->x[1])
    return check_range(frame, d, d->attr.real[0], d->attr.real[1], 0);
  for (int k = 0; k < 2; k++) {
    if (!d->x[k]) continue;
    x[k] = peri_expand(d->x[k], y->shape, y->ndim);
    if (!x[k]) return frame->ctx->status;
    if (x[k]->storage->meta) return 0;
  }
  for (int64_t i = 0; i < count; i++) {
    double low = x[0] ? element(x[0], i) : d->attr.real[0];
    double high = x[1] ? element(x[1], i) : d->attr.real[1];
    if (i % 4096 == 0 && peri__poll(frame->ctx) < 0) return frame->ctx->status;
    if (check_range(frame, d, low, high, 0) < 0) return frame->ctx->status;
  }
  return 0;
}

static int check_draft(peri_frame *frame, const draft *d) {
  int status = check_param(frame, d, 0);
  if (status == 0) status = check_param(frame, d, 1);
  if (status < 0) return status;
  if (d->attr.law == PERI_LAW_UNIFORM) return check_ranges(frame, d);
  if (d->attr.law != PERI_LAW_TRUNC_NORMAL) return 0;
  if (d->attr.real[2] <= d->attr.real[3]) return 0;
  return peri__op_fail(frame, PERI_EARG,
                       "a must not be above b, got %.10g and %.10g",
                       d->attr.real[2], d->attr.real[3]);
}

static int run_draft(peri_frame *frame, const draft *d) {
  peri_tensor *args[3] = {frame->y[0], d->x[0], d->x[1]};
  int status = check_draft(frame, d);
  int nin = d->x[0] || d->x[1] ? 2 : 0;
  if (status < 0) return status;
  return peri__run_random(frame, PERI_K_law, args, nin, true, d->attr);
}

/* ---- Shapes and dtypes ------------------------------------------------ */

/* The common shape of the inputs from 'first' on. -> 0 or a status */
static int common_shape(const peri_frame *frame, int first, peri_meta *out) {
  out->ndim = 0;
  for (int i = first; i < frame->nin; i++) {
    int64_t joined[PERI_MAX_DIMS];
    const peri_tensor *x = frame->in[i];
    if (!x) continue;
    int ndim =
        peri__broadcast(out->shape, out->ndim, x->shape, x->ndim, joined);
    if (ndim < 0) {
      peri_text before = peri__meta_text(out), own = peri__shape_of(x);
      return peri__op_fail(frame, PERI_ESHAPE,
                           "%s of shape %s does not broadcast with %s",
                           frame->op->inputs[i].name, own.s, before.s);
    }
    out->ndim = ndim;
    peri__copy_sizes(out->shape, joined, ndim);
  }
  return 0;
}

/* 'params' must broadcast to the shape of the output. */
static int check_fills(const peri_frame *frame, const peri_meta *params) {
  const peri_meta *out = &frame->out[0];
  int64_t joined[PERI_MAX_DIMS];
  int ndim = peri__broadcast(params->shape, params->ndim, out->shape, out->ndim,
                             joined);
  if (ndim >= 0 && peri__same_shape(joined, ndim, out->shape, out->ndim))
    return 0;
  peri_text have = peri__meta_text(params), want = peri__meta_text(out);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "parameters of shape %s do not broadcast to %s", have.s,
                       want.s);
}

int peri__law_infer(peri_frame *frame) {
  const peri_value *given = &frame->value[0];
  peri_meta params, *out = &frame->out[0];
  int status = common_shape(frame, 0, &params);
  if (status < 0) return status;
  peri_dtype natural = peri__promote_all(frame->in, frame->nin);
  out->dtype = (peri_dtype)peri__int(
      frame->value, 1, peri__is_float(natural) ? natural : PERI_F32);
  frame->nout = 1;
  bool shaped = given->type != PERI_P_END && given->count > 0;
  out->ndim = shaped ? given->count : params.ndim;
  peri__copy_sizes(out->shape, shaped ? given->list : params.shape, out->ndim);
  for (int d = 0; d < out->ndim; d++)
    if (out->shape[d] < 0)
      return peri__op_fail(frame, PERI_ESHAPE, "shape has the size %lld",
                           (long long)out->shape[d]);
  return check_fills(frame, &params);
}

int peri__params_infer(peri_frame *frame, int first) {
  peri_meta params;
  int status = common_shape(frame, first, &params);
  if (status == 0) status = peri__same_infer(frame);
  return status < 0 ? status : check_fills(frame, &params);
}

static int check_dtype(const peri_frame *frame, int law) {
  peri_dtype dtype = frame->out[0].dtype;
  if (peri__is_float(dtype)) return 0;
  if (laws[law].whole && dtype != PERI_BOOL) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       frame->inplace ? "x must be a float, it is %s"
                                      : "dtype must be a float, it is %s",
                       peri_dtype_name(dtype));
}

/* ---- Rows ------------------------------------------------------------- */

/* Inputs are the first parameters; a plain number goes into the record, where
   nothing has to be read. */
static int forward(peri_frame *frame, int law, double absent) {
  draft d = {.attr = {.law = law}};
  d.attr.real[1] = absent;
  for (int k = 0; k < frame->nin; k++) {
    peri_tensor *x = frame->in[k];
    d.name[k] = frame->op->inputs[k].name;
    if (x && x->number)
      d.attr.real[k] = peri_item(x);
    else
      d.x[k] = x;
  }
  if (law == PERI_LAW_TRUNC_NORMAL)
    for (int k = 2; k < 4; k++) d.attr.real[k] = frame->value[k].f;
  return run_draft(frame, &d);
}

/* Row 'name' with parameters as inputs; those absent are 'absent'. */
#define LAW(name, law, absent) \
  int peri__##name##_infer(peri_frame *frame) { \
    int status = peri__law_infer(frame); \
    return status < 0 ? status : check_dtype(frame, law); \
  } \
  int peri__##name##_forward(peri_frame *frame) { \
    return forward(frame, law, absent); \
  }
LAW(uniform, PERI_LAW_UNIFORM, 0)
LAW(normal, PERI_LAW_NORMAL, 0)
LAW(log_normal, PERI_LAW_LOG_NORMAL, 0)
LAW(trunc_normal, PERI_LAW_TRUNC_NORMAL, 0)
LAW(exponential, PERI_LAW_EXPONENTIAL, 0)
LAW(cauchy, PERI_LAW_CAUCHY, 0)
LAW(laplace, PERI_LAW_LAPLACE, 0)
LAW(gamma, PERI_LAW_GAMMA, 1)
LAW(beta, PERI_LAW_BETA, 0)
LAW(geometric, PERI_LAW_GEOMETRIC, 0)
LAW(poisson, PERI_LAW_POISSON, 0)
LAW(binomial, PERI_LAW_BINOMIAL, 0)
#undef LAW

/* In place the parameters are numbers. */
static int forward_inplace(peri_frame *frame, int law) {
  const peri_param *params = frame->op->params;
  draft d = {.attr = {.law = law}};
  for (int k = 0; params[k].name && params[k].type == PERI_P_REAL; k++) {
    d.name[k] = params[k].name;
    d.attr.real[k] = frame->value[k].f;
  }
  return run_draft(frame, &d);
}

/* Row 'name_' over x. */
#define LAW_INPLACE(name, law) \
  int peri__##name##__infer(peri_frame *frame) { \
    int status = peri__same_infer(frame); \
    return status < 0 ? status : check_dtype(frame, law); \
  } \
  int peri__##name##__forward(peri_frame *frame) { \
    return forward_inplace(frame, law); \
  }
LAW_INPLACE(uniform, PERI_LAW_UNIFORM)
LAW_INPLACE(normal, PERI_LAW_NORMAL)
LAW_INPLACE(log_normal, PERI_LAW_LOG_NORMAL)
LAW_INPLACE(trunc_normal, PERI_LAW_TRUNC_NORMAL)
LAW_INPLACE(exponential, PERI_LAW_EXPONENTIAL)
LAW_INPLACE(cauchy, PERI_LAW_CAUCHY)
LAW_INPLACE(geometric, PERI_LAW_GEOMETRIC)
#undef LAW_INPLACE
