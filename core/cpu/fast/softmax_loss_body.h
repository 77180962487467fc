/* softmax_loss_body.h - cross entropy of one element type at one level, one
   pass over the logits each way. Twins and contract: plain_loss.c.

   A tile of samples is worked on as softmax_lines.h has it. Its losses are
   added up as they come; the sums of the tiles are joined pair by pair. */
#include "softmax_lines.h"

enum { X, DX, TARGET, STATS, PER_SAMPLE, ARGS }; /* arguments */

typedef struct {
  lines l;
  const peri_call *call;
  peri__class_attr attr;
  int place[ARGS]; /* in the bundle, -1: not there */
  const peri_arg *arg[ARGS];
  peri_arg stats;  /* as if it had the dimensions of x */
  bool soft;       /* the target is probabilities */
  bool dense;      /* every class has a share */
  const T *weight; /* of class 0 */
  int64_t weight_step;
  T keep, spread; /* share of the target itself, and of every class */
  T weights;      /* their sum */
  T dy;           /* what flows into each sample, unless it has its own */
  double *sums;   /* two of each tile: losses, what the samples count */
} job;

/* The samples of a tile; one alone is the first. */
typedef struct {
  lane_row max, share, log_sum; /* of e^(x - max), share is 1 / sum */
  lane_row own;                 /* class from 0, -1: the sample is ignored */
  lane_row counts;              /* what the sample counts */
  lane_row loss, dy, total;     /* total: of the shares of all classes */
} samples;

/* Where the tile is: logits and, if they are dense, targets and dx; in memory
   or in tables. */
typedef struct {
  const T *x, *target;
  T *dx;
  int64_t x_along, target_along, dx_along, length;
} strip;

/* ---- The samples ------------------------------------------------------- */

static int64_t class_at(const peri_arg *target, int64_t offset) {
  switch (target->dtype) {
    case PERI_I64: return ((const int64_t *)target->data)[offset];
    case PERI_I32: return ((const int32_t *)target->data)[offset];
    default: return ((const uint8_t *)target->data)[offset];
  }
}

static int64_t sample_at(const job *j, int what, const int64_t *offset, int i) {
  return offset[j->place[what]] + i * j->l.b.step[j->place[what]];
}

/* Class and weight of the 'count' samples. */
static void read_samples(const job *j, const int64_t *offset, int count,
                         samples *s) {
  for (int i = 0; i < SIDE_BY_SIDE; i++) {
    s->own[i] = -1;
    s->counts[i] = 0;
    if (i >= count) continue;
    if (j->soft) {
      s->own[i] = 0;
      s->counts[i] = 1;
      continue;
    }
    int64_t given = class_at(j->arg[TARGET], sample_at(j, TARGET, offset, i));
    if (given == j->attr.ignore_index) continue;
    given -= j->attr.base;
    s->own[i] = (T)given;
    s->counts[i] = j->weight[given * j->weight_step];
  }
}

/* What class k counts in sample i of classes. */
INLINE T class_share(const job *j, T weight, T own, T k) {
  T share = weight * (own == k ? j->keep + j->spread : j->spread);
  return own < 0 ? 0 : share;
}

INLINE T soft_share(const job *j, T weight, T p) {
  return weight * (p * j->keep + j->spread);
}

/* Shares of classes 'at' to 'at' + 'count' of samples side by side. */
static void shares_rows(const job *j, const strip *p, const samples *s,
                        int64_t at, int64_t count, T *to) {
  for (int64_t k = at; k < at + count; k++, to += SIDE_BY_SIDE) {
    T weight = j->weight[k * j->weight_step], place = (T)k;
    const T *target = p->target + k * p->target_along;
    if (j->soft)
      SIDES to[i] = soft_share(j, weight, target[i]);
    else
      SIDES to[i] = class_share(j, weight, s->own[i], place);
  }
}

/* The same of one sample. */
static void shares_line(const job *j, const strip *p, const samples *s,
                        int64_t at, int64_t count, T *to) {
  T copy[PART], own = s->own[0];
  const T *weight =
      part_in(j->weight + at * j->weight_step, j->weight_step, count, copy);
  if (j->soft)
    for (int64_t k = 0; k < count; k++)
      to[k] = soft_share(j, weight[k], p->target[(at + k) * p->target_along]);
  else
    for (int64_t k = 0; k < count; k++)
      to[k] = class_share(j, weight[k], own, (T)(at + k));
}

/* ---- Forward ----------------------------------------------------------- */

/* A class without a share takes no part, whatever its logit. */
INLINE T part_of_loss(T share, T max, T x, T log_sum) {
  return share == 0 ? 0 : share * (max - x + log_sum);
}

static void own_loss(const strip *p, samples *s, int count) {
  for (int i = 0; i < count; i++) {
    T x = s->own[i] < 0 ? 0 : p->x[(int64_t)s->own[i] * p->x_along + i];
    s->loss[i] = part_of_loss(s->counts[i], s->max[i], x, s->log_sum[i]);
  }
  for (int i = count; i < SIDE_BY_SIDE; i++) s->loss[i] = 0;
}

static void loss_rows(const job *j, const strip *p, samples *s) {
  table share;
  rows_max(p->x, p->x_along, p->length, s->max);
  rows_exp(j->call, p->x, p->x_along, NULL, 0, p->length, s->max, s->share);
  SIDES s->log_sum[i] = LOG(s->share[i]);
  SIDES s->share[i] = 1 / s->share[i];
  if (!j->dense) {
    own_loss(p, s, SIDE_BY_SIDE);
    return;
  }
  clear(s->loss);
  for (int64_t at = 0; at < p->length; at += CHAIN) {
    int64_t count = chain_of(p->length, at);
    shares_rows(j, p, s, at, count, share);
    for (int64_t k = 0; k < count; k++) {
      const T *x = p->x + (at + k) * p->x_along;
      T *to = share + k * SIDE_BY_SIDE;
      SIDES to[i] = part_of_loss(to[i], s->max[i], x[i], s->log_sum[i]);
    }
    add_chain(s->loss, share, SIDE_BY_SIDE, count);
  }
}

static void loss_line(const job *j, const strip *p, samples *s) {
  T share[PART];
  tree total = {0};
  s->max[0] = line_max(p->x, p->x_along, p->length);
  s->share[0] =
      line_exp(j->call, p->x, p->x_along, NULL, 0, p->length, s->max[0]);
  s->log_sum[0] = LOG(s->share[0]);
  s->share[0] = 1 / s->share[0];
  own_loss(p, s, 1);
  for (int64_t at = 0; j->dense && at < p->length; at += PART) {
    int64_t count = part_of(p->length, at);
    shares_line(j, p, s, at, count, share);
    for (int64_t k = 0; k < count; k++)
      share[k] = part_of_loss(share[k], s->max[0], p->x[(at + k) * p->x_along],
                              s->log_sum[0]);
    tree_add(SUM, &total, block_of(SUM, share, count, 0));
  }
  if (j->dense) s->loss[0] = tree_end(SUM, &total, 0);
}

/* SIDE_BY_SIDE numbers folded in halves. */
static double fold_samples(const T *x, int count) {
  double part[SIDE_BY_SIDE];
  for (int i = 0; i < SIDE_BY_SIDE; i++) part[i] = i < count ? (double)x[i] : 0;
  for (int half = SIDE_BY_SIDE / 2; half > 0; half /= 2)
    for (int i = 0; i < half; i++) part[i] += part[i + half];
  return part[0];
}

static void write_samples(const job *j, const int64_t *offset, int count,
                          const samples *s, int64_t tile) {
  for (int i = 0; i < count; i++) {
    T *stats = (T *)j->stats.data + sample_at(j, STATS, offset, i);
    stats[0] = s->max[i];
    stats[1] = s->share[i];
    if (j->place[PER_SAMPLE] >= 0)
      ((T *)j->arg[PER_SAMPLE]->data)[sample_at(j, PER_SAMPLE, offset, i)] =
          s->loss[i];
  }
  j->sums[2 * tile] = fold_samples(s->loss, count);
  j->sums[2 * tile + 1] = fold_samples(s->counts, count);
}

/* ---- Backward: dx = dy (softmax total - share) ------------------------- */

static void read_stats(const job *j, const int64_t *offset, int count,
                       samples *s) {
  for (int i = 0; i < SIDE_BY_SIDE; i++) s->max[i] = s->share[i] = s->dy[i] = 0;
  for (int i = 0; i < count; i++) {
    const T *stats = (const T *)j->stats.data + sample_at(j, STATS, offset, i);
    s->max[i] = stats[0];
    s->share[i] = stats[1];
    s->dy[i] = j->place[PER_SAMPLE] < 0
                   ? j->dy
                   : ((const T *)j->arg[PER_SAMPLE]
                          ->data)[sample_at(j, PER_SAMPLE, offset, i)];
  }
}

/* Totals of samples of classes. */
static void class_totals(const job *j, samples *s) {
  for (int i = 0; i < SIDE_BY_SIDE; i++)
    s->total[i] =
        s->own[i] < 0 ? 0 : s->counts[i] * j->keep + j->spread * j->weights;
}

static void soft_totals_rows(const job *j, const strip *p, samples *s) {
  table share;
  clear(s->total);
  for (int64_t at = 0; at < p->length; at += CHAIN) {
    int64_t count = chain_of(p->length, at);
    shares_rows(j, p, s, at, count, share);
    add_chain(s->total, share, SIDE_BY_SIDE, count);
  }
}

static void soft_total_line(const job *j, const strip *p, samples *s) {
  T share[PART];
  tree total = {0};
  for (int64_t at = 0; at < p->length; at += PART) {
    int64_t count = part_of(p->length, at);
    shares_line(j, p, s, at, count, share);
    tree_add(SUM, &total, block_of(SUM, share, count, 0));
  }
  s->total[0] = tree_end(SUM, &total, 0);
}

/* A sample without a total has no gradient, whatever its logits. */
INLINE T gradient(T x, T max, T factor, T total) {
  T y = EXP(x - max) * factor;
  return total == 0 ? 0 : y;
}

/* The classes of the samples get the rest: one class each has a share. */
static void subtract_own(const strip *p, const samples *s, int count) {
  for (int i = 0; i < count; i++)
    if (s->total[i] != 0)
      p->dx[(int64_t)s->own[i] * p->dx_along + i] -= s->dy[i] * s->total[i];
}

static void dx_rows(const job *j, const strip *p, samples *s) {
  lane_row factor;
  table share;
  if (j->soft) soft_totals_rows(j, p, s);
  SIDES factor[i] = s->share[i] * (s->dy[i] * s->total[i]);
  for (int64_t at = 0; at < p->length; at += CHAIN) {
    int64_t count = chain_of(p->length, at);
    if (j->dense) shares_rows(j, p, s, at, count, share);
    for (int64_t k = at; k < at + count; k++) {
      const T *x = p->x + k * p->x_along, *own = share;
      T *dx = p->dx + k * p->dx_along;
      SIDES dx[i] = gradient(x[i], s->max[i], factor[i], s->total[i]);
      own += (k - at) * SIDE_BY_SIDE;
      if (j->dense) SIDES dx[i] -= s->total[i] == 0 ? 0 : s->dy[i] * own[i];
    }
  }
  if (!j->dense) subtract_own(p, s, SIDE_BY_SIDE);
}

static void dx_line(const job *j, const strip *p, samples *s) {
  T copy[PART], result[PART], share[PART];
  if (j->soft) soft_total_line(j, p, s);
  T max = s->max[0], total = s->total[0], dy = s->dy[0];
  T factor = s->share[0] * (dy * total);
  for (int64_t at = 0; at < p->length; at += PART) {
    int64_t count = part_of(p->length, at);
    const T *x = part_in(p->x + at * p->x_along, p->x_along, count, copy);
    T *dx = part_place(p->dx + at * p->dx_along, p->dx_along, result);
    for (int64_t k = 0; k < count; k++)
      dx[k] = gradient(x[k], max, factor, total);
    if (j->dense && total != 0) {
      shares_line(j, p, s, at, count, share);
      for (int64_t k = 0; k < count; k++) dx[k] -= dy * share[k];
    }
    part_out(p->dx + at * p->dx_along, p->dx_along, count, dx);
  }
  if (!j->dense) subtract_own(p, s, 1);
}

/* ---- Tiles ------------------------------------------------------------- */

static strip strip_of(const job *j, const int64_t *offset) {
  const peri__bundle *b = &j->l.b;
  strip p = {.length = b->length,
             .x = (const T *)j->arg[X]->data + offset[j->place[X]],
             .x_along = b->along[j->place[X]]};
  if (j->soft) {
    p.target = (const T *)j->arg[TARGET]->data + offset[j->place[TARGET]];
    p.target_along = b->along[j->place[TARGET]];
  }
  if (j->place[DX] >= 0) {
    p.dx = (T *)j->arg[DX]->data + offset[j->place[DX]];
    p.dx_along = b->along[j->place[DX]];
  }
  return p;
}

/* Samples side by side, or short ones turned into tables. */
static void side_by_side(const job *j, const strip *p, samples *s, int count) {
  const peri__bundle *b = &j->l.b;
  table x, target, dx;
  strip in = *p;
  bool turned = !j->l.direct || count < SIDE_BY_SIDE;
  if (turned) {
    turn_in(p->x, p->x_along, b->step[j->place[X]], p->length, count, x);
    in.x = x;
    in.x_along = in.target_along = in.dx_along = SIDE_BY_SIDE;
    in.dx = dx;
    if (j->soft)
      turn_in(p->target, p->target_along, b->step[j->place[TARGET]], p->length,
              count, target);
    in.target = target;
  }
  if (!p->dx) {
    loss_rows(j, &in, s);
    return;
  }
  dx_rows(j, &in, s);
  if (turned)
    turn_out(p->dx, p->dx_along, b->step[j->place[DX]], p->length, count, dx);
}

/* Sample 'i' of the tile as the only one of 'one'. */
static void pick_sample(const samples *s, int i, samples *one) {
  one->own[0] = s->own[i];
  one->counts[0] = s->counts[i];
  one->max[0] = s->max[i];
  one->share[0] = s->share[i];
  one->dy[0] = s->dy[i];
  one->total[0] = s->total[i];
}

static void one_by_one(const job *j, strip p, samples *s, int count) {
  const peri__bundle *b = &j->l.b;
  samples one;
  for (int i = 0; i < count; i++) {
    pick_sample(s, i, &one);
    if (p.dx)
      dx_line(j, &p, &one);
    else
      loss_line(j, &p, &one);
    s->max[i] = one.max[0];
    s->share[i] = one.share[0];
    s->loss[i] = one.loss[0];
    p.x += b->step[j->place[X]];
    if (j->soft) p.target += b->step[j->place[TARGET]];
    if (p.dx) p.dx += b->step[j->place[DX]];
  }
}

static void tiles(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  (void)thread;
  for (; first < end && !peri_call_stopped(j->call); first++) {
    int64_t offset[PERI_BUNDLE_ARGS];
    samples s;
    int count = peri__bundle_tile(&j->l.b, first, offset);
    strip p = strip_of(j, offset);
    read_samples(j, offset, count, &s);
    if (p.dx) {
      read_stats(j, offset, count, &s);
      class_totals(j, &s);
    }
    bool whole = j->l.direct && count == SIDE_BY_SIDE;
    if (whole || p.length <= SHORT_LINE)
      side_by_side(j, &p, &s, count);
    else
      one_by_one(j, p, &s, count);
    if (!p.dx) write_samples(j, offset, count, &s, first);
  }
}

/* ---- The kernels ------------------------------------------------------- */

/* stats [2 samples + 1] as an argument with the dimensions of x. */
static peri_arg stats_of(const peri_arg *stats, const peri_arg *x, int dim) {
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

static void read_weights(job *j, const peri_arg *weight, int64_t classes) {
  static const T one = 1;
  T copy[PART];
  tree total = {0};
  j->weight = weight->data ? weight->data : &one;
  j->weight_step = weight->data ? weight->strides[0] : 0;
  j->keep = (T)(1 - j->attr.smoothing);
  j->spread = (T)(j->attr.smoothing / (double)classes);
  for (int64_t at = 0; j->dense && at < classes; at += PART) {
    int64_t count = part_of(classes, at);
    const T *in =
        part_in(j->weight + at * j->weight_step, j->weight_step, count, copy);
    tree_add(SUM, &total, block_of(SUM, in, count, 0));
  }
  j->weights = tree_end(SUM, &total, 0);
}

/* Arguments into the bundle: first those with elements along the classes. */
static void bundle_of(job *j) {
  static const int order[ARGS] = {X, DX, TARGET, STATS, PER_SAMPLE};
  const peri_arg *arg[ARGS];
  int count = 0;
  for (int i = 0; i < ARGS; i++) {
    int what = order[i];
    j->place[what] = j->arg[what] ? count : -1;
    if (j->arg[what]) arg[count++] = j->arg[what];
  }
  int dense = 1 + (j->arg[DX] != NULL) + j->soft;
  lines_begin(&j->l, j->call, arg, count, dense, j->attr.dim);
}

/* From the logits on, as both kernels have them; 'per_sample' if each sample
   has its own. */
static void begin(job *j, const peri_call *call, const peri_arg *stats,
                  const peri_arg *per_sample) {
  const peri_arg *x = &call->arg[call->nout];
  memcpy(&j->attr, call->attr, sizeof j->attr);
  j->call = call;
  j->soft = peri__is_float(x[1].dtype);
  j->dense = j->soft || j->attr.smoothing > 0;
  j->stats = stats_of(stats, x, j->attr.dim);
  j->arg[X] = x;
  j->arg[TARGET] = x + 1;
  j->arg[STATS] = &j->stats;
  if (j->attr.reduction == PERI_REDUCE_NONE) j->arg[PER_SAMPLE] = per_sample;
  bundle_of(j);
  read_weights(j, x + 2, j->l.b.length);
}

/* Join the sums of the tiles pair by pair. */
static void join_sums(double *sums, int64_t count) {
  if (count == 0) sums[0] = sums[1] = 0;
  for (; count > 1; count = (count + 1) / 2)
    for (int64_t i = 0; 2 * i < count; i++) {
      bool pair = 2 * i + 1 < count;
      for (int s = 0; s < 2; s++)
        sums[2 * i + s] =
            pair ? sums[4 * i + s] + sums[4 * i + 2 + s] : sums[4 * i + s];
    }
}

void CLASS_LOSS(const peri_call *call) {
  job j = {.sums = call->workspace};
  double none[2];
  const peri_arg *y = &call->arg[0], *stats = &call->arg[1];
  begin(&j, call, stats, y);
  if (j.l.b.tiles == 0) j.sums = none;
  peri_parallel_for(call, j.l.b.tiles, tile_cost(&j.l, 0.7), tiles, &j);
  join_sums(j.sums, j.l.b.tiles);
  ((T *)stats->data)[2 * j.l.b.lines] = (T)j.sums[1];
  if (j.attr.reduction == PERI_REDUCE_SUM) *(T *)y->data = (T)j.sums[0];
  if (j.attr.reduction == PERI_REDUCE_MEAN)
    *(T *)y->data = (T)(j.sums[0] / j.sums[1]);
}

void CLASS_LOSS_DX(const peri_call *call) {
  job j = {.arg = {[DX] = &call->arg[0]}};
  const peri_arg *dy = &call->arg[4], *stats = &call->arg[5];
  begin(&j, call, stats, dy);
  if (j.attr.reduction != PERI_REDUCE_NONE) j.dy = *(const T *)dy->data;
  if (j.attr.reduction == PERI_REDUCE_MEAN)
    j.dy /= ((const T *)stats->data)[2 * j.l.b.lines];
  peri_parallel_for(call, j.l.b.tiles, tile_cost(&j.l, 0.7), tiles, &j);
}
