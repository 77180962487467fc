/* sgd.c - SGD: stochastic gradient descent with momentum.
   The formula stands in optims.def. */
#include "update.h"

/* 'moves': it has a momentum; 'first': which starts here. */
#define SGD(T) \
  INLINE void descend_##T(const peri__piece *x, bool moves, bool first) { \
    const peri__SGD_numbers *h = x->number; \
    const peri__SGD_states *state = x->state; \
    const T lr = (T)h->lr, decay = (T)h->weight_decay; \
    const T momentum = (T)h->momentum, fresh = (T)(1 - h->dampening); \
    const T sign = h->maximize > 0 ? -1 : 1; \
    const bool decays = h->weight_decay > 0, nesterov = h->nesterov > 0; \
    const T *dp = x->g; \
    T *p = x->p, *b = state->momentum_buffer; \
    EACH for (int64_t i = 0; i < x->count; i++) { \
      T g = sign * dp[i], move; \
      if (decays) g += decay * p[i]; \
      if (moves) { \
        b[i] = move = first ? g : momentum * b[i] + fresh * g; \
        g = nesterov ? g + momentum * move : move; \
      } \
      p[i] -= lr * g; \
    } \
  } \
  static void sgd_##T(const peri__piece *x) { \
    const peri__SGD_numbers *h = x->number; \
    if (!(h->momentum > 0)) \
      descend_##T(x, false, false); \
    else if (x->step > 1) \
      descend_##T(x, true, false); \
    else \
      descend_##T(x, true, true); \
  }
SGD(float)
SGD(double)
#undef SGD

UPDATE(SGD, sgd_float, sgd_double)
