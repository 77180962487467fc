/* reduce.c - which reductions the fast kernels take: all of them; and the type
   in which they compute. Twins: plain_reduce.c. */
#include "reduce.h"

/* Elements up to which there is one chunk, whatever the shape. */
#define ONE_CHUNK (CHAIN * CHUNK_CHAINS)

static bool takes(const peri_call *call) {
  (void)call;
  return true;
}

typedef void kernel(const peri_call *call);

/* float32, float64, whole numbers; values alone, positions too. */
static kernel *const kernels[3][2] = {
    {LEVEL(reduce_f32), LEVEL(choose_f32)},
    {LEVEL(reduce_f64), LEVEL(choose_f64)},
    {LOWEST(reduce_i64), LOWEST(choose_i64)},
};

static const int64_t sizes[3] = {4, 8, 8};

static int type_of(const peri_call *call) {
  peri_dtype dtype = call->arg[call->nout].dtype;
  if (dtype == PERI_F64) return 1;
  return peri__is_float(dtype) ? 0 : 2;
}

/* Bytes for results of 'size' bytes of the chunks, none if there is one. */
static size_t workspace(const peri_call *call, int64_t size) {
  const peri_arg *x = &call->arg[call->nout];
  peri__reduction r;
  if (peri__numel(x->shape, x->ndim) <= ONE_CHUNK) return 0;
  peri__reduction_of(&r, call, false);
  int64_t chunks = chunks_of(&r);
  int64_t stripes = (r.columns + STRIPE - 1) / STRIPE * STRIPE;
  if (chunks < 2) return 0;
  return (size_t)(r.outputs * chunks * (r.columns ? stripes : 1) * size);
}

static void prepare(peri_call *call) {
  int type = type_of(call);
  call->run = kernels[type][0];
  call->workspace_bytes = workspace(call, sizes[type]);
}

/* Columns are chosen from whole, outputs in a row by chunks: a value and a
   place of each. */
static void prepare_choice(peri_call *call) {
  const peri_arg *x = &call->arg[call->nout];
  call->run = kernels[type_of(call)][1];
  if (peri__numel(x->shape, x->ndim) <= BLOCK * CHUNK_BLOCKS) return;
  peri__reduction r;
  peri__reduction_of(&r, call, true);
  int64_t chunks = r.columns ? 1 : chunks_of(&r);
  if (chunks > 1)
    call->workspace_bytes =
        (size_t)(r.outputs * chunks) * (sizeof(int64_t) + sizeof(double));
}

/* Two numbers of each chunk. */
static void prepare_pairs(peri_call *call) {
  int type = type_of(call);
  call->run = type == 1 ? LEVEL(pairs_f64) : LEVEL(pairs_f32);
  call->workspace_bytes = workspace(call, 2 * sizes[type]);
}

/* max and min of everything have no positions. */
static void prepare_extreme(peri_call *call) {
  if (call->nout > 1)
    prepare_choice(call);
  else
    prepare(call);
}

const peri__fast LEVEL(reduce) = {takes, prepare};
const peri__fast LEVEL(extreme) = {takes, prepare_extreme};
const peri__fast LEVEL(choice) = {takes, prepare_choice};
const peri__fast LEVEL(pairs) = {takes, prepare_pairs};
