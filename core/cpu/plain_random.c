/* plain_random.c - plain kernels of random numbers: element i, row-major, gets
   what (key, call number, i) say, whoever computes it and in whatever order.
   A block of Philox gives four words: four float32 or two float64. Attributes:
   peri__random_attr. */
#include "plain.h"

typedef struct {
  peri__random_attr attr;
  uint64_t block; /* whose words are held, +1; 0: none */
  uint32_t word[4];
} source;

static source source_of(const peri_call *call) {
  source s = {.block = 0};
  memcpy(&s.attr, call->attr, sizeof s.attr);
  return s;
}

static const uint32_t *words(source *s, uint64_t block) {
  if (s->block != block + 1) {
    peri__philox(s->attr.key, block, s->attr.draw, PERI_STREAM_TENSOR, s->word);
    s->block = block + 1;
  }
  return s->word;
}

/* Uniform number of element 'i', 24 bits or, if 'wide', 53. */
static double uniform(source *s, uint64_t i, bool wide) {
  if (!wide) return (double)peri__uniform32(words(s, i / 4)[i % 4]);
  const uint32_t *w = words(s, i / 2);
  return peri__uniform64(w[i % 2 * 2], w[i % 2 * 2 + 1]);
}

/* Elements come in pairs, each of two neighbouring uniform numbers. */
static double normal(source *s, uint64_t i, bool wide) {
  double pair[2];
  uint64_t even = i / 2 * 2;
  double u = uniform(s, even, wide), v = uniform(s, even + 1, wide);
  peri__normal_pair(u, v, pair);
  return pair[i % 2];
}

/* Call 'one' for each element of the output in row-major order. */
static void each(const peri_call *call,
                 void (*one)(const peri_call *call, source *s, uint64_t i,
                             const int64_t *offset)) {
  peri__lines lines;
  source s = source_of(call);
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
static void uniform_one(const peri_call *call, source *s, uint64_t i,
                        const int64_t *offset) {
  peri_dtype dtype = call->arg[0].dtype;
  double steps = dtype == PERI_F16 ? 2048 : dtype == PERI_BF16 ? 256 : 0;
  double u = uniform(s, i, wide(call));
  put(call, offset, steps > 0 ? (double)(int)(u * steps) / steps : u);
}

static void normal_one(const peri_call *call, source *s, uint64_t i,
                       const int64_t *offset) {
  put(call, offset, normal(s, i, wide(call)));
}

static void integer_one(const peri_call *call, source *s, uint64_t i,
                        const int64_t *offset) {
  const peri_arg *y = &call->arg[0];
  const uint32_t *w = words(s, i / 2) + i % 2 * 2;
  uint64_t bits = (uint64_t)w[1] << 32 | w[0];
  uint64_t high = peri__mul_high(bits, s->attr.range);
  int64_t value = (int64_t)((uint64_t)s->attr.low + high);
  peri__convert(peri__at(y, offset[0]), y->dtype, 1, &value, PERI_I64, 1, 1);
}

/* The input holds the probability of one. */
static void bernoulli_one(const peri_call *call, source *s, uint64_t i,
                          const int64_t *offset) {
  const peri_arg *x = &call->arg[1];
  double p;
  peri__convert(&p, PERI_F64, 1, peri__at(x, offset[1]), x->dtype, 1, 1);
  put(call, offset, uniform(s, i, true) < p ? 1 : 0);
}

static void dropout_one(const peri_call *call, source *s, uint64_t i,
                        const int64_t *offset) {
  double p = s->attr.p;
  put(call, offset, uniform(s, i, false) < p ? 0 : 1 / (1 - p));
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
  source s = source_of(call);
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
