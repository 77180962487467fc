/* limits.c - what this machine can do at most: the clock, float32
   multiply-adds, and bandwidth of plain loads and stores. Compiled once per
   instruction-set level, so that its vectors are those of the kernels that it
   stands beside.

     clock        dependent additions, CLOCK_ADDS in a run
     fma          chains of multiply-adds in registers, FMA_FLOPS in a run
     triad BYTES  a = b + s c over three arrays, BYTES in all
     store BYTES  a = s over one array of BYTES

   Each thread works on its own part, made and touched by itself. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "worker.h"

#if defined __AVX512F__
#define VECTOR_BYTES 64
#elif defined __AVX__
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

enum {
  MAX_THREADS = 64,
  CLOCK_ADDS = 1 << 16,
  CHAINS = 12, /* more than the latency of a multiply-add times two units */
  LANES = VECTOR_BYTES / 4,
  FMA_FLOPS = 1024 * 16 * CHAINS * 2
};

typedef float vector __attribute__((vector_size(VECTOR_BYTES)));

/* Hides from the compiler where 'x' comes from. */
#define OPAQUE(x) __asm__ volatile("" : "+r"(x))
/* Makes it believe that all memory is read and written here. */
#define TOUCH_MEMORY() __asm__ volatile("" ::: "memory")

/* One thread's part of a run. */
typedef struct {
  float *a, *b, *c;
  size_t count; /* elements of each */
} part;

/* One dependent addition: a cycle. */
#define ADD(x, y) \
  do { \
    x += y; \
    OPAQUE(x); \
  } while (0)

static void add_chain(const part *p) {
  unsigned long x = p->count, y = x | 1;
  for (int i = 0; i < CLOCK_ADDS; i += 8) {
    ADD(x, y);
    ADD(x, y);
    ADD(x, y);
    ADD(x, y);
    ADD(x, y);
    ADD(x, y);
    ADD(x, y);
    ADD(x, y);
  }
}

/* Every chain converges to 2, far from denormals and infinity. */
static void multiply_add(const part *p) {
  vector x[CHAINS], half = (vector){0} + p->b[0], one = (vector){0} + p->c[0];
  for (int c = 0; c < CHAINS; c++) x[c] = one;
  for (int i = 0; i < FMA_FLOPS / (2 * CHAINS * LANES); i++)
    for (int c = 0; c < CHAINS; c++) x[c] = x[c] * half + one;
  for (int c = 1; c < CHAINS; c++) x[0] += x[c];
  p->a[0] = x[0][0];
  TOUCH_MEMORY();
}

static void triad(const part *p) {
  float *a = p->a;
  const float *b = p->b, *c = p->c, scale = p->c[0];
  for (size_t i = 0; i < p->count; i++) a[i] = b[i] + scale * c[i];
  TOUCH_MEMORY();
}

static void store(const part *p) {
  float *a = p->a;
  const float value = p->c[0];
  for (size_t i = 0; i < p->count; i++) a[i] = value;
  TOUCH_MEMORY();
}

/* What all threads of a run share. */
typedef struct {
  void (*work)(const part *p);
  long reps;
  size_t count;           /* elements of each array of a thread */
  pthread_barrier_t gate; /* opens when all have made their arrays */
} job;

typedef struct {
  job *job;
  pthread_t thread;
  double start, end; /* by its own look at the clock */
} runner;

/* 'count' times 'value', on a cache line; ends the process without memory. */
static float *new_array(size_t count, float value) {
  float *array = aligned_alloc(64, (count * sizeof *array + 63) / 64 * 64);
  if (!array) exit(EXIT_FAILURE);
  for (size_t i = 0; i < count; i++) array[i] = value;
  return array;
}

static void *run_part(void *user) {
  runner *r = user;
  job *j = r->job;
  part p = {new_array(j->count, 0), new_array(j->count, 0.5F),
            new_array(j->count, 1), j->count};
  j->work(&p);
  pthread_barrier_wait(&j->gate);
  r->start = bench_now();
  for (long i = 0; i < j->reps; i++) j->work(&p);
  r->end = bench_now();
  free(p.a);
  free(p.b);
  free(p.c);
  return NULL;
}

/* Seconds from the first start to the last end of 'work' on the threads of
   'request', each of which has three arrays of 'count' elements. */
static double run_all(const bench_request *request, void (*work)(const part *p),
                      size_t count) {
  runner r[MAX_THREADS];
  int threads = request->threads;
  if (threads < 1 || threads > MAX_THREADS || count == 0) return -1;
  job j = {.work = work, .reps = request->reps, .count = count};
  pthread_barrier_init(&j.gate, NULL, (unsigned)threads);
  for (int i = 0; i < threads; i++) {
    r[i].job = &j;
    if (pthread_create(&r[i].thread, NULL, run_part, &r[i])) exit(EXIT_FAILURE);
  }
  for (int i = 0; i < threads; i++) pthread_join(r[i].thread, NULL);
  pthread_barrier_destroy(&j.gate);
  double start = r[0].start, end = r[0].end;
  for (int i = 1; i < threads; i++) {
    if (r[i].start < start) start = r[i].start;
    if (r[i].end > end) end = r[i].end;
  }
  return end - start;
}

/* Elements of each of 'arrays' arrays of a thread, when all threads together
   touch the bytes that the request names. */
static size_t share(const bench_request *request, size_t arrays) {
  return (size_t)bench_number(request, 0) /
         (sizeof(float) * arrays * (size_t)request->threads);
}

static double run_clock(const bench_request *request) {
  return run_all(request, add_chain, 1);
}

/* Each thread does all runs, so one of them takes its part of the time. */
static double run_fma(const bench_request *request) {
  return run_all(request, multiply_add, 1) / request->threads;
}

static double run_triad(const bench_request *request) {
  return run_all(request, triad, share(request, 3));
}

static double run_store(const bench_request *request) {
  return run_all(request, store, share(request, 1));
}

static const bench_case cases[] = {{"clock", run_clock},
                                   {"fma", run_fma},
                                   {"triad", run_triad},
                                   {"store", run_store},
                                   {0}};

int main(void) { return bench_serve("limits of this machine", cases); }
