/* pointwise_f32.c - the loops of pointwise rows in float. */
#include "cpu/pointwise_parts.h"
#include "math_f32.h"
#include "pointwise.h"

#define OWN_exp ~, OWN
#define OWN_log ~, OWN
#define OWN_tanh ~, OWN
#define OWN_erf ~, OWN
#define OWN_expm1 ~, OWN
#define OWN_log1p ~, OWN
#define OWN_sin ~, OWN
#define OWN_cos ~, OWN
#define ANGLE_sin ~, 1
#define ANGLE_sin_da ~, 1
#define ANGLE_cos ~, 1
#define ANGLE_cos_da ~, 1

#define T float
#define MOST_ANGLE MOST_ANGLE_F32
#define NAME(f) f##_f32
#define MATH(name) name##f
#define FLOATS 1
#define BY_BLOCKS 1
#define WITHOUT_SPECIAL
#include "cpu/pointwise_words.h"

peri__loop *LEVEL(loop_f32)(int kernel) { return loops_f32[kernel]; }
