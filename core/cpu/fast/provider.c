/* provider.c - the provider of one level: asks its kernels in turn and
   declines what none of them takes. */
#include "fast.h"

static const peri__fast *const kernels[] = {&LEVEL(matmul), NULL};

static const peri__fast *find(const peri_call *call) {
  for (int i = 0; kernels[i]; i++)
    if (peri__kernel_id(kernels[i]->kernel) == call->kernel)
      return kernels[i]->supports(call) ? kernels[i] : NULL;
  return NULL;
}

static bool supports(const peri_provider *self, const peri_call *call) {
  (void)self;
  return find(call) != NULL;
}

static int prepare(const peri_provider *self, peri_call *call) {
  (void)self;
  find(call)->prepare(call);
  return 0;
}

const peri_provider LEVEL(provider) = {PERI_LEVEL_NAME, NULL, supports,
                                       prepare};
