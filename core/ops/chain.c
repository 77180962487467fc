/* chain.c - products of many matrices: chains in their best order, powers; and
   what needs matrices but no solver: trace, vander. */
#include "internal.h"

/* ---- Chains ----------------------------------------------------------- */

typedef struct {
  peri_tensor *const *x;
  int count;
  int64_t *size; /* matrix i is size[i] x size[i + 1] */
  double *cost;  /* least cost of matrices i to k, at i * count + k */
  int *cut;      /* the last matrix of the left factor in it */
} chain;

/* The classic recurrence: the best cut of each run of matrices, short runs
   first. */
static void find_cuts(const chain *c) {
  const int n = c->count;
  for (int i = 0; i < n; i++) c->cost[i * n + i] = 0;
  for (int length = 2; length <= n; length++)
    for (int i = 0; i + length <= n; i++) {
      int last = i + length - 1;
      for (int k = i; k < last; k++) {
        double cost = c->cost[i * n + k] + c->cost[(k + 1) * n + last] +
                      (double)c->size[i] * (double)c->size[k + 1] *
                          (double)c->size[last + 1];
        if (k > i && cost >= c->cost[i * n + last]) continue;
        c->cost[i * n + last] = cost;
        c->cut[i * n + last] = k;
      }
    }
}

/* The product of matrices 'first' to 'last'; deep as the chain is long. */
static peri_tensor *product(const chain *c, int first, int last) {
  if (first == last) return c->x[first];
  int cut = c->cut[first * c->count + last];
  peri_tensor *left = product(c, first, cut);
  return left ? peri_matmul(left, product(c, cut + 1, last)) : NULL;
}

enum { LONGEST = 200 }; /* of a chain: the recursion and the table are small */

/* The first may be a row, the last a column, as vectors. */
static int read_chain(const peri_frame *frame, chain *c) {
  for (int i = 0; i < c->count; i++) {
    const peri_tensor *x = c->x[i];
    bool row = i == 0 && x->ndim == 1;
    bool column = i > 0 && i == c->count - 1 && x->ndim == 1;
    peri_text shape = peri__shape_of(x);
    if (x->ndim != 2 && !row && !column)
      return peri__op_fail(frame, PERI_ESHAPE,
                           "tensor %d must be a matrix, its shape is %s", i + 1,
                           shape.s);
    if (x->dtype != c->x[0]->dtype)
      return peri__op_fail(frame, PERI_EDTYPE,
                           "tensor %d is %s, the first is %s; convert one "
                           "with to",
                           i + 1, peri_dtype_name(x->dtype),
                           peri_dtype_name(c->x[0]->dtype));
    int64_t rows = row ? 1 : x->shape[0];
    if (i > 0 && rows != c->size[i])
      return peri__op_fail(frame, PERI_ESHAPE,
                           "tensor %d of shape %s does not fit the one before, "
                           "which has %lld columns",
                           i + 1, shape.s, (long long)c->size[i]);
    c->size[i] = rows;
    c->size[i + 1] = column ? 1 : x->shape[x->ndim - 1];
  }
  return 0;
}

static int check_length(const peri_frame *frame) {
  if (frame->nin >= 2 && frame->nin <= LONGEST) return 0;
  return peri__op_fail(frame, PERI_EARG, "takes 2 to %d tensors, got %d",
                       LONGEST, frame->nin);
}

int peri__multi_dot_forward(peri_frame *frame) {
  peri_context *ctx = frame->ctx;
  size_t n = (size_t)frame->nin;
  int status = check_length(frame);
  if (status < 0) return status;
  size_t cells = n * n;
  char *block = peri__alloc(
      ctx, cells * (sizeof(double) + sizeof(int)) + (n + 1) * sizeof(int64_t));
  if (!block) return ctx->status;
  chain c = {.x = frame->in, .count = frame->nin};
  c.cost = (double *)(void *)block;
  c.size = (int64_t *)(void *)(block + cells * sizeof(double));
  c.cut = (int *)(void *)(c.size + n + 1);
  status = read_chain(frame, &c);
  if (status == 0) {
    find_cuts(&c);
    frame->y[0] = product(&c, 0, c.count - 1);
  }
  peri__free(ctx, block);
  return status;
}

int peri__chain_matmul_forward(peri_frame *frame) {
  for (int i = 0; i < frame->nin; i++)
    if (frame->in[i]->ndim != 2) {
      peri_text shape = peri__shape_of(frame->in[i]);
      return peri__op_fail(frame, PERI_ESHAPE,
                           "tensor %d must be a matrix, its shape is %s", i + 1,
                           shape.s);
    }
  if (frame->nin > 1) return peri__multi_dot_forward(frame);
  frame->y[0] = peri_alias(frame->in[0]);
  return 0;
}

/* ---- Powers ----------------------------------------------------------- */

/* The unit matrices of a batch like 'x', as a view. */
static peri_tensor *units(peri_tensor *x) {
  peri_eye_options options = peri_eye_defaults();
  options.dtype = x->dtype;
  options.device = peri_tensor_device(x);
  return peri_expand(peri_eye(x->ctx, x->shape[x->ndim - 1], &options),
                     x->shape, x->ndim);
}

static peri_tensor *power(peri_tensor *x, uint64_t n) {
  peri_tensor *y = NULL;
  for (; x && n > 0; n /= 2) {
    if (n % 2 == 1) y = y ? peri_matmul(y, x) : x;
    if (n > 1) x = peri_matmul(x, x);
  }
  return x ? y : NULL;
}

/* By squaring; a negative one is a power of the inverse. */
int peri__matrix_power_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t n = frame->value[0].i;
  if (x->ndim < 2 || x->shape[x->ndim - 1] != x->shape[x->ndim - 2]) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must be square matrices, its shape is %s", shape.s);
  }
  if (n < 0) x = peri_inverse(x);
  peri_tensor *y = n == 0 ? peri_clone(units(x))
                          : power(x, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
  frame->y[0] = y == frame->in[0] ? peri_clone(y) : y;
  return 0;
}

/* ---- trace, vander ---------------------------------------------------- */

int peri__trace_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  if (x->ndim != 2) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must be a matrix, its shape is %s", shape.s);
  }
  frame->y[0] = peri_sum(peri_diagonal(x, NULL), NULL);
  return 0;
}

/* x^0, x^1, ... side by side, each the one before times x, so that the
   gradient exists at 0. */
static peri_tensor *powers_of(peri_tensor *x, int n, bool increasing) {
  peri_context *ctx = x->ctx;
  peri_tensor **column = peri__alloc(ctx, (size_t)n * sizeof *column),
              *y = NULL;
  if (!column) return NULL;
  for (int i = 0; i < n; i++) {
    int from = increasing ? i - 1 : n - i;
    int to = increasing ? i : n - 1 - i;
    column[to] = i == 0   ? peri__ones_like(x)
                 : i == 1 ? x
                          : peri_mul(column[from], x);
  }
  peri_stack_options options = {.dim = -1};
  if (ctx->status == PERI_OK) y = peri_stack(column, n, &options);
  peri__free(ctx, column);
  return y;
}

int peri__vander_forward(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  int64_t shape[PERI_MAX_DIMS];
  if (x->ndim == 0 || x->ndim == PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x must have 1 to %d dimensions, it has %d",
                         PERI_MAX_DIMS - 1, x->ndim);
  int64_t n = peri__int(frame->value, 0, x->shape[x->ndim - 1]);
  if (n > INT32_MAX)
    return peri__op_fail(frame, PERI_ESHAPE, "the result is too large");
  if (!peri__is_float(x->dtype)) x = peri_to(x, PERI_I64);
  if (!x) return frame->ctx->status;
  peri__copy_sizes(shape, x->shape, x->ndim);
  shape[x->ndim] = 0;
  frame->y[0] = n > 0
                    ? powers_of(x, (int)n, frame->value[1].i != 0)
                    : peri_expand(peri_narrow(peri_unsqueeze(x, -1), -1, 0, 0),
                                  shape, x->ndim + 1);
  return 0;
}
