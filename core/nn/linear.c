/* linear.c - Linear: y = x weight^T + bias. */
#include <math.h>

#include "module.h"

/* Put a parameter under 'name', uniform in -bound .. bound. */
static int put_uniform(peri_module *module, const char *name,
                       const int64_t *shape, int ndim, double bound) {
  peri_context *ctx = module->ctx;
  peri_rand_options options = peri_rand_defaults();
  options.dtype = (peri_dtype)peri__module_value(module, "dtype")->i;
  peri_tensor *x = peri_rand(ctx, shape, ndim, &options); /* in [0, 1) */
  peri_mul_(x, peri_number(ctx, 2 * bound));
  peri_sub_(x, peri_number(ctx, bound));
  peri_set_requires_grad(x, true);
  return peri_module_set(module, name, PERI_PARAMETER, x, NULL);
}

int peri__Linear_init(peri_module *module) {
  int64_t in_features = peri__module_value(module, "in_features")->i;
  int64_t out_features = peri__module_value(module, "out_features")->i;
  double bound = 1 / sqrt((double)in_features);
  const int64_t weight[] = {out_features, in_features};
  int status = put_uniform(module, "weight", weight, 2, bound);
  if (status < 0 || !peri__module_value(module, "bias")->i) return status;
  return put_uniform(module, "bias", &out_features, 1, bound);
}

static int check_count(const peri_module *module, int nin) {
  if (nin == 1) return 0;
  return peri_fail(module->ctx, PERI_EARG,
                   "linear: one tensor is expected, got %d", nin);
}

int peri__Linear_forward(peri_module *module, peri_tensor *const *in, int nin,
                         peri_tensor **out, int room) {
  (void)room;
  if (check_count(module, nin) < 0) return module->ctx->status;
  out[0] = peri_linear(in[0], peri__module_tensor(module, "weight"),
                       peri__module_tensor(module, "bias"));
  return out[0] ? 1 : (int)peri_error(module->ctx);
}

bool peri__takes_along(const peri_module *module, const peri_module *next) {
  if (!module->layer || module->layer->forward != peri__Linear_forward ||
      !next->layer || !next->layer->activation)
    return false;
  const peri_tensor *weight = peri__module_tensor(module, "weight");
  return weight && (weight->dtype == PERI_F32 || weight->dtype == PERI_F64);
}

int peri__Linear_active(peri_module *module, const peri_module *next,
                        peri_tensor *const *in, int nin, peri_tensor **out) {
  int depth = peri_module_enter(module);
  if (depth >= 0 && check_count(module, nin) == 0)
    out[0] = peri__linear_active(in[0], peri__module_tensor(module, "weight"),
                                 peri__module_tensor(module, "bias"),
                                 next->layer->activation);
  peri_module_leave(module->ctx, depth);
  return module->ctx->status == PERI_OK ? 1 : (int)module->ctx->status;
}
