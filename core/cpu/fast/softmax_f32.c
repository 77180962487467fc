/* softmax_f32.c - the fast softmax family of float32. */
#include "math_f32.h"

#define T float
#define W (VECTOR_BYTES / 4)
#define MULTIPLY_ADD __builtin_fmaf
#define EXP exp_f32
#define LOG log_f32
#define SOFTMAX LEVEL(softmax_f32)
#define LOG_SOFTMAX LEVEL(log_softmax_f32)
#define SOFTMAX_DX LEVEL(softmax_dx_f32)
#define LOG_SOFTMAX_DX LEVEL(log_softmax_dx_f32)

#include "softmax_body.h"
