/* blas.c - OpenBLAS's side of the matrix products, if it is installed: loaded
   at run time, so that nothing here needs it to build.

     matmul FORM M N K   x [M, K] times y [K, N]; T in FORM says which one lies
                         transposed. At M = 1 its matrix-vector product. */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

#include "worker.h"

enum { ROW_MAJOR = 101, PLAIN = 111, TRANSPOSED = 112 };

typedef void sgemm_fn(int order, int transx, int transy, int m, int n, int k,
                      float alpha, const float *x, int ldx, const float *y,
                      int ldy, float beta, float *out, int ldout);
typedef void sgemv_fn(int order, int trans, int rows, int columns, float alpha,
                      const float *a, int lda, const float *x, int incx,
                      float beta, float *out, int incout);

typedef struct {
  sgemm_fn *sgemm;
  sgemv_fn *sgemv;
  void (*set_num_threads)(int threads);
} library;

/* One product. */
typedef struct {
  bool xt, yt; /* transposed */
  int m, n, k;
  float *x, *y, *out;
} product;

static void multiply(const library *blas, const product *p) {
  if (p->m == 1) /* y^T x, from whichever form y has */
    blas->sgemv(ROW_MAJOR, p->yt ? PLAIN : TRANSPOSED, p->yt ? p->n : p->k,
                p->yt ? p->k : p->n, 1, p->y, p->yt ? p->k : p->n, p->x, 1, 0,
                p->out, 1);
  else
    blas->sgemm(ROW_MAJOR, p->xt ? TRANSPOSED : PLAIN,
                p->yt ? TRANSPOSED : PLAIN, p->m, p->n, p->k, 1, p->x,
                p->xt ? p->m : p->k, p->y, p->yt ? p->k : p->n, 0, p->out,
                p->n);
}

static bool load(library *blas) {
  void *handle = dlopen("libopenblas.so.0", RTLD_NOW);
  if (!handle) return false;
  /* POSIX's way to a function from a pointer to data. */
  *(void **)&blas->sgemm = dlsym(handle, "cblas_sgemm");
  *(void **)&blas->sgemv = dlsym(handle, "cblas_sgemv");
  *(void **)&blas->set_num_threads = dlsym(handle, "openblas_set_num_threads");
  return blas->sgemm && blas->sgemv && blas->set_num_threads;
}

/* 'rows' times 'columns' numbers in [0, 1); NULL without memory. */
static float *new_matrix(int rows, int columns) {
  size_t count = (size_t)rows * (size_t)columns;
  float *matrix = aligned_alloc(64, (count * sizeof *matrix + 63) / 64 * 64);
  for (size_t i = 0; matrix && i < count; i++)
    matrix[i] = (float)(i * 2654435761U % 1024) / 1024;
  return matrix;
}

static double time_product(const library *blas, const product *p, long reps) {
  multiply(blas, p);
  double start = bench_now();
  for (long i = 0; i < reps; i++) multiply(blas, p);
  return bench_now() - start;
}

static double run_matmul(const bench_request *request) {
  library blas = {0};
  if (request->count < 4 || !load(&blas)) return -1;
  product p = {.xt = request->word[0][0] == 'T',
               .yt = request->word[0][1] == 'T',
               .m = (int)bench_number(request, 1),
               .n = (int)bench_number(request, 2),
               .k = (int)bench_number(request, 3)};
  p.x = new_matrix(p.m, p.k);
  p.y = new_matrix(p.k, p.n);
  p.out = new_matrix(p.m, p.n);
  double seconds = -1;
  if (p.x && p.y && p.out) {
    blas.set_num_threads(request->threads);
    seconds = time_product(&blas, &p, request->reps);
  }
  free(p.x);
  free(p.y);
  free(p.out);
  return seconds;
}

static const bench_case cases[] = {{"matmul", run_matmul}, {0}};

int main(void) {
  library blas = {0};
  /* Its idle threads spin for 2^26 cycles by default, on the processors that
     the next worker needs; 2^20 still spans the gap between two products. */
  setenv("OPENBLAS_THREAD_TIMEOUT", "20", 0);
  if (load(&blas)) return bench_serve("OpenBLAS", cases);
  puts("- libopenblas.so.0 is not installed");
  return EXIT_SUCCESS;
}
