/* matmul.c - which matrix products the fast kernels take: float32 and float64,
   all arguments of one dtype. Twin: plain_matmul.c. */
#include "cpu/product.h"
#include "fast.h"

peri__loop *LEVEL(activation)(const peri_call *call) {
  int kernel = peri__product_activation(call);
  if (kernel == PERI_NO_ACTIVATION) return NULL;
  return peri__plain_loop(kernel, peri__compute_dtype(call->arg[0].dtype));
}

static bool takes(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  bool bias_fits = !call->arg[3].data || call->arg[3].dtype == dtype;
  return (dtype == PERI_F32 || dtype == PERI_F64) && bias_fits &&
         call->arg[1].dtype == dtype && call->arg[2].dtype == dtype;
}

static void prepare(peri_call *call) {
  bool single = call->arg[0].dtype == PERI_F32;
  call->run = single ? LEVEL(matmul_f32) : LEVEL(matmul_f64);
  call->workspace_bytes = single ? LEVEL(matmul_f32_workspace)(call)
                                 : LEVEL(matmul_f64_workspace)(call);
}

const peri__fast LEVEL(matmul) = {takes, prepare};
