/* apply.c - operations as Lua functions: one C function for each form serves
   all rows, its upvalues are the state, the row and the metatable of tensors.

   PGL_PLAIN     pg.op(x, ...) and x:op(...)
   PGL_IN_PLACE  x:op_(...), which gives x back
   PGL_OPERATOR  a metamethod, which takes the row's inputs and no more */
#include "binding.h"

static const peri_op *row_of(lua_State *L) {
  return lua_touserdata(L, lua_upvalueindex(2));
}

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
  if (peri_context_enter(S->ctx) < 0) return false;
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *const *inputs = pgl_inputs(L, S, &a->args, in);
  peri_tensor *y =
      peri_apply(S->ctx, a->op, inputs, a->args.nin, a->args.value, 1, more);
  for (int i = 0; i < a->count; i++)
    pgl_fill_box(S, a->box[i], i == 0 ? y : more[i - 1]);
  peri_scope_close(scope);
  peri_context_leave(S->ctx);
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
  for (; count < a->count && a->box[count]->x; count++)
    pgl_settle(L, S, a->first_box + count);
  lua_settop(L, a->first_box + count - 1);
  return count;
}

/* Garbage may hold the memory that is missing: collect once, try again. */
static bool worth_retry(lua_State *L, pgl_state *S) {
  if (peri_error(S->ctx) != PERI_ENOMEM) return false;
  peri_clear_error(S->ctx);
  pgl_collect(L);
  return true;
}

/* With the arguments at 1 to 'last'. */
static int apply_plain(lua_State *L, pgl_state *S, const peri_op *op,
                       int last) {
  application a; /* large, and filled as far as the row goes */
  const pgl_signature signature = {op->name, op->inputs, op->params};
  a.op = op;
  a.count = count_outputs(op);
  a.first_box = lua_gettop(L) + 1;
  for (int i = 0; i < a.count; i++)
    a.box[i] = pgl_new_result(L, S, lua_upvalueindex(3));
  pgl_read_args(L, S, &signature, 1, last, &a.args);
  if (!run(L, S, &a) && !(worth_retry(L, S) && run(L, S, &a)))
    return pgl_raise(L, S);
  return give(L, S, &a);
}

static int call_plain(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  return apply_plain(L, S, row_of(L), lua_gettop(L));
}

/* A unary metamethod gets its operand twice. */
static int call_operator(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_op *op = row_of(L);
  return apply_plain(L, S, op, pgl_count_inputs(op->inputs));
}

static int call_in_place(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  const peri_op *op = row_of(L);
  pgl_args args;
  peri_tensor *in[PERI_MAX_INPUTS];
  const pgl_signature signature = {op->name, op->inputs, op->params};
  pgl_pay(L, S);
  pgl_read_args(L, S, &signature, 1, lua_gettop(L), &args);
  pgl_check_tensor(L, S, args.at[0], op->name, op->inputs[0].name);
  if (peri_context_enter(S->ctx) < 0) return pgl_raise(L, S);
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *const *inputs = pgl_inputs(L, S, &args, in);
  peri_tensor *y =
      peri_apply_inplace(S->ctx, op, inputs, args.nin, args.value, 1);
  peri_scope_close(scope);
  peri_context_leave(S->ctx);
  if (!y) return pgl_raise(L, S);
  lua_pushvalue(L, args.at[0]);
  return 1;
}

void pgl_push_op(lua_State *L, const peri_op *op, pgl_form form) {
  static const lua_CFunction forms[] = {[PGL_PLAIN] = call_plain,
                                        [PGL_IN_PLACE] = call_in_place,
                                        [PGL_OPERATOR] = call_operator};
  pgl_push_state(L);
  lua_pushlightuserdata(L, (void *)op);
  pgl_push_type(L, PGL_TENSOR);
  lua_pushcclosure(L, forms[form], 3);
}
