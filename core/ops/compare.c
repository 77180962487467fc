/* compare.c - pointwise operations that are made of others: comparisons with a
   tolerance, and rows whose expression depends on a dtype or an option. */
#include <float.h>
#include <math.h>

#include "internal.h"

/* 'y' is the result; in place it is written into the first input. */
static int give(peri_frame *frame, peri_tensor *y) {
  frame->y[0] = frame->inplace && y ? peri_copy_(frame->in[0], y) : y;
  return 0;
}

/* ---- Comparisons ------------------------------------------------------- */

/* |a - b| <= atol + rtol |b|, which is finite. Integers meet in float64. */
static peri_tensor *within(const peri_frame *frame, double rtol, double atol) {
  peri_tensor *a = frame->in[0], *b = frame->in[1];
  if (!peri__is_float(a->dtype) && !peri__is_float(b->dtype)) {
    a = peri_cast(a, PERI_F64);
    b = peri_cast(b, PERI_F64);
  }
  peri_tensor *distance = peri_abs(peri_sub(a, b));
  peri_tensor *room =
      peri_add(peri_number(frame->ctx, atol),
               peri_mul(peri_number(frame->ctx, rtol), peri_abs(b)));
  return peri_logical_and(peri_isfinite(distance), peri_le(distance, room));
}

static peri_tensor *close_ones(const peri_frame *frame) {
  peri_tensor *a = frame->in[0], *b = frame->in[1];
  double rtol = frame->value[0].f, atol = frame->value[1].f;
  peri_tensor *close = peri_eq(a, b);
  if (rtol > 0 || atol > 0)
    close = peri_logical_or(close, within(frame, rtol, atol));
  if (frame->value[2].i == 0) return close;
  return peri_logical_or(close, peri_logical_and(peri_isnan(a), peri_isnan(b)));
}

int peri__isclose_forward(peri_frame *frame) {
  return give(frame, close_ones(frame));
}

int peri__allclose_forward(peri_frame *frame) {
  return give(frame, peri_all(close_ones(frame), NULL));
}

int peri__equal_forward(peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  bool alike = peri__same_shape(a->shape, a->ndim, b->shape, b->ndim);
  if (alike)
    return give(frame, peri_all(peri_eq(frame->in[0], frame->in[1]), NULL));
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = PERI_BOOL;
  options.device = peri_tensor_device(a);
  return give(frame, peri_zeros(frame->ctx, NULL, 0, &options));
}

/* ---- Limits and steps -------------------------------------------------- */

int peri__heaviside_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *values = frame->in[1];
  peri_tensor *zero = peri_whole(frame->ctx, 0);
  peri_tensor *above = peri_cast(peri_gt(x, zero), x->dtype);
  return give(frame, peri_where(peri_eq(x, zero), values, above));
}

/* The first input, in place a copy: what is made of it is still needed when the
   input has changed. */
static peri_tensor *steady(const peri_frame *frame) {
  return frame->inplace ? peri__copy(frame->in[0]) : frame->in[0];
}

/* A tie with a plain number is no reason to share the gradient. */
int peri__clamp_min_forward(peri_frame *frame) {
  peri_tensor *x = steady(frame), *min = frame->in[1];
  return give(frame, min->number ? peri_where(peri_lt(x, min), min, x)
                                 : peri_maximum(x, min));
}

int peri__clamp_max_forward(peri_frame *frame) {
  peri_tensor *x = steady(frame), *max = frame->in[1];
  return give(frame, max->number ? peri_where(peri_gt(x, max), max, x)
                                 : peri_minimum(x, max));
}

int peri__round_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t decimals = frame->value[0].i;
  if (decimals == 0) return give(frame, peri_round_even(x));
  if (!peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE,
                         "x must be a float where decimals is not 0, it is "
                         "%s; convert it with to(\"float32\")",
                         peri_dtype_name(x->dtype));
  peri_tensor *scale = peri_number(
      frame->ctx, pow(10, (double)(decimals < 0 ? -decimals : decimals)));
  if (decimals > 0)
    return give(frame, peri_div(peri_round_even(peri_mul(x, scale)), scale));
  return give(frame, peri_mul(peri_round_even(peri_div(x, scale)), scale));
}

/* ---- Numbers ----------------------------------------------------------- */

/* The largest number of a float type. */
static double largest(peri_dtype dtype) {
  switch (dtype) {
    case PERI_F16: return 65504;
    case PERI_BF16: return 0x1.fep127;
    case PERI_F32: return FLT_MAX;
    default: return DBL_MAX;
  }
}

int peri__nan_to_num_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *y = x;
  double most = largest(x->dtype);
  const double instead[] = {peri__real(frame->value, 0, 0),
                            peri__real(frame->value, 1, most),
                            peri__real(frame->value, 2, -most)};
  if (!peri__is_float(x->dtype)) return give(frame, peri_positive(x));
  peri_tensor *const there[] = {peri_isnan(x), peri_isposinf(x),
                                peri_isneginf(x)};
  for (int i = 0; i < 3; i++)
    y = peri_where(there[i], peri_number(frame->ctx, instead[i]), y);
  return give(frame, y);
}

int peri__float_power_forward(peri_frame *frame) {
  return give(frame, peri_pow(peri_cast(frame->in[0], PERI_F64),
                              peri_cast(frame->in[1], PERI_F64)));
}

/* The bits of the dtype: those above them must stay 0 for the result to fit. */
int peri__bitwise_not_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  if (peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE,
                         "x must hold integers or bool, it is %s; convert it "
                         "with to(\"int64\")",
                         peri_dtype_name(x->dtype));
  if (x->dtype == PERI_BOOL) return give(frame, peri_logical_not(x));
  return give(frame, peri_bitwise_xor(x, peri_whole(frame->ctx, -1)));
}

int peri__gelu_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  bool by_tanh = frame->value[0].i == 1;
  return give(frame, by_tanh ? peri_gelu_tanh(x) : peri_gelu_erf(x));
}
