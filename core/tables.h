/* tables.h - the words in which the rows of the .def files are written. Each
   word is one entry of a struct of perigee.h; words follow each other without
   commas. A file that reads a table defines the row macros (OP, LAYER, ...)
   for what it needs of a row and includes the .def.

     IN(x) OPT(bias)                            inputs
     DIM(dim, -1, "...") FLAG(keepdim, 0, "...")  parameters

   The same rows make the C functions (docs/print_tables.c) and the run-time
   tables (registry.c). */
#ifndef PERI_TABLES_H
#define PERI_TABLES_H

#include "perigee.h"

#define NOTHING /* no inputs, or no parameters */

/* Inputs. */
#define IN(name) {#name, 0},
#define OPT(name) {#name, PERI_IN_OPTIONAL},
#define ANY(name) {#name, PERI_IN_NUMBER}, /* a tensor or a plain number */
#define FIXANY(name) {#name, PERI_IN_NUMBER | PERI_IN_FIXED},
#define OPTFIXANY(name) \
  {#name, PERI_IN_OPTIONAL | PERI_IN_NUMBER | PERI_IN_FIXED},
#define LIST(name) {#name, PERI_IN_LIST},
#define FIXED(name) {#name, PERI_IN_FIXED}, /* no gradient */
#define OPTFIXED(name) {#name, PERI_IN_OPTIONAL | PERI_IN_FIXED},

/* The parameters of an operation as an array of their own, NULL if there are
   none. */
#define PARAMS(...) \
  (sizeof((const peri_param[]){__VA_ARGS__{0}}) > sizeof(peri_param) \
       ? (const peri_param[]){__VA_ARGS__{0}} \
       : NULL)

/* Names of outputs. */
#define OUT(name) #name,

/* Parameters: MUST_ has no default, MAY_ may be absent, the others have one.
   Numbers name their range. */
#define PERI_ROW(name, type, need, fallback, low, high, choices, doc) \
  {#name, type, need, fallback, (double)(low), (double)(high), choices, doc},
#define PERI_NO_VALUE \
  { .type = PERI_P_END }
#define PERI_I(t, v) \
  { .type = t, .whole = true, .i = (v) }
#define PERI_F(t, v) \
  { .type = t, .f = (v) }

#define MUST_INT(name, low, high, doc) \
  PERI_ROW(name, PERI_P_INT, PERI_REQUIRED, PERI_NO_VALUE, low, high, 0, doc)
#define INT(name, v, low, high, doc) \
  PERI_ROW(name, PERI_P_INT, PERI_DEFAULT, PERI_I(PERI_P_INT, v), low, high, \
           0, doc)
#define MAY_INT(name, low, high, doc) \
  PERI_ROW(name, PERI_P_INT, PERI_OPTIONAL, PERI_NO_VALUE, low, high, 0, doc)
#define MUST_REAL(name, low, high, doc) \
  PERI_ROW(name, PERI_P_REAL, PERI_REQUIRED, PERI_NO_VALUE, low, high, 0, doc)
#define REAL(name, v, low, high, doc) \
  PERI_ROW(name, PERI_P_REAL, PERI_DEFAULT, PERI_F(PERI_P_REAL, v), low, high, \
           0, doc)
#define MAY_REAL(name, low, high, doc) \
  PERI_ROW(name, PERI_P_REAL, PERI_OPTIONAL, PERI_NO_VALUE, low, high, 0, doc)
/* 'word' stands for the default. */
#define REAL_OR(name, v, low, high, word, doc) \
  PERI_ROW(name, PERI_P_REAL, PERI_DEFAULT, PERI_F(PERI_P_REAL, v), low, high, \
           word, doc)
#define MUST_NUMBER(name, doc) \
  PERI_ROW(name, PERI_P_NUMBER, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_NUMBER(name, doc) \
  PERI_ROW(name, PERI_P_NUMBER, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
#define NUMBER(name, v, doc) \
  PERI_ROW(name, PERI_P_NUMBER, PERI_DEFAULT, PERI_I(PERI_P_NUMBER, v), 0, 0, \
           0, doc)
#define FLAG(name, v, doc) \
  PERI_ROW(name, PERI_P_BOOL, PERI_DEFAULT, PERI_I(PERI_P_BOOL, v), 0, 0, 0, \
           doc)
#define MUST_FLAG(name, doc) \
  PERI_ROW(name, PERI_P_BOOL, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MUST_DIM(name, doc) \
  PERI_ROW(name, PERI_P_DIM, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_DIM(name, doc) \
  PERI_ROW(name, PERI_P_DIM, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
/* Default dimension, counted from 0 or, if negative, from the end. */
#define DIM(name, v, doc) \
  PERI_ROW(name, PERI_P_DIM, PERI_DEFAULT, PERI_I(PERI_P_DIM, v), 0, 0, 0, doc)
#define MUST_NEWDIM(name, doc) \
  PERI_ROW(name, PERI_P_NEWDIM, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define NEWDIM(name, v, doc) \
  PERI_ROW(name, PERI_P_NEWDIM, PERI_DEFAULT, PERI_I(PERI_P_NEWDIM, v), 0, 0, \
           0, doc)
#define MUST_DIMS(name, doc) \
  PERI_ROW(name, PERI_P_DIMS, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_DIMS(name, doc) \
  PERI_ROW(name, PERI_P_DIMS, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
#define MUST_INDEX(name, doc) \
  PERI_ROW(name, PERI_P_INDEX, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_INDEX(name, doc) \
  PERI_ROW(name, PERI_P_INDEX, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
#define MUST_INTS(name, doc) \
  PERI_ROW(name, PERI_P_INTS, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_INTS(name, doc) \
  PERI_ROW(name, PERI_P_INTS, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
#define MUST_MANY(name, doc) \
  PERI_ROW(name, PERI_P_MANY, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_MANY(name, doc) \
  PERI_ROW(name, PERI_P_MANY, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
#define PAIR(name, a, b, low, high, doc) \
  PERI_ROW(name, PERI_P_REALS, PERI_DEFAULT, PERI_PAIR_VALUE(a, b), low, high, \
           0, doc)
#define PERI_PAIR_VALUE(a, b) \
  { \
    .type = PERI_P_REALS, .count = 2, .reals = { a, b } \
  }
#define CHOICE(name, words, v, doc) \
  PERI_ROW(name, PERI_P_CHOICE, PERI_DEFAULT, PERI_I(PERI_P_CHOICE, v), 0, 0, \
           words, doc)
#define MAY_CHOICE(name, words, doc) \
  PERI_ROW(name, PERI_P_CHOICE, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, words, doc)
#define MUST_STRING(name, doc) \
  PERI_ROW(name, PERI_P_STRING, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_STRING(name, doc) \
  PERI_ROW(name, PERI_P_STRING, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
#define MUST_DTYPE(name, doc) \
  PERI_ROW(name, PERI_P_DTYPE, PERI_REQUIRED, PERI_NO_VALUE, 0, 0, 0, doc)
#define MAY_DTYPE(name, doc) \
  PERI_ROW(name, PERI_P_DTYPE, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, doc)
#define DTYPE(name, v, doc) \
  PERI_ROW(name, PERI_P_DTYPE, PERI_DEFAULT, PERI_I(PERI_P_DTYPE, v), 0, 0, 0, \
           doc)

/* Of every row that draws random numbers. */
#define GENERATOR \
  PERI_ROW(generator, PERI_P_GENERATOR, PERI_OPTIONAL, PERI_NO_VALUE, 0, 0, 0, \
           "stream of random numbers; that of the context when absent")

/* What every operation that makes a tensor from nothing takes at the end; a
   random one has its generator behind it. */
#define MAKES(dtype_default) \
  DTYPE(dtype, dtype_default, "element type") MAKES_REST
#define MAKES_REST \
  CHOICE(device, "cpu|meta", 0, "where it lives; meta has shapes only") \
  FLAG(requires_grad, 0, "a leaf whose gradient is wanted")

#endif
