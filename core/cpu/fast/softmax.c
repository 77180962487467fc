/* softmax.c - which kernel serves a call of the softmax family and of cross
   entropy: that of float64, else that of float32. Twins: plain_softmax.c,
   plain_loss.c. */
#include "softmax.h"

static bool takes(const peri_call *call) {
  (void)call;
  return true;
}

static bool is_wide(const peri_call *call) {
  return call->arg[0].dtype == PERI_F64;
}

static void prepare_softmax(peri_call *call) {
  call->run = is_wide(call) ? LEVEL(softmax_f64) : LEVEL(softmax_f32);
}

/* A forward leaves two sums for each tile, of which there are at most as many
   as samples. */
static void prepare_loss(peri_call *call) {
  call->run = is_wide(call) ? LEVEL(class_loss_f64) : LEVEL(class_loss_f32);
  call->workspace_bytes = (size_t)call->arg[1].shape[0] * sizeof(double);
}

static void prepare_loss_dx(peri_call *call) {
  call->run =
      is_wide(call) ? LEVEL(class_loss_dx_f64) : LEVEL(class_loss_dx_f32);
}

const peri__fast LEVEL(softmax) = {takes, prepare_softmax};
const peri__fast LEVEL(class_loss) = {takes, prepare_loss};
const peri__fast LEVEL(class_loss_dx) = {takes, prepare_loss_dx};
