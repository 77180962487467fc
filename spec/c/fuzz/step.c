/* step.c - one step of a program: a call in both contexts, with a failing
   allocation or an interrupt now and then, and all that must hold after it. */
#include "fuzz.h"

static int run_list(fuzz_call *call, peri_context *ctx, peri_tensor *const *in,
                    peri_tensor **out) {
  return peri_apply_list(ctx, call->op, in, call->nin, call->value, call->base,
                         out, FUZZ_OUT);
}

/* An output that is left out leaves no gap. */
static int run_plain(fuzz_call *call, peri_context *ctx, peri_tensor *const *in,
                     peri_tensor **out) {
  peri_tensor *more[PERI_MAX_OUTPUTS] = {NULL};
  int count = 1;
  out[0] =
      peri_apply(ctx, call->op, in, call->nin, call->value, call->base, more);
  if (!out[0]) return -1;
  for (int i = 0; i + 1 < peri__count_outputs(call->op); i++)
    if (more[i]) out[count++] = more[i];
  return count;
}

int fuzz_run(fuzz_call *call, peri_context *ctx, peri_tensor *const *in,
             peri_tensor **out) {
  peri_manual_seed(ctx, call->draws);
  if (call->op->flags & PERI_OP_LIST) return run_list(call, ctx, in, out);
  if (!call->inplace) return run_plain(call, ctx, in, out);
  out[0] =
      peri_apply_inplace(ctx, call->op, in, call->nin, call->value, call->base);
  return out[0] ? 1 : -1;
}

/* One step while it runs. */
typedef struct {
  fuzz_world *w;
  fuzz_call call;
  fuzz_snapshot before;
  peri_memory memory;
  peri_tensor *in[2][FUZZ_LIST];
  peri_tensor *out[2][FUZZ_OUT];
  int count[2];
  bool meta;
} step;

static bool wrong(step *s, const char *what) {
  return fuzz_wrong(s->w, "%s (%s)", what, peri_error_text(s->w->main));
}

/* ---- Running ------------------------------------------------------------ */

/* A copy of what the call gets, for experiments. */
static peri_tensor *source_of(peri_tensor *x) {
  if (!x || x->number || x->storage->meta) return x;
  peri_tensor *copy = peri_tensor_new(peri_tensor_context(x), NULL, x->shape,
                                      x->ndim, x->dtype);
  fuzz_sync(copy, x);
  return copy;
}

static void prepare(step *s) {
  for (int i = 0; i < s->call.nin; i++) {
    const fuzz_pair *pair = &s->call.in[i];
    s->in[0][i] = pair->main;
    s->in[1][i] = pair->plain;
    s->call.source[i] = source_of(pair->plain);
    if (pair->main && pair->main->storage->meta) s->meta = true;
  }
  fuzz_snap(s->w, &s->before);
  s->memory = peri_memory_stats(s->w->main);
}

static void run_main(step *s) {
  s->count[0] = fuzz_run(&s->call, s->w->main, s->in[0], s->out[0]);
}

/* A call that fails changes nothing. */
static bool check_failure(step *s) {
  peri_memory now = peri_memory_stats(s->w->main);
  if (!fuzz_unchanged(&s->before, NULL))
    return wrong(s, "a call that failed changed a tensor");
  if (now.live_tensors != s->memory.live_tensors ||
      now.live_storages != s->memory.live_storages)
    return wrong(s, "a call that failed left tensors");
  return true;
}

/* Run it with something that may stop it on the way. */
static bool run_provoked(step *s) {
  fuzz_world *w = s->w;
  bool memory = fuzz_chance(&w->random, 2);
  long at =
      (long)fuzz_between(&w->random, 1, fuzz_chance(&w->random, 3) ? 12 : 3);
  fuzz_tell("  -- %s %ld\n",
            memory ? "without memory at request" : "interrupted at record", at);
  w->watch.records = 0;
  w->watch.interrupt_at = memory ? 0 : (int)at;
  fault_arm(&w->fault, FAULT_CORE, memory ? at : 0, fuzz_chance(&w->random, 2));
  run_main(s);
  fault_arm(&w->fault, FAULT_CORE, 0, false);
  w->watch.interrupt_at = 0;
  peri_status status = peri_error(w->main);
  bool hit = status == (memory ? PERI_ENOMEM : PERI_EINTERRUPT);
  fuzz_count_event(!hit     ? "provocations that did nothing"
                   : memory ? "calls without memory"
                            : "calls interrupted");
  if (!hit && status == PERI_OK) { /* an interrupt may come too late */
    peri_clear_error(w->main);
    return true;
  }
  if (hit && s->count[0] >= 0)
    return wrong(s, "a call that was stopped gave a result");
  if (hit && !check_failure(s)) return false;
  peri_clear_error(w->main);
  run_main(s);
  return true;
}

static bool run_both(step *s) {
  fuzz_world *w = s->w;
  w->watch.random = false;
  if (fuzz_chance(&w->random, 12)) {
    if (!run_provoked(s)) return false;
  } else {
    run_main(s);
  }
  s->count[1] = fuzz_run(&s->call, w->plain, s->in[1], s->out[1]);
  return true;
}

/* ---- After a failure ---------------------------------------------------- */

static bool is_about_memory(const fuzz_world *w) {
  return peri_error(w->main) == PERI_ENOMEM ||
         peri_error(w->plain) == PERI_ENOMEM;
}

static bool names_operation(const step *s) {
  const char *name = s->call.op->name;
  return strncmp(peri_error_text(s->w->main), name, strlen(name)) == 0;
}

/* The sign of a NaN means nothing. */
static bool same_text(const char *a, const char *b) {
  while (*a && *b) {
    a += strncmp(a, "-nan", 4) == 0;
    b += strncmp(b, "-nan", 4) == 0;
    if (*a++ != *b++) return false;
  }
  return *a == *b;
}

static bool check_error(step *s) {
  fuzz_world *w = s->w;
  const char *text = peri_error_text(w->main);
  if (peri_error(w->main) == PERI_OK)
    return wrong(s, "a call failed without an error");
  if (!check_failure(s)) return false;
  if (is_about_memory(w)) return true;
  if (!same_text(text, peri_error_text(w->plain)))
    return fuzz_wrong(w, "failed with '%s', plain with '%s'", text,
                      peri_error_text(w->plain));
  if (!names_operation(s))
    return wrong(s, "the error does not begin with the operation");
  return true;
}

/* ---- After a success ---------------------------------------------------- */

/* True if output 'i' looks into the storage of input 'k'. */
static bool shares(const step *s, int side, int i, int k) {
  const peri_tensor *x = s->in[side][k];
  return x && s->out[side][i]->storage == x->storage;
}

static bool was_there(const step *s, const peri_tensor *y) {
  for (int k = 0; k < s->call.nin; k++)
    if (s->in[0][k] == y) return true;
  return false;
}

static bool check_form(step *s) {
  if (s->count[0] != s->count[1])
    return fuzz_wrong(s->w, "%d outputs, plain has %d", s->count[0],
                      s->count[1]);
  for (int i = 0; i < s->count[0]; i++) {
    if (!fuzz_alike(s->out[0][i], s->out[1][i]))
      return fuzz_wrong(s->w, "output %d: other shape, strides or history", i);
    for (int k = 0; k < s->call.nin; k++)
      if (shares(s, 0, i, k) != shares(s, 1, i, k))
        return fuzz_wrong(s->w, "output %d: shares memory here alone", i);
  }
  return true;
}

static bool check_results(step *s) {
  fuzz_numbers main = {0}, plain = {0};
  for (int i = 0; i < s->count[0]; i++) {
    fuzz_take(&main, s->out[0][i]);
    fuzz_take(&plain, s->out[1][i]);
  }
  bool ok = fuzz_agree(s->w, &s->call, fuzz_try, &main, &plain, "output");
  fuzz_drop(&main);
  fuzz_drop(&plain);
  for (int i = 0; ok && i < s->count[0]; i++)
    fuzz_sync(s->out[1][i], s->out[0][i]);
  return ok;
}

static peri_tensor *meta_of(peri_context *ctx, const peri_tensor *x) {
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = x->dtype;
  options.device = "meta";
  return peri_zeros(ctx, x->shape, x->ndim, &options);
}

/* The same call on the meta device gives the same shapes, or says in the
   operation's name what it must know. */
static bool check_meta(step *s) {
  fuzz_world *w = s->w;
  peri_tensor *in[FUZZ_LIST], *out[FUZZ_OUT];
  bool any = false, ok = true;
  peri_scope scope = peri_scope_open(w->main);
  for (int i = 0; i < s->call.nin; i++) {
    in[i] = s->in[0][i];
    if (!in[i] || in[i]->number) continue;
    in[i] = meta_of(w->main, in[i]);
    any = true;
  }
  int count = any ? fuzz_run(&s->call, w->main, in, out) : -1;
  bool data = s->call.op->flags & PERI_OP_DATA;
  if (any && data && count >= 0)
    ok = wrong(s, "works on meta, but its shape depends on data");
  if (any && !data && count != s->count[0] && !names_operation(s))
    ok = wrong(s, "not on the meta device");
  for (int i = 0; ok && !data && i < count; i++) {
    const peri_tensor *x = s->out[0][i], *y = out[i];
    if (y->dtype != x->dtype ||
        !peri__same_shape(x->shape, x->ndim, y->shape, y->ndim))
      ok = wrong(s, "another shape or dtype on the meta device");
  }
  if (count >= 0) fuzz_count_one(s->call.op, COUNT_META);
  peri_clear_error(w->main);
  peri_scope_close(scope);
  return ok;
}

/* True if 'base' was made by the call, and is not that of an output before. */
static bool is_new(const step *s, int output, const peri_tensor *base) {
  if (!base) return false;
  for (int i = 0; i < output; i++)
    if (s->out[0][i] == base || s->out[0][i]->base == base) return false;
  for (int i = 0; i < s->before.count; i++)
    if (s->before.at[i].storage == base->storage) return false;
  return true;
}

/* Nothing is left but the results and what they look into. */
static bool check_leaks(step *s) {
  size_t now = peri_memory_stats(s->w->main).live_tensors;
  size_t expected = s->memory.live_tensors;
  if (s->w->grads) return true;
  for (int i = 0; i < s->count[0]; i++) {
    const peri_tensor *y = s->out[0][i];
    expected += (size_t)!was_there(s, y) + is_new(s, i, y->base);
  }
  if (now == expected) return true;
  return fuzz_wrong(s->w, "%zu tensors live, %zu expected", now, expected);
}

/* True if a result is too large to be looked at, as only views are. */
static bool is_vast(const step *s) {
  for (int i = 0; i < s->count[0]; i++)
    if (peri_tensor_numel(s->out[0][i]) > 1 << 20) return true;
  return false;
}

static bool check_success(step *s) {
  fuzz_world *w = s->w;
  const peri_tensor *target = s->call.inplace ? s->in[0][0] : NULL;
  if (!check_form(s)) return false;
  if (!fuzz_unchanged(&s->before, target))
    return wrong(s, "a tensor was changed that is not the result");
  if (!check_leaks(s)) return false;
  fuzz_count_call(&s->call);
  if (s->meta || s->count[0] == 0 || s->out[0][0]->storage->meta) return true;
  if (is_vast(s)) return true;
  if (!check_results(s)) return false;
  if (s->call.inplace) return true;
  if (fuzz_chance(&w->random, 8) && !check_meta(s)) return false;
  bool constant = s->call.op->flags & (PERI_OP_NOGRAD | PERI_OP_CONSTANT);
  if (constant || s->call.nin == 0 || !fuzz_chance(&w->random, 3)) return true;
  return fuzz_check_gradient(w, &s->call);
}

/* ---- The step ----------------------------------------------------------- */

static void note_outputs(step *s) {
  for (int i = 0; i < s->count[0]; i++) {
    if (was_there(s, s->out[0][i])) continue;
    fuzz_pair *pair = fuzz_note(s->w, s->out[0][i], s->out[1][i]);
    fuzz_tell_tensor(pair, "an output");
  }
}

static bool finish(step *s) {
  fuzz_world *w = s->w;
  bool main = s->count[0] >= 0, plain = s->count[1] >= 0, ok = true;
  if (main != plain && !is_about_memory(w)) {
    ok = fuzz_wrong(w, "%s, but plain says '%s'",
                    main ? "succeeded" : peri_error_text(w->main),
                    plain ? "" : peri_error_text(w->plain));
  } else if (!main && !plain) {
    ok = check_error(s);
  } else if (main && plain) {
    ok = check_success(s);
    note_outputs(s);
  }
  peri_clear_error(w->main);
  peri_clear_error(w->plain);
  if (main != plain) w->over = true; /* they differ from here on */
  return ok;
}

bool fuzz_step(fuzz_world *w, int row) {
  const peri_op *op = peri_op_at(NULL, row);
  step s = {.w = w, .call = {.op = op}};
  s.call.inplace = op->flags & PERI_OP_ONLY_INPLACE ||
                   (op->flags & PERI_OP_INPLACE && fuzz_chance(&w->random, 3));
  fuzz_recipe recipe = fuzz_recipe_of(&w->random, row, s.call.inplace);
  fuzz_draw_call(w, &recipe, &s.call);
  fuzz_tell_call(&s.call);
  fuzz_count_one(op, COUNT_TRIED);
  prepare(&s);
  bool ok = run_both(&s) && finish(&s);
  fuzz_snap_free(&s.before);
  for (int i = 0; i < s.call.nin; i++)
    if (s.call.source[i] != s.in[1][i]) peri_release(s.call.source[i]);
  return ok;
}
