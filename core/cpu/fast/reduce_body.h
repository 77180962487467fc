/* reduce_body.h - the fast reductions of one compute type at one level; trees
   as reduce_tree.h has them. Twins: plain_reduce.c.

   Chunks of every output are the items of work; where there are more than one,
   their results wait in the workspace to be joined as the upper part of the
   same tree. Outputs of a few elements in a row are joined many at a time,
   each from its first element to its last. */
#include "reduce_job.h"

/* ---- One output -------------------------------------------------------- */

/* Elements 'at' to 'end' of an output. */
static T reduce_part(const job *j, const pass *p, int64_t offset, int64_t at,
                     int64_t end) {
  T copy[BLOCK];
  tree t;
  t.blocks = 0;
  for (; at < end && !peri_call_stopped(j->call); at += BLOCK) {
    int64_t count = smaller(end - at, BLOCK);
    const T *x = block_at(j, p, offset, at, count, copy);
    T part = block_of(p->op, x, count, p->none);
    if (count == end && at == 0) return part; /* the only one */
    tree_add(p->op, &t, part);
    if (p->map == TRUTH && p->op != SUM && part != p->none) break;
  }
  return tree_end(p->op, &t, p->none);
}

INLINE void join_short(int op, const T *x, int64_t row, int64_t step,
                       int64_t total, int64_t count, T *to) {
  for (int64_t r = 0; r < count; r++)
    to[r] = op == SUM ? x[r * row] + 0 : x[r * row];
  for (int64_t i = 1; i < total; i++) {
    x += step;
    for (int64_t r = 0; r < count; r++) to[r] = join_one(op, to[r], x[r * row]);
  }
}

/* 'count' short outputs, 'row' from one to the next: each element by element,
   many side by side. */
static void join_rows_of(int op, const T *x, int64_t row, int64_t step,
                         int64_t total, int64_t count, T *to) {
  if (op == SUM)
    join_short(SUM, x, row, step, total, count, to);
  else if (op == MAX)
    join_short(MAX, x, row, step, total, count, to);
  else if (op == MIN)
    join_short(MIN, x, row, step, total, count, to);
  else
    join_short(PROD, x, row, step, total, count, to);
}

/* True if the outputs are short rows. */
static bool are_short(const job *j) {
  const peri__reduction *r = &j->r;
  return r->columns == 0 && r->reduced == 1 && r->kept > 0 && r->total >= 1 &&
         r->total <= SHORT_ROW;
}

/* True if they are read where they are, or follow each other. */
static bool are_readable(const job *j) {
  const peri__reduction *r = &j->r;
  bool packed = r->steps[0] == 1 && r->strides[0][r->kept - 1] == r->total;
  return direct(j, &j->p) || packed;
}

/* How many of the outputs from 'first' on lie in one run of the last kept
   dimension; 'offset' is that of the first. */
static int64_t run_of_rows(const job *j, int64_t first, int64_t end,
                           int64_t *offset) {
  int64_t size = j->r.shape[j->r.kept - 1];
  int64_t count = smaller(size - first % size, SHORT_ROWS);
  peri__reduction_at(&j->r, first, offset);
  return smaller(count, end - first);
}

/* Outputs from 'first' on, in one run of the last kept dimension. -> how
   many */
static int64_t short_rows(const job *j, int64_t first, int64_t end) {
  const peri__reduction *r = &j->r;
  const peri_arg *y = &j->call->arg[0];
  T copy[SHORT_ROW * SHORT_ROWS], result[SHORT_ROWS];
  int last = r->kept - 1;
  int64_t offset[3], row = r->strides[0][last], step = r->strides[1][last];
  int64_t count = run_of_rows(j, first, end, offset);
  const T *x = (const T *)j->x->data + offset[0];
  if (!direct(j, &j->p)) {
    read_run(j, &j->p, offset[0], 1, count * r->total, copy);
    x = copy;
  }
  join_rows_of(j->p.op, x, row, r->steps[0], r->total, count, result);
  for (int64_t i = 0; i < count; i++)
    write_one(y, offset[1] + i * step, finished(j, result[i]));
  return count;
}

/* Chunk 'item' of all outputs. -> its end; 'at' is its first element */
static int64_t chunk_of(const job *j, int64_t item, int64_t *at) {
  const int64_t chunk = (int64_t)BLOCK * CHUNK_BLOCKS;
  *at = item % j->chunks * chunk;
  return smaller(*at + chunk, j->r.total);
}

static void row_items(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  bool are_many = are_short(j) && are_readable(j);
  (void)thread;
  while (first < end && !peri_call_stopped(j->call)) {
    int64_t offset[3], at, stop = chunk_of(j, first, &at);
    if (are_many) {
      first += short_rows(j, first, end);
      continue;
    }
    peri__reduction_at(&j->r, first / j->chunks, offset);
    T value = reduce_part(j, &j->p, offset[0], at, stop);
    if (j->parts)
      j->parts[first] = value;
    else
      write_one(&j->call->arg[0], offset[1], finished(j, value));
    first++;
  }
}

static T join_parts(const job *j, const T *part) {
  tree t;
  t.blocks = 0;
  for (int64_t i = 0; i < j->chunks; i++) tree_add(j->p.op, &t, part[i]);
  return tree_end(j->p.op, &t, j->p.none);
}

static void join_rows(const job *j) {
  for (int64_t i = 0; i < j->r.outputs; i++) {
    int64_t offset[3];
    peri__reduction_at(&j->r, i, offset);
    write_one(&j->call->arg[0], offset[1],
              finished(j, join_parts(j, j->parts + i * j->chunks)));
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

/* Zeros of both signs are equal, but +0 is the larger: where a column of a
   chain has the result 0, its rows are looked at again. */
static void mend_zeros(int op, const T *x, int64_t step, int64_t rows,
                       int64_t count, T *to) {
#if IS_FLOAT
  bool found = false;
  if (op != MAX && op != MIN) return;
  for (int64_t c = 0; c < count; c++) found |= to[c] == 0;
  for (int64_t i = 0; found && i < rows; i++)
    for (int64_t c = 0; c < count; c += W) {
      int64_t at = smaller(c, count < W ? 0 : count - W);
      vec a = load(to + at), b = load(x + i * step + at);
      store(to + at,
            op == MAX ? join_exactly(MAX, a, b) : join_exactly(MIN, a, b));
    }
#endif
  (void)op, (void)x, (void)step, (void)rows, (void)count, (void)to;
}

static void chain_columns(int op, const T *x, int64_t step, int64_t rows,
                          int64_t count, T *to) {
  if (op == SUM)
    chain_stripe(SUM, x, step, rows, count, to);
  else if (op == MAX)
    chain_stripe(MAX, x, step, rows, count, to);
  else if (op == MIN)
    chain_stripe(MIN, x, step, rows, count, to);
  else
    chain_stripe(PROD, x, step, rows, count, to);
  mend_zeros(op, x, step, rows, count, to);
}

/* to = a and b joined element by element. */
INLINE void join_each(int op, const T *a, const T *b, T *to, int64_t count) {
  int64_t i = 0;
  for (; i + W <= count; i += W)
    store(to + i, join_exactly(op, load(a + i), load(b + i)));
  FEW for (; i < count; i++) to[i] = join_one(op, a[i], b[i]);
}

static void join_arrays(int op, const T *a, const T *b, T *to, int64_t count) {
  if (op == SUM)
    join_each(SUM, a, b, to, count);
  else if (op == MAX)
    join_each(MAX, a, b, to, count);
  else if (op == MIN)
    join_each(MIN, a, b, to, count);
  else
    join_each(PROD, a, b, to, count);
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
  for (int64_t c = 0; op == SUM && c < count; c++) x[c] += 0; /* no -0 */
}

/* Rows 'at' to 'at' + 'rows' of 'count' columns, with 'step' between them:
   where they are, or a copy with room for a vector in each row. */
static const T *rows_at(const job *j, const pass *p, int64_t offset, int64_t at,
                        int64_t rows, int64_t count, T *copy, int64_t *step) {
  int64_t place, run = peri__reduction_run(&j->r, at, &place);
  *step = j->r.steps[j->r.reduced - 1];
  if (direct(j, p) && run >= rows && count >= W)
    return (const T *)j->x->data + offset + place;
  *step = count < W ? W : count;
  for (int64_t i = 0; i < rows; i++) {
    peri__reduction_run(&j->r, at + i, &place);
    read_run(j, p, offset + place, 1, count, copy + i * *step);
  }
  return copy;
}

/* CHAIN rows that are one run of few columns. */
static bool are_packed(const job *j, const pass *p, int64_t at, int64_t rows,
                       int64_t count) {
  int64_t place;
  return direct(j, p) && rows == CHAIN && count < PERI_WIDE_ENOUGH &&
         j->r.steps[j->r.reduced - 1] == count &&
         peri__reduction_run(&j->r, at, &place) >= rows;
}

/* 'to' has room for a vector. */
static void stripe_part(const job *j, const pass *p, int64_t offset, int64_t at,
                        int64_t end, int64_t count, T *to) {
  T copy[CHAIN * STRIPE];
  column_trees t;
  t.leaves = 0;
  for (; at < end && !peri_call_stopped(j->call); at += CHAIN) {
    int64_t rows = smaller(end - at, CHAIN), step;
    if (are_packed(j, p, at, rows, count)) {
      peri__reduction_run(&j->r, at, &step);
      fold_rows(p->op, (const T *)j->x->data + offset + step, count, to);
    } else {
      const T *x = rows_at(j, p, offset, at, rows, count, copy, &step);
      chain_columns(p->op, x, step, rows, count < W ? W : count, to);
    }
    trees_add(p->op, &t, to, count);
  }
  trees_end(p->op, &t, to, count);
}

/* First column of stripe 'index'. -> how many it has */
static int64_t stripe_of(const job *j, int64_t index, int64_t *first) {
  *first = index * STRIPE;
  return smaller(j->r.columns - *first, STRIPE);
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
    stripe_part(j, &j->p, offset[0] + first, at,
                smaller(at + chunk, j->r.total), count, to);
    if (!j->parts) write_columns(j, 0, offset[1], first, count, to);
  }
}

static void join_stripe(const job *j, int64_t stripe) {
  column_trees t;
  T result[STRIPE];
  int64_t offset[3], first, count = stripe_of(j, stripe % j->stripes, &first);
  t.leaves = 0;
  peri__reduction_at(&j->r, stripe / j->stripes, offset);
  for (int64_t i = 0; i < j->chunks; i++)
    trees_add(j->p.op, &t, j->parts + (stripe * j->chunks + i) * STRIPE, count);
  trees_end(j->p.op, &t, result, count);
  write_columns(j, 0, offset[1], first, count, result);
}

/* ---- The kernel of values ---------------------------------------------- */

/* What a norm of order 'p' joins. */
static void norm_pass(job *j, double p) {
  bool endless = p > 1e308 || p < -1e308;
  j->p.op = endless ? (p > 0 ? MAX : MIN) : SUM;
  j->p.map = endless || p == 1 ? SIZE
             : p == 0          ? TRUTH
             : p == 2          ? SQUARE
                               : POWER;
  j->p.none = endless && p < 0 ? MOST : 0;
  j->p.power = (T)p;
  j->order = endless || p == 0 ? 1 : p;
}

static void pass_of(job *j, const peri_call *call) {
  peri__reduce_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  j->base = attr.base;
  j->order = 1;
  j->divisor = attr.p;
  j->p = (pass){.op = MAX, .map = AS_IS, .none = LEAST};
  switch (call->kernel - PERI_POINTWISE_KERNELS) {
    case PERI_K_sum: j->p = (pass){.op = SUM, .none = 0}; break;
    case PERI_K_nansum: j->p = (pass){.op = SUM, .map = NO_NAN}; break;
    case PERI_K_prod: j->p = (pass){.op = PROD, .none = 1}; break;
    case PERI_K_min:
    case PERI_K_argmin: j->p = (pass){.op = MIN, .none = MOST}; break;
    case PERI_K_any: j->p = (pass){.op = MAX, .map = TRUTH, .none = 0}; break;
    case PERI_K_all: j->p = (pass){.op = MIN, .map = TRUTH, .none = 1}; break;
    case PERI_K_norm: norm_pass(j, attr.p); break;
    default: break;
  }
}

COLD void begin(job *j, const peri_call *call, bool ordered) {
  j->call = call;
  j->x = &call->arg[call->nout];
  j->typed = j->x->dtype == T_DTYPE;
  pass_of(j, call);
  peri__reduction_of(&j->r, call, ordered);
  j->stripes = (j->r.columns + STRIPE - 1) / STRIPE;
  j->chunks = chunks_of(&j->r);
  if (j->chunks == 0) j->chunks = 1; /* of nothing */
}

/* Nanoseconds of an element. */
static double cost_of(const job *j) {
  if (j->p.map == POWER) return 3;
  return direct(j, &j->p) ? 0.1 : 1;
}

/* Let 'rows' or 'columns' have the chunks of all outputs. */
static void share(job *j, double each, peri_body *rows, peri_body *columns) {
  double wide = (double)smaller(j->r.columns, STRIPE);
  double of_row = (double)smaller(j->r.total, BLOCK * CHUNK_BLOCKS);
  double of_column = (double)smaller(j->r.total, CHAIN * CHUNK_CHAINS);
  int64_t outputs = j->r.outputs * j->chunks;
  if (j->r.columns)
    peri_parallel_for(j->call, outputs * j->stripes,
                      each * of_column * wide + 50, columns, j);
  else
    peri_parallel_for(j->call, outputs, each * of_row + 10, rows, j);
}

void REDUCE(const peri_call *call) {
  job j = {.parts = call->workspace};
  begin(&j, call, false);
  share(&j, cost_of(&j), row_items, column_items);
  if (!j.parts) return;
  if (!j.r.columns) join_rows(&j);
  for (int64_t i = 0; j.r.columns && i < j.r.outputs * j.stripes; i++)
    join_stripe(&j, i);
}

#include "reduce_choose.h"
#if IS_FLOAT
#include "reduce_pairs.h"
#endif
