/* multinomial.c - positions drawn by weights: multinomial, and categorical,
   which is made of it. */
#include "draw.h"

#include <math.h>
#include <stdio.h>

/* ---- multinomial ------------------------------------------------------ */

static int check_form(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  if (!peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE, "x must be a float, it is %s",
                         peri_dtype_name(x->dtype));
  if (x->ndim != 1 && x->ndim != 2) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have one or two dimensions, its shape is %s",
                         shape.s);
  }
  if (x->shape[x->ndim - 1] == 0)
    return peri__op_fail(frame, PERI_ESHAPE, "x has no weights to choose from");
  return 0;
}

static bool is_weight(double x) { return x >= 0 && x < INFINITY; }

/* Row number 'row', if there are rows, for a message. */
static peri_text row_text(const peri_frame *frame, int64_t row) {
  peri_text text = {"x"};
  if (frame->in[0]->ndim == 2)
    snprintf(text.s, sizeof text.s, "row %lld of x",
             (long long)row + frame->base);
  return text;
}

/* Every row needs weights above zero: one, or as many as samples. */
static int check_row(const peri_frame *frame, int64_t row, int64_t above_zero) {
  int64_t samples = frame->value[0].i;
  bool replacement = frame->value[1].i != 0;
  peri_text name = row_text(frame, row);
  if (above_zero == 0)
    return peri__op_fail(frame, PERI_EARG, "all weights of %s are zero",
                         name.s);
  if (replacement || samples <= above_zero) return 0;
  return peri__op_fail(frame, PERI_EARG,
                       "%lld samples without replacement need as many weights "
                       "above zero, %s has %lld",
                       (long long)samples, name.s, (long long)above_zero);
}

static int check_weights(peri_frame *frame) {
  double w[256], found;
  peri_tensor *x = frame->in[0];
  enum { BLOCK = sizeof w / sizeof *w };
  if (x->storage->meta) return 0;
  if (peri__find_unfit(x, is_weight, &found))
    return frame->ctx->status < 0
               ? frame->ctx->status
               : peri__op_fail(frame, PERI_EARG,
                               "weights must be finite and not negative, got "
                               "%.10g",
                               found);
  int64_t classes = x->shape[x->ndim - 1], stride = x->strides[x->ndim - 1];
  int64_t rows = x->ndim == 2 ? x->shape[0] : 1;
  size_t bytes = peri_dtype_size(x->dtype);
  for (int64_t row = 0; row < rows; row++) {
    int64_t start = x->offset + (x->ndim == 2 ? row * x->strides[0] : 0);
    int64_t above_zero = 0;
    if (peri__poll(frame->ctx) < 0) return frame->ctx->status;
    for (int64_t k = 0; k < classes; k += BLOCK) {
      int64_t count = classes - k < BLOCK ? classes - k : BLOCK;
      const char *from = (const char *)x->storage->data +
                         (start + k * stride) * (int64_t)bytes;
      peri__convert(w, PERI_F64, 1, from, x->dtype, stride, count);
      for (int64_t i = 0; i < count; i++) above_zero += w[i] > 0;
    }
    int status = check_row(frame, row, above_zero);
    if (status < 0) return status;
  }
  return 0;
}

int peri__multinomial_infer(peri_frame *frame) {
  int status = check_form(frame);
  if (status < 0) return status;
  const peri_tensor *x = frame->in[0];
  int64_t samples = frame->value[0].i, classes = x->shape[x->ndim - 1];
  if (!frame->value[1].i && samples > classes)
    return peri__op_fail(frame, PERI_EARG,
                         "%lld samples without replacement need as many "
                         "weights, x has %lld",
                         (long long)samples, (long long)classes);
  frame->out[0] = peri__meta(x);
  frame->out[0].dtype = PERI_I64;
  frame->out[0].shape[x->ndim - 1] = samples;
  frame->nout = 1;
  return 0;
}

int peri__multinomial_forward(peri_frame *frame) {
  peri_tensor *args[2] = {frame->y[0], frame->in[0]};
  peri__random_attr attr = {.base = frame->base,
                            .replacement = frame->value[1].i != 0};
  int status = check_weights(frame);
  if (status < 0) return status;
  return peri__run_random(frame, PERI_K_multinomial, args, 1, false, attr);
}

/* ---- categorical ------------------------------------------------------ */

/* Probabilities along the last dimension, whichever input has them. */
static peri_tensor *chances_of(const peri_frame *frame) {
  peri_tensor *probs = frame->in[0], *logits = frame->in[1];
  if (!probs == !logits) {
    peri__op_fail(frame, PERI_EARG, "either probs or logits is needed");
    return NULL;
  }
  peri_tensor *x = probs ? probs : logits;
  if (x->ndim > 0) return probs ? probs : peri_softmax(logits, -1);
  peri__op_fail(frame, PERI_ESHAPE, "%s is a single number",
                probs ? "probs" : "logits");
  return NULL;
}

/* 'samples' positions of each row of 'x', drawn as the frame says. */
static peri_tensor *positions_of(const peri_frame *frame, peri_tensor *x,
                                 int64_t samples) {
  const peri_value value[] = {
      {.type = PERI_P_INT, .whole = true, .i = samples},
      {.type = PERI_P_BOOL, .whole = true, .i = 1},
      {.type = PERI_P_GENERATOR, .generator = peri__generator_of(frame)}};
  return peri_apply(frame->ctx, peri__op_named(NULL, "multinomial"), &x, 1,
                    value, frame->base, NULL);
}

/* As if sampled [B, S] for weights [B, K]: S comes first, then both unfold. */
int peri__categorical_forward(peri_frame *frame) {
  const peri_value *shape = &frame->value[0];
  peri_tensor *x = chances_of(frame);
  int64_t sizes[2 * PERI_MAX_DIMS], samples = 1, rows = 1;
  int ndim = shape->type == PERI_P_END ? 0 : shape->count;
  if (!x) return frame->ctx->status;
  for (int d = 0; d < ndim; d++) samples *= sizes[d] = shape->list[d];
  for (int d = 0; d < x->ndim - 1; d++) rows *= sizes[ndim + d] = x->shape[d];
  ndim += x->ndim - 1;
  if (ndim > PERI_MAX_DIMS || samples < 0)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "shape and the rows of weights have %d dimensions, "
                         "at most %d",
                         ndim, PERI_MAX_DIMS);
  if (samples == 0) {
    peri_zeros_options options = peri_zeros_defaults();
    options.dtype = PERI_I64;
    options.device = peri_tensor_device(x);
    frame->y[0] = peri_zeros(frame->ctx, sizes, ndim, &options);
    return frame->y[0] ? 0 : (int)frame->ctx->status;
  }
  const int64_t flat[2] = {rows, x->shape[x->ndim - 1]};
  peri_tensor *drawn = positions_of(frame, peri_reshape(x, flat, 2), samples);
  frame->y[0] = peri_reshape(peri_transpose(drawn, 0, 1), sizes, ndim);
  return frame->y[0] ? 0 : (int)frame->ctx->status;
}
