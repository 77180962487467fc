/* plain_triangular.c - systems with a triangular matrix. The operation cuts
   large ones into blocks and leaves the rest to matrix products, so this loop
   sees small ones. */
#include "lapack.h"

/* row -= factor other, row /= diagonal: rows of 'count' numbers of Y. */
#define ROWS(T) \
  static void subtract_##T(T *restrict row, const T *restrict other, T factor, \
                           int64_t count) { \
    _Pragma("omp simd") for (int64_t c = 0; c < count; c++) row[c] -= \
        factor * other[c]; \
  } \
  static void divide_##T(T *row, T diagonal, int64_t stride, int64_t count) { \
    for (int64_t c = 0; c < count; c++) row[c * stride] /= diagonal; \
  }

ROWS(float)
ROWS(double)

/* Rows of 'y' are replaced by those of X in A X = Y, from the first row down
   or, if 'upper', from the last one up. */
#define SUBSTITUTE(name, T) \
  static void name(peri__matrix y, peri__matrix a, bool upper, bool unit) { \
    const T *p = (const T *)(const void *)a.data; \
    T *first = (T *)(void *)y.data; \
    for (int64_t done = 0; done < y.rows; done++) { \
      int64_t i = upper ? y.rows - 1 - done : done; \
      T *row = first + i * y.row; \
      for (int64_t k = 0; k < done; k++) { \
        int64_t j = upper ? y.rows - 1 - k : k; \
        const T *other = first + j * y.row; \
        T factor = p[i * a.row + j * a.col]; \
        if (y.col == 1) \
          subtract_##T(row, other, factor, y.cols); \
        else \
          for (int64_t c = 0; c < y.cols; c++) \
            row[c * y.col] -= factor * other[c * y.col]; \
      } \
      if (!unit) divide_##T(row, p[i * a.row + i * a.col], y.col, y.cols); \
    } \
  }

SUBSTITUTE(substitute_f32, float)
SUBSTITUTE(substitute_f64, double)

/* Out: Y, which becomes X. In: A, of which the triangle that mode names is
   read; base 1: with ones on its diagonal. */
void peri__plain_solve_triangle(const peri_call *call) {
  peri__lapack_job job = peri__lapack_begin(call);
  bool upper = job.attr.mode == PERI_UPPER, unit = job.attr.base == 1;
  while (peri__lapack_next(&job)) {
    peri__matrix y = peri__lapack_matrix(&job, 0);
    peri__matrix a = peri__lapack_matrix(&job, 1);
    if (job.dtype == PERI_F32)
      substitute_f32(y, a, upper, unit);
    else
      substitute_f64(y, a, upper, unit);
  }
}
