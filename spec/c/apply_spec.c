/* apply_spec.c - what the general entries refuse: peri_apply with values,
   inputs and rows that no printed function would give it, and peri_launch. */
#include "context_check.h"

static const double numbers[] = {1, 2, 3};

/* ---- Values ----------------------------------------------------------- */

#define WORDS(choice) \
  { .type = PERI_P_CHOICE, .whole = true, .i = choice }
#define WHOLE(kind, number) \
  { .type = kind, .whole = true, .i = number }
#define SHAPE \
  { \
    .type = PERI_P_INTS, .count = 1, .list = { 2 } \
  }

/* zeros(shape, dtype, device, requires_grad) with one value wrong. */
static const struct {
  peri_value value[4];
  peri_status status;
  const char *text;
} wrong_values[] = {
    {{{.type = PERI_P_REAL, .f = 2}},
     PERI_EARG,
     "zeros: shape is a value of another kind"},
    {{{.type = PERI_P_INTS, .count = 9}},
     PERI_EARG,
     "zeros: shape has 9 entries, at most 8"},
    {{{.type = PERI_P_INTS, .count = -1}},
     PERI_EARG,
     "zeros: shape has -1 entries, at most 8"},
    {{{.type = PERI_P_END}}, PERI_EARG, "zeros: shape is required"},
    {{SHAPE, WHOLE(PERI_P_INT, PERI_F32)},
     PERI_EARG,
     "zeros: dtype is a value of another kind"},
    {{SHAPE, WHOLE(PERI_P_DTYPE, 77)},
     PERI_EDTYPE,
     "zeros: dtype: no dtype with number 77"},
    {{SHAPE, WHOLE(PERI_P_DTYPE, -1)},
     PERI_EDTYPE,
     "zeros: dtype: no dtype with number -1"},
    {{SHAPE, {.type = PERI_P_END}, WHOLE(PERI_P_INT, 1)},
     PERI_EARG,
     "zeros: device is a value of another kind"},
    {{SHAPE, {.type = PERI_P_END}, WORDS(9)},
     PERI_EARG,
     "zeros: device has 2 choices, got number 9"},
    {{SHAPE, {.type = PERI_P_END}, WORDS(-1)},
     PERI_EARG,
     "zeros: device has 2 choices, got number -1"},
    {{SHAPE, {.type = PERI_P_END}, {.type = PERI_P_STRING, .s = "moon"}},
     PERI_EARG,
     "zeros: device must be one of cpu|meta, got \"moon\""},
};

static void refuses_wrong_values(void) {
  const peri_op *zeros = peri_op_named(ctx, "zeros");
  for (size_t i = 0; i < sizeof wrong_values / sizeof *wrong_values; i++) {
    CHECK(!peri_apply(ctx, zeros, NULL, 0, wrong_values[i].value, 0, NULL));
    CHECK(failed_with(wrong_values[i].status, wrong_values[i].text));
  }
}

static void takes_words_by_place_and_by_name(void) {
  const peri_op *zeros = peri_op_named(ctx, "zeros");
  const peri_value place[4] = {SHAPE, {.type = PERI_P_END}, WORDS(1)};
  const peri_value word[4] = {
      SHAPE, {.type = PERI_P_END}, {.type = PERI_P_STRING, .s = "meta"}};
  peri_tensor *x = peri_apply(ctx, zeros, NULL, 0, place, 0, NULL);
  peri_tensor *y = peri_apply(ctx, zeros, NULL, 0, word, 0, NULL);
  CHECK_TEXT(peri_tensor_device(x), "meta");
  CHECK_TEXT(peri_tensor_device(y), "meta");
}

static void refuses_dtypes_that_do_not_exist(void) {
  peri_tensor *x = vector(3, numbers);
  CHECK(peri_to(x, (peri_dtype)77) == NULL);
  CHECK(failed_with(PERI_EDTYPE, "to: dtype: no dtype with number 77"));
  double out[3];
  CHECK(peri_copy_out(x, out, PERI_DTYPE_NONE, sizeof out) == PERI_EDTYPE);
  CHECK(failed_with(PERI_EDTYPE, "copy_out: no dtype with number 0"));
}

/* ---- Rows and inputs -------------------------------------------------- */

static void finds_no_hidden_row_by_name(void) {
  const peri_op *op;
  bool found = true;
  int hidden = 0;
  for (int i = 0; (op = peri_op_at(ctx, i)); i++) {
    bool hides = op->flags & PERI_OP_HIDDEN;
    found = found && peri_op_named(ctx, op->name) == (hides ? NULL : op);
    hidden += hides;
  }
  CHECK(found);
  CHECK(hidden > 0);
}

static void refuses_a_missing_row(void) {
  peri_tensor *x = vector(3, numbers);
  CHECK(!peri_apply(ctx, peri_op_named(ctx, "ad"), &x, 1, NULL, 0, NULL));
  CHECK(failed_with(PERI_EARG, "apply: op is NULL"));
  CHECK(!peri_apply_inplace(ctx, NULL, &x, 1, NULL, 0));
  CHECK(failed_with(PERI_EARG, "apply_inplace: op and 1 to 6 inputs needed"));
}

static void refuses_another_number_of_inputs(void) {
  const peri_op *add = peri_op_named(ctx, "add");
  peri_tensor *x[8] = {vector(3, numbers)};
  CHECK(!peri_apply(ctx, add, x, 1, NULL, 0, NULL));
  CHECK(failed_with(PERI_EARG, "add: 2 tensors expected, got 1"));
  CHECK(!peri_apply_inplace(ctx, add, x, 0, NULL, 0));
  CHECK(failed_with(PERI_EARG, "apply_inplace: op and 1 to 6 inputs needed"));
  CHECK(!peri_apply_inplace(ctx, add, x, 7, NULL, 0));
  CHECK(failed_with(PERI_EARG, "apply_inplace: op and 1 to 6 inputs needed"));
}

static void keeps_results_from_the_open_scope(void) {
  const peri_op *add = peri_op_named(ctx, "add");
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x[2] = {vector(3, numbers), vector(3, numbers)};
  peri_tensor *y = peri_apply_kept(ctx, add, x, 2, NULL, 0, NULL);
  CHECK(y && !peri_apply_kept(ctx, add, x, 1, NULL, 0, NULL));
  CHECK(failed_with(PERI_EARG, "add: 2 tensors expected, got 1"));
  peri_scope_close(scope);
  CHECK(peri_memory_stats(ctx).live_tensors == 1);
  peri_release(y);
  CHECK(peri_memory_stats(ctx).live_tensors == 0);
}

/* ---- Launching kernels ------------------------------------------------ */

static peri_tensor *foreign;
static const unsigned char attributes[PERI_ATTR_BYTES + 1];

static int launch(peri_tensor *first, peri_tensor *second, int nout, int nin,
                  size_t bytes) {
  peri_tensor *args[16] = {first, second};
  int copy = 0;
  while (strcmp(peri_kernel_name(ctx, copy), "copy") != 0) copy++;
  return peri_launch(ctx, copy, args, nout, nin, attributes, bytes);
}

#define SIZES(nout, nin, bytes) \
  "launch: " nout " outputs (at least 1), " nin \
  " inputs, together at most " \
  "8; " bytes " attribute bytes, at most 128"

static void refuses_wrong_sizes_of_a_launch(void) {
  peri_tensor *x = vector(3, numbers);
  CHECK(launch(x, x, 0, 1, 0) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, SIZES("0", "1", "0")));
  CHECK(launch(x, x, 1, -1, 0) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, SIZES("1", "-1", "0")));
  CHECK(launch(x, x, 1, 8, 0) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, SIZES("1", "8", "0")));
  CHECK(launch(x, x, INT32_MAX, 1, 0) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, SIZES("2147483647", "1", "0")));
  CHECK(launch(x, x, 1, 1, sizeof attributes) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, SIZES("1", "1", "129")));
}

static void refuses_wrong_tensors_of_a_launch(void) {
  peri_tensor *x = vector(3, numbers);
  CHECK(launch(NULL, x, 1, 1, 0) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, "launch: tensor 1 is missing or foreign"));
  CHECK(launch(x, NULL, 2, 0, 0) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, "launch: tensor 2 is missing or foreign"));
  CHECK(launch(x, foreign, 1, 1, 0) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, "launch: tensor 2 is missing or foreign"));
  CHECK(launch(x, meta_vector(3, PERI_F64), 1, 1, 0) == PERI_EDEVICE);
  CHECK(failed_with(PERI_EDEVICE, "launch: tensors are on different devices"));
}

static void refuses_kernels_that_do_not_exist(void) {
  peri_tensor *args[] = {vector(3, numbers)};
  CHECK(peri_launch(ctx, 10000, args, 1, 0, NULL, 0) == PERI_EDEVICE);
  CHECK(failed_with(PERI_EDEVICE, "no kernel with number 10000"));
  CHECK(peri_launch(ctx, -1, args, 1, 0, NULL, 0) == PERI_EDEVICE);
  CHECK(failed_with(PERI_EDEVICE, "no kernel with number -1"));
  CHECK_TEXT(peri_kernel_name(ctx, -1), "?");
}

static void launches_a_kernel_by_its_number(void) {
  const double zeros[] = {0, 0, 0};
  peri_tensor *y = vector(3, zeros), *x = vector(3, numbers);
  CHECK(launch(y, x, 1, 1, 0) == 0);
  CHECK(holds(y, 3, numbers));
}

int main(void) {
  peri_context *other = peri_context_new(NULL, NULL);
  ctx = other;
  foreign = vector(3, numbers);
  in_context(refuses_wrong_values);
  in_context(takes_words_by_place_and_by_name);
  in_context(refuses_dtypes_that_do_not_exist);
  in_context(finds_no_hidden_row_by_name);
  in_context(refuses_a_missing_row);
  in_context(refuses_another_number_of_inputs);
  in_context(keeps_results_from_the_open_scope);
  in_context(refuses_wrong_sizes_of_a_launch);
  in_context(refuses_wrong_tensors_of_a_launch);
  in_context(refuses_kernels_that_do_not_exist);
  in_context(launches_a_kernel_by_its_number);
  peri_context_free(other);
  return check_done("applying");
}
