/* factor.c - the Cholesky factor and QR. */
#include "linalg.h"

/* ---- cholesky --------------------------------------------------------- */

int peri__cholesky_forward(peri_frame *frame) {
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->in[0]};
  const peri__lapack_attr attr = {
      .batch = frame->in[0]->ndim - 2,
      .mode = frame->value[0].i ? PERI_UPPER : PERI_LOWER};
  int status = peri__lapack_run(frame, PERI_K_cholesky, attr, args, 2, 1);
  if (status < 0) return status;
  return peri__check_info(frame, frame->y[1], "is not positive definite",
                          "leading minor");
}

/* dx = L^-T S L^-1, S the symmetric part of the lower triangle of L^T dL. */
int peri__cholesky_backward(peri_backprop *grad) {
  bool upper = grad->value[0].i != 0;
  peri_tensor *l = grad->out[0], *dl = grad->dy[0];
  if (upper) l = peri__turned(l);
  if (upper) dl = peri__turned(dl);
  peri_tensor *across = peri__turned(l), *s = peri_matmul(across, dl);
  s = peri_add(peri__lower(s, 0), peri__turned(peri__lower(s, -1)));
  s = peri_mul(s, peri_number(grad->ctx, 0.5));
  s = peri__triangular(across, s, true, true, false);
  grad->dx[0] = peri__triangular(l, s, false, false, false);
  return 0;
}

/* ---- qr --------------------------------------------------------------- */

enum { REDUCED, COMPLETE, ONLY_R }; /* the words of mode */

int peri__qr_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, false, PERI_MOST_ROWS);
  if (status < 0) return status;
  int64_t mode = frame->value[0].i;
  int64_t k = mode == COMPLETE ? peri__rows(x) : peri__least_size(x);
  peri__batch_meta(x, peri__rows(x), k, x->dtype, &frame->out[0]);
  peri__batch_meta(x, k, peri__cols(x), x->dtype, &frame->out[1]);
  if (mode == ONLY_R)
    frame->out[0] = (peri_meta){.dtype = x->dtype, .ndim = 1, .shape = {0}};
  frame->nout = 2;
  return 0;
}

int peri__qr_forward(peri_frame *frame) {
  static const int vectors[] = {PERI_VECTORS_REDUCED, PERI_VECTORS_FULL,
                                PERI_VECTORS_NONE};
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->in[0]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2,
                                  .mode = vectors[frame->value[0].i]};
  return peri__lapack_run(frame, PERI_K_qr, attr, args, 2, 1);
}

/* For A = Q R with a square R: dA = (dQ + Q sym(triu(M))) R^-T with
   M = dR R^T - Q^T dQ and sym(M) = M + M^T with its diagonal halved. */
static peri_tensor *square_dx(peri_tensor *q, peri_tensor *r, peri_tensor *dq,
                              peri_tensor *dr) {
  peri_tensor *m = peri_neg(peri_matmul(peri__turned(q), dq));
  if (dr) m = peri_add(m, peri_matmul(dr, peri__turned(r)));
  m = peri_add(peri__upper(m, 0), peri__turned(peri__upper(m, 1)));
  return peri__triangular(peri__turned(r), peri_add(dq, peri_matmul(q, m)),
                          false, false, false);
}

static int check_qr(const peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  int64_t mode = grad->value[0].i;
  if (mode == ONLY_R)
    return peri_fail(grad->ctx, PERI_EGRAD,
                     "qr: mode \"r\" has no gradient; take \"reduced\"");
  if (mode == COMPLETE && x->shape[x->ndim - 2] > x->shape[x->ndim - 1])
    return peri_fail(grad->ctx, PERI_EGRAD,
                     "qr: mode \"complete\" has no gradient for more rows than "
                     "columns; take \"reduced\"");
  return 0;
}

/* More columns than rows: A = [A1 A2], R = [R1 R2], A1 = Q R1, R2 = Q^T A2. */
int peri__qr_backward(peri_backprop *grad) {
  peri_tensor *q = grad->out[0], *r = grad->out[1], *x = grad->in[0];
  peri_tensor *dq = grad->dy[0], *dr = grad->dy[1], *parts[2];
  if (check_qr(grad) < 0) return grad->ctx->status;
  if (!dq) dq = peri__zeros_like(q);
  int64_t k = peri__rows(r), rest = peri__cols(r) - k;
  if (rest == 0) {
    grad->dx[0] = square_dx(q, r, dq, dr);
    return 0;
  }
  if (!dr) dr = peri__zeros_like(r);
  peri_tensor *dr2 = peri__cut_cols(dr, k, rest);
  parts[1] = peri_matmul(q, dr2);
  dq = peri_add(dq, peri_matmul(peri__cut_cols(x, k, rest), peri__turned(dr2)));
  parts[0] =
      square_dx(q, peri__cut_cols(r, 0, k), dq, peri__cut_cols(dr, 0, k));
  if (grad->ctx->status != PERI_OK) return grad->ctx->status;
  peri_cat_options options = {.dim = -1};
  grad->dx[0] = peri_cat(parts, 2, &options);
  return 0;
}
