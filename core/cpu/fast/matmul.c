/* matmul.c - which matrix products the fast kernels take: those of floats, all
   arguments of one dtype. Twin: plain_matmul.c. */
#include "matmul.h"

static bool takes(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  bool bias_fits = !call->arg[3].data || call->arg[3].dtype == dtype;
  return peri__is_float(dtype) && bias_fits && call->arg[1].dtype == dtype &&
         call->arg[2].dtype == dtype;
}

static void run_f32(const peri_call *call) {
  peri__product shape = peri__product_of(call);
  LEVEL(matmul_f32)(call, &shape);
}

static void run_f64(const peri_call *call) {
  peri__product shape = peri__product_of(call);
  LEVEL(matmul_f64)(call, &shape);
}

static void run_half(const peri_call *call) {
  peri__product shape = peri__product_of(call);
  LEVEL(matmul_half)(call, &shape);
}

static void prepare(peri_call *call) {
  peri__product shape = peri__product_of(call);
  peri_dtype dtype = call->arg[0].dtype;
  if (dtype == PERI_F32) {
    call->run = run_f32;
    call->workspace_bytes = LEVEL(matmul_f32_workspace)(call, &shape);
  } else if (dtype == PERI_F64) {
    call->run = run_f64;
    call->workspace_bytes = LEVEL(matmul_f64_workspace)(call, &shape);
  } else {
    call->run = run_half;
    call->workspace_bytes = LEVEL(matmul_half_workspace)(call, &shape);
  }
}

const peri__fast LEVEL(matmul) = {takes, prepare};
