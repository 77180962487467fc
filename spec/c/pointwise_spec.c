/* pointwise_spec.c - pointwise kernels at every level against their plain
   twins: every row, random shapes, layouts, dtypes and offsets, in place, and
   any number of threads.

   Equal are the elements, NaN and the signs of zeros included; rows with a
   function of libm may differ by what the output's dtype cannot tell from a few
   units in the last place, or where an expression cancels, of the numbers that
   go in. */
#include <math.h>
#include <stdlib.h>

#include "context_check.h"
#include "cpu/level.h"
#include "kernels.h"
#include "tables.h"

/* ---- Rows -------------------------------------------------------------- */

enum { FLOAT, ARITH, COMPARE, CHOOSE, BITS, DERIVATIVE };

typedef struct {
  const char *text; /* the expression */
  int kind, inputs;
} row;

/* With the macros of the .def files expanded. */
#define TEXT(...) SPELLED(__VA_ARGS__)
#define SPELLED(...) #__VA_ARGS__

/* In the order of kernel ids. */
static const row rows[] = {
#define UNARY(f, kind, params, forward, dx, ...) \
  {TEXT(forward), kind, 1}, {TEXT(dx), DERIVATIVE, 5},
#define PART(f, kind, forward, dx, ...) \
  {TEXT(forward), kind, 1}, {TEXT(dx), DERIVATIVE, 5},
#define BINARY(f, kind, params, forward, da, db, ...) \
  {TEXT(forward), kind, 2}, {TEXT(da), DERIVATIVE, 5}, \
      {TEXT(db), DERIVATIVE, 5},
#define TERNARY(f, kind, inputs, params, forward, da, db, dc, ...) \
  {TEXT(forward), kind, 3}, {TEXT(da), DERIVATIVE, 5}, \
      {TEXT(db), DERIVATIVE, 5}, {TEXT(dc), DERIVATIVE, 5},
#define STEP1(f, kind, params, forward, doc) {TEXT(forward), kind, 1},
#define STEP2(f, kind, params, forward, doc) {TEXT(forward), kind, 2},
#define FORM(op, f, kind, params, forward, da, db, doc) \
  {TEXT(forward), kind, 2}, {TEXT(da), DERIVATIVE, 5}, \
      {TEXT(db), DERIVATIVE, 5},
#define MODE(f, kind, forward) {TEXT(forward), kind, 2},
#include "ops/pointwise.def"
};

enum { ROWS = sizeof rows / sizeof *rows };

/* Those of arithmetic.def do not cancel. */
enum {
  FIRST_FUNCTION = 0
#define UNARY(...) +2
#define BINARY(...) +3
#define TERNARY(...) +4
#define STEP1(...) +1
#define STEP2(...) +1
#include "ops/arithmetic.def"
#include "ops/no_rows.h"
};

/* Without a function, but for the square root. */
static bool is_exact(const row *r) {
  for (const char *at = r->text; (at = strstr(at, "F(")); at++)
    if (strncmp(at, "F(sqrt", 6) != 0) return false;
  return !strstr(r->text, "SIGMOID") && !strstr(r->text, "ATAN2") &&
         !strstr(r->text, "HYPOT") && !strstr(r->text, "POW(");
}

/* ---- Random cases ------------------------------------------------------ */

static uint64_t state;

static int64_t below(int64_t count) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (int64_t)((state >> 33) % (uint64_t)count);
}

static peri_dtype one_of(const peri_dtype *list, int count) {
  return list[below(count)];
}

#define ONE_OF(...) \
  one_of((const peri_dtype[]){__VA_ARGS__}, \
         sizeof((const peri_dtype[]){__VA_ARGS__}) / sizeof(peri_dtype))

/* An argument: elements of a buffer. */
typedef struct {
  peri_dtype dtype;
  int64_t strides[4], offset, room; /* elements of the buffer */
  void *data, *copy;
} layout;

typedef struct {
  const row *row;
  int kernel, ndim;
  int64_t shape[4];
  peri__pointwise_attr attr;
  layout arg[6]; /* no data: absent */
  bool in_place; /* arg[1] is arg[0] */
} sample;

/* Large ones where 'wild'. */
static double some_number(bool wild) {
  static const double special[] = {0,        -0.0,      1,   -1, 2,    0.5,
                                   INFINITY, -INFINITY, NAN, -3, 1e30, 100};
  if (below(8) == 0) return special[below(wild ? 12 : 10)];
  return (double)below(2000001) / 250000 - 4;
}

static void fill(layout *a, bool wild) {
  size_t bytes = (size_t)a->room * peri_dtype_size(a->dtype);
  a->data = malloc(bytes);
  a->copy = malloc(bytes);
  for (int64_t i = 0; i < a->room; i++) {
    double number = some_number(wild);
    if (!wild && !peri__is_float(a->dtype) && isinf(number)) number = 2;
    peri__convert((char *)a->data + (size_t)i * peri_dtype_size(a->dtype),
                  a->dtype, 1, &number, PERI_F64, 1, 1);
  }
  memcpy(a->copy, a->data, bytes);
}

/* Dimensions in any order, with gaps, some of them repeated in inputs. */
static void lay(layout *a, const sample *s, bool input) {
  int order[4] = {0, 1, 2, 3};
  int64_t step = 1 + (below(4) == 0);
  for (int d = s->ndim - 1; d > 0 && below(3) == 0; d--) {
    int e = (int)below(d + 1), kept = order[d];
    order[d] = order[e];
    order[e] = kept;
  }
  a->offset = below(20);
  for (int d = s->ndim - 1; d >= 0; d--) {
    a->strides[order[d]] = step;
    step *= s->shape[order[d]];
    if (below(8) == 0) step += 3;
  }
  bool all = below(8) == 0;
  for (int d = 0; d < s->ndim; d++)
    if (input && (all || below(6) == 0)) a->strides[d] = 0;
  a->room = a->offset + step + 5;
  fill(a, is_exact(s->row));
}

static void choose_shape(sample *s) {
  static const int64_t sizes[] = {1, 2, 3, 5, 16, 17, 33, 64, 100, 300, 1500};
  int64_t count = 1;
  s->ndim = (int)below(5);
  for (int d = 0; d < s->ndim; d++) {
    s->shape[d] = sizes[below(11)];
    while (count * s->shape[d] > 20000) s->shape[d] = 1 + s->shape[d] / 3;
    count *= s->shape[d];
  }
  if (s->ndim > 0 && below(50) == 0) s->shape[0] = 0;
}

/* Of an input, or the output. */
static peri_dtype choose_dtype(const sample *s, bool output) {
  peri_dtype compute = s->attr.compute;
  bool same = below(3) > 0;
  if (output && s->row->kind == COMPARE)
    return same ? PERI_BOOL : ONE_OF(PERI_U8, PERI_F32, PERI_I64);
  if (same) return compute;
  if (compute == PERI_I64) return ONE_OF(PERI_BOOL, PERI_U8, PERI_I32);
  if (output) return ONE_OF(PERI_F16, PERI_BF16, PERI_F32, PERI_F64);
  return ONE_OF(PERI_BOOL, PERI_I32, PERI_F16, PERI_BF16, PERI_F32, PERI_F64);
}

/* Rows of special.def have no loops in float32, those of bits in whole numbers
   alone. */
static peri_dtype choose_compute(const sample *s) {
  bool floats = s->row->kind == FLOAT || s->row->kind == DERIVATIVE;
  bool special = s->kernel >= PERI_LEVELLED_KERNELS;
  if (s->row->kind == BITS) return PERI_I64;
  if (special) return floats || below(2) ? PERI_F64 : PERI_I64;
  return floats ? ONE_OF(PERI_F32, PERI_F64)
                : ONE_OF(PERI_F32, PERI_F64, PERI_I64);
}

static void choose_attr(sample *s) {
  s->attr.compute = choose_compute(s);
  s->attr.has = (unsigned)below(4);
  for (int k = 0; k < PERI_POINTWISE_PARAMS; k++) {
    if (!(s->attr.has >> k & 1)) continue; /* absent, so zero */
    s->attr.whole[k] = below(5) - 2;
    s->attr.real[k] = (double)s->attr.whole[k];
  }
}

/* In place, the first input is the output. Inputs that an expression does not
   name may be absent. */
static void make(sample *s, int kernel) {
  memset(s, 0, sizeof *s);
  s->kernel = kernel;
  s->row = &rows[kernel];
  choose_attr(s);
  choose_shape(s);
  s->in_place = s->row->kind != COMPARE && below(4) == 0;
  for (int a = 0; a <= s->row->inputs; a++) {
    static const char *const word[] = {"", "A", "B", "C", "O", "DY"};
    bool named = strstr(s->row->text, word[a]) || strchr(s->row->text, 'X');
    s->arg[a].dtype =
        a == 0 && s->in_place ? s->attr.compute : choose_dtype(s, a == 0);
    if (a > 1 && !named && s->row->kind == DERIVATIVE) continue;
    lay(&s->arg[a], s, a > 0);
  }
}

static void drop(sample *s) {
  for (int a = 0; a < 6; a++) {
    free(s->arg[a].data);
    free(s->arg[a].copy);
  }
}

/* Run it in 'context' with the copy of the output, or the output itself. */
static bool run(peri_context *context, const sample *s, bool copy) {
  peri_tensor *args[6] = {NULL};
  for (int a = 0; a <= s->row->inputs; a++) {
    const layout *l = &s->arg[a == 1 && s->in_place ? 0 : a];
    char *data = copy && l == &s->arg[0] ? l->copy : l->data;
    if (!data) continue;
    data += (size_t)l->offset * peri_dtype_size(l->dtype);
    args[a] = peri_tensor_wrap(context, data, s->shape, l->strides, s->ndim,
                               l->dtype, NULL, NULL);
  }
  return peri_launch(context, s->kernel, args, 1, s->row->inputs, &s->attr,
                     sizeof s->attr) == 0;
}

/* ---- Comparing --------------------------------------------------------- */

/* 'loose': what is compared may be a difference of numbers up to 16. */
static bool near(double got, double expected, double tolerance, bool loose) {
  if (isnan(expected)) return isnan(got);
  if (got == expected) return loose || signbit(got) == signbit(expected);
  return fabs(got - expected) <=
         tolerance * (fabs(expected) + (loose ? 16 : 0));
}

/* Of a row with functions: 8 units in the last place of what is coarser, the
   output or the computation. */
static double tolerance_of(const sample *s) {
  peri_dtype y = s->arg[0].dtype;
  if (is_exact(s->row)) return 0;
  if (y == PERI_BF16) return 0x1p-7;
  if (y == PERI_F16) return 0x1p-10;
  return s->attr.compute == PERI_F32 || y == PERI_F32 ? 0x1p-20 : 0x1p-49;
}

/* The whole buffers, gaps included. */
static bool same_output(const sample *s) {
  const layout *y = &s->arg[0];
  double tolerance = tolerance_of(s);
  bool loose = tolerance > 0 && s->kernel >= FIRST_FUNCTION;
  for (int64_t i = 0; i < y->room; i++) {
    size_t at = (size_t)i * peri_dtype_size(y->dtype);
    double got, expected;
    peri__convert(&got, PERI_F64, 1, (char *)y->data + at, y->dtype, 1, 1);
    peri__convert(&expected, PERI_F64, 1, (char *)y->copy + at, y->dtype, 1, 1);
    if (!near(got, expected, tolerance, loose)) {
      printf("element %d of the buffer: %.17g, plain %.17g\n", (int)i, got,
             expected);
      return false;
    }
  }
  return true;
}

static void say(const sample *s) {
  printf("isa %s: %s %s, compute %s, shape", peri_isa(ctx),
         peri_kernel_name(ctx, s->kernel), s->row->text,
         peri_dtype_name(s->attr.compute));
  for (int d = 0; d < s->ndim; d++) printf(" %d", (int)s->shape[d]);
  for (int a = 0; a <= s->row->inputs; a++) {
    printf("\n  %s strides", peri_dtype_name(s->arg[a].dtype));
    for (int d = 0; d < s->ndim; d++) printf(" %d", (int)s->arg[a].strides[d]);
  }
  printf("\n");
}

/* ---- Levels ------------------------------------------------------------ */

static peri_context *plain;

static bool as_plain(int kernel) {
  sample s;
  make(&s, kernel);
  bool ok = run(plain, &s, true) && run(ctx, &s, false) && same_output(&s);
  if (!ok) say(&s);
  drop(&s);
  return ok;
}

static void every_row(void) {
  for (int kernel = 0; kernel < ROWS; kernel++) {
    bool ok = true;
    for (int i = 0; i < 40; i++) ok = as_plain(kernel) && ok;
    CHECK(ok);
  }
}

static peri_context *open(const char *isa, int threads) {
  peri_options options = {.isa = isa, .threads = threads};
  return peri_context_new(&options, NULL);
}

static void at_level(const peri__level *level) {
  plain = open("plain", 1);
  ctx = open(level->name, 2);
  state = 21;
  every_row();
  CHECK(peri_error(ctx) == PERI_OK && peri_error(plain) == PERI_OK);
  peri_context_free(ctx);
  peri_context_free(plain);
}

/* ---- Threads ----------------------------------------------------------- */

/* Large enough to be shared: y = f(a, b, ...) with a transposed, b a column. */
static void make_large(sample *s, int kernel) {
  memset(s, 0, sizeof *s);
  s->kernel = kernel;
  s->row = &rows[kernel];
  choose_attr(s);
  if (kernel < PERI_LEVELLED_KERNELS) s->attr.compute = PERI_F32;
  s->ndim = 2;
  s->shape[0] = 601;
  s->shape[1] = 1003;
  for (int a = 0; a <= s->row->inputs; a++) {
    layout *l = &s->arg[a];
    l->dtype = a == 0 && s->row->kind == COMPARE ? PERI_BOOL : PERI_F32;
    l->strides[0] = a == 1 ? 1 : a == 2 ? 3 : 1003;
    l->strides[1] = a == 1 ? 601 : a == 2 ? 0 : 1;
    l->room = 601 * 1003;
    fill(l, true);
  }
}

static void any_threads(const peri__level *level) {
  bool same = true, shared = true;
  state = 22;
  peri_context *one = open(level->name, 1);
  for (int threads = 2; threads <= 7; threads += threads == 3 ? 4 : 1) {
    ctx = open(level->name, threads);
    for (int kernel = threads; kernel < ROWS; kernel += 5) {
      sample s;
      make_large(&s, kernel);
      int64_t jobs = peri_parallel_jobs(ctx);
      same = run(one, &s, true) && run(ctx, &s, false) && same &&
             memcmp(s.arg[0].data, s.arg[0].copy,
                    601 * 1003 * peri_dtype_size(s.arg[0].dtype)) == 0;
      shared = shared && peri_parallel_jobs(ctx) == jobs + 1;
      drop(&s);
    }
    peri_context_free(ctx);
  }
  CHECK(same);
  CHECK(shared);
  peri_context_free(one);
}

int main(void) {
  CHECK((int)ROWS == (int)PERI_POINTWISE_KERNELS);
  for (int i = 0; peri__level_at(i); i++) {
    const peri__level *level = peri__level_at(i);
    const peri__level *next = peri__level_at(i + 1);
    bool best = !next || !next->here();
    if (!level->here() || !level->provider) continue;
    if (getenv("PERIGEE_QUICK") && !best) continue; /* the short form */
    at_level(level);
    any_threads(level);
  }
  return check_done("pointwise kernels");
}
