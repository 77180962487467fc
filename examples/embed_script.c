/* embed_script.c - a host that hands its numbers to a Lua script and takes a
   tensor and a function back. The script fits a parabola to measurements that
   stay in the host's own array. Prints the coefficients, near 2, -3 and 0.5,
   and the value at 10, near 170.5, in a fraction of a second.

     cc embed_script.c $(pkg-config --cflags --libs perigee) -o embed_script */
#include <perigee.h>
#include <stdio.h>

#define SAMPLES 50

static const char script[] =
    "local pg = require 'perigee'\n"
    "local powers = pg.stack({ x ^ 2, x, pg.ones(#x) }, 2)\n"
    "weights = pg.zeros({ 3 }, { requires_grad = true })\n"
    "local opt = pg.optim.Adam({ weights }, { lr = 0.05 })\n"
    "for step = 1, 2000 do\n"
    "  local loss = ((powers:matmul(weights) - y) ^ 2):mean()\n"
    "  opt:zero_grad()\n"
    "  loss:backward()\n"
    "  opt:step()\n"
    "end\n"
    "function value(x)\n"
    "  return weights[1] * x ^ 2 + weights[2] * x + weights[3]\n"
    "end\n";

/* A column of the host's table as a tensor: no copy, the array must stay. */
static peri_tensor *wrap(peri_context *ctx, float *column) {
  return peri_tensor_wrap(ctx, column, (int64_t[]){SAMPLES}, NULL, 1, PERI_F32,
                          NULL, NULL);
}

static int run(peri_vm *vm, float *x, float *y) {
  peri_context *ctx = peri_vm_context(vm);
  float fitted[3];
  if (peri_vm_set_tensor(vm, "x", wrap(ctx, x)) < 0 ||
      peri_vm_set_tensor(vm, "y", wrap(ctx, y)) < 0 ||
      peri_vm_run_string(vm, script, "fit") < 0)
    return -1;

  peri_tensor *weights = peri_vm_tensor(vm, "weights"); /* ours to release */
  if (peri_copy_out(weights, fitted, PERI_F32, sizeof fitted) < 0) return -1;
  printf("%.2f x^2 %+.2f x %+.2f\n", fitted[0], fitted[1], fitted[2]);
  peri_release(weights);

  peri_tensor *at = peri_number(ctx, 10), *answer = NULL;
  if (peri_vm_call(vm, "value", &at, 1, &answer, 1) < 0) return -1;
  printf("at 10: %.1f\n", peri_item(answer));
  peri_release(answer);
  return 0;
}

int main(void) {
  static float x[SAMPLES], y[SAMPLES];
  const char *why = "";
  for (int i = 0; i < SAMPLES; i++) {
    x[i] = (float)i / SAMPLES * 4 - 2; /* -2 to 2 */
    y[i] = 2 * x[i] * x[i] - 3 * x[i] + 0.5f;
  }
  peri_vm *vm = peri_vm_open(NULL, &why);
  if (!vm) {
    fprintf(stderr, "no VM: %s\n", why);
    return 1;
  }
  int status = run(vm, x, y);
  if (status < 0)
    fprintf(stderr, "%s%s\n", peri_vm_error(vm),
            peri_error_text(peri_vm_context(vm)));
  peri_vm_close(vm);
  return status < 0;
}
