/* make.c - tensors in the shape of another (zeros_like ...), empty ones,
   powers (logspace), the positions of triangles. */
#include "kernels.h"

/* ---- In the shape of another ------------------------------------------ */

/* 'value' in the shape of x; dtype and requires_grad are the parameters from
   'first' on. */
static int like(peri_frame *frame, const peri_value *value, int first) {
  const peri_tensor *x = frame->in[0];
  const bool leaf = frame->value[first + 1].i != 0;
  peri_value values[] = {
      {.type = PERI_P_INTS, .whole = true, .count = x->ndim},
      *value,
      {.type = PERI_P_DTYPE, .whole = true},
      {.type = PERI_P_CHOICE, .whole = true, .i = x->storage->meta},
      {.type = PERI_P_BOOL, .whole = true, .i = leaf},
  };
  peri__copy_sizes(values[0].list, x->shape, x->ndim);
  values[2].i = peri__int(frame->value, first, x->dtype);
  const peri_op *full = peri__op_named(NULL, "full");
  frame->y[0] = peri_apply(frame->ctx, full, NULL, 0, values, 0, NULL);
  return 0;
}

static int like_whole(peri_frame *frame, int64_t number) {
  const peri_value value = {.type = PERI_P_NUMBER, .whole = true, .i = number};
  return like(frame, &value, 0);
}

int peri__zeros_like_forward(peri_frame *frame) { return like_whole(frame, 0); }
int peri__ones_like_forward(peri_frame *frame) { return like_whole(frame, 1); }
int peri__empty_like_forward(peri_frame *frame) { return like_whole(frame, 0); }

int peri__full_like_forward(peri_frame *frame) {
  return like(frame, &frame->value[0], 1);
}

int peri__empty_forward(peri_frame *frame) {
  const peri_value zero = {.type = PERI_P_NUMBER, .whole = true};
  return peri__fill_with(frame->y[0], &zero);
}

/* ---- logspace --------------------------------------------------------- */

/* In float64, whatever the dtype. */
int peri__logspace_forward(peri_frame *frame) {
  const peri_value *v = frame->value;
  peri_linspace_options options = peri_linspace_defaults();
  options.dtype = PERI_F64;
  options.device = v[5].i == 1 ? "meta" : "cpu";
  peri_tensor *x = peri_linspace(frame->ctx, v[0].f, v[1].f, v[2].i, &options);
  x = peri_pow(peri_number(frame->ctx, v[3].f), x);
  frame->y[0] = peri_to(x, (peri_dtype)v[4].i);
  return v[6].i ? peri_set_requires_grad(frame->y[0], true) : 0;
}

/* ---- tril_indices, triu_indices --------------------------------------- */

/* Positions of the lower triangle: row i has min(i + offset + 1, columns) of
   them, or none. The first rows have none, the last ones all. */
static int64_t count_lower(int64_t rows, int64_t columns, int64_t offset) {
  int64_t none = offset < 0 ? -offset : 0, full = columns - offset;
  if (full < 0) full = 0;
  if (none > rows) none = rows;
  if (full > rows) full = rows;
  if (full < none) full = none;
  int64_t slanted = full - none;
  int64_t first = none + offset + 1; /* positions of the first slanted row */
  return slanted * first + slanted * (slanted - 1) / 2 +
         (rows - full) * columns;
}

static int infer_places(peri_frame *frame, bool upper) {
  const peri_value *v = frame->value;
  int64_t rows = v[0].i, columns = v[1].i, offset = v[2].i;
  peri_meta *out = &frame->out[0];
  int64_t count = upper
                      ? rows * columns - count_lower(rows, columns, offset - 1)
                      : count_lower(rows, columns, offset);
  *out = (peri_meta){(peri_dtype)v[3].i, 2, {2, count}};
  frame->nout = 1;
  if (peri__category(out->dtype) == PERI_CATEGORY_INT) return 0;
  return peri__op_fail(frame, PERI_EDTYPE, "dtype must be an integer, got %s",
                       peri_dtype_name(out->dtype));
}

int peri__triangle_places_infer(peri_frame *frame) {
  return infer_places(frame, false);
}

int peri__upper_places_infer(peri_frame *frame) {
  return infer_places(frame, true);
}

static int run_places(peri_frame *frame, bool upper) {
  const peri__triangle_attr attr = {.diagonal = frame->value[2].i,
                                    .upper = upper,
                                    .columns = frame->value[1].i,
                                    .base = frame->base};
  return peri__run(frame->ctx, peri__kernel_id(PERI_K_triangle_places),
                   frame->y, 1, 0, &attr, sizeof attr);
}

int peri__tril_indices_forward(peri_frame *frame) {
  return run_places(frame, false);
}

int peri__triu_indices_forward(peri_frame *frame) {
  return run_places(frame, true);
}
