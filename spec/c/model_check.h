/* model_check.h - what the specs of modules and optimizers share: the context
   under test, its errors, and a class of the host that counts. */
#ifndef PERI_MODEL_CHECK_H
#define PERI_MODEL_CHECK_H

#include "check.h"
#include "internal.h"

static peri_context *ctx;

/* True if this error is set; clears it. */
static inline bool failed_with(peri_status status, const char *text) {
  bool ok = peri_error(ctx) == status &&
            strcmp(peri_error_text(ctx), text) == 0;
  if (!ok) printf("--- got\n%s\n---\n", peri_error_text(ctx));
  peri_clear_error(ctx);
  return ok;
}

static inline peri_tensor *matrix(int64_t rows, int64_t columns) {
  const int64_t shape[] = {rows, columns};
  return peri_ones(ctx, shape, 2, NULL);
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
