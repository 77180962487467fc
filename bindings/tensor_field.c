/* tensor_field.c - what x.name means: a method, a field, an operation that was
   registered at run time, or an error that names the nearest.

   __index looks at the key's type first. Names are looked up in one table of
   members, where a method is its function and a field its row's address. */
#include <string.h>

#include "binding.h"

#define MOST_NAMES 1024 /* of members that a message compares with */

/* ---- Methods of operations -------------------------------------------- */

static bool has_plain_form(const peri_op *op) {
  return !(op->flags & (PERI_OP_HIDDEN | PERI_OP_ONLY_INPLACE));
}

static bool has_inplace_form(const peri_op *op) {
  return (op->flags & PERI_OP_INPLACE) && !(op->flags & PERI_OP_HIDDEN);
}

void pgl_add_op_methods(lua_State *L, const peri_op *op) {
  if (!op->inputs[0].name || (op->inputs[0].flags & PERI_IN_LIST)) return;
  if (has_plain_form(op)) {
    pgl_push_op(L, op, PGL_PLAIN);
    lua_setfield(L, -2, op->name);
  }
  if (has_inplace_form(op)) {
    lua_pushfstring(L, "%s%s", op->name, pgl_inplace_end(op->name));
    pgl_push_op(L, op, PGL_IN_PLACE);
    lua_rawset(L, -3);
  }
}

/* Add the methods of an operation called 'name' or 'name' without its
   underscore to the table at the top. -> false if there is none */
static bool add_registered(lua_State *L, const pgl_state *S, const char *name) {
  size_t length = strlen(name);
  const peri_op *op = peri_op_named(S->ctx, name);
  if (!op && length > 1 && name[length - 1] == '_') {
    lua_pushlstring(L, name, length - 1);
    op = peri_op_named(S->ctx, lua_tostring(L, -1));
    lua_pop(L, 1);
  }
  if (!op) return false;
  pgl_add_op_methods(L, op);
  return true;
}

/* ---- Fields ----------------------------------------------------------- */

/* "[2, 3]", so that a shape prints. */
static int shape_tostring(lua_State *L) {
  char text[PGL_TEXT_BYTES];
  int64_t shape[PERI_MAX_DIMS];
  luaL_checktype(L, 1, LUA_TTABLE);
  int ndim = (int)lua_rawlen(L, 1);
  if (ndim > PERI_MAX_DIMS) ndim = PERI_MAX_DIMS; /* a script changed it */
  for (int d = 0; d < ndim; d++) {
    lua_rawgeti(L, 1, d + 1);
    shape[d] = lua_tointeger(L, -1);
    lua_pop(L, 1);
  }
  lua_pushstring(L, peri_shape_text(shape, ndim, text, sizeof text));
  return 1;
}

static int shape_concat(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

/* Shapes are equal if their sizes are. */
static int shape_eq(lua_State *L) {
  lua_Unsigned ndim = lua_rawlen(L, 1);
  bool same =
      lua_istable(L, 1) && lua_istable(L, 2) && lua_rawlen(L, 2) == ndim;
  for (lua_Unsigned d = 1; same && d <= ndim; d++) {
    lua_rawgeti(L, 1, (lua_Integer)d);
    lua_rawgeti(L, 2, (lua_Integer)d);
    same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
  }
  lua_pushboolean(L, same);
  return 1;
}

void pgl_push_shape(lua_State *L, const peri_tensor *x) {
  int64_t shape[PERI_MAX_DIMS]; /* a copy: making a table may free x */
  int ndim = peri_tensor_ndim(x);
  memcpy(shape, peri_tensor_shape(x), (size_t)ndim * sizeof *shape);
  lua_createtable(L, ndim, 0);
  for (int d = 0; d < ndim; d++) {
    lua_pushinteger(L, shape[d]);
    lua_rawseti(L, -2, d + 1);
  }
  if (luaL_newmetatable(L, "perigee.shape")) {
    lua_pushcfunction(L, shape_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushcfunction(L, shape_concat);
    lua_setfield(L, -2, "__concat");
    lua_pushcfunction(L, shape_eq);
    lua_setfield(L, -2, "__eq");
  }
  lua_setmetatable(L, -2);
}

static int field_shape(lua_State *L) {
  pgl_push_shape(L, pgl_to_tensor(L, pgl_enter(L), 1));
  return 1;
}

static int field_dtype(lua_State *L) {
  const peri_tensor *x = pgl_to_tensor(L, pgl_enter(L), 1);
  lua_pushstring(L, peri_dtype_name(peri_tensor_dtype(x)));
  return 1;
}

static int field_device(lua_State *L) {
  lua_pushstring(L, peri_tensor_device(pgl_to_tensor(L, pgl_enter(L), 1)));
  return 1;
}

static int field_grad(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_tensor *grad = peri_grad(pgl_to_tensor(L, S, 1));
  if (grad)
    pgl_push_unique(L, S, grad);
  else
    lua_pushnil(L);
  return 1;
}

static int field_requires_grad(lua_State *L) {
  lua_pushboolean(L, peri_requires_grad(pgl_to_tensor(L, pgl_enter(L), 1)));
  return 1;
}

static int field_is_leaf(lua_State *L) {
  lua_pushboolean(L, peri_is_leaf(pgl_to_tensor(L, pgl_enter(L), 1)));
  return 1;
}

const pgl_function pgl_tensor_fields[] = {
    {"shape", "x.shape", field_shape,
     "The sizes, as a list that prints as [2, 3] and is equal to another of\n"
     "the same sizes."},
    {"dtype", "x.dtype", field_dtype,
     "The name of the element type: \"float32\"."},
    {"device", "x.device", field_device,
     "Where the elements live: \"cpu\", or \"meta\" for shapes alone."},
    {"grad", "x.grad", field_grad,
     "The gradient gathered in a leaf, or nil. It can be set; nil clears it.\n"
     "errors  shape if what is set does not fit x"},
    {"requires_grad", "x.requires_grad", field_requires_grad,
     "Whether a gradient flows to x. It can be set for leaves."},
    {"is_leaf", "x.is_leaf", field_is_leaf,
     "Whether x was not made by a recorded operation."},
    {NULL, NULL, NULL, NULL}};

static int set_grad(lua_State *L, pgl_state *S) {
  peri_tensor *grad = NULL;
  if (!lua_isnil(L, 3)) grad = pgl_check_tensor(L, S, 3, "tensor", "grad");
  peri_tensor *x = pgl_to_tensor(L, S, 1);
  if (peri_set_grad(x, grad) < 0) return pgl_raise(L, S);
  if (!grad) return 0;
  lua_settop(L, 3);
  pgl_cache(L, grad);
  return 0;
}

static int set_requires_grad(lua_State *L, pgl_state *S) {
  peri_tensor *x = pgl_to_tensor(L, S, 1);
  if (!lua_isboolean(L, 3))
    return pgl_error(L, "tensor: requires_grad must be true or false, got %s",
                     pgl_kind(L, S, 3));
  if (peri_set_requires_grad(x, lua_toboolean(L, 3)) < 0)
    return pgl_raise(L, S);
  pgl_settle(L, S, 1);
  return 0;
}

/* ---- Names ------------------------------------------------------------ */

int pgl_member_names(lua_State *L) {
  lua_Integer count = 0;
  lua_newtable(L);
  lua_pushnil(L);
  while (lua_next(L, lua_upvalueindex(1))) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, ++count);
  }
  return 1;
}

/* The members are at 'members'; the names live in that table. */
static int raise_unknown(lua_State *L, int members, const char *name) {
  const char *names[MOST_NAMES];
  int count = 0;
  lua_pushnil(L);
  while (count < MOST_NAMES && lua_next(L, members)) {
    lua_pop(L, 1);
    names[count++] = lua_tostring(L, -1);
  }
  return pgl_unknown(L, "tensor", "field", name, names, count);
}

/* Push member 'name', which may be a field's row. -> false if none */
static bool push_member(lua_State *L, const pgl_state *S, const char *name) {
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return true;
  lua_pushvalue(L, lua_upvalueindex(2));
  if (!add_registered(L, S, name)) return false;
  lua_pushvalue(L, 2);
  return lua_rawget(L, -2) != LUA_TNIL;
}

static int named_member(lua_State *L, const pgl_state *S) {
  const char *name = lua_tostring(L, 2);
  if (!push_member(L, S, name))
    return raise_unknown(L, lua_upvalueindex(2), name);
  if (!lua_islightuserdata(L, -1)) return 1;
  const pgl_function *field = lua_touserdata(L, -1);
  return field->call(L);
}

int pgl_tensor_index(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  if (lua_type(L, 2) == LUA_TSTRING) return named_member(L, S);
  return pgl_tensor_at(L, S);
}

int pgl_tensor_newindex(lua_State *L) {
  static const struct {
    const char *name;
    int (*set)(lua_State *L, pgl_state *S);
  } fields[] = {{"grad", set_grad}, {"requires_grad", set_requires_grad}};
  pgl_state *S = pgl_enter(L);
  if (lua_type(L, 2) != LUA_TSTRING) return pgl_tensor_set_at(L, S);
  const char *name = lua_tostring(L, 2);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
    if (strcmp(fields[i].name, name) == 0) return fields[i].set(L, S);
  return pgl_error(L, "tensor: '%s' cannot be set; grad and requires_grad can",
                   name);
}
