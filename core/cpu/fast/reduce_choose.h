/* reduce_choose.h - the fast reductions that tell positions: max and min along
   a dimension, argmax, argmin. Twins: plain_reduce.c. */
#ifndef PERI_REDUCE_CHOOSE_H
#define PERI_REDUCE_CHOOSE_H

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

/* The best element of an output so far, and its place; -1: none yet. */
typedef struct {
  T value;
  int64_t place;
} choice;

/* True if 'top' is better than what was found before it. */
INLINE bool better(const job *j, T top, const choice *best) {
  if (best->place < 0) return true;
  if (is_nan(best->value)) return false;
  return is_nan(top) ||
         (j->p.op == MAX ? top > best->value : top < best->value);
}

/* Among the elements 'at' to 'end' of the output at 'offset'. Of equals, which
   zeros of both signs are, the first. */
static choice choose_part(const job *j, int64_t offset, int64_t at,
                          int64_t end) {
  T copy[BLOCK];
  choice best = {j->p.none, -1};
  for (; at < end && !peri_call_stopped(j->call); at += BLOCK) {
    int64_t count = smaller(end - at, BLOCK);
    const T *x = block_at(j, &j->p, offset, at, count, copy);
    T top = block_of(j->p.op, x, count, j->p.none);
    if (!better(j, top, &best)) continue;
    int64_t first = place_of(top, x, count);
    best = (choice){x[first], at + first};
    if (is_nan(top)) break;
  }
  return best;
}

static void choose_one(const job *j, const int64_t *offset) {
  choice best = choose_part(j, offset[0], 0, j->r.total);
  write_choice(j, offset, best.value, best.place);
}

/* Items: chunks of long outputs. */
static void choose_chunks(void *user, int64_t item, int64_t end, int thread) {
  const job *j = user;
  choice *parts = j->call->workspace;
  (void)thread;
  for (; item < end && !peri_call_stopped(j->call); item++) {
    int64_t offset[3], at, stop = chunk_of(j, item, &at);
    peri__reduction_at(&j->r, item / j->chunks, offset);
    parts[item] = choose_part(j, offset[0], at, stop);
  }
}

static void join_choices(const job *j) {
  const choice *part = j->call->workspace;
  for (int64_t i = 0; i < j->r.outputs; i++) {
    int64_t offset[3];
    choice best = {j->p.none, -1};
    for (int64_t c = 0; c < j->chunks; c++, part++)
      if (better(j, part->value, &best)) best = *part;
    peri__reduction_at(&j->r, i, offset);
    write_choice(j, offset, best.value, best.place);
  }
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
    if (j->p.op == MAX)
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

/* Short outputs from 'first' on, side by side. -> how many */
static int64_t choose_short(const job *j, int64_t first, int64_t end) {
  const peri__reduction *r = &j->r;
  T best[SHORT_ROWS];
  lane_number place[SHORT_ROWS];
  int last = r->kept - 1;
  int64_t offset[3], row = r->strides[0][last];
  int64_t count = run_of_rows(j, first, end, offset);
  const T *x = (const T *)j->x->data + offset[0];
  for (int64_t i = 0; i < count; i++) {
    best[i] = x[i * row];
    place[i] = 0;
  }
  for (lane_number k = 1; k < r->total; k++) {
    x += r->steps[0];
    for (int64_t i = 0; i < count; i++) {
      T value = x[i * row];
      bool more = j->p.op == MAX ? value > best[i] : value < best[i];
      more = more || (is_nan(value) && !is_nan(best[i]));
      best[i] = more ? value : best[i];
      place[i] = more ? k : place[i];
    }
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t at[3];
    for (int a = 1; a < 3; a++) at[a] = offset[a] + i * r->strides[a][last];
    write_choice(j, at, best[i], place[i]);
  }
  return count;
}

/* Items: outputs, or stripes of their columns. */
static void choose_items(void *user, int64_t item, int64_t end, int thread) {
  const job *j = user;
  bool countable =
      direct(j, &j->p) && j->r.reduced == 1 && j->r.total < INT32_MAX;
  int64_t stripes = j->r.columns ? j->stripes : 1;
  (void)thread;
  if (are_short(j) && direct(j, &j->p)) {
    while (item < end && !peri_call_stopped(j->call))
      item += choose_short(j, item, end);
    return;
  }
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
  begin(&j, call, true);
  int64_t stripes = j.r.columns ? j.stripes : 1;
  int64_t width = j.r.columns ? smaller(j.r.columns, STRIPE) : 1;
  double each = direct(&j, &j.p) ? 0.3 : 1;
  if (call->workspace) {
    double cost = each * BLOCK * CHUNK_BLOCKS;
    peri_parallel_for(call, j.r.outputs * j.chunks, cost, choose_chunks, &j);
    if (!peri_call_stopped(call)) join_choices(&j);
    return;
  }
  double cost = each * (double)j.r.total * (double)width + 20;
  peri_parallel_for(call, j.r.outputs * stripes, cost, choose_items, &j);
}

#endif
