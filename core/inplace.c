/* inplace.c - operations that write their result into their first input.

   The history of a tensor changed in place goes on from the change. A view
   changed in place changes its base: while a gradient is wanted, the base's
   history becomes that of the base before with the changed part embedded, and
   the view's that of a region of it (ops/region.c). Older views of the base
   are refused when they are next used. All memory is asked for before the
   first element is written. */
#include "internal.h"

/* What may be changed at all, whatever the result will be. */
static int check_inplace(const peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  peri_context *ctx = frame->ctx;
  if (!(frame->op->flags & PERI_OP_INPLACE))
    return peri__op_fail(frame, PERI_EARG, "has no form in place");
  if (x->number)
    return peri__op_fail(frame, PERI_EARG, "a plain number cannot be changed");
  if (ctx->grad_enabled && x->requires_grad)
    return peri__op_fail(frame, PERI_EGRAD,
                         "%s is a leaf that requires a gradient; change it "
                         "inside no_grad",
                         frame->op->inputs[0].name);
  if (peri__overlaps(x))
    return peri__op_fail(frame, PERI_EARG,
                         "%s is expanded, its elements share memory",
                         frame->op->inputs[0].name);
  return 0;
}

/* The result must fit x as it is: same shape, a dtype of no higher category. */
static int check_result(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0];
  const peri_meta *out = &frame->out[0];
  if (!peri__same_shape(x->shape, x->ndim, out->shape, out->ndim)) {
    peri_text shape = peri__shape_of(x), result = peri__meta_text(out);
    return peri__op_fail(frame, PERI_ESHAPE,
                         "the result has shape %s, %s has %s", result.s,
                         frame->op->inputs[0].name, shape.s);
  }
  if (peri__category(out->dtype) > peri__category(x->dtype))
    return peri__op_fail(frame, PERI_EDTYPE,
                         "the result is %s, which %s of %s cannot hold",
                         peri_dtype_name(out->dtype), frame->op->inputs[0].name,
                         peri_dtype_name(x->dtype));
  return 0;
}

static bool same_view(const peri_tensor *x, const peri_tensor *y) {
  return x->offset == y->offset && x->dtype == y->dtype &&
         peri__same_shape(x->shape, x->ndim, y->shape, y->ndim) &&
         peri__same_shape(x->strides, x->ndim, y->strides, y->ndim);
}

/* True if each element is written after what it is made of was read. */
static bool by_element(const peri_op *op) {
  return op >= peri__pointwise_rows &&
         op < peri__pointwise_rows + PERI_POINTWISE_ROWS + PERI_POINTWISE_FORMS;
}

/* Inputs that overlap the one that is written are read from a copy, but for
   the very same elements where order does not matter. */
static int separate(peri_frame *frame, peri_tensor **in) {
  peri_tensor *x = in[0];
  for (int i = 1; i < frame->nin; i++) {
    peri_tensor *y = in[i];
    if (!y || y->storage != x->storage) continue;
    if (by_element(frame->op) && same_view(x, y)) continue;
    in[i] = peri__copy(y);
    if (!in[i]) return frame->ctx->status;
  }
  return 0;
}

/* ---- Views ------------------------------------------------------------ */

/* The base must be able to carry the history. */
static int check_base(const peri_frame *frame) {
  const peri_tensor *x = frame->in[0], *base = x->base;
  const char *name = frame->op->inputs[0].name;
  if (base->requires_grad)
    return peri__op_fail(frame, PERI_EGRAD,
                         "%s is a view of a leaf that requires a gradient; "
                         "change it inside no_grad",
                         name);
  if (base->node && !x->node)
    return peri__op_fail(frame, PERI_EGRAD,
                         "%s is a view from before its base had a history; "
                         "take the view again",
                         name);
  if (!peri__dense(base))
    return peri__op_fail(frame, PERI_EGRAD,
                         "%s is a view of a tensor with gaps, and a gradient "
                         "is wanted; change a copy",
                         name);
  return 0;
}

static void set_list(peri_value *value, const int64_t *list, int count) {
  *value = (peri_value){.type = PERI_P_INTS, .count = count};
  memcpy(value->list, list, (size_t)count * sizeof *list);
}

/* The values of the rows of region.c for what 'x' sees of its base. */
static void region_values(const peri_tensor *x, peri_value value[4]) {
  set_list(&value[0], x->shape, x->ndim);
  set_list(&value[1], x->strides, x->ndim);
  value[2] = (peri_value){.type = PERI_P_INT, .whole = true};
  value[2].i = x->offset - x->base->offset;
  set_list(&value[3], x->base->strides, x->base->ndim);
}

/* A node of 'op' that makes 'y', which is attached to it. */
static int attach(peri_context *ctx, const peri_op *op, peri_tensor *const *in,
                  int nin, const peri_value *value, peri_tensor *y) {
  peri_frame frame = {
      .ctx = ctx, .op = op, .in = in, .nin = nin, .value = value, .nout = 1};
  frame.y[0] = y;
  peri_node *node = peri__node_begin(&frame);
  if (!node) return ctx->status;
  peri__node_finish(node, &frame);
  return 0;
}

/* Aliases that carry the new histories until the data is written. */
typedef struct {
  peri_tensor *part; /* the result of the operation */
  peri_tensor *base; /* the base with it */
  peri_tensor *view; /* what the view sees of that */
} histories;

static int make_histories(peri_frame *frame, peri_node *node, histories *h) {
  peri_tensor *x = frame->in[0];
  peri_value value[4];
  region_values(x, value);
  frame->y[0] = h->part;
  if (node) peri__node_finish(node, frame);
  peri_tensor *const joined[2] = {x->base, h->part};
  int status = attach(frame->ctx, peri__embed_row(), joined, 2, value, h->base);
  if (status < 0) return status;
  return attach(frame->ctx, peri__region_row(), &h->base, 1, value, h->view);
}

/* 'x' takes over the history of 'from'. */
static void take_history(peri_tensor *x, const peri_tensor *from) {
  peri__node_hold(from->node);
  if (x->node) peri__node_drop(x->ctx, x->node);
  x->node = from->node;
  x->output = from->output;
}

/* The change of a view while a gradient is wanted: both histories are made
   first, then the elements are written, then the tensors take them over. */
static int run_on_view(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  peri_storage *storage = x->storage;
  const peri_op *changed_by = storage->changed_by;
  int status = check_base(frame);
  if (status < 0) return status;
  histories h = {peri__alias(x), peri__alias(x->base), peri__alias(x)};
  if (!h.view || !h.base || !h.part) return frame->ctx->status;
  bool constant = frame->op->flags & PERI_OP_CONSTANT;
  peri_node *node = constant ? NULL : peri__node_begin(frame);
  if (!node && !constant) return frame->ctx->status;
  storage->version++; /* what the new nodes save is the changed tensor */
  storage->changed_by = frame->op;
  status = make_histories(frame, node, &h);
  if (status == 0) status = peri__loosen(h.view->node, x);
  if (status == 0) status = peri__frame_forward(frame);
  if (status < 0) {
    storage->version--;
    storage->changed_by = changed_by;
    return status;
  }
  take_history(x->base, h.base);
  take_history(x, h.view);
  x->view_version = storage->tracked = storage->version;
  return 0;
}

/* True if the change is part of the history of the view's base. */
static bool rewrites_base(const peri_frame *frame) {
  const peri_context *ctx = frame->ctx;
  const peri_tensor *base = frame->in[0]->base;
  if (!base || !ctx->grad_enabled) return false;
  if (!peri__is_float(base->dtype)) return false; /* it has no history */
  return peri_requires_grad(base) ||
         (!(frame->op->flags & PERI_OP_CONSTANT) &&
          peri__wants_grad(frame->ctx, frame->in, frame->nin));
}

/* ---- The entry -------------------------------------------------------- */

static int run_composed(peri_frame *frame) {
  int status = frame->op->forward(frame);
  if (status == 0) status = frame->ctx->status;
  if (status < 0) peri__frame_sign(frame);
  return status;
}

static int run_inplace(peri_frame *frame, peri_tensor **in) {
  int status = check_inplace(frame);
  frame->y[0] = in[0];
  if (status < 0) return status;
  if (frame->op->flags & PERI_OP_COMPOSED) return run_composed(frame);
  status = frame->op->infer(frame);
  if (status == 0) status = check_result(frame);
  if (status == 0) status = separate(frame, in);
  if (status < 0) return status;
  return rewrites_base(frame) ? run_on_view(frame) : peri__frame_records(frame);
}

peri_tensor *peri_apply_inplace(peri_context *ctx, const peri_op *op,
                                peri_tensor *const *in, int nin,
                                const peri_value *value, int base) {
  peri_value checked[PERI_MAX_PARAMS];
  peri_tensor *inputs[PERI_MAX_INPUTS] = {NULL};
  if (!op || nin < 1 || nin > PERI_MAX_INPUTS) {
    peri_fail(ctx, PERI_EARG, "apply_inplace: op and 1 to %d inputs needed",
              PERI_MAX_INPUTS);
    return NULL;
  }
  if (peri__enter(ctx) < 0) return NULL;
  memcpy(inputs, in, (size_t)nin * sizeof *in);
  peri_frame frame;
  peri__frame_init(&frame, ctx, op, inputs, nin, base);
  frame.inplace = true;
  peri_scope scope = peri__scope_open(ctx);
  int status = peri__frame_begin(&frame, value, checked);
  if (status == 0) status = run_inplace(&frame, inputs);
  peri__scope_close(scope);
  peri__leave(ctx);
  return status == 0 ? in[0] : NULL;
}
