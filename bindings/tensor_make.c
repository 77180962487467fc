/* tensor_make.c - tensors out of Lua values and back: pg.tensor, x:totable().

   Nested lists are read twice: once for their shape and element type, with
   every complaint, once for the numbers, when nothing can go wrong any more.
   Whole numbers make int64, any float float32, booleans bool. */
#include "binding.h"

/* ---- Measuring -------------------------------------------------------- */

/* One reading of nested lists. */
typedef struct {
  lua_State *L;
  const pgl_state *S;
  const char *what;
  pgl_plan *plan;
  int64_t at[PERI_MAX_DIMS]; /* where it is, from 1 */
} survey;

/* Push "[2][3]" for the first 'depth' positions. */
static const char *push_place(survey *s, int depth) {
  luaL_Buffer text;
  luaL_buffinit(s->L, &text);
  for (int d = 0; d < depth; d++) {
    lua_pushfstring(s->L, "[%I]", (LUAI_UACINT)s->at[d]);
    luaL_addvalue(&text);
  }
  luaL_pushresult(&text);
  return lua_tostring(s->L, -1);
}

static int refuse_entry(survey *s, int index, int depth) {
  const char *kind = pgl_kind(s->L, s->S, index);
  if (depth == 0)
    return pgl_error(s->L,
                     "%s: a number, a boolean, nested lists of them or "
                     "a tensor expected, got %s",
                     s->what, kind);
  return pgl_error(s->L, "%s: entry %s is a %s", s->what, push_place(s, depth),
                   kind);
}

/* The dtype that the value at 'index' asks for, joined with those before. */
static void survey_number(survey *s, int index, int depth) {
  peri_dtype *dtype = &s->plan->dtype;
  int type = lua_type(s->L, index);
  bool truth = type == LUA_TBOOLEAN;
  if (!truth && type != LUA_TNUMBER) refuse_entry(s, index, depth);
  if (*dtype != PERI_DTYPE_NONE && truth != (*dtype == PERI_BOOL))
    pgl_error(s->L, "%s: entry %s is a %s among %ss", s->what,
              push_place(s, depth), luaL_typename(s->L, index),
              truth ? "number" : "boolean");
  if (truth)
    *dtype = PERI_BOOL;
  else if (!lua_isinteger(s->L, index))
    *dtype = PERI_F32;
  else if (*dtype == PERI_DTYPE_NONE)
    *dtype = PERI_I64;
}

/* A list of 'length' entries has no names, which would be options astray. */
static void refuse_names(survey *s, int index, lua_Integer length) {
  lua_State *L = s->L;
  if (length > 0)
    lua_pushinteger(L, length);
  else
    lua_pushnil(L);
  for (; lua_next(L, index); lua_pop(L, 1))
    if (lua_type(L, -2) == LUA_TSTRING)
      pgl_error(L,
                "%s: a list has no names, got '%s'; options go in a table of "
                "their own behind it",
                s->what, lua_tostring(L, -2));
}

/* Each list must be as long as the first at its depth. */
static void survey_length(survey *s, int depth, int64_t length) {
  int64_t *size = &s->plan->shape[depth];
  if (depth == PERI_MAX_DIMS)
    pgl_error(s->L, "%s: lists are nested deeper than %d", s->what,
              PERI_MAX_DIMS);
  if (s->plan->ndim < depth + 1) {
    s->plan->ndim = depth + 1;
    *size = length;
  } else if (*size != length) {
    pgl_error(s->L, "%s: list %s has %I entries, the first one has %I", s->what,
              push_place(s, depth), (LUAI_UACINT)length, (LUAI_UACINT)*size);
  }
}

static void survey_value(survey *s, int index, int depth) {
  bool list = lua_type(s->L, index) == LUA_TTABLE;
  bool numbers = s->plan->dtype != PERI_DTYPE_NONE; /* seen at depth ndim */
  if (!list && depth < s->plan->ndim)
    pgl_error(s->L, "%s: entry %s is no list, the first one is", s->what,
              push_place(s, depth));
  if (list && numbers && depth >= s->plan->ndim)
    pgl_error(s->L, "%s: entry %s is a list, the first one is none", s->what,
              push_place(s, depth));
  if (!list) {
    survey_number(s, index, depth);
    return;
  }
  survey_length(s, depth, (int64_t)lua_rawlen(s->L, index));
  refuse_names(s, index, (lua_Integer)lua_rawlen(s->L, index));
  for (int64_t i = 1; i <= s->plan->shape[depth]; i++) {
    s->at[depth] = i;
    lua_rawgeti(s->L, index, i);
    survey_value(s, lua_gettop(s->L), depth + 1);
    lua_pop(s->L, 1);
  }
}

void pgl_measure(lua_State *L, const pgl_state *S, int index, const char *what,
                 pgl_plan *plan) {
  survey s = {.L = L, .S = S, .what = what, .plan = plan};
  *plan = (pgl_plan){.ndim = 0};
  luaL_checkstack(L, PERI_MAX_DIMS + 8, what);
  survey_value(&s, lua_absindex(L, index), 0);
  if (plan->dtype == PERI_DTYPE_NONE) plan->dtype = PERI_F32; /* no numbers */
}

/* ---- Filling ---------------------------------------------------------- */

/* Where the next element goes, by the dtype of the staging tensor. */
typedef struct {
  uint8_t *truth;
  int64_t *whole;
  double *real;
} cursor;

static void put_number(lua_State *L, int index, cursor *to) {
  if (to->truth)
    *to->truth++ = (uint8_t)lua_toboolean(L, index);
  else if (to->whole)
    *to->whole++ = lua_tointeger(L, index);
  else
    *to->real++ = lua_tonumber(L, index);
}

static void put_value(lua_State *L, int index, const pgl_plan *plan, int depth,
                      cursor *to) {
  if (depth == plan->ndim) {
    put_number(L, index, to);
    return;
  }
  for (int64_t i = 1; i <= plan->shape[depth]; i++) {
    lua_rawgeti(L, index, i);
    put_value(L, lua_gettop(L), plan, depth + 1, to);
    lua_pop(L, 1);
  }
}

/* A copy of 'x' as 'dtype', without history. */
static peri_tensor *copy_as(pgl_state *S, peri_tensor *x, peri_dtype dtype) {
  peri_tensor *y = peri_tensor_new(S->ctx, NULL, peri_tensor_shape(x),
                                   peri_tensor_ndim(x), dtype);
  if (!y) return NULL;
  int status =
      peri_copy_out(x, peri_tensor_data(y), dtype, peri_tensor_bytes(y));
  return status < 0 ? NULL : y;
}

peri_tensor *pgl_build(lua_State *L, pgl_state *S, int index,
                       const pgl_plan *plan, peri_dtype dtype) {
  cursor to = {NULL, NULL, NULL};
  peri_dtype staging = plan->dtype == PERI_F32 ? PERI_F64 : plan->dtype;
  peri_tensor *x =
      peri_tensor_new(S->ctx, NULL, plan->shape, plan->ndim, staging);
  if (!x) return NULL;
  if (staging == PERI_BOOL)
    to.truth = peri_tensor_data(x);
  else if (staging == PERI_I64)
    to.whole = peri_tensor_data(x);
  else
    to.real = peri_tensor_data(x);
  if (peri_tensor_numel(x) > 0) put_value(L, index, plan, 0, &to);
  return dtype == staging ? x : copy_as(S, x, dtype);
}

/* ---- pg.tensor -------------------------------------------------------- */

static const peri_param tensor_params[] = {
    {.name = "dtype", .type = PERI_P_DTYPE, .need = PERI_OPTIONAL},
    {.name = "requires_grad", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
    {0}};

static int make_tensor(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const pgl_signature signature = {"tensor", NULL, tensor_params};
  pgl_args args;
  pgl_plan plan;
  if (lua_gettop(L) == 0) lua_pushnil(L);
  int last = lua_gettop(L);
  pgl_tensor *box = pgl_new_box(L, S);
  int place = lua_gettop(L);
  pgl_read_args(L, S, &signature, 2, last, &args);
  peri_tensor *from = pgl_to_tensor(L, S, 1);
  if (from)
    plan.dtype = peri_tensor_dtype(from);
  else
    pgl_measure(L, S, 1, "tensor", &plan);
  peri_dtype dtype = args.value[0].i ? (peri_dtype)args.value[0].i : plan.dtype;
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *x =
      from ? copy_as(S, from, dtype) : pgl_build(L, S, 1, &plan, dtype);
  if (x && args.value[1].i && peri_set_requires_grad(x, true) < 0) x = NULL;
  pgl_fill_box(S, box, x);
  peri_scope_close(scope);
  pgl_settle(L, S, place);
  lua_settop(L, place);
  return 1;
}

/* A leaf that modules register: a copy, so that the data stay as they are. */
static int make_parameter(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  lua_settop(L, 1);
  pgl_tensor *box = pgl_new_box(L, S);
  peri_tensor *from = pgl_check_tensor(L, S, 1, "Parameter", "the argument");
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *x = copy_as(S, from, peri_tensor_dtype(from));
  if (x && peri_set_requires_grad(x, true) < 0) x = NULL;
  pgl_fill_box(S, box, x);
  peri_scope_close(scope);
  pgl_settle(L, S, lua_gettop(L));
  return 1;
}

static int is_tensor(lua_State *L) {
  lua_pushboolean(L, pgl_test(L, pgl_enter(L), 1, PGL_TENSOR) != NULL);
  return 1;
}

const pgl_function pgl_make_functions[] = {
    {"tensor", "pg.tensor(value, { dtype, requires_grad })", make_tensor,
     "Make a tensor of a number, a boolean, nested lists of them, or as a\n"
     "copy of another tensor.\n"
     "value          {1, 2} gives int64, {1.0, 2} float32, {true} bool\n"
     "dtype          another element type\n"
     "requires_grad  a leaf whose gradient is wanted\n"
     "errors  ragged lists and mixed entries, with their place"},
    {"is_tensor", "pg.is_tensor(value)", is_tensor,
     "Tell whether a value is a tensor."},
    {NULL, NULL, NULL, NULL}};

const pgl_function pgl_parameter_functions[] = {
    {"Parameter", "nn.Parameter(x)", make_parameter,
     "Make a parameter with a copy of x: a leaf that wants its gradient and\n"
     "that a module registers when it is assigned to a field.\n"
     "errors  dtype if x is not a float"},
    {NULL, NULL, NULL, NULL}};

/* ---- x:totable() ------------------------------------------------------ */

/* Elements of a tensor, copied out row by row. */
typedef struct {
  const int64_t *whole;
  const double *real;
  bool truth;
} elements;

static void push_element(lua_State *L, elements *from) {
  if (from->real)
    lua_pushnumber(L, *from->real++);
  else if (from->truth)
    lua_pushboolean(L, *from->whole++ != 0);
  else
    lua_pushinteger(L, *from->whole++);
}

static void push_nested(lua_State *L, const pgl_plan *plan, int depth,
                        elements *from) {
  if (depth == plan->ndim) {
    push_element(L, from);
    return;
  }
  int64_t size = plan->shape[depth];
  lua_createtable(L, size < INT32_MAX ? (int)size : 0, 0);
  for (int64_t i = 1; i <= size; i++) {
    push_nested(L, plan, depth + 1, from);
    lua_rawseti(L, -2, i);
  }
}

int pgl_tensor_totable(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  pgl_plan plan;
  pgl_check_self(L, S, PGL_TENSOR, "totable");
  int64_t count = peri_tensor_numel(pgl_to_tensor(L, S, 1));
  luaL_checkstack(L, PERI_MAX_DIMS + 4, "totable");
  size_t bytes = (size_t)count * sizeof(int64_t); /* a double's size, too */
  void *copy = lua_newuserdatauv(L, bytes, 0);
  peri_tensor *x = pgl_to_tensor(L, S, 1);
  plan.dtype = peri_tensor_dtype(x);
  plan.ndim = peri_tensor_ndim(x);
  for (int d = 0; d < plan.ndim; d++) plan.shape[d] = peri_tensor_shape(x)[d];
  bool real = pgl_is_real(plan.dtype);
  int status = peri_copy_out(x, copy, real ? PERI_F64 : PERI_I64, bytes);
  if (status < 0) return pgl_raise(L, S);
  elements from = {.whole = real ? NULL : copy,
                   .real = real ? copy : NULL,
                   .truth = plan.dtype == PERI_BOOL};
  push_nested(L, &plan, 0, &from);
  return 1;
}
