/* reduce.c - sum, mean, max, min, argmax, argmin, any, all: operations that
   make one element of many.

   The kernels see an output that keeps the reduced dimensions with size 1; the
   record gives it those where the tensor has them not. */
#include "kernels.h"

typedef struct {
  bool gone[PERI_MAX_DIMS]; /* reduced dimensions */
  bool keep;
} plan;

/* Parameter 0 is one dimension or a list, none for all; parameter 1 keepdim. */
static plan plan_of(const peri_value *value, int ndim) {
  plan p = {.keep = value[1].i != 0};
  const peri_value *dim = &value[0];
  bool all =
      dim->type == PERI_P_END || (dim->type == PERI_P_DIMS && dim->count == 0);
  for (int d = 0; d < ndim; d++) p.gone[d] = all;
  if (dim->type == PERI_P_DIM && ndim > 0) p.gone[dim->i] = true;
  for (int i = 0; ndim > 0 && dim->type == PERI_P_DIMS && i < dim->count; i++)
    p.gone[dim->list[i]] = true;
  return p;
}

static bool over_all(const peri_value *value) {
  return value[0].type == PERI_P_END;
}

static void reduced_meta(const peri_frame *frame, peri_dtype dtype,
                         peri_meta *out) {
  const peri_tensor *x = frame->in[0];
  plan p = plan_of(frame->value, x->ndim);
  out->dtype = dtype;
  out->ndim = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (p.gone[d] && !p.keep) continue;
    out->shape[out->ndim++] = p.gone[d] ? 1 : x->shape[d];
  }
}

int peri__sum_infer(peri_frame *frame) {
  peri_dtype dtype = frame->in[0]->dtype;
  reduced_meta(frame, peri__is_float(dtype) ? dtype : PERI_I64, &frame->out[0]);
  return 0;
}

int peri__truth_infer(peri_frame *frame) {
  reduced_meta(frame, PERI_BOOL, &frame->out[0]);
  return 0;
}

/* Choosing needs something to choose from. */
static int check_choice(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  plan p = plan_of(frame->value, x->ndim);
  bool empty_result = false, empty_choice = false;
  for (int d = 0; d < x->ndim; d++) {
    if (x->shape[d] > 0) continue;
    if (p.gone[d])
      empty_choice = true;
    else
      empty_result = true;
  }
  if (!empty_choice || empty_result) return 0;
  peri_text shape = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x of shape %s has no elements to choose from", shape.s);
}

int peri__position_infer(peri_frame *frame) {
  reduced_meta(frame, PERI_I64, &frame->out[0]);
  return check_choice(frame);
}

int peri__extreme_infer(peri_frame *frame) {
  reduced_meta(frame, frame->in[0]->dtype, &frame->out[0]);
  frame->nout = over_all(frame->value) ? 1 : 2;
  reduced_meta(frame, PERI_I64, &frame->out[1]);
  return check_choice(frame);
}

/* ---- Records ---------------------------------------------------------- */

/* Write 'y' into 'call' with the dimensions of 'x': size 1 where reduced. */
static void add_reduced(peri_call *call, const peri_tensor *y,
                        const peri_tensor *x, const plan *p) {
  peri_arg *arg = &call->arg[call->nout];
  peri__call_out(call, y);
  int own = 0;
  for (int d = 0; d < x->ndim; d++) {
    bool there = !p->gone[d] || p->keep;
    arg->shape[d] = p->gone[d] ? 1 : x->shape[d];
    arg->strides[d] = there && !p->gone[d] ? y->strides[own] : 0;
    if (there) own++;
  }
  arg->ndim = x->ndim;
}

/* One record: the outputs with reduced dimensions of size 1, then x. */
static int reduce(peri_frame *frame, int kernel) {
  peri_tensor *x = frame->in[0];
  plan p = plan_of(frame->value, x->ndim);
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->y[1] ? x : NULL};
  peri__reduce_attr attr = {frame->base, over_all(frame->value)};
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(kernel));
  for (int i = 0; i < frame->nout; i++) add_reduced(&call, frame->y[i], x, &p);
  peri__call_in(&call, x);
  args[frame->nout] = x;
  memcpy(call.attr, &attr, sizeof attr);
  return peri__call_run(frame->ctx, &call, args);
}

int peri__sum_forward(peri_frame *frame) { return reduce(frame, PERI_K_sum); }
int peri__max_forward(peri_frame *frame) { return reduce(frame, PERI_K_max); }
int peri__min_forward(peri_frame *frame) { return reduce(frame, PERI_K_min); }
int peri__any_forward(peri_frame *frame) { return reduce(frame, PERI_K_any); }
int peri__all_forward(peri_frame *frame) { return reduce(frame, PERI_K_all); }

int peri__argmax_forward(peri_frame *frame) {
  return reduce(frame, PERI_K_argmax);
}

int peri__argmin_forward(peri_frame *frame) {
  return reduce(frame, PERI_K_argmin);
}

/* ---- Gradients -------------------------------------------------------- */

/* 'y' with the reduced dimensions back as size 1. */
static peri_tensor *restore(peri_tensor *y, const peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  plan p = plan_of(grad->value, x->ndim);
  int64_t shape[PERI_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = p.gone[d] ? 1 : x->shape[d];
  return peri_reshape(y, shape, x->ndim);
}

int peri__sum_backward(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  grad->dx[0] = peri_expand(restore(grad->dy[0], grad), x->shape, x->ndim);
  return 0;
}

/* Along one dimension all of dy goes to the chosen position. */
static peri_tensor *at_position(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  int dim = (int)grad->value[0].i;
  int64_t shape[PERI_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = d == dim ? x->shape[d] : 1;
  peri_arange_options options = peri_arange_defaults();
  options.dtype = PERI_I64;
  options.stop = (double)(grad->base + (x->ndim ? x->shape[dim] : 1));
  options.device = peri_tensor_device(grad->dy[0]);
  peri_tensor *places = peri_reshape(
      peri_arange(grad->ctx, grad->base, &options), shape, x->ndim);
  return peri_where(peri_eq(places, restore(grad->out[1], grad)),
                    restore(grad->dy[0], grad), peri_number(grad->ctx, 0));
}

/* Over everything dy is shared by the equals. */
static peri_tensor *shared_evenly(peri_backprop *grad) {
  peri_tensor *chosen = peri_cast(peri_eq(grad->in[0], grad->out[0]),
                                  peri__wide(grad->in_meta[0].dtype));
  peri_tensor *share = peri_div(chosen, peri_sum(chosen, NULL));
  return peri_mul(share, grad->dy[0]);
}

int peri__max_backward(peri_backprop *grad) {
  if (!grad->dy[0]) return 0; /* only positions are used further on */
  grad->dx[0] = over_all(grad->value) ? shared_evenly(grad) : at_position(grad);
  return 0;
}

int peri__min_backward(peri_backprop *grad) { return peri__max_backward(grad); }

/* ---- Composed --------------------------------------------------------- */

/* sum / n; 16-bit floats are summed in float32. */
int peri__mean_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  plan p = plan_of(frame->value, x->ndim);
  int64_t dims[PERI_MAX_DIMS];
  double count = 1;
  peri_sum_options options = peri_sum_defaults();
  if (!peri__is_float(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE,
                         "x must be a float, it is %s; convert it with to",
                         peri_dtype_name(x->dtype));
  for (int d = 0; d < x->ndim; d++) {
    if (!p.gone[d]) continue;
    dims[options.dim_count++] = d;
    count *= (double)x->shape[d];
  }
  options.dim = x->ndim > 0 ? dims : NULL;
  options.keepdim = p.keep;
  peri_tensor *sum = peri_sum(peri_to(x, peri__wide(x->dtype)), &options);
  frame->y[0] =
      peri_to(peri_div(sum, peri_number(frame->ctx, count)), x->dtype);
  return 0;
}
