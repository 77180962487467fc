/* module.c - modules: making, shares, slots, the walk over a tree.

   Nothing here knows a layer by name, see layers.c; running is in forward.c,
   printing in print.c. */
#include "module.h"

#include <stdio.h>

/* ---- Making and freeing ----------------------------------------------- */

static peri_module *blank_module(peri_context *ctx) {
  peri_module *module = peri__alloc_zeroed(ctx, sizeof *module);
  if (!module) return NULL;
  module->ctx = ctx;
  module->refs = 1;
  module->training = true;
  module->next = ctx->modules;
  if (ctx->modules) ctx->modules->previous = module;
  ctx->modules = module;
  return module;
}

static void unlink_module(peri_module *module) {
  if (module->previous)
    module->previous->next = module->next;
  else
    module->ctx->modules = module->next;
  if (module->next) module->next->previous = module->previous;
}

static const peri_param *params_of(const peri_module *module) {
  static const peri_param none[1];
  return module->layer ? module->layer->params : none;
}

/* Free what 'module' owns alone: names, strings, its shares of tensors. */
static void free_parts(peri_module *module) {
  peri_context *ctx = module->ctx;
  const peri_param *param = params_of(module);
  if (module->type.free) module->type.free(module->type.user);
  for (int i = 0; i < module->count; i++) {
    peri__drop(module->slot[i].tensor);
    peri__free(ctx, (void *)module->slot[i].name);
  }
  for (int i = 0; param[i].name; i++)
    if (module->value[i].type == PERI_P_STRING)
      peri__free(ctx, (void *)module->value[i].s);
  peri__free(ctx, (void *)module->type.name);
  peri__free(ctx, module->slot);
  peri__free(ctx, module);
}

void peri_module_free(peri_module *module) {
  if (!module || peri__take(module->ctx) < 0) return;
  peri_context *ctx = module->ctx;
  if (--module->refs == 0) {
    unlink_module(module);
    for (int i = 0; i < module->count; i++)
      peri_module_free(module->slot[i].child);
    free_parts(module);
  }
  peri__leave(ctx);
}

peri_module *peri_module_keep(peri_module *module) {
  if (module) module->refs++;
  return module;
}

/* Every module goes, whoever has shares of it. */
void peri__modules_end(peri_context *ctx) {
  while (ctx->modules) {
    peri_module *module = ctx->modules;
    unlink_module(module);
    free_parts(module);
  }
}

/* A default is written from 0; the module counts from its base. */
peri_value peri__module_default(const peri_module *module, int index) {
  const peri_param *param = &module->layer->params[index];
  bool position = param->type == PERI_P_DIM || param->type == PERI_P_NEWDIM ||
                  param->type == PERI_P_INDEX;
  peri_value value = param->fallback;
  if (position && value.type != PERI_P_END && value.i >= 0)
    value.i += module->base;
  return value;
}

static int fill_values(peri_module *module, const peri_value *value) {
  const peri_param *param = module->layer->params;
  char title[PERI_TITLE_BYTES];
  peri__module_title(module, title);
  peri_value filled[PERI_MAX_PARAMS];
  int status = peri__check_values(module->ctx, title, param, value, filled);
  for (int i = 0; status == 0 && param[i].name; i++) {
    if (!value || value[i].type == PERI_P_END)
      filled[i] = peri__module_default(module, i);
    if (filled[i].type == PERI_P_STRING) {
      filled[i].s = peri__strdup(module->ctx, filled[i].s);
      if (!filled[i].s) status = PERI_ENOMEM;
    }
    if (status == 0) module->value[i] = filled[i];
  }
  return status;
}

/* Children are named by their places, "0", "1", ..., whatever the base. */
static int add_children(peri_module *module, peri_module *const *children,
                        int count) {
  char name[16];
  int status = 0;
  if (count > 0 && !module->layer->container)
    return peri_fail(module->ctx, PERI_EARG, "nn.%s: takes no modules",
                     module->layer->name);
  for (int i = 0; status == 0 && i < count; i++) {
    snprintf(name, sizeof name, "%d", i);
    if (!children || !children[i])
      status = peri_fail(module->ctx, PERI_EARG,
                         "nn.%s: one of the modules is missing",
                         module->layer->name);
    else
      status = peri_module_set(module, name, PERI_CHILD, NULL, children[i]);
  }
  return status;
}

static int fill_module(peri_module *module, const peri_value *value,
                       peri_module *const *children, int count) {
  int status = fill_values(module, value);
  if (status == 0) status = add_children(module, children, count);
  if (status < 0 || !module->layer->init) return status;
  peri_scope scope = peri__scope_open(module->ctx);
  status = module->layer->init(module);
  peri__scope_close(scope);
  return status;
}

peri_module *peri_module_new(peri_context *ctx, const peri_layer *layer,
                             const peri_value *value, int base,
                             peri_module *const *children, int count) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_module *module = NULL;
  if (layer)
    module = blank_module(ctx);
  else
    peri_fail(ctx, PERI_EARG, "module: no such layer");
  if (module) {
    module->layer = layer;
    module->base = base;
    if (fill_module(module, value, children, count) < 0) {
      peri_module_free(module);
      module = NULL;
    }
  }
  peri__leave(ctx);
  return module;
}

peri_module *peri_module_custom(peri_context *ctx, const peri_class *type) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_module *module = NULL;
  char *name = NULL;
  if (!type || !type->name || !type->forward)
    peri_fail(ctx, PERI_EARG, "module: a class has a name and a forward");
  else if ((name = peri__strdup(ctx, type->name)) != NULL)
    module = blank_module(ctx);
  if (module) {
    module->type = *type;
    module->type.name = name;
  } else {
    peri__free(ctx, name);
  }
  peri__leave(ctx);
  return module;
}

/* ---- Looking ---------------------------------------------------------- */

peri_context *peri_module_context(const peri_module *module) {
  return module ? module->ctx : NULL;
}

void *peri_module_user(const peri_module *module) {
  return module ? module->type.user : NULL;
}

const peri_layer *peri_module_layer(const peri_module *module) {
  return module ? module->layer : NULL;
}

const char *peri_module_type(const peri_module *module) {
  if (!module) return "none";
  return module->layer ? module->layer->name : module->type.name;
}

const peri_value *peri_module_values(const peri_module *module) {
  return module ? module->value : NULL;
}

bool peri_module_training(const peri_module *module) {
  return module && module->training;
}

int peri__module_base(const peri_module *module) { return module->base; }

const char *peri__module_title(const peri_module *module,
                               char title[PERI_TITLE_BYTES]) {
  snprintf(title, PERI_TITLE_BYTES, "%s%s", module->layer ? "nn." : "",
           peri_module_type(module));
  return title;
}

const peri_value *peri__module_value(const peri_module *module,
                                     const char *name) {
  const peri_param *param = params_of(module);
  for (int i = 0; param[i].name; i++)
    if (strcmp(param[i].name, name) == 0) return &module->value[i];
  return NULL;
}

/* ---- Slots ------------------------------------------------------------ */

static peri_slot *find_slot(const peri_module *module, const char *name) {
  for (int i = 0; i < module->count; i++)
    if (strcmp(module->slot[i].name, name) == 0) return &module->slot[i];
  return NULL;
}

peri_tensor *peri__module_tensor(const peri_module *module, const char *name) {
  const peri_slot *slot = find_slot(module, name);
  return slot ? slot->tensor : NULL;
}

bool peri_module_slot(const peri_module *module, int index, peri_slot *slot) {
  if (!module || index < 0 || index >= module->count) return false;
  *slot = module->slot[index];
  return true;
}

static bool reaches(peri__tour *tour, const peri_slot *slot) {
  return slot->child != tour->user;
}

/* True if 'module' is 'other' or holds it somewhere below. */
static bool holds(const peri_module *module, peri_module *other) {
  peri__tour tour = {.visit = reaches, .user = other};
  return module == other || !peri__walk(&tour, module);
}

/* Longest way down from 'module', each module measured once. */
static int height(peri_module *module, uint64_t stamp) {
  if (module->seen == stamp) return module->height;
  module->seen = stamp;
  module->height = 0;
  for (int i = 0; i < module->count; i++) {
    peri_module *child = module->slot[i].child;
    int below = child ? 1 + height(child, stamp) : 0;
    if (below > module->height) module->height = below;
  }
  return module->height;
}

/* Note that a way of length 'level' leads to 'module'. */
static void lower(peri_module *module, int level) {
  if (module->level >= level) return;
  module->level = level;
  for (int i = 0; i < module->count; i++)
    if (module->slot[i].child) lower(module->slot[i].child, level + 1);
}

static int check_child(const peri_module *module, peri_module *child) {
  peri_context *ctx = module->ctx;
  if (child->ctx != ctx)
    return peri_fail(ctx, PERI_EARG, "module: child of another context");
  if (holds(child, (peri_module *)module))
    return peri_fail(ctx, PERI_EARG, "module: %s would contain itself",
                     peri_module_type(child));
  if (module->level + 1 + height(child, ++ctx->tours) > PERI_MAX_MODULE_DEPTH)
    return peri_fail(ctx, PERI_EARG, "module: nested deeper than %d",
                     PERI_MAX_MODULE_DEPTH);
  return 0;
}

static int check_tensor(const peri_module *module, const char *name,
                        peri_slot_kind kind, const peri_tensor *tensor) {
  peri_context *ctx = module->ctx;
  if (tensor->ctx != ctx)
    return peri_fail(ctx, PERI_EARG, "module: \"%s\" is of another context",
                     name);
  if (kind == PERI_PARAMETER && !peri_is_leaf(tensor))
    return peri_fail(ctx, PERI_EGRAD,
                     "module: parameter \"%s\" was made by an operation, "
                     "detach it first",
                     name);
  return 0;
}

static int check_slot(const peri_module *module, const char *name,
                      peri_slot_kind kind, const peri_tensor *tensor,
                      peri_module *child) {
  peri_context *ctx = module->ctx;
  if (!name || !*name || strchr(name, '.'))
    return peri_fail(ctx, PERI_EARG,
                     "module: a name is not empty and has no dot, got \"%s\"",
                     name ? name : "");
  if (kind == PERI_CHILD ? tensor != NULL : child != NULL)
    return peri_fail(ctx, PERI_EARG, "module: \"%s\" has the wrong kind", name);
  if (child) return check_child(module, child);
  return tensor ? check_tensor(module, name, kind, tensor) : 0;
}

/* A new slot at the end, its name copied. */
static peri_slot *add_slot(peri_module *module, const char *name) {
  peri_context *ctx = module->ctx;
  if (module->count == module->room) {
    int room = module->room ? 2 * module->room : 4;
    peri_slot *slot =
        peri__grow(ctx, module->slot, (size_t)module->count * sizeof *slot,
                   (size_t)room * sizeof *slot);
    if (!slot) return NULL;
    module->slot = slot;
    module->room = room;
  }
  char *copy = peri__strdup(ctx, name);
  if (!copy) return NULL;
  peri_slot *slot = &module->slot[module->count++];
  *slot = (peri_slot){.name = copy};
  return slot;
}

static void remove_slot(peri_module *module, peri_slot *slot) {
  if (!slot) return;
  peri_slot old = *slot;
  peri_slot *end = module->slot + module->count--;
  memmove(slot, slot + 1, (size_t)(end - slot - 1) * sizeof *slot);
  peri__free(module->ctx, (void *)old.name);
  peri__drop(old.tensor);
  peri_module_free(old.child);
}

static int put_slot(peri_module *module, const char *name, peri_slot_kind kind,
                    peri_tensor *tensor, peri_module *child) {
  peri_slot *slot = find_slot(module, name);
  if (!slot) slot = add_slot(module, name);
  if (!slot) return module->ctx->status;
  peri_slot old = *slot;
  slot->kind = kind;
  slot->tensor = peri__hold(tensor);
  slot->child = peri_module_keep(child);
  if (child) lower(child, module->level + 1);
  peri__drop(old.tensor);
  peri_module_free(old.child);
  return 0;
}

int peri_module_set(peri_module *module, const char *name, peri_slot_kind kind,
                    peri_tensor *tensor, peri_module *child) {
  if (!module) return PERI_EARG;
  int status = peri__enter(module->ctx);
  if (status < 0) return status;
  status = check_slot(module, name, kind, tensor, child);
  if (status == 0 && !tensor && !child)
    remove_slot(module, find_slot(module, name));
  else if (status == 0)
    status = put_slot(module, name, kind, tensor, child);
  peri__leave(module->ctx);
  return status;
}

/* ---- Walking ---------------------------------------------------------- */

/* Write '.name' behind the first 'at' bytes of the path. */
static void append_name(peri__tour *tour, size_t at, const char *name) {
  char *end = at < tour->room ? tour->path + at : NULL;
  int length =
      snprintf(end, end ? tour->room - at : 0, "%s%s", at > 0 ? "." : "", name);
  tour->length = at + (size_t)length;
}

static bool walk(peri__tour *tour, const peri_module *module, size_t at) {
  for (int i = 0; i < module->count; i++) {
    const peri_slot *slot = &module->slot[i];
    uint64_t *seen = slot->child ? &slot->child->seen : &slot->tensor->seen;
    if (*seen == tour->stamp) continue;
    *seen = tour->stamp;
    append_name(tour, at, slot->name);
    size_t end = tour->length;
    if (!tour->visit(tour, slot)) return false;
    if (slot->child && !walk(tour, slot->child, end)) return false;
  }
  return true;
}

bool peri__walk(peri__tour *tour, const peri_module *module) {
  tour->stamp = ++module->ctx->tours;
  return walk(tour, module, 0);
}

typedef struct {
  int left; /* slots before the wanted one */
  peri_slot *slot;
} countdown;

static bool count_down(peri__tour *tour, const peri_slot *slot) {
  countdown *wanted = tour->user;
  if (wanted->left-- > 0) return true;
  *wanted->slot = *slot;
  return false;
}

bool peri_module_walk(const peri_module *module, int index, peri_slot *slot,
                      char *path, size_t room) {
  if (!module || index < 0 || peri__enter_always(module->ctx) < 0) return false;
  countdown wanted = {index, slot};
  peri__tour tour = {
      .visit = count_down, .user = &wanted, .path = path, .room = room};
  bool found = !peri__walk(&tour, module);
  if (found && room > 0 && tour.length >= room) {
    peri_fail(module->ctx, PERI_EARG, "module: a path is longer than %zu bytes",
              room - 1);
    found = false;
  }
  peri__leave(module->ctx);
  return found;
}

static bool set_training(peri__tour *tour, const peri_slot *slot) {
  if (slot->child) slot->child->training = *(const bool *)tour->user;
  return true;
}

int peri_module_train(peri_module *module, bool on) {
  if (!module) return PERI_EARG;
  int status = peri__enter(module->ctx);
  if (status < 0) return status;
  peri__tour tour = {.visit = set_training, .user = &on};
  module->training = on;
  peri__walk(&tour, module);
  peri__leave(module->ctx);
  return 0;
}

static bool forget_grad(peri__tour *tour, const peri_slot *slot) {
  int *status = tour->user;
  if (slot->kind == PERI_PARAMETER) *status = peri_set_grad(slot->tensor, NULL);
  return *status == 0;
}

int peri_module_zero_grad(peri_module *module) {
  if (!module) return PERI_EARG;
  int status = peri__enter(module->ctx);
  if (status < 0) return status;
  peri__tour tour = {.visit = forget_grad, .user = &status};
  peri__walk(&tour, module);
  peri__leave(module->ctx);
  return status;
}
