/* autograd_spec.c - gradients as a C program meets them: rows of the host in
   the graph, the gradients that flow in, and who owns those that come out. The
   numbers of the built-in rows are compared in the Lua specs. */
#include <stdlib.h>

#include "context_check.h"
#include "tables.h"

static const double one_to_three[] = {1, 2, 3};

static peri_tensor *sum(peri_tensor *x) { return peri_sum(x, NULL); }

/* ---- Rows of the host ------------------------------------------------- */

/* y = x, with the backward that a spec gives it. */
static int same_infer(peri_frame *frame) {
  frame->out[0] = peri__meta(frame->in[0]);
  frame->nout = 1;
  return 0;
}

static int same_forward(peri_frame *frame) {
  peri_copy_(frame->y[0], frame->in[0]);
  return (int)peri_error(frame->ctx);
}

/* What the backwards below look at. */
static peri_tensor *shared, *inner, *running;
static char mode_seen[8];

static int pass_on(peri_backprop *grad) {
  grad->dx[0] = grad->dy[0];
  return 0;
}

/* A backward of sum(w^2) for the leaf that the outer one reaches as well. */
static int differentiate_inside(peri_backprop *grad) {
  bool on = peri_set_grad_enabled(grad->ctx, true);
  peri_tensor *y = sum(peri_mul(shared, shared)), *found = NULL;
  peri_gradients(&y, 1, &shared, 1, NULL, &found);
  peri_set_grad_enabled(grad->ctx, on);
  if (found) inner = peri_keep(found);
  return pass_on(grad);
}

static int run_outer_again(peri_backprop *grad) {
  peri_backward(running);
  return pass_on(grad);
}

static int give_three(peri_backprop *grad) {
  grad->dx[0] = vector(3, one_to_three);
  return 0;
}

static int note_mode(peri_backprop *grad) {
  snprintf(mode_seen, sizeof mode_seen, "%s", grad->value[0].s);
  return pass_on(grad);
}

#define SAME(backward_hook, parameters) \
  { \
    .name = #backward_hook, .inputs = {{"x", 0}}, \
    .params = PARAMS(parameters), .infer = same_infer, \
    .forward = same_forward, .backward = backward_hook \
  }
#define NONE
#define MODE {"mode", PERI_P_STRING, PERI_REQUIRED, {0}, 0, 0, NULL, NULL},
static const peri_op nested = SAME(differentiate_inside, NONE);
static const peri_op circular = SAME(run_outer_again, NONE);
static const peri_op misshapen = SAME(give_three, NONE);
static const peri_op named = SAME(note_mode, MODE);

static peri_tensor *apply(const peri_op *op, peri_tensor *x,
                          const peri_value *value) {
  CHECK(peri_register_op(ctx, op) == 0);
  return peri_apply(ctx, op, &x, 1, value, 0, NULL);
}

/* d/dw sum(5 * 3w + 2w) = 17, while d/dw sum(w^2) = 2w is found inside: both
   have a place for w, the outer one before and after. */
static void nests_backwards_that_meet_a_leaf(void) {
  const double five = 5, want[] = {17, 17, 17}, want_inside[] = {2, 4, 6};
  shared = leaf(3, one_to_three);
  peri_tensor *older = leaf(1, &five);
  peri_tensor *y = apply(&nested, peri_mul(shared, peri_number(ctx, 2)), NULL);
  peri_tensor *x = peri_mul(older, peri_mul(shared, peri_number(ctx, 3)));
  CHECK(peri_backward(sum(peri_add(x, y))) == 0);
  CHECK(holds(peri_grad(shared), 3, want));
  CHECK(holds(inner, 3, want_inside));
  peri_release(inner);
}

static void refuses_a_backward_of_itself(void) {
  peri_tensor *w = leaf(3, one_to_three);
  running = sum(apply(&circular, w, NULL));
  CHECK(peri_backward(running) < 0);
  CHECK(failed_with(PERI_EGRAD,
                    "backward: the history was freed by an earlier backward "
                    "through it; give that one retain_graph"));
  peri_grad_options kept = {.retain_graph = true};
  running = sum(peri_apply(ctx, &circular, &w, 1, NULL, 0, NULL));
  CHECK(peri_backward_all(&running, 1, &kept) < 0);
  CHECK(failed_with(PERI_EBUSY,
                    "backward: run_outer_again is in a backward that is still "
                    "running"));
  CHECK(peri_grad(w) == NULL);
}

static void refuses_a_gradient_of_another_shape(void) {
  const int64_t shape[] = {4, 5};
  peri_tensor *w = peri_randn(ctx, shape, 2, NULL);
  peri_set_requires_grad(w, true);
  CHECK(peri_backward(sum(apply(&misshapen, w, NULL))) == PERI_ESHAPE);
  CHECK(failed_with(PERI_ESHAPE,
                    "backward: give_three gave a gradient of shape [3] for an "
                    "input of shape [4, 5]"));
  CHECK(peri_grad(w) == NULL);
}

/* The caller's string is gone when the backward runs. */
static void keeps_strings_as_long_as_the_node(void) {
  char *mode = malloc(4);
  memcpy(mode, "abc", 4);
  const peri_value value = {.type = PERI_P_STRING, .s = mode};
  peri_tensor *y = apply(&named, leaf(3, one_to_three), &value);
  memset(mode, '-', 3);
  free(mode);
  CHECK(peri_backward(sum(y)) == 0);
  CHECK_TEXT(mode_seen, "abc");
}

/* ---- Seeds ------------------------------------------------------------ */

static const char *const elsewhere =
    "backward: the gradient is in another context or on another device than "
    "the output";

static int backward_with(peri_tensor *y, peri_tensor *seed) {
  peri_grad_options options = {.seeds = &seed};
  return peri_backward_all(&y, 1, &options);
}

static void refuses_seeds_from_elsewhere(void) {
  peri_tensor *y = peri_exp(leaf(3, one_to_three));
  CHECK(backward_with(y, meta_vector(3, PERI_F64)) == PERI_EDEVICE);
  CHECK(failed_with(PERI_EDEVICE, elsewhere));
  peri_context *here = ctx, *other = peri_context_new(NULL, NULL);
  ctx = other;
  peri_tensor *foreign = vector(3, one_to_three);
  ctx = here;
  CHECK(backward_with(y, foreign) == PERI_EDEVICE);
  CHECK(failed_with(PERI_EDEVICE, elsewhere));
  peri_context_free(other);
}

static void refuses_seeds_that_do_not_fit(void) {
  peri_tensor *y = peri_exp(leaf(3, one_to_three));
  CHECK(backward_with(y, vector(2, one_to_three)) == PERI_ESHAPE);
  CHECK(failed_with(PERI_ESHAPE,
                    "backward: the gradient has shape [2], the output [3]"));
  peri_tensor *single = peri_to(vector(3, one_to_three), PERI_F32);
  CHECK(backward_with(y, single) == PERI_EDTYPE);
  CHECK(failed_with(PERI_EDTYPE,
                    "backward: the gradient is float32, the output float64"));
}

static void takes_seeds_of_a_meta_output(void) {
  peri_tensor *x = meta_vector(3, PERI_F64);
  peri_set_requires_grad(x, true);
  CHECK(backward_with(peri_exp(x), vector(3, one_to_three)) == PERI_EDEVICE);
  CHECK(failed_with(PERI_EDEVICE, elsewhere));
  CHECK(backward_with(peri_exp(x), meta_vector(3, PERI_F64)) == 0);
  CHECK_TEXT(peri_tensor_device(peri_grad(x)), "meta");
}

/* ---- Gradients of leaves ---------------------------------------------- */

static void keeps_a_gradient_that_is_released_by_others(void) {
  const double want[] = {2, 4, 6};
  peri_tensor *w = leaf(3, one_to_three);
  CHECK(peri_backward(sum(peri_mul(w, w))) == 0);
  peri_release(peri_grad(w));
  peri_release(peri_grad(w));
  CHECK(holds(peri_grad(w), 3, want));
}

static void sets_and_takes_gradients(void) {
  peri_tensor *w = leaf(3, one_to_three);
  CHECK(peri_set_grad(w, vector(3, one_to_three)) == 0);
  CHECK(holds(peri_grad(w), 3, one_to_three));
  CHECK(peri_set_grad(w, NULL) == 0 && peri_grad(w) == NULL);
  CHECK(peri_set_grad(NULL, w) == PERI_EARG);
}

static void refuses_gradients_that_do_not_fit(void) {
  peri_tensor *w = leaf(3, one_to_three);
  CHECK(peri_set_grad(w, vector(2, one_to_three)) == PERI_ESHAPE);
  CHECK(
      failed_with(PERI_ESHAPE, "grad: shape [2] does not fit a tensor of [3]"));
  peri_tensor *single = peri_to(vector(3, one_to_three), PERI_F32);
  CHECK(peri_set_grad(w, single) == PERI_EDTYPE);
  CHECK(failed_with(PERI_EDTYPE,
                    "grad: float32 does not fit a tensor of float64"));
  CHECK(peri_set_grad(w, meta_vector(3, PERI_F64)) == PERI_EDEVICE);
  CHECK(failed_with(PERI_EDEVICE,
                    "grad: it is in another context or on another device than "
                    "its tensor"));
  CHECK(peri_grad(w) == NULL);
}

/* Both are the seed in value, none of the three is another in memory. */
static void hands_out_gradients_that_share_no_memory(void) {
  const double hundredfold[] = {100, 200, 300};
  peri_tensor *in[2] = {leaf(3, one_to_three), leaf(3, one_to_three)};
  peri_tensor *seed = vector(3, one_to_three), *grad[2];
  peri_tensor *y = peri_add(in[0], in[1]);
  peri_grad_options options = {.seeds = &seed};
  CHECK(peri_gradients(&y, 1, in, 2, &options, grad) == 0);
  peri_mul_(grad[0], peri_number(ctx, 100));
  CHECK(holds(grad[0], 3, hundredfold));
  CHECK(holds(grad[1], 3, one_to_three));
  CHECK(holds(seed, 3, one_to_three));
}

/* dy/dx of x + 1 is the seed w itself: differentiated again, it still leads to
   w. d/dw sum(w * w) = 2w. */
static void leads_a_second_derivative_to_the_seed(void) {
  const double want[] = {2, 4, 6};
  peri_tensor *x = leaf(3, one_to_three), *w = leaf(3, one_to_three);
  peri_tensor *y = peri_add(x, peri_number(ctx, 1)), *dx, *dw;
  peri_grad_options options = {.seeds = &w, .create_graph = true};
  CHECK(peri_gradients(&y, 1, &x, 1, &options, &dx) == 0);
  CHECK(peri_requires_grad(dx));
  y = sum(peri_mul(dx, w));
  CHECK(peri_gradients(&y, 1, &w, 1, NULL, &dw) == 0);
  CHECK(holds(dw, 3, want));
}

int main(void) {
  in_context(nests_backwards_that_meet_a_leaf);
  in_context(refuses_a_backward_of_itself);
  in_context(refuses_a_gradient_of_another_shape);
  in_context(keeps_strings_as_long_as_the_node);
  in_context(refuses_seeds_from_elsewhere);
  in_context(refuses_seeds_that_do_not_fit);
  in_context(takes_seeds_of_a_meta_output);
  in_context(keeps_a_gradient_that_is_released_by_others);
  in_context(sets_and_takes_gradients);
  in_context(refuses_gradients_that_do_not_fit);
  in_context(hands_out_gradients_that_share_no_memory);
  in_context(leads_a_second_derivative_to_the_seed);
  return check_done("gradients from C");
}
