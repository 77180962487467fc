/* reduce_spec.c - the fast reductions of every level this processor has against
   the plain ones, on random shapes, layouts and dtypes; the same bits at every
   level and on any number of threads. */
#include "twin_check.h"

enum {
  SUM,
  PROD,
  AMAX,
  AMIN,
  MAX,
  MIN,
  ANY,
  ALL,
  ARGMAX,
  ARGMIN,
  MAX_ALONG,
  MIN_ALONG,
  OPS
};

static const char *const names[OPS] = {"sum",    "prod",   "amax",   "amin",
                                       "max",    "min",    "any",    "all",
                                       "argmax", "argmin", "max at", "min at"};

typedef struct {
  int op;
  sample x;
  int64_t dims[PERI_MAX_DIMS]; /* of one dimension the first counts */
  int dim_count;               /* 0: all */
} reduction;

static bool takes_list(int op) { return op <= AMIN || op == ANY || op == ALL; }

static void say(const reduction *c, const char *isa) {
  printf("%s of %s at %s, %d dims reduced [", names[c->op],
         peri_dtype_name(c->x.dtype), isa, c->dim_count);
  for (int i = 0; i < c->dim_count; i++) printf(" %d", (int)c->dims[i]);
  printf(" ] of shape and strides");
  for (int d = 0; d < c->x.ndim; d++)
    printf(" %d/%d", (int)c->x.shape[d], (int)c->x.strides[d]);
  printf("\n");
}

static double plain_number(void) { return uniform(); }

/* Few different ones, zeros of both signs, now and then NaN. */
static double choice_number(void) {
  double number = (double)below(40) - 39;
  if (below(300) == 0) return NAN;
  return number < 0 ? number : below(2) ? 0.0 : -0.0;
}

/* Products of these are exact. */
static double factor_number(void) {
  return below(100) == 0 ? 2 : below(2) ? 1 : -1;
}

/* Almost always zero. */
static double rare_number(void) { return below(200) == 0; }

/* The result, and positions where the operation has them. */
static peri_tensor *apply(peri_context *ctx, const reduction *c,
                          peri_tensor **positions) {
  peri_tensor *x = in(ctx, &c->x);
  peri_value value[PERI_MAX_PARAMS] = {{.type = PERI_P_END}};
  static const char *const rows[OPS] = {"sum",    "prod",   "amax", "amin",
                                        "max",    "min",    "any",  "all",
                                        "argmax", "argmin", "max",  "min"};
  bool list = takes_list(c->op);
  bool along = c->op >= ARGMAX && c->dim_count > 0;
  if (list && c->dim_count > 0) {
    value[0] =
        (peri_value){.type = PERI_P_DIMS, .whole = true, .count = c->dim_count};
    memcpy(value[0].list, c->dims, sizeof value[0].list);
  }
  if (along)
    value[0] = (peri_value){.type = PERI_P_DIM, .whole = true, .i = c->dims[0]};
  const peri_op *op = peri_op_named(ctx, rows[c->op]);
  peri_tensor *more[PERI_MAX_OUTPUTS] = {NULL};
  peri_tensor *y = peri_apply(ctx, op, &x, 1, value, 0, more);
  *positions = more[0];
  return y;
}

/* ---- The sums' bound --------------------------------------------------- */

/* On the way to its sum an element is rounded at most 64 + 6 times in a block
   (32 in a chain of rows) and once per level of the tree, each time by 'unit'
   of what has been summed, at most the sum of the absolute values, which is
   below 'count' here. The plain sum is rounded 'count' times in double; 16-bit
   results are rounded once more, each for itself. */
static double bound(const reduction *c, double value, double count) {
  peri_dtype wide = peri__wide(c->x.dtype);
  double steps = 72 + log2(count + 1);
  double b = steps * unit(wide) * count + count * 0x1p-53 * count;
  if (c->x.dtype != wide) b += 2 * unit(c->x.dtype) * fabs(value);
  return b;
}

static bool close_to(const reduction *c, peri_tensor *got,
                     peri_tensor *expected) {
  double *a = numbers(got), *b = numbers(expected);
  int64_t outputs = expected ? peri_tensor_numel(expected) : 0;
  bool sums = c->op == SUM && peri__is_float(c->x.dtype);
  double count = outputs ? (double)c->x.count / (double)outputs : 0;
  bool ok = a && b && peri_tensor_numel(got) == outputs &&
            peri_tensor_dtype(got) == peri_tensor_dtype(expected);
  for (int64_t i = 0; ok && i < outputs; i++)
    ok = sums ? fabs(a[i] - b[i]) <= bound(c, b[i], count)
              : equal(a[i], b[i]) && signbit(a[i]) == signbit(b[i]);
  free(a);
  free(b);
  return ok;
}

/* ---- Cases ------------------------------------------------------------- */

static const peri_dtype dtypes[] = {PERI_F32,  PERI_F64, PERI_F32, PERI_BF16,
                                    PERI_F16,  PERI_I64, PERI_I32, PERI_U8,
                                    PERI_BOOL, PERI_F64};

static const int64_t lengths[] = {1, 2, 3, 7, 10, 16, 17, 31, 64, 65, 255, 300};

/* Random dimensions to reduce; all or one if the operation knows no others. */
static void random_dims(reduction *c) {
  if (c->op >= MAX_ALONG || (c->op >= ARGMAX && below(2))) {
    c->dims[0] = below(c->x.ndim);
    c->dim_count = 1;
  } else if (takes_list(c->op)) {
    for (int d = 0; d < c->x.ndim; d++)
      if (below(2)) c->dims[c->dim_count++] = d;
  }
}

static reduction random_case(void) {
  reduction c = {.op = (int)below(OPS)};
  int64_t shape[PERI_MAX_DIMS], count = 1;
  int ndim = 1 + (int)below(4);
  for (int d = 0; d < ndim; d++) {
    shape[d] = lengths[below(sizeof lengths / sizeof *lengths)];
    while (count * shape[d] > 60000) shape[d] = 1 + shape[d] / 3;
    count *= shape[d];
  }
  bool truth = c.op == ANY || c.op == ALL;
  c.x = random_sample(shape, ndim, dtypes[below(10)], below(2),
                      c.op == SUM    ? plain_number
                      : c.op == PROD ? factor_number
                      : truth        ? rare_number
                                     : choice_number);
  random_dims(&c);
  return c;
}

static bool as_plain(const reduction *c, peri_context *fast,
                     peri_context *plain) {
  peri_scope here = peri_scope_open(fast), there = peri_scope_open(plain);
  peri_tensor *at = NULL, *plain_at = NULL;
  peri_tensor *y = apply(fast, c, &at), *expected = apply(plain, c, &plain_at);
  bool ok = close_to(c, y, expected);
  if (plain_at) ok = ok && same_bytes(at, plain_at);
  peri_scope_close(there);
  peri_scope_close(here);
  return ok;
}

/* Every level against the plain one. */
static void random_cases(const char *isa) {
  peri_context *fast = open_level(isa, 1), *plain = open_level("plain", 1);
  random_state = 5;
  for (int i = 0; i < 900; i++) {
    reduction c = random_case();
    bool ok = as_plain(&c, fast, plain);
    if (!CHECK(ok)) say(&c, isa);
    free(c.x.data);
  }
  CHECK(peri_error(fast) == PERI_OK && peri_error(plain) == PERI_OK);
  peri_context_free(plain);
  peri_context_free(fast);
}

/* ---- Bits: shapes of which each is cut in its own way ------------------ */

static const struct {
  int64_t shape[3];
  int ndim;
  int64_t dim; /* -1: all */
} large[] = {
    {{2000003}, 1, -1},    {{600, 3000}, 2, 1},   {{3000, 600}, 2, 0},
    {{200000, 10}, 2, 0},  {{64, 500, 60}, 3, 1}, {{200000, 9}, 2, 1},
    {{40, 7, 6000}, 3, 2},
};

enum { LARGE = sizeof large / sizeof *large };

static reduction large_case(int i, int op, peri_dtype dtype) {
  reduction c = {.op = op, .dim_count = large[i].dim >= 0};
  c.dims[0] = large[i].dim;
  c.x = random_sample(large[i].shape, large[i].ndim, dtype, true,
                      op == SUM    ? plain_number
                      : op == PROD ? factor_number
                                   : choice_number);
  return c;
}

static bool same_result(const reduction *c, peri_context *a, peri_context *b) {
  peri_scope here = peri_scope_open(a), there = peri_scope_open(b);
  peri_tensor *a_at = NULL, *b_at = NULL;
  peri_tensor *x = apply(a, c, &a_at), *y = apply(b, c, &b_at);
  bool ok = same_bytes(x, y) && (!a_at || same_bytes(a_at, b_at));
  peri_scope_close(there);
  peri_scope_close(here);
  return ok;
}

static void same_bits(const char *isa, int op, peri_dtype dtype) {
  static const int threads[] = {2, 3, 7};
  peri_context *first = open_level("x86-64", 1), *alone = open_level(isa, 1);
  for (int i = 0; i < LARGE; i++) {
    reduction c = large_case(i, op, dtype);
    if (first) CHECK(same_result(&c, alone, first));
    for (int t = 0; t < 3; t++) {
      peri_context *shared = open_level(isa, threads[t]);
      if (!CHECK(same_result(&c, shared, alone))) say(&c, isa);
      CHECK(peri_parallel_jobs(shared) == 1);
      peri_context_free(shared);
    }
    free(c.x.data);
  }
  peri_context_free(alone);
  peri_context_free(first);
}

/* ---- Edges -------------------------------------------------------------- */

/* Sums over an empty dimension are zeros, in rows and in columns. */
static void empty(const char *isa) {
  peri_context *ctx = open_level(isa, 1);
  static const int64_t shape[] = {3, 0, 20};
  peri_sum_options options = peri_sum_defaults();
  for (int64_t d = 0; d < 3; d++) {
    options.dim = &d;
    options.dim_count = 1;
    peri_tensor *y = peri_sum(peri_zeros(ctx, shape, 3, NULL), &options);
    double *got = numbers(y);
    CHECK(y && peri_tensor_numel(y) == (d == 1 ? 60 : 0));
    bool zero = true;
    for (int i = 0; d == 1 && i < 60; i++) zero = zero && got[i] == 0;
    CHECK(zero);
    free(got);
  }
  peri_context_free(ctx);
}

/* A sum of many equals is exact where every part of it is a number. */
static void exact(const char *isa) {
  peri_context *ctx = open_level(isa, 1);
  static const int64_t shape[] = {1 << 21};
  CHECK(peri_item(peri_sum(peri_ones(ctx, shape, 1, NULL), NULL)) == 1 << 21);
  peri_context_free(ctx);
}

int main(void) {
  for (int i = 1; peri__level_at(i); i++) {
    if (!peri__level_at(i)->here()) continue;
    const char *isa = peri__level_at(i)->name;
    random_cases(isa);
    same_bits(isa, SUM, PERI_F32);
    same_bits(isa, SUM, PERI_F64);
    same_bits(isa, MAX_ALONG, PERI_F32);
    empty(isa);
    exact(isa);
  }
  return check_done("reductions");
}
