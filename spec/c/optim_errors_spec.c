/* optim_errors_spec.c - what optimizers refuse, and steps that fail as a
   whole. */
#include <math.h>
#include <stdlib.h>

#include "optim_check.h"

static void refuses_wrong_parameters(void) {
  peri_scope scope = peri_scope_open(ctx);
  const double *number = sgd_momentum;
  const int64_t one = 1;
  peri_tensor *p = parameter(PERI_F32), *twice[] = {p, p};
  CHECK(!make("SGD", number, NULL, 0));
  CHECK(failed_with(PERI_EARG, "optim.SGD: there are no parameters"));
  CHECK(!make("SGD", number, twice, 2));
  CHECK(failed_with(PERI_EARG,
                    "optim.SGD: a parameter of shape [4] comes twice"));
  peri_tensor *frozen = peri_zeros(ctx, &one, 1, NULL);
  CHECK(!make("SGD", number, &frozen, 1));
  CHECK(failed_with(PERI_EGRAD,
                    "optim.SGD: a parameter of shape [1] does not "
                    "require a gradient"));
  peri_tensor *made = peri_neg(p), *whole = peri_randperm(ctx, 3, NULL);
  CHECK(!make("SGD", number, &made, 1));
  CHECK(failed_with(PERI_EGRAD,
                    "optim.SGD: a parameter of shape [4] was made "
                    "by an operation, not a leaf"));
  CHECK(!make("SGD", number, &whole, 1));
  CHECK(failed_with(PERI_EDTYPE,
                    "optim.SGD: a parameter of shape [3] is not a float"));
  CHECK(!peri_optimizer_new(ctx, NULL, &p, 1, NULL));
  CHECK(failed_with(PERI_EARG, "optimizer: no such optimizer"));
  CHECK(!peri_optim_named("Sgd") && !peri_optim_at(-1));
  peri_release(p);
  peri_scope_close(scope);
}

static void refuses_wrong_numbers(void) {
  peri_tensor *p = parameter(PERI_F32);
  const double nesterov[] = {0.1, 0, 0, 0, 1, 0};
  const double betas[] = {0.1, 0.9, 1, 1e-8, 0, 0, 0};
  const double rate[] = {-1, 0, 0, 0, 0, 0};
  const peri_value minus = {.type = PERI_P_REAL, .f = -1};
  CHECK(!make("SGD", nesterov, &p, 1));
  CHECK(failed_with(PERI_EARG,
                    "optim.SGD: nesterov needs momentum > 0 and "
                    "dampening 0, got 0 and 0"));
  CHECK(!make("AdamW", betas, &p, 1));
  CHECK(failed_with(PERI_EARG,
                    "optim.AdamW: betas must be under 1, got {0.9, 1}"));
  CHECK(!make("SGD", rate, &p, 1));
  CHECK(failed_with(PERI_EARG, "optim.SGD: lr must be at least 0, got -1"));
  peri_optimizer *opt =
      peri_optimizer_new(ctx, peri_optim_named("SGD"), &p, 1, NULL);
  CHECK(peri_optimizer_set(opt, 0, &minus) == PERI_EARG);
  peri_clear_error(ctx);
  CHECK(peri_optimizer_set(opt, 6, &minus) == PERI_EARG);
  CHECK(failed_with(PERI_EARG, "optim.SGD: no such parameter"));
  CHECK(fabs(peri_optimizer_value(opt, 0).f - 1e-3) < 1e-12);
  CHECK(peri_optimizer_value(opt, 6).type == PERI_P_END);
  peri_optimizer_free(opt);
  peri_release(p);
}

/* ---- Steps that fail -------------------------------------------------- */

static int calls_left = -1; /* of the hook before it fails; -1: it does not */

static void *failing_alloc(void *user, size_t bytes, size_t alignment) {
  (void)user;
  if (calls_left == 0) return NULL;
  if (calls_left > 0) calls_left--;
  size_t whole = (bytes + alignment - 1) / alignment * alignment;
  return aligned_alloc(alignment, whole);
}

static void plain_free(void *user, void *block, size_t bytes) {
  (void)user;
  (void)bytes;
  free(block);
}

/* For every number of allocations that succeed, the first step of two
   parameters, recorded, is done or not done. */
static void steps_as_a_whole(void) {
  const peri_options options = {
      .alloc = failing_alloc, .free = plain_free, .no_cache = true};
  const double adam[] = {0.1, 0.9, 0.99, 1e-8, 0, 1, 0};
  peri_context *outer = ctx;
  bool done = false;
  int failures = 0;
  for (int allowed = 0; !done && allowed < 100; allowed++) {
    ctx = peri_context_new(&options, NULL);
    peri_tensor *p[] = {parameter(PERI_F64), parameter(PERI_F64)};
    peri_tensor *like = parameter(PERI_F64);
    peri_optimizer *opt = make("Adam", adam, p, 2);
    double end[2][4];
    set_grad(p[0], like, ones);
    peri_set_grad(p[1], like);
    peri_recording *recording = peri_record(ctx);
    calls_left = allowed;
    done = peri_step(opt) == 0;
    calls_left = -1;
    failures += !done && peri_error(ctx) == PERI_ENOMEM;
    CHECK(done || peri_error(ctx) == PERI_ENOMEM);
    peri_clear_error(ctx);
    peri_record_stop(recording);
    get(p[0], end[0]);
    get(p[1], end[1]);
    CHECK((end[0][0] < 0) == done && (end[1][0] < 0) == done);
    if (!done) {
      CHECK(peri_step(opt) == 0);
      get(p[1], end[1]);
      CHECK(fabs(end[1][0] + 0.1) < 1e-6);
    }
    peri_context_free(ctx);
  }
  ctx = outer;
  CHECK(done && failures > 8);
}

int main(void) {
  ctx = peri_context_new(NULL, NULL);
  peri_scope scope = peri_scope_open(ctx);
  refuses_wrong_parameters();
  refuses_wrong_numbers();
  peri_scope_close(scope);
  CHECK(peri_memory_stats(ctx).live_tensors == 0);
  steps_as_a_whole();
  peri_context_free(ctx);
  return check_done("optim_errors");
}
