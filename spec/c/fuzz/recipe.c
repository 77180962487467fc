/* recipe.c - how the arguments of a call are drawn: a recipe for any row, and
   a call by a recipe. */
#include "fuzz.h"

/* What the name of an input says of it; SHAPE_NONE: nothing of its shape. */
static const struct {
  const char *name;
  fuzz_kind kind;
  fuzz_relation relation;
} named[] = {
    {"index", KIND_INT64, SHAPE_NONE},   {"indices", KIND_INT64, SHAPE_NONE},
    {"target", KIND_INT64, SHAPE_NONE},  {"places", KIND_INT64, SHAPE_NONE},
    {"repeats", KIND_INT64, SHAPE_NONE}, {"mask", KIND_BOOL, SHAPE_NONE},
    {"cond", KIND_BOOL, SHAPE_NONE},     {"condition", KIND_BOOL, SHAPE_NONE},
    {"lu", KIND_FLOAT, SHAPE_SQUARE},    {"pivots", KIND_INT64, SHAPE_ROWS},
};

/* Place of 'name' in the table, now and then -1 as if it were not there. */
static int place_of(fuzz_random *r, const char *name) {
  for (int i = 0; i < (int)(sizeof named / sizeof *named); i++)
    if (strcmp(named[i].name, name) == 0) return fuzz_chance(r, 4) ? -1 : i;
  return -1;
}

static fuzz_kind any_kind(fuzz_random *r, const peri_input *row, int index) {
  static const fuzz_kind first[] = {KIND_SAME,  KIND_SAME,  KIND_FLOAT,
                                    KIND_FLOAT, KIND_WHOLE, KIND_BOOL};
  static const fuzz_kind fixed[] = {KIND_INT64, KIND_INT64, KIND_WHOLE,
                                    KIND_BOOL,  KIND_SAME,  KIND_BEFORE};
  static const fuzz_kind other[] = {KIND_SAME, KIND_SAME,  KIND_SAME,
                                    KIND_ANY,  KIND_FLOAT, KIND_BEFORE};
  int place = place_of(r, row->name);
  if (place >= 0) return named[place].kind;
  if (index == 0) return first[fuzz_below(r, 6)];
  return row->flags & PERI_IN_FIXED ? fixed[fuzz_below(r, 6)]
                                    : other[fuzz_below(r, 6)];
}

static fuzz_style any_style(fuzz_random *r, fuzz_kind kind, int index) {
  bool places = kind == KIND_WHOLE || kind == KIND_INT64;
  if (places && index > 0 && !fuzz_chance(r, 4))
    return fuzz_chance(r, 2)
               ? STYLE_DIM
               : (fuzz_style)fuzz_between(r, STYLE_DIM, FUZZ_STYLES - 1);
  if (fuzz_chance(r, 2)) return STYLE_PLAIN;
  return (fuzz_style)fuzz_between(r, STYLE_PLAIN, STYLE_SORTED);
}

static fuzz_relation any_relation(fuzz_random *r, const peri_input *row,
                                  int index) {
  if (row->flags & PERI_IN_OPTIONAL && fuzz_chance(r, 3)) return SHAPE_NONE;
  if (row->flags & PERI_IN_NUMBER && fuzz_chance(r, 6)) return SHAPE_NUMBER;
  int place = place_of(r, row->name);
  if (place >= 0 && named[place].relation != SHAPE_NONE)
    return named[place].relation;
  if (index == 0)
    return fuzz_chance(r, 3)
               ? SHAPE_POOL
               : (fuzz_relation)fuzz_between(r, SHAPE_POOL, SHAPE_SQUARE);
  if (fuzz_chance(r, 3)) return SHAPE_SAME;
  if (fuzz_chance(r, 5)) return SHAPE_NARROW;
  return (fuzz_relation)fuzz_between(r, SHAPE_POOL, FUZZ_RELATIONS - 1);
}

fuzz_recipe fuzz_any_recipe(fuzz_random *r, const peri_op *op) {
  fuzz_recipe recipe = {.count = peri__count_inputs(op)};
  bool list = op->inputs[0].name && op->inputs[0].flags & PERI_IN_LIST;
  if (list) recipe.count = (int)fuzz_between(r, 1, 4);
  for (int i = 0; i < recipe.count; i++) {
    const peri_input *row = &op->inputs[list ? 0 : i];
    fuzz_kind kind = any_kind(r, row, i);
    recipe.in[i].relation = (unsigned char)any_relation(r, row, i);
    recipe.in[i].kind = (unsigned char)kind;
    recipe.in[i].style = (unsigned char)any_style(r, kind, i);
  }
  for (int i = 0; i < peri__count_params(op->params); i++)
    if (op->params[i].need == PERI_REQUIRED || fuzz_chance(r, 2))
      recipe.way[i] = (unsigned char)fuzz_below(r, fuzz_ways(&op->params[i]));
  return recipe;
}

/* ---- A call ------------------------------------------------------------- */

/* The call that is drawn, and what it follows. */
typedef struct {
  fuzz_world *w;
  const fuzz_recipe *recipe;
  fuzz_call *call;
  int dim;
} draft;

static peri_dtype any_dtype(fuzz_random *r) {
  return (peri_dtype)fuzz_between(r, PERI_BOOL, PERI_F64);
}

static peri_dtype dtype_of(const draft *d, int index) {
  static const peri_dtype whole[] = {PERI_U8, PERI_I32, PERI_I64};
  fuzz_random *r = &d->w->random;
  const peri_tensor *x = index > 0 ? d->call->in[0].main : NULL;
  const peri_tensor *before = index > 0 ? d->call->in[index - 1].main : NULL;
  switch (d->recipe->in[index].kind) {
    case KIND_SAME: return x ? x->dtype : any_dtype(r);
    case KIND_BEFORE: return before ? before->dtype : any_dtype(r);
    case KIND_FLOAT: return (peri_dtype)fuzz_between(r, PERI_F16, PERI_F64);
    case KIND_WHOLE: return whole[fuzz_below(r, 3)];
    case KIND_INT64: return fuzz_chance(r, 5) ? PERI_I32 : PERI_I64;
    case KIND_BOOL: return PERI_BOOL;
    default: return any_dtype(r);
  }
}

/* How many positions a style may name. */
static int64_t bound_of(const draft *d, int index) {
  const peri_tensor *x = index > 0 ? d->call->in[0].main : NULL;
  if (!x || x->ndim == 0) return 3;
  switch (d->recipe->in[index].style) {
    case STYLE_DIM: return x->shape[d->dim < x->ndim ? d->dim : 0];
    case STYLE_FIRST: return x->shape[0];
    case STYLE_SECOND: return x->shape[x->ndim > 1];
    case STYLE_LAST: return x->shape[x->ndim - 1];
    case STYLE_ALL: return peri_tensor_numel(x);
    default: return 0;
  }
}

/* A tensor of the pool for which 'fits' holds; one at random of them. */
static const fuzz_pair *find(fuzz_world *w, const peri_meta *meta,
                             bool any_shape) {
  int64_t from = fuzz_below(&w->random, w->pooled);
  for (int i = 0; i < w->pooled; i++) {
    const fuzz_pair *pair = &w->pool[(i + (int)from) % w->pooled];
    const peri_tensor *x = pair->main;
    if (x->dtype != meta->dtype) continue;
    if (any_shape ||
        peri__same_shape(x->shape, x->ndim, meta->shape, meta->ndim))
      return pair;
  }
  return NULL;
}

/* The first input again, or a view of it that is turned. */
static bool make_alias(fuzz_world *w, const fuzz_pair *first, fuzz_pair *out) {
  const int64_t turned[] = {1, 0};
  const peri_tensor *x = first->main;
  *out = *first;
  if (x->ndim != 2 || x->shape[0] != x->shape[1] || x->number) return true;
  *out = *fuzz_note(w, peri_permute(first->main, turned, 2),
                    peri_permute(first->plain, turned, 2));
  fuzz_tell_tensor(out, "the first input, turned");
  return true;
}

static fuzz_pair acquire(draft *d, int index, const peri_meta *meta) {
  fuzz_world *w = d->w;
  fuzz_style style = (fuzz_style)d->recipe->in[index].style;
  const fuzz_pair *first = &d->call->in[0], *found = NULL;
  fuzz_pair alias;
  bool again = index > 0 && first->main && first->main->dtype == meta->dtype &&
               peri__same_shape(first->main->shape, first->main->ndim,
                                meta->shape, meta->ndim);
  if (again && fuzz_chance(&w->random, 8) && make_alias(w, first, &alias))
    return alias;
  if (style == STYLE_PLAIN && fuzz_chance(&w->random, 2))
    found = find(w, meta, false);
  if (found) return *found;
  return fuzz_make(w, meta, style, d->call->base, bound_of(d, index));
}

static fuzz_pair draw_input(draft *d, int index) {
  fuzz_random *r = &d->w->random;
  fuzz_relation relation = (fuzz_relation)d->recipe->in[index].relation;
  peri_meta meta = {.dtype = dtype_of(d, index)};
  const fuzz_pair *found = NULL;
  if (relation == SHAPE_NONE) return (fuzz_pair){.id = -1};
  if (relation == SHAPE_NUMBER) return fuzz_number(d->w, fuzz_chance(r, 2));
  if (relation == SHAPE_POOL) found = find(d->w, &meta, true);
  if (found) return *found;
  if (!fuzz_relate(r, relation, d->call, index, d->dim, &meta))
    fuzz_relate(r, SHAPE_FREE, d->call, index, d->dim, &meta);
  return acquire(d, index, &meta);
}

static void draw_values(draft *d) {
  fuzz_call *call = d->call;
  for (int i = 0; i < peri__count_params(call->op->params); i++)
    call->value[i] =
        fuzz_value(&d->w->random, call, i, d->recipe->way[i], &d->dim);
}

/* A list whose shapes an equation says. */
static bool draw_equation(draft *d) {
  fuzz_call *call = d->call;
  peri_meta meta[FUZZ_LIST];
  for (int i = 0; i < peri__count_params(call->op->params); i++) {
    if (strcmp(call->op->params[i].name, "equation") != 0) continue;
    call->value[i] = fuzz_value(&d->w->random, call, i, 1, &d->dim);
    call->nin = fuzz_equation(&d->w->random, call->value[i].s, meta);
    for (int k = 0; k < call->nin; k++) {
      meta[k].dtype = dtype_of(d, k);
      call->in[k] = acquire(d, k, &meta[k]);
    }
    return true;
  }
  return false;
}

void fuzz_draw_call(fuzz_world *w, const fuzz_recipe *recipe, fuzz_call *call) {
  draft d = {w, recipe, call, 0};
  call->base = (int)fuzz_below(&w->random, 2);
  call->draws = fuzz_next(&w->random);
  call->nin = 0;
  memset(call->in, 0, sizeof call->in);
  if (draw_equation(&d)) return;
  if (recipe->count > 0) call->in[call->nin++] = draw_input(&d, 0);
  draw_values(&d);
  while (call->nin < recipe->count) {
    call->in[call->nin] = draw_input(&d, call->nin);
    call->nin++;
  }
}
