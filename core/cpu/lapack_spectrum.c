/* lapack_spectrum.c - kernels of singular values and of the eigenvalues of
   symmetric matrices. Numbers that are not finite never reach the library. */
#include "lapack.h"

/* ---- Singular values -------------------------------------------------- */

/* The arrays of gesdd: columns of U, rows of V^T. */
typedef struct {
  const char *job;
  int m, n, k, ucols, vrows, length;
  void *a, *s, *u, *v, *work;
  int *iwork;
} parts;

static parts parts_of(peri__lapack_job *job, int in) {
  static const char *const jobs[] = {"N", "S", "A"};
  const peri_arg *x = &job->call->arg[in];
  int query = -1, info = 0, mode = job->attr.mode, any = 0;
  double best = 1;
  parts p = {.job = jobs[mode],
             .m = (int)x->shape[job->attr.batch],
             .n = (int)x->shape[job->attr.batch + 1]};
  p.k = peri__smaller(p.m, p.n);
  p.ucols = mode == PERI_VECTORS_FULL ? p.m : mode ? p.k : 0;
  p.vrows = mode == PERI_VECTORS_FULL ? p.n : mode ? p.k : 0;
  int step = peri__larger(p.vrows, 1);
  p.a = peri__lapack_room(job, (int64_t)p.m * p.n, job->size);
  p.s = peri__lapack_room(job, p.k, job->size);
  p.u = peri__lapack_room(job, (int64_t)p.m * p.ucols, job->size);
  p.v = peri__lapack_room(job, (int64_t)p.vrows * p.n, job->size);
  p.iwork = peri__lapack_room(job, 8 * (int64_t)p.k, sizeof(int));
  if (p.k > 0)
    job->use->gesdd(p.job, &p.m, &p.n, NULL, &p.m, NULL, NULL, &p.m, NULL,
                    &step, &best, &query, &any, &info, 1);
  p.work = peri__lapack_work(job, &best, &p.length);
  return p;
}

static int decompose(const peri__lapack_job *job, const parts *p) {
  int info = 0, step = peri__larger(p->vrows, 1);
  if (!peri__all_finite(job, p->a, (int64_t)p->m * p->n)) {
    peri__fill_nan(job, p->s, p->k);
    peri__fill_nan(job, p->u, (int64_t)p->m * p->ucols);
    peri__fill_nan(job, p->v, (int64_t)p->vrows * p->n);
    return PERI_INFO_NOT_FINITE;
  }
  job->use->gesdd(p->job, &p->m, &p->n, p->a, &p->m, p->s, p->u, &p->m, p->v,
                  &step, p->work, &p->length, p->iwork, &info, 1);
  return info;
}

/* Out: singular values, above 0 how many did not converge; with vectors U and
   V^T. In: A. */
void peri__lapack_svd(peri__lapack_job *job) {
  int in = job->call->nout, info = 0;
  parts p = parts_of(job, in);
  while (peri__lapack_next(job)) {
    peri__matrix_load(job, peri__lapack_matrix(job, in), p.a);
    if (p.k > 0) info = decompose(job, &p);
    peri__put_info(job, 1, info);
    peri__matrix_store(job, peri__lapack_matrix(job, 0), p.s, p.k);
    if (job->attr.mode == PERI_VECTORS_NONE) continue;
    peri__matrix u = peri__lapack_matrix(job, 2);
    peri__matrix v = peri__lapack_matrix(job, 3);
    if (p.k > 0) {
      peri__matrix_store(job, u, p.u, p.m);
      peri__matrix_store(job, v, p.v, p.vrows);
    } else {
      peri__matrix_unit(u, 1);
      peri__matrix_unit(v, 1);
    }
  }
}

/* ---- Eigenvalues ------------------------------------------------------ */

/* Out: eigenvalues in ascending order, above 0 how many did not converge; with
   vectors their columns. In: A, of which the triangle that base names is
   read: rows stand for columns, as in cholesky. */
void peri__lapack_eigh(peri__lapack_job *job) {
  int in = job->call->nout, query = -1, info = 0, length, whole = 1;
  int n = (int)job->call->arg[in].shape[job->attr.batch];
  double best = 1;
  const char *vectors = job->attr.mode == PERI_VECTORS_NONE ? "N" : "V";
  const char *triangle = job->attr.base == PERI_UPPER ? "L" : "U";
  if (n > 0)
    job->use->syevd(vectors, triangle, &n, NULL, &n, NULL, &best, &query,
                    &whole, &query, &info, 1, 1);
  void *a = peri__lapack_room(job, (int64_t)n * n, job->size);
  void *values = peri__lapack_room(job, n, job->size);
  int *iwork = peri__lapack_room(job, whole, sizeof *iwork);
  void *work = peri__lapack_work(job, &best, &length);
  while (peri__lapack_next(job)) {
    peri__matrix x = peri__lapack_matrix(job, in);
    peri__matrix_load(job, peri__matrix_turned(x), a);
    info = peri__all_finite(job, a, (int64_t)n * n) ? 0 : PERI_INFO_NOT_FINITE;
    if (info != 0) {
      peri__fill_nan(job, a, (int64_t)n * n);
      peri__fill_nan(job, values, n);
    } else if (n > 0) {
      job->use->syevd(vectors, triangle, &n, a, &n, values, work, &length,
                      iwork, &whole, &info, 1, 1);
    }
    peri__put_info(job, 1, info);
    peri__matrix_store(job, peri__lapack_matrix(job, 0), values, n);
    if (job->attr.mode != PERI_VECTORS_NONE)
      peri__matrix_store(job, peri__lapack_matrix(job, 2), a, n);
  }
}
