/* class.c - modules written in Lua: nn.Module "Name" makes a class, calling
   the class an instance.

   An instance is a module of core of the class's name; its fields lie in a
   table of its own. A module or a parameter that is assigned to a field is
   registered in core under the field's name, in order of assignment, and so is
   found and trained. Calls from Lua pass any values; calls from core,
   when a container of core holds an instance, pass tensors and run in the
   coroutine that entered core. */
#include <limits.h>
#include <string.h>

#include "binding.h"

/* User values of an instance. */
enum { FIELDS = 1, CLASS = 2 };

/* ---- Fields ----------------------------------------------------------- */

/* Push field 'name' of the class of the instance at 'index', or nil. */
static void push_class_field(lua_State *L, int index, const char *name) {
  index = lua_absindex(L, index);
  if (lua_getiuservalue(L, index, CLASS) == LUA_TTABLE)
    lua_getfield(L, -1, name);
  else
    lua_pushnil(L);
  lua_remove(L, -2);
}

bool pgl_instance_field(lua_State *L) {
  lua_getiuservalue(L, 1, FIELDS);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TNIL) return true;
  if (lua_getiuservalue(L, 1, CLASS) == LUA_TTABLE) {
    lua_pushvalue(L, 2);
    if (lua_gettable(L, -2) != LUA_TNIL) return true;
  }
  lua_settop(L, 2);
  return false;
}

static bool is_parameter(const peri_tensor *x) {
  return x && peri_is_leaf(x) && peri_requires_grad(x);
}

/* A plain table would hide modules and parameters. */
static void refuse_table(lua_State *L, const pgl_state *S,
                         const peri_module *module, const char *name) {
  if (lua_type(L, 3) != LUA_TTABLE) return;
  for (lua_pushnil(L); lua_next(L, 3); lua_pop(L, 1)) {
    if (pgl_to_module(L, S, -1))
      pgl_error(L,
                "%s: field '%s' is a plain table of modules, whose "
                "parameters would not be found; make it a nn.ModuleList",
                peri_module_type(module), name);
    if (is_parameter(pgl_to_tensor(L, S, -1)))
      pgl_error(L,
                "%s: field '%s' is a plain table of parameters, which would "
                "not be found; assign each to a field of its own",
                peri_module_type(module), name);
  }
}

/* What a module has found stays of its kind; nil takes it out. */
static void refuse_other_kind(lua_State *L, const peri_module *module,
                              const peri_slot *slot, bool child, bool leaf) {
  if (lua_isnil(L, 3)) return;
  if (slot->kind == PERI_PARAMETER && !leaf)
    pgl_error(L, "%s: '%s' is a parameter; assign nn.Parameter(x) or nil",
              peri_module_type(module), slot->name);
  if (slot->kind == PERI_CHILD && !child)
    pgl_error(L, "%s: '%s' is a module; assign a module or nil",
              peri_module_type(module), slot->name);
}

/* What a field becomes in core when it gets the value at 3. */
typedef struct {
  peri_slot_kind kind;
  peri_tensor *tensor;
  peri_module *child;
  bool listed; /* there is something to do in core */
} registration;

static registration judge_field(lua_State *L, const pgl_state *S,
                                const peri_module *module, const char *name) {
  registration r = {.child = pgl_to_module(L, S, 3)};
  peri_tensor *x = r.child ? NULL : pgl_to_tensor(L, S, 3);
  peri_slot slot = {.name = NULL};
  bool held = pgl_find_slot(module, name, &slot);
  bool leaf = is_parameter(x);
  r.kind = r.child ? PERI_CHILD : leaf ? PERI_PARAMETER : slot.kind;
  r.listed = r.child || leaf || held;
  if (leaf || (held && slot.kind == PERI_BUFFER)) r.tensor = x;
  if (held) refuse_other_kind(L, module, &slot, r.child != NULL, leaf);
  return r;
}

/* Set field 2 in the table of fields, at 4, to the value at 'index'. */
static void set_raw(lua_State *L, int index) {
  lua_pushvalue(L, 2);
  lua_pushvalue(L, index);
  lua_rawset(L, 4);
}

/* The table of fields comes first, since that may raise; core has the last
   word, and then the old value, at 5, comes back. */
int pgl_set_instance_field(lua_State *L, pgl_state *S, peri_module *module) {
  if (lua_type(L, 2) != LUA_TSTRING)
    return pgl_error(L, "%s: fields of a module have names, got [%s]",
                     peri_module_type(module), luaL_tolstring(L, 2, NULL));
  const char *name = lua_tostring(L, 2);
  if (strcmp(name, "training") == 0)
    return pgl_error(L, "%s: training is set by train() and eval()",
                     peri_module_type(module));
  refuse_table(L, S, module, name);
  lua_settop(L, 3);
  lua_getiuservalue(L, 1, FIELDS);
  lua_pushvalue(L, 2);
  lua_rawget(L, 4);
  const registration r = judge_field(L, S, module, name);
  set_raw(L, 3);
  if (r.listed &&
      peri_module_set(module, name, r.kind, r.tensor, r.child) < 0) {
    set_raw(L, 5);
    return pgl_raise(L, S);
  }
  if (r.tensor) pgl_scope_leave(lua_touserdata(L, 3)); /* the module keeps it */
  return 0;
}

/* ---- Calls from Lua --------------------------------------------------- */

/* Push forward of the instance at 'index', or raise. */
static void push_forward(lua_State *L, int index, const peri_module *module) {
  const char *name = peri_module_type(module);
  push_class_field(L, index, "forward");
  if (lua_isnil(L, -1))
    pgl_error(L, "%s has no forward; write function %s:forward(x) ... end",
              name, name);
}

/* 'depth' holds no more if a yield came between. */
static int end_forward(lua_State *L, int status, lua_KContext depth) {
  const pgl_state *S = pgl_enter(L);
  int below = S->flow->below;
  peri_module_leave(S->ctx,
                    below != INT_MAX && below > depth ? below : (int)depth);
  if (status != LUA_OK && status != LUA_YIELD) return lua_error(L);
  return lua_gettop(L) - 1;
}

int pgl_call_instance(lua_State *L, pgl_state *S) {
  peri_module *module = pgl_to_module(L, S, 1);
  int count = lua_gettop(L);
  luaL_checkstack(L, 6, "forward");
  lua_pushcfunction(L, pgl_annotate);
  lua_insert(L, 1);
  push_forward(L, 2, module);
  lua_insert(L, 2);
  int depth = peri_module_enter(module);
  if (depth < 0) return pgl_raise(L, S);
  S->traced = false;
  int status = lua_pcallk(L, count, LUA_MULTRET, 1, depth, end_forward);
  return end_forward(L, status, depth);
}

/* ---- Calls from core -------------------------------------------------- */

/* One forward that core asks for. */
typedef struct {
  pgl_state *S;
  peri_module *module;
  peri_tensor *const *in;
  int nin, room;
} core_call;

/* Protected: call forward, give tensors. */
static int call_for_core(lua_State *L) {
  const core_call *call = lua_touserdata(L, 1);
  const char *name = peri_module_type(call->module);
  luaL_checkstack(L, call->nin + call->room + 8, "forward");
  if (!pgl_push_cached(L, call->module))
    return pgl_error(L, "%s: its Lua object is gone", name);
  push_forward(L, 2, call->module);
  lua_insert(L, 2);
  for (int i = 0; i < call->nin; i++) pgl_push_tensor(L, call->S, call->in[i]);
  lua_call(L, call->nin + 1, LUA_MULTRET);
  int count = lua_gettop(L) - 1;
  if (count > call->room)
    return pgl_error(L, "%s: forward gave %d values, at most %d fit", name,
                     count, call->room);
  for (int i = 0; i < count; i++)
    pgl_check_tensor(L, call->S, i + 2, name, "every result of forward");
  return count;
}

/* The coroutine in which core was called: from Lua it is known, a C function
   may call from the one that runs, a host from none. */
static lua_State *calling_thread(const pgl_state *S) {
  if (S->caller) return S->caller;
  return S->thread && pgl_is_active(S->thread) ? S->thread : S->main;
}

/* Results, or the error value, stay on the Lua stack until core returns. */
static int forward_for_core(void *user, peri_module *module,
                            peri_tensor *const *in, int nin, peri_tensor **out,
                            int room) {
  pgl_state *S = user;
  lua_State *L = calling_thread(S);
  core_call call = {S, module, in, nin, room};
  S->traced = false;
  if (!lua_checkstack(L, room + 8))
    return peri_fail(S->ctx, PERI_ENOMEM, "forward: out of Lua stack");
  lua_pushcfunction(L, pgl_annotate);
  int top = lua_gettop(L);
  lua_pushcfunction(L, call_for_core);
  lua_pushlightuserdata(L, &call);
  if (lua_pcall(L, 1, LUA_MULTRET, top) != LUA_OK) {
    S->parked = lua_gettop(L);
    return peri_fail(S->ctx, PERI_ECALLBACK, "forward failed in Lua");
  }
  int count = lua_gettop(L) - top;
  for (int i = 0; i < count; i++)
    out[i] = ((const pgl_tensor *)lua_touserdata(L, top + 1 + i))->x;
  return count;
}

/* ---- Classes ---------------------------------------------------------- */

/* With the instance at 1. */
static int end_init(lua_State *L, int status, lua_KContext unused) {
  (void)status;
  (void)unused;
  lua_settop(L, 1);
  return 1;
}

/* Calling a class, at 1, with the arguments of init. */
static int new_instance(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  lua_getfield(L, 1, "__name");
  const peri_class type = {
      .name = lua_tostring(L, -1), .forward = forward_for_core, .user = S};
  pgl_module *box = pgl_new_module(L);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, -2, CLASS);
  box->module = peri_module_custom(S->ctx, &type);
  if (!box->module) return pgl_raise(L, S);
  pgl_cache(L, box->module);
  lua_insert(L, 1); /* instance, class, arguments ..., name */
  lua_pop(L, 1);
  lua_getfield(L, 2, "init");
  lua_pushvalue(L, 1);
  lua_rotate(L, 3, 2); /* instance, class, init, instance, arguments ... */
  if (lua_isnil(L, 3)) {
    if (lua_gettop(L) > 4)
      return pgl_error(L, "%s takes no arguments, it has no init",
                       peri_module_type(box->module));
    return end_init(L, LUA_OK, 0);
  }
  lua_callk(L, lua_gettop(L) - 3, 0, 0, end_init);
  return end_init(L, LUA_OK, 0);
}

static int class_tostring(lua_State *L) {
  lua_getfield(L, 1, "__name");
  lua_pushfstring(L, "class %s", lua_tostring(L, -1));
  return 1;
}

/* nn.Module(name, parent): a table whose missing fields are the parent's. */
static int new_class(lua_State *L) {
  static const luaL_Reg methods[] = {
      {"__call", new_instance}, {"__tostring", class_tostring}, {NULL, NULL}};
  const pgl_state *S = pgl_enter(L);
  if (lua_type(L, 1) != LUA_TSTRING)
    return pgl_error(L,
                     "Module: the name of the class must be a string, got "
                     "%s",
                     pgl_kind(L, S, 1));
  if (!lua_isnoneornil(L, 2) && lua_type(L, 2) != LUA_TTABLE)
    return pgl_error(L, "Module: the parent must be a class, got %s",
                     pgl_kind(L, S, 2));
  lua_settop(L, 2);
  lua_newtable(L);
  lua_pushvalue(L, 1);
  lua_setfield(L, 3, "__name");
  lua_pushvalue(L, 2);
  lua_setfield(L, 3, "super");
  lua_newtable(L);
  pgl_push_state(L);
  luaL_setfuncs(L, methods, 1);
  lua_pushvalue(L, 2);
  lua_setfield(L, 4, "__index");
  lua_setmetatable(L, 3);
  return 1;
}

static int is_module(lua_State *L) {
  lua_pushboolean(L, pgl_to_module(L, pgl_enter(L), 1) != NULL);
  return 1;
}

static int list_layers(lua_State *L) {
  const peri_layer *layer;
  pgl_enter(L);
  lua_newtable(L);
  for (int i = 0; (layer = peri_layer_at(i)) != NULL; i++) {
    pgl_push_row(L, layer->name, layer->params, layer->doc);
    lua_pushboolean(L, layer->container);
    lua_setfield(L, -2, "container");
    lua_setfield(L, -2, layer->name);
  }
  return 1;
}

const pgl_function pgl_nn_functions[] = {
    {"Module", "nn.Module(name, parent)", new_class,
     "Make a class of modules. Its init(...) makes an instance, called as\n"
     "Class(...), its forward(...) is what calling the instance runs. Modules\n"
     "and parameters that are assigned to fields of self are found by name.\n"
     "name    string, shown in prints and errors\n"
     "parent  another class whose functions it inherits, or nil\n"
     "-> class, whose field super is the parent"},
    {"ModuleList", "nn.ModuleList(list)", NULL,
     "Make a list of modules, each of which is found and trained.\n"
     "list[i] and #list as of a table; list:append(module) adds one. It has\n"
     "no forward: call the modules in it."},
    {"is_module", "nn.is_module(value)", is_module,
     "Tell whether a value is a module."},
    {"layers", "nn.layers()", list_layers,
     "Describe the layers, by name: { name, params, container, doc }."},
    {NULL, NULL, NULL, NULL}};
