/* product.c - reads the record of a matrix product: sizes, strides, batch, and
   the order of its sums. */
#include "product.h"

/* Move the last batch dimension into m while b does not change along it and
   the rows of a and y go on as before. */
static void join_rows(peri__product *p) {
  while (p->batch > 0) {
    int d = p->batch - 1;
    int64_t y = p->step[0][d], a = p->step[1][d];
    bool follows = p->m == 1 || (y == p->m * p->y_row && a == p->m * p->a_row);
    if (p->step[2][d] != 0 || !follows) return;
    if (p->m == 1) {
      p->y_row = y;
      p->a_row = a;
    }
    p->m *= p->shape[d];
    p->batch = d;
  }
}

/* A vector times a matrix that lies along k. */
static bool dot_form(const peri__product *p) {
  if (p->m == 1) return p->b_k == 1 && (p->n == 1 || p->b_col != 1);
  return p->n == 1 && p->a_k == 1 && p->a_row != 1;
}

peri__product peri__product_of(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *a = &call->arg[1], *b = &call->arg[2];
  const peri_arg *bias = &call->arg[3];
  int row = y->ndim - 2, col = y->ndim - 1;
  peri__product p = {.m = y->shape[row],
                     .n = y->shape[col],
                     .k = a->shape[col],
                     .y_row = y->strides[row],
                     .y_col = y->strides[col],
                     .a_row = a->strides[row],
                     .a_k = a->strides[col],
                     .b_k = b->strides[row],
                     .b_col = b->strides[col],
                     .bias_col = bias->data ? bias->strides[0] : 0,
                     .batch = row};
  for (int d = 0; d < row; d++) {
    p.shape[d] = y->shape[d];
    for (int i = 0; i < 3; i++) p.step[i][d] = call->arg[i].strides[d];
  }
  join_rows(&p);
  int64_t parts = (p.k + PERI_PRODUCT_PART - 1) / PERI_PRODUCT_PART;
  p.part = parts > 1 ? (p.k + parts - 1) / parts : p.k;
  if (p.part == 0) p.part = 1;
  p.dot = dot_form(&p);
  return p;
}

bool peri__product_empty(const peri__product *p) {
  bool empty = p->m == 0 || p->n == 0;
  for (int d = 0; d < p->batch; d++) empty = empty || p->shape[d] == 0;
  return empty;
}

bool peri__product_next(const peri__product *p, peri__matrix *matrix) {
  for (int d = p->batch - 1; d >= 0; d--) {
    for (int i = 0; i < 3; i++) matrix->offset[i] += p->step[i][d];
    if (++matrix->at[d] < p->shape[d]) return true;
    for (int i = 0; i < 3; i++)
      matrix->offset[i] -= p->step[i][d] * p->shape[d];
    matrix->at[d] = 0;
  }
  return false;
}
