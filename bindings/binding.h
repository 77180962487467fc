/* binding.h - what the files of bindings/ share: the state that ties one
   lua_State to one context, userdata, the reader of arguments, errors.

   One state per lua_State, kept in its registry:

     state ---> context   made before every other userdata, so finalised last
       |-----> flow       grad mode and pg.scope of the running coroutine
       '-----> account    what the collector was told (collector.c)

   A function of the binding has five stages, always in this order: make the
   boxes of the results, read all arguments, call core, fill the boxes, raise.
   A box is made first because making it may run finalizers, and those may free
   what was read. Between peri_scope_open and peri_scope_close nothing may
   raise; what was not moved into a box dies with that scope. So no path loses
   a tensor.

   Names shared inside the binding begin with pgl_. No operation, layer,
   optimizer or reader is named here: the tables of core say what there is. */
#ifndef PGL_BINDING_H
#define PGL_BINDING_H

#include <lauxlib.h>
#include <lua.h>
#include <string.h>

#include "perigee.h"

#define PGL_MAX_ARGUMENTS 16 /* tensors that a layer may take */
#define PGL_MAX_RESULTS 8    /* tensors that a module or a batch may give */
#define PGL_TEXT_BYTES 192   /* of a shape or a list of names in a message */

/* Kinds of userdata. */
typedef enum {
  PGL_TENSOR,
  PGL_MODULE,
  PGL_OPTIMIZER,
  PGL_DATASET,
  PGL_LOADER,
  PGL_EPOCH, /* closing value of an epoch's iterator */
  PGL_RECORDING,
  PGL_GENERATOR,
  PGL_GRAD_MODE, /* closing value of no_grad */
  PGL_SCOPE,     /* closing value of scope */
  PGL_HOLD,      /* objects on their way into boxes */
  PGL_TYPES
} pgl_type;

/* Box of a tensor: owns one share of it. */
typedef struct pgl_tensor {
  const void *state;        /* its pgl_state: no other userdata begins so */
  peri_tensor *x;           /* NULL: freed */
  struct pgl_tensor *next;  /* in the list of its pg.scope */
  struct pgl_tensor **link; /* what points here; NULL: in no list */
  const char *freed;        /* how, for the message */
} pgl_tensor;

/* An open pg.scope: what was made in it. */
typedef struct pgl_scope {
  pgl_tensor *made;
  struct pgl_scope *outer;
  struct pgl_flow *flow; /* where it is open; NULL: closed */
} pgl_scope;

/* What is kept per coroutine. */
typedef struct pgl_flow {
  bool grad;        /* operations are recorded */
  pgl_scope *scope; /* innermost, or NULL */
  int below; /* modules that ran when it was resumed; its own are above */
  int depth; /* modules that ran when it lost control */
} pgl_flow;

/* A module; one userdata per module. User value 1: table of fields, which
   keeps children alive; 2: class of a module made in Lua. */
typedef struct {
  peri_module *module;
} pgl_module;

typedef struct {
  peri_context *ctx; /* NULL: the lua_State is closing */
  lua_State *thread; /* coroutine that entered last */
  lua_State *caller; /* coroutine inside whose call core runs, or NULL */
  lua_State *main;   /* the main coroutine */
  pgl_flow *flow;    /* of 'thread' */
  const void *meta[PGL_TYPES]; /* address of each metatable */
  size_t debt;                 /* bytes not yet charged to the collector */
  size_t limit, room;          /* of live bytes */
  size_t byte_limit;           /* of the context, 0: none */
  bool shows;  /* an expression of a session runs: its values will be shown */
  bool traced; /* the error under way has its traceback kept (error.c) */
  int parked;  /* place of the error value that a callback left on the
                         stack of 'caller'; 0: none */
} pgl_state;

/* ---- State (state.c) -------------------------------------------------- */

/* Find the state of 'L', or make it with a context of 'options' (NULL: the
   defaults and the environment). Raises if the context cannot be made. */
pgl_state *pgl_open(lua_State *L, const peri_options *options);
/* The state of 'L', NULL if it was never opened. */
pgl_state *pgl_find(lua_State *L);
/* Fill what 'options' leaves open from PERIGEE_ISA, PERIGEE_THREADS,
   PERIGEE_DATA and PERIGEE_LAPACK. */
void pgl_environment(peri_options *options);
/* Make the context follow the coroutine 'L'. */
void pgl_switch(lua_State *L, pgl_state *S);
/* True if coroutine 'L' runs or waits for one that it resumed. */
bool pgl_is_active(lua_State *L);
/* Push what is kept for coroutine 'L'; new, it records and is in no scope. */
pgl_flow *pgl_push_flow(lua_State *L);
/* The same, unless it does. */
static inline void pgl_enter_state(lua_State *L, pgl_state *S) {
  if (S->thread != L) pgl_switch(L, S);
}
/* The state as a function's first upvalue, following the coroutine. */
static inline pgl_state *pgl_enter(lua_State *L) {
  pgl_state *S = lua_touserdata(L, lua_upvalueindex(1));
  pgl_enter_state(L, S);
  return S;
}
/* Push the state's userdata. */
void pgl_push_state(lua_State *L);

/* Make the metatable of 'type' out of 'methods', each with the state as its
   first upvalue, and leave it on the stack. */
void pgl_new_type(lua_State *L, pgl_state *S, pgl_type type,
                  const luaL_Reg *methods);
/* Push the metatable of 'type'. */
void pgl_push_type(lua_State *L, pgl_type type);
/* Push a zeroed userdata of 'type'. */
void *pgl_new(lua_State *L, pgl_type type, size_t bytes, int user_values);
const char *pgl_type_name(pgl_type type);
/* The userdata at 'index' if it is of 'type', else NULL. */
void *pgl_test(lua_State *L, const pgl_state *S, int index, pgl_type type);
/* The same, but raise: "'what' must be called with a colon". */
void *pgl_check_self(lua_State *L, const pgl_state *S, pgl_type type,
                     const char *what);
/* 'object' of a userdata of 'type'; raise if it is NULL: finalizers run in no
   order that a script controls, and one may reach what another freed. */
void *pgl_alive(lua_State *L, void *object, pgl_type type);
/* The weak cache: push the userdata of core's 'object'. -> false, with nothing
   pushed, if it has none */
bool pgl_push_cached(lua_State *L, const void *object);
/* Make the userdata at the top the one of 'object'. */
void pgl_cache(lua_State *L, const void *object);
/* Forget the userdata of 'object' if it is 'block'. Raises nothing. */
void pgl_uncache(lua_State *L, const void *object, const void *block);

/* ---- Functions and their documentation (luaopen.c, help.c) ------------ */

/* A function of the binding: what help prints stands beside it. */
typedef struct {
  const char *name;
  const char *usage; /* "grad(outputs, inputs, options)" */
  lua_CFunction call;
  const char *doc; /* first line a sentence */
} pgl_function;

/* Tables of functions, ended by a NULL name. */
extern const pgl_function pgl_autograd_functions[];  /* autograd.c */
extern const pgl_function pgl_info_functions[];      /* info.c */
extern const pgl_function pgl_make_functions[];      /* tensor_make.c */
extern const pgl_function pgl_parameter_functions[]; /* tensor_make.c */
extern const pgl_function pgl_help_functions[];      /* help.c */
extern const pgl_function pgl_scope_functions[];     /* scope.c */
extern const pgl_function pgl_record_functions[];    /* record.c */
extern const pgl_function pgl_recording_methods[];   /* record.c */
extern const pgl_function pgl_random_functions[];    /* generator.c */
extern const pgl_function pgl_generator_methods[];   /* generator.c */
extern const pgl_function pgl_tensor_methods[];      /* tensor.c */
extern const pgl_function pgl_tensor_fields[];       /* tensor_field.c */
extern const pgl_function pgl_nn_functions[];        /* class.c */
extern const pgl_function pgl_module_methods[];      /* module_method.c */
extern const pgl_function pgl_optimizer_methods[];   /* optim.c */
extern const pgl_function pgl_optim_functions[];     /* optim.c */
extern const pgl_function pgl_data_functions[];      /* data.c */
extern const pgl_function pgl_loader_methods[];      /* data.c */

/* Push the module's table. */
void pgl_push_module_table(lua_State *L);
/* Add the functions of 'rows' to the table at the top, each with the state as
   its first upvalue. */
void pgl_add_functions(lua_State *L, const pgl_function *rows);

/* Open the parts: make metatables, add to the module table at the top. */
void pgl_open_tensor(lua_State *L, pgl_state *S);
void pgl_open_scope(lua_State *L, pgl_state *S);
void pgl_open_record(lua_State *L, pgl_state *S);
void pgl_open_generator(lua_State *L, pgl_state *S);
void pgl_open_module(lua_State *L, pgl_state *S);
void pgl_open_optim(lua_State *L, pgl_state *S);
void pgl_open_data(lua_State *L, pgl_state *S);

/* A Lua module built in, named in the source that docs/embed.sh prints. */
typedef struct {
  const char *name; /* "perigee.host"; NULL ends the array */
  const char *code;
  size_t size;
} peri__lua_module;
extern const peri__lua_module peri__lua_modules[];

/* ---- Errors (error.c) ------------------------------------------------- */

/* Raise 'format' at the caller's line: that of the innermost frame outside C
   and outside our own Lua chunks. */
int pgl_error(lua_State *L, const char *format, ...);
/* Raise the context's error, or the Lua error a callback parked, and clear
   the context. */
int pgl_raise(lua_State *L, pgl_state *S);
/* For readers: nil, message, name of the code if the world failed; raise
   otherwise. */
int pgl_world(lua_State *L, pgl_state *S);
/* Raise 'what' "has no field 'name'" with what is written instead, else the
   nearest of 'count' names or, if none is near and they are few, all of
   them. */
int pgl_unknown(lua_State *L, const char *what, const char *kind,
                const char *name, const char *const *names, int count);
/* What is written here for 'name' of another framework, or NULL; may push it
   (advice.c). Arguments as above. */
const char *pgl_advice(lua_State *L, const char *what, const char *kind,
                       const char *name, const char *const *names, int count);
/* The dtype that other programs call 'name', or NULL. */
const char *pgl_usual_dtype(const char *name);
/* What stands at 'index', for "got ...": "string", "tensor", "no value". */
const char *pgl_kind(lua_State *L, const pgl_state *S, int index);
/* Raise "what: fn must be a function, got ..." if 'index' cannot be called. */
void pgl_check_function(lua_State *L, const pgl_state *S, int index,
                        const char *what);
/* Message handler of a module's forward: appends the path of the modules that
   run to a string without one, and keeps the traceback. */
int pgl_annotate(lua_State *L);
/* Message handler for hosts: message and traceback, that of the place where
   the error began if it went through a module. */
int pgl_traceback(lua_State *L);

/* ---- Arguments (args.c) ----------------------------------------------- */

/* What may be passed: inputs (may be NULL) first, then parameters. */
typedef struct {
  const char *what; /* in front of messages */
  const peri_input *inputs;
  const peri_param *params;
} pgl_signature;

typedef struct {
  int nin;
  int at[PERI_MAX_INPUTS];                /* place on the stack, 0: absent */
  const pgl_tensor *box[PERI_MAX_INPUTS]; /* what is there, NULL: a number */
  peri_tensor **list; /* of the one input that is a list, else NULL */
  peri_value value[PERI_MAX_PARAMS];
} pgl_args;

/* Read the arguments from stack index 'first' to 'last'. What 'args' points to
   stays on the stack, above what was there. After the list of tensors, which
   is read last, nothing is allocated. */
void pgl_read_args(lua_State *L, const pgl_state *S,
                   const pgl_signature *signature, int first, int last,
                   pgl_args *args);
/* Read one value for 'param' at 'index'; nil gives an absent one. */
void pgl_read_value(lua_State *L, const pgl_state *S, const char *what,
                    const peri_param *param, int index, peri_value *value);
/* The boolean at 2 of method 'what': true if nothing is there. */
bool pgl_read_flag(lua_State *L, const char *what);
/* The inputs as tensors, plain numbers made into tensors of the open scope.
   Raises nothing. -> array of args->nin tensors, 'in' or the list */
peri_tensor *const *pgl_inputs(lua_State *L, pgl_state *S, const pgl_args *args,
                               peri_tensor **in);
/* Drop those that were made of numbers, sooner than the scope would. */
void pgl_drop_numbers(const pgl_args *args, peri_tensor *const *in);
/* A number or boolean at 'index' as a tensor of the open scope, or NULL with
   the error set. Raises nothing. */
peri_tensor *pgl_scalar(lua_State *L, pgl_state *S, int index);
/* Number of inputs, or parameters, of a row. */
static inline int pgl_count_inputs(const peri_input *inputs) {
  int count = 0;
  while (inputs && inputs[count].name) count++;
  return count;
}
static inline int pgl_count_params(const peri_param *params) {
  int count = 0;
  while (params && params[count].name) count++;
  return count;
}

/* What turns the name of a row into that of its form in place: "_", or nothing
   if the name ends so. */
static inline const char *pgl_inplace_end(const char *name) {
  size_t length = strlen(name);
  return length > 0 && name[length - 1] == '_' ? "" : "_";
}

/* The parameters of an operation, of which there may be none. */
static inline const peri_param *pgl_op_params(const peri_op *op) {
  static const peri_param none = {.name = NULL};
  const peri_op *form = op->params ? NULL : peri_op_form(op);
  return op->params ? op->params : form ? form->params : &none;
}

/* ---- Rows (rows.c) ---------------------------------------------------- */

/* Push a value the way Lua code would write it; 'shift' is added to positions
   that do not count from the end. */
void pgl_push_value(lua_State *L, const peri_param *param,
                    const peri_value *value, int shift);
/* The same as text. */
void pgl_push_value_text(lua_State *L, const peri_param *param,
                         const peri_value *value, int shift);
/* Push a row as a table: name, params, doc. */
void pgl_push_row(lua_State *L, const char *name, const peri_param *params,
                  const char *doc);
void pgl_push_op_row(lua_State *L, const peri_op *op);
/* Push "sum(x, dim, keepdim)" with 'before' in front. */
void pgl_push_usage(lua_State *L, const char *before, const char *name,
                    const peri_input *inputs, const peri_param *params);
/* Push one line per parameter, each after a line break. */
void pgl_push_params_text(lua_State *L, const peri_param *params);

/* ---- Tensors (tensor.c) ----------------------------------------------- */

/* Push an empty box, paying what the collector is owed. */
pgl_tensor *pgl_new_box(lua_State *L, pgl_state *S);
/* The same for who has the metatable of tensors at 'type', which is no place
   that counts from the top. */
pgl_tensor *pgl_new_result(lua_State *L, pgl_state *S, int type);
/* Own 'x' (NULL is fine) in 'box', as made now. Raises nothing. */
void pgl_fill_box(pgl_state *S, pgl_tensor *box, peri_tensor *x);
/* The same for a caller who owns 'x' and does not want to any more. */
void pgl_give_box(pgl_state *S, pgl_tensor *box, peri_tensor *x);
/* Raise if the box at 'index' stayed empty; else see to its identity. */
void pgl_settle(lua_State *L, pgl_state *S, int index);
/* The same for who knows that 'x' is in the box. */
void pgl_identify(lua_State *L, const peri_tensor *x, int index);
/* Push the userdata of a tensor that others own: a parameter, a gradient. */
void pgl_push_tensor(lua_State *L, pgl_state *S, peri_tensor *x);
/* The same, the only userdata of 'x' from now on. */
void pgl_push_unique(lua_State *L, pgl_state *S, peri_tensor *x);
/* The box at 'index', or its tensor, NULL if it is something else. Raise if it
   was freed. */
const pgl_tensor *pgl_to_box(lua_State *L, const pgl_state *S, int index);
peri_tensor *pgl_to_tensor(lua_State *L, const pgl_state *S, int index);
/* The same, but raise "what: name must be a tensor, got ...". */
peri_tensor *pgl_check_tensor(lua_State *L, const pgl_state *S, int index,
                              const char *what, const char *name);
/* A list of tensors at 'index', or one tensor, as an array on the stack (one
   value pushed, nothing allocated after it). */
peri_tensor **pgl_check_tensors(lua_State *L, const pgl_state *S, int index,
                                const char *what, const char *name, int *count);
/* Free the tensor of 'box' now. */
void pgl_free_box(pgl_tensor *box, const char *how);
/* The only element of a tensor: read without raising, the error left in the
   context; pushed as number or boolean, or raised. */
typedef struct {
  peri_dtype dtype;
  bool real; /* in 'f', else in 'i' */
  double f;
  int64_t i;
} pgl_item;
bool pgl_is_real(peri_dtype dtype);
pgl_item pgl_read_item(const peri_tensor *x);
void pgl_push_item(lua_State *L, pgl_state *S, pgl_item item);
/* Push the sizes of 'x' as a list. */
void pgl_push_shape(lua_State *L, const peri_tensor *x);

/* Results whose number only core knows, at most PGL_MAX_RESULTS: the first goes
   into 'box', made before. Own them, raising nothing: of the others the caller
   has shares. */
void pgl_own_results(pgl_state *S, pgl_tensor *box, peri_tensor *const *x,
                     int count);
/* Then, with the box at the top and room for the others on the stack: push
   those and end their shares. -> count */
int pgl_give_results(lua_State *L, pgl_state *S, peri_tensor *const *x,
                     int count);

/* Metamethods and the table of members (tensor_field.c): names of methods
   with their functions, names of fields with the addresses of their rows. */
int pgl_tensor_index(lua_State *L);
int pgl_tensor_newindex(lua_State *L);
int pgl_member_names(lua_State *L);
/* Add the methods of 'op' to the table at the top. */
void pgl_add_op_methods(lua_State *L, const peri_op *op);
int pgl_tensor_totable(lua_State *L); /* tensor_make.c */
/* t[key] and t[key] = value: arguments on the stack as for the metamethods
   (tensor_index.c). */
int pgl_tensor_at(lua_State *L, pgl_state *S);
int pgl_tensor_set_at(lua_State *L, pgl_state *S);

/* A new tensor of the open scope with what stands at 'index': a number, a
   boolean or nested lists, checked before by pgl_measure. */
typedef struct {
  int ndim;
  int64_t shape[PERI_MAX_DIMS];
  peri_dtype dtype; /* bool, int64 or float32, by what is there */
} pgl_plan;
void pgl_measure(lua_State *L, const pgl_state *S, int index, const char *what,
                 pgl_plan *plan);
peri_tensor *pgl_build(lua_State *L, pgl_state *S, int index,
                       const pgl_plan *plan, peri_dtype dtype);

/* Objects between core's return and their boxes. */
typedef struct {
  int count;
  peri_made made[];
} pgl_hold;
/* Push one with room for 'room' objects. */
pgl_hold *pgl_new_hold(lua_State *L, int room);
/* Own 'count' tensors, some of them NULL. Raises nothing. */
void pgl_hold_tensors(pgl_hold *hold, peri_tensor *const *x, int count);
/* As pgl_check_tensors, with shares of the tensors in 'hold', so that what
   runs next may do to their boxes what it likes (two values pushed). */
peri_tensor **pgl_hold_list(lua_State *L, const pgl_state *S, int index,
                            const char *what, const char *name, int *count,
                            pgl_hold **hold);
/* Drop all shares now. */
void pgl_hold_drop(pgl_hold *hold);
/* Push a box with tensor 'index' of 'hold'. */
void pgl_push_held(lua_State *L, pgl_state *S, pgl_hold *hold, int index);

/* ---- Operations (apply.c) --------------------------------------------- */

/* Push the function that applies 'op'. */
typedef enum { PGL_PLAIN, PGL_IN_PLACE, PGL_OPERATOR } pgl_form;
void pgl_push_op(lua_State *L, const peri_op *op, pgl_form form);

/* ---- Generators (generator.c) ----------------------------------------- */

/* The generator at 'index', NULL if it is something else. */
peri_generator *pgl_to_generator(lua_State *L, const pgl_state *S, int index);

/* ---- Scopes (scope.c) ------------------------------------------------- */

/* Note 'box' in the running coroutine's pg.scope, if it has one; take it out
   again. */
void pgl_scope_enrol(pgl_state *S, pgl_tensor *box);
void pgl_scope_leave(pgl_tensor *box);

/* ---- Modules (module.c, class.c) -------------------------------------- */

/* Push an empty userdata of a module. */
pgl_module *pgl_new_module(lua_State *L);
/* Push the userdata of 'module'. */
void pgl_push_module(lua_State *L, pgl_state *S, peri_module *module);
/* The module at 'index', NULL if it is something else. */
peri_module *pgl_to_module(lua_State *L, const pgl_state *S, int index);
/* Push the constructor of a layer. */
void pgl_push_layer(lua_State *L, const peri_layer *layer);
/* Run the layer at 1, whose module is 'module', arguments behind it. */
int pgl_call_layer(lua_State *L, pgl_state *S, peri_module *module);
/* Push what a slot holds: module, tensor or nil. */
void pgl_push_slot(lua_State *L, pgl_state *S, const peri_slot *slot);
/* Slot 'name' of the module itself. -> false if there is none */
bool pgl_find_slot(const peri_module *module, const char *name,
                   peri_slot *slot);
/* Call the forward of the class's instance at 1, arguments behind it. */
int pgl_call_instance(lua_State *L, pgl_state *S);
/* Push field 2 of the instance at 1: its own or its class's. -> false, with
   nothing pushed, if it is nil */
bool pgl_instance_field(lua_State *L);
/* Set field 2 of the instance at 1 to the value at 3. */
int pgl_set_instance_field(lua_State *L, pgl_state *S, peri_module *module);

/* ---- Collector (collector.c) ------------------------------------------ */

/* Set the limit of live bytes from what is live now. */
void pgl_set_limit(lua_State *L, pgl_state *S);
/* Pay what is owed, before a box is made. */
void pgl_pay(lua_State *L, pgl_state *S);
/* Note a tensor of 'bytes'. Raises nothing. */
void pgl_charge(pgl_state *S, size_t bytes);
/* Collect everything that can be. */
void pgl_collect(lua_State *L);

#endif
