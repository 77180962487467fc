/* node.c - making and freeing the nodes of the history, and what a tensor says
   about its own. Nothing here recurses: nodes that lose their last owner wait
   in a list, so that freeing a chain of a million needs no stack. */
#include "node.h"

#include <stdio.h>

/* ---- Making nodes ----------------------------------------------------- */

/* One block: the node, then its arrays, the widest entries first. */
static peri_node *node_alloc(peri_context *ctx, int nin, int nout, int params) {
  size_t each = sizeof(peri_edge) + sizeof(peri_meta) +
                2 * sizeof(peri_tensor *) + sizeof(bool);
  peri_node *node = peri__alloc(
      ctx, sizeof *node + (size_t)params * sizeof(peri_value) +
               (size_t)nout * sizeof(peri_result) + (size_t)nin * each);
  if (!node) return NULL;
  node->refs = 1;
  node->nin = nin;
  node->nout = nout;
  node->freed = node->listed = false;
  node->pass = NULL;
  node->value = (peri_value *)(node + 1);
  node->result = (peri_result *)(node->value + params);
  node->edge = (peri_edge *)(node->result + nout);
  node->in_meta = (peri_meta *)(node->edge + nin);
  node->in = (peri_tensor **)(node->in_meta + nin);
  node->dx = node->in + nin;
  node->needs = (bool *)(node->dx + nin);
  return node;
}

/* Where the gradient of 'x' will go: to the node that made it, or to the leaf
   it is. */
static void add_edge(peri_edge *edge, peri_tensor *x) {
  if (x->node) {
    edge->next = x->node;
    edge->output = x->output;
    peri__node_hold(x->node);
  } else {
    edge->leaf = peri__hold(x);
  }
}

/* Fill the entries of the inputs, of which nothing is saved yet.
   -> what the gradients that are wanted need */
static unsigned add_inputs(peri_node *node, peri_tensor *const *in) {
  const unsigned *each = node->op->saves_each;
  unsigned saves = each ? 0 : node->op->saves;
  for (int i = 0, nin = node->nin; i < nin; i++) {
    peri_tensor *x = in[i];
    peri_edge *edge = &node->edge[i];
    peri_meta *meta = &node->in_meta[i];
    bool needs = x && peri__tracked(x);
    edge->next = NULL;
    edge->leaf = NULL;
    meta->dtype = PERI_DTYPE_NONE;
    meta->ndim = 0;
    node->in[i] = NULL;
    node->needs[i] = needs;
    if (x) peri__read_meta(x, meta);
    if (!needs) continue;
    add_edge(edge, x);
    if (each) saves |= each[i];
  }
  return saves;
}

/* True if 'x' is overwritten; kept itself, it would own its own history. */
static bool overwritten(const peri_frame *frame, const peri_tensor *x) {
  return frame->inplace && x->storage == frame->in[0]->storage;
}

/* What is overwritten is saved as a copy, with its history. */
static int save_inputs(peri_node *node, const peri_frame *frame,
                       unsigned saves) {
  for (int i = 0; i < frame->nin && i < PERI_MAX_INPUTS; i++) {
    peri_tensor *x = frame->in[i];
    if (!x || !(saves & PERI_SAVE_IN(i))) continue;
    if (overwritten(frame, x)) x = peri__copy(x);
    if (!x) return frame->ctx->status;
    node->in[i] = peri__hold(x);
    node->edge[i].version = x->storage->version;
  }
  return 0;
}

/* Outputs are saved as aliases without the node, which would own itself. */
static int save_outputs(peri_node *node, const peri_frame *frame,
                        unsigned saves) {
  for (int i = 0; i < frame->nout; i++) {
    if (!(saves & PERI_SAVE_OUT(i))) continue;
    peri_tensor *alias = peri__alias(frame->y[i]);
    if (!alias) return frame->ctx->status;
    node->result[i].saved = peri__hold(alias);
    peri__scope_drop(alias);
  }
  return 0;
}

/* True if 's', or 'many' in its place, points to what is the caller's. */
static bool points(const peri_value *value) {
  return value->type >= PERI_P_STRING;
}

static const void *copy_pointed(peri_context *ctx, const peri_value *value) {
  if (value->type == PERI_P_STRING) return peri__strdup(ctx, value->s);
  size_t bytes = (size_t)value->count * sizeof *value->many;
  int64_t *copy = peri__alloc(ctx, bytes);
  return copy && bytes > 0 ? memcpy(copy, value->many, bytes) : copy;
}

/* Texts and long lists are the caller's, so they are copied. */
static int copy_values(peri_context *ctx, peri_node *node,
                       const peri_value *value, int params) {
  bool any = false;
  for (int i = 0; i < params; i++) {
    node->value[i] = value[i];
    if (!points(&value[i])) continue;
    node->value[i].s = NULL;
    any = true;
  }
  for (int i = 0; any && i < params; i++) {
    if (!points(&value[i])) continue;
    node->value[i].s = copy_pointed(ctx, &value[i]);
    if (!node->value[i].s) return ctx->status;
  }
  return 0;
}

peri_node *peri__node_begin(peri_frame *frame) {
  peri_context *ctx = frame->ctx;
  int params = peri__count_params(frame->op->params);
  peri_node *node = node_alloc(ctx, frame->nin, frame->nout, params);
  if (!node) return NULL;
  node->op = frame->op;
  node->sequence = ++ctx->sequence;
  node->base = frame->base;
  for (int i = 0; i < node->nout; i++)
    node->result[i].saved = node->result[i].dy = NULL;
  unsigned saves = add_inputs(node, frame->in);
  node->saves = saves != 0;
  if ((params > 0 && copy_values(ctx, node, frame->value, params) < 0) ||
      (saves != 0 && (save_inputs(node, frame, saves) < 0 ||
                      save_outputs(node, frame, saves) < 0))) {
    peri__node_drop(ctx, node);
    return NULL;
  }
  return node;
}

/* 'node' becomes the history of its output 'i'. */
static inline void attach(peri_context *ctx, peri_node *node, peri_tensor *y,
                          int i) {
  node->result[i].version = y->storage->version;
  if (!peri__is_float(y->dtype)) return; /* positions have no gradient */
  if (y->node) peri__node_drop(ctx, y->node);
  y->node = node;
  y->output = i;
  peri__node_hold(node);
}

void peri__node_finish(peri_node *node, peri_frame *frame) {
  for (int i = 0, nout = frame->nout; i < nout; i++)
    attach(frame->ctx, node, frame->y[i], i);
  peri__node_drop(frame->ctx, node); /* the outputs own it now */
}

void peri__node_finish_list(peri_node *node, peri_frame *frame) {
  for (int i = 0; i < frame->nout; i++)
    attach(frame->ctx, node, frame->part[i], i);
  peri__node_drop(frame->ctx, node);
}

peri_text peri__changer(const peri_storage *storage) {
  peri_text text = {"an optimizer's step"};
  if (storage->changed_by)
    snprintf(text.s, sizeof text.s, "%s%s", storage->changed_by->name,
             peri__inplace_end(storage->changed_by));
  return text;
}

/* ---- Freeing nodes ---------------------------------------------------- */

void peri__node_hold(peri_node *node) { node->refs++; }

void peri__free_saved(peri_node *node) {
  for (int i = 0; i < node->nin; i++) {
    if (node->in[i]) peri__drop(node->in[i]);
    node->in[i] = NULL;
  }
  for (int i = 0; i < node->nout; i++) {
    if (node->result[i].saved) peri__drop(node->result[i].saved);
    node->result[i].saved = NULL;
  }
}

static void free_values(peri_context *ctx, peri_node *node) {
  const peri_param *params = node->op->params;
  for (int i = 0; params && params[i].name; i++)
    if (points(&node->value[i]))
      peri__free(ctx, (void *)(uintptr_t)node->value[i].s);
}

static void free_node(peri_context *ctx, peri_node *node) {
  const peri_edge *edge = node->edge;
  if (node->saves) peri__free_saved(node);
  free_values(ctx, node);
  for (int i = 0, nin = node->nin; i < nin; i++) {
    if (edge[i].leaf) peri__drop(edge[i].leaf);
    if (edge[i].next) peri__node_drop(ctx, edge[i].next);
  }
  peri__free(ctx, node);
}

void peri__node_drop(peri_context *ctx, peri_node *node) {
  if (--node->refs > 0) return;
  node->next_dead = ctx->dying;
  ctx->dying = node;
  if (ctx->reaping) return;
  ctx->reaping = true;
  while (ctx->dying) {
    peri_node *dead = ctx->dying;
    ctx->dying = dead->next_dead;
    free_node(ctx, dead);
  }
  ctx->reaping = false;
}

/* ---- Leaves ----------------------------------------------------------- */

bool peri_requires_grad(const peri_tensor *x) { return x && peri__tracked(x); }

bool peri_is_leaf(const peri_tensor *x) { return x && !x->node; }

peri_tensor *peri_grad(const peri_tensor *x) { return x ? x->grad : NULL; }

static int set_requires_grad(peri_tensor *x, bool on) {
  if (x->node)
    return peri_fail(x->ctx, PERI_EGRAD,
                     "requires_grad: the tensor was made by %s; only leaves "
                     "can be set, detach it first",
                     x->node->op->name);
  if (on && !peri__is_float(x->dtype))
    return peri_fail(x->ctx, PERI_EDTYPE,
                     "requires_grad: only floats have gradients, this is %s",
                     peri_dtype_name(x->dtype));
  x->requires_grad = on;
  return 0;
}

int peri_set_requires_grad(peri_tensor *x, bool on) {
  if (!x) return PERI_EARG;
  int status = peri__enter(x->ctx);
  if (status < 0) return status;
  status = set_requires_grad(x, on);
  peri__leave(x->ctx);
  return status;
}

static int check_grad(const peri_tensor *x, const peri_tensor *grad) {
  if (grad->ctx != x->ctx || grad->storage->meta != x->storage->meta)
    return peri_fail(x->ctx, PERI_EDEVICE,
                     "grad: it is in another context or on another device "
                     "than its tensor");
  if (!peri__same_shape(x->shape, x->ndim, grad->shape, grad->ndim)) {
    peri_text shape = peri__shape_of(x), got = peri__shape_of(grad);
    return peri_fail(x->ctx, PERI_ESHAPE,
                     "grad: shape %s does not fit a tensor of %s", got.s,
                     shape.s);
  }
  if (x->dtype != grad->dtype)
    return peri_fail(x->ctx, PERI_EDTYPE,
                     "grad: %s does not fit a tensor of %s",
                     peri_dtype_name(grad->dtype), peri_dtype_name(x->dtype));
  return 0;
}

static int set_grad(peri_tensor *x, peri_tensor *grad) {
  int status = grad ? check_grad(x, grad) : 0;
  if (status < 0) return status;
  peri_tensor *old = x->grad;
  x->grad = peri__hold(grad);
  peri__drop(old);
  return 0;
}

int peri_set_grad(peri_tensor *x, peri_tensor *grad) {
  if (!x) return PERI_EARG;
  int status = peri__enter(x->ctx);
  if (status < 0) return status;
  status = set_grad(x, grad);
  peri__leave(x->ctx);
  return status;
}

bool peri_grad_enabled(const peri_context *ctx) { return ctx->grad_enabled; }

bool peri_set_grad_enabled(peri_context *ctx, bool on) {
  bool was = ctx->grad_enabled;
  if (peri__take(ctx) < 0) return was;
  ctx->grad_enabled = on;
  peri__leave(ctx);
  return was;
}
