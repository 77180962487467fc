/* forward.c - running modules and the path of those that run.

   A forward has a scope of its own: what it made on the way dies at its end,
   what it returns moves to the caller's scope. The modules running inside each
   other stand on a stack in the context, from which errors take their path. */
#include <stdio.h>

#include "module.h"

/* ---- The stack -------------------------------------------------------- */

int peri_module_enter(peri_module *module) {
  if (!module) return PERI_EARG;
  peri_context *ctx = module->ctx;
  int status = peri__enter(ctx);
  if (status < 0) return status;
  int depth = ctx->running_count;
  if (depth < PERI_MAX_MODULE_DEPTH)
    ctx->running[ctx->running_count++] = peri_module_keep(module);
  else
    depth = peri_fail(ctx, PERI_EARG, "modules nest deeper than %d",
                      PERI_MAX_MODULE_DEPTH);
  peri__leave(ctx);
  return depth;
}

void peri_module_leave(peri_context *ctx, int depth) {
  if (depth < 0 || peri__take(ctx) < 0) return;
  while (ctx->running_count > depth)
    peri_module_free(ctx->running[--ctx->running_count]);
  peri__leave(ctx);
}

int peri_module_depth(const peri_context *ctx) {
  return ctx ? ctx->running_count : 0;
}

static bool is_other(peri__tour *tour, const peri_slot *slot) {
  return slot->child != tour->user;
}

/* Append the names that lead from 'outer' to 'inner' to the 'used' bytes of
   'path'; none if it is not there. -> bytes used then */
static size_t append_way(const peri_module *outer, peri_module *inner,
                         char *path, size_t used) {
  char way[PERI_PATH_BYTES] = "";
  peri__tour tour = {
      .visit = is_other, .user = inner, .path = way, .room = sizeof way};
  if (outer == inner || peri__walk(&tour, outer)) return used;
  snprintf(path + used, PERI_PATH_BYTES - used, "%s%s", used > 0 ? "." : "",
           way);
  return strlen(path);
}

bool peri_module_path(peri_context *ctx, char *text, size_t room) {
  if (!ctx || peri__enter_always(ctx) < 0) return false;
  char path[PERI_PATH_BYTES] = "", title[PERI_TITLE_BYTES];
  int count = ctx->running_count;
  size_t used = 0;
  for (int i = 1; i < count; i++)
    used = append_way(ctx->running[i - 1], ctx->running[i], path, used);
  if (count > 0) {
    peri__module_title(ctx->running[count - 1], title);
    snprintf(text, room, used > 0 ? "%s \"%s\"" : "%s", title, path);
  }
  peri__leave(ctx);
  return count > 0;
}

/* ---- Running ---------------------------------------------------------- */

static int call_forward(peri_module *module, peri_tensor *const *in, int nin,
                        peri_tensor **out, int room) {
  const peri_class *type = &module->type;
  if (module->layer) return module->layer->forward(module, in, nin, out, room);
  return type->forward(type->user, module, in, nin, out, room);
}

/* The forward with what it returned checked. */
static int run(peri_module *module, peri_tensor *const *in, int nin,
               peri_tensor **out, int room) {
  peri_context *ctx = module->ctx;
  int count = call_forward(module, in, nin, out, room);
  if (ctx->status != PERI_OK) return ctx->status;
  if (count < 0)
    return peri_fail(ctx, PERI_ECALLBACK, "forward failed with status %d",
                     count);
  if (count > room)
    return peri_fail(ctx, PERI_EARG, "forward gives %d tensors, wanted: %d",
                     count, room);
  for (int i = 0; i < count; i++)
    if (!out[i])
      return peri_fail(ctx, PERI_ECALLBACK, "forward gave no tensor");
  return count;
}

/* The same in a scope of its own. */
static int run_scoped(peri_module *module, peri_tensor *const *in, int nin,
                      peri_tensor **out, int room) {
  peri_scope scope = peri__scope_open(module->ctx);
  int count = run(module, in, nin, out, room);
  for (int i = 0; i < count; i++) peri__escape(out[i]);
  for (int i = count > 0 ? count : 0; i < room; i++) out[i] = NULL;
  peri__scope_close(scope);
  return count;
}

/* The context of the first tensor, to report that there is no module. */
static int no_module(peri_tensor *const *in, int nin) {
  for (int i = 0; i < nin; i++)
    if (in[i])
      return peri_fail(in[i]->ctx, PERI_EARG, "forward: module is NULL");
  return PERI_EARG;
}

static bool foreign(const peri_context *ctx, peri_tensor *const *in, int nin) {
  for (int i = 0; i < nin; i++)
    if (in[i] && in[i]->ctx != ctx) return true;
  return false;
}

int peri_module_forward(peri_module *module, peri_tensor *const *in, int nin,
                        peri_tensor **out, int room) {
  if (!module) return no_module(in, nin);
  peri_context *ctx = module->ctx;
  int status = peri__enter(ctx);
  if (status < 0) return status;
  int depth = peri_module_enter(module);
  if (depth < 0)
    status = depth;
  else if (nin < 0 || room < 1)
    status = peri_fail(ctx, PERI_EARG, "forward: no room for results");
  else if (foreign(ctx, in, nin))
    status = peri_fail(ctx, PERI_EARG,
                       "forward: an input belongs to another context");
  else
    status = run_scoped(module, in, nin, out, room);
  peri_module_leave(ctx, depth);
  peri__leave(ctx);
  return status;
}

peri_tensor *peri_forward(peri_module *module, peri_tensor *x) {
  peri_tensor *out = NULL;
  int count = peri_module_forward(module, &x, 1, &out, 1);
  if (count == 0)
    peri_fail(module->ctx, PERI_ECALLBACK, "forward gave no tensor");
  return count == 1 ? out : NULL;
}
