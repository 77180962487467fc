/* values.h - how the printed functions of perigee_tables.c make the values of
   a row from arguments in C: one function per kind of parameter, which turns
   the C way to say "absent" (PERI_NONE, NAN, NULL) into an absent value. They
   judge nothing: names and ranges are checked where the row is applied. */
#ifndef PERI_VALUES_H
#define PERI_VALUES_H

#include <math.h>

#include "internal.h"

static inline peri_value absent_value(void) {
  const peri_value value = {.type = PERI_P_END};
  return value;
}

/* Whole numbers, dimensions, positions and flags. */
static inline peri_value whole_value(peri_type type, int64_t number) {
  const peri_value value = {.type = type, .whole = true, .i = number};
  return number == PERI_NONE ? absent_value() : value;
}

static inline peri_value real_value(peri_type type, double number) {
  const peri_value value = {.type = type, .f = number};
  return value;
}

/* A number that may be absent: NAN. */
static inline peri_value maybe_value(peri_type type, double number) {
  return isnan(number) ? absent_value() : real_value(type, number);
}

/* A number with a default, which stays the whole number it is in the row. */
static inline peri_value number_value(double number, double fallback) {
  if (!(number < fallback) && !(number > fallback) && !isnan(number))
    return absent_value();
  return real_value(PERI_P_NUMBER, number);
}

/* 'list' may be NULL: absent. Of a list that is too long only the length is
   passed on, for the message. */
static inline peri_value list_value(peri_type type, const int64_t *list,
                                    int count) {
  peri_value value = {.type = type, .whole = true, .count = count};
  if (list == NULL && count != 0) return absent_value();
  for (int i = 0; i < count && i < PERI_MAX_DIMS; i++) value.list[i] = list[i];
  return value;
}

/* The caller's array, for as long as the call. */
static inline peri_value many_value(const int64_t *list, int count) {
  const peri_value value = {
      .type = PERI_P_MANY, .whole = true, .count = count, .many = list};
  return list == NULL ? absent_value() : value;
}

static inline peri_value reals_value(const double *list, int count) {
  peri_value value = {.type = PERI_P_REALS, .count = count};
  for (int i = 0; i < count && i < PERI_MAX_DIMS; i++) value.reals[i] = list[i];
  return value;
}

/* A string, or the word of a choice. */
static inline peri_value string_value(const char *text) {
  const peri_value value = {.type = PERI_P_STRING, .s = text};
  return text == NULL ? absent_value() : value;
}

static inline peri_value dtype_value(peri_dtype dtype) {
  const peri_value value = {.type = PERI_P_DTYPE, .whole = true, .i = dtype};
  return dtype == PERI_DTYPE_NONE ? absent_value() : value;
}

static inline peri_value generator_value(peri_generator *generator) {
  const peri_value value = {.type = PERI_P_GENERATOR, .generator = generator};
  return generator == NULL ? absent_value() : value;
}

/* The context of the first tensor that is there, NULL if none is. */
static inline peri_context *common_context(peri_tensor *const *in, int count) {
  for (int i = 0; in != NULL && i < count; i++)
    if (in[i] != NULL) return in[i]->ctx;
  return NULL;
}

/* The form of the row at 'row' that takes 'value', of one parameter, if it is
   given, else the row itself. */
static inline const peri_op *form_given(int row, const peri_value *value) {
  const peri_op *op = peri_op_at(NULL, row);
  return value->type == PERI_P_END ? op : peri_op_form(op);
}

/* The row at 'row' applied to the first 'count' of three inputs, or in place to
   the first of them: what the many rows do that have no parameters. */
static __attribute__((noinline)) peri_tensor *apply_few(int row, int count,
                                                        peri_tensor *a,
                                                        peri_tensor *b,
                                                        peri_tensor *c) {
  peri_tensor *const in[] = {a, b, c};
  peri_context *const ctx = a != NULL ? a->ctx : common_context(in, count);
  if (ctx == NULL) return NULL;
  return peri_apply(ctx, peri_op_at(NULL, row), in, count, NULL, 0, NULL);
}

static __attribute__((noinline)) peri_tensor *change_few(int row, int count,
                                                         peri_tensor *a,
                                                         peri_tensor *b,
                                                         peri_tensor *c) {
  peri_tensor *const in[] = {a, b, c};
  peri_context *const ctx = a != NULL ? a->ctx : common_context(in, count);
  if (ctx == NULL) return NULL;
  return peri_apply_inplace(ctx, peri_op_at(NULL, row), in, count, NULL, 0);
}

#endif
