/* pointwise_f32.c - the loops of pointwise rows in float. */
#include "math_f32.h"
#include "pointwise.h"
#if FUSED
#include "angle_f32.h"
#define OWN_REST_F32
#define OWN_REST_F64
#else
#define WITHOUT_ELEMENTARY
#endif
#define OWN_POWER_F32
#include "cpu/pointwise_parts.h"

#define OWN_exp ~, OWN
#define OWN_log ~, OWN
#define OWN_tanh ~, OWN
#define OWN_erf ~, OWN
#define OWN_expm1 ~, OWN
#define OWN_log1p ~, OWN
#define OWN_exp2 ~, OWN
#define OWN_log2 ~, OWN
#define OWN_log10 ~, OWN
#define OWN_sin ~, OWN
#define OWN_cos ~, OWN
#define OWN_tan ~, OWN
#define OWN_asin ~, OWN
#define OWN_acos ~, OWN
#define OWN_atan ~, OWN
#define OWN_atan2 ~, OWN
#define OWN_hypot ~, OWN
#define OWN_sinh ~, OWN
#define OWN_cosh ~, OWN
#define OWN_asinh ~, OWN
#define OWN_acosh ~, OWN
#define OWN_atanh ~, OWN
#define BEYOND_sin ~, angle
#define BEYOND_sin_da ~, angle
#define BEYOND_cos ~, angle
#define BEYOND_cos_da ~, angle
#define BEYOND_tan ~, angle
#define BEYOND_fmod ~, quotient
#define BEYOND_remainder ~, quotient
#define BEYOND_remainder_db ~, quotient
#define BEYOND_floor_divide ~, quotient
#define BEYOND_div_floored ~, quotient

#define T float
#define MOST_ANGLE MOST_ANGLE_F32
#define NAME(f) f##_f32
#define MATH(name) name##f
#define FLOATS 1
#define BY_BLOCKS 1
#define WITHOUT_SPECIAL
#include "cpu/pointwise_words.h"

peri__loop *LEVEL(loop_f32)(int kernel) {
  const int count = sizeof loops_f32 / sizeof *loops_f32;
  return kernel < count ? loops_f32[kernel]
                        : peri__plain_loop(kernel, PERI_F32);
}
