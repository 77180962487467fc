/* matmul.c - matrix product of every rank, and linear, the affine map with the
   weight as [out, in].

   The kernel sees three arguments of equal rank: y [..., M, N], a [..., M, K],
   b [..., K, N], batch dimensions broadcast by stride 0, and an optional bias
   [N]. Vectors become matrices by a dimension of size 1 in the record only. */
#include "kernels.h"
#include "tables.h"

/* How the inputs stand in the product. */
typedef struct {
  peri_meta a, b;   /* with vectors made matrices */
  bool row, column; /* a, b was a vector */
} sides;

static void insert_dim(peri_meta *meta, int at) {
  for (int d = meta->ndim; d > at; d--) meta->shape[d] = meta->shape[d - 1];
  meta->shape[at] = 1;
  meta->ndim++;
}

static sides sides_of(const peri_meta *a, const peri_meta *b) {
  sides s = {*a, *b, a->ndim == 1, b->ndim == 1};
  if (s.row) insert_dim(&s.a, 0);
  if (s.column) insert_dim(&s.b, 1);
  return s;
}

/* Both sides need a dimension, and one dtype. */
static int check_product(const peri_frame *frame, const char *names[2]) {
  const peri_tensor *a = frame->in[0], *b = frame->in[1];
  for (int i = 0; i < 2; i++)
    if (frame->in[i]->ndim == 0)
      return peri__op_fail(frame, PERI_ESHAPE,
                           "%s must have at least one dimension", names[i]);
  if (a->dtype != b->dtype)
    return peri__op_fail(
        frame, PERI_EDTYPE, "%s is %s, %s is %s; convert one with to", names[0],
        peri_dtype_name(a->dtype), names[1], peri_dtype_name(b->dtype));
  return 0;
}

static int no_fit(const peri_frame *frame, const char *what) {
  peri_text a = peri__shape_of(frame->in[0]), b = peri__shape_of(frame->in[1]);
  return peri__op_fail(frame, PERI_ESHAPE, "a of shape %s and b of shape %s %s",
                       a.s, b.s, what);
}

static int differ_in_k(const peri_frame *frame, int64_t columns, int64_t rows) {
  peri_text a = peri__shape_of(frame->in[0]), b = peri__shape_of(frame->in[1]);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "a of shape %s and b of shape %s do not fit: %lld "
                       "columns of a meet %lld rows of b",
                       a.s, b.s, (long long)columns, (long long)rows);
}

int peri__matmul_infer(peri_frame *frame) {
  const char *names[2] = {"a", "b"};
  int status = check_product(frame, names);
  if (status < 0) return status;
  peri_meta a = peri__meta(frame->in[0]), b = peri__meta(frame->in[1]);
  sides s = sides_of(&a, &b);
  peri_meta *out = &frame->out[0];
  int64_t k = s.a.shape[s.a.ndim - 1];
  if (k != s.b.shape[s.b.ndim - 2])
    return differ_in_k(frame, k, s.b.shape[s.b.ndim - 2]);
  int batch = peri__broadcast(s.a.shape, s.a.ndim - 2, s.b.shape, s.b.ndim - 2,
                              out->shape);
  if (batch < 0) return no_fit(frame, "do not broadcast");
  if (batch + 2 > PERI_MAX_DIMS) return no_fit(frame, "have too many dims");
  out->ndim = batch;
  if (!s.row) out->shape[out->ndim++] = s.a.shape[s.a.ndim - 2];
  if (!s.column) out->shape[out->ndim++] = s.b.shape[s.b.ndim - 1];
  out->dtype = a.dtype;
  frame->nout = 1;
  return 0;
}

/* Give the last argument the batch dimensions of 'y', stride 0 where it is
   repeated, before its own last two. */
static void spread_batch(peri_call *call, const peri_arg *y) {
  peri_arg *arg = &call->arg[call->nout + call->nin - 1];
  int64_t shape[PERI_MAX_DIMS];
  memcpy(shape, y->shape, sizeof shape);
  shape[y->ndim - 2] = arg->shape[arg->ndim - 2];
  shape[y->ndim - 1] = arg->shape[arg->ndim - 1];
  peri__call_broadcast(call, shape, y->ndim);
}

/* Begin the record of a product. */
static void begin_product(peri_call *call, int activation) {
  peri__matmul_attr attr = {activation};
  peri__call_begin(call, peri__kernel_id(PERI_K_matmul));
  memcpy(call->attr, &attr, sizeof attr);
}

/* Vectors get their missing dimension in the record only. */
int peri__matmul_forward(peri_frame *frame) {
  peri_tensor *a = frame->in[0], *b = frame->in[1], *y = frame->y[0];
  peri_tensor *args[4] = {y, a, b, NULL};
  peri_call call;
  begin_product(&call, PERI_NO_ACTIVATION);
  peri__call_out(&call, y);
  int row = b->ndim == 1 ? 0 : y->ndim - 1; /* where a's would stand in y */
  if (a->ndim == 1) peri__arg_widen(&call.arg[0], row);
  if (b->ndim == 1) peri__arg_widen(&call.arg[0], call.arg[0].ndim);
  peri__call_in(&call, a);
  if (a->ndim == 1) peri__arg_widen(&call.arg[1], 0);
  spread_batch(&call, &call.arg[0]);
  peri__call_in(&call, b);
  if (b->ndim == 1) peri__arg_widen(&call.arg[2], 1);
  spread_batch(&call, &call.arg[0]);
  peri__call_in(&call, NULL);
  return peri__call_run(frame->ctx, &call, args);
}

/* Swap the last two dimensions. */
static peri_tensor *turned(peri_tensor *x) { return peri_transpose(x, -2, -1); }

/* da = dy b^T, db = a^T dy, with vectors as matrices on the way and batch
   dimensions that were broadcast summed. */
int peri__matmul_backward(peri_backprop *grad) {
  sides s = sides_of(&grad->in_meta[0], &grad->in_meta[1]);
  peri_tensor *a = grad->in[0], *b = grad->in[1], *dy = grad->dy[0];
  if (s.row) {
    a = peri_unsqueeze(a, 0);
    dy = peri_unsqueeze(dy, s.column ? -1 : -2);
  }
  if (s.column) {
    b = peri_unsqueeze(b, 1);
    dy = peri_unsqueeze(dy, -1);
  }
  if (grad->needs[0]) {
    peri_tensor *da = peri__fit(peri_matmul(dy, turned(b)), &s.a);
    grad->dx[0] = s.row ? peri_reshape(da, grad->in_meta[0].shape, 1) : da;
  }
  if (grad->needs[1]) {
    peri_tensor *db = peri__fit(peri_matmul(turned(a), dy), &s.b);
    grad->dx[1] = s.column ? peri_reshape(db, grad->in_meta[1].shape, 1) : db;
  }
  return 0;
}

/* ---- Linear ----------------------------------------------------------- */

static int check_bias(const peri_frame *frame) {
  const peri_tensor *weight = frame->in[1], *bias = frame->in[2];
  if (!bias) return 0;
  if (bias->ndim != 1 || bias->shape[0] != weight->shape[0]) {
    peri_text got = peri__shape_of(bias);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "bias must have shape [%lld], it has %s",
                         (long long)weight->shape[0], got.s);
  }
  if (bias->dtype != weight->dtype)
    return peri__op_fail(frame, PERI_EDTYPE, "bias is %s, weight is %s",
                         peri_dtype_name(bias->dtype),
                         peri_dtype_name(weight->dtype));
  return 0;
}

/* The weight must be a matrix with as many columns as x has features. */
static int check_features(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *weight = frame->in[1];
  if (weight->ndim != 2) {
    peri_text shape = peri__shape_of(weight);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "weight must be a matrix [K, D], its shape is %s",
                         shape.s);
  }
  int64_t features = x->shape[x->ndim - 1];
  if (features == weight->shape[1]) return 0;
  peri_text shape = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x has %lld features (shape %s), the layer expects %lld",
                       (long long)features, shape.s,
                       (long long)weight->shape[1]);
}

/* x [..., D], weight [K, D] -> [..., K]. */
int peri__linear_infer(peri_frame *frame) {
  const char *names[2] = {"x", "weight"};
  const peri_tensor *x = frame->in[0], *weight = frame->in[1];
  int status = check_product(frame, names);
  if (status == 0) status = check_features(frame);
  if (status < 0) return status;
  frame->out[0] = peri__meta(x);
  frame->out[0].shape[x->ndim - 1] = weight->shape[0];
  frame->nout = 1;
  return check_bias(frame);
}

/* 'x' [..., D] as a matrix. */
static peri_tensor *rows_of(peri_tensor *x) {
  int64_t last = x->shape[x->ndim - 1], rows = 1;
  if (x->ndim == 2) return x;
  for (int d = 0; d < x->ndim - 1; d++) rows *= x->shape[d];
  const int64_t shape[2] = {rows, last};
  return peri_reshape(x, shape, 2);
}

static void add_matrix(peri_call *call, const peri_tensor *x, bool turn) {
  peri_arg *arg = &call->arg[call->nout + call->nin];
  peri__call_in(call, x);
  if (!turn) return;
  int64_t size = arg->shape[0], stride = arg->strides[0];
  arg->shape[0] = arg->shape[1];
  arg->strides[0] = arg->strides[1];
  arg->shape[1] = size;
  arg->strides[1] = stride;
}

static int run_linear(peri_frame *frame, int activation) {
  peri_tensor *x = rows_of(frame->in[0]), *y = rows_of(frame->y[0]);
  if (!x || !y) return frame->ctx->status;
  peri_tensor *args[4] = {y, x, frame->in[1], frame->in[2]};
  peri_call call;
  begin_product(&call, activation);
  peri__call_out(&call, y);
  add_matrix(&call, x, false);
  add_matrix(&call, frame->in[1], true);
  peri__call_in(&call, frame->in[2]);
  return peri__call_run(frame->ctx, &call, args);
}

int peri__linear_forward(peri_frame *frame) {
  return run_linear(frame, PERI_NO_ACTIVATION);
}

/* dx = dy weight, dweight = dy^T x, dbias = sum of dy over all rows. */
int peri__linear_backward(peri_backprop *grad) {
  peri_tensor *dy = rows_of(grad->dy[0]);
  if (!dy) return grad->ctx->status;
  if (grad->needs[0]) grad->dx[0] = peri_matmul(grad->dy[0], grad->in[1]);
  if (grad->needs[1])
    grad->dx[1] = peri_matmul(turned(dy), rows_of(grad->in[0]));
  if (grad->nin > 2 && grad->needs[2]) {
    const int64_t dim = 0;
    peri_sum_options options = peri_sum_defaults();
    options.dim = &dim;
    options.dim_count = 1;
    grad->dx[2] = peri_sum(dy, &options);
  }
  return 0;
}

/* ---- Linear and its activation in one --------------------------------- */

/* The row of the activation by its place in the table. */
static const peri_op *activation_of(const peri_value *value) {
  return peri_op_at(NULL, (int)value[0].i);
}

static int active_forward(peri_frame *frame) {
  return run_linear(frame,
                    peri__activation_kernel(activation_of(frame->value)));
}

/* The activation's derivative from the output, then that of linear. */
static int active_backward(peri_backprop *grad) {
  peri_tensor *none = NULL, *dz = NULL;
  bool needs = true;
  peri_meta meta = peri__meta(grad->out[0]);
  peri_backprop outer = *grad, inner = *grad;
  outer.op = activation_of(grad->value);
  outer.nin = 1;
  outer.in = &none;
  outer.in_meta = &meta;
  outer.needs = &needs;
  outer.dx = &dz;
  if (outer.op->backward(&outer) < 0) return grad->ctx->status;
  inner.dy = &dz;
  return peri__linear_backward(&inner);
}

/* Called linear, as its errors and its history are. */
static const peri_op active = {
    .name = "linear",
    .inputs = {IN(x) IN(weight) OPT(bias){0}},
    .params = PARAMS(MUST_INT(activation, 0, INT32_MAX, "place of its row")),
    .flags = PERI_OP_HIDDEN,
    .saves = PERI_SAVE_IN(0) | PERI_SAVE_IN(1) | PERI_SAVE_OUT(0),
    .infer = peri__linear_infer,
    .forward = active_forward,
    .backward = active_backward,
};

peri_tensor *peri__linear_active(peri_tensor *x, peri_tensor *weight,
                                 peri_tensor *bias, const char *activation) {
  peri_tensor *in[3] = {x, weight, bias};
  peri_value place = {.type = PERI_P_INT};
  if (!x) return NULL;
  while (strcmp(peri_op_at(NULL, (int)place.i)->name, activation) != 0)
    place.i++;
  return peri_apply(x->ctx, &active, in, 3, &place, 0, NULL);
}
