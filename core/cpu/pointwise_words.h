/* pointwise_words.h - the words of ops/pointwise.def as C arithmetic in type T,
   one loop per expression and the table of these loops. Included once per
   compute type with

     T         float, double or int64_t
     NAME(f)   the name of f for this type
     MATH(f)   the function f of math.h for it, if it is a float type
     FLOATS    1 if T is a float type, else 0
     BY_BLOCKS 1: the rows of function.def and elementary.def by whole blocks,
               else 0
     WITHOUT_ELEMENTARY, WITHOUT_SPECIAL if the rows of these files have no
               loops here; those of special.def have none in float

   Functions of our own are used for those f for which OWN_f is defined as
   `~, OWN`: f is then NAME(f). Rows whose expression holds for some inputs only
   have BEYOND_row as `~, test`: NAME(beyond_test) says whether there are
   others, which go by the plain loop.

   A row becomes an inline function of one element, which gets everything that
   an expression may read, and a loop around it: what is not read is not loaded,
   and what is read is loaded before anything is chosen, so loops with SELECT
   are vectors too. In int64_t only the kinds that exist for integers are
   expanded, and sums and products wrap. */

#define X a
#define A a
#define B b
#define C c
#define O o
#define DY dy
#define NUM(value) ((T)(value))
#define NONE NUM(0)
#define HAS(k) ((p->has >> (k)) & 1u)
#define P(k) (p->value[k])
#define GT(l, r) ((l) > (r))
#define GE(l, r) ((l) >= (r))
#define LT(l, r) ((l) < (r))
#define LE(l, r) ((l) <= (r))
#define EQ(l, r) ((l) == (r))
#define NE(l, r) ((l) != (r))
#define AND(l, r) (((l) != 0) & ((r) != 0))
#define OR(l, r) (((l) != 0) | ((r) != 0))
#define SELECT(condition, l, r) ((condition) != 0 ? (l) : (r))
#define POW(l, r) NAME(power)(l, r)
#define MOD(l, r) NAME(modulo)(l, r)
#define FLOORDIV(l, r) NAME(floor_quotient)(l, r)
#define QUOTIENT(l, r) NAME(quotient)(l, r)
#define FMOD(l, r) NAME(rest)(l, r)
#define FLOOR(x) NAME(round_down)(x)
#define CEIL(x) NAME(round_up)(x)
#define TRUNC(x) NAME(towards_zero)(x)
#define ROUND(x) NAME(to_even)(x)
#define SIGNBIT(x) NAME(negative)(x)
#define ABS(x) NAME(magnitude)(x)

#if FLOATS
#define ADD(l, r) ((l) + (r))
#define SUB(l, r) ((l) - (r))
#define MUL(l, r) ((l) * (r))
#define DIV(l, r) ((l) / (r))
#define NEG(x) (-(x))
#define SIGMOID(x) (1 / (1 + F(exp, -(x))))
#define ATAN2(l, r) PICK(OWN_atan2, LIBM, ~)(atan2, l, r)
#define HYPOT(l, r) PICK(OWN_hypot, LIBM, ~)(hypot, l, r)
#define POLYGAMMA(more, x) peri__polygamma((int)P(0) + more, x)
#define F(f, x) PICK(OWN_##f, LIBM, ~)(f, x)
#define OWN(f, ...) NAME(f)(__VA_ARGS__)
#define LIBM(f, ...) MATH(f)(__VA_ARGS__)
#define OF_ATTR(attr, k) ((T)(attr)->real[k])
#else
#define ADD(l, r) ((T)((uint64_t)(l) + (uint64_t)(r)))
#define SUB(l, r) ((T)((uint64_t)(l) - (uint64_t)(r)))
#define MUL(l, r) ((T)((uint64_t)(l) * (uint64_t)(r)))
#define NEG(x) ((T)(0 - (uint64_t)(x)))
#define BITAND(l, r) ((l) & (r))
#define BITOR(l, r) ((l) | (r))
#define BITXOR(l, r) ((l) ^ (r))
#define SHL(l, r) NAME(shift_up)(l, r)
#define SHR(l, r) NAME(shift_down)(l, r)
#define OF_ATTR(attr, k) ((attr)->whole[k])
#endif
#define PICK(...) SECOND(__VA_ARGS__)
#define SECOND(first, second, ...) second

/* The parameters of a row, out of reach of what a loop writes. */
typedef struct {
  unsigned has;
  T value[PERI_POINTWISE_PARAMS];
} NAME(params);

/* One element, and 'count' of them. */
#define ELEMENT(f, result, expression) \
  static inline __attribute__((always_inline)) result NAME(one_##f)( \
      const NAME(params) * p, T a, T b, T c, T o, T dy) { \
    (void)p, (void)a, (void)b, (void)c, (void)o, (void)dy; \
    return (result)(expression); \
  }
#define ELEMENTS(f, result, number) \
  const T *a = in[0], *b = in[1], *c = in[2], *o = in[3], *dy = in[4]; \
  const int64_t whole = number; \
  NAME(params) p = {attr->has, {0}}; \
  result *y = out; \
  for (int k = 0; k < PERI_POINTWISE_PARAMS; k++) \
    p.value[k] = OF_ATTR(attr, k); \
  _Pragma("omp simd") for (int64_t i = 0; i < whole; i++) y[i] = \
      NAME(one_##f)(&p, a[i], b[i], c[i], o[i], dy[i]);

#define LOOP(f, result, expression) \
  ELEMENT(f, result, expression) \
  static void NAME(loop_##f)(const peri__pointwise_attr *attr, \
                             const void *const in[5], void *out, \
                             int64_t count) { \
    ELEMENTS(f, result, count) \
  }

#if FLOATS
#define LOOP_FLOAT(f, expression) LOOP(f, T, expression)
#define LOOP_DX(f, expression) LOOP(f, T, expression)
#define LOOP_BITS(f, expression)
#else
#define LOOP_FLOAT(f, expression)
#define LOOP_DX(f, expression)
#define LOOP_BITS(f, expression) LOOP(f, T, expression)
#endif
#define LOOP_ARITH(f, expression) LOOP(f, T, expression)
#define LOOP_COMPARE(f, expression) LOOP(f, uint8_t, expression)
#define LOOP_CHOOSE(f, expression) LOOP(f, T, expression)

#define UNARY(f, kind, params, forward, dx, ...) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, dx)
#define PART(f, kind, forward, dx, ...) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, dx)
#define BINARY(f, kind, params, forward, da, db, ...) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, da) LOOP_DX(f##_db, db)
#define TERNARY(f, kind, inputs, params, forward, da, db, dc, ...) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, da) LOOP_DX(f##_db, db) \
      LOOP_DX(f##_dc, dc)
#define STEP1(f, kind, params, forward, doc) LOOP_##kind(f, forward)
#define STEP2(f, kind, params, forward, doc) LOOP_##kind(f, forward)
#define FORM(op, f, kind, params, forward, da, db, doc) \
  LOOP_##kind(f, forward) LOOP_DX(f##_da, da) LOOP_DX(f##_db, db)
#define MODE(f, kind, forward) LOOP_##kind(f, forward)
#include "ops/arithmetic.def"

#if BY_BLOCKS
#include "fast/pointwise_rest.h"
#define TEST(beyond) TEST_OF(PICK(beyond, none, ~))
#define TEST_OF(test) TEST_NAME(test)
#define TEST_NAME(test) NAME(beyond_##test)
/* A loop over whole blocks: what is left over goes through buffers, so that no
   code for single elements is needed. */
#undef LOOP
#define LOOP(f, result, expression) \
  ELEMENT(f, result, expression) \
  static void NAME(blocks_##f)(const peri__pointwise_attr *attr, \
                               const void *const in[5], void *out, \
                               int64_t count) { \
    ELEMENTS(f, result, count & -(int64_t)PERI_BLOCK) \
  } \
  static void NAME(loop_##f)(const peri__pointwise_attr *attr, \
                             const void *const in[5], void *out, \
                             int64_t count) { \
    if (TEST(BEYOND_##f)(in, count)) \
      NAME(by_elements) \
      (NAME(blocks_##f), TEST(BEYOND_##f), PERI_ID_##f, attr, in, out, count); \
    else \
      NAME(by_blocks)(NAME(blocks_##f), sizeof(result), attr, in, out, count); \
  }
#endif
#include "ops/function.def"
#ifndef WITHOUT_ELEMENTARY
#include "ops/elementary.def"
#endif
#ifndef WITHOUT_SPECIAL
#include "ops/special.def"
#endif
#include "ops/no_rows.h"

/* The loops in the order of kernel ids. */
#define ENTRY(f) NAME(loop_##f),
#if FLOATS
#define ENTRY_FLOAT(f) ENTRY(f)
#define ENTRY_DX(f) ENTRY(f)
#define ENTRY_BITS(f) NULL,
#else
#define ENTRY_FLOAT(f) NULL,
#define ENTRY_DX(f) NULL,
#define ENTRY_BITS(f) ENTRY(f)
#endif
#define ENTRY_ARITH(f) ENTRY(f)
#define ENTRY_COMPARE(f) ENTRY(f)
#define ENTRY_CHOOSE(f) ENTRY(f)

static peri__loop *const NAME(loops)[] = {
#define UNARY(f, kind, ...) ENTRY_##kind(f) ENTRY_DX(f##_da)
#define PART(f, kind, ...) ENTRY_##kind(f) ENTRY_DX(f##_da)
#define BINARY(f, kind, ...) ENTRY_##kind(f) ENTRY_DX(f##_da) ENTRY_DX(f##_db)
#define TERNARY(f, kind, ...) \
  ENTRY_##kind(f) ENTRY_DX(f##_da) ENTRY_DX(f##_db) ENTRY_DX(f##_dc)
#define STEP1(f, kind, ...) ENTRY_##kind(f)
#define STEP2(f, kind, ...) ENTRY_##kind(f)
#define FORM(op, f, kind, ...) ENTRY_##kind(f) ENTRY_DX(f##_da) ENTRY_DX(f##_db)
#define MODE(f, kind, ...) ENTRY_##kind(f)
#include "ops/pointwise.def"
};

#include "ops/no_words.h"
#undef PICK
#undef SECOND
#undef OWN
#undef LIBM
#undef TEST
#undef TEST_OF
#undef TEST_NAME
#undef OF_ATTR
#undef ELEMENT
#undef ELEMENTS
#undef LOOP
#undef LOOP_FLOAT
#undef LOOP_DX
#undef LOOP_BITS
#undef LOOP_ARITH
#undef LOOP_COMPARE
#undef LOOP_CHOOSE
#undef ENTRY
#undef ENTRY_FLOAT
#undef ENTRY_DX
#undef ENTRY_BITS
#undef ENTRY_ARITH
#undef ENTRY_COMPARE
#undef ENTRY_CHOOSE
#undef T
#undef NAME
#undef MATH
#undef FLOATS
#undef BY_BLOCKS
#undef WITHOUT_ELEMENTARY
#undef WITHOUT_SPECIAL
