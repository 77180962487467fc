/* forward_spec.c - modules that run: scopes, training, positions, the path in
   errors. What a layer computes is compared in the Lua specs. */
#include <math.h>

#include "model_check.h"

static void passes_training_and_grads_down(void) {
  peri_module *all = model();
  peri_slot slot;
  peri_scope scope = peri_scope_open(ctx);
  CHECK(peri_module_training(all));
  CHECK(peri_module_train(all, false) == 0);
  peri_module_slot(all, 2, &slot);
  CHECK(!peri_module_training(all) && !peri_module_training(slot.child));
  CHECK(peri_backward(peri_sum(peri_forward(all, matrix(5, 4)), NULL)) == 0);
  peri_module_slot(slot.child, 0, &slot);
  CHECK(peri_grad(slot.tensor) != NULL);
  CHECK(peri_module_zero_grad(all) == 0 && !peri_grad(slot.tensor));
  peri_scope_close(scope);
  peri_module_free(all);
}

static void keeps_only_outputs(void) {
  peri_module *all = model();
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = matrix(5, 4);
  peri_set_grad_enabled(ctx, false);
  size_t before = peri_memory_stats(ctx).live_tensors;
  peri_tensor *y = peri_forward(all, x);
  CHECK(y && y->shape[0] == 5 && y->shape[1] == 2);
  CHECK(peri_memory_stats(ctx).live_tensors == before + 1);
  peri_set_grad_enabled(ctx, true);
  peri_scope_close(scope);
  peri_module_free(all);
}

/* Keeps what it returns in 'user'. */
static int keep_output(void *user, peri_module *module, peri_tensor *const *in,
                       int nin, peri_tensor **out, int room) {
  (void)module;
  if (nin != 1 || room < 1) return PERI_ECALLBACK;
  out[0] = peri_neg(in[0]);
  *(peri_tensor **)user = peri_keep(out[0]);
  return 1;
}

static void leaves_kept_activations_alone(void) {
  peri_tensor *kept = NULL;
  peri_class type = {.name = "Tap", .forward = keep_output, .user = &kept};
  peri_module *parts[] = {peri_module_custom(ctx, &type), peri_relu_new(ctx)};
  peri_module *all = peri_sequential_new(ctx, parts, 2);
  peri_scope scope = peri_scope_open(ctx);
  CHECK(peri_forward(all, matrix(1, 1)) != NULL);
  peri_scope_close(scope);
  CHECK(peri_memory_stats(ctx).live_tensors == 1);
  CHECK(fabs(peri_item(kept) + 1) < 1e-6);
  peri_release(kept);
  peri_module_free(parts[0]);
  peri_module_free(parts[1]);
  peri_module_free(all);
}

static void follows_training_in_dropout(void) {
  peri_dropout_layer_options options = peri_dropout_layer_defaults();
  options.p = 1;
  peri_module *dropout = peri_dropout_new(ctx, &options);
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = matrix(2, 2);
  CHECK(!(peri_item(peri_sum(peri_forward(dropout, x), NULL)) > 0));
  peri_module_train(dropout, false);
  CHECK(peri_item(peri_sum(peri_forward(dropout, x), NULL)) > 3.5);
  peri_scope_close(scope);
  peri_module_free(dropout);
}

static void runs_empty_and_nested_sequentials(void) {
  peri_module *empty = peri_sequential_new(ctx, NULL, 0);
  peri_module *outer = peri_sequential_new(ctx, &empty, 1);
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = matrix(2, 2);
  CHECK(peri_forward(outer, x) == x);
  peri_scope_close(scope);
  peri_module *none = NULL;
  CHECK(!peri_sequential_new(ctx, &none, 1));
  CHECK(failed_with(PERI_EARG, "nn.Sequential: one of the modules is missing"));
  peri_module_free(outer);
  peri_module_free(empty);
}

static void counts_positions_from_its_base(void) {
  const peri_layer *row = peri_layer_named("Flatten");
  peri_module *flatten = peri_module_new(ctx, row, NULL, 1, NULL, 0);
  peri_scope scope = peri_scope_open(ctx);
  const int64_t shape[] = {2, 3, 4};
  peri_tensor *y = peri_forward(flatten, peri_ones(ctx, shape, 3, NULL));
  CHECK(peri_module_values(flatten)[0].i == 2);
  CHECK(y && y->ndim == 2 && y->shape[0] == 2 && y->shape[1] == 12);
  char text[64];
  peri_module_text(flatten, text, sizeof text);
  CHECK_TEXT(text, "nn.Flatten()");
  peri_scope_close(scope);
  peri_module_free(flatten);
}

static void says_where_it_failed(void) {
  counter count = {0};
  peri_module *top = block(&count), *inner = block(&count);
  peri_module *fc = peri_linear_new(ctx, 4, 2, NULL);
  peri_module_set(top, "inner", PERI_CHILD, NULL, inner);
  peri_module_set(inner, "fc", PERI_CHILD, NULL, fc);
  peri_scope scope = peri_scope_open(ctx);
  CHECK(!peri_forward(top, matrix(5, 3)));
  CHECK(failed_with(PERI_ESHAPE,
                    "linear: x has 3 features (shape [5, 3]), the layer "
                    "expects 4 (nn.Linear \"inner.fc\")"));
  CHECK(ctx->running_count == 0);
  CHECK(!peri_forward(fc, matrix(5, 3)));
  CHECK(strstr(peri_error_text(ctx), " (nn.Linear)") != NULL);
  peri_clear_error(ctx);
  count.fail = true;
  CHECK(!peri_forward(inner, matrix(5, 4)));
  CHECK(failed_with(PERI_ECALLBACK, "forward failed with status -11 (Block)"));
  CHECK(!peri_forward(NULL, matrix(5, 4)));
  CHECK(failed_with(PERI_EARG, "forward: module is NULL"));
  peri_scope_close(scope);
  peri_module_free(fc);
  peri_module_free(inner);
  peri_module_free(top);
}

/* Calls itself without end. */
static int call_itself(void *user, peri_module *module, peri_tensor *const *in,
                       int nin, peri_tensor **out, int room) {
  (void)user;
  return peri_module_forward(module, in, nin, out, room);
}

static void bounds_the_running_depth(void) {
  peri_class type = {.name = "Mirror", .forward = call_itself};
  peri_module *mirror = peri_module_custom(ctx, &type);
  peri_scope scope = peri_scope_open(ctx);
  CHECK(!peri_forward(mirror, matrix(1, 1)));
  CHECK(failed_with(PERI_EARG, "modules nest deeper than 200 (Mirror)"));
  peri_scope_close(scope);
  peri_module_free(mirror);
}

static void enters_and_leaves_by_hand(void) {
  counter count = {0};
  char text[64];
  peri_module *top = block(&count), *fc = peri_tanh_new(ctx);
  peri_module_set(top, "act", PERI_CHILD, NULL, fc);
  CHECK(!peri_module_path(ctx, text, sizeof text));
  int outer = peri_module_enter(top), inner = peri_module_enter(fc);
  CHECK(outer == 0 && inner == 1);
  CHECK(peri_module_path(ctx, text, sizeof text));
  CHECK_TEXT(text, "nn.Tanh \"act\"");
  peri_module_leave(ctx, outer);
  CHECK(ctx->running_count == 0);
  peri_module_free(fc);
  peri_module_free(top);
}

int main(void) {
  ctx = peri_context_new(NULL, NULL);
  passes_training_and_grads_down();
  keeps_only_outputs();
  leaves_kept_activations_alone();
  follows_training_in_dropout();
  runs_empty_and_nested_sequentials();
  counts_positions_from_its_base();
  says_where_it_failed();
  bounds_the_running_depth();
  enters_and_leaves_by_hand();
  CHECK(peri_memory_stats(ctx).live_tensors == 0);
  peri_context_free(ctx);
  return check_done("forward");
}
