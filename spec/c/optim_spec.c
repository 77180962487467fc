/* optim_spec.c - optimizers: values against PyTorch's, in every layout and
   type; states; parameters that come late; replay. */
#include <math.h>

#include "optim_cases.h"
#include "optim_check.h"

#define CASES ((int)(sizeof cases / sizeof *cases))

/* The same with another memory order: a column of a wider matrix. */
static peri_tensor *strided(peri_dtype dtype) {
  const int64_t shape[] = {4, 3};
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = dtype;
  peri_tensor *p = peri_select(peri_zeros(ctx, shape, 2, &options), 1, 1);
  peri_set_requires_grad(p, true);
  return peri_keep(p);
}

static bool near(const double *a, const double *b, double tolerance) {
  for (int i = 0; i < 4; i++)
    if (!(fabs(a[i] - b[i]) <= tolerance * (1e-3 + fabs(b[i])))) return false;
  return true;
}

/* True if every case ends where it should. */
static bool follows(peri_dtype dtype, bool strides, double tolerance) {
  bool ok = true;
  for (int c = 0; c < CASES; c++) {
    peri_scope scope = peri_scope_open(ctx);
    peri_tensor *p = strides ? strided(dtype) : parameter(dtype);
    peri_tensor *like = strides ? parameter(dtype) : strided(dtype);
    peri_optimizer *opt = make(cases[c].name, cases[c].number, &p, 1);
    double end[4] = {NAN, NAN, NAN, NAN};
    set(p, cases[c].p);
    for (int k = 0; k < 3; k++) {
      set_grad(p, like, cases[c].g + 4 * k);
      ok = peri_step(opt) == 0 && ok;
    }
    get(p, end);
    ok = near(end, cases[c].end, tolerance) && ok;
    peri_optimizer_free(opt);
    peri_release(like);
    peri_release(p);
    peri_scope_close(scope);
  }
  return ok && peri_error(ctx) == PERI_OK;
}

static void takes_pytorchs_steps(void) {
  CHECK(follows(PERI_F64, false, 1e-12));
  CHECK(follows(PERI_F64, true, 1e-12));
  CHECK(follows(PERI_F32, false, 1e-4));
  CHECK(follows(PERI_F32, true, 1e-4));
}

/* Half precision: one step of rate 1 along -1/4, exact in both types. */
static void updates_half_precision(void) {
  const double number[] = {1, 0, 0, 0, 0, 0}, g[] = {-0.25, 0, 0.25, 0.5};
  const double expected[] = {0.25, 0, -0.25, -0.5};
  const peri_dtype dtypes[] = {PERI_F16, PERI_BF16};
  for (int i = 0; i < 2; i++) {
    peri_tensor *p = parameter(dtypes[i]), *like = parameter(dtypes[i]);
    peri_optimizer *opt = make("SGD", number, &p, 1);
    double end[4];
    set_grad(p, like, g);
    CHECK(peri_step(opt) == 0);
    get(p, end);
    CHECK(near(end, expected, 0));
    peri_optimizer_free(opt);
    peri_release(like);
    peri_release(p);
  }
}

static void makes_the_states_it_needs(void) {
  const double plain[] = {0.1, 0, 0, 0, 0, 0};
  const double adam[] = {1e-3, 0.9, 0.999, 1e-8, 0, 0, 0};
  const double amsgrad[] = {1e-3, 0.9, 0.999, 1e-8, 0, 1, 0};
  const struct {
    const char *name;
    const double *number;
    bool made[PERI_MAX_STATES];
  } rows[] = {{"SGD", plain, {false, false, false, false}},
              {"SGD", sgd_momentum, {true, true, false, false}},
              {"Adam", adam, {true, true, true, false}},
              {"AdamW", amsgrad, {true, true, true, true}}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    peri_tensor *p = parameter(PERI_F32), *like = parameter(PERI_F32);
    peri_optimizer *opt = make(rows[i].name, rows[i].number, &p, 1);
    CHECK(!peri_optimizer_state(opt, 0, 0));
    set_grad(p, like, ones);
    peri_step(opt);
    for (int k = 0; k < PERI_MAX_STATES; k++)
      CHECK((peri_optimizer_state(opt, 0, k) != NULL) == rows[i].made[k]);
    CHECK(!peri_optimizer_state(opt, 1, 0));
    peri_optimizer_free(opt);
    peri_release(like);
    peri_release(p);
  }
}

/* A parameter without a gradient waits; its own first step has b = g, where
   dampening would show otherwise. */
static void counts_steps_per_parameter(void) {
  peri_tensor *p[] = {parameter(PERI_F64), parameter(PERI_F64)};
  peri_tensor *like = parameter(PERI_F64);
  peri_optimizer *opt = make("SGD", sgd_momentum, p, 2);
  double end[4];
  set_grad(p[0], like, ones);
  peri_step(opt);
  get(p[1], end);
  CHECK(near(end, (double[4]){0, 0, 0, 0}, 0));
  CHECK(!peri_optimizer_state(opt, 1, 0));
  peri_set_grad(p[1], like);
  peri_step(opt);
  get(p[1], end);
  CHECK(near(end, (double[4]){-0.1, -0.1, -0.1, -0.1}, 1e-12));
  CHECK(peri_item_whole(peri_optimizer_state(opt, 0, 0)) == 2);
  CHECK(peri_item_whole(peri_optimizer_state(opt, 1, 0)) == 1);
  CHECK(peri_zero_grad(opt) == 0 && !peri_grad(p[0]) && !peri_grad(p[1]));
  CHECK(peri_step(opt) == 0);
  CHECK(peri_item_whole(peri_optimizer_state(opt, 0, 0)) == 2);
  peri_optimizer_free(opt);
  peri_release(like);
  peri_release(p[0]);
  peri_release(p[1]);
}

/* Steps replayed from one record go on as plain steps do, also with another
   rate. */
static void replays_with_the_count_and_the_rate(void) {
  const double adam[] = {0.1, 0.9, 0.99, 1e-8, 0, 0, 0};
  const peri_value rate = {.type = PERI_P_REAL, .f = 0.05};
  double end[2][4];
  for (int replay = 0; replay < 2; replay++) {
    peri_tensor *p = parameter(PERI_F64), *like = parameter(PERI_F64);
    peri_optimizer *opt = make("Adam", adam, &p, 1);
    set_grad(p, like, ones);
    peri_recording *recording = replay ? peri_record(ctx) : NULL;
    peri_step(opt);
    if (recording) peri_record_stop(recording);
    for (int k = 0; k < 4; k++) {
      set(like, cases[0].g + k);
      if (k == 2) CHECK(peri_optimizer_set(opt, 0, &rate) == 0);
      CHECK((recording ? peri_replay(recording) : peri_step(opt)) == 0);
    }
    get(p, end[replay]);
    CHECK(peri_item_whole(peri_optimizer_state(opt, 0, 0)) == 5);
    peri_recording_free(recording);
    peri_optimizer_free(opt);
    peri_release(like);
    peri_release(p);
  }
  CHECK(memcmp(end[0], end[1], sizeof end[0]) == 0);
}

static void raises_the_version(void) {
  peri_tensor *p = parameter(PERI_F32), *like = parameter(PERI_F32);
  peri_optimizer *opt = make("SGD", sgd_momentum, &p, 1);
  uint32_t before = p->storage->version;
  set_grad(p, like, ones);
  peri_step(opt);
  CHECK(p->storage->version != before);
  CHECK(p->storage->changed_by == NULL);
  peri_optimizer_free(opt);
  peri_release(like);
  peri_release(p);
}

int main(void) {
  ctx = peri_context_new(NULL, NULL);
  peri_scope scope = peri_scope_open(ctx);
  takes_pytorchs_steps();
  updates_half_precision();
  makes_the_states_it_needs();
  counts_steps_per_parameter();
  replays_with_the_count_and_the_rate();
  raises_the_version();
  peri_scope_close(scope);
  CHECK(peri_memory_stats(ctx).live_tensors == 0);
  peri_context_free(ctx);
  return check_done("optim");
}
