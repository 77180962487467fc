/* lapack_lu.c - kernels over P A = L U: the factors, systems, determinants. */
#include "lapack.h"

#include <float.h>
#include <math.h>

/* ---- Factors ---------------------------------------------------------- */

/* P from the exchanges of rows, so that A = P L U; 'order' is of the rows. */
static void write_permutation(peri__matrix p, const int *pivots, int count,
                              int *order) {
  peri__matrix_unit(p, 0);
  for (int i = 0; i < (int)p.rows; i++) order[i] = i;
  for (int i = 0; i < count; i++) {
    int other = pivots[i] - 1, row = order[i];
    order[i] = order[other];
    order[other] = row;
  }
  for (int i = 0; i < (int)p.rows; i++) peri__matrix_put(p, order[i], i, 1);
}

/* Out: L below the diagonal and U, the row exchanged with each row, P. In: the
   matrices. */
void peri__lapack_lu(peri__lapack_job *job) {
  const peri_arg *a = &job->call->arg[3];
  int m = (int)a->shape[job->attr.batch], info = 0;
  int n = (int)a->shape[job->attr.batch + 1], k = peri__smaller(m, n);
  void *lu = peri__lapack_room(job, (int64_t)m * n, job->size);
  int *pivots = peri__lapack_room(job, k, sizeof *pivots);
  int *order = peri__lapack_room(job, m, sizeof *order);
  while (peri__lapack_next(job)) {
    peri__matrix rows = peri__lapack_matrix(job, 1);
    peri__matrix_load(job, peri__lapack_matrix(job, 3), lu);
    if (k > 0) job->use->getrf(&m, &n, lu, &m, pivots, &info);
    peri__matrix_store(job, peri__lapack_matrix(job, 0), lu, m);
    for (int i = 0; i < k; i++)
      peri__matrix_put(rows, i, 0, (double)(pivots[i] - 1 + job->attr.base));
    write_permutation(peri__lapack_matrix(job, 2), pivots, k, order);
  }
}

/* ---- Systems ---------------------------------------------------------- */

/* Out: X, above 0 the pivot that is zero. In: A, B. A X = B. */
void peri__lapack_solve(peri__lapack_job *job) {
  const peri_arg *x = &job->call->arg[0];
  int n = (int)x->shape[job->attr.batch];
  int columns = (int)x->shape[job->attr.batch + 1], info = 0;
  void *lu = peri__lapack_room(job, (int64_t)n * n, job->size);
  void *right = peri__lapack_room(job, (int64_t)n * columns, job->size);
  int *pivots = peri__lapack_room(job, n, sizeof *pivots);
  while (peri__lapack_next(job)) {
    peri__matrix_load(job, peri__lapack_matrix(job, 2), lu);
    peri__matrix_load(job, peri__lapack_matrix(job, 3), right);
    info = 0;
    if (n > 0) job->use->getrf(&n, &n, lu, &n, pivots, &info);
    peri__put_info(job, 1, info);
    if (n > 0 && columns > 0)
      job->use->getrs("N", &n, &columns, lu, &n, pivots, right, &n, &info, 1);
    peri__matrix_store(job, peri__lapack_matrix(job, 0), right, n);
  }
}

/* Out: A^-1, above 0 the pivot that is zero. In: A. */
void peri__lapack_inverse(peri__lapack_job *job) {
  int n = (int)job->call->arg[0].shape[job->attr.batch];
  int query = -1, info = 0, length;
  double best = 1;
  void *a = peri__lapack_room(job, (int64_t)n * n, job->size);
  int *pivots = peri__lapack_room(job, n, sizeof *pivots);
  if (n > 0) job->use->getri(&n, NULL, &n, NULL, &best, &query, &info);
  void *work = peri__lapack_work(job, &best, &length);
  while (peri__lapack_next(job)) {
    peri__matrix_load(job, peri__lapack_matrix(job, 2), a);
    info = 0;
    if (n > 0) job->use->getrf(&n, &n, a, &n, pivots, &info);
    peri__put_info(job, 1, info);
    if (n > 0 && info == 0)
      job->use->getri(&n, a, &n, pivots, work, &length, &info);
    else
      peri__fill_nan(job, a, (int64_t)n * n);
    peri__matrix_store(job, peri__lapack_matrix(job, 0), a, n);
  }
}

/* A replay may bring any numbers: they stay inside. */
static int pivot_of(const peri__lapack_job *job, peri__matrix rows, int i,
                    int n) {
  double row = peri__matrix_get(rows, i, 0) - (double)job->attr.base + 1;
  return row < 1 ? 1 : row > n ? n : (int)row;
}

/* Out: X. In: factors and exchanges as lu gives them, B. Mode 1 solves with the
   transposed matrix. */
void peri__lapack_lu_solve(peri__lapack_job *job) {
  const peri_arg *x = &job->call->arg[0];
  int n = (int)x->shape[job->attr.batch];
  int columns = (int)x->shape[job->attr.batch + 1], info = 0;
  void *lu = peri__lapack_room(job, (int64_t)n * n, job->size);
  void *right = peri__lapack_room(job, (int64_t)n * columns, job->size);
  int *pivots = peri__lapack_room(job, n, sizeof *pivots);
  while (peri__lapack_next(job)) {
    peri__matrix rows = peri__lapack_matrix(job, 2);
    peri__matrix_load(job, peri__lapack_matrix(job, 1), lu);
    peri__matrix_load(job, peri__lapack_matrix(job, 3), right);
    for (int i = 0; i < n; i++) pivots[i] = pivot_of(job, rows, i, n);
    if (n > 0 && columns > 0)
      job->use->getrs(job->attr.mode ? "T" : "N", &n, &columns, lu, &n, pivots,
                      right, &n, &info, 1);
    peri__matrix_store(job, peri__lapack_matrix(job, 0), right, n);
  }
}

/* ---- Determinants ----------------------------------------------------- */

static peri__matrix columns_of(const peri__lapack_job *job, void *data, int n) {
  return (peri__matrix){job->dtype, data, n, n, 1, n};
}

static int exchanges(const int *pivots, int n) {
  int count = 0;
  for (int i = 0; i < n; i++) count += pivots[i] != i + 1;
  return count;
}

/* Determinant of the factors. */
static double det_of(peri__matrix lu, const int *pivots) {
  int n = (int)lu.rows;
  double det = exchanges(pivots, n) % 2 ? -1 : 1;
  for (int i = 0; i < n; i++) det *= peri__matrix_get(lu, i, i);
  return det;
}

/* The logarithm of its absolute value. -> its sign */
static double log_det_of(peri__matrix lu, const int *pivots, double *log_abs) {
  int n = (int)lu.rows;
  double sign = exchanges(pivots, n) % 2 ? -1 : 1;
  *log_abs = 0;
  for (int i = 0; i < n; i++) {
    double u = peri__matrix_get(lu, i, i);
    sign *= u < 0 ? -1 : u > 0 ? 1 : u; /* 0 and NaN stay */
    *log_abs += log(fabs(u));
  }
  return sign;
}

/* Out: the determinant, or its sign and the logarithm of its absolute value.
   In: the matrices. */
void peri__lapack_det(peri__lapack_job *job) {
  bool logs = job->attr.mode == PERI_DET_LOG;
  int in = job->call->nout, info = 0;
  int n = (int)job->call->arg[in].shape[job->attr.batch];
  void *lu = peri__lapack_room(job, (int64_t)n * n, job->size);
  int *pivots = peri__lapack_room(job, n, sizeof *pivots);
  while (peri__lapack_next(job)) {
    peri__matrix factors = columns_of(job, lu, n);
    double log_abs = 0;
    peri__matrix_load(job, peri__lapack_matrix(job, in), lu);
    if (n > 0) job->use->getrf(&n, &n, lu, &n, pivots, &info);
    double first =
        logs ? log_det_of(factors, pivots, &log_abs) : det_of(factors, pivots);
    peri__matrix_put(peri__lapack_matrix(job, 0), 0, 0, first);
    if (logs) peri__matrix_put(peri__lapack_matrix(job, 1), 0, 0, log_abs);
  }
}

/* Pivots of zero become as small as rounding makes them: the cofactors are
   smooth, so those of the neighbour are the ones wanted. */
static void lift_zeros(const peri__lapack_job *job, peri__matrix lu) {
  double most = 0, least = job->dtype == PERI_F32 ? FLT_EPSILON : DBL_EPSILON;
  for (int64_t i = 0; i < lu.rows; i++)
    most = fmax(most, fabs(peri__matrix_get(lu, i, i)));
  if (most == 0) most = 1;
  for (int64_t i = 0; i < lu.rows; i++)
    if (peri__matrix_get(lu, i, i) == 0)
      peri__matrix_put(lu, i, i, most * least);
}

/* Out: dy times the matrix of cofactors, det(A) A^-T. In: A, dy. */
void peri__lapack_det_dx(peri__lapack_job *job) {
  int n = (int)job->call->arg[0].shape[job->attr.batch], info = 0;
  void *lu = peri__lapack_room(job, (int64_t)n * n, job->size);
  void *x = peri__lapack_room(job, (int64_t)n * n, job->size);
  int *pivots = peri__lapack_room(job, n, sizeof *pivots);
  while (peri__lapack_next(job)) {
    peri__matrix factors = columns_of(job, lu, n);
    double dy = peri__matrix_get(peri__lapack_matrix(job, 2), 0, 0);
    peri__matrix_load(job, peri__lapack_matrix(job, 1), lu);
    if (n == 0) continue;
    job->use->getrf(&n, &n, lu, &n, pivots, &info);
    lift_zeros(job, factors);
    peri__matrix_unit(columns_of(job, x, n), dy * det_of(factors, pivots));
    job->use->getrs("T", &n, &n, lu, &n, pivots, x, &n, &info, 1);
    peri__matrix_store(job, peri__lapack_matrix(job, 0), x, n);
  }
}
