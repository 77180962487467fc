/* distance_f64.c - the fast distances of float64. */
#include "fast.h"

#define T double
#define W (VECTOR_BYTES / 8)
#define MULTIPLY_ADD __builtin_fma
#define ROOT __builtin_sqrt
#define DISTANCES LEVEL(distances_f64)

#include "distance_body.h"
