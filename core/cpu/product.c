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

/* k in equal parts of at most 'most', a multiple of 'whole' each but for the
   last. */
static int64_t part_of(int64_t k, int64_t most, int64_t whole) {
  if (k <= most) return k > 0 ? k : 1;
  int64_t parts = (k + most - 1) / most;
  return ((k + parts - 1) / parts + whole - 1) / whole * whole;
}

/* The batch is left as it is: most products have none. */
peri__product peri__product_of(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *a = &call->arg[1], *b = &call->arg[2];
  const peri_arg *bias = &call->arg[3];
  int row = y->ndim - 2, col = y->ndim - 1;
  peri__product p;
  p.m = y->shape[row];
  p.n = y->shape[col];
  p.k = a->shape[col];
  p.y_row = y->strides[row];
  p.y_col = y->strides[col];
  p.a_row = a->strides[row];
  p.a_k = a->strides[col];
  p.b_k = b->strides[row];
  p.b_col = b->strides[col];
  p.bias_col = bias->data ? bias->strides[0] : 0;
  p.batch = row;
  for (int d = 0; d < row; d++) {
    p.shape[d] = y->shape[d];
    for (int i = 0; i < 3; i++) p.step[i][d] = call->arg[i].strides[d];
  }
  join_rows(&p);
  p.dot = dot_form(&p);
  p.part = p.dot ? part_of(p.k, PERI_DOT_PART, PERI_DOT_LANES)
                 : part_of(p.k, PERI_PRODUCT_PART, 1);
  return p;
}

int64_t peri__product_count(const peri__product *p) {
  int64_t count = 1;
  for (int d = 0; d < p->batch; d++) count *= p->shape[d];
  return count;
}

bool peri__product_empty(const peri__product *p) {
  return p->m == 0 || p->n == 0 || peri__product_count(p) == 0;
}

void peri__product_offsets(const peri__product *p, int64_t index,
                           int64_t offset[3]) {
  for (int i = 0; i < 3; i++) offset[i] = 0;
  for (int d = p->batch - 1; d >= 0; d--) {
    int64_t at = index % p->shape[d];
    index /= p->shape[d];
    for (int i = 0; i < 3; i++) offset[i] += at * p->step[i][d];
  }
}

int peri__product_activation(const peri_call *call) {
  peri__matmul_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return attr.activation;
}
