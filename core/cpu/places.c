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

static void find_places(peri__places *places, const peri_arg *x,
                        const peri__index_attr *attr) {
  places->base = attr->base;
  places->dims = 0;
  places->size = 1;
  for (int d = attr->dim + attr->dims - 1; d >= attr->dim; d--) {
    places->size *= x->shape[d];
    if (x->shape[d] != 1) add_dim(places, x, d);
  }
  if (places->dims > 0) return;
  places->shape[0] = places->strides[0] = 1;
  places->dims = 1;
}

void peri__indexed_begin(peri__indexed *job, const peri_call *call, int own) {
  const peri_arg *x = &call->arg[own];
  job->call = call;
  job->index = job->flat = call->arg[2];
  memcpy(&job->attr, call->attr, sizeof job->attr);
  find_places(&job->places, x, &job->attr);
  job->flat.data = x->data;
  job->flat.dtype = x->dtype;
  for (int d = 0; d < job->flat.ndim; d++) {
    int dim = d < job->attr.dim ? d : d + job->attr.dims - 1;
    job->flat.strides[d] = d == job->attr.dim ? 0 : x->strides[dim];
  }
}
