/* softmax_body.h - softmax, log_softmax and their gradients of one element
   type at one level. Twins: plain_softmax.c. */
#include "softmax_lines.h"

/* Lines side by side: out and in[] as turned into tables, or in memory. */
typedef struct {
  const peri_call *call;
  T *out;
  const T *in[2];
  int64_t out_along, along[2], length;
} strip;

/* ---- softmax ----------------------------------------------------------- */

static void softmax_line(const strip *s) {
  T *y = s->out, copy[PART];
  T max = line_max(s->in[0], s->along[0], s->length);
  T sum =
      line_exp(s->call, s->in[0], s->along[0], y, s->out_along, s->length, max);
  T share = 1 / sum;
  for (int64_t i = 0; i < s->length; i += PART) {
    int64_t count = part_of(s->length, i), along = s->out_along;
    const T *in = part_in(y + i * along, along, count, copy);
    T *out = part_place(y + i * along, along, copy);
    for (int64_t j = 0; j < count; j++) out[j] = in[j] * share;
    part_out(y + i * along, along, count, out);
  }
}

static void softmax_rows(const strip *s) {
  lane_row max, sum;
  rows_max(s->in[0], s->along[0], s->length, max);
  rows_exp(s->call, s->in[0], s->along[0], s->out, s->out_along, s->length, max,
           sum);
  SIDES sum[i] = 1 / sum[i];
  for (int64_t k = 0; k < s->length; k++) {
    T *y = s->out + k * s->out_along;
    SIDES y[i] *= sum[i];
  }
}

/* ---- log_softmax ------------------------------------------------------- */

static void log_softmax_line(const strip *s) {
  T copy[PART], result[PART];
  T max = line_max(s->in[0], s->along[0], s->length);
  T sum =
      LOG(line_exp(s->call, s->in[0], s->along[0], NULL, 0, s->length, max));
  for (int64_t i = 0; i < s->length; i += PART) {
    int64_t count = part_of(s->length, i), along = s->out_along;
    const T *in = part_in(s->in[0] + i * s->along[0], s->along[0], count, copy);
    T *out = part_place(s->out + i * along, along, result);
    for (int64_t j = 0; j < count; j++) out[j] = in[j] - max - sum;
    part_out(s->out + i * along, along, count, out);
  }
}

static void log_softmax_rows(const strip *s) {
  lane_row max, sum;
  rows_max(s->in[0], s->along[0], s->length, max);
  rows_exp(s->call, s->in[0], s->along[0], NULL, 0, s->length, max, sum);
  SIDES sum[i] = LOG(sum[i]);
  for (int64_t k = 0; k < s->length; k++) {
    T *y = s->out + k * s->out_along;
    const T *x = s->in[0] + k * s->along[0];
    SIDES y[i] = x[i] - max[i] - sum[i];
  }
}

/* ---- softmax_dx: dx = y (dy - sum(dy y)) ------------------------------- */

static void softmax_dx_line(const strip *s) {
  T y_copy[PART], dy_copy[PART], result[PART];
  const T *y = s->in[0], *dy = s->in[1];
  int64_t y_along = s->along[0], dy_along = s->along[1];
  int64_t along = s->out_along;
  tree total = {0};
  for (int64_t i = 0; i < s->length && !peri_call_stopped(s->call); i += PART) {
    int64_t count = part_of(s->length, i);
    const T *a = part_in(y + i * y_along, y_along, count, y_copy);
    const T *b = part_in(dy + i * dy_along, dy_along, count, dy_copy);
    for (int64_t j = 0; j < count; j++) result[j] = a[j] * b[j];
    tree_add(SUM, &total, block_of(SUM, result, count, 0));
  }
  T sum = tree_end(SUM, &total, 0);
  for (int64_t i = 0; i < s->length; i += PART) {
    int64_t count = part_of(s->length, i);
    const T *a = part_in(y + i * y_along, y_along, count, y_copy);
    const T *b = part_in(dy + i * dy_along, dy_along, count, dy_copy);
    T *out = part_place(s->out + i * along, along, result);
    for (int64_t j = 0; j < count; j++) out[j] = a[j] * (b[j] - sum);
    part_out(s->out + i * along, along, count, out);
  }
}

static void softmax_dx_rows(const strip *s) {
  lane_row sum;
  table product;
  clear(sum);
  for (int64_t at = 0; at < s->length; at += CHAIN) {
    int64_t count = chain_of(s->length, at);
    for (int64_t k = 0; k < count; k++) {
      const T *y = s->in[0] + (at + k) * s->along[0];
      const T *dy = s->in[1] + (at + k) * s->along[1];
      T *to = product + k * SIDE_BY_SIDE;
      SIDES to[i] = y[i] * dy[i];
    }
    add_chain(sum, product, SIDE_BY_SIDE, count);
  }
  for (int64_t k = 0; k < s->length; k++) {
    const T *y = s->in[0] + k * s->along[0], *dy = s->in[1] + k * s->along[1];
    T *dx = s->out + k * s->out_along;
    SIDES dx[i] = y[i] * (dy[i] - sum[i]);
  }
}

/* ---- log_softmax_dx: dx = dy - e^y sum(dy) ----------------------------- */

static void log_softmax_dx_line(const strip *s) {
  T y_copy[PART], dy_copy[PART], result[PART];
  const T *y = s->in[0], *dy = s->in[1];
  int64_t y_along = s->along[0], dy_along = s->along[1];
  int64_t along = s->out_along;
  tree total = {0};
  for (int64_t i = 0; i < s->length; i += PART) {
    int64_t count = part_of(s->length, i);
    const T *in = part_in(dy + i * dy_along, dy_along, count, dy_copy);
    tree_add(SUM, &total, block_of(SUM, in, count, 0));
  }
  T sum = tree_end(SUM, &total, 0);
  for (int64_t i = 0; i < s->length && !peri_call_stopped(s->call); i += PART) {
    int64_t count = part_of(s->length, i);
    const T *a = part_in(y + i * y_along, y_along, count, y_copy);
    const T *b = part_in(dy + i * dy_along, dy_along, count, dy_copy);
    T *out = part_place(s->out + i * along, along, result);
    for (int64_t j = 0; j < count; j++) out[j] = b[j] - EXP(a[j]) * sum;
    part_out(s->out + i * along, along, count, out);
  }
}

static void log_softmax_dx_rows(const strip *s) {
  lane_row sum;
  clear(sum);
  for (int64_t at = 0; at < s->length; at += CHAIN)
    add_chain(sum, s->in[1] + at * s->along[1], s->along[1],
              chain_of(s->length, at));
  for (int64_t k = 0; k < s->length; k++) {
    const T *y = s->in[0] + k * s->along[0], *dy = s->in[1] + k * s->along[1];
    T *dx = s->out + k * s->out_along;
    SIDES dx[i] = dy[i] - EXP(y[i]) * sum[i];
  }
}

/* ---- The kernels ------------------------------------------------------- */

typedef struct {
  lines l;
  void (*line)(const strip *s);
  void (*rows)(const strip *s);
} job;

/* Short lines are turned into tables and the results back. */
static void turned_rows(const job *j, const strip *s, const int64_t *step,
                        int count) {
  table in[2], out;
  strip inside = {.call = s->call,
                  .out = out,
                  .out_along = SIDE_BY_SIDE,
                  .along = {SIDE_BY_SIDE, SIDE_BY_SIDE},
                  .length = s->length};
  for (int a = 0; a + 1 < j->l.b.args; a++) {
    turn_in(s->in[a], s->along[a], step[a + 1], s->length, count, in[a]);
    inside.in[a] = in[a];
  }
  j->rows(&inside);
  turn_out(s->out, s->out_along, step[0], s->length, count, out);
}

/* The lines of a tile one by one. */
static void each_line(const job *j, strip s, const int64_t *step, int count) {
  for (int i = 0; i < count; i++) {
    j->line(&s);
    s.out += step[0];
    for (int a = 0; a + 1 < j->l.b.args; a++) s.in[a] += step[a + 1];
  }
}

static void tiles(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  const peri__bundle *b = &j->l.b;
  const peri_arg *arg = j->l.call->arg;
  (void)thread;
  for (; first < end && !peri_call_stopped(j->l.call); first++) {
    int64_t offset[PERI_BUNDLE_ARGS];
    int count = peri__bundle_tile(b, first, offset);
    strip s = {.call = j->l.call,
               .out = (T *)arg[0].data + offset[0],
               .out_along = b->along[0],
               .length = b->length};
    for (int a = 1; a < b->args; a++) {
      s.in[a - 1] = (const T *)arg[a].data + offset[a];
      s.along[a - 1] = b->along[a];
    }
    if (j->l.direct && count == SIDE_BY_SIDE)
      j->rows(&s);
    else if (b->length <= SHORT_LINE)
      turned_rows(j, &s, b->step, count);
    else
      each_line(j, s, b->step, count);
  }
}

/* 'each': nanoseconds for an element. */
static void run(job *j, const peri_call *call, double each) {
  peri__dim_attr attr;
  int args = call->nout + call->nin;
  const peri_arg *arg[3] = {&call->arg[0], &call->arg[1],
                            args > 2 ? &call->arg[2] : NULL};
  memcpy(&attr, call->attr, sizeof attr);
  lines_begin(&j->l, call, arg, args, args, attr.dim);
  if (j->l.b.length == 0) return;
  peri_parallel_for(call, j->l.b.tiles, tile_cost(&j->l, each), tiles, j);
}

void SOFTMAX(const peri_call *call) {
  job j = {.line = softmax_line, .rows = softmax_rows};
  run(&j, call, 0.7);
}

void LOG_SOFTMAX(const peri_call *call) {
  job j = {.line = log_softmax_line, .rows = log_softmax_rows};
  run(&j, call, 0.7);
}

void SOFTMAX_DX(const peri_call *call) {
  job j = {.line = softmax_dx_line, .rows = softmax_dx_rows};
  run(&j, call, 0.4);
}

void LOG_SOFTMAX_DX(const peri_call *call) {
  job j = {.line = log_softmax_dx_line, .rows = log_softmax_dx_rows};
  run(&j, call, 0.7);
}
