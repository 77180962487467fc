/* scope.c - pg.no_grad and pg.scope: what holds while a function runs, or
   until a <close> variable ends.

   Both are a closing value. The form with a function makes the value itself
   and lets Lua close it, so that results, errors with their tracebacks and
   yields pass through untouched. What is set belongs to the coroutine. */
#include "binding.h"

/* ---- Gradient mode ---------------------------------------------------- */

/* Closing value: the mode to go back to. User value 1: the flow. */
typedef struct {
  pgl_flow *flow;
  bool was;
} grad_mode;

static void set_mode(pgl_state *S, pgl_flow *flow, bool on) {
  flow->grad = on;
  if (flow == S->flow) peri_set_grad_enabled(S->ctx, on);
}

static int grad_mode_close(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const grad_mode *mode = pgl_test(L, S, 1, PGL_GRAD_MODE);
  if (mode) set_mode(S, mode->flow, mode->was);
  return 0;
}

static void push_grad_mode(lua_State *L, pgl_state *S, bool on) {
  grad_mode *mode = pgl_new(L, PGL_GRAD_MODE, sizeof *mode, 1);
  mode->flow = pgl_push_flow(L);
  mode->was = mode->flow->grad;
  lua_setiuservalue(L, -2, 1);
  set_mode(S, mode->flow, on);
}

/* ---- Calling a function under a closing value ------------------------- */

/* With the closing value at 1: results are all above it. */
static int end_call(lua_State *L, int status, lua_KContext unused) {
  (void)status;
  (void)unused;
  return lua_gettop(L) - 1;
}

/* The closing value is at the top, function and arguments below it. */
static int call_under(lua_State *L, lua_KFunction end) {
  lua_insert(L, 1);
  lua_toclose(L, 1);
  lua_callk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, end);
  return end(L, LUA_OK, 0);
}

static int no_grad(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  bool bare = lua_isnoneornil(L, 1);
  luaL_checkstack(L, 6, "no_grad");
  if (!bare) pgl_check_function(L, S, 1, "no_grad");
  push_grad_mode(L, S, false);
  return bare ? 1 : call_under(L, end_call);
}

static int is_grad_enabled(lua_State *L) {
  lua_pushboolean(L, pgl_enter(L)->flow->grad);
  return 1;
}

/* ---- Scopes ----------------------------------------------------------- */

static void enrol(pgl_scope *scope, pgl_tensor *box) {
  if (!scope) return;
  box->next = scope->made;
  box->link = &scope->made;
  if (box->next) box->next->link = &box->next;
  scope->made = box;
}

void pgl_scope_enrol(pgl_state *S, pgl_tensor *box) {
  enrol(S->flow->scope, box);
}

void pgl_scope_leave(pgl_tensor *box) {
  if (!box->link) return;
  *box->link = box->next;
  if (box->next) box->next->link = box->link;
  box->next = NULL;
  box->link = NULL;
}

static void free_made(lua_State *L, pgl_scope *scope) {
  while (scope->made) {
    pgl_tensor *box = scope->made;
    pgl_uncache(L, box->x, box);
    pgl_free_box(box,
                 "at the end of pg.scope; return it from there to keep it");
  }
}

/* End 'scope' and those still open inside it. */
static int scope_close(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  pgl_scope *scope = pgl_test(L, S, 1, PGL_SCOPE);
  if (!scope || !scope->flow) return 0;
  pgl_flow *flow = scope->flow;
  for (bool last = false; !last && flow->scope;) {
    pgl_scope *inner = flow->scope;
    last = inner == scope;
    flow->scope = inner->outer;
    inner->flow = NULL;
    free_made(L, inner);
  }
  return 0;
}

/* A scope that nobody closed hands what it has to the one around it. */
static int scope_gc(lua_State *L) {
  pgl_scope *scope = lua_touserdata(L, 1);
  if (!scope->flow) return 0;
  pgl_scope **place = &scope->flow->scope;
  while (*place && *place != scope) place = &(*place)->outer;
  if (*place) *place = scope->outer;
  while (scope->made) {
    pgl_tensor *box = scope->made;
    pgl_scope_leave(box);
    enrol(scope->outer, box);
  }
  scope->flow = NULL;
  return 0;
}

/* User values: 1 the flow, 2 whatever keeps the scope around alive. */
static pgl_scope *push_scope(lua_State *L) {
  pgl_scope *scope = pgl_new(L, PGL_SCOPE, sizeof *scope, 2);
  pgl_flow *flow = pgl_push_flow(L);
  lua_setiuservalue(L, -2, 1);
  if (flow->scope && pgl_push_cached(L, flow->scope))
    lua_setiuservalue(L, -2, 2);
  pgl_cache(L, scope);
  scope->outer = flow->scope;
  scope->flow = flow;
  flow->scope = scope;
  return scope;
}

/* ---- What survives a scope -------------------------------------------- */

static void save_tensor(lua_State *L, const pgl_state *S, pgl_scope *scope,
                        int index) {
  pgl_tensor *box = pgl_test(L, S, index, PGL_TENSOR);
  if (!box || !box->link) return;
  pgl_scope_leave(box);
  enrol(scope->outer, box);
}

/* A tensor, or the tensors in a table. */
static void save_value(lua_State *L, const pgl_state *S, pgl_scope *scope,
                       int index) {
  save_tensor(L, S, scope, index);
  if (lua_type(L, index) != LUA_TTABLE) return;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
    save_tensor(L, S, scope, lua_gettop(L));
}

static int end_scope(lua_State *L, int status, lua_KContext unused) {
  const pgl_state *S = pgl_enter(L);
  pgl_scope *scope = lua_touserdata(L, 1);
  (void)status;
  (void)unused;
  luaL_checkstack(L, 4, "scope");
  int last = lua_gettop(L);
  for (int i = 2; i <= last; i++) save_value(L, S, scope, i);
  return last - 1;
}

static int scope_keep(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  pgl_scope *scope = pgl_check_self(L, S, PGL_SCOPE, "keep");
  int last = lua_gettop(L);
  for (int i = 2; i <= last; i++) save_value(L, S, scope, i);
  return last - 1;
}

static int open_scope(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  bool bare = lua_isnoneornil(L, 1);
  luaL_checkstack(L, 6, "scope");
  if (!bare) pgl_check_function(L, S, 1, "scope");
  push_scope(L);
  return bare ? 1 : call_under(L, end_scope);
}

/* ---- Opening ---------------------------------------------------------- */

const pgl_function pgl_scope_functions[] = {
    {"no_grad", "pg.no_grad(fn, ...)", no_grad,
     "Call fn(...) without recording operations, and return what it returns.\n"
     "Without fn the value returned ends it when it is closed:\n"
     "local off <close> = pg.no_grad(). Each coroutine has a mode of its own."},
    {"is_grad_enabled", "pg.is_grad_enabled()", is_grad_enabled,
     "Tell whether operations are recorded."},
    {"scope", "pg.scope(fn, ...)", open_scope,
     "Call fn(...), free at once the tensors made in it, and return what it\n"
     "returns. Tensors among the results, or directly in tables among them,\n"
     "survive.\n"
     "Without fn the value returned ends the scope when it is closed, and its\n"
     "keep(...) lets tensors survive:\n"
     "local s <close> = pg.scope(). A tensor freed so raises when it is used."},
    {NULL, NULL, NULL, NULL}};

static const pgl_function scope_methods[] = {
    {"keep", "scope:keep(...)", scope_keep,
     "Let tensors survive the scope, and return them."},
    {NULL, NULL, NULL, NULL}};

void pgl_open_scope(lua_State *L, pgl_state *S) {
  static const luaL_Reg mode[] = {{"__close", grad_mode_close}, {NULL, NULL}};
  static const luaL_Reg scope[] = {
      {"__close", scope_close}, {"__gc", scope_gc}, {NULL, NULL}};
  pgl_new_type(L, S, PGL_GRAD_MODE, mode);
  pgl_new_type(L, S, PGL_SCOPE, scope);
  lua_newtable(L);
  pgl_add_functions(L, scope_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
}
