/* loss.c - cross entropy, and dropout.

   Cross entropy is one record each way, whatever form the target has. It saves
   max and sum of each sample in a hidden output, so that its gradient reads the
   logits once. Where that is differentiated again it is made of operations:
   class_weights says what each class counts in the loss of each sample. */
#include "kernels.h"

/* The dimension of classes: the second, or the only one. */
static int class_dim(const peri_tensor *input) {
  return input->ndim > 1 ? 1 : 0;
}

static bool probabilities(const peri_tensor *target) {
  return peri__is_float(target->dtype);
}

/* Shape of the samples: 'input' without its classes. */
static int sample_shape(const peri_tensor *input, int64_t *shape) {
  int ndim = 0;
  for (int d = 0; d < input->ndim; d++)
    if (d != class_dim(input)) shape[ndim++] = input->shape[d];
  return ndim;
}

/* ---- What cross_entropy accepts --------------------------------------- */

enum { REDUCTION, IGNORE_INDEX, LABEL_SMOOTHING }; /* its parameters */

static int float_classes(const peri_frame *frame) {
  const peri_tensor *target = frame->in[1];
  peri_text in = peri__shape_of(frame->in[0]), got = peri__shape_of(target);
  return peri__op_fail(frame, PERI_EDTYPE,
                       "target %s is %s; classes must be integers "
                       "(convert with to), probabilities have shape %s",
                       got.s, peri_dtype_name(target->dtype), in.s);
}

static int misfit(const peri_frame *frame) {
  peri_text in = peri__shape_of(frame->in[0]);
  peri_text got = peri__shape_of(frame->in[1]);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "target has shape %s, input %s; a class per sample "
                       "is expected, or probabilities",
                       got.s, in.s);
}

static int check_target(const peri_frame *frame) {
  const peri_tensor *input = frame->in[0], *target = frame->in[1];
  int64_t samples[PERI_MAX_DIMS];
  int ndim = sample_shape(input, samples);
  bool sample_like =
      peri__same_shape(samples, ndim, target->shape, target->ndim);
  if (probabilities(target) && sample_like) return float_classes(frame);
  bool fits = probabilities(target)
                  ? peri__same_shape(input->shape, input->ndim, target->shape,
                                     target->ndim)
                  : sample_like;
  if (!fits) return misfit(frame);
  if (target->dtype == PERI_BOOL)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "target is bool, classes must be integers");
  return 0;
}

static int check_class_weight(const peri_frame *frame, int64_t classes) {
  const peri_tensor *weight = frame->in[2];
  if (!weight) return 0;
  if (weight->ndim != 1 || weight->shape[0] != classes) {
    peri_text got = peri__shape_of(weight);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "weight must have shape [%lld], one number per "
                         "class, it has %s",
                         (long long)classes, got.s);
  }
  if (weight->dtype != frame->in[0]->dtype)
    return peri__op_fail(frame, PERI_EDTYPE, "weight is %s, input is %s",
                         peri_dtype_name(weight->dtype),
                         peri_dtype_name(frame->in[0]->dtype));
  return 0;
}

static int check_input(const peri_frame *frame) {
  const peri_tensor *input = frame->in[0];
  if (!peri__is_float(input->dtype))
    return peri__op_fail(frame, PERI_EDTYPE, "input must be a float, it is %s",
                         peri_dtype_name(input->dtype));
  if (input->ndim == 0)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "input must have a dimension of classes");
  return 0;
}

/* True if 'given' is a class or is ignored. */
static inline bool is_class(int64_t given, int64_t ignored, int base,
                            int64_t classes) {
  uint64_t place = (uint64_t)given - (uint64_t)base;
  return place < (uint64_t)classes || given == ignored;
}

#define SKIP_CLASSES(T) \
  for (const T *given = data; at < end; at++) \
    if (!is_class(given[at], ignored, frame->base, classes)) break

/* The first place from 'at' on whose target is no class, or 'end'. */
static int64_t next_bad(const peri_frame *frame, peri_tensor *target,
                        int64_t classes, int64_t at, int64_t end) {
  const void *data = peri_tensor_data(target);
  int64_t ignored = frame->value[IGNORE_INDEX].i;
  switch (target->dtype) {
    case PERI_I64: SKIP_CLASSES(int64_t); break;
    case PERI_I32: SKIP_CLASSES(int32_t); break;
    default: SKIP_CLASSES(uint8_t); break;
  }
  return at;
}

static int bad_class(const peri_frame *frame, peri_tensor *target,
                     int64_t classes, int64_t at) {
  int64_t given;
  const char *data = peri_tensor_data(target);
  peri__convert(&given, PERI_I64, 1,
                data + (size_t)at * peri_dtype_size(target->dtype),
                target->dtype, 1, 1);
  return peri__op_fail(
      frame, PERI_EINDEX, "target %lld is not a class, they are %d to %lld",
      (long long)given, frame->base, (long long)(classes - 1 + frame->base));
}

/* All classes must exist, asked before anything is computed. */
static int check_classes(const peri_frame *frame, int64_t classes) {
  peri_tensor *target = frame->in[1];
  if (probabilities(target) || target->storage->meta) return 0;
  target = peri__contiguous(target);
  if (!target) return frame->ctx->status;
  int64_t count = peri_tensor_numel(target);
  for (int64_t first = 0; first < count; first += PERI_POLL) {
    int64_t end = count - first < PERI_POLL ? count : first + PERI_POLL;
    int64_t bad = next_bad(frame, target, classes, first, end);
    if (bad < end) return bad_class(frame, target, classes, bad);
    if (end < count && peri__poll(frame->ctx) < 0) return frame->ctx->status;
  }
  return 0;
}

static int check_loss(const peri_frame *frame) {
  const peri_tensor *input = frame->in[0];
  int status = check_input(frame);
  if (status == 0) status = check_target(frame);
  if (status < 0) return status;
  int64_t classes = input->shape[class_dim(input)];
  status = check_class_weight(frame, classes);
  return status < 0 ? status : check_classes(frame, classes);
}

/* ---- class_weights ---------------------------------------------------- */

int peri__class_weights_infer(peri_frame *frame) {
  const peri_tensor *input = frame->in[0];
  frame->out[0] = peri__meta(input);
  frame->out[1].dtype = peri__wide(input->dtype);
  frame->out[1].ndim = sample_shape(input, frame->out[1].shape);
  frame->nout = 2;
  return 0;
}

/* share [N, K, ...], total [N, 1, ...]; target [N, 1, ...] or as share,
   weight [K]. */
int peri__class_weights_forward(peri_frame *frame) {
  peri_tensor *target = frame->in[1], *weight = frame->in[2];
  int dim = class_dim(frame->in[0]);
  peri_tensor *args[4] = {frame->y[0], frame->y[1], target, weight};
  peri__class_attr attr = {.dim = dim,
                           .base = frame->base,
                           .ignore_index = frame->value[0].i,
                           .smoothing = frame->value[1].f};
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(PERI_K_class_weights));
  peri__call_out(&call, frame->y[0]);
  peri__call_out(&call, frame->y[1]);
  peri__arg_widen(&call.arg[1], dim);
  peri__call_in(&call, target);
  if (!probabilities(target)) peri__arg_widen(&call.arg[2], dim);
  peri__call_in(&call, weight);
  memcpy(call.attr, &attr, sizeof attr);
  return peri__call_run(frame->ctx, &call, args);
}

/* ---- cross_entropy ---------------------------------------------------- */

_Static_assert(PERI_REDUCE_MEAN == 0 && PERI_REDUCE_NONE == 2,
               "the words of the row stand in this order");

/* y, and hidden behind it what the gradient needs. */
int peri__cross_entropy_infer(peri_frame *frame) {
  const peri_tensor *input = frame->in[0];
  int64_t samples[PERI_MAX_DIMS];
  int status = check_loss(frame);
  if (status < 0) return status;
  int ndim = sample_shape(input, samples);
  frame->out[0].dtype = input->dtype;
  frame->out[0].ndim = 0;
  if (frame->value[REDUCTION].i == PERI_REDUCE_NONE) {
    frame->out[0].ndim = ndim;
    memcpy(frame->out[0].shape, samples, (size_t)ndim * sizeof *samples);
  }
  frame->out[1].dtype = peri__wide(input->dtype);
  frame->out[1].ndim = 1;
  frame->out[1].shape[0] = 2 * peri__numel(samples, ndim) + 1;
  frame->nout = 2;
  return 0;
}

/* Add x, target, weight to 'call', and the attributes. */
static void add_inputs(peri_call *call, peri_tensor *const *in,
                       const peri_value *value, int base) {
  peri__class_attr attr = {.dim = class_dim(in[0]),
                           .reduction = (int)value[REDUCTION].i,
                           .base = base,
                           .ignore_index = value[IGNORE_INDEX].i,
                           .smoothing = value[LABEL_SMOOTHING].f};
  peri__call_in(call, in[0]);
  peri__call_in(call, in[1]);
  if (!probabilities(in[1]))
    peri__arg_widen(&call->arg[call->nout + 1], attr.dim);
  peri__call_in(call, in[2]);
  memcpy(call->attr, &attr, sizeof attr);
}

static bool per_sample(const peri_value *value) {
  return value[REDUCTION].i == PERI_REDUCE_NONE;
}

int peri__cross_entropy_forward(peri_frame *frame) {
  peri_tensor *const *in = frame->in;
  peri_tensor *args[] = {frame->y[0], frame->y[1], in[0], in[1], in[2]};
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(PERI_K_class_loss));
  peri__call_out(&call, frame->y[0]);
  if (per_sample(frame->value)) peri__arg_widen(&call.arg[0], class_dim(in[0]));
  peri__call_out(&call, frame->y[1]);
  add_inputs(&call, in, frame->value, frame->base);
  return peri__call_run(frame->ctx, &call, args);
}

/* One record for dx of the logits, dy and what was saved. */
static peri_tensor *fused(const peri_backprop *grad) {
  peri_tensor *const *in = grad->in;
  peri_tensor *dy = grad->dy[0], *stats = grad->out[1];
  peri_tensor *dx =
      peri__tensor_make(grad->ctx, &grad->in_meta[0], NULL, dy->storage->meta);
  peri_tensor *args[] = {dx, in[0], in[1], in[2], dy, stats};
  peri_call call;
  if (!dx) return NULL;
  peri__call_begin(&call, peri__kernel_id(PERI_K_class_loss_dx));
  peri__call_out(&call, dx);
  add_inputs(&call, in, grad->value, grad->base);
  peri__call_in(&call, dy);
  if (per_sample(grad->value)) peri__arg_widen(&call.arg[4], class_dim(in[0]));
  peri__call_in(&call, stats);
  return peri__call_run(grad->ctx, &call, args) < 0 ? NULL : dx;
}

/* Apply class_weights with the base of the caller. */
static peri_tensor *shares_of(const peri_backprop *grad, peri_tensor *x,
                              peri_tensor **count) {
  peri_tensor *in[] = {x, grad->in[1], grad->in[2]};
  const peri_value value[] = {grad->value[IGNORE_INDEX],
                              grad->value[LABEL_SMOOTHING]};
  return peri_apply(grad->ctx, peri__op_named(NULL, "class_weights"), in, 3,
                    value, grad->base, count);
}

/* What flows into the loss of each sample; 'count': what each of them
   counts. */
static peri_tensor *sample_dy(const peri_backprop *grad, peri_tensor *count) {
  peri_tensor *dy = grad->dy[0];
  if (per_sample(grad->value))
    return peri_unsqueeze(dy, class_dim(grad->in[0]));
  if (grad->value[REDUCTION].i == PERI_REDUCE_SUM) return dy;
  return peri_div(dy, peri_sum(count, NULL));
}

/* dx = dy (softmax(x) total - share), total = sum(share); nothing where that
   is 0. */
static peri_tensor *composed(const peri_backprop *grad) {
  peri_tensor *x = peri_to(grad->in[0], peri__wide(grad->in_meta[0].dtype));
  peri_tensor *count = NULL, *share = shares_of(grad, x, &count);
  int64_t dim = class_dim(grad->in[0]);
  peri_sum_options options = peri_sum_defaults();
  options.dim = &dim;
  options.dim_count = 1;
  options.keepdim = true;
  peri_tensor *total = peri_sum(share, &options);
  peri_tensor *rest = peri_sub(peri_mul(peri_softmax(x, dim), total), share);
  peri_tensor *zero = peri_number(grad->ctx, 0);
  return peri_where(peri_ne(total, zero),
                    peri_mul(sample_dy(grad, count), rest), zero);
}

int peri__cross_entropy_backward(peri_backprop *grad) {
  grad->dx[0] = grad->graph ? composed(grad) : fused(grad);
  return 0;
}

/* ---- dropout ---------------------------------------------------------- */

int peri__dropout_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  double p = frame->value[0].f;
  if (!peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE, "x must be a float, it is %s",
                         peri_dtype_name(x->dtype));
  frame->y[0] = frame->value[1].i && p > 0
                    ? peri_mul(x, peri_dropout_mask(x, p))
                    : peri_alias(x);
  return 0;
}
