/* lapack_factor.c - kernels of the Cholesky and QR factors and of least
   squares. */
#include "lapack.h"

/* Out: the triangle, above 0 the minor that is not positive. In: A, of which
   the triangle that mode names is read. Rows stand for columns: A is
   symmetric, and row-major rows are copied as they lie. */
void peri__lapack_cholesky(peri__lapack_job *job) {
  int n = (int)job->call->arg[0].shape[job->attr.batch], info = 0;
  bool upper = job->attr.mode == PERI_UPPER;
  void *a = peri__lapack_room(job, (int64_t)n * n, job->size);
  while (peri__lapack_next(job)) {
    peri__matrix y = peri__lapack_matrix(job, 0);
    peri__matrix x = peri__lapack_matrix(job, 2);
    peri__matrix_load(job, peri__matrix_turned(x), a);
    info = 0;
    if (n > 0) job->use->potrf(upper ? "L" : "U", &n, a, &n, &info, 1);
    peri__matrix_store(job, peri__matrix_turned(y), a, n);
    peri__matrix_trim(y, upper);
    peri__put_info(job, 1, info);
  }
}

/* ---- QR --------------------------------------------------------------- */

/* Work array that serves both routines. */
static void *qr_work(peri__lapack_job *job, int m, int n, int columns,
                     int *length) {
  double best[2] = {1, 1};
  int query = -1, info = 0, k = peri__smaller(m, n), first;
  if (k == 0) return peri__lapack_work(job, best, length);
  job->use->geqrf(&m, &n, NULL, &m, NULL, &best[0], &query, &info);
  if (columns > 0)
    job->use->orgqr(&m, &columns, &k, NULL, &m, NULL, &best[1], &query, &info);
  size_t before = job->used;
  peri__lapack_work(job, &best[0], &first);
  job->used = before;
  void *work = peri__lapack_work(job, &best[columns > 0], length);
  if (first <= *length) return work;
  job->used = before;
  return peri__lapack_work(job, &best[0], length);
}

/* Out: Q unless mode is without vectors, R. In: A. A = Q R. */
void peri__lapack_qr(peri__lapack_job *job) {
  const peri_arg *x = &job->call->arg[2];
  int m = (int)x->shape[job->attr.batch], info = 0, length;
  int n = (int)x->shape[job->attr.batch + 1], k = peri__smaller(m, n);
  int columns = job->attr.mode == PERI_VECTORS_NONE      ? 0
                : job->attr.mode == PERI_VECTORS_REDUCED ? k
                                                         : m;
  void *a =
      peri__lapack_room(job, (int64_t)m * peri__larger(n, columns), job->size);
  void *tau = peri__lapack_room(job, k, job->size);
  void *work = qr_work(job, m, n, columns, &length);
  while (peri__lapack_next(job)) {
    peri__matrix r = peri__lapack_matrix(job, 1);
    peri__matrix_load(job, peri__lapack_matrix(job, 2), a);
    if (k > 0) job->use->geqrf(&m, &n, a, &m, tau, work, &length, &info);
    peri__matrix_store(job, r, a, m);
    peri__matrix_trim(r, true);
    if (columns == 0) continue;
    peri__matrix q = peri__lapack_matrix(job, 0);
    if (k > 0)
      job->use->orgqr(&m, &columns, &k, a, &m, tau, work, &length, &info);
    if (k > 0)
      peri__matrix_store(job, q, a, m);
    else
      peri__matrix_unit(q, 1);
  }
}

/* ---- Least squares ---------------------------------------------------- */

/* The arrays of gelsd. */
typedef struct {
  int m, n, columns, step; /* step: rows of 'b', of which X takes n */
  void *a, *b, *s, *work;
  int *iwork, length;
} least;

static least least_of(peri__lapack_job *job) {
  const peri_arg *a = &job->call->arg[3], *b = &job->call->arg[4];
  int batch = job->attr.batch, query = -1, info = 0, rank = 0, whole = 0;
  double best = 1;
  const double any = -1;
  least l = {.m = (int)a->shape[batch], .n = (int)a->shape[batch + 1]};
  int k = peri__smaller(l.m, l.n);
  l.columns = peri__larger((int)b->shape[batch + 1], 1);
  l.step = peri__larger(peri__larger(l.m, l.n), 1);
  if (k > 0)
    job->use->gelsd(&l.m, &l.n, &l.columns, NULL, &l.m, NULL, &l.step, NULL,
                    &any, &rank, &best, &query, &whole, &info);
  l.a = peri__lapack_room(job, (int64_t)l.m * l.n, job->size);
  l.b = peri__lapack_room(job, (int64_t)l.step * l.columns, job->size);
  l.s = peri__lapack_room(job, k, job->size);
  l.iwork = peri__lapack_room(job, peri__larger(whole, 1), sizeof(int));
  l.work = peri__lapack_work(job, &best, &l.length);
  return l;
}

/* Columns 'step' apart, zeros behind them. */
static void load_right(const peri__lapack_job *job, peri__matrix b,
                       const least *l) {
  char *column = l->b;
  peri__matrix one = b;
  one.cols = 1;
  memset(l->b, 0, (size_t)l->step * (size_t)l->columns * job->size);
  for (int64_t j = 0; j < b.cols; j++) {
    peri__matrix_load(job, one, column);
    one.data += b.col * (int64_t)peri_dtype_size(b.dtype);
    column += (size_t)l->step * job->size;
  }
}

/* X for one matrix. -> the rank, below 0 what went wrong */
static int solve_least(const peri__lapack_job *job, const least *l) {
  const float narrow = (float)job->attr.rcond;
  const void *rcond = job->dtype == PERI_F32 ? (const void *)&narrow
                                             : (const void *)&job->attr.rcond;
  int rank = 0, info = 0, k = peri__smaller(l->m, l->n);
  int64_t right = (int64_t)l->step * l->columns;
  if (!peri__all_finite(job, l->a, (int64_t)l->m * l->n) ||
      !peri__all_finite(job, l->b, right)) {
    peri__fill_nan(job, l->b, right);
    peri__fill_nan(job, l->s, k);
    return PERI_INFO_NOT_FINITE;
  }
  if (k > 0)
    job->use->gelsd(&l->m, &l->n, &l->columns, l->a, &l->m, l->b, &l->step,
                    l->s, rcond, &rank, l->work, &l->length, l->iwork, &info);
  else
    memset(l->b, 0, (size_t)right * job->size);
  return info > 0 ? -1 : rank;
}

/* Out: X, rank, singular values. In: A, B. The shortest X with the least
   |A X - B|. */
void peri__lapack_lstsq(peri__lapack_job *job) {
  least l = least_of(job);
  while (peri__lapack_next(job)) {
    peri__matrix_load(job, peri__lapack_matrix(job, 3), l.a);
    load_right(job, peri__lapack_matrix(job, 4), &l);
    peri__put_info(job, 1, solve_least(job, &l));
    peri__matrix_store(job, peri__lapack_matrix(job, 0), l.b, l.step);
    peri__matrix_store(job, peri__lapack_matrix(job, 2), l.s, l.m);
  }
}
