/* linalg.c - what the files of linear algebra share. */
#include "linalg.h"

#include <stdio.h>

/* ---- Checks ----------------------------------------------------------- */

static int check_dtype(const peri_frame *frame, int i) {
  peri_dtype dtype = frame->in[i]->dtype;
  if (dtype == PERI_F32 || dtype == PERI_F64) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "%s must be float32 or float64, it is %s; convert it "
                       "with to(\"float32\")",
                       frame->op->inputs[i].name, peri_dtype_name(dtype));
}

int peri__check_matrices(const peri_frame *frame, int i, bool square,
                         int64_t most) {
  const peri_tensor *x = frame->in[i];
  const char *name = frame->op->inputs[i].name;
  peri_text shape = peri__shape_of(x);
  int status = check_dtype(frame, i);
  if (status < 0) return status;
  if (x->ndim < 2)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "%s must be a matrix or a batch of matrices, its "
                         "shape is %s",
                         name, shape.s);
  if (square && peri__rows(x) != peri__cols(x))
    return peri__op_fail(frame, PERI_ESHAPE,
                         "%s must be square, its shape is %s", name, shape.s);
  if (peri__rows(x) <= most && peri__cols(x) <= most) return 0;
  return peri__op_fail(frame, PERI_ESHAPE,
                       "%s of shape %s is too large, at most %lld rows and "
                       "columns",
                       name, shape.s, (long long)most);
}

int peri__check_alike(const peri_frame *frame, int i) {
  const peri_tensor *a = frame->in[0], *b = frame->in[i];
  if (a->dtype == b->dtype) return 0;
  return peri__op_fail(frame, PERI_EDTYPE,
                       "%s is %s, %s is %s; convert one with to",
                       frame->op->inputs[0].name, peri_dtype_name(a->dtype),
                       frame->op->inputs[i].name, peri_dtype_name(b->dtype));
}

void peri__batch_meta(const peri_tensor *x, int64_t rows, int64_t cols,
                      peri_dtype dtype, peri_meta *out) {
  out->dtype = dtype;
  out->ndim = x->ndim - 2;
  peri__copy_sizes(out->shape, x->shape, out->ndim);
  if (rows >= 0) out->shape[out->ndim++] = rows;
  if (cols >= 0) out->shape[out->ndim++] = cols;
}

/* ---- Records ---------------------------------------------------------- */

static bool needs_library(int kernel) {
  return kernel != PERI_K_solve_triangle;
}

int peri__lapack_run(const peri_frame *frame, int kernel,
                     peri__lapack_attr attr, peri_tensor *const *args, int nout,
                     int nin) {
  peri_context *ctx = frame->ctx;
  if (ctx->status != PERI_OK) return ctx->status;
  bool meta = args[0]->storage->meta;
  if (!meta && needs_library(kernel)) attr.library = peri__lapack_of(ctx);
  if (!meta && needs_library(kernel) && !attr.library)
    return peri__op_fail(frame, PERI_EDEVICE,
                         "needs LAPACK; install liblapack3 or libopenblas0 "
                         "(Debian's names), or name its file in "
                         "PERIGEE_LAPACK");
  return peri__run(ctx, peri__kernel_id(kernel), args, nout, nin, &attr,
                   sizeof attr);
}

/* "x", or "matrix [2, 1] of x" in a batch. */
static peri_text name_of(const peri_frame *frame, const peri_tensor *info,
                         int64_t index) {
  const char *name = frame->op->inputs[0].name;
  peri_text text;
  peri_meta place = {.ndim = info->ndim};
  for (int d = info->ndim - 1; d >= 0; d--) {
    place.shape[d] = index % info->shape[d] + frame->base;
    index /= info->shape[d];
  }
  peri_text at = peri__meta_text(&place);
  if (info->ndim == 0)
    snprintf(text.s, sizeof text.s, "%s", name);
  else
    snprintf(text.s, sizeof text.s, "matrix %.120s of %s", at.s, name);
  return text;
}

int peri__check_info(const peri_frame *frame, const peri_tensor *info,
                     const char *what, const char *number) {
  const int64_t *list = info->storage->data;
  int64_t count = peri_tensor_numel(info), i = 0;
  if (info->storage->meta) return 0;
  while (i < count && list[info->offset + i] == 0) i++;
  if (i == count) return 0;
  int64_t got = list[info->offset + i];
  peri_text name = name_of(frame, info, i);
  if (got == PERI_INFO_NOT_FINITE)
    return peri__op_fail(frame, PERI_EARG, "%s has NaN or infinite elements",
                         name.s);
  if (!number) return peri__op_fail(frame, PERI_EARG, "%s %s", name.s, what);
  return peri__op_fail(frame, PERI_EARG, "%s %s (%s %lld)", name.s, what,
                       number, (long long)got - 1 + frame->base);
}

/* ---- Compositions ----------------------------------------------------- */

peri_tensor *peri__turned(peri_tensor *x) { return peri_transpose(x, -2, -1); }

peri_tensor *peri__diagonals(peri_tensor *x) {
  const peri_diagonal_options options = {.dim1 = -2, .dim2 = -1};
  return peri_diagonal(x, &options);
}

peri_tensor *peri__on_diagonal(peri_tensor *x) {
  return peri_diag_embed(x, NULL);
}

peri_tensor *peri__unit(const peri_tensor *like, int64_t n) {
  peri_eye_options options = peri_eye_defaults();
  options.dtype = like->dtype;
  options.device = peri_tensor_device(like);
  return peri_eye(like->ctx, n, &options);
}

peri_tensor *peri__lower(peri_tensor *x, int64_t diagonal) {
  const peri_tril_options options = {.diagonal = diagonal};
  return peri_tril(x, &options);
}

peri_tensor *peri__upper(peri_tensor *x, int64_t diagonal) {
  const peri_triu_options options = {.diagonal = diagonal};
  return peri_triu(x, &options);
}

/* The whole of it may be no positions, none of which is the first. */
static peri_tensor *cut(peri_tensor *x, int dim, int64_t start, int64_t count) {
  if (count == x->shape[dim]) return x;
  return peri_narrow(x, dim, count > 0 ? start : 0, count);
}

peri_tensor *peri__cut_rows(peri_tensor *x, int64_t start, int64_t count) {
  return x ? cut(x, x->ndim - 2, start, count) : NULL;
}

peri_tensor *peri__cut_cols(peri_tensor *x, int64_t start, int64_t count) {
  return x ? cut(x, x->ndim - 1, start, count) : NULL;
}

peri_tensor *peri__scale_cols(peri_tensor *x, peri_tensor *s) {
  return peri_mul(x, peri_unsqueeze(s, -2));
}

peri_tensor *peri__scale_rows(peri_tensor *x, peri_tensor *s) {
  return peri_mul(x, peri_unsqueeze(s, -1));
}

peri_tensor *peri__triangular(peri_tensor *a, peri_tensor *b, bool upper,
                              bool left, bool unit) {
  peri_solve_triangular_options options = peri_solve_triangular_defaults();
  options.left = left;
  options.unitriangular = unit;
  return peri_solve_triangular(a, b, upper, &options);
}

peri_tensor *peri__spread_batch(peri_tensor *x, const int64_t *shape,
                                int ndim) {
  int64_t sizes[PERI_MAX_DIMS];
  if (!x || peri__same_shape(x->shape, x->ndim - 2, shape, ndim)) return x;
  peri__copy_sizes(sizes, shape, ndim);
  sizes[ndim] = peri__rows(x);
  sizes[ndim + 1] = peri__cols(x);
  return peri_expand(x, sizes, ndim + 2);
}
