/* math_arrays.h - the functions of math_f32.h and math_f64.h over dense arrays,
   for each level. */
#ifndef PERI_MATH_ARRAYS_H
#define PERI_MATH_ARRAYS_H

#include "cpu/level.h"

/* y[i] = f(x[i]) for 'count' elements; 'y' may be 'x'. */
typedef struct {
  const char *name;
  void (*f32)(const float *x, float *y, int64_t count);
  void (*f64)(const double *x, double *y, int64_t count);
} peri__function;

/* One row per function, ended by one without a name. */
#define X(word, name, fused) extern const peri__function peri__##word##_math[];
PERI_LEVEL_ROWS(X)
#undef X

#endif
