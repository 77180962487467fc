/* reduce_tree.h - the fixed trees in which many elements of type T become one,
   the same at every level and on any number of threads.

   A block of at most BLOCK elements is dealt out to 64 virtual lanes (16 if
   there are fewer than 256), each of which goes through its elements in order;
   the lanes are folded in halves. Blocks are joined as the leaves of a binary
   tree, in the order of memory. How often a sum is rounded on the way of an
   element is at most 64 + 6 in a block and once per level of the tree. */
#ifndef PERI_REDUCE_TREE_H
#define PERI_REDUCE_TREE_H

#include "vector_join.h"

#define BLOCK 4096
#define MOST_LANES 64
#define FEW_LANES 16
#define FEW_ELEMENTS 256 /* below them, FEW_LANES */
#define TREE_LEVELS 52   /* blocks of BLOCK elements in the address space */

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

INLINE T fold_lanes(int op, vec *lane, int vectors) {
  for (int half = vectors / 2; half > 0; half /= 2) {
    UNROLL
    for (int v = 0; v < half; v++) lane[v] = join(op, lane[v], lane[v + half]);
  }
  return fold_one(op, lane[0]);
}

/* The last 'count' elements, less than a vector, with 'none' behind them. */
static __attribute__((noinline)) vec load_rest(const T *x, int64_t count,
                                               T none) {
  T rest[W] __attribute__((aligned(VECTOR_BYTES)));
  store(rest, all(none));
  FEW for (int64_t i = 0; i < count; i++) rest[i] = x[i];
  return load(rest);
}

/* 'lanes' and 'op' are constants; 'none' changes nothing it is joined to. */
INLINE T block_lanes(int op, int lanes, const T *x, int64_t count, T none) {
  vec lane[MOST_LANES / W];
  int vectors = lanes / W;
  int64_t i = 0;
  UNROLL
  for (int v = 0; v < vectors; v++) lane[v] = all(none);
  for (; i + lanes <= count; i += lanes) {
    UNROLL
    for (int v = 0; v < vectors; v++)
      lane[v] = join(op, lane[v], load(x + i + v * W));
  }
  UNROLL
  for (int v = 0; v < vectors; v++, i += W) {
    if (i + W <= count)
      lane[v] = join(op, lane[v], load(x + i));
    else if (i < count)
      lane[v] = join(op, lane[v], load_rest(x + i, count - i, none));
  }
  return fold_lanes(op, lane, vectors);
}

/* One block. */
INLINE T block_of(int op, const T *x, int64_t count, T none) {
  if (count < FEW_ELEMENTS) return block_lanes(op, FEW_LANES, x, count, none);
  return block_lanes(op, MOST_LANES, x, count, none);
}

/* Blocks on their way to become one element: part[i] stands for 2^i of them
   where bit i of 'blocks' is set. */
typedef struct {
  uint64_t blocks;
  T part[TREE_LEVELS];
} tree;

INLINE void tree_add(int op, tree *t, T x) {
  int level = 0;
  for (uint64_t left = t->blocks++; left & 1; left >>= 1)
    x = join_one(op, t->part[level++], x);
  t->part[level] = x;
}

INLINE T tree_end(int op, const tree *t, T none) {
  bool found = false;
  T x = none;
  for (int level = 0; t->blocks >> level; level++) {
    if (!(t->blocks >> level & 1)) continue;
    x = found ? join_one(op, t->part[level], x) : t->part[level];
    found = true;
  }
  return x;
}

#endif
