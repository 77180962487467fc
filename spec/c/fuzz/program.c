/* program.c - a program from its first tensor to its last: the two contexts,
   the pool, scopes that open and close, a backward at the end, and nothing
   left behind. */
#include "fuzz.h"

#include <stdio.h>

/* ---- The contexts ------------------------------------------------------- */

static bool look_on(const peri_provider *self, const peri_call *call) {
  fuzz_watch *watch = self->user;
  if (call->flags & PERI_CALL_RANDOM) watch->random = true;
  if (++watch->records == watch->interrupt_at) peri_interrupt(watch->ctx);
  return false;
}

static int never(const peri_provider *self, peri_call *call) {
  (void)self;
  (void)call;
  return PERI_EDEVICE;
}

static void watch(fuzz_world *w) {
  w->watch.provider = (peri_provider){"watch", &w->watch, look_on, never};
  w->watch.ctx = w->main;
  peri_register_provider(w->main, &w->watch.provider);
}

/* One of the levels that this processor has. */
static const char *draw_level(fuzz_random *r) {
  const char *here[8];
  int count = 0;
  for (int i = 0; peri__level_at(i) && count < 8; i++)
    if (peri__level_at(i)->here()) here[count++] = peri__level_at(i)->name;
  int best = count - 1;
  return here[fuzz_chance(r, 2) ? best : fuzz_between(r, count > 1, best)];
}

bool fuzz_open(fuzz_world *w, uint64_t seed, bool plain_only) {
  *w = (fuzz_world){.seed = seed, .random = {seed, plain_only}};
  peri_options options = fault_options(&w->fault);
  options.byte_limit = plain_only ? 1 << 20 : 32 << 20;
  peri_options plain = {.isa = "plain", .threads = 1};
  plain.byte_limit = options.byte_limit;
  options.isa = plain_only ? "plain" : draw_level(&w->random);
  options.no_cache = fuzz_chance(&w->random, 2);
  options.threads = (int)fuzz_between(&w->random, 1, 3);
  w->grads = !plain_only && fuzz_chance(&w->random, 2);
  w->main = peri_context_new(&options, NULL);
  w->plain = peri_context_new(&plain, NULL);
  if (!w->main || !w->plain) return false;
  watch(w);
  fuzz_tell_begin(seed);
  fuzz_tell("-- isa %s, %d threads%s\n", options.isa, options.threads,
            w->grads ? ", with gradients" : "");
  peri_set_grad_enabled(w->main, w->grads);
  peri_set_grad_enabled(w->plain, w->grads);
  return true;
}

bool fuzz_close(fuzz_world *w) {
  bool clean = peri_memory_stats(w->main).live_tensors == 0;
  peri_context_free(w->main);
  peri_context_free(w->plain);
  clean = clean && w->fault.blocks == 0;
  if (!clean && !w->failed) fuzz_wrong(w, "something is left at the end");
  return clean;
}

bool fuzz_wrong(fuzz_world *w, const char *format, ...) {
  va_list list;
  w->failed = true;
  fuzz_tell_out();
  printf("WRONG: ");
  va_start(list, format);
  vprintf(format, list);
  va_end(list);
  printf("\nagain: fuzz_spec --program %llu\n", (unsigned long long)w->seed);
  fflush(stdout);
  return false;
}

/* ---- The pool ----------------------------------------------------------- */

static void release(const fuzz_pair *pair) {
  peri_release(pair->main);
  peri_release(pair->plain);
}

static bool fits_pool(const peri_tensor *x) {
  return !x->number && peri_tensor_numel(x) <= 4000;
}

static void put(fuzz_world *w, fuzz_pair pair) {
  int at = w->pooled;
  if (w->pooled < FUZZ_POOL) {
    w->pooled++;
  } else {
    at = (int)fuzz_below(&w->random, FUZZ_POOL);
    release(&w->pool[at]);
  }
  if (pair.depth >= 0 &&
      fuzz_chance(&w->random, 4)) { /* longer than its scope */
    peri_keep(pair.main);
    peri_keep(pair.plain);
    pair.depth = -1;
  }
  w->pool[at] = pair;
}

/* What the step has made goes into the pool or away. */
static void settle(fuzz_world *w) {
  for (int i = 0; i < w->fresh_count; i++) {
    fuzz_pair pair = w->fresh[i];
    if (!pair.main || !pair.plain) continue;
    if (fits_pool(pair.main) && fuzz_chance(&w->random, 2))
      put(w, pair);
    else
      release(&pair);
  }
  w->fresh_count = 0;
}

/* ---- Scopes ------------------------------------------------------------- */

static void open_scope(fuzz_world *w) {
  w->scope[0][w->depth] = peri_scope_open(w->main);
  w->scope[1][w->depth] = peri_scope_open(w->plain);
  w->depth++;
}

/* Tensors of the scope die with it. */
static void close_scope(fuzz_world *w) {
  int left = 0;
  for (int i = 0; i < w->pooled; i++)
    if (w->pool[i].depth < w->depth) w->pool[left++] = w->pool[i];
  w->pooled = left;
  w->depth--;
  fuzz_tell("close scope %d\n", (int)w->depth);
  peri_scope_close(w->scope[0][w->depth]);
  peri_scope_close(w->scope[1][w->depth]);
}

static void move_scopes(fuzz_world *w) {
  if (w->depth > 1 && fuzz_chance(&w->random, 8))
    close_scope(w);
  else if (w->depth < FUZZ_SCOPES && fuzz_chance(&w->random, 8))
    open_scope(w);
}

/* ---- The program -------------------------------------------------------- */

/* All rows in turn over the programs, and any now and then. */
static int draw_row(fuzz_world *w, const fuzz_settings *settings, int step) {
  int count = fuzz_callables();
  uint64_t turn = (w->seed * 30 + (uint64_t)step) * 7919;
  if (settings->row) return fuzz_row_index(settings->row);
  if (fuzz_chance(&w->random, 4)) turn = fuzz_next(&w->random);
  return fuzz_callable_row((int)(turn % (uint64_t)count));
}

static void empty_pool(fuzz_world *w) {
  for (int i = 0; i < w->pooled; i++)
    if (w->pool[i].depth < 0) release(&w->pool[i]);
  for (int i = 0; i < w->leaf_count; i++) release(&w->leaf[i]);
  w->pooled = w->leaf_count = 0;
}

bool fuzz_program(const fuzz_settings *settings, uint64_t seed) {
  fuzz_world w;
  fuzz_tell_alive();
  if (!fuzz_open(&w, seed, false)) return false;
  bool ok = true;
  open_scope(&w);
  for (int step = 0; ok && !w.over && step < settings->steps; step++) {
    move_scopes(&w);
    ok = fuzz_step(&w, draw_row(&w, settings, step));
    if (ok) settle(&w);
  }
  if (!w.over) ok = ok && fuzz_check_backward(&w);
  if (settings->loud) fuzz_tell_out();
  while (w.depth > 0) {
    peri_scope_close(w.scope[0][--w.depth]);
    peri_scope_close(w.scope[1][w.depth]);
  }
  empty_pool(&w);
  return fuzz_close(&w) && ok;
}
