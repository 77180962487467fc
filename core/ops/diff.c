/* diff.c - differences of neighbours and integrals by the trapezoidal rule, out
   of ranges of one dimension. */
#include "reduced.h"

peri_tensor *peri__range(peri_tensor *x, int64_t dim, int64_t start,
                         int64_t length) {
  int64_t first[PERI_MAX_DIMS] = {0}, step[PERI_MAX_DIMS];
  int64_t count[PERI_MAX_DIMS];
  if (!x) return NULL;
  for (int d = 0; d < x->ndim; d++) {
    step[d] = 1;
    count[d] = d == dim ? length : x->shape[d];
  }
  first[dim] = length > 0 ? start : 0;
  return peri_window(x, first, x->ndim, count, x->ndim, step, x->ndim);
}

/* All but the last position of 'dim' (but the first, if 'late'). */
static peri_tensor *shortened(peri_tensor *x, int64_t dim, bool late) {
  if (!x) return NULL;
  int64_t size = x->shape[dim];
  return peri__range(x, dim, late, size > 0 ? size - 1 : 0);
}

static peri_tensor *differences(peri_tensor *x, int64_t dim) {
  peri_tensor *late = shortened(x, dim, true);
  peri_tensor *early = shortened(x, dim, false);
  if (x && x->dtype == PERI_BOOL) return peri_ne(late, early);
  return peri_sub(late, early);
}

static int check_dimension(const peri_frame *frame) {
  if (frame->in[0]->ndim > 0) return 0;
  return peri__op_fail(frame, PERI_ESHAPE, "%s is a single number",
                       frame->op->inputs[0].name);
}

/* ---- diff ------------------------------------------------------------- */

/* Input 'input' must have the shape of x but for 'dim'. */
static int check_end(const peri_frame *frame, int input, int64_t dim) {
  const peri_tensor *x = frame->in[0], *end = frame->in[input];
  if (!end) return 0;
  bool fits = end->ndim == x->ndim;
  for (int d = 0; fits && d < x->ndim; d++)
    fits = d == dim || end->shape[d] == x->shape[d];
  if (fits) return 0;
  peri_text got = peri__shape_of(end), shape = peri__shape_of(x);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "%s of shape %s does not fit x of shape %s along "
                       "dimension %d",
                       frame->op->inputs[input].name, got.s, shape.s,
                       (int)dim + frame->base);
}

/* x between the ends that are given. */
static peri_tensor *extended(const peri_frame *frame, int64_t dim) {
  peri_tensor *parts[3];
  int count = 0;
  static const int order[3] = {1, 0, 2};
  for (int i = 0; i < 3; i++)
    if (frame->in[order[i]]) parts[count++] = frame->in[order[i]];
  peri_cat_options options = peri_cat_defaults();
  options.dim = dim;
  return count > 1 ? peri_cat(parts, count, &options) : parts[0];
}

int peri__diff_forward(peri_frame *frame) {
  int64_t dim = frame->value[1].i;
  int status = check_dimension(frame);
  for (int i = 1; status == 0 && i < 3; i++) status = check_end(frame, i, dim);
  if (status < 0) return status;
  peri_tensor *y = extended(frame, dim);
  if (frame->value[0].i == 0) y = y ? peri_alias(y) : NULL;
  for (int64_t i = 0; y && i < frame->value[0].i; i++) {
    bool last = y->shape[dim] == 0;
    y = differences(y, dim);
    if (last) break; /* nothing is left that would change */
  }
  frame->y[0] = y;
  return 0;
}

/* ---- Integrals --------------------------------------------------------- */

/* The places in a shape that broadcasts to y: those of a vector along dim. */
static peri_tensor *places_along(const peri_frame *frame, int64_t dim) {
  const peri_tensor *y = frame->in[0];
  peri_tensor *x = frame->in[1];
  int64_t shape[PERI_MAX_DIMS];
  for (int d = 0; d < y->ndim; d++) {
    int own = d - (y->ndim - x->ndim);
    shape[d] = own < 0 ? 1 : x->shape[own];
    if (x->ndim == 1) shape[d] = d == dim ? x->shape[0] : 1;
  }
  return peri_reshape(x, shape, y->ndim);
}

static int check_places(const peri_frame *frame, int64_t dim) {
  const peri_tensor *y = frame->in[0], *x = frame->in[1];
  if (!x) return 0;
  int own = x->ndim == 1 ? 0 : (int)dim - (y->ndim - x->ndim);
  if (x->ndim <= y->ndim && own >= 0 && x->shape[own] == y->shape[dim])
    return 0;
  peri_text got = peri__shape_of(x), shape = peri__shape_of(y);
  return peri__op_fail(frame, PERI_ESHAPE,
                       "x of shape %s does not fit y of shape %s along "
                       "dimension %d",
                       got.s, shape.s, (int)dim + frame->base);
}

/* Twice the areas between neighbours. */
static peri_tensor *areas(const peri_frame *frame, int64_t dim) {
  peri_tensor *y = frame->in[0];
  peri_tensor *sum =
      peri_add(shortened(y, dim, true), shortened(y, dim, false));
  peri_tensor *width = frame->in[1]
                           ? differences(places_along(frame, dim), dim)
                           : peri_number(frame->ctx, frame->value[0].f);
  return peri_mul(sum, width);
}

static int integrate(peri_frame *frame, bool running) {
  int64_t dim = frame->value[1].i;
  int status = check_dimension(frame);
  if (status == 0) status = check_places(frame, dim);
  if (status < 0) return status;
  peri_sum_options options = peri_sum_defaults();
  options.dim = &dim;
  options.dim_count = 1;
  peri_tensor *twice = areas(frame, dim);
  twice = running ? peri_cumsum(twice, dim, NULL) : peri_sum(twice, &options);
  frame->y[0] = peri_div(twice, peri_number(frame->ctx, 2));
  return 0;
}

int peri__trapezoid_forward(peri_frame *frame) {
  return integrate(frame, false);
}

int peri__cumulative_trapezoid_forward(peri_frame *frame) {
  return integrate(frame, true);
}
