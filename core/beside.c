/* beside.c - records that run beside each other: of a list that is ready as a
   whole, those that touch nothing which another of them writes. A long one is
   shared among the threads by its kernel, so only short ones gain: neighbours
   of them become one job, whose items they are. Their flags stay in a
   recording, whose replay runs the same jobs. */
#include "internal.h"

/* ---- Marking ---------------------------------------------------------- */

/* Sign what 'entry' writes. -> false if another record did. Memory of the host
   may have two storages, so nobody knows who writes it. */
static bool sign_outputs(peri_pending *entry, uint64_t signature) {
  for (int i = 0; i < entry->call.nout; i++) {
    if (!entry->tensors[i]) continue;
    peri_storage *storage = entry->tensors[i]->storage;
    if (storage->writer == signature || storage->wrapped) return false;
    storage->writer = signature;
  }
  return true;
}

static bool reads_unsigned(const peri_pending *entry, uint64_t signature) {
  const peri_call *call = &entry->call;
  for (int i = call->nout; i < call->nout + call->nin; i++) {
    const peri_tensor *x = entry->tensors[i];
    if (x && (x->storage->writer == signature || x->storage->wrapped))
      return false;
  }
  return true;
}

static bool are_apart(peri_context *ctx, peri_pending *list, int count) {
  uint64_t signature = ++ctx->signatures;
  for (int i = 0; i < count; i++)
    if (!sign_outputs(&list[i], signature)) return false;
  for (int i = 0; i < count; i++)
    if (!reads_unsigned(&list[i], signature)) return false;
  return true;
}

void peri__calls_mark(peri_context *ctx, peri_pending *list, int count) {
  if (ctx->pool.threads < 2 || count < 2 || !are_apart(ctx, list, count))
    return;
  bool after_short = false;
  for (int i = 0; i < count; i++) {
    peri_call *call = &list[i].call;
    bool is_short = call->cost < PERI_LEAST_COST;
    if (is_short && after_short) call->flags |= PERI_CALL_BESIDE;
    after_short = is_short;
  }
}

/* ---- Running ---------------------------------------------------------- */

typedef struct {
  const char *first;
  size_t stride;
} run;

static const peri_call *call_at(const run *r, int64_t index) {
  return (const void *)(r->first + (size_t)index * r->stride);
}

static void run_some(void *user, int64_t first, int64_t end, int thread) {
  const run *r = user;
  (void)thread;
  for (int64_t i = first; i < end; i++) call_at(r, i)->run(call_at(r, i));
}

int peri__calls_beside(const peri_call *first, size_t stride, int count) {
  run r = {(const char *)first, stride};
  double cost = first->cost;
  int together = 1;
  for (; together < count; together++) {
    const peri_call *call = call_at(&r, together);
    if (!(call->flags & PERI_CALL_BESIDE)) break;
    cost += call->cost;
  }
  if (together == 1)
    first->run(first);
  else
    peri_parallel_for(first, together, cost / together, run_some, &r);
  return together;
}
