/* text.c - what a tensor looks like in print, after NumPy's arrays.

     [[ 1.50  0.25]     [   0    1    2 ... 1997 1998 1999]     0.6931
      [-2.00 10.00]]    int64 [2000]
     float32 [2, 2]

   The elements shown choose one form for all: at most four decimals, as many
   as one of them needs; scientific if the largest is 1e8 or more, or if there
   are fractions and the smallest is under 1e-4 or a thousandth of the
   largest. Over 1000 elements long dimensions show three positions at each
   end. A 0-d tensor is its number alone. Nothing is allocated: the shown
   elements are visited once to find the range, once the decimals, once the
   width and once to write. The decimal point is a point in every locale. */
#include <inttypes.h>
#include <stdio.h>

#include "internal.h"

#define THRESHOLD 1000 /* elements that are shown in full */
#define EDGE 3         /* positions at each end beyond that */
#define LINE 75        /* characters of a line, as NumPy */
#define DECIMALS 4
#define FIXED_END 1e8 /* from here scientific; one number alone: */
#define FIXED_END_ALONE 1e16
#define WHOLE_FROM 0x1p53 /* every double from here on is a whole number */
#define FIXED_START 1e-4
#define FIXED_RATIO 1e3

#define ELEMENT_TEXT 64 /* room for one element */

typedef enum { FORM_BOOL, FORM_WHOLE, FORM_FIXED, FORM_SCIENTIFIC } text_form;

/* One text being made. */
typedef struct {
  const peri_tensor *x;
  bool folded;    /* long dimensions show their ends */
  text_form form; /* common to all elements */
  int decimals, width;
  double largest, smallest; /* magnitudes shown, finite, not zero */
  bool fractions;           /* one of them is not a whole number */
  char *text;
  size_t room, length, column;
} page;

/* ---- Elements --------------------------------------------------------- */

static const void *place(const page *p, int64_t offset) {
  const peri_tensor *x = p->x;
  return (const char *)x->storage->data +
         (x->offset + offset) * (int64_t)peri_dtype_size(x->dtype);
}

static double float_at(const page *p, int64_t offset) {
  double v = 0;
  peri__convert(&v, PERI_F64, 1, place(p, offset), p->x->dtype, 1, 1);
  return v;
}

static int64_t whole_at(const page *p, int64_t offset) {
  int64_t v = 0;
  peri__convert(&v, PERI_I64, 1, place(p, offset), p->x->dtype, 1, 1);
  return v;
}

static bool is_finite(double v) { return v - v == 0; }

static double magnitude(double v) { return v < 0 ? -v : v; }

/* Decimal digits worth showing, near those of the shortest text that reads
   back as the same number. */
static int digits(peri_dtype dtype) {
  switch (dtype) {
    case PERI_F16: return 4;
    case PERI_BF16: return 3;
    case PERI_F32: return 8;
    default: return 16;
  }
}

/* Decimals that the form allows and the dtype has in the largest element. */
static int most_decimals(const page *p) {
  int left = digits(p->x->dtype) - 1;
  if (p->form == FORM_FIXED)
    for (double m = p->largest; m >= 10 && left > 0; m /= 10) left--;
  return left < DECIMALS ? left : DECIMALS;
}

/* Whatever the locale puts between digits becomes one point. */
static void plain_point(char *text) {
  char *end = text;
  for (const char *c = text; *c != '\0'; c++) {
    if (strchr("0123456789+-e", *c) != NULL)
      *end++ = *c;
    else if (end == text || end[-1] != '.')
      *end++ = '.';
  }
  *end = '\0';
}

static int float_text(const page *p, double v, int decimals, char *text) {
  if (!is_finite(v))
    return snprintf(text, ELEMENT_TEXT, "%s%s", v < 0 ? "-" : "",
                    v != v ? "nan" : "inf");
  /* '#' keeps the point of "1."; alone, a number reads "1.0" or "1e-05". */
  const char *format = p->form == FORM_FIXED ? "%#.*f"
                       : p->x->ndim == 0     ? "%.*e"
                                             : "%#.*e";
  snprintf(text, ELEMENT_TEXT, format, decimals, v);
  plain_point(text);
  return (int)strlen(text);
}

static int element_text(const page *p, int64_t offset, char *text) {
  if (p->form == FORM_BOOL)
    return snprintf(text, ELEMENT_TEXT, "%s",
                    whole_at(p, offset) != 0 ? "true" : "false");
  if (p->form == FORM_WHOLE)
    return snprintf(text, ELEMENT_TEXT, "%" PRId64, whole_at(p, offset));
  return float_text(p, float_at(p, offset), p->decimals, text);
}

/* ---- The elements shown ----------------------------------------------- */

static bool folds(const page *p, int d) {
  return p->folded && p->x->shape[d] > 2 * EDGE;
}

/* The position shown after 'i' in dimension d; the size: none. */
static int64_t after(const page *p, int d, int64_t i) {
  return folds(p, d) && i == EDGE - 1 ? p->x->shape[d] - EDGE : i + 1;
}

static void visit_from(page *p, int d, int64_t offset,
                       void (*visit)(page *p, int64_t offset)) {
  if (d == p->x->ndim) {
    visit(p, offset);
    return;
  }
  for (int64_t i = 0; i < p->x->shape[d]; i = after(p, d, i))
    visit_from(p, d + 1, offset + i * p->x->strides[d], visit);
}

static void find_range(page *p, int64_t offset) {
  double m = magnitude(float_at(p, offset));
  if (!is_finite(m) || m == 0) return;
  if (m > p->largest) p->largest = m;
  if (p->smallest == 0 || m < p->smallest) p->smallest = m;
  if (m < WHOLE_FROM && (double)(int64_t)m != m) p->fractions = true;
}

/* Raise the decimals to those that this element needs: what is left when the
   zeros at the end go. */
static void find_decimals(page *p, int64_t offset) {
  char text[ELEMENT_TEXT];
  double v = float_at(p, offset);
  if (!is_finite(v)) return;
  int decimals = most_decimals(p);
  float_text(p, v, decimals, text);
  const char *last = strchr(text, '.');
  if (last == NULL) return;
  for (last += decimals; *last == '0'; last--) decimals--;
  if (decimals > p->decimals) p->decimals = decimals;
}

static void find_width(page *p, int64_t offset) {
  char text[ELEMENT_TEXT];
  int width = element_text(p, offset, text);
  if (width > p->width) p->width = width;
}

static text_form float_form(const page *p) {
  double end = p->x->ndim == 0 ? FIXED_END_ALONE : FIXED_END;
  bool wide =
      p->smallest < FIXED_START || p->largest / p->smallest > FIXED_RATIO;
  return p->largest >= end || (p->fractions && wide) ? FORM_SCIENTIFIC
                                                     : FORM_FIXED;
}

static void choose_form(page *p) {
  bool alone = p->x->ndim == 0;
  if (p->x->dtype == PERI_BOOL) {
    p->form = FORM_BOOL;
  } else if (!peri__is_float(p->x->dtype)) {
    p->form = FORM_WHOLE;
  } else {
    visit_from(p, 0, 0, find_range);
    p->form = float_form(p);
    p->decimals = alone && p->form == FORM_FIXED ? 1 : 0;
    visit_from(p, 0, 0, find_decimals);
  }
  if (!alone) visit_from(p, 0, 0, find_width);
}

/* ---- Writing ---------------------------------------------------------- */

static void put(page *p, const char *text) {
  for (; *text != '\0'; text++) {
    if (p->length + 1 < p->room) p->text[p->length] = *text;
    p->length++;
    p->column = *text == '\n' ? 0 : p->column + 1;
  }
}

static void put_times(page *p, const char *text, int count) {
  while (count-- > 0) put(p, text);
}

/* Between two words of a row: a space, or a new line where the second would
   reach too far. */
static void put_gap(page *p, int width) {
  int ndim = p->x->ndim;
  if (p->column + 1 + (size_t)width > (size_t)(LINE - ndim)) {
    put(p, "\n");
    put_times(p, " ", ndim);
  } else {
    put(p, " ");
  }
}

static void put_element(page *p, int64_t offset) {
  char text[ELEMENT_TEXT];
  put_times(p, " ", p->width - element_text(p, offset, text));
  put(p, text);
}

static void put_row(page *p, int64_t offset) {
  int d = p->x->ndim - 1;
  for (int64_t i = 0; i < p->x->shape[d]; i = after(p, d, i)) {
    if (i > 0) put_gap(p, p->width);
    put_element(p, offset + i * p->x->strides[d]);
    if (folds(p, d) && i == EDGE - 1) {
      put_gap(p, 3);
      put(p, "...");
    }
  }
}

/* Between two parts of dimension d: the deeper they are, the more lines. */
static void put_break(page *p, int d) {
  put_times(p, "\n", p->x->ndim - 1 - d);
  put_times(p, " ", d + 1);
}

/* Dimension d and what is inside it, in brackets. */
static void put_dim(page *p, int d, int64_t offset) {
  put(p, "[");
  if (d == p->x->ndim - 1) {
    put_row(p, offset);
    put(p, "]");
    return;
  }
  for (int64_t i = 0; i < p->x->shape[d]; i = after(p, d, i)) {
    if (i > 0) put_break(p, d);
    put_dim(p, d + 1, offset + i * p->x->strides[d]);
    if (folds(p, d) && i == EDGE - 1) {
      put_break(p, d);
      put(p, "...");
    }
  }
  put(p, "]");
}

static void put_kind(page *p) {
  char shape[PERI_SHAPE_TEXT];
  put(p, peri_dtype_name(p->x->dtype));
  put(p, " ");
  put(p, peri_shape_text(p->x->shape, p->x->ndim, shape, sizeof shape));
}

/* A tensor without memory is its dtype and shape and the word "meta", an
   empty one a pair of brackets over them. */
static void put_tensor(page *p) {
  if (p->x->storage->meta) {
    put_kind(p);
    put(p, " meta");
    return;
  }
  int64_t count = peri__numel(p->x->shape, p->x->ndim);
  p->folded = count > THRESHOLD;
  if (count > 0) choose_form(p);
  if (p->x->ndim == 0) {
    put_element(p, 0);
    return;
  }
  if (count > 0)
    put_dim(p, 0, 0);
  else
    put(p, "[]");
  put(p, "\n");
  put_kind(p);
}

size_t peri_tensor_text(peri_tensor *x, char *text, size_t room) {
  page p = {.x = x, .text = text, .room = room};
  if (x != NULL && peri__enter_always(x->ctx) == 0) {
    put_tensor(&p);
    peri__leave(x->ctx);
  }
  if (room > 0) text[p.length < room ? p.length : room - 1] = '\0';
  return p.length;
}
