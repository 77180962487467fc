/* calls.c - what one tiny operation costs a C program.

     add            two tensors of 4 elements
     add_recording  the same when one of them requires a gradient */
#include <perigee.h>

#include "worker.h"

static double time_adds(peri_tensor *x, peri_tensor *y, long reps) {
  peri_release(peri_add(x, y));
  double start = bench_now();
  for (long i = 0; i < reps; i++) peri_release(peri_add(x, y));
  return bench_now() - start;
}

static double run_adds(const bench_request *request, bool recording) {
  static const float numbers[4] = {1, 2, 3, 4};
  static const int64_t shape[1] = {4};
  peri_context *ctx =
      peri_context_new(&(peri_options){.threads = request->threads}, NULL);
  peri_tensor *x = peri_tensor_new(ctx, numbers, shape, 1, PERI_F32);
  peri_tensor *y = peri_tensor_new(ctx, numbers, shape, 1, PERI_F32);
  double seconds = -1;
  if (!recording || peri_set_requires_grad(x, true) == 0)
    seconds = time_adds(x, y, request->reps);
  if (!ctx || peri_error(ctx)) seconds = -1;
  peri_context_free(ctx);
  return seconds;
}

static double run_add(const bench_request *request) {
  return run_adds(request, false);
}

static double run_add_recording(const bench_request *request) {
  return run_adds(request, true);
}

static const bench_case cases[] = {
    {"add", run_add}, {"add_recording", run_add_recording}, {0}};

int main(void) { return bench_serve("Perigee from C", cases); }
