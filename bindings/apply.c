/* apply.c - operations as Lua functions: one C function for each form serves
   all rows, its upvalues are the row and the metatable of tensors.

   PGL_PLAIN     pg.op(x, ...) and x:op(...)
   PGL_IN_PLACE  x:op_(...), which gives x back
   PGL_OPERATOR  a metamethod, which takes the row's inputs and no more

   An operation that gives a list gives a table. Core says first how many
   tensors that will be; then there is room for them; then they are made. */
#include "binding.h"

/* A row as the first upvalue of its functions. */
typedef struct {
  pgl_state *S;
  const peri_op *op;
  const peri_op *form; /* what it becomes when parameters are given, or NULL */
  pgl_signature signature;
  int inputs, outputs; /* how many have names; one output at least */
} bound_row;

static const bound_row *enter(lua_State *L) {
  const bound_row *row = lua_touserdata(L, lua_upvalueindex(1));
  pgl_enter_state(L, row->S);
  return row;
}

/* One application on its way. */
typedef struct {
  const bound_row *row;
  pgl_args args;
  pgl_tensor *box[PERI_MAX_OUTPUTS];
  int first_box; /* place of box[0] on the stack */
} application;

static int count_outputs(const peri_op *op) {
  int count = 0;
  while (op->outputs[count]) count++;
  return count ? count : 1;
}

/* The row to apply with these arguments. */
static const peri_op *row_of(const bound_row *row, const pgl_args *args) {
  const peri_param *params = row->signature.params;
  for (int i = 0; row->form && params[i].name; i++)
    if (args->value[i].type != PERI_P_END) return row->form;
  return row->op;
}

/* Let core work, fill the boxes. -> false with the error set */
static bool run(lua_State *L, application *a) {
  const bound_row *row = a->row;
  pgl_state *S = row->S;
  peri_tensor *in[PERI_MAX_INPUTS];
  peri_tensor *more[PERI_MAX_OUTPUTS] = {NULL};
  peri_tensor *const *inputs = pgl_inputs(L, S, &a->args, in);
  peri_tensor *y = peri_apply_kept(S->ctx, row_of(row, &a->args), inputs,
                                   a->args.nin, a->args.value, 1, more);
  pgl_drop_numbers(&a->args, inputs);
  pgl_give_box(S, a->box[0], y);
  for (int i = 1; i < row->outputs; i++)
    pgl_give_box(S, a->box[i], more[i - 1]);
  return y != NULL;
}

/* A result of one truth value is the language's own boolean. */
static bool is_truth(const peri_op *op, const peri_tensor *y) {
  return (op->flags & PERI_OP_TRUTH) && peri_tensor_ndim(y) == 0;
}

/* Push what the call returns. An output that the row names but did not make
   this time is nil if another one follows it, else it is not returned. */
static int give(lua_State *L, application *a) {
  int count = a->row->outputs;
  if (is_truth(a->row->op, a->box[0]->x)) {
    lua_pushboolean(L, peri_item(a->box[0]->x) != 0);
    return 1;
  }
  while (!a->box[count - 1]->x) count--;
  for (int i = 0; i < count; i++) {
    if (a->box[i]->x) {
      pgl_identify(L, a->box[i]->x, a->first_box + i);
      continue;
    }
    lua_pushnil(L);
    lua_replace(L, a->first_box + i);
  }
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
static int apply_plain(lua_State *L, const bound_row *row, int last) {
  application a; /* large, and filled as far as the row goes */
  a.row = row;
  a.first_box = lua_gettop(L) + 1;
  for (int i = 0; i < row->outputs; i++)
    a.box[i] = pgl_new_result(L, row->S, lua_upvalueindex(2));
  pgl_read_args(L, row->S, &row->signature, 1, last, &a.args);
  if (!run(L, &a) && !(worth_retry(L, row->S) && run(L, &a)))
    return pgl_raise(L, row->S);
  return give(L, &a);
}

static int call_plain(lua_State *L) {
  return apply_plain(L, enter(L), lua_gettop(L));
}

/* A unary metamethod gets its operand twice. */
static int call_operator(lua_State *L) {
  const bound_row *row = enter(L);
  return apply_plain(L, row, row->inputs);
}

static int call_in_place(lua_State *L) {
  const bound_row *row = enter(L);
  const peri_op *op = row->op;
  pgl_state *S = row->S;
  pgl_args args;
  peri_tensor *in[PERI_MAX_INPUTS];
  pgl_pay(L, S);
  pgl_read_args(L, S, &row->signature, 1, lua_gettop(L), &args);
  pgl_check_tensor(L, S, args.at[0], op->name, op->inputs[0].name);
  if (peri_context_enter(S->ctx) < 0) return pgl_raise(L, S);
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *const *inputs = pgl_inputs(L, S, &args, in);
  peri_tensor *y = peri_apply_inplace(S->ctx, row_of(row, &args), inputs,
                                      args.nin, args.value, 1);
  peri_scope_close(scope);
  peri_context_leave(S->ctx);
  if (!y) return pgl_raise(L, S);
  lua_pushvalue(L, args.at[0]);
  return 1;
}

/* Read the arguments up to 'last' and apply. The parts, if not NULL, go into
   'hold' as well. -> how many, or a status */
static int run_list(lua_State *L, const bound_row *row, int last,
                    peri_tensor **part, int room, pgl_hold *hold) {
  pgl_args args;
  pgl_state *S = row->S;
  peri_tensor *in[PERI_MAX_INPUTS];
  pgl_read_args(L, S, &row->signature, 1, last, &args);
  if (peri_context_enter(S->ctx) < 0) return PERI_EBUSY;
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *const *inputs = pgl_inputs(L, S, &args, in);
  int count = peri_apply_list(S->ctx, row->op, inputs, args.nin, args.value, 1,
                              part, room);
  if (part && count > 0) pgl_hold_tensors(hold, part, count);
  peri_scope_close(scope);
  peri_context_leave(S->ctx);
  return count;
}

/* What is made on the way may free an argument or change a list: each time the
   arguments are read anew. */
static int call_list(lua_State *L) {
  const bound_row *row = enter(L);
  pgl_state *S = row->S;
  int last = lua_gettop(L);
  int room = run_list(L, row, last, NULL, 0, NULL);
  if (room < 0) return pgl_raise(L, S);
  pgl_hold *hold = pgl_new_hold(L, room);
  peri_tensor **part =
      lua_newuserdatauv(L, ((size_t)room + 1) * sizeof *part, 0);
  int count = run_list(L, row, last, part, room, hold);
  if (count < 0 && worth_retry(L, S))
    count = run_list(L, row, last, part, room, hold);
  if (count < 0) return pgl_raise(L, S);
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    pgl_push_held(L, S, hold, i);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

static void push_row(lua_State *L, const peri_op *op) {
  bound_row *row = lua_newuserdatauv(L, sizeof *row, 0);
  *row = (bound_row){.S = pgl_find(L),
                     .op = op,
                     .form = peri_op_form(op),
                     .signature = {op->name, op->inputs, pgl_op_params(op)},
                     .inputs = pgl_count_inputs(op->inputs),
                     .outputs = count_outputs(op)};
}

void pgl_push_op(lua_State *L, const peri_op *op, pgl_form form) {
  static const lua_CFunction forms[] = {[PGL_PLAIN] = call_plain,
                                        [PGL_IN_PLACE] = call_in_place,
                                        [PGL_OPERATOR] = call_operator};
  bool list = form == PGL_PLAIN && (op->flags & PERI_OP_LIST);
  push_row(L, op);
  pgl_push_type(L, PGL_TENSOR);
  lua_pushcclosure(L, list ? call_list : forms[form], 2);
}
