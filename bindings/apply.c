/* apply.c - operations as Lua functions: one C function serves all rows, its
   upvalues say which row and in which form.

   PGL_PLAIN     pg.op(x, ...) and x:op(...)
   PGL_IN_PLACE  x:op_(...), which gives x back
   PGL_OPERATOR  a metamethod, which takes the row's inputs and no more */
#include "binding.h"

/* One application on its way. */
typedef struct {
  const peri_op *op;
  pgl_args args;
  pgl_tensor *box[PERI_MAX_OUTPUTS];
  int first_box; /* place of box[0] on the stack */
  int count;     /* of boxes, as many as outputs have names */
} application;

static int count_outputs(const peri_op *op) {
  int count = 0;
  while (op->outputs[count]) count++;
  return count ? count : 1;
}

/* Let core work, fill the boxes. -> false with the error set */
static bool run(lua_State *L, pgl_state *S, application *a) {
  peri_tensor *in[PERI_MAX_INPUTS];
  peri_tensor *more[PERI_MAX_OUTPUTS] = {NULL};
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *const *inputs = pgl_inputs(L, S, &a->args, in);
  peri_tensor *y =
      peri_apply(S->ctx, a->op, inputs, a->args.nin, a->args.value, 1, more);
  for (int i = 0; i < a->count; i++)
    pgl_fill_box(S, a->box[i], i == 0 ? y : more[i - 1]);
  peri_scope_close(scope);
  return y != NULL;
}

/* A result of one truth value is the language's own boolean. */
static bool is_truth(const peri_op *op, const peri_tensor *y) {
  return (op->flags & PERI_OP_TRUTH) && peri_tensor_ndim(y) == 0;
}

/* Push what the call returns. An output that the row names but did not make
   this time is not returned. */
static int give(lua_State *L, pgl_state *S, application *a) {
  int count = 0;
  if (is_truth(a->op, a->box[0]->x)) {
    lua_pushboolean(L, peri_item(a->box[0]->x) != 0);
    return 1;
  }
  luaL_checkstack(L, a->count, a->op->name);
  for (int i = 0; i < a->count && a->box[i]->x; i++, count++) {
    pgl_settle(L, S, a->first_box + i);
    lua_pushvalue(L, a->first_box + i);
  }
  return count;
}

/* Garbage may hold the memory that is missing: collect once, try again. */
static bool worth_retry(lua_State *L, pgl_state *S) {
  if (peri_error(S->ctx) != PERI_ENOMEM) return false;
  peri_clear_error(S->ctx);
  pgl_collect(L);
  return true;
}

static int apply_plain(lua_State *L, pgl_state *S, const peri_op *op,
                       int last) {
  application a = {.op = op, .count = count_outputs(op)};
  const pgl_signature signature = {op->name, op->inputs, op->params};
  luaL_checkstack(L, PERI_MAX_OUTPUTS, op->name);
  a.first_box = lua_gettop(L) + 1;
  for (int i = 0; i < a.count; i++) a.box[i] = pgl_new_box(L, S);
  pgl_read_args(L, S, &signature, 1, last, &a.args);
  if (!run(L, S, &a) && !(worth_retry(L, S) && run(L, S, &a)))
    return pgl_raise(L, S);
  return give(L, S, &a);
}

static int apply_in_place(lua_State *L, pgl_state *S, const peri_op *op,
                          int last) {
  pgl_args args;
  peri_tensor *in[PERI_MAX_INPUTS];
  const pgl_signature signature = {op->name, op->inputs, op->params};
  pgl_pay(L, S);
  pgl_read_args(L, S, &signature, 1, last, &args);
  pgl_check_tensor(L, S, args.at[0], op->name, op->inputs[0].name);
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *const *inputs = pgl_inputs(L, S, &args, in);
  peri_tensor *y =
      peri_apply_inplace(S->ctx, op, inputs, args.nin, args.value, 1);
  peri_scope_close(scope);
  if (!y) return pgl_raise(L, S);
  lua_pushvalue(L, args.at[0]);
  return 1;
}

static int call_op(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_op *op = lua_touserdata(L, lua_upvalueindex(2));
  pgl_form form = (pgl_form)lua_tointeger(L, lua_upvalueindex(3));
  int last = lua_gettop(L);
  if (form == PGL_IN_PLACE) return apply_in_place(L, S, op, last);
  if (form == PGL_OPERATOR) /* a unary one gets its operand twice */
    last = pgl_count_inputs(op->inputs);
  return apply_plain(L, S, op, last);
}

void pgl_push_op(lua_State *L, const peri_op *op, pgl_form form) {
  pgl_push_state(L);
  lua_pushlightuserdata(L, (void *)op);
  lua_pushinteger(L, form);
  lua_pushcclosure(L, call_op, 3);
}
