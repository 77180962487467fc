/* distance.c - which distances the fast kernels take: those of order 1, 2 and
   the largest, of float32 and float64. Twin: plain_distance.c. */
#include "distance.h"

static bool takes(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  peri__distance_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  bool known = attr.p == 1 || attr.p == 2 || attr.p > 1e308;
  return known && (dtype == PERI_F32 || dtype == PERI_F64);
}

static void prepare(peri_call *call) {
  bool wide = call->arg[0].dtype == PERI_F64;
  call->run = wide ? LEVEL(distances_f64) : LEVEL(distances_f32);
}

const peri__fast LEVEL(distances) = {takes, prepare};
