/* lu.c - the factors of P A = L U as users take them, and determinants. */
#include "linalg.h"

#include <math.h>

/* ---- Factors ---------------------------------------------------------- */

/* L below the diagonal with U, exchanges of rows, P. */
int peri__lu_parts_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, false, INT32_MAX);
  if (status < 0) return status;
  frame->out[0] = peri__meta(x);
  peri__batch_meta(x, peri__least_size(x), -1, PERI_I64, &frame->out[1]);
  peri__batch_meta(x, peri__rows(x), peri__rows(x), x->dtype, &frame->out[2]);
  frame->nout = 3;
  return 0;
}

int peri__lu_parts_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  peri_tensor *args[4] = {frame->y[0], frame->y[1], frame->y[2], x};
  const peri__lapack_attr attr = {.batch = x->ndim - 2, .base = frame->base};
  return peri__lapack_run(frame, PERI_K_lu, attr, args, 3, 1);
}

/* The factors while their gradient is worked out. */
typedef struct {
  peri_tensor *l, *u;   /* square: the rows, the columns that both have */
  peri_tensor *dl, *du; /* their gradients */
} factors;

/* L below the square part is A2 U^-1. -> the gradient of A2 */
static peri_tensor *tall_rows(peri_tensor *lu, peri_tensor *dy, factors *f) {
  int64_t k = peri__least_size(lu), rest = peri__rows(lu) - k;
  peri_tensor *dx = peri__triangular(
      peri__turned(f->u), peri__cut_rows(dy, k, rest), false, false, false);
  f->du = peri_sub(f->du,
                   peri_matmul(peri__turned(peri__cut_rows(lu, k, rest)), dx));
  return dx;
}

/* U right of the square part is L^-1 A2. -> the gradient of A2 */
static peri_tensor *wide_cols(peri_tensor *lu, peri_tensor *dy, factors *f) {
  int64_t k = peri__least_size(lu), rest = peri__cols(lu) - k;
  peri_tensor *dx = peri__triangular(
      peri__turned(f->l), peri__cut_cols(dy, k, rest), true, true, true);
  f->dl = peri_sub(f->dl,
                   peri_matmul(dx, peri__turned(peri__cut_cols(lu, k, rest))));
  return dx;
}

/* For square A: dA = P L^-T (tril(L^T dL, -1) + triu(dU U^T)) U^-T. */
int peri__lu_parts_backward(peri_backprop *grad) {
  peri_tensor *lu = grad->out[0], *p = grad->out[2], *dy = grad->dy[0];
  if (!dy) return 0;
  int64_t k = peri__least_size(lu), m = peri__rows(lu), n = peri__cols(lu);
  peri_tensor *square = peri__cut_rows(peri__cut_cols(lu, 0, k), 0, k);
  peri_tensor *dsquare = peri__cut_rows(peri__cut_cols(dy, 0, k), 0, k);
  factors f = {peri_add(peri__lower(square, -1), peri__unit(lu, k)),
               peri__upper(square, 0), dsquare, dsquare};
  peri_tensor *parts[2] = {NULL, NULL};
  if (m > k) parts[1] = tall_rows(lu, dy, &f);
  if (n > k) parts[1] = wide_cols(lu, dy, &f);
  peri_tensor *inner =
      peri_add(peri__lower(peri_matmul(peri__turned(f.l), f.dl), -1),
               peri__upper(peri_matmul(f.du, peri__turned(f.u)), 0));
  inner = peri__triangular(peri__turned(f.l), inner, true, true, true);
  parts[0] = peri__triangular(peri__turned(f.u), inner, false, false, false);
  peri_cat_options options = {.dim = m > k ? -2 : -1};
  if (grad->ctx->status != PERI_OK) return grad->ctx->status;
  if (parts[1]) parts[0] = peri_cat(parts, 2, &options);
  grad->dx[0] = peri_matmul(p, parts[0]);
  return 0;
}

/* The hidden row with the base of the caller. */
static peri_tensor *parts_of(peri_frame *frame, peri_tensor *more[3]) {
  int status = peri__check_matrices(frame, 0, false, INT32_MAX);
  if (status < 0) return NULL;
  return peri_apply(frame->ctx, peri__op_named(NULL, "lu_parts"), frame->in, 1,
                    NULL, frame->base, more);
}

int peri__lu_factor_forward(peri_frame *frame) {
  peri_tensor *more[PERI_MAX_OUTPUTS] = {NULL};
  frame->y[0] = parts_of(frame, more);
  frame->y[1] = more[0];
  frame->nout = 2;
  return 0;
}

int peri__lu_forward(peri_frame *frame) {
  peri_tensor *more[PERI_MAX_OUTPUTS] = {NULL};
  peri_tensor *lu = parts_of(frame, more);
  if (!lu) return frame->ctx->status;
  int64_t k = peri__least_size(lu);
  peri_eye_options options = peri_eye_defaults();
  options.columns = k;
  options.dtype = lu->dtype;
  options.device = peri_tensor_device(lu);
  frame->y[0] = peri_detach(more[1]);
  frame->y[1] = peri_add(peri__lower(peri__cut_cols(lu, 0, k), -1),
                         peri_eye(frame->ctx, peri__rows(lu), &options));
  frame->y[2] = peri__upper(peri__cut_rows(lu, 0, k), 0);
  frame->nout = 3;
  return 0;
}

/* ---- Determinants ----------------------------------------------------- */

int peri__det_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, true, INT32_MAX);
  if (status == 0) peri__batch_meta(x, -1, -1, x->dtype, &frame->out[0]);
  return status;
}

int peri__det_forward(peri_frame *frame) {
  peri_tensor *args[2] = {frame->y[0], frame->in[0]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2,
                                  .mode = PERI_DET_PLAIN};
  return peri__lapack_run(frame, PERI_K_det, attr, args, 1, 1);
}

/* A number per matrix as a matrix of one element. */
static peri_tensor *per_matrix(peri_tensor *x) {
  return peri_unsqueeze(peri_unsqueeze(x, -1), -1);
}

/* dx = dy times the cofactors. Where that is differentiated again the matrix
   must be regular: dx = dy det(A) A^-T. */
int peri__det_backward(peri_backprop *grad) {
  peri_tensor *x = grad->in[0], *dy = grad->dy[0];
  if (grad->graph)
    grad->dx[0] = peri_mul(peri__turned(peri_inverse(x)),
                           per_matrix(peri_mul(dy, grad->out[0])));
  else
    grad->dx[0] = peri_cofactors(x, dy);
  return 0;
}

int peri__cofactors_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  return 0;
}

int peri__cofactors_forward(peri_frame *frame) {
  peri_tensor *args[3] = {frame->y[0], frame->in[0], frame->in[1]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2};
  return peri__lapack_run(frame, PERI_K_det_dx, attr, args, 1, 2);
}

int peri__slogdet_infer(peri_frame *frame) {
  int status = peri__det_infer(frame);
  frame->out[1] = frame->out[0];
  frame->nout = 2;
  return status;
}

int peri__slogdet_forward(peri_frame *frame) {
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->in[0]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2,
                                  .mode = PERI_DET_LOG};
  return peri__lapack_run(frame, PERI_K_det, attr, args, 2, 1);
}

/* dx = dy A^-T; the sign is piecewise constant. */
int peri__slogdet_backward(peri_backprop *grad) {
  if (grad->dy[1])
    grad->dx[0] = peri_mul(peri__turned(peri_inverse(grad->in[0])),
                           per_matrix(grad->dy[1]));
  return 0;
}

/* The logarithm where the sign is 1. */
int peri__logdet_forward(peri_frame *frame) {
  peri_tensor *log = NULL;
  peri_tensor *sign = peri_slogdet(frame->in[0], &log);
  frame->y[0] = peri_where(peri_lt(sign, peri_number(frame->ctx, 0)),
                           peri_number(frame->ctx, NAN), log);
  return 0;
}
