/* plain_matmul.c - plain matrix product.

   y[m, n] = bias[n] + sum_k a[m, k] b[k, n]: every element of y is one chain of
   multiplications and additions over ascending k from zero, then the bias.
   The rows of b lie row-major in the compute type, packed into the workspace
   where they do not already; a row of y is gathered there too. Four steps of k
   share one pass over the row, which does not change their order. */
#include "plain.h"

typedef struct {
  int64_t m, n, k;
  const peri_arg *y, *a, *b, *bias;
  int64_t offset[3]; /* of this matrix in y, a, b */
  peri_dtype compute;
  char *packed, *row_a, *row_y; /* parts of the workspace */
  size_t bytes;                 /* of it */
} product;

/* b is used where it lies if its rows are contiguous. */
static bool in_place(const peri_arg *b, peri_dtype compute) {
  int64_t n = b->shape[b->ndim - 1];
  return b->dtype == compute && (n == 1 || b->strides[b->ndim - 1] == 1) &&
         (b->strides[b->ndim - 2] == n || b->shape[b->ndim - 2] == 1);
}

static size_t aligned(int64_t count, peri_dtype dtype) {
  return ((size_t)count * peri_dtype_size(dtype) + 63) / 64 * 64;
}

/* The product of 'call' and the layout of its workspace: packed b if it is
   needed, a row of a, a row of y. */
static product product_of(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *a = &call->arg[1], *b = &call->arg[2];
  product p = {.m = y->shape[y->ndim - 2],
               .n = y->shape[y->ndim - 1],
               .k = a->shape[a->ndim - 1],
               .y = y,
               .a = a,
               .b = b,
               .bias = call->arg[3].data ? &call->arg[3] : NULL,
               .compute = peri__compute_dtype(y->dtype)};
  size_t matrix = in_place(b, p.compute) ? 0 : aligned(p.k * p.n, p.compute);
  size_t rows = matrix + aligned(p.k, p.compute);
  p.bytes = rows + aligned(p.n, p.compute) + 64;
  if (!call->workspace) return p;
  p.packed = call->workspace;
  p.row_a = p.packed + matrix;
  p.row_y = p.packed + rows;
  return p;
}

size_t peri__matmul_workspace(const peri_call *call) {
  return product_of(call).bytes;
}

/* Rows of b in the compute type, one after the other. */
static const void *pack(const peri_call *call, const product *p) {
  const peri_arg *b = p->b;
  size_t size = peri_dtype_size(p->compute);
  if (in_place(b, p->compute)) return peri__at(b, p->offset[2]);
  for (int64_t k = 0; k < p->k && !peri_call_stopped(call); k++) {
    const void *row = peri__at(b, p->offset[2] + k * b->strides[b->ndim - 2]);
    peri__convert(p->packed + (size_t)(k * p->n) * size, p->compute, 1, row,
                  b->dtype, b->strides[b->ndim - 1], p->n);
  }
  return p->packed;
}

/* y += sum of a[k] b[k, :] over ascending k. */
#define ADD_ROWS(name, T) \
  static void name(T *y, const T *a, const T *b, int64_t n, int64_t k) { \
    int64_t at = 0; \
    for (; at + 4 <= k; at += 4, b += 4 * n) { \
      T a0 = a[at], a1 = a[at + 1], a2 = a[at + 2], a3 = a[at + 3]; \
      const T *b1 = b + n, *b2 = b + 2 * n, *b3 = b + 3 * n; \
      for (int64_t j = 0; j < n; j++) { \
        T sum = ADD(y[j], MUL(a0, b[j])); \
        sum = ADD(sum, MUL(a1, b1[j])); \
        sum = ADD(sum, MUL(a2, b2[j])); \
        y[j] = ADD(sum, MUL(a3, b3[j])); \
      } \
    } \
    for (; at < k; at++, b += n) \
      for (int64_t j = 0; j < n; j++) y[j] = ADD(y[j], MUL(a[at], b[j])); \
  }

#define ADD(x, y) ((x) + (y))
#define MUL(x, y) ((x) * (y))
ADD_ROWS(add_rows_f32, float)
ADD_ROWS(add_rows_f64, double)
ADD_ROWS(add_rows_u64, uint64_t) /* whole numbers wrap */
#undef ADD
#undef MUL

static void add_rows(const product *p, const void *b) {
  if (p->compute == PERI_F32)
    add_rows_f32((float *)(void *)p->row_y, (float *)(void *)p->row_a, b, p->n,
                 p->k);
  else if (p->compute == PERI_F64)
    add_rows_f64((double *)(void *)p->row_y, (double *)(void *)p->row_a, b,
                 p->n, p->k);
  else
    add_rows_u64((uint64_t *)(void *)p->row_y, (uint64_t *)(void *)p->row_a, b,
                 p->n, p->k);
}

#define ADD_BIAS(name, T, compute) \
  static void name(const product *p) { \
    T bias, *y = (T *)(void *)p->row_y; \
    for (int64_t j = 0; j < p->n; j++) { \
      peri__convert(&bias, compute, 1, \
                    peri__at(p->bias, j * p->bias->strides[0]), \
                    p->bias->dtype, 1, 1); \
      y[j] += bias; \
    } \
  }

ADD_BIAS(add_bias_f32, float, PERI_F32)
ADD_BIAS(add_bias_f64, double, PERI_F64)
ADD_BIAS(add_bias_u64, uint64_t, PERI_I64)

static void add_bias(const product *p) {
  if (!p->bias) return;
  if (p->compute == PERI_F32)
    add_bias_f32(p);
  else if (p->compute == PERI_F64)
    add_bias_f64(p);
  else
    add_bias_u64(p);
}

/* One matrix of the batch, row by row: a row of a in the compute type, the
   sum into a row of its own, converted on the way out. */
static void one_product(const peri_call *call, const product *p) {
  const void *b = pack(call, p);
  int da = p->a->ndim - 1, dy = p->y->ndim - 1;
  for (int64_t i = 0; i < p->m && !peri_call_stopped(call); i++) {
    const void *row = peri__at(p->a, p->offset[1] + i * p->a->strides[da - 1]);
    peri__convert(p->row_a, p->compute, 1, row, p->a->dtype, p->a->strides[da],
                  p->k);
    memset(p->row_y, 0, (size_t)p->n * peri_dtype_size(p->compute));
    add_rows(p, b);
    add_bias(p);
    void *out = peri__at(p->y, p->offset[0] + i * p->y->strides[dy - 1]);
    peri__convert(out, p->y->dtype, p->y->strides[dy], p->row_y, p->compute, 1,
                  p->n);
  }
}

void peri__plain_matmul(const peri_call *call) {
  product p = product_of(call);
  int64_t at[PERI_MAX_DIMS] = {0};
  int batch = p.y->ndim - 2;
  const peri_arg *arg = call->arg;
  if (p.m == 0 || p.n == 0) return;
  for (int d = 0; d < batch; d++)
    if (p.y->shape[d] == 0) return;
  for (;;) {
    one_product(call, &p);
    int d = batch - 1;
    for (; d >= 0; d--) {
      for (int i = 0; i < 3; i++) p.offset[i] += arg[i].strides[d];
      if (++at[d] < p.y->shape[d]) break;
      for (int i = 0; i < 3; i++)
        p.offset[i] -= arg[i].strides[d] * p.y->shape[d];
      at[d] = 0;
    }
    if (d < 0 || peri_call_stopped(call)) return;
  }
}
