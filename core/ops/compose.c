/* compose.c - operations as the rest of core needs them: autograd.c knows no
   operation by name, it adds, copies and fits gradients through these. */
#include "internal.h"

peri_tensor *peri__plus(peri_tensor *a, peri_tensor *b) {
  return peri_add(a, b);
}

peri_tensor *peri__copy(peri_tensor *x) { return peri_pack(x); }

const peri_op *peri__region_row(void) { return peri__op_named(NULL, "region"); }

const peri_op *peri__embed_row(void) { return peri__op_named(NULL, "embed"); }

peri_tensor *peri__zeros_like(peri_tensor *x) {
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = x->dtype;
  options.device = peri_tensor_device(x);
  return peri_zeros(x->ctx, x->shape, x->ndim, &options);
}

peri_tensor *peri__ones_like(peri_tensor *x) {
  peri_ones_options options = peri_ones_defaults();
  options.dtype = x->dtype;
  options.device = peri_tensor_device(x);
  return peri_ones(x->ctx, x->shape, x->ndim, &options);
}

/* Sum the dimensions in which 'x' is larger than 'meta', or has more. */
static peri_tensor *unbroadcast(peri_tensor *x, const peri_meta *meta) {
  int64_t dims[PERI_MAX_DIMS];
  int count = 0, extra = x->ndim - meta->ndim;
  for (int d = 0; d < x->ndim; d++)
    if (d < extra || (meta->shape[d - extra] == 1 && x->shape[d] != 1))
      dims[count++] = d;
  if (count == 0) return x;
  peri_sum_options options = peri_sum_defaults();
  options.dim = dims;
  options.dim_count = count;
  options.keepdim = true;
  return peri_reshape(peri_sum(x, &options), meta->shape, meta->ndim);
}

peri_tensor *peri__fit(peri_tensor *x, const peri_meta *meta) {
  if (!x) return NULL;
  if (!peri__same_shape(x->shape, x->ndim, meta->shape, meta->ndim))
    x = unbroadcast(x, meta);
  bool other = x && (x->dtype != meta->dtype || x->number);
  return other ? peri_cast(x, meta->dtype) : x;
}
