/* tensor.c - the userdata of tensors: boxes, identity, methods and
   metamethods that are not indexing.

   A box owns one share of its tensor. Results get a box of their own and no
   more; parameters, leaves that want a gradient, and gradients have one box
   at a time, found through the weak cache, so that they are equal to
   themselves and serve as keys of tables. */
#include <string.h>

#include "binding.h"

static const char spare_key; /* of the registry */

/* ---- Boxes ------------------------------------------------------------ */

/* Push an empty box without a metatable. */
static pgl_tensor *push_box(lua_State *L, pgl_state *S) {
  pgl_pay(L, S);
  pgl_tensor *box = lua_newuserdatauv(L, sizeof *box, 0);
  *box = (pgl_tensor){.state = S};
  return box;
}

pgl_tensor *pgl_new_box(lua_State *L, pgl_state *S) {
  pgl_tensor *box = push_box(L, S);
  pgl_push_type(L, PGL_TENSOR);
  lua_setmetatable(L, -2);
  return box;
}

pgl_tensor *pgl_new_result(lua_State *L, pgl_state *S, int type) {
  pgl_tensor *box = push_box(L, S);
  lua_pushvalue(L, type);
  lua_setmetatable(L, -2);
  return box;
}

void pgl_give_box(pgl_state *S, pgl_tensor *box, peri_tensor *x) {
  if (!x) return;
  box->x = x;
  pgl_scope_enrol(S, box);
  pgl_charge(S, peri_tensor_bytes(x));
}

void pgl_fill_box(pgl_state *S, pgl_tensor *box, peri_tensor *x) {
  pgl_give_box(S, box, peri_keep(x));
}

/* True if others keep 'x' under a name: it has one box at a time. */
static bool is_leaf(const peri_tensor *x) {
  return peri_requires_grad(x) && peri_is_leaf(x);
}

void pgl_identify(lua_State *L, const peri_tensor *x, int index) {
  if (!is_leaf(x)) return;
  if (!pgl_push_cached(L, x)) { /* an operation may give its input back */
    lua_pushvalue(L, index);
    pgl_cache(L, x);
  }
  lua_pop(L, 1);
}

void pgl_settle(lua_State *L, pgl_state *S, int index) {
  const pgl_tensor *box = lua_touserdata(L, index);
  if (!box->x) pgl_raise(L, S);
  pgl_identify(L, box->x, index);
}

/* Push the empty box that was put by, so that what goes into it cannot be freed
   by a finalizer before. */
static pgl_tensor *take_spare(lua_State *L, pgl_state *S) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &spare_key) == LUA_TNIL) {
    lua_pop(L, 1);
    return pgl_new_box(L, S);
  }
  lua_pushnil(L);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &spare_key);
  return lua_touserdata(L, -1);
}

static void put_spare(lua_State *L, pgl_state *S) {
  pgl_new_box(L, S);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &spare_key);
}

void pgl_push_tensor(lua_State *L, pgl_state *S, peri_tensor *x) {
  luaL_checkstack(L, 6, "tensor");
  if (pgl_push_cached(L, x)) return;
  pgl_tensor *box = take_spare(L, S);
  box->x = peri_keep(x);
  if (is_leaf(x)) pgl_cache(L, x);
  put_spare(L, S);
}

void pgl_push_unique(lua_State *L, pgl_state *S, peri_tensor *x) {
  pgl_push_tensor(L, S, x);
  pgl_cache(L, ((const pgl_tensor *)lua_touserdata(L, -1))->x);
}

void pgl_free_box(pgl_tensor *box, const char *how) {
  peri_tensor *x = box->x;
  pgl_scope_leave(box);
  box->x = NULL;
  box->freed = how;
  peri_release(x);
}

static int box_gc(lua_State *L) {
  pgl_free_box(lua_touserdata(L, 1), "by the collector before this finalizer");
  return 0;
}

static int box_close(lua_State *L) {
  pgl_tensor *box = lua_touserdata(L, 1);
  if (!box->x) return 0;
  pgl_uncache(L, box->x, box);
  pgl_free_box(box, "at the end of its <close> variable");
  return 0;
}

/* ---- Reading tensors -------------------------------------------------- */

/* Size and first word tell a box sooner than its metatable would. */
const pgl_tensor *pgl_to_box(lua_State *L, const pgl_state *S, int index) {
  const pgl_tensor *box = lua_touserdata(L, index);
  if (!box || lua_rawlen(L, index) != sizeof *box || box->state != S)
    return NULL;
  if (!box->x) pgl_error(L, "the tensor was freed %s", box->freed);
  return box;
}

peri_tensor *pgl_to_tensor(lua_State *L, const pgl_state *S, int index) {
  const pgl_tensor *box = pgl_to_box(L, S, index);
  return box ? box->x : NULL;
}

peri_tensor *pgl_check_tensor(lua_State *L, const pgl_state *S, int index,
                              const char *what, const char *name) {
  peri_tensor *x = pgl_to_tensor(L, S, index);
  if (!x)
    pgl_error(L, "%s: %s must be a tensor, got %s", what, name,
              pgl_kind(L, S, index));
  return x;
}

peri_tensor **pgl_check_tensors(lua_State *L, const pgl_state *S, int index,
                                const char *what, const char *name,
                                int *count) {
  index = lua_absindex(L, index);
  bool alone = pgl_to_tensor(L, S, index) != NULL;
  if (!alone && lua_type(L, index) != LUA_TTABLE)
    pgl_error(L, "%s: %s must be a list of tensors, got %s", what, name,
              pgl_kind(L, S, index));
  *count = alone ? 1 : (int)lua_rawlen(L, index);
  peri_tensor **list =
      lua_newuserdatauv(L, ((size_t)*count + 1) * sizeof *list, 0);
  if (alone) list[0] = pgl_to_tensor(L, S, index);
  for (int i = 0; !alone && i < *count; i++) {
    lua_rawgeti(L, index, i + 1);
    list[i] = pgl_to_tensor(L, S, -1);
    if (!list[i])
      pgl_error(L, "%s: entry %d of %s must be a tensor, got %s", what, i + 1,
                name, pgl_kind(L, S, -1));
    lua_pop(L, 1);
  }
  return list;
}

/* The tensor in front of the colon of method 'what'. */
static peri_tensor *self_tensor(lua_State *L, const pgl_state *S,
                                const char *what) {
  peri_tensor *x = pgl_to_tensor(L, S, 1);
  if (!x) pgl_check_self(L, S, PGL_TENSOR, what);
  return x;
}

/* ---- Results on their way --------------------------------------------- */

void pgl_hold_drop(pgl_hold *hold) {
  for (int i = 0; i < hold->count; i++) {
    peri_release(hold->made[i].tensor);
    peri_dataset_free(hold->made[i].dataset);
  }
  hold->count = 0;
}

static int hold_gc(lua_State *L) {
  pgl_hold_drop(lua_touserdata(L, 1));
  return 0;
}

pgl_hold *pgl_new_hold(lua_State *L, int room) {
  size_t bytes = sizeof(pgl_hold) + (size_t)room * sizeof(peri_made);
  return pgl_new(L, PGL_HOLD, bytes, 0);
}

void pgl_hold_tensors(pgl_hold *hold, peri_tensor *const *x, int count) {
  for (int i = 0; i < count; i++)
    hold->made[i] = (peri_made){.tensor = peri_keep(x[i])};
  hold->count = count > 0 ? count : 0;
}

peri_tensor **pgl_hold_list(lua_State *L, const pgl_state *S, int index,
                            const char *what, const char *name, int *count,
                            pgl_hold **hold) {
  int room = lua_type(L, index) == LUA_TTABLE ? (int)lua_rawlen(L, index) : 1;
  *hold = pgl_new_hold(L, room);
  peri_tensor **list = pgl_check_tensors(L, S, index, what, name, count);
  if (*count > room) /* a finalizer changed the list */
    pgl_error(L, "%s: %s grew while it was read", what, name);
  pgl_hold_tensors(*hold, list, *count);
  return list;
}

void pgl_push_held(lua_State *L, pgl_state *S, pgl_hold *hold, int index) {
  pgl_tensor *box = pgl_new_box(L, S);
  pgl_give_box(S, box, hold->made[index].tensor);
  hold->made[index].tensor = NULL;
  pgl_settle(L, S, lua_gettop(L));
}

/* ---- Results whose number core decides -------------------------------- */

void pgl_own_results(pgl_state *S, pgl_tensor *box, peri_tensor *const *x,
                     int count) {
  if (count > 0) pgl_fill_box(S, box, x[0]);
  for (int i = 1; i < count; i++) peri_keep(x[i]);
}

/* Protected: as many empty boxes as 1 says. */
static int make_boxes(lua_State *L) {
  int count = (int)lua_tointeger(L, 1);
  pgl_state *S = pgl_find(L);
  luaL_checkstack(L, count + 4, "tensor");
  for (int i = 0; i < count; i++) pgl_new_box(L, S);
  return count;
}

/* Push the results behind the first, or raise; the shares of them end. */
static void push_others(lua_State *L, pgl_state *S, peri_tensor *const *x,
                        int count) {
  int first = lua_gettop(L);
  lua_pushcfunction(L, make_boxes);
  lua_pushinteger(L, count - 1);
  bool made = lua_pcall(L, 1, count - 1, 0) == LUA_OK;
  for (int i = 1; i < count; i++)
    if (made)
      pgl_give_box(S, lua_touserdata(L, first + i), x[i]);
    else
      peri_release(x[i]);
  if (!made) lua_error(L);
}

int pgl_give_results(lua_State *L, pgl_state *S, peri_tensor *const *x,
                     int count) {
  int first = lua_gettop(L);
  if (count > 1) push_others(L, S, x, count);
  for (int i = 0; i < count; i++) pgl_settle(L, S, first + i);
  return count;
}

/* ---- Methods ---------------------------------------------------------- */

bool pgl_is_real(peri_dtype dtype) {
  return dtype == PERI_F16 || dtype == PERI_BF16 || dtype == PERI_F32 ||
         dtype == PERI_F64;
}

pgl_item pgl_read_item(const peri_tensor *x) {
  peri_dtype dtype = peri_tensor_dtype(x);
  if (pgl_is_real(dtype))
    return (pgl_item){.dtype = dtype, .real = true, .f = peri_item(x)};
  return (pgl_item){.dtype = dtype, .i = peri_item_whole(x)};
}

void pgl_push_item(lua_State *L, pgl_state *S, pgl_item item) {
  if (peri_error(S->ctx) != PERI_OK) pgl_raise(L, S);
  if (item.real)
    lua_pushnumber(L, item.f);
  else if (item.dtype == PERI_BOOL)
    lua_pushboolean(L, item.i != 0);
  else
    lua_pushinteger(L, item.i);
}

static int method_item(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  pgl_push_item(L, S, pgl_read_item(self_tensor(L, S, "item")));
  return 1;
}

static int method_numel(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  lua_pushinteger(L, peri_tensor_numel(self_tensor(L, S, "numel")));
  return 1;
}

static int method_dim(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  lua_pushinteger(L, peri_tensor_ndim(self_tensor(L, S, "dim")));
  return 1;
}

static int method_size(lua_State *L) {
  static const peri_param params[] = {
      {.name = "dim", .type = PERI_P_DIM, .need = PERI_OPTIONAL}, {0}};
  pgl_state *S = pgl_enter(L);
  pgl_args args;
  const pgl_signature signature = {"size", NULL, params};
  const peri_tensor *x = self_tensor(L, S, "size");
  int ndim = peri_tensor_ndim(x);
  pgl_read_args(L, S, &signature, 2, lua_gettop(L), &args);
  if (args.value[0].type == PERI_P_END) {
    pgl_push_shape(L, x);
    return 1;
  }
  int64_t dim = args.value[0].i;
  if (dim < 0) dim += ndim + 1;
  if (dim < 1 || dim > ndim)
    return pgl_error(L,
                     "size: dim must be in [1, %d] or negative from the "
                     "end, got %I",
                     ndim, (LUAI_UACINT)args.value[0].i);
  lua_pushinteger(L, peri_tensor_shape(x)[dim - 1]);
  return 1;
}

static int method_is_contiguous(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_tensor *x = self_tensor(L, S, "is_contiguous");
  lua_pushboolean(L, peri_tensor_is_contiguous(x));
  return 1;
}

/* Step of rows(): upvalues state, tensor, position. */
static int next_row(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  lua_Integer i = lua_tointeger(L, lua_upvalueindex(3)) + 1;
  const peri_tensor *x = pgl_to_tensor(L, S, lua_upvalueindex(2));
  if (i > peri_tensor_shape(x)[0]) return 0;
  lua_pushinteger(L, i);
  lua_copy(L, -1, lua_upvalueindex(3));
  lua_settop(L, 0);
  lua_pushvalue(L, lua_upvalueindex(2));
  lua_pushinteger(L, i);
  return pgl_tensor_at(L, S);
}

static int method_rows(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  if (peri_tensor_ndim(self_tensor(L, S, "rows")) == 0)
    return pgl_error(L, "rows: a 0-d tensor has no rows");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  lua_pushcclosure(L, next_row, 3);
  return 1;
}

static int method_backward(lua_State *L) {
  static const peri_input inputs[] = {{"gradient", PERI_IN_OPTIONAL}, {0}};
  static const peri_param params[] = {
      {.name = "retain_graph", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
      {.name = "create_graph", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
      {0}};
  pgl_state *S = pgl_enter(L);
  pgl_args args;
  peri_tensor *seed = NULL;
  const pgl_signature signature = {"backward", inputs, params};
  self_tensor(L, S, "backward");
  pgl_pay(L, S);
  pgl_read_args(L, S, &signature, 2, lua_gettop(L), &args);
  peri_tensor *x = self_tensor(L, S, "backward");
  peri_scope scope = peri_scope_open(S->ctx);
  pgl_inputs(L, S, &args, &seed);
  const peri_grad_options options = {.seeds = seed ? &seed : NULL,
                                     .retain_graph = args.value[0].i != 0,
                                     .create_graph = args.value[1].i != 0};
  int status = peri_backward_all(&x, 1, &options);
  peri_scope_close(scope);
  return status < 0 ? pgl_raise(L, S) : 0;
}

static int method_requires_grad(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_tensor *x = self_tensor(L, S, "requires_grad_");
  bool on = pgl_read_flag(L, "requires_grad_");
  if (peri_set_requires_grad(x, on) < 0) return pgl_raise(L, S);
  lua_settop(L, 1);
  pgl_settle(L, S, 1);
  return 1;
}

const pgl_function pgl_tensor_methods[] = {
    {"item", "x:item()", method_item,
     "Give the only element as a Lua number, that of a bool tensor as a\n"
     "boolean.\n"
     "errors  shape if x has not exactly one element"},
    {"totable", "x:totable()", pgl_tensor_totable,
     "Give the elements as nested lists; those of a 0-d tensor as one value."},
    {"numel", "x:numel()", method_numel, "Give the number of elements."},
    {"dim", "x:dim()", method_dim, "Give the number of dimensions."},
    {"size", "x:size(dim)", method_size,
     "Give the size of a dimension, counted from 1 or from the end; without\n"
     "dim the list of all sizes, as x.shape."},
    {"is_contiguous", "x:is_contiguous()", method_is_contiguous,
     "Tell whether x lies row-major in memory without gaps."},
    {"rows", "x:rows()", method_rows,
     "Iterate over the first dimension: for row in x:rows() do ... end.\n"
     "The rows of a 1-d tensor are numbers."},
    {"backward", "x:backward(gradient, { retain_graph, create_graph })",
     method_backward,
     "Add to the gradient of every leaf the derivative of x.\n"
     "gradient      what flows into x; may be left out if x is one number\n"
     "retain_graph  keep what another backward needs\n"
     "create_graph  record the gradient's own operations\n"
     "errors  shape if x is not a scalar and there is no gradient; grad if x\n"
     "        has no history, or it was freed by an earlier backward"},
    {"requires_grad_", "x:requires_grad_(on)", method_requires_grad,
     "Mark x as a leaf whose gradient is wanted, or, with false, is not.\n"
     "-> x\n"
     "errors  grad if x was made by an operation; dtype if x is not a float"},
    {NULL, NULL, NULL, NULL}};

/* ---- Metamethods ------------------------------------------------------ */

static int tensor_len(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_tensor *x = pgl_to_tensor(L, S, 1);
  if (peri_tensor_ndim(x) == 0)
    return pgl_error(L, "a 0-d tensor has no length");
  lua_pushinteger(L, peri_tensor_shape(x)[0]);
  return 1;
}

/* Freed tensors print too: printing is how one looks for them. */
static int tensor_tostring(lua_State *L) {
  luaL_Buffer buffer;
  const pgl_tensor *box = lua_touserdata(L, 1);
  pgl_enter(L);
  if (!box->x) {
    lua_pushliteral(L, "freed tensor");
    return 1;
  }
  size_t length = peri_tensor_text(box->x, NULL, 0);
  char *text = luaL_buffinitsize(L, &buffer, length + 1);
  text[0] = '\0';
  if (box->x) peri_tensor_text(box->x, text, length + 1); /* not freed since */
  luaL_pushresultsize(&buffer, strlen(text));
  return 1;
}

static int tensor_concat(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  luaL_tolstring(L, 2, NULL);
  lua_concat(L, 2);
  return 1;
}

/* Upvalue 2 is the operator. */
static int refuse_compare(lua_State *L) {
  const char *symbol = lua_tostring(L, lua_upvalueindex(2));
  const char *method = peri_symbol_op(symbol);
  return pgl_error(L,
                   "%s gives one boolean in Lua; tensors are compared "
                   "element by element with x:%s(y), numbers in them as "
                   "x:item()",
                   symbol, method ? method : "?");
}

static int refuse_pairs(lua_State *L) {
  return pgl_error(L,
                   "a tensor has no pairs; iterate with x:rows(), or over "
                   "x:totable()");
}

/* Metamethods that are operations: what core's symbols say. */
static void add_operators(lua_State *L) {
  static const char *const operators[][2] = {
      {"__add", "+"},   {"__sub", "-"},         {"__mul", "*"},
      {"__div", "/"},   {"__mod", "%"},         {"__pow", "^"},
      {"__idiv", "//"}, {"__unm", "unary -"},   {"__band", "&"},
      {"__bor", "|"},   {"__bxor", "binary ~"}, {"__shl", "<<"},
      {"__shr", ">>"},  {"__bnot", "~"}};
  static const char *const refused[][2] = {{"__lt", "<"}, {"__le", "<="}};
  for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
    const char *name = peri_symbol_op(operators[i][1]);
    const peri_op *op = name ? peri_op_named(NULL, name) : NULL;
    if (!op) continue;
    pgl_push_op(L, op, PGL_OPERATOR);
    lua_setfield(L, -2, operators[i][0]);
  }
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    pgl_push_state(L);
    lua_pushstring(L, refused[i][1]);
    lua_pushcclosure(L, refuse_compare, 2);
    lua_setfield(L, -2, refused[i][0]);
  }
}

/* Table of methods and, as addresses of their rows, fields. */
static void push_members(lua_State *L) {
  const peri_op *op;
  lua_newtable(L);
  for (int i = 0; (op = peri_op_at(NULL, i)) != NULL; i++)
    pgl_add_op_methods(L, op);
  pgl_add_functions(L, pgl_tensor_methods);
  for (const pgl_function *field = pgl_tensor_fields; field->name; field++) {
    lua_pushlightuserdata(L, (void *)field);
    lua_setfield(L, -2, field->name);
  }
}

void pgl_open_tensor(lua_State *L, pgl_state *S) {
  static const luaL_Reg metamethods[] = {{"__gc", box_gc},
                                         {"__close", box_close},
                                         {"__len", tensor_len},
                                         {"__tostring", tensor_tostring},
                                         {"__concat", tensor_concat},
                                         {"__pairs", refuse_pairs},
                                         {"__newindex", pgl_tensor_newindex},
                                         {NULL, NULL}};
  static const luaL_Reg hold[] = {{"__gc", hold_gc}, {NULL, NULL}};
  pgl_new_type(L, S, PGL_HOLD, hold);
  lua_pop(L, 1);
  pgl_new_type(L, S, PGL_TENSOR, metamethods);
  add_operators(L);
  push_members(L);
  put_spare(L, S);
  lua_pushvalue(L, -1);
  lua_pushcclosure(L, pgl_member_names, 1);
  lua_setfield(L, -3, "__names");
  pgl_push_state(L);
  lua_insert(L, -2);
  lua_pushcclosure(L, pgl_tensor_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
