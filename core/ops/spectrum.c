/* spectrum.c - singular values, and eigenvalues of symmetric matrices. */
#include "linalg.h"

/* ---- svd -------------------------------------------------------------- */

/* Outputs of the row: U, S, V^T, what became of each matrix. */
int peri__svd_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, false, PERI_MOST_ROWS);
  if (status < 0) return status;
  int64_t m = peri__rows(x), n = peri__cols(x), k = peri__least_size(x);
  bool full = frame->value[0].i != 0;
  peri__batch_meta(x, m, full ? m : k, x->dtype, &frame->out[0]);
  peri__batch_meta(x, k, -1, x->dtype, &frame->out[1]);
  peri__batch_meta(x, full ? n : k, n, x->dtype, &frame->out[2]);
  peri__batch_meta(x, -1, -1, PERI_I64, &frame->out[3]);
  frame->nout = 4;
  return 0;
}

static int check_svd(const peri_frame *frame, const peri_tensor *info) {
  return peri__check_info(frame, info, "gave no convergence", NULL);
}

int peri__svd_forward(peri_frame *frame) {
  peri_tensor *const *y = frame->y;
  peri_tensor *args[5] = {y[1], y[3], y[0], y[2], frame->in[0]};
  const peri__lapack_attr attr = {
      .batch = frame->in[0]->ndim - 2,
      .mode = frame->value[0].i ? PERI_VECTORS_FULL : PERI_VECTORS_REDUCED};
  int status = peri__lapack_run(frame, PERI_K_svd, attr, args, 4, 1);
  return status < 0 ? status : check_svd(frame, y[3]);
}

/* Differences s[j] - s[i] of a vector per matrix, 1 on the diagonal. */
static peri_tensor *gaps(peri_tensor *s) {
  return peri_sub(peri_unsqueeze(s, -2), peri_unsqueeze(s, -1));
}

/* x - x^T */
static peri_tensor *skew(peri_tensor *x) {
  return peri_sub(x, peri__turned(x));
}

typedef struct {
  peri_tensor *u, *s, *v;    /* [m, k], [k], [k, n]: V^T */
  peri_tensor *du, *ds, *dv; /* or NULL */
} singular;

/* What dU and dV say of the rotations, and dS of the stretch:
   (skew(U^T dU) / E) S + S (skew(V^T dV) / E) + dS,  E = s[j]^2 - s[i]^2 */
static peri_tensor *inner(const singular *p) {
  int64_t k = peri__cols(p->u);
  peri_tensor *sums =
      peri_add(peri_unsqueeze(p->s, -2), peri_unsqueeze(p->s, -1));
  peri_tensor *e = peri_add(peri_mul(gaps(p->s), sums), peri__unit(p->s, k));
  peri_tensor *x = p->ds ? peri__on_diagonal(p->ds) : NULL;
  if (p->du) {
    peri_tensor *turn = skew(peri_matmul(peri__turned(p->u), p->du));
    turn = peri__scale_cols(peri_div(turn, e), p->s);
    x = x ? peri_add(x, turn) : turn;
  }
  if (p->dv) {
    peri_tensor *turn = skew(peri_matmul(p->v, peri__turned(p->dv)));
    turn = peri__scale_rows(peri_div(turn, e), p->s);
    x = x ? peri_add(x, turn) : turn;
  }
  return x;
}

static peri_tensor *divide_cols(peri_tensor *x, peri_tensor *s) {
  return peri_div(x, peri_unsqueeze(s, -2));
}

/* dA = U inner V^T, and what of dU and dV leaves the spaces of U and V. */
static peri_tensor *svd_dx(const singular *p) {
  bool tall = peri__rows(p->u) > peri__cols(p->u);
  bool wide = peri__cols(p->v) > peri__rows(p->v);
  if (!p->du && !p->dv) return peri_matmul(peri__scale_cols(p->u, p->ds), p->v);
  peri_tensor *left = peri_matmul(p->u, inner(p));
  if (p->du && tall) {
    peri_tensor *own =
        peri_matmul(p->u, peri_matmul(peri__turned(p->u), p->du));
    left = peri_add(left, divide_cols(peri_sub(p->du, own), p->s));
  }
  peri_tensor *x = peri_matmul(left, p->v);
  if (p->dv && wide) {
    peri_tensor *own =
        peri_matmul(peri_matmul(p->dv, peri__turned(p->v)), p->v);
    x = peri_add(x, peri_matmul(divide_cols(p->u, p->s), peri_sub(p->dv, own)));
  }
  return x;
}

/* Vectors beyond those of singular values are any, and have no gradient. */
int peri__svd_backward(peri_backprop *grad) {
  peri_tensor *const *dy = grad->dy;
  peri_tensor *u = grad->out[0], *s = grad->out[1], *v = grad->out[2];
  int64_t k = s->shape[s->ndim - 1];
  singular p = {.u = peri__cut_cols(u, 0, k),
                .s = s,
                .v = peri__cut_rows(v, 0, k),
                .du = dy[0] ? peri__cut_cols(dy[0], 0, k) : NULL,
                .ds = dy[1],
                .dv = dy[2] ? peri__cut_rows(dy[2], 0, k) : NULL};
  if (grad->ctx->status != PERI_OK) return grad->ctx->status;
  if (p.du || p.ds || p.dv) grad->dx[0] = svd_dx(&p);
  return 0;
}

int peri__singular_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  peri__batch_meta(x, peri__least_size(x), -1, x->dtype, &frame->out[0]);
  peri__batch_meta(x, -1, -1, PERI_I64, &frame->out[1]);
  frame->nout = 2;
  return 0;
}

int peri__singular_forward(peri_frame *frame) {
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->in[0]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2,
                                  .mode = PERI_VECTORS_NONE};
  int status = peri__lapack_run(frame, PERI_K_svd, attr, args, 2, 1);
  return status < 0 ? status : check_svd(frame, frame->y[1]);
}

/* The vectors are worked out only if a gradient needs them. */
int peri__svdvals_forward(peri_frame *frame) {
  int status = peri__check_matrices(frame, 0, false, PERI_MOST_ROWS);
  const peri_svd_options options = {.full_matrices = false};
  peri_tensor *v = NULL;
  if (status < 0) return status;
  if (peri__wants_grad(frame->ctx, frame->in, 1))
    peri_svd(frame->in[0], &options, &frame->y[0], &v);
  else
    frame->y[0] = peri_singular(frame->in[0]);
  return 0;
}

/* ---- eigh ------------------------------------------------------------- */

static int check_eigh(const peri_frame *frame, const peri_tensor *info) {
  return peri__check_info(frame, info, "gave no convergence", NULL);
}

int peri__eigh_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  int status = peri__check_matrices(frame, 0, true, PERI_MOST_ROWS);
  if (status < 0) return status;
  peri__batch_meta(x, peri__rows(x), -1, x->dtype, &frame->out[0]);
  frame->out[1] = peri__meta(x);
  peri__batch_meta(x, -1, -1, PERI_I64, &frame->out[2]);
  frame->nout = 3;
  return 0;
}

/* The words of UPLO in their order. */
static int triangle_of(const peri_value *value) {
  return value->i ? PERI_UPPER : PERI_LOWER;
}

int peri__eigh_forward(peri_frame *frame) {
  peri_tensor *const *y = frame->y;
  peri_tensor *args[4] = {y[0], y[2], y[1], frame->in[0]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2,
                                  .mode = PERI_VECTORS_FULL,
                                  .base = triangle_of(&frame->value[0])};
  int status = peri__lapack_run(frame, PERI_K_eigh, attr, args, 3, 1);
  return status < 0 ? status : check_eigh(frame, y[2]);
}

/* dA = V (diag(dL) + skew(V^T dV) / 2 E) V^T,  E = L[j] - L[i]. What V^T dV
   says beside of rotations has no meaning; dA is symmetric. */
int peri__eigh_backward(peri_backprop *grad) {
  peri_tensor *values = grad->out[0], *v = grad->out[1];
  peri_tensor *dl = grad->dy[0], *dv = grad->dy[1];
  if (!dl && !dv) return 0;
  if (!dv) {
    grad->dx[0] = peri_matmul(peri__scale_cols(v, dl), peri__turned(v));
    return 0;
  }
  peri_tensor *unit = peri__unit(values, peri__rows(v));
  peri_tensor *x = skew(peri_matmul(peri__turned(v), dv));
  x = peri_mul(x, peri_number(grad->ctx, 0.5));
  x = peri_div(x, peri_add(gaps(values), unit));
  if (dl) x = peri_add(x, peri__on_diagonal(dl));
  grad->dx[0] = peri_matmul(peri_matmul(v, x), peri__turned(v));
  return 0;
}

int peri__eigenvalues_infer(peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  peri__batch_meta(x, peri__rows(x), -1, x->dtype, &frame->out[0]);
  peri__batch_meta(x, -1, -1, PERI_I64, &frame->out[1]);
  frame->nout = 2;
  return 0;
}

int peri__eigenvalues_forward(peri_frame *frame) {
  peri_tensor *args[3] = {frame->y[0], frame->y[1], frame->in[0]};
  const peri__lapack_attr attr = {.batch = frame->in[0]->ndim - 2,
                                  .mode = PERI_VECTORS_NONE,
                                  .base = triangle_of(&frame->value[0])};
  int status = peri__lapack_run(frame, PERI_K_eigh, attr, args, 2, 1);
  return status < 0 ? status : check_eigh(frame, frame->y[1]);
}

int peri__eigvalsh_forward(peri_frame *frame) {
  int status = peri__check_matrices(frame, 0, true, PERI_MOST_ROWS);
  const char *word = frame->value[0].i ? "U" : "L";
  peri_tensor *vectors = NULL;
  if (status < 0) return status;
  if (peri__wants_grad(frame->ctx, frame->in, 1)) {
    const peri_eigh_options options = {.UPLO = word};
    frame->y[0] = peri_eigh(frame->in[0], &options, &vectors);
  } else {
    const peri_eigenvalues_options options = {.UPLO = word};
    frame->y[0] = peri_eigenvalues(frame->in[0], &options);
  }
  return 0;
}
