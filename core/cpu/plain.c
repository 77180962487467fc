/* plain.c - the provider of the plain kernels: takes every call, and knows
   which of its kernels need a workspace. */
#include "lapack.h"
#include "plain.h"
#include "sort.h"

static bool supports(const peri_provider *self, const peri_call *call) {
  (void)self;
  (void)call;
  return true;
}

static int prepare(const peri_provider *self, peri_call *call) {
  (void)self;
  const peri_arg *y = &call->arg[0];
  if (call->kernel == peri__kernel_id(PERI_K_matmul))
    call->workspace_bytes = peri__matmul_workspace(call);
  if (call->kernel == peri__kernel_id(PERI_K_permutation) &&
      y->dtype != PERI_I64)
    call->workspace_bytes = (size_t)(y->shape[0] + 1) * sizeof(int64_t);
  if (call->kernel == peri__kernel_id(PERI_K_multinomial))
    call->workspace_bytes = peri__multinomial_workspace(call);
  if (peri__sort_workspace(call) > 0)
    call->workspace_bytes = peri__sort_workspace(call);
  if (call->workspace_bytes == 0)
    call->workspace_bytes = peri__lapack_workspace(call);
  return 0;
}

const peri_provider peri__plain_provider = {"plain", NULL, supports, prepare};
