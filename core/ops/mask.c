/* mask.c - elements that a mask chooses, and where they are. */
#include "index.h"

/* The common shape of x and mask. */
static int broadcast_mask(const peri_frame *frame, const peri_tensor *x,
                          const peri_tensor *mask, peri_meta *out) {
  int status = peri__check_mask(frame, mask);
  if (status < 0) return status;
  out->dtype = x->dtype;
  out->ndim =
      peri__broadcast(x->shape, x->ndim, mask->shape, mask->ndim, out->shape);
  if (out->ndim >= 0) return 0;
  peri_text own = peri__shape_of(x), shape = peri__shape_of(mask);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "mask of shape %s does not fit x of %s", shape.s, own.s);
}

/* 'x' as one of 'shape', repeated where it is shorter. */
static peri_tensor *spread(peri_tensor *x, const int64_t *shape, int ndim) {
  int64_t strides[PERI_MAX_DIMS];
  for (int d = 0; d < ndim; d++) {
    int own = d - (ndim - x->ndim);
    bool repeats = own < 0 || (x->shape[own] == 1 && shape[d] != 1);
    strides[d] = repeats ? 0 : x->strides[own];
  }
  return peri__view(x, shape, strides, ndim, x->offset);
}

/* ---- masked_select ---------------------------------------------------- */

/* Each true element of the mask chooses one of each place it is repeated to. */
static int64_t count_chosen(const peri_tensor *mask, const peri_meta *whole) {
  int64_t count = peri__count_nonzero(mask), own = peri_tensor_numel(mask);
  return own == 0 ? 0 : count * (peri__numel(whole->shape, whole->ndim) / own);
}

int peri__masked_select_infer(peri_frame *frame) {
  peri_meta whole;
  int status = broadcast_mask(frame, frame->in[0], frame->in[1], &whole);
  if (status < 0) return status;
  if (peri__numel(whole.shape, whole.ndim) < 0)
    return peri__op_fail(frame, PERI_ESHAPE, "the common shape is too large");
  frame->out[0].dtype = whole.dtype;
  frame->out[0].ndim = 1;
  frame->out[0].shape[0] = count_chosen(frame->in[1], &whole);
  frame->nout = 1;
  return 0;
}

int peri__masked_select_forward(peri_frame *frame) {
  peri_meta whole;
  int status = broadcast_mask(frame, frame->in[0], frame->in[1], &whole);
  if (status < 0) return status;
  peri_tensor *args[3] = {frame->y[0],
                          spread(frame->in[0], whole.shape, whole.ndim),
                          spread(frame->in[1], whole.shape, whole.ndim)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_masked_select), args, 1,
                   2, NULL, 0);
}

int peri__masked_select_backward(peri_backprop *grad) {
  peri_meta whole = grad->in_meta[0];
  peri_zeros_options options = peri_zeros_defaults();
  peri_tensor *mask = grad->in[1];
  whole.ndim = peri__broadcast(grad->in_meta[0].shape, whole.ndim, mask->shape,
                               mask->ndim, whole.shape);
  options.dtype = whole.dtype;
  peri_tensor *dx = peri_zeros(grad->ctx, whole.shape, whole.ndim, &options);
  grad->dx[0] = peri_masked_put_(dx, grad->dy[0], mask);
  return 0;
}

/* ---- masked_fill ------------------------------------------------------ */

int peri__masked_fill_infer(peri_frame *frame) {
  int status = broadcast_mask(frame, frame->in[0], frame->in[1], frame->out);
  frame->nout = 1;
  if (status < 0) return status;
  return peri__check_single(frame, frame->in[2], "value");
}

/* The kernel of where. */
int peri__masked_fill_forward(peri_frame *frame) {
  peri_tensor *in[] = {frame->in[1], frame->in[2], frame->in[0]};
  const peri_op *op = peri__op_named(NULL, "where");
  peri_frame choice;
  peri__frame_init(&choice, frame->ctx, op, in, 3, frame->base);
  choice.out[0] = frame->out[0];
  choice.y[0] = frame->y[0];
  return op->forward(&choice);
}

int peri__masked_fill_backward(peri_backprop *grad) {
  peri_tensor *dy = grad->dy[0], *mask = grad->in[1];
  peri_tensor *zero = peri_whole(grad->ctx, 0);
  if (grad->needs[0]) grad->dx[0] = peri_where(mask, zero, dy);
  if (grad->needs[2]) grad->dx[2] = peri_where(mask, dy, zero);
  return 0;
}

/* ---- masked_scatter --------------------------------------------------- */

/* As much of source as the mask takes, as one row. */
static peri_tensor *needed(const peri_frame *frame, const peri_meta *whole) {
  const int64_t all = -1;
  peri_tensor *source = frame->in[2], *mask = frame->in[1];
  if (mask->storage->meta) return peri_reshape(source, &all, 1);
  int64_t count = count_chosen(mask, whole), own = peri_tensor_numel(source);
  if (own < count) {
    peri__op_fail(frame, PERI_ESHAPE,
                  "source has %lld elements, the mask chooses %lld",
                  (long long)own, (long long)count);
    return NULL;
  }
  source = peri_reshape(source, &all, 1);
  return own > count ? peri_narrow(source, 0, 0, count) : source;
}

int peri__masked_scatter_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0], *mask = frame->in[1];
  peri_meta whole;
  int status = broadcast_mask(frame, x, mask, &whole);
  if (status == 0) status = peri__check_dtype(frame, frame->in[2], "source");
  if (status < 0) return status;
  bool same = peri__same_shape(x->shape, x->ndim, whole.shape, whole.ndim);
  if (frame->inplace && !same)
    return peri__op_fail(frame, PERI_ESHAPE, "mask has more elements than x");
  peri_tensor *source = needed(frame, &whole);
  if (!source) return frame->ctx->status;
  if (!same) x = peri_expand(x, whole.shape, whole.ndim);
  frame->y[0] = frame->inplace ? peri_masked_put_(x, source, mask)
                               : peri_masked_put(x, source, mask);
  return frame->ctx->status;
}

/* ---- masked_put ------------------------------------------------------- */

int peri__masked_put_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
  return 0;
}

int peri__masked_put_forward(peri_frame *frame) {
  peri_tensor *y = frame->y[0], *src = frame->in[1];
  if (!frame->inplace) peri_copy_(y, frame->in[0]);
  peri_tensor *args[3] = {y, src, spread(frame->in[2], y->shape, y->ndim)};
  if (frame->ctx->status < 0) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_masked_scatter), args, 1,
                   2, NULL, 0);
}

int peri__masked_put_backward(peri_backprop *grad) {
  peri_tensor *dy = grad->dy[0], *mask = grad->in[2];
  if (grad->needs[0]) grad->dx[0] = peri_where(mask, peri__zeros_like(dy), dy);
  if (grad->needs[1])
    grad->dx[1] =
        peri_masked_select(dy, peri_expand(mask, dy->shape, dy->ndim));
  return 0;
}

/* ---- nonzero ---------------------------------------------------------- */

static int run_nonzero(peri_frame *frame, bool flat) {
  peri__nonzero_attr attr = {flat ? 0 : frame->base, flat};
  peri_tensor *args[2] = {frame->y[0], frame->in[0]};
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_nonzero), args, 1, 1,
                   &attr, sizeof attr);
}

int peri__nonzero_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  frame->out[0] = (peri_meta){.dtype = PERI_I64, .ndim = 2};
  frame->out[0].shape[0] = peri__count_nonzero(x);
  frame->out[0].shape[1] = x->ndim;
  frame->nout = 1;
  return 0;
}

int peri__nonzero_forward(peri_frame *frame) {
  return run_nonzero(frame, false);
}

int peri__flat_nonzero_infer(peri_frame *frame) {
  frame->out[0] = (peri_meta){.dtype = PERI_I64, .ndim = 1};
  frame->out[0].shape[0] = peri__count_nonzero(frame->in[0]);
  frame->nout = 1;
  return 0;
}

int peri__flat_nonzero_forward(peri_frame *frame) {
  return run_nonzero(frame, true);
}

/* With the base of the call, which the function in C does not have. */
int peri__argwhere_forward(peri_frame *frame) {
  frame->y[0] = peri_apply(frame->ctx, peri__op_named(NULL, "nonzero"),
                           frame->in, 1, NULL, frame->base, NULL);
  return 0;
}

/* ---- one_hot ---------------------------------------------------------- */

/* One more than the largest class, counted from 0; below 1 if there is none,
   saturated if that is no number. */
static int64_t classes_in(peri_frame *frame) {
  int64_t count = 0;
  peri_scope scope = peri__scope_open(frame->ctx);
  peri_tensor *max = peri_max(frame->in[0], NULL, NULL);
  if (max && !peri__add(peri_item_whole(max), 1 - frame->base, &count))
    count = INT64_MAX;
  peri__scope_close(scope);
  return count;
}

static int count_classes(peri_frame *frame, int64_t *classes) {
  const peri_tensor *x = frame->in[0];
  *classes = peri__int(frame->value, 0, 0);
  if (*classes > 0) return 0;
  if (x->storage->meta || frame->ctx->recording || peri_tensor_numel(x) == 0)
    return peri__op_fail(frame, PERI_EARG,
                         "num_classes must be given where it cannot be read "
                         "from x");
  *classes = classes_in(frame);
  if (*classes < 1) *classes = 1; /* every class is out of range */
  return frame->ctx->status;
}

int peri__one_hot_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  peri_meta *out = &frame->out[0];
  int64_t classes = 0;
  int status = peri__check_integers(frame, x, "x");
  if (status == 0 && x->ndim == PERI_MAX_DIMS)
    status = peri__op_fail(frame, PERI_ESHAPE, "x has %d dimensions already",
                           PERI_MAX_DIMS);
  if (status == 0) status = count_classes(frame, &classes);
  if (status < 0) return status;
  *out = peri__meta(x);
  out->dtype = PERI_I64;
  out->shape[out->ndim++] = classes;
  frame->nout = 1;
  return peri__check_classes(frame, x, classes);
}

int peri__one_hot_forward(peri_frame *frame) {
  peri_tensor *y = frame->y[0];
  peri_tensor *index = peri_unsqueeze(frame->in[0], -1);
  const peri_value zero = {.type = PERI_P_NUMBER, .whole = true};
  peri__index_attr attr = {y->ndim - 1, 1, frame->base, PERI_SCATTER_SET,
                           false};
  int status = peri__fill_with(y, &zero);
  if (status < 0 || !index) return status;
  peri_tensor *one =
      peri_expand(peri_whole(frame->ctx, 1), index->shape, index->ndim);
  peri_tensor *args[3] = {y, one, index};
  if (!one) return frame->ctx->status;
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_scatter), args, 1, 2,
                   &attr, sizeof attr);
}
