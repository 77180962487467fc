/* matmul_threads_spec.c - matrix products that threads share: the same bits on
   any number of them, and an interrupt that stops all. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "context_check.h"
#include "cpu/level.h"
#include "kernels.h"

/* ---- One product -------------------------------------------------------- */

/* y [batch, m, n] of a [batch, m, k] and b [batch, k, n], which lie along m and
   k where they are turned. */
typedef struct {
  int64_t batch, m, n, k;
  bool a_turned, b_turned;
  peri_dtype dtype;
} product;

static const product products[] = {
    {1, 128, 256, 784, false, true, PERI_F32},  /* columns */
    {1, 128, 784, 256, false, false, PERI_F32}, /* columns, packed or not */
    {1, 256, 784, 128, true, false, PERI_F32},
    {1, 128, 256, 784, false, true, PERI_F64},
    {1, 64, 512, 784, false, true, PERI_F32},   /* rows of the transposed */
    {1, 10, 10, 65536, true, false, PERI_F32},  /* parts of k */
    {1, 3, 5, 200000, false, true, PERI_F64},   /* parts of k */
    {1, 1, 1, 1200000, false, true, PERI_F32},  /* parts of one dot */
    {1, 1, 180, 8000, false, true, PERI_F32},   /* dots */
    {1, 1, 4000, 300, false, false, PERI_F32},  /* one row */
    {9, 90, 100, 110, false, false, PERI_F32},  /* matrices and columns */
    {100, 33, 44, 55, false, true, PERI_F32},   /* matrices */
    {1, 128, 256, 784, false, true, PERI_BF16}, /* in float32 */
    {20, 60, 70, 80, true, false, PERI_F16},
};

enum { PRODUCTS = sizeof products / sizeof *products };

enum { NUMBERS = 1500000 };
static float numbers[NUMBERS];

static void make_numbers(void) {
  uint64_t state = 5;
  for (int i = 0; i < NUMBERS; i++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    numbers[i] = (float)(state >> 40) / (1 << 23) - 1;
  }
}

/* Numbers from 'first' on. */
static peri_tensor *matrices(int64_t batch, int64_t rows, int64_t cols,
                             bool turned, peri_dtype dtype, int first) {
  const int64_t shape[] = {batch, turned ? cols : rows, turned ? rows : cols};
  peri_tensor *x = peri_tensor_wrap(ctx, numbers + first, shape, NULL, 3,
                                    PERI_F32, NULL, NULL);
  if (dtype != PERI_F32) x = peri_cast(x, dtype);
  return turned ? peri_transpose(x, 1, 2) : x;
}

/* The bytes of y on so many threads; the caller frees them. */
static void *run(const product *p, const char *isa, int threads, bool *shared) {
  peri_options options = {.threads = threads, .isa = isa};
  ctx = peri_context_new(&options, NULL);
  peri_tensor *a = matrices(p->batch, p->m, p->k, p->a_turned, p->dtype, 0);
  peri_tensor *b = matrices(p->batch, p->k, p->n, p->b_turned, p->dtype, 1000);
  int64_t before = peri_parallel_jobs(ctx);
  peri_tensor *y = peri_matmul(a, b);
  *shared = peri_parallel_jobs(ctx) > before;
  size_t bytes = (size_t)(p->batch * p->m * p->n) * peri_dtype_size(p->dtype);
  void *copy = malloc(bytes);
  CHECK(y && peri_copy_out(y, copy, p->dtype, bytes) == 0);
  peri_context_free(ctx);
  return copy;
}

static void same_on_threads(const product *p, const char *isa) {
  static const int threads[] = {2, 3, 7};
  size_t bytes = (size_t)(p->batch * p->m * p->n) * peri_dtype_size(p->dtype);
  bool shared;
  void *alone = run(p, isa, 1, &shared);
  CHECK(!shared);
  for (int i = 0; i < 3; i++) {
    void *together = run(p, isa, threads[i], &shared);
    bool same = memcmp(alone, together, bytes) == 0;
    if (!CHECK(shared && same))
      printf("isa %s, product %d, %d threads, shared %d\n", isa,
             (int)(p - products), threads[i], shared);
    free(together);
  }
  free(alone);
}

/* ---- Interrupt ---------------------------------------------------------- */

static void *interrupt_soon(void *user) {
  nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
  peri_interrupt(user);
  return NULL;
}

/* A product of many milliseconds on any machine: rows are left as they were. */
static void stops(void) {
  enum { SIZE = 2500 };
  const int64_t shape[] = {SIZE, SIZE};
  const peri__matmul_attr none = {PERI_NO_ACTIVATION};
  pthread_t thread;
  peri_options options = {.threads = 3};
  ctx = peri_context_new(&options, NULL);
  peri_tensor *args[4] = {peri_zeros(ctx, shape, 2, NULL),
                          peri_ones(ctx, shape, 2, NULL),
                          peri_ones(ctx, shape, 2, NULL), NULL};
  int64_t before = peri_parallel_jobs(ctx), untouched = 0;
  CHECK(pthread_create(&thread, NULL, interrupt_soon, ctx) == 0);
  int status = peri_launch(ctx, peri__kernel_id(PERI_K_matmul), args, 1, 3,
                           &none, sizeof none);
  pthread_join(thread, NULL);
  CHECK(status == PERI_EINTERRUPT);
  CHECK(peri_parallel_jobs(ctx) == before + 1);
  const float *y = peri_tensor_data(args[0]);
  for (int64_t i = 0; i < (int64_t)SIZE * SIZE; i++) untouched += y[i] == 0;
  CHECK(untouched > 0);
  peri_clear_error(ctx);
  peri_context_free(ctx);
}

int main(void) {
  make_numbers();
  for (int l = 0; peri__level_at(l); l++) {
    const peri__level *level = peri__level_at(l);
    if (!level->provider || !level->here()) continue;
    for (int i = 0; i < PRODUCTS; i++)
      same_on_threads(&products[i], level->name);
  }
  stops();
  return check_done("matrix products on threads");
}
