/* vector.h - vectors of W elements of type T, with MULTIPLY_ADD the fused
   multiply-add of T: what a kernel's body includes after it has said these.

   Memory is read and written through 'loose' vectors, aligned as an element
   is. */
#ifndef PERI_VECTOR_H
#define PERI_VECTOR_H

#include "fast.h"

typedef T vec __attribute__((vector_size(VECTOR_BYTES)));
typedef T loose
    __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(T)), may_alias));

INLINE vec load(const T *from) { return *(const loose *)from; }

INLINE void store(T *to, vec x) { *(loose *)to = x; }

/* x in all elements: x - 0 is x for every x. */
INLINE vec all(T x) { return x - (vec){0}; }

/* a b + c, rounded once where the level can. gcc makes one instruction of the
   loop, clang of the expression with this pragma; neither does of the other. */
INLINE vec mul_add(vec a, vec b, vec c) {
#if FUSED && !defined(__clang__)
  for (int i = 0; i < W; i++) c[i] = MULTIPLY_ADD(a[i], b[i], c[i]);
  return c;
#else
#if FUSED
#pragma clang fp contract(on)
#endif
  return a * b + c;
#endif
}

INLINE T mul_add_one(T a, T b, T c) {
#if FUSED
  return MULTIPLY_ADD(a, b, c);
#else
  return a * b + c;
#endif
}

/* The elements of a, b at the places given; gcc has the name of clang from
   version 12 on. */
#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef __typeof__(_Generic((T)0, float : 0, default : INT64_C(0))) picked;
typedef picked picks __attribute__((vector_size(VECTOR_BYTES)));
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (picks){__VA_ARGS__})
#endif

/* Elements of a and b in turn: LOW of their first halves, HIGH of their
   second; SWAP(x, h): element i from place i ^ h. */
#if W == 16
#define LOW(a, b) \
  SHUFFLE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) \
  SHUFFLE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#define SWAP(x, h) \
  SHUFFLE(x, x, 0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h, 4 ^ h, 5 ^ h, 6 ^ h, 7 ^ h, 8 ^ h, \
          9 ^ h, 10 ^ h, 11 ^ h, 12 ^ h, 13 ^ h, 14 ^ h, 15 ^ h)
#elif W == 8
#define LOW(a, b) SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#define SWAP(x, h) \
  SHUFFLE(x, x, 0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h, 4 ^ h, 5 ^ h, 6 ^ h, 7 ^ h)
#elif W == 4
#define LOW(a, b) SHUFFLE(a, b, 0, 4, 1, 5)
#define HIGH(a, b) SHUFFLE(a, b, 2, 6, 3, 7)
#define SWAP(x, h) SHUFFLE(x, x, 0 ^ h, 1 ^ h, 2 ^ h, 3 ^ h)
#else
#define LOW(a, b) SHUFFLE(a, b, 0, 2)
#define HIGH(a, b) SHUFFLE(a, b, 1, 3)
#define SWAP(x, h) SHUFFLE(x, x, 0 ^ h, 1 ^ h)
#endif

/* Sum of all elements, folded in halves. */
INLINE T fold(vec x) {
#if W >= 16
  x += SWAP(x, 8);
#endif
#if W >= 8
  x += SWAP(x, 4);
#endif
#if W >= 4
  x += SWAP(x, 2);
#endif
  x += SWAP(x, 1);
  return x[0];
}

/* Turn W rows of W elements into columns: log2 W rounds, each of which puts
   rows i and i + W / 2 together. */
INLINE void turn(vec row[W]) {
  for (int round = 1; round < W; round *= 2) {
    vec next[W];
    UNROLL
    for (int i = 0; i < W / 2; i++) {
      next[2 * i] = LOW(row[i], row[i + W / 2]);
      next[2 * i + 1] = HIGH(row[i], row[i + W / 2]);
    }
    UNROLL
    for (int i = 0; i < W; i++) row[i] = next[i];
  }
}

#endif
