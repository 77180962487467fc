/* embed_train.c - XOR learned by a C program alone, without Lua: what a host
   needs to train inside itself. Prints the names and shapes of the parameters,
   the loss every 100 steps and the four answers, in well under a second.

     cc embed_train.c $(pkg-config --cflags --libs perigee) -o embed_train */
#include <perigee.h>
#include <stdio.h>

#define MOST_PARAMETERS 8

static const float points[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
static const int64_t classes[4] = {0, 1, 1, 0};

/* Two inputs, eight hidden units, one output per class. */
static peri_module *build_model(peri_context *ctx) {
  peri_module *layers[] = {
      peri_linear_new(ctx, 2, 8, NULL),
      peri_tanh_new(ctx),
      peri_linear_new(ctx, 8, 2, NULL),
  };
  return peri_sequential_new(ctx, layers, 3);
}

/* Adam over all parameters of 'model', which it prints. */
static peri_optimizer *build_optimizer(peri_module *model) {
  peri_adam_options options = peri_adam_defaults();
  peri_tensor *parameters[MOST_PARAMETERS];
  peri_slot slot;
  char path[64], shape[64];
  int count = 0;
  for (int i = 0; peri_module_walk(model, i, &slot, path, sizeof path); i++) {
    if (slot.kind != PERI_PARAMETER || count == MOST_PARAMETERS) continue;
    peri_shape_text(peri_tensor_shape(slot.tensor),
                    peri_tensor_ndim(slot.tensor), shape, sizeof shape);
    printf("%-10s %s\n", path, shape);
    parameters[count++] = slot.tensor;
  }
  options.lr = 0.05;
  return peri_adam_new(parameters, count, &options);
}

static void train(peri_context *ctx, peri_module *model,
                  peri_optimizer *optimizer, peri_tensor *x, peri_tensor *y) {
  for (int step = 1; step <= 300 && peri_error(ctx) == PERI_OK; step++) {
    peri_scope scope = peri_scope_open(ctx); /* owns the step's tensors */
    peri_tensor *loss =
        peri_cross_entropy(peri_forward(model, x), y, NULL, NULL);
    peri_zero_grad(optimizer);
    peri_backward(loss);
    peri_step(optimizer);
    if (step % 100 == 0) printf("step %d  loss %.5f\n", step, peri_item(loss));
    peri_scope_close(scope);
  }
}

static void show_answers(peri_module *model, peri_tensor *x) {
  peri_argmax_options last = peri_argmax_defaults();
  int64_t answer[4] = {0};
  last.dim = -1;
  peri_copy_out(peri_argmax(peri_forward(model, x), &last), answer, PERI_I64,
                sizeof answer);
  for (int i = 0; i < 4; i++)
    printf("%.0f xor %.0f = %d\n", points[i][0], points[i][1], (int)answer[i]);
}

/* Calls nest and errors stay in the context: one look at the end is enough. */
int main(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_manual_seed(ctx, 1);
  peri_tensor *x = peri_tensor_new(ctx, points, (int64_t[]){4, 2}, 2, PERI_F32);
  peri_tensor *y = peri_tensor_new(ctx, classes, (int64_t[]){4}, 1, PERI_I64);
  peri_module *model = build_model(ctx);
  train(ctx, model, build_optimizer(model), x, y);
  show_answers(model, x);
  int failed = peri_error(ctx) != PERI_OK;
  if (failed) fprintf(stderr, "%s\n", peri_error_text(ctx));
  peri_context_free(ctx); /* and everything in it */
  return failed;
}
