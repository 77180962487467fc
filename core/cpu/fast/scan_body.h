/* scan_body.h - the fast scans of one element type T, computed in ACC. Twins:
   plain_scan.c, of which they have the bits.

   A line is a chain that cannot be cut without changing its roundings, so lines
   go side by side: columns that follow each other in memory as vectors, other
   lines a few at a time, so that none waits for the last step of its own. */

/* 'count' lines from one place on: element i of line g of argument a is at
   at[a][g * row[a] + i * step[a]]. */
typedef struct {
  const scan_job *j;
  T *at[SCAN_ARGS];
  int64_t row[SCAN_ARGS];
  int count;
} NAME(lines);

/* What goes on from 'before' with x and, of a recurrence, b. */
INLINE ACC NAME(next)(int op, bool first, ACC before, ACC x, ACC b) {
  if (op == RECUR) return first ? b : b + x * before;
  return op == SUM ? before + x : before * x;
}

/* Sums, products and recurrences. 'each' stands in front of the loops over the
   lines, of which there is a constant number if 'fixed'. */
#define CHAIN(name, each) \
  INLINE void NAME(name)(int op, int fixed, bool beside, \
                         const NAME(lines) * l) { \
    const scan_job *j = l->j; \
    const int count = fixed ? fixed : l->count; \
    const int64_t row_y = beside ? 1 : l->row[0]; \
    const int64_t row_a = beside ? 1 : l->row[1]; \
    const int64_t row_b = beside ? 1 : l->row[2]; \
    T *restrict y = l->at[0]; \
    const T *a = l->at[1], *b = op == RECUR ? l->at[2] : a; \
    ACC acc[MOST_BESIDE]; \
    each for (int g = 0; g < count; g++) acc[g] = op == SUM ? 0 : 1; \
    for (int64_t i = 0; i < j->length; i++) { \
      if (i % ROWS_POLLED == 0 && peri_call_stopped(j->call)) return; \
      each for (int g = 0; g < count; g++) { \
        ACC before = acc[g], x = (ACC)a[g * row_a]; \
        ACC more = op == RECUR ? (ACC)b[g * row_b] : 0; \
        acc[g] = NAME(next)(op, i == 0, before, x, more); \
        y[g * row_y] = (T)(op == EXCLUSIVE ? before : acc[g]); \
      } \
      y += j->step[0]; \
      a += j->step[1]; \
      if (op == RECUR) b += j->step[2]; \
    } \
  }

/* Values and positions of the largest or smallest elements so far. */
#define EXTREMES(name, each) \
  INLINE void NAME(name)(int op, int fixed, bool beside, \
                         const NAME(lines) * l) { \
    const scan_job *j = l->j; \
    const int count = fixed ? fixed : l->count; \
    const int64_t row_y = beside ? 1 : l->row[0]; \
    const int64_t row_at = beside ? 1 : l->row[1]; \
    const int64_t row_x = beside ? 1 : l->row[2]; \
    T *restrict y = l->at[0], best[MOST_BESIDE]; \
    int64_t *restrict at = (int64_t *)(void *)l->at[1]; \
    int64_t place[MOST_BESIDE]; \
    const T *x = l->at[2]; \
    each for (int g = 0; g < count; g++) { \
      best[g] = x[g * row_x]; \
      place[g] = j->attr.base; \
    } \
    for (int64_t i = 0; i < j->length; i++) { \
      if (i % ROWS_POLLED == 0 && peri_call_stopped(j->call)) return; \
      each for (int g = 0; g < count; g++) { \
        T value = x[g * row_x], same = value; \
        bool better = op == MAX ? value >= best[g] : value <= best[g]; \
        better = better || value != same; \
        best[g] = better ? value : best[g]; \
        place[g] = better ? i + j->attr.base : place[g]; \
        y[g * row_y] = best[g]; \
        at[g * row_at] = place[g]; \
      } \
      y += j->step[0]; \
      at += j->step[1]; \
      x += j->step[2]; \
    } \
  }

CHAIN(chain_beside, )
CHAIN(chain_apart, UNROLL)
EXTREMES(extremes_beside, )
EXTREMES(extremes_apart, UNROLL)

INLINE void NAME(run)(int op, int fixed, bool beside, const NAME(lines) * l) {
  bool extreme = op == MAX || op == MIN;
  if (extreme && beside)
    NAME(extremes_beside)(op, fixed, true, l);
  else if (extreme)
    NAME(extremes_apart)(op, fixed, false, l);
  else if (beside)
    NAME(chain_beside)(op, fixed, true, l);
  else
    NAME(chain_apart)(op, fixed, false, l);
}

/* To the next line. */
static void NAME(advance)(NAME(lines) * l) {
  for (int a = 0; a < l->j->args; a++) {
    bool positions = a == 1 && l->j->call->nout > 1;
    int64_t size = positions ? (int64_t)sizeof(int64_t) : (int64_t)sizeof(T);
    l->at[a] = (T *)(void *)((char *)l->at[a] + l->row[a] * size);
  }
}

INLINE void NAME(any_lines)(int op, NAME(lines) * l) {
  if (l->j->beside && l->count == MOST_BESIDE) {
    NAME(run)(op, MOST_BESIDE, true, l);
  } else if (l->j->beside) {
    NAME(run)(op, 0, true, l);
  } else if (l->count == MOST_APART) {
    NAME(run)(op, MOST_APART, false, l);
  } else {
    for (int g = 0; g < l->count; g++) {
      NAME(run)(op, 1, false, l);
      NAME(advance)(l);
    }
  }
}

/* Items: groups of lines. */
static void NAME(items)(void *user, int64_t item, int64_t end, int thread) {
  const scan_job *j = user;
  (void)thread;
  for (; item < end && !peri_call_stopped(j->call); item++) {
    NAME(lines) l = {.j = j};
    int64_t offset[SCAN_ARGS];
    l.count = place_of(j, item, offset);
    for (int a = 0; a < j->args; a++) {
      bool positions = a == 1 && j->call->nout > 1;
      size_t size = positions ? sizeof(int64_t) : sizeof(T);
      l.at[a] = (T *)(void *)((char *)j->call->arg[a].data +
                              offset[a] * (int64_t)size);
      l.row[a] = peri__row_stride(&j->walk, a);
    }
    switch (j->op) {
      case SUM: NAME(any_lines)(SUM, &l); break;
      case PROD: NAME(any_lines)(PROD, &l); break;
      case EXCLUSIVE: NAME(any_lines)(EXCLUSIVE, &l); break;
      case RECUR: NAME(any_lines)(RECUR, &l); break;
      case MAX: NAME(any_lines)(MAX, &l); break;
      default: NAME(any_lines)(MIN, &l); break;
    }
  }
}

#undef CHAIN
#undef EXTREMES
