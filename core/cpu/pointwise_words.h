/* pointwise_words.h - the words of ops/pointwise.def as C arithmetic in type T,
   and one loop per expression. Included once per compute type with

     T         float, double or int64_t
     NAME(f)   the name of f for this type
     MATH(f)   the function f of math.h for it, if it is a float type
     FLOATS    1 if T is a float type, else 0

   In int64_t only the kinds that exist for integers are expanded, and sums
   and products wrap. */

#define X in0[i]
#define A in0[i]
#define B in1[i]
#define C in2[i]
#define O in3[i]
#define DY in4[i]
#define NUM(c) ((T)(c))
#define NONE NUM(0)
#define HAS(k) ((attr->has >> (k)) & 1)
#define GT(a, b) ((a) > (b))
#define GE(a, b) ((a) >= (b))
#define LT(a, b) ((a) < (b))
#define LE(a, b) ((a) <= (b))
#define EQ(a, b) ((a) == (b))
#define NE(a, b) ((a) != (b))
#define AND(a, b) ((a) && (b))
#define OR(a, b) ((a) || (b))
#define SELECT(c, a, b) ((c) != 0 ? (a) : (b))
#define POW(a, b) NAME(power)(a, b)
#define MOD(a, b) NAME(modulo)(a, b)
#define FLOORDIV(a, b) NAME(floor_quotient)(a, b)
#define FLOOR(x) NAME(round_down)(x)
#define ABS(x) NAME(magnitude)(x)

#if FLOATS
#define P(k) ((T)attr->real[k])
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define DIV(a, b) ((a) / (b))
#define NEG(a) (-(a))
#define F(f, x) MATH(f)(x)
#else
#define P(k) (attr->whole[k])
#define ADD(a, b) ((T)((uint64_t)(a) + (uint64_t)(b)))
#define SUB(a, b) ((T)((uint64_t)(a) - (uint64_t)(b)))
#define MUL(a, b) ((T)((uint64_t)(a) * (uint64_t)(b)))
#define NEG(a) ((T)(0 - (uint64_t)(a)))
#endif

#define LOOP(f, expression) \
  static void NAME(f)(const peri__pointwise_attr *attr, const void *const *in, \
                      void *out, int64_t count) { \
    const T *in0 = in[0], *in1 = in[1], *in2 = in[2]; \
    const T *in3 = in[3], *in4 = in[4]; \
    T *y = out; \
    for (int64_t i = 0; i < count; i++) y[i] = (T)(expression); \
    (void)attr, (void)in0, (void)in1, (void)in2, (void)in3, (void)in4; \
  }

#if FLOATS
#define LOOP_FLOAT(f, expression) LOOP(f, expression)
#define LOOP_DX(f, expression) LOOP(f, expression)
#else
#define LOOP_FLOAT(f, expression)
#define LOOP_DX(f, expression)
#endif
#define LOOP_ARITH(f, expression) LOOP(f, expression)
#define LOOP_COMPARE(f, expression) LOOP(f, expression)
#define LOOP_CHOOSE(f, expression) LOOP(f, expression)

#define UNARY(f, kind, params, forward, dx, low, high, doc) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, dx)
#define BINARY(f, kind, forward, da, db, low, high, doc) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, da) LOOP_DX(f##_db, db)
#define TERNARY(f, kind, inputs, forward, da, db, dc, low, high, doc) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, da) LOOP_DX(f##_db, db) \
      LOOP_DX(f##_dc, dc)
#define STEP1(f, kind, forward, doc) LOOP_##kind(f, forward)
#define STEP2(f, kind, forward, doc) LOOP_##kind(f, forward)
#include "ops/pointwise.def"

#include "ops/no_words.h"
#undef LOOP
#undef LOOP_FLOAT
#undef LOOP_DX
#undef LOOP_ARITH
#undef LOOP_COMPARE
#undef LOOP_CHOOSE
#undef T
#undef NAME
#undef MATH
#undef FLOATS
