/* reduce_body.h - the fast reductions of one compute type at one level; trees
   as reduce_tree.h has them. Twins: plain_reduce.c.

   Other element types are converted block by block, and so are elements that
   do not lie in a row; any and all are the largest and the smallest of
   "x is not 0". Chunks of every output are the items of work; where there are
   more than one, their results wait in the workspace to be joined as the
   upper part of the same tree. */
#include "reduce.h"
#include "reduce_tree.h"

typedef struct {
  const peri_call *call;
  peri__reduction r;
  const peri_arg *x;
  int op;
  bool truth, direct; /* direct: x is of type T and taken as it is */
  T none;             /* changes nothing */
  int64_t stripes;    /* of columns, at least 1 */
  int64_t chunks;
  int64_t base; /* added to positions */
  T *parts;     /* of the chunks */
} job;

INLINE const char *address(const job *j, int64_t offset) {
  return (const char *)j->x->data +
         offset * (int64_t)peri_dtype_size(j->x->dtype);
}

/* 'count' elements from 'offset' on into 'to'. */
static void read_run(const job *j, int64_t offset, int64_t step, int64_t count,
                     T *to) {
  const char *from = address(j, offset);
  if (step == 1)
    LEVEL(convert)(to, T_DTYPE, from, j->x->dtype, count);
  else
    peri__convert(to, T_DTYPE, 1, from, j->x->dtype, step, count);
  for (int64_t i = 0; j->truth && i < count; i++) to[i] = to[i] != 0;
}

static void write_one(const peri_arg *y, int64_t offset, T value) {
  if (y->dtype == T_DTYPE)
    ((T *)y->data)[offset] = value;
  else
    peri__convert((char *)y->data + offset * (int64_t)peri_dtype_size(y->dtype),
                  y->dtype, 1, &value, T_DTYPE, 1, 1);
}

/* ---- One output -------------------------------------------------------- */

/* Elements 'at' to 'at' + 'count' of the output whose first one is at 'offset',
   in a row: where they are, or a copy. */
static const T *block_at(const job *j, int64_t offset, int64_t at,
                         int64_t count, T *copy) {
  int64_t step = j->r.steps[j->r.reduced - 1], place;
  int64_t run = peri__reduction_run(&j->r, at, &place);
  if (j->direct && step == 1 && run >= count)
    return (const T *)j->x->data + offset + place;
  for (int64_t done = 0; done < count; done += run) {
    run = peri__reduction_run(&j->r, at + done, &place);
    if (run > count - done) run = count - done;
    read_run(j, offset + place, step, run, copy + done);
  }
  return copy;
}

INLINE int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Elements 'at' to 'end' of an output. */
static T reduce_part(const job *j, int64_t offset, int64_t at, int64_t end) {
  T copy[BLOCK];
  tree t;
  t.blocks = 0;
  for (; at < end && !peri_call_stopped(j->call); at += BLOCK) {
    int64_t count = smaller(end - at, BLOCK);
    const T *x = block_at(j, offset, at, count, copy);
    T part = block_of(j->op, x, count, j->none);
    if (count == end && at == 0) return part; /* the only one */
    tree_add(j->op, &t, part);
    if (j->truth && part != j->none) break;
  }
  return tree_end(j->op, &t, j->none);
}

static void row_items(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  const int64_t chunk = (int64_t)BLOCK * CHUNK_BLOCKS;
  (void)thread;
  for (; first < end && !peri_call_stopped(j->call); first++) {
    int64_t offset[3], at = first % j->chunks * chunk;
    peri__reduction_at(&j->r, first / j->chunks, offset);
    T value = reduce_part(j, offset[0], at, smaller(at + chunk, j->r.total));
    if (j->parts)
      j->parts[first] = value;
    else
      write_one(&j->call->arg[0], offset[1], value);
  }
}

static T join_parts(const job *j, const T *part) {
  tree t;
  t.blocks = 0;
  for (int64_t i = 0; i < j->chunks; i++) tree_add(j->op, &t, part[i]);
  return tree_end(j->op, &t, j->none);
}

static void join_rows(const job *j) {
  for (int64_t i = 0; i < j->r.outputs; i++) {
    int64_t offset[3];
    peri__reduction_at(&j->r, i, offset);
    write_one(&j->call->arg[0], offset[1],
              join_parts(j, j->parts + i * j->chunks));
  }
}

/* ---- Columns ----------------------------------------------------------- */

/* 'rows' rows of 'vectors' vectors, as a chain. */
INLINE void chain_vectors(int op, int vectors, const T *x, int64_t step,
                          int64_t rows, T *to) {
  vec sum[4];
  UNROLL
  for (int v = 0; v < vectors; v++) sum[v] = load(x + v * W);
  for (int64_t i = 1; i < rows; i++) {
    x += step;
    UNROLL
    for (int v = 0; v < vectors; v++)
      sum[v] = join(op, sum[v], load(x + v * W));
  }
  UNROLL
  for (int v = 0; v < vectors; v++) store(to + v * W, sum[v]);
}

/* 'count' columns, a vector or more, of 'rows' rows; the last vector may begin
   in the one before it. */
INLINE void chain_stripe(int op, const T *x, int64_t step, int64_t rows,
                         int64_t count, T *to) {
  int64_t c = 0;
  for (; c + 4 * W <= count; c += 4 * W)
    chain_vectors(op, 4, x + c, step, rows, to + c);
  for (; c < count; c += W) {
    if (c + W > count) c = count - W;
    chain_vectors(op, 1, x + c, step, rows, to + c);
  }
}

static void chain_columns(int op, const T *x, int64_t step, int64_t rows,
                          int64_t count, T *to) {
  if (op == SUM)
    chain_stripe(SUM, x, step, rows, count, to);
  else if (op == MAX)
    chain_stripe(MAX, x, step, rows, count, to);
  else
    chain_stripe(MIN, x, step, rows, count, to);
}

/* to = a and b joined element by element. */
INLINE void join_each(int op, const T *a, const T *b, T *to, int64_t count) {
  int64_t i = 0;
  for (; i + W <= count; i += W)
    store(to + i, join(op, load(a + i), load(b + i)));
  FEW for (; i < count; i++) to[i] = join_one(op, a[i], b[i]);
}

static void join_arrays(int op, const T *a, const T *b, T *to, int64_t count) {
  if (op == SUM)
    join_each(SUM, a, b, to, count);
  else if (op == MAX)
    join_each(MAX, a, b, to, count);
  else
    join_each(MIN, a, b, to, count);
}

/* CHAIN rows of a few columns that follow each other, folded in halves. */
static void fold_rows(int op, const T *x, int64_t count, T *to) {
  T half[CHAIN / 2 * PERI_WIDE_ENOUGH];
  int64_t left = CHAIN / 2 * count;
  for (; left >= count; left /= 2, x = half)
    join_arrays(op, x, x + left, half, left);
  memcpy(to, half, (size_t)count * sizeof(T));
}

/* Trees of the columns of a stripe side by side. */
typedef struct {
  uint64_t leaves;
  T part[TREE_LEVELS][STRIPE];
} column_trees;

/* 'x' is changed. */
static void trees_add(int op, column_trees *t, T *x, int64_t count) {
  int level = 0;
  for (uint64_t left = t->leaves++; left & 1; left >>= 1)
    join_arrays(op, t->part[level++], x, x, count);
  memcpy(t->part[level], x, (size_t)count * sizeof(T));
}

static void trees_end(int op, const column_trees *t, T *x, int64_t count) {
  bool found = false;
  for (int level = 0; t->leaves >> level; level++) {
    if (!(t->leaves >> level & 1)) continue;
    if (found)
      join_arrays(op, t->part[level], x, x, count);
    else
      memcpy(x, t->part[level], (size_t)count * sizeof(T));
    found = true;
  }
}

/* Rows 'at' to 'at' + 'rows' of 'count' columns, with 'step' between them:
   where they are, or a copy with room for a vector in each row. */
static const T *rows_at(const job *j, int64_t offset, int64_t at, int64_t rows,
                        int64_t count, T *copy, int64_t *step) {
  int64_t place, run = peri__reduction_run(&j->r, at, &place);
  *step = j->r.steps[j->r.reduced - 1];
  if (j->direct && run >= rows && count >= W)
    return (const T *)j->x->data + offset + place;
  *step = count < W ? W : count;
  for (int64_t i = 0; i < rows; i++) {
    peri__reduction_run(&j->r, at + i, &place);
    read_run(j, offset + place, 1, count, copy + i * *step);
  }
  return copy;
}

/* CHAIN rows that are one run of few columns. */
static bool are_packed(const job *j, int64_t at, int64_t rows, int64_t count) {
  int64_t place;
  return j->direct && rows == CHAIN && count < PERI_WIDE_ENOUGH &&
         j->r.steps[j->r.reduced - 1] == count &&
         peri__reduction_run(&j->r, at, &place) >= rows;
}

/* 'to' has room for a vector. */
static void stripe_part(const job *j, int64_t offset, int64_t at, int64_t end,
                        int64_t count, T *to) {
  T copy[CHAIN * STRIPE];
  column_trees t;
  t.leaves = 0;
  for (; at < end && !peri_call_stopped(j->call); at += CHAIN) {
    int64_t rows = smaller(end - at, CHAIN), step;
    if (are_packed(j, at, rows, count)) {
      peri__reduction_run(&j->r, at, &step);
      fold_rows(j->op, (const T *)j->x->data + offset + step, count, to);
    } else {
      const T *x = rows_at(j, offset, at, rows, count, copy, &step);
      chain_columns(j->op, x, step, rows, count < W ? W : count, to);
    }
    trees_add(j->op, &t, to, count);
  }
  trees_end(j->op, &t, to, count);
}

/* First column of stripe 'index'. -> how many it has */
static int64_t stripe_of(const job *j, int64_t index, int64_t *first) {
  *first = index * STRIPE;
  return smaller(j->r.columns - *first, STRIPE);
}

static void write_columns(const job *j, int64_t offset, int64_t first,
                          int64_t count, const T *value) {
  const peri_arg *y = &j->call->arg[0];
  int64_t step = j->r.column_steps[1];
  offset += first * step;
  peri__convert((char *)y->data + offset * (int64_t)peri_dtype_size(y->dtype),
                y->dtype, step, value, T_DTYPE, 1, count);
}

/* Items: chunks of stripes of outputs. */
static void column_items(void *user, int64_t item, int64_t end, int thread) {
  const job *j = user;
  const int64_t chunk = CHAIN * CHUNK_CHAINS;
  (void)thread;
  for (; item < end && !peri_call_stopped(j->call); item++) {
    T result[STRIPE];
    int64_t offset[3], first, stripe = item / j->chunks;
    int64_t at = item % j->chunks * chunk;
    int64_t count = stripe_of(j, stripe % j->stripes, &first);
    peri__reduction_at(&j->r, stripe / j->stripes, offset);
    T *to = j->parts ? j->parts + item * STRIPE : result;
    stripe_part(j, offset[0] + first, at, smaller(at + chunk, j->r.total),
                count, to);
    if (!j->parts) write_columns(j, offset[1], first, count, to);
  }
}

static void join_stripe(const job *j, int64_t stripe) {
  column_trees t;
  T result[STRIPE];
  int64_t offset[3], first, count = stripe_of(j, stripe % j->stripes, &first);
  t.leaves = 0;
  peri__reduction_at(&j->r, stripe / j->stripes, offset);
  for (int64_t i = 0; i < j->chunks; i++)
    trees_add(j->op, &t, j->parts + (stripe * j->chunks + i) * STRIPE, count);
  trees_end(j->op, &t, result, count);
  write_columns(j, offset[1], first, count, result);
}

/* ---- The kernel of values ---------------------------------------------- */

static int op_of(const peri_call *call) {
  switch (call->kernel - PERI_POINTWISE_KERNELS) {
    case PERI_K_sum: return SUM;
    case PERI_K_max:
    case PERI_K_argmax:
    case PERI_K_any: return MAX;
    default: return MIN;
  }
}

COLD void begin(job *j, const peri_call *call, bool ordered) {
  int kernel = call->kernel - PERI_POINTWISE_KERNELS;
  j->call = call;
  j->x = &call->arg[call->nout];
  j->op = op_of(call);
  j->truth = kernel == PERI_K_any || kernel == PERI_K_all;
  j->direct = !j->truth && j->x->dtype == T_DTYPE;
  j->none = j->op == SUM ? 0 : j->op == MAX ? LEAST : MOST;
  if (j->truth) j->none = kernel == PERI_K_all;
  peri__reduction_of(&j->r, call, ordered);
  j->stripes = (j->r.columns + STRIPE - 1) / STRIPE;
  j->chunks = chunks_of(&j->r);
  if (j->chunks == 0) j->chunks = 1; /* of nothing */
}

void REDUCE(const peri_call *call) {
  job j = {.parts = call->workspace};
  begin(&j, call, false);
  double each = j.direct ? 0.1 : 1;
  if (!j.r.columns) {
    double cost = each * (double)smaller(j.r.total, BLOCK * CHUNK_BLOCKS) + 10;
    peri_parallel_for(call, j.r.outputs * j.chunks, cost, row_items, &j);
    if (j.parts) join_rows(&j);
    return;
  }
  int64_t stripes = j.r.outputs * j.stripes;
  double rows = (double)smaller(j.r.total, CHAIN * CHUNK_CHAINS);
  double cost = each * rows * (double)smaller(j.r.columns, STRIPE) + 50;
  peri_parallel_for(call, stripes * j.chunks, cost, column_items, &j);
  for (int64_t i = 0; j.parts && i < stripes; i++) join_stripe(&j, i);
}

/* ---- Positions --------------------------------------------------------- */

INLINE bool same(T a, T b) { return a == b || (is_nan(a) && is_nan(b)); }

/* The first of 'count' elements that is 'value', which is one of them. */
static int64_t place_of(T value, const T *x, int64_t count) {
  int64_t i = 0;
  for (; i + MOST_LANES <= count; i += MOST_LANES) {
    lane_number found = 0;
    for (int l = 0; l < MOST_LANES; l++)
      found |= (lane_number)same(x[i + l], value);
    if (found) break;
  }
  while (i < count && !same(x[i], value)) i++;
  return i;
}

static void write_choice(const job *j, const int64_t *offset, T value,
                         int64_t place) {
  const peri_arg *y = j->call->arg;
  bool values = j->call->nout > 1;
  if (values) write_one(&y[0], offset[1], value);
  ((int64_t *)y[values].data)[offset[1 + values]] = place + j->base;
}

static void choose_one(const job *j, const int64_t *offset) {
  T copy[BLOCK], best = j->none;
  int64_t place = -1;
  for (int64_t at = 0; at < j->r.total && !peri_call_stopped(j->call);
       at += BLOCK) {
    int64_t count = smaller(j->r.total - at, BLOCK);
    const T *x = block_at(j, offset[0], at, count, copy);
    T top = block_of(j->op, x, count, j->none);
    bool better = j->op == MAX ? top > best : top < best;
    if (place >= 0 && !better && !is_nan(top)) continue;
    int64_t first = place_of(top, x, count);
    best = x[first]; /* of equals, which zeros of both signs are, the first */
    place = at + first;
    if (is_nan(top)) break;
  }
  write_choice(j, offset, best, place);
}

/* The columns from 'c' on that fill a vector. */
INLINE void choose_vector(int op, const job *j, int64_t offset, int64_t c,
                          T *best, lane_number *place) {
  const T *x = (const T *)j->x->data + offset + c;
  vec top = load(x);
  mask at = {0};
  for (int64_t i = 1; i < j->r.total; i++) {
    x += j->r.steps[0];
    vec next = load(x);
    mask better = op == MAX ? (mask)(next > top) : (mask)(next < top);
    mask here = (mask){0} + (lane_number)i;
    better |= are_nan(next) & ~are_nan(top);
    top = pick(better, next, top);
    at = (better & here) | (~better & at);
  }
  store(best, top);
  memcpy(place, &at, sizeof at);
}

/* Columns 'c' to 'end', a vector or more. */
static void choose_columns(const job *j, const int64_t *offset, int64_t c,
                           int64_t end) {
  T best[W];
  lane_number place[W];
  for (; c < end && !peri_call_stopped(j->call); c += W) {
    if (c + W > end) c = end - W;
    if (j->op == MAX)
      choose_vector(MAX, j, offset[0], c, best, place);
    else
      choose_vector(MIN, j, offset[0], c, best, place);
    for (int i = 0; i < W; i++) {
      int64_t at[3];
      for (int a = 1; a < 3; a++)
        at[a] = offset[a] + (c + i) * j->r.column_steps[a];
      write_choice(j, at, best[i], place[i]);
    }
  }
}

/* Columns of another type, too few for a vector, or with too many rows to be
   counted in a lane. */
static void choose_singly(const job *j, const int64_t *offset, int64_t c,
                          int64_t end) {
  for (; c < end && !peri_call_stopped(j->call); c++) {
    int64_t at[3];
    for (int a = 0; a < 3; a++) at[a] = offset[a] + c * j->r.column_steps[a];
    choose_one(j, at);
  }
}

/* Items: outputs, or stripes of their columns. */
static void choose_items(void *user, int64_t item, int64_t end, int thread) {
  const job *j = user;
  bool countable = j->direct && j->r.reduced == 1 && j->r.total < INT32_MAX;
  int64_t stripes = j->r.columns ? j->stripes : 1;
  (void)thread;
  for (; item < end && !peri_call_stopped(j->call); item++) {
    int64_t offset[3], first, count = stripe_of(j, item % stripes, &first);
    peri__reduction_at(&j->r, item / stripes, offset);
    if (j->r.columns == 0)
      choose_one(j, offset);
    else if (countable && count >= W)
      choose_columns(j, offset, first, first + count);
    else
      choose_singly(j, offset, first, first + count);
  }
}

void CHOOSE(const peri_call *call) {
  job j = {0};
  peri__reduce_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  j.base = attr.base;
  begin(&j, call, true);
  int64_t stripes = j.r.columns ? j.stripes : 1;
  int64_t width = j.r.columns ? smaller(j.r.columns, STRIPE) : 1;
  double each = j.direct ? 0.3 : 1;
  double cost = each * (double)j.r.total * (double)width + 20;
  peri_parallel_for(call, j.r.outputs * stripes, cost, choose_items, &j);
}
