/* softmax_lines.h - lines of classes of type T: what the kernels of softmax and
   of cross entropy share.

   Lines are gone through in one of two ways. A long line that lies on its own
   is taken in parts, with the trees of reduce_tree.h for its sums. Otherwise
   SIDE_BY_SIDE lines go together, element k of each after elements k - 1: from
   memory if it has them side by side, else, if they are short, from a table on
   the stack into which they are turned. Their sums are chains of at most
   CHAIN elements, joined in order. */
#ifndef PERI_SOFTMAX_LINES_H
#define PERI_SOFTMAX_LINES_H

#include "reduce_tree.h"
#include "softmax.h"

#define PART 1024 /* elements of a long line at once, they stay in L1 */
#define CHAIN 32
#define NONE (-(T)__builtin_inff()) /* below every logit */

/* For i of SIDE_BY_SIDE elements, none of which depends on another. */
#if defined(__clang__)
#define SIDES \
  _Pragma("clang loop vectorize(assume_safety)") for (int i = 0; \
                                                      i < SIDE_BY_SIDE; i++)
#else
#define SIDES _Pragma("GCC ivdep") for (int i = 0; i < SIDE_BY_SIDE; i++)
#endif

enum { VECTORS = SIDE_BY_SIDE / W };

/* SIDE_BY_SIDE lines that lie in a table, or side by side in memory: element k
   of line i is at[k along + i]. */
typedef T table[SHORT_LINE * SIDE_BY_SIDE]
    __attribute__((aligned(VECTOR_BYTES)));
typedef T lane_row[SIDE_BY_SIDE] __attribute__((aligned(VECTOR_BYTES)));

/* ---- Ways through a bundle ---------------------------------------------- */

typedef struct {
  const peri_call *call;
  peri__bundle b;
  bool direct; /* lines lie side by side in every argument */
  bool single; /* long lines, one by one */
} lines;

/* The first 'dense' arguments are those with elements along 'dim'. */
static void lines_begin(lines *l, const peri_call *call,
                        const peri_arg *const *arg, int args, int dense,
                        int dim) {
  l->call = call;
  peri__bundle_begin(&l->b, arg, args, dim, SIDE_BY_SIDE);
  l->direct = true;
  for (int a = 0; a < dense; a++) l->direct = l->direct && l->b.step[a] == 1;
  l->single = !l->direct && l->b.length > SHORT_LINE;
  if (l->single) peri__bundle_begin(&l->b, arg, args, dim, 1);
}

/* Nanoseconds of a tile whose elements take 'each'. */
static double tile_cost(const lines *l, double each) {
  return each * (double)(l->b.length * l->b.width) + 20;
}

/* ---- Long lines -------------------------------------------------------- */

INLINE int64_t part_of(int64_t length, int64_t at) {
  return length - at < PART ? length - at : PART;
}

/* 'count' elements of a line in a row: where they are, or a copy. */
INLINE const T *part_in(const T *x, int64_t along, int64_t count, T *copy) {
  if (along == 1) return x;
  for (int64_t i = 0; i < count; i++) copy[i] = x[i * along];
  return copy;
}

/* Where 'count' elements may be written in a row before part_out. */
INLINE T *part_place(T *y, int64_t along, T *copy) {
  return along == 1 ? y : copy;
}

INLINE void part_out(T *y, int64_t along, int64_t count, const T *copy) {
  if (along == 1) return;
  for (int64_t i = 0; i < count; i++) y[i * along] = copy[i];
}

/* The largest element, 0 if it is -inf: nothing to subtract. */
static T line_max(const T *x, int64_t along, int64_t length) {
  T copy[PART], max = NONE;
  for (int64_t i = 0; i < length; i += PART) {
    int64_t count = part_of(length, i);
    const T *in = part_in(x + i * along, along, count, copy);
    max = join_one(MAX, max, block_of(MAX, in, count, NONE));
  }
  return max == NONE ? 0 : max;
}

/* Sum of e^(x - max); the exponentials go to y, unless that is NULL. */
static T line_exp(const peri_call *call, const T *x, int64_t x_along, T *y,
                  int64_t y_along, int64_t length, T max) {
  T copy[PART], result[PART];
  tree sum = {0};
  for (int64_t i = 0; i < length && !peri_call_stopped(call); i += PART) {
    int64_t count = part_of(length, i);
    const T *in = part_in(x + i * x_along, x_along, count, copy);
    T *out = y ? part_place(y + i * y_along, y_along, result) : result;
    for (int64_t j = 0; j < count; j++) out[j] = EXP(in[j] - max);
    tree_add(SUM, &sum, block_of(SUM, out, count, 0));
    if (y) part_out(y + i * y_along, y_along, count, out);
  }
  return tree_end(SUM, &sum, 0);
}

/* ---- Lines side by side ------------------------------------------------ */

/* 'count' lines into a table; those that are missing are zeros. */
static void turn_in(const T *x, int64_t along, int64_t step, int64_t length,
                    int count, T *to) {
  if (count < SIDE_BY_SIDE)
    memset(to, 0, (size_t)length * SIDE_BY_SIDE * sizeof(T));
  for (int i = 0; i < count; i++, x += step)
    for (int64_t k = 0; k < length; k++)
      to[k * SIDE_BY_SIDE + i] = x[k * along];
}

static void turn_out(T *y, int64_t along, int64_t step, int64_t length,
                     int count, const T *from) {
  for (int i = 0; i < count; i++, y += step)
    for (int64_t k = 0; k < length; k++)
      y[k * along] = from[k * SIDE_BY_SIDE + i];
}

INLINE void rows_max(const T *x, int64_t along, int64_t length, T *max) {
  vec m[VECTORS];
  UNROLL
  for (int v = 0; v < VECTORS; v++) m[v] = all(NONE);
  for (int64_t k = 0; k < length; k++, x += along) {
    UNROLL
    for (int v = 0; v < VECTORS; v++) m[v] = join(MAX, m[v], load(x + v * W));
  }
  UNROLL
  for (int v = 0; v < VECTORS; v++)
    store(max + v * W, pick((mask)(m[v] == all(NONE)), (vec){0}, m[v]));
}

INLINE void clear(T *row) {
  for (int i = 0; i < SIDE_BY_SIDE; i++) row[i] = 0;
}

/* sum += the 'count' rows of x, a chain that is joined to it. */
INLINE void add_chain(T *sum, const T *x, int64_t along, int64_t count) {
  vec part[VECTORS];
  UNROLL
  for (int v = 0; v < VECTORS; v++) part[v] = (vec){0};
  for (int64_t k = 0; k < count; k++, x += along) {
    UNROLL
    for (int v = 0; v < VECTORS; v++) part[v] += load(x + v * W);
  }
  UNROLL
  for (int v = 0; v < VECTORS; v++)
    store(sum + v * W, load(sum + v * W) + part[v]);
}

INLINE int64_t chain_of(int64_t length, int64_t at) {
  return length - at < CHAIN ? length - at : CHAIN;
}

/* sum of e^(x - max); the exponentials go to y, unless that is NULL. */
INLINE void rows_exp(const peri_call *call, const T *x, int64_t x_along, T *y,
                     int64_t y_along, int64_t length, const T *max, T *sum) {
  table chain;
  clear(sum);
  for (int64_t at = 0; at < length && !peri_call_stopped(call); at += CHAIN) {
    int64_t count = chain_of(length, at);
    T *out = y ? y + at * y_along : chain;
    int64_t along = y ? y_along : SIDE_BY_SIDE;
    for (int64_t k = 0; k < count; k++) SIDES
    out[k * along + i] = EXP(x[(at + k) * x_along + i] - max[i]);
    add_chain(sum, out, along, count);
  }
}

#endif
