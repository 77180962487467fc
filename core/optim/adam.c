/* adam.c - Adam and AdamW, which differ in where the weight decay enters.
   The formulas stand in optims.def. Both rows have the same parameters and
   states, so that one body serves them. */
#include <math.h>

#include "update.h"

static bool uses(const double *number, int index) {
  const peri__Adam_numbers *h = (const void *)number;
  return index != PERI_STATE(Adam, max_exp_avg_sq) || h->amsgrad > 0;
}

static int check(peri_context *ctx, const char *name, const double *number) {
  const peri__Adam_numbers *h = (const void *)number;
  if (h->betas[0] < 1 && h->betas[1] < 1) return 0;
  return peri_fail(ctx, PERI_EARG,
                   "optim.%s: betas must be under 1, got {%g, %g}", name,
                   h->betas[0], h->betas[1]);
}

/* 'coupled': the decay is part of the gradient. */
#define ADAM(T, SQRT) \
  static void adam_##T(const peri__piece *x, bool coupled) { \
    const peri__Adam_numbers *h = x->number; \
    const peri__Adam_states *state = x->state; \
    const T b1 = (T)h->betas[0], b2 = (T)h->betas[1]; \
    const T c1 = (T)(1 - h->betas[0]), c2 = (T)(1 - h->betas[1]); \
    const T decay = (T)h->weight_decay, eps = (T)h->eps; \
    const T keep = (T)(1 - h->lr * h->weight_decay); \
    const T rate = (T)(h->lr / (1 - peri__power(h->betas[0], x->step))); \
    const T root = (T)sqrt(1 - peri__power(h->betas[1], x->step)); \
    const T *dp = x->g; \
    T *p = x->p, *m = state->exp_avg, *v = state->exp_avg_sq; \
    T *most = h->amsgrad > 0 ? state->max_exp_avg_sq : NULL; \
    for (int64_t i = 0; i < x->count; i++) { \
      T g = h->maximize > 0 ? -dp[i] : dp[i]; \
      if (!coupled) p[i] *= keep; \
      if (coupled && h->weight_decay > 0) g += decay * p[i]; \
      m[i] = b1 * m[i] + c1 * g; \
      v[i] = b2 * v[i] + c2 * (g * g); \
      T second = v[i]; \
      if (most) second = most[i] = most[i] > v[i] ? most[i] : v[i]; \
      p[i] -= rate * (m[i] / (SQRT(second) / root + eps)); \
    } \
  }
ADAM(float, sqrtf)
ADAM(double, sqrt)
#undef ADAM

#define ROW(Name, coupled) \
  static void Name##_float(const peri__piece *x) { adam_float(x, coupled); } \
  static void Name##_double(const peri__piece *x) { adam_double(x, coupled); } \
  void peri__##Name##_update(const peri_call *call) { \
    peri__update(call, Name##_float, Name##_double); \
  } \
  bool peri__##Name##_uses(const double *number, int index) { \
    return uses(number, index); \
  } \
  int peri__##Name##_check(peri_context *ctx, const double *number) { \
    return check(ctx, #Name, number); \
  }
ROW(Adam, true)
ROW(AdamW, false)
#undef ROW
