/* matmul_store.h - sums on their way into y: added to earlier parts of k, then
   the bias and the activation. */

/* A row of sums, in any direction of y. */
typedef struct {
  const T *sum, *bias; /* bias NULL: none, or not yet */
  const T *before;     /* earlier parts, NULL: none */
  T *to;
  int64_t bias_step, before_step, step;
  int64_t count;
} line;

/* to = before + sum + bias, of which each but sum may be missing. */
static void store_line(const line *l) {
  int64_t c = 0;
  if (l->step == 1 && (!l->bias || l->bias_step == 1) &&
      (!l->before || l->before_step == 1))
    for (; c + W <= l->count; c += W) {
      vec x = load(l->sum + c);
      if (l->before) x = load(l->before + c) + x;
      if (l->bias) x += load(l->bias + c);
      store(l->to + c, x);
    }
  FEW for (; c < l->count; c++) {
    T x = l->sum[c];
    if (l->before) x = l->before[c * l->before_step] + x;
    if (l->bias) x += l->bias[c * l->bias_step];
    l->to[c * l->step] = x;
  }
}

/* Sums of the first 'rows' rows from 'row' on of panel 'p', their rows
   'stride' apart. */
typedef struct {
  T *sum;
  int64_t row, stride;
  int rows;
} sums;

/* The line of row 'i' as it is stored without an activation. */
static line line_of(const job *j, const area *r, const panel *p, const sums *s,
                    int i) {
  int64_t row = s->row + i, col = r->col + p->col;
  line l = {.sum = s->sum + i * s->stride,
            .to = j->y + row * j->y_row + col * j->y_col,
            .step = j->y_col,
            .count = p->columns};
  if (r->at > 0) l.before = l.to;
  l.before_step = l.step;
  if (j->bias && r->at + r->k == j->k)
    l.bias = j->bias + row * j->bias_row + col * j->bias_col;
  l.bias_step = j->bias_col;
  return l;
}

/* The activation of all sums at once, where they are; it has no parameters. */
static void activate(const job *j, const panel *p, const sums *s) {
  static const peri__pointwise_attr none = {0};
  const void *x = s->sum, *in[5] = {x, x, x, x, x};
  int64_t count = (s->rows - 1) * s->stride + p->columns;
  j->activation(&none, in, s->sum, count);
}

static void store_active(const job *j, const area *r, const panel *p,
                         const sums *s) {
  for (int i = 0; i < s->rows; i++) {
    line l = line_of(j, r, p, s, i);
    l.to = s->sum + i * s->stride;
    l.step = 1;
    store_line(&l);
  }
  activate(j, p, s);
  for (int i = 0; i < s->rows; i++) {
    line l = line_of(j, r, p, s, i);
    l.before = l.bias = NULL;
    store_line(&l);
  }
}

static void store_sums(const job *j, const area *r, const panel *p,
                       const sums *s) {
  if (j->activation && r->at + r->k == j->k) {
    store_active(j, r, p, s);
    return;
  }
  for (int i = 0; i < s->rows; i++) {
    line l = line_of(j, r, p, s, i);
    store_line(&l);
  }
}
