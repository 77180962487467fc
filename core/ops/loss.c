/* loss.c - cross entropy, and dropout.

   Cross entropy is made of three operations: class_weights says what each
   class counts in the loss of each sample, whatever form the target has and
   with class weights, ignored targets and smoothing in it; class_loss is the
   loss of each sample; the rest is a sum. */
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

static int check_target(const peri_frame *frame) {
  const peri_tensor *input = frame->in[0], *target = frame->in[1];
  int64_t samples[PERI_MAX_DIMS];
  int ndim = sample_shape(input, samples);
  peri_text in = peri__shape_of(input), got = peri__shape_of(target);
  bool sample_like =
      peri__same_shape(samples, ndim, target->shape, target->ndim);
  if (probabilities(target) && sample_like)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "target %s is %s; classes must be integers "
                         "(convert with to), probabilities have shape %s",
                         got.s, peri_dtype_name(target->dtype), in.s);
  bool fits = probabilities(target)
                  ? peri__same_shape(input->shape, input->ndim, target->shape,
                                     target->ndim)
                  : sample_like;
  if (!fits)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "target has shape %s, input %s; a class per sample "
                         "is expected, or probabilities",
                         got.s, in.s);
  if (target->dtype == PERI_BOOL)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "target is bool, classes must be integers");
  return 0;
}

static int check_class_weight(const peri_frame *frame, int64_t classes) {
  const peri_tensor *weight = frame->in[2];
  if (!weight) return 0;
  peri_text got = peri__shape_of(weight);
  if (weight->ndim != 1 || weight->shape[0] != classes)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "weight must have shape [%lld], one number per "
                         "class, it has %s",
                         (long long)classes, got.s);
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

static int check_class(const peri_frame *frame, int64_t given,
                       int64_t classes) {
  if (given == frame->value[IGNORE_INDEX].i) return 0; /* does not count */
  if (given >= frame->base && given - frame->base < classes) return 0;
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
  const char *data = peri_tensor_data(target);
  size_t size = peri_dtype_size(target->dtype);
  int64_t count = peri_tensor_numel(target);
  for (int64_t i = 0; i < count; i++) {
    int64_t given;
    peri__convert(&given, PERI_I64, 1, data + (size_t)i * size, target->dtype,
                  1, 1);
    int status = check_class(frame, given, classes);
    if (status == 0 && i % 65536 == 0) status = peri__poll(frame->ctx);
    if (status < 0) return status;
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
  peri__class_attr attr = {dim, frame->base, frame->value[0].i,
                           frame->value[1].f};
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

/* ---- class_loss ------------------------------------------------------- */

int peri__class_loss_infer(peri_frame *frame) {
  const peri_tensor *input = frame->in[0];
  frame->out[0].dtype = peri__wide(input->dtype);
  frame->out[0].ndim = sample_shape(input, frame->out[0].shape);
  frame->nout = 1;
  return 0;
}

/* y [N, 1, ...]; input, share [N, K, ...]. */
int peri__class_loss_forward(peri_frame *frame) {
  int dim = class_dim(frame->in[0]);
  peri__dim_attr attr = {dim, 0};
  peri_tensor *args[3] = {frame->y[0], frame->in[0], frame->in[1]};
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(PERI_K_class_loss));
  peri__call_out(&call, frame->y[0]);
  peri__arg_widen(&call.arg[0], dim);
  peri__call_in(&call, frame->in[0]);
  peri__call_in(&call, frame->in[1]);
  memcpy(call.attr, &attr, sizeof attr);
  return peri__call_run(frame->ctx, &call, args);
}

/* dx = dy (softmax(x) sum(share) - share) */
int peri__class_loss_backward(peri_backprop *grad) {
  peri_tensor *x = grad->in[0], *share = grad->in[1];
  int64_t dim = class_dim(x);
  peri_sum_options options = peri_sum_defaults();
  options.dim = &dim;
  options.dim_count = 1;
  options.keepdim = true;
  peri_tensor *expected =
      peri_mul(peri_softmax(x, dim), peri_sum(share, &options));
  grad->dx[0] =
      peri_mul(peri_unsqueeze(grad->dy[0], dim), peri_sub(expected, share));
  return 0;
}

/* ---- cross_entropy ---------------------------------------------------- */

enum { MEAN, SUM, NONE };

/* Apply class_weights with the base of the caller. */
static peri_tensor *weights_of(const peri_frame *frame, peri_tensor **total) {
  const peri_value value[2] = {frame->value[IGNORE_INDEX],
                               frame->value[LABEL_SMOOTHING]};
  return peri_apply(frame->ctx, peri__op_named(NULL, "class_weights"),
                    frame->in, frame->nin, value, frame->base, total);
}

/* What the sum of losses is divided by: what the samples count, or for
   probabilities their number. */
static peri_tensor *divisor(const peri_frame *frame, peri_tensor *total) {
  if (!probabilities(frame->in[1])) return peri_sum(total, NULL);
  double samples = total ? (double)peri_tensor_numel(total) : 0;
  return peri_number(frame->ctx, samples);
}

/* sum of losses / sum of what the samples count. */
int peri__cross_entropy_forward(peri_frame *frame) {
  int64_t reduction = frame->value[REDUCTION].i;
  peri_tensor *total = NULL;
  int status = check_loss(frame);
  if (status < 0) return status;
  peri_tensor *share = weights_of(frame, &total);
  peri_tensor *loss = peri_class_loss(frame->in[0], share);
  if (reduction != NONE) loss = peri_sum(loss, NULL);
  if (reduction == MEAN) loss = peri_div(loss, divisor(frame, total));
  frame->y[0] = peri_to(loss, frame->in[0]->dtype);
  return frame->ctx->status;
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
