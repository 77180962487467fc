/* distance_f32.c - the fast distances of float32. */
#include "fast.h"

#define T float
#define W (VECTOR_BYTES / 4)
#define MULTIPLY_ADD __builtin_fmaf
#define ROOT __builtin_sqrtf
#define DISTANCES LEVEL(distances_f32)

#include "distance_body.h"
