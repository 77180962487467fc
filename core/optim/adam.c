/* adam.c - Adam and AdamW, which differ in where the weight decay enters.
   The formulas stand in optims.def. Both rows have the same parameters and
   states, so that one body serves them. */
#include <math.h>

#include "update.h"

/* 'coupled': the decay is part of the gradient; 'largest': amsgrad. */
#define ADAM(T, SQRT) \
  INLINE void move_##T(const peri__piece *x, bool coupled, bool largest) { \
    const peri__Adam_numbers *h = x->number; \
    const peri__Adam_states *state = x->state; \
    const T b1 = (T)h->betas[0], b2 = (T)h->betas[1]; \
    const T c1 = (T)(1 - h->betas[0]), c2 = (T)(1 - h->betas[1]); \
    const T sign = h->maximize > 0 ? -1 : 1, eps = (T)h->eps; \
    const T decay = (T)h->weight_decay; \
    const T keep = (T)(1 - h->lr * h->weight_decay); \
    const T rate = (T)(h->lr / (1 - peri__power(h->betas[0], x->step))); \
    const T scale = (T)(1 / sqrt(1 - peri__power(h->betas[1], x->step))); \
    const bool decays = h->weight_decay > 0; \
    const T *dp = x->g; \
    T *p = x->p, *m = state->exp_avg, *v = state->exp_avg_sq; \
    T *most = state->max_exp_avg_sq; \
    EACH for (int64_t i = 0; i < x->count; i++) { \
      T g = sign * dp[i], q = p[i]; \
      if (!coupled) q *= keep; \
      if (coupled && decays) g += decay * q; \
      T first = b1 * m[i] + c1 * g, second = b2 * v[i] + c2 * (g * g); \
      m[i] = first; \
      v[i] = second; \
      if (largest) most[i] = second = most[i] > second ? most[i] : second; \
      p[i] = q - rate * (first / (SQRT(second) * scale + eps)); \
    } \
  } \
  INLINE void adam_##T(const peri__piece *x, bool coupled) { \
    const peri__Adam_numbers *h = x->number; \
    if (h->amsgrad > 0) \
      move_##T(x, coupled, true); \
    else \
      move_##T(x, coupled, false); \
  }
ADAM(float, sqrtf)
ADAM(double, sqrt)
#undef ADAM

#define ROW(Name, coupled) \
  static void Name##_float(const peri__piece *x) { adam_float(x, coupled); } \
  static void Name##_double(const peri__piece *x) { adam_double(x, coupled); } \
  UPDATE(Name, Name##_float, Name##_double)
ROW(Adam, true)
ROW(AdamW, false)
#undef ROW
