/* module_method.c - the methods that all modules share, layers of core's table
   and classes written in Lua alike. */
#include "binding.h"

#define PATH_BYTES 1024

/* The module in front of the colon of method 'what'. */
static peri_module *self_module(lua_State *L, const pgl_state *S,
                                const char *what) {
  const pgl_module *box = pgl_check_self(L, S, PGL_MODULE, what);
  return pgl_alive(L, box->module, PGL_MODULE);
}

static int method_forward(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_module *module = self_module(L, S, "forward");
  if (peri_module_layer(module)) return pgl_call_layer(L, S, module);
  return pgl_error(L,
                   "%s has no forward; write function %s:forward(x) ... "
                   "end",
                   peri_module_type(module), peri_module_type(module));
}

/* ---- What is below a module ------------------------------------------- */

/* Push a list of what of 'kind' is below 'module', and one of its paths. */
static void push_walk(lua_State *L, pgl_state *S, peri_module *module,
                      peri_slot_kind kind) {
  char path[PATH_BYTES];
  peri_slot slot;
  lua_Integer count = 0;
  luaL_checkstack(L, 8, "module");
  lua_newtable(L);
  lua_newtable(L);
  for (int i = 0; peri_module_walk(module, i, &slot, path, sizeof path); i++) {
    if (slot.kind != kind) continue;
    pgl_push_slot(L, S, &slot);
    lua_rawseti(L, -3, ++count);
    lua_pushstring(L, path);
    lua_rawseti(L, -2, count);
  }
  if (peri_error(S->ctx) != PERI_OK) pgl_raise(L, S);
}

/* Step of a named_ iterator: upvalues objects, paths, position. */
static int next_named(lua_State *L) {
  lua_Integer i = lua_tointeger(L, lua_upvalueindex(3)) + 1;
  lua_pushinteger(L, i);
  lua_copy(L, -1, lua_upvalueindex(3));
  lua_rawgeti(L, lua_upvalueindex(2), i);
  lua_rawgeti(L, lua_upvalueindex(1), i);
  return 2;
}

static int list_kind(lua_State *L, const char *what, peri_slot_kind kind) {
  pgl_state *S = pgl_enter(L);
  push_walk(L, S, self_module(L, S, what), kind);
  lua_pop(L, 1);
  return 1;
}

static int name_kind(lua_State *L, const char *what, peri_slot_kind kind) {
  pgl_state *S = pgl_enter(L);
  push_walk(L, S, self_module(L, S, what), kind);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_named, 3);
  return 1;
}

static int method_parameters(lua_State *L) {
  return list_kind(L, "parameters", PERI_PARAMETER);
}

static int method_named_parameters(lua_State *L) {
  return name_kind(L, "named_parameters", PERI_PARAMETER);
}

static int method_buffers(lua_State *L) {
  return list_kind(L, "buffers", PERI_BUFFER);
}

static int method_named_buffers(lua_State *L) {
  return name_kind(L, "named_buffers", PERI_BUFFER);
}

static int method_named_modules(lua_State *L) {
  return name_kind(L, "named_modules", PERI_CHILD);
}

/* The module itself, then all below it. */
static int method_modules(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  push_walk(L, S, self_module(L, S, "modules"), PERI_CHILD);
  lua_pop(L, 1);
  for (lua_Integer i = (lua_Integer)lua_rawlen(L, -1); i >= 1; i--) {
    lua_rawgeti(L, -1, i);
    lua_rawseti(L, -2, i + 1);
  }
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  return 1;
}

static int method_children(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_module *module = self_module(L, S, "children");
  peri_slot slot;
  lua_Integer count = 0;
  lua_newtable(L);
  for (int i = 0; peri_module_slot(module, i, &slot); i++) {
    if (slot.kind != PERI_CHILD) continue;
    pgl_push_slot(L, S, &slot);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

/* ---- The rest --------------------------------------------------------- */

static int set_training(lua_State *L, const char *what, bool on) {
  pgl_state *S = pgl_enter(L);
  peri_module *module = self_module(L, S, what);
  if (peri_module_train(module, on) < 0) return pgl_raise(L, S);
  lua_settop(L, 1);
  return 1;
}

static int method_train(lua_State *L) {
  return set_training(L, "train", pgl_read_flag(L, "train"));
}

static int method_eval(lua_State *L) { return set_training(L, "eval", false); }

static int method_zero_grad(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_module *module = self_module(L, S, "zero_grad");
  return peri_module_zero_grad(module) < 0 ? pgl_raise(L, S) : 0;
}

static int method_register_buffer(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_module *module = self_module(L, S, "register_buffer");
  if (lua_type(L, 2) != LUA_TSTRING)
    return pgl_error(L, "register_buffer: name must be a string, got %s",
                     pgl_kind(L, S, 2));
  const char *name = lua_tostring(L, 2);
  peri_tensor *x = pgl_check_tensor(L, S, 3, "register_buffer", "the buffer");
  if (peri_module_set(module, name, PERI_BUFFER, x, NULL) < 0)
    return pgl_raise(L, S);
  pgl_scope_leave(lua_touserdata(L, 3));
  lua_settop(L, 3);
  pgl_cache(L, x);
  lua_getiuservalue(L, 1, 1);
  lua_insert(L, 2);
  lua_rawset(L, 2); /* a field like others */
  return 0;
}

const pgl_function pgl_module_methods[] = {
    {"forward", "module:forward(...)", method_forward,
     "Run the module, as module(...) does. Classes define it."},
    {"parameters", "module:parameters()", method_parameters,
     "List the parameters of the module and all below it, each once."},
    {"named_parameters", "module:named_parameters()", method_named_parameters,
     "Iterate over them with their paths:\n"
     "for path, p in module:named_parameters() do ... end"},
    {"buffers", "module:buffers()", method_buffers,
     "List the buffers: tensors that are kept but not trained."},
    {"named_buffers", "module:named_buffers()", method_named_buffers,
     "Iterate over the buffers with their paths."},
    {"modules", "module:modules()", method_modules,
     "List the module and all below it."},
    {"named_modules", "module:named_modules()", method_named_modules,
     "Iterate over all modules below with their paths."},
    {"children", "module:children()", method_children,
     "List the modules that this one is made of: also module[i] and #module."},
    {"train", "module:train(on)", method_train,
     "Put the module and all below it into training, with false into\n"
     "evaluation.\n"
     "-> the module"},
    {"eval", "module:eval()", method_eval,
     "Put the module and all below it into evaluation.\n"
     "-> the module"},
    {"zero_grad", "module:zero_grad()", method_zero_grad,
     "Forget the gradients of all parameters."},
    {"register_buffer", "module:register_buffer(name, x)",
     method_register_buffer,
     "Keep x under a name: it moves with the module, but is not trained."},
    {NULL, NULL, NULL, NULL}};
