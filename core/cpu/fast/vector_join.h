/* vector_join.h - two vectors or elements of type T become one: their sum,
   their product, the larger or the smaller. */
#ifndef PERI_VECTOR_JOIN_H
#define PERI_VECTOR_JOIN_H

#include "vector.h"

enum { SUM, MAX, MIN, PROD };

/* A whole number as wide as T, and what a comparison of vectors gives. */
typedef __typeof__(_Generic((T)0, float
                            : (int32_t)0, default
                            : (int64_t)0)) lane_number;
typedef lane_number mask __attribute__((vector_size(VECTOR_BYTES)));

INLINE vec pick(mask which, vec a, vec b) {
  return (vec)((which & (mask)a) | (~which & (mask)b));
}

/* Two names, so that compilers of whole numbers have nothing to say. */
INLINE bool is_nan(T x) {
  T same = x;
  return x != same;
}

INLINE mask are_nan(vec x) {
  vec same = x;
  return (mask)(x != same);
}

/* NaN wins; of equals the first stays. */
INLINE vec join(int op, vec a, vec b) {
  if (op == SUM) return a + b;
  if (op == PROD) return a * b;
  mask better = op == MAX ? (mask)(b > a) : (mask)(b < a);
  return pick(better | are_nan(b), b, a);
}

/* The same, but of zeros of both signs, which are equal, +0 is the larger. */
INLINE vec join_exactly(int op, vec a, vec b) {
  vec x = join(op, a, b);
  if (op == SUM || op == PROD) return x;
  mask same = (mask)(a == b), bits = (mask)a & (mask)b;
  if (op == MIN) bits = (mask)a | (mask)b;
  return pick(same, (vec)bits, x);
}

INLINE bool has_minus(T x) {
  lane_number bits;
  memcpy(&bits, &x, sizeof bits);
  return bits < 0;
}

INLINE T join_one(int op, T a, T b) {
  if (op == SUM) return a + b;
  if (op == PROD) return a * b;
  if (a == b) return has_minus(a) == (op == MAX) ? b : a;
  return (op == MAX ? b > a : b < a) || is_nan(b) ? b : a;
}

/* The lanes of x folded into one element. */
INLINE T fold_one(int op, vec x) {
#if W >= 16
  x = join(op, x, SWAP(x, 8));
#endif
#if W >= 8
  x = join(op, x, SWAP(x, 4));
#endif
#if W >= 4
  x = join(op, x, SWAP(x, 2));
#endif
  x = join(op, x, SWAP(x, 1));
  return x[0];
}

/* 'lanes' elements, a power of two and a vector or more, folded in halves;
   they are changed. */
INLINE T fold_lanes(int op, T *lane, int lanes) {
  for (int half = lanes / 2; half >= W; half /= 2)
    for (int i = 0; i < half; i += W)
      store(lane + i, join(op, load(lane + i), load(lane + half + i)));
  return fold_one(op, load(lane));
}

#endif
