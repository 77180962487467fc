/* count.c - bincount, histc: how often numbers come. */
#include <math.h>

#include "sort.h"

/* ---- bincount ------------------------------------------------------------ */

static int check_bins(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *weights = frame->in[1];
  if (peri__category(x->dtype) != PERI_CATEGORY_INT)
    return peri__op_fail(frame, PERI_EDTYPE, "x must hold integers, it is %s",
                         peri_dtype_name(x->dtype));
  peri_text shape = peri__shape_of(x);
  if (x->ndim != 1)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have one dimension, its shape is %s", shape.s);
  if (!weights || (weights->ndim == 1 && weights->shape[0] == x->shape[0]))
    return 0;
  peri_text other = peri__shape_of(weights);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "weights of shape %s must have the shape of x, %s",
                       other.s, shape.s);
}

/* One more than the largest number in x. -> false with the error set */
static bool find_size(const peri_frame *frame, int64_t *size) {
  peri_tensor *x = peri_detach(frame->in[0]);
  *size = 0;
  if (!x || x->shape[0] == 0) return x != NULL;
  int64_t low = peri_item_whole(peri_min(x, NULL, NULL));
  *size = peri_item_whole(peri_max(x, NULL, NULL));
  if (low < 0)
    peri__op_fail(frame, PERI_EARG, "x must not be negative, it holds %lld",
                  (long long)low);
  else if (*size == INT64_MAX)
    peri__op_fail(frame, PERI_EARG, "x holds %lld, which is too large",
                  (long long)*size);
  if (frame->ctx->status != 0) return false;
  ++*size;
  return true;
}

int peri__bincount_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *weights = frame->in[1];
  int64_t size, least = frame->value[0].i;
  if (check_bins(frame) < 0 || !find_size(frame, &size))
    return frame->ctx->status;
  if (size < least) size = least;
  const peri_meta meta = {PERI_I64, 1, {size}};
  if (weights) {
    peri_dtype dtype = weights->dtype == PERI_F32 ? PERI_F32 : PERI_F64;
    frame->y[0] = peri__to_positions(peri_to(weights, dtype), x, 0, 0, &meta);
    return frame->ctx->status;
  }
  frame->y[0] = peri__tensor_make(frame->ctx, &meta, NULL, false);
  peri_tensor *args[] = {frame->y[0], x};
  if (!args[0]) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_bincount), args, 1, 1,
                   NULL, 0);
}

/* ---- histc --------------------------------------------------------------- */

enum { BINS, MIN, MAX }; /* parameters */

int peri__histc_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  double low = peri__real(frame->value, MIN, 0);
  double high = peri__real(frame->value, MAX, 0);
  if (!peri__is_float(x->dtype))
    return peri__op_fail(
        frame, PERI_EDTYPE,
        "x must be a float, it is %s; convert it with to(\"float32\")",
        peri_dtype_name(x->dtype));
  if (!isfinite(low) || !isfinite(high) || high < low)
    return peri__op_fail(frame, PERI_EARG,
                         "min and max must be finite, max not below min; they "
                         "are %g and %g",
                         low, high);
  frame->out[0].dtype = x->dtype;
  frame->out[0].ndim = 1;
  frame->out[0].shape[0] = frame->value[BINS].i;
  return 0;
}

/* An end of the range as a tensor: parameter 'index' or what 'of' finds. */
static peri_tensor *end_of_range(const peri_frame *frame, int index,
                                 peri_tensor *found) {
  if (found) return found;
  const peri_meta meta = {PERI_F64, 0, {0}};
  peri_tensor *end =
      peri__tensor_make(frame->ctx, &meta, NULL, frame->in[0]->storage->meta);
  if (end) peri__fill_with(end, &frame->value[index]);
  return end;
}

/* Ends that come from the data must be numbers. */
static int check_end(const peri_frame *frame, const peri_tensor *end) {
  if (!end || end->storage->meta || isfinite(peri_item(end)))
    return frame->ctx->status;
  return peri__op_fail(frame, PERI_EARG,
                       "x holds NaN or infinities; give min and max");
}

int peri__histc_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *low = NULL, *high = NULL;
  const int64_t total = peri_tensor_numel(x);
  double min = peri__real(frame->value, MIN, 0);
  double max = peri__real(frame->value, MAX, 0);
  if (min >= max && total > 0) {
    low = peri_min(x, NULL, NULL);
    high = peri_max(x, NULL, NULL);
    if (check_end(frame, low) < 0 || check_end(frame, high) < 0)
      return frame->ctx->status;
  }
  peri_tensor *args[] = {frame->y[0], peri_reshape(x, &total, 1), NULL,
                         end_of_range(frame, MIN, low),
                         end_of_range(frame, MAX, high)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_histc), args, 1, 4, NULL,
                   0);
}
