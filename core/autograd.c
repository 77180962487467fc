/* autograd.c - the walk back through the history. Knows nodes, edges and rows,
   no operation by name.

   A backward is a heap of nodes by sequence number: a node is younger than
   all it depends on, so when it comes to the top every gradient flowing into
   it has arrived. Gradients of leaves are gathered beside the leaves and put
   in at the end, all or none. Nothing here recurses: a chain of a million
   nodes needs no stack. */
#include "node.h"

typedef struct {
  peri_tensor *leaf;
  peri_tensor *grad;
  int outer; /* its slot in the backward around this one */
} gathered;

typedef struct {
  peri_context *ctx;
  bool retain, graph;
  peri_node **heap; /* the youngest first */
  int heap_count, heap_room;
  gathered *leaves;
  int leaf_count, leaf_room;
  peri_tensor *const *targets; /* gradients wanted, NULL: those of leaves */
  int target_count;
  peri_tensor **results; /* of the targets, held */
} pass;

static void swap_nodes(peri_node **a, peri_node **b) {
  peri_node *node = *a;
  *a = *b;
  *b = node;
}

/* Put 'node' into the heap, which takes a share of it. */
static int heap_push(pass *p, peri_node *node) {
  void *list = p->heap;
  int status = peri__grow_list(p->ctx, &list, p->heap_count, &p->heap_room,
                               sizeof *p->heap);
  p->heap = list;
  if (status < 0) return status;
  peri__node_hold(node);
  int at = p->heap_count++;
  p->heap[at] = node;
  while (at > 0 && p->heap[(at - 1) / 2]->sequence < p->heap[at]->sequence) {
    swap_nodes(&p->heap[at], &p->heap[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  return 0;
}

/* Take the youngest node out; its share goes to the caller. */
static peri_node *heap_pop(pass *p) {
  peri_node *top = p->heap[0];
  p->heap[0] = p->heap[--p->heap_count];
  for (int at = 0;;) {
    int child = 2 * at + 1;
    if (child >= p->heap_count) break;
    if (child + 1 < p->heap_count &&
        p->heap[child + 1]->sequence > p->heap[child]->sequence)
      child++;
    if (p->heap[at]->sequence > p->heap[child]->sequence) break;
    swap_nodes(&p->heap[at], &p->heap[child]);
    at = child;
  }
  return top;
}

/* '*sum' += 'grad', as shares held by the pass. */
static int add_to(pass *p, peri_tensor **sum, peri_tensor *grad) {
  if (!*sum) {
    *sum = peri__hold(grad);
    return 0;
  }
  peri_tensor *total = peri__hold(peri__plus(*sum, grad));
  if (!total) return p->ctx->status;
  peri__drop(*sum);
  *sum = total;
  return 0;
}

/* True if 'leaf' has a place in this backward, not in one around it. */
static bool met(const pass *p, const peri_tensor *leaf) {
  return leaf->slot > 0 && leaf->slot <= p->leaf_count &&
         p->leaves[leaf->slot - 1].leaf == leaf;
}

/* Gather 'grad' beside 'leaf'; the leaf itself changes only at the end. */
static int send_to_leaf(pass *p, peri_tensor *leaf, peri_tensor *grad) {
  if (!met(p, leaf)) {
    void *list = p->leaves;
    int status = peri__grow_list(p->ctx, &list, p->leaf_count, &p->leaf_room,
                                 sizeof *p->leaves);
    p->leaves = list;
    if (status < 0) return status;
    p->leaves[p->leaf_count++] = (gathered){peri__hold(leaf), NULL, leaf->slot};
    leaf->slot = p->leaf_count;
  }
  return add_to(p, &p->leaves[leaf->slot - 1].grad, grad);
}

/* Gather 'grad' at an output of 'node', which joins the heap the first time. */
static int send_to_node(pass *p, peri_node *node, int output,
                        peri_tensor *grad) {
  if (node->freed)
    return peri_fail(p->ctx, PERI_EGRAD,
                     "backward: the history was freed by an earlier backward "
                     "through it; give that one retain_graph");
  if (node->pass && node->pass != p)
    return peri_fail(p->ctx, PERI_EBUSY,
                     "backward: %s is in a backward that is still running",
                     node->op->name);
  if (!node->pass) {
    int status = heap_push(p, node);
    if (status < 0) return status;
    node->pass = p;
  }
  return add_to(p, &node->result[output].dy, grad);
}

static int send(pass *p, peri_node *node, int i, peri_tensor *grad) {
  const peri_edge *edge = &node->edge[i];
  if (edge->next) return send_to_node(p, edge->next, edge->output, grad);
  return send_to_leaf(p, edge->leaf, grad);
}

static int changed_error(pass *p, const peri_node *node, const char *what,
                         const peri_tensor *x) {
  peri_text shape = peri__shape_of(x), changer = peri__changer(x->storage);
  return peri_fail(p->ctx, PERI_EGRAD,
                   "backward: %s needs its %s of shape %s, which was changed "
                   "in place by %s since",
                   node->op->name, what, shape.s, changer.s);
}

/* What was saved must be what it was. */
static int check_saved(pass *p, const peri_node *node) {
  if (!node->saves) return 0;
  for (int i = 0; i < node->nin; i++)
    if (node->in[i] && node->in[i]->storage->version != node->edge[i].version)
      return changed_error(p, node, node->op->inputs[i].name, node->in[i]);
  for (int i = 0; i < node->nout; i++) {
    const peri_result *y = &node->result[i];
    if (y->saved && y->saved->storage->version != y->version)
      return changed_error(p, node, "result", y->saved);
  }
  return 0;
}

/* A saved output as a tensor of the graph again, if that is to be
   differentiated. */
static peri_tensor *output_of(const pass *p, peri_node *node, int i) {
  peri_tensor *saved = node->result[i].saved;
  if (!saved || !p->graph || !peri__is_float(saved->dtype)) return saved;
  peri_tensor *y = peri__alias(saved);
  if (!y) return NULL;
  y->node = node;
  y->output = i;
  peri__node_hold(node);
  return y;
}

/* Call the row's backward: node->dx gets tensors of the open scope. 'out' and
   'dy' have room for all outputs. */
static int call_backward(pass *p, peri_node *node, peri_tensor **out,
                         peri_tensor **dy) {
  for (int i = 0; i < node->nout; i++) {
    out[i] = output_of(p, node, i);
    dy[i] = node->result[i].dy;
  }
  memset(node->dx, 0, (size_t)node->nin * sizeof *node->dx);
  peri_backprop grad = {.ctx = p->ctx,
                        .op = node->op,
                        .value = node->value,
                        .base = node->base,
                        .nin = node->nin,
                        .nout = node->nout,
                        .in = node->in,
                        .out = out,
                        .dy = dy,
                        .in_meta = node->in_meta,
                        .needs = node->needs,
                        .graph = p->graph,
                        .dx = node->dx};
  int status = node->op->backward(&grad);
  return status < 0 ? status : (int)p->ctx->status;
}

/* The same for a list with more outputs than rows can name. */
static int call_list_backward(pass *p, peri_node *node) {
  size_t bytes = (size_t)node->nout * sizeof(peri_tensor *);
  peri_tensor **both = peri__alloc(p->ctx, 2 * bytes);
  if (!both) return p->ctx->status;
  int status = call_backward(p, node, both, both + node->nout);
  peri__free(p->ctx, both);
  return status;
}

static int differentiate(pass *p, peri_node *node) {
  peri_tensor *out[PERI_MAX_OUTPUTS] = {NULL};
  peri_tensor *dy[PERI_MAX_OUTPUTS] = {NULL};
  if (!node->op->backward)
    return peri_fail(p->ctx, PERI_EGRAD, "backward: %s has no gradient",
                     node->op->name);
  int status = check_saved(p, node);
  if (status < 0) return status;
  if (node->nout > PERI_MAX_OUTPUTS) return call_list_backward(p, node);
  return call_backward(p, node, out, dy);
}

/* A row of the host may have made a gradient of another shape. */
static int check_dx(pass *p, const peri_node *node, int i,
                    const peri_tensor *dx) {
  const peri_meta *x = &node->in_meta[i];
  if (peri__same_shape(dx->shape, dx->ndim, x->shape, x->ndim)) return 0;
  peri_text got = peri__shape_of(dx), shape = peri__meta_text(x);
  return peri_fail(p->ctx, PERI_ESHAPE,
                   "backward: %s gave a gradient of shape %s for an input of "
                   "shape %s",
                   node->op->name, got.s, shape.s);
}

/* Send every dx where its input came from. */
static int distribute(pass *p, peri_node *node) {
  for (int i = 0; i < node->nin; i++) {
    if (!node->needs[i] || !node->dx[i]) continue;
    peri_tensor *dx = peri__fit(node->dx[i], &node->in_meta[i]);
    if (!dx) return p->ctx->status;
    int status = check_dx(p, node, i, dx);
    if (status == 0) status = send(p, node, i, dx);
    if (status < 0) return status;
  }
  return 0;
}

/* The gradients of targets that 'node' made are complete. */
static void collect_targets(pass *p, const peri_node *node) {
  for (int i = 0; i < p->target_count; i++) {
    const peri_tensor *target = p->targets[i];
    if (target->node == node && !p->results[i])
      p->results[i] = peri__hold(node->result[target->output].dy);
  }
}

static void leave_pass(peri_node *node) {
  node->pass = NULL;
  for (int i = 0; i < node->nout; i++) {
    peri__drop(node->result[i].dy);
    node->result[i].dy = NULL;
  }
}

/* All gradients of the outputs of 'node' are there: pass on those of its
   inputs, then let go of what it saved. */
static int run_node(pass *p, peri_node *node) {
  peri_scope scope = peri__scope_open(p->ctx);
  collect_targets(p, node);
  int status = peri__poll(p->ctx);
  if (status == 0) status = differentiate(p, node);
  if (status == 0) status = distribute(p, node);
  leave_pass(node);
  if (status == 0 && !p->retain) {
    if (node->saves) peri__free_saved(node);
    node->freed = true;
  }
  peri__scope_close(scope);
  return status;
}

/* Empty the heap; after an error, 'status' from the start or one on the way,
   only the tidying is left. */
static int run_heap(pass *p, int status) {
  while (p->heap_count > 0) {
    peri_node *node = heap_pop(p);
    if (status == 0)
      status = run_node(p, node);
    else
      leave_pass(node);
    peri__node_drop(p->ctx, node);
  }
  return status;
}

/* ---- Beginning and end of a backward ---------------------------------- */

/* A seed must be like the output it flows into. */
static int check_seed(const peri_tensor *output, const peri_tensor *seed) {
  if (!peri__same_shape(output->shape, output->ndim, seed->shape, seed->ndim)) {
    peri_text shape = peri__shape_of(output), got = peri__shape_of(seed);
    return peri_fail(output->ctx, PERI_ESHAPE,
                     "backward: the gradient has shape %s, the output %s",
                     got.s, shape.s);
  }
  if (output->ctx != seed->ctx || output->storage->meta != seed->storage->meta)
    return peri_fail(output->ctx, PERI_EDEVICE,
                     "backward: the gradient is in another context or on "
                     "another device than the output");
  if (output->dtype != seed->dtype)
    return peri_fail(
        output->ctx, PERI_EDTYPE, "backward: the gradient is %s, the output %s",
        peri_dtype_name(seed->dtype), peri_dtype_name(output->dtype));
  return 0;
}

/* What a backward may start from: a tensor with a true history, and a single
   number unless the gradient flowing in is given. */
static int check_output(const peri_tensor *output, const peri_tensor *seed) {
  if (!peri_requires_grad(output))
    return peri_fail(
        output->ctx, PERI_EGRAD,
        "backward: the tensor has no history and does not "
        "require a gradient%s",
        output->ctx->grad_enabled ? "" : "; recording is off (no_grad)");
  if (peri__stale(output)) {
    peri_text changer = peri__changer(output->storage);
    return peri_fail(output->ctx, PERI_EGRAD,
                     "backward: the tensor is a view of one that was changed "
                     "in place by %s since; take the view again",
                     changer.s);
  }
  if (!seed && peri_tensor_numel(output) != 1) {
    peri_text shape = peri__shape_of(output);
    return peri_fail(output->ctx, PERI_ESHAPE,
                     "backward: a single number is expected, the shape is %s; "
                     "sum it, or give the gradient that flows in",
                     shape.s);
  }
  return seed ? check_seed(output, seed) : 0;
}

static int send_seed(pass *p, peri_tensor *output, peri_tensor *seed) {
  if (!seed) seed = peri__ones_like(output);
  if (!seed) return p->ctx->status;
  return output->node ? send_to_node(p, output->node, output->output, seed)
                      : send_to_leaf(p, output, seed);
}

/* True if the pass alone has 'grad', and it has no gaps. */
static bool exclusive(const peri_tensor *grad) {
  return grad->storage->refs == 1 && grad->refs == 1 && !grad->number &&
         peri__dense(grad);
}

/* A gradient that a leaf can own. */
static peri_tensor *settle(peri_tensor *grad) {
  return peri__hold(exclusive(grad) ? grad : peri__copy(grad));
}

/* The new gradient of a leaf, replacing the share in 'g'. */
static int total_of(pass *p, gathered *g) {
  peri_tensor *total = g->leaf->grad
                           ? peri__hold(peri__plus(g->leaf->grad, g->grad))
                           : settle(g->grad);
  if (!total) return p->ctx->status;
  peri__drop(g->grad);
  g->grad = total;
  return 0;
}

/* Put the gathered gradients into the leaves, all or none. */
static int commit_leaves(pass *p) {
  for (int i = 0; i < p->leaf_count; i++) {
    int status = total_of(p, &p->leaves[i]);
    if (status < 0) return status;
  }
  for (int i = 0; i < p->leaf_count; i++) {
    peri_tensor *old = p->leaves[i].leaf->grad;
    p->leaves[i].leaf->grad = p->leaves[i].grad;
    p->leaves[i].grad = old;
  }
  return 0;
}

/* Results of targets that are leaves; then all must be there. */
static int commit_targets(pass *p, bool allow_unused) {
  for (int i = 0; i < p->target_count; i++) {
    const peri_tensor *target = p->targets[i];
    if (!target->node && met(p, target))
      p->results[i] = peri__hold(p->leaves[target->slot - 1].grad);
    if (!p->results[i] && !allow_unused)
      return peri_fail(p->ctx, PERI_EGRAD,
                       "grad: input %d is not part of the history of the "
                       "outputs; allow_unused gives none for it",
                       i + 1);
  }
  return 0;
}

static void end_pass(pass *p) {
  for (int i = 0; i < p->leaf_count; i++) {
    p->leaves[i].leaf->slot = p->leaves[i].outer;
    peri__drop(p->leaves[i].leaf);
    peri__drop(p->leaves[i].grad);
  }
  peri__free(p->ctx, p->leaves);
  peri__free(p->ctx, p->heap);
}

static peri_tensor *seed_of(const peri_grad_options *options, int i) {
  return options->seeds ? options->seeds[i] : NULL;
}

/* The whole walk: seeds in, heap empty, results out. Recording is off on the
   way unless the gradient is itself to be differentiated. */
static int run_pass(pass *p, peri_tensor *const *outputs, int count,
                    const peri_grad_options *options) {
  peri_context *ctx = p->ctx;
  bool enabled = ctx->grad_enabled;
  peri_scope scope = peri__scope_open(ctx);
  int status = 0;
  for (int i = 0; status == 0 && i < count; i++)
    status = check_output(outputs[i], seed_of(options, i));
  ctx->grad_enabled = p->graph;
  for (int i = 0; status == 0 && i < count; i++)
    status = send_seed(p, outputs[i], seed_of(options, i));
  status = run_heap(p, status);
  if (status == 0)
    status = p->targets ? commit_targets(p, options->allow_unused)
                        : commit_leaves(p);
  peri__scope_close(scope);
  ctx->grad_enabled = enabled;
  end_pass(p);
  return status;
}

static const peri_grad_options no_options = {0};

static pass pass_for(peri_context *ctx, const peri_grad_options *options) {
  pass p = {.ctx = ctx};
  p.graph = options->create_graph;
  p.retain = options->retain_graph || options->create_graph;
  return p;
}

/* The context of tensors that must be there, entered; NULL: not entered. */
static peri_context *enter_all(peri_tensor *const *tensors, int count) {
  if (count < 1 || !tensors || !tensors[0]) return NULL;
  peri_context *ctx = tensors[0]->ctx;
  if (peri__enter(ctx) < 0) return NULL;
  for (int i = 1; i < count; i++)
    if (!tensors[i] || tensors[i]->ctx != ctx) {
      peri_fail(ctx, PERI_EARG, "backward: tensor %d is missing or foreign",
                i + 1);
      peri__leave(ctx);
      return NULL;
    }
  return ctx;
}

/* Status of a call that could not enter. */
static int refusal(peri_tensor *const *tensors, int count) {
  if (count < 1 || !tensors || !tensors[0]) return PERI_EARG;
  return peri_error(tensors[0]->ctx);
}

int peri_backward_all(peri_tensor *const *outputs, int count,
                      const peri_grad_options *options) {
  peri_context *ctx = enter_all(outputs, count);
  if (!ctx) return refusal(outputs, count);
  if (!options) options = &no_options;
  pass p = pass_for(ctx, options);
  int status = run_pass(&p, outputs, count, options);
  peri__leave(ctx);
  return status;
}

int peri_backward(peri_tensor *loss) {
  return peri_backward_all(&loss, 1, NULL);
}

/* A result as a tensor of the open scope that shares memory with nothing,
   part of the graph if the gradient is to be differentiated. */
static peri_tensor *hand_over(const pass *p, peri_tensor *held) {
  if (!held) return NULL;
  bool enabled = peri_set_grad_enabled(p->ctx, p->graph);
  peri_tensor *y =
      exclusive(held) && !held->node ? peri__alias(held) : peri__copy(held);
  peri_set_grad_enabled(p->ctx, enabled);
  return y;
}

static int hand_over_all(const pass *p, peri_tensor **grads, int count,
                         int status) {
  for (int i = 0; i < count; i++) {
    peri_tensor *held = grads[i];
    grads[i] = status == 0 ? hand_over(p, held) : NULL;
    peri__drop(held);
    if (status == 0) status = p->ctx->status;
  }
  for (int i = 0; status < 0 && i < count; i++) grads[i] = NULL;
  return status;
}

int peri_gradients(peri_tensor *const *outputs, int count,
                   peri_tensor *const *inputs, int input_count,
                   const peri_grad_options *options, peri_tensor **grads) {
  peri_context *ctx = enter_all(outputs, count);
  if (!ctx) return refusal(outputs, count);
  if (!options) options = &no_options;
  pass p = pass_for(ctx, options);
  if (input_count < 0) input_count = 0;
  memset(grads, 0, (size_t)input_count * sizeof *grads);
  p.targets = inputs;
  p.target_count = input_count;
  p.results = grads;
  int status = 0;
  for (int i = 0; status == 0 && i < input_count; i++)
    if (!inputs[i] || !peri_requires_grad(inputs[i]))
      status = peri_fail(ctx, PERI_EGRAD,
                         "grad: input %d does not require a gradient", i + 1);
  if (status == 0) status = run_pass(&p, outputs, count, options);
  status = hand_over_all(&p, grads, input_count, status);
  peri__leave(ctx);
  return status;
}
