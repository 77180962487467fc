/* softmax_f64.c - the fast softmax family of float64. */
#include "math_f64.h"

#define T double
#define W (VECTOR_BYTES / 8)
#define MULTIPLY_ADD __builtin_fma
#define EXP exp_f64
#define LOG log_f64
#define SOFTMAX LEVEL(softmax_f64)
#define LOG_SOFTMAX LEVEL(log_softmax_f64)
#define SOFTMAX_DX LEVEL(softmax_dx_f64)
#define LOG_SOFTMAX_DX LEVEL(log_softmax_dx_f64)

#include "softmax_body.h"
