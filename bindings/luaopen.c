/* luaopen.c - opens the module: walks core's tables and those of functions
   and puts together what require "perigee" gives.

   The module is made once per lua_State and found again in the registry, so
   that opening it twice gives the same operations, types and context. */
#include <string.h>

#include "binding.h"

/* Key of the registry. */
static const char module_key;

void pgl_push_module_table(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &module_key);
}

void pgl_add_functions(lua_State *L, const pgl_function *rows) {
  for (; rows->name; rows++) {
    if (!rows->call) continue; /* made in Lua */
    pgl_push_state(L);
    lua_pushcclosure(L, rows->call, 1);
    lua_setfield(L, -2, rows->name);
  }
}

/* ---- Operations ------------------------------------------------------- */

static bool is_function(const peri_op *op) {
  return !(op->flags & (PERI_OP_HIDDEN | PERI_OP_ONLY_INPLACE));
}

static void add_ops(lua_State *L) {
  const peri_op *op;
  for (int i = 0; (op = peri_op_at(NULL, i)) != NULL; i++) {
    if (!is_function(op)) continue;
    pgl_push_op(L, op, PGL_PLAIN);
    lua_setfield(L, -2, op->name);
  }
}

/* Raise for a name that the table at 1, called 'what', does not have. */
static int unknown_name(lua_State *L, const char *what, const char *name) {
  const char *names[1024]; /* more than there are */
  int count = 0;
  for (lua_pushnil(L); count < 1024 && lua_next(L, 1);) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) names[count++] = lua_tostring(L, -1);
  }
  return pgl_unknown(L, what, "field", name, names, count);
}

/* __index of pg.nn and its like; upvalue 2 is its name. */
static int part_index(lua_State *L) {
  pgl_enter(L);
  return unknown_name(L, lua_tostring(L, lua_upvalueindex(2)),
                      luaL_tolstring(L, 2, NULL));
}

/* Finish part 'name' of the module at the top: what it lacks raises. */
static void close_part(lua_State *L, const char *name) {
  lua_getfield(L, -1, name);
  lua_createtable(L, 0, 1);
  pgl_push_state(L);
  lua_pushstring(L, name);
  lua_pushcclosure(L, part_index, 2);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
  lua_pop(L, 1);
}

/* What is missing may be an operation registered since; its function stays. */
static int module_index(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  const char *name = luaL_tolstring(L, 2, NULL);
  const peri_op *op = peri_op_named(S->ctx, name);
  if (!op || !is_function(op)) return unknown_name(L, "perigee", name);
  pgl_push_op(L, op, PGL_PLAIN);
  lua_pushvalue(L, -1);
  lua_setfield(L, 1, name);
  return 1;
}

static void add_metatable(lua_State *L) {
  lua_createtable(L, 0, 1);
  pgl_push_state(L);
  lua_pushcclosure(L, module_index, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}

/* ---- The rest --------------------------------------------------------- */

/* pg.float32 == "float32" */
static void add_dtypes(lua_State *L) {
  for (int i = 1; i < PERI_DTYPES; i++) {
    const char *name = peri_dtype_name((peri_dtype)i);
    lua_pushstring(L, name);
    lua_setfield(L, -2, name);
  }
}

/* Push the chunk of a built-in Lua module. */
static void push_chunk(lua_State *L, const peri__lua_module *module) {
  lua_pushfstring(L, "=[%s]", module->name);
  if (luaL_loadbufferx(L, module->code, module->size, lua_tostring(L, -1),
                       "text") != LUA_OK)
    lua_error(L);
  lua_remove(L, -2);
}

/* Loader of a built-in Lua module; upvalue 1 is its entry. */
static int load_built_in(lua_State *L) {
  lua_settop(L, 2);
  push_chunk(L, lua_touserdata(L, lua_upvalueindex(1)));
  lua_pushvalue(L, 1);
  lua_pushvalue(L, 2);
  lua_call(L, 2, 1);
  return 1;
}

static void add_preloads(lua_State *L) {
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  for (const peri__lua_module *m = peri__lua_modules; m->name; m++) {
    lua_pushlightuserdata(L, (void *)m);
    lua_pushcclosure(L, load_built_in, 1);
    lua_setfield(L, -2, m->name);
  }
  lua_pop(L, 1);
}

/* Run the built-in module that adds to the table nn, which is at the top. */
static void add_lua_modules(lua_State *L) {
  for (const peri__lua_module *m = peri__lua_modules; m->name; m++) {
    if (strcmp(m->name, "perigee.modules") != 0) continue;
    push_chunk(L, m);
    lua_pushvalue(L, -2);
    lua_call(L, 1, 0);
  }
}

static void add_nn(lua_State *L) {
  const peri_layer *layer;
  lua_newtable(L);
  for (int i = 0; (layer = peri_layer_at(i)) != NULL; i++) {
    pgl_push_layer(L, layer);
    lua_setfield(L, -2, layer->name);
  }
  pgl_add_functions(L, pgl_nn_functions);
  pgl_add_functions(L, pgl_parameter_functions);
  add_lua_modules(L);
  lua_setfield(L, -2, "nn");
}

static void add_root_functions(lua_State *L) {
  pgl_add_functions(L, pgl_make_functions);
  pgl_add_functions(L, pgl_autograd_functions);
  pgl_add_functions(L, pgl_scope_functions);
  pgl_add_functions(L, pgl_record_functions);
  pgl_add_functions(L, pgl_random_functions);
  pgl_add_functions(L, pgl_info_functions);
  pgl_add_functions(L, pgl_help_functions);
}

static void open_types(lua_State *L, pgl_state *S) {
  pgl_open_tensor(L, S);
  pgl_open_scope(L, S);
  pgl_open_record(L, S);
  pgl_open_generator(L, S);
  pgl_open_module(L, S);
}

PERI_API int luaopen_perigee(lua_State *L) {
  luaL_checkversion(L);
  pgl_state *S = pgl_open(L, NULL);
  luaL_checkstack(L, LUA_MINSTACK, "perigee");
  pgl_push_module_table(L);
  if (lua_istable(L, -1)) return 1;
  open_types(L, S);
  lua_newtable(L);
  add_ops(L);
  add_root_functions(L);
  add_dtypes(L);
  add_nn(L);
  pgl_open_optim(L, S);
  pgl_open_data(L, S);
  close_part(L, "nn");
  close_part(L, "optim");
  close_part(L, "data");
  lua_pushliteral(L, "Perigee " PERI_VERSION);
  lua_setfield(L, -2, "_VERSION");
  add_metatable(L);
  add_preloads(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &module_key);
  return 1;
}
