/* determinism_spec.c - whole trainings, bit by bit: the same weights on any
   number of threads, after interrupts, in many contexts at once, at every
   instruction-set level with kernels of its own.

   The network is one whose products certainly split, and each run says how
   many jobs its threads shared. Every step draws from a seed of its own, which
   is what makes a step that was interrupted repeatable from its start. With
   PERIGEE_QUICK set the steps are few and small. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "cpu/level.h"

/* A network of two hidden layers and its data. */
typedef struct {
  int64_t batch, in, wide, narrow, classes;
} size;

static const size mnist = {128, 784, 256, 128, 10};
static const size small = {128, 784, 256, 32, 10};

enum { BATCHES = 3, PARAMETERS = 6, INTRUDERS = 5 };

/* When and how a run is interrupted. */
typedef enum {
  NEVER,
  AT_EACH_RECORD, /* of one step, which is begun again each time */
  BY_A_THREAD     /* somewhere in one step */
} how;

typedef struct {
  const char *isa, *optim;
  const size *size;
  int threads, steps;
  how interrupts;
} plan;

/* What is left of a run. */
typedef struct {
  bool fine; /* no error is set */
  float *weights;
  size_t bytes;
  int64_t jobs;    /* that threads shared */
  int interrupted; /* attempts that failed */
} outcome;

typedef struct {
  const plan *plan;
  peri_context *ctx;
  peri_module *model;
  peri_optimizer *opt;
  peri_tensor *parameter[PARAMETERS], *x, *y;
  peri_provider provider; /* asked for every record, takes none */
  bool armed;
  int records, stop_at;
} training;

static bool quick(void) { return getenv("PERIGEE_QUICK") != NULL; }

static int steps(void) { return quick() ? 3 : 50; }

/* ---- A training -------------------------------------------------------- */

static void make_model(training *t) {
  const size *s = t->plan->size;
  peri_dropout_layer_options fifth = peri_dropout_layer_defaults();
  peri_slot slot;
  char path[64];
  fifth.p = 0.2;
  peri_module *parts[] = {
      peri_linear_new(t->ctx, s->in, s->wide, NULL),
      peri_relu_new(t->ctx),
      peri_dropout_new(t->ctx, &fifth),
      peri_linear_new(t->ctx, s->wide, s->narrow, NULL),
      peri_relu_new(t->ctx),
      peri_linear_new(t->ctx, s->narrow, s->classes, NULL),
  };
  int count = (int)(sizeof parts / sizeof *parts);
  t->model = peri_sequential_new(t->ctx, parts, count);
  for (int i = 0; i < count; i++) peri_module_free(parts[i]);
  int found = 0;
  for (int i = 0; peri_module_walk(t->model, i, &slot, path, sizeof path); i++)
    if (slot.kind == PERI_PARAMETER) t->parameter[found++] = slot.tensor;
}

static void make_optimizer(training *t) {
  peri_sgd_options options = peri_sgd_defaults();
  options.lr = 0.05;
  options.momentum = 0.9;
  t->opt = strcmp(t->plan->optim, "SGD") == 0
               ? peri_sgd_new(t->parameter, PARAMETERS, &options)
               : peri_adam_new(t->parameter, PARAMETERS, NULL);
}

static void make_data(training *t) {
  const size *s = t->plan->size;
  const int64_t shape[] = {BATCHES * s->batch, s->in};
  t->x = peri_rand(t->ctx, shape, 2, NULL);
  t->y = peri_randint(t->ctx, 0, s->classes, shape, 1, NULL);
}

/* Interrupt what is about to run: it finds that out at its first look. */
static bool count_record(const peri_provider *self, const peri_call *call) {
  training *t = self->user;
  (void)call;
  if (t->armed && t->records++ == t->stop_at) peri_interrupt(t->ctx);
  return false;
}

static int prepare_none(const peri_provider *self, peri_call *call) {
  (void)self, (void)call;
  return PERI_EDEVICE;
}

static void begin(training *t, const plan *p) {
  peri_options options = {.threads = p->threads, .isa = p->isa, .seed = 7};
  memset(t, 0, sizeof *t);
  t->plan = p;
  t->ctx = peri_context_new(&options, NULL);
  make_model(t);
  make_optimizer(t);
  make_data(t);
  t->provider = (peri_provider){"counter", t, count_record, prepare_none};
}

static void end(training *t, outcome *o) {
  size_t count = 0, at = 0;
  for (int i = 0; i < PARAMETERS; i++)
    count += (size_t)peri_tensor_numel(t->parameter[i]);
  o->bytes = count * sizeof *o->weights;
  o->weights = calloc(count, sizeof *o->weights);
  for (int i = 0; i < PARAMETERS; i++) {
    peri_copy_out(t->parameter[i], o->weights + at, PERI_F32,
                  o->bytes - at * sizeof *o->weights);
    at += (size_t)peri_tensor_numel(t->parameter[i]);
  }
  o->jobs = peri_parallel_jobs(t->ctx);
  o->fine = peri_error(t->ctx) == PERI_OK;
  if (!o->fine) printf("%s\n", peri_error_text(t->ctx));
  peri_optimizer_free(t->opt);
  peri_module_free(t->model);
  peri_context_free(t->ctx);
}

/* Loss and gradients of step 'at', the same whenever it is done.
   -> 0, or a negative status */
static int find_gradients(training *t, int at) {
  int64_t batch = t->plan->size->batch;
  int64_t first = at % BATCHES * batch;
  peri_manual_seed(t->ctx, 100 + (uint64_t)at);
  peri_zero_grad(t->opt);
  peri_tensor *y = peri_forward(t->model, peri_narrow(t->x, 0, first, batch));
  return peri_backward(
      peri_cross_entropy(y, peri_narrow(t->y, 0, first, batch), NULL, NULL));
}

/* -> the status that is set then */
static peri_status take_step(training *t, int at, bool to_the_end) {
  peri_scope scope = peri_scope_open(t->ctx);
  if (find_gradients(t, at) == 0 && to_the_end) peri_step(t->opt);
  peri_scope_close(scope);
  return peri_error(t->ctx);
}

/* ---- Interrupts -------------------------------------------------------- */

/* Take step 'at', from its start again whenever it is interrupted: if 'armed',
   at its first record, then at its second, until an attempt gets through. */
static void insist_on_step(training *t, int at, outcome *o) {
  while (take_step(t, at, true) == PERI_EINTERRUPT) {
    peri_clear_error(t->ctx);
    t->records = 0;
    t->stop_at = ++o->interrupted;
  }
}

typedef struct {
  peri_context *ctx;
  long pause; /* in nanoseconds */
} intruder;

static void *intrude(void *argument) {
  const intruder *i = argument;
  nanosleep(&(struct timespec){.tv_nsec = i->pause}, NULL);
  peri_interrupt(i->ctx);
  return NULL;
}

/* Begin step 'at' again and again until a thread has interrupted it. */
static void stop_by_threads(training *t, int at, outcome *o) {
  for (int i = 0; i < INTRUDERS; i++) {
    pthread_t thread;
    intruder who = {t->ctx, 300000L * i};
    if (pthread_create(&thread, NULL, intrude, &who) != 0) return;
    while (take_step(t, at, false) == PERI_OK) continue;
    pthread_join(thread, NULL);
    o->interrupted += peri_error(t->ctx) == PERI_EINTERRUPT;
    peri_clear_error(t->ctx);
  }
}

static outcome run(const plan *p) {
  training t;
  outcome o = {0};
  begin(&t, p);
  peri_register_provider(t.ctx, &t.provider);
  for (int at = 0; at < p->steps && peri_error(t.ctx) == PERI_OK; at++) {
    how now = at == p->steps * 2 / 5 ? p->interrupts : NEVER;
    if (now == BY_A_THREAD) stop_by_threads(&t, at, &o);
    t.armed = now == AT_EACH_RECORD;
    insist_on_step(&t, at, &o);
  }
  end(&t, &o);
  return o;
}

/* ---- The promises ------------------------------------------------------ */

static bool same_weights(const outcome *a, const outcome *b) {
  return a->fine && b->fine && a->bytes == b->bytes &&
         memcmp(a->weights, b->weights, a->bytes) == 0;
}

/* Run 'p'; it must end with the weights 'want' and have shared its work. */
static outcome expect(const plan *p, const outcome *want) {
  outcome got = run(p);
  bool ok = CHECK(same_weights(&got, want));
  ok = CHECK((got.jobs > 0) == (p->threads > 1)) && ok;
  if (!ok)
    printf("%s, %s, %d threads: %d jobs\n", p->isa, p->optim, p->threads,
           (int)got.jobs);
  free(got.weights);
  return got;
}

static void any_number_of_threads(const plan *alone, const outcome *want) {
  static const int threads[] = {2, 3, 7};
  for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
    plan p = *alone;
    p.threads = threads[i];
    expect(&p, want);
  }
}

/* A step has at least a record for each layer and each gradient, and one for
   each parameter. */
static void interrupts(const plan *alone, const outcome *want) {
  plan p = *alone;
  p.threads = 3;
  p.interrupts = AT_EACH_RECORD;
  CHECK(expect(&p, want).interrupted > 20);
  p.interrupts = BY_A_THREAD;
  CHECK(expect(&p, want).interrupted == INTRUDERS);
}

/* The same bits wherever multiply-adds are fused. */
static void trainings(const char *optim) {
  outcome fused = {0};
  for (int i = 0; peri__level_at(i); i++) {
    const peri__level *level = peri__level_at(i);
    if (!level->provider || !level->here()) continue;
    plan alone = {level->name, optim,   quick() ? &small : &mnist,
                  1,           steps(), NEVER};
    outcome want = run(&alone);
    CHECK(want.fine && want.jobs == 0);
    any_number_of_threads(&alone, &want);
    interrupts(&alone, &want);
    if (level->fused && fused.weights) {
      if (!CHECK(same_weights(&want, &fused)))
        printf("%s: %s has other bits\n", optim, level->name);
    }
    if (level->fused && !fused.weights)
      fused = want;
    else
      free(want.weights);
  }
  free(fused.weights);
}

/* Steps change the weights, or all of the above would say nothing. */
static void steps_count(void) {
  plan p = {NULL, "Adam", &small, 1, 1, NEVER};
  outcome one = run(&p);
  p.steps = 2;
  outcome two = run(&p);
  CHECK(one.fine && two.fine && !same_weights(&one, &two));
  free(one.weights);
  free(two.weights);
}

static peri_tensor *drop_half(training *t) {
  peri_dropout_options options = peri_dropout_defaults();
  return peri_dropout(t->x, &options);
}

/* A random call that fails has drawn nothing: the next one gives what it
   would have given, whichever of its records was stopped. */
static void failed_draws(void) {
  training t;
  outcome o = {0};
  plan p = {NULL, "Adam", &small, 3, 0, NEVER};
  begin(&t, &p);
  peri_register_provider(t.ctx, &t.provider);
  peri_manual_seed(t.ctx, 8);
  peri_tensor *want = drop_half(&t);
  for (t.stop_at = 0; t.stop_at < 2; t.stop_at++) {
    peri_manual_seed(t.ctx, 8);
    t.records = 0;
    t.armed = true;
    CHECK(!drop_half(&t) && peri_error(t.ctx) == PERI_EINTERRUPT);
    t.armed = false;
    peri_clear_error(t.ctx);
    peri_tensor *got = drop_half(&t);
    CHECK(got && want &&
          memcmp(peri_tensor_data(got), peri_tensor_data(want),
                 peri_tensor_bytes(want)) == 0);
  }
  end(&t, &o);
  CHECK(o.fine);
  free(o.weights);
}

/* ---- Many contexts ----------------------------------------------------- */

enum { CONTEXTS = 24 };

static const plan crowded = {NULL, "Adam", &small, 8, 3, NEVER};

static void *work(void *result) {
  training t;
  begin(&t, &crowded);
  for (int at = 0; at < crowded.steps; at++) take_step(&t, at, true);
  end(&t, result);
  return NULL;
}

static void many_contexts(void) {
  pthread_t thread[CONTEXTS];
  outcome got[CONTEXTS];
  plan alone = crowded;
  alone.threads = 1;
  outcome want = run(&alone);
  for (int i = 0; i < CONTEXTS; i++)
    pthread_create(&thread[i], NULL, work, &got[i]);
  for (int i = 0; i < CONTEXTS; i++) {
    pthread_join(thread[i], NULL);
    CHECK(same_weights(&got[i], &want) && got[i].jobs > 0);
    free(got[i].weights);
  }
  free(want.weights);
}

int main(void) {
  steps_count();
  failed_draws();
  trainings("Adam");
  trainings("SGD");
  many_contexts();
  return check_done("determinism");
}
