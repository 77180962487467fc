/* print.c - the text of a module.

     nn.Sequential(
       (0): nn.Linear(784 -> 256)
       (1): nn.Dropout(p=0.2)
     )

   In the parentheses stand the required parameters in row order, then those
   that differ from their defaults by name. Two required ones called in_... and
   out_... are joined by an arrow. A module with children that stands in
   several places is written out in the first one only. */
#include <stdarg.h>
#include <stdio.h>

#include "module.h"

/* Text that may be longer than its room. */
typedef struct {
  char *text;
  size_t room, length;
  uint64_t stamp; /* of modules already written out */
} printer;

__attribute__((format(printf, 2, 3))) static void put(printer *to,
                                                      const char *format, ...) {
  bool fits = to->length < to->room;
  va_list list;
  va_start(list, format);
  int length = vsnprintf(fits ? to->text + to->length : NULL,
                         fits ? to->room - to->length : 0, format, list);
  va_end(list);
  to->length += (size_t)length;
}

/* A float in C's notation, whatever the host's locale. */
static void put_real(printer *to, double value) {
  char text[32];
  snprintf(text, sizeof text, "%.6g", value);
  char *comma = strchr(text, ',');
  if (comma) *comma = '.';
  put(to, "%s", text);
}

/* Word 'index' of "mean|sum|none". */
static void put_choice(printer *to, const char *words, int64_t index) {
  while (index-- > 0 && strchr(words, '|')) words = strchr(words, '|') + 1;
  put(to, "%.*s", (int)strcspn(words, "|"), words);
}

static void put_list(printer *to, const peri_value *value) {
  for (int i = 0; i < value->count; i++) {
    put(to, i > 0 ? ", " : "{");
    if (value->type == PERI_P_REALS)
      put_real(to, value->reals[i]);
    else
      put(to, "%lld", (long long)value->list[i]);
  }
  put(to, value->count > 0 ? "}" : "{}");
}

static void put_value(printer *to, const peri_param *param,
                      const peri_value *value) {
  switch (param->type) {
    case PERI_P_BOOL: put(to, value->i ? "true" : "false"); break;
    case PERI_P_STRING: put(to, "\"%s\"", value->s); break;
    case PERI_P_CHOICE: put_choice(to, param->choices, value->i); break;
    case PERI_P_DTYPE:
      put(to, "%s", peri_dtype_name((peri_dtype)value->i));
      break;
    case PERI_P_DIMS:
    case PERI_P_INTS:
    case PERI_P_REALS: put_list(to, value); break;
    default:
      if (param->type == PERI_P_REAL ||
          (param->type == PERI_P_NUMBER && !value->whole))
        put_real(to, value->f);
      else
        put(to, "%lld", (long long)value->i);
  }
}

static bool same_value(peri_type type, const peri_value *a,
                       const peri_value *b) {
  bool real = type == PERI_P_REAL || (type == PERI_P_NUMBER && !a->whole);
  if (a->type != b->type || a->count != b->count) return false;
  if (type == PERI_P_NUMBER && a->whole != b->whole) return false;
  if (type == PERI_P_REALS)
    return memcmp(a->reals, b->reals, (size_t)a->count * sizeof *a->reals) == 0;
  return real ? !(a->f < b->f) && !(a->f > b->f) : a->i == b->i;
}

static bool starts(const char *text, const char *with) {
  return strncmp(text, with, strlen(with)) == 0;
}

/* "784 -> 256, bias=false" */
static void put_values(printer *to, const peri_module *module) {
  const peri_param *param = module->layer->params;
  const char *between = "";
  for (int i = 0; param[i].name; i++) {
    if (param[i].need != PERI_REQUIRED) continue;
    bool arrow = i > 0 && starts(param[i - 1].name, "in_") &&
                 starts(param[i].name, "out_");
    put(to, "%s", arrow ? " -> " : between);
    put_value(to, &param[i], &module->value[i]);
    between = ", ";
  }
  for (int i = 0; param[i].name; i++) {
    peri_value usual = peri__module_default(module, i);
    if (param[i].need == PERI_REQUIRED ||
        same_value(param[i].type, &module->value[i], &usual))
      continue;
    put(to, "%s%s=", between, param[i].name);
    put_value(to, &param[i], &module->value[i]);
    between = ", ";
  }
}

static void put_module(printer *to, peri_module *module, int indent);

static void put_children(printer *to, const peri_module *module, int indent) {
  for (int i = 0; i < module->count; i++) {
    const peri_slot *slot = &module->slot[i];
    if (!slot->child) continue;
    put(to, "\n%*s(%s): ", indent + 2, "", slot->name);
    put_module(to, slot->child, indent + 2);
  }
  put(to, "\n%*s", indent, "");
}

static bool has_children(const peri_module *module) {
  for (int i = 0; i < module->count; i++)
    if (module->slot[i].child) return true;
  return false;
}

static void put_module(printer *to, peri_module *module, int indent) {
  char title[PERI_TITLE_BYTES];
  bool again = module->seen == to->stamp;
  module->seen = to->stamp;
  put(to, "%s(", peri__module_title(module, title));
  if (module->layer) put_values(to, module);
  if (has_children(module) && again)
    put(to, "...");
  else if (has_children(module))
    put_children(to, module, indent);
  put(to, ")");
}

size_t peri_module_text(const peri_module *module, char *text, size_t room) {
  if (room > 0) text[0] = '\0';
  if (!module || peri__enter_always(module->ctx) < 0) return 0;
  printer to = {text, room, 0, ++module->ctx->tours};
  put_module(&to, (peri_module *)module, 0);
  peri__leave(module->ctx);
  return to.length;
}
