/* random.c - the fast random kernels: words are drawn a block of counters at a
   time in vectors, made into numbers, converted into the output. An element
   depends on its place alone, so threads take any blocks. They serve outputs
   whose elements follow each other in memory. Twins: plain_random.c. */
#include "cpu/laws.h"
#include "cpu/walk.h"
#include "fast.h"
#include "random_words.h"

enum { COUNTERS = 128, WORDS = 4 * COUNTERS }; /* of a block */

/* Numbers of a block, in the type that the kernel makes. */
typedef union {
  float single[WORDS];
  double wide[WORDS];
  int64_t whole[WORDS];
} numbers;

typedef struct job {
  const peri_call *call;
  peri__random_attr attr;
  int64_t count, each; /* elements in all, of a block */
  peri_dtype made;
  uint32_t stream;
  double most; /* of uniform numbers between bounds */
  /* 'count' numbers from the words of a block that begins at element 'at'. */
  void (*make)(const struct job *job, const uint32_t *word, int64_t at,
               int64_t count, numbers *to);
} job;

/* The words of 'counters' blocks from 'first' on. */
static void draw(const peri__random_attr *attr, uint32_t stream_of,
                 uint64_t first, int64_t counters, uint32_t *word) {
  uint32_t low = (uint32_t)attr->key, high = (uint32_t)(attr->key >> 32);
  uint32_t call = (uint32_t)attr->draw;
  uint32_t stream = stream_of << 16 | (uint32_t)(attr->draw >> 32 & 0xffff);
  for (int64_t i = 0; i < counters; i++) {
    uint64_t block = first + (uint64_t)i;
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32), c2 = call;
    uint32_t c3 = stream, k0 = low, k1 = high;
    peri__rounds(&c0, &c1, &c2, &c3, &k0, &k1);
    word[4 * i] = c0;
    word[4 * i + 1] = c1;
    word[4 * i + 2] = c2;
    word[4 * i + 3] = c3;
  }
}

/* ---- Numbers ----------------------------------------------------------- */

static void uniform_single(const job *j, const uint32_t *word, int64_t at,
                           int64_t count, numbers *to) {
  (void)j;
  (void)at;
  for (int64_t i = 0; i < count; i++)
    to->single[i] = peri__uniform_narrow(word[i]);
}

/* As many bits as a 16-bit float holds. */
static void uniform_steps(const job *j, const uint32_t *word, int64_t at,
                          int64_t count, numbers *to) {
  float steps = j->call->arg[0].dtype == PERI_F16 ? 2048 : 256;
  (void)at;
  for (int64_t i = 0; i < count; i++)
    to->single[i] =
        (float)(int32_t)(peri__uniform_narrow(word[i]) * steps) / steps;
}

static void uniform_double(const job *j, const uint32_t *word, int64_t at,
                           int64_t count, numbers *to) {
  (void)j;
  (void)at;
  for (int64_t i = 0; i < count; i++)
    to->wide[i] = peri__uniform_wide(word[2 * i], word[2 * i + 1]);
}

/* Pairs are whole: behind the last element there are words to spare. */
static void normal_single(const job *j, const uint32_t *word, int64_t at,
                          int64_t count, numbers *to) {
  (void)j;
  (void)at;
  for (int64_t i = 0; i < (count + 1) / 2; i++)
    peri__normal_from((double)peri__uniform_narrow(word[2 * i]),
                      (double)peri__uniform_narrow(word[2 * i + 1]),
                      &to->wide[2 * i], &to->wide[2 * i + 1]);
}

static void normal_double(const job *j, const uint32_t *word, int64_t at,
                          int64_t count, numbers *to) {
  (void)j;
  (void)at;
  for (int64_t i = 0; i < (count + 1) / 2; i++)
    peri__normal_from(peri__uniform_wide(word[4 * i], word[4 * i + 1]),
                      peri__uniform_wide(word[4 * i + 2], word[4 * i + 3]),
                      &to->wide[2 * i], &to->wide[2 * i + 1]);
}

static void integers(const job *j, const uint32_t *word, int64_t at,
                     int64_t count, numbers *to) {
  (void)at;
  for (int64_t i = 0; i < count; i++) {
    uint64_t bits = (uint64_t)word[2 * i + 1] << 32 | word[2 * i];
    uint64_t high = peri__high_of_product(bits, j->attr.range);
    to->whole[i] = (int64_t)((uint64_t)j->attr.low + high);
  }
}

static void bernoulli(const job *j, const uint32_t *word, int64_t at,
                      int64_t count, numbers *to) {
  const peri_arg *p = &j->call->arg[1];
  if (j->call->nin > 0)
    LEVEL(convert)(to->wide, PERI_F64, peri__at(p, at), p->dtype, count);
  for (int64_t i = 0; j->call->nin == 0 && i < count; i++)
    to->wide[i] = j->attr.p;
  for (int64_t i = 0; i < count; i++) {
    double u = peri__uniform_wide(word[2 * i], word[2 * i + 1]);
    to->wide[i] = u < to->wide[i] ? 1 : 0;
  }
}

static void dropout(const job *j, const uint32_t *word, int64_t at,
                    int64_t count, numbers *to) {
  double p = j->attr.p, kept = 1 / (1 - p);
  (void)at;
  for (int64_t i = 0; i < count; i++)
    to->wide[i] = (double)peri__uniform_narrow(word[i]) < p ? 0 : kept;
}

/* ---- Laws with parameters, as plain_law.c has them --------------------- */

/* Parameter 'k' of 'count' elements. */
static void params(const job *j, int k, int64_t at, int64_t count, double *to) {
  const peri_arg *p = &j->call->arg[1 + k];
  if (j->call->nin > 0 && p->data)
    LEVEL(convert)(to, PERI_F64, peri__at(p, at), p->dtype, count);
  else
    for (int64_t i = 0; i < count; i++) to[i] = j->attr.real[k];
}

static void law_uniform(const job *j, const uint32_t *word, int64_t at,
                        int64_t count, numbers *to) {
  double low = j->attr.real[0], width = j->attr.real[1] - low, most = j->most;
  bool wide = j->call->arg[0].dtype == PERI_F64;
  (void)at;
  for (int64_t i = 0; wide && i < count; i++)
    to->wide[i] =
        low + width * peri__uniform_wide(word[2 * i], word[2 * i + 1]);
  for (int64_t i = 0; !wide && i < count; i++)
    to->wide[i] = low + width * (double)peri__uniform_narrow(word[i]);
  for (int64_t i = 0; i < count; i++)
    to->wide[i] = to->wide[i] < most ? to->wide[i] : most;
}

static void law_normal(const job *j, const uint32_t *word, int64_t at,
                       int64_t count, numbers *to) {
  double mean[WORDS], std[WORDS];
  params(j, 0, at, count, mean);
  params(j, 1, at, count, std);
  if (j->call->arg[0].dtype == PERI_F64)
    normal_double(j, word, at, count, to);
  else
    normal_single(j, word, at, count, to);
  for (int64_t i = 0; i < count; i++)
    to->wide[i] = mean[i] + std[i] * to->wide[i];
  if (j->attr.law == PERI_LAW_NORMAL) return;
  for (int64_t i = 0; i < count; i++)
    to->wide[i] = peri__exp_series(to->wide[i]);
}

/* Those of two words for each number. */
static void law_of_words(const job *j, const uint32_t *word, int64_t at,
                         int64_t count, numbers *to) {
  double p[WORDS / 2], q[WORDS / 2], *y = to->wide;
  params(j, 0, at, count, p);
  params(j, 1, at, count, q);
  switch (j->attr.law) {
    case PERI_LAW_EXPONENTIAL:
      for (int64_t i = 0; i < count; i++)
        y[i] = peri__exponential_from(
                   peri__uniform_wide(word[2 * i], word[2 * i + 1])) /
               p[i];
      break;
    case PERI_LAW_CAUCHY:
      for (int64_t i = 0; i < count; i++)
        y[i] = p[i] + q[i] * peri__cauchy_from(word[2 * i], word[2 * i + 1]);
      break;
    case PERI_LAW_LAPLACE:
      for (int64_t i = 0; i < count; i++)
        y[i] = p[i] + q[i] * peri__laplace_from(word[2 * i], word[2 * i + 1]);
      break;
    default:
      for (int64_t i = 0; i < count; i++)
        y[i] = peri__geometric_from(
            peri__uniform_wide(word[2 * i], word[2 * i + 1]), p[i]);
  }
}

/* What a law by trials begins with, two numbers for each element: normal ones
   of the words of the first round, or e^-rate. -> NULL if there is nothing */
static const double *first_of(int law, const uint32_t *word, const double *p,
                              int64_t count, double *to) {
  switch (law) {
    case PERI_LAW_POISSON:
      for (int64_t i = 0; i < count; i++)
        to[2 * i] = to[2 * i + 1] = peri__exp_series(-p[i]);
      return to;
    case PERI_LAW_BINOMIAL: return NULL;
    default:
      for (int64_t i = 0; i < count; i++)
        peri__normal_from(peri__uniform_wide(word[4 * i], word[4 * i + 1]),
                          peri__uniform_wide(word[4 * i + 2], word[4 * i + 3]),
                          &to[2 * i], &to[2 * i + 1]);
      return to;
  }
}

/* Four words are the first round of an element's trials; few need more than
   two rounds. */
static void law_of_trials(const job *j, const uint32_t *word, int64_t at,
                          int64_t count, numbers *to) {
  double p[COUNTERS], q[COUNTERS], room[2 * COUNTERS];
  uint32_t second[WORDS];
  params(j, 0, at, count, p);
  params(j, 1, at, count, q);
  draw(&j->attr, PERI_STREAM_TRIAL + 1, (uint64_t)at, count, second);
  const double *first = first_of(j->attr.law, word, p, count, room);
  for (int64_t i = 0; i < count; i++) {
    const double real[] = {p[i], q[i], j->attr.real[2], j->attr.real[3]};
    peri__trials t = {.key = j->attr.key,
                      .draw = j->attr.draw,
                      .element = (uint64_t)(at + i),
                      .ready = {word + 4 * i, second + 4 * i},
                      .first = first ? first + 2 * i : NULL};
    to->wide[i] =
        peri__number_by_trials(j->attr.law, &t, real, j->call->arg[0].dtype);
  }
}

/* ---- Blocks ------------------------------------------------------------ */

static void run_blocks(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  const peri_arg *y = &j->call->arg[0];
  uint32_t word[WORDS];
  numbers made;
  (void)thread;
  for (; first < end && !peri_call_stopped(j->call); first++) {
    int64_t at = first * j->each, count = j->count - at;
    if (count > j->each) count = j->each;
    draw(&j->attr, j->stream, (uint64_t)first * COUNTERS,
         (count * COUNTERS + j->each - 1) / j->each, word);
    j->make(j, word, at, count, &made);
    LEVEL(convert)(peri__at(y, at), y->dtype, &made, j->made, count);
  }
}

/* Fill the output with numbers of type 'made' from so many words each. */
COLD void run(const peri_call *call, int words, peri_dtype made,
              void (*make)(const job *job, const uint32_t *word, int64_t at,
                           int64_t count, numbers *to)) {
  bool trials = make == law_of_trials;
  job j = {.call = call, .each = WORDS / words, .made = made, .make = make};
  j.stream = trials ? PERI_STREAM_TRIAL : PERI_STREAM_TENSOR;
  memcpy(&j.attr, call->attr, sizeof j.attr);
  double low = j.attr.real[0], high = j.attr.real[1];
  double below = peri__below(high, call->arg[0].dtype);
  j.most = below > low ? below : low;
  j.count = peri__numel(call->arg[0].shape, call->arg[0].ndim);
  peri_parallel_for(call, (j.count + j.each - 1) / j.each,
                    (trials ? 15.0 : 2.0) * WORDS, run_blocks, &j);
}

static bool is_wide(const peri_call *call) {
  return call->arg[0].dtype == PERI_F64;
}

static void run_uniform(const peri_call *call) {
  if (is_wide(call))
    run(call, 2, PERI_F64, uniform_double);
  else if (call->arg[0].dtype == PERI_F32)
    run(call, 1, PERI_F32, uniform_single);
  else
    run(call, 1, PERI_F32, uniform_steps);
}

static void run_normal(const peri_call *call) {
  if (is_wide(call))
    run(call, 2, PERI_F64, normal_double);
  else
    run(call, 1, PERI_F64, normal_single);
}

static void run_integers(const peri_call *call) {
  run(call, 2, PERI_I64, integers);
}

static void run_bernoulli(const peri_call *call) {
  run(call, 2, PERI_F64, bernoulli);
}

static void run_dropout_mask(const peri_call *call) {
  run(call, 1, PERI_F64, dropout);
}

static bool takes_words(int law) {
  return law == PERI_LAW_EXPONENTIAL || law == PERI_LAW_CAUCHY ||
         law == PERI_LAW_LAPLACE || law == PERI_LAW_GEOMETRIC;
}

static void run_law(const peri_call *call) {
  peri__random_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  if (attr.law == PERI_LAW_UNIFORM)
    run(call, is_wide(call) ? 2 : 1, PERI_F64, law_uniform);
  else if (attr.law <= PERI_LAW_LOG_NORMAL)
    run(call, is_wide(call) ? 2 : 1, PERI_F64, law_normal);
  else if (takes_words(attr.law))
    run(call, 2, PERI_F64, law_of_words);
  else
    run(call, 4, PERI_F64, law_of_trials);
}

/* ---- Permutation ------------------------------------------------------- */

/* Positions from 'last' down to 'least' change places with those before them,
   drawn in a block and fetched before they are needed. */
static void shuffle_block(const peri__random_attr *attr, int64_t *order,
                          int64_t least, int64_t last) {
  uint32_t word[WORDS];
  int64_t with[COUNTERS];
  draw(attr, PERI_STREAM_TENSOR, (uint64_t)least, COUNTERS, word);
  for (int i = 0; i < COUNTERS; i++) {
    uint64_t bits = (uint64_t)word[4 * i + 1] << 32 | word[4 * i];
    with[i] =
        (int64_t)peri__high_of_product(bits, (uint64_t)least + (uint64_t)i + 1);
  }
  for (int64_t i = last - least; i >= 0; i--)
    __builtin_prefetch(&order[with[i]], 1);
  for (int64_t i = last - least; i >= 0; i--) {
    int64_t moved = order[least + i];
    order[least + i] = order[with[i]];
    order[with[i]] = moved;
  }
}

static void run_permutation(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  int64_t *order = y->data, count = y->shape[0];
  peri__random_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  for (int64_t i = 0; i < count; i++) order[i] = i + attr.base;
  for (int64_t last = count - 1; last > 0; last -= COUNTERS) {
    int64_t least = last - COUNTERS + 1;
    if (last / COUNTERS % (PERI_POLL / COUNTERS) == 0 &&
        peri_call_stopped(call))
      return;
    shuffle_block(&attr, order, least > 1 ? least : 1, last);
  }
}

/* ---- The table --------------------------------------------------------- */

/* True if the elements of every argument follow each other, row-major. */
COLD bool follows(const peri_call *call) {
  for (int a = 0; a < call->nout + call->nin; a++) {
    const peri_arg *arg = &call->arg[a];
    int64_t stride = 1; /* an absent one has no dimensions */
    for (int d = arg->ndim - 1; d >= 0; d--) {
      if (arg->shape[d] != 1 && arg->strides[d] != stride) return false;
      stride *= arg->shape[d];
    }
  }
  return true;
}

#define TABLE(name) \
  static void prepare_##name(peri_call *call) { call->run = run_##name; } \
  const peri__fast LEVEL(name) = {follows, prepare_##name};
TABLE(uniform)
TABLE(normal)
TABLE(integers)
TABLE(bernoulli)
TABLE(dropout_mask)

/* Bounds of uniform numbers must be plain ones. */
COLD bool is_block_law(const peri_call *call) {
  peri__random_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return follows(call) && (attr.law != PERI_LAW_UNIFORM || call->nin == 0);
}

COLD bool is_order(const peri_call *call) {
  const peri_arg *y = &call->arg[0];
  return follows(call) && y->dtype == PERI_I64 && y->shape[0] >= COUNTERS;
}

static void prepare_order(peri_call *call) { call->run = run_permutation; }
const peri__fast LEVEL(permutation) = {is_order, prepare_order};

static void prepare_law(peri_call *call) { call->run = run_law; }
const peri__fast LEVEL(law) = {is_block_law, prepare_law};
#undef TABLE
