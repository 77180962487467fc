/* optim.c - the userdata of optimizers: optim.Name(parameters, options), its
   methods, and its hyper-parameters as fields. */
#include <string.h>

#include "binding.h"

typedef struct {
  peri_optimizer *optimizer;
} optim_box;

static int optim_gc(lua_State *L) {
  optim_box *box = lua_touserdata(L, 1);
  peri_optimizer_free(box->optimizer);
  box->optimizer = NULL;
  return 0;
}

/* Push "optim.Name", which stands in front of messages. */
static const char *push_title(lua_State *L, const peri_optim *optim) {
  return lua_pushfstring(L, "optim.%s", optim->name);
}

/* The list of parameters at 1, with advice for what it is often confused
   with. */
static peri_tensor **read_parameters(lua_State *L, const pgl_state *S,
                                     const char *what, int *count,
                                     pgl_hold **hold) {
  if (pgl_to_module(L, S, 1))
    pgl_error(L,
              "%s: the first argument is a list of parameters; of a module "
              "it is module:parameters()",
              what);
  return pgl_hold_list(L, S, 1, what, "parameters", count, hold);
}

/* The constructor of an optimizer; upvalue 2 is its row. */
static int new_optimizer(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_optim *optim = lua_touserdata(L, lua_upvalueindex(2));
  pgl_args args;
  pgl_hold *hold;
  int count, last = lua_gettop(L);
  if (last < 1) lua_settop(L, last = 1);
  luaL_checkstack(L, 4, optim->name);
  optim_box *box = pgl_new(L, PGL_OPTIMIZER, sizeof *box, 0);
  const pgl_signature signature = {push_title(L, optim), NULL, optim->params};
  pgl_read_args(L, S, &signature, 2, last, &args);
  peri_tensor **parameters =
      read_parameters(L, S, signature.what, &count, &hold);
  box->optimizer =
      peri_optimizer_new(S->ctx, optim, parameters, count, args.value);
  pgl_hold_drop(hold);
  if (!box->optimizer) return pgl_raise(L, S);
  lua_settop(L, last + 1);
  return 1;
}

static peri_optimizer *self_optimizer(lua_State *L, const pgl_state *S,
                                      const char *what) {
  const optim_box *box = pgl_check_self(L, S, PGL_OPTIMIZER, what);
  return pgl_alive(L, box->optimizer, PGL_OPTIMIZER);
}

/* The optimizer of a metamethod. */
static peri_optimizer *to_optimizer(lua_State *L, const pgl_state *S) {
  const optim_box *box = pgl_test(L, S, 1, PGL_OPTIMIZER);
  return pgl_alive(L, box->optimizer, PGL_OPTIMIZER);
}

/* ---- Methods ---------------------------------------------------------- */

static int method_step(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  return peri_step(self_optimizer(L, S, "step")) < 0 ? pgl_raise(L, S) : 0;
}

static int method_zero_grad(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_optimizer *optimizer = self_optimizer(L, S, "zero_grad");
  return peri_zero_grad(optimizer) < 0 ? pgl_raise(L, S) : 0;
}

const pgl_function pgl_optimizer_methods[] = {
    {"step", "optimizer:step()", method_step,
     "Update every parameter that has a gradient: all of them or none.\n"
     "The hyper-parameters are fields, read and set by name:\n"
     "optimizer.lr = optimizer.lr / 2"},
    {"zero_grad", "optimizer:zero_grad()", method_zero_grad,
     "Forget the gradients of the parameters."},
    {NULL, NULL, NULL, NULL}};

/* ---- Fields ----------------------------------------------------------- */

/* Place of hyper-parameter 'name', or raise. */
static int find_param(lua_State *L, const peri_optim *optim, const char *name) {
  const char *names[PERI_MAX_PARAMS + 4];
  int count = 0;
  for (int i = 0; optim->params[i].name; i++) {
    if (strcmp(optim->params[i].name, name) == 0) return i;
    names[count++] = optim->params[i].name;
  }
  for (int i = 0; pgl_optimizer_methods[i].name; i++)
    names[count++] = pgl_optimizer_methods[i].name;
  return pgl_unknown(L, push_title(L, optim), "field", name, names, count);
}

/* Upvalue 2 is the table of methods. */
static int optim_index(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  const peri_optimizer *optimizer = to_optimizer(L, S);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return 1;
  const peri_optim *optim = peri_optimizer_row(optimizer);
  int place = find_param(L, optim, luaL_tolstring(L, 2, NULL));
  const peri_value value = peri_optimizer_value(optimizer, place);
  pgl_push_value(L, &optim->params[place], &value, 0);
  return 1;
}

static int optim_newindex(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_optimizer *optimizer = to_optimizer(L, S);
  const peri_optim *optim = peri_optimizer_row(optimizer);
  int place = find_param(L, optim, luaL_tolstring(L, 2, NULL));
  peri_value value;
  const char *title = push_title(L, optim);
  pgl_read_value(L, S, title, &optim->params[place], 3, &value);
  if (value.type == PERI_P_END)
    return pgl_error(L, "%s: %s cannot be nil", title,
                     optim->params[place].name);
  if (peri_optimizer_set(optimizer, place, &value) < 0) return pgl_raise(L, S);
  return 0;
}

/* "optim.Name { lr = 0.1, ... }" with all hyper-parameters. */
static int optim_tostring(lua_State *L) {
  const peri_optimizer *optimizer = to_optimizer(L, pgl_enter(L));
  const peri_optim *optim = peri_optimizer_row(optimizer);
  lua_pushfstring(L, "optim.%s {", optim->name);
  for (int i = 0; optim->params[i].name; i++) {
    const peri_value value = peri_optimizer_value(optimizer, i);
    lua_pushfstring(L, "%s %s = ", i == 0 ? "" : ",", optim->params[i].name);
    pgl_push_value_text(L, &optim->params[i], &value, 0);
    lua_concat(L, 3);
  }
  lua_pushliteral(L, " }");
  lua_concat(L, 2);
  return 1;
}

/* Names for completion. */
static int optim_names(lua_State *L) {
  const peri_optimizer *optimizer = to_optimizer(L, pgl_enter(L));
  const peri_optim *optim = peri_optimizer_row(optimizer);
  lua_Integer count = 0;
  lua_newtable(L);
  for (int i = 0; optim->params[i].name; i++) {
    lua_pushstring(L, optim->params[i].name);
    lua_rawseti(L, -2, ++count);
  }
  for (int i = 0; pgl_optimizer_methods[i].name; i++) {
    lua_pushstring(L, pgl_optimizer_methods[i].name);
    lua_rawseti(L, -2, ++count);
  }
  return 1;
}

/* ---- The table optim -------------------------------------------------- */

static int list_optimizers(lua_State *L) {
  const peri_optim *optim;
  pgl_enter(L);
  lua_newtable(L);
  for (int i = 0; (optim = peri_optim_at(i)) != NULL; i++) {
    pgl_push_row(L, optim->name, optim->params, optim->doc);
    lua_setfield(L, -2, optim->name);
  }
  return 1;
}

const pgl_function pgl_optim_functions[] = {
    {"optimizers", "optim.optimizers()", list_optimizers,
     "Describe the optimizers, by name: { name, params, doc }."},
    {NULL, NULL, NULL, NULL}};

void pgl_open_optim(lua_State *L, pgl_state *S) {
  static const luaL_Reg methods[] = {{"__gc", optim_gc},
                                     {"__newindex", optim_newindex},
                                     {"__tostring", optim_tostring},
                                     {"__names", optim_names},
                                     {NULL, NULL}};
  const peri_optim *optim;
  pgl_new_type(L, S, PGL_OPTIMIZER, methods);
  pgl_push_state(L);
  lua_newtable(L);
  pgl_add_functions(L, pgl_optimizer_methods);
  lua_pushcclosure(L, optim_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  lua_newtable(L);
  for (int i = 0; (optim = peri_optim_at(i)) != NULL; i++) {
    pgl_push_state(L);
    lua_pushlightuserdata(L, (void *)optim);
    lua_pushcclosure(L, new_optimizer, 2);
    lua_setfield(L, -2, optim->name);
  }
  pgl_add_functions(L, pgl_optim_functions);
  lua_setfield(L, -2, "optim");
}
