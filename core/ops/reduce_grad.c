/* reduce_grad.c - the gradients of the reductions in reduce.c. */
#include <math.h>

#include "reduced.h"

static peri__plan plan_back(const peri_backprop *grad) {
  return peri__plan_of(&grad->value[0], &grad->value[1], grad->in_meta[0].ndim);
}

peri_tensor *peri__restore(peri_tensor *y, const peri_meta *x,
                           const peri__plan *plan) {
  int64_t shape[PERI_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = plan->gone[d] ? 1 : x->shape[d];
  return peri_reshape(y, shape, x->ndim);
}

static peri_tensor *restore(peri_tensor *y, const peri_backprop *grad) {
  peri__plan p = plan_back(grad);
  return peri__restore(y, &grad->in_meta[0], &p);
}

int peri__sum_backward(peri_backprop *grad) {
  const peri_meta *x = &grad->in_meta[0];
  grad->dx[0] = peri_expand(restore(grad->dy[0], grad), x->shape, x->ndim);
  return 0;
}

/* 0 at NaN. */
int peri__nansum_backward(peri_backprop *grad) {
  grad->dx[0] = peri_where(peri_isnan(grad->in[0]), peri_number(grad->ctx, 0),
                           restore(grad->dy[0], grad));
  return 0;
}

peri_tensor *peri__places(const peri_backprop *grad, int64_t dim) {
  const peri_meta *x = &grad->in_meta[0];
  int64_t shape[PERI_MAX_DIMS];
  for (int d = 0; d < x->ndim; d++) shape[d] = d == dim ? x->shape[d] : 1;
  peri_arange_options options = peri_arange_defaults();
  options.dtype = PERI_I64;
  options.stop = (double)(grad->base + (x->ndim ? x->shape[dim] : 1));
  options.device = peri_tensor_device(grad->dy[0]);
  return peri_reshape(peri_arange(grad->ctx, grad->base, &options), shape,
                      x->ndim);
}

/* Along one dimension all of dy goes to the chosen position. */
static peri_tensor *at_position(peri_backprop *grad) {
  peri_tensor *places = peri__places(grad, grad->value[0].i);
  return peri_where(peri_eq(places, restore(grad->out[1], grad)),
                    restore(grad->dy[0], grad), peri_number(grad->ctx, 0));
}

peri_tensor *peri__share_evenly(peri_tensor *x, peri_tensor *y, peri_tensor *dy,
                                const peri__plan *plan) {
  if (!x) return NULL;
  peri_tensor *chosen = peri_cast(peri_eq(x, y), peri__wide(x->dtype));
  return peri_mul(peri_div(chosen, peri__sum_kept(chosen, plan)), dy);
}

int peri__amax_backward(peri_backprop *grad) {
  peri__plan p = plan_back(grad);
  grad->dx[0] = peri__share_evenly(grad->in[0], restore(grad->out[0], grad),
                                   restore(grad->dy[0], grad), &p);
  return 0;
}

int peri__amin_backward(peri_backprop *grad) {
  return peri__amax_backward(grad);
}

int peri__max_backward(peri_backprop *grad) {
  if (!grad->dy[0]) return 0; /* only positions are used further on */
  if (grad->value[0].type == PERI_P_END) return peri__amax_backward(grad);
  grad->dx[0] = at_position(grad);
  return 0;
}

int peri__min_backward(peri_backprop *grad) { return peri__max_backward(grad); }

/* dx = dy e^(x - y), 0 where y is -inf: all of its line is. */
int peri__logsumexp_backward(peri_backprop *grad) {
  peri_tensor *y = restore(grad->out[0], grad),
              *dy = restore(grad->dy[0], grad);
  peri_tensor *none = peri_eq(y, peri_number(grad->ctx, -INFINITY));
  peri_tensor *from = peri_where(none, peri_number(grad->ctx, 0), y);
  grad->dx[0] = peri_mul(peri_exp(peri_sub(grad->in[0], from)), dy);
  return 0;
}

/* ---- The gradient of a product ----------------------------------------- */

/* 'x' with the reduced dimensions at the end, as one. */
static peri_tensor *in_lines(peri_tensor *x, const peri__plan *plan) {
  int64_t order[PERI_MAX_DIMS], shape[PERI_MAX_DIMS];
  int kept = 0, at = 0;
  for (int d = 0; d < x->ndim; d++)
    if (!plan->gone[d]) {
      shape[kept] = x->shape[d];
      order[kept++] = d;
    }
  at = kept;
  shape[kept] = 1;
  for (int d = 0; d < x->ndim; d++)
    if (plan->gone[d]) {
      shape[kept] *= x->shape[d];
      order[at++] = d;
    }
  return peri_reshape(peri_permute(x, order, x->ndim), shape, kept + 1);
}

/* What in_lines made of a tensor of shape 'x', back in its shape. */
static peri_tensor *out_of_lines(peri_tensor *lines, const peri_meta *x,
                                 const peri__plan *plan) {
  int64_t shape[PERI_MAX_DIMS], order[PERI_MAX_DIMS];
  int at = 0;
  for (int gone = 0; gone < 2; gone++)
    for (int d = 0; d < x->ndim; d++)
      if (plan->gone[d] == (gone == 1)) {
        shape[at] = x->shape[d];
        order[d] = at++;
      }
  return peri_permute(peri_reshape(lines, shape, x->ndim), order, x->ndim);
}

/* Products of all elements but each itself: those before it times those behind
   it, which is exact with any number of zeros. */
static peri_tensor *product_of_others(peri_tensor *x, const peri__plan *plan) {
  int64_t dims[PERI_MAX_DIMS];
  if (!x) return NULL;
  peri_meta meta = peri__meta(x);
  int count = peri__plan_dims(plan, x->ndim, dims);
  bool single = count == 1 || x->ndim == 0;
  int64_t dim = x->ndim == 0 ? 0 : single ? dims[0] : x->ndim - count;
  if (!single) x = in_lines(x, plan);
  peri_tensor *others = peri_mul(peri__products_before(x, dim, false),
                                 peri__products_before(x, dim, true));
  return single ? others : out_of_lines(others, &meta, plan);
}

int peri__prod_backward(peri_backprop *grad) {
  peri__plan p = plan_back(grad);
  peri_dtype dtype = peri__wide(peri_tensor_dtype(grad->dy[0]));
  peri_tensor *others = product_of_others(peri_to(grad->in[0], dtype), &p);
  grad->dx[0] = peri_mul(others, restore(peri_to(grad->dy[0], dtype), grad));
  return 0;
}
