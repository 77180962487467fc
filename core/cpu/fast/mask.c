/* mask.c - the fast kernels of masks in the table of a level: mask_i64.c. */
#include "mask.h"

/* A copy of a bool would have to mend its bytes. */
static bool moves(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  return dtype == call->arg[1].dtype && dtype != PERI_BOOL &&
         call->arg[2].dtype == PERI_BOOL;
}

static bool finds(const peri_call *call) {
  return call->arg[0].dtype == PERI_I64 && call->arg[1].ndim > 0;
}

static void prepare_select(peri_call *call) {
  call->run = LOWEST(masked_select_i64);
}

static void prepare_scatter(peri_call *call) {
  call->run = LOWEST(masked_scatter_i64);
}

static void prepare_nonzero(peri_call *call) {
  call->run = LOWEST(nonzero_i64);
}

const peri__fast LEVEL(masked_select) = {moves, prepare_select};
const peri__fast LEVEL(masked_scatter) = {moves, prepare_scatter};
const peri__fast LEVEL(nonzero) = {finds, prepare_nonzero};
