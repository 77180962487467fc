/* softmax.c - which calls the fast kernels of the softmax family and of cross
   entropy take: float32 and float64, all arguments of one dtype. Twins:
   plain_softmax.c, plain_loss.c. */
#include "softmax.h"

#define MOST_CLASSES (1 << 24) /* they are counted in float32 */

static bool same_dtype(const peri_call *call, int first, int end) {
  peri_dtype dtype = call->arg[0].dtype;
  if (dtype != PERI_F32 && dtype != PERI_F64) return false;
  for (int i = first; i < end; i++)
    if (call->arg[i].data && call->arg[i].dtype != dtype) return false;
  return true;
}

static bool takes_softmax(const peri_call *call) {
  return same_dtype(call, 0, call->nout + call->nin);
}

typedef void kernel(const peri_call *call);

/* By place behind softmax in kernels.def; float32, float64. */
static kernel *const kernels[4][2] = {
    {LEVEL(softmax_f32), LEVEL(softmax_f64)},
    {LEVEL(log_softmax_f32), LEVEL(log_softmax_f64)},
    {LEVEL(softmax_dx_f32), LEVEL(softmax_dx_f64)},
    {LEVEL(log_softmax_dx_f32), LEVEL(log_softmax_dx_f64)},
};

_Static_assert(PERI_K_log_softmax_dx == PERI_K_softmax + 3,
               "the family stands together");

static void prepare_softmax(peri_call *call) {
  int place = call->kernel - peri__kernel_id(PERI_K_softmax);
  call->run = kernels[place][call->arg[0].dtype == PERI_F64];
}

const peri__fast LEVEL(softmax) = {takes_softmax, prepare_softmax};

/* ---- Cross entropy ----------------------------------------------------- */

static bool forward(const peri_call *call) {
  return call->kernel == peri__kernel_id(PERI_K_class_loss);
}

static const peri_arg *logits(const peri_call *call) {
  return &call->arg[call->nout];
}

/* The target is of the same dtype, or classes. */
static bool takes_loss(const peri_call *call) {
  const peri_arg *x = logits(call), *target = x + 1;
  peri__class_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  if (x->shape[attr.dim] > MOST_CLASSES) return false;
  if (peri__is_float(target->dtype) && target->dtype != x->dtype) return false;
  return same_dtype(call, 0, call->nout + 1) &&
         same_dtype(call, call->nout + 2, call->nout + call->nin);
}

/* A forward leaves two sums for each tile, of which there are at most as many
   as samples. */
static void prepare_loss(peri_call *call) {
  bool single = call->arg[0].dtype == PERI_F32;
  if (forward(call)) {
    const peri_arg *stats = &call->arg[1];
    call->run = single ? LEVEL(class_loss_f32) : LEVEL(class_loss_f64);
    call->workspace_bytes = (size_t)stats->shape[0] * sizeof(double);
  } else {
    call->run = single ? LEVEL(class_loss_dx_f32) : LEVEL(class_loss_dx_f64);
  }
}

const peri__fast LEVEL(class_loss) = {takes_loss, prepare_loss};
