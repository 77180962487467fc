/* state.c - the state of the binding in a lua_State: its context, its types
   of userdata, the weak cache that gives one userdata per object of core, and
   what is kept per coroutine.

   Everything lies in Lua's registry under addresses of this file, so that
   opening the module twice finds what is there. The state's userdata is the
   first to get a finalizer and thus the last to be finalised: when the context
   goes, all boxes are empty. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "binding.h"

/* Keys of the registry. */
static const char state_key, threads_key, cache_key;
static const char type_keys[PGL_TYPES];

static const char *const type_names[PGL_TYPES] = {
    [PGL_TENSOR] = "tensor",       [PGL_MODULE] = "module",
    [PGL_OPTIMIZER] = "optimizer", [PGL_DATASET] = "data set",
    [PGL_LOADER] = "loader",       [PGL_EPOCH] = "epoch",
    [PGL_RECORDING] = "recording", [PGL_GRAD_MODE] = "no_grad",
    [PGL_SCOPE] = "scope",         [PGL_HOLD] = "results",
    [PGL_GENERATOR] = "generator",
};

/* ---- Types of userdata ------------------------------------------------ */

void pgl_new_type(lua_State *L, pgl_state *S, pgl_type type,
                  const luaL_Reg *methods) {
  lua_newtable(L);
  pgl_push_state(L);
  luaL_setfuncs(L, methods, 1);
  lua_pushstring(L, type_names[type]);
  lua_setfield(L, -2, "__name");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &type_keys[type]);
  S->meta[type] = lua_topointer(L, -1);
}

void pgl_push_type(lua_State *L, pgl_type type) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &type_keys[type]);
}

void *pgl_new(lua_State *L, pgl_type type, size_t bytes, int user_values) {
  void *block = lua_newuserdatauv(L, bytes, user_values);
  memset(block, 0, bytes);
  pgl_push_type(L, type);
  lua_setmetatable(L, -2);
  return block;
}

void *pgl_test(lua_State *L, const pgl_state *S, int index, pgl_type type) {
  void *block = lua_touserdata(L, index);
  if (!block || !lua_getmetatable(L, index)) return NULL;
  bool same = lua_topointer(L, -1) == S->meta[type];
  lua_pop(L, 1);
  return same ? block : NULL;
}

const char *pgl_type_name(pgl_type type) { return type_names[type]; }

void *pgl_check_self(lua_State *L, const pgl_state *S, pgl_type type,
                     const char *what) {
  void *block = pgl_test(L, S, 1, type);
  if (!block)
    pgl_error(L, "%s: %s %s must stand in front of the colon, got %s", what,
              strchr("aeiou", type_names[type][0]) ? "an" : "a",
              type_names[type], pgl_kind(L, S, 1));
  return block;
}

void *pgl_alive(lua_State *L, void *object, pgl_type type) {
  if (!object)
    pgl_error(L, "the %s was freed by the collector before this finalizer",
              type_names[type]);
  return object;
}

/* ---- Cache ------------------------------------------------------------ */

static void push_cache(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &cache_key);
}

bool pgl_push_cached(lua_State *L, const void *object) {
  push_cache(L);
  bool found = lua_rawgetp(L, -1, object) != LUA_TNIL;
  lua_remove(L, -2);
  if (!found) lua_pop(L, 1);
  return found;
}

void pgl_uncache(lua_State *L, const void *object, const void *block) {
  push_cache(L);
  lua_rawgetp(L, -1, object);
  bool same = lua_touserdata(L, -1) == block;
  lua_pop(L, 1);
  lua_pushnil(L);
  if (same)
    lua_rawsetp(L, -2, object);
  else
    lua_pop(L, 1);
  lua_pop(L, 1);
}

void pgl_cache(lua_State *L, const void *object) {
  push_cache(L);
  lua_pushvalue(L, -2);
  lua_rawsetp(L, -2, object);
  lua_pop(L, 1);
}

/* ---- Coroutines ------------------------------------------------------- */

pgl_flow *pgl_push_flow(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &threads_key);
  lua_pushthread(L);
  if (lua_rawget(L, -2) == LUA_TNIL) {
    lua_pop(L, 1);
    pgl_flow *flow = lua_newuserdatauv(L, sizeof *flow, 0);
    *flow = (pgl_flow){.grad = true, .below = INT_MAX, .depth = INT_MAX};
    lua_pushthread(L);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);
  }
  lua_remove(L, -2);
  return lua_touserdata(L, -1);
}

bool pgl_is_active(lua_State *L) {
  lua_Debug frame;
  return lua_status(L) == LUA_OK && lua_getstack(L, 0, &frame);
}

/* Core has one stack of running modules, for the paths in errors. A coroutine
   that yields inside a forward takes its modules off it; when it goes on, its
   errors lack the part of the path that lies before the yield. */
static void switch_modules(pgl_state *S, pgl_flow *next) {
  pgl_flow *last = S->flow;
  if (!last || last == next) return;
  last->depth = peri_module_depth(S->ctx);
  if (pgl_is_active(S->thread)) { /* which resumed the next one */
    next->below = last->depth;
    return;
  }
  int depth = last->below < next->depth ? last->below : next->depth;
  peri_module_leave(S->ctx, depth);
  if (next->below > depth) next->below = depth;
}

void pgl_switch(lua_State *L, pgl_state *S) {
  if (!S->ctx) luaL_error(L, "perigee: the Lua state is closing");
  luaL_checkstack(L, 5, "perigee");
  pgl_flow *flow = pgl_push_flow(L);
  pgl_push_state(L);
  lua_pushthread(L);
  lua_setiuservalue(L, -2, 1); /* alive as long as S->thread points to it */
  lua_pop(L, 2);
  if (S->thread) switch_modules(S, flow);
  S->thread = L;
  S->flow = flow;
  peri_set_grad_enabled(S->ctx, flow->grad);
}

/* ---- Opening ---------------------------------------------------------- */

static int state_gc(lua_State *L) {
  pgl_state *S = lua_touserdata(L, 1);
  peri_context *ctx = S->ctx;
  S->ctx = NULL; /* calls from later finalizers are refused */
  S->thread = NULL;
  peri_context_free(ctx);
  return 0;
}

/* Make the table for registry key 'key' with weak keys or values. */
static void new_weak_table(lua_State *L, const char *key, const char *mode) {
  lua_newtable(L);
  lua_createtable(L, 0, 1);
  lua_pushstring(L, mode);
  lua_setfield(L, -2, "__mode");
  lua_setmetatable(L, -2);
  lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void pgl_push_state(lua_State *L) {
  lua_rawgetp(L, LUA_REGISTRYINDEX, &state_key);
}

pgl_state *pgl_find(lua_State *L) {
  pgl_push_state(L);
  pgl_state *S = lua_touserdata(L, -1);
  lua_pop(L, 1);
  return S;
}

/* The whole number that 'text' is; -1, which no context takes, if it is none.
 */
static int read_threads(const char *text) {
  char *end;
  long count = strtol(text, &end, 10);
  bool fine = end != text && *end == '\0' && count >= 0 && count <= INT_MAX;
  return fine ? (int)count : -1;
}

void pgl_environment(peri_options *options) {
  const char *threads = getenv("PERIGEE_THREADS");
  if (!options->isa) options->isa = getenv("PERIGEE_ISA");
  if (!options->data_path) options->data_path = getenv("PERIGEE_DATA");
  if (!options->lapack) options->lapack = getenv("PERIGEE_LAPACK");
  if (options->threads == 0 && threads)
    options->threads = read_threads(threads);
}

/* The context of 'S', whose userdata is at the top. */
static void open_context(lua_State *L, pgl_state *S,
                         const peri_options *options) {
  const char *why = "out of memory";
  peri_options own = {0};
  if (options)
    own = *options;
  else
    pgl_environment(&own);
  S->byte_limit = own.byte_limit;
  S->ctx = peri_context_new(&own, &why);
  if (!S->ctx) luaL_error(L, "perigee: %s", why);
}

pgl_state *pgl_open(lua_State *L, const peri_options *options) {
  pgl_state *S = pgl_find(L);
  if (S) return S;
  luaL_checkstack(L, LUA_MINSTACK, "perigee");
  S = lua_newuserdatauv(L, sizeof *S, 1);
  memset(S, 0, sizeof *S);
  lua_rawgeti(L, LUA_REGISTRYINDEX, LUA_RIDX_MAINTHREAD);
  S->main = lua_tothread(L, -1);
  lua_pop(L, 1);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, state_gc);
  lua_setfield(L, -2, "__gc");
  lua_pushboolean(L, 0);
  lua_setfield(L, -2, "__metatable");
  lua_setmetatable(L, -2);
  open_context(L, S, options);
  new_weak_table(L, &threads_key, "k");
  new_weak_table(L, &cache_key, "v");
  lua_rawsetp(L, LUA_REGISTRYINDEX, &state_key);
  pgl_set_limit(L, S);
  pgl_switch(L, S);
  return S;
}
