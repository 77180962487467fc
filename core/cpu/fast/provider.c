/* provider.c - the provider of one level: the table of its kernels; what they
   do not take goes to the plain ones. */
#include "fast.h"

static const peri__fast *const kernels[PERI_KERNEL_COUNT] = {
    [PERI_K_copy] = &LEVEL(copy),
    [PERI_K_fill] = &LEVEL(fill),
    [PERI_K_matmul] = &LEVEL(matmul),
};

/* The kernel for the record, NULL if there is none. */
static const peri__fast *find(const peri_call *call) {
  int own = call->kernel - peri__pointwise_kernel_count();
  return own >= 0 && own < PERI_KERNEL_COUNT ? kernels[own] : NULL;
}

static bool supports(const peri_provider *self, const peri_call *call) {
  (void)self;
  const peri__fast *kernel = find(call);
  return kernel && kernel->supports(call);
}

static int prepare(const peri_provider *self, peri_call *call) {
  (void)self;
  find(call)->prepare(call);
  return 0;
}

const peri_provider LEVEL(provider) = {PERI_LEVEL_NAME, NULL, supports,
                                       prepare};
