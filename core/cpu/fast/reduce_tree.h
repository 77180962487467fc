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

#define MOST_LANES 64
#define FEW_LANES 16
#define FEW_ELEMENTS 256 /* below them, FEW_LANES */
#define MOST_VECTORS (MOST_LANES / W < 8 ? MOST_LANES / W : 8)
#define TREE_LEVELS 52 /* blocks of BLOCK elements in the address space */

/* The lanes, of which 'width' vectors go on at a time, from element 'first' on
   in all rows of 'lanes'; 'whole' elements are rows, the 'tail' is one more
   whose gaps change nothing. */
INLINE void join_lanes(int op, int width, const T *x, int64_t lanes,
                       int64_t whole, const T *tail, T *lane) {
  vec sum[MOST_VECTORS];
  UNROLL
  for (int v = 0; v < width; v++) sum[v] = load(lane + v * W);
  for (int64_t i = 0; i < whole; i += lanes) {
    UNROLL
    for (int v = 0; v < width; v++)
      sum[v] = join(op, sum[v], load(x + i + v * W));
  }
  UNROLL
  for (int v = 0; v < width; v++)
    store(lane + v * W, join(op, sum[v], load(tail + v * W)));
}

/* 'op' is a constant; 'none' changes nothing it is joined to. */
INLINE T join_block(int op, const T *x, int64_t count, T none) {
  T lane[MOST_LANES], tail[MOST_LANES];
  int lanes = count < FEW_ELEMENTS ? FEW_LANES : MOST_LANES;
  int64_t whole = count & -lanes;
  for (int i = 0; i < lanes; i++) lane[i] = tail[i] = none;
  memcpy(tail, x + whole, (size_t)(count - whole) * sizeof(T));
  int done = 0;
  for (; done + MOST_VECTORS * W <= lanes; done += MOST_VECTORS * W)
    join_lanes(op, MOST_VECTORS, x + done, lanes, whole, tail + done,
               lane + done);
  for (; done < lanes; done += W)
    join_lanes(op, 1, x + done, lanes, whole, tail + done, lane + done);
  return fold_lanes(op, lane, lanes);
}

/* Zeros of both signs are equal, but +0 is the larger: the one of a block that
   is its largest or smallest. */
static T zero_of(int op, const T *x, int64_t count) {
  T zero = 0, other = op == MAX ? zero : -zero;
  lane_number want, bits[MOST_LANES];
  memcpy(&want, &other, sizeof want);
  for (int64_t i = 0; i < count; i += MOST_LANES) {
    int64_t part = count - i < MOST_LANES ? count - i : MOST_LANES;
    lane_number found = 0;
    memcpy(bits, x + i, (size_t)part * sizeof(T));
    for (int64_t k = 0; k < part; k++) found |= bits[k] == want;
    if (found) return other;
  }
  return -other;
}

/* One block. */
static T block_of(int op, const T *x, int64_t count, T none) {
  if (op == SUM) return join_block(SUM, x, count, none);
  if (op == PROD) return join_block(PROD, x, count, none);
  T best = op == MAX ? join_block(MAX, x, count, none)
                     : join_block(MIN, x, count, none);
  return best == 0 ? zero_of(op, x, count) : best;
}

/* Blocks on their way to become one element: part[i] stands for 2^i of them
   where bit i of 'blocks' is set. */
typedef struct {
  uint64_t blocks;
  T part[TREE_LEVELS];
} tree;

static void tree_add(int op, tree *t, T x) {
  int level = 0;
  for (uint64_t left = t->blocks++; left & 1; left >>= 1)
    x = join_one(op, t->part[level++], x);
  t->part[level] = x;
}

static T tree_end(int op, const tree *t, T none) {
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
