/* plain_matmul.c - plain matrix product, in the order of sums of product.h.

   The rows of b lie row-major in the compute type, packed into the workspace
   where they do not already; a row of y is gathered there too. In the chain
   form four steps of k share one pass over the row, which does not change
   their order. Where the processor has fused multiply-adds, the same loops are
   compiled once more with them. */
#include "level.h"
#include "plain.h"
#include "pointwise.h"
#include "product.h"

/* ---- Sums of one row, per compute type and multiply-add ----------------- */

/* chain  y += sum of a[k] b[k, :] over ascending k
   dot    y[j] = sum of a[k] b[k, j] by lanes, one part
   add    y += x */
typedef struct {
  void (*chain)(void *y, const void *a, const void *b, int64_t n, int64_t k);
  void (*dot)(void *y, const void *a, const void *b, int64_t n, int64_t k);
  void (*add)(void *y, const void *x, int64_t n);
} sums;

#define SUMS(name, attribute, T, ADD_MUL) \
  attribute static void name##_chain( \
      void *to, const void *left, const void *right, int64_t n, int64_t k) { \
    T *y = to; \
    const T *a = left, *b = right; \
    int64_t at = 0; \
    for (; at + 4 <= k; at += 4, b += 4 * n) { \
      T a0 = a[at], a1 = a[at + 1], a2 = a[at + 2], a3 = a[at + 3]; \
      const T *b1 = b + n, *b2 = b + 2 * n, *b3 = b + 3 * n; \
      for (int64_t j = 0; j < n; j++) { \
        T sum = ADD_MUL(y[j], a0, b[j]); \
        sum = ADD_MUL(sum, a1, b1[j]); \
        sum = ADD_MUL(sum, a2, b2[j]); \
        y[j] = ADD_MUL(sum, a3, b3[j]); \
      } \
    } \
    for (; at < k; at++, b += n) \
      for (int64_t j = 0; j < n; j++) y[j] = ADD_MUL(y[j], a[at], b[j]); \
  } \
  attribute static void name##_dot(void *to, const void *left, \
                                   const void *right, int64_t n, int64_t k) { \
    T *y = to; \
    const T *a = left, *b = right; \
    for (int64_t j = 0; j < n; j++) { \
      T lane[PERI_DOT_LANES] = {0}; \
      for (int64_t at = 0; at < k; at++) { \
        T *sum = &lane[at % PERI_DOT_LANES]; \
        *sum = ADD_MUL(*sum, a[at], b[at * n + j]); \
      } \
      for (int half = PERI_DOT_LANES / 2; half > 0; half /= 2) \
        for (int i = 0; i < half; i++) lane[i] += lane[i + half]; \
      y[j] = lane[0]; \
    } \
  } \
  static void name##_add(void *to, const void *from, int64_t n) { \
    T *y = to; \
    const T *x = from; \
    for (int64_t j = 0; j < n; j++) y[j] += x[j]; \
  } \
  static const sums name = {name##_chain, name##_dot, name##_add};

/* For the compiler: a processor that peri__has_fused has asked for. */
#if defined(__x86_64__)
#define FUSED __attribute__((target("avx2,fma")))
#else
#define FUSED
#endif
#define ROUNDED(sum, x, y) ((sum) + (x) * (y))
#define FUSED_F32(sum, x, y) __builtin_fmaf(x, y, sum)
#define FUSED_F64(sum, x, y) __builtin_fma(x, y, sum)
SUMS(rounded_f32, , float, ROUNDED)
SUMS(rounded_f64, , double, ROUNDED)
SUMS(fused_f32, FUSED, float, FUSED_F32)
SUMS(fused_f64, FUSED, double, FUSED_F64)
SUMS(whole, , uint64_t, ROUNDED) /* whole numbers wrap */

static const sums *sums_of(peri_dtype compute) {
  bool fused = peri__has_fused();
  if (compute == PERI_F32) return fused ? &fused_f32 : &rounded_f32;
  if (compute == PERI_F64) return fused ? &fused_f64 : &rounded_f64;
  return &whole;
}

/* ---- The product ------------------------------------------------------- */

typedef struct {
  peri__product shape;
  const peri_arg *y, *a, *b, *bias;
  peri_dtype compute;
  const sums *sums;
  int64_t offset[3];                   /* of this matrix in y, a, b */
  char *packed, *row_a, *row_y, *part; /* parts of the workspace */
  size_t bytes;                        /* of it */
} product;

/* b is used where it lies if its rows are contiguous. */
static bool in_place(const product *p) {
  const peri__product *s = &p->shape;
  return p->b->dtype == p->compute && (s->n == 1 || s->b_col == 1) &&
         (s->b_k == s->n || s->k == 1);
}

static size_t aligned(int64_t count, peri_dtype dtype) {
  return ((size_t)count * peri_dtype_size(dtype) + 63) / 64 * 64;
}

/* The product of 'call' and the layout of its workspace: packed b if it is
   needed, a row of a, a row of y, the part of it that is being summed. */
static product product_of(const peri_call *call) {
  product p = {.shape = peri__product_of(call),
               .y = &call->arg[0],
               .a = &call->arg[1],
               .b = &call->arg[2],
               .bias = call->arg[3].data ? &call->arg[3] : NULL,
               .compute = peri__compute_dtype(call->arg[0].dtype)};
  p.sums = sums_of(p.compute);
  const peri__product *s = &p.shape;
  size_t matrix = in_place(&p) ? 0 : aligned(s->k * s->n, p.compute);
  size_t a = aligned(s->k, p.compute), y = aligned(s->n, p.compute);
  p.bytes = matrix + a + 2 * y + 64;
  if (!call->workspace) return p;
  p.packed = call->workspace;
  p.row_a = p.packed + matrix;
  p.row_y = p.row_a + a;
  p.part = p.row_y + y;
  return p;
}

size_t peri__matmul_workspace(const peri_call *call) {
  return product_of(call).bytes;
}

/* Rows of b in the compute type, one after the other. */
static const void *pack(const peri_call *call, const product *p) {
  const peri__product *s = &p->shape;
  size_t size = peri_dtype_size(p->compute);
  if (in_place(p)) return peri__at(p->b, p->offset[2]);
  for (int64_t k = 0; k < s->k && !peri_call_stopped(call); k++)
    peri__convert(p->packed + (size_t)(k * s->n) * size, p->compute, 1,
                  peri__at(p->b, p->offset[2] + k * s->b_k), p->b->dtype,
                  s->b_col, s->n);
  return p->packed;
}

/* A row of y from a row of a, part by part. */
static void one_row(const product *p, const char *b) {
  const peri__product *s = &p->shape;
  size_t size = peri_dtype_size(p->compute);
  memset(p->row_y, 0, (size_t)s->n * size);
  for (int64_t k = 0; k < s->k; k += s->part) {
    char *to = k == 0 ? p->row_y : p->part;
    if (k > 0) memset(to, 0, (size_t)s->n * size);
    (s->dot ? p->sums->dot : p->sums->chain)(
        to, p->row_a + (size_t)k * size, b + (size_t)(k * s->n) * size, s->n,
        s->k - k < s->part ? s->k - k : s->part);
    if (k > 0) p->sums->add(p->row_y, to, s->n);
  }
}

/* The bias in the compute type takes the place of the summed part. */
static void add_bias(const product *p) {
  if (!p->bias) return;
  peri__convert(p->part, p->compute, 1, p->bias->data, p->bias->dtype,
                p->shape.bias_col, p->shape.n);
  p->sums->add(p->row_y, p->part, p->shape.n);
}

static void activate(const peri_call *call, const product *p) {
  static const peri__pointwise_attr none = {0};
  int kernel = peri__product_activation(call);
  const void *x = p->row_y, *in[5] = {x, x, x, x, x};
  if (kernel == PERI_NO_ACTIVATION) return;
  peri__plain_loop(kernel, p->compute)(&none, in, p->row_y, p->shape.n);
}

/* One matrix of the batch, row by row: a row of a in the compute type, the
   sum into a row of its own, converted on the way out. */
static void one_product(const peri_call *call, const product *p) {
  const peri__product *s = &p->shape;
  const void *b = pack(call, p);
  for (int64_t i = 0; i < s->m && !peri_call_stopped(call); i++) {
    peri__convert(p->row_a, p->compute, 1,
                  peri__at(p->a, p->offset[1] + i * s->a_row), p->a->dtype,
                  s->a_k, s->k);
    one_row(p, b);
    add_bias(p);
    activate(call, p);
    peri__convert(peri__at(p->y, p->offset[0] + i * s->y_row), p->y->dtype,
                  s->y_col, p->row_y, p->compute, 1, s->n);
  }
}

void peri__plain_matmul(const peri_call *call) {
  product p = product_of(call);
  if (peri__product_empty(&p.shape)) return;
  int64_t count = peri__product_count(&p.shape);
  for (int64_t i = 0; i < count && !peri_call_stopped(call); i++) {
    peri__product_offsets(&p.shape, i, p.offset);
    one_product(call, &p);
  }
}
