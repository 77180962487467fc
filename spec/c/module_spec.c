/* module_spec.c - modules as a tree: rows, slots, shares, walk, printing. */
#include "model_check.h"

/* The paths of everything below 'module', "fc fc.weight fc.bias ". */
static const char *paths(const peri_module *module) {
  static char all[512];
  char path[64];
  peri_slot slot;
  all[0] = '\0';
  for (int i = 0; peri_module_walk(module, i, &slot, path, sizeof path); i++) {
    strcat(all, path);
    strcat(all, " ");
  }
  return all;
}

static void looks_rows_up(void) {
  int count = 0;
  while (peri_layer_at(count)) count++;
  CHECK(count >= 9);
  CHECK(!peri_layer_at(-1));
  CHECK(strcmp(peri_layer_named("Linear")->name, "Linear") == 0);
  CHECK(!peri_layer_named("Nothing") && !peri_layer_named(NULL));
  CHECK(!peri_module_new(ctx, NULL, NULL, 0, NULL, 0));
  CHECK(failed_with(PERI_EARG, "module: no such layer"));
}

static void makes_linear_parameters(void) {
  peri_module *fc = peri_linear_new(ctx, 100, 50, NULL);
  peri_slot weight, bias;
  CHECK(peri_module_slot(fc, 0, &weight) && peri_module_slot(fc, 1, &bias));
  CHECK(strcmp(weight.name, "weight") == 0 && strcmp(bias.name, "bias") == 0);
  CHECK(weight.tensor->ndim == 2 && weight.tensor->shape[0] == 50 &&
        weight.tensor->shape[1] == 100);
  CHECK(peri_requires_grad(weight.tensor) && peri_is_leaf(weight.tensor));
  const float *w = peri_tensor_data(weight.tensor);
  float low = 0, high = 0;
  for (int i = 0; i < 5000; i++) {
    low = w[i] < low ? w[i] : low;
    high = w[i] > high ? w[i] : high;
  }
  CHECK(low >= -0.1F && low < -0.099F && high <= 0.1F && high > 0.099F);
  peri_module_free(fc);
  peri_linear_layer_options options = peri_linear_layer_defaults();
  options.bias = false;
  options.dtype = PERI_F64;
  fc = peri_linear_new(ctx, 2, 1, &options);
  CHECK(strcmp(paths(fc), "weight ") == 0);
  CHECK(peri_module_slot(fc, 0, &weight) && weight.tensor->dtype == PERI_F64);
  peri_module_free(fc);
  CHECK(!peri_linear_new(ctx, 0, 1, NULL));
  CHECK(failed_with(PERI_EARG,
                    "nn.Linear: in_features must be at least 1, got 0"));
}

static void names_and_walks(void) {
  peri_module *all = model();
  CHECK_TEXT(paths(all), "0 0.weight 0.bias 1 2 2.weight 2.bias ");
  char path[4];
  peri_slot slot;
  CHECK(!peri_module_walk(all, 1, &slot, path, sizeof path));
  CHECK(failed_with(PERI_EARG, "module: a path is longer than 3 bytes"));
  peri_module_free(all);
}

static void walks_shared_things_once(void) {
  counter count = {0};
  peri_module *top = block(&count), *a = peri_linear_new(ctx, 2, 2, NULL);
  peri_module *b = peri_linear_new(ctx, 2, 2, NULL);
  peri_slot weight;
  peri_module_slot(a, 0, &weight);
  CHECK(peri_module_set(b, "weight", PERI_PARAMETER, weight.tensor, NULL) == 0);
  peri_module_set(top, "a", PERI_CHILD, NULL, a);
  peri_module_set(top, "b", PERI_CHILD, NULL, b);
  peri_module_set(top, "again", PERI_CHILD, NULL, a);
  CHECK_TEXT(paths(top), "a a.weight a.bias b b.bias ");
  peri_module_free(a);
  peri_module_free(b);
  peri_module_free(top);
  CHECK(count.frees == 1);
}

static void sets_replaces_and_removes(void) {
  counter count = {0};
  peri_module *top = block(&count);
  peri_scope scope = peri_scope_open(ctx);
  peri_module_set(top, "a", PERI_PARAMETER, matrix(1, 1), NULL);
  peri_module_set(top, "b", PERI_BUFFER, matrix(1, 2), NULL);
  peri_module_set(top, "c", PERI_PARAMETER, matrix(1, 3), NULL);
  peri_module_set(top, "a", PERI_BUFFER, matrix(1, 4), NULL);
  peri_scope_close(scope);
  peri_slot slot;
  CHECK_TEXT(paths(top), "a b c ");
  CHECK(peri_module_slot(top, 0, &slot) && slot.kind == PERI_BUFFER &&
        slot.tensor->shape[1] == 4);
  CHECK(peri_module_set(top, "b", PERI_BUFFER, NULL, NULL) == 0);
  CHECK(peri_module_set(top, "never", PERI_CHILD, NULL, NULL) == 0);
  CHECK_TEXT(paths(top), "a c ");
  CHECK(!peri_module_slot(top, 2, &slot) && !peri_module_slot(top, -1, &slot));
  peri_module_free(top);
}

static void refuses_wrong_slots(void) {
  counter count = {0};
  peri_module *top = block(&count), *child = block(&count);
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = matrix(1, 1);
  CHECK(peri_module_set(top, "a.b", PERI_BUFFER, x, NULL) == PERI_EARG);
  CHECK(failed_with(PERI_EARG,
                    "module: a name is not empty and has no dot, "
                    "got \"a.b\""));
  CHECK(peri_module_set(top, "", PERI_BUFFER, x, NULL) == PERI_EARG);
  peri_clear_error(ctx);
  CHECK(peri_module_set(top, "a", PERI_CHILD, x, NULL) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, "module: \"a\" has the wrong kind"));
  peri_set_requires_grad(x, true);
  CHECK(peri_module_set(top, "a", PERI_PARAMETER, peri_neg(x), NULL) ==
        PERI_EGRAD);
  CHECK(failed_with(PERI_EGRAD,
                    "module: parameter \"a\" was made by an "
                    "operation, detach it first"));
  peri_scope_close(scope);
  peri_module_set(top, "child", PERI_CHILD, NULL, child);
  CHECK(peri_module_set(child, "up", PERI_CHILD, NULL, top) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, "module: Block would contain itself"));
  CHECK(peri_module_set(top, "me", PERI_CHILD, NULL, top) == PERI_EARG);
  peri_clear_error(ctx);
  peri_module_free(child);
  peri_module_free(top);
  CHECK(count.frees == 2);
}

/* Hang modules below each other, from the top or from the bottom. */
static int depth_reached(bool from_top) {
  counter count = {0};
  peri_module *first = block(&count), *last = first;
  peri_module_keep(first);
  int depth = 0;
  while (depth < 1000) {
    peri_module *next = block(&count);
    int status = from_top ? peri_module_set(last, "x", PERI_CHILD, NULL, next)
                          : peri_module_set(next, "x", PERI_CHILD, NULL, last);
    if (status == 0) depth++;
    peri_module_free(from_top || status < 0 ? next : last);
    if (status < 0) break;
    last = next;
  }
  CHECK(failed_with(PERI_EARG, "module: nested deeper than 200"));
  if (!from_top) peri_module_free(last);
  if (from_top) peri_module_free(first);
  peri_module_free(first);
  CHECK(ctx->modules == NULL);
  return depth;
}

static void bounds_the_depth(void) {
  CHECK(depth_reached(true) == 200);
  CHECK(depth_reached(false) == 200);
}

static void prints_itself(void) {
  counter count = {0};
  peri_dropout_layer_options dropout = peri_dropout_layer_defaults();
  dropout.p = 0.2;
  peri_linear_layer_options linear = peri_linear_layer_defaults();
  linear.bias = false;
  peri_module *parts[] = {peri_linear_new(ctx, 784, 256, NULL),
                          peri_dropout_new(ctx, &dropout), block(&count),
                          peri_sequential_new(ctx, NULL, 0)};
  peri_module_set(parts[2], "fc", PERI_CHILD, NULL,
                  peri_linear_new(ctx, 3, 3, &linear));
  peri_module *all = peri_sequential_new(ctx, parts, 4);
  char text[512], shorter[10];
  size_t length = peri_module_text(all, text, sizeof text);
  CHECK_TEXT(text,
             "nn.Sequential(\n"
             "  (0): nn.Linear(784 -> 256)\n"
             "  (1): nn.Dropout(p=0.2)\n"
             "  (2): Block(\n"
             "    (fc): nn.Linear(3 -> 3, bias=false)\n"
             "  )\n"
             "  (3): nn.Sequential()\n"
             ")");
  CHECK(length == strlen(text));
  CHECK(peri_module_text(all, shorter, sizeof shorter) == length);
  CHECK_TEXT(shorter, "nn.Sequen");
  CHECK(peri_module_text(all, NULL, 0) == length);
}

static void frees_what_the_host_forgot(void) {
  counter count = {0};
  peri_context *own = peri_context_new(NULL, NULL), *outer = ctx;
  ctx = own;
  peri_module *top = block(&count);
  peri_module_set(top, "inner", PERI_CHILD, NULL, block(&count));
  peri_context_free(own);
  ctx = outer;
  CHECK(count.frees == 2);
}

int main(void) {
  ctx = peri_context_new(NULL, NULL);
  looks_rows_up();
  makes_linear_parameters();
  names_and_walks();
  walks_shared_things_once();
  sets_replaces_and_removes();
  refuses_wrong_slots();
  bounds_the_depth();
  CHECK(peri_memory_stats(ctx).live_tensors == 0);
  prints_itself();
  frees_what_the_host_forgot();
  peri_context_free(ctx);
  return check_done("module");
}
