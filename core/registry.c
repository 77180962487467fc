/* registry.c - the tables at run time: rows of operations and kernels in the
   order of the .def files, with what a host registers behind them; lookup by
   name; the check of parameter values against a row. */
#include <math.h>

#include "internal.h"
#include "tables.h"

/* ---- Operations ------------------------------------------------------- */

/* The rows of ops/ops.def, and those of ops/pointwise.c. */
#define OP(name, inputs, params, outputs, flags, saves, infer, doc) \
  int peri__##infer##_infer(peri_frame *); \
  int peri__##name##_forward(peri_frame *); \
  int peri__##name##_backward(peri_backprop *);
#define FIXED_OP(name, inputs, params, outputs, flags, infer, doc) \
  int peri__##infer##_infer(peri_frame *); \
  int peri__##name##_forward(peri_frame *);
#define VIEW(name, inputs, params, flags, doc) \
  int peri__##name##_forward(peri_frame *); \
  int peri__##name##_backward(peri_backprop *);
#define COMPOSED(name, inputs, params, outputs, flags, doc) \
  int peri__##name##_forward(peri_frame *);
#define PARTS(name, inputs, params, flags, infer, doc) \
  int peri__##infer##_infer(peri_frame *); \
  int peri__##name##_forward(peri_frame *); \
  int peri__##name##_backward(peri_backprop *);
#define LISTED(name, inputs, params, flags, infer, doc) \
  int peri__##infer##_infer(peri_frame *); \
  int peri__##name##_forward(peri_frame *);
#include "ops/ops.def"

/* clang-format off */
#define OP(name, inputs, params, outputs, flags, saves, infer, doc) \
  {#name, {inputs{0}}, PARAMS(params), {outputs 0}, flags, saves, NULL, \
   peri__##infer##_infer, peri__##name##_forward, peri__##name##_backward, \
   NULL, doc},
#define FIXED_OP(name, inputs, params, outputs, flags, infer, doc) \
  {#name, {inputs{0}}, PARAMS(params), {outputs 0}, \
   (flags) | (((flags) & PERI_OP_CONSTANT) ? 0 : PERI_OP_NOGRAD), 0, NULL, \
   peri__##infer##_infer, peri__##name##_forward, NULL, NULL, doc},
#define VIEW(name, inputs, params, flags, doc) \
  {#name, {inputs{0}}, PARAMS(params), {0}, PERI_OP_VIEW | (flags), 0, NULL, \
   NULL, peri__##name##_forward, peri__##name##_backward, NULL, doc},
#define COMPOSED(name, inputs, params, outputs, flags, doc) \
  {#name, {inputs{0}}, PARAMS(params), {outputs 0}, \
   PERI_OP_COMPOSED | (flags), 0, NULL, NULL, peri__##name##_forward, NULL, \
   NULL, doc},
#define PARTS(name, inputs, params, flags, infer, doc) \
  {#name, {inputs{0}}, PARAMS(params), {0}, \
   PERI_OP_LIST | PERI_OP_VIEW | (flags), 0, NULL, \
   peri__##infer##_infer, peri__##name##_forward, peri__##name##_backward, \
   NULL, doc},
#define LISTED(name, inputs, params, flags, infer, doc) \
  {#name, {inputs{0}}, PARAMS(params), {0}, \
   PERI_OP_LIST | PERI_OP_COMPOSED | (flags), 0, NULL, \
   peri__##infer##_infer, peri__##name##_forward, NULL, NULL, doc},
/* clang-format on */
static const peri_op rows[] = {
#include "ops/ops.def"
};

enum { ROWS = sizeof rows / sizeof *rows };

const peri_op *peri_op_at(const peri_context *ctx, int index) {
  int own = index - PERI_POINTWISE_ROWS;
  if (index < 0) return NULL;
  if (own < 0) return &peri__pointwise_rows[index];
  if (own < ROWS) return &rows[own];
  return ctx && own - ROWS < ctx->op_count ? ctx->ops[own - ROWS] : NULL;
}

/* Bytes of the names of all rows, 0 at its end: most names need no other look
   to be passed over. */
#define BYTES(name, ...) sizeof #name,
#define UNARY BYTES
#define PART BYTES
#define BINARY BYTES
#define TERNARY BYTES
#define STEP1 BYTES
#define STEP2 BYTES
#define FORM(...)
#define MODE(...)
#define OP BYTES
#define FIXED_OP BYTES
#define VIEW BYTES
#define COMPOSED BYTES
#define PARTS BYTES
#define LISTED BYTES
/* clang-format off */
static const uint8_t name_bytes[] = {
#include "ops/pointwise.def"
#include "ops/ops.def"
};
/* clang-format on */
#undef BYTES

const peri_op *peri__op_named(const peri_context *ctx, const char *name) {
  const int own = sizeof name_bytes;
  const size_t bytes = name ? strlen(name) + 1 : 0;
  const peri_op *op;
  for (int i = 0; i < own; i++)
    if (name_bytes[i] == bytes && (op = peri_op_at(NULL, i)) &&
        memcmp(op->name, name, bytes) == 0)
      return op;
  for (int i = own; name && (op = peri_op_at(ctx, i)); i++)
    if (strcmp(op->name, name) == 0) return op;
  return NULL;
}

const peri_op *peri_op_named(const peri_context *ctx, const char *name) {
  const peri_op *op = peri__op_named(ctx, name);
  return op && !(op->flags & PERI_OP_HIDDEN) ? op : NULL;
}

const char *peri__inplace_end(const peri_op *op) {
  size_t length = strlen(op->name);
  return length > 0 && op->name[length - 1] == '_' ? "" : "_";
}

/* A random one has its generator at the end. */
int peri__source_place(const peri_op *op) {
  const peri_param *params = op->params;
  int count = peri__count_params(params);
  if (count > 0 && params[count - 1].type == PERI_P_GENERATOR) count--;
  bool right = count >= 3 && params[count - 3].type == PERI_P_DTYPE &&
               params[count - 2].type == PERI_P_CHOICE &&
               params[count - 1].type == PERI_P_BOOL;
  return right ? count - 3 : -1;
}

/* Only the makers of a list have both an infer and views. */
static bool needs_infer(const peri_op *op) {
  unsigned kind = op->flags & (PERI_OP_VIEW | PERI_OP_COMPOSED | PERI_OP_LIST);
  return kind == 0 || kind & PERI_OP_LIST;
}

static int add_op(peri_context *ctx, const peri_op *op) {
  if (!op || !op->name || !op->forward)
    return peri_fail(ctx, PERI_EARG, "register_op: name and forward needed");
  if (needs_infer(op) && !op->infer)
    return peri_fail(ctx, PERI_EARG, "register_op: %s has no infer", op->name);
  if (op->flags & PERI_OP_SOURCE && peri__source_place(op) < 0)
    return peri_fail(ctx, PERI_EARG,
                     "register_op: %s makes tensors, so its last parameters "
                     "must be dtype, device and requires_grad",
                     op->name);
  if (op->flags & PERI_OP_LIST &&
      !(op->flags & (PERI_OP_VIEW | PERI_OP_COMPOSED)))
    return peri_fail(ctx, PERI_EARG,
                     "register_op: %s gives a list, so it must be a view or "
                     "composed",
                     op->name);
  if (peri__op_named(ctx, op->name))
    return peri_fail(ctx, PERI_EARG, "register_op: %s exists", op->name);
  size_t used = (size_t)ctx->op_count * sizeof *ctx->ops;
  const peri_op **grown =
      peri__grow(ctx, ctx->ops, used, used + sizeof *ctx->ops);
  if (!grown) return ctx->status;
  ctx->ops = grown;
  ctx->ops[ctx->op_count++] = op;
  return 0;
}

int peri_register_op(peri_context *ctx, const peri_op *op) {
  int status = peri__enter(ctx);
  if (status < 0) return status;
  status = add_op(ctx, op);
  peri__leave(ctx);
  return status;
}

const char *peri_symbol_op(const char *symbol) {
  static const struct {
    const char *symbol, *op;
  } symbols[] = {
#define SYMBOL(symbol, op) {symbol, #op},
#include "ops/symbols.def"
  };
  for (size_t i = 0; i < sizeof symbols / sizeof *symbols; i++)
    if (strcmp(symbols[i].symbol, symbol) == 0) return symbols[i].op;
  return NULL;
}

const char *peri_synonym(const char *name) {
  static const struct {
    const char *name, *op;
  } synonyms[] = {
#define SYNONYM(name, op) {name, #op},
#include "ops/synonyms.def"
  };
  for (size_t i = 0; i < sizeof synonyms / sizeof *synonyms; i++)
    if (strcmp(synonyms[i].name, name) == 0) return synonyms[i].op;
  return NULL;
}

int peri__count_inputs(const peri_op *op) {
  int count = 0;
  while (op->inputs[count].name) count++;
  return count;
}

int peri__count_params(const peri_param *params) {
  int count = 0;
  while (params && params[count].name) count++;
  return count;
}

int peri__count_outputs(const peri_op *op) {
  int count = 0;
  while (op->outputs[count]) count++;
  return count ? count : 1;
}

/* ---- Kernels ---------------------------------------------------------- */

#define KERNEL(name) void peri__plain_##name(const peri_call *call);
#include "cpu/kernels.def"

static const peri_kernel plain_kernels[] = {
#define KERNEL(name) {#name, peri__plain_##name},
#include "cpu/kernels.def"
};

static int first_optim_kernel(void) {
  return peri__kernel_id(PERI_KERNEL_COUNT);
}

int peri__kernel_total(void) {
  int count = first_optim_kernel();
  for (int i = 0; peri_optim_at(i); i++) count++;
  return count;
}

int peri__optim_kernel(const peri_optim *optim) {
  int index = 0;
  while (peri_optim_at(index) && peri_optim_at(index) != optim) index++;
  return first_optim_kernel() + index;
}

bool peri__kernel(const peri_context *ctx, int id, peri_kernel *kernel) {
  int own = id - PERI_POINTWISE_KERNELS;
  const peri_optim *optim;
  if (id < 0) return false;
  if (own < 0) {
    *kernel = *peri__pointwise_kernel(id);
    return true;
  }
  if (own < PERI_KERNEL_COUNT) {
    *kernel = plain_kernels[own];
    return true;
  }
  optim = peri_optim_at(own - PERI_KERNEL_COUNT);
  if (optim) {
    *kernel = (peri_kernel){optim->name, optim->update};
    return true;
  }
  id -= peri__kernel_total();
  if (!ctx || id >= ctx->kernel_count) return false;
  *kernel = ctx->kernels[id];
  return true;
}

const char *peri_kernel_name(const peri_context *ctx, int id) {
  peri_kernel kernel;
  return peri__kernel(ctx, id, &kernel) ? kernel.name : "?";
}

/* ---- Values ----------------------------------------------------------- */

/* Place of the word 's' in "mean|sum|none", -1 if it is none of them. */
static int choice_place(const char *choices, const char *s) {
  size_t length = strlen(s);
  for (int place = 0; choices; place++) {
    const char *bar = strchr(choices, '|');
    size_t size = bar ? (size_t)(bar - choices) : strlen(choices);
    if (size == length && memcmp(choices, s, size) == 0) return place;
    choices = bar ? bar + 1 : NULL;
  }
  return -1;
}

static int check_choice(peri_context *ctx, const char *what,
                        const peri_param *param, peri_value *value) {
  int words = 1;
  for (const char *at = param->choices; *at; at++) words += *at == '|';
  if (value->type == PERI_P_CHOICE) {
    if (value->i >= 0 && value->i < words) return 0;
    return peri_fail(ctx, PERI_EARG, "%s: %s has %d choices, got number %lld",
                     what, param->name, words, (long long)value->i);
  }
  int place = choice_place(param->choices, value->s);
  if (place < 0)
    return peri_fail(ctx, PERI_EARG, "%s: %s must be one of %s, got \"%s\"",
                     what, param->name, param->choices, value->s);
  *value = (peri_value){.type = PERI_P_CHOICE, .whole = true, .i = place};
  return 0;
}

/* A word that a number's row allows stands for its default. */
static int check_word(peri_context *ctx, const char *what,
                      const peri_param *param, peri_value *value) {
  if (choice_place(param->choices, value->s) < 0)
    return peri_fail(ctx, PERI_EARG,
                     "%s: %s must be a number or \"%s\", got \"%s\"", what,
                     param->name, param->choices, value->s);
  *value = param->fallback;
  return 0;
}

static int check_range(peri_context *ctx, const char *what,
                       const peri_param *param, double number) {
  if (param->low >= param->high) return 0; /* any */
  if (number >= param->low && number <= param->high) return 0;
  if (number < param->low && param->high >= 2e9) /* a bound of size only */
    return peri_fail(ctx, PERI_EARG, "%s: %s must be at least %.10g, got %.10g",
                     what, param->name, param->low, number);
  return peri_fail(ctx, PERI_EARG,
                   "%s: %s must be in [%.10g, %.10g], got %.10g", what,
                   param->name, param->low, param->high, number);
}

static int check_generator(peri_context *ctx, const char *what,
                           const peri_param *param, const peri_value *value) {
  if (value->generator && value->generator->ctx == ctx) return 0;
  return peri_fail(ctx, PERI_EARG, "%s: %s belongs to another context", what,
                   param->name);
}

static int check_value(peri_context *ctx, const char *what,
                       const peri_param *param, peri_value *value) {
  int status = 0;
  if ((unsigned)value->count > PERI_MAX_DIMS &&
      (value->count < 0 || param->type != PERI_P_MANY))
    return peri_fail(ctx, PERI_EARG, "%s: %s has %d entries, at most %d", what,
                     param->name, value->count, PERI_MAX_DIMS);
  bool word = param->choices && value->type == PERI_P_STRING;
  if (value->type != param->type && !word)
    return peri_fail(ctx, PERI_EARG, "%s: %s is a value of another kind", what,
                     param->name);
  switch (param->type) {
    case PERI_P_DTYPE:
      if (peri_dtype_size((peri_dtype)value->i) > 0) return 0;
      return peri_fail(ctx, PERI_EDTYPE, "%s: %s: no dtype with number %lld",
                       what, param->name, (long long)value->i);
    case PERI_P_CHOICE: return check_choice(ctx, what, param, value);
    case PERI_P_GENERATOR: return check_generator(ctx, what, param, value);
    case PERI_P_INT: return check_range(ctx, what, param, (double)value->i);
    case PERI_P_REAL:
      if (word) return check_word(ctx, what, param, value);
      return check_range(ctx, what, param, value->f);
    case PERI_P_REALS:
      if (value->count != param->fallback.count)
        return peri_fail(ctx, PERI_EARG, "%s: %s must have %d numbers, got %d",
                         what, param->name, param->fallback.count,
                         value->count);
      for (int i = 0; status == 0 && i < value->count; i++)
        status = check_range(ctx, what, param, value->reals[i]);
      return status;
    default: return 0;
  }
}

int peri__check_values(peri_context *ctx, const char *what,
                       const peri_param *params, const peri_value *value,
                       peri_value *out) {
  for (int i = 0; params && params[i].name; i++) {
    bool given = value && value[i].type != PERI_P_END;
    out[i] = given ? value[i] : params[i].fallback;
    if (!given && params[i].need == PERI_REQUIRED)
      return peri_fail(ctx, PERI_EARG, "%s: %s is required", what,
                       params[i].name);
    if (!given) continue;
    int status = check_value(ctx, what, &params[i], &out[i]);
    if (status < 0) return status;
  }
  return 0;
}

/* The cell of row i, column j: 'up' and 'before' are the rows i - 1 and
   i - 2. */
static int distance_cell(const char *a, const char *b, int i, int j,
                         const int *before, const int *up, const int *row) {
  int best = up[j - 1] + (a[i - 1] != b[j - 1]);
  if (up[j] + 1 < best) best = up[j] + 1;
  if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
  bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
  return swapped && before[j - 2] + 1 < best ? before[j - 2] + 1 : best;
}

/* Letters to insert, drop, change or swap with the next to make 'b', of at
   most 40, of 'a'. */
static int distance(const char *a, const char *b) {
  int cells[3][41] = {{0}};
  int length = (int)strlen(b), i = 0;
  if (length > 40) return 100;
  for (int j = 0; j <= length; j++) cells[0][j] = j;
  for (i = 1; a[i - 1]; i++) {
    int *row = cells[i % 3];
    row[0] = i;
    for (int j = 1; j <= length; j++)
      row[j] = distance_cell(a, b, i, j, cells[(i + 1) % 3], cells[(i + 2) % 3],
                             row);
  }
  return cells[(i + 2) % 3][length];
}

/* Of two names as far from 'name', the one to tell, in whatever order they
   come: one that begins alike, else the first of the alphabet. */
static bool is_likelier(const char *name, const char *a, const char *b) {
  bool alike = a[0] == name[0];
  return alike != (b[0] == name[0]) ? alike : strcmp(a, b) < 0;
}

const char *peri_nearest(const char *name, const char *const *names,
                         int count) {
  const char *nearest = NULL;
  int best = ((int)strlen(name) + 1) / 3; /* farther is no likeness */
  for (int i = 0; i < count; i++) {
    int d = distance(name, names[i]);
    if (d > best ||
        (nearest && d == best && !is_likelier(name, names[i], nearest)))
      continue;
    best = d;
    nearest = names[i];
  }
  return nearest;
}
