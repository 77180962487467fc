/* layers.c - the table of layers, expanded from layers.def, and the layers
   that are one operation each. */
#include "../tables.h"
#include "module.h"

/* The value of parameter 'name' of an operation: the module's own of that
   name, its state of training, or absent for the operation's default. */
static peri_value value_for(const peri_module *module, const char *name) {
  peri_value training = {.type = PERI_P_BOOL, .i = module->training};
  peri_value absent = {.type = PERI_P_END};
  const peri_value *own = peri__module_value(module, name);
  if (own) return *own;
  return strcmp(name, "training") == 0 ? training : absent;
}

/* Apply the operation 'name' to the one input. */
static int run_op(peri_module *module, const char *name, peri_tensor *const *in,
                  int nin, peri_tensor **out) {
  peri_context *ctx = module->ctx;
  if (!module->op) module->op = peri__op_named(NULL, name);
  const peri_op *op = module->op;
  peri_value value[PERI_MAX_PARAMS];
  if (nin != 1)
    return peri_fail(ctx, PERI_EARG, "%s: one tensor is expected, got %d", name,
                     nin);
  for (int i = 0; op && op->params && op->params[i].name; i++)
    value[i] = value_for(module, op->params[i].name);
  out[0] = peri_apply(ctx, op, in, nin, value, module->base, NULL);
  return out[0] ? 1 : (int)peri_error(ctx);
}

#define LAYER(Name, params, doc)
#define CONTAINER(Name, doc)
#define OP_LAYER(Name, op, params, doc) \
  static int run_##Name(peri_module *module, peri_tensor *const *in, int nin, \
                        peri_tensor **out, int room) { \
    (void)room; \
    return run_op(module, #op, in, nin, out); \
  }
#include "layers.def"
#undef LAYER
#undef CONTAINER
#undef OP_LAYER

#define LAYER(Name, parameters, text) \
  {.name = #Name, \
   .params = {parameters{0}}, \
   .init = peri__##Name##_init, \
   .forward = peri__##Name##_forward, \
   .doc = text},
#define CONTAINER(Name, text) \
  {.name = #Name, \
   .container = true, \
   .forward = peri__##Name##_forward, \
   .doc = text},
#define OP_LAYER(Name, op, parameters, text) \
  {.name = #Name, \
   .params = {parameters{0}}, \
   .forward = run_##Name, \
   .doc = text},
#define ACTIVATION(Name, op, text) \
  {.name = #Name, .activation = #op, .forward = run_##Name, .doc = text},
static const peri_layer layers[] = {
#include "layers.def"
};

#define LAYERS ((int)(sizeof layers / sizeof *layers))

const peri_layer *peri_layer_at(int index) {
  return index >= 0 && index < LAYERS ? &layers[index] : NULL;
}

const peri_layer *peri_layer_named(const char *name) {
  for (int i = 0; name && i < LAYERS; i++)
    if (strcmp(layers[i].name, name) == 0) return &layers[i];
  return NULL;
}
