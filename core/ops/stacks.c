/* stacks.c - joins composed of cat: hstack, vstack, dstack, column_stack,
   block_diag, cartesian_prod. Each makes a list of its inputs in another shape
   first. */
#include "internal.h"

/* An input in another shape. */
typedef peri_tensor *shaper(const peri_frame *frame, int i);

/* cat along 'dim' of the inputs that 'shape' makes. */
static int cat_all(peri_frame *frame, shaper *shape, int dim) {
  peri_context *ctx = frame->ctx;
  size_t bytes = (size_t)frame->nin * sizeof(peri_tensor *);
  peri_tensor **xs = peri__alloc(ctx, bytes);
  if (!xs) return ctx->status;
  for (int i = 0; i < frame->nin; i++) xs[i] = shape(frame, i);
  const peri_cat_options options = {.dim = dim};
  if (ctx->status == 0) frame->y[0] = peri_cat(xs, frame->nin, &options);
  peri__free(ctx, xs);
  return ctx->status;
}

static peri_tensor *one_dim(const peri_frame *frame, int i) {
  return peri_atleast_1d(frame->in[i]);
}

static peri_tensor *two_dims(const peri_frame *frame, int i) {
  return peri_atleast_2d(frame->in[i]);
}

static peri_tensor *three_dims(const peri_frame *frame, int i) {
  return peri_atleast_3d(frame->in[i]);
}

static peri_tensor *column(const peri_frame *frame, int i) {
  peri_tensor *x = frame->in[i];
  const int64_t shape[2] = {peri_tensor_numel(x), 1};
  return x->ndim < 2 ? peri_view(x, shape, 2) : peri_alias(x);
}

int peri__hstack_forward(peri_frame *frame) {
  return cat_all(frame, one_dim, frame->in[0]->ndim < 2 ? 0 : 1);
}

int peri__vstack_forward(peri_frame *frame) {
  return cat_all(frame, two_dims, 0);
}

int peri__dstack_forward(peri_frame *frame) {
  return cat_all(frame, three_dims, 2);
}

int peri__column_stack_forward(peri_frame *frame) {
  return cat_all(frame, column, 1);
}

/* ---- block_diag ------------------------------------------------------- */

static int64_t width(const peri_tensor *x) {
  return x->ndim > 0 ? x->shape[x->ndim - 1] : 1;
}

/* Block 'i' with zeros on both sides. */
static peri_tensor *block(const peri_frame *frame, int i) {
  int64_t pad[2] = {0, 0};
  for (int k = 0; k < frame->nin; k++)
    if (k != i) pad[k > i] += width(frame->in[k]);
  return peri_surround(peri_atleast_2d(frame->in[i]), pad, 2, 0);
}

int peri__block_diag_forward(peri_frame *frame) {
  for (int i = 0; i < frame->nin; i++) {
    peri_text shape = peri__shape_of(frame->in[i]);
    if (frame->in[i]->ndim > 2)
      return peri__op_fail(frame, PERI_ESHAPE,
                           "tensor %d must be a matrix, its shape is %s", i + 1,
                           shape.s);
  }
  return cat_all(frame, block, 0);
}

/* ---- cartesian_prod --------------------------------------------------- */

/* The grid as rows of columns. */
static int join_grid(peri_frame *frame) {
  const int64_t all[1] = {-1};
  const peri_stack_options last = {.dim = 1};
  peri_tensor *grid[PERI_MAX_DIMS];
  int count = peri_meshgrid(frame->in, frame->nin, NULL, grid, PERI_MAX_DIMS);
  for (int i = 0; i < count; i++) grid[i] = peri_reshape(grid[i], all, 1);
  if (count > 0) frame->y[0] = peri_stack(grid, count, &last);
  return frame->ctx->status;
}

int peri__cartesian_prod_forward(peri_frame *frame) {
  for (int i = 0; i < frame->nin; i++) {
    peri_text shape = peri__shape_of(frame->in[i]);
    if (frame->in[i]->ndim != 1)
      return peri__op_fail(frame, PERI_ESHAPE,
                           "tensor %d must be a vector, its shape is %s", i + 1,
                           shape.s);
  }
  if (frame->nin > 1) return join_grid(frame);
  frame->y[0] = peri_alias(frame->in[0]);
  return 0;
}
