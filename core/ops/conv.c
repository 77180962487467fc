/* conv.c - convolutions, as matrix products with the windows of x: a view of
   all windows becomes a matrix of one row per place of a window and one column
   per place of the result. */
#include "internal.h"

enum { STRIDE, PADDING, DILATION, GROUPS }; /* parameters */
enum { SPATIAL = 3 };                       /* dimensions at most */

typedef struct {
  int dims; /* spatial ones */
  int64_t stride[SPATIAL], padding[SPATIAL], dilation[SPATIAL];
} plan;

/* One value for each spatial dimension, from one or a list of them. */
static int read_each(const peri_frame *frame, int param, int64_t absent,
                     int64_t least, int dims, int64_t *out) {
  const peri_value *value = &frame->value[param];
  int given = value->type == PERI_P_END ? 0 : value->count;
  const char *name = frame->op->params[param].name;
  if (given > 1 && given != dims)
    return peri__op_fail(frame, PERI_EARG,
                         "%s has %d numbers, expected 1 or %d", name, given,
                         dims);
  for (int d = 0; d < dims; d++) {
    out[d] = given == 0 ? absent : value->list[given > 1 ? d : 0];
    if (out[d] < least || out[d] > INT32_MAX)
      return peri__op_fail(frame, PERI_EARG,
                           "%s is %lld, expected %lld or more", name,
                           (long long)out[d], (long long)least);
  }
  return 0;
}

static int read_plan(const peri_frame *frame, plan *p) {
  int status = read_each(frame, STRIDE, 1, 1, p->dims, p->stride);
  if (status == 0)
    status = read_each(frame, PADDING, 0, 0, p->dims, p->padding);
  if (status == 0)
    status = read_each(frame, DILATION, 1, 1, p->dims, p->dilation);
  return status;
}

static int check_dtypes(const peri_frame *frame) {
  for (int i = 0; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i], *first = frame->in[0];
    if (!x) continue;
    if (!peri__is_float(x->dtype) || x->dtype != first->dtype)
      return peri__op_fail(
          frame, PERI_EDTYPE,
          "x and %s must be floats of one dtype, they are %s and %s",
          frame->op->inputs[i].name, peri_dtype_name(first->dtype),
          peri_dtype_name(x->dtype));
  }
  return 0;
}

/* x and weight must have the dimensions, and channels that fit. */
static int check_shapes(const peri_frame *frame, int dims) {
  const peri_tensor *x = frame->in[0], *w = frame->in[1], *b = frame->in[2];
  int64_t groups = frame->value[GROUPS].i;
  peri_text has = peri__shape_of(x), weighs = peri__shape_of(w);
  if (w->ndim != dims + 2)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "weight needs %d dimensions, it is %s", dims + 2,
                         weighs.s);
  if (x->ndim != dims + 2 && x->ndim != dims + 1)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "x needs %d dimensions, or %d without N, it is %s",
                         dims + 2, dims + 1, has.s);
  int64_t channels = x->shape[x->ndim - dims - 1], expected;
  if (!peri__mul(w->shape[1], groups, &expected)) expected = INT64_MAX;
  if (channels / groups != w->shape[1] || channels % groups != 0)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "weight %s with %lld groups expects C=%lld channels, "
                         "x is %s",
                         weighs.s, (long long)groups, (long long)expected,
                         has.s);
  if (w->shape[0] % groups != 0)
    return peri__op_fail(frame, PERI_ESHAPE,
                         "%lld groups do not divide the K=%lld of weight %s",
                         (long long)groups, (long long)w->shape[0], weighs.s);
  if (b && (b->ndim != 1 || b->shape[0] != w->shape[0])) {
    peri_text adds = peri__shape_of(b);
    return peri__op_fail(frame, PERI_ESHAPE, "bias must be [%lld], it is %s",
                         (long long)w->shape[0], adds.s);
  }
  return 0;
}

/* A window must fit into what is padded. */
static int check_windows(const peri_frame *frame, const plan *p) {
  const peri_tensor *x = frame->in[0], *w = frame->in[1];
  for (int d = 0; d < p->dims; d++) {
    int64_t size = x->shape[x->ndim - p->dims + d] + 2 * p->padding[d];
    int64_t window = (w->shape[2 + d] - 1) * p->dilation[d] + 1;
    if (w->shape[2 + d] > 0 && window <= size) continue;
    peri_text has = peri__shape_of(x), weighs = peri__shape_of(w);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "weight %s with dilation %lld does not fit into x %s "
                         "with padding %lld",
                         weighs.s, (long long)p->dilation[d], has.s,
                         (long long)p->padding[d]);
  }
  return 0;
}

static peri_tensor *padded(peri_tensor *x, const plan *p) {
  int64_t pad[2 * SPATIAL];
  bool any = false;
  for (int d = 0; d < p->dims; d++) {
    int64_t size = p->padding[p->dims - 1 - d];
    pad[2 * d] = pad[2 * d + 1] = size;
    any = any || size > 0;
  }
  return any ? peri_pad(x, pad, 2 * p->dims, NULL) : x;
}

/* Windows of 'x' [N, C, sizes] as a view [N, C, places, window]. */
static peri_tensor *windows(peri_tensor *x, const int64_t *window,
                            const plan *p) {
  for (int d = 0; d < p->dims; d++) {
    peri_slice_options options = peri_slice_defaults();
    options.step = p->dilation[d];
    x = peri_unfold(x, 2 + d, (window[d] - 1) * p->dilation[d] + 1,
                    p->stride[d]);
    if (p->dilation[d] > 1) x = peri_slice(x, -1, &options);
  }
  return x;
}

/* The windows as matrices: [N, C window, places]. */
static peri_tensor *columns(peri_tensor *x, int dims) {
  int64_t order[PERI_MAX_DIMS] = {0, 1}, rows = 1, places = 1;
  if (!x) return NULL;
  for (int d = 0; d < dims; d++) {
    order[2 + d] = 2 + dims + d;
    order[2 + dims + d] = 2 + d;
    rows *= x->shape[2 + dims + d];
    places *= x->shape[2 + d];
  }
  const int64_t shape[] = {x->shape[0], x->shape[1] * rows, places};
  return peri_reshape(peri_permute(x, order, 2 + 2 * dims), shape, 3);
}

/* One group: 'x' [N, C, sizes], 'w' [K, C, window] -> [N, K, places] */
static peri_tensor *convolve(peri_tensor *x, peri_tensor *w, const plan *p) {
  if (!x || !w) return NULL;
  peri_tensor *view = windows(x, w->shape + 2, p);
  const int64_t matrix[] = {
      w->shape[0], peri_tensor_numel(w) / (w->shape[0] ? w->shape[0] : 1)};
  peri_tensor *y =
      peri_matmul(peri_reshape(w, matrix, 2), columns(view, p->dims));
  if (!y) return NULL;
  int64_t shape[PERI_MAX_DIMS] = {y->shape[0], y->shape[1]};
  for (int d = 0; d < p->dims; d++) shape[2 + d] = view->shape[2 + d];
  return peri_reshape(y, shape, 2 + p->dims);
}

/* The groups side by side. */
static peri_tensor *convolve_groups(peri_frame *frame, peri_tensor *x,
                                    const plan *p) {
  peri_tensor *w = frame->in[1], *y = NULL;
  int64_t groups = frame->value[GROUPS].i;
  int64_t outputs = w->shape[0] / groups, inputs = w->shape[1];
  if (groups == 1) return convolve(x, w, p);
  for (int64_t g = 0; g < groups && frame->ctx->status == 0; g++) {
    peri_tensor *part = convolve(peri_narrow(x, 1, g * inputs, inputs),
                                 peri_narrow(w, 0, g * outputs, outputs), p);
    y = y ? peri_cat((peri_tensor *[]){y, part}, 2,
                     &(peri_cat_options){.dim = 1})
          : part;
  }
  return y;
}

static int conv(peri_frame *frame, int dims) {
  plan p = {.dims = dims};
  peri_tensor *x = frame->in[0], *bias = frame->in[2];
  int status = check_dtypes(frame);
  if (status == 0) status = check_shapes(frame, dims);
  if (status == 0) status = read_plan(frame, &p);
  if (status == 0) status = check_windows(frame, &p);
  if (status < 0) return status;
  bool batch = x->ndim == dims + 2;
  peri_tensor *y =
      convolve_groups(frame, padded(batch ? x : peri_unsqueeze(x, 0), &p), &p);
  if (bias && y) {
    int64_t shape[PERI_MAX_DIMS] = {bias->shape[0], 1, 1, 1};
    y = peri_add(y, peri_reshape(bias, shape, 1 + dims));
  }
  frame->y[0] = batch ? y : peri_select(y, 0, 0);
  return frame->ctx->status;
}

int peri__conv1d_forward(peri_frame *frame) { return conv(frame, 1); }
int peri__conv2d_forward(peri_frame *frame) { return conv(frame, 2); }
int peri__conv3d_forward(peri_frame *frame) { return conv(frame, 3); }
