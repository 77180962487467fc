/* matmul_f64.c - the fast matrix product of float64. */
#include "matmul.h"
#include "pointwise.h"

#define T double
#define W (VECTOR_BYTES / 8)
#define MULTIPLY_ADD __builtin_fma
#define LOOP LEVEL(loop_f64)
#define RUN LEVEL(matmul_f64)
#define WORKSPACE LEVEL(matmul_f64_workspace)

#include "matmul_body.h"
