/* reduce_pairs.h - the fast reductions that need two numbers of each output:
   moments (mean, sum of squared differences) and logsumexp (largest element,
   sum of exponentials). Twins: plain_reduce.c.

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

/* Join elements 'at' to 'end' of an output, or of 'count' columns. */
static void part_of(const job *j, const pass *p, const int64_t *range,
                    int64_t count, T *to) {
  if (j->r.columns)
    stripe_part(j, p, range[0], range[1], range[2], count, to);
  else
    *to = reduce_part(j, p, range[0], range[1], range[2]);
}

/* Nothing is subtracted from infinities. */
INLINE double finite_center(T max) {
  return max == LEAST || max == MOST ? 0 : (double)max;
}

static void logs_part(const job *j, const int64_t *range, int64_t count,
                      pairs *to) {
  T center[STRIPE];
  const pass find = {.op = MAX, .none = LEAST};
  const pass sum = {.op = SUM, .map = OFFSET_EXP, .center = center};
  part_of(j, &find, range, count, to->center);
  for (int64_t c = 0; c < count; c++)
    center[c] = (T)finite_center(to->center[c]);
  part_of(j, &sum, range, count, to->sum);
}

/* The mean is rounded: what the differences from it sum to mends both. */
static void moments_part(const job *j, const int64_t *range, int64_t count,
                         pairs *to) {
  T mean[STRIPE], rest[STRIPE];
  T each = (T)(range[2] - range[1]);
  const pass find = {.op = SUM};
  const pass check = {.op = SUM, .map = OFFSET, .center = mean};
  const pass sum = {.op = SUM, .map = OFFSET_SQUARE, .center = mean};
  part_of(j, &find, range, count, mean);
  for (int64_t c = 0; c < count; c++) mean[c] /= each;
  part_of(j, &check, range, count, rest);
  part_of(j, &sum, range, count, to->sum);
  for (int64_t c = 0; c < count; c++) {
    T off = rest[c] / each;
    to->center[c] = is_nan(off) ? mean[c] : mean[c] + off;
    to->sum[c] -= off * rest[c];
    if (to->sum[c] < 0) to->sum[c] = 0;
  }
}

static void pairs_of(const job *j, const int64_t *range, int64_t count,
                     pairs *to) {
  if (is_logs(j))
    logs_part(j, range, count, to);
  else
    moments_part(j, range, count, to);
}

/* ---- Results ------------------------------------------------------------- */

static void write_pairs(const job *j, const int64_t *offset, int64_t first,
                        int64_t count, pairs *x) {
  if (is_logs(j))
    for (int64_t c = 0; c < count; c++)
      x->center[c] =
          (T)(finite_center(x->center[c]) + __builtin_log((double)x->sum[c]));
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

/* ---- Items ---------------------------------------------------------------- */

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

static void pair_items(void *user, int64_t item, int64_t end, int thread) {
  const job *j = user;
  int64_t chunk = chunk_size(j);
  (void)thread;
  for (; item < end && !peri_call_stopped(j->call); item++) {
    pairs part;
    int64_t offset[3], first, at = item % j->chunks * chunk;
    int64_t count = place_of_pairs(j, item / j->chunks, offset, &first);
    int64_t range[3] = {offset[0] + first, at, smaller(at + chunk, j->r.total)};
    pairs_of(j, range, count, &part);
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
