/* softmax_loss_f64.c - the fast cross entropy of float64. */
#include "math_f64.h"

#define T double
#define W (VECTOR_BYTES / 8)
#define MULTIPLY_ADD __builtin_fma
#define EXP exp_f64
#define LOG log_f64
#define CLASS_LOSS LEVEL(class_loss_f64)
#define CLASS_LOSS_DX LEVEL(class_loss_dx_f64)

#include "softmax_loss_body.h"
