/* provider_spec.c - providers of kernels: the order of asking, declining,
   serving, workspaces and failing. */
#include "check.h"
#include "perigee.h"

/* A provider that remembers what it was asked. */
typedef struct {
  peri_provider base;
  peri_context *ctx;
  const char *takes; /* name of the kernel it takes, NULL: none */
  int asked, prepared;
  int status; /* of prepare */
} witness;

static int runs, workspaces;

static bool supports(const peri_provider *self, const peri_call *call) {
  witness *w = self->user;
  w->asked++;
  return w->takes &&
         strcmp(peri_kernel_name(w->ctx, call->kernel), w->takes) == 0;
}

/* Answers seven, so that everybody sees who served. */
static void run_sevens(const peri_call *call) {
  float *y = call->arg[0].data;
  int64_t count = 1;
  for (int i = 0; i < call->arg[0].ndim; i++) count *= call->arg[0].shape[i];
  for (int64_t i = 0; i < count; i++) y[i] = 7;
  runs++;
  workspaces += call->workspace != NULL;
}

static int prepare(const peri_provider *self, peri_call *call) {
  witness *w = self->user;
  w->prepared++;
  call->run = run_sevens;
  call->workspace_bytes = 1000;
  return w->status;
}

static void set_up(witness *w, peri_context *ctx, const char *name,
                   const char *takes) {
  *w = (witness){.ctx = ctx, .takes = takes};
  w->base = (peri_provider){name, w, supports, prepare};
  CHECK(peri_register_provider(ctx, &w->base) == 0);
}

static peri_tensor *ones(peri_context *ctx) {
  static const float data[4] = {1, 1, 1, 1};
  return peri_tensor_new(ctx, data, (int64_t[]){2, 2}, 2, PERI_F32);
}

static double total(peri_tensor *x) { return peri_item(peri_sum(x, NULL)); }

static void declining(peri_context *ctx) {
  witness w;
  CHECK_TEXT(peri_provider_name(ctx, 0), peri_isa(ctx));
  set_up(&w, ctx, "shy", NULL);
  CHECK_TEXT(peri_provider_name(ctx, 0), "shy");
  CHECK_TEXT(peri_provider_name(ctx, 1), peri_isa(ctx));
  CHECK_TEXT(peri_provider_name(ctx, 2), "plain");
  CHECK(peri_provider_name(ctx, 3) == NULL);
  CHECK(total(peri_add(ones(ctx), ones(ctx))) == 8);
  CHECK(w.asked >= 2 && w.prepared == 0);
}

static void serving(peri_context *ctx) {
  witness w;
  set_up(&w, ctx, "sevens", "add");
  CHECK(total(peri_add(ones(ctx), ones(ctx))) == 28);
  CHECK(total(peri_mul(ones(ctx), ones(ctx))) == 4);
  CHECK(w.prepared == 1 && runs == 1 && workspaces == 1);
  w.takes = NULL;
  CHECK(total(peri_add(ones(ctx), ones(ctx))) == 8);
}

/* A recorded call runs again without asking anybody. */
static void replaying(peri_context *ctx) {
  witness w;
  set_up(&w, ctx, "once", "exp");
  peri_tensor *x = ones(ctx);
  peri_recording *recording = peri_record(ctx);
  peri_tensor *y = peri_exp(x);
  CHECK(peri_record_stop(recording) == 0);
  int asked = w.asked;
  CHECK(peri_recording_size(recording) == 1);
  CHECK(peri_recording_call(recording, 0)->provider == &w.base);
  ((float *)peri_tensor_data(y))[0] = 0;
  CHECK(peri_replay(recording) == 0);
  CHECK(w.asked == asked && total(y) == 28);
  peri_recording_free(recording);
  w.takes = NULL;
}

static void failing(peri_context *ctx) {
  witness w;
  set_up(&w, ctx, "broken", "neg");
  w.status = PERI_EDEVICE;
  CHECK(peri_neg(ones(ctx)) == NULL);
  CHECK(peri_error(ctx) == PERI_EDEVICE);
  CHECK(peri_error_text(ctx)[0] != '\0');
  peri_clear_error(ctx);
  CHECK(total(peri_add(ones(ctx), ones(ctx))) == 8);
}

static void too_many(peri_context *ctx) {
  static witness w[16];
  int status = 0;
  for (int i = 0; i < 16 && status == 0; i++) {
    w[i] = (witness){.ctx = ctx};
    w[i].base = (peri_provider){"many", &w[i], supports, prepare};
    status = peri_register_provider(ctx, &w[i].base);
  }
  CHECK(status < 0 && peri_error(ctx) == (peri_status)status);
  peri_clear_error(ctx);
}

/* Each in a context of its own: a provider must outlive it. */
static void with_context(void (*body)(peri_context *)) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  witness below;
  set_up(&below, ctx, "below", NULL);
  peri_context_free(ctx);
  ctx = peri_context_new(NULL, NULL);
  body(ctx);
  peri_context_free(ctx);
}

int main(void) {
  with_context(declining);
  with_context(serving);
  with_context(replaying);
  with_context(failing);
  with_context(too_many);
  return check_done("providers");
}
