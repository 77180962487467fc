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

int peri__Sequential_forward(peri_module *module, peri_tensor *const *in,
                             int nin, peri_tensor **out, int room) {
  peri_tensor *x[MOST], *y[MOST];
  if (nin > MOST)
    return peri_fail(module->ctx, PERI_EARG,
                     "sequential: at most %d tensors, got %d", MOST, nin);
  int count = nin;
  for (int i = 0; i < nin; i++) x[i] = in[i];
  for (int i = 0; i < module->count; i++) {
    if (!module->slot[i].child) continue;
    int made = peri_module_forward(module->slot[i].child, x, count, y, MOST);
    if (made < 0) return made;
    drop_used(module->ctx, x, count, y, made);
    for (count = 0; count < made; count++) x[count] = y[count];
  }
  for (int i = 0; i < count && i < room; i++) out[i] = x[i];
  return count;
}
