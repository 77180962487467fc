/* reduce_pairs.h - the fast reductions that need two numbers of each output:
   moments (mean, sum of squared differences by a divisor) and logsumexp
   (largest element, sum of exponentials). Twins: plain_reduce.c.

   A chunk is gone through again while it is in the cache: first for the number
   that is subtracted, then for the sum of what is left. The pairs of the chunks
   of an output are joined in their order, in double. */
#ifndef PERI_REDUCE_PAIRS_H
#define PERI_REDUCE_PAIRS_H

/* The pairs of a stripe of columns, or one. */
typedef struct {
  T center[STRIPE], sum[STRIPE];
} pairs;

static bool is_logs(const job *j) {
  return j->call->kernel == peri__kernel_id(PERI_K_logsumexp);
}

/* Elements 'at' to 'end' of the output at 'offset', or of columns from there
   on; or short outputs that were made columns of a table. */
typedef struct {
  int64_t offset, at, end;
  const T *table;
} range;

typedef T short_table[SHORT_ROW * SHORT_ROWS];

/* Join the columns of a table. */
static void short_part(const pass *p, const range *x, int64_t count, T *to) {
  short_table work;
  const T *from = x->table;
  for (int64_t i = 0; p->map != AS_IS && i < x->end; i++)
    map_run(p, true, x->table + i * SHORT_ROWS, work + i * SHORT_ROWS, count);
  if (p->map != AS_IS) from = work;
  chain_columns(p->op, from, SHORT_ROWS, x->end, count < W ? W : count, to);
}

/* Join the range of an output, or of 'count' columns. */
static void part_of(const job *j, const pass *p, const range *x, int64_t count,
                    T *to) {
  if (x->table)
    short_part(p, x, count, to);
  else if (j->r.columns)
    stripe_part(j, p, x->offset, x->at, x->end, count, to);
  else
    *to = reduce_part(j, p, x->offset, x->at, x->end);
}

/* Nothing is subtracted from infinities. */
INLINE double finite_center(T max) {
  return max == LEAST || max == MOST ? 0 : (double)max;
}

static void logs_part(const job *j, const range *x, int64_t count, pairs *to) {
  T center[STRIPE];
  const pass find = {.op = MAX, .none = LEAST};
  const pass sum = {.op = SUM, .map = OFFSET_EXP, .center = center};
  part_of(j, &find, x, count, to->center);
  for (int64_t c = 0; c < count; c++)
    center[c] = (T)finite_center(to->center[c]);
  part_of(j, &sum, x, count, to->sum);
}

/* The mean is rounded: what the differences from it sum to mends both. */
static void moments_part(const job *j, const range *x, int64_t count,
                         pairs *to) {
  T mean[STRIPE], rest[STRIPE];
  T each = (T)(x->end - x->at);
  const pass find = {.op = SUM};
  const pass check = {.op = SUM, .map = OFFSET, .center = mean};
  const pass sum = {.op = SUM, .map = OFFSET_SQUARE, .center = mean};
  part_of(j, &find, x, count, mean);
  for (int64_t c = 0; c < count; c++) mean[c] /= each;
  part_of(j, &check, x, count, rest);
  part_of(j, &sum, x, count, to->sum);
  for (int64_t c = 0; c < count; c++) {
    T off = rest[c] / each;
    to->center[c] = is_nan(off) ? mean[c] : mean[c] + off;
    to->sum[c] -= off * rest[c];
    if (to->sum[c] < 0) to->sum[c] = 0;
  }
}

static void pairs_of(const job *j, const range *x, int64_t count, pairs *to) {
  if (is_logs(j))
    logs_part(j, x, count, to);
  else
    moments_part(j, x, count, to);
}

/* ---- Results ------------------------------------------------------------- */

static void write_pairs(const job *j, const int64_t *offset, int64_t first,
                        int64_t count, pairs *x) {
  if (is_logs(j))
    for (int64_t c = 0; c < count; c++)
      x->center[c] =
          (T)(finite_center(x->center[c]) + __builtin_log((double)x->sum[c]));
  else
    for (int64_t c = 0; c < count; c++) x->sum[c] /= (T)j->divisor;
  if (j->r.columns) {
    write_columns(j, 0, offset[1], first, count, x->center);
    if (!is_logs(j)) write_columns(j, 1, offset[2], first, count, x->sum);
  } else {
    write_one(&j->call->arg[0], offset[1], x->center[0]);
    if (!is_logs(j)) write_one(&j->call->arg[1], offset[2], x->sum[0]);
  }
}

/* Pairs of a chunk in the workspace: centers, then sums. */
static T *stored(const job *j, int64_t item) {
  return j->parts + item * 2 * (j->r.columns ? STRIPE : 1);
}

static int64_t stripe_width(const job *j) { return j->r.columns ? STRIPE : 1; }

/* Column 'c' of the logarithms of the chunks from 'item' on. */
static void join_logs(const job *j, int64_t item, int64_t c, pairs *to) {
  int64_t width = stripe_width(j);
  double sum = 0;
  T max = LEAST;
  for (int64_t i = 0; i < j->chunks; i++)
    max = join_one(MAX, max, stored(j, item + i)[c]);
  for (int64_t i = 0; i < j->chunks; i++) {
    const T *at = stored(j, item + i);
    double part = (double)at[width + c];
    if (part != 0)
      sum += part * __builtin_exp(finite_center(at[c]) - finite_center(max));
  }
  to->center[c] = max;
  to->sum[c] = (T)sum;
}

static void join_moments(const job *j, int64_t item, int64_t c, int64_t chunk,
                         pairs *to) {
  int64_t width = stripe_width(j);
  double total = (double)j->r.total, mean = 0, squares = 0;
  for (int64_t i = 0; i < j->chunks; i++) {
    double count = (double)smaller(chunk, j->r.total - i * chunk);
    mean += (double)stored(j, item + i)[c] * (count / total);
  }
  for (int64_t i = 0; i < j->chunks; i++) {
    const T *at = stored(j, item + i);
    double count = (double)smaller(chunk, j->r.total - i * chunk);
    double off = (double)at[c] - mean;
    squares += (double)at[width + c] + count * off * off;
  }
  to->center[c] = (T)mean;
  to->sum[c] = (T)squares;
}

/* ---- Items --------------------------------------------------------------- */

static int64_t chunk_size(const job *j) {
  return j->r.columns ? CHAIN * CHUNK_CHAINS : (int64_t)BLOCK * CHUNK_BLOCKS;
}

/* Offsets of stripe 'index' of all outputs, or of an output. -> columns, from
   'first' on */
static int64_t place_of_pairs(const job *j, int64_t index, int64_t *offset,
                              int64_t *first) {
  int64_t stripes = j->r.columns ? j->stripes : 1, count = 1;
  *first = 0;
  if (j->r.columns) count = stripe_of(j, index % stripes, first);
  peri__reduction_at(&j->r, index / stripes, offset);
  return count;
}

/* Short outputs from 'first' on, side by side. -> how many */
static int64_t short_pairs(const job *j, int64_t first, int64_t end) {
  const peri__reduction *r = &j->r;
  short_table table;
  pairs part, one;
  int last = r->kept - 1;
  int64_t offset[3], step[3], count = run_of_rows(j, first, end, offset);
  const T *x = (const T *)j->x->data + offset[0];
  for (int a = 0; a < 3; a++) step[a] = r->strides[a][last];
  for (int64_t k = 0; k < r->total; k++)
    for (int64_t i = 0; i < SHORT_ROWS; i++)
      table[k * SHORT_ROWS + i] =
          i < count ? x[i * step[0] + k * r->steps[0]] : 0;
  pairs_of(j, &(range){.end = r->total, .table = table}, count, &part);
  for (int64_t i = 0; i < count; i++) {
    int64_t at[3] = {0, offset[1] + i * step[1], offset[2] + i * step[2]};
    one.center[0] = part.center[i];
    one.sum[0] = part.sum[i];
    write_pairs(j, at, 0, 1, &one);
  }
  return count;
}

static void pair_items(void *user, int64_t item, int64_t end, int thread) {
  const job *j = user;
  int64_t chunk = chunk_size(j);
  (void)thread;
  if (are_short(j) && j->typed) {
    while (item < end && !peri_call_stopped(j->call))
      item += short_pairs(j, item, end);
    return;
  }
  for (; item < end && !peri_call_stopped(j->call); item++) {
    pairs part;
    int64_t offset[3], first, at = item % j->chunks * chunk;
    int64_t count = place_of_pairs(j, item / j->chunks, offset, &first);
    range x = {offset[0] + first, at, smaller(at + chunk, j->r.total), NULL};
    pairs_of(j, &x, count, &part);
    if (!j->parts) {
      write_pairs(j, offset, first, count, &part);
      continue;
    }
    T *to = stored(j, item);
    memcpy(to, part.center, (size_t)count * sizeof(T));
    memcpy(to + stripe_width(j), part.sum, (size_t)count * sizeof(T));
  }
}

static void join_pairs(const job *j, int64_t index) {
  pairs all;
  int64_t offset[3], first;
  int64_t count = place_of_pairs(j, index, offset, &first);
  for (int64_t c = 0; c < count; c++)
    if (is_logs(j))
      join_logs(j, index * j->chunks, c, &all);
    else
      join_moments(j, index * j->chunks, c, chunk_size(j), &all);
  write_pairs(j, offset, first, count, &all);
}

void PAIRS(const peri_call *call) {
  job j = {.parts = call->workspace};
  begin(&j, call, false);
  share(&j, 1, pair_items, pair_items);
  int64_t stripes = j.r.columns ? j.stripes : 1;
  for (int64_t i = 0; j.parts && i < j.r.outputs * stripes; i++)
    join_pairs(&j, i);
}

#endif
