/* plain_random.c - plain kernels of random numbers: element i, row-major, gets
   what (key, call number, i) say, whoever computes it and in whatever order.
   Attributes: peri__random_attr. */
#include "plain.h"
#include "random_source.h"

/* Call 'one' for each element of the output in row-major order. */
static void each(const peri_call *call,
                 void (*one)(const peri_call *call, peri__source *s, uint64_t i,
                             const int64_t *offset)) {
  peri__lines lines;
  peri__source s = peri__source_of(call);
  if (!peri__lines_begin(&lines, call, -1, call->nout + call->nin)) return;
  uint64_t i = 0;
  do one(call, &s, i++, lines.offset);
  while (peri__lines_next(&lines) && !peri_call_stopped(call));
}

static void put(const peri_call *call, const int64_t *offset, double value) {
  const peri_arg *y = &call->arg[0];
  peri__convert(peri__at(y, offset[0]), y->dtype, 1, &value, PERI_F64, 1, 1);
}

static bool wide(const peri_call *call) {
  return call->arg[0].dtype == PERI_F64;
}

/* The 16-bit floats keep as many bits of a word as they hold, so that nothing
   is rounded up to 1. */
static void uniform_one(const peri_call *call, peri__source *s, uint64_t i,
                        const int64_t *offset) {
  peri_dtype dtype = call->arg[0].dtype;
  double steps = dtype == PERI_F16 ? 2048 : dtype == PERI_BF16 ? 256 : 0;
  double u = peri__uniform_at(s, i, wide(call));
  put(call, offset, steps > 0 ? (double)(int)(u * steps) / steps : u);
}

static void normal_one(const peri_call *call, peri__source *s, uint64_t i,
                       const int64_t *offset) {
  put(call, offset, peri__normal_at(s, i, wide(call)));
}

static void integer_one(const peri_call *call, peri__source *s, uint64_t i,
                        const int64_t *offset) {
  const peri_arg *y = &call->arg[0];
  const uint32_t *w = peri__word_pair(s, i);
  uint64_t bits = (uint64_t)w[1] << 32 | w[0];
  uint64_t high = peri__mul_high(bits, s->attr.range);
  int64_t value = (int64_t)((uint64_t)s->attr.low + high);
  peri__convert(peri__at(y, offset[0]), y->dtype, 1, &value, PERI_I64, 1, 1);
}

/* The input holds the probability of one; without it, it is the attribute. */
static void bernoulli_one(const peri_call *call, peri__source *s, uint64_t i,
                          const int64_t *offset) {
  double p = call->nin > 0 ? peri__get(&call->arg[1], offset[1]) : s->attr.p;
  put(call, offset, peri__uniform_at(s, i, true) < p ? 1 : 0);
}

static void dropout_one(const peri_call *call, peri__source *s, uint64_t i,
                        const int64_t *offset) {
  double p = s->attr.p;
  put(call, offset, peri__uniform_at(s, i, false) < p ? 0 : 1 / (1 - p));
}

void peri__plain_uniform(const peri_call *call) { each(call, uniform_one); }
void peri__plain_normal(const peri_call *call) { each(call, normal_one); }
void peri__plain_integers(const peri_call *call) { each(call, integer_one); }
void peri__plain_bernoulli(const peri_call *call) { each(call, bernoulli_one); }

void peri__plain_dropout_mask(const peri_call *call) {
  each(call, dropout_one);
}

/* The order is made in int64 at the output itself, or in the workspace where
   the output has another dtype. */
void peri__plain_permutation(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  peri__source s = peri__source_of(call);
  int64_t count = y->shape[0];
  int64_t *order = y->dtype == PERI_I64 ? y->data : call->workspace;
  for (int64_t i = 0; i < count; i++) order[i] = i;
  for (int64_t from = count - 1; from > 0; from -= PERI_POLL) {
    int64_t to = from > PERI_POLL ? from - PERI_POLL : 0;
    if (peri_call_stopped(call)) return;
    peri__shuffle_part(s.attr.key, s.attr.draw, PERI_STREAM_TENSOR, order, from,
                       to);
  }
  for (int64_t i = 0; i < count; i++) {
    int64_t value = order[i] + s.attr.base;
    peri__convert(peri__at(y, i), y->dtype, 1, &value, PERI_I64, 1, 1);
  }
}
