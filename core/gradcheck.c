/* gradcheck.c - gradients compared with central differences.

   The output y of the function is weighted with fixed numbers w, so that one
   number f = <y, w> is differentiated: once by backward, once for each element
   x by (f(x + eps) - f(x - eps)) / 2 eps. The second-order check is the same
   for the function that maps inputs and w to the gradients of f. */
#include "internal.h"

#include <math.h>
#include <stdio.h>

typedef struct {
  peri_context *ctx;
  peri_function fn;
  void *user;
  double eps, atol, rtol;
  const char *name; /* in messages */
} check;

static const peri_gradcheck_options no_options = {0};

static check check_of(peri_context *ctx, peri_function fn, void *user,
                      const peri_gradcheck_options *options, const char *name) {
  if (!options) options = &no_options;
  check c = {.ctx = ctx, .fn = fn, .user = user, .name = name};
  c.eps = options->eps > 0 ? options->eps : 1e-6;
  c.atol = options->atol > 0 ? options->atol : 1e-5;
  c.rtol = options->rtol > 0 ? options->rtol : 1e-3;
  return c;
}

/* Differences need the digits of float64. */
static int check_inputs(const check *c, peri_tensor *const *inputs, int count) {
  bool wanted = false;
  for (int i = 0; i < count; i++) {
    if (!inputs[i] || !peri_requires_grad(inputs[i])) continue;
    wanted = true;
    if (inputs[i]->dtype != PERI_F64)
      return peri_fail(c->ctx, PERI_EDTYPE,
                       "%s: input %d must be float64, it is %s", c->name, i + 1,
                       peri_dtype_name(inputs[i]->dtype));
  }
  if (wanted) return 0;
  return peri_fail(c->ctx, PERI_EARG, "%s: no input requires a gradient",
                   c->name);
}

/* Fixed numbers in the shape of 'y', different for each element. */
static peri_tensor *weights_for(peri_tensor *y) {
  int64_t count = peri_tensor_numel(y);
  peri_tensor *w = peri_tensor_new(y->ctx, NULL, y->shape, y->ndim, PERI_F64);
  double *data = w ? peri_tensor_data(w) : NULL;
  for (int64_t i = 0; data && i < count; i++) {
    uint32_t word[4];
    peri__philox(1, (uint64_t)i, 0, PERI_STREAM_TENSOR, word);
    data[i] = peri__uniform64(word[0], word[1]) + 0.5;
  }
  return w;
}

static peri_tensor *call_function(const check *c, peri_tensor *const *inputs,
                                  int count) {
  peri_tensor *y = c->fn(c->user, inputs, count);
  if (!y && c->ctx->status == 0)
    peri_fail(c->ctx, PERI_EARG, "%s: the function returned nothing", c->name);
  if (y && y->dtype != PERI_F64) {
    peri_fail(c->ctx, PERI_EDTYPE, "%s: the output must be float64, it is %s",
              c->name, peri_dtype_name(y->dtype));
    return NULL;
  }
  return y;
}

/* f = <y, w> without recording. */
static double value_at(const check *c, peri_tensor *const *inputs, int count,
                       peri_tensor *w) {
  peri_scope scope = peri__scope_open(c->ctx);
  peri_tensor *y = call_function(c, inputs, count);
  peri_tensor *sum = peri_sum(peri_mul(y, w), NULL);
  double value = sum ? peri_item(sum) : 0;
  peri__scope_close(scope);
  return value;
}

/* Address of element 'i' of 'x', row-major. */
static double *element(peri_tensor *x, int64_t i) {
  double *at = peri_tensor_data(x);
  for (int d = x->ndim - 1; d >= 0; d--) {
    at += i % x->shape[d] * x->strides[d];
    i /= x->shape[d];
  }
  return at;
}

static double difference(const check *c, peri_tensor *const *inputs, int count,
                         peri_tensor *w, double *x) {
  double before = *x;
  *x = before + c->eps;
  double above = value_at(c, inputs, count, w);
  *x = before - c->eps;
  double below = value_at(c, inputs, count, w);
  *x = before;
  return (above - below) / (2 * c->eps);
}

static bool near(const check *c, double a, double b) {
  if (isnan(a) || isnan(b)) return false;
  return fabs(a - b) <= c->atol + c->rtol * fabs(b);
}

/* Every element of input 'which' against its difference. */
static int compare_input(const check *c, peri_tensor *const *inputs, int count,
                         int which, peri_tensor *w, peri_tensor *grad) {
  peri_tensor *x = inputs[which];
  int64_t size = peri_tensor_numel(x);
  for (int64_t i = 0; i < size; i++) {
    double expected = difference(c, inputs, count, w, element(x, i));
    double got = grad ? *element(grad, i) : 0;
    if (c->ctx->status != 0) return c->ctx->status;
    if (near(c, got, expected)) continue;
    return peri_fail(c->ctx, PERI_EGRAD,
                     "%s: input %d, element %lld: gradient %.9g, difference "
                     "%.9g",
                     c->name, which + 1, (long long)i + 1, got, expected);
  }
  return 0;
}

/* Inputs that require a gradient, gathered in 'list'. -> how many */
static int tracked(peri_tensor *const *inputs, int count, peri_tensor **list) {
  int found = 0;
  for (int i = 0; i < count; i++)
    if (inputs[i] && peri_requires_grad(inputs[i])) list[found++] = inputs[i];
  return found;
}

static int compare_all(const check *c, peri_tensor *const *inputs, int count,
                       peri_tensor **grads, peri_tensor *w) {
  int status = 0, found = 0;
  bool enabled = peri_set_grad_enabled(c->ctx, false);
  for (int i = 0; status == 0 && i < count; i++)
    if (inputs[i] && peri_requires_grad(inputs[i]))
      status = compare_input(c, inputs, count, i, w, grads[found++]);
  peri_set_grad_enabled(c->ctx, enabled);
  return status;
}

#define MAX_CHECKED 32 /* inputs of a function under test */

static int run_check(const check *c, peri_tensor *const *inputs, int count) {
  peri_tensor *wanted[MAX_CHECKED], *grads[MAX_CHECKED];
  int status = check_inputs(c, inputs, count);
  if (status < 0) return status;
  peri_tensor *y = call_function(c, inputs, count);
  peri_tensor *w = y ? weights_for(y) : NULL;
  if (!w) return c->ctx->status;
  if (!peri_requires_grad(y))
    return peri_fail(c->ctx, PERI_EGRAD,
                     "%s: the output has no history, so no gradient", c->name);
  peri_grad_options options = {.seeds = &w, .allow_unused = true};
  int found = tracked(inputs, count, wanted);
  status = peri_gradients(&y, 1, wanted, found, &options, grads);
  return status < 0 ? status : compare_all(c, inputs, count, grads, w);
}

static int enter_check(const check *c, peri_tensor *const *inputs, int count,
                       int (*run)(const check *, peri_tensor *const *, int)) {
  if (!c->ctx) return PERI_EARG;
  int status = peri__enter(c->ctx);
  if (status < 0) return status;
  if (!c->fn || count < 1 || count > MAX_CHECKED / 2) {
    status = peri_fail(c->ctx, PERI_EARG,
                       "%s: a function and 1 to %d inputs are needed", c->name,
                       MAX_CHECKED / 2);
  } else {
    peri_scope scope = peri__scope_open(c->ctx);
    status = run(c, inputs, count);
    peri__scope_close(scope);
  }
  peri__leave(c->ctx);
  return status;
}

int peri_gradcheck(peri_context *ctx, peri_function fn, void *user,
                   peri_tensor *const *inputs, int count,
                   const peri_gradcheck_options *options) {
  check c = check_of(ctx, fn, user, options, "gradcheck");
  return enter_check(&c, inputs, count, run_check);
}

/* ---- Second order ----------------------------------------------------- */

/* Zero with the history of 'w', for gradients that do not depend on it. */
static peri_tensor *none_of(peri_tensor *w) {
  return peri_mul(peri_sum(w, NULL), peri_whole(w->ctx, 0));
}

static peri_tensor *nothing(peri_context *ctx) {
  const int64_t none[1] = {0};
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = PERI_F64;
  return peri_zeros(ctx, none, 1, &options);
}

/* The gradients of <y, w> with respect to the inputs, each weighted, as one
   tensor: the function whose gradient is the second derivative. The last input
   is w. */
static peri_tensor *first_gradients(void *user, peri_tensor *const *inputs,
                                    int count) {
  const check *c = user;
  peri_tensor *wanted[MAX_CHECKED], *grads[MAX_CHECKED], *parts[MAX_CHECKED];
  int used = 0, found = tracked(inputs, count - 1, wanted);
  bool enabled = peri_set_grad_enabled(c->ctx, true);
  peri_tensor *y = call_function(c, inputs, count - 1);
  peri_grad_options options = {
      .seeds = &inputs[count - 1], .create_graph = true, .allow_unused = true};
  const int64_t flat[1] = {-1};
  int status = y ? peri_gradients(&y, 1, wanted, found, &options, grads)
                 : (int)c->ctx->status;
  for (int i = 0; status == 0 && i < found; i++)
    if (grads[i] && peri_tensor_numel(grads[i]) > 0)
      parts[used++] = peri_reshape(grads[i], flat, 1);
  peri_tensor *all = used > 0 ? peri_cat(parts, used, NULL) : nothing(c->ctx);
  all = peri_add(all, none_of(inputs[count - 1]));
  peri_set_grad_enabled(c->ctx, enabled);
  return all;
}

/* The check of first_gradients, with w as one more input. */
static int run_second(const check *c, peri_tensor *const *inputs, int count) {
  peri_tensor *more[MAX_CHECKED];
  int status = check_inputs(c, inputs, count);
  if (status < 0) return status;
  peri_tensor *y = call_function(c, inputs, count);
  peri_tensor *w = y ? weights_for(y) : NULL;
  if (!w || peri_set_requires_grad(w, true) < 0) return c->ctx->status;
  memcpy(more, inputs, (size_t)count * sizeof *more);
  more[count] = w;
  check second = *c;
  second.fn = first_gradients;
  second.user = (void *)(uintptr_t)c;
  return run_check(&second, more, count + 1);
}

int peri_gradgradcheck(peri_context *ctx, peri_function fn, void *user,
                       peri_tensor *const *inputs, int count,
                       const peri_gradcheck_options *options) {
  check c = check_of(ctx, fn, user, options, "gradgradcheck");
  return enter_check(&c, inputs, count, run_second);
}
