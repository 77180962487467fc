/* places.c - the dimensions that positions count through. */
#include "places.h"

/* 'd', which is in front of those seen, is one more of the dimensions. */
static void add_dim(peri__places *places, const peri_arg *x, int d) {
  int last = places->dims - 1;
  if (places->dims > 0 &&
      x->strides[d] == places->shape[last] * places->strides[last]) {
    places->shape[last] *= x->shape[d];
    return;
  }
  places->shape[places->dims] = x->shape[d];
  places->strides[places->dims++] = x->strides[d];
}

void peri__places_of(peri__places *places, peri_arg *flat, const peri_arg *x,
                     const peri__index_attr *attr, const peri_arg *model) {
  int end = attr->dim + attr->dims;
  places->base = attr->base;
  places->dims = 0;
  places->size = 1;
  for (int d = end - 1; d >= attr->dim; d--) {
    places->size *= x->shape[d];
    if (x->shape[d] != 1) add_dim(places, x, d);
  }
  if (places->dims == 0) {
    places->shape[0] = places->strides[0] = 1;
    places->dims = 1;
  }
  flat->data = x->data;
  flat->dtype = x->dtype;
  flat->ndim = model->ndim;
  for (int d = 0; d < model->ndim; d++) {
    int own = d < attr->dim ? d : d + attr->dims - 1;
    flat->shape[d] = model->shape[d];
    flat->strides[d] = d == attr->dim ? 0 : x->strides[own];
  }
}
