/* pool_spec.c - the threads of a context themselves: that they come to every
   job, whatever they were doing; their signals; their number; many pools. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "perigee.h"

enum { THREADS = 4 };

static peri_context *open(const peri_options *options) {
  return peri_context_new(options, NULL);
}

/* ---- All at once ------------------------------------------------------- */

/* An item each for some threads, which begin all or none. */
typedef struct {
  int wanted;
  atomic_int begun, wrong;
} meeting;

/* Signals for the host do not come here, those of a fault do. */
static bool signals_are_apart(void) {
  sigset_t blocked;
  pthread_sigmask(SIG_BLOCK, NULL, &blocked);
  return sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGPROF) &&
         !sigismember(&blocked, SIGSEGV) && !sigismember(&blocked, SIGBUS);
}

static void meet(void *user, int64_t first, int64_t end, int thread) {
  meeting *m = user;
  if (end != first + 1) atomic_fetch_add(&m->wrong, 1);
  if (thread > 0 && !signals_are_apart()) atomic_fetch_add(&m->wrong, 1);
  atomic_fetch_add(&m->begun, 1);
  while (atomic_load(&m->begun) < m->wanted) sched_yield();
}

static meeting *met;

static void run_meeting(const peri_call *call) {
  peri_parallel_for(call, met->wanted, 1e6, meet, met);
}

/* Every thread that a job is worth comes to it: an item that waits for all
   others would wait for ever. The pauses let helpers fall asleep, or almost. */
static void all_at_once(void) {
  peri_context *ctx = open(&(peri_options){.threads = THREADS});
  peri_tensor *x = peri_zeros(ctx, (int64_t[]){1}, 1, NULL);
  int kernel = peri_register_kernel(ctx, "meet", run_meeting);
  bool ok = true;
  for (int i = 0; i < 300 && ok; i++) {
    meeting m = {.wanted = 2 + i % (THREADS - 1)};
    met = &m;
    alarm(20);
    ok = peri_launch(ctx, kernel, &x, 1, 0, NULL, 0) == 0;
    ok = ok && atomic_load(&m.begun) == m.wanted && !atomic_load(&m.wrong);
    nanosleep(&(struct timespec){.tv_nsec = 1000L * (i % 120)}, NULL);
  }
  alarm(0);
  CHECK(ok && peri_parallel_jobs(ctx) == 300);
  peri_context_free(ctx);
}

/* ---- Their number ------------------------------------------------------- */

#if defined(CPU_COUNT)
/* Without a number: the processors that this process may run on. */
static void usable_processors(void) {
  cpu_set_t before, one;
  CHECK(sched_getaffinity(0, sizeof before, &before) == 0);
  peri_context *ctx = open(NULL);
  int all = CPU_COUNT(&before);
  CHECK(peri_threads(ctx) == (all < PERI_MAX_THREADS ? all : PERI_MAX_THREADS));
  peri_context_free(ctx);
  CPU_ZERO(&one);
  for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
    if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
  CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
  ctx = open(NULL);
  CHECK(peri_threads(ctx) == 1);
  CHECK(peri_set_threads(ctx, 0) == 0 && peri_threads(ctx) == 1);
  peri_context_free(ctx);
  CHECK(sched_setaffinity(0, sizeof before, &before) == 0);
}
#else
static void usable_processors(void) {}
#endif

/* ---- Many contexts ----------------------------------------------------- */

enum { CONTEXTS = 24, ROUNDS = 20 };

typedef struct {
  atomic_int *sum;
} adder;

static void add(void *user, int64_t first, int64_t end, int thread) {
  (void)thread;
  atomic_fetch_add(((adder *)user)->sum, (int)(end - first));
}

static void run_add(const peri_call *call) {
  adder a;
  memcpy(&a, call->attr, sizeof a);
  peri_parallel_for(call, 1000, 1e5, add, &a);
}

static void *work(void *argument) {
  atomic_int *sum = argument;
  adder a = {sum};
  peri_context *ctx = open(&(peri_options){.threads = 8});
  peri_tensor *x = peri_zeros(ctx, (int64_t[]){1}, 1, NULL);
  int kernel = peri_register_kernel(ctx, "add", run_add);
  for (int i = 0; i < ROUNDS; i++)
    peri_launch(ctx, kernel, &x, 1, 0, &a, sizeof a);
  if (peri_parallel_jobs(ctx) != ROUNDS) atomic_store(sum, -1);
  peri_context_free(ctx);
  return NULL;
}

static void many_contexts(void) {
  pthread_t thread[CONTEXTS];
  atomic_int sum[CONTEXTS] = {0};
  int started = 0;
  while (started < CONTEXTS &&
         pthread_create(&thread[started], NULL, work, &sum[started]) == 0)
    started++;
  CHECK(started == CONTEXTS);
  for (int i = 0; i < started; i++) {
    pthread_join(thread[i], NULL);
    CHECK(atomic_load(&sum[i]) == 1000 * ROUNDS);
  }
}

int main(void) {
  all_at_once();
  usable_processors();
  many_contexts();
  return check_done("the pool");
}
