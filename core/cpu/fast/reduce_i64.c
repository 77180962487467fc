/* reduce_i64.c - the fast reductions of whole numbers. */
#include "fast.h"

#define T int64_t
#define W (VECTOR_BYTES / 8)
#define MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#define T_DTYPE PERI_I64
#define LEAST INT64_MIN
#define MOST INT64_MAX
#define IS_FLOAT 0
#define REDUCE LEVEL(reduce_i64)
#define CHOOSE LEVEL(choose_i64)

#include "reduce_body.h"
