/* context_check.h - what the C specs share that look into one context: it, its
   errors, and leaves of float64 numbers. */
#ifndef PERI_CONTEXT_CHECK_H
#define PERI_CONTEXT_CHECK_H

#include "check.h"
#include "internal.h"

static peri_context *ctx;

/* True if this error is set; clears it. */
static inline bool failed_with(peri_status status, const char *text) {
  bool ok =
      peri_error(ctx) == status && strcmp(peri_error_text(ctx), text) == 0;
  if (!ok) printf("--- got\n%s\n---\n", peri_error_text(ctx));
  peri_clear_error(ctx);
  return ok;
}

/* Run 'body' in a context of its own. */
static inline void in_context(void (*body)(void)) {
  ctx = peri_context_new(NULL, NULL);
  body();
  if (!CHECK(peri_error(ctx) == PERI_OK)) printf("%s\n", peri_error_text(ctx));
  peri_context_free(ctx);
}

/* A vector of 'count' numbers. */
static inline peri_tensor *vector(int count, const double *number) {
  const int64_t shape[] = {count};
  return peri_tensor_new(ctx, number, shape, 1, PERI_F64);
}

/* The same that wants its gradient. */
static inline peri_tensor *leaf(int count, const double *number) {
  peri_tensor *x = vector(count, number);
  peri_set_requires_grad(x, true);
  return x;
}

/* True if 'x' has exactly these elements. */
static inline bool holds(peri_tensor *x, int count, const double *number) {
  double got[64];
  if (!x || count > 64 || peri_tensor_numel(x) != count) return false;
  peri_copy_out(x, got, PERI_F64, sizeof got);
  for (int i = 0; i < count; i++)
    if (got[i] != number[i]) return false;
  return true;
}

/* A tensor of zeros on the meta device. */
static inline peri_tensor *meta_vector(int64_t count, peri_dtype dtype) {
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = dtype;
  options.device = "meta";
  return peri_zeros(ctx, &count, 1, &options);
}

#endif
