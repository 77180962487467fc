/* matmul_f32.c - the fast matrix product of float32. */
#include "matmul.h"
#include "pointwise.h"

#define T float
#define W (VECTOR_BYTES / 4)
#define MULTIPLY_ADD __builtin_fmaf
#define LOOP LEVEL(loop_f32)
#define RUN LEVEL(matmul_f32)
#define WORKSPACE LEVEL(matmul_f32_workspace)

#include "matmul_body.h"
