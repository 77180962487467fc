/* norm.c - normalization: layer_norm. */
#include "internal.h"

/* 'x' must end with the sizes of parameter 0, and be a float. */
static int check_end(const peri_frame *frame, int input) {
  const peri_tensor *x = frame->in[input];
  const peri_value *sizes = &frame->value[0];
  if (!peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE,
                         "%s must be a float, it is %s; convert it with "
                         "to(\"float32\")",
                         frame->op->inputs[input].name,
                         peri_dtype_name(x->dtype));
  int lead = x->ndim - sizes->count;
  bool fits = lead >= 0 && (input == 0 || lead == 0) && sizes->count > 0;
  for (int d = 0; fits && d < sizes->count; d++)
    fits = x->shape[lead + d] == sizes->list[d];
  if (fits) return 0;
  peri_meta meta = {.ndim = sizes->count};
  peri__copy_sizes(meta.shape, sizes->list, sizes->count);
  peri_text want = peri__meta_text(&meta), has = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE,
                       input == 0 ? "%s of shape %s does not end with %s"
                                  : "%s has the shape %s, expected %s",
                       frame->op->inputs[input].name, has.s, want.s);
}

/* Mean over the last 'count' dimensions, which stay with size 1. */
static peri_tensor *mean_of(peri_tensor *x, int count) {
  int64_t dims[PERI_MAX_DIMS];
  peri_mean_options options = peri_mean_defaults();
  for (int d = 0; d < count; d++) dims[d] = d - count;
  options.dim = dims;
  options.dim_count = count;
  options.keepdim = true;
  return peri_mean(x, &options);
}

/* 16-bit floats are normalized in float32. */
int peri__layer_norm_forward(peri_frame *frame) {
  int count = frame->value[0].count, status = 0;
  for (int i = 0; i < frame->nin && status == 0; i++)
    if (frame->in[i]) status = check_end(frame, i);
  if (status < 0) return status;
  peri_dtype dtype = frame->in[0]->dtype;
  peri_tensor *x = peri_to(frame->in[0], peri__wide(dtype));
  peri_tensor *centered = peri_sub(x, mean_of(x, count));
  peri_tensor *var = mean_of(peri_square(centered), count);
  peri_tensor *eps = peri_number(frame->ctx, frame->value[1].f);
  peri_tensor *y = peri_mul(centered, peri_rsqrt(peri_add(var, eps)));
  if (frame->in[1]) y = peri_mul(y, frame->in[1]);
  if (frame->in[2]) y = peri_add(y, frame->in[2]);
  frame->y[0] = peri_to(y, dtype);
  return frame->ctx->status;
}
