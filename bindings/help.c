/* help.c - pg.help: the documentation of everything there is, out of core's
   tables and the tables of functions in this folder. */
#include <string.h>

#include "binding.h"

#define MOST_NAMES 1024

/* ---- What there is ---------------------------------------------------- */

/* Texts about what is no function. */
static const pgl_function topics[] = {
    {"indexing", "t[i], t[{ place, place, ... }]", NULL,
     "Take part of a tensor: a view, or a copy where a tensor tells the\n"
     "places. Positions count from 1, negative ones from the end: -1 is the\n"
     "last.\n"
     "t[2]                   position 2 of dimension 1, which goes away; of a\n"
     "                       1-D tensor a number\n"
     "t[{ 2, 5 }]            one place per dimension: row 2, column 5\n"
     "t[{ { 2, 5 } }]        a range {first, last}, both ends included\n"
     "t[{ { 1, -1, 2 } }]    {first, last, step}: every second one\n"
     "t[{ {}, 3 }]           {} is everything\n"
     "t[{ { 1, 2 }, {}, 3 }] several; dimensions not named stay whole\n"
     "t[mask]                where a bool tensor is true; it stands for as\n"
     "                       many dimensions as it has: t[t:gt(0)]\n"
     "t[positions]           rows by an integer tensor: t[pg.tensor{ 3, 1 }]\n"
     "t[{ {}, positions }]   columns; several such tensors broadcast and are\n"
     "                       read side by side\n"
     "t[place] = value       writes there a number, a boolean, nested lists\n"
     "                       or a tensor\n"
     "errors  index if a position is 0 or past the end; dtype if a tensor is\n"
     "        neither bool nor integers; shape if a mask does not fit or\n"
     "        positions do not broadcast"},
    {"operators", "x + y, -x, x & y, #x, x .. y", NULL,
     "Lua's operators on tensors; one side may be a number.\n"
     "+ - * / // % ^  add, sub, mul, div, floor_divide, remainder, pow\n"
     "-x              neg\n"
     "& | ~ ~x        bitwise_and, bitwise_or, bitwise_xor, bitwise_not, of\n"
     "                bool tensors the same as logical_and and so on\n"
     "<< >>           bitwise_left_shift, bitwise_right_shift, of integers\n"
     "==              whether both are the same tensor; use x:eq(y):all() for\n"
     "                equal elements\n"
     "< <= > >=       raise: x:lt(y) compares element by element\n"
     "#x              size of dimension 1\n"
     "x .. y          text of both\n"
     "ipairs, pairs   raise, ipairs past the last; x:rows() iterates"},
    {NULL, NULL, NULL, NULL}};

/* Functions of the binding, with what stands in front of their names. */
static const struct {
  const char *title, *before;
  const pgl_function *rows;
} groups[] = {
    {"functions of pg", "pg.", pgl_make_functions},
    {"functions of pg", "pg.", pgl_autograd_functions},
    {"functions of pg", "pg.", pgl_scope_functions},
    {"functions of pg", "pg.", pgl_record_functions},
    {"functions of pg", "pg.", pgl_random_functions},
    {"functions of pg", "pg.", pgl_info_functions},
    {"functions of pg", "pg.", pgl_help_functions},
    {"functions of pg.nn", "nn.", pgl_nn_functions},
    {"functions of pg.nn", "nn.", pgl_parameter_functions},
    {"functions of pg.optim", "optim.", pgl_optim_functions},
    {"functions of pg.data", "data.", pgl_data_functions},
    {"methods of tensors", "x:", pgl_tensor_methods},
    {"fields of tensors", "x.", pgl_tensor_fields},
    {"methods of modules", "module:", pgl_module_methods},
    {"methods of optimizers", "optimizer:", pgl_optimizer_methods},
    {"methods of loaders", "loader:", pgl_loader_methods},
    {"methods of recordings", "recording:", pgl_recording_methods},
    {"methods of generators", "generator:", pgl_generator_methods},
    {"topics", "", topics},
};
enum { GROUPS = sizeof groups / sizeof *groups };

/* One entry that help knows. Of a row the text is made when it is asked for. */
typedef struct {
  const char *title, *before, *name, *usage, *doc;
  const peri_input *inputs;
  const peri_param *params; /* NULL: a function, with usage */
  const peri_op *op;        /* NULL: no operation */
} entry;

typedef bool (*visitor)(lua_State *L, const entry *e, void *user);

static bool visit_ops(lua_State *L, visitor visit, void *user) {
  const peri_context *ctx = pgl_find(L)->ctx;
  const peri_op *op;
  for (int i = 0; (op = peri_op_at(ctx, i)) != NULL; i++) {
    const entry e = {"operations", "pg.",      op->name,          NULL,
                     op->doc,      op->inputs, pgl_op_params(op), op};
    if (!(op->flags & PERI_OP_HIDDEN) && !visit(L, &e, user)) return false;
  }
  return true;
}

static bool visit_rows(lua_State *L, visitor visit, void *user) {
  const peri_layer *layer;
  const peri_optim *optim;
  const peri_reader *reader;
  for (int i = 0; (layer = peri_layer_at(i)) != NULL; i++)
    if (!visit(L,
               &(entry){"layers", "nn.", layer->name, NULL, layer->doc, NULL,
                        layer->params, NULL},
               user))
      return false;
  for (int i = 0; (optim = peri_optim_at(i)) != NULL; i++) {
    static const peri_input inputs[] = {{"parameters", PERI_IN_LIST}, {0}};
    if (!visit(L,
               &(entry){"optimizers", "optim.", optim->name, NULL, optim->doc,
                        inputs, optim->params, NULL},
               user))
      return false;
  }
  for (int i = 0; (reader = peri_reader_at(i)) != NULL; i++)
    if (!visit(L,
               &(entry){"readers", "data.", reader->name, NULL, reader->doc,
                        NULL, reader->params, NULL},
               user))
      return false;
  return true;
}

static void visit_all(lua_State *L, visitor visit, void *user) {
  if (!visit_ops(L, visit, user) || !visit_rows(L, visit, user)) return;
  for (int i = 0; i < GROUPS; i++)
    for (const pgl_function *f = groups[i].rows; f->name; f++)
      if (!visit(L,
                 &(entry){groups[i].title, groups[i].before, f->name, f->usage,
                          f->doc, NULL, NULL, NULL},
                 user))
        return;
}

/* ---- One name --------------------------------------------------------- */

static bool has_flag(const entry *e, unsigned flag) {
  return e->op && (e->op->flags & flag);
}

/* Push the forms in which a row is called, one line each. */
static void push_forms(lua_State *L, const entry *e) {
  bool plain = !has_flag(e, PERI_OP_ONLY_INPLACE);
  lua_pushliteral(L, "");
  if (plain) {
    pgl_push_usage(L, e->before, e->name, e->inputs, e->params);
    lua_concat(L, 2);
  }
  if (!has_flag(e, PERI_OP_INPLACE)) return;
  lua_pushfstring(L, "%s%s:%s%s", plain ? "\n" : "", e->inputs[0].name, e->name,
                  pgl_inplace_end(e->name));
  pgl_push_usage(L, "", "", e->inputs + 1, e->params);
  lua_concat(L, 3);
}

static void push_entry(lua_State *L, const entry *e) {
  if (!e->params) {
    lua_pushfstring(L, "%s\n\n%s", e->usage, e->doc);
    return;
  }
  push_forms(L, e);
  lua_pushfstring(L, "\n\n%s%s", e->doc, e->params[0].name ? "\n" : "");
  pgl_push_params_text(L, e->params);
  lua_concat(L, 3);
}

static const char *without(const char *text, const char *prefix) {
  size_t length = strlen(prefix);
  return strncmp(text, prefix, length) == 0 ? text + length : text;
}

/* True if 'asked' is the entry's name, bare or with what stands before it; of
   an operation also as a method, with the underscore of its form in place. */
static bool is_named(const entry *e, const char *asked) {
  size_t length = strlen(e->name);
  asked = without(without(asked, "pg."), e->before);
  if (e->inputs) asked = without(asked, "x:");
  if (strncmp(asked, e->name, length) != 0) return false;
  asked += length;
  return *asked == '\0' ||
         (has_flag(e, PERI_OP_INPLACE) && strcmp(asked, "_") == 0);
}

/* A search: texts found are joined at the top of the stack. */
typedef struct {
  const char *asked;
  int found;
} search;

static bool add_text(lua_State *L, const entry *e, void *user) {
  search *s = user;
  if (!is_named(e, s->asked)) return true;
  if (s->found++ > 0) lua_pushliteral(L, "\n\n");
  push_entry(L, e);
  if (s->found > 1) lua_concat(L, 3);
  return true;
}

/* All names, for "did you mean". */
typedef struct {
  const char *names[MOST_NAMES];
  int count;
} name_list;

static bool add_name(lua_State *L, const entry *e, void *user) {
  name_list *list = user;
  (void)L;
  list->names[list->count++] = e->name;
  return list->count < MOST_NAMES;
}

/* Push the text of 'asked', or raise. */
static void push_text(lua_State *L, const char *asked) {
  search s = {asked, 0};
  name_list list = {.count = 0};
  visit_all(L, add_text, &s);
  if (s.found) return;
  visit_all(L, add_name, &list);
  pgl_unknown(L, "help", "text for", asked, list.names, list.count);
}

/* ---- All names -------------------------------------------------------- */

/* A list being written: the text so far is at the top of the stack. */
typedef struct {
  const char *title;
  size_t column;
} listing;

static bool add_listed(lua_State *L, const entry *e, void *user) {
  listing *list = user;
  size_t length = strlen(e->name) + 2;
  bool same = list->title && strcmp(list->title, e->title) == 0;
  if (!same)
    lua_pushfstring(L, "%s%s\n  %s", list->title ? "\n\n" : "", e->title,
                    e->name);
  else
    lua_pushfstring(L, list->column + length > 78 ? ",\n  %s" : ", %s",
                    e->name);
  list->column =
      !same || list->column + length > 78 ? length : list->column + length;
  list->title = e->title;
  lua_concat(L, 2);
  return true;
}

static void push_listing(lua_State *L) {
  listing list = {NULL, 0};
  lua_pushliteral(L, "");
  visit_all(L, add_listed, &list);
  lua_pushliteral(L, "\n\npg.help(name) tells more about each.");
  lua_concat(L, 2);
}

/* ---- pg.reference ----------------------------------------------------- */

/* Append a table about 'e' to the list at the top. */
static bool add_described(lua_State *L, const entry *e, void *user) {
  static const peri_param none[] = {{0}};
  (void)user;
  if (e->op)
    pgl_push_op_row(L, e->op);
  else
    pgl_push_row(L, e->name, e->params ? e->params : none, e->doc);
  if (e->params)
    push_forms(L, e);
  else
    lua_pushstring(L, e->usage);
  lua_setfield(L, -2, "usage");
  lua_pushstring(L, e->title);
  lua_setfield(L, -2, "kind");
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
  return true;
}

static int reference(lua_State *L) {
  luaL_checkstack(L, 16, "reference");
  lua_newtable(L);
  visit_all(L, add_described, NULL);
  return 1;
}

/* ---- pg.help ---------------------------------------------------------- */

/* True if the expression of a session called: its value is shown anyway. */
static bool shown_anyway(lua_State *L, const pgl_state *S) {
  lua_Debug caller;
  if (!S->shows || !lua_getstack(L, 1, &caller)) return false;
  lua_getinfo(L, "S", &caller);
  return strcmp(caller.what, "main") == 0 &&
         strcmp(caller.source, "=stdin") == 0;
}

/* Push the name under which the function at 'index' stands in a table of the
   module. -> false, with nothing pushed, if in none */
static bool push_function_name(lua_State *L, int index) {
  static const char *const tables[] = {NULL, "nn", "optim", "data"};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
    pgl_push_module_table(L);
    if (tables[i]) lua_getfield(L, -1, tables[i]);
    int table = lua_gettop(L);
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
      if (!lua_rawequal(L, -1, index)) continue;
      lua_pop(L, 1);
      return true;
    }
  }
  return false;
}

/* The name that 'value', at stack index 1, is asked about by. */
static const char *asked_name(lua_State *L, const pgl_state *S) {
  const peri_module *module = pgl_to_module(L, S, 1);
  if (lua_type(L, 1) == LUA_TSTRING) return lua_tostring(L, 1);
  if (module) return peri_module_type(module);
  if (lua_type(L, 1) == LUA_TFUNCTION && push_function_name(L, 1))
    return lua_tostring(L, -1);
  if (lua_type(L, 1) == LUA_TTABLE && lua_getmetatable(L, 1)) {
    lua_pushliteral(L, "__name"); /* of a class */
    if (lua_rawget(L, 1) == LUA_TSTRING) return lua_tostring(L, -1);
  }
  pgl_error(L,
            "help: a name, a function of perigee or a module expected, "
            "got %s",
            pgl_kind(L, S, 1));
  return NULL;
}

static int help(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  luaL_checkstack(L, 16, "help");
  if (lua_isnoneornil(L, 1))
    push_listing(L);
  else
    push_text(L, asked_name(L, S));
  if (shown_anyway(L, S)) return 1;
  lua_getglobal(L, "print");
  lua_pushvalue(L, -2);
  lua_call(L, 1, 0);
  return 1;
}

const pgl_function pgl_help_functions[] = {
    {"help", "pg.help(name)", help,
     "Print the documentation of a name: operation, layer, optimizer, reader,\n"
     "function or method. A function or a module serves instead of its name;\n"
     "without any all names are listed.\n"
     "-> the text"},
    {"reference", "pg.reference()", reference,
     "Give all that help knows as data: a list of tables with kind, name,\n"
     "usage, doc and, of rows, params; of operations as pg.ops() has them."},
    {NULL, NULL, NULL, NULL}};
