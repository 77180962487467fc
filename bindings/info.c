/* info.c - settings of the context and what there is to know about it. */
#include <time.h>

#include "binding.h"

/* ---- Settings --------------------------------------------------------- */

static int set_threads(lua_State *L) {
  static const peri_param params[] = {
      {.name = "threads", .type = PERI_P_INT, .need = PERI_REQUIRED}, {0}};
  const pgl_signature signature = {"set_threads", NULL, params};
  pgl_state *S = pgl_enter(L);
  pgl_args args;
  pgl_read_args(L, S, &signature, 1, lua_gettop(L), &args);
  int64_t threads = args.value[0].i;
  if (args.value[0].type == PERI_P_END || threads < 0 ||
      threads > PERI_MAX_THREADS)
    return pgl_error(L, "set_threads: threads must be in [0, %d]",
                     PERI_MAX_THREADS);
  if (peri_set_threads(S->ctx, (int)threads) < 0) return pgl_raise(L, S);
  return 0;
}

static int clock_seconds(lua_State *L) {
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  lua_pushnumber(L, (lua_Number)now.tv_sec + (lua_Number)now.tv_nsec * 1e-9);
  return 1;
}

/* ---- Looking ---------------------------------------------------------- */

static int memory_stats(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  const peri_memory memory = peri_memory_stats(S->ctx);
  const struct {
    const char *name;
    size_t number;
  } fields[] = {{"live_bytes", memory.live_bytes},
                {"cached_bytes", memory.cached_bytes},
                {"peak_bytes", memory.peak_bytes},
                {"host_allocs", memory.host_allocs},
                {"live_tensors", memory.live_tensors},
                {"live_storages", memory.live_storages}};
  lua_newtable(L);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    lua_pushinteger(L, (lua_Integer)fields[i].number);
    lua_setfield(L, -2, fields[i].name);
  }
  return 1;
}

/* Append the string at the top to the list below it. */
static void append(lua_State *L) {
  lua_rawseti(L, -2, (lua_Integer)lua_rawlen(L, -2) + 1);
}

static void push_providers(lua_State *L, const peri_context *ctx) {
  const char *name;
  lua_newtable(L);
  for (int i = 0; (name = peri_provider_name(ctx, i)) != NULL; i++) {
    lua_pushstring(L, name);
    append(L);
  }
}

static void push_dtypes(lua_State *L) {
  lua_newtable(L);
  for (int i = 1; i < PERI_DTYPES; i++) {
    lua_pushstring(L, peri_dtype_name((peri_dtype)i));
    append(L);
  }
}

/* How many rows the tables have, hidden operations left out. */
static void set_counts(lua_State *L, const peri_context *ctx) {
  int ops = 0, layers = 0, optims = 0, readers = 0;
  const peri_op *op;
  for (int i = 0; (op = peri_op_at(ctx, i)) != NULL; i++)
    ops += !(op->flags & PERI_OP_HIDDEN);
  while (peri_layer_at(layers)) layers++;
  while (peri_optim_at(optims)) optims++;
  while (peri_reader_at(readers)) readers++;
  lua_pushinteger(L, ops);
  lua_setfield(L, -2, "operations");
  lua_pushinteger(L, layers);
  lua_setfield(L, -2, "layers");
  lua_pushinteger(L, optims);
  lua_setfield(L, -2, "optimizers");
  lua_pushinteger(L, readers);
  lua_setfield(L, -2, "readers");
}

static int info(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  lua_newtable(L);
  lua_pushliteral(L, PERI_VERSION);
  lua_setfield(L, -2, "version");
  lua_pushliteral(L, LUA_RELEASE);
  lua_setfield(L, -2, "lua");
  lua_pushstring(L, peri_isa(S->ctx));
  lua_setfield(L, -2, "isa");
  lua_pushinteger(L, peri_threads(S->ctx));
  lua_setfield(L, -2, "threads");
  push_providers(L, S->ctx);
  lua_setfield(L, -2, "providers");
  push_dtypes(L);
  lua_setfield(L, -2, "dtypes");
  set_counts(L, S->ctx);
  return 1;
}

static int list_ops(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  const peri_op *op;
  lua_newtable(L);
  for (int i = 0; (op = peri_op_at(S->ctx, i)) != NULL; i++) {
    if (op->flags & PERI_OP_HIDDEN) continue;
    pgl_push_op_row(L, op);
    append(L);
  }
  return 1;
}

const pgl_function pgl_info_functions[] = {
    {"set_threads", "pg.set_threads(threads)", set_threads,
     "Let kernels use so many threads; 0: as many as processors."},
    {"clock", "pg.clock()", clock_seconds,
     "Give seconds that pass evenly, from some moment on."},
    {"memory_stats", "pg.memory_stats()", memory_stats,
     "Tell what the context holds: live_bytes, cached_bytes, peak_bytes,\n"
     "host_allocs, live_tensors, live_storages."},
    {"info", "pg.info()", info,
     "Tell how this perigee was built and what it has."},
    {"ops", "pg.ops()", list_ops,
     "Describe the operations, as a list: { name, inputs, params, outputs,\n"
     "flags, domain, doc }."},
    {NULL, NULL, NULL, NULL}};
