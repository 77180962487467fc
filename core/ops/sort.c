/* sort.c - sort, argsort, msort, topk, kthvalue, median, nanmedian, mode:
   operations that put the elements of a line in order, or choose by it. Each is
   one record of values, positions and x; gradients go where the positions
   say. */
#include <math.h>

#include "sort.h"

/* ---- Shapes ------------------------------------------------------------- */

/* Outputs: values, positions, with 'size' places along 'dim'. */
static int ordered_meta(peri_frame *frame, int64_t dim, int64_t size) {
  frame->out[0] = peri__meta(frame->in[0]);
  if (frame->out[0].ndim > 0) frame->out[0].shape[dim] = size;
  frame->out[1] = frame->out[0];
  frame->out[1].dtype = PERI_I64;
  frame->nout = 2;
  return 0;
}

/* The same without 'dim', or with it as size 1. */
static int chosen_meta(peri_frame *frame, int64_t dim, bool keep) {
  peri_meta *out = &frame->out[0];
  ordered_meta(frame, dim, 1);
  if (!keep && out->ndim > 0) {
    out->ndim--;
    for (int64_t d = dim; d < out->ndim; d++) out->shape[d] = out->shape[d + 1];
    frame->out[1] = *out;
    frame->out[1].dtype = PERI_I64;
  }
  return 0;
}

static int nothing_to_choose(const peri_frame *frame) {
  peri_text shape = peri__shape_of(frame->in[0]);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x of shape %s has no elements to choose from", shape.s);
}

/* A line without elements gives none, unless there is no line. */
static int check_line(const peri_frame *frame, int64_t dim) {
  const peri_tensor *x = frame->in[0];
  if (peri__size_along(x, dim) > 0) return 0;
  for (int d = 0; d < x->ndim; d++)
    if (d != dim && x->shape[d] == 0) return 0;
  return nothing_to_choose(frame);
}

/* 'k' of the elements along 'dim'. */
static int check_k(const peri_frame *frame, int64_t k, int64_t dim) {
  const peri_tensor *x = frame->in[0];
  int64_t size = peri__size_along(x, dim);
  if (k <= size) return 0;
  peri_text shape = peri__shape_of(x);
  return peri__op_fail(
      frame, PERI_EARG, "k is %lld, dimension %d of %s has %lld elements",
      (long long)k, (int)dim + frame->base, shape.s, (long long)size);
}

/* ---- Records ------------------------------------------------------------ */

/* An output that lacks 'dim' gets it as size 1, 0-d tensors get one. */
static void widen(peri_call *call, int arg, int ndim, int dim) {
  if (call->arg[arg].ndim < (ndim > 0 ? ndim : 1))
    peri__arg_widen(&call->arg[arg], dim);
}

static int run(peri_context *ctx, int kernel, peri_tensor *const args[3],
               const peri__sort_attr *attr) {
  peri_call call;
  peri__call_begin(&call, peri__kernel_id(kernel));
  peri__call_out(&call, args[0]);
  peri__call_out(&call, args[1]);
  peri__call_in(&call, args[2]);
  for (int i = 0; i < 3; i++) widen(&call, i, args[2]->ndim, attr->dim);
  memcpy(call.attr, attr, sizeof *attr);
  return peri__call_run(ctx, &call, args);
}

static int run_frame(peri_frame *frame, int kernel, peri__sort_attr attr) {
  peri_tensor *args[] = {frame->y[0], frame->y[1], frame->in[0]};
  attr.base = frame->base;
  return run(frame->ctx, kernel, args, &attr);
}

/* An output that nobody wants, in the shape of 'y'. */
static peri_tensor *unwanted(const peri_tensor *y, peri_dtype dtype) {
  peri_meta meta = peri__meta(y);
  meta.dtype = dtype;
  return peri__tensor_make(y->ctx, &meta, NULL, y->storage->meta);
}

/* ---- sort --------------------------------------------------------------- */

enum { DIM, DESCENDING }; /* parameters of sort, argsort */

int peri__sort_infer(peri_frame *frame) {
  int64_t dim = frame->value[DIM].i;
  return ordered_meta(frame, dim, peri__size_along(frame->in[0], dim));
}

int peri__sort_forward(peri_frame *frame) {
  return run_frame(
      frame, PERI_K_sort,
      (peri__sort_attr){.dim = (int)frame->value[DIM].i,
                        .descending = frame->value[DESCENDING].i != 0});
}

int peri__argsort_infer(peri_frame *frame) {
  peri__sort_infer(frame);
  frame->out[0].dtype = PERI_I64;
  frame->nout = 1;
  return 0;
}

int peri__argsort_forward(peri_frame *frame) {
  peri_tensor *positions = frame->y[0], *x = frame->in[0];
  peri_tensor *args[] = {unwanted(positions, x->dtype), positions, x};
  peri__sort_attr attr = {.dim = (int)frame->value[DIM].i,
                          .descending = frame->value[DESCENDING].i != 0,
                          .base = frame->base};
  if (!args[0]) return frame->ctx->status;
  return run(frame->ctx, PERI_K_sort, args, &attr);
}

peri_tensor *peri__ascending(peri_tensor *x, int dim) {
  peri_sort_options options = peri_sort_defaults();
  options.dim = dim;
  return peri_sort(x, &options, NULL);
}

int peri__msort_forward(peri_frame *frame) {
  frame->y[0] = peri__ascending(frame->in[0], 0);
  return 0;
}

/* ---- topk, kthvalue, mode ----------------------------------------------- */

enum { K, K_DIM, LARGEST, K_KEEPDIM = 2 }; /* parameters of topk, kthvalue */

int peri__topk_infer(peri_frame *frame) {
  int64_t k = frame->value[K].i, dim = frame->value[K_DIM].i;
  int status = check_k(frame, k, dim);
  if (status == 0 && frame->in[0]->ndim == 0 && k == 0)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x is a single number, of which k is 1");
  return status < 0 ? status : ordered_meta(frame, dim, k);
}

int peri__topk_forward(peri_frame *frame) {
  return run_frame(
      frame, PERI_K_topk,
      (peri__sort_attr){.dim = (int)frame->value[K_DIM].i,
                        .descending = frame->value[LARGEST].i != 0});
}

int peri__kthvalue_infer(peri_frame *frame) {
  int64_t dim = frame->value[K_DIM].i;
  int status = check_k(frame, frame->value[K].i, dim);
  if (status < 0) return status;
  return chosen_meta(frame, dim, frame->value[K_KEEPDIM].i != 0);
}

int peri__kthvalue_forward(peri_frame *frame) {
  return run_frame(frame, PERI_K_kth,
                   (peri__sort_attr){.dim = (int)frame->value[K_DIM].i,
                                     .choice = PERI_KTH,
                                     .k = frame->value[K].i - 1});
}

enum { KEEPDIM = 1 }; /* parameter of mode, median */

int peri__mode_infer(peri_frame *frame) {
  int64_t dim = frame->value[DIM].i;
  int status = check_line(frame, dim);
  if (status < 0) return status;
  return chosen_meta(frame, dim, frame->value[KEEPDIM].i != 0);
}

int peri__mode_forward(peri_frame *frame) {
  return run_frame(frame, PERI_K_mode,
                   (peri__sort_attr){.dim = (int)frame->value[DIM].i});
}

/* ---- median ------------------------------------------------------------- */

static bool over_all(const peri_value *value) {
  return value[DIM].type == PERI_P_END;
}

/* Over everything: one value, without its position. */
static int single_meta(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  peri_meta *out = &frame->out[0];
  out->dtype = x->dtype;
  out->ndim = frame->value[KEEPDIM].i ? x->ndim : 0;
  for (int d = 0; d < out->ndim; d++) out->shape[d] = 1;
  frame->nout = 1;
  bool empty = peri_tensor_numel(x) == 0;
  return empty && !peri__is_float(x->dtype) ? nothing_to_choose(frame) : 0;
}

int peri__median_infer(peri_frame *frame) {
  int64_t dim = frame->value[DIM].i;
  if (over_all(frame->value)) return single_meta(frame);
  int status = check_line(frame, dim);
  if (status < 0) return status;
  return chosen_meta(frame, dim, frame->value[KEEPDIM].i != 0);
}

/* One line of all elements; of none, NaN. */
static int single_median(peri_frame *frame, peri__sort_attr attr) {
  int64_t all = -1;
  const peri_value nan = {.type = PERI_P_NUMBER, .f = (double)NAN};
  if (peri_tensor_numel(frame->in[0]) == 0)
    return peri__fill_with(frame->y[0], &nan);
  peri_tensor *x = peri_reshape(frame->in[0], &all, 1);
  peri_tensor *y = x ? peri_reshape(frame->y[0], NULL, 0) : NULL;
  peri_tensor *args[] = {y, y ? unwanted(y, PERI_I64) : NULL, x};
  if (!args[1]) return frame->ctx->status;
  return run(frame->ctx, PERI_K_kth, args, &attr);
}

static int median(peri_frame *frame, int choice) {
  peri__sort_attr attr = {.choice = choice};
  if (over_all(frame->value)) return single_median(frame, attr);
  attr.dim = (int)frame->value[DIM].i;
  return run_frame(frame, PERI_K_kth, attr);
}

int peri__median_forward(peri_frame *frame) {
  return median(frame, PERI_MEDIAN);
}

int peri__nanmedian_forward(peri_frame *frame) {
  return median(frame, PERI_NANMEDIAN);
}

/* ---- Gradients ---------------------------------------------------------- */

/* Apply the row 'name' along 'dim', from 0, with positions from 'base'. */
static peri_tensor *along(const char *name, peri_tensor *const *in, int nin,
                          int dim, int base) {
  const peri_value value = {.type = PERI_P_DIM, .whole = true, .i = dim + base};
  return peri_apply(in[nin - 1] ? in[nin - 1]->ctx : NULL,
                    peri__op_named(NULL, name), in, nin, &value, base, NULL);
}

peri_tensor *peri__at_positions(peri_tensor *x, peri_tensor *positions, int dim,
                                int base) {
  peri_tensor *in[] = {x, positions};
  return x && positions ? along("gather", in, 2, dim, base) : NULL;
}

peri_tensor *peri__to_positions(peri_tensor *dy, peri_tensor *positions,
                                int dim, int base, const peri_meta *x) {
  peri_zeros_options options = peri_zeros_defaults();
  if (!dy || !positions) return NULL;
  options.dtype = dy->dtype;
  options.device = peri_tensor_device(dy);
  peri_tensor *zeros = peri_zeros(dy->ctx, x->shape, x->ndim, &options);
  peri_tensor *in[] = {zeros, positions, dy};
  return zeros ? along("scatter_add", in, 3, dim, base) : NULL;
}

/* dy of values to their positions; 'gone': these lack the dimension. */
static int to_positions(peri_backprop *grad, int dim, bool gone) {
  peri_tensor *dy = grad->dy[0], *positions = grad->out[1];
  if (!dy) return 0; /* only positions are used further on */
  if (gone && grad->in_meta[0].ndim > 0) {
    dy = peri_unsqueeze(dy, dim);
    positions = peri_unsqueeze(positions, dim);
  }
  grad->dx[0] =
      peri__to_positions(dy, positions, dim, grad->base, &grad->in_meta[0]);
  return 0;
}

int peri__sort_backward(peri_backprop *grad) {
  return to_positions(grad, (int)grad->value[DIM].i, false);
}

int peri__topk_backward(peri_backprop *grad) {
  return to_positions(grad, (int)grad->value[K_DIM].i, false);
}

int peri__kthvalue_backward(peri_backprop *grad) {
  return to_positions(grad, (int)grad->value[K_DIM].i,
                      grad->value[K_KEEPDIM].i == 0);
}

int peri__mode_backward(peri_backprop *grad) {
  return to_positions(grad, (int)grad->value[DIM].i,
                      grad->value[KEEPDIM].i == 0);
}

/* Over everything dy is shared by the equals; NaN equals NaN here. */
static peri_tensor *shared_evenly(const peri_backprop *grad) {
  peri_tensor *x = grad->in[0], *y = peri_reshape(grad->out[0], NULL, 0);
  peri_tensor *both_nan = peri_logical_and(peri_isnan(x), peri_isnan(y));
  peri_tensor *chosen = peri_cast(peri_logical_or(peri_eq(x, y), both_nan),
                                  peri__wide(grad->in_meta[0].dtype));
  peri_tensor *share = peri_div(chosen, peri_sum(chosen, NULL));
  return peri_mul(share, peri_reshape(grad->dy[0], NULL, 0));
}

int peri__median_backward(peri_backprop *grad) {
  if (!over_all(grad->value)) return peri__mode_backward(grad);
  if (grad->dy[0]) grad->dx[0] = shared_evenly(grad);
  return 0;
}

int peri__nanmedian_backward(peri_backprop *grad) {
  return peri__median_backward(grad);
}
