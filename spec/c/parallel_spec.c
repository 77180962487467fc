/* parallel_spec.c - how a kernel shares its work among the threads of a
   context, and what holds whatever their number. */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "perigee.h"

enum { ITEMS = 10007, THREADS = 4 };
#define COST 1e3 /* of an item, so that all are worth sharing */

/* What a job saw. */
typedef struct {
  const peri_call *call;
  atomic_int taken[ITEMS]; /* how often an item was */
  atomic_int inside[PERI_MAX_THREADS], clashes;
  atomic_bool used[PERI_MAX_THREADS];
  atomic_int bodies, nested;
  int64_t count;
  double cost;
} job;

static void body(void *user, int64_t first, int64_t end, int thread) {
  job *j = user;
  if (atomic_fetch_add(&j->inside[thread], 1) != 0)
    atomic_fetch_add(&j->clashes, 1);
  atomic_store(&j->used[thread], true);
  for (int64_t i = first; i < end; i++) atomic_fetch_add(&j->taken[i], 1);
  atomic_fetch_add(&j->bodies, 1);
  atomic_fetch_sub(&j->inside[thread], 1);
}

static job shared;

/* A kernel whose work is 'shared'. */
static void share(const peri_call *call) {
  shared.call = call;
  peri_parallel_for(call, shared.count, shared.cost, body, &shared);
}

static peri_context *open(const peri_options *options) {
  return peri_context_new(options, NULL);
}

/* Launch 'run' once in 'ctx' with 'count' items. */
static void launch(peri_context *ctx, void (*run)(const peri_call *call),
                   int64_t count, double cost) {
  memset(&shared, 0, sizeof shared);
  shared.count = count;
  shared.cost = cost;
  peri_tensor *x = peri_zeros(ctx, (int64_t[]){1}, 1, NULL);
  int kernel = peri_register_kernel(ctx, "share", run);
  CHECK(peri_launch(ctx, kernel, &x, 1, 0, NULL, 0) == 0);
}

static bool each_once(int64_t count) {
  for (int64_t i = 0; i < ITEMS; i++)
    if (atomic_load(&shared.taken[i]) != (i < count)) return false;
  return atomic_load(&shared.clashes) == 0;
}

static void shares(void) {
  for (int threads = 2; threads <= 7; threads++) {
    peri_context *ctx = open(&(peri_options){.threads = threads});
    for (int64_t count = 1; count < ITEMS; count = count * 3 + 1) {
      int64_t before = peri_parallel_jobs(ctx);
      launch(ctx, share, count, 1e6);
      CHECK(each_once(count));
      CHECK(peri_parallel_jobs(ctx) == before + (count > 1));
    }
    peri_context_free(ctx);
  }
}

static void small_work(void) {
  peri_context *ctx = open(&(peri_options){.threads = THREADS});
  launch(ctx, share, ITEMS, 1);
  CHECK(each_once(ITEMS) && atomic_load(&shared.bodies) == 1);
  launch(ctx, share, 0, COST);
  CHECK(each_once(0) && atomic_load(&shared.bodies) == 0);
  CHECK(peri_parallel_jobs(ctx) == 0);
  CHECK(peri_set_threads(ctx, 1) == 0);
  launch(ctx, share, ITEMS, COST);
  CHECK(each_once(ITEMS) && atomic_load(&shared.bodies) == 1);
  CHECK(peri_parallel_jobs(ctx) == 0);
  peri_context_free(ctx);
}

/* The number of threads may change between jobs, up and down. */
static void other_numbers(void) {
  static const int numbers[] = {2, 7, 3, 1, 5, 2, 7};
  peri_context *ctx = open(&(peri_options){.threads = THREADS});
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    CHECK(peri_set_threads(ctx, numbers[i]) == 0);
    launch(ctx, share, ITEMS, COST);
    bool ok = each_once(ITEMS);
    for (int t = numbers[i]; t < PERI_MAX_THREADS; t++)
      ok = ok && !atomic_load(&shared.used[t]);
    CHECK(ok);
  }
  peri_context_free(ctx);
}

/* ---- Jobs inside jobs, forks, threads of the host ---------------------- */

static void count_nested(void *user, int64_t first, int64_t end, int thread) {
  job *j = user;
  atomic_fetch_add(&j->nested, thread == 0 ? (int)(end - first) : 0);
  atomic_fetch_add(&j->bodies, 1);
}

static void nest(void *user, int64_t first, int64_t end, int thread) {
  job *j = user;
  (void)thread;
  for (int64_t i = first; i < end; i++)
    peri_parallel_for(j->call, 100, 1e6, count_nested, user);
}

static void run_nested(const peri_call *call) {
  shared.call = call;
  peri_parallel_for(call, 10, 1e6, nest, &shared);
}

static void nested(void) {
  peri_context *ctx = open(&(peri_options){.threads = THREADS});
  launch(ctx, run_nested, 0, 0);
  CHECK(atomic_load(&shared.nested) == 1000);
  CHECK(atomic_load(&shared.bodies) == 10); /* each of them inline */
  CHECK(peri_parallel_jobs(ctx) == 1);
  peri_context_free(ctx);
}

static int run_child(peri_context *ctx) {
  alarm(20);
  launch(ctx, share, ITEMS, COST);
  bool fine = each_once(ITEMS) && atomic_load(&shared.bodies) == 1;
  peri_context_free(ctx);
  return fine ? 0 : 1;
}

static void forked(void) {
  peri_context *ctx = open(&(peri_options){.threads = THREADS});
  int status = -1;
  launch(ctx, share, ITEMS, COST); /* the helpers exist */
  pid_t child = fork();
  if (child == 0) _exit(run_child(ctx));
  CHECK(child > 0 && waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  launch(ctx, share, ITEMS, COST);
  CHECK(each_once(ITEMS) && peri_parallel_jobs(ctx) == 2);
  peri_context_free(ctx);
}

typedef struct {
  int calls, count;
  bool backwards;
} host;

/* A host that has one thread, and an order of its own. */
static void lend(void *user, int count, void (*run)(void *work, int index),
                 void *work) {
  host *h = user;
  h->calls++;
  h->count = count;
  for (int i = 0; i < count; i++) run(work, h->backwards ? count - 1 - i : i);
}

static void host_threads(void) {
  host h = {0};
  peri_options options = {
      .threads = THREADS, .parallel = lend, .parallel_user = &h};
  peri_context *ctx = open(&options);
  launch(ctx, share, ITEMS, COST);
  CHECK(each_once(ITEMS) && h.calls == 1 && h.count == THREADS);
  h.backwards = true;
  launch(ctx, share, ITEMS, COST);
  CHECK(each_once(ITEMS) && h.calls == 2);
  launch(ctx, share, ITEMS, 1);
  CHECK(h.calls == 2);
  peri_context_free(ctx);
}

/* A host that starts a thread for each. */
typedef struct {
  void (*run)(void *work, int index);
  void *work;
  int index;
} share_of_host;

static void *run_share(void *argument) {
  share_of_host *s = argument;
  s->run(s->work, s->index);
  return NULL;
}

static void lend_threads(void *user, int count,
                         void (*run)(void *work, int index), void *work) {
  pthread_t thread[THREADS];
  share_of_host part[THREADS];
  (void)user;
  for (int i = 0; i < count; i++) {
    part[i] = (share_of_host){run, work, i};
    pthread_create(&thread[i], NULL, run_share, &part[i]);
  }
  for (int i = 0; i < count; i++) pthread_join(thread[i], NULL);
}

static void host_with_threads(void) {
  peri_options options = {.threads = THREADS, .parallel = lend_threads};
  peri_context *ctx = open(&options);
  for (int i = 0; i < 10; i++) {
    launch(ctx, share, ITEMS, COST);
    CHECK(each_once(ITEMS) && peri_parallel_jobs(ctx) == i + 1);
  }
  peri_context_free(ctx);
}

static void limits(void) {
  const char *why = NULL;
  CHECK(peri_context_new(&(peri_options){.threads = 257}, &why) == NULL);
  CHECK_TEXT(why, "options: threads must be in [0, 256]");
  peri_context *ctx = open(NULL);
  CHECK(peri_set_threads(ctx, 257) == PERI_EARG);
  CHECK_TEXT(peri_error_text(ctx), "threads must be in [0, 256], got 257");
  peri_context_free(ctx);
}

int main(void) {
  shares();
  small_work();
  other_numbers();
  nested();
  forked();
  host_threads();
  host_with_threads();
  limits();
  return check_done("sharing work");
}
