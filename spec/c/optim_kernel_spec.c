/* optim_kernel_spec.c - the update kernels of every level against their plain
   twin on contiguous numbers of the formula's type, bit by bit: every
   optimizer and choice of numbers, every type, layout, size and number of
   threads. Half precision is rounded here, with peri__convert. */
#include <math.h>
#include <stdlib.h>

#include "context_check.h"
#include "cpu/level.h"

enum { STEPS = 3, ARRAYS = 1 + PERI_MAX_STATES };
enum { ROWS, TURNED, SLICED, LAYOUTS };

/* Some steps over one parameter [rows, columns]. */
typedef struct {
  const char *isa;
  int threads;
  const peri_optim *row;
  peri_value value[PERI_MAX_PARAMS];
  int64_t rows, columns;
  peri_dtype dtype, rounded; /* of the parameter; what it is rounded to */
  int p, g;                  /* layouts */
} trial;

static int64_t size_of(const trial *t) { return t->rows * t->columns; }

/* ---- Numbers ----------------------------------------------------------- */

static uint64_t state;

static double any_number(void) {
  state = state * 6368276223846793005u + 1442695040888963407u;
  return (double)(int64_t)(state >> 40) / 0x1p23 - 1;
}

/* 'count' numbers of 'dtype', a few of them special. */
static void fill(double *to, int64_t count, peri_dtype dtype) {
  const double special[] = {0, -0.0, INFINITY, NAN, 1e30, 1e-20};
  uint64_t half[1];
  for (int64_t i = 0; i < count; i++) {
    double x = i % 61 == 60 ? special[i / 61 % 6] : any_number();
    peri__convert(half, dtype, 1, &x, PERI_F64, 1, 1);
    peri__convert(&to[i], PERI_F64, 1, half, dtype, 1, 1);
  }
}

/* The same bits, or no numbers. */
static bool equal(const double *a, const double *b, int64_t count) {
  for (int64_t i = 0; i < count; i++)
    if (memcmp(&a[i], &b[i], sizeof *a) != 0 && !(isnan(a[i]) && isnan(b[i])))
      return false;
  return true;
}

/* ---- One trial --------------------------------------------------------- */

/* A tensor of zeros in a layout. */
static peri_tensor *laid(const trial *t, int layout) {
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = t->dtype;
  int64_t shape[] = {t->rows, t->columns};
  if (layout == TURNED) {
    shape[0] = t->columns;
    shape[1] = t->rows;
  }
  if (layout == SLICED) shape[1] += 3;
  peri_tensor *x = peri_zeros(ctx, shape, 2, &options);
  if (layout == TURNED) return peri_transpose(x, 0, 1);
  if (layout == SLICED) return peri_narrow(x, 1, 2, t->columns);
  return x;
}

static void write(const trial *t, peri_tensor *x, const double *from) {
  const int64_t shape[] = {t->rows, t->columns};
  peri_copy_(x, peri_tensor_new(ctx, from, shape, 2, PERI_F64));
}

/* Round the row-major 'p' as its memory would. */
static void round_to(const trial *t, peri_tensor *p) {
  void *half = malloc((size_t)size_of(t) * sizeof(double) + 1);
  if (t->rounded != t->dtype) {
    void *data = peri_tensor_data(p);
    peri__convert(half, t->rounded, 1, data, t->dtype, 1, size_of(t));
    peri__convert(data, t->dtype, 1, half, t->rounded, 1, size_of(t));
  }
  free(half);
}

static void read_all(const trial *t, const peri_optimizer *opt, peri_tensor *p,
                     double *out) {
  for (int i = 0; i < ARRAYS; i++, out += size_of(t)) {
    peri_tensor *x = i == 0 ? p : peri_optimizer_state(opt, 0, i);
    if (!x) continue;
    peri_copy_out(x, out, PERI_F64, (size_t)size_of(t) * sizeof *out);
  }
}

/* Parameter and states after some steps from 'from', which holds the parameter
   and the gradients. -> jobs of the pool, or -1 */
static int64_t run(const trial *t, const double *from, double *out) {
  peri_options options = {.isa = t->isa, .threads = t->threads};
  ctx = peri_context_new(&options, NULL);
  peri_tensor *p = laid(t, t->p), *g = laid(t, t->g);
  write(t, p, from);
  peri_set_requires_grad(p, true);
  peri_set_grad(p, g);
  peri_optimizer *opt = peri_optimizer_new(ctx, t->row, &p, 1, t->value);
  int64_t jobs = 0;
  for (int k = 0; k < STEPS; k++) {
    write(t, g, from + (1 + k) * size_of(t));
    int64_t before = peri_parallel_jobs(ctx);
    peri_step(opt);
    jobs += peri_parallel_jobs(ctx) - before;
    round_to(t, p);
  }
  read_all(t, opt, p, out);
  if (peri_error(ctx) != PERI_OK) jobs = -1;
  peri_optimizer_free(opt);
  peri_context_free(ctx);
  return jobs;
}

static void say(const trial *t) {
  printf("%s, isa %s, %d threads, %s [%d, %d], layouts %d %d:", t->row->name,
         t->isa, t->threads, peri_dtype_name(t->dtype), (int)t->rows,
         (int)t->columns, t->p, t->g);
  for (int i = 0; t->row->params[i].name; i++)
    printf(" %s %g", t->row->params[i].name,
           t->value[i].f + (double)t->value[i].i);
  puts("");
}

/* ---- The twin ---------------------------------------------------------- */

typedef struct {
  double *from, *twin, *out;
} numbers;

/* Numbers for trials like 't', and what the plain twin makes of them. */
static numbers prepare(const trial *t) {
  size_t count = (size_t)size_of(t) * ARRAYS + 1;
  numbers n = {malloc(count * sizeof(double)), calloc(count, sizeof(double)),
               calloc(count, sizeof(double))};
  trial plain = *t;
  fill(n.from, size_of(t) * (1 + STEPS), t->dtype);
  plain.isa = "plain";
  plain.threads = 1;
  plain.dtype = t->dtype == PERI_F64 ? PERI_F64 : PERI_F32;
  plain.p = plain.g = ROWS;
  CHECK(run(&plain, n.from, n.twin) == 0);
  return n;
}

static void forget(numbers *n) {
  free(n->from);
  free(n->twin);
  free(n->out);
}

/* True if 't' gives the same; 'jobs' is how often the pool must work. */
static bool like_twin(const trial *t, const numbers *n, int64_t jobs) {
  int64_t count = size_of(t) * ARRAYS;
  for (int64_t i = 0; i < count; i++) n->out[i] = 0;
  bool same = run(t, n->from, n->out) == jobs && equal(n->out, n->twin, count);
  if (!same) say(t);
  return same;
}

/* ---- Choices of numbers ------------------------------------------------ */

/* Bit k of 'choice' says which of two values parameter k has: its default, or
   a flag set, or one quarter. -> false if the row refuses them */
static bool choose(trial *t, unsigned choice) {
  double number[PERI_MAX_PARAMS * 2];
  int count = 0;
  for (int i = 0; t->row->params[i].name; i++) {
    peri_value *v = &t->value[i];
    *v = t->row->params[i].fallback;
    if (choice >> i & 1) v->f = 0.25;
    if (v->type == PERI_P_BOOL) v->i = choice >> i & 1;
    number[count] = v->type == PERI_P_REAL ? v->f : (double)v->i;
    for (int k = 0; k < v->count; k++) number[count + k] = v->reals[k];
    count += v->count > 0 ? v->count : 1;
  }
  ctx = peri_context_new(NULL, NULL);
  bool fine = t->row->check(ctx, number) == 0;
  peri_context_free(ctx);
  return fine;
}

static int choices(const peri_optim *row) {
  return 1 << peri__count_params(row->params);
}

/* ---- What is the same --------------------------------------------------- */

/* Every level here, in every layout. */
static bool all_levels(trial t) {
  bool same = true;
  numbers n = prepare(&t);
  t.dtype = t.rounded;
  for (int i = 0; peri__level_at(i); i++) {
    if (!peri__level_at(i)->here()) continue;
    t.isa = peri__level_at(i)->name;
    for (t.p = 0; t.p < LAYOUTS; t.p++)
      for (t.g = 0; t.g < LAYOUTS; t.g++) same = like_twin(&t, &n, 0) && same;
  }
  forget(&n);
  return same;
}

static const peri_dtype dtypes[] = {PERI_F32, PERI_F64, PERI_F16, PERI_BF16};

static void every_choice(const peri_optim *row) {
  bool same = true;
  trial t = {.threads = 1, .row = row, .rows = 7, .columns = 19};
  for (int c = 0; c < choices(row); c++) {
    if (!choose(&t, (unsigned)c)) continue;
    for (int i = 0; i < 4; i++) {
      t.dtype = t.rounded = dtypes[i];
      same = all_levels(t) && same;
    }
  }
  CHECK(same);
}

/* No element, one, rows longer than what is copied and shared at once. */
static void every_size(const peri_optim *row) {
  const int64_t sizes[][2] = {{0, 5},   {5, 0},   {1, 1},   {1, 3},
                              {129, 1}, {31, 33}, {3, 5003}};
  trial t = {.threads = 1, .row = row};
  choose(&t, 2);
  for (int i = 0; i < 4; i++) {
    bool same = true;
    t.dtype = t.rounded = dtypes[i];
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
      t.rows = sizes[k][0];
      t.columns = sizes[k][1];
      same = all_levels(t) && same;
    }
    CHECK(same);
  }
}

/* Each step is one job of the pool. */
static void every_number_of_threads(const peri_optim *row) {
  const int threads[] = {2, 3, 7};
  trial t = {.row = row, .rows = 827, .columns = 401};
  choose(&t, 2);
  for (int i = 0; i < 4; i++) {
    t.dtype = t.rounded = dtypes[i];
    t.p = t.g = ROWS;
    numbers n = prepare(&t);
    for (int k = 0; k < 3; k++) {
      t.threads = threads[k];
      t.isa = NULL;
      t.p = t.g = k;
      CHECK(like_twin(&t, &n, STEPS));
    }
    forget(&n);
  }
}

/* ---- Many short parameters ---------------------------------------------- */

enum { PARAMETERS = 60, LENGTH = 3001 };

/* What the gradient or the memory of the second parameter is. */
typedef enum { OWN, PARAMETER_OF_FIRST, MEMORY_OF_FIRST } tie;

static void give(peri_tensor *p, const double *from) {
  const int64_t shape[] = {LENGTH};
  peri_tensor *g = peri_tensor_new(ctx, from, shape, 1, PERI_F64);
  peri_set_grad(p, g);
}

static void make_parameters(peri_tensor **p, const double *from, tie tied) {
  const int64_t shape[] = {LENGTH};
  for (int i = 0; i < PARAMETERS; i++) {
    p[i] = peri_tensor_new(ctx, from + i, shape, 1, PERI_F64);
    if (i == 1 && tied == MEMORY_OF_FIRST) p[i] = peri_detach(p[0]);
    peri_set_requires_grad(p[i], true);
    give(p[i], from + 2 * i);
  }
  if (tied == PARAMETER_OF_FIRST) peri_set_grad(p[1], peri_detach(p[0]));
}

/* Four steps, two of them replayed. -> jobs of the pool */
static int64_t many(int threads, tie tied, const double *from, double *out) {
  ctx = peri_context_new(&(peri_options){.threads = threads}, NULL);
  peri_tensor *p[PARAMETERS];
  make_parameters(p, from, tied);
  peri_optimizer *opt =
      peri_optimizer_new(ctx, peri_optim_named("Adam"), p, PARAMETERS, NULL);
  CHECK(peri_step(opt) == 0);
  peri_recording *recording = peri_record(ctx);
  CHECK(peri_step(opt) == 0 && peri_record_stop(recording) == 0);
  CHECK(peri_replay(recording) == 0 && peri_replay(recording) == 0);
  peri_recording_free(recording);
  int64_t jobs = peri_parallel_jobs(ctx);
  for (int i = 0; i < PARAMETERS; i++)
    peri_copy_out(p[i], out + i * LENGTH, PERI_F64, LENGTH * sizeof *out);
  peri_optimizer_free(opt);
  CHECK(peri_error(ctx) == PERI_OK);
  peri_context_free(ctx);
  return jobs;
}

/* One job for all of them, unless they are not apart. */
static void short_ones_together(void) {
  static double from[LENGTH + 2 * PARAMETERS];
  static double alone[PARAMETERS * LENGTH], shared[PARAMETERS * LENGTH];
  fill(from, LENGTH + 2 * PARAMETERS, PERI_F64);
  for (tie tied = OWN; tied <= MEMORY_OF_FIRST; tied++) {
    CHECK(many(1, tied, from, alone) == 0);
    for (int threads = 2; threads <= 7; threads++) {
      CHECK(many(threads, tied, from, shared) == (tied == OWN ? 4 : 0));
      CHECK(equal(shared, alone, PARAMETERS * LENGTH));
    }
  }
}

int main(void) {
  for (int i = 0; peri_optim_at(i); i++) {
    every_choice(peri_optim_at(i));
    every_size(peri_optim_at(i));
    every_number_of_threads(peri_optim_at(i));
  }
  short_ones_together();
  return check_done("optimizer kernels");
}
