/* softmax_f32.c - the fast softmax family and cross entropy of float32,
   and of float16 and bfloat16, which are converted table by table. */
#include "fast.h"

#define T float
#define T_DTYPE PERI_F32
#define W (VECTOR_BYTES / 4)
#define MULTIPLY_ADD __builtin_fmaf
#define EXP LEVEL(exp_f32)
#define LOG LEVEL(log_f32)
#define SOFTMAX LEVEL(softmax_f32)
#define CLASS_LOSS LEVEL(class_loss_f32)
#define CLASS_LOSS_DX LEVEL(class_loss_dx_f32)

#include "softmax_body.h"
#include "softmax_loss_body.h"
