/* rows.c - the rows of core's tables as Lua sees them: values, descriptions
   as tables (pg.ops and its like), and the text that help prints. */
#include <string.h>

#include "binding.h"

/* ---- Values ----------------------------------------------------------- */

static const char *const type_names[] = {
    [PERI_P_INT] = "int",       [PERI_P_REAL] = "real",
    [PERI_P_NUMBER] = "number", [PERI_P_BOOL] = "bool",
    [PERI_P_DIM] = "dim",       [PERI_P_NEWDIM] = "dim",
    [PERI_P_DIMS] = "dims",     [PERI_P_INDEX] = "index",
    [PERI_P_INTS] = "ints",     [PERI_P_REALS] = "reals",
    [PERI_P_MANY] = "ints",     [PERI_P_STRING] = "string",
    [PERI_P_CHOICE] = "choice", [PERI_P_DTYPE] = "dtype",
    [PERI_P_GENERATOR] = "generator"};

/* Push word number 'place' of "mean|sum|none". */
static void push_choice(lua_State *L, const char *words, int64_t place) {
  while (place-- > 0 && strchr(words, '|')) words = strchr(words, '|') + 1;
  lua_pushlstring(L, words, strcspn(words, "|"));
}

static void push_list(lua_State *L, const peri_value *value, bool real) {
  const int64_t *list = value->type == PERI_P_MANY ? value->many : value->list;
  lua_createtable(L, value->count, 0);
  for (int i = 0; i < value->count; i++) {
    if (real)
      lua_pushnumber(L, value->reals[i]);
    else
      lua_pushinteger(L, list[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

/* True if the type counts positions or dimensions. */
static bool counts(peri_type type) {
  return type == PERI_P_DIM || type == PERI_P_NEWDIM || type == PERI_P_INDEX;
}

void pgl_push_value(lua_State *L, const peri_param *param,
                    const peri_value *value, int shift) {
  if (value->type == PERI_P_END) {
    lua_pushnil(L);
    return;
  }
  switch (param->type) {
    case PERI_P_BOOL: lua_pushboolean(L, value->i != 0); break;
    case PERI_P_REAL: lua_pushnumber(L, value->f); break;
    case PERI_P_STRING: lua_pushstring(L, value->s); break;
    case PERI_P_CHOICE: push_choice(L, param->choices, value->i); break;
    case PERI_P_DTYPE:
      lua_pushstring(L, peri_dtype_name((peri_dtype)value->i));
      break;
    case PERI_P_REALS: push_list(L, value, true); break;
    case PERI_P_DIMS:
    case PERI_P_INTS:
    case PERI_P_MANY: push_list(L, value, false); break;
    default:
      if (param->type == PERI_P_NUMBER && !value->whole)
        lua_pushnumber(L, value->f);
      else
        lua_pushinteger(
            L, value->i + (counts(param->type) && value->i >= 0 ? shift : 0));
  }
}

/* ---- Descriptions as tables ------------------------------------------- */

static void set_flag(lua_State *L, const char *name, bool on) {
  if (!on) return;
  lua_pushboolean(L, 1);
  lua_setfield(L, -2, name);
}

static void set_string(lua_State *L, const char *name, const char *text) {
  lua_pushstring(L, text); /* nil for NULL */
  lua_setfield(L, -2, name);
}

static void push_param(lua_State *L, const peri_param *param) {
  lua_createtable(L, 0, 8);
  set_string(L, "name", param->name);
  set_string(L, "type", type_names[param->type]);
  set_string(L, "doc", param->doc);
  set_string(L, "choices", param->choices);
  set_flag(L, "required", param->need == PERI_REQUIRED);
  if (param->low < param->high) {
    lua_pushnumber(L, param->low);
    lua_setfield(L, -2, "low");
    lua_pushnumber(L, param->high);
    lua_setfield(L, -2, "high");
  }
  if (param->need != PERI_DEFAULT) return;
  pgl_push_value(L, param, &param->fallback, 1);
  lua_setfield(L, -2, "default");
}

void pgl_push_row(lua_State *L, const char *name, const peri_param *params,
                  const char *doc) {
  lua_createtable(L, 0, 8);
  set_string(L, "name", name);
  set_string(L, "doc", doc);
  lua_newtable(L);
  for (int i = 0; params[i].name; i++) {
    push_param(L, &params[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "params");
}

static void push_inputs(lua_State *L, const peri_input *inputs) {
  lua_newtable(L);
  for (int i = 0; inputs[i].name; i++) {
    lua_createtable(L, 0, 4);
    set_string(L, "name", inputs[i].name);
    set_flag(L, "optional", inputs[i].flags & PERI_IN_OPTIONAL);
    set_flag(L, "number", inputs[i].flags & PERI_IN_NUMBER);
    set_flag(L, "list", inputs[i].flags & PERI_IN_LIST);
    set_flag(L, "fixed", inputs[i].flags & PERI_IN_FIXED);
    lua_rawseti(L, -2, i + 1);
  }
}

static void push_flags(lua_State *L, unsigned flags) {
  static const struct {
    const char *name;
    unsigned flag;
  } names[] = {{"shares", PERI_OP_VIEW},
               {"composed", PERI_OP_COMPOSED},
               {"source", PERI_OP_SOURCE},
               {"inplace", PERI_OP_INPLACE},
               {"only_inplace", PERI_OP_ONLY_INPLACE},
               {"nograd", PERI_OP_NOGRAD},
               {"ordered", PERI_OP_ORDERED},
               {"constant", PERI_OP_CONSTANT},
               {"truth", PERI_OP_TRUTH},
               {"data", PERI_OP_DATA},
               {"list", PERI_OP_LIST}};
  lua_newtable(L);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    set_flag(L, names[i].name, flags & names[i].flag);
}

void pgl_push_op_row(lua_State *L, const peri_op *op) {
  double low, high;
  pgl_push_row(L, op->name, pgl_op_params(op), op->doc);
  push_inputs(L, op->inputs);
  lua_setfield(L, -2, "inputs");
  push_flags(L, op->flags);
  lua_setfield(L, -2, "flags");
  lua_newtable(L);
  for (int i = 0; op->outputs[i]; i++) {
    lua_pushstring(L, op->outputs[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "outputs");
  if (!peri_op_domain(op, &low, &high)) return;
  lua_createtable(L, 0, 2);
  lua_pushnumber(L, low);
  lua_setfield(L, -2, "low");
  lua_pushnumber(L, high);
  lua_setfield(L, -2, "high");
  lua_setfield(L, -2, "domain");
}

/* ---- Descriptions as text --------------------------------------------- */

void pgl_push_usage(lua_State *L, const char *before, const char *name,
                    const peri_input *inputs, const peri_param *params) {
  luaL_Buffer text;
  const char *comma = "";
  luaL_buffinit(L, &text);
  luaL_addstring(&text, before);
  luaL_addstring(&text, name);
  luaL_addchar(&text, '(');
  for (int i = 0; inputs && inputs[i].name; i++, comma = ", ") {
    luaL_addstring(&text, comma);
    luaL_addstring(&text, inputs[i].name);
  }
  for (int i = 0; params[i].name; i++, comma = ", ") {
    luaL_addstring(&text, comma);
    luaL_addstring(&text, params[i].name);
  }
  luaL_addchar(&text, ')');
  luaL_pushresult(&text);
}

/* Push entry 'index' of the table below the text at the top, joined to it. */
static void join_entry(lua_State *L, lua_Integer index) {
  lua_pushstring(L, index == 1 ? "" : ", ");
  lua_rawgeti(L, -3, index);
  luaL_tolstring(L, -1, NULL);
  lua_remove(L, -2);
  lua_concat(L, 3);
}

void pgl_push_value_text(lua_State *L, const peri_param *param,
                         const peri_value *value, int shift) {
  pgl_push_value(L, param, value, shift);
  if (lua_type(L, -1) == LUA_TTABLE) {
    lua_pushliteral(L, "{");
    for (int i = 1; i <= value->count; i++) join_entry(L, i);
    lua_pushliteral(L, "}");
    lua_concat(L, 2);
  } else {
    luaL_tolstring(L, -1, NULL);
  }
  lua_remove(L, -2);
}

/* Push "number, 1", "dim or nil", "mean|sum|none, mean": what a parameter
   takes and what it is when absent. */
static void push_range(lua_State *L, const peri_param *param) {
  bool word = param->type == PERI_P_CHOICE;
  const char *type = word ? param->choices : type_names[param->type];
  if (param->need == PERI_DEFAULT) {
    pgl_push_value_text(L, param, &param->fallback, 1);
    lua_pushfstring(L, "%s, %s", type, lua_tostring(L, -1));
    lua_remove(L, -2);
  } else {
    lua_pushfstring(L, "%s%s", type,
                    param->need == PERI_REQUIRED ? "" : " or nil");
  }
}

void pgl_push_params_text(lua_State *L, const peri_param *params) {
  luaL_Buffer text;
  size_t width = 0;
  for (int i = 0; params[i].name; i++)
    if (strlen(params[i].name) > width) width = strlen(params[i].name);
  luaL_buffinit(L, &text);
  for (int i = 0; params[i].name; i++) {
    luaL_addstring(&text, "\n  ");
    luaL_addstring(&text, params[i].name);
    for (size_t n = strlen(params[i].name); n < width + 2; n++)
      luaL_addchar(&text, ' ');
    luaL_addstring(&text, params[i].doc);
    luaL_addstring(&text, " (");
    push_range(L, &params[i]);
    luaL_addvalue(&text);
    luaL_addchar(&text, ')');
  }
  luaL_pushresult(&text);
}
