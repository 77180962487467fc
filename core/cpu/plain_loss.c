/* plain_loss.c - plain kernels of cross entropy. For a target class t with
   weight w[t], smoothing e and K classes

     share[k] = w[k] ((1 - e) [k = t] + e / K),   count = w[t]

   and nothing if it is ignored; for probabilities p, which ignore nothing,

     share[k] = w[k] (p[k] (1 - e) + e / K),      count = 1.

   The loss of a sample is sum_k share[k] (log sum_j e^x[j] - x[k]); a class
   without a share takes no part, whatever its logit. Attributes:
   peri__class_attr; 'dim' is the dimension of the classes.

     class_weights  share, count; target, weight
     class_loss     y, stats; x, target, weight
     class_loss_dx  dx; x, target, weight, dy, stats

   The target of classes, count, and y and dy of each sample have size 1 in
   'dim'; else y and dy are a single number, the sum of the losses or, for the
   mean, that over the sum of the counts. stats [2 N + 1] has what a backward
   needs: max and 1 / sum e^(x - max) of each sample in row-major order, then
   the sum of the counts. */
#include <math.h>

#include "plain.h"

/* ---- What the classes of one sample count ------------------------------ */

typedef struct {
  const peri_arg *target, *weight; /* the weight may have no data */
  peri__class_attr attr;
  int64_t offset;  /* of the sample in the target */
  int64_t classes; /* K */
  int64_t own;     /* class from 0, of a target of classes */
  bool soft, live; /* live: it is not ignored, nor in a replay no class */
} sample;

static sample sample_of(const peri_call *call, const peri_arg *target,
                        int64_t offset, int64_t classes) {
  sample s = {.target = target,
              .weight = target + 1,
              .offset = offset,
              .classes = classes,
              .soft = peri__is_float(target->dtype),
              .live = true};
  memcpy(&s.attr, call->attr, sizeof s.attr);
  if (s.soft) return s;
  peri__convert(&s.own, PERI_I64, 1, peri__at(target, offset), target->dtype, 1,
                1);
  if (s.own != s.attr.ignore_index)
    s.own = peri__class(s.own, (int)s.attr.base, classes);
  else
    s.own = -1;
  s.live = s.own >= 0;
  return s;
}

static double weight_of(const sample *s, int64_t k) {
  return s->weight->data ? peri__get(s->weight, k * s->weight->strides[0]) : 1;
}

static double share_of(const sample *s, int64_t k) {
  if (!s->live) return 0;
  double p = k == s->own;
  if (s->soft)
    p = peri__get(s->target, s->offset + k * s->target->strides[s->attr.dim]);
  return weight_of(s, k) *
         (p * (1 - s->attr.smoothing) + s->attr.smoothing / (double)s->classes);
}

static double count_of(const sample *s) {
  if (s->soft) return 1;
  return s->live ? weight_of(s, s->own) : 0;
}

/* ---- class_weights ------------------------------------------------------ */

static void class_weights_line(const peri_call *call, const int64_t *offset) {
  const peri_arg *share = &call->arg[0], *count = &call->arg[1];
  peri__class_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  int64_t classes = share->shape[attr.dim];
  sample s = sample_of(call, &call->arg[2], offset[2], classes);
  for (int64_t k = 0; k < classes && !peri__stopped_at(call, k); k++)
    peri__put(share, offset[0] + k * share->strides[attr.dim], share_of(&s, k));
  peri__put(count, offset[1], count_of(&s));
}

void peri__plain_class_weights(const peri_call *call) {
  peri__class_attr attr;
  peri__lines lines;
  memcpy(&attr, call->attr, sizeof attr);
  if (!peri__lines_begin(&lines, call, attr.dim, 3)) return;
  do class_weights_line(call, lines.offset);
  while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

/* ---- class_loss -------------------------------------------------------- */

/* One line of logits. */
typedef struct {
  const peri_arg *x;
  int64_t offset, stride, length;
  double max, sum; /* of e^(x - max) */
} logits;

static double logit(const logits *l, int64_t k) {
  return peri__get(l->x, l->offset + k * l->stride);
}

/* NaN and +inf in the line end up in the sum; -inf alone gives nothing to
   subtract. */
static logits logits_of(const peri_call *call, const peri_arg *x,
                        int64_t offset, int dim) {
  logits l = {x, offset, x->strides[dim], x->shape[dim], -INFINITY, 0};
  for (int64_t k = 0; k < l.length && !peri__stopped_at(call, k); k++)
    if (logit(&l, k) > l.max) l.max = logit(&l, k);
  if (l.max == -INFINITY) l.max = 0;
  for (int64_t k = 0; k < l.length && !peri__stopped_at(call, k); k++)
    l.sum += exp(logit(&l, k) - l.max);
  return l;
}

static double loss_of(const peri_call *call, const logits *l, const sample *s) {
  double loss = 0;
  for (int64_t k = 0; k < l->length && !peri__stopped_at(call, k); k++) {
    double share = share_of(s, k);
    if (share != 0) loss += share * (l->max - logit(l, k) + log(l->sum));
  }
  return loss;
}

/* The arguments that the walk over the samples goes through are in front: it
   takes its shape from x. */
static bool samples_begin(peri__lines *lines, peri_call *walk,
                          const peri_arg *const *arg, int args, int dim) {
  for (int i = 0; i < args; i++) walk->arg[i] = *arg[i];
  return peri__lines_begin(lines, walk, dim, args);
}

void peri__plain_class_loss(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *stats = &call->arg[1];
  const peri_arg *x = &call->arg[2], *target = &call->arg[3];
  const peri_arg *walked[] = {x, target, y};
  double sum = 0, count = 0;
  int64_t n = 0;
  peri__class_attr attr;
  peri_call walk;
  peri__lines lines;
  memcpy(&attr, call->attr, sizeof attr);
  bool each = attr.reduction == PERI_REDUCE_NONE;
  if (samples_begin(&lines, &walk, walked, each ? 3 : 2, attr.dim)) do {
      logits l = logits_of(call, x, lines.offset[0], attr.dim);
      sample s = sample_of(call, target, lines.offset[1], l.length);
      double loss = loss_of(call, &l, &s);
      if (each) peri__put(y, lines.offset[2], loss);
      peri__put(stats, 2 * n, l.max);
      peri__put(stats, 2 * n++ + 1, 1 / l.sum);
      sum += loss;
      count += count_of(&s);
    } while (peri__lines_next(&lines) && !peri_call_stopped(call));
  peri__put(stats, 2 * n, count);
  if (attr.reduction == PERI_REDUCE_SUM) peri__put(y, 0, sum);
  if (attr.reduction == PERI_REDUCE_MEAN) peri__put(y, 0, sum / count);
}

/* ---- class_loss_dx ----------------------------------------------------- */

/* dx = dy (softmax(x) sum(share) - share); a sample without shares has none,
   whatever its logits. */
static void dx_line(const peri_call *call, const logits *l, const sample *s,
                    int64_t offset, double dy) {
  const peri_arg *dx = &call->arg[0];
  double total = 0;
  for (int64_t k = 0; k < l->length && !peri__stopped_at(call, k); k++)
    total += share_of(s, k);
  for (int64_t k = 0; k < l->length && !peri__stopped_at(call, k); k++) {
    double y = exp(logit(l, k) - l->max) / l->sum;
    peri__put(dx, offset + k * dx->strides[s->attr.dim],
              total == 0 ? 0 : dy * (y * total - share_of(s, k)));
  }
}

void peri__plain_class_loss_dx(const peri_call *call) {
  const peri_arg *x = &call->arg[1], *target = &call->arg[2];
  const peri_arg *dy = &call->arg[4], *stats = &call->arg[5];
  const peri_arg *walked[] = {x, target, &call->arg[0], dy};
  peri__class_attr attr;
  peri_call walk;
  peri__lines lines;
  memcpy(&attr, call->attr, sizeof attr);
  bool each = attr.reduction == PERI_REDUCE_NONE;
  double divisor = attr.reduction == PERI_REDUCE_MEAN
                       ? peri__get(stats, stats->shape[0] - 1)
                       : 1;
  if (!samples_begin(&lines, &walk, walked, each ? 4 : 3, attr.dim)) return;
  do {
    logits l = logits_of(call, x, lines.offset[0], attr.dim);
    sample s = sample_of(call, target, lines.offset[1], l.length);
    dx_line(call, &l, &s, lines.offset[2],
            peri__get(dy, each ? lines.offset[3] : 0) / divisor);
  } while (peri__lines_next(&lines) && !peri_call_stopped(call));
}
