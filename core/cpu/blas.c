/* blas.c - float32 and float64 products through a CBLAS, for comparison: made
   by `make BLAS=openblas` only. The library has its own order of sums and its
   own threads, so its results are outside of what Perigee promises. */
#ifdef PERI_BLAS

#include <cblas.h>

#include "pointwise.h"
#include "product.h"

/* A matrix as CBLAS names it: row-major or transposed, rows 'step' apart. */
typedef struct {
  enum CBLAS_TRANSPOSE form;
  int64_t step;
} layout;

/* -> false if it is neither */
static bool layout_of(int64_t rows, int64_t cols, int64_t row, int64_t col,
                      layout *l) {
  bool plain = (col == 1 || cols == 1) && (row >= cols || rows == 1);
  bool turned = (row == 1 || rows == 1) && (col >= rows || cols == 1);
  l->form = plain ? CblasNoTrans : CblasTrans;
  l->step = plain ? row : col;
  if (l->step < (plain ? cols : rows)) l->step = plain ? cols : rows;
  return (plain || turned) && l->step <= INT32_MAX;
}

typedef struct {
  peri__product shape;
  layout a, b, y;
} product;

static bool read_product(product *p, const peri_call *call) {
  p->shape = peri__product_of(call);
  const peri__product *s = &p->shape;
  return s->m <= INT32_MAX && s->n <= INT32_MAX && s->k <= INT32_MAX &&
         s->k > 0 && !peri__product_empty(s) &&
         layout_of(s->m, s->k, s->a_row, s->a_k, &p->a) &&
         layout_of(s->k, s->n, s->b_k, s->b_col, &p->b) &&
         layout_of(s->m, s->n, s->y_row, s->y_col, &p->y) &&
         p->y.form == CblasNoTrans;
}

/* Bias into y before, activation after, in type T. */
static const peri__pointwise_attr none = {0}; /* of an activation */

#define PRODUCT(name, T, gemm, dtype) \
  static void name(const peri_call *call) { \
    const T *bias = call->arg[3].data; \
    int kernel = peri__product_activation(call); \
    product p; \
    if (!read_product(&p, call)) return; \
    const peri__product *s = &p.shape; \
    int64_t count = peri__product_count(s), offset[3]; \
    for (int64_t g = 0; g < count && !peri_call_stopped(call); g++) { \
      peri__product_offsets(s, g, offset); \
      T *y = (T *)call->arg[0].data + offset[0]; \
      for (int64_t i = 0; bias && i < s->m; i++) \
        for (int64_t j = 0; j < s->n; j++) \
          y[i * p.y.step + j] = bias[j * s->bias_col]; \
      gemm(CblasRowMajor, p.a.form, p.b.form, (int)s->m, (int)s->n, (int)s->k, \
           1, (const T *)call->arg[1].data + offset[1], (int)p.a.step, \
           (const T *)call->arg[2].data + offset[2], (int)p.b.step, \
           bias ? 1 : 0, y, (int)p.y.step); \
      if (kernel == PERI_NO_ACTIVATION) continue; \
      for (int64_t i = 0; i < s->m; i++) { \
        T *row = y + i * p.y.step; \
        const void *in[5] = {row, row, row, row, row}; \
        peri__plain_loop(kernel, dtype)(&none, in, row, s->n); \
      } \
    } \
  }

PRODUCT(run_f32, float, cblas_sgemm, PERI_F32)
PRODUCT(run_f64, double, cblas_dgemm, PERI_F64)

static bool supports(const peri_provider *self, const peri_call *call) {
  product p;
  (void)self;
  if (call->kernel != peri__kernel_id(PERI_K_matmul)) return false;
  peri_dtype dtype = call->arg[0].dtype;
  return (dtype == PERI_F32 || dtype == PERI_F64) &&
         call->arg[1].dtype == dtype && call->arg[2].dtype == dtype &&
         (!call->arg[3].data || call->arg[3].dtype == dtype) &&
         read_product(&p, call);
}

static int prepare(const peri_provider *self, peri_call *call) {
  (void)self;
  call->run = call->arg[0].dtype == PERI_F32 ? run_f32 : run_f64;
  return 0;
}

const peri_provider peri__blas_provider = {PERI_BLAS, NULL, supports, prepare};

#else
typedef int peri__no_blas; /* a file is never empty */
#endif
