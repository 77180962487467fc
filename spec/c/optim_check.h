/* optim_check.h - what the specs of optimizers share: making one from plain
   numbers, parameters of four elements, writing and reading them. */
#ifndef PERI_OPTIM_CHECK_H
#define PERI_OPTIM_CHECK_H

#include "model_check.h"

/* The values of a row from numbers in row order. */
static inline void values_of(const peri_optim *row, const double *number,
                             peri_value *value) {
  memset(value, 0, PERI_MAX_PARAMS * sizeof *value);
  for (int i = 0; row->params[i].name; i++) {
    value[i].type = row->params[i].type;
    if (value[i].type == PERI_P_REALS) {
      value[i].count = 2;
      value[i].reals[0] = *number++;
      value[i].reals[1] = *number++;
    } else if (value[i].type == PERI_P_REAL) {
      value[i].f = *number++;
    } else {
      value[i].i = *number++ > 0;
    }
  }
}

static inline peri_optimizer *make(const char *name, const double *number,
                                   peri_tensor **p, int count) {
  const peri_optim *row = peri_optim_named(name);
  peri_value value[PERI_MAX_PARAMS];
  values_of(row, number, value);
  return peri_optimizer_new(ctx, row, p, count, value);
}

/* A kept parameter [4] of zeros. */
static inline peri_tensor *parameter(peri_dtype dtype) {
  const int64_t shape[] = {4};
  peri_zeros_options options = peri_zeros_defaults();
  options.dtype = dtype;
  options.requires_grad = true;
  return peri_keep(peri_zeros(ctx, shape, 1, &options));
}

static inline void set(peri_tensor *x, const double *from) {
  for (int i = 0; i < 4; i++) {
    char *data = peri_tensor_data(x);
    data += i * x->strides[0] * (int64_t)peri_dtype_size(x->dtype);
    peri__convert(data, x->dtype, 1, from + i, PERI_F64, 1, 1);
  }
}

/* Give 'p' the gradient 'g' in memory of 'like'. */
static inline void set_grad(peri_tensor *p, peri_tensor *like,
                            const double *g) {
  set(like, g);
  peri_set_grad(p, like);
}

static inline void get(peri_tensor *x, double *to) {
  peri_copy_out(x, to, PERI_F64, 4 * sizeof *to);
}

static const double ones[] = {1, 1, 1, 1};
static const double sgd_momentum[] = {0.1, 0.9, 0.5, 0, 0, 0};

#endif
