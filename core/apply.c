/* apply.c - the entry that every operation passes, whoever calls it (in place
   through inplace.c, with the same steps): checks of inputs and parameters,
   dimensions to count from 0, shapes by the row's infer, memory for the
   outputs, call records by its forward, and the graph node. Memory that may be
   missing is asked for before anything is changed. */
#include "internal.h"

#include <stdio.h>

/* Kept out of what every operation passes. */
#define RARE __attribute__((noinline))

/* ---- Inputs ----------------------------------------------------------- */

/* True if the row takes a list. */
static bool takes_list(const peri_op *op) {
  return op->inputs[0].name && op->inputs[0].flags & PERI_IN_LIST;
}

static int check_count(const peri_frame *frame) {
  const peri_op *op = frame->op;
  int nin = frame->nin;
  if (takes_list(op)) {
    if (nin > 0) return 0;
    return peri__op_fail(frame, PERI_EARG, "%s is an empty list",
                         op->inputs[0].name);
  }
  if (nin >= 0 && nin <= PERI_MAX_INPUTS && !op->inputs[nin].name &&
      (nin == 0 || op->inputs[nin - 1].name))
    return 0;
  return peri__op_fail(frame, PERI_EARG, "%d tensors expected, got %d",
                       peri__count_inputs(op), frame->nin);
}

bool peri__stale(const peri_tensor *x) {
  const peri_storage *storage = x->storage;
  if (!x->base || x->view_version == storage->version) return false;
  return x->node || (int32_t)(storage->tracked - x->view_version) > 0;
}

/* A view whose base was changed in place has a history that is not true any
   more. */
static RARE int stale_error(const peri_frame *frame, const peri_tensor *x,
                            const char *name) {
  peri_text changer = peri__changer(x->storage);
  return peri__op_fail(frame, PERI_EGRAD,
                       "%s is a view of a tensor that was changed in place by "
                       "%s since; take the view again",
                       name, changer.s);
}

/* An input must be there, of this context, without a gradient where the row
   has none, and not a stale view. */
static RARE int check_input(const peri_frame *frame, const peri_input *row,
                            const peri_tensor *x) {
  if (!x) {
    if (row->flags & PERI_IN_OPTIONAL) return 0;
    return peri__op_fail(frame, PERI_EARG, "%s is missing", row->name);
  }
  if (x->ctx != frame->ctx)
    return peri__op_fail(frame, PERI_EARG, "%s belongs to another context",
                         row->name);
  if (row->flags & PERI_IN_FIXED && frame->ctx->grad_enabled &&
      peri__tracked(x))
    return peri__op_fail(frame, PERI_EGRAD,
                         "%s has no gradient here, but requires one; "
                         "detach it",
                         row->name);
  return peri__stale(x) ? stale_error(frame, x, row->name) : 0;
}

/* Plain numbers go with any device; other tensors must agree. */
static RARE int device_error(const peri_frame *frame) {
  return peri__op_fail(frame, PERI_EDEVICE,
                       "tensors are on different devices, cpu and meta");
}

static int check_inputs(const peri_frame *frame) {
  const peri_input *row = frame->op->inputs;
  int step = takes_list(frame->op) ? 0 : 1;
  bool meta = false, cpu = false;
  int status = check_count(frame);
  for (int i = 0; status == 0 && i < frame->nin; i++, row += step) {
    const peri_tensor *x = frame->in[i];
    if (!x || x->ctx != frame->ctx || x->base || row->flags & PERI_IN_FIXED)
      status = check_input(frame, row, x);
    if (status < 0 || !x || x->number) continue;
    if (x->storage->meta)
      meta = true;
    else
      cpu = true;
  }
  return status == 0 && meta && cpu ? device_error(frame) : status;
}

/* ---- Dimensions and positions to count from 0 ------------------------- */

/* 'dim' from 'base' to 0. A new dimension may stand behind the last one. */
static int resolve_dim(const peri_frame *frame, const peri_param *param,
                       int64_t *dim, int base, int64_t ndim) {
  int64_t size = param->type == PERI_P_NEWDIM ? ndim + 1 : ndim;
  if (size == 0) size = 1; /* a 0-d tensor counts as having one */
  int64_t found = peri__place(*dim, base, size);
  int64_t said = *dim < 0 ? *dim : *dim - base + frame->base;
  if (found < 0)
    return peri__op_fail(
        frame, PERI_EINDEX,
        "%s must be in [%d, %d] or negative from the end, got %lld",
        param->name, frame->base, (int)size - 1 + frame->base, (long long)said);
  *dim = found;
  return 0;
}

/* A list of dimensions, none of which may come twice. */
static int resolve_dims(const peri_frame *frame, const peri_param *param,
                        peri_value *value, int64_t ndim) {
  for (int i = 0; i < value->count; i++) {
    int status = resolve_dim(frame, param, &value->list[i], frame->base, ndim);
    if (status < 0) return status;
    for (int j = 0; j < i; j++)
      if (value->list[j] == value->list[i])
        return peri__op_fail(frame, PERI_EINDEX, "%s names dimension %d twice",
                             param->name, (int)value->list[i] + frame->base);
  }
  return 0;
}

/* A position along dimension 'dim', the last one that a parameter named. */
static int resolve_index(const peri_frame *frame, const peri_param *param,
                         peri_value *value, int dim) {
  const peri_tensor *x = frame->in[0];
  int64_t size = dim < x->ndim ? x->shape[dim] : 0;
  int64_t found = peri__place(value->i, frame->base, size);
  if (found < 0) {
    peri_text shape = peri__shape_of(x);
    return peri__op_fail(frame, PERI_EINDEX,
                         "%s %lld is out of range, dimension %d of %s has %lld"
                         " positions",
                         param->name, (long long)value->i, dim + frame->base,
                         shape.s, (long long)size);
  }
  value->i = found;
  return 0;
}

/* Rewrite the values that name dimensions and positions. Defaults count from
   0 whatever the base. */
static int resolve_values(const peri_frame *frame, const peri_value *given,
                          peri_value *value) {
  const peri_param *params = frame->op->params;
  int64_t ndim = frame->nin > 0 && frame->in[0] ? frame->in[0]->ndim : 0;
  int dim = 0;
  for (int i = 0; params && params[i].name; i++) {
    int base = given && given[i].type != PERI_P_END ? frame->base : 0;
    int status = 0;
    if (value[i].type == PERI_P_END) continue;
    switch (params[i].type) {
      case PERI_P_DIM:
      case PERI_P_NEWDIM:
        status = resolve_dim(frame, &params[i], &value[i].i, base, ndim);
        dim = (int)value[i].i;
        break;
      case PERI_P_DIMS:
        status = resolve_dims(frame, &params[i], &value[i], ndim);
        break;
      case PERI_P_INDEX:
        status = resolve_index(frame, &params[i], &value[i], dim);
        break;
      default: break;
    }
    if (status < 0) return status;
  }
  return 0;
}

/* ---- Outputs ---------------------------------------------------------- */

/* Dense strides for 'shape' in the memory order of 'x', which has as many
   dimensions: the largest stride of x stays the largest. */
static void strides_like(const peri_tensor *x, const int64_t *shape,
                         int64_t *strides) {
  int order[PERI_MAX_DIMS];
  peri__order_dims(x->strides, x->ndim, order);
  int64_t distance = 1;
  for (int i = x->ndim - 1; i >= 0; i--) {
    strides[order[i]] = distance;
    distance *= shape[order[i]] > 0 ? shape[order[i]] : 1;
  }
}

/* The input whose memory order the outputs keep: the first with the output's
   shape that is dense; NULL: row-major. */
static const peri_tensor *order_model(const peri_frame *frame) {
  if (!(frame->op->flags & PERI_OP_ORDERED)) return NULL;
  for (int i = 0; i < frame->nin; i++) {
    const peri_tensor *x = frame->in[i];
    if (!x || !peri__same_shape(x->shape, x->ndim, frame->out[0].shape,
                                frame->out[0].ndim))
      continue;
    if (peri_tensor_is_contiguous(x)) return NULL;
    if (peri__dense(x)) return x;
  }
  return NULL;
}

/* Where the outputs are to be: where the inputs are, which agree. */
static bool on_meta(const peri_frame *frame) {
  if (frame->op->flags & PERI_OP_SOURCE) /* device, as MAKES_REST has it */
    return frame->value[peri__source_place(frame->op) + 1].i == 1;
  for (int i = 0; i < frame->nin; i++)
    if (frame->in[i] && !frame->in[i]->number)
      return frame->in[i]->storage->meta;
  return false;
}

static RARE int shape_error(const peri_frame *frame, const peri_meta *meta) {
  peri_text shape = peri__meta_text(meta);
  return peri__op_fail(frame, PERI_ESHAPE, "shape %s is too large or negative",
                       shape.s);
}

/* Memory for what infer announced; shapes that cannot be are refused in the
   operation's name. */
static int make_outputs(peri_frame *frame) {
  const peri_tensor *model = order_model(frame);
  bool meta = on_meta(frame);
  int64_t strides[PERI_MAX_DIMS];
  if (model) strides_like(model, frame->out[0].shape, strides);
  for (int i = 0; i < frame->nout; i++) {
    const peri_meta *out = &frame->out[i];
    int64_t count = peri__numel(out->shape, out->ndim);
    if (count < 0) return shape_error(frame, out);
    frame->y[i] = peri__tensor_sized(frame->ctx, out, count,
                                     model ? strides : NULL, meta);
    if (!frame->y[i]) return frame->ctx->status;
  }
  return 0;
}

static int mark_source(peri_frame *frame) {
  if (!(frame->op->flags & PERI_OP_SOURCE)) return 0;
  if (frame->value[peri__source_place(frame->op) + 2].i == 0) return 0;
  if (!peri__is_float(frame->y[0]->dtype))
    return peri__op_fail(frame, PERI_EDTYPE,
                         "only floats have gradients, this is %s",
                         peri_dtype_name(frame->y[0]->dtype));
  return peri_set_requires_grad(frame->y[0], true);
}

static void drop_outputs(peri_frame *frame) {
  for (int i = 0; i < PERI_MAX_OUTPUTS; i++) {
    peri_release(frame->y[i]);
    frame->y[i] = NULL;
  }
}

/* ---- Running ---------------------------------------------------------- */

bool peri__wants_grad(peri_context *ctx, peri_tensor *const *in, int nin) {
  if (!ctx->grad_enabled) return false;
  for (int i = 0; i < nin; i++)
    if (in[i] && peri__tracked(in[i])) return true;
  return false;
}

/* Whole numbers that are overwritten have no history. */
static bool to_record(const peri_frame *frame) {
  if (frame->inplace && !peri__is_float(frame->in[0]->dtype)) return false;
  return !(frame->op->flags & PERI_OP_CONSTANT) &&
         peri__wants_grad(frame->ctx, frame->in, frame->nin);
}

/* Status of a forward that makes its first output itself. */
static int made(const peri_frame *frame, int status) {
  if (status == 0) status = frame->ctx->status;
  if (status < 0 || frame->y[0]) return status;
  return peri__op_fail(frame, PERI_EARG, "made no result");
}

/* Length of the name in front of an error that an operation set: "sum", of
   "sum: x must ..."; 0 if it begins with none. */
static size_t name_length(const char *text) {
  size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return text[length] == ':' && text[length + 1] == ' ' ? length : 0;
}

RARE void peri__frame_sign(const peri_frame *frame) {
  peri_context *ctx = frame->ctx;
  char own[64], text[PERI_ERROR_BYTES];
  size_t length = name_length(ctx->error);
  snprintf(own, sizeof own, "%s%s", frame->op->name,
           frame->inplace ? peri__inplace_end(frame->op) : "");
  if (length == 0 || ctx->status == PERI_ENOMEM) return;
  if (length == strlen(own) && memcmp(own, ctx->error, length) == 0) return;
  memcpy(text, ctx->error, sizeof text);
  snprintf(ctx->error, sizeof ctx->error, "%s%.*s", own,
           (int)(sizeof text - length), text + length);
}

/* A forward made of operations: what it makes on the way dies with the scope
   inside, its outputs move to the one outside. */
static int run_composed(peri_frame *frame) {
  peri_scope scope = peri__scope_open(frame->ctx);
  int status = made(frame, frame->op->forward(frame));
  for (int i = 0; status == 0 && i < frame->nout; i++)
    if (frame->y[i]) peri__escape(frame->y[i]);
  if (status < 0) memset(frame->y, 0, sizeof frame->y);
  if (status < 0) peri__frame_sign(frame);
  peri__scope_close(scope);
  return status;
}

/* A forward that looks into the storage of in[0]: nothing is written, so the
   node can come last. */
static int run_view(peri_frame *frame) {
  int status = made(frame, frame->op->forward(frame));
  if (status < 0) return status;
  frame->nout = 1;
  if (!(frame->op->flags & PERI_OP_CONSTANT))
    peri__set_base(frame->y[0], frame->in[0]);
  if (!to_record(frame)) return 0;
  peri_node *node = peri__node_begin(frame);
  if (!node) return frame->ctx->status;
  peri__node_finish(node, frame);
  return 0;
}

int peri__frame_forward(peri_frame *frame) {
  peri_context *ctx = frame->ctx;
  peri_scope scope = peri__scope_open(ctx);
  bool enabled = ctx->grad_enabled;
  ctx->grad_enabled = false;          /* the node is the whole history */
  ctx->unstoppable += frame->inplace; /* changed wholly or not at all */
  int status = frame->op->forward(frame);
  if (status == 0) status = ctx->status;
  if (status < 0) peri__frame_sign(frame);
  ctx->unstoppable -= frame->inplace;
  ctx->grad_enabled = enabled;
  peri__scope_close(scope);
  return status;
}

/* The elements of in[0] are others now. A constant result has no history. */
static void mark_changed(peri_frame *frame, const peri_node *node) {
  peri_tensor *x = frame->y[0];
  x->storage->version++;
  x->storage->changed_by = frame->op;
  if (node) x->storage->tracked = x->storage->version;
  if (node || !x->node || !frame->ctx->grad_enabled) return;
  peri__node_drop(frame->ctx, x->node);
  x->node = NULL;
}

int peri__frame_records(peri_frame *frame) {
  peri_node *node = NULL;
  if (to_record(frame)) {
    node = peri__node_begin(frame);
    if (!node) return frame->ctx->status;
  }
  int status = 0;
  if (node && frame->inplace) status = peri__loosen(node, frame->in[0]);
  if (status == 0) status = peri__frame_forward(frame);
  if (status == 0 && frame->inplace) mark_changed(frame, node);
  if (node && status == 0)
    peri__node_finish(node, frame);
  else if (node)
    peri__node_drop(frame->ctx, node);
  return status;
}

/* Shapes that follow from data need the data, and would not fit a replay. */
RARE int peri__frame_check_data(const peri_frame *frame) {
  if (frame->ctx->recording)
    return peri__op_fail(frame, PERI_EARG,
                         "cannot be recorded, its shape depends on data");
  for (int i = 0; i < frame->nin; i++)
    if (frame->in[i] && frame->in[i]->storage->meta)
      return peri__op_fail(frame, PERI_EARG,
                           "needs data, and %s has none (device meta)",
                           frame->op->inputs[i].name);
  return 0;
}

/* What infer makes to look at data dies here. */
static int run_infer(peri_frame *frame) {
  peri_scope scope = peri__scope_open(frame->ctx);
  int status = frame->op->infer(frame);
  if (status < 0) peri__frame_sign(frame);
  peri__scope_close(scope);
  return status;
}

static int run_frame(peri_frame *frame) {
  unsigned flags = frame->op->flags;
  if (flags & PERI_OP_DATA && peri__frame_check_data(frame) < 0)
    return frame->ctx->status;
  if (flags & PERI_OP_COMPOSED) return run_composed(frame);
  if (flags & PERI_OP_VIEW) return run_view(frame);
  int status = run_infer(frame);
  if (status == 0) status = make_outputs(frame);
  if (status == 0) status = peri__frame_records(frame);
  if (status == 0) status = mark_source(frame);
  return status;
}

void peri__frame_init(peri_frame *frame, peri_context *ctx, const peri_op *op,
                      peri_tensor *const *in, int nin, int base) {
  frame->ctx = ctx;
  frame->op = op;
  frame->in = in;
  frame->nin = nin;
  frame->value = NULL;
  frame->base = base;
  frame->inplace = false;
  frame->nout = 1;
  for (int i = 0; i < PERI_MAX_OUTPUTS; i++) {
    frame->out[i].dtype = PERI_DTYPE_NONE;
    frame->out[i].ndim = 0;
    frame->y[i] = NULL;
  }
}

static RARE int check_values(const peri_frame *frame, const peri_value *given,
                             peri_value *value) {
  int status = peri__check_values(frame->ctx, frame->op->name,
                                  frame->op->params, given, value);
  return status < 0 ? status : resolve_values(frame, given, value);
}

int peri__frame_begin(peri_frame *frame, const peri_value *given,
                      peri_value *value) {
  frame->value = value;
  int status = check_inputs(frame);
  if (status < 0 || !frame->op->params) return status;
  return check_values(frame, given, value);
}

static RARE int no_plain_form(const peri_frame *frame) {
  const char *name = frame->op->name;
  if (frame->op->flags & PERI_OP_LIST)
    return peri__op_fail(frame, PERI_EARG, "gives a list; see apply_list");
  return peri__op_fail(frame, PERI_EARG, "exists in place only: %s%s", name,
                       peri__inplace_end(frame->op));
}

peri_tensor *peri_apply(peri_context *ctx, const peri_op *op,
                        peri_tensor *const *in, int nin,
                        const peri_value *value, int base, peri_tensor **more) {
  peri_value checked[PERI_MAX_PARAMS];
  int given = more && op ? peri__count_outputs(op) : 1; /* others are hidden */
  for (int i = 1; i < given; i++) more[i - 1] = NULL;
  if (!op) peri_fail(ctx, PERI_EARG, "apply: op is NULL");
  if (!op || peri__enter(ctx) < 0) return NULL;
  peri_frame frame;
  peri__frame_init(&frame, ctx, op, in, nin, base);
  uint64_t draws = ctx->generator.draws;
  int status = peri__frame_begin(&frame, value, checked);
  if (status == 0 && op->flags & (PERI_OP_ONLY_INPLACE | PERI_OP_LIST))
    status = no_plain_form(&frame);
  if (status == 0) status = run_frame(&frame);
  if (status < 0) {
    drop_outputs(&frame);
    ctx->generator.draws = draws; /* a call that fails draws nothing */
  }
  for (int i = 1; i < given; i++)
    more[i - 1] = status == 0 && i < frame.nout ? frame.y[i] : NULL;
  for (int i = given; status == 0 && i < frame.nout; i++)
    peri_release(frame.y[i]);
  peri__leave(ctx);
  return frame.y[0];
}

static void own(peri_tensor *x) {
  if (!x) return;
  x->refs++;
  x->owners++;
}

peri_tensor *peri_apply_kept(peri_context *ctx, const peri_op *op,
                             peri_tensor *const *in, int nin,
                             const peri_value *value, int base,
                             peri_tensor **more) {
  int given = more && op ? peri__count_outputs(op) : 1;
  if (peri__enter_always(ctx) < 0) return NULL;
  peri_scope scope = peri__scope_open(ctx);
  peri_tensor *y = peri_apply(ctx, op, in, nin, value, base, more);
  own(y);
  for (int i = 1; i < given; i++) own(more[i - 1]);
  peri__scope_close(scope);
  peri__leave(ctx);
  return y;
}

/* ---- For the operations themselves ------------------------------------ */

int64_t peri__int(const peri_value *value, int index, int64_t absent) {
  const peri_value *v = &value[index];
  if (v->type == PERI_P_END) return absent;
  int64_t whole = v->i;
  if (v->type == PERI_P_NUMBER && !v->whole) /* saturates */
    peri__convert(&whole, PERI_I64, 1, &v->f, PERI_F64, 1, 1);
  return whole;
}

double peri__real(const peri_value *value, int index, double absent) {
  const peri_value *v = &value[index];
  if (v->type == PERI_P_END) return absent;
  return v->type == PERI_P_NUMBER && v->whole ? (double)v->i : v->f;
}

int peri__run(peri_context *ctx, int kernel, peri_tensor *const *args, int nout,
              int nin, const void *attr, size_t bytes) {
  peri_call call;
  peri__call_begin(&call, kernel);
  for (int i = 0; i < nout; i++) peri__call_out(&call, args[i]);
  for (int i = 0; i < nin; i++) peri__call_in(&call, args[nout + i]);
  if (bytes) memcpy(call.attr, attr, bytes);
  return peri__call_run(ctx, &call, args);
}
