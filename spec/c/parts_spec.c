/* parts_spec.c - operations that give a list, from C: the array of the caller,
   the number alone, errors, who owns the parts, one node for all. */
#include <perigee.h>

#include "check.h"

enum { ROOM = 8 };

static peri_tensor *ramp(peri_context *ctx, double count) {
  return peri_arange(ctx, count, NULL);
}

static const int64_t two[1] = {2};

static void into_an_array(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_tensor *x = ramp(ctx, 5), *part[ROOM] = {NULL};
  CHECK(peri_split(x, two, 1, NULL, part, ROOM) == 3);
  CHECK(part[2] && part[3] == NULL);
  CHECK(peri_tensor_numel(part[2]) == 1 && peri_item(part[2]) == 4);
  CHECK(peri_tensor_data(part[0]) == peri_tensor_data(x));
  peri_context_free(ctx);
}

static void the_number_alone(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_tensor *x = ramp(ctx, 5);
  size_t before = peri_memory_stats(ctx).live_tensors;
  CHECK(peri_split(x, two, 1, NULL, NULL, 0) == 3);
  CHECK(peri_unbind(x, NULL, NULL, 0) == 5);
  CHECK(peri_memory_stats(ctx).live_tensors == before);
  peri_context_free(ctx);
}

static void errors(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_tensor *x = ramp(ctx, 5), *part[ROOM] = {NULL};
  CHECK(peri_split(x, two, 1, NULL, part, 2) == PERI_EARG);
  CHECK_TEXT(peri_error_text(ctx),
             "split: gives 3 tensors, there is room for 2");
  CHECK(peri_chunk(x, 2, NULL, part, ROOM) == PERI_EARG && part[0] == NULL);
  peri_clear_error(ctx);
  CHECK(peri_chunk(NULL, 2, NULL, part, ROOM) == PERI_EARG);
  CHECK(peri_apply(ctx, peri_op_named(ctx, "split"), &x, 1, NULL, 0, NULL) ==
        NULL);
  peri_clear_error(ctx);
  CHECK(peri_apply(ctx, peri_op_named(ctx, "unbind"), &x, 1, NULL, 0, NULL) ==
        NULL);
  CHECK_TEXT(peri_error_text(ctx), "unbind: gives a list; see apply_list");
  peri_clear_error(ctx);
  CHECK(peri_apply_list(ctx, peri_op_named(ctx, "exp"), &x, 1, NULL, 0, part,
                        ROOM) == PERI_EARG);
  CHECK_TEXT(peri_error_text(ctx), "exp: gives no list; see apply");
  peri_clear_error(ctx);
  CHECK(peri_apply_list(ctx, NULL, &x, 1, NULL, 0, part, ROOM) == PERI_EARG);
  peri_context_free(ctx);
}

/* The sizes are the caller's for the call alone: the node has a copy. */
static void gradient(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  int64_t sizes[4] = {1, 2, 3, 4};
  peri_tensor *x = peri_to(ramp(ctx, 10), PERI_F32), *part[ROOM] = {NULL};
  CHECK(peri_set_requires_grad(x, true) == 0);
  CHECK(peri_split(x, sizes, 4, NULL, part, ROOM) == 4);
  memset(sizes, 0, sizeof sizes);
  CHECK(peri_backward(peri_sum(peri_mul(part[2], part[2]), NULL)) == 0);
  const float *dx = peri_tensor_data(peri_grad(x));
  CHECK(dx[2] == 0 && dx[3] == 6 && dx[5] == 10 && dx[6] == 0);
  peri_context_free(ctx);
}

static void many(void) {
  enum { COUNT = 3000 };
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_tensor *x = peri_to(ramp(ctx, COUNT), PERI_F32), *sum;
  static peri_tensor *part[COUNT];
  size_t before = peri_memory_stats(ctx).live_tensors;
  peri_scope scope = peri_scope_open(ctx);
  peri_set_requires_grad(x, true);
  CHECK(peri_unbind(x, NULL, part, COUNT) == COUNT);
  sum = part[0];
  for (int i = 2; i < COUNT; i += 2) sum = peri_add(sum, part[i]);
  CHECK(peri_backward(sum) == 0);
  const float *dx = peri_tensor_data(peri_grad(x));
  CHECK(dx[0] == 1 && dx[1] == 0 && dx[COUNT - 2] == 1 && dx[COUNT - 1] == 0);
  peri_scope_close(scope);
  CHECK(peri_memory_stats(ctx).live_tensors == before + 1);
  peri_context_free(ctx);
}

int main(void) {
  into_an_array();
  the_number_alone();
  errors();
  gradient();
  many();
  return check_done("parts");
}
