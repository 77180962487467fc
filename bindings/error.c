/* error.c - how errors leave the binding: at the line of the user's own code,
   with the path of the modules that were running, the context cleared.

   A Lua error inside a callback of core stays on the Lua stack while core
   returns, and is raised again behind it, the value untouched. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"

#define TEXT_BYTES 1024 /* of an error text in core */

/* Keys of the registry: an annotated message and its traceback. */
static const char message_key, trace_key;

/* ---- Where ------------------------------------------------------------ */

/* Chunks of our own, built in, are called "=[perigee...". */
static bool is_ours(const lua_Debug *frame) {
  return strncmp(frame->source, "=[perigee", 9) == 0;
}

/* Push "file:line: " of the innermost frame that is Lua and not ours. */
static void push_where(lua_State *L) {
  lua_Debug frame;
  for (int level = 0; lua_getstack(L, level, &frame); level++) {
    lua_getinfo(L, "Sl", &frame);
    if (frame.currentline <= 0 || is_ours(&frame)) continue;
    lua_pushfstring(L, "%s:%d: ", frame.short_src, frame.currentline);
    return;
  }
  lua_pushliteral(L, "");
}

int pgl_error(lua_State *L, const char *format, ...) {
  va_list list;
  luaL_checkstack(L, 4, "perigee");
  push_where(L);
  va_start(list, format);
  lua_pushvfstring(L, format, list);
  va_end(list);
  lua_concat(L, 2);
  return lua_error(L);
}

/* ---- The context's error ---------------------------------------------- */

/* Copy the text out and clear, so that no later failure leaves it set. */
static peri_status take_error(pgl_state *S, char *text) {
  peri_status status = peri_error(S->ctx);
  snprintf(text, TEXT_BYTES, "%s", peri_error_text(S->ctx));
  peri_clear_error(S->ctx);
  return status;
}

int pgl_raise(lua_State *L, pgl_state *S) {
  char text[TEXT_BYTES];
  peri_status status = take_error(S, text);
  int parked = S->parked;
  S->parked = 0;
  luaL_checkstack(L, 4, "perigee");
  if (status == PERI_ECALLBACK && parked) {
    lua_pushvalue(L, parked);
    return lua_error(L);
  }
  return pgl_error(L, "%s", text[0] ? text : peri_status_text(status));
}

/* Name of 'status' without its prefix: "EIO". */
static const char *status_name(peri_status status) {
  switch (status) {
#define X(name, number, text) \
  case name: return &#name[sizeof "PERI"];
    PERI_STATUS_ROWS(X)
#undef X
  }
  return "?";
}

int pgl_world(lua_State *L, pgl_state *S) {
  char text[TEXT_BYTES];
  peri_status status = peri_error(S->ctx);
  if (status != PERI_EIO && status != PERI_EFORMAT) return pgl_raise(L, S);
  take_error(S, text);
  lua_pushnil(L);
  lua_pushstring(L, text);
  lua_pushstring(L, status_name(status));
  return 3;
}

/* ---- Wording ---------------------------------------------------------- */

#define LISTED 12 /* names that a message can still hold */

/* Push the names as "lr, betas, eps". */
static const char *push_names(lua_State *L, const char *const *names,
                              int count) {
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  for (int i = 0; i < count; i++) {
    if (i > 0) luaL_addstring(&text, ", ");
    luaL_addstring(&text, names[i]);
  }
  luaL_pushresult(&text);
  return lua_tostring(L, -1);
}

int pgl_unknown(lua_State *L, const char *what, const char *kind,
                const char *name, const char *const *names, int count) {
  const char *advice = pgl_advice(L, what, kind, name, names, count);
  if (advice)
    return pgl_error(L, "%s has no %s '%s'; write %s", what, kind, name,
                     advice);
  const char *nearest = peri_nearest(name, names, count);
  if (nearest)
    return pgl_error(L, "%s has no %s '%s'; did you mean '%s'?", what, kind,
                     name, nearest);
  if (count > 0 && count <= LISTED)
    return pgl_error(L, "%s has no %s '%s'; it has %s", what, kind, name,
                     push_names(L, names, count));
  return pgl_error(L, "%s has no %s '%s'", what, kind, name);
}

const char *pgl_kind(lua_State *L, const pgl_state *S, int index) {
  for (int type = 0; type < PGL_TYPES; type++)
    if (pgl_test(L, S, index, (pgl_type)type))
      return pgl_type_name((pgl_type)type);
  return luaL_typename(L, index);
}

void pgl_check_function(lua_State *L, const pgl_state *S, int index,
                        const char *what) {
  if (lua_isfunction(L, index)) return;
  if (luaL_getmetafield(L, index, "__call") == LUA_TNIL)
    pgl_error(L, "%s: fn must be a function, got %s", what,
              pgl_kind(L, S, index));
  lua_pop(L, 1);
}

/* ---- Errors in a module's forward ------------------------------------- */

/* True if 'message' ends like a path: (nn.Name "a.b") */
static bool has_path(const char *message, size_t length) {
  return length > 4 && strcmp(message + length - 2, "\")") == 0 &&
         strstr(message, " (") != NULL;
}

/* Keep the traceback of the message at the top. */
static void keep_trace(lua_State *L, pgl_state *S) {
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &message_key);
  luaL_traceback(L, L, lua_tostring(L, -1), 1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &trace_key);
  S->traced = true;
}

/* True if the value at the top is the message whose traceback is kept. A
   forward that begins ends this: the error before it was caught. */
static bool is_kept(lua_State *L, const pgl_state *S) {
  if (!S || !S->traced) return false;
  lua_rawgetp(L, LUA_REGISTRYINDEX, &message_key);
  bool same = lua_rawequal(L, -1, -2) != 0;
  lua_pop(L, 1);
  return same;
}

int pgl_annotate(lua_State *L) {
  char path[TEXT_BYTES / 2];
  size_t length;
  lua_settop(L, 1);
  pgl_state *S = pgl_find(L);
  if (lua_type(L, 1) != LUA_TSTRING || is_kept(L, S)) return 1;
  const char *message = lua_tolstring(L, 1, &length);
  if (!has_path(message, length) && peri_module_path(S->ctx, path, sizeof path))
    lua_pushfstring(L, "%s (%s)", message, path);
  keep_trace(L, S);
  return 1;
}

int pgl_traceback(lua_State *L) {
  lua_settop(L, 1);
  if (lua_type(L, 1) == LUA_TSTRING && is_kept(L, pgl_find(L))) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &trace_key);
    return 1;
  }
  const char *message = luaL_tolstring(L, 1, NULL);
  luaL_traceback(L, L, message, 1);
  return 1;
}
