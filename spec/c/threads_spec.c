/* threads_spec.c - what may happen while a context works: a second thread,
   other contexts beside it, an interrupt from anywhere. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "perigee.h"

static peri_context *open(void) { return peri_context_new(NULL, NULL); }

static peri_tensor *numbers(peri_context *ctx) {
  static const float data[6] = {1, 2, 3, 4, 5, 6};
  return peri_tensor_new(ctx, data, (int64_t[]){2, 3}, 2, PERI_F32);
}

/* 'rows' rows and 'columns' columns of 'value'. */
static peri_tensor *filled(peri_context *ctx, int64_t rows, int64_t columns,
                           double value, peri_dtype dtype) {
  peri_full_options options = peri_full_defaults();
  options.dtype = dtype;
  return peri_full(ctx, (int64_t[]){rows, columns}, 2, value, &options);
}

/* ---- Threads ---------------------------------------------------------- */

typedef struct {
  peri_context *ctx;
  int status;
  peri_tensor *made;
} visitor;

static void *visit(void *argument) {
  visitor *v = argument;
  v->status = peri_manual_seed(v->ctx, 1);
  v->made = peri_zeros(v->ctx, (int64_t[]){2}, 1, NULL);
  return NULL;
}

/* A function under test that lets a second thread in while core runs. */
static peri_tensor *with_visitor(void *user, peri_tensor *const *in,
                                 int count) {
  visitor *v = user;
  pthread_t thread;
  (void)count;
  if (v->status == 0 && pthread_create(&thread, NULL, visit, v) == 0)
    pthread_join(thread, NULL);
  return peri_mul(in[0], in[0]);
}

static void second_thread(void) {
  peri_context *ctx = open();
  visitor v = {.ctx = ctx};
  double data[2] = {1, 2};
  peri_tensor *x = peri_tensor_new(ctx, data, (int64_t[]){2}, 1, PERI_F64);
  peri_set_requires_grad(x, true);
  CHECK(peri_gradcheck(ctx, with_visitor, &v, &x, 1, NULL) == 0);
  CHECK(v.status == PERI_EBUSY && v.made == NULL);
  CHECK(peri_error(ctx) == PERI_OK);
  v.status = 0;
  visit(&v);
  CHECK(v.status == 0 && v.made != NULL);
  peri_context_free(ctx);
}

static void visit_from_outside(visitor *v) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, visit, v) == 0) pthread_join(thread, NULL);
}

static void held_over_calls(void) {
  peri_context *ctx = open();
  visitor during = {.ctx = ctx}, after = {.ctx = ctx};
  peri_fail(ctx, PERI_EARG, "an error of before");
  CHECK(peri_context_enter(ctx) == 0);
  peri_clear_error(ctx);
  CHECK(numbers(ctx) != NULL);
  visit_from_outside(&during);
  CHECK(during.status == PERI_EBUSY && during.made == NULL);
  peri_context_leave(ctx);
  peri_context_leave(ctx); /* one too many changes nothing */
  visit_from_outside(&after);
  CHECK(after.status == 0 && after.made != NULL);
  CHECK(peri_context_enter(NULL) == PERI_EARG);
  peri_context_free(ctx);
}

/* Some training whose result is one number. */
static void *train(void *result) {
  peri_context *ctx = open();
  peri_manual_seed(ctx, 4);
  peri_module *model = peri_linear_new(ctx, 3, 2, NULL);
  peri_tensor *parameters[2] = {NULL};
  peri_slot slot;
  for (int i = 0; i < 2 && peri_module_slot(model, i, &slot); i++)
    parameters[i] = slot.tensor;
  peri_optimizer *opt = peri_adam_new(parameters, 2, NULL);
  double loss = 0;
  for (int step = 0; step < 50; step++) {
    peri_scope scope = peri_scope_open(ctx);
    peri_tensor *y = peri_forward(model, numbers(ctx));
    peri_tensor *sum = peri_sum(peri_mul(y, y), NULL);
    peri_zero_grad(opt);
    peri_backward(sum);
    peri_step(opt);
    loss = peri_item(sum);
    peri_scope_close(scope);
  }
  *(double *)result = peri_error(ctx) == PERI_OK ? loss : NAN;
  peri_context_free(ctx);
  return NULL;
}

static void contexts_side_by_side(void) {
  pthread_t threads[4];
  double alone, loss[4];
  bool equal = true;
  train(&alone);
  for (int i = 0; i < 4; i++)
    pthread_create(&threads[i], NULL, train, &loss[i]);
  for (int i = 0; i < 4; i++) {
    pthread_join(threads[i], NULL);
    equal = equal && memcmp(&loss[i], &alone, sizeof alone) == 0;
  }
  CHECK(equal && !isnan(alone));
}

/* ---- Interrupt -------------------------------------------------------- */

static void *interrupt_soon(void *ctx) {
  nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
  peri_interrupt(ctx);
  return NULL;
}

/* What is interrupted: work over a large tensor. */
typedef peri_tensor *(*task)(peri_tensor *x);

static peri_tensor *to_double(peri_tensor *x) { return peri_to(x, PERI_F64); }

static peri_tensor *permuted(peri_tensor *x) {
  return peri_randperm(peri_tensor_context(x), peri_tensor_numel(x), NULL);
}

static peri_tensor *summed(peri_tensor *x) { return peri_sum(x, NULL); }

static peri_tensor *product(peri_tensor *x) {
  const int64_t square[] = {2000, 2000};
  peri_tensor *y = peri_reshape(x, square, 2);
  return peri_matmul(y, y);
}

static peri_tensor *class_loss(peri_tensor *x) {
  const int64_t rows[] = {peri_tensor_numel(x), 1};
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = PERI_I64;
  peri_tensor *classes = peri_zeros(peri_tensor_context(x), rows, 1, &options);
  peri_cross_entropy_options each = peri_cross_entropy_defaults();
  each.reduction = "none";
  return peri_cross_entropy(peri_reshape(x, rows, 2), classes, NULL, &each);
}

static const struct {
  const char *kernel; /* the one that works longest */
  task run;
  bool in_order; /* it writes its elements once, the last one at the end */
} tasks[] = {
    {"exp", peri_exp, true},   {"copy", to_double, true},
    {"sum", summed, false},    {"permutation", permuted, false},
    {"matmul", product, true}, {"class_loss", class_loss, true},
};

enum { TASKS = sizeof tasks / sizeof *tasks };

/* Whatever is running when the interrupt comes, its maker returns NULL and
   what made room for it is gone; afterwards the context works. */
static void interrupted_by_a_thread(void) {
  for (int i = 0; i < TASKS; i++) {
    peri_context *ctx = open();
    pthread_t thread;
    peri_tensor *x = filled(ctx, 4000000, 1, 1, PERI_F32), *y = x;
    size_t before = peri_memory_stats(ctx).live_tensors;
    pthread_create(&thread, NULL, interrupt_soon, ctx);
    while (y) {
      peri_scope scope = peri_scope_open(ctx);
      y = tasks[i].run(x);
      peri_scope_close(scope);
    }
    pthread_join(thread, NULL);
    bool ok = peri_error(ctx) == PERI_EINTERRUPT;
    ok = ok && peri_memory_stats(ctx).live_tensors == before;
    ok = ok && peri_exp(x) == NULL;
    peri_clear_error(ctx);
    ok = ok && peri_item(peri_mean(numbers(ctx), NULL)) == 3.5;
    if (!CHECK(ok)) printf("%s: %s\n", tasks[i].kernel, peri_error_text(ctx));
    peri_context_free(ctx);
  }
}

/* A provider that interrupts when kernel 'stops_at' is about to run. */
typedef struct {
  peri_provider base;
  peri_context *ctx;
  const char *stops_at;
  void (*run)(const peri_call *call);
  bool finished; /* the kernel came to the last element all the same */
} saboteur;

static saboteur *at_work;

static bool is_watched(const peri_provider *self, const peri_call *call) {
  saboteur *s = self->user;
  return strcmp(peri_kernel_name(s->ctx, call->kernel), s->stops_at) == 0;
}

static void interrupt_and_run(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  size_t size = peri_dtype_size(y->dtype);
  char *last = y->data, before[8];
  for (int d = 0; d < y->ndim; d++)
    last += (size_t)((y->shape[d] - 1) * y->strides[d]) * size;
  memset(last, 0x5a, size);
  memcpy(before, last, size);
  peri_interrupt(at_work->ctx);
  at_work->run(call);
  at_work->finished = memcmp(before, last, size) != 0;
}

static int prepare_interrupt(const peri_provider *self, peri_call *call) {
  saboteur *s = self->user;
  s->run = call->run;
  call->run = interrupt_and_run;
  return 0;
}

static void set_up(saboteur *s, peri_context *ctx, const char *stops_at) {
  *s = (saboteur){.ctx = ctx, .stops_at = stops_at};
  s->base = (peri_provider){"saboteur", s, is_watched, prepare_interrupt};
  at_work = s;
  CHECK(peri_register_provider(ctx, &s->base) == 0);
}

/* Without a clock: the kernel of each task leaves its loop. */
static void kernels_leave_their_loop(void) {
  for (int i = 0; i < TASKS; i++) {
    saboteur s;
    peri_context *ctx = open();
    peri_tensor *x = filled(ctx, 4000000, 1, 1, PERI_F32);
    set_up(&s, ctx, tasks[i].kernel);
    bool ok = tasks[i].run(x) == NULL && peri_error(ctx) == PERI_EINTERRUPT;
    ok = ok && s.run && !(tasks[i].in_order && s.finished);
    if (!CHECK(ok)) printf("%s went on\n", tasks[i].kernel);
    peri_context_free(ctx);
  }
}

/* A change in place is made wholly, and the history knows of it; the interrupt
   is noticed by the next call. */
static void changes_in_place_are_whole(void) {
  saboteur s;
  peri_context *ctx = open();
  peri_tensor *w = filled(ctx, 300, 300, 3, PERI_F64);
  peri_tensor *x = filled(ctx, 300, 300, 4, PERI_F64);
  peri_set_requires_grad(w, true);
  peri_tensor *y = peri_sum(peri_mul(w, x), NULL);
  set_up(&s, ctx, "fill");
  CHECK(peri_fill_(x, 100) == x && s.finished);
  CHECK(peri_exp(x) == NULL && peri_error(ctx) == PERI_EINTERRUPT);
  peri_clear_error(ctx);
  s.stops_at = "none";
  CHECK(peri_item(peri_sum(x, NULL)) == 100.0 * 300 * 300);
  CHECK(peri_backward(y) == PERI_EGRAD && peri_grad(w) == NULL);
  CHECK(strstr(peri_error_text(ctx), "fill_") != NULL);
  peri_context_free(ctx);
}

/* An interrupt that comes while nothing runs stops the next call. */
static void interrupted_between_calls(void) {
  peri_context *ctx = open();
  peri_tensor *x = numbers(ctx);
  peri_interrupt(ctx);
  CHECK(peri_exp(x) == NULL && peri_error(ctx) == PERI_EINTERRUPT);
  CHECK_TEXT(peri_error_text(ctx), "interrupted");
  peri_clear_error(ctx);
  CHECK(peri_exp(x) != NULL);
  peri_context_free(ctx);
}

int main(void) {
  second_thread();
  held_over_calls();
  contexts_side_by_side();
  interrupted_between_calls();
  interrupted_by_a_thread();
  kernels_leave_their_loop();
  changes_in_place_are_whole();
  return check_done("threads");
}
