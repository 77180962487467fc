/* model_check.h - what the specs of modules and optimizers share: matrices, a
   small model, and a class of the host that counts. */
#ifndef PERI_MODEL_CHECK_H
#define PERI_MODEL_CHECK_H

#include "context_check.h"

static inline peri_tensor *matrix(int64_t rows, int64_t columns) {
  const int64_t shape[] = {rows, columns};
  return peri_ones(ctx, shape, 2, NULL);
}

/* Linear(4 -> 3), ReLU, Linear(3 -> 2). */
static inline peri_module *model(void) {
  peri_module *parts[] = {peri_linear_new(ctx, 4, 3, NULL), peri_relu_new(ctx),
                          peri_linear_new(ctx, 3, 2, NULL)};
  peri_module *all = peri_sequential_new(ctx, parts, 3);
  for (int i = 0; i < 3; i++) peri_module_free(parts[i]);
  return all;
}

/* What happened to the modules of a class. */
typedef struct {
  int runs, frees;
  bool fail;
} counter;

static inline int through_children(void *user, peri_module *module,
                                   peri_tensor *const *in, int nin,
                                   peri_tensor **out, int room) {
  counter *count = user;
  peri_slot slot;
  peri_tensor *x = in[0];
  count->runs++;
  if (count->fail || nin != 1 || room < 1) return PERI_ECALLBACK;
  for (int i = 0; peri_module_slot(module, i, &slot); i++)
    if (slot.child) x = peri_forward(slot.child, x);
  out[0] = x;
  return 1;
}

static inline void count_free(void *user) { ((counter *)user)->frees++; }

/* A module that sends its input through its children. */
static inline peri_module *block(counter *count) {
  peri_class type = {"Block", through_children, count_free, count};
  return peri_module_custom(ctx, &type);
}

#endif
