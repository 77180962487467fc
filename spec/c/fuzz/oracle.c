/* oracle.c - are results right? The plain kernels ran the same call on the same
   bits; and an experiment runs it on copies in float64.

   How far float results may be off follows from the call itself: the
   experiment is made again with inputs that are off by one rounding, and what
   that moves is what rounding may move. So sums that cancel, poles, jumps and
   badly conditioned matrices need no exceptions by name. */
#include "fuzz.h"

#include <float.h>
#include <math.h>

enum {
  ROUNDINGS = 16, /* of the result itself, vector math and long sums */
  MARGIN = 8,     /* times what noise moves */
  ROUNDS = 16     /* of noise, before a difference is a fault */
};

/* ---- Numbers ------------------------------------------------------------ */

void fuzz_take(fuzz_numbers *numbers, peri_tensor *x) {
  int i = numbers->count++;
  numbers->dtype[i] = x ? x->dtype : PERI_DTYPE_NONE;
  numbers->numel[i] = x ? peri_tensor_numel(x) : 0;
  size_t bytes = (size_t)numbers->numel[i] * sizeof(double);
  numbers->number[i] = malloc(bytes + 1);
  if (!bytes || x->storage->meta) return;
  /* Whole numbers as they are, for comparing bits. */
  peri_dtype as = peri__is_float(x->dtype) ? PERI_F64 : PERI_I64;
  peri_copy_out(x, numbers->number[i], as, bytes);
}

void fuzz_drop(fuzz_numbers *numbers) {
  for (int i = 0; i < numbers->count; i++) free(numbers->number[i]);
  numbers->count = 0;
}

static bool same_form(const fuzz_numbers *a, const fuzz_numbers *b) {
  if (a->count != b->count) return false;
  for (int i = 0; i < a->count; i++) {
    bool real = peri__is_float(a->dtype[i]) && peri__is_float(b->dtype[i]);
    if (a->numel[i] != b->numel[i]) return false;
    if (a->dtype[i] != b->dtype[i] && !real) return false;
  }
  return true;
}

/* ---- The call on copies ------------------------------------------------- */

/* 'x' with each number off by a rounding, as 'dtype'. */
static peri_tensor *noisy(peri_tensor *x, peri_dtype dtype, double noise,
                          fuzz_random *r) {
  int64_t count = peri_tensor_numel(x);
  double *data = malloc((size_t)(count + 1) * sizeof *data);
  void *own = malloc((size_t)(count + 1) * sizeof *data);
  peri_copy_out(x, data, PERI_F64, (size_t)count * sizeof *data);
  for (int64_t i = 0; noise > 0 && i < count; i++) {
    bool bound = fabs(data[i]) == 1; /* of what must lie in [0, 1] */
    data[i] *= 1 + noise * (double)fuzz_between(r, -1, !bound);
  }
  peri__convert(own, dtype, 1, data, PERI_F64, 1, count);
  peri_tensor *y =
      peri_tensor_new(peri_tensor_context(x), own, x->shape, x->ndim, dtype);
  free(own);
  free(data);
  return y;
}

void fuzz_copies(fuzz_call *call, const fuzz_setting *setting,
                 peri_tensor **in) {
  fuzz_random r = {.state = setting->seed};
  for (int i = 0; i < call->nin; i++) {
    peri_tensor *x = call->source[i];
    in[i] = x;
    if (!x || x->number) continue;
    if (peri__is_float(x->dtype))
      in[i] =
          noisy(x, setting->widen ? PERI_F64 : x->dtype, setting->noise, &r);
    else if (call->inplace && i == 0)
      in[i] = peri_clone(x);
  }
}

bool fuzz_try(fuzz_world *w, fuzz_call *call, const fuzz_setting *setting,
              fuzz_numbers *out) {
  (void)w;
  peri_tensor *in[FUZZ_LIST], *y[FUZZ_OUT];
  peri_scope scope = peri_scope_open(setting->ctx);
  fuzz_copies(call, setting, in);
  int count = fuzz_run(call, setting->ctx, in, y);
  for (int i = 0; i < count; i++) fuzz_take(out, y[i]);
  peri_clear_error(setting->ctx);
  peri_scope_close(scope);
  return count >= 0;
}

/* ---- Differences -------------------------------------------------------- */

/* One rounding of 'dtype', its smallest normal number (of float16, where small
   ones are kept, the smallest), its largest. */
double fuzz_rounding(peri_dtype dtype) {
  switch (dtype) {
    case PERI_F16: return 0x1p-10;
    case PERI_BF16: return 0x1p-7;
    case PERI_F32: return 0x1p-23;
    default: return 0x1p-52;
  }
}

static double smallest(peri_dtype dtype) {
  if (dtype == PERI_F16) return 0x1p-24;
  return dtype == PERI_F64 ? DBL_MIN : FLT_MIN;
}

static double largest(peri_dtype dtype) {
  if (dtype == PERI_F16) return 65504;
  return dtype == PERI_F64 ? DBL_MAX : FLT_MAX;
}

/* The coarsest of the float inputs, that of float32 where whole numbers become
   floats; 0 if there are no floats. */
static double coarsest(const fuzz_call *call) {
  double most = 0;
  bool whole = false;
  for (int i = 0; i < call->nin; i++) {
    const peri_tensor *x = call->source[i];
    if (!x || x->number) continue;
    if (peri__is_float(x->dtype))
      most = fmax(most, fuzz_rounding(x->dtype));
    else
      whole = true;
  }
  return most > 0 && whole ? fmax(most, fuzz_rounding(PERI_F32)) : most;
}

static double most_elements(const fuzz_call *call) {
  double most = 0;
  for (int i = 0; i < call->nin; i++)
    if (call->source[i])
      most = fmax(most, (double)peri_tensor_numel(call->source[i]));
  return most;
}

/* The largest finite number of 'x'. */
static double largest_of(peri_tensor *x) {
  size_t bytes = (size_t)peri_tensor_numel(x) * sizeof(double);
  double *data = malloc(bytes + 1), most = 0;
  if (bytes) peri_copy_out(x, data, PERI_F64, bytes);
  for (size_t k = 0; k < bytes / sizeof *data; k++)
    if (isfinite(data[k])) most = fmax(most, fabs(data[k]));
  free(data);
  return most;
}

/* What the largest input rounds to: small results beside such numbers may be
   differences of them. 0 where all inputs are floats of the order of 1. */
static double large_rounding(const fuzz_call *call) {
  double most = 0;
  for (int i = 0; i < call->nin; i++)
    if (call->source[i]) most = fmax(most, largest_of(call->source[i]));
  double coarse = coarsest(call);
  if (coarse == 0) return 4 * fuzz_rounding(PERI_F32) * most;
  return most > 100 ? 4 * coarse * most : 0;
}

/* 'got' stands for 'want', which is too large for its dtype, or whose square
   is: squares are summed as they are. */
static bool overflows(double got, double want, peri_dtype dtype) {
  double most = largest(dtype) * (1 - 8 * fuzz_rounding(dtype));
  if ((got > 0) != (want > 0)) return false;
  if (isinf(got)) return fabs(want) > sqrt(most);
  return fabs(want) > most && fabs(got) > most;
}

static bool near(double got, double want, double room) {
  return got == want || (isnan(got) && isnan(want)) || room == INFINITY ||
         fabs(got - want) <= room;
}

/* Rows that are differences of numbers of the order of 1, by their formula:
   off by a rounding of those. */
static bool is_difference(const char *name) {
  static const char *const names[] = {"log_softmax",
                                      "cross_entropy",
                                      "logsumexp",
                                      "tanhshrink",
                                      "var",
                                      "std",
                                      "var_mean",
                                      "std_mean",
                                      "cov",
                                      "corrcoef",
                                      "inverse",
                                      "inv",
                                      "solve",
                                      "lu_solve",
                                      "cholesky_solve",
                                      "cholesky_inverse",
                                      "solve_triangular"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

/* Rows whose results are not the only ones, as bases of spaces, or hang on
   which numbers count as zero. */
static bool is_ambiguous(const char *name) {
  static const char *const names[] = {
      "svd",  "eigh",     "qr",      "lstsq",       "lu",  "lu_factor",
      "pinv", "eigvalsh", "svdvals", "matrix_rank", "cond"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(name, names[i]) == 0) return true;
  return false;
}

/* True if every line of 'x' along its last dimension ascends. */
static bool ascends(peri_tensor *x) {
  fuzz_numbers numbers = {0};
  bool sorted = true;
  fuzz_take(&numbers, peri_to(x, PERI_F64));
  int64_t width = x->ndim > 0 ? x->shape[x->ndim - 1] : 1;
  const double *data = numbers.number[0];
  for (int64_t i = 1; i < numbers.numel[0]; i++)
    if (i % width != 0 && !(data[i - 1] <= data[i])) sorted = false;
  fuzz_drop(&numbers);
  return sorted;
}

/* Rows that promise nothing where an input does not ascend. */
static bool is_promised(const fuzz_call *call) {
  static const struct {
    const char *name;
    int input;
  } searches[] = {{"searchsorted", 0}, {"bucketize", 1}};
  for (size_t i = 0; i < sizeof searches / sizeof *searches; i++)
    if (strcmp(call->op->name, searches[i].name) == 0)
      return ascends(call->source[searches[i].input]);
  return true;
}

/* What is compared, and how much noise has moved each number so far. */
typedef struct {
  fuzz_world *w;
  fuzz_call *call;
  const char *what;
  const fuzz_numbers *got, *want;
  double coarse;    /* a rounding of the coarsest input */
  double roundings; /* of a result that are fine: 'ROUNDINGS' and those of a
                       sum over the largest input */
  double absolute;  /* room whatever the size of a result */
  fuzz_numbers moved;
} comparison;

static bool element_near(const comparison *c, int i, int64_t k) {
  double got = c->got->number[i][k], want = c->want->number[i][k];
  double moved = c->moved.number[i][k];
  peri_dtype dtype = c->got->dtype[i];
  if (!peri__is_float(dtype))
    return moved > 0 || memcmp(&got, &want, sizeof got) == 0;
  double room =
      c->roundings * fmax(fuzz_rounding(dtype), c->coarse) * fabs(want) +
      4 * smallest(dtype) + c->absolute + MARGIN * moved;
  return near(got, want, room) || overflows(got, want, dtype);
}

/* True if all are near; otherwise the first that is not, in 'at'. */
static bool all_near(const comparison *c, int *output, int64_t *at) {
  for (int i = 0; i < c->got->count; i++)
    for (int64_t k = 0; k < c->got->numel[i]; k++)
      if (!element_near(c, i, k)) {
        *output = i;
        *at = k;
        return false;
      }
  return true;
}

static void still(fuzz_numbers *moved, const fuzz_numbers *like) {
  *moved = *like;
  for (int i = 0; i < like->count; i++)
    moved->number[i] = calloc((size_t)like->numel[i] + 1, sizeof(double));
}

static double distance(double a, double b, bool real) {
  if (!real) return memcmp(&a, &b, sizeof a) != 0;
  if (a == b || (isnan(a) && isnan(b))) return 0;
  double off = fabs(a - b);
  return isfinite(off) ? off : INFINITY;
}

static void grow(fuzz_numbers *moved, const fuzz_numbers *a,
                 const fuzz_numbers *b) {
  for (int i = 0; i < a->count; i++)
    for (int64_t k = 0; k < a->numel[i]; k++)
      moved->number[i][k] =
          fmax(moved->number[i][k], distance(a->number[i][k], b->number[i][k],
                                             peri__is_float(a->dtype[i])));
}

/* Make the experiment with and without noise and note what moves. */
static bool shake(comparison *c, fuzz_experiment experiment,
                  fuzz_setting setting, int round) {
  fuzz_numbers calm = {0}, shaken = {0};
  bool done = experiment(c->w, c->call, &setting, &calm);
  setting.noise = c->coarse * (1 << round / 4);
  setting.seed = (uint64_t)round + 1;
  done = done && experiment(c->w, c->call, &setting, &shaken);
  done = done && same_form(&calm, &shaken) && same_form(&calm, c->got);
  if (done) grow(&c->moved, &calm, &shaken);
  fuzz_drop(&shaken);
  fuzz_drop(&calm);
  return done;
}

static bool tell_difference(const comparison *c, int i, int64_t k,
                            const char *than) {
  double got = c->got->number[i][k], want = c->want->number[i][k];
  if (peri__is_float(c->got->dtype[i]))
    return fuzz_wrong(c->w, "%s %d, element %lld: %.17g, %s has %.17g", c->what,
                      i, (long long)k, got, than, want);
  int64_t whole[2];
  memcpy(&whole[0], &got, sizeof got);
  memcpy(&whole[1], &want, sizeof want);
  return fuzz_wrong(c->w, "%s %d, element %lld: %lld, %s has %lld", c->what, i,
                    (long long)k, (long long)whole[0], than,
                    (long long)whole[1]);
}

/* Compare, with as much noise as it takes. */
static bool settle(comparison *c, fuzz_experiment experiment,
                   const fuzz_setting *setting, const char *than) {
  int output = 0;
  int64_t at = 0;
  still(&c->moved, c->want);
  bool near_now = all_near(c, &output, &at);
  for (int round = 0; !near_now && round < ROUNDS && c->coarse > 0; round++) {
    if (shake(c, experiment, *setting, round))
      near_now = all_near(c, &output, &at);
  }
  fuzz_drop(&c->moved);
  return near_now || tell_difference(c, output, at, than);
}

/* Where a narrow type overflowed on the way, or rounded into or out of a
   domain, in plain kernels as well, float64 says nothing. */
static void forgive_narrow(fuzz_numbers *exact, const fuzz_numbers *plain) {
  for (int i = 0; i < exact->count; i++) {
    if (!peri__is_float(plain->dtype[i]) || plain->dtype[i] == PERI_F64)
      continue;
    for (int64_t k = 0; k < exact->numel[i]; k++)
      if (!isfinite(plain->number[i][k]) || isnan(exact->number[i][k]))
        exact->number[i][k] = plain->number[i][k];
  }
}

/* What flows into a gradient is of the order of 1, or of the largest gradient,
   and so may be what was rounded when it was saved. 16 bits round at every step
   of a formula. */
static double absolute_room(const comparison *c, bool gradient) {
  bool narrow = c->coarse > fuzz_rounding(PERI_F32);
  double most = 1;
  if (!gradient && !narrow && !is_difference(c->call->op->name)) return 0;
  for (int i = 0; i < c->want->count; i++)
    for (int64_t k = 0; k < c->want->numel[i]; k++)
      if (peri__is_float(c->want->dtype[i]) && isfinite(c->want->number[i][k]))
        most = fmax(most, fabs(c->want->number[i][k]));
  if (!gradient && narrow) return 4 * c->coarse;
  return (!gradient ? c->roundings : narrow ? 32 : 16) * c->coarse * most;
}

bool fuzz_agree(fuzz_world *w, fuzz_call *call, fuzz_experiment experiment,
                const fuzz_numbers *main, const fuzz_numbers *plain,
                const char *what) {
  fuzz_setting setting = {.ctx = w->plain, .widen = !w->watch.random};
  fuzz_numbers exact = {0};
  comparison c = {.w = w,
                  .call = call,
                  .what = what,
                  .got = main,
                  .want = plain,
                  .coarse = coarsest(call),
                  .roundings = ROUNDINGS + 4 * sqrt(most_elements(call))};
  c.absolute = absolute_room(&c, experiment != fuzz_try);
  c.absolute += large_rounding(call);
  if (!same_form(main, plain))
    return fuzz_wrong(w, "%s: other shapes or dtypes than plain", what);
  if (!is_promised(call)) return true;
  if (c.coarse == 0 || w->watch.random) setting.widen = false;
  /* 16 bits round at every step of a gradient made of operations. */
  bool steps = call->op->flags & PERI_OP_COMPOSED && experiment != fuzz_try;
  if (steps && c.coarse > fuzz_rounding(PERI_F32)) setting.widen = false;
  if (is_ambiguous(call->op->name)) setting.widen = false;
  bool wide = setting.widen && experiment(w, call, &setting, &exact) &&
              same_form(&exact, main);
  if (!wide) setting.widen = false;
  bool ok = settle(&c, experiment, &setting, "plain");
  if (ok && wide) {
    forgive_narrow(&exact, plain);
    c.want = &exact;
    ok = settle(&c, experiment, &setting, "float64");
    fuzz_count_one(call->op, COUNT_FLOAT64);
  }
  fuzz_drop(&exact);
  return ok;
}
