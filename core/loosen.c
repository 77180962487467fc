/* loosen.c - what a change in place must let go of. A node that saved a tensor
   owns it; if the tensor is then changed in place by a result of that node, its
   new history owns the node, and the two would keep each other for ever. So
   before the change every node of the new history that saved the tensor, or a
   view of it, gets an alias instead, which has the old history and no others
   see. The version says that it is stale, as it would of the tensor. */
#include "node.h"

/* True if others than the caller may hold 'x' or look into its storage. */
static bool may_be_saved(const peri_tensor *x) {
  return x->storage->refs > 1 || x->refs > x->owners + (x->depth >= 0);
}

/* An alias of 'x' with its history, which nobody else has. */
static peri_tensor *stand_in(peri_tensor *x) {
  peri_tensor *alias = peri__alias(x);
  if (!alias) return NULL;
  alias->node = x->node;
  alias->output = x->output;
  if (x->node) peri__node_hold(x->node);
  peri__hold(alias);
  peri__scope_drop(alias);
  return alias;
}

static int loosen_node(peri_context *ctx, peri_node *node,
                       const peri_storage *storage) {
  for (int i = 0; node->saves && i < node->nin; i++) {
    peri_tensor *x = node->in[i];
    if (!x || x->storage != storage) continue;
    if (x->refs == 1 && !x->base) continue; /* the node's alone */
    node->in[i] = stand_in(x);
    if (!node->in[i]) {
      node->in[i] = x;
      return ctx->status;
    }
    peri__drop(x);
  }
  return 0;
}

/* Put 'node' behind 'end' unless it is in the list. -> the end */
static peri_node *append(peri_node *end, peri_node *node) {
  if (!node || node->listed) return end;
  node->listed = true;
  node->next_listed = NULL;
  if (end) end->next_listed = node;
  return node;
}

int peri__loosen(peri_node *last, const peri_tensor *x) {
  int status = 0;
  if (!may_be_saved(x)) return 0;
  peri_node *end = append(NULL, last);
  for (peri_node *node = last; node; node = node->next_listed)
    for (int i = 0; i < node->nin; i++) end = append(end, node->edge[i].next);
  for (peri_node *node = last; node; node = node->next_listed) {
    node->listed = false;
    if (status == 0) status = loosen_node(x->ctx, node, x->storage);
  }
  return status;
}
