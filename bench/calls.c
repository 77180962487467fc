/* calls.c - what operations on tensors of 4 elements cost a C program: those
   of operations.lua by their names with underscores, and add_recording, whose
   first input requires a gradient. The calls stand in calls.def. */
#include <perigee.h>
#include <string.h>

#include "worker.h"

/* Inputs, named as in operations.lua. */
typedef struct {
  peri_context *ctx;
  peri_tensor *x, *y, *z, *row, *column, *mask, *index, *order, *words;
  peri_tensor *sorted, *cube, *points, *zero, *twice, *leaf;
} operands;

static const int64_t ones[4] = {1, 1, 1, 1}, square[2] = {2, 2};
static const int64_t turned[3] = {2, 0, 1};

#define LAST_DIM (with.dim = &ones[0], with.dim_count = 1)
#define FIRST_DIM (with.dim = &turned[1], with.dim_count = 1)
#define BOTH ((peri_tensor *[]){in->x, in->y})
#define TWICE ((peri_tensor *[]){in->cube, in->cube})

#define OP(name, call) \
  static peri_tensor *run_##name(const operands *in) { return call; }

#define WITH(name, of, set, call) \
  static peri_tensor *run_##name(const operands *in) { \
    peri_##of##_options with = peri_##of##_defaults(); \
    set; \
    return call; \
  }

#define PAIR(name, of, set, call) \
  static peri_tensor *run_##name(const operands *in) { \
    peri_##of##_options with = peri_##of##_defaults(); \
    peri_tensor *also = NULL, *y; \
    set; \
    y = call; \
    peri_release(also); \
    return y; \
  }

#define OF(name, make, call) \
  static peri_tensor *run_##name(const operands *in) { \
    peri_tensor *made = make, *y = call; \
    peri_release(made); \
    return y; \
  }

#include "calls.def"

#undef OP
#undef WITH
#undef PAIR
#undef OF

typedef struct {
  const char *name;
  peri_tensor *(*run)(const operands *in);
} operation;

#define OP(name, call) {#name, run_##name},
#define WITH(name, of, set, call) {#name, run_##name},
#define PAIR(name, of, set, call) {#name, run_##name},
#define OF(name, make, call) {#name, run_##name},

static const operation operations[] = {
#include "calls.def"
};

static peri_tensor *floats(peri_context *ctx, int64_t rows, int64_t columns) {
  return peri_rand(ctx, (int64_t[]){rows, columns}, 2, NULL);
}

static operands new_operands(peri_context *ctx) {
  static const float ordered[2] = {0.25F, 0.75F};
  static const int64_t places[4] = {0, 1, 1, 0}, numbers[4] = {7, 3, 7, 5};
  static const int64_t two = 2, one_square[3] = {1, 2, 2};
  static const bool chosen[4] = {true, false, false, true};
  operands in = {.ctx = ctx};
  in.x = floats(ctx, 2, 2);
  in.y = floats(ctx, 2, 2);
  in.z = floats(ctx, 2, 2);
  in.row = peri_rand(ctx, &two, 1, NULL);
  in.column = floats(ctx, 2, 1);
  in.mask = peri_tensor_new(ctx, chosen, square, 2, PERI_BOOL);
  in.index = peri_tensor_new(ctx, places, square, 2, PERI_I64);
  in.order = peri_tensor_new(ctx, places, &two, 1, PERI_I64);
  in.words = peri_tensor_new(ctx, numbers, square, 2, PERI_I64);
  in.sorted = peri_tensor_new(ctx, ordered, &two, 1, PERI_F32);
  in.cube = peri_rand(ctx, one_square, 3, NULL);
  in.points = floats(ctx, 2, 16);
  in.zero = peri_number(ctx, 0);
  in.twice = peri_whole(ctx, 2);
  in.leaf = floats(ctx, 2, 2);
  peri_set_requires_grad(in.leaf, true);
  return in;
}

/* The operation called 'name', NULL if there is none. */
static const operation *find(const char *name) {
  for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
    if (strcmp(operations[i].name, name) == 0) return &operations[i];
  return NULL;
}

static double time_it(const operation *op, const operands *in, long reps) {
  peri_release(op->run(in));
  double start = bench_now();
  for (long i = 0; i < reps; i++) peri_release(op->run(in));
  return bench_now() - start;
}

static double run_op(const bench_request *request) {
  const operation *op = request->count == 1 ? find(request->word[0]) : NULL;
  if (!op) return -1;
  peri_context *ctx =
      peri_context_new(&(peri_options){.threads = request->threads}, NULL);
  operands in = new_operands(ctx);
  double seconds = time_it(op, &in, request->reps);
  if (!ctx || peri_error(ctx)) seconds = -1;
  peri_context_free(ctx);
  return seconds;
}

static const bench_case cases[] = {{"op", run_op}, {0}};

int main(void) { return bench_serve("Perigee from C", cases); }
