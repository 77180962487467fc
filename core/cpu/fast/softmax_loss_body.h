/* softmax_loss_body.h - cross entropy of one element type at one level. Twins
   and contract: plain_loss.c.

   What the classes of a sample count, their shares, is a table too: of the
   targets or, where these are classes, of rows that are 1 there and else 0. It
   is made only if every class has a share; else the class of a sample alone
   counts. The losses of a tile are added up as they come, the sums of the
   tiles in their order. */
#include "softmax_lines.h"

/* Arguments as lines have them; all but the first may be absent. */
enum { LOGITS, TARGET, DX, STATS, PER_SAMPLE };

typedef struct {
  lines l;
  peri__class_attr attr;
  bool soft;  /* the target is probabilities */
  bool dense; /* every class has a share */
  const peri_arg *weight;
  double keep, spread; /* share of the target itself, and of every class */
  double weights;      /* their sum */
  double dy;           /* what flows into each sample, unless it has its own */
  double *sums;        /* two of each tile: losses, what the samples count */
} loss_job;

/* The samples of a tile, a lane each; one alone has all lanes. */
typedef struct {
  int64_t own[WIDE_LANES];    /* class from 0, -1: none */
  lane_row counts;            /* what the sample counts */
  lane_row keep, spread;      /* of the job, 0 if the sample is ignored */
  lane_row max, sum, log_sum; /* of e^(x - max) */
  lane_row own_x, loss;
  lane_row factor, total, dy; /* total: of the shares of all classes */
} samples;

MAP(shares_of, Z *(X *A + B)) /* of probabilities and weights */
/* Of shares and logits; a class without a share takes no part, whatever its
   logit. */
MAP(loss_of, pick((mask)(X == 0), (vec){0}, X *(A - Z + B)))
/* Of powers; a sample without a total has no gradient, whatever its logits. */
MAP(scale, pick((mask)(B == 0), (vec){0}, X *A))
MAP(subtract_shares, X - Z * A)

static double number_at(const peri_arg *arg, int64_t offset) {
  double x;
  if (arg->dtype == T_DTYPE) return (double)((const T *)arg->data)[offset];
  peri__convert(&x, PERI_F64, 1, peri__at(arg, offset), arg->dtype, 1, 1);
  return x;
}

static double weight_at(const loss_job *j, int64_t k) {
  const peri_arg *weight = j->weight;
  return weight->data ? number_at(weight, k * weight->strides[0]) : 1;
}

/* ---- The samples ------------------------------------------------------- */

/* Offset of sample 'i' in argument 'a'. */
static int64_t sample_at(const tile *t, int a, int i) {
  return t->offset[a] + i * peri__row_stride(&t->l->walk, a);
}

/* Class of sample 'i', -1 if it is ignored or, in a replay, none any more. */
static int64_t class_of(const loss_job *j, const tile *t, int i) {
  const peri_arg *target = j->l.arg[TARGET];
  int64_t given, at = sample_at(t, TARGET, i);
  if (target->dtype == PERI_I64)
    given = ((const int64_t *)target->data)[at];
  else
    peri__convert(&given, PERI_I64, 1, peri__at(target, at), target->dtype, 1,
                  1);
  if (given == j->attr.ignore_index) return -1;
  return peri__class(given, (int)j->attr.base, j->l.length);
}

static void read_sample(const loss_job *j, const tile *t, int i, samples *s) {
  int64_t own = j->soft ? -1 : class_of(j, t, i);
  bool live = j->soft || own >= 0;
  double counts = own >= 0 ? weight_at(j, own) : live;
  s->own[i] = own;
  s->counts[i] = (T)counts;
  s->keep[i] = live ? (T)j->keep : 0;
  s->spread[i] = live ? (T)j->spread : 0;
  s->total[i] = live ? (T)(counts * j->keep + j->spread * j->weights) : 0;
}

static void read_samples(const loss_job *j, const tile *t, samples *s) {
  T *const clear[] = {s->keep, s->spread, s->total, s->own_x, s->loss};
  for (int i = 0; i < 5; i++) fill(clear[i], 0, j->l.lanes);
  for (int i = 0; i < t->count; i++) read_sample(j, t, i, s);
  if (!j->l.single) return;
  for (int i = 0; i < 3; i++) fill(clear[i], *clear[i], LANES);
}

/* Where the class of sample 'i' is in a table whose first row is 'at'; NULL if
   it is not there. */
static T *own_in(const samples *s, int i, const view *x, int64_t at,
                 bool single) {
  int64_t k = s->own[i], row = (single ? k / x->lanes : k) - at;
  if (k < 0 || row < 0 || row >= x->count) return NULL;
  return x->at + row * x->row + (single ? k % x->lanes : i);
}

/* ---- Shares ------------------------------------------------------------- */

/* Weights of the classes in 'to', a table of rows from 'at' on. */
static void read_weights(const loss_job *j, const view *to, int64_t at) {
  int64_t lanes = to->lanes, first = j->l.single ? at * lanes : at;
  int64_t count = j->l.single ? to->count * lanes : to->count;
  int64_t left = j->l.length - first, step = 1;
  if (count > left) count = left;
  fill(to->at, j->l.single ? 0 : 1, to->count * lanes);
  if (!j->weight->data) {
    if (j->l.single) fill(to->at, 1, count);
    return;
  }
  if (!j->l.single) step = lanes;
  for (int64_t k = 0; k < count; k++)
    fill(to->at + k * step, (T)weight_at(j, first + k), step);
}

/* The shares in 'to', a table of rows from 'at' on. */
static void read_shares(const loss_job *j, tile *t, const samples *s,
                        const view *to, int64_t at) {
  table weight;
  view p = *to, w = *to;
  w.at = weight;
  if (j->soft) {
    p = rows_in(t, TARGET, at, to->count);
  } else {
    fill(p.at, 0, p.count * p.lanes);
    for (int i = 0; i < t->count; i++) {
      T *own = own_in(s, i, &p, at, j->l.single);
      if (own) *own = 1;
    }
  }
  read_weights(j, &w, at);
  shares_of(to, &p, &w, s->keep, s->spread);
}

/* ---- Forward ----------------------------------------------------------- */

static void find_losses(const loss_job *j, tile *t, samples *s) {
  table work;
  if (!j->dense)
    for (int i = 0; i < t->count; i++)
      if (s->counts[i] != 0)
        s->loss[i] = s->counts[i] * (s->max[i] - s->own_x[i] + s->log_sum[i]);
  if (!j->dense) return;
  EACH_TABLE(t) {
    view x = rows_in(t, LOGITS, at, n),
         share = view_of(t, work, t->l->lanes, n);
    read_shares(j, t, s, &share, at);
    loss_of(&share, &share, &x, s->max, s->log_sum);
    join_sum(s->loss, &share);
  }
  fold_single(t, SUM, s->loss);
}

static void write_samples(const loss_job *j, const tile *t, const samples *s,
                          int64_t index) {
  const peri_arg *each = j->l.arg[PER_SAMPLE];
  double *sum = j->sums + 2 * index;
  sum[0] = sum[1] = 0;
  for (int i = 0; i < t->count; i++) {
    T *stats = (T *)j->l.arg[STATS]->data + sample_at(t, STATS, i);
    stats[0] = s->max[i];
    stats[1] = 1 / s->sum[i];
    if (each->data)
      peri__convert(peri__at(each, sample_at(t, PER_SAMPLE, i)), each->dtype, 1,
                    &s->loss[i], T_DTYPE, 1, 1);
    sum[0] += (double)s->loss[i];
    sum[1] += (double)s->counts[i];
  }
}

static void loss_tile(const loss_job *j, tile *t, samples *s, int64_t index) {
  table work;
  find_max(t, s->max);
  fill(s->sum, 0, j->l.lanes);
  EACH_TABLE(t) {
    view x = rows_in(t, LOGITS, at, n),
         power = view_of(t, work, t->l->lanes, n);
    powers(&power, &x, s->max);
    join_sum(s->sum, &power);
    for (int i = 0; i < t->count; i++) {
      T *own = own_in(s, i, &x, at, t->l->single);
      if (own) s->own_x[i] = *own;
    }
  }
  fold_single(t, SUM, s->sum);
  LOG(s->sum, s->log_sum, j->l.lanes);
  find_losses(j, t, s);
  write_samples(j, t, s, index);
}

/* ---- Backward: dx = dy (softmax total - share) ------------------------- */

static void read_stats(const loss_job *j, const tile *t, samples *s) {
  const peri_arg *each = j->l.arg[PER_SAMPLE];
  T *const clear[] = {s->max, s->factor, s->dy};
  for (int i = 0; i < 3; i++) fill(clear[i], 0, j->l.lanes);
  for (int i = 0; i < t->count; i++) {
    const T *stats = j->l.arg[STATS]->data;
    stats += sample_at(t, STATS, i);
    s->max[i] = stats[0];
    s->factor[i] = stats[1];
    s->dy[i] =
        (T)(each->data ? number_at(each, sample_at(t, PER_SAMPLE, i)) : j->dy);
  }
  if (!j->l.single) return;
  for (int i = 0; i < 3; i++) fill(clear[i], *clear[i], LANES);
}

static void find_totals(const loss_job *j, tile *t, samples *s) {
  table work;
  if (j->soft) {
    fill(s->total, 0, j->l.lanes);
    EACH_TABLE(t) {
      view share = view_of(t, work, t->l->lanes, n);
      read_shares(j, t, s, &share, at);
      join_sum(s->total, &share);
    }
    fold_single(t, SUM, s->total);
  }
  for (int i = 0; i < j->l.lanes; i++) {
    if (s->total[i] == 0) s->dy[i] = 0;
    s->factor[i] *= s->dy[i] * s->total[i];
  }
}

static void dx_tile(const loss_job *j, tile *t, samples *s) {
  table work;
  read_stats(j, t, s);
  find_totals(j, t, s);
  EACH_TABLE(t) {
    view x = rows_in(t, LOGITS, at, n),
         share = view_of(t, work, t->l->lanes, n);
    view dx = rows_out(t, DX, at, n);
    powers(&dx, &x, s->max);
    scale(&dx, &dx, &dx, s->factor, s->total);
    if (j->dense) {
      read_shares(j, t, s, &share, at);
      subtract_shares(&dx, &dx, &share, s->dy, s->dy);
    }
    for (int i = 0; !j->dense && i < t->count; i++) {
      T *own = own_in(s, i, &dx, at, t->l->single);
      if (own) *own -= s->dy[i] * s->total[i];
    }
    rows_done(t, DX, at, &dx);
  }
}

/* ---- The kernels ------------------------------------------------------- */

static void loss_tiles(void *user, int64_t first, int64_t end, int thread) {
  const loss_job *j = user;
  (void)thread;
  for (; first < end && !peri_call_stopped(j->l.call); first++) {
    tile t;
    samples s;
    tile_begin(&t, &j->l, first);
    read_samples(j, &t, &s);
    if (j->l.arg[DX]->data)
      dx_tile(j, &t, &s);
    else
      loss_tile(j, &t, &s, first);
  }
}

/* stats [2 samples + 1] as an argument with the dimensions of x. */
COLD peri_arg stats_of(const peri_arg *stats, const peri_arg *x, int dim) {
  peri_arg arg = *stats;
  int64_t distance = 2;
  arg.ndim = x->ndim;
  for (int d = x->ndim - 1; d >= 0; d--) {
    arg.shape[d] = d == dim ? 1 : x->shape[d];
    arg.strides[d] = d == dim ? 0 : distance;
    distance *= arg.shape[d];
  }
  return arg;
}

/* The logits and what follows them in a call; 'per_sample' is taken if each
   sample has its own. 'order' keeps the arguments. */
COLD void begin(loss_job *j, peri_call *order, const peri_call *call,
                const peri_arg *stats, const peri_arg *per_sample) {
  const peri_arg *x = &call->arg[call->nout], none = {.data = NULL};
  memcpy(&j->attr, call->attr, sizeof j->attr);
  bool each = j->attr.reduction == PERI_REDUCE_NONE;
  j->soft = peri__is_float(x[1].dtype);
  j->dense = j->soft || j->attr.smoothing > 0;
  j->weight = x + 2;
  order->arg[LOGITS] = x[0];
  order->arg[TARGET] = x[1];
  order->arg[DX] = call->nout == 1 ? call->arg[0] : none;
  order->arg[STATS] = stats_of(stats, x, j->attr.dim);
  order->arg[PER_SAMPLE] = each ? *per_sample : none;
  unsigned dense = 1u << LOGITS | (unsigned)j->soft << TARGET;
  if (call->nout == 1) dense |= 1u << DX;
  j->l.call = call;
  j->l.pad[LOGITS] = NONE;
  lines_begin(&j->l, order, SOFTMAX_ARGS, dense, j->attr.dim);
  j->keep = 1 - j->attr.smoothing;
  j->spread = j->attr.smoothing / (double)j->l.length;
  for (int64_t k = 0; j->dense && k < j->l.length; k++)
    j->weights += weight_at(j, k);
}

COLD void put_number(const peri_arg *y, int64_t offset, double x) {
  peri__convert(peri__at(y, offset), y->dtype, 1, &x, PERI_F64, 1, 1);
}

void CLASS_LOSS(const peri_call *call) {
  loss_job j = {.sums = call->workspace};
  const peri_arg *y = &call->arg[0], *stats = &call->arg[1];
  double loss = 0, count = 0;
  peri_call order;
  begin(&j, &order, call, stats, y);
  peri_parallel_for(call, j.l.tiles, tile_cost(&j.l, 0.7), loss_tiles, &j);
  for (int64_t i = 0; i < j.l.tiles; i++) {
    loss += j.sums[2 * i];
    count += j.sums[2 * i + 1];
  }
  put_number(stats, 2 * j.l.count, count);
  if (j.attr.reduction == PERI_REDUCE_SUM) put_number(y, 0, loss);
  if (j.attr.reduction == PERI_REDUCE_MEAN) put_number(y, 0, loss / count);
}

void CLASS_LOSS_DX(const peri_call *call) {
  loss_job j = {.dy = 0};
  const peri_arg *dy = &call->arg[4], *stats = &call->arg[5];
  peri_call order;
  begin(&j, &order, call, stats, dy);
  if (j.attr.reduction != PERI_REDUCE_NONE) j.dy = number_at(dy, 0);
  if (j.attr.reduction == PERI_REDUCE_MEAN)
    j.dy /= number_at(stats, 2 * j.l.count);
  peri_parallel_for(call, j.l.tiles, tile_cost(&j.l, 0.7), loss_tiles, &j);
}
