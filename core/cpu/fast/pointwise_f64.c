/* pointwise_f64.c - the loops of pointwise rows in double. */
#include "math_f64.h"
#include "pointwise.h"
#if FUSED
#include "angle_f64.h"
#define OWN_REST_F64
#else
#define WITHOUT_ELEMENTARY
#endif
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

#define T double
#define MOST_ANGLE MOST_ANGLE_F64
#define NAME(f) f##_f64
#define MATH(name) name
#define FLOATS 1
#define BY_BLOCKS 1
#define WITHOUT_SPECIAL
#include "cpu/pointwise_words.h"

peri__loop *LEVEL(loop_f64)(int kernel) {
  const int count = sizeof loops_f64 / sizeof *loops_f64;
  return kernel < count ? loops_f64[kernel]
                        : peri__plain_loop(kernel, PERI_F64);
}
