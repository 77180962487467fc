/* unique.c - unique and unique_consecutive: the elements, or the slices of a
   dimension, are the rows of a matrix, which is put in order, if at all, and
   its runs are numbered. The first row of each run is chosen from x, which
   carries the gradient. */
#include "sort.h"

typedef struct {
  peri_frame *frame;
  bool ordered, inverse, counts;
  int dim;                  /* -1: elements */
  peri_tensor *rows;        /* [n, m] */
  peri_tensor *order, *ids; /* [n], NULL: as they stand */
  int64_t n, groups;
} plan;

static peri_tensor *list_of(peri_context *ctx, int64_t count) {
  const peri_meta meta = {PERI_I64, 1, {count}};
  return peri__tensor_make(ctx, &meta, NULL, false);
}

/* 'x' with 'dim' as the first dimension. */
static peri_tensor *to_front(peri_tensor *x, int dim) {
  int64_t order[PERI_MAX_DIMS] = {dim};
  for (int d = 0, at = 1; x && d < x->ndim; d++)
    if (d != dim) order[at++] = d;
  return x ? peri_permute(x, order, x->ndim) : NULL;
}

/* [n, m]: the slices of dim, or the elements. */
static void find_rows(plan *p) {
  peri_tensor *x = peri_detach(p->frame->in[0]);
  if (p->dim > 0) x = to_front(x, p->dim);
  if (!x) return;
  int64_t total = peri_tensor_numel(x), columns = 1;
  p->n = p->dim < 0 ? total : x->shape[0];
  for (int d = 1; p->dim >= 0 && d < x->ndim; d++) columns *= x->shape[d];
  p->rows = peri_reshape(x, (const int64_t[]){p->n, columns}, 2);
}

/* A single column becomes its sorted self, so that neighbours are compared. */
static void find_order(plan *p) {
  peri_context *ctx = p->frame->ctx;
  if (p->rows->shape[1] == 1) {
    peri_sort_options options = peri_sort_defaults();
    options.dim = 0;
    p->rows = peri_sort(p->rows, &options, &p->order);
    p->order = peri_reshape(p->order, &p->n, 1);
    return;
  }
  p->order = list_of(ctx, p->n);
  peri_tensor *args[] = {p->order, p->rows};
  if (p->order)
    peri__run(ctx, peri__kernel_id(PERI_K_order_rows), args, 1, 1, NULL, 0);
}

/* Number the runs and count them. */
static void find_runs(plan *p) {
  peri_context *ctx = p->frame->ctx;
  bool as_they_stand = !p->ordered || p->rows->shape[1] == 1;
  p->ids = list_of(ctx, p->n);
  peri_tensor *args[] = {p->ids, p->rows, as_they_stand ? NULL : p->order};
  if (!p->ids ||
      peri__run(ctx, peri__kernel_id(PERI_K_runs), args, 1, 2, NULL, 0) < 0)
    return;
  const int64_t *ids = p->ids->storage->data;
  p->groups = p->n > 0 ? ids[p->n - 1] + 1 : 0;
}

/* The first rows of the groups, from x. */
static peri_tensor *chosen(const plan *p, peri_tensor *first) {
  peri_tensor *x = p->frame->in[0];
  peri_index_select_options options = {.dim = p->dim < 0 ? 0 : p->dim};
  if (p->dim < 0) x = peri_reshape(x, &p->n, 1);
  return peri_index_select(x, first, &options);
}

/* Outputs, those that are asked for. */
static void give(const plan *p) {
  peri_frame *frame = p->frame;
  const peri_tensor *x = frame->in[0];
  int64_t base = frame->base;
  peri_tensor *first = list_of(frame->ctx, p->groups);
  peri_tensor *counts = list_of(frame->ctx, p->groups);
  peri_tensor *inverse = p->inverse ? list_of(frame->ctx, p->n) : NULL;
  peri_tensor *args[] = {first, counts, inverse, p->ids, p->order};
  if (frame->ctx->status < 0 ||
      peri__run(frame->ctx, peri__kernel_id(PERI_K_groups), args, 3, 2, &base,
                sizeof base) < 0)
    return;
  frame->nout = 3;
  frame->y[0] = chosen(p, first);
  if (inverse && p->dim < 0) inverse = peri_reshape(inverse, x->shape, x->ndim);
  frame->y[1] = inverse;
  frame->y[2] = p->counts ? counts : NULL;
}

/* Parameters from number 'at' on: return_inverse, return_counts, dim. */
static int unique(peri_frame *frame, int at, bool ordered) {
  const peri_value *value = frame->value + at;
  bool slices = value[2].type != PERI_P_END && frame->in[0]->ndim > 0;
  plan p = {.frame = frame,
            .ordered = ordered,
            .inverse = value[0].i != 0,
            .counts = value[1].i != 0,
            .dim = slices ? (int)value[2].i : -1};
  find_rows(&p);
  if (p.rows && ordered) find_order(&p);
  if (p.rows && frame->ctx->status == 0) find_runs(&p);
  if (frame->ctx->status == 0) give(&p);
  return frame->ctx->status;
}

int peri__unique_forward(peri_frame *frame) { return unique(frame, 1, true); }

int peri__unique_consecutive_forward(peri_frame *frame) {
  return unique(frame, 0, false);
}
