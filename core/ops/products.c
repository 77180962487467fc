/* products.c - the other products: matmul for fixed ranks (mm, bmm, mv, dot,
   vdot), with a tensor added (addmm and its kin), and those without a sum
   (outer, kron, cross). */
#include "internal.h"

int peri__matmul_infer(peri_frame *frame);
int peri__matmul_forward(peri_frame *frame);
int peri__matmul_backward(peri_backprop *grad);

/* ---- Fixed ranks ------------------------------------------------------ */

static const char *const rank_names[] = {"a single number", "a vector",
                                         "a matrix", "a batch of matrices"};

/* Input 'i' must have 'ndim' dimensions. */
static int check_rank(const peri_frame *frame, int i, int ndim) {
  const peri_tensor *x = frame->in[i];
  if (x->ndim == ndim) return 0;
  peri_text shape = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE, "%s must be %s, its shape is %s",
                       frame->op->inputs[i].name, rank_names[ndim], shape.s);
}

static int infer_ranks(peri_frame *frame, int first, int second) {
  int status = check_rank(frame, 0, first);
  if (status == 0) status = check_rank(frame, 1, second);
  return status == 0 ? peri__matmul_infer(frame) : status;
}

int peri__mm_infer(peri_frame *frame) { return infer_ranks(frame, 2, 2); }
int peri__mv_infer(peri_frame *frame) { return infer_ranks(frame, 2, 1); }
int peri__dot_infer(peri_frame *frame) { return infer_ranks(frame, 1, 1); }

int peri__bmm_infer(peri_frame *frame) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  int status = infer_ranks(frame, 3, 3);
  if (status < 0 || a->shape[0] == b->shape[0]) return status;
  return peri__op_fail(frame, PERI_ESHAPE,
                       "a has %lld matrices, b has %lld; matmul broadcasts",
                       (long long)a->shape[0], (long long)b->shape[0]);
}

/* All are matmul once their shapes are checked. */
#define MATMUL(name) \
  int peri__##name##_forward(peri_frame *frame) { \
    return peri__matmul_forward(frame); \
  } \
  int peri__##name##_backward(peri_backprop *grad) { \
    return peri__matmul_backward(grad); \
  }
MATMUL(mm)
MATMUL(bmm)
MATMUL(mv)
MATMUL(dot)
MATMUL(vdot)

/* ---- A product and a tensor added ------------------------------------- */

/* Parameter 'index', a number that the elements can hold. */
static int check_factor(const peri_frame *frame, int index) {
  const peri_value *v = &frame->value[index];
  if (v->whole || peri__is_float(frame->in[1]->dtype)) return 0;
  return peri__op_fail(frame, PERI_EARG, "%s must be a whole number for %s",
                       frame->op->params[index].name,
                       peri_dtype_name(frame->in[1]->dtype));
}

static peri_tensor *factor(const peri_frame *frame, int index) {
  const peri_value *v = &frame->value[index];
  return v->whole ? peri_whole(frame->ctx, v->i)
                  : peri_number(frame->ctx, v->f);
}

static bool is_one(const peri_value *v) {
  return v->whole ? v->i == 1 : v->f == 1;
}

static bool is_zero(const peri_value *v) {
  return v->whole ? v->i == 0 : v->f == 0;
}

/* c must have the dtype of the product and broadcast to 'shape'. */
static int check_added(const peri_frame *frame, const int64_t *shape,
                       int ndim) {
  const peri_tensor *c = frame->in[0], *a = frame->in[1];
  peri_meta product = {.ndim = ndim};
  int64_t common[PERI_MAX_DIMS];
  for (int index = 0; index < 2; index++) {
    int status = check_factor(frame, index);
    if (status < 0) return status;
  }
  if (c->dtype != a->dtype)
    return peri__op_fail(frame, PERI_EDTYPE,
                         "c is %s, a is %s; convert one with to",
                         peri_dtype_name(c->dtype), peri_dtype_name(a->dtype));
  int found = peri__broadcast(c->shape, c->ndim, shape, ndim, common);
  if (peri__same_shape(common, found, shape, ndim)) return 0;
  memcpy(product.shape, shape, (size_t)ndim * sizeof *shape);
  peri_text given = peri__shape_of(c), wanted = peri__meta_text(&product);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "c of shape %s does not broadcast to the product's, %s",
                       given.s, wanted.s);
}

/* beta c + alpha product, which is new memory. What beta = 0 leaves out takes
   no part, NaN included. */
static peri_tensor *blend(const peri_frame *frame, peri_tensor *product) {
  peri_tensor *c = frame->in[0];
  const peri_value *beta = &frame->value[0], *alpha = &frame->value[1];
  if (!is_one(alpha)) product = peri_mul_(product, factor(frame, 1));
  if (is_zero(beta)) return product;
  if (!is_one(beta)) c = peri_mul(c, factor(frame, 0));
  return peri_add_(product, c);
}

/* The ranks of a and b as one of the operations wants them. */
static int check_pair(const peri_frame *frame, int a, int b) {
  int status = check_rank(frame, 1, a);
  return status == 0 ? check_rank(frame, 2, b) : status;
}

static int no_fit(const peri_frame *frame) {
  peri_text a = peri__shape_of(frame->in[1]), b = peri__shape_of(frame->in[2]);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "a of shape %s and b of shape %s do not fit", a.s, b.s);
}

/* A bias goes into the product itself. */
static bool is_bias(const peri_frame *frame) {
  const peri_tensor *c = frame->in[0];
  return c->ndim == 1 && c->shape[0] == frame->in[2]->shape[1] &&
         is_one(&frame->value[0]) && is_one(&frame->value[1]);
}

int peri__addmm_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[1], *b = frame->in[2];
  int status = check_pair(frame, 2, 2);
  if (status < 0) return status;
  if (a->shape[1] != b->shape[0]) return no_fit(frame);
  const int64_t shape[2] = {a->shape[0], b->shape[1]};
  status = check_added(frame, shape, 2);
  if (status < 0) return status;
  frame->y[0] = is_bias(frame)
                    ? peri_linear(a, peri_transpose(b, 0, 1), frame->in[0])
                    : blend(frame, peri_matmul(a, b));
  return 0;
}

int peri__addmv_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[1], *b = frame->in[2];
  int status = check_pair(frame, 2, 1);
  if (status < 0) return status;
  if (a->shape[1] != b->shape[0]) return no_fit(frame);
  status = check_added(frame, a->shape, 1);
  if (status == 0) frame->y[0] = blend(frame, peri_matmul(a, b));
  return status;
}

/* The product of a column and a row. */
static peri_tensor *spread(peri_tensor *a, peri_tensor *b) {
  return peri_mul(peri_unsqueeze(a, 1), b);
}

int peri__addr_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[1], *b = frame->in[2];
  int status = check_pair(frame, 1, 1);
  if (status < 0) return status;
  const int64_t shape[2] = {a->shape[0], b->shape[0]};
  status = check_added(frame, shape, 2);
  if (status == 0) frame->y[0] = blend(frame, spread(a, b));
  return status;
}

static bool same_batch(const peri_tensor *a, const peri_tensor *b) {
  return a->shape[0] == b->shape[0] && a->shape[2] == b->shape[1];
}

int peri__baddbmm_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[1], *b = frame->in[2];
  int status = check_pair(frame, 3, 3);
  if (status < 0) return status;
  if (!same_batch(a, b)) return no_fit(frame);
  const int64_t shape[3] = {a->shape[0], a->shape[1], b->shape[2]};
  status = check_added(frame, shape, 3);
  if (status == 0) frame->y[0] = blend(frame, peri_matmul(a, b));
  return status;
}

/* The products of a batch are summed: one product over batch and K. */
int peri__addbmm_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[1], *b = frame->in[2];
  int status = check_pair(frame, 3, 3);
  if (status < 0) return status;
  if (!same_batch(a, b)) return no_fit(frame);
  const int64_t shape[2] = {a->shape[1], b->shape[2]};
  const int64_t k = a->shape[0] * a->shape[2];
  const int64_t left[2] = {shape[0], k}, right[2] = {k, shape[1]};
  status = check_added(frame, shape, 2);
  if (status < 0) return status;
  a = peri_reshape(peri_transpose(a, 0, 1), left, 2);
  frame->y[0] = blend(frame, peri_matmul(a, peri_reshape(b, right, 2)));
  return 0;
}

/* ---- Without a sum ---------------------------------------------------- */

int peri__outer_forward(peri_frame *frame) {
  int status = check_rank(frame, 0, 1);
  if (status == 0) status = check_rank(frame, 1, 1);
  if (status == 0) frame->y[0] = spread(frame->in[0], frame->in[1]);
  return status;
}

/* Each dimension of y is one of a and one of b behind it. */
int peri__kron_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[0], *b = frame->in[1];
  int64_t left[PERI_MAX_DIMS], right[PERI_MAX_DIMS], shape[PERI_MAX_DIMS];
  int ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
  if (2 * ndim > PERI_MAX_DIMS)
    return peri__op_fail(frame, PERI_ESHAPE, "takes at most %d dimensions",
                         PERI_MAX_DIMS / 2);
  for (int d = 0; d < ndim; d++) {
    int da = d - (ndim - a->ndim), db = d - (ndim - b->ndim);
    left[2 * d] = da < 0 ? 1 : a->shape[da];
    right[2 * d + 1] = db < 0 ? 1 : b->shape[db];
    left[2 * d + 1] = right[2 * d] = 1;
    if (!peri__mul(left[2 * d], right[2 * d + 1], &shape[d]))
      return peri__op_fail(frame, PERI_ESHAPE, "the result is too large");
  }
  a = peri_reshape(a, left, 2 * ndim);
  b = peri_reshape(b, right, 2 * ndim);
  frame->y[0] = peri_reshape(peri_mul(a, b), shape, ndim);
  return 0;
}

/* Position 'at' of the first dimension. */
static peri_tensor *component(peri_tensor *x, int at) {
  return peri_select(x, 0, at % 3);
}

static int check_cross(const peri_frame *frame, int dim, int ndim) {
  for (int i = 0; i < 2; i++) {
    const peri_tensor *x = frame->in[i];
    int own = dim - (ndim - x->ndim);
    if (own >= 0 && own < x->ndim && x->shape[own] == 3) continue;
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "%s must have size 3 along dim, its shape is %s",
                         frame->op->inputs[i].name, shape.s);
  }
  return 0;
}

/* The components one behind the other in memory. */
static peri_tensor *components(peri_tensor *x, int dim) {
  return peri_contiguous(
      peri_movedim(x, (const int64_t[]){dim}, 1, (const int64_t[]){0}, 1));
}

/* y[i] = a[i + 1] b[i + 2] - a[i + 2] b[i + 1], positions modulo 3. 'dim' is
   one of a, of whose dimensions b may have fewer or more. */
int peri__cross_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[0], *b = frame->in[1], *parts[3];
  int ndim = a->ndim > b->ndim ? a->ndim : b->ndim;
  int back = (int)frame->value[0].i - a->ndim; /* counted from the end */
  int status = check_cross(frame, ndim + back, ndim);
  if (status < 0) return status;
  a = components(a, a->ndim + back);
  b = components(b, b->ndim + back);
  for (int i = 0; i < 3; i++)
    parts[i] = peri_sub(peri_mul(component(a, i + 1), component(b, i + 2)),
                        peri_mul(component(a, i + 2), component(b, i + 1)));
  if (frame->ctx->status != PERI_OK) return frame->ctx->status;
  peri_stack_options options = {.dim = back};
  frame->y[0] = peri_stack(parts, 3, &options);
  return 0;
}
