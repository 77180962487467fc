/* print_tables.c - prints the part of the C interface that follows from the
   tables: a function for every operation, layer, optimizer and reader, with
   its options and its comment. Run by the Makefile:

     print_tables public > perigee_tables.h   types, comments, prototypes
     print_tables hidden > perigee_hidden.h   the same of rows for core alone
     print_tables code > perigee_tables.c     definitions

   What the functions look like is decided in rows.c. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows.h"

/* ---- Text ------------------------------------------------------------- */

/* One word of a doc text; what Lua calls nil is NULL here. -> its width */
static int print_word(const char *word, int size) {
  static const char nil[] = "nil";
  const int length = (int)sizeof nil - 1;
  if (size >= length && strncmp(word, nil, sizeof nil - 1) == 0 &&
      (size == length || ispunct((unsigned char)word[length]))) {
    printf("NULL%.*s", size - length, word + length);
    return size + 1;
  }
  printf("%.*s", size, word);
  return size;
}

/* Print the words of 'text' from column 'at' on, wrapped, further lines
   indented by 'indent'. -> the column reached */
static int print_words(const char *text, int at, int indent) {
  bool first = true;
  while (*text != '\0') {
    const int size = (int)strcspn(text, " ");
    if (!first && at + 1 + size > COLUMNS - 3) { /* leave room for a close */
      printf("\n%*s", indent, "");
      at = indent;
    } else if (!first) {
      putchar(' ');
      at++;
    }
    at += print_word(text, size);
    first = false;
    text += size;
    while (*text == ' ') text++;
  }
  return at;
}

/* A line of a doc text as it stands. -> the column reached */
static int print_line(const char *line, int size, int at) {
  while (size > 0) {
    const int blanks = (int)strspn(line, " ");
    const int skip = blanks < size ? blanks : size;
    printf("%.*s", skip, line);
    line += skip;
    size -= skip;
    int word = (int)strcspn(line, " \n");
    word = word < size ? word : size;
    at += skip + print_word(line, word);
    line += word;
    size -= word;
  }
  return at;
}

/* ---- The header ------------------------------------------------------- */

/* Print 'start', the name and the arguments, wrapped, without what follows. */
static void print_signature(const char *start, const function *f) {
  int at = printf("%s%s%s(", start, f->returns, f->name);
  int indent = at;
  for (int i = 0; i < f->count; i++)
    if (indent + (int)strlen(f->args[i]) + 3 > COLUMNS) indent = 4;
  if (indent == 4) at = COLUMNS;
  for (int i = 0; i < f->count; i++) {
    const int size = (int)strlen(f->args[i]);
    if (at + size + 4 > COLUMNS) {
      printf("\n%*s", indent, "");
      at = indent;
    } else if (i > 0) {
      putchar(' ');
      at++;
    }
    at += printf("%s%s", f->args[i], i + 1 < f->count ? "," : ")");
  }
}

static void close_comment(int at) {
  printf(at > COLUMNS - 3 ? "\n   */\n" : " */\n");
}

static bool has_word(const char *line, const char *word) {
  const size_t size = strlen(word);
  return strncmp(line, word, size) == 0 && line[size] == ' ';
}

/* True for the lines of a doc text that are Lua. */
static bool in_lua(const char *line) {
  return has_word(line, "example") || has_word(line, "gives");
}

/* True for the lines of a doc text that come after the arguments. */
static bool after_arguments(const char *line) {
  return has_word(line, "->") || has_word(line, "grad") ||
         has_word(line, "errors") || has_word(line, "ref") || in_lua(line);
}

/* How long a list is, on a new line if this one is full. -> its width */
static int print_count(const char *name, int at, int indent) {
  const int size = (int)strlen(name) + (int)strlen("; _count of them");
  if (at + size + 3 <= COLUMNS) return printf("; %s_count of them", name);
  printf(";\n%*s%s_count of them", indent, "", name);
  return indent - at + size - 2;
}

static void print_argument_docs(const row *r, int *at) {
  for (const peri_param *p = r->params; p->name != NULL; p++) {
    if (!is_argument(r, p)) continue;
    *at = printf("\n   %s  ", p->name) - 1;
    const int indent = *at;
    *at = print_words(p->doc, *at, indent);
    if (is_list(p)) *at += print_count(p->name, *at, indent);
  }
  if (has_options(r)) *at = printf("\n   options  NULL: the defaults") - 1;
  if (r->flags & PERI_OP_LIST)
    *at = printf(
              "\n   part  room for as many tensors as room says; "
              "NULL: only their number\n         is told") -
          1;
}

/* The comment above a function: the row's text with the arguments that are
   no tensors at their place. */
static void print_comment(const row *r) {
  const char *line = r->doc;
  bool arguments = false;
  int at = printf("/*") + 1;
  putchar(' ');
  while (*line != '\0') {
    if (!arguments && after_arguments(line)) {
      arguments = true;
      print_argument_docs(r, &at);
    }
    const int size = (int)strcspn(line, "\n");
    if (!in_lua(line)) {
      if (line != r->doc) at = printf("\n   ") - 1;
      at = print_line(line, size, at);
    }
    line += size;
    line += *line == '\n';
  }
  if (!arguments) print_argument_docs(r, &at);
  close_comment(at);
}

/* One field of an options struct under its comment. */
static void print_field(const peri_param *p) {
  char text[ARG_BYTES];
  const bool tell = p->need == PERI_DEFAULT && p->type != PERI_P_REALS &&
                    !(p->type == PERI_P_DTYPE && p->fallback.i == 0);
  int at = print_words(p->doc, printf("  /* "), 5);
  if (tell) {
    default_text(text, sizeof text, p, 0);
    const int size = (int)(strlen("; default ") + strlen(text));
    at += printf(
        at + size + 3 > COLUMNS ? ";\n     default %s" : "; default %s", text);
  }
  close_comment(at);
  if (p->type == PERI_P_REALS)
    printf("  double %s[%d];\n", p->name, p->fallback.count);
  else
    printf("  %s%s;\n", c_type(p), p->name);
  if (is_list(p)) printf("  int %s_count;\n", p->name);
}

/* Hidden rows serve other files of core and are not exported. */
static const char *export_of(const row *r) {
  return r->flags & PERI_OP_HIDDEN ? "" : "PERI_API ";
}

static void print_options(const function *f) {
  printf(
      "/* Options of %s. Begin with the defaults:\n"
      "   PERI_NONE, NAN and NULL stand for what is absent. */\n"
      "typedef struct {\n",
      f->name);
  for (const peri_param *p = f->row->params; p->name != NULL; p++)
    if (!is_argument(f->row, p)) print_field(p);
  printf(
      "} %s_options;\n\n/* The defaults of %s. */\n"
      "%s%s_options %s_defaults(void);\n\n",
      f->stem, f->name, export_of(f->row), f->stem, f->stem);
}

static void print_prototype(const function *f) {
  const bool twin = f->inplace && !(f->row->flags & PERI_OP_ONLY_INPLACE);
  if (!twin && has_options(f->row)) print_options(f);
  if (twin)
    printf("/* The same, written into %s, which is returned. */\n",
           f->row->inputs[0].name);
  else
    print_comment(f->row);
  print_signature(export_of(f->row), f);
  printf(";\n\n");
}

/* ---- The definitions -------------------------------------------------- */

static void print_default(const peri_param *p) {
  char text[ARG_BYTES], second[ARG_BYTES];
  default_text(text, sizeof text, p, 0);
  if (p->type != PERI_P_REALS) {
    printf("    .%s = %s,\n", p->name, text);
    return;
  }
  printf("    .%s = {%s", p->name, text);
  for (int i = 1; i < p->fallback.count; i++) {
    default_text(second, sizeof second, p, i);
    printf(", %s", second);
  }
  printf("},\n");
}

static void print_defaults(const function *f) {
  printf("%s_options %s_defaults(void) {\n  const %s_options set_ = {\n",
         f->stem, f->stem, f->stem);
  for (const peri_param *p = f->row->params; p->name != NULL; p++)
    if (!is_argument(f->row, p)) print_default(p);
  printf("  };\n  return set_;\n}\n\n");
}

static const char *type_constant(const peri_param *param) {
  static const char *const names[] = {
#define NAME(constant) [constant] = #constant
      NAME(PERI_P_INT),  NAME(PERI_P_REAL),  NAME(PERI_P_NUMBER),
      NAME(PERI_P_BOOL), NAME(PERI_P_DIM),   NAME(PERI_P_NEWDIM),
      NAME(PERI_P_DIMS), NAME(PERI_P_INDEX), NAME(PERI_P_INTS),
#undef NAME
  };
  return names[param->type];
}

/* Print the row in the table of operations; for a form that of the operation,
   if no value asks for the form. */
static void print_op(const row *r) {
  if (r->of)
    printf("form_given(ROW_%s, values_)", r->of);
  else
    printf("peri_op_at(NULL, ROW_%s)", r->name);
}

/* The call that makes the value of a parameter from its C argument. */
static void print_value(const row *r, const peri_param *p) {
  const char *of = is_argument(r, p) ? "" : "set_.";
  char number[ARG_BYTES];
  switch (p->type) {
    case PERI_P_NUMBER:
    case PERI_P_REAL:
      default_text(number, sizeof number, p, 0);
      if (p->need == PERI_DEFAULT && p->type == PERI_P_NUMBER)
        printf("number_value(%s%s, %s)", of, p->name, number);
      else
        printf("%s(%s, %s%s)",
               p->need == PERI_OPTIONAL ? "maybe_value" : "real_value",
               type_constant(p), of, p->name);
      break;
    case PERI_P_REALS:
      printf("reals_value(%s%s, %d)", of, p->name, p->fallback.count);
      break;
    case PERI_P_DIMS:
    case PERI_P_INTS:
      printf("list_value(%s, %s%s, %s%s_count)", type_constant(p), of, p->name,
             of, p->name);
      break;
    case PERI_P_MANY:
      printf("many_value(%s%s, %s%s_count)", of, p->name, of, p->name);
      break;
    case PERI_P_CHOICE:
    case PERI_P_STRING: printf("string_value(%s%s)", of, p->name); break;
    case PERI_P_DTYPE: printf("dtype_value(%s%s)", of, p->name); break;
    case PERI_P_GENERATOR: printf("generator_value(%s%s)", of, p->name); break;
    default: printf("whole_value(%s, %s%s)", type_constant(p), of, p->name);
  }
}

/* Operations without parameters take none. */
static bool has_values(const function *f) {
  return f->family != OPERATION || f->row->params->name != NULL;
}

static void print_values(const function *f) {
  if (!has_values(f)) return;
  if (has_options(f->row))
    printf(
        "  const %s_options set_ =\n"
        "      options != NULL ? *options : %s_defaults();\n",
        f->stem, f->stem);
  printf("  const peri_value values_[] = {\n");
  for (const peri_param *p = f->row->params; p->name != NULL; p++) {
    printf("    ");
    print_value(f->row, p);
    printf(",\n");
  }
  printf("    {.type = PERI_P_END},\n  };\n");
}

static int count_inputs(const row *r) {
  int count = 0;
  while (r->inputs[count].name != NULL) count++;
  return count;
}

/* Set up ctx_, in_ and count_ of an operation. */
static void print_inputs(const function *f) {
  const peri_input *in = f->row->inputs;
  const int count = count_inputs(f->row);
  if (count == 0) {
    printf(
        "  peri_context *const ctx_ = ctx;\n"
        "  peri_tensor *const *in_ = NULL;\n  const int count_ = 0;\n");
    return;
  }
  if (in->flags & PERI_IN_LIST) {
    printf("  peri_tensor *const *in_ = %s;\n  const int count_ = count;\n",
           in->name);
  } else {
    printf("  peri_tensor *const in_[] = {");
    for (int i = 0; i < count; i++)
      printf("%s%s", i > 0 ? ", " : "", in[i].name);
    printf("};\n  const int count_ = %d;\n", count);
  }
  printf("  peri_context *const ctx_ = common_context(in_, count_);\n");
}

enum { FEW = 3 }; /* inputs of apply_few, at most */

/* True if the row is its inputs alone, few of them, and one output. */
static bool is_short(const function *f) {
  const int count = count_inputs(f->row);
  return !has_values(f) && !gives_list(f) && count > 0 && count <= FEW &&
         !(f->row->inputs->flags & PERI_IN_LIST) &&
         (f->row->outputs[0] == NULL || f->row->outputs[1] == NULL);
}

static void print_short_apply(const function *f) {
  const int count = count_inputs(f->row);
  printf("  return %s(ROW_%s, %d", f->inplace ? "change_few" : "apply_few",
         f->row->name, count);
  for (int i = 0; i < FEW; i++)
    printf(", %s", i < count ? f->row->inputs[i].name : "NULL");
  printf(");\n");
}

static void print_apply_list(const function *f) {
  printf(
      "  if (ctx_ == NULL)\n    return PERI_EARG;\n"
      "  return peri_apply_list(\n      ctx_, peri_op_at(NULL, ROW_%s), in_,"
      " count_, %s, 0, part, room);\n",
      f->row->name, has_values(f) ? "values_" : "NULL");
}

static void print_apply(const function *f) {
  const char *const *outputs = f->row->outputs;
  const bool more = outputs[0] != NULL && outputs[1] != NULL;
  if (is_short(f)) {
    print_short_apply(f);
    return;
  }
  print_inputs(f);
  if (gives_list(f)) {
    print_apply_list(f);
    return;
  }
  if (more) printf("  peri_tensor *more_[PERI_MAX_OUTPUTS] = {NULL};\n");
  printf("  if (ctx_ == NULL)\n    return NULL;\n");
  printf("  %s%s(\n      ctx_, ",
         more ? "peri_tensor *const first_ = " : "return ",
         f->inplace ? "peri_apply_inplace" : "peri_apply");
  print_op(f->row);
  printf(", in_, count_, %s, 0%s);\n", has_values(f) ? "values_" : "NULL",
         f->inplace ? ""
         : more     ? ", more_"
                    : ", NULL");
  for (int i = 1; more && outputs[i] != NULL; i++)
    printf("  if (%s != NULL)\n    *%s = more_[%d];\n", outputs[i], outputs[i],
           i - 1);
  if (more) printf("  return first_;\n");
}

static void print_body(const function *f) {
  const char *name = f->row->name;
  switch (f->family) {
    case OPERATION: print_apply(f); break;
    case LAYER_MAKER:
      printf(
          "  return peri_module_new(ctx, peri_layer_named(\"%s\"), values_,"
          " 0,\n                         %s);\n",
          name, f->row->flags & CONTAINER_ROW ? "children, count" : "NULL, 0");
      break;
    case OPTIM_MAKER:
      printf(
          "  peri_context *const ctx_ = common_context(parameters, count);\n"
          "  if (ctx_ == NULL)\n    return NULL;\n"
          "  return peri_optimizer_new(ctx_, peri_optim_named(\"%s\"),\n"
          "                            parameters, count, values_);\n",
          name);
      break;
    case READ:
      printf(
          "  return peri_read(ctx, peri_reader_named(\"%s\"), values_, 0,\n"
          "                   made, room);\n",
          name);
      break;
  }
}

static void print_definition(const function *f) {
  const bool twin = f->inplace && !(f->row->flags & PERI_OP_ONLY_INPLACE);
  if (!twin && has_options(f->row)) print_defaults(f);
  print_signature("", f);
  printf(" {\n");
  print_values(f);
  print_body(f);
  printf("}\n\n");
}

/* ---- All of it -------------------------------------------------------- */

typedef void printer(const function *f);

/* The functions of the rows of a family, of those that are hidden or of the
   others. */
static void print_rows(printer *print, kind family, bool hidden) {
  for (int i = 0; i < tables[family].count; i++) {
    const row *r = &tables[family].row[i];
    const unsigned flags = family == OPERATION ? r->flags : 0;
    if (((flags & PERI_OP_HIDDEN) != 0) != hidden) continue;
    if (!(flags & PERI_OP_ONLY_INPLACE)) {
      const function f = describe(family, r, false);
      print(&f);
    }
    if (flags & (PERI_OP_INPLACE | PERI_OP_ONLY_INPLACE)) {
      const function f = describe(family, r, true);
      print(&f);
    }
  }
}

static void print_public(printer *print) {
  printf("/* ---- Operations ---- */\n\n");
  print_rows(print, OPERATION, false);
  printf("/* ---- Layers ---- */\n\n");
  print_rows(print, LAYER_MAKER, false);
  printf("/* ---- Optimizers ---- */\n\n");
  print_rows(print, OPTIM_MAKER, false);
  printf("/* ---- Readers ---- */\n\n");
  print_rows(print, READ, false);
}

static void print_definitions(void) {
  printf("#include \"values.h\"\n\nenum { /* places of the operations */\n");
  for (int i = 0; i < tables[OPERATION].count; i++)
    if (!tables[OPERATION].row[i].of)
      printf("  ROW_%s,\n", tables[OPERATION].row[i].name);
  printf("};\n\n");
  print_rows(print_definition, OPERATION, true);
  print_public(print_definition);
}

int main(int argc, char **argv) {
  const char *part = argc == 2 ? argv[1] : "";
  if (strcmp(part, "public") == 0) {
    print_public(print_prototype);
  } else if (strcmp(part, "hidden") == 0) {
    print_rows(print_prototype, OPERATION, true);
  } else if (strcmp(part, "code") == 0) {
    print_definitions();
  } else {
    fprintf(stderr, "usage: print_tables public|hidden|code\n");
    return EXIT_FAILURE;
  }
  return fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
