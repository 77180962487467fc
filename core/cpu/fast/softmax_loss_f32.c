/* softmax_loss_f32.c - the fast cross entropy of float32. */
#include "math_f32.h"

#define T float
#define W (VECTOR_BYTES / 4)
#define MULTIPLY_ADD __builtin_fmaf
#define EXP exp_f32
#define LOG log_f32
#define CLASS_LOSS LEVEL(class_loss_f32)
#define CLASS_LOSS_DX LEVEL(class_loss_dx_f32)

#include "softmax_loss_body.h"
