/* text_spec.c - tensors in print. The texts of arrays are NumPy's
   (array2string with precision 4 and floatmode "maxprec_equal") wherever we
   mean to print the same; the line with dtype and shape is ours. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "check.h"
#include "internal.h"

enum { ROOM = 8192 };

static void prints(peri_tensor *x, const char *expected) {
  char text[ROOM];
  if (!CHECK(x != NULL)) return;
  size_t bytes = peri_tensor_text(x, text, sizeof text);
  CHECK_TEXT(text, expected);
  CHECK(bytes == strlen(expected));
}

/* A tensor of 'dtype' from doubles. */
static peri_tensor *numbers(peri_context *ctx, peri_dtype dtype,
                            const double *data, int ndim, int64_t rows,
                            int64_t columns) {
  const int64_t shape[2] = {ndim == 2 ? rows : columns, columns};
  int64_t count = peri__numel(shape, ndim);
  peri_tensor *x = peri_tensor_new(ctx, NULL, shape, ndim, dtype);
  if (x != NULL)
    peri__convert(peri_tensor_data(x), dtype, 1, data, PERI_F64, 1, count);
  return x;
}

/* start, start + step, ... in any shape. */
static peri_tensor *series(peri_context *ctx, peri_dtype dtype, double start,
                           double step, const int64_t *shape, int ndim) {
  peri_tensor *x = peri_tensor_new(ctx, NULL, shape, ndim, dtype);
  size_t size = peri_dtype_size(dtype);
  for (int64_t i = 0; x != NULL && i < peri__numel(shape, ndim); i++) {
    double v = start + step * (double)i;
    peri__convert((char *)peri_tensor_data(x) + (size_t)i * size, dtype, 1, &v,
                  PERI_F64, 1, 1);
  }
  return x;
}

/* ---- Forms ------------------------------------------------------------ */

/* clang-format off */
static const struct {
  peri_dtype dtype;
  int ndim, rows, columns;
  double data[4];
  const char *text;
} rows[] = {
    {PERI_F32, 1, 1, 3, {1, 2, 3}, "[1. 2. 3.]\nfloat32 [3]"},
    {PERI_F64, 2, 2, 2, {1.5, 0.25, -2, 10},
     "[[ 1.50  0.25]\n [-2.00 10.00]]\nfloat64 [2, 2]"},
    {PERI_F32, 1, 1, 3, {0.1, 0.2, 0.3}, "[0.1 0.2 0.3]\nfloat32 [3]"},
    {PERI_F64, 1, 1, 2, {1.0 / 3, 2.0 / 3}, "[0.3333 0.6667]\nfloat64 [2]"},
    {PERI_F64, 1, 1, 3, {1e-5, 1, -20},
     "[ 1.e-05  1.e+00 -2.e+01]\nfloat64 [3]"},
    {PERI_F64, 1, 1, 2, {123456789, 5.5e7},
     "[1.2346e+08 5.5000e+07]\nfloat64 [2]"},
    {PERI_F64, 1, 1, 2, {0.0001, 0.05}, "[0.0001 0.0500]\nfloat64 [2]"},
    {PERI_F64, 1, 1, 2, {99999.99996, 0.1}, "[1.e+05 1.e-01]\nfloat64 [2]"},
    {PERI_F64, 1, 1, 3, {NAN, 10.25, -INFINITY},
     "[  nan 10.25  -inf]\nfloat64 [3]"},
    {PERI_F64, 1, 1, 2, {NAN, INFINITY}, "[nan inf]\nfloat64 [2]"},
    {PERI_F64, 1, 1, 2, {0.0, -0.0}, "[ 0. -0.]\nfloat64 [2]"},
    {PERI_F16, 1, 1, 2, {0.1, 3.14159}, "[0.100 3.141]\nfloat16 [2]"},
    {PERI_BF16, 1, 1, 2, {0.1, 3.14159}, "[0.10 3.14]\nbfloat16 [2]"},
    {PERI_U8, 2, 2, 2, {1, 255, 0, 30},
     "[[  1 255]\n [  0  30]]\nuint8 [2, 2]"},
    {PERI_I32, 1, 1, 3, {-5, 100, 7}, "[ -5 100   7]\nint32 [3]"},
    {PERI_BOOL, 1, 1, 3, {1, 0, 1}, "[ true false  true]\nbool [3]"},
    {PERI_I64, 2, 2, 1, {1, 2}, "[[1]\n [2]]\nint64 [2, 1]"},
    /* Ours: whole numbers stay whole, and a float32 shows no digits that it
       does not have. */
    {PERI_F32, 1, 1, 3, {0, 1, 5000}, "[   0.    1. 5000.]\nfloat32 [3]"},
    {PERI_F32, 1, 1, 2, {123456.789, 2000.5},
     "[123456.79   2000.50]\nfloat32 [2]"},
    /* A tensor without dimensions is a number. */
    {PERI_F32, 0, 1, 1, {0.69314718}, "0.6931"},
    {PERI_F32, 0, 1, 1, {6}, "6.0"},
    {PERI_F64, 0, 1, 1, {123456789}, "123456789.0"},
    {PERI_F64, 0, 1, 1, {1e-5}, "1e-05"},
    {PERI_F64, 0, 1, 1, {1.25e20}, "1.25e+20"},
    {PERI_F32, 0, 1, 1, {NAN}, "nan"},
    {PERI_I64, 0, 1, 1, {-7}, "-7"},
    {PERI_BOOL, 0, 1, 1, {1}, "true"},
    /* Empty ones. */
    {PERI_F32, 1, 1, 0, {0}, "[]\nfloat32 [0]"},
    {PERI_F32, 2, 0, 3, {0}, "[]\nfloat32 [0, 3]"},
};
/* clang-format on */

static void forms_follow_the_elements(peri_context *ctx) {
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    prints(numbers(ctx, rows[i].dtype, rows[i].data, rows[i].ndim, rows[i].rows,
                   rows[i].columns),
           rows[i].text);
}

static void whole_numbers_print_to_the_last_digit(peri_context *ctx) {
  const int64_t shape[] = {2}, data[] = {INT64_MIN, INT64_MAX};
  prints(peri_tensor_new(ctx, data, shape, 1, PERI_I64),
         "[-9223372036854775808  9223372036854775807]\nint64 [2]");
}

/* ---- Layout ----------------------------------------------------------- */

static void brackets_nest(peri_context *ctx) {
  const int64_t shape[] = {2, 3, 4};
  prints(series(ctx, PERI_I64, 0, 1, shape, 3),
         "[[[ 0  1  2  3]\n"
         "  [ 4  5  6  7]\n"
         "  [ 8  9 10 11]]\n"
         "\n"
         " [[12 13 14 15]\n"
         "  [16 17 18 19]\n"
         "  [20 21 22 23]]]\n"
         "int64 [2, 3, 4]");
}

static void long_rows_wrap(peri_context *ctx) {
  const int64_t shape[] = {24};
  prints(series(ctx, PERI_F64, -12.75, 1.0625, shape, 1),
         "[-12.7500 -11.6875 -10.6250  -9.5625  -8.5000  -7.4375  -6.3750  "
         "-5.3125\n"
         "  -4.2500  -3.1875  -2.1250  -1.0625   0.0000   1.0625   2.1250   "
         "3.1875\n"
         "   4.2500   5.3125   6.3750   7.4375   8.5000   9.5625  10.6250  "
         "11.6875]\n"
         "float64 [24]");
}

static void many_elements_show_their_ends(peri_context *ctx) {
  const int64_t line[] = {1001}, square[] = {50, 50}, flat[] = {300, 4};
  prints(series(ctx, PERI_I64, 0, 1, line, 1),
         "[   0    1    2 ...  998  999 1000]\nint64 [1001]");
  prints(series(ctx, PERI_I32, 0, 1, square, 2),
         "[[   0    1    2 ...   47   48   49]\n"
         " [  50   51   52 ...   97   98   99]\n"
         " [ 100  101  102 ...  147  148  149]\n"
         " ...\n"
         " [2350 2351 2352 ... 2397 2398 2399]\n"
         " [2400 2401 2402 ... 2447 2448 2449]\n"
         " [2450 2451 2452 ... 2497 2498 2499]]\n"
         "int32 [50, 50]");
  prints(series(ctx, PERI_F32, 0, 0, flat, 2),
         "[[0. 0. 0. 0.]\n"
         " [0. 0. 0. 0.]\n"
         " [0. 0. 0. 0.]\n"
         " ...\n"
         " [0. 0. 0. 0.]\n"
         " [0. 0. 0. 0.]\n"
         " [0. 0. 0. 0.]]\n"
         "float32 [300, 4]");
}

static void a_thousand_elements_are_shown_in_full(peri_context *ctx) {
  const int64_t shape[] = {1000};
  char text[ROOM];
  peri_tensor_text(series(ctx, PERI_U8, 0, 0, shape, 1), text, sizeof text);
  CHECK(strstr(text, "...") == NULL);
}

static void strides_are_followed(peri_context *ctx) {
  static float data[6] = {1, 2, 3, 4, 5, 6};
  const int64_t shape[] = {3, 2}, transposed[] = {1, 3}, still[] = {0, 0};
  prints(
      peri_tensor_wrap(ctx, data, shape, transposed, 2, PERI_F32, NULL, NULL),
      "[[1. 4.]\n [2. 5.]\n [3. 6.]]\nfloat32 [3, 2]");
  prints(peri_tensor_wrap(ctx, data, shape, still, 2, PERI_F32, NULL, NULL),
         "[[1. 1.]\n [1. 1.]\n [1. 1.]]\nfloat32 [3, 2]");
}

static void a_meta_tensor_shows_what_it_has(peri_context *ctx) {
  peri_meta meta = {PERI_F32, 2, {64, 10}};
  prints(peri__tensor_make(ctx, &meta, NULL, true), "float32 [64, 10] meta");
}

/* ---- Room and locale -------------------------------------------------- */

static void text_is_cut_to_its_room(peri_context *ctx) {
  const double data[] = {1, 2, 3};
  peri_tensor *x = numbers(ctx, PERI_F32, data, 1, 1, 3);
  char text[] = "untouched";
  CHECK(peri_tensor_text(x, NULL, 0) == 22);
  CHECK(peri_tensor_text(x, text, 5) == 22);
  CHECK(memcmp(text, "[1. \0ched", sizeof text) == 0);
  CHECK(peri_tensor_text(NULL, text, 5) == 0);
  CHECK_TEXT(text, "");
}

/* Only where the machine has a locale with a comma. */
static void point_is_a_point_in_every_locale(peri_context *ctx) {
  const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
  const double data[] = {1.5, -2.25, 1e-7};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (setlocale(LC_NUMERIC, names[i]) == NULL) continue;
    prints(numbers(ctx, PERI_F32, data, 1, 1, 2), "[ 1.50 -2.25]\nfloat32 [2]");
    prints(numbers(ctx, PERI_F64, data + 2, 1, 1, 1), "[1.e-07]\nfloat64 [1]");
    break;
  }
  setlocale(LC_NUMERIC, "C");
}

int main(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  forms_follow_the_elements(ctx);
  whole_numbers_print_to_the_last_digit(ctx);
  brackets_nest(ctx);
  long_rows_wrap(ctx);
  many_elements_show_their_ends(ctx);
  a_thousand_elements_are_shown_in_full(ctx);
  strides_are_followed(ctx);
  a_meta_tensor_shows_what_it_has(ctx);
  text_is_cut_to_its_room(ctx);
  point_is_a_point_in_every_locale(ctx);
  peri_context_free(ctx);
  return check_done("text");
}
