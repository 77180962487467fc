/* sgd.c - SGD: stochastic gradient descent with momentum.
   The formula stands in optims.def. */
#include "update.h"

bool peri__SGD_uses(const double *number, int index) {
  const peri__SGD_numbers *h = (const void *)number;
  (void)index; /* the step tells the momentum's first, nothing else needs it */
  return h->momentum > 0;
}

int peri__SGD_check(peri_context *ctx, const double *number) {
  const peri__SGD_numbers *h = (const void *)number;
  bool plain = h->momentum > 0 && !(h->dampening > 0) && !(h->dampening < 0);
  if (h->nesterov > 0 && !plain)
    return peri_fail(ctx, PERI_EARG,
                     "optim.SGD: nesterov needs momentum > 0 and dampening 0, "
                     "got %g and %g",
                     h->momentum, h->dampening);
  return 0;
}

#define SGD(T) \
  static void sgd_##T(const peri__piece *x) { \
    const peri__SGD_numbers *h = x->number; \
    const peri__SGD_states *state = x->state; \
    const T lr = (T)h->lr, decay = (T)h->weight_decay; \
    const T momentum = (T)h->momentum, fresh = (T)(1 - h->dampening); \
    const T *dp = x->g; \
    T *p = x->p, *b = h->momentum > 0 ? state->momentum_buffer : NULL; \
    for (int64_t i = 0; i < x->count; i++) { \
      T g = h->maximize > 0 ? -dp[i] : dp[i]; \
      if (h->weight_decay > 0) g += decay * p[i]; \
      if (b) { \
        b[i] = x->step > 1 ? momentum * b[i] + fresh * g : g; \
        g = h->nesterov > 0 ? g + momentum * b[i] : b[i]; \
      } \
      p[i] -= lr * g; \
    } \
  }
SGD(float)
SGD(double)
#undef SGD

void peri__SGD_update(const peri_call *call) {
  peri__update(call, sgd_float, sgd_double);
}
