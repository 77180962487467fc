/* reduce_f32.c - the fast reductions of float32, float16 and bfloat16. */
#include "fast.h"

#define T float
#define W (VECTOR_BYTES / 4)
#define MULTIPLY_ADD __builtin_fmaf
#define T_DTYPE PERI_F32
#define LEAST (-__builtin_inff())
#define MOST __builtin_inff()
#define IS_FLOAT 1
#define EXP LEVEL(exp_f32)
#define LOG LEVEL(log_f32)
#define PAIRS LEVEL(pairs_f32)
#define REDUCE LEVEL(reduce_f32)
#define CHOOSE LEVEL(choose_f32)

#include "reduce_body.h"
