/* optimizer.c - the table of optimizers and what all of them do.

   An optimizer holds its parameters, their states by the names of its row,
   and its numbers (rates, factors, flags) in one float64 tensor. The kernels
   read them there, so that a recorded step follows a changed rate; the step
   count is a state of each parameter, which the kernel raises. */
#include "update.h"

#include "../tables.h"

#include <math.h>
#include <stdio.h>

/* The hooks of a row. */
#define STATE(name, used) used,
#define REFUSE(condition, format, ...) \
  if (condition) \
    return peri_fail(ctx, PERI_EARG, "optim.%s: " format, name, __VA_ARGS__);
#define OPTIM(Name, params, states, refusals, doc) \
  static bool Name##_uses(const double *number, int index) { \
    const peri__##Name##_numbers *h = (const void *)number; \
    const bool used[] = {states}; \
    bool any = false; \
    (void)h; \
    for (size_t i = 0; i < sizeof used; i++) any = any || used[i]; \
    return index > 0 ? used[index - 1] : any; \
  } \
  static int Name##_check(peri_context *ctx, const double *number) { \
    const peri__##Name##_numbers *h = (const void *)number; \
    const char *name = #Name; \
    (void)ctx, (void)h, (void)name; \
    refusals return 0; \
  }
#include "optims.def"
#undef STATE
#undef OPTIM

#define STATE(name, used) #name,
#define OPTIM(Name, parameters, names, refusals, text) \
  {.name = #Name, \
   .params = {parameters{0}}, \
   .states = {"step", names NULL}, \
   .uses = Name##_uses, \
   .check = Name##_check, \
   .update = LEVEL(Name), \
   .doc = text},
static const peri_optim optims[] = {
#include "optims.def"
};
#undef STATE
#undef REFUSE
#undef OPTIM

struct peri_optimizer {
  peri_context *ctx;
  const peri_optim *row;
  int kernel;
  int count;                              /* of parameters */
  peri_tensor **parameter;                /* shares */
  peri_tensor *(*state)[PERI_MAX_STATES]; /* of each, NULL: not made yet */
  peri_tensor *numbers;                   /* [n] float64 */
  peri_value value[PERI_MAX_PARAMS];
};

const peri_optim *peri_optim_at(int index) {
  const int count = (int)(sizeof optims / sizeof *optims);
  return index >= 0 && index < count ? &optims[index] : NULL;
}

const peri_optim *peri_optim_named(const char *name) {
  const peri_optim *row;
  for (int i = 0; name && (row = peri_optim_at(i)); i++)
    if (strcmp(row->name, name) == 0) return row;
  return NULL;
}

/* ---- Numbers ---------------------------------------------------------- */

#define MOST_NUMBERS (PERI_MAX_PARAMS * PERI_MAX_DIMS)

/* Lay the values out in row order. -> how many places they take */
static int lay_out(const peri_optim *row, const peri_value *value,
                   double *number) {
  int count = 0;
  for (int i = 0; row->params[i].name; i++) {
    peri_type type = row->params[i].type;
    if (type == PERI_P_REALS) {
      for (int k = 0; k < value[i].count; k++)
        number[count++] = value[i].reals[k];
    } else {
      number[count++] = type == PERI_P_REAL ? value[i].f : (double)value[i].i;
    }
  }
  return count;
}

/* Check 'value' into 'filled' and 'number'. -> places, or a status */
static int check_numbers(peri_context *ctx, const peri_optim *row,
                         const peri_value *value, peri_value *filled,
                         double *number) {
  char title[64];
  snprintf(title, sizeof title, "optim.%s", row->name);
  int status = peri__check_values(ctx, title, row->params, value, filled);
  if (status < 0) return status;
  int count = lay_out(row, filled, number);
  status = row->check(ctx, number);
  return status < 0 ? status : count;
}

static int set_values(peri_optimizer *opt, const peri_value *value) {
  peri_value filled[PERI_MAX_PARAMS];
  double number[MOST_NUMBERS];
  int count = check_numbers(opt->ctx, opt->row, value, filled, number);
  if (count < 0) return count;
  if (!opt->numbers) {
    peri_meta meta = {.dtype = PERI_F64, .ndim = 1, .shape = {count}};
    opt->numbers = peri__hold(peri__tensor_make(opt->ctx, &meta, NULL, false));
    if (!opt->numbers) return opt->ctx->status;
  }
  memcpy(peri_tensor_data(opt->numbers), number,
         (size_t)count * sizeof *number);
  for (int i = 0; opt->row->params[i].name; i++) opt->value[i] = filled[i];
  return 0;
}

/* ---- Making and freeing ----------------------------------------------- */

static int refuse(const peri_optimizer *opt, peri_status status,
                  const peri_tensor *p, const char *why) {
  peri_text shape = peri__shape_of(p);
  return peri_fail(opt->ctx, status, "optim.%s: a parameter of shape %s %s",
                   opt->row->name, shape.s, why);
}

static int check_parameter(const peri_optimizer *opt, const peri_tensor *p) {
  if (!p)
    return peri_fail(opt->ctx, PERI_EARG, "optim.%s: a parameter is missing",
                     opt->row->name);
  if (p->ctx != opt->ctx)
    return refuse(opt, PERI_EARG, p, "belongs to another context");
  if (!peri__is_float(p->dtype))
    return refuse(opt, PERI_EDTYPE, p, "is not a float");
  if (!peri_is_leaf(p))
    return refuse(opt, PERI_EGRAD, p, "was made by an operation, not a leaf");
  if (!p->requires_grad)
    return refuse(opt, PERI_EGRAD, p, "does not require a gradient");
  if (peri__overlaps(p))
    return refuse(opt, PERI_EARG, p, "is an expanded view");
  for (int i = 0; i < opt->count; i++)
    if (opt->parameter[i] == p) return refuse(opt, PERI_EARG, p, "comes twice");
  return 0;
}

static int take_parameters(peri_optimizer *opt, peri_tensor *const *parameters,
                           int count) {
  peri_context *ctx = opt->ctx;
  if (!parameters || count < 1)
    return peri_fail(ctx, PERI_EARG, "optim.%s: there are no parameters",
                     opt->row->name);
  size_t entries = (size_t)count;
  opt->parameter = peri__alloc_zeroed(ctx, entries * sizeof *opt->parameter);
  opt->state = peri__alloc_zeroed(ctx, entries * sizeof *opt->state);
  if (!opt->parameter || !opt->state) return ctx->status;
  for (int i = 0; i < count; i++) {
    int status = check_parameter(opt, parameters[i]);
    if (status < 0) return status;
    opt->parameter[opt->count++] = peri__hold(parameters[i]);
  }
  return 0;
}

static peri_optimizer *make_optimizer(peri_context *ctx, const peri_optim *row,
                                      peri_tensor *const *parameters, int count,
                                      const peri_value *value) {
  peri_optimizer *opt = peri__alloc_zeroed(ctx, sizeof *opt);
  if (!opt) return NULL;
  opt->ctx = ctx;
  opt->row = row;
  opt->kernel = peri__optim_kernel(row);
  peri_scope scope = peri__scope_open(ctx);
  int status = take_parameters(opt, parameters, count);
  if (status == 0) status = set_values(opt, value);
  peri__scope_close(scope);
  if (status == 0) return opt;
  peri_optimizer_free(opt);
  return NULL;
}

peri_optimizer *peri_optimizer_new(peri_context *ctx, const peri_optim *optim,
                                   peri_tensor *const *parameters, int count,
                                   const peri_value *value) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_optimizer *opt = NULL;
  if (optim)
    opt = make_optimizer(ctx, optim, parameters, count, value);
  else
    peri_fail(ctx, PERI_EARG, "optimizer: no such optimizer");
  peri__leave(ctx);
  return opt;
}

void peri_optimizer_free(peri_optimizer *opt) {
  if (!opt || peri__enter_always(opt->ctx) < 0) return;
  peri_context *ctx = opt->ctx;
  for (int i = 0; i < opt->count; i++) {
    peri__drop(opt->parameter[i]);
    for (int k = 0; k < PERI_MAX_STATES; k++) peri__drop(opt->state[i][k]);
  }
  peri__drop(opt->numbers);
  peri__free(ctx, opt->parameter);
  peri__free(ctx, opt->state);
  peri__free(ctx, opt);
  peri__leave(ctx);
}

/* ---- Looking and changing --------------------------------------------- */

peri_context *peri_optimizer_context(const peri_optimizer *opt) {
  return opt ? opt->ctx : NULL;
}

const peri_optim *peri_optimizer_row(const peri_optimizer *opt) {
  return opt ? opt->row : NULL;
}

static bool has_param(const peri_optimizer *opt, int index) {
  return opt && index >= 0 && index < peri__count_params(opt->row->params);
}

peri_value peri_optimizer_value(const peri_optimizer *opt, int index) {
  const peri_value absent = {.type = PERI_P_END};
  return has_param(opt, index) ? opt->value[index] : absent;
}

static int set_value(peri_optimizer *opt, int index, const peri_value *value) {
  peri_value all[PERI_MAX_PARAMS];
  if (!value || !has_param(opt, index))
    return peri_fail(opt->ctx, PERI_EARG, "optim.%s: no such parameter",
                     opt->row->name);
  memcpy(all, opt->value, sizeof all);
  all[index] = *value;
  return set_values(opt, all);
}

int peri_optimizer_set(peri_optimizer *opt, int index,
                       const peri_value *value) {
  if (!opt) return PERI_EARG;
  int status = peri__enter(opt->ctx);
  if (status < 0) return status;
  status = set_value(opt, index, value);
  peri__leave(opt->ctx);
  return status;
}

peri_tensor *peri_optimizer_state(const peri_optimizer *opt, int index,
                                  int state) {
  bool there =
      index >= 0 && index < opt->count && state >= 0 && state < PERI_MAX_STATES;
  return there ? opt->state[index][state] : NULL;
}

int peri_zero_grad(peri_optimizer *opt) {
  if (!opt) return PERI_EARG;
  int status = peri__enter(opt->ctx);
  if (status < 0) return status;
  for (int i = 0; status == 0 && i < opt->count; i++)
    status = peri_set_grad(opt->parameter[i], NULL);
  peri__leave(opt->ctx);
  return status;
}

/* ---- The step --------------------------------------------------------- */

/* Zeros for state 'index' of 'p': a number for the step, else in the memory
   order of p, half precision kept in float32. Not a record: a recorded step
   that is replayed goes on with what is there. */
static peri_tensor *make_state(const peri_tensor *p, int index) {
  peri_meta meta = {.dtype = PERI_F64};
  if (index > 0) meta = peri__meta(p);
  if (meta.dtype != PERI_F64) meta.dtype = PERI_F32;
  bool ordered = index > 0 && peri__dense(p);
  peri_tensor *state = peri__tensor_make(
      p->ctx, &meta, ordered ? p->strides : NULL, p->storage->meta);
  if (state && state->storage->data)
    memset(state->storage->data, 0, state->storage->bytes);
  return peri__hold(state);
}

static int make_states(peri_optimizer *opt, int index) {
  const double *number = peri_tensor_data(opt->numbers);
  peri_tensor **state = opt->state[index];
  for (int k = 0; opt->row->states[k]; k++) {
    if (state[k] || !opt->row->uses(number, k)) continue;
    state[k] = make_state(opt->parameter[index], k);
    if (!state[k]) return opt->ctx->status;
  }
  return 0;
}

static int check_gradient(const peri_optimizer *opt, const peri_tensor *p) {
  const peri_tensor *g = p->grad;
  if (!peri__same_shape(p->shape, p->ndim, g->shape, g->ndim))
    return refuse(opt, PERI_ESHAPE, p, "has a gradient of another shape");
  if (g->dtype != p->dtype)
    return refuse(opt, PERI_EDTYPE, p, "has a gradient of another dtype");
  if (g->storage->meta != p->storage->meta)
    return refuse(opt, PERI_EDEVICE, p, "has its gradient elsewhere");
  return 0;
}

static void add_state(peri_call *call, const peri_tensor *state) {
  if (state)
    peri__call_out(call, state);
  else
    memset(&call->arg[call->nout++], 0, sizeof(peri_arg));
}

/* Nanoseconds of one element of an array in the cache, about: the parameter,
   its gradient and each of its states but the step. */
#define ARRAY_COST 0.1

/* Write the record of one parameter: itself and its states, its gradient and
   the numbers. */
static void write_update(peri_optimizer *opt, int index, peri_pending *next) {
  const double *number = peri_tensor_data(opt->numbers);
  peri_tensor *p = opt->parameter[index];
  peri_call *call = &next->call;
  peri__call_begin(call, opt->kernel);
  next->tensors[0] = p;
  peri__call_out(call, p);
  for (int k = 0; opt->row->states[k]; k++) {
    bool used = opt->row->uses(number, k);
    next->tensors[call->nout] = used ? opt->state[index][k] : NULL;
    add_state(call, next->tensors[call->nout]);
  }
  call->cost = ARRAY_COST * (double)(call->nout * peri_tensor_numel(p));
  next->tensors[call->nout] = p->grad;
  next->tensors[call->nout + 1] = opt->numbers;
  peri__call_in(call, p->grad);
  peri__call_in(call, opt->numbers);
}

/* Everything that may fail comes first, so that a step is done or not. */
static int step(peri_optimizer *opt, peri_pending *list) {
  int status = 0, count = 0;
  for (int i = 0; i < opt->count; i++) {
    const peri_tensor *p = opt->parameter[i];
    if (!p->grad) continue;
    status = check_gradient(opt, p);
    if (status == 0) status = make_states(opt, i);
    if (status < 0) return status;
    if (!p->storage->meta) write_update(opt, i, &list[count++]);
  }
  opt->ctx->unstoppable++; /* no parameter is left half updated */
  status = peri__calls_run(opt->ctx, list, count);
  opt->ctx->unstoppable--;
  for (int i = 0; status == 0 && i < count; i++) {
    list[i].tensors[0]->storage->version++;
    list[i].tensors[0]->storage->changed_by = NULL;
  }
  return status;
}

static int step_scoped(peri_optimizer *opt) {
  size_t bytes = (size_t)opt->count * sizeof(peri_pending);
  peri_pending *list = peri__alloc(opt->ctx, bytes);
  if (!list) return opt->ctx->status;
  peri_scope scope = peri__scope_open(opt->ctx);
  int status = step(opt, list);
  peri__scope_close(scope);
  peri__free(opt->ctx, list);
  return status;
}

int peri_step(peri_optimizer *opt) {
  if (!opt) return PERI_EARG;
  int status = peri__enter(opt->ctx);
  if (status < 0) return status;
  status = step_scoped(opt);
  peri__leave(opt->ctx);
  return status;
}
