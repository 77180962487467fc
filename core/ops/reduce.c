/* reduce.c - sum, mean, prod, max, min, argmax, argmin, any, all, logsumexp and
   what is composed of them: operations that make one element of many.

   The kernels see an output that keeps the reduced dimensions with size 1; the
   record gives it those where the tensor has them not. */
#include <math.h>

#include "reduced.h"

peri__plan peri__plan_of(const peri_value *dim, const peri_value *keep,
                         int ndim) {
  peri__plan p = {.keep = keep->i != 0};
  bool all =
      dim->type == PERI_P_END || (dim->type == PERI_P_DIMS && dim->count == 0);
  for (int d = 0; d < ndim; d++) p.gone[d] = all;
  if (dim->type == PERI_P_DIM && ndim > 0) p.gone[dim->i] = true;
  for (int i = 0; ndim > 0 && dim->type == PERI_P_DIMS && i < dim->count; i++)
    p.gone[dim->list[i]] = true;
  return p;
}

int peri__plan_dims(const peri__plan *plan, int ndim, int64_t *dims) {
  int count = 0;
  for (int d = 0; d < ndim; d++)
    if (plan->gone[d]) dims[count++] = d;
  return count;
}

int64_t peri__plan_count(const peri__plan *plan, const peri_meta *x) {
  int64_t count = 1;
  for (int d = 0; d < x->ndim; d++)
    if (plan->gone[d]) count *= x->shape[d];
  return count;
}

/* Most rows begin with dim and keepdim. */
static peri__plan plan_of(const peri_frame *frame) {
  return peri__plan_of(&frame->value[0], &frame->value[1], frame->in[0]->ndim);
}

static bool over_all(const peri_value *value) {
  return value[0].type == PERI_P_END;
}

void peri__reduced_meta(const peri_tensor *x, const peri__plan *plan,
                        peri_dtype dtype, peri_meta *out) {
  out->dtype = dtype;
  out->ndim = 0;
  for (int d = 0; d < x->ndim; d++) {
    if (plan->gone[d] && !plan->keep) continue;
    out->shape[out->ndim++] = plan->gone[d] ? 1 : x->shape[d];
  }
}

int peri__check_float(const peri_frame *frame, int input) {
  const peri_tensor *x = frame->in[input];
  if (peri__is_float(x->dtype)) return 0;
  return peri__op_fail(
      frame, PERI_EDTYPE,
      "%s must be a float, it is %s; convert it with to(\"float32\")",
      frame->op->inputs[input].name, peri_dtype_name(x->dtype));
}

int peri__check_choice(const peri_frame *frame, const peri__plan *plan) {
  const peri_tensor *x = frame->in[0];
  bool empty_result = false, empty_choice = false;
  for (int d = 0; d < x->ndim; d++) {
    if (x->shape[d] > 0) continue;
    if (plan->gone[d])
      empty_choice = true;
    else
      empty_result = true;
  }
  if (!empty_choice || empty_result) return 0;
  peri_text shape = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x of shape %s has no elements to choose from", shape.s);
}

/* ---- Shapes ----------------------------------------------------------- */

peri_dtype peri__dtype_value(const peri_value *value) {
  return value->type == PERI_P_END ? PERI_DTYPE_NONE : (peri_dtype)value->i;
}

peri_dtype peri__sum_dtype(peri_dtype x, peri_dtype given) {
  if (given != PERI_DTYPE_NONE) return given;
  return peri__is_float(x) ? x : PERI_I64;
}

static int one_output(peri_frame *frame, peri_dtype dtype) {
  peri__plan p = plan_of(frame);
  peri__reduced_meta(frame->in[0], &p, dtype, &frame->out[0]);
  return 0;
}

/* sum, prod */
int peri__sum_infer(peri_frame *frame) {
  peri_dtype given = peri__dtype_value(&frame->value[2]);
  return one_output(frame, peri__sum_dtype(frame->in[0]->dtype, given));
}

int peri__truth_infer(peri_frame *frame) {
  return one_output(frame, PERI_BOOL);
}

int peri__position_infer(peri_frame *frame) {
  peri__plan p = plan_of(frame);
  one_output(frame, PERI_I64);
  return peri__check_choice(frame, &p);
}

/* amax, amin; max, min */
int peri__extreme_infer(peri_frame *frame) {
  peri__plan p = plan_of(frame);
  const peri_tensor *x = frame->in[0];
  bool positions = peri__count_outputs(frame->op) > 1;
  frame->nout = positions && !over_all(frame->value) ? 2 : 1;
  peri__reduced_meta(x, &p, x->dtype, &frame->out[0]);
  peri__reduced_meta(x, &p, PERI_I64, &frame->out[1]);
  return peri__check_choice(frame, &p);
}

int peri__logsumexp_infer(peri_frame *frame) {
  peri_dtype dtype = frame->in[0]->dtype;
  return one_output(frame, peri__is_float(dtype) ? dtype : PERI_F32);
}

/* ---- Records ---------------------------------------------------------- */

/* Write 'y' into 'call' with the dimensions of 'x': size 1 where reduced. */
static void add_reduced(peri_call *call, const peri_tensor *y,
                        const peri_tensor *x, const peri__plan *p) {
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

int peri__reduce(const peri_frame *frame, int kernel, peri_tensor *x,
                 const peri__plan *plan, const peri__reduce_attr *attr) {
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->y[1] ? x : NULL};
  peri_call call;
  if (!x) return frame->ctx->status;
  peri__call_begin(&call, peri__kernel_id(kernel));
  for (int i = 0; i < frame->nout; i++)
    add_reduced(&call, frame->y[i], x, plan);
  peri__call_in(&call, x);
  args[frame->nout] = x;
  memcpy(call.attr, attr, sizeof *attr);
  return peri__call_run(frame->ctx, &call, args);
}

static int reduce_as(peri_frame *frame, int kernel, peri_tensor *x) {
  peri__plan p = plan_of(frame);
  peri__reduce_attr attr = {.base = frame->base};
  return peri__reduce(frame, kernel, x, &p, &attr);
}

static int reduce(peri_frame *frame, int kernel) {
  return reduce_as(frame, kernel, frame->in[0]);
}

/* Converted first where the kernel would sum in another type: float32 takes
   16-bit floats as they are, whole numbers wrap when they are written. */
peri_tensor *peri__summand(peri_tensor *x, peri_dtype dtype) {
  bool same = dtype == PERI_DTYPE_NONE || dtype == x->dtype;
  bool wide = dtype == PERI_F32 && peri__wide(x->dtype) == PERI_F32;
  bool whole =
      !peri__is_float(x->dtype) && peri__category(dtype) == PERI_CATEGORY_INT;
  return same || wide || whole ? x : peri_to(x, dtype);
}

int peri__sum_forward(peri_frame *frame) {
  peri_dtype dtype = peri__dtype_value(&frame->value[2]);
  return reduce_as(frame, PERI_K_sum, peri__summand(frame->in[0], dtype));
}

int peri__nansum_forward(peri_frame *frame) {
  peri_dtype dtype = peri__dtype_value(&frame->value[2]);
  peri_tensor *x = peri__summand(frame->in[0], dtype);
  bool real = x && peri__is_float(x->dtype);
  return reduce_as(frame, real ? PERI_K_nansum : PERI_K_sum, x);
}

int peri__prod_forward(peri_frame *frame) {
  peri_dtype dtype = peri__dtype_value(&frame->value[2]);
  return reduce_as(frame, PERI_K_prod, peri__summand(frame->in[0], dtype));
}

int peri__logsumexp_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  if (!peri__is_float(x->dtype)) x = peri_to(x, PERI_F32);
  return reduce_as(frame, PERI_K_logsumexp, x);
}

int peri__amax_forward(peri_frame *frame) { return reduce(frame, PERI_K_max); }
int peri__amin_forward(peri_frame *frame) { return reduce(frame, PERI_K_min); }
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

/* ---- Sums as other operations ask for them ----------------------------- */

static peri_tensor *sum_with(peri_tensor *x, const peri__plan *plan, bool keep,
                             peri_dtype dtype) {
  int64_t dims[PERI_MAX_DIMS];
  peri_sum_options options = peri_sum_defaults();
  if (!x) return NULL;
  options.dim_count = peri__plan_dims(plan, x->ndim, dims);
  options.dim = x->ndim > 0 ? dims : NULL;
  options.keepdim = keep;
  options.dtype = dtype;
  return peri_sum(x, &options);
}

peri_tensor *peri__sum_kept(peri_tensor *x, const peri__plan *plan) {
  return sum_with(x, plan, true, PERI_DTYPE_NONE);
}

peri_tensor *peri__sum_over(peri_tensor *x, const peri__plan *plan) {
  return sum_with(x, plan, plan->keep, PERI_DTYPE_NONE);
}

/* ---- Composed --------------------------------------------------------- */

/* sum / n; 16-bit floats are summed in float32. */
int peri__mean_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  peri_dtype dtype = peri__dtype_value(&frame->value[2]);
  peri__plan p = plan_of(frame);
  peri_meta meta = peri__meta(x);
  if (dtype == PERI_DTYPE_NONE && peri__check_float(frame, 0) < 0)
    return PERI_EDTYPE;
  if (dtype == PERI_DTYPE_NONE) dtype = x->dtype;
  if (!peri__is_float(dtype))
    return peri__op_fail(frame, PERI_EDTYPE, "dtype must be a float, it is %s",
                         peri_dtype_name(dtype));
  double count = (double)peri__plan_count(&p, &meta);
  peri_tensor *sum = sum_with(peri_to(x, dtype), &p, p.keep, peri__wide(dtype));
  frame->y[0] = peri_to(peri_div(sum, peri_number(frame->ctx, count)), dtype);
  return 0;
}

/* Both ends of the range by the same options. */
int peri__aminmax_forward(peri_frame *frame) {
  const peri_value *dim = &frame->value[0];
  peri_amin_options low = peri_amin_defaults();
  peri_amax_options high = peri_amax_defaults();
  int64_t one = dim->i;
  if (dim->type != PERI_P_END) {
    low.dim = high.dim = &one;
    low.dim_count = high.dim_count = frame->in[0]->ndim > 0;
  }
  low.keepdim = high.keepdim = frame->value[1].i != 0;
  frame->y[0] = peri_amin(frame->in[0], &low);
  frame->y[1] = peri_amax(frame->in[0], &high);
  frame->nout = 2;
  return 0;
}

int peri__count_nonzero_forward(peri_frame *frame) {
  peri__plan p = peri__plan_of(&frame->value[0], &(peri_value){.i = 0},
                               frame->in[0]->ndim);
  frame->y[0] =
      peri__sum_over(peri_ne(frame->in[0], peri_whole(frame->ctx, 0)), &p);
  return 0;
}

int peri__nanmean_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  peri__plan p = plan_of(frame);
  int status = peri__check_float(frame, 0);
  if (status < 0) return status;
  peri_dtype wide = peri__wide(x->dtype);
  peri_nansum_options options = peri_nansum_defaults();
  int64_t dims[PERI_MAX_DIMS];
  options.dim_count = peri__plan_dims(&p, x->ndim, dims);
  options.dim = x->ndim > 0 ? dims : NULL;
  options.keepdim = p.keep;
  options.dtype = wide;
  peri_tensor *count = peri__sum_over(peri_logical_not(peri_isnan(x)), &p);
  peri_tensor *sum = peri_nansum(x, &options);
  frame->y[0] = peri_to(peri_div(sum, peri_to(count, wide)), x->dtype);
  return 0;
}
