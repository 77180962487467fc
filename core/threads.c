/* threads.c - the threads of a context and how a kernel shares its work with
   them.

   A job is a range of items, cut into a share for each thread. A thread takes
   its own share chunk by chunk, the same one for the same job, so that what it
   left in its cache is still there; then it takes what is left of the others',
   so that one which comes late, or never, delays nobody.
   'gate' tells how many helpers are inside the job and whether it is closed;
   who is not inside never looks at it. A helper waits for the next job first
   in a short spin, then asleep. Threads start at the first job that needs
   them; helpers never enter the context, they see what the kernel gave them.

   Jobs inside a job, and all jobs in the child of a fork, whose helpers exist
   in the parent only, run inline. */
#include "internal.h"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#define CHUNKS_EACH 4  /* of a share, so that a late thread evens out */
#define CLOSED 0x10000 /* bit of the gate above the number inside */
#define SPINS 1000     /* about 30 microseconds */

#if defined(__x86_64__) || defined(__i386__)
#define PAUSE() __builtin_ia32_pause()
#elif defined(__aarch64__)
#define PAUSE() __asm__ volatile("yield")
#else
#define PAUSE() ((void)0)
#endif

/* Those that this process may run on, which may be fewer than there are. */
static long usable_processors(void) {
#if defined(CPU_COUNT)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return sysconf(_SC_NPROCESSORS_ONLN);
}

int peri__processors(void) {
  long count = usable_processors();
  if (count < 1) return 1;
  return count < PERI_MAX_THREADS ? (int)count : PERI_MAX_THREADS;
}

/* ---- The work of one thread in a job ---------------------------------- */

/* What nobody has taken of share 'index', as 'thread'. */
static void take_share(peri_pool *pool, int index, int thread) {
  const peri__job *job = &pool->job;
  peri__share *share = &pool->share[index];
  for (;;) {
    int64_t first = atomic_fetch_add_explicit(&share->next, share->chunk,
                                              memory_order_relaxed);
    int64_t left = share->end - first;
    if (left <= 0) return;
    int64_t taken = left < share->chunk ? left : share->chunk;
    job->body(job->user, first, first + taken, thread);
  }
}

static void take_shares(peri_pool *pool, int thread) {
  int threads = pool->job.threads;
  for (int i = 0; i < threads; i++)
    take_share(pool, (thread + i) % threads, thread);
}

/* Go inside the job that is open. -> false if none is */
static bool enter_job(peri_pool *pool) {
  int inside = atomic_load_explicit(&pool->gate, memory_order_relaxed);
  do
    if (inside & CLOSED) return false;
  while (!atomic_compare_exchange_weak_explicit(
      &pool->gate, &inside, inside + 1, memory_order_acquire,
      memory_order_relaxed));
  return true;
}

/* The last one out of a closed job wakes the thread that waits for it. */
static void leave_job(peri_pool *pool) {
  int before = atomic_fetch_sub_explicit(&pool->gate, 1, memory_order_release);
  if (before != (CLOSED | 1)) return;
  pthread_mutex_lock(&pool->mutex);
  pthread_cond_signal(&pool->done);
  pthread_mutex_unlock(&pool->mutex);
}

static void help(peri_pool *pool, int thread) {
  if (!enter_job(pool)) return;
  if (thread < pool->job.threads) take_shares(pool, thread);
  leave_job(pool);
}

/* ---- Waiting ---------------------------------------------------------- */

/* Turns of a spin; none where threads outnumber the processors and a spin
   would hold up the one that is waited for. */
static int spins_of(const peri_pool *pool) {
  int threads = atomic_load_explicit(&pool->threads, memory_order_relaxed);
  return threads <= pool->processors ? SPINS : 0;
}

/* Until there is another round than 'seen'. -> that round */
static unsigned wait_for_round(peri_pool *pool, unsigned seen) {
  for (int i = spins_of(pool); i > 0; i--) {
    unsigned round = atomic_load_explicit(&pool->round, memory_order_acquire);
    if (round != seen) return round;
    PAUSE();
  }
  pthread_mutex_lock(&pool->mutex);
  pool->asleep++;
  while (atomic_load(&pool->round) == seen)
    pthread_cond_wait(&pool->wake, &pool->mutex);
  pool->asleep--;
  pthread_mutex_unlock(&pool->mutex);
  return atomic_load(&pool->round);
}

static void wait_for_helpers(peri_pool *pool) {
  for (int i = spins_of(pool); i > 0; i--) {
    if (atomic_load_explicit(&pool->gate, memory_order_acquire) == CLOSED)
      return;
    PAUSE();
  }
  pthread_mutex_lock(&pool->mutex);
  while (atomic_load_explicit(&pool->gate, memory_order_acquire) != CLOSED)
    pthread_cond_wait(&pool->done, &pool->mutex);
  pthread_mutex_unlock(&pool->mutex);
}

/* ---- Helpers ---------------------------------------------------------- */

static void *helper(void *argument) {
  peri_pool *pool = argument;
  int thread = atomic_fetch_add(&pool->numbered, 1) + 1; /* 0 is who asks */
  unsigned round = 0;
  peri__fp_enter(); /* for good: the thread is ours */
  while ((round = wait_for_round(pool, round)) != PERI_LAST_ROUND)
    help(pool, thread);
  return NULL;
}

/* Signals are for the threads of the host, but for those of a fault, which
   come to the thread that makes it: blocked, they would end the process past
   the host's handler. */
static void block_signals(sigset_t *before) {
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
  sigset_t all;
  sigfillset(&all);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    sigdelset(&all, faults[i]);
  pthread_sigmask(SIG_SETMASK, &all, before);
}

/* A helper that does not start is missed by nobody. */
static void start_helpers(peri_pool *pool, int wanted) {
  sigset_t before;
  pthread_attr_t attr;
  if (pool->started >= wanted || pthread_attr_init(&attr) != 0) return;
  pthread_attr_setstacksize(&attr, PERI_HELPER_STACK);
  block_signals(&before);
  while (pool->started < wanted &&
         pthread_create(&pool->thread[pool->started], &attr, helper, pool) == 0)
    pool->started++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  pthread_attr_destroy(&attr);
}

void peri__pool_init(peri_pool *pool, const peri_options *options) {
  pool->process = getpid();
  pool->processors = peri__processors();
  pool->parallel = options->parallel;
  pool->parallel_user = options->parallel_user;
  atomic_store(&pool->gate, CLOSED);
  pthread_mutex_init(&pool->mutex, NULL);
  pthread_cond_init(&pool->wake, NULL);
  pthread_cond_init(&pool->done, NULL);
}

/* All who sleep wake up: each knows by its number whether it is wanted. */
static void new_round(peri_pool *pool, unsigned round) {
  pthread_mutex_lock(&pool->mutex);
  atomic_store_explicit(&pool->round, round, memory_order_release);
  if (pool->asleep > 0) pthread_cond_broadcast(&pool->wake);
  pthread_mutex_unlock(&pool->mutex);
}

/* In the child of a fork the helpers are not there, and the mutex may be as
   one of them held it. */
void peri__pool_end(peri_pool *pool) {
  if (pool->process != getpid()) return;
  if (pool->started > 0) new_round(pool, PERI_LAST_ROUND);
  while (pool->started > 0) pthread_join(pool->thread[--pool->started], NULL);
  pthread_cond_destroy(&pool->wake);
  pthread_cond_destroy(&pool->done);
  pthread_mutex_destroy(&pool->mutex);
}

/* ---- Jobs ------------------------------------------------------------- */

/* Let helpers in, take part, wait until they are out. */
static void run_here(peri_pool *pool) {
  start_helpers(pool, pool->job.threads - 1);
  atomic_store_explicit(&pool->gate, 0, memory_order_release);
  unsigned round = atomic_load(&pool->round) + 1;
  new_round(pool, round == PERI_LAST_ROUND ? 1 : round);
  take_shares(pool, 0);
  atomic_fetch_or_explicit(&pool->gate, CLOSED, memory_order_acq_rel);
  wait_for_helpers(pool);
}

/* What the host's threads run; 'index' is the number of the thread. */
static void run_there(void *argument, int index) {
  unsigned host = peri__fp_enter();
  take_shares(argument, index);
  peri__fp_leave(host);
}

static void cut_shares(peri_pool *pool, int64_t count) {
  int threads = pool->job.threads;
  for (int i = 0; i < threads; i++) {
    int64_t first = i * count / threads, end = (i + 1) * count / threads;
    peri__share *share = &pool->share[i];
    atomic_store_explicit(&share->next, first, memory_order_relaxed);
    share->end = end;
    share->chunk = (end - first + CHUNKS_EACH - 1) / CHUNKS_EACH;
  }
}

/* How many threads are worth it. */
static int threads_for(const peri_call *call, int64_t count, double cost) {
  const peri_pool *pool = call->work->pool;
  int64_t threads = atomic_load_explicit(&pool->threads, memory_order_relaxed);
  if (call->threads < threads) threads = call->threads;
  if (count < threads) threads = count;
  if (threads < 2 || (double)count * cost < PERI_LEAST_COST || pool->busy ||
      pool->process != getpid())
    return 1;
  return (int)threads;
}

void peri_parallel_for(const peri_call *call, int64_t count, double cost,
                       peri_body *body, void *user) {
  int threads = threads_for(call, count, cost);
  if (threads == 1) {
    if (count > 0) body(user, 0, count, 0);
    return;
  }
  peri_pool *pool = call->work->pool;
  pool->job = (peri__job){body, user, threads};
  cut_shares(pool, count);
  pool->busy = true;
  pool->jobs++;
  if (pool->parallel)
    pool->parallel(pool->parallel_user, threads, run_there, pool);
  else
    run_here(pool);
  pool->busy = false;
}

int64_t peri_parallel_jobs(const peri_context *ctx) {
  return ctx ? ctx->pool.jobs : 0;
}
