/* alloc_spec.c - every request for memory fails once, and from then on for
   ever, in every operation, layer, optimizer and in a short training: an
   error comes back or the right result, nothing leaks, and the context
   computes a known result afterwards.

   Layers, optimizers and the training are driven from C here, the operations
   through a VM by alloc_calls.lua, which also lets Lua's own requests fail.
   With PERIGEE_QUICK set not every N is tried. */
#include <math.h>

#include "check.h"
#include "fault.h"

/* Work whose requests fail: returns a number that is the same in every run.
   Errors stay in the context; what it made is gone when it returns. */
typedef double (*scenario)(peri_context *ctx, const void *what);

static long points; /* failures tried */

static bool quick(void) { return getenv("PERIGEE_QUICK") != NULL; }

/* A tensor of 'count' numbers 0.1, 0.2, ... with 'columns' in a row. */
static peri_tensor *ramp(peri_context *ctx, int count, int columns) {
  double data[64];
  for (int i = 0; i < count; i++) data[i] = 0.1 * (i + 1);
  return peri_tensor_new(ctx, data, (int64_t[]){count / columns, columns}, 2,
                         PERI_F64);
}

static peri_tensor *leaf(peri_context *ctx, int count, int columns) {
  peri_tensor *x = ramp(ctx, count, columns);
  peri_set_requires_grad(x, true);
  return x;
}

/* The known result: 2 (0.1 + 0.2 + 0.3 + 0.4). */
static bool computes(peri_context *ctx) {
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = leaf(ctx, 4, 2);
  double sum = peri_item(peri_sum(peri_add(x, x), NULL));
  peri_scope_close(scope);
  return peri_error(ctx) == PERI_OK && fabs(sum - 2) < 1e-12;
}

/* One run with request 'n' failing. -> false when none was left to fail */
static bool try_one(fault *f, peri_context *ctx, scenario run, const void *what,
                    long n, bool forever, double want, bool *ok) {
  size_t tensors = peri_memory_stats(ctx).live_tensors;
  size_t bytes = peri_memory_stats(ctx).live_bytes;
  fault_arm(f, FAULT_CORE, n, forever);
  double got = run(ctx, what);
  bool hit = f->hit;
  fault_arm(f, FAULT_CORE, 0, false);
  peri_status status = peri_error(ctx);
  peri_clear_error(ctx);
  *ok = *ok && (status == PERI_ENOMEM || (status == PERI_OK && got == want));
  *ok = *ok && (hit || status == PERI_OK);
  *ok = *ok && peri_memory_stats(ctx).live_tensors == tensors;
  *ok = *ok && peri_memory_stats(ctx).live_bytes == bytes;
  *ok = *ok && computes(ctx);
  points += hit;
  return hit;
}

/* All N, once and for ever. 'name' is said when something is wrong. */
static void sweep(const char *name, scenario run, const void *what) {
  fault f = {0};
  peri_options options = fault_options(&f);
  peri_context *ctx = peri_context_new(&options, NULL);
  double want = run(ctx, what);
  bool ok = peri_error(ctx) == PERI_OK && computes(ctx);
  if (!ok) printf("%s: %s\n", name, peri_error_text(ctx));
  for (int forever = 0; ok && forever < 2; forever++) {
    long n = 1, stride = quick() ? 3 : 1;
    while (try_one(&f, ctx, run, what, n, forever, want, &ok) && ok)
      n += stride;
    if (!ok) printf("%s: request %ld, forever %d\n", name, n, forever);
  }
  CHECK(ok);
  peri_context_free(ctx);
  if (!CHECK(f.blocks == 0 && f.bytes == 0))
    printf("%s: %ld blocks are left\n", name, f.blocks);
}

/* ---- Scenarios -------------------------------------------------------- */

/* A context that fails to be made leaves nothing. */
static void opening(void) {
  bool ok = true, hit = true;
  for (long n = 1; hit && ok; n++) {
    fault f = {0};
    peri_options options = fault_options(&f);
    const char *why = NULL;
    fault_arm(&f, FAULT_CORE, n, true);
    peri_context *ctx = peri_context_new(&options, &why);
    hit = f.hit;
    fault_arm(&f, FAULT_CORE, 0, false);
    ok = ctx ? computes(ctx) : hit && why != NULL;
    peri_context_free(ctx);
    ok = ok && f.blocks == 0;
    points += hit;
  }
  CHECK(ok);
}

/* 3 for whatever whole number a layer must be told. */
static void fill_required(const peri_param *params, peri_value *value) {
  for (int i = 0; params[i].name; i++) {
    value[i] = (peri_value){.type = PERI_P_END};
    if (params[i].need == PERI_REQUIRED && params[i].type == PERI_P_INT)
      value[i] = (peri_value){.type = PERI_P_INT, .whole = true, .i = 3};
  }
}

static peri_module *make_layer(peri_context *ctx, const peri_layer *layer) {
  peri_value value[PERI_MAX_PARAMS];
  peri_module *child = NULL;
  fill_required(layer->params, value);
  if (layer->container) child = make_layer(ctx, peri_layer_named("Linear"));
  peri_module *module =
      peri_module_new(ctx, layer, value, 0, &child, layer->container);
  peri_module_free(child);
  return module;
}

/* Forward and backward of one layer. */
static double run_layer(peri_context *ctx, const void *what) {
  peri_scope scope = peri_scope_open(ctx);
  peri_manual_seed(ctx, 1);
  peri_module *module = make_layer(ctx, what);
  peri_tensor *x = peri_to(leaf(ctx, 6, 3), PERI_F32);
  peri_tensor *loss = peri_sum(peri_forward(module, x), NULL);
  peri_backward(loss);
  double result = peri_item(loss);
  peri_module_free(module);
  peri_scope_close(scope);
  return result;
}

/* Two steps of one optimizer with its defaults. */
static double run_optimizer(peri_context *ctx, const void *what) {
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *p[] = {leaf(ctx, 6, 3), leaf(ctx, 4, 2)};
  peri_optimizer *opt = peri_optimizer_new(ctx, what, p, 2, NULL);
  for (int step = 0; step < 2; step++) {
    peri_zero_grad(opt);
    peri_backward(peri_sum(
        peri_add(peri_sum(peri_mul(p[0], p[0]), NULL), peri_sum(p[1], NULL)),
        NULL));
    peri_step(opt);
  }
  double result = peri_item(peri_sum(p[0], NULL));
  peri_optimizer_free(opt);
  peri_scope_close(scope);
  return result;
}

static peri_module *make_model(peri_context *ctx) {
  peri_module *parts[] = {peri_linear_new(ctx, 2, 4, NULL), peri_tanh_new(ctx),
                          peri_linear_new(ctx, 4, 3, NULL)};
  peri_module *model = peri_sequential_new(ctx, parts, 3);
  for (int i = 0; i < 3; i++) peri_module_free(parts[i]);
  return model;
}

static peri_optimizer *make_optimizer(peri_context *ctx, peri_module *model,
                                      const char *name) {
  peri_tensor *parameters[8];
  peri_slot slot;
  char path[64];
  int count = 0;
  for (int i = 0; peri_module_walk(model, i, &slot, path, sizeof path); i++)
    if (slot.kind == PERI_PARAMETER) parameters[count++] = slot.tensor;
  return peri_optimizer_new(ctx, peri_optim_named(name), parameters, count,
                            NULL);
}

static peri_loader *make_loader(peri_context *ctx, peri_dataset **set) {
  static const int64_t classes[6] = {0, 1, 2, 0, 1, 2};
  peri_tensor *tensors[] = {
      peri_to(ramp(ctx, 12, 2), PERI_F32),
      peri_tensor_new(ctx, classes, (int64_t[]){6}, 1, PERI_I64)};
  peri_loader_options options = {.batch_size = 3, .shuffle = true};
  *set = peri_dataset_new(ctx, tensors, 2);
  return peri_loader_new(*set, &options);
}

/* One epoch of training, the way an embedder writes it. */
static double train(peri_context *ctx, peri_module *model, peri_optimizer *opt,
                    peri_loader *loader) {
  double loss = 0;
  peri_tensor *batch[2];
  peri_loader_start(loader, 0);
  for (int more = 1; more > 0;) {
    peri_scope step = peri_scope_open(ctx);
    more = peri_loader_next(loader, batch, 2);
    if (more > 0) {
      peri_tensor *y = peri_cross_entropy(peri_forward(model, batch[0]),
                                          batch[1], NULL, NULL);
      peri_zero_grad(opt);
      if (peri_backward(y) == 0 && peri_step(opt) == 0) loss += peri_item(y);
    }
    peri_scope_close(step);
  }
  return loss;
}

static double run_training(peri_context *ctx, const void *what) {
  peri_dataset *set = NULL;
  peri_scope scope = peri_scope_open(ctx);
  peri_manual_seed(ctx, 5);
  peri_loader *loader = make_loader(ctx, &set);
  peri_module *model = make_model(ctx);
  peri_optimizer *opt = NULL;
  if (model) opt = make_optimizer(ctx, model, what);
  double loss = opt && loader ? train(ctx, model, opt, loader) : 0;
  peri_optimizer_free(opt);
  peri_module_free(model);
  peri_loader_free(loader);
  peri_dataset_free(set);
  peri_scope_close(scope);
  return loss;
}

/* A recording of a gradient, run twice. */
static double run_recording(peri_context *ctx, const void *what) {
  (void)what;
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = leaf(ctx, 4, 2), *grad = NULL;
  peri_recording *recording = peri_record(ctx);
  peri_tensor *y = peri_sum(peri_exp(x), NULL);
  peri_gradients(&y, 1, &x, 1, NULL, &grad);
  peri_record_stop(recording);
  peri_replay(recording);
  double result = grad ? peri_item(peri_sum(grad, NULL)) : 0;
  peri_recording_free(recording);
  peri_scope_close(scope);
  return result;
}

/* Reading a set of drawn digits. */
static double run_digits(peri_context *ctx, const void *what) {
  (void)what;
  peri_made made[2] = {{0}};
  peri_scope scope = peri_scope_open(ctx);
  int count = peri_read_digits(ctx, 3, NULL, made, 2);
  double size = count > 0 ? (double)peri_dataset_size(made[0].dataset) : 0;
  peri_dataset_free(made[0].dataset);
  peri_scope_close(scope);
  return size;
}

/* ---- The operations, through a VM ------------------------------------- */

/* Run a string that is expected to, and say what it says if it does not. */
static bool succeeds(peri_vm *vm, const char *code) {
  if (peri_vm_run_string(vm, code, code) == 0) return true;
  printf("%s\n", peri_vm_error(vm));
  return false;
}

/* Run the call of sample 'at' with request 'n' of 'watched' failing. */
static bool try_sample(fault *f, peri_vm *vm, size_t watched, long n,
                       bool forever, bool *ok) {
  fault_arm(f, watched, n, forever);
  int status = peri_vm_run_string(vm, "run()", "run");
  bool hit = f->hit;
  fault_arm(f, watched, 0, false);
  bool memory = status < 0 && strstr(peri_vm_error(vm), "memory") != NULL;
  if (status < 0 && !memory) printf("%s\n", peri_vm_error(vm));
  *ok = *ok && (memory || status == 0) && (hit || status == 0);
  *ok = *ok && (memory || succeeds(vm, "compare()"));
  *ok = *ok && succeeds(vm, "canary()");
  points += hit;
  return hit;
}

static void sweep_sample(fault *f, peri_vm *vm, size_t watched, long stride) {
  bool ok = true;
  for (int forever = 0; ok && forever < 2; forever++) {
    long n = 1;
    while (try_sample(f, vm, watched, n, forever, &ok) && ok) n += stride;
    if (!ok) printf("request %ld, forever %d\n", n, forever);
  }
  ok = succeeds(vm, "leaks()") && ok;
  if (!CHECK(ok)) succeeds(vm, "tell()");
}

/* The samples of every operation with requests of 'watched' failing. */
static void sweep_operations(size_t watched, long stride) {
  fault f = {0};
  peri_vm_options options = {.context = fault_options(&f)};
  peri_vm *vm = peri_vm_open(&options, NULL);
  if (CHECK(succeeds(vm, "dofile 'spec/c/alloc_calls.lua'")))
    while (peri_vm_run_string(vm, "assert(advance())", "advance") == 0)
      sweep_sample(&f, vm, watched, stride);
  peri_vm_close(vm);
  if (!CHECK(f.blocks == 0)) printf("%ld blocks are left\n", f.blocks);
}

int main(void) {
  opening();
  for (int i = 0; peri_layer_at(i); i++)
    sweep(peri_layer_at(i)->name, run_layer, peri_layer_at(i));
  for (int i = 0; peri_optim_at(i); i++) {
    sweep(peri_optim_at(i)->name, run_optimizer, peri_optim_at(i));
    sweep("training", run_training, peri_optim_at(i)->name);
  }
  sweep("recording", run_recording, NULL);
  sweep("digits", run_digits, NULL);
  sweep_operations(FAULT_CORE, quick() ? 3 : 1);
  sweep_operations(FAULT_LUA, quick() ? 13 : 1);
  printf("%ld requests failed\n", points);
  return check_done("failing allocations");
}
