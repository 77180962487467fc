/* vm.c - a Lua state as an object for hosts that know no Lua: running files
   and strings, calling functions with tensors, interactive lines, the
   interrupt. It is the implementation of peri_vm_* in perigee.h and the only
   file besides the binding that includes lua.h.

   Every visit of Lua goes through protect(): one lua_pcall over a C function
   and a job struct of the caller's, so that no Lua error, not even lack of
   memory, leaves this file. Between visits the Lua stack is empty, or holds
   the last error message at position 1, where peri_vm_error finds it. */
#include <limits.h>
#include <lualib.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "binding.h"
#include "vm_memory.h"

#define WARNING_BYTES 256 /* of one warning, cut there */

struct peri_vm {
  peri_vm_memory memory;
  lua_State *L;
  pgl_state *state; /* NULL until the module is open */
  peri_context *ctx;
  void (*output)(void *user, const char *text, size_t length);
  void *output_user;
  void (*log)(void *user, peri_log_level level, const char *text);
  void *log_user;
  const char *error;            /* constant, or the string at position 1 of L */
  _Atomic(lua_State *) current; /* coroutine that runs */
  atomic_int running, stopping;
  bool loading; /* code is being compiled: errors need no traceback */
  bool warns;   /* as warn("@on") and warn("@off") say */
  char warning[WARNING_BYTES];
};

/* The VM of any of its coroutines: Lua copies this place to new ones. */
static peri_vm **vm_place(lua_State *L) {
  return (peri_vm **)lua_getextraspace(L);
}

/* ---- Protected visits ------------------------------------------------- */

/* What a context was like before a visit. */
typedef struct {
  bool grad_enabled;
  peri_status status;
  char text[1024]; /* longer than any text of core */
} parked_state;

static void park(peri_context *ctx, parked_state *parked) {
  if (!ctx) return;
  parked->grad_enabled = peri_grad_enabled(ctx);
  parked->status = peri_error(ctx);
  if (parked->status == PERI_OK) return;
  snprintf(parked->text, sizeof parked->text, "%s", peri_error_text(ctx));
  peri_clear_error(ctx);
}

/* Errors that scripts left behind were raised in Lua and are dropped. */
static void unpark(peri_context *ctx, const parked_state *parked) {
  if (!ctx) return;
  peri_clear_error(ctx);
  peri_set_grad_enabled(ctx, parked->grad_enabled);
  if (parked->status != PERI_OK)
    peri_fail(ctx, parked->status, "%s", parked->text);
}

/* Begin a visit's body: the context follows the main coroutine. */
static peri_vm *enter(lua_State *L) {
  peri_vm *vm = *vm_place(L);
  pgl_switch(L, vm->state);
  vm->state->shows = false;
  return vm;
}

/* Message handler: the error as text, with the traceback. */
static int explain(lua_State *L) {
  return (*vm_place(L))->loading ? 1 : pgl_traceback(L);
}

/* Hook that ends a script; set by peri_vm_interrupt. It stays while the VM
   stops, so that a script which catches the error is stopped at its next
   instruction. A coroutine may keep it after the visit, and must then not be
   harmed. */
static void stop_script(lua_State *L, lua_Debug *where) {
  (void)where;
  if (atomic_load(&(*vm_place(L))->stopping)) luaL_error(L, "interrupted");
  lua_sethook(L, NULL, 0, 0);
}

/* Leave the visit: keep its message, drop an interrupt that came too late. */
static int finish(peri_vm *vm, int status) {
  atomic_store(&vm->running, 0);
  atomic_store(&vm->stopping, 0);
  if (lua_gethook(vm->L) == stop_script) lua_sethook(vm->L, NULL, 0, 0);
  if (status == LUA_OK) {
    lua_settop(vm->L, 0);
    return 0;
  }
  lua_replace(vm->L, 1);
  lua_settop(vm->L, 1);
  vm->error = lua_type(vm->L, 1) == LUA_TSTRING ? lua_tostring(vm->L, 1)
                                                : "error without a message";
  return PERI_ECALLBACK;
}

/* Call 'body' in Lua with 'job' as light userdata at position 1.
   -> 0, PERI_EBUSY from inside another visit, or PERI_ECALLBACK */
static int protect(peri_vm *vm, lua_CFunction body, void *job) {
  parked_state parked;
  peri_context *ctx;
  if (!vm) return PERI_EARG;
  if (atomic_exchange(&vm->running, 1)) return PERI_EBUSY;
  park(ctx = vm->ctx, &parked);
  vm->error = "";
  vm->loading = false;
  atomic_store(&vm->current, vm->L);
  lua_settop(vm->L, 0);
  lua_pushcfunction(vm->L, explain);
  lua_pushcfunction(vm->L, body);
  lua_pushlightuserdata(vm->L, job);
  int status = finish(vm, lua_pcall(vm->L, 1, 0, 1));
  unpark(ctx, &parked);
  return status;
}

const char *peri_vm_error(const peri_vm *vm) { return vm ? vm->error : ""; }

/* Instructions alone are counted: closing values written in C still run. */
static void set_stop_hook(lua_State *L) {
  lua_sethook(L, stop_script, LUA_MASKCOUNT, 1);
}

/* A hook that counts from the start would slow every loop down. So it is set
   when it is needed, on the coroutine that runs, and by resume_coroutine on
   those that wait for it. */
void peri_vm_interrupt(peri_vm *vm) {
  if (!vm || !atomic_load(&vm->running)) return;
  atomic_store(&vm->stopping, 1);
  set_stop_hook(atomic_load(&vm->current));
  if (vm->ctx) peri_interrupt(vm->ctx);
}

/* ---- Coroutines ------------------------------------------------------- */

/* Resume 'co' with 'count' arguments from the top of 'L', noting which of the
   two runs. -> number of results, now at the top of 'L', or -1 with the error
   there */
static int resume_coroutine(lua_State *L, lua_State *co, int count) {
  peri_vm *vm = *vm_place(L);
  int results = 0;
  if (!lua_checkstack(co, count + 1)) {
    lua_pushliteral(L, "too many arguments to resume");
    return -1;
  }
  lua_xmove(L, co, count);
  atomic_store(&vm->current, co);
  if (atomic_load(&vm->stopping)) set_stop_hook(co);
  int status = lua_resume(co, L, count, &results);
  atomic_store(&vm->current, L);
  if (atomic_load(&vm->stopping)) set_stop_hook(L);
  if (status != LUA_OK && status != LUA_YIELD) {
    lua_xmove(co, L, 1);
    return -1;
  }
  if (!lua_checkstack(L, results + 1)) {
    lua_pop(co, results);
    lua_pushliteral(L, "too many results to resume");
    return -1;
  }
  lua_xmove(co, L, results);
  return results;
}

/* coroutine.resume */
static int co_resume(lua_State *L) {
  lua_State *co = lua_tothread(L, 1);
  luaL_argexpected(L, co, 1, "coroutine");
  int results = resume_coroutine(L, co, lua_gettop(L) - 1);
  lua_pushboolean(L, results >= 0);
  lua_insert(L, results < 0 ? -2 : -(results + 1));
  return results < 0 ? 2 : results + 1;
}

/* What coroutine.wrap gives: errors go on, with the place of the call. */
static int call_wrapped(lua_State *L) {
  lua_State *co = lua_tothread(L, lua_upvalueindex(1));
  int results = resume_coroutine(L, co, lua_gettop(L));
  if (results >= 0) return results;
  int status = lua_status(co);
  if (status != LUA_OK && status != LUA_YIELD) { /* it failed */
    status = lua_resetthread(co);
    lua_xmove(co, L, 1);
  }
  if (status != LUA_ERRMEM && lua_type(L, -1) == LUA_TSTRING) {
    luaL_where(L, 1);
    lua_insert(L, -2);
    lua_concat(L, 2);
  }
  return lua_error(L);
}

/* coroutine.wrap */
static int co_wrap(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  lua_State *co = lua_newthread(L);
  lua_pushvalue(L, 1);
  lua_xmove(L, co, 1);
  lua_pushcclosure(L, call_wrapped, 1);
  return 1;
}

static int refuse_exit(lua_State *L) {
  return luaL_error(L, "os.exit: the host decides when to end");
}

/* Put our own functions in the place of Lua's. */
static void replace_functions(lua_State *L, bool may_exit) {
  lua_getglobal(L, "coroutine");
  lua_pushcfunction(L, co_resume);
  lua_setfield(L, -2, "resume");
  lua_pushcfunction(L, co_wrap);
  lua_setfield(L, -2, "wrap");
  lua_getglobal(L, "os");
  lua_pushcfunction(L, refuse_exit);
  if (may_exit)
    lua_pop(L, 1);
  else
    lua_setfield(L, -2, "exit");
  lua_pop(L, 2);
}

/* ---- Opening ---------------------------------------------------------- */

/* print, into the host's sink: one call per line. */
static int print_to_sink(lua_State *L) {
  peri_vm *vm = *vm_place(L);
  int count = lua_gettop(L);
  luaL_Buffer line;
  luaL_buffinit(L, &line);
  for (int i = 1; i <= count; i++) {
    if (i > 1) luaL_addchar(&line, '\t');
    luaL_tolstring(L, i, NULL);
    luaL_addvalue(&line);
  }
  luaL_addchar(&line, '\n');
  luaL_pushresult(&line);
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  vm->output(vm->output_user, text, length);
  return 0;
}

/* Lua's warnings, which come in pieces, into the log sink. */
static void warn(void *user, const char *text, int more) {
  peri_vm *vm = user;
  size_t used = strlen(vm->warning);
  if (used == 0 && !more && text[0] == '@') {
    if (strcmp(text, "@on") == 0) vm->warns = true;
    if (strcmp(text, "@off") == 0) vm->warns = false;
    return;
  }
  snprintf(vm->warning + used, sizeof vm->warning - used, "%s", text);
  if (more) return;
  if (vm->warns && vm->log) vm->log(vm->log_user, PERI_LOG_WARN, vm->warning);
  vm->warning[0] = '\0';
}

/* Global 'arg': argv with argv[script] at 0, what precedes it negative. */
static void make_arg(lua_State *L, const peri_vm_options *options) {
  if (!options->argv) return;
  lua_createtable(L, options->argc - options->script, options->script + 1);
  for (int i = 0; i < options->argc; i++) {
    lua_pushstring(L, options->argv[i]);
    lua_rawseti(L, -2, i - options->script);
  }
  lua_setglobal(L, "arg");
}

/* Its job is the vm's options, the environment already read into them. */
static int open_body(lua_State *L) {
  const peri_vm_options *options = lua_touserdata(L, 1);
  peri_vm *vm = *vm_place(L);
  vm->loading = true;
  if (!options->environment) { /* Lua's own libraries ask for this name */
    lua_pushboolean(L, 1);
    lua_setfield(L, LUA_REGISTRYINDEX, "LUA_NOENV");
  }
  lua_gc(L, LUA_GCSTOP); /* nothing to collect before the libraries are in */
  luaL_openlibs(L);
  replace_functions(L, options->may_exit);
  vm->state = pgl_open(L, &options->context);
  vm->ctx = vm->state->ctx;
  luaL_requiref(L, "perigee", luaopen_perigee, 0);
  make_arg(L, options);
  if (vm->output) lua_register(L, "print", print_to_sink);
  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCGEN, 0, 0);
  return 0;
}

/* A VM without a state; NULL when memory fails. */
static peri_vm *make_vm(const peri_vm_options *options) {
  peri_vm_memory memory;
  peri__vm_memory_init(&memory, &options->context);
  peri_vm *vm = peri__vm_memory(&memory, NULL, 0, sizeof *vm);
  if (!vm) return NULL;
  memset(vm, 0, sizeof *vm);
  vm->memory = memory;
  vm->output = options->output;
  vm->output_user = options->output_user;
  vm->log = options->context.log;
  vm->log_user = options->context.log_user;
  vm->error = "";
  return vm;
}

/* Why a VM did not open, as a text that outlives it: what a context says of
   the options, or that memory is short. */
static const char *explain_refusal(const peri_vm_options *options) {
  const char *why = NULL;
  peri_context_free(peri_context_new(&options->context, &why));
  return why ? why : "out of memory";
}

peri_vm *peri_vm_open(const peri_vm_options *given, const char **why) {
  peri_vm_options options = {0};
  if (given) options = *given;
  if (options.environment) pgl_environment(&options.context);
  peri_vm *vm = make_vm(&options);
  if (vm) vm->L = lua_newstate(peri__vm_memory, &vm->memory);
  if (vm && vm->L) {
    *vm_place(vm->L) = vm;
    lua_setwarnf(vm->L, warn, vm);
    if (protect(vm, open_body, &options) == 0) return vm;
  }
  if (why) *why = explain_refusal(&options);
  peri_vm_close(vm);
  return NULL;
}

void peri_vm_close(peri_vm *vm) {
  if (!vm) return;
  if (vm->L) lua_close(vm->L);
  peri_vm_memory memory = vm->memory;
  peri__vm_memory(&memory, vm, sizeof *vm, 0);
  peri__vm_memory_clear(&memory);
}

peri_context *peri_vm_context(peri_vm *vm) { return vm ? vm->ctx : NULL; }

/* ---- Running code ----------------------------------------------------- */

typedef struct {
  const char *path; /* of a file, NULL: standard input */
  const char *code; /* or a string */
  const char *name;
} chunk_job;

/* Push arg[1], arg[2], ... for a file's '...'. -> how many */
static int push_arguments(lua_State *L) {
  if (lua_getglobal(L, "arg") != LUA_TTABLE) {
    lua_pop(L, 1);
    return 0;
  }
  lua_Integer count = luaL_len(L, -1);
  if (count >= INT_MAX / 2) luaL_error(L, "too many arguments");
  luaL_checkstack(L, (int)count + 3, "too many arguments");
  int place = lua_gettop(L);
  for (lua_Integer i = 1; i <= count; i++) lua_rawgeti(L, place, i);
  lua_remove(L, place);
  return (int)count;
}

static int chunk_body(lua_State *L) {
  const chunk_job *job = lua_touserdata(L, 1);
  peri_vm *vm = enter(L);
  int status, arguments = 0;
  vm->loading = true;
  if (job->code) {
    const char *name =
        job->name ? lua_pushfstring(L, "=%s", job->name) : job->code;
    status = luaL_loadbuffer(L, job->code, strlen(job->code), name);
  } else {
    status = luaL_loadfile(L, job->path);
  }
  if (status != LUA_OK) return lua_error(L);
  vm->loading = false;
  if (!job->code) arguments = push_arguments(L);
  lua_call(L, arguments, 0);
  return 0;
}

int peri_vm_run_file(peri_vm *vm, const char *path) {
  chunk_job job = {.path = path};
  return protect(vm, chunk_body, &job);
}

int peri_vm_run_string(peri_vm *vm, const char *code, const char *name) {
  chunk_job job = {.code = code, .name = name};
  if (code) return protect(vm, chunk_body, &job);
  if (vm && !atomic_load(&vm->running)) vm->error = "run_string: no code";
  return PERI_EARG;
}

/* ---- Tensors in and out ----------------------------------------------- */

typedef struct {
  const char *name;
  peri_tensor *const *in;
  int nin;
  peri_tensor **out;
  int room, count;
} call_job;

/* Push 'x', NULL as nil. */
static void push_tensor(lua_State *L, peri_tensor *x) {
  if (!x)
    lua_pushnil(L);
  else if (peri_tensor_context(x) != (*vm_place(L))->ctx)
    luaL_error(L, "the tensor belongs to another context");
  else
    pgl_push_tensor(L, (*vm_place(L))->state, x);
}

/* The value at 'index' as a tensor that the caller owns; nil as NULL. */
static peri_tensor *take_tensor(lua_State *L, int index) {
  const peri_vm *vm = *vm_place(L);
  peri_tensor *x = pgl_to_tensor(L, vm->state, index);
  if (lua_isinteger(L, index))
    x = peri_whole(vm->ctx, lua_tointeger(L, index));
  else if (lua_type(L, index) == LUA_TNUMBER)
    x = peri_number(vm->ctx, lua_tonumber(L, index));
  return x ? peri_keep(x) : NULL;
}

static bool is_result(lua_State *L, int index) {
  int type = lua_type(L, index);
  return type == LUA_TNIL || type == LUA_TNUMBER ||
         pgl_to_tensor(L, (*vm_place(L))->state, index);
}

/* Hand 'count' results from 'first' on to the caller, all or none. */
static void take_results(lua_State *L, call_job *job, int first, int count) {
  peri_context *ctx = (*vm_place(L))->ctx;
  for (int i = 0; i < count; i++)
    if (!is_result(L, first + i))
      luaL_error(L, "%s: result %d is a %s, not a tensor", job->name, i + 1,
                 luaL_typename(L, first + i));
  for (int i = 0; i < count; i++) job->out[i] = take_tensor(L, first + i);
  job->count = count;
  if (peri_error(ctx) == PERI_OK) return;
  for (int i = 0; i < count; i++) {
    if (job->out[i]) peri_release(job->out[i]);
    job->out[i] = NULL;
  }
  luaL_error(L, "%s: %s", job->name, peri_error_text(ctx));
}

static int call_body(lua_State *L) {
  call_job *job = lua_touserdata(L, 1);
  enter(L);
  luaL_checkstack(L, job->nin + 4, "too many tensors");
  if (lua_getglobal(L, job->name) == LUA_TNIL)
    return luaL_error(L, "there is no global function '%s'", job->name);
  for (int i = 0; i < job->nin; i++) push_tensor(L, job->in[i]);
  lua_call(L, job->nin, LUA_MULTRET);
  int count = lua_gettop(L) - 1;
  take_results(L, job, 2, count < job->room ? count : job->room);
  return 0;
}

int peri_vm_call(peri_vm *vm, const char *name, peri_tensor *const *in, int nin,
                 peri_tensor **out, int room) {
  call_job job = {name, in, nin, out, room, 0};
  if (!name || nin < 0 || room < 0 || (nin && !in) || (room && !out))
    return PERI_EARG;
  int status = protect(vm, call_body, &job);
  return status < 0 ? status : job.count;
}

static int get_body(lua_State *L) {
  call_job *job = lua_touserdata(L, 1);
  enter(L);
  lua_getglobal(L, job->name);
  peri_tensor *x = pgl_to_tensor(L, (*vm_place(L))->state, -1);
  if (!x)
    return luaL_error(L, "global '%s' is a %s, not a tensor", job->name,
                      luaL_typename(L, -1));
  job->out[0] = peri_keep(x);
  return 0;
}

peri_tensor *peri_vm_tensor(peri_vm *vm, const char *name) {
  peri_tensor *x = NULL;
  call_job job = {.name = name, .out = &x};
  if (name) protect(vm, get_body, &job);
  return x;
}

static int set_body(lua_State *L) {
  call_job *job = lua_touserdata(L, 1);
  enter(L);
  push_tensor(L, job->in[0]);
  lua_setglobal(L, job->name);
  return 0;
}

int peri_vm_set_tensor(peri_vm *vm, const char *name, peri_tensor *x) {
  call_job job = {.name = name, .in = &x};
  return name ? protect(vm, set_body, &job) : PERI_EARG;
}

/* ---- Interactive lines ------------------------------------------------ */

/* The logic is Lua's: lua/perigee/repl.lua. */
static void push_repl(lua_State *L, const char *function) {
  lua_getglobal(L, "require");
  lua_pushliteral(L, "perigee.repl");
  lua_call(L, 1, 1);
  lua_getfield(L, -1, function);
  lua_remove(L, -2);
}

typedef struct {
  const char *line;
  int index;
  char *text;
  size_t room;
  bool found; /* a completion, or that more input is needed */
} line_job;

static int line_body(lua_State *L) {
  line_job *job = lua_touserdata(L, 1);
  peri_vm *vm = enter(L);
  push_repl(L, "read");
  lua_pushstring(L, job->line); /* nil for NULL */
  vm->loading = true;
  lua_call(L, 1, 3); /* chunk or nil, more is needed, an expression */
  vm->loading = false;
  vm->state->shows = lua_toboolean(L, -1);
  job->found = lua_toboolean(L, -2);
  lua_pop(L, 2);
  if (lua_isnil(L, -1)) return 0;
  lua_call(L, 0, LUA_MULTRET);
  if (lua_gettop(L) == 1) return 0;
  push_repl(L, "show");
  lua_insert(L, 2);
  lua_call(L, lua_gettop(L) - 2, 0);
  return 0;
}

int peri_vm_line(peri_vm *vm, const char *line) {
  line_job job = {.line = line};
  int status = protect(vm, line_body, &job);
  return status < 0 ? status : job.found;
}

static int complete_body(lua_State *L) {
  line_job *job = lua_touserdata(L, 1);
  enter(L);
  push_repl(L, "complete");
  lua_pushstring(L, job->line);
  lua_pushinteger(L, (lua_Integer)job->index + 1);
  lua_call(L, 2, 1);
  size_t length;
  const char *text = lua_tolstring(L, -1, &length);
  job->found = text && length < job->room;
  if (job->found) memcpy(job->text, text, length + 1);
  return 0;
}

bool peri_vm_complete(peri_vm *vm, const char *line, int index, char *text,
                      size_t room) {
  line_job job = {line, index, text, room, false};
  if (!line || !text || index < 0) return false;
  return protect(vm, complete_body, &job) == 0 && job.found;
}
