/* autograd.c - gradients as values, and the check of gradients against
   differences, whose function is Lua's. */
#include "binding.h"

/* ---- pg.grad ---------------------------------------------------------- */

static const peri_input grad_inputs[] = {
    {"grad_outputs", PERI_IN_LIST | PERI_IN_OPTIONAL}, {0}};
static const peri_param grad_params[] = {
    {.name = "retain_graph", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
    {.name = "create_graph", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
    {.name = "allow_unused", .type = PERI_P_BOOL, .need = PERI_OPTIONAL},
    {0}};

/* One call of pg.grad: outputs at 1, inputs at 2 of the stack. */
typedef struct {
  peri_tensor **outputs, **inputs, **grads;
  int count, input_count;
  pgl_hold *held_outputs, *held_inputs, *results;
  pgl_args args;
} grad_call;

static void read_grad(lua_State *L, pgl_state *S, grad_call *g, int last) {
  const pgl_signature signature = {"grad", grad_inputs, grad_params};
  g->outputs =
      pgl_hold_list(L, S, 1, "grad", "outputs", &g->count, &g->held_outputs);
  g->inputs = pgl_hold_list(L, S, 2, "grad", "inputs", &g->input_count,
                            &g->held_inputs);
  size_t room = (size_t)g->input_count + 1;
  g->grads = lua_newuserdatauv(L, room * sizeof *g->grads, 0);
  g->results = pgl_new_hold(L, g->input_count);
  pgl_read_args(L, S, &signature, 3, last, &g->args);
  if (g->args.list && g->args.nin != g->count)
    pgl_error(L, "grad: %d outputs, but %d grad_outputs", g->count,
              g->args.nin);
}

static int run_grad(pgl_state *S, grad_call *g) {
  const peri_grad_options options = {.seeds = g->args.list,
                                     .retain_graph = g->args.value[0].i != 0,
                                     .create_graph = g->args.value[1].i != 0,
                                     .allow_unused = g->args.value[2].i != 0};
  peri_scope scope = peri_scope_open(S->ctx);
  int status = peri_gradients(g->outputs, g->count, g->inputs, g->input_count,
                              &options, g->grads);
  if (status == 0) pgl_hold_tensors(g->results, g->grads, g->input_count);
  peri_scope_close(scope);
  pgl_hold_drop(g->held_outputs);
  pgl_hold_drop(g->held_inputs);
  return status;
}

static int grad(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  grad_call g = {.count = 0};
  int last = lua_gettop(L);
  if (last < 2) lua_settop(L, last = 2);
  pgl_pay(L, S);
  read_grad(L, S, &g, last);
  if (run_grad(S, &g) < 0) return pgl_raise(L, S);
  luaL_checkstack(L, g.input_count + 8, "grad");
  for (int i = 0; i < g.input_count; i++)
    if (g.results->made[i].tensor)
      pgl_push_held(L, S, g.results, i);
    else
      lua_pushnil(L);
  return g.input_count;
}

/* ---- Gradient checks -------------------------------------------------- */

static const peri_param check_params[] = {
    {.name = "eps", .type = PERI_P_REAL, .need = PERI_OPTIONAL},
    {.name = "atol", .type = PERI_P_REAL, .need = PERI_OPTIONAL},
    {.name = "rtol", .type = PERI_P_REAL, .need = PERI_OPTIONAL},
    {0}};

/* What one call of the function under test needs. */
typedef struct {
  lua_State *L;
  pgl_state *S;
  const char *what;
  peri_tensor *const *inputs;
  int count;
} check_call;

/* Protected: the function at 1 applied to the inputs of the call at 2. */
static int call_checked(lua_State *L) {
  const check_call *call = lua_touserdata(L, 2);
  luaL_checkstack(L, call->count + 4, call->what);
  lua_pushvalue(L, 1);
  for (int i = 0; i < call->count; i++)
    pgl_push_tensor(L, call->S, call->inputs[i]);
  lua_call(L, call->count, 1);
  pgl_check_tensor(L, call->S, -1, call->what, "the result of fn");
  return 1;
}

/* For core: results and errors stay on the Lua stack until core returns. */
static peri_tensor *checked_function(void *user, peri_tensor *const *inputs,
                                     int count) {
  check_call *call = user;
  lua_State *L = call->L;
  call->inputs = inputs;
  call->count = count;
  if (!lua_checkstack(L, 8)) {
    peri_fail(call->S->ctx, PERI_ENOMEM, "%s: out of stack", call->what);
    return NULL;
  }
  lua_pushcfunction(L, call_checked);
  lua_pushvalue(L, 1);
  lua_pushlightuserdata(L, call);
  if (lua_pcall(L, 2, 1, 0) == LUA_OK)
    return ((const pgl_tensor *)lua_touserdata(L, -1))->x;
  call->S->parked = lua_gettop(L);
  peri_fail(call->S->ctx, PERI_ECALLBACK, "%s: fn failed", call->what);
  return NULL;
}

typedef int (*checker)(peri_context *, peri_function, void *,
                       peri_tensor *const *, int,
                       const peri_gradcheck_options *);

static int run_check(lua_State *L, const char *what, checker check) {
  pgl_state *S = pgl_enter(L);
  const pgl_signature signature = {what, NULL, check_params};
  check_call call = {.L = L, .S = S, .what = what};
  pgl_args args;
  int count, last = lua_gettop(L);
  if (last < 2) lua_settop(L, last = 2);
  pgl_check_function(L, S, 1, what);
  pgl_read_args(L, S, &signature, 3, last, &args);
  pgl_hold *hold;
  peri_tensor **inputs = pgl_hold_list(L, S, 2, what, "inputs", &count, &hold);
  const peri_gradcheck_options options = {args.value[0].f, args.value[1].f,
                                          args.value[2].f};
  int status = check(S->ctx, checked_function, &call, inputs, count, &options);
  pgl_hold_drop(hold);
  if (status < 0) return pgl_raise(L, S);
  lua_pushboolean(L, 1);
  return 1;
}

static int gradcheck(lua_State *L) {
  return run_check(L, "gradcheck", peri_gradcheck);
}

static int gradgradcheck(lua_State *L) {
  return run_check(L, "gradgradcheck", peri_gradgradcheck);
}

const pgl_function pgl_autograd_functions[] = {
    {"grad",
     "pg.grad(outputs, inputs, { grad_outputs, retain_graph, "
     "create_graph, allow_unused })",
     grad,
     "Give the gradients of the sum of outputs with respect to inputs; leaves\n"
     "keep theirs. Both are a tensor or a list of tensors.\n"
     "grad_outputs  what flows into each output; ones when absent\n"
     "retain_graph  keep what another backward needs\n"
     "create_graph  record the gradients' own operations\n"
     "allow_unused  nil for an input without a path, instead of an error\n"
     "-> one tensor per input, as separate values"},
    {"gradcheck", "pg.gradcheck(fn, inputs, { eps, atol, rtol })", gradcheck,
     "Compare the gradients of fn at float64 inputs with central differences.\n"
     "eps   step of the differences, 1e-6\n"
     "atol  1e-5\n"
     "rtol  1e-3\n"
     "-> true\n"
     "errors  grad, naming the input, the element and both numbers"},
    {"gradgradcheck", "pg.gradgradcheck(fn, inputs, { eps, atol, rtol })",
     gradgradcheck, "The same for the gradients of the gradients."},
    {NULL, NULL, NULL, NULL}};
