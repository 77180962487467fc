/* scan_choice.c - which scans the fast kernel takes. Twins: plain_scan.c. */
#include "scan.h"

static bool takes(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  if (dtype != PERI_F32 && dtype != PERI_F64 && dtype != PERI_I64) return false;
  for (int i = call->nout; i < call->nout + call->nin; i++)
    if (call->arg[i].dtype != dtype) return false;
  return true;
}

static void prepare(peri_call *call) { call->run = LOWEST(scan); }

const peri__fast LEVEL(scans) = {takes, prepare};
