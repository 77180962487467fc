/* rows.h - the rows of all tables as the programs of this folder read them,
   and the C function that follows from each: its names, its arguments in
   order, its defaults as C text. */
#ifndef PERI_DOCS_ROWS_H
#define PERI_DOCS_ROWS_H

#include "perigee.h"

#define COLUMNS 80
#define MAX_ARGS 24
#define ARG_BYTES 120

typedef struct {
  const char *name;
  peri_input inputs[PERI_MAX_INPUTS + 1];
  peri_param params[PERI_MAX_PARAMS + 1];
  const char *outputs[PERI_MAX_OUTPUTS + 1];
  unsigned flags;
  const char *doc;
  const char *of; /* the row of which it is a form, or NULL */
} row;

#define CONTAINER_ROW 1u /* of a layer: takes modules, not parameters */

typedef enum { OPERATION, LAYER_MAKER, OPTIM_MAKER, READ } kind;

/* The rows of each kind; operations in the order of peri_op_at, forms between
   them. */
extern const struct rows {
  const row *row;
  int count;
} tables[];

/* The function in C that a row gives. */
typedef struct {
  kind family;
  bool inplace; /* the form with an underscore */
  const row *row;
  const char *returns;
  char stem[64]; /* peri_sum, peri_linear_layer: of the options' names */
  char name[64]; /* peri_sum, peri_linear_new, peri_read_mnist */
  char args[MAX_ARGS][ARG_BYTES];
  int count;
} function;

/* True for an operation whose result is an array of tensors. */
bool gives_list(const function *f);
function describe(kind family, const row *r, bool inplace);

/* A list of whole numbers: a pointer and a count. */
bool is_list(const peri_param *param);
/* An argument of its own, not one of the options. */
bool is_argument(const row *r, const peri_param *param);
bool has_options(const row *r);
/* The type in C, ready to be followed by the name: "const char *". */
const char *c_type(const peri_param *param);
/* The default as it stands in C; of a list of floats, entry 'index'. */
void default_text(char *out, size_t room, const peri_param *param, int index);

#endif
