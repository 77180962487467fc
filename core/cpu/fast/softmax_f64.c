/* softmax_f64.c - the fast softmax family and cross entropy of float64. */
#include "fast.h"

#define T double
#define T_DTYPE PERI_F64
#define W (VECTOR_BYTES / 8)
#define MULTIPLY_ADD __builtin_fma
#define EXP LEVEL(exp_f64)
#define LOG LEVEL(log_f64)
#define SOFTMAX LEVEL(softmax_f64)
#define CLASS_LOSS LEVEL(class_loss_f64)
#define CLASS_LOSS_DX LEVEL(class_loss_dx_f64)

#include "softmax_body.h"
#include "softmax_loss_body.h"
