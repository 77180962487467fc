/* levels_equal_spec.c - every operation, its gradient, its form in place and
   every optimizer on random shapes, strides and offsets: at each
   instruction-set level and number of threads as the plain kernels have it.

   Each level runs the same drawn calls (level_calls.lua) in VMs of its own.
   Against plain a tolerance holds; within a level, and between levels that
   fuse multiply-adds, every bit is the same. With PERIGEE_QUICK set only every
   fifth call is made. */
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "cpu/level.h"

enum { ROOM = 8, MOST_VMS = 16, THREADS = 3 };

/* What may differ from plain, in parts of the largest magnitude of a call.
   Both sum in orders of their own: float32 and float64 have room for some
   hundred roundings of 6e-8 and 1.1e-16; half types round a float32 result
   that may differ in its last bits, twice where an operation is composed, so
   two of their steps of 2^-10 and 2^-7. Whole numbers are equal. */
static double tolerance(peri_dtype dtype) {
  switch (dtype) {
    case PERI_F32: return 1e-5;
    case PERI_F64: return 2e-14;
    case PERI_F16: return 0x1p-9;
    case PERI_BF16: return 0x1p-6;
    default: return 0;
  }
}

/* What one call gave in one VM. */
typedef struct {
  int count;
  peri_dtype dtype[ROOM];
  int64_t numel[ROOM];
  double *number[ROOM];
} result;

typedef struct {
  const peri__level *level;
  int threads;
  peri_vm *vm;
} column;

static column columns[MOST_VMS];
static int column_count;

static bool open_column(const peri__level *level, int threads) {
  peri_vm_options options = {
      .context = {.isa = level->name, .threads = threads}};
  column *c = &columns[column_count++];
  *c = (column){level, threads, peri_vm_open(&options, NULL)};
  if (peri_vm_run_file(c->vm, "spec/c/level_calls.lua") == 0) return true;
  printf("%s\n", peri_vm_error(c->vm));
  return false;
}

/* ---- One call ----------------------------------------------------------- */

static result run_call(const column *c, int index) {
  result r = {0};
  peri_tensor *out[ROOM];
  peri_context *ctx = peri_vm_context(c->vm);
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *at = peri_whole(ctx, index);
  r.count = peri_vm_call(c->vm, "run_call", &at, 1, out, ROOM);
  if (r.count < 0) printf("%s\n", peri_vm_error(c->vm));
  for (int i = 0; i < r.count; i++) {
    r.numel[i] = out[i] ? peri_tensor_numel(out[i]) : 0;
    r.dtype[i] = out[i] ? peri_tensor_dtype(out[i]) : PERI_DTYPE_NONE;
    size_t bytes = (size_t)r.numel[i] * sizeof(double);
    r.number[i] = malloc(bytes + 1);
    if (r.numel[i]) peri_copy_out(out[i], r.number[i], PERI_F64, bytes);
    peri_release(out[i]);
  }
  peri_scope_close(scope);
  return r;
}

static void drop(result *r) {
  for (int i = 0; i < r->count; i++) free(r->number[i]);
}

static bool same_form(const result *a, const result *b) {
  if (a->count < 0 || a->count != b->count) return false;
  for (int i = 0; i < a->count; i++)
    if (a->dtype[i] != b->dtype[i] || a->numel[i] != b->numel[i]) return false;
  return true;
}

static bool same_bits(const result *a, const result *b) {
  bool same = same_form(a, b);
  for (int i = 0; same && i < a->count; i++)
    same = memcmp(a->number[i], b->number[i],
                  (size_t)a->numel[i] * sizeof(double)) == 0;
  return same;
}

/* The largest number of a call: what is small may be the difference of such
   (the gradient of a softmax over one class), or of numbers that went in and
   are of the order of 1. */
static double largest(const result *r) {
  double most = 0.1;
  for (int i = 0; i < r->count; i++)
    for (int64_t k = 0; k < r->numel[i]; k++) {
      double size = fabs(r->number[i][k]);
      if (isfinite(size) && size > most) most = size;
    }
  return most;
}

static bool near(const result *got, const result *want) {
  if (!same_form(got, want)) return false;
  for (int i = 0; i < want->count; i++) {
    double room = tolerance(want->dtype[i]) * largest(want);
    for (int64_t k = 0; k < want->numel[i]; k++) {
      double a = got->number[i][k], b = want->number[i][k];
      if (a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= room) continue;
      printf("result %d, element %d: %.17g, plain has %.17g\n", i + 1, (int)k,
             a, b);
      return false;
    }
  }
  return true;
}

/* ---- All columns --------------------------------------------------------- */

/* Say which call it was if something is wrong. */
static bool require(bool ok, const column *c, int index, const char *what) {
  char code[64];
  if (ok) return true;
  printf("%s, %d threads: %s\n", c->level->name, c->threads, what);
  snprintf(code, sizeof code, "tell(%d)", index);
  peri_vm_run_string(c->vm, code, "tell");
  return false;
}

/* The first column before 'at' that must have the bits of 'at'. */
static int twin(int at) {
  for (int i = 0; i < at; i++)
    if (columns[i].level == columns[at].level ||
        (columns[i].level->fused && columns[at].level->fused))
      return i;
  return at;
}

static bool compare(int index) {
  result r[MOST_VMS];
  bool ok = true;
  for (int i = 0; i < column_count; i++) {
    r[i] = run_call(&columns[i], index);
    ok = require(near(&r[i], &r[0]), &columns[i], index, "not as plain") && ok;
    ok = require(same_bits(&r[i], &r[twin(i)]), &columns[i], index,
                 "other bits than its twin") &&
         ok;
  }
  for (int i = 0; i < column_count; i++) drop(&r[i]);
  return ok;
}

int main(void) {
  bool ok = true;
  int step = getenv("PERIGEE_QUICK") ? 5 : 1;
  for (int i = 0; peri__level_at(i); i++) {
    const peri__level *level = peri__level_at(i);
    if (!level->here()) continue;
    ok = open_column(level, 1) && ok;
    if (level->provider) ok = open_column(level, THREADS) && ok;
  }
  if (!CHECK(ok)) return check_done("levels");
  peri_tensor *count = peri_vm_tensor(columns[0].vm, "count");
  for (int i = 1; i <= (int)peri_item_whole(count); i += step)
    CHECK(compare(i));
  peri_release(count);
  for (int i = 0; i < column_count; i++) {
    if (step == 1 &&
        !CHECK(peri_vm_run_string(columns[i].vm, "covered()", "covered") == 0))
      printf("%s\n", peri_vm_error(columns[i].vm));
    peri_vm_close(columns[i].vm);
  }
  return check_done("equal levels");
}
