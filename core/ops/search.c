/* search.c - searchsorted, bucketize, isin: places of values in ascending
   sequences. */
#include "sort.h"

/* A dtype in which both compare as they are; the kernel knows no half types. */
static peri_dtype common_dtype(const peri_tensor *a, const peri_tensor *b) {
  bool real = peri__is_float(a->dtype) || peri__is_float(b->dtype);
  if (a->dtype != b->dtype) {
    bool single = real && peri__is_float(a->dtype) &&
                  peri__is_float(b->dtype) && a->dtype != PERI_F64 &&
                  b->dtype != PERI_F64;
    return !real ? PERI_I64 : single ? PERI_F32 : PERI_F64;
  }
  return a->dtype == PERI_BOOL ? PERI_U8 : peri__wide(a->dtype);
}

/* 'x' in 'dtype', its elements in a row; itself if it is so. */
static peri_tensor *dense(peri_tensor *x, peri_dtype dtype) {
  bool ready = x->dtype == dtype && peri_tensor_is_contiguous(x);
  return ready ? x : peri_contiguous(peri_to(x, dtype));
}

/* What lies in a row as one dimension. */
static void flatten(peri_arg *arg) {
  arg->shape[0] = peri__numel(arg->shape, arg->ndim);
  arg->strides[0] = arg->ndim = 1;
}

static peri_tensor *flat(peri_tensor *x) {
  const int64_t total = x ? peri_tensor_numel(x) : 0;
  return x && x->ndim != 1 ? peri_reshape(x, &total, 1) : x;
}

/* The place of each of 'values' in 'sequence', of which they are all searched
   for in one if that is [N]; in a bool y whether it is there. */
static int search(peri_frame *frame, peri_tensor *y, peri_tensor *sequence,
                  peri_tensor *values, bool right) {
  peri__search_attr attr = {right, frame->base};
  peri_dtype dtype = common_dtype(sequence, values);
  peri_tensor *args[] = {y, dense(sequence, dtype), dense(values, dtype)};
  peri_call call;
  if (!args[1] || !args[2]) return frame->ctx->status;
  peri__call_begin(&call, peri__kernel_id(PERI_K_search));
  peri__call_out(&call, y);
  for (int i = 1; i < 3; i++) peri__call_in(&call, args[i]);
  memcpy(call.attr, &attr, sizeof attr);
  if (sequence->ndim == 1) {
    flatten(&call.arg[0]);
    flatten(&call.arg[2]);
  }
  return peri__call_run(frame->ctx, &call, args);
}

/* ---- searchsorted -------------------------------------------------------- */

int peri__searchsorted_infer(peri_frame *frame) {
  const peri_tensor *sequence = frame->in[0], *values = frame->in[1];
  bool fits = sequence->ndim > 0 && sequence->ndim == values->ndim;
  for (int d = 0; fits && d < sequence->ndim - 1; d++)
    fits = sequence->shape[d] == values->shape[d];
  if (sequence->ndim != 1 && !fits) {
    peri_text got = peri__shape_of(sequence), other = peri__shape_of(values);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "sorted_sequence of shape %s and values of shape %s "
                         "must agree in all sizes but the last",
                         got.s, other.s);
  }
  frame->out[0] = peri__meta(values);
  frame->out[0].dtype = PERI_I64;
  return 0;
}

int peri__searchsorted_forward(peri_frame *frame) {
  bool right = frame->value[0].i != 0 || frame->value[1].i != 0;
  return search(frame, frame->y[0], frame->in[0], frame->in[1], right);
}

/* ---- bucketize ----------------------------------------------------------- */

int peri__bucketize_infer(peri_frame *frame) {
  const peri_tensor *boundaries = frame->in[1];
  frame->out[0] = peri__meta(frame->in[0]);
  frame->out[0].dtype = PERI_I64;
  if (boundaries->ndim == 1) return 0;
  peri_text shape = peri__shape_of(boundaries);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "boundaries must have one dimension, its shape is %s",
                       shape.s);
}

int peri__bucketize_forward(peri_frame *frame) {
  return search(frame, frame->y[0], frame->in[1], frame->in[0],
                frame->value[0].i != 0);
}

/* ---- isin ---------------------------------------------------------------- */

int peri__isin_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->out[0].dtype = PERI_BOOL;
  return 0;
}

int peri__isin_forward(peri_frame *frame) {
  peri_tensor *y = frame->y[0], *tests = flat(frame->in[1]);
  bool invert = frame->value[1].i != 0;
  if (tests) tests = peri__ascending(tests, 0);
  peri_tensor *found = invert ? peri__tensor_make(frame->ctx, &frame->out[0],
                                                  NULL, y->storage->meta)
                              : y;
  if (!tests || !found) return frame->ctx->status;
  int status = search(frame, found, tests, frame->in[0], false);
  if (status == 0 && invert) peri_copy_(y, peri_logical_not(found));
  return status;
}
