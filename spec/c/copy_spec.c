/* copy_spec.c - what moves or makes data: at every level the bits of the plain
   kernels, over random dtypes, shapes, layouts and offsets, on any number of
   threads. */
#include <stdlib.h>

#include "check.h"
#include "cpu/level.h"
#include "kernels.h"

static peri_context *plain, *fast;
static uint64_t state;

static int64_t below(int64_t count) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (int64_t)((state >> 33) % (uint64_t)count);
}

/* ---- Tensors ----------------------------------------------------------- */

/* A tensor in memory that has room around it, twice: for each context. */
typedef struct {
  peri_dtype dtype;
  int ndim;
  int64_t shape[PERI_MAX_DIMS], strides[PERI_MAX_DIMS];
  size_t bytes, start;
  char *memory[2];
} block;

/* Strides of the dimensions laid out in a random order, each 'step' times as
   far apart as it must be. -> elements spanned */
static int64_t lay_out(block *b, int64_t step) {
  int order[PERI_MAX_DIMS];
  int64_t stride = step;
  for (int d = 0; d < b->ndim; d++) {
    int at = (int)below(d + 1);
    order[d] = order[at];
    order[at] = d;
  }
  for (int i = 0; i < b->ndim; i++) {
    b->strides[order[i]] = stride;
    stride *= b->shape[order[i]] > 0 ? b->shape[order[i]] : 1;
  }
  return stride;
}

static void row_major(block *b) {
  int64_t stride = 1;
  for (int d = b->ndim - 1; d >= 0; d--) {
    b->strides[d] = stride;
    stride *= b->shape[d];
  }
}

/* Numbers of either sign, or every pattern of bits. */
static void fill_memory(block *b, bool numbers) {
  for (size_t i = 0; i < b->bytes; i++) b->memory[0][i] = (char)below(256);
  for (size_t i = 0; numbers && i < b->bytes / 8; i++) {
    double x = (double)below(2000001) / 1000000 - 1;
    if (b->dtype == PERI_F64) memcpy(b->memory[0] + 8 * i, &x, 8);
    const float pair[2] = {(float)x, (float)(x * x)};
    if (b->dtype == PERI_F32) memcpy(b->memory[0] + 8 * i, pair, 8);
  }
  memcpy(b->memory[1], b->memory[0], b->bytes);
}

static void make(block *b, int64_t span, bool numbers) {
  size_t size = peri_dtype_size(b->dtype);
  b->start = (size_t)below(8) * size;
  b->bytes = ((size_t)span + 16) * size;
  for (int i = 0; i < 2; i++) b->memory[i] = malloc(b->bytes);
  fill_memory(b, numbers);
}

static void release(block *b) {
  for (int i = 0; i < 2; i++) free(b->memory[i]);
}

static peri_tensor *tensor_of(const block *b, int which) {
  return peri_tensor_wrap(which ? fast : plain, b->memory[which] + b->start,
                          b->shape, b->strides, b->ndim, b->dtype, NULL, NULL);
}

/* ---- Launching in both contexts ---------------------------------------- */

/* Run 'kernel' over the blocks, the output first. -> true if both contexts
   leave the same memory and the fast one did it where 'served' says so */
static bool same(int kernel, block *const *blocks, int nin, const void *attr,
                 size_t bytes, bool served) {
  bool ok = true;
  for (int which = 0; which < 2; which++) {
    peri_context *ctx = which ? fast : plain;
    peri_scope scope = peri_scope_open(ctx);
    peri_tensor *args[3] = {NULL};
    for (int i = 0; i <= nin; i++) args[i] = tensor_of(blocks[i], which);
    peri_recording *recording = peri_record(ctx);
    ok = peri_launch(ctx, peri__kernel_id(kernel), args, 1, nin, attr, bytes) ==
             0 &&
         ok;
    peri_record_stop(recording);
    const peri_call *call = peri_recording_call(recording, 0);
    if (which && served)
      ok = ok && strcmp(call->provider->name, peri_isa(fast)) == 0;
    peri_recording_free(recording);
    peri_scope_close(scope);
  }
  const block *y = blocks[0];
  ok = ok && memcmp(y->memory[0], y->memory[1], y->bytes) == 0;
  if (!ok)
    printf("isa %s, kernel %d, y %s [%d %d %d %d] of %d\n", peri_isa(fast),
           kernel, peri_dtype_name(y->dtype), (int)y->shape[0],
           (int)y->shape[1], (int)y->shape[2], (int)y->shape[3], y->ndim);
  return ok;
}

static peri_dtype any_dtype(void) {
  return (peri_dtype)(PERI_BOOL + below(PERI_DTYPES - PERI_BOOL));
}

/* One to four sizes, some of them 0, 1 or past a strip. */
static void any_shape(block *b, int64_t most) {
  static const int64_t edge[] = {0, 1, 1, 2, 3, 16, 17, 65};
  b->ndim = 1 + (int)below(4);
  if (below(20) == 0) b->ndim = 0;
  for (int d = 0; d < b->ndim; d++)
    b->shape[d] = below(3) == 0 ? edge[below(8)] : 1 + below(most);
}

/* ---- copy and fill ----------------------------------------------------- */

/* One copy: dense, strided, permuted, with repeated dimensions. */
static bool copies(bool equal, int64_t most) {
  block y = {.dtype = any_dtype()}, x = {.dtype = any_dtype()};
  if (equal) x.dtype = y.dtype;
  any_shape(&y, most);
  x.ndim = y.ndim;
  memcpy(x.shape, y.shape, sizeof x.shape);
  make(&y, lay_out(&y, 1 + (below(4) == 0)), false);
  make(&x, lay_out(&x, 1 + (below(4) == 0)), false);
  for (int d = 0; d < x.ndim; d++)
    if (below(8) == 0) x.strides[d] = 0;
  bool ok = same(PERI_K_copy, (block *[]){&y, &x}, 1, NULL, 0, true);
  release(&y);
  release(&x);
  return ok;
}

static void copy_any(void) {
  bool ok = true;
  for (int i = 0; i < 300; i++) ok = copies(i % 2 == 0, 24) && ok;
  for (int i = 0; i < 20; i++) ok = copies(i % 2 == 0, 60) && ok;
  CHECK(ok);
}

/* Planes past one strip, of every size of element. */
static void copy_turned(void) {
  static const int64_t sizes[][2] = {{4, 4}, {1030, 67}, {67, 1030}, {5, 700}};
  bool ok = true;
  for (int i = 0; i < 4; i++)
    for (int a = PERI_BOOL; a < PERI_DTYPES; a++)
      for (int same_dtype = 0; same_dtype < 2; same_dtype++) {
        block y = {.dtype = (peri_dtype)a, .ndim = 2}, x;
        memcpy(y.shape, sizes[i], sizeof sizes[i]);
        row_major(&y);
        x = y;
        x.dtype = same_dtype ? y.dtype : any_dtype();
        x.strides[0] = 1;
        x.strides[1] = x.shape[0];
        make(&y, y.shape[0] * y.shape[1], false);
        make(&x, x.shape[0] * x.shape[1], false);
        ok = same(PERI_K_copy, (block *[]){&y, &x}, 1, NULL, 0, true) && ok;
        release(&y);
        release(&x);
      }
  CHECK(ok);
}

static void fill_any(void) {
  static const double reals[] = {0, -0.0, 1, -2.5, 1e300, 0.0 / 0.0};
  bool ok = true;
  for (int i = 0; i < 200; i++) {
    block y = {.dtype = any_dtype()};
    peri__numbers_attr attr = {.whole = below(2) == 0, .last = -1};
    attr.real[0] = reals[below(6)];
    attr.i[0] = below(600) - 300;
    any_shape(&y, 40);
    make(&y, lay_out(&y, 1 + below(2)), false);
    ok = same(PERI_K_fill, (block *[]){&y}, 0, &attr, sizeof attr, true) && ok;
    release(&y);
  }
  CHECK(ok);
}

/* ---- Random numbers ---------------------------------------------------- */

static const struct {
  int kernel;
  bool floats, input;
} random_kernel[] = {{PERI_K_uniform, true, false},
                     {PERI_K_normal, true, false},
                     {PERI_K_integers, false, false},
                     {PERI_K_bernoulli, true, true},
                     {PERI_K_dropout_mask, true, false}};

static bool draws(int which, int64_t count) {
  peri_dtype dtype = any_dtype();
  if (random_kernel[which].floats)
    dtype = (peri_dtype)(PERI_F16 + below(PERI_DTYPES - PERI_F16));
  block y = {.dtype = dtype, .ndim = 1, .shape = {count}, .strides = {1}};
  block x = y;
  peri__random_attr attr = {.key = state, .p = 0.3, .low = -5, .range = 1000};
  attr.draw = state >> 17;
  if (below(2) == 0) attr.range = state;
  make(&y, count, false);
  make(&x, count, true);
  bool ok = same(random_kernel[which].kernel, (block *[]){&y, &x},
                 random_kernel[which].input, &attr, sizeof attr, true);
  release(&y);
  release(&x);
  return ok;
}

static void draw_any(void) {
  static const int64_t counts[] = {0, 1, 2, 3, 5, 255, 256, 257, 511, 5001};
  bool ok = true;
  for (int which = 0; which < 5; which++)
    for (int i = 0; i < 40; i++) ok = draws(which, counts[i % 10]) && ok;
  CHECK(ok);
}

/* ---- Threads ----------------------------------------------------------- */

static bool large_copy(bool turned, peri_dtype to, peri_dtype from) {
  block y = {.dtype = to, .ndim = 2, .shape = {701, 650}}, x;
  row_major(&y);
  x = y;
  x.dtype = from;
  if (turned) {
    x.strides[0] = 1;
    x.strides[1] = x.shape[0];
  }
  make(&y, y.shape[0] * y.shape[1], false);
  make(&x, x.shape[0] * x.shape[1], false);
  bool ok = same(PERI_K_copy, (block *[]){&y, &x}, 1, NULL, 0, true);
  release(&y);
  release(&x);
  return ok;
}

/* Work that certainly splits: the pool ran for each. */
static void with_threads(const char *isa, int threads) {
  fast =
      peri_context_new(&(peri_options){.isa = isa, .threads = threads}, NULL);
  bool ok = large_copy(false, PERI_F32, PERI_F32);
  ok = large_copy(true, PERI_F32, PERI_F32) && ok;
  ok = large_copy(false, PERI_F32, PERI_BF16) && ok;
  ok = large_copy(true, PERI_F32, PERI_U8) && ok;
  for (int which = 0; which < 5; which++) ok = draws(which, 100001) && ok;
  CHECK(ok);
  CHECK(peri_parallel_jobs(fast) == (threads > 1 ? 9 : 0));
  peri_context_free(fast);
}

static void at_level(const peri__level *level) {
  peri_options options = {.isa = level->name};
  fast = peri_context_new(&options, NULL);
  if (!CHECK(fast != NULL)) return;
  state = 3;
  copy_any();
  copy_turned();
  fill_any();
  draw_any();
  peri_context_free(fast);
  static const int threads[] = {1, 2, 3, 7};
  for (int i = 0; i < 4; i++) with_threads(level->name, threads[i]);
}

int main(void) {
  plain = peri_context_new(&(peri_options){.isa = "plain"}, NULL);
  for (int i = 1; peri__level_at(i); i++)
    if (peri__level_at(i)->here()) at_level(peri__level_at(i));
  peri_context_free(plain);
  return check_done("copying");
}
