/* reduce_f64.c - the fast reductions of float64. */
#include "fast.h"

#define T double
#define W (VECTOR_BYTES / 8)
#define MULTIPLY_ADD __builtin_fma
#define T_DTYPE PERI_F64
#define LEAST (-__builtin_inf())
#define MOST __builtin_inf()
#define IS_FLOAT 1
#define EXP LEVEL(exp_f64)
#define LOG LEVEL(log_f64)
#define PAIRS LEVEL(pairs_f64)
#define REDUCE LEVEL(reduce_f64)
#define CHOOSE LEVEL(choose_f64)

#include "reduce_body.h"
