/* gather.c - gather, scatter and join_places in the table of a level:
   gather_i64.c, scatter_i64.c. */
#include "gather.h"

/* A copy of a bool would have to mend its bytes. */
static bool gathers(const peri_call *call) {
  peri_dtype dtype = call->arg[0].dtype;
  return dtype == call->arg[1].dtype && dtype != PERI_BOOL;
}

static bool scatters(const peri_call *call) {
  return gathers(call) && LOWEST(scatter_knows)(call);
}

static void prepare_gather(peri_call *call) {
  call->run = LOWEST(gather_i64);
  call->workspace_bytes = LOWEST(offsets_bytes)(&call->arg[2]);
}

static void prepare_scatter(peri_call *call) {
  call->run = LOWEST(scatter_i64);
  call->workspace_bytes = LOWEST(offsets_bytes)(&call->arg[2]);
}

static bool joins(const peri_call *call) {
  return call->arg[0].dtype == PERI_I64;
}

static void prepare_join(peri_call *call) {
  call->run = LOWEST(join_places_i64);
}

const peri__fast LEVEL(gather) = {gathers, prepare_gather};
const peri__fast LEVEL(scatter) = {scatters, prepare_scatter};
const peri__fast LEVEL(join_places) = {joins, prepare_join};
