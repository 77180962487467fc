/* gradient.c - gradients: of one call, compared like its results; and of the
   whole program, by a backward in both contexts at its end. */
#include "fuzz.h"

#include <math.h>

/* Leaves over the inputs that can have a gradient, in their place. */
static int make_leaves(const fuzz_call *call, peri_tensor **in,
                       peri_tensor **leaves) {
  int count = 0;
  bool list = call->op->inputs[0].flags & PERI_IN_LIST;
  for (int i = 0; i < call->nin; i++) {
    const peri_input *row = &call->op->inputs[list ? 0 : i];
    if (!in[i] || in[i]->number) continue;
    in[i] = peri_detach(in[i]);
    if (!in[i] || !peri__is_float(in[i]->dtype)) continue;
    if (row->flags & PERI_IN_FIXED) continue;
    peri_set_requires_grad(in[i], true);
    leaves[count++] = in[i];
  }
  return count;
}

/* What flows into 'y': numbers that every float dtype holds, but for noise. */
static peri_tensor *seed_of(const fuzz_setting *setting, const peri_tensor *y,
                            fuzz_random *r) {
  peri_context *ctx = setting->ctx;
  fuzz_random noise = {.state = setting->seed + 1};
  int64_t count = peri_tensor_numel(y);
  double *data = malloc((size_t)(count + 1) * sizeof *data);
  void *own = malloc((size_t)(count + 1) * sizeof *data);
  bool same = fuzz_chance(r, 4), quiet = setting->noise == 0;
  double each = (double)fuzz_between(r, -64, 64) / 64;
  for (int64_t i = 0; i < count; i++) {
    data[i] = same ? each : (double)fuzz_between(r, -64, 64) / 64;
    data[i] *= 1 + setting->noise * (double)fuzz_between(&noise, -1, 1);
  }
  peri__convert(own, y->dtype, 1, data, PERI_F64, 1, count);
  peri_tensor *dy =
      same && quiet && count > 0
          ? peri_expand(peri_tensor_new(ctx, own, NULL, 0, y->dtype), y->shape,
                        y->ndim)
          : peri_tensor_new(ctx, own, y->shape, y->ndim, y->dtype);
  free(own);
  free(data);
  return dy;
}

/* -> how many gradients, negative if something fails */
static int gradients(fuzz_call *call, const fuzz_setting *setting,
                     peri_tensor **in, peri_tensor **grads) {
  peri_tensor *leaves[FUZZ_LIST], *y[FUZZ_OUT];
  peri_tensor *outputs[FUZZ_OUT], *seeds[FUZZ_OUT];
  fuzz_random r = {.state = call->draws};
  int nin = make_leaves(call, in, leaves), used = 0;
  bool first_alone = fuzz_chance(&r, 2);
  if (nin == 0) return 0;
  int count = fuzz_run(call, setting->ctx, in, y);
  for (int i = 0; i < count; i++) {
    bool left_out = first_alone && i > 0;
    if (left_out || !peri_requires_grad(y[i])) continue;
    seeds[used] = seed_of(setting, y[i], &r);
    outputs[used++] = y[i];
  }
  if (count < 0) return -1;
  if (used == 0) return 0;
  peri_grad_options options = {.seeds = seeds, .allow_unused = true};
  int status = peri_gradients(outputs, used, leaves, nin, &options, grads);
  return status < 0 ? status : nin;
}

/* The gradients of the call, an experiment. */
static bool try_gradient(fuzz_world *w, fuzz_call *call,
                         const fuzz_setting *setting, fuzz_numbers *out) {
  peri_tensor *in[FUZZ_LIST], *grads[FUZZ_LIST] = {NULL};
  peri_scope scope = peri_scope_open(setting->ctx);
  bool enabled = peri_set_grad_enabled(setting->ctx, true);
  for (int i = 0; i < call->nin; i++)
    in[i] = setting->ctx == w->main ? call->in[i].main : call->in[i].plain;
  if (!setting->as_is) fuzz_copies(call, setting, in);
  int count = gradients(call, setting, in, grads);
  for (int i = 0; i < count; i++) fuzz_take(out, grads[i]);
  peri_set_grad_enabled(setting->ctx, enabled);
  if (!setting->as_is) peri_clear_error(setting->ctx);
  peri_scope_close(scope);
  return count > 0;
}

bool fuzz_check_gradient(fuzz_world *w, fuzz_call *call) {
  fuzz_setting as_is[2] = {{.ctx = w->main, .as_is = true},
                           {.ctx = w->plain, .as_is = true}};
  fuzz_numbers main = {0}, plain = {0};
  bool ok = true;
  size_t before = peri_memory_stats(w->main).live_tensors;
  bool done = try_gradient(w, call, &as_is[0], &main);
  bool plain_done = try_gradient(w, call, &as_is[1], &plain);
  if (peri_memory_stats(w->main).live_tensors != before)
    ok = fuzz_wrong(w, "gradient: tensors are left");
  bool memory =
      peri_error(w->main) == PERI_ENOMEM || peri_error(w->plain) == PERI_ENOMEM;
  if (memory) done = false;
  if (ok && !memory &&
      (done != plain_done ||
       strcmp(peri_error_text(w->main), peri_error_text(w->plain)) != 0))
    ok = fuzz_wrong(w, "gradient: '%s', plain says '%s'",
                    peri_error_text(w->main), peri_error_text(w->plain));
  peri_clear_error(w->main);
  peri_clear_error(w->plain);
  if (ok && done) {
    ok = fuzz_agree(w, call, try_gradient, &main, &plain, "gradient");
    fuzz_count_one(call->op, COUNT_GRADIENT);
  }
  fuzz_drop(&main);
  fuzz_drop(&plain);
  return ok;
}

/* ---- The whole program -------------------------------------------------- */

/* Saved bits are the same in both contexts, so gradients differ by roundings
   of what flows, which is of the order of 1 or of the largest, and in float32
   or less even where the leaf is float64: promotion lets them meet. */
static bool grads_near(const fuzz_numbers *a, const fuzz_numbers *b) {
  double most = 1;
  double room = fmax(fuzz_rounding(b->dtype[0]), fuzz_rounding(PERI_F32));
  for (int64_t k = 0; k < b->numel[0]; k++)
    if (isfinite(b->number[0][k])) most = fmax(most, fabs(b->number[0][k]));
  for (int64_t k = 0; k < a->numel[0]; k++) {
    double x = a->number[0][k], y = b->number[0][k];
    if (isfinite(x) && isfinite(y) && fabs(x - y) > 4096 * room * most)
      return false;
  }
  return true;
}

static bool check_leaf(fuzz_world *w, const fuzz_pair *pair) {
  peri_tensor *main = peri_grad(pair->main), *plain = peri_grad(pair->plain);
  fuzz_numbers a = {0}, b = {0};
  if (!main != !plain)
    return fuzz_wrong(w, "backward: t%d has a gradient in one context alone",
                      pair->id);
  if (!main) return true;
  if (!fuzz_alike(main, plain))
    return fuzz_wrong(w, "backward: the gradient of t%d has another shape",
                      pair->id);
  fuzz_take(&a, main);
  fuzz_take(&b, plain);
  bool near = grads_near(&a, &b);
  fuzz_drop(&a);
  fuzz_drop(&b);
  fuzz_count_event("gradients of leaves after a backward");
  return near ||
         fuzz_wrong(w, "backward: other gradient of t%d than plain", pair->id);
}

static bool backward_from(fuzz_world *w, const fuzz_pair *pair) {
  fuzz_setting main = {.ctx = w->main}, plain = {.ctx = w->plain};
  fuzz_random r = w->random, twin = w->random;
  peri_tensor *dy[2] = {seed_of(&main, pair->main, &r),
                        seed_of(&plain, pair->plain, &twin)};
  peri_grad_options options[2] = {{.seeds = &dy[0]}, {.seeds = &dy[1]}};
  options[0].retain_graph = options[1].retain_graph =
      fuzz_chance(&w->random, 2);
  fuzz_tell("backward_all(t%d)\n", pair->id);
  peri_backward_all(&pair->main, 1, &options[0]);
  peri_backward_all(&pair->plain, 1, &options[1]);
  bool same = strcmp(peri_error_text(w->main), peri_error_text(w->plain)) == 0;
  if (!same)
    fuzz_wrong(w, "backward: '%s', plain says '%s'", peri_error_text(w->main),
               peri_error_text(w->plain));
  fuzz_count_event(peri_error(w->main) ? "backwards that were refused"
                                       : "backwards");
  peri_clear_error(w->main);
  peri_clear_error(w->plain);
  return same;
}

bool fuzz_check_backward(fuzz_world *w) {
  bool ok = true;
  for (int i = 0; ok && i < w->pooled; i++) {
    const fuzz_pair *pair = &w->pool[i];
    if (peri_requires_grad(pair->main) && !peri_is_leaf(pair->main) &&
        fuzz_chance(&w->random, 2))
      ok = backward_from(w, pair);
  }
  for (int i = 0; ok && i < w->leaf_count; i++) ok = check_leaf(w, &w->leaf[i]);
  return ok;
}
