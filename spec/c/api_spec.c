/* api_spec.c - what perigee.h promises to a C program: errors, NULLs, scopes,
   wrapped buffers, limits, reading. Threads are threads_spec's. */
#include <fenv.h>
#include <math.h>

#include "check.h"
#include "fault.h"

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

static peri_context *open(void) { return peri_context_new(NULL, NULL); }

static peri_tensor *matrix(peri_context *ctx, int64_t rows, int64_t columns) {
  return peri_tensor_new(ctx, numbers, (int64_t[]){rows, columns}, 2, PERI_F32);
}

static double total(peri_tensor *x) { return peri_item(peri_sum(x, NULL)); }

static bool says(peri_context *ctx, const char *text) {
  bool found = strstr(peri_error_text(ctx), text) != NULL;
  if (!found) printf("the text is: %s\n", peri_error_text(ctx));
  return found;
}

/* ---- Errors ----------------------------------------------------------- */

static void sticky_error(void) {
  peri_context *ctx = open();
  peri_tensor *x = matrix(ctx, 2, 3);
  CHECK(peri_error(ctx) == PERI_OK && peri_error_text(ctx)[0] == '\0');
  CHECK(peri_exp(peri_matmul(x, x)) == NULL);
  CHECK(peri_error(ctx) == PERI_ESHAPE);
  CHECK(says(ctx, "matmul") && says(ctx, "[2, 3]"));
  CHECK(matrix(ctx, 1, 1) == NULL);
  CHECK(peri_manual_seed(ctx, 1) == PERI_ESHAPE);
  CHECK(peri_fail(ctx, PERI_EARG, "a second one") < 0);
  CHECK(says(ctx, "matmul"));
  peri_clear_error(ctx);
  CHECK(peri_error(ctx) == PERI_OK && peri_error_text(ctx)[0] == '\0');
  CHECK(total(x) == 21);
  CHECK(peri_fail(ctx, PERI_EIO, "%s %d", "number", 7) == PERI_EIO);
  CHECK_TEXT(peri_error_text(ctx), "number 7");
  CHECK_TEXT(peri_status_text(PERI_EIO), "input or output failed");
  peri_context_free(ctx);
}

static void nulls(void) {
  peri_context *ctx = open();
  peri_tensor *x = matrix(ctx, 2, 3);
  CHECK(peri_add(x, NULL) == NULL && peri_error(ctx) == PERI_EARG);
  CHECK(says(ctx, "add") && says(ctx, "missing"));
  peri_clear_error(ctx);
  CHECK(peri_linear(x, matrix(ctx, 2, 3), NULL) != NULL);
  CHECK(peri_exp(NULL) == NULL);
  CHECK(peri_backward(NULL) < 0 && peri_step(NULL) < 0);
  CHECK(peri_forward(NULL, x) == NULL);
  peri_clear_error(ctx);
  peri_release(NULL);
  peri_module_free(NULL);
  peri_optimizer_free(NULL);
  peri_dataset_free(NULL);
  peri_loader_free(NULL);
  peri_recording_free(NULL);
  peri_context_free(NULL);
  peri_vm_close(NULL);
  CHECK(total(x) == 21);
  peri_context_free(ctx);
}

static void *half_a_pair(void *user, size_t bytes, size_t alignment) {
  (void)user;
  return aligned_alloc(alignment, bytes);
}

static void options(void) {
  const char *why = NULL;
  peri_options wrong = {.isa = "abacus"};
  CHECK(peri_context_new(&wrong, &why) == NULL && why && why[0]);
  wrong = (peri_options){.alloc = half_a_pair};
  why = NULL;
  CHECK(peri_context_new(&wrong, &why) == NULL && why && why[0]);
  peri_options plain = {.isa = "plain", .threads = 3, .seed = 9};
  peri_context *ctx = peri_context_new(&plain, NULL);
  CHECK_TEXT(peri_isa(ctx), "plain");
  CHECK(peri_threads(ctx) == 3);
  peri_context_free(ctx);
}

static void foreign_tensors(void) {
  peri_context *a = open(), *b = open();
  peri_tensor *x = matrix(a, 2, 3), *y = matrix(b, 2, 3);
  CHECK(peri_add(x, y) == NULL && peri_error(a) == PERI_EARG);
  CHECK(says(a, "context"));
  CHECK(peri_error(b) == PERI_OK && total(y) == 21);
  peri_context_free(a);
  CHECK(total(y) == 21);
  peri_context_free(b);
}

/* ---- Scopes and memory ------------------------------------------------ */

static size_t live(peri_context *ctx) {
  return peri_memory_stats(ctx).live_tensors;
}

static void scopes(void) {
  peri_context *ctx = open();
  size_t before = live(ctx);
  peri_scope outer = peri_scope_open(ctx);
  peri_tensor *x = matrix(ctx, 2, 3);
  peri_scope inner = peri_scope_open(ctx);
  peri_tensor *kept = peri_keep(peri_exp(x));
  peri_release(peri_exp(x));
  CHECK(live(ctx) == before + 2);
  peri_exp(x);
  peri_scope_close(inner);
  CHECK(live(ctx) == before + 2);
  peri_scope_open(ctx);
  peri_exp(kept);
  peri_scope_close(outer);
  CHECK(live(ctx) == before + 1);
  CHECK(fabsf(*(float *)peri_tensor_data(kept) - expf(1)) < 1e-6F);
  peri_release(kept);
  CHECK(live(ctx) == before);
  peri_context_free(ctx);
}

static void scopes_close_with_an_error(void) {
  peri_context *ctx = open();
  size_t before = live(ctx);
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = matrix(ctx, 2, 3);
  peri_matmul(x, x);
  peri_scope_close(scope);
  CHECK(peri_error(ctx) == PERI_ESHAPE && live(ctx) == before);
  peri_context_free(ctx);
}

static void count_release(void *user, void *data) {
  (void)data;
  ++*(int *)user;
}

static void wrapped(void) {
  peri_context *ctx = open();
  float buffer[6] = {1, 2, 3, 4, 5, 6};
  int released = 0;
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x =
      peri_tensor_wrap(ctx, buffer, (int64_t[]){3, 2}, (int64_t[]){1, 3}, 2,
                       PERI_F32, count_release, &released);
  CHECK(peri_tensor_data(x) == buffer && !peri_tensor_is_contiguous(x));
  CHECK(peri_item(peri_select(peri_select(x, 0, 1), 0, 1)) == 5);
  peri_add_(x, peri_number(ctx, 1));
  CHECK(buffer[0] == 2 && buffer[5] == 7);
  peri_tensor *view = peri_keep(peri_select(x, 0, 0));
  peri_scope_close(scope);
  CHECK(released == 0 && total(view) == 7);
  peri_release(view);
  CHECK(released == 1);
  peri_tensor_wrap(ctx, buffer, (int64_t[]){6}, NULL, 1, PERI_F32,
                   count_release, &released);
  peri_context_free(ctx);
  CHECK(released == 2);
}

/* A recording keeps the buffer, whose owner hears of it with the context. */
static void wrapped_in_a_recording(void) {
  peri_context *ctx = open();
  float buffer[4] = {0};
  int released = 0;
  peri_recording *recording = peri_record(ctx);
  peri_scope scope = peri_scope_open(ctx);
  peri_exp(peri_tensor_wrap(ctx, buffer, (int64_t[]){4}, NULL, 1, PERI_F32,
                            count_release, &released));
  peri_scope_close(scope);
  CHECK(peri_record_stop(recording) == 0 && released == 0);
  peri_context_free(ctx);
  CHECK(released == 1);
}

/* Rows that overlap: a change of one element would be one of two. */
static void wrapped_over_itself(void) {
  peri_context *ctx = open();
  float buffer[3] = {1, 2, 3};
  const int64_t two[2] = {2, 2}, far[2] = {1, INT64_MAX};
  peri_tensor *x = peri_tensor_wrap(ctx, buffer, two, (int64_t[]){1, 1}, 2,
                                    PERI_F32, NULL, NULL);
  CHECK(total(x) == 1 + 2 + 2 + 3);
  CHECK(peri_add_(x, peri_number(ctx, 1)) == NULL);
  CHECK(peri_error(ctx) == PERI_EARG && says(ctx, "share memory"));
  CHECK(buffer[0] == 1 && buffer[1] == 2 && buffer[2] == 3);
  peri_clear_error(ctx);
  CHECK(!peri_tensor_wrap(ctx, buffer, two, far, 2, PERI_F32, NULL, NULL));
  CHECK(peri_error(ctx) == PERI_ESHAPE && says(ctx, "strides reach too far"));
  peri_context_free(ctx);
}

static void byte_limit(void) {
  peri_options limited = {.byte_limit = 4 << 20};
  peri_context *ctx = peri_context_new(&limited, NULL);
  bool refused = true, works = true;
  for (int i = 0; i < 10; i++) {
    peri_scope scope = peri_scope_open(ctx);
    refused = refused && peri_zeros(ctx, (int64_t[]){1 << 21}, 1, NULL) == NULL;
    refused = refused && peri_error(ctx) == PERI_ENOMEM;
    peri_clear_error(ctx);
    peri_tensor *x = peri_ones(ctx, (int64_t[]){1 << 18}, 1, NULL);
    works = works && total(peri_add(x, x)) == 1 << 19;
    peri_scope_close(scope);
  }
  CHECK(refused);
  CHECK(works);
  CHECK(peri_memory_stats(ctx).peak_bytes <= 4 << 20);
  peri_context_free(ctx);
}

/* A script under the limit: garbage is collected before a request fails, and
   one that cannot be met is an error that the loop survives. */
static void byte_limit_of_scripts(void) {
  peri_vm_options limited = {.context = {.byte_limit = 8 << 20}};
  peri_vm *vm = peri_vm_open(&limited, NULL);
  int status = peri_vm_run_string(
      vm,
      "local pg = require 'perigee'\n"
      "for i = 1, 100 do\n"
      "  local x = pg.ones { 1 << 17 }\n"
      "  local ok, message = pcall(pg.zeros, { 1 << 22 })\n"
      "  assert(not ok and message:find('out of memory', 1, true), message)\n"
      "  assert((x + x):sum():item() == 1 << 18)\n"
      "end",
      "limited");
  if (!CHECK(status == 0)) printf("%s\n", peri_vm_error(vm));
  peri_vm_close(vm);
}

static void steady_loop(void) {
  fault f = {0};
  peri_options with_cache = fault_options(&f);
  with_cache.no_cache = false;
  peri_context *ctx = peri_context_new(&with_cache, NULL);
  peri_tensor *x = matrix(ctx, 2, 3);
  size_t allocs = 0;
  peri_set_requires_grad(x, true);
  for (int i = 0; i < 30; i++) {
    if (i == 10) allocs = peri_memory_stats(ctx).host_allocs;
    peri_scope scope = peri_scope_open(ctx);
    peri_set_grad(x, NULL);
    peri_backward(peri_sum(peri_exp(peri_mul(x, x)), NULL));
    peri_scope_close(scope);
  }
  CHECK(peri_memory_stats(ctx).host_allocs == allocs);
  peri_memory_trim(ctx);
  CHECK(peri_memory_stats(ctx).cached_bytes == 0);
  peri_context_free(ctx);
  CHECK(f.blocks == 0 && f.bytes == 0);
}

/* ---- Tensors ---------------------------------------------------------- */

static void positions_from_zero(void) {
  peri_context *ctx = open();
  peri_tensor *x = matrix(ctx, 2, 3);
  const peri_index at[] = {
      {.kind = PERI_AT, .first = 1},
      {.kind = PERI_RANGE, .first = 0, .last = 2, .step = 2}};
  const int64_t classes[2] = {0, 2};
  peri_tensor *target =
      peri_tensor_new(ctx, classes, (int64_t[]){2}, 1, PERI_I64);
  CHECK(peri_item_whole(peri_argmax(x, NULL)) == 5);
  CHECK(total(peri_select(x, 1, -1)) == 9);
  CHECK(total(peri_at(x, at, 2)) == 10);
  CHECK(total(peri_at(x, at, 1)) == 15);
  CHECK(peri_set_at(x, at, 2, peri_number(ctx, 0)) == 0 && total(x) == 11);
  double loss =
      peri_item(peri_cross_entropy(matrix(ctx, 2, 3), target, NULL, NULL));
  double spread = log(exp(-2) + exp(-1) + 1); /* of three steps of one */
  CHECK(fabs(loss - (2 + spread + spread) / 2) < 1e-6);
  const peri_index out = {.kind = PERI_AT, .first = 2};
  CHECK(peri_at(x, &out, 1) == NULL && peri_error(ctx) == PERI_EINDEX);
  peri_context_free(ctx);
}

static void reading(void) {
  peri_context *ctx = open();
  peri_tensor *x = matrix(ctx, 2, 3);
  double out[6];
  char text[8];
  CHECK(peri_copy_out(peri_transpose(x, 0, 1), out, PERI_F64, sizeof out) == 0);
  CHECK(out[1] == 4 && out[2] == 2 && out[5] == 6);
  CHECK(peri_copy_out(x, out, PERI_F64, 5 * sizeof *out) == PERI_EARG);
  peri_clear_error(ctx);
  CHECK(peri_tensor_text(x, text, sizeof text) > sizeof text);
  CHECK(strlen(text) == sizeof text - 1);
  CHECK(isnan(peri_item(x)) || peri_error(ctx) == PERI_ESHAPE);
  peri_context_free(ctx);
}

static void second_order(void) {
  peri_context *ctx = open();
  peri_tensor *x = matrix(ctx, 1, 2), *dx, *ddx;
  peri_set_requires_grad(x, true);
  peri_tensor *y = peri_sum(peri_mul(x, peri_mul(x, x)), NULL);
  peri_grad_options again = {.create_graph = true};
  CHECK(peri_gradients(&y, 1, &x, 1, &again, &dx) == 0);
  CHECK(total(dx) == 15);
  y = peri_sum(dx, NULL);
  CHECK(peri_gradients(&y, 1, &x, 1, NULL, &ddx) == 0);
  CHECK(total(ddx) == 18);
  CHECK(peri_grad(x) == NULL);
  peri_context_free(ctx);
}

/* The host's rounding mode is neither used nor lost. */
static void floating_point_state(void) {
  peri_context *ctx = open();
  peri_tensor *third = peri_div(peri_number(ctx, 1), peri_number(ctx, 3));
  double nearest = peri_item(peri_add(third, third));
  fesetround(FE_UPWARD);
  peri_tensor *again = peri_div(peri_number(ctx, 1), peri_number(ctx, 3));
  double upward = peri_item(peri_add(again, again));
  int mode = fegetround();
  fesetround(FE_TONEAREST);
  CHECK(mode == FE_UPWARD);
  CHECK(memcmp(&nearest, &upward, sizeof nearest) == 0);
  peri_context_free(ctx);
}

static void keep_text(void *user, peri_log_level level, const char *text) {
  (void)level;
  snprintf(user, 200, "%s", text);
}

/* What a script warns of reaches the host's sink, not a stream. */
static void log_sink(void) {
  char text[200] = "";
  peri_vm_options logged = {.context = {.log = keep_text, .log_user = text}};
  peri_vm *vm = peri_vm_open(&logged, NULL);
  CHECK(peri_vm_run_string(vm, "warn('@on') warn('mind ', 'this')", "w") == 0);
  CHECK_TEXT(text, "mind this");
  peri_vm_close(vm);
}

/* What a failed call returned can be looked at. */
static void looks_at_null(void) {
  CHECK(peri_tensor_context(NULL) == NULL && !peri_tensor_shape(NULL));
  CHECK(peri_tensor_dtype(NULL) == PERI_DTYPE_NONE && !peri_is_leaf(NULL));
  CHECK(peri_tensor_ndim(NULL) == 0 && peri_tensor_numel(NULL) == 0);
  CHECK(!peri_tensor_strides(NULL) && peri_tensor_bytes(NULL) == 0);
  CHECK_TEXT(peri_tensor_device(NULL), "none");
  CHECK(!peri_tensor_is_contiguous(NULL) && !peri_tensor_data(NULL));
  CHECK(!peri_requires_grad(NULL) && !peri_grad(NULL));
  CHECK(!peri_module_context(NULL) && !peri_module_layer(NULL));
  CHECK(!peri_module_values(NULL) && !peri_module_training(NULL));
  CHECK(!peri_module_user(NULL));
  CHECK_TEXT(peri_module_type(NULL), "none");
  CHECK(!peri_optimizer_context(NULL) && !peri_optimizer_row(NULL));
  CHECK(peri_optimizer_value(NULL, 0).type == PERI_P_END);
  CHECK(!peri_dataset_context(NULL) && peri_dataset_size(NULL) == 0);
  CHECK(!peri_loader_context(NULL) && peri_loader_size(NULL) == 0);
}

int main(void) {
  sticky_error();
  nulls();
  looks_at_null();
  options();
  foreign_tensors();
  scopes();
  scopes_close_with_an_error();
  wrapped();
  wrapped_in_a_recording();
  wrapped_over_itself();
  byte_limit();
  byte_limit_of_scripts();
  steady_loop();
  positions_from_zero();
  reading();
  second_order();
  floating_point_state();
  log_sink();
  return check_done("C API");
}
