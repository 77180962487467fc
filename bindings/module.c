/* module.c - the userdata of modules: layers of core's table, their making,
   calls and fields. The methods that all modules share are in module_method.c,
   classes written in Lua in class.c.

   There is one userdata per module, found through the weak cache. Its first
   user value is a table: of a container the list of its modules, of an
   instance of a class its fields. So children live as long as their parents
   and cycles can be collected. */
#include <string.h>

#include "binding.h"

#define MOST_NAMES 128 /* of fields that a message compares with */

/* ---- Userdata --------------------------------------------------------- */

static int module_gc(lua_State *L) {
  pgl_module *box = lua_touserdata(L, 1);
  peri_module_free(box->module);
  box->module = NULL;
  return 0;
}

pgl_module *pgl_new_module(lua_State *L) {
  pgl_module *box = pgl_new(L, PGL_MODULE, sizeof *box, 2);
  lua_newtable(L);
  lua_setiuservalue(L, -2, 1);
  return box;
}

void pgl_push_module(lua_State *L, pgl_state *S, peri_module *module) {
  (void)S;
  luaL_checkstack(L, 5, "module");
  if (pgl_push_cached(L, module)) return;
  pgl_module *box = pgl_new_module(L);
  box->module = peri_module_keep(module);
  pgl_cache(L, module);
}

peri_module *pgl_to_module(lua_State *L, const pgl_state *S, int index) {
  const pgl_module *box = pgl_test(L, S, index, PGL_MODULE);
  return box ? pgl_alive(L, box->module, PGL_MODULE) : NULL;
}

static bool is_instance(const peri_module *module) {
  return peri_module_layer(module) == NULL;
}

bool pgl_find_slot(const peri_module *module, const char *name,
                   peri_slot *slot) {
  for (int i = 0; peri_module_slot(module, i, slot); i++)
    if (strcmp(slot->name, name) == 0) return true;
  return false;
}

void pgl_push_slot(lua_State *L, pgl_state *S, const peri_slot *slot) {
  if (slot->child)
    pgl_push_module(L, S, slot->child);
  else if (slot->tensor)
    pgl_push_unique(L, S, slot->tensor);
  else
    lua_pushnil(L);
}

/* ---- Making a layer --------------------------------------------------- */

/* Put the modules that are to be children into the list at the top: the
   arguments from 2 to 'last', or the entries of a table there. */
static int gather_children(lua_State *L, const pgl_state *S, const char *what,
                           int last) {
  int list = lua_gettop(L), count = 0;
  bool table = last == 2 && lua_type(L, 2) == LUA_TTABLE;
  int given = table ? (int)lua_rawlen(L, 2) : last - 1;
  for (lua_pushnil(L); table && lua_next(L, 2); lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING)
      pgl_error(L, "%s: modules have places here, not names: '%s'", what,
                lua_tostring(L, -2));
  if (!table) lua_pop(L, 1);
  for (; count < given; count++) {
    if (table)
      lua_rawgeti(L, 2, count + 1);
    else
      lua_pushvalue(L, count + 2);
    if (!pgl_to_module(L, S, -1))
      pgl_error(L, "%s: entry %d must be a module, got %s", what, count + 1,
                pgl_kind(L, S, -1));
    lua_rawseti(L, list, count + 1);
  }
  return count;
}

static peri_module *make_container(lua_State *L, pgl_state *S,
                                   const peri_layer *layer, int last) {
  lua_pushfstring(L, "nn.%s", layer->name);
  const char *what = lua_tostring(L, -1);
  lua_getiuservalue(L, last + 1, 1);
  int list = lua_gettop(L);
  int count = gather_children(L, S, what, last);
  peri_module **children =
      lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *children, 0);
  for (int i = 0; i < count; i++) {
    lua_rawgeti(L, list, i + 1);
    children[i] = ((const pgl_module *)lua_touserdata(L, -1))->module;
    lua_pop(L, 1);
  }
  return peri_module_new(S->ctx, layer, NULL, 1, children, count);
}

static peri_module *make_layer(lua_State *L, pgl_state *S,
                               const peri_layer *layer, int last) {
  lua_pushfstring(L, "nn.%s", layer->name);
  const pgl_signature signature = {lua_tostring(L, -1), NULL, layer->params};
  pgl_args args;
  pgl_read_args(L, S, &signature, 2, last, &args);
  return peri_module_new(S->ctx, layer, args.value, 1, NULL, 0);
}

/* The constructor of a layer; upvalue 2 is its row. */
static int new_layer(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_layer *layer = lua_touserdata(L, lua_upvalueindex(2));
  luaL_checkstack(L, 16, layer->name);
  lua_pushnil(L); /* arguments begin at 2, as those of a class do */
  lua_insert(L, 1);
  int last = lua_gettop(L);
  pgl_module *box = pgl_new_module(L);
  peri_module *module = layer->container ? make_container(L, S, layer, last)
                                         : make_layer(L, S, layer, last);
  if (!module) return pgl_raise(L, S);
  box->module = module;
  lua_settop(L, last + 1);
  pgl_cache(L, module);
  return 1;
}

void pgl_push_layer(lua_State *L, const peri_layer *layer) {
  pgl_push_state(L);
  lua_pushlightuserdata(L, (void *)layer);
  lua_pushcclosure(L, new_layer, 2);
}

/* ---- Calling ---------------------------------------------------------- */

/* Arguments and results of one forward in core. */
typedef struct {
  peri_tensor *in[PGL_MAX_ARGUMENTS], *out[PGL_MAX_RESULTS];
  int nin;
} forward_call;

static void read_tensors(lua_State *L, const pgl_state *S,
                         const peri_module *module, forward_call *f) {
  const char *what = peri_module_type(module);
  if (f->nin > PGL_MAX_ARGUMENTS)
    pgl_error(L, "nn.%s: takes at most %d tensors, got %d", what,
              PGL_MAX_ARGUMENTS, f->nin);
  for (int i = 0; i < f->nin; i++) {
    f->in[i] = pgl_to_tensor(L, S, i + 2);
    if (!f->in[i])
      pgl_error(L, "nn.%s: argument %d must be a tensor, got %s", what, i + 1,
                pgl_kind(L, S, i + 2));
  }
}

/* Run the module with shares of its inputs: modules written in Lua may free
   the boxes. */
static int run_forward(lua_State *L, pgl_state *S, peri_module *module,
                       forward_call *f, pgl_tensor *box) {
  lua_State *caller = S->caller;
  for (int i = 0; i < f->nin; i++) peri_keep(f->in[i]);
  S->caller = L;
  peri_scope scope = peri_scope_open(S->ctx);
  int count =
      peri_module_forward(module, f->in, f->nin, f->out, PGL_MAX_RESULTS);
  pgl_own_results(S, box, f->out, count);
  peri_scope_close(scope);
  S->caller = caller;
  for (int i = 0; i < f->nin; i++) peri_release(f->in[i]);
  return count;
}

/* The module is at 1, its arguments are behind it, then a box. What modules in
   Lua leave on the stack, values that core still uses, goes at the end. */
int pgl_call_layer(lua_State *L, pgl_state *S, peri_module *module) {
  forward_call f = {.nin = lua_gettop(L) - 1};
  pgl_tensor *box = pgl_new_box(L, S);
  read_tensors(L, S, module, &f);
  int count = run_forward(L, S, module, &f, box);
  if (count < 0) return pgl_raise(L, S);
  lua_settop(L, f.nin + 2);
  return pgl_give_results(L, S, f.out, count);
}

static int module_call(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_module *module = pgl_to_module(L, S, 1);
  if (is_instance(module)) return pgl_call_instance(L, S);
  return pgl_call_layer(L, S, module);
}

/* ---- Fields of layers ------------------------------------------------- */

/* A parameter of the layer's row by name; a flag that is off reads as nil,
   like the tensor that it leaves out. -> false if there is none */
static bool push_setting(lua_State *L, const peri_module *module,
                         const char *name) {
  const peri_param *param = peri_module_layer(module)->params;
  const peri_value *value = peri_module_values(module);
  for (int i = 0; param[i].name; i++) {
    if (strcmp(param[i].name, name) != 0) continue;
    if (param[i].type == PERI_P_BOOL && value[i].i == 0)
      lua_pushnil(L);
    else
      pgl_push_value(L, &param[i], &value[i], 0);
    return true;
  }
  return false;
}

/* The methods are at upvalue 2. */
static int unknown_field(lua_State *L, const peri_module *module,
                         const char *name) {
  const char *names[MOST_NAMES];
  peri_slot slot;
  int count = 0;
  const peri_param *param = peri_module_layer(module)->params;
  for (int i = 0; pgl_module_methods[i].name; i++)
    names[count++] = pgl_module_methods[i].name;
  for (int i = 0; param[i].name; i++) names[count++] = param[i].name;
  for (int i = 0; count < MOST_NAMES && peri_module_slot(module, i, &slot); i++)
    names[count++] = slot.name;
  lua_pushfstring(L, "nn.%s", peri_module_type(module));
  return pgl_unknown(L, lua_tostring(L, -1), "field", name, names, count);
}

/* Child number 'place', from 1. -> how many there are, if it is none */
static int find_child(const peri_module *module, lua_Integer place,
                      peri_slot *slot) {
  int count = 0;
  for (int i = 0; peri_module_slot(module, i, slot); i++)
    if (slot->kind == PERI_CHILD && ++count == place) break;
  return count;
}

/* Child number 'place', negative from the end; nil past it. */
static int push_child(lua_State *L, pgl_state *S, const peri_module *module,
                      lua_Integer place) {
  peri_slot slot;
  if (place < 0) place += find_child(module, 0, &slot) + 1;
  if (place >= 1 && find_child(module, place, &slot) == place)
    pgl_push_slot(L, S, &slot);
  else
    lua_pushnil(L);
  return 1;
}

static int layer_field(lua_State *L, pgl_state *S, const peri_module *module) {
  peri_slot slot;
  const char *name = luaL_tolstring(L, 2, NULL);
  if (pgl_find_slot(module, name, &slot))
    pgl_push_slot(L, S, &slot);
  else if (!push_setting(L, module, name))
    return unknown_field(L, module, name);
  return 1;
}

/* Upvalue 2 is the table of methods. */
static int module_index(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_module *module = pgl_to_module(L, S, 1);
  int whole = 0;
  lua_Integer place = lua_tointegerx(L, 2, &whole);
  if (lua_type(L, 2) == LUA_TNUMBER && whole)
    return push_child(L, S, module, place);
  if (is_instance(module) && pgl_instance_field(L)) return 1;
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return 1;
  if (lua_type(L, 2) == LUA_TSTRING &&
      strcmp(lua_tostring(L, 2), "training") == 0) {
    lua_pushboolean(L, peri_module_training(module));
    return 1;
  }
  return is_instance(module) ? 1 : layer_field(L, S, module);
}

/* A parameter or buffer of a layer may be exchanged for another. */
static int set_layer_field(lua_State *L, pgl_state *S, peri_module *module) {
  peri_slot slot;
  const char *name = luaL_tolstring(L, 2, NULL);
  if (!pgl_find_slot(module, name, &slot) || slot.kind == PERI_CHILD)
    return pgl_error(L, "nn.%s: field '%s' cannot be set",
                     peri_module_type(module), name);
  const char *title = lua_pushfstring(L, "nn.%s", peri_module_type(module));
  peri_tensor *x = pgl_check_tensor(L, S, 3, title, name);
  if (peri_module_set(module, name, slot.kind, x, NULL) < 0)
    return pgl_raise(L, S);
  pgl_scope_leave(lua_touserdata(L, 3));
  return 0;
}

static int module_newindex(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_module *module = pgl_to_module(L, S, 1);
  return is_instance(module) ? pgl_set_instance_field(L, S, module)
                             : set_layer_field(L, S, module);
}

/* ---- Other metamethods ------------------------------------------------ */

static int module_len(lua_State *L) {
  peri_slot slot;
  lua_pushinteger(L, find_child(pgl_to_module(L, pgl_enter(L), 1), 0, &slot));
  return 1;
}

static int module_tostring(lua_State *L) {
  luaL_Buffer buffer;
  const peri_module *module = pgl_to_module(L, pgl_enter(L), 1);
  size_t length = peri_module_text(module, NULL, 0);
  char *text = luaL_buffinitsize(L, &buffer, length + 1);
  peri_module_text(module, text, length + 1);
  luaL_pushresultsize(&buffer, strlen(text));
  return 1;
}

/* Names for completion: methods, and what the module holds by name. */
static int module_names(lua_State *L) {
  const peri_module *module = pgl_to_module(L, pgl_enter(L), 1);
  peri_slot slot;
  lua_Integer count = 0;
  lua_newtable(L);
  for (int i = 0; pgl_module_methods[i].name; i++) {
    lua_pushstring(L, pgl_module_methods[i].name);
    lua_rawseti(L, -2, ++count);
  }
  for (int i = 0; peri_module_slot(module, i, &slot); i++) {
    lua_pushstring(L, slot.name);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

void pgl_open_module(lua_State *L, pgl_state *S) {
  static const luaL_Reg methods[] = {{"__gc", module_gc},
                                     {"__call", module_call},
                                     {"__newindex", module_newindex},
                                     {"__len", module_len},
                                     {"__tostring", module_tostring},
                                     {"__names", module_names},
                                     {NULL, NULL}};
  pgl_new_type(L, S, PGL_MODULE, methods);
  pgl_push_state(L);
  lua_newtable(L);
  pgl_add_functions(L, pgl_module_methods);
  lua_pushcclosure(L, module_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
