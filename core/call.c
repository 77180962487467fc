/* call.c - call records, the providers that execute them, and recordings.

   A record is one call of one kernel as a plain struct: nothing in it points
   to a tensor, so it can be kept and run again. The processor's device asks
   its providers, the newest first, who supports the call; 'prepare' chooses
   the kernel once, the workspace is made, 'run' does the work without memory
   or waiting. A recording keeps prepared records and holds their buffers; a
   replay is a loop over run. */
#include "kernels.h"

/* ---- Writing records -------------------------------------------------- */

void peri__call_begin(peri_call *call, int kernel) {
  memset(call, 0, offsetof(peri_call, arg));
  call->kernel = kernel;
  call->provider = NULL;
  call->run = NULL;
  call->workspace_bytes = 0;
  call->workspace = NULL;
  call->work = NULL;
  call->threads = 1;
}

static peri_arg *next_arg(peri_call *call) {
  return &call->arg[call->nout + call->nin];
}

/* What a kernel may know of 'x', which may be absent. */
static inline void fill_arg(peri_arg *arg, const peri_tensor *x) {
  if (!x) {
    memset(arg, 0, sizeof *arg);
    return;
  }
  const peri_storage *storage = x->storage;
  arg->data = storage->data;
  if (x->offset > 0 && arg->data)
    arg->data =
        (char *)arg->data + (size_t)x->offset * peri_dtype_size(x->dtype);
  arg->buffer = storage->serial;
  arg->offset = x->offset;
  arg->dtype = x->dtype;
  arg->ndim = x->ndim;
  for (int d = 0; d < x->ndim; d++) {
    arg->shape[d] = x->shape[d];
    arg->strides[d] = x->strides[d];
  }
}

void peri__arg_widen(peri_arg *arg, int at) {
  for (int d = arg->ndim; d > at; d--) {
    arg->shape[d] = arg->shape[d - 1];
    arg->strides[d] = arg->strides[d - 1];
  }
  arg->shape[at] = 1;
  arg->strides[at] = 0;
  arg->ndim++;
}

void peri__call_out(peri_call *call, const peri_tensor *x) {
  fill_arg(next_arg(call), x);
  call->nout++;
}

void peri__call_in(peri_call *call, const peri_tensor *x) {
  fill_arg(next_arg(call), x);
  call->nin++;
}

/* The strides with which 'arg' is seen in 'shape'. */
static void broadcast(peri_arg *arg, const int64_t *shape, int ndim) {
  int64_t strides[PERI_MAX_DIMS] = {0};
  int missing = ndim - arg->ndim;
  for (int d = 0; d < ndim; d++) {
    int own = d - missing;
    bool repeated = own < 0 || (arg->shape[own] == 1 && shape[d] != 1);
    strides[d] = repeated ? 0 : arg->strides[own];
  }
  arg->ndim = ndim;
  memcpy(arg->shape, shape, (size_t)ndim * sizeof *shape);
  memcpy(arg->strides, strides, (size_t)ndim * sizeof *strides);
}

void peri__call_broadcast(peri_call *call, const int64_t *shape, int ndim) {
  broadcast(next_arg(call) - 1, shape, ndim);
}

void peri__call_alike(peri_call *call, int kernel, peri_tensor *const *args,
                      int nin) {
  const peri_tensor *y = args[0];
  peri__call_begin(call, kernel);
  call->nout = 1;
  call->nin = nin;
  fill_arg(&call->arg[0], y);
  for (int i = 1; i <= nin; i++) {
    const peri_tensor *x = args[i];
    peri_arg *arg = &call->arg[i];
    fill_arg(arg, x);
    if (x && !peri__same_shape(x->shape, x->ndim, y->shape, y->ndim))
      broadcast(arg, y->shape, y->ndim);
  }
}

/* ---- Random records --------------------------------------------------- */

/* What every random kernel's attributes begin with. */
typedef struct {
  uint64_t key, draw;
  peri_generator *generator;
} random_attr;

_Static_assert(offsetof(random_attr, generator) ==
                   offsetof(peri__random_attr, generator),
               "key, call number and generator come first");

/* The generator of 'call', NULL if it draws nothing. */
static peri_generator *generator_of(const peri_call *call) {
  random_attr attr;
  if (!(call->flags & PERI_CALL_RANDOM)) return NULL;
  memcpy(&attr, call->attr, sizeof attr);
  return attr.generator;
}

void peri__call_draw(peri_call *call) {
  random_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  attr.key = attr.generator->seed;
  attr.draw = peri__draw(attr.generator);
  memcpy(call->attr, &attr, sizeof attr);
}

/* ---- Recordings ------------------------------------------------------- */

struct peri_recording {
  peri_context *ctx;
  peri_recording *next; /* in the context's list */
  peri_call *calls;
  int count, room;
  peri_storage **buffers; /* held, one entry per argument seen */
  int buffer_count, buffer_room;
};

static int hold_buffer(peri_recording *recording, peri_storage *storage) {
  void *list = recording->buffers;
  int status = peri__grow_list(recording->ctx, &list, recording->buffer_count,
                               &recording->buffer_room, sizeof(peri_storage *));
  recording->buffers = list;
  if (status < 0) return status;
  recording->buffers[recording->buffer_count++] = peri__storage_hold(storage);
  return 0;
}

/* Make room for 'call', behind 'ahead' others that did not run yet, and hold
   its buffers. */
static __attribute__((noinline)) int record_prepare(peri_recording *recording,
                                                    const peri_call *call,
                                                    peri_tensor *const *tensors,
                                                    int ahead) {
  void *list = recording->calls;
  int status = peri__grow_list(recording->ctx, &list, recording->count + ahead,
                               &recording->room, sizeof(peri_call));
  recording->calls = list;
  for (int i = 0; status == 0 && i < call->nout + call->nin; i++)
    if (tensors[i]) status = hold_buffer(recording, tensors[i]->storage);
  return status;
}

peri_recording *peri_record(peri_context *ctx) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_recording *recording = NULL;
  if (ctx->recording)
    peri_fail(ctx, PERI_EBUSY, "record: a recording is running already");
  else
    recording = peri__alloc_zeroed(ctx, sizeof *recording);
  if (recording) {
    recording->ctx = ctx;
    recording->next = ctx->recordings;
    ctx->recordings = ctx->recording = recording;
  }
  peri__leave(ctx);
  return recording;
}

int peri_record_stop(peri_recording *recording) {
  if (!recording) return PERI_EARG;
  peri_context *ctx = recording->ctx;
  int status = peri__enter_always(ctx);
  if (status < 0) return status;
  if (ctx->recording == recording) ctx->recording = NULL;
  peri__leave(ctx);
  return 0;
}

int peri_recording_size(const peri_recording *recording) {
  return recording ? recording->count : 0;
}

const peri_call *peri_recording_call(const peri_recording *recording,
                                     int index) {
  if (!recording || index < 0 || index >= recording->count) return NULL;
  return &recording->calls[index];
}

void peri_recording_free(peri_recording *recording) {
  if (!recording || peri__enter_always(recording->ctx) < 0) return;
  peri_context *ctx = recording->ctx;
  peri_recording **link = &ctx->recordings;
  while (*link != recording) link = &(*link)->next;
  *link = recording->next;
  if (ctx->recording == recording) ctx->recording = NULL;
  for (int i = 0; i < recording->count; i++) {
    peri__generator_drop(generator_of(&recording->calls[i]));
    peri__free(ctx, recording->calls[i].workspace);
  }
  for (int i = 0; i < recording->buffer_count; i++)
    peri__storage_drop(ctx, recording->buffers[i]);
  peri__free(ctx, recording->calls);
  peri__free(ctx, recording->buffers);
  peri__free(ctx, recording);
  peri__leave(ctx);
}

static int replay(peri_context *ctx, peri_recording *recording) {
  if (ctx->recording == recording)
    return peri_fail(ctx, PERI_EBUSY, "replay: the recording still runs");
  for (int i = 0; i < recording->count;) {
    peri_call *call = &recording->calls[i];
    if (peri__poll(ctx) < 0) return ctx->status;
    if (call->flags & PERI_CALL_RANDOM) peri__call_draw(call);
    i += peri__calls_beside(call, sizeof *call, recording->count - i);
  }
  return peri__poll(ctx);
}

int peri_replay(peri_recording *recording) {
  if (!recording) return PERI_EARG;
  int status = peri__enter(recording->ctx);
  if (status < 0) return status;
  status = replay(recording->ctx, recording);
  peri__leave(recording->ctx);
  return status;
}

/* ---- The device ------------------------------------------------------- */

/* Let the first provider that supports 'call' prepare it. */
static int choose_provider(peri_context *ctx, peri_call *call) {
  for (int i = ctx->provider_count - 1; i >= 0; i--) {
    const peri_provider *provider = ctx->providers[i];
    if (!provider->supports(provider, call)) continue;
    call->provider = provider;
    int status = provider->prepare(provider, call);
    if (status < 0)
      return peri_fail(ctx, (peri_status)status,
                       "provider %s could not prepare %s", provider->name,
                       peri_kernel_name(ctx, call->kernel));
    return 0;
  }
  return peri_fail(ctx, PERI_EDEVICE, "no provider supports %s",
                   peri_kernel_name(ctx, call->kernel));
}

/* Choose provider and kernel, make the workspace. */
static int prepare(peri_context *ctx, peri_call *call) {
  peri_kernel kernel;
  if (!peri__kernel(ctx, call->kernel, &kernel))
    return peri_fail(ctx, PERI_EDEVICE, "no kernel with number %d",
                     call->kernel);
  call->run = kernel.run;
  call->work = ctx->unstoppable ? &ctx->steady : &ctx->work;
  call->threads = ctx->pool.threads;
  int status = choose_provider(ctx, call);
  if (status < 0 || call->workspace_bytes == 0) return status;
  call->workspace = peri__alloc(ctx, call->workspace_bytes);
  return call->workspace ? 0 : ctx->status;
}

/* All that may fail. */
static int make_ready(peri_context *ctx, peri_call *call,
                      peri_tensor *const *tensors, int ahead) {
  int status = peri__poll(ctx);
  if (status == 0) status = prepare(ctx, call);
  if (status == 0 && ctx->recording)
    status = record_prepare(ctx->recording, call, tensors, ahead);
  return status;
}

/* The work is done: record it. */
static void finish(peri_context *ctx, peri_call *call) {
  peri_recording *recording = ctx->recording;
  if (recording) {
    peri__generator_hold(generator_of(call));
    recording->calls[recording->count++] = *call;
  } else {
    peri__free(ctx, call->workspace);
  }
}

int peri__call_run(peri_context *ctx, peri_call *call,
                   peri_tensor *const *tensors) {
  if (tensors[0]->storage->meta) return 0;
  int status = make_ready(ctx, call, tensors, 0);
  if (status < 0) {
    peri__free(ctx, call->workspace);
    return status;
  }
  call->run(call);
  finish(ctx, call);
  return ctx->unstoppable ? 0 : peri__poll(ctx);
}

int peri__calls_run(peri_context *ctx, peri_pending *list, int count) {
  int status = 0, ready = 0;
  while (status == 0 && ready < count) {
    peri_pending *next = &list[ready];
    status = make_ready(ctx, &next->call, next->tensors, ready);
    ready++;
  }
  if (status == 0) peri__calls_mark(ctx, list, count);
  for (int i = 0; status == 0 && i < count;)
    i += peri__calls_beside(&list[i].call, sizeof *list, count - i);
  for (int i = 0; i < ready; i++)
    if (status == 0)
      finish(ctx, &list[i].call);
    else
      peri__free(ctx, list[i].call.workspace);
  return status;
}

/* What the records of a host must be like. */
static int check_launch(peri_context *ctx, peri_tensor *const *args, int nout,
                        int nin, size_t bytes) {
  if (nout < 1 || nin < 0 || nout > PERI_MAX_ARGS ||
      nin > PERI_MAX_ARGS - nout || bytes > PERI_ATTR_BYTES)
    return peri_fail(ctx, PERI_EARG,
                     "launch: %d outputs (at least 1), %d inputs, together at "
                     "most %d; %zu attribute bytes, at most %d",
                     nout, nin, PERI_MAX_ARGS, bytes, PERI_ATTR_BYTES);
  for (int i = 0; i < nout + nin; i++) {
    if (!args[i] && i >= nout) continue;
    if (!args[i] || args[i]->ctx != ctx)
      return peri_fail(ctx, PERI_EARG,
                       "launch: tensor %d is missing or foreign", i + 1);
    if (args[i]->storage->meta != args[0]->storage->meta)
      return peri_fail(ctx, PERI_EDEVICE,
                       "launch: tensors are on different devices");
  }
  return 0;
}

int peri_launch(peri_context *ctx, int kernel, peri_tensor *const *args,
                int nout, int nin, const void *attr, size_t bytes) {
  int status = peri__enter(ctx);
  if (status < 0) return status;
  status = check_launch(ctx, args, nout, nin, bytes);
  if (status == 0)
    status = peri__run(ctx, kernel, args, nout, nin, attr, bytes);
  peri__leave(ctx);
  return status;
}

/* ---- Providers and kernels of the host -------------------------------- */

int peri_register_provider(peri_context *ctx, const peri_provider *provider) {
  int status = peri__enter(ctx);
  if (status < 0) return status;
  if (!provider || !provider->supports || !provider->prepare)
    status = peri_fail(ctx, PERI_EARG,
                       "register_provider: supports and prepare are needed");
  else if (ctx->provider_count == PERI_MAX_PROVIDERS)
    status = peri_fail(ctx, PERI_EARG, "register_provider: at most %d",
                       PERI_MAX_PROVIDERS);
  else
    ctx->providers[ctx->provider_count++] = provider;
  peri__leave(ctx);
  return status;
}

const char *peri_provider_name(const peri_context *ctx, int index) {
  if (index < 0 || index >= ctx->provider_count) return NULL;
  return ctx->providers[ctx->provider_count - 1 - index]->name;
}

static int add_kernel(peri_context *ctx, const char *name,
                      void (*run)(const peri_call *call)) {
  size_t used = (size_t)ctx->kernel_count * sizeof *ctx->kernels;
  peri_kernel *grown =
      peri__grow(ctx, ctx->kernels, used, used + sizeof *ctx->kernels);
  if (!grown) return ctx->status;
  ctx->kernels = grown;
  grown[ctx->kernel_count] = (peri_kernel){name, run};
  return peri__kernel_total() + ctx->kernel_count++;
}

int peri_register_kernel(peri_context *ctx, const char *name,
                         void (*run)(const peri_call *call)) {
  int id = peri__enter(ctx);
  if (id < 0) return id;
  if (!name || !run)
    id = peri_fail(ctx, PERI_EARG, "register_kernel: name and run are needed");
  else
    id = add_kernel(ctx, name, run);
  peri__leave(ctx);
  return id;
}
