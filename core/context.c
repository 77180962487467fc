/* context.c - what everything belongs to: errors, options, the rule that one
   thread at a time may enter, the interrupt.

   Every public function that works in a context enters it first and leaves it
   last. The outermost entry takes the context for its thread with one atomic
   exchange; inner ones only count. The first that may compute sets the
   floating-point state, which costs more than the bookkeeping of scopes and
   owners does. The error text lives in the context, so that reporting needs no
   memory. */
#include "cpu/lapack.h"
#include "cpu/level.h"

#include <stdio.h>

static const char *const refused_text =
    "context: in use by another thread; give each thread its own";

#define TEXT_OF(number) #number
#define NUMBER_TEXT(macro) TEXT_OF(macro)
#define MOST_THREADS NUMBER_TEXT(PERI_MAX_THREADS)

static uintptr_t this_thread(void) { return (uintptr_t)pthread_self(); }

static bool owned_here(const peri_context *ctx) {
  return atomic_load_explicit(&ctx->owner, memory_order_relaxed) ==
         this_thread();
}

static inline int take(peri_context *ctx) {
  if (!ctx) return PERI_EARG;
  uintptr_t inside = 0, self = this_thread();
  if (atomic_load_explicit(&ctx->owner, memory_order_relaxed) == self) {
    ctx->entries++;
    return 0;
  }
  if (!atomic_compare_exchange_strong_explicit(&ctx->owner, &inside, self,
                                               memory_order_acquire,
                                               memory_order_relaxed))
    return PERI_EBUSY;
  ctx->entries = 1;
  return 0;
}

static inline int enter_always(peri_context *ctx) {
  int status = take(ctx);
  if (status < 0 || ctx->computes) return status;
  ctx->computes = true;
  ctx->host_fp = peri__fp_enter();
  return 0;
}

int peri__take(peri_context *ctx) { return take(ctx); }

int peri__enter_always(peri_context *ctx) { return enter_always(ctx); }

void peri__leave(peri_context *ctx) {
  if (--ctx->entries > 0) return;
  if (ctx->computes) peri__fp_leave(ctx->host_fp);
  ctx->computes = false;
  atomic_store_explicit(&ctx->owner, 0, memory_order_release);
}

int peri__enter(peri_context *ctx) {
  int status = enter_always(ctx);
  if (status < 0) return status;
  status = peri__poll(ctx);
  if (status < 0) peri__leave(ctx);
  return status;
}

int peri_context_enter(peri_context *ctx) { return peri__enter_always(ctx); }

void peri_context_leave(peri_context *ctx) {
  if (ctx && owned_here(ctx)) peri__leave(ctx);
}

int peri__poll_failed(peri_context *ctx) {
  return peri_fail(ctx, PERI_EINTERRUPT, "interrupted");
}

/* ---- Errors ----------------------------------------------------------- */

const char *peri_status_text(peri_status status) {
  switch (status) {
#define X(name, number, text) \
  case name: return text;
    PERI_STATUS_ROWS(X)
#undef X
  }
  return "unknown status";
}

/* Append the path of the modules that are running: ' (nn.Linear "fc1")'. */
static void append_module(peri_context *ctx) {
  char path[PERI_PATH_BYTES];
  size_t used = strlen(ctx->error);
  if (ctx->running_count == 0 || !peri_module_path(ctx, path, sizeof path))
    return;
  snprintf(ctx->error + used, sizeof ctx->error - used, " (%s)", path);
}

static int fail_list(peri_context *ctx, peri_status status, const char *format,
                     va_list list) {
  if (ctx->status != PERI_OK) return ctx->status; /* the first one stays */
  ctx->status = status;
  vsnprintf(ctx->error, sizeof ctx->error, format, list);
  append_module(ctx);
  return status;
}

int peri_fail(peri_context *ctx, peri_status status, const char *format, ...) {
  if (peri__enter_always(ctx) < 0) return PERI_EBUSY;
  va_list list;
  va_start(list, format);
  int result = fail_list(ctx, status, format, list);
  va_end(list);
  peri__leave(ctx);
  return result;
}

int peri__op_fail(const peri_frame *frame, peri_status status,
                  const char *format, ...) {
  char text[PERI_ERROR_BYTES];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  return peri_fail(frame->ctx, status, "%s%s: %s", frame->op->name,
                   frame->inplace ? peri__inplace_end(frame->op) : "", text);
}

/* True if another thread is inside, so that the error is not ours to read. */
static bool foreign(const peri_context *ctx) {
  uintptr_t owner = atomic_load(&ctx->owner);
  return owner != 0 && owner != this_thread();
}

peri_status peri_error(const peri_context *ctx) {
  if (!ctx) return PERI_EARG;
  return foreign(ctx) ? PERI_EBUSY : ctx->status;
}

const char *peri_error_text(const peri_context *ctx) {
  if (!ctx) return "no context";
  if (foreign(ctx)) return refused_text;
  return ctx->status == PERI_OK ? "" : ctx->error;
}

void peri_clear_error(peri_context *ctx) {
  if (peri__take(ctx) < 0) return;
  ctx->status = PERI_OK;
  ctx->error[0] = '\0';
  atomic_store(&ctx->interrupted, 0);
  peri__leave(ctx);
}

void peri_interrupt(peri_context *ctx) {
  if (ctx) atomic_store(&ctx->interrupted, 1);
}

bool peri_call_stopped(const peri_call *call) {
  const atomic_int *stop = call->work->stop;
  return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

void peri__log(peri_context *ctx, peri_log_level level, const char *format,
               ...) {
  char text[PERI_ERROR_BYTES];
  if (!ctx->log) return;
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  ctx->log(ctx->log_user, level, text);
}

/* ---- Making and freeing ----------------------------------------------- */

static peri_context *refuse(const char **why, const char *text) {
  if (why) *why = text;
  return NULL;
}

/* A multiple of the alignment, as aligned_alloc wants it. */
enum {
  CONTEXT_BYTES =
      (sizeof(peri_context) + PERI_ALIGN - 1) / PERI_ALIGN * PERI_ALIGN
};

static void free_context(peri_context *ctx) {
  peri__pool_end(&ctx->pool);
  peri_allocator memory = ctx->memory;
  peri__memory_end(&ctx->memory);
  memory.free(memory.user, ctx, CONTEXT_BYTES);
}

static void set_threads(peri_context *ctx, int threads) {
  ctx->pool.threads = threads > 0 ? threads : peri__processors();
}

/* -> false when memory is missing */
static bool copy_option(peri_context *ctx, char **to, const char *from) {
  if (from) *to = peri__strdup(ctx, from);
  return !from || *to;
}

peri_context *peri_context_new(const peri_options *options, const char **why) {
  static const peri_options defaults = {0};
  peri_allocator memory = {0};
  if (!options) options = &defaults;
  if (!options->alloc != !options->free)
    return refuse(why, "options: alloc and free come together");
  if (options->threads < 0 || options->threads > PERI_MAX_THREADS)
    return refuse(why, "options: threads must be in [0, " MOST_THREADS "]");
  const char *unfit = NULL;
  const peri__level *level = peri__level_named(options->isa, &unfit);
  if (!level) return refuse(why, unfit);
  peri__memory_init(&memory, options);
  peri_context *ctx = memory.alloc(memory.user, CONTEXT_BYTES, PERI_ALIGN);
  if (!ctx) return refuse(why, "out of memory");
  memset(ctx, 0, sizeof *ctx);
  ctx->memory = memory;
  ctx->log = options->log;
  ctx->log_user = options->log_user;
  peri__pool_init(&ctx->pool, options);
  set_threads(ctx, options->threads);
  ctx->work = (peri_work){&ctx->interrupted, &ctx->pool};
  ctx->steady = (peri_work){NULL, &ctx->pool};
  ctx->generator =
      (peri_generator){.ctx = ctx, .refs = 1, .seed = options->seed};
  ctx->grad_enabled = true;
  ctx->level = level;
  ctx->providers[ctx->provider_count++] = &peri__plain_provider;
  if (level->provider) ctx->providers[ctx->provider_count++] = level->provider;
#ifdef PERI_BLAS
  ctx->providers[ctx->provider_count++] = &peri__blas_provider;
#endif
  if (copy_option(ctx, &ctx->data_path, options->data_path) &&
      copy_option(ctx, &ctx->lapack_path, options->lapack))
    return ctx;
  free_context(ctx);
  return refuse(why, "out of memory");
}

void peri_context_free(peri_context *ctx) {
  if (!ctx) return;
  while (ctx->recordings) peri_recording_free(ctx->recordings);
  peri__modules_end(ctx);
  peri__tensors_end(ctx);
  peri__lapack_end(ctx);
  free_context(ctx);
}

int peri_threads(const peri_context *ctx) { return ctx->pool.threads; }

int peri_set_threads(peri_context *ctx, int threads) {
  int status = peri__enter(ctx);
  if (status < 0) return status;
  if (threads < 0 || threads > PERI_MAX_THREADS)
    status =
        peri_fail(ctx, PERI_EARG,
                  "threads must be in [0, " MOST_THREADS "], got %d", threads);
  else
    set_threads(ctx, threads);
  peri__leave(ctx);
  return status;
}

const char *peri_isa(const peri_context *ctx) { return ctx->level->name; }
