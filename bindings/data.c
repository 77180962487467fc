/* data.c - the table data: readers of core's table, data sets, loaders.

   What a reader cannot read is the world's failure: nil, message, code. An
   epoch of a loader raises instead, since a loop has nobody to give it to. */
#include <string.h>

#include "binding.h"

#define MOST_MADE 8 /* objects that a reader may make */

typedef struct {
  peri_dataset *dataset;
} dataset_box;

/* A loader. User value 1: its data set. */
typedef struct {
  peri_loader *loader;
  int64_t epoch;    /* the next to begin */
  lua_Integer pass; /* number of the pass that is running, from 1 */
} loader_box;

/* ---- Data sets -------------------------------------------------------- */

static int dataset_gc(lua_State *L) {
  dataset_box *box = lua_touserdata(L, 1);
  peri_dataset_free(box->dataset);
  box->dataset = NULL;
  return 0;
}

static peri_dataset *to_dataset(lua_State *L, const pgl_state *S, int index) {
  const dataset_box *box = pgl_test(L, S, index, PGL_DATASET);
  return box ? pgl_alive(L, box->dataset, PGL_DATASET) : NULL;
}

/* Push list of the tensors of the data set. */
static void push_tensors(lua_State *L, pgl_state *S,
                         const peri_dataset *dataset) {
  peri_tensor *x;
  lua_newtable(L);
  for (int i = 0; (x = peri_dataset_tensor(dataset, i)) != NULL; i++) {
    pgl_push_tensor(L, S, x);
    lua_rawseti(L, -2, i + 1);
  }
}

static void push_classes(lua_State *L, const peri_dataset *dataset) {
  const char *name = peri_dataset_class(dataset, 0);
  if (!name) {
    lua_pushnil(L);
    return;
  }
  lua_newtable(L);
  for (int i = 0; (name = peri_dataset_class(dataset, i)) != NULL; i++) {
    lua_pushstring(L, name);
    lua_rawseti(L, -2, i + 1);
  }
}

/* Sample 'position', from 0: its tensors into 'hold', without the dimension
   of the batch. -> count or a negative status */
static int take_sample(pgl_state *S, peri_dataset *dataset, int64_t position,
                       pgl_hold *hold) {
  const peri_index first = {.kind = PERI_AT};
  peri_tensor *out[MOST_MADE];
  peri_scope scope = peri_scope_open(S->ctx);
  int count = peri_dataset_batch(dataset, &position, 1, out, MOST_MADE);
  for (int i = 0; i < count; i++) {
    out[i] = peri_at(out[i], &first, 1);
    if (!out[i]) count = (int)peri_error(S->ctx);
  }
  pgl_hold_tensors(hold, out, count);
  peri_scope_close(scope);
  return count;
}

static int push_sample(lua_State *L, pgl_state *S, peri_dataset *dataset,
                       lua_Integer position) {
  int64_t size = peri_dataset_size(dataset);
  int64_t place = position < 0 ? position + size : position - 1;
  if (position == 0 || place < 0 || place >= size)
    return pgl_error(L, "data set: sample %I is out of range, there are %I",
                     (LUAI_UACINT)position, (LUAI_UACINT)size);
  pgl_hold *hold = pgl_new_hold(L, MOST_MADE);
  int count = take_sample(S, dataset, place, hold);
  if (count < 0) return pgl_raise(L, S);
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    pgl_push_held(L, S, hold, i);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int dataset_index(lua_State *L) {
  static const char *const fields[] = {"classes", "source", "tensors"};
  pgl_state *S = pgl_enter(L);
  peri_dataset *dataset = to_dataset(L, S, 1);
  int whole;
  lua_Integer position = lua_tointegerx(L, 2, &whole);
  if (lua_type(L, 2) == LUA_TNUMBER && whole)
    return push_sample(L, S, dataset, position);
  const char *name = luaL_tolstring(L, 2, NULL);
  if (strcmp(name, "classes") == 0)
    push_classes(L, dataset);
  else if (strcmp(name, "source") == 0)
    lua_pushstring(L, peri_dataset_source(dataset));
  else if (strcmp(name, "tensors") == 0)
    push_tensors(L, S, dataset);
  else
    return pgl_unknown(L, "data set", "field", name, fields, 3);
  return 1;
}

static int dataset_len(lua_State *L) {
  const peri_dataset *dataset = to_dataset(L, pgl_enter(L), 1);
  lua_pushinteger(L, peri_dataset_size(dataset));
  return 1;
}

static int dataset_tostring(lua_State *L) {
  const peri_dataset *dataset = to_dataset(L, pgl_enter(L), 1);
  const char *source = peri_dataset_source(dataset);
  lua_pushfstring(L, "data set of %I samples%s%s",
                  (LUAI_UACINT)peri_dataset_size(dataset),
                  source && *source ? ": " : "", source ? source : "");
  return 1;
}

/* ---- data.TensorDataset ----------------------------------------------- */

/* Copy the names in field 'classes' of the options at 'index'. */
static void set_classes(lua_State *L, pgl_state *S, peri_dataset *dataset,
                        int index) {
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    static const char *const names[] = {"classes"};
    lua_pushvalue(L, -2);
    const char *name = luaL_tolstring(L, -1, NULL);
    if (strcmp(name, names[0]) != 0)
      pgl_unknown(L, "TensorDataset", "parameter", name, names, 1);
    lua_pop(L, 2);
  }
  lua_getfield(L, index, "classes");
  if (lua_isnil(L, -1)) return;
  if (lua_type(L, -1) != LUA_TTABLE)
    pgl_error(L, "TensorDataset: classes must be a list of strings, got %s",
              pgl_kind(L, S, -1));
  int count = (int)lua_rawlen(L, -1), list = lua_gettop(L);
  const char **names =
      lua_newuserdatauv(L, ((size_t)count + 1) * sizeof *names, 0);
  luaL_checkstack(L, count + 4, "TensorDataset");
  for (int i = 0; i < count; i++) {
    if (lua_rawgeti(L, list, i + 1) != LUA_TSTRING)
      pgl_error(L,
                "TensorDataset: entry %d of classes must be a string, got "
                "%s",
                i + 1, pgl_kind(L, S, -1));
    names[i] = lua_tostring(L, -1); /* which stays on the stack */
  }
  if (peri_dataset_set_classes(dataset, names, count) < 0) pgl_raise(L, S);
}

/* The tensors are gathered in a list, to be read like any other. */
static int new_dataset(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  int last = lua_gettop(L), count;
  pgl_hold *hold;
  bool options = last > 0 && lua_type(L, last) == LUA_TTABLE;
  int tensors = options ? last - 1 : last;
  if (options && lua_rawlen(L, last) > 0)
    return pgl_error(L,
                     "TensorDataset: tensors are given one by one, not in a "
                     "list");
  dataset_box *box = pgl_new(L, PGL_DATASET, sizeof *box, 0);
  lua_createtable(L, tensors, 0);
  for (int i = 1; i <= tensors; i++) {
    pgl_check_tensor(L, S, i, "TensorDataset", "every argument");
    lua_pushvalue(L, i);
    lua_rawseti(L, -2, i);
  }
  peri_tensor **list = pgl_hold_list(L, S, last + 2, "TensorDataset",
                                     "arguments", &count, &hold);
  box->dataset = peri_dataset_new(S->ctx, list, count);
  pgl_hold_drop(hold);
  if (!box->dataset) return pgl_raise(L, S);
  if (options) set_classes(L, S, box->dataset, last);
  lua_settop(L, last + 1);
  return 1;
}

/* ---- Readers ---------------------------------------------------------- */

static int push_made(lua_State *L, pgl_state *S, pgl_hold *hold, int index) {
  if (hold->made[index].tensor) {
    pgl_push_held(L, S, hold, index);
    return 1;
  }
  dataset_box *box = pgl_new(L, PGL_DATASET, sizeof *box, 0);
  box->dataset = hold->made[index].dataset;
  hold->made[index].dataset = NULL;
  return 1;
}

/* A reader's function; upvalue 2 is its row. */
static int call_reader(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_reader *reader = lua_touserdata(L, lua_upvalueindex(2));
  const pgl_signature signature = {reader->name, NULL, reader->params};
  peri_made made[MOST_MADE];
  pgl_args args;
  int last = lua_gettop(L);
  pgl_pay(L, S);
  pgl_hold *hold = pgl_new_hold(L, MOST_MADE);
  pgl_read_args(L, S, &signature, 1, last, &args);
  peri_scope scope = peri_scope_open(S->ctx);
  int count = peri_read(S->ctx, reader, args.value, 1, made, MOST_MADE);
  for (int i = 0; i < count; i++) {
    hold->made[i] = made[i];
    peri_keep(made[i].tensor);
    hold->count = i + 1;
  }
  peri_scope_close(scope);
  if (count < 0) return pgl_world(L, S);
  luaL_checkstack(L, count + 8, reader->name);
  for (int i = 0; i < count; i++) push_made(L, S, hold, i);
  return count;
}

/* ---- Loaders ---------------------------------------------------------- */

static int loader_gc(lua_State *L) {
  loader_box *box = lua_touserdata(L, 1);
  peri_loader_free(box->loader);
  box->loader = NULL;
  return 0;
}

static const peri_param loader_params[] = {
    {.name = "batch_size", .type = PERI_P_INT, .need = PERI_OPTIONAL},
    {.name = "shuffle", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
    {.name = "drop_last", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
    {0}};

static int new_loader(lua_State *L) {
  const pgl_signature signature = {"DataLoader", NULL, loader_params};
  pgl_state *S = pgl_enter(L);
  pgl_args args;
  int last = lua_gettop(L);
  if (last < 1) lua_settop(L, last = 1);
  loader_box *box = pgl_new(L, PGL_LOADER, sizeof *box, 1);
  int place = lua_gettop(L);
  pgl_read_args(L, S, &signature, 2, last, &args);
  const peri_value *size = &args.value[0];
  if (size->type != PERI_P_END && size->i < 1)
    return pgl_error(L, "DataLoader: batch_size must be at least 1, got %I",
                     (LUAI_UACINT)size->i);
  peri_dataset *dataset = to_dataset(L, S, 1);
  if (!dataset)
    return pgl_error(L,
                     "DataLoader: the first argument must be a data set, "
                     "got %s",
                     pgl_kind(L, S, 1));
  const peri_loader_options options = {.batch_size = size->i,
                                       .shuffle = args.value[1].i != 0,
                                       .drop_last = args.value[2].i != 0};
  box->loader = peri_loader_new(dataset, &options);
  if (!box->loader) return pgl_raise(L, S);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, place, 1);
  lua_settop(L, place);
  return 1;
}

/* Closing value of a pass: whoever holds it, the pass is over. */
typedef struct {
  loader_box *loader; /* kept alive by user value 1 */
  lua_Integer pass;
} epoch_box;

static int epoch_close(lua_State *L) {
  const epoch_box *epoch = pgl_test(L, pgl_enter(L), 1, PGL_EPOCH);
  if (epoch && epoch->loader->pass == epoch->pass) epoch->loader->pass++;
  return 0;
}

/* Step of a pass: upvalues state, closing value. */
static int next_batch(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const epoch_box *epoch = lua_touserdata(L, lua_upvalueindex(2));
  peri_loader *loader = pgl_alive(L, epoch->loader->loader, PGL_LOADER);
  peri_tensor *out[PGL_MAX_RESULTS];
  if (epoch->pass != epoch->loader->pass)
    return pgl_error(L,
                     "epoch: this pass is over, or another pass of the "
                     "loader has begun");
  pgl_tensor *box = pgl_new_box(L, S);
  peri_scope scope = peri_scope_open(S->ctx);
  int count = peri_loader_next(loader, out, PGL_MAX_RESULTS);
  pgl_own_results(S, box, out, count);
  peri_scope_close(scope);
  return count < 0 ? pgl_raise(L, S) : pgl_give_results(L, S, out, count);
}

static int method_epoch(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  loader_box *box = pgl_check_self(L, S, PGL_LOADER, "epoch");
  pgl_alive(L, box->loader, PGL_LOADER);
  epoch_box *epoch = pgl_new(L, PGL_EPOCH, sizeof *epoch, 1);
  int closing = lua_gettop(L);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, closing, 1);
  epoch->loader = box;
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, closing);
  lua_pushcclosure(L, next_batch, 2);
  if (peri_loader_start(box->loader, box->epoch) < 0) return pgl_raise(L, S);
  box->epoch++;
  epoch->pass = ++box->pass;
  lua_pushnil(L);
  lua_pushnil(L);
  lua_pushvalue(L, closing);
  return 4;
}

/* What "for x, y in loader do" does. */
static int loader_call(lua_State *L) {
  return pgl_error(L,
                   "a loader is no iterator; its method epoch gives one: "
                   "for x, y in loader:epoch() do");
}

static int loader_tostring(lua_State *L) {
  const loader_box *box = pgl_test(L, pgl_enter(L), 1, PGL_LOADER);
  lua_pushfstring(
      L, "loader of %I batches",
      (LUAI_UACINT)peri_loader_size(pgl_alive(L, box->loader, PGL_LOADER)));
  return 1;
}

static int loader_len(lua_State *L) {
  const loader_box *box = pgl_test(L, pgl_enter(L), 1, PGL_LOADER);
  lua_pushinteger(L, peri_loader_size(pgl_alive(L, box->loader, PGL_LOADER)));
  return 1;
}

/* Upvalue 2 is the table of methods. */
static int loader_index(lua_State *L) {
  static const char *const fields[] = {"epoch", "dataset"};
  pgl_enter(L);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(2)) != LUA_TNIL) return 1;
  const char *name = luaL_tolstring(L, 2, NULL);
  if (strcmp(name, fields[1]) != 0)
    return pgl_unknown(L, "loader", "field", name, fields, 2);
  lua_getiuservalue(L, 1, 1);
  return 1;
}

/* ---- The table data --------------------------------------------------- */

static int list_readers(lua_State *L) {
  const peri_reader *reader;
  pgl_enter(L);
  lua_newtable(L);
  for (int i = 0; (reader = peri_reader_at(i)) != NULL; i++) {
    pgl_push_row(L, reader->name, reader->params, reader->doc);
    lua_setfield(L, -2, reader->name);
  }
  return 1;
}

const pgl_function pgl_data_functions[] = {
    {"TensorDataset", "data.TensorDataset(x, y, ..., { classes })", new_dataset,
     "Make a data set of tensors with equal first sizes; sample i is the i-th\n"
     "entry of each. classes names the classes.\n"
     "The set has #set, set[i] (the tensors of sample i, as a list), and the\n"
     "fields classes, source and tensors.\n"
     "errors  shape if the first sizes differ"},
    {"DataLoader", "data.DataLoader(set, { batch_size, shuffle, drop_last })",
     new_loader,
     "Deliver a data set in batches: for x, y in loader:epoch() do ... end.\n"
     "batch_size  1 when absent\n"
     "shuffle     a new order each epoch, from the seed and the epoch alone\n"
     "drop_last   leave out a last batch that is not full\n"
     "#loader is the number of batches, loader.dataset the data set."},
    {"readers", "data.readers()", list_readers,
     "Describe the readers, by name: { name, params, doc }."},
    {NULL, NULL, NULL, NULL}};

const pgl_function pgl_loader_methods[] = {
    {"epoch", "loader:epoch()", method_epoch,
     "Begin the next epoch and iterate over its batches, as many tensors at a\n"
     "time as the data set has. A failure is raised."},
    {NULL, NULL, NULL, NULL}};

static void open_loader(lua_State *L, pgl_state *S) {
  static const luaL_Reg methods[] = {{"__gc", loader_gc},
                                     {"__len", loader_len},
                                     {"__call", loader_call},
                                     {"__tostring", loader_tostring},
                                     {NULL, NULL}};
  static const luaL_Reg epoch[] = {{"__close", epoch_close}, {NULL, NULL}};
  pgl_new_type(L, S, PGL_EPOCH, epoch);
  pgl_new_type(L, S, PGL_LOADER, methods);
  pgl_push_state(L);
  lua_newtable(L);
  pgl_add_functions(L, pgl_loader_methods);
  lua_pushcclosure(L, loader_index, 2);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
}

void pgl_open_data(lua_State *L, pgl_state *S) {
  static const luaL_Reg dataset[] = {{"__gc", dataset_gc},
                                     {"__index", dataset_index},
                                     {"__len", dataset_len},
                                     {"__tostring", dataset_tostring},
                                     {NULL, NULL}};
  const peri_reader *reader;
  pgl_new_type(L, S, PGL_DATASET, dataset);
  lua_pop(L, 1);
  open_loader(L, S);
  lua_newtable(L);
  for (int i = 0; (reader = peri_reader_at(i)) != NULL; i++) {
    pgl_push_state(L);
    lua_pushlightuserdata(L, (void *)reader);
    lua_pushcclosure(L, call_reader, 2);
    lua_setfield(L, -2, reader->name);
  }
  pgl_add_functions(L, pgl_data_functions);
  lua_setfield(L, -2, "data");
}
