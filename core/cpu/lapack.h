/* lapack.h - LAPACK as the kernels see it: a library that is loaded when it is
   first needed, and a walk over the matrices of a record.

   A kernel is one function that first takes its rooms out of the workspace and
   then, if the record runs, goes from matrix to matrix. The device calls it
   once without running to learn how large the workspace is. LAPACK wants
   columns one behind the other, so matrices are copied in and out. Nothing
   interrupts LAPACK inside one matrix; between two of them the kernels look.
   The library has threads of its own, whose number is not ours to set. */
#ifndef PERI_LAPACK_H
#define PERI_LAPACK_H

#include "kernels.h"

/* The routines in use, without the letter of the type; arrays are float or
   double. Lengths of the letters come last, as Fortran passes them. */
typedef struct {
  void (*getrf)(const int *m, const int *n, void *a, const int *lda,
                int *pivots, int *info);
  void (*getrs)(const char *trans, const int *n, const int *columns,
                const void *a, const int *lda, const int *pivots, void *b,
                const int *ldb, int *info, size_t);
  void (*getri)(const int *n, void *a, const int *lda, const int *pivots,
                void *work, const int *lwork, int *info);
  void (*potrf)(const char *uplo, const int *n, void *a, const int *lda,
                int *info, size_t);
  void (*geqrf)(const int *m, const int *n, void *a, const int *lda, void *tau,
                void *work, const int *lwork, int *info);
  void (*orgqr)(const int *m, const int *n, const int *k, void *a,
                const int *lda, const void *tau, void *work, const int *lwork,
                int *info);
  void (*gesdd)(const char *job, const int *m, const int *n, void *a,
                const int *lda, void *s, void *u, const int *ldu, void *vt,
                const int *ldvt, void *work, const int *lwork, int *iwork,
                int *info, size_t);
  void (*syevd)(const char *job, const char *uplo, const int *n, void *a,
                const int *lda, void *values, void *work, const int *lwork,
                int *iwork, const int *liwork, int *info, size_t, size_t);
  void (*gelsd)(const int *m, const int *n, const int *columns, void *a,
                const int *lda, void *b, const int *ldb, void *s,
                const void *rcond, int *rank, void *work, const int *lwork,
                int *iwork, int *info);
} peri__lapack_routines;

typedef struct peri__lapack {
  void *handle;
  peri__lapack_routines f32, f64;
} peri__lapack;

/* What a record of LAPACK carries. */
typedef struct {
  const peri__lapack *library;
  int batch; /* leading dimensions of every argument that count matrices */
  int mode;
  int64_t base; /* of positions */
  double rcond;
} peri__lapack_attr;

/* Modes: lower or upper triangle; which vectors; which answer of det. */
enum { PERI_LOWER, PERI_UPPER };
enum { PERI_VECTORS_NONE, PERI_VECTORS_REDUCED, PERI_VECTORS_FULL };
enum { PERI_DET_PLAIN, PERI_DET_LOG };

/* What 'info' says beside LAPACK's own numbers above 0. */
enum { PERI_INFO_NOT_FINITE = -1000 };

/* The kernels, in kernels.def by the same names. */
#define PERI_LAPACK_KERNELS(X) \
  X(lu) \
  X(lu_solve) \
  X(solve) X(inverse) X(det) X(det_dx) X(cholesky) X(qr) X(svd) X(eigh) \
      X(lstsq)

/* One record on its way. */
typedef struct {
  const peri_call *call;
  peri__lapack_attr attr;
  const peri__lapack_routines *use;
  peri_dtype dtype;
  size_t size; /* of an element */
  bool runs;   /* false: only rooms are taken */
  int64_t count, index;
  int64_t offset[PERI_MAX_ARGS]; /* of this matrix in each argument */
  size_t used;                   /* bytes of the workspace */
} peri__lapack_job;

/* A matrix of an argument; a vector is one column. */
typedef struct {
  peri_dtype dtype;
  char *data;
  int64_t rows, cols, row, col; /* sizes and strides */
} peri__matrix;

/* The library of 'ctx', loaded if it is not yet; NULL if there is none. */
const peri__lapack *peri__lapack_of(peri_context *ctx);
/* Give the library back, at the end of 'ctx'. */
void peri__lapack_end(peri_context *ctx);
/* Bytes of workspace that 'call' needs; 0 if it is none of LAPACK. */
size_t peri__lapack_workspace(const peri_call *call);
/* The walk over 'call', of a kernel that needs no library. */
peri__lapack_job peri__lapack_begin(const peri_call *call);
/* The next part of the workspace; NULL while only its size is wanted. */
void *peri__lapack_room(peri__lapack_job *job, int64_t count, size_t size);
/* The same for the work array of a routine, whose length it told in 'best', a
   number of the job's type. -> the length through 'length' */
void *peri__lapack_work(peri__lapack_job *job, const void *best, int *length);
/* Go to the next matrix. -> false after the last, or when stopped */
bool peri__lapack_next(peri__lapack_job *job);
peri__matrix peri__lapack_matrix(const peri__lapack_job *job, int arg);
peri__matrix peri__matrix_turned(peri__matrix a);
/* Copy 'a' into columns one behind the other, and back out of columns that are
   'step' apart. */
void peri__matrix_load(const peri__lapack_job *job, peri__matrix a, void *to);
void peri__matrix_store(const peri__lapack_job *job, peri__matrix a,
                        const void *from, int64_t step);
/* Overwrite with the unit matrix times a number, or what is off a triangle with
   zeros. */
void peri__matrix_unit(peri__matrix a, double value);
void peri__matrix_trim(peri__matrix a, bool upper);
void peri__matrix_put(peri__matrix a, int64_t row, int64_t col, double value);
double peri__matrix_get(peri__matrix a, int64_t row, int64_t col);
static inline int peri__smaller(int a, int b) { return a < b ? a : b; }
static inline int peri__larger(int a, int b) { return a > b ? a : b; }
/* What became of the matrix, into argument 'arg'. */
static inline void peri__put_info(const peri__lapack_job *job, int arg,
                                  int info) {
  peri__matrix_put(peri__lapack_matrix(job, arg), 0, 0, info);
}
/* Overwrite 'count' numbers of the job's type with NaN: there is no result. */
void peri__fill_nan(const peri__lapack_job *job, void *data, int64_t count);
/* True if none of 'count' numbers of the job's type is NaN or infinite. */
bool peri__all_finite(const peri__lapack_job *job, const void *data,
                      int64_t count);

#endif
