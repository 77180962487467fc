/* softmax_spec.c - the fast kernels of softmax, log_softmax, their gradients
   and cross entropy at every level this processor has against the plain ones,
   on random shapes and layouts; the same bits on any number of threads. */
#include "kernels.h"
#include "twin_check.h"

/* One call of a kernel: the numbers of its inputs, and how far an output may
   be from the plain one. */
typedef struct {
  int op; /* 0 softmax, 1 log_softmax */
  bool backward;
  sample x, dy;
  int64_t dim;
} softmax_case;

static double logit(void) {
  double x = 8 * uniform();
  return below(400) == 0 ? -INFINITY : x;
}

static double ordinary(void) { return uniform(); }

static int64_t length_of(int kind) {
  static const int64_t few[] = {1, 2, 3, 9, 10, 16, 17, 31};
  static const int64_t many[] = {32, 33, 64, 100, 257, 1024, 1025, 3000};
  return kind ? many[below(8)] : few[below(8)];
}

/* Fewer lines along 'dim' where there are too many elements. */
static void limit(int64_t *shape, int ndim, int64_t dim) {
  for (int d = 0; d < ndim; d++)
    if (d != dim && shape[dim] > 31) shape[d] = 1 + shape[d] / 4;
}

static softmax_case random_softmax(peri_dtype dtype) {
  softmax_case c = {.op = (int)below(2), .backward = below(2)};
  int64_t shape[4];
  int ndim = 1 + (int)below(3);
  c.dim = below(ndim);
  for (int d = 0; d < ndim; d++) shape[d] = length_of(0);
  shape[c.dim] = length_of((int)below(2));
  if (ndim > 1 && below(3) == 0) shape[(c.dim + 1) % ndim] = 40;
  limit(shape, ndim, c.dim);
  c.x = random_sample(shape, ndim, dtype, below(2), logit);
  c.dy = random_sample(shape, ndim, dtype, below(2), ordinary);
  return c;
}

static int64_t jobs; /* that the kernels under test have shared */

/* y, or dx for a y made of x by the plain kernel. */
static peri_tensor *run_softmax(peri_context *ctx, const softmax_case *c,
                                const sample *y) {
  peri__dim_attr attr = {(int)c->dim, 0};
  static const int kernels[2][2] = {{PERI_K_softmax, PERI_K_log_softmax},
                                    {PERI_K_softmax_dx, PERI_K_log_softmax_dx}};
  int kernel = peri__kernel_id(kernels[c->backward][c->op]);
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = c->x.dtype;
  peri_tensor *out = peri_zeros(ctx, c->x.shape, c->x.ndim, &options);
  peri_tensor *args[3] = {out, in(ctx, c->backward ? y : &c->x),
                          in(ctx, &c->dy)};
  int nin = c->backward ? 2 : 1;
  int64_t before = peri_parallel_jobs(ctx);
  int status = peri_launch(ctx, kernel, args, 1, nin, &attr, sizeof attr);
  jobs += peri_parallel_jobs(ctx) - before;
  return status < 0 ? NULL : out;
}

/* e^x, the logarithm and the arithmetic around them are off by 2 units each,
   the sum of positive numbers by 64 + 6 + a few levels; a logarithm turns that
   relative error into an absolute one, to which the rounding of x - max (at
   most 16 here) and of the result comes. A gradient adds a sum of up to K
   elements of at most 1. */
static double softmax_bound(const softmax_case *c, double expected) {
  double u = unit(c->x.dtype), k = (double)c->x.shape[c->dim];
  if (c->backward) return u * (100 + 12 * k);
  if (c->op == 0) return u * 100 * fabs(expected) + 0x1p-126;
  return u * (100 + 4 * (16 + fabs(expected)));
}

static bool softmax_as_plain(const softmax_case *c, peri_context *fast,
                             peri_context *plain) {
  peri_scope here = peri_scope_open(fast), there = peri_scope_open(plain);
  softmax_case forward = *c;
  forward.backward = false;
  peri_tensor *made = run_softmax(plain, &forward, NULL);
  sample y = c->x; /* dense, as the kernel made it */
  y.data = peri_tensor_data(made);
  y.offset = 0;
  peri__strides(y.shape, y.ndim, y.strides);
  double *a = numbers(run_softmax(fast, c, &y));
  double *b = numbers(run_softmax(plain, c, &y));
  bool ok = a && b;
  for (int64_t i = 0; ok && i < c->x.count; i++)
    ok = equal(a[i], b[i]) || fabs(a[i] - b[i]) <= softmax_bound(c, b[i]);
  free(a);
  free(b);
  peri_scope_close(there);
  peri_scope_close(here);
  return ok;
}

static void softmax_cases(const char *isa, peri_dtype dtype) {
  peri_context *fast = open_level(isa, 1), *plain = open_level("plain", 1);
  random_state = 3;
  for (int i = 0; i < 300; i++) {
    softmax_case c = random_softmax(dtype);
    if (!CHECK(softmax_as_plain(&c, fast, plain)))
      printf("case %d at %s, %s: kernel %d %d, K %d\n", i, isa,
             peri_dtype_name(dtype), c.op, c.backward, (int)c.x.shape[c.dim]);
    free(c.x.data);
    free(c.dy.data);
  }
  CHECK(peri_error(fast) == PERI_OK && peri_error(plain) == PERI_OK);
  peri_context_free(plain);
  peri_context_free(fast);
}

/* ---- Cross entropy ----------------------------------------------------- */

typedef struct {
  sample x, target, weight, dy;
  bool soft, weighted;
  int64_t classes;
  peri_cross_entropy_options options;
} loss_case;

static int64_t class_count;
static double least_weight; /* above 0 where samples are divided by them */

/* From 0; class 1 is the one that may be ignored. */
static double class_number(void) { return (double)below(class_count); }
static double share_number(void) { return (double)below(5) / 8; }
static double weight_number(void) { return least_weight + (double)below(3); }

static loss_case random_loss(peri_dtype dtype) {
  static const peri_dtype integers[] = {PERI_I64, PERI_I32, PERI_U8};
  static const char *const reductions[] = {"mean", "sum", "none"};
  loss_case c = {.soft = below(3) == 0, .weighted = below(3) == 0};
  int64_t shape[4], samples[4];
  int ndim = 1 + (int)below(3), at = ndim > 1, left = 0;
  c.options = peri_cross_entropy_defaults();
  c.options.reduction = reductions[below(3)];
  c.options.ignore_index = below(2) ? 1 : -100;
  c.options.label_smoothing = below(2) ? 0.1 : 0;
  least_weight = c.options.reduction == reductions[0];
  c.classes = length_of((int)below(2));
  for (int d = 0; d < ndim; d++) shape[d] = d == at ? c.classes : length_of(0);
  if (ndim == 2 && below(2)) shape[0] = 40;
  limit(shape, ndim, at);
  for (int d = 0; d < ndim; d++)
    if (d != at) samples[left++] = shape[d];
  peri_dtype kind = integers[c.classes > 255 ? 0 : below(3)];
  class_count = c.classes;
  c.x = random_sample(shape, ndim, dtype, below(2), logit);
  if (c.soft)
    c.target = random_sample(shape, ndim, dtype, below(2), share_number);
  else
    c.target = random_sample(samples, left, kind, below(2), class_number);
  c.weight = random_sample(&c.classes, 1, dtype, below(2), weight_number);
  c.dy = random_sample(samples, left, dtype, below(2), ordinary);
  return c;
}

static void free_loss(loss_case *c) {
  free(c->x.data);
  free(c->target.data);
  free(c->weight.data);
  free(c->dy.data);
}

/* The loss; its gradient into 'grad'. */
static peri_tensor *run_loss(peri_context *ctx, const loss_case *c,
                             peri_tensor **grad) {
  peri_tensor *x = in(ctx, &c->x), *target = in(ctx, &c->target);
  peri_tensor *weight = c->weighted ? in(ctx, &c->weight) : NULL;
  peri_set_requires_grad(x, true);
  int64_t before = peri_parallel_jobs(ctx);
  peri_tensor *loss = peri_cross_entropy(x, target, weight, &c->options);
  peri_tensor *dy =
      strcmp(c->options.reduction, "none") == 0 ? in(ctx, &c->dy) : NULL;
  *grad = NULL;
  peri_grad_options options = {.seeds = dy ? &dy : NULL};
  peri_gradients(&loss, 1, &x, 1, &options, grad);
  jobs += peri_parallel_jobs(ctx) - before;
  return loss;
}

/* The shares of a sample sum to at most 3 (1 + K / 2), its logarithms are below
   40; their errors are those of log_softmax, and of sums over classes. A
   gradient is such shares times numbers below 1 and as far off as softmax. */
static bool near_loss(const loss_case *c, const double *a, const double *b,
                      int64_t count, double most) {
  double shares = c->soft ? 3 * (1 + (double)c->classes / 2) : 3;
  double bound = unit(c->x.dtype) * 100 * shares * most;
  for (int64_t i = 0; i < count; i++)
    if (!equal(a[i], b[i]) && !(fabs(a[i] - b[i]) <= bound)) return false;
  return true;
}

static bool loss_as_plain(const loss_case *c, peri_context *fast,
                          peri_context *plain) {
  peri_scope here = peri_scope_open(fast), there = peri_scope_open(plain);
  peri_tensor *dx = NULL, *expected_dx = NULL;
  peri_tensor *loss = run_loss(fast, c, &dx);
  peri_tensor *expected = run_loss(plain, c, &expected_dx);
  double *a = numbers(loss), *b = numbers(expected);
  double *da = numbers(dx), *db = numbers(expected_dx);
  bool each = strcmp(c->options.reduction, "none") == 0;
  double samples = each ? 1 : (double)c->x.count / (double)c->classes;
  bool ok = a && b && da && db &&
            near_loss(c, a, b, peri_tensor_numel(loss), 40 * samples) &&
            near_loss(c, da, db, c->x.count, 1);
  free(a);
  free(b);
  free(da);
  free(db);
  peri_scope_close(there);
  peri_scope_close(here);
  return ok;
}

static void loss_cases(const char *isa, peri_dtype dtype) {
  peri_context *fast = open_level(isa, 1), *plain = open_level("plain", 1);
  random_state = 4;
  for (int i = 0; i < 300; i++) {
    loss_case c = random_loss(dtype);
    if (!CHECK(loss_as_plain(&c, fast, plain)))
      printf("loss %d at %s, %s: %s, soft %d, weight %d, smoothing %g, K %d\n",
             i, isa, peri_dtype_name(dtype), c.options.reduction, c.soft,
             c.weighted, c.options.label_smoothing, (int)c.classes);
    free_loss(&c);
  }
  CHECK(peri_error(fast) == PERI_OK && peri_error(plain) == PERI_OK);
  peri_context_free(plain);
  peri_context_free(fast);
}

/* ---- Bits: long lines, short ones, lines side by side ------------------ */

static const struct {
  int64_t shape[2], dim;
} large[] = {{{30000, 10}, 1}, {{300, 3000}, 1}, {{40, 10001}, 0}};

/* Results of a context: softmax, its gradient, loss, its gradient. */
typedef struct {
  peri_tensor *y[6];
} results;

static results results_of(peri_context *ctx, int i, const sample *x,
                          const sample *target) {
  results r = {{NULL}};
  loss_case loss = {.x = *x, .target = *target};
  softmax_case c = {.x = *x, .dy = *x, .dim = large[i].dim};
  loss.options = peri_cross_entropy_defaults();
  r.y[0] = run_softmax(ctx, &c, NULL);
  c.op = 1;
  r.y[1] = run_softmax(ctx, &c, NULL);
  c.backward = true;
  r.y[2] = run_softmax(ctx, &c, x);
  c.op = 0;
  r.y[3] = run_softmax(ctx, &c, x);
  r.y[4] = run_loss(ctx, &loss, &r.y[5]);
  return r;
}

static bool same_results(const results *a, const results *b) {
  for (int i = 0; i < 6; i++)
    if (!same_bytes(a->y[i], b->y[i])) return false;
  return true;
}

/* One thread of 'first' against 'threads' of 'isa', where everything is
   shared. */
static void same_bits(const char *first, const char *isa, int threads) {
  peri_context *a = open_level(first, 1), *b = open_level(isa, threads);
  random_state = 6;
  for (int i = 0; a && b && i < 3; i++) {
    sample x = random_sample(large[i].shape, 2, PERI_F32, true, logit);
    class_count = large[i].shape[1];
    sample target =
        random_sample(large[i].shape, 1, PERI_I64, true, class_number);
    results r = results_of(a, i, &x, &target);
    jobs = 0;
    results s = results_of(b, i, &x, &target);
    CHECK(same_results(&r, &s));
    CHECK(jobs == (threads > 1 ? 6 : 0));
    free(x.data);
    free(target.data);
  }
  peri_context_free(b);
  peri_context_free(a);
}

/* ---- Edges ------------------------------------------------------------- */

/* A line of -inf has no softmax; nothing but ignored samples has no mean, and
   no gradient. */
static void edges(const char *isa) {
  static const float none[] = {-INFINITY, -INFINITY, 0, -INFINITY};
  static const int64_t shape[] = {2, 2}, ignored[] = {-100, -100};
  peri_context *ctx = open_level(isa, 1);
  peri_tensor *x = peri_tensor_new(ctx, none, shape, 2, PERI_F32);
  double *y = numbers(peri_softmax(x, 1));
  CHECK(isnan(y[0]) && isnan(y[1]) && y[2] == 1 && y[3] == 0);
  free(y);
  peri_tensor *target = peri_tensor_new(ctx, ignored, shape, 1, PERI_I64);
  peri_set_requires_grad(x, true);
  peri_tensor *loss = peri_cross_entropy(x, target, NULL, NULL);
  CHECK(isnan(peri_item(loss)));
  CHECK(peri_backward(loss) == 0);
  double *dx = numbers(peri_grad(x));
  CHECK(dx[0] == 0 && dx[1] == 0 && dx[2] == 0 && dx[3] == 0);
  free(dx);
  peri_context_free(ctx);
}

int main(void) {
  for (int i = 1; peri__level_at(i); i++) {
    if (!peri__level_at(i)->here()) continue;
    const char *isa = peri__level_at(i)->name;
    softmax_cases(isa, PERI_F32);
    softmax_cases(isa, PERI_F64);
    loss_cases(isa, PERI_F32);
    loss_cases(isa, PERI_F64);
    edges(isa);
    same_bits(isa, isa, 2);
    same_bits(isa, isa, 3);
    same_bits(isa, isa, 7);
  }
  same_bits("x86-64-v3", "x86-64-v4", 1);
  return check_done("softmax and loss");
}
