/* sequential.c - Sequential: modules one after the other. */
#include "module.h"

#define MOST 16 /* tensors between two modules */

static bool among(const peri_tensor *x, peri_tensor *const *list, int count) {
  for (int i = 0; i < count; i++)
    if (list[i] == x) return true;
  return false;
}

/* Drop those of 'used' that were made here and go no further, so that without
   a graph only the newest activations take memory. */
static void drop_used(peri_context *ctx, peri_tensor *const *used, int count,
                      peri_tensor *const *next, int next_count) {
  for (int i = 0; i < count; i++)
    if (used[i] && used[i]->depth == ctx->depth && !among(used[i], used, i) &&
        !among(used[i], next, next_count))
      peri__scope_drop(used[i]);
}

/* The slot of the first child from 'at' on, or their count. */
static int next_child(const peri_module *module, int at) {
  while (at < module->count && !module->slot[at].child) at++;
  return at;
}

/* Run the child in slot 'at', and the activation after it if it takes that
   along. -> the slot after what ran; '*made' gets the count or a status */
static int run_child(const peri_module *module, int at, peri_tensor **x,
                     int count, peri_tensor **y, int *made) {
  peri_module *child = module->slot[at].child;
  int after = next_child(module, at + 1);
  if (after < module->count &&
      peri__takes_along(child, module->slot[after].child)) {
    *made = peri__Linear_active(child, module->slot[after].child, x, count, y);
    return next_child(module, after + 1);
  }
  *made = peri_module_forward(child, x, count, y, MOST);
  return after;
}

int peri__Sequential_forward(peri_module *module, peri_tensor *const *in,
                             int nin, peri_tensor **out, int room) {
  peri_tensor *x[MOST], *y[MOST];
  if (nin > MOST)
    return peri_fail(module->ctx, PERI_EARG,
                     "sequential: at most %d tensors, got %d", MOST, nin);
  int count = nin;
  for (int i = 0; i < nin; i++) x[i] = in[i];
  for (int at = next_child(module, 0); at < module->count;) {
    int made;
    at = run_child(module, at, x, count, y, &made);
    if (made < 0) return made;
    drop_used(module->ctx, x, count, y, made);
    for (count = 0; count < made; count++) x[count] = y[count];
  }
  for (int i = 0; i < count && i < room; i++) out[i] = x[i];
  return count;
}
