/* contract.c - sums of products over labelled dimensions, two tensors at a
   time. Labels that nobody needs any more are summed; what is left of a pair is
   one matrix product over views of the two,

     [batch, left, sum] x [batch, sum, right] -> [batch, left, right]

   where batch labels stand in both and stay, or an elementwise product if
   nothing is summed. A dimension of size 1 goes with any size. */
#include "contract.h"

/* ---- Labels ----------------------------------------------------------- */

static int place_of(const peri__operand *o, int label) {
  for (int d = 0; d < o->ndim; d++)
    if (o->label[d] == label) return d;
  return -1;
}

static bool has(const peri__operand *o, int label) {
  return place_of(o, label) >= 0;
}

/* True if 'label' is in the result or in an operand that is not 'a' or 'b'. */
static bool needed(const peri__contraction *c, int label,
                   const peri__operand *a, const peri__operand *b) {
  if (c->kept[label]) return true;
  for (int i = 0; i < c->count; i++) {
    const peri__operand *o = &c->operand[i];
    if (o != a && o != b && has(o, label)) return true;
  }
  return false;
}

void peri__drop_label(peri__operand *o, int at) {
  o->ndim--;
  for (int d = at; d < o->ndim; d++) o->label[d] = o->label[d + 1];
}

/* ---- Pieces of a contraction ------------------------------------------ */

/* Sum dimensions 'dims', keeping the dtype. */
static void sum_dims(peri__operand *o, const int64_t *dims, int count) {
  peri_sum_options options = peri_sum_defaults();
  if (count == 0 || !o->x) return;
  options.dim = dims;
  options.dim_count = count;
  o->x = peri_to(peri_sum(o->x, &options), o->x->dtype);
  for (int i = count - 1; i >= 0; i--) peri__drop_label(o, (int)dims[i]);
}

/* Sum what only 'o' has and nobody needs. */
static void sum_own(const peri__contraction *c, peri__operand *o,
                    const peri__operand *other) {
  int64_t dims[PERI_MAX_DIMS];
  int count = 0;
  for (int d = 0; d < o->ndim; d++)
    if (!needed(c, o->label[d], o, other) &&
        !(other && has(other, o->label[d])))
      dims[count++] = d;
  sum_dims(o, dims, count);
}

static void drop_single(peri__operand *o, int at) {
  o->x = peri_select(o->x, at, 0);
  peri__drop_label(o, at);
}

/* A summed label of size 1 on one side alone: the other side is summed. */
static void sum_broadcast(const peri__contraction *c, peri__operand *a,
                          peri__operand *b) {
  for (int d = a->ndim - 1; d >= 0 && a->x && b->x; d--) {
    int label = a->label[d], at = place_of(b, label);
    if (at < 0 || needed(c, label, a, b)) continue;
    if (a->x->shape[d] == b->x->shape[at]) continue;
    bool single = a->x->shape[d] == 1;
    const int64_t dim = single ? at : d;
    sum_dims(single ? b : a, &dim, 1);
    drop_single(single ? a : b, single ? d : at);
  }
}

/* How the labels of two operands are grouped. */
typedef struct {
  int batch[PERI_MAX_DIMS], left[PERI_MAX_DIMS], sum[PERI_MAX_DIMS],
      right[PERI_MAX_DIMS];
  int nbatch, nleft, nsum, nright;
} groups;

/* The larger operand says in which order summed labels go. */
static groups groups_of(const peri__contraction *c, const peri__operand *a,
                        const peri__operand *b) {
  groups g = {.nbatch = 0};
  bool by_a = peri_tensor_numel(a->x) >= peri_tensor_numel(b->x);
  const peri__operand *model = by_a ? a : b;
  for (int d = 0; d < a->ndim; d++) {
    int label = a->label[d];
    if (!has(b, label))
      g.left[g.nleft++] = label;
    else if (needed(c, label, a, b))
      g.batch[g.nbatch++] = label;
  }
  for (int d = 0; d < model->ndim; d++) {
    int label = model->label[d];
    if (has(by_a ? b : a, label) && !needed(c, label, a, b))
      g.sum[g.nsum++] = label;
  }
  for (int d = 0; d < b->ndim; d++)
    if (!has(a, b->label[d])) g.right[g.nright++] = b->label[d];
  return g;
}

/* The dimensions of 'o' in the order of up to three lists of its labels. */
static peri_tensor *ordered(const peri__operand *o, const int *const lists[3],
                            const int counts[3]) {
  int64_t dims[PERI_MAX_DIMS];
  int count = 0;
  bool same = true;
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < counts[i]; k++) {
      dims[count] = place_of(o, lists[i][k]);
      same = same && dims[count] == count;
      count++;
    }
  return same ? o->x : peri_permute(o->x, dims, count);
}

/* 'x' with dimensions 'first' up to 'middle' joined to one, and those up to
   'end', the last, to another. */
static peri_tensor *as_matrix(peri_tensor *x, int first, int middle, int end) {
  int64_t shape[PERI_MAX_DIMS + 2];
  if (!x || (middle - first == 1 && end - middle == 1)) return x;
  for (int d = 0; d < first; d++) shape[d] = x->shape[d];
  shape[first] = shape[first + 1] = 1;
  for (int d = first; d < middle; d++) shape[first] *= x->shape[d];
  for (int d = middle; d < end; d++) shape[first + 1] *= x->shape[d];
  return peri_reshape(x, shape, first + 2);
}

/* Size of 'label' in the result of a pair. */
static int64_t size_in(const peri__contraction *c, const peri__operand *pair[2],
                       int label) {
  int64_t size = 1;
  for (int i = 0; i < 2; i++) {
    int at = place_of(pair[i], label);
    if (at >= 0 && pair[i]->x->shape[at] != 1) size = c->size[label];
  }
  return size;
}

/* Several batch dimensions as one. */
static peri_tensor *join_batch(const peri__contraction *c,
                               const peri__operand *pair[2], peri_tensor *x,
                               const groups *g) {
  int64_t shape[PERI_MAX_DIMS] = {0}, count = 1;
  if (!x) return NULL;
  for (int d = 0; d < x->ndim; d++)
    shape[d] = d < g->nbatch ? size_in(c, pair, g->batch[d]) : x->shape[d];
  for (int d = 0; d < g->nbatch; d++) count *= shape[d];
  int rest = x->ndim - g->nbatch;
  x = peri_expand(x, shape, x->ndim);
  memmove(shape + 1, shape + g->nbatch, (size_t)rest * sizeof *shape);
  shape[0] = count;
  return peri_reshape(x, shape, 1 + rest);
}

/* The labels of the result and its shape. -> a status */
static int result_of(const peri__contraction *c, const peri__operand *pair[2],
                     const groups *g, peri__operand *y, int64_t *shape) {
  const int *const lists[3] = {g->batch, g->left, g->right};
  const int counts[3] = {g->nbatch, g->nleft, g->nright};
  y->ndim = 0;
  if (counts[0] + counts[1] + counts[2] > PERI_MAX_DIMS)
    return peri__op_fail(c->frame, PERI_ESHAPE,
                         "an intermediate result has more than %d dimensions",
                         PERI_MAX_DIMS);
  for (int i = 0; i < 3; i++)
    for (int k = 0; k < counts[i]; k++) {
      int label = lists[i][k];
      shape[y->ndim] = size_in(c, pair, label);
      y->label[y->ndim++] = label;
    }
  return 0;
}

/* Nothing is summed: the dimensions that the other side lacks are size 1. */
static peri_tensor *multiply(const peri__operand *a, const peri__operand *b,
                             const groups *g) {
  const int *const left[3] = {g->batch, g->left, g->sum};
  const int *const right[3] = {g->batch, g->right, g->sum};
  const int left_counts[3] = {g->nbatch, g->nleft, 0};
  const int right_counts[3] = {g->nbatch, g->nright, 0};
  peri_tensor *x = ordered(a, left, left_counts);
  peri_tensor *y = ordered(b, right, right_counts);
  for (int i = 0; i < g->nright; i++) x = peri_unsqueeze(x, -1);
  for (int i = 0; i < g->nleft; i++) y = peri_unsqueeze(y, g->nbatch);
  return peri_mul(x, y);
}

static peri_tensor *matrix_product(const peri__contraction *c,
                                   const peri__operand *pair[2],
                                   const groups *g) {
  const int *const left[3] = {g->batch, g->left, g->sum};
  const int *const right[3] = {g->batch, g->sum, g->right};
  const int left_counts[3] = {g->nbatch, g->nleft, g->nsum};
  const int right_counts[3] = {g->nbatch, g->nsum, g->nright};
  peri_tensor *x = ordered(pair[0], left, left_counts);
  peri_tensor *y = ordered(pair[1], right, right_counts);
  int batch = g->nbatch;
  if (batch > PERI_MAX_DIMS - 2) {
    x = join_batch(c, pair, x, g);
    y = join_batch(c, pair, y, g);
    batch = 1;
  }
  x = as_matrix(x, batch, batch + g->nleft, batch + g->nleft + g->nsum);
  y = as_matrix(y, batch, batch + g->nsum, batch + g->nsum + g->nright);
  return peri_matmul(x, y);
}

enum {
  SHORT = 128
}; /* elements of a dot product that are fewer than its cost
                         as a matrix product of its own */

/* Many dot products of few elements. */
static bool are_short_dots(const peri__contraction *c, const groups *g) {
  int64_t length = 1;
  for (int i = 0; i < g->nsum; i++) length *= c->size[g->sum[i]];
  return g->nbatch > 0 && g->nleft + g->nright == 0 && length <= SHORT;
}

/* The same as an elementwise product and a sum. */
static peri_tensor *sum_products(const peri__operand *a, const peri__operand *b,
                                 const groups *g) {
  const int *const lists[3] = {g->batch, g->sum, NULL};
  const int counts[3] = {g->nbatch, g->nsum, 0};
  int64_t dims[PERI_MAX_DIMS];
  peri_sum_options options = peri_sum_defaults();
  for (int i = 0; i < g->nsum; i++) dims[i] = g->nbatch + i;
  options.dim = dims;
  options.dim_count = g->nsum;
  peri_tensor *x =
      peri_mul(ordered(a, lists, counts), ordered(b, lists, counts));
  return x ? peri_to(peri_sum(x, &options), x->dtype) : NULL;
}

/* Put the contraction of 'a' and 'b' in the place of 'a'. -> a status */
static int contract(const peri__contraction *c, peri__operand *a,
                    peri__operand *b) {
  int64_t shape[PERI_MAX_DIMS];
  peri__operand y;
  sum_own(c, a, b);
  sum_own(c, b, a);
  sum_broadcast(c, a, b);
  if (!a->x || !b->x) return c->frame->ctx->status;
  const peri__operand *pair[2] = {a, b};
  groups g = groups_of(c, a, b);
  int status = result_of(c, pair, &g, &y, shape);
  if (status < 0) return status;
  y.x = g.nsum == 0             ? multiply(a, b, &g)
        : are_short_dots(c, &g) ? sum_products(a, b, &g)
                                : matrix_product(c, pair, &g);
  if (y.x && !peri__same_shape(y.x->shape, y.x->ndim, shape, y.ndim))
    y.x = peri_reshape(y.x, shape, y.ndim);
  *a = y;
  return c->frame->ctx->status;
}

/* ---- The order of pairs ----------------------------------------------- */

/* Multiplications that contracting 'a' with 'b' takes. */
static double cost_of(const peri__contraction *c, const peri__operand *a,
                      const peri__operand *b) {
  double cost = 1;
  for (int d = 0; d < a->ndim; d++) cost *= (double)c->size[a->label[d]];
  for (int d = 0; d < b->ndim; d++)
    if (!has(a, b->label[d])) cost *= (double)c->size[b->label[d]];
  return cost;
}

static int contract_cheapest(peri__contraction *c) {
  double least = 0;
  int best[2] = {0, 1};
  for (int i = 0; c->count > 2 && i < c->count; i++)
    for (int k = i + 1; k < c->count; k++) {
      double cost = cost_of(c, &c->operand[i], &c->operand[k]);
      if ((i > 0 || k > 1) && cost >= least) continue;
      least = cost;
      best[0] = i;
      best[1] = k;
    }
  int status = contract(c, &c->operand[best[0]], &c->operand[best[1]]);
  c->count--;
  for (int i = best[1]; i < c->count; i++) c->operand[i] = c->operand[i + 1];
  return status;
}

peri_tensor *peri__contract(peri__contraction *c) {
  const int *const lists[3] = {c->out, NULL, NULL};
  const int counts[3] = {c->nout, 0, 0};
  while (c->count > 1)
    if (contract_cheapest(c) < 0) return NULL;
  sum_own(c, &c->operand[0], NULL);
  if (!c->operand[0].x) return NULL;
  peri_tensor *y = ordered(&c->operand[0], lists, counts);
  return y == c->frame->in[0] ? peri_alias(y) : y;
}
