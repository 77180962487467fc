/* args.c - reads the arguments of a call by the row it goes to, and is the
   only place that words what is wrong with them.

   Tensors come first, by position; then parameters by position, or by name in
   a trailing table. A trailing table with any string key is options, otherwise
   it is the value of the next list. Types are judged here, ranges and choices
   in core. */
#include <string.h>

#include "binding.h"

/* One call while its arguments are read. */
typedef struct {
  lua_State *L;
  const pgl_state *S;
  const char *what;
  const peri_input *inputs;
  const peri_param *params;
  int ninputs, nparams;
  int next, last; /* positional arguments not read yet */
  int end;        /* last argument given, nil or not */
  int options;    /* place of the table of options, 0: none */
  int list;       /* place of the list of tensors, 0: none */
  pgl_args *args;
} reader;

/* ---- One value -------------------------------------------------------- */

static bool is_list(peri_type type) {
  return type == PERI_P_DIMS || type == PERI_P_INTS || type == PERI_P_MANY ||
         type == PERI_P_REALS;
}

static bool is_numeric(peri_type type) {
  return type != PERI_P_BOOL && type != PERI_P_STRING &&
         type != PERI_P_CHOICE && type != PERI_P_DTYPE &&
         type != PERI_P_GENERATOR && type != PERI_P_END;
}

/* What a parameter of 'type' wants, for "must be ...". */
static const char *wanted(peri_type type) {
  switch (type) {
    case PERI_P_REAL:
    case PERI_P_NUMBER: return "a number";
    case PERI_P_BOOL: return "true or false";
    case PERI_P_DIMS:
    case PERI_P_INTS:
    case PERI_P_MANY: return "a list of whole numbers";
    case PERI_P_REALS: return "a list of numbers";
    case PERI_P_STRING: return "a string";
    case PERI_P_DTYPE: return "the name of a dtype";
    case PERI_P_GENERATOR: return "a generator";
    default: return "a whole number";
  }
}

/* A tensor where 'what' has none: "; maximum takes two", or nothing. */
static const char *takes_two(lua_State *L, const pgl_state *S,
                             const char *what) {
  const peri_op *op;
  size_t length = strlen(what);
  for (int i = 0; (op = peri_op_at(S->ctx, i)) != NULL; i++) {
    if (strncmp(op->name, what, length) != 0 || !op->inputs[0].name) continue;
    if (!(op->inputs[1].flags & PERI_IN_NUMBER)) continue;
    return lua_pushfstring(L, "; %s takes two", op->name);
  }
  return "";
}

/* What stands at 'index': a number or a short string as it is written, of
   the rest the kind. */
static const char *described(lua_State *L, const pgl_state *S, int index) {
  if (lua_type(L, index) == LUA_TNUMBER) return luaL_tolstring(L, index, NULL);
  if (lua_type(L, index) == LUA_TSTRING && lua_rawlen(L, index) < 40)
    return lua_pushfstring(L, "string \"%s\"", lua_tostring(L, index));
  return pgl_kind(L, S, index);
}

/* Raise "what: name must be X, got Y". */
static int mistyped(lua_State *L, const pgl_state *S, const char *what,
                    const peri_param *param, int index) {
  const char *got = described(L, S, index);
  const char *must = wanted(param->type);
  if (param->choices && param->type == PERI_P_REAL)
    must = lua_pushfstring(L, "a number or \"%s\"", param->choices);
  else if (param->choices)
    must = lua_pushfstring(L, "one of %s", param->choices);
  const char *more = pgl_to_box(L, S, index) ? takes_two(L, S, what) : "";
  return pgl_error(L, "%s: %s must be %s, got %s%s", what, param->name, must,
                   got, more);
}

/* The number at 'index' if it is whole. */
static bool read_whole(lua_State *L, int index, int64_t *out) {
  int whole = 0;
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  *out = lua_tointegerx(L, index, &whole);
  return whole != 0;
}

/* Room for a list of 'length' entries, that of a long one on the stack.
   -> false if it may not be so long */
static bool make_room(lua_State *L, lua_Unsigned length, peri_value *value) {
  if (value->type != PERI_P_MANY) return length <= PERI_MAX_DIMS;
  luaL_checkstack(L, 4, "list");
  value->many =
      lua_newuserdatauv(L, ((size_t)length + 1) * sizeof *value->many, 0);
  return true;
}

/* Entry number 'value->count' of a list that has room for it. */
static bool add_entry(lua_State *L, int index, peri_value *value) {
  if (value->type == PERI_P_MANY)
    return read_whole(L, index,
                      (int64_t *)(uintptr_t)&value->many[value->count++]);
  if (value->type == PERI_P_REALS) {
    if (lua_type(L, index) != LUA_TNUMBER) return false;
    value->reals[value->count++] = lua_tonumber(L, index);
    return true;
  }
  return read_whole(L, index, &value->list[value->count++]);
}

static int too_long(lua_State *L, const char *what, const peri_param *param) {
  return pgl_error(L, "%s: %s has more than %d entries", what, param->name,
                   PERI_MAX_DIMS);
}

/* Several lists of equal length one behind the other, where a list may be of
   any length. -> false if it holds no lists */
static bool read_lists(lua_State *L, const char *what, const peri_param *param,
                       int index, peri_value *value) {
  if (value->type != PERI_P_MANY || lua_type(L, index) != LUA_TTABLE)
    return false;
  lua_Unsigned lists = lua_rawlen(L, index), length = 0;
  luaL_checkstack(L, 4, what);
  for (lua_Unsigned i = 1; i <= lists; i++) {
    bool list = lua_rawgeti(L, index, (lua_Integer)i) == LUA_TTABLE;
    lua_Unsigned own = lua_rawlen(L, -1);
    lua_pop(L, 1);
    if (!list && i == 1) return false;
    if (i > 1 && (!list || own != length))
      pgl_error(L, "%s: %s must hold lists of equal length", what, param->name);
    length = own;
  }
  if (lists == 0) return false;
  make_room(L, lists * length, value);
  for (lua_Unsigned i = 0; i < lists * length; i++) {
    lua_rawgeti(L, index, (lua_Integer)(i / length + 1));
    lua_rawgeti(L, -1, (lua_Integer)(i % length + 1));
    if (!add_entry(L, -1, value))
      pgl_error(L, "%s: %s must hold whole numbers, got %s", what, param->name,
                luaL_tolstring(L, -1, NULL));
    lua_pop(L, 2);
  }
  return true;
}

/* A list, or one number as a list of one. */
static bool read_list(lua_State *L, const char *what, const peri_param *param,
                      int index, peri_value *value) {
  bool alone = lua_type(L, index) == LUA_TNUMBER;
  if (read_lists(L, what, param, index, value)) return true;
  if (!alone && lua_type(L, index) != LUA_TTABLE) return false;
  lua_Unsigned length = alone ? 1 : lua_rawlen(L, index);
  if (!make_room(L, length, value)) too_long(L, what, param);
  if (alone) return add_entry(L, index, value);
  for (lua_Unsigned i = 1; i <= length; i++) {
    lua_rawgeti(L, index, (lua_Integer)i);
    bool right = add_entry(L, -1, value);
    if (!right)
      pgl_error(L, "%s: entry %d of %s must be a %s, got %s", what, (int)i,
                param->name,
                value->type == PERI_P_REALS ? "number" : "whole number",
                lua_type(L, -1) == LUA_TNUMBER ? luaL_tolstring(L, -1, NULL)
                                               : luaL_typename(L, -1));
    lua_pop(L, 1);
  }
  return true;
}

static bool read_number(lua_State *L, int index, peri_value *value) {
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  value->whole = lua_isinteger(L, index) && value->type == PERI_P_NUMBER;
  if (value->whole)
    value->i = lua_tointeger(L, index);
  else
    value->f = lua_tonumber(L, index);
  return true;
}

/* A word goes to core as a string, which knows the choices. A number is the
   word that it looks like, where some word begins as numbers do. */
static bool read_string(lua_State *L, const peri_param *param, int index,
                        peri_value *value) {
  int64_t whole;
  bool counts = param->choices && strpbrk(param->choices, "0123456789");
  if (counts && lua_type(L, index) == LUA_TNUMBER) {
    if (read_whole(L, index, &whole))
      lua_pushinteger(L, whole);
    else
      lua_pushvalue(L, index);
    lua_tostring(L, -1);
    index = lua_gettop(L);
  }
  if (lua_type(L, index) != LUA_TSTRING) return false;
  value->type = PERI_P_STRING;
  value->s = lua_tostring(L, index);
  return true;
}

static bool read_dtype(lua_State *L, const char *what, int index,
                       peri_value *value) {
  const char *names[PERI_DTYPES];
  int count = 0;
  if (lua_type(L, index) != LUA_TSTRING) return false;
  const char *name = lua_tostring(L, index), *usual = pgl_usual_dtype(name);
  peri_dtype dtype = peri_dtype_named(name);
  for (int i = 1; i < PERI_DTYPES; i++)
    names[count++] = peri_dtype_name((peri_dtype)i);
  if (dtype == PERI_DTYPE_NONE && usual)
    pgl_error(L, "%s has no dtype '%s'; did you mean '%s'?", what, name, usual);
  if (dtype == PERI_DTYPE_NONE)
    pgl_unknown(L, what, "dtype", name, names, count);
  value->whole = true;
  value->i = dtype;
  return true;
}

void pgl_read_value(lua_State *L, const pgl_state *S, const char *what,
                    const peri_param *param, int index, peri_value *value) {
  bool right = false;
  index = lua_absindex(L, index);
  memset(value, 0, sizeof *value);
  if (lua_isnoneornil(L, index)) return;
  value->type = param->type;
  switch (param->type) {
    case PERI_P_REAL:
    case PERI_P_NUMBER:
      right = read_number(L, index, value) ||
              (param->choices && read_string(L, param, index, value));
      break;
    case PERI_P_BOOL:
      right = lua_type(L, index) == LUA_TBOOLEAN;
      value->i = lua_toboolean(L, index);
      break;
    case PERI_P_DIMS:
    case PERI_P_INTS:
    case PERI_P_MANY:
    case PERI_P_REALS: right = read_list(L, what, param, index, value); break;
    case PERI_P_STRING:
    case PERI_P_CHOICE: right = read_string(L, param, index, value); break;
    case PERI_P_DTYPE: right = read_dtype(L, what, index, value); break;
    case PERI_P_GENERATOR:
      value->generator = pgl_to_generator(L, S, index);
      right = value->generator != NULL;
      break;
    default: right = value->whole = read_whole(L, index, &value->i);
  }
  if (!right) mistyped(L, S, what, param, index);
}

bool pgl_read_flag(lua_State *L, const char *what) {
  static const peri_param on = {.name = "on", .type = PERI_P_BOOL};
  peri_value value;
  pgl_read_value(L, pgl_find(L), what, &on, 2, &value);
  return value.type == PERI_P_END || value.i != 0;
}

/* ---- Positions -------------------------------------------------------- */

/* True if 'index' holds a table with a string among its keys. */
static bool has_names(lua_State *L, int index) {
  if (lua_type(L, index) != LUA_TTABLE) return false;
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING) continue;
    lua_pop(L, 2);
    return true;
  }
  return false;
}

/* Nil at the end is the same as nothing. */
static void drop_nils(reader *r) {
  while (r->last >= r->next && lua_isnil(r->L, r->last)) r->last--;
}

/* True if a positional argument not read yet is a tensor. */
static bool tensor_follows(const reader *r) {
  for (int i = r->next; i <= r->last; i++)
    if (pgl_to_box(r->L, r->S, i)) return true;
  return false;
}

/* What to write instead of a positional 'input' that is wrong, or nothing. */
static const char *input_advice(reader *r, int input) {
  bool optional = r->inputs[input].flags & PERI_IN_OPTIONAL;
  if (tensor_follows(r)) {
    lua_pushliteral(r->L, "; tensors come first: ");
    pgl_push_usage(r->L, "", r->what, r->inputs, r->params);
    lua_concat(r->L, 2);
    return lua_tostring(r->L, -1);
  }
  if (!optional || !r->params[0].name) return "";
  return lua_pushfstring(r->L, "; name what is no tensor, as { %s = value }",
                         r->params[0].name);
}

static int input_mistyped(reader *r, int input, const char *got,
                          const char *advice) {
  unsigned flags = r->inputs[input].flags;
  const char *must = flags & PERI_IN_LIST       ? "a list of tensors"
                     : flags & PERI_IN_NUMBER   ? "a tensor or a number"
                     : flags & PERI_IN_OPTIONAL ? "a tensor or nil"
                                                : "a tensor";
  return pgl_error(r->L, "%s: %s must be %s, got %s%s", r->what,
                   r->inputs[input].name, must, got, advice);
}

/* Take the value at 'index' for an input; nil is none. */
static void take_input(reader *r, int input, int index) {
  unsigned flags = r->inputs[input].flags;
  const pgl_tensor *box = pgl_to_box(r->L, r->S, index);
  if (!box) {
    int type = lua_type(r->L, index);
    bool right = type == (flags & PERI_IN_LIST ? LUA_TTABLE : LUA_TNUMBER) &&
                 flags & (PERI_IN_LIST | PERI_IN_NUMBER);
    if (type == LUA_TNIL) return;
    if (!right)
      input_mistyped(r, input, pgl_kind(r->L, r->S, index),
                     index <= r->end ? input_advice(r, input) : "");
  }
  if (flags & PERI_IN_LIST) r->list = index;
  r->args->at[input] = index;
  r->args->box[input] = box;
}

/* Tensors one after the other where a list is due, as a list. */
static void collect_list(reader *r) {
  lua_State *L = r->L;
  luaL_checkstack(L, 4, r->what);
  lua_newtable(L);
  int list = lua_gettop(L);
  for (int i = 1; r->next <= r->last && pgl_to_box(L, r->S, r->next); i++) {
    lua_pushvalue(L, r->next++);
    lua_rawseti(L, list, i);
  }
  take_input(r, 0, list);
}

static bool takes_list(const reader *r) {
  return r->ninputs > 0 && r->inputs[0].flags & PERI_IN_LIST;
}

static void read_inputs(reader *r) {
  if (takes_list(r) && r->next <= r->last && pgl_to_box(r->L, r->S, r->next)) {
    collect_list(r);
    return;
  }
  for (int i = 0; i < r->ninputs && r->next <= r->last; i++)
    take_input(r, i, r->next++);
}

/* A required string may stand in front of a list of tensors. -> how many
   parameters are read */
static int read_front(reader *r) {
  const peri_param *first = &r->params[0];
  if (!takes_list(r) || r->next > r->last || r->nparams == 0 ||
      first->type != PERI_P_STRING || first->need != PERI_REQUIRED ||
      lua_type(r->L, r->next) != LUA_TSTRING)
    return 0;
  pgl_read_value(r->L, r->S, r->what, first, r->next++, &r->args->value[0]);
  return 1;
}

/* Numbers in a row as the list 'param'. */
static void gather(reader *r, const peri_param *param, peri_value *value) {
  int end = r->next;
  while (end <= r->last && lua_type(r->L, end) == LUA_TNUMBER) end++;
  value->type = param->type;
  if (!make_room(r->L, (lua_Unsigned)(end - r->next), value))
    too_long(r->L, r->what, param);
  while (r->next < end) {
    if (!add_entry(r->L, r->next, value))
      mistyped(r->L, r->S, r->what, param, r->next);
    r->next++;
  }
}

static int refuse_hole(reader *r, const peri_param *param) {
  return pgl_error(r->L,
                   "%s: %s is nil, but more follows; name what follows in a "
                   "table, as { name = value }",
                   r->what, param->name);
}

/* True if the argument is an empty table where no list is due: no options. */
static bool is_empty_options(reader *r, const peri_param *param) {
  if (r->next != r->last || is_list(param->type)) return false;
  if (lua_type(r->L, r->next) != LUA_TTABLE) return false;
  lua_pushnil(r->L);
  if (!lua_next(r->L, r->next)) return true;
  lua_pop(r->L, 2);
  return false;
}

/* Parameters from number 'from' on. */
static void read_params(reader *r, int from) {
  for (int i = from; i < r->nparams && r->next <= r->last; i++) {
    const peri_param *param = &r->params[i];
    peri_value *value = &r->args->value[i];
    if (lua_isnil(r->L, r->next)) refuse_hole(r, param);
    if (is_empty_options(r, param)) {
      r->next++;
      return;
    }
    if (is_list(param->type) && lua_type(r->L, r->next) == LUA_TNUMBER &&
        !is_numeric(param[1].type)) {
      gather(r, param, value);
      continue;
    }
    pgl_read_value(r->L, r->S, r->what, param, r->next++, value);
  }
}

/* What is left over is too much, but for one empty table of options. */
static void refuse_rest(reader *r) {
  static const peri_param none = {.name = NULL};
  if (r->next > r->last || is_empty_options(r, &none)) return;
  pgl_error(r->L, "%s: unexpected argument after the last: %s", r->what,
            described(r->L, r->S, r->next));
}

/* ---- Names ------------------------------------------------------------ */

/* Place of 'name' among the parameters, or of an input behind them; -1. */
static int find_name(const reader *r, const char *name) {
  for (int i = 0; i < r->nparams; i++)
    if (strcmp(r->params[i].name, name) == 0) return i;
  for (int i = 0; i < r->ninputs; i++)
    if (strcmp(r->inputs[i].name, name) == 0) return r->nparams + i;
  return -1;
}

static int unknown_name(reader *r, const char *name) {
  const char *names[PERI_MAX_PARAMS + PERI_MAX_INPUTS];
  int count = 0;
  for (int i = 0; i < r->nparams; i++) names[count++] = r->params[i].name;
  for (int i = 0; i < r->ninputs; i++) names[count++] = r->inputs[i].name;
  return pgl_unknown(r->L, r->what, "parameter", name, names, count);
}

/* Every key of the options must be a name, given only once. */
static void check_names(reader *r) {
  lua_State *L = r->L;
  for (lua_pushnil(L); lua_next(L, r->options); lua_pop(L, 1)) {
    if (lua_type(L, -2) != LUA_TSTRING)
      pgl_error(L, "%s: options have names only, got [%s]", r->what,
                luaL_tolstring(L, -2, NULL));
    const char *name = lua_tostring(L, -2);
    int place = find_name(r, name);
    if (place < 0) unknown_name(r, name);
    bool twice = place < r->nparams ? r->args->value[place].type != PERI_P_END
                                    : r->args->at[place - r->nparams] != 0;
    if (twice) pgl_error(L, "%s: %s is given twice", r->what, name);
  }
}

/* Push the option 'name'. -> false, with nothing pushed, if absent */
static bool push_option(reader *r, const char *name) {
  lua_pushstring(r->L, name);
  if (lua_rawget(r->L, r->options) != LUA_TNIL) return true;
  lua_pop(r->L, 1);
  return false;
}

/* Options stay on the stack: their strings are in use, and whoever changes
   the table cannot take them away. */
static void read_options(reader *r) {
  if (!r->options) return;
  luaL_checkstack(r->L, PERI_MAX_INPUTS + PERI_MAX_PARAMS + 8, r->what);
  check_names(r);
  for (int i = 0; i < r->nparams; i++)
    if (push_option(r, r->params[i].name))
      pgl_read_value(r->L, r->S, r->what, &r->params[i], -1,
                     &r->args->value[i]);
  for (int i = 0; i < r->ninputs; i++)
    if (push_option(r, r->inputs[i].name)) take_input(r, i, lua_gettop(r->L));
}

/* ---- The whole call --------------------------------------------------- */

static void require_inputs(reader *r, int first) {
  for (int i = 0; i < r->ninputs; i++)
    if (!r->args->at[i] && !(r->inputs[i].flags & PERI_IN_OPTIONAL))
      input_mistyped(r, i, first + i <= r->end ? "nil" : "no value", "");
}

/* What most calls are: the inputs and no more, each a tensor or, where one may
   stand, a number. -> false if the call is another */
static bool read_plain(lua_State *L, const pgl_state *S,
                       const peri_input *inputs, int first, int last,
                       pgl_args *args) {
  int i = 0;
  for (; inputs[i].name && first + i <= last; i++) {
    if (inputs[i].flags & PERI_IN_LIST) return false;
    args->at[i] = first + i;
    args->box[i] = pgl_to_box(L, S, first + i);
    if (args->box[i]) continue;
    if (!(inputs[i].flags & PERI_IN_NUMBER)) return false;
    if (lua_type(L, first + i) != LUA_TNUMBER) return false;
  }
  args->nin = i;
  return !inputs[i].name && first + i == last + 1;
}

/* All other calls; the values are zero. */
static void read_any(lua_State *L, const pgl_state *S,
                     const pgl_signature *signature, int first, int last,
                     pgl_args *args) {
  reader r = {.L = L,
              .S = S,
              .what = signature->what,
              .inputs = signature->inputs,
              .params = signature->params,
              .ninputs = pgl_count_inputs(signature->inputs),
              .nparams = pgl_count_params(signature->params),
              .next = first,
              .last = last,
              .end = last,
              .args = args};
  for (int i = 0; i < r.ninputs; i++) {
    args->at[i] = 0;
    args->box[i] = NULL;
  }
  drop_nils(&r);
  if (r.last >= first && has_names(L, r.last)) {
    r.options = r.last--;
    drop_nils(&r);
  }
  int front = read_front(&r);
  read_inputs(&r);
  read_params(&r, front);
  refuse_rest(&r);
  read_options(&r);
  require_inputs(&r, first);
  args->nin = r.ninputs;
  if (r.list)
    args->list =
        pgl_check_tensors(L, S, r.list, r.what, r.inputs[0].name, &args->nin);
}

void pgl_read_args(lua_State *L, const pgl_state *S,
                   const pgl_signature *signature, int first, int last,
                   pgl_args *args) {
  const peri_input *inputs = signature->inputs;
  const peri_param *params = signature->params;
  args->list = NULL;
  for (int i = 0; params[i].name; i++)
    memset(&args->value[i], 0, sizeof args->value[i]);
  if (inputs && read_plain(L, S, inputs, first, last, args)) return;
  read_any(L, S, signature, first, last, args);
}

/* ---- Inputs as tensors ------------------------------------------------ */

peri_tensor *pgl_scalar(lua_State *L, pgl_state *S, int index) {
  if (lua_isboolean(L, index)) {
    uint8_t truth = (uint8_t)lua_toboolean(L, index);
    return peri_tensor_new(S->ctx, &truth, NULL, 0, PERI_BOOL);
  }
  if (lua_isinteger(L, index))
    return peri_whole(S->ctx, lua_tointeger(L, index));
  return peri_number(S->ctx, lua_tonumber(L, index));
}

peri_tensor *const *pgl_inputs(lua_State *L, pgl_state *S, const pgl_args *args,
                               peri_tensor **in) {
  if (args->list) return args->list;
  for (int i = 0; i < args->nin; i++) {
    in[i] = NULL;
    if (args->box[i])
      in[i] = args->box[i]->x;
    else if (args->at[i])
      in[i] = pgl_scalar(L, S, args->at[i]);
  }
  return in;
}

void pgl_drop_numbers(const pgl_args *args, peri_tensor *const *in) {
  for (int i = 0; !args->list && i < args->nin; i++)
    if (!args->box[i]) peri_release(in[i]);
}
