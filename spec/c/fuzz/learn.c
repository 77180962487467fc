/* learn.c - finds out how each row wants its arguments: any recipes are tried
   on plain kernels, and those by which several calls in a row succeed are kept.
   The seed of this is fixed, so a program depends on its own seed alone. */
#include "fuzz.h"

/* Tries in all, and where none has succeeded yet; those that are tried again,
   and how many must succeed. */
enum { TRIES = 2500, MOST_TRIES = 40000, AGAIN = 6, ENOUGH = 3 };

typedef struct {
  int count;
  fuzz_recipe recipe[FUZZ_LEARNED];
} shelf;

static shelf (*learned)[2]; /* of each row, in place too */

/* One call by 'recipe'. */
static bool succeeds(fuzz_world *w, const peri_op *op, bool inplace,
                     const fuzz_recipe *recipe) {
  peri_tensor *in[FUZZ_LIST], *out[FUZZ_OUT];
  fuzz_call call = {.op = op, .inplace = inplace};
  peri_scope scope = peri_scope_open(w->main);
  peri_scope plain = peri_scope_open(w->plain);
  fuzz_tell_begin(0);
  w->fresh_count = 0;
  fuzz_draw_call(w, recipe, &call);
  fuzz_tell_call(&call);
  for (int i = 0; i < call.nin; i++) in[i] = call.in[i].main;
  bool done = fuzz_run(&call, w->main, in, out) >= 0;
  if (peri_error(w->main) == PERI_EDEVICE) fuzz_count_missing(op);
  peri_clear_error(w->main);
  peri_clear_error(w->plain);
  peri_scope_close(plain);
  peri_scope_close(scope);
  return done;
}

static void learn_row(fuzz_world *w, int row, bool inplace) {
  const peri_op *op = peri_op_at(NULL, row);
  shelf *s = &learned[row][inplace];
  for (int i = 0; s->count < FUZZ_LEARNED; i++) {
    if (i >= (s->count > 0 ? TRIES : MOST_TRIES)) break;
    fuzz_recipe recipe = fuzz_any_recipe(&w->random, op);
    if (!succeeds(w, op, inplace, &recipe)) continue;
    int good = 0;
    for (int k = 0; k < AGAIN; k++) good += succeeds(w, op, inplace, &recipe);
    if (good >= ENOUGH) s->recipe[s->count++] = recipe;
  }
}

bool fuzz_learn(const fuzz_settings *settings) {
  fuzz_world w;
  learned = calloc((size_t)fuzz_rows(), sizeof *learned);
  if (!learned || !fuzz_open(&w, 1, true)) return false;
  for (int row = 0; row < fuzz_rows(); row++) {
    const peri_op *op = peri_op_at(NULL, row);
    if (!fuzz_callable(op)) continue;
    if (settings->row && settings->row != op) continue;
    w.random.state = 1; /* each row alike, whatever came before */
    fuzz_tell_alive();
    if (!(op->flags & PERI_OP_ONLY_INPLACE)) learn_row(&w, row, false);
    if (op->flags & PERI_OP_INPLACE) learn_row(&w, row, true);
  }
  return fuzz_close(&w);
}

fuzz_recipe fuzz_recipe_of(fuzz_random *r, int row, bool inplace) {
  const shelf *s = &learned[row][inplace];
  if (s->count == 0 || fuzz_chance(r, 8))
    return fuzz_any_recipe(r, peri_op_at(NULL, row));
  return s->recipe[fuzz_below(r, s->count)];
}
