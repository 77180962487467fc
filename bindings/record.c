/* record.c - pg.record: the calls of a function, kept to be run again. */
#include "binding.h"

/* A recording; NULL until it has begun. */
typedef struct {
  peri_recording *recording;
  bool running;
} record_box;

static int record_gc(lua_State *L) {
  record_box *box = lua_touserdata(L, 1);
  peri_recording_free(box->recording);
  box->recording = NULL;
  return 0;
}

/* Closing ends the recording; what was recorded stays. */
static int record_close(lua_State *L) {
  record_box *box = lua_touserdata(L, 1);
  if (box->running) peri_record_stop(box->recording);
  box->running = false;
  return 0;
}

static int end_record(lua_State *L, int status, lua_KContext unused) {
  pgl_state *S = pgl_enter(L);
  record_box *box = lua_touserdata(L, 1);
  (void)status;
  (void)unused;
  box->running = false;
  if (peri_record_stop(box->recording) < 0) return pgl_raise(L, S);
  return lua_gettop(L);
}

static int record(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  luaL_checkstack(L, 4, "record");
  pgl_check_function(L, S, 1, "record");
  record_box *box = pgl_new(L, PGL_RECORDING, sizeof *box, 0);
  lua_insert(L, 1);
  box->recording = peri_record(S->ctx);
  if (!box->recording) return pgl_raise(L, S);
  box->running = true;
  lua_toclose(L, 1);
  lua_callk(L, lua_gettop(L) - 2, LUA_MULTRET, 0, end_record);
  return end_record(L, LUA_OK, 0);
}

/* ---- Methods ---------------------------------------------------------- */

static peri_recording *self_recording(lua_State *L, const pgl_state *S,
                                      const char *what) {
  const record_box *box = pgl_check_self(L, S, PGL_RECORDING, what);
  return pgl_alive(L, box->recording, PGL_RECORDING);
}

static int recording_replay(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_recording *recording = self_recording(L, S, "replay");
  return peri_replay(recording) < 0 ? pgl_raise(L, S) : 0;
}

/* Push { shape = ..., dtype = ... }, or false for an absent input. */
static void push_arg(lua_State *L, const peri_arg *arg) {
  if (arg->dtype == PERI_DTYPE_NONE) {
    lua_pushboolean(L, 0);
    return;
  }
  lua_createtable(L, 0, 2);
  lua_createtable(L, arg->ndim, 0);
  for (int d = 0; d < arg->ndim; d++) {
    lua_pushinteger(L, arg->shape[d]);
    lua_rawseti(L, -2, d + 1);
  }
  lua_setfield(L, -2, "shape");
  lua_pushstring(L, peri_dtype_name(arg->dtype));
  lua_setfield(L, -2, "dtype");
}

static void push_args(lua_State *L, const peri_arg *arg, int count) {
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    push_arg(L, &arg[i]);
    lua_rawseti(L, -2, i + 1);
  }
}

static int recording_calls(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_recording *recording = self_recording(L, S, "calls");
  int size = peri_recording_size(recording);
  lua_createtable(L, size, 0);
  for (int i = 0; i < size; i++) {
    const peri_call *call = peri_recording_call(recording, i);
    lua_createtable(L, 0, 3);
    lua_pushstring(L, peri_kernel_name(S->ctx, call->kernel));
    lua_setfield(L, -2, "kernel");
    push_args(L, call->arg, call->nout);
    lua_setfield(L, -2, "outputs");
    push_args(L, call->arg + call->nout, call->nin);
    lua_setfield(L, -2, "inputs");
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static int recording_len(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  lua_pushinteger(L, peri_recording_size(self_recording(L, S, "length")));
  return 1;
}

static int recording_tostring(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  lua_pushfstring(L, "recording of %d calls",
                  peri_recording_size(self_recording(L, S, "tostring")));
  return 1;
}

const pgl_function pgl_record_functions[] = {
    {"record", "pg.record(fn, ...)", record,
     "Call fn(...) and record the calls of kernels that it makes.\n"
     "-> the recording, then what fn returns\n"
     "errors  busy if a recording is running"},
    {NULL, NULL, NULL, NULL}};

const pgl_function pgl_recording_methods[] = {
    {"replay", "recording:replay()", recording_replay,
     "Run the calls again on what their buffers hold now. No memory is asked\n"
     "for and nothing is checked; new inputs are copied into the old ones."},
    {"calls", "recording:calls()", recording_calls,
     "List the calls: { kernel, outputs, inputs }, with shapes and dtypes."},
    {NULL, NULL, NULL, NULL}};

void pgl_open_record(lua_State *L, pgl_state *S) {
  static const luaL_Reg methods[] = {{"__gc", record_gc},
                                     {"__close", record_close},
                                     {"__len", recording_len},
                                     {"__tostring", recording_tostring},
                                     {NULL, NULL}};
  pgl_new_type(L, S, PGL_RECORDING, methods);
  lua_newtable(L);
  pgl_add_functions(L, pgl_recording_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
