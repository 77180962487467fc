/* rows.c - reads the .def files and tells how each row looks as a function in
   C. The signature of a row: the context, if no tensor brings one; the inputs
   in order; the required parameters in order; one struct with all the others;
   places for the outputs after the first, or for the tensors of a list. It
   knows the types of parameters, and no row by name. */
#include "rows.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tables.h"

/* ---- The rows --------------------------------------------------------- */

static const row operations[] = {
#define UNARY(name, kind, params, forward, dx, low, high, doc) \
  {#name, {IN(x){0}}, {params{0}}, {0}, PERI_OP_INPLACE, doc, NULL},
#define PART(name, ...) \
  {#name, {IN(x){0}}, {{0}}, {0}, PERI_OP_HIDDEN, "", NULL},
#define BINARY(name, kind, params, forward, da, db, low, high, doc) \
  {#name, {ANY(a) ANY(b){0}}, {params{0}}, {0}, PERI_OP_INPLACE, doc, NULL},
#define TERNARY(name, kind, inputs, params, forward, da, db, dc, low, high, \
                doc) \
  {#name, {inputs{0}}, {params{0}}, {0}, INPLACE_##kind, doc, NULL},
#define INPLACE_ARITH PERI_OP_INPLACE
#define INPLACE_FLOAT PERI_OP_INPLACE
#define INPLACE_CHOOSE 0
#define STEP1(name, kind, params, forward, doc) \
  {#name, {IN(x){0}}, {params{0}}, {0}, PERI_OP_INPLACE, doc, NULL},
#define STEP2(name, kind, params, forward, doc) \
  {#name, {ANY(a) ANY(b){0}}, {params{0}}, {0}, PERI_OP_INPLACE, doc, NULL},
#define FORM(op, name, kind, params, forward, da, db, doc) \
  {#name, {ANY(a) ANY(b){0}}, {params{0}}, {0}, PERI_OP_INPLACE, doc, #op},
#define MODE(...)
#include "ops/pointwise.def"

#define OP(name, inputs, params, outputs, flags, saves, infer, doc) \
  {#name, {inputs{0}}, {params{0}}, {outputs 0}, flags, doc, NULL},
#define FIXED_OP(name, inputs, params, outputs, flags, infer, doc) \
  {#name, {inputs{0}}, {params{0}}, {outputs 0}, flags, doc, NULL},
#define VIEW(name, inputs, params, flags, doc) \
  {#name, {inputs{0}}, {params{0}}, {0}, flags, doc, NULL},
#define COMPOSED(name, inputs, params, outputs, flags, doc) \
  {#name, {inputs{0}}, {params{0}}, {outputs 0}, flags, doc, NULL},
#define PARTS(name, inputs, params, flags, infer, doc) \
  {#name, {inputs{0}}, {params{0}}, {0}, PERI_OP_LIST | (flags), doc, NULL},
#define LISTED(name, inputs, params, flags, infer, doc) \
  {#name, {inputs{0}}, {params{0}}, {0}, PERI_OP_LIST | (flags), doc, NULL},
#include "ops/ops.def"
};

static const row layers[] = {
#define LAYER(name, params, doc) {#name, {{0}}, {params{0}}, {0}, 0, doc, NULL},
#define OP_LAYER(name, op, params, doc) \
  {#name, {{0}}, {params{0}}, {0}, 0, doc, NULL},
#define CONTAINER(name, doc) \
  {#name, {{0}}, {{0}}, {0}, CONTAINER_ROW, doc, NULL},
#include "nn/layers.def"
};

static const row optimizers[] = {
#define OPTIM(name, params, states, refusals, doc) \
  {#name, {{0}}, {params{0}}, {0}, 0, doc, NULL},
#include "optim/optims.def"
};

static const row readers[] = {
#define READER(name, params, doc) \
  {#name, {{0}}, {params{0}}, {0}, 0, doc, NULL},
#include "data/readers.def"
};

#define ROWS(rows) \
  { rows, (int)(sizeof(rows) / sizeof *(rows)) }
const struct rows tables[] = {
    [OPERATION] = ROWS(operations),
    [LAYER_MAKER] = ROWS(layers),
    [OPTIM_MAKER] = ROWS(optimizers),
    [READ] = ROWS(readers),
};

/* ---- Parameters ------------------------------------------------------- */

/* Make text in 'out'; a cut text would be wrong code, so that ends it. */
__attribute__((format(printf, 3, 4))) static void make(char *out, size_t room,
                                                       const char *format,
                                                       ...) {
  va_list args;
  va_start(args, format);
  const int size = vsnprintf(out, room, format, args);
  va_end(args);
  if (size < 0 || (size_t)size >= room) {
    fprintf(stderr, "print_tables: no room for \"%s\"\n", out);
    exit(EXIT_FAILURE);
  }
}

static void lower(char *out, size_t room, const char *name) {
  make(out, room, "%s", name);
  for (char *at = out; *at != '\0'; at++)
    *at = (char)tolower((unsigned char)*at);
}

bool is_list(const peri_param *param) {
  return param->type == PERI_P_DIMS || param->type == PERI_P_INTS ||
         param->type == PERI_P_MANY;
}

bool is_argument(const row *r, const peri_param *param) {
  return param->need == PERI_REQUIRED || r->of;
}

bool has_options(const row *r) {
  for (const peri_param *p = r->params; p->name != NULL; p++)
    if (!is_argument(r, p)) return true;
  return false;
}

const char *c_type(const peri_param *param) {
  switch (param->type) {
    case PERI_P_REAL:
    case PERI_P_NUMBER:
    case PERI_P_REALS: return "double ";
    case PERI_P_BOOL: return "bool ";
    case PERI_P_DIMS:
    case PERI_P_INTS:
    case PERI_P_MANY: return "const int64_t *";
    case PERI_P_STRING:
    case PERI_P_CHOICE: return "const char *";
    case PERI_P_DTYPE: return "peri_dtype ";
    case PERI_P_GENERATOR: return "peri_generator *";
    default: return "int64_t ";
  }
}

static const char *dtype_constant(int64_t dtype) {
  switch (dtype) {
#define X(constant, type, name, category) \
  case constant: return #constant;
    PERI_DTYPE_ROWS(X)
#undef X
    default: return "PERI_DTYPE_NONE";
  }
}

/* A float in the fewest digits that give it back. */
static void real_text(char *out, size_t room, double value) {
  if (isinf(value)) {
    make(out, room, value < 0 ? "-INFINITY" : "INFINITY");
    return;
  }
  for (int digits = 1; digits <= 17; digits++) {
    make(out, room, "%.*g", digits, value);
    if (strtod(out, NULL) == value) return;
  }
}

/* Word 'index' of "mean|sum|none". */
static void choice_text(char *out, size_t room, const peri_param *param) {
  const char *at = param->choices;
  for (int64_t i = 0; i < param->fallback.i; i++) at += strcspn(at, "|") + 1;
  make(out, room, "\"%.*s\"", (int)strcspn(at, "|"), at);
}

static double number_of(const peri_value *value) {
  return value->whole ? (double)value->i : value->f;
}

void default_text(char *out, size_t room, const peri_param *param, int index) {
  const peri_value *value = &param->fallback;
  const bool none = param->need == PERI_OPTIONAL;
  switch (param->type) {
    case PERI_P_REAL:
    case PERI_P_NUMBER:
      if (none)
        make(out, room, "NAN");
      else
        real_text(out, room, number_of(value));
      break;
    case PERI_P_REALS: real_text(out, room, value->reals[index]); break;
    case PERI_P_BOOL: make(out, room, value->i ? "true" : "false"); break;
    case PERI_P_DTYPE: make(out, room, "%s", dtype_constant(value->i)); break;
    case PERI_P_DIMS:
    case PERI_P_INTS:
    case PERI_P_GENERATOR:
    case PERI_P_MANY:
    case PERI_P_STRING: make(out, room, "NULL"); break;
    case PERI_P_CHOICE: choice_text(out, room, param); break;
    default:
      if (none)
        make(out, room, "PERI_NONE");
      else
        make(out, room, "%lld", (long long)value->i);
  }
}

/* ---- Functions -------------------------------------------------------- */

static void add_arg(function *f, const char *type, const char *name,
                    const char *end) {
  if (f->count == MAX_ARGS) exit(EXIT_FAILURE);
  make(f->args[f->count++], ARG_BYTES, "%s%s%s", type, name, end);
}

static void add_inputs(function *f) {
  const peri_input *in = f->row->inputs;
  if (in->name != NULL && in->flags & PERI_IN_LIST) {
    add_arg(f, "peri_tensor *const *", in->name, "");
    add_arg(f, "int ", "count", "");
    return;
  }
  for (; in->name != NULL; in++) add_arg(f, "peri_tensor *", in->name, "");
}

static void add_params(function *f) {
  for (const peri_param *p = f->row->params; p->name != NULL; p++) {
    if (!is_argument(f->row, p)) continue;
    add_arg(f, c_type(p), p->name, "");
    if (is_list(p)) add_arg(f, "int ", p->name, "_count");
  }
  if (has_options(f->row)) add_arg(f, "const ", f->stem, "_options *options");
}

bool gives_list(const function *f) {
  return f->family == OPERATION && (f->row->flags & PERI_OP_LIST) != 0;
}

static bool needs_context(const function *f) {
  return f->family != OPTIM_MAKER &&
         (f->family != OPERATION || f->row->inputs[0].name == NULL);
}

static void add_args(function *f) {
  if (needs_context(f)) add_arg(f, "peri_context *", "ctx", "");
  if (f->family == LAYER_MAKER && f->row->flags & CONTAINER_ROW) {
    add_arg(f, "peri_module *const *", "children", "");
    add_arg(f, "int ", "count", "");
  }
  if (f->family == OPTIM_MAKER) {
    add_arg(f, "peri_tensor *const *", "parameters", "");
    add_arg(f, "int ", "count", "");
  }
  add_inputs(f);
  add_params(f);
  for (int i = 1; f->row->outputs[0] != NULL && f->row->outputs[i] != NULL; i++)
    add_arg(f, "peri_tensor **", f->row->outputs[i], "");
  if (gives_list(f)) {
    add_arg(f, "peri_tensor **", "part", "");
    add_arg(f, "int ", "room", "");
  }
  if (f->family == READ) {
    add_arg(f, "peri_made *", "made", "");
    add_arg(f, "int ", "room", "");
  }
}

/* How the names of a family are made: before and after the row's own. */
static const struct {
  const char *returns, *stem_end, *name_start, *name_end;
} families[] = {
    [OPERATION] = {"peri_tensor *", "", "peri_", ""},
    [LAYER_MAKER] = {"peri_module *", "_layer", "peri_", "_new"},
    [OPTIM_MAKER] = {"peri_optimizer *", "", "peri_", "_new"},
    [READ] = {"int ", "", "peri_read_", ""},
};

function describe(kind family, const row *r, bool inplace) {
  function f = {.family = family,
                .inplace = inplace,
                .row = r,
                .returns = families[family].returns};
  char name[64];
  if (gives_list(&f)) f.returns = "int ";
  lower(name, sizeof name, r->name);
  char *end = name + strlen(name) - 1;
  const bool named_so = *end == '_'; /* beside a row without underscore */
  if (named_so) *end = '\0';
  make(f.stem, sizeof f.stem, "peri_%s%s", name,
       named_so ? "_inplace" : families[family].stem_end);
  make(f.name, sizeof f.name, "%s%s%s", families[family].name_start, name,
       inplace ? "_" : families[family].name_end);
  add_args(&f);
  return f;
}
