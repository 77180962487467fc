/* matmul_spec.c - the matrix product in the order of sums of product.h, bit by
   bit: the plain kernel and the fast one of every level this processor has
   against three loops, over random sizes, layouts, batches and offsets, with
   bias and activation. Half types against the same product in float32. */
#include <math.h>
#include <stdlib.h>

#include "context_check.h"
#include "cpu/level.h"
#include "cpu/product.h"

/* ---- The three loops --------------------------------------------------- */

static bool fused; /* the kernels under test fuse */

/* Element [i, j] of the matrix at 'a', 'b' with the strides of the call. */
#define ELEMENT(name, T, FMA) \
  static T name(const peri__product *p, const T *a, const T *b) { \
    T lane[PERI_DOT_LANES] = {0}, total = 0; \
    for (int64_t k = 0; k < p->k; k++) { \
      T x = a[k * p->a_k], y = b[k * p->b_k]; \
      T *sum = &lane[p->dot ? k % PERI_DOT_LANES : 0]; \
      *sum = fused ? FMA(x, y, *sum) : *sum + x * y; \
      if ((k + 1) % p->part != 0 && k + 1 != p->k) continue; \
      for (int half = p->dot ? PERI_DOT_LANES / 2 : 0; half > 0; half /= 2) \
        for (int i = 0; i < half; i++) lane[i] += lane[i + half]; \
      total = k < p->part ? lane[0] : total + lane[0]; \
      memset(lane, 0, sizeof lane); \
    } \
    return total; \
  }

ELEMENT(element_f32, float, fmaf)
ELEMENT(element_f64, double, fma)

#define LOOPS(name, T, element) \
  static void name(const peri_call *call, T *out) { \
    const peri_arg *y = &call->arg[0], *a = &call->arg[1], *b = &call->arg[2]; \
    peri__product p = peri__product_of(call); \
    const T *bias = call->arg[3].data; \
    for (int64_t g = 0; g < y->shape[0]; g++) \
      for (int64_t i = 0; i < y->shape[1]; i++) \
        for (int64_t j = 0; j < y->shape[2]; j++) { \
          T *to = \
              out + g * y->strides[0] + i * y->strides[1] + j * y->strides[2]; \
          *to = element( \
              &p, (const T *)a->data + g * a->strides[0] + i * a->strides[1], \
              (const T *)b->data + g * b->strides[0] + j * b->strides[2]); \
          if (bias) *to += bias[j * call->arg[3].strides[0]]; \
        } \
  }

LOOPS(loops_f32, float, element_f32)
LOOPS(loops_f64, double, element_f64)

/* ---- Arguments --------------------------------------------------------- */

static uint64_t state;

static int64_t below(int64_t count) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (int64_t)((state >> 33) % (uint64_t)count);
}

/* A buffer of random numbers. */
typedef struct {
  void *data;
  size_t bytes;
} buffer;

static buffer random_buffer(int64_t count, peri_dtype dtype) {
  buffer made = {.bytes = (size_t)count * peri_dtype_size(dtype)};
  made.data = malloc(made.bytes + 1);
  for (int64_t i = 0; i < count; i++) {
    double x = (double)below(2000001) / 1000000 - 1;
    if (dtype == PERI_F32)
      ((float *)made.data)[i] = (float)x;
    else
      ((double *)made.data)[i] = x;
  }
  return made;
}

enum { ROW_MAJOR, COLUMN_MAJOR, EVERY_OTHER, SHARED, LAYOUTS };

/* A tensor [batch, rows, cols] in one of the layouts over 'from', which has
   room for twice its elements and an offset. */
static peri_tensor *laid(const buffer *from, int64_t batch, int64_t rows,
                         int64_t cols, int layout, peri_dtype dtype) {
  int64_t shape[] = {batch, rows, cols};
  int64_t strides[] = {rows * cols, cols, 1};
  if (layout == COLUMN_MAJOR) {
    strides[1] = 1;
    strides[2] = rows;
  }
  if (layout == EVERY_OTHER)
    for (int i = 0; i < 3; i++) strides[i] *= 2;
  if (layout == SHARED) strides[0] = 0;
  char *at = (char *)from->data + below(8) * (int64_t)peri_dtype_size(dtype);
  return peri_tensor_wrap(ctx, at, shape, strides, 3, dtype, NULL, NULL);
}

/* ---- One product ------------------------------------------------------- */

typedef struct {
  int64_t batch, m, n, k;
  int y, a, b; /* layouts */
  bool bias;
  peri_dtype dtype;
  const char *activation; /* NULL: none */
} product_case;

static void say(const product_case *c) {
  printf("isa %s: batch %d, %d x %d x %d, layouts %d %d %d, bias %d, %s %s\n",
         peri_isa(ctx), (int)c->batch, (int)c->m, (int)c->n, (int)c->k, c->y,
         c->a, c->b, c->bias, peri_dtype_name(c->dtype),
         c->activation ? c->activation : "");
}

static peri__matmul_attr attr_of(const product_case *c) {
  return (peri__matmul_attr){
      c->activation
          ? peri__activation_kernel(peri_op_named(NULL, c->activation))
          : PERI_NO_ACTIVATION};
}

/* Record and run it over buffers of y, a, b, bias. */
static peri_recording *run_over(const product_case *c, const buffer *data) {
  peri__matmul_attr attr = attr_of(c);
  peri_tensor *args[4] = {laid(&data[0], c->batch, c->m, c->n, c->y, c->dtype),
                          laid(&data[1], c->batch, c->m, c->k, c->a, c->dtype),
                          laid(&data[2], c->batch, c->k, c->n, c->b, c->dtype),
                          c->bias
                              ? peri_tensor_wrap(ctx, data[3].data, &c->n, NULL,
                                                 1, c->dtype, NULL, NULL)
                              : NULL};
  peri_recording *recording = peri_record(ctx);
  peri_launch(ctx, peri__kernel_id(PERI_K_matmul), args, 1, 3, &attr,
              sizeof attr);
  peri_record_stop(recording);
  return recording;
}

/* The loops, then the activation as the operation of its own. */
static void expect(const product_case *c, const peri_call *call, void *y) {
  const peri_arg *out = &call->arg[0];
  if (c->dtype == PERI_F32)
    loops_f32(call, y);
  else
    loops_f64(call, y);
  if (!c->activation) return;
  peri_tensor *plain = peri_tensor_wrap(ctx, y, out->shape, out->strides,
                                        out->ndim, c->dtype, NULL, NULL);
  peri_copy_(plain, peri_apply(ctx, peri_op_named(NULL, c->activation), &plain,
                               1, NULL, 0, NULL));
}

static void random_buffers(const product_case *c, buffer data[4]) {
  data[0] = random_buffer(2 * c->batch * c->m * c->n + 8, c->dtype);
  data[1] = random_buffer(2 * c->batch * c->m * c->k + 8, c->dtype);
  data[2] = random_buffer(2 * c->batch * c->k * c->n + 8, c->dtype);
  data[3] = random_buffer(c->n, c->dtype);
}

static void free_buffers(buffer data[4]) {
  for (int i = 0; i < 4; i++) free(data[i].data);
}

static bool ran_here(const peri_recording *recording) {
  return peri_recording_size(recording) == 1 &&
         strcmp(peri_recording_call(recording, 0)->provider->name,
                peri_isa(ctx)) == 0;
}

/* Run it; the whole buffer of y must be as the loops leave a copy of it. */
static bool same_bits(const product_case *c) {
  buffer data[4];
  random_buffers(c, data);
  char *copy = malloc(data[0].bytes);
  memcpy(copy, data[0].data, data[0].bytes);
  peri_recording *recording = run_over(c, data);
  bool ok = ran_here(recording);
  if (ok) {
    const peri_call *call = peri_recording_call(recording, 0);
    expect(c, call, copy + ((char *)call->arg[0].data - (char *)data[0].data));
    ok = memcmp(copy, data[0].data, data[0].bytes) == 0;
  }
  if (!ok) say(c);
  peri_recording_free(recording);
  free(copy);
  free_buffers(data);
  return ok;
}

/* ---- Half types --------------------------------------------------------- */

static buffer converted(const buffer *from, peri_dtype dtype,
                        peri_dtype wanted) {
  int64_t count = (int64_t)(from->bytes / peri_dtype_size(dtype));
  buffer made = {.bytes = (size_t)count * peri_dtype_size(wanted)};
  made.data = malloc(made.bytes + 1);
  peri__convert(made.data, wanted, 1, from->data, dtype, 1, count);
  return made;
}

/* The product of the same numbers in float32, rounded once. */
static bool rounds_once(const product_case *c) {
  product_case single = *c;
  single.dtype = PERI_F32;
  buffer exact[4], half[4], wide[4];
  random_buffers(&single, exact);
  for (int i = 0; i < 4; i++) {
    half[i] = converted(&exact[i], PERI_F32, c->dtype);
    wide[i] = converted(&half[i], c->dtype, PERI_F32);
  }
  uint64_t places = state;
  peri_recording *first = run_over(c, half);
  state = places;
  peri_recording *second = run_over(&single, wide);
  buffer rounded = converted(&wide[0], PERI_F32, c->dtype);
  bool ok =
      ran_here(first) && memcmp(rounded.data, half[0].data, rounded.bytes) == 0;
  if (!ok) say(c);
  peri_recording_free(first);
  peri_recording_free(second);
  free(rounded.data);
  free_buffers(exact);
  free_buffers(half);
  free_buffers(wide);
  return ok;
}

/* ---- Cases ------------------------------------------------------------- */

/* Sizes where something ends: nothing, one, a vector, a tile, a part. */
static const int64_t edge[][3] = {
    {0, 3, 4},      {3, 0, 4},    {3, 4, 0},    {1, 1, 0},     {1, 1, 1},
    {1, 256, 784},  {256, 1, 99}, {1, 1, 1000}, {1, 33, 31},   {128, 10, 256},
    {32, 256, 784}, {8, 48, 400}, {9, 49, 401}, {17, 97, 801}, {2, 1000, 3},
    {5, 800, 70},   {800, 5, 70}, {70, 130, 2}, {1, 3, 20000}};

/* Every mixture of three layouts; of large products every seventh. */
static void edges(peri_dtype dtype) {
  bool ok = true;
  for (size_t i = 0; i < sizeof edge / sizeof *edge; i++) {
    int64_t m = edge[i][0], n = edge[i][1], k = edge[i][2];
    for (int mix = 0; mix<27; mix += m * n * k> 100000 ? 7 : 1) {
      product_case c = {.batch = 1 + mix % 2,
                        .m = m,
                        .n = n,
                        .k = k,
                        .y = mix % 3,
                        .a = mix / 3 % 3,
                        .b = mix / 9,
                        .bias = mix % 2 == 1,
                        .dtype = dtype};
      ok = same_bits(&c) && ok;
    }
  }
  CHECK(ok);
}

static void random_cases(peri_dtype dtype,
                         bool (*right)(const product_case *c)) {
  static const char *const activation[] = {NULL, NULL, "relu", "tanh",
                                           "sigmoid"};
  bool ok = true;
  for (int i = 0; i < 100; i++) {
    int64_t most = i % 10 == 0 ? 200 : 50;
    product_case c = {.batch = 1 + below(3) * below(2),
                      .m = 1 + below(most),
                      .n = 1 + below(most),
                      .k = 1 + below(i % 7 == 0 ? 900 : most),
                      .y = (int)below(SHARED),
                      .a = (int)below(LAYOUTS),
                      .b = (int)below(LAYOUTS),
                      .bias = below(2) == 1,
                      .dtype = dtype,
                      .activation = activation[below(5)]};
    ok = right(&c) && ok;
  }
  CHECK(ok);
}

/* The rule itself: which products are cut, which take the dot form. */
static void rules(void) {
  static const struct {
    int64_t m, n, k;
    int b;
    int64_t part;
    bool dot;
  } row[] = {{2, 2, 400, ROW_MAJOR, 400, false},
             {2, 2, 401, ROW_MAJOR, 201, false},
             {2, 2, 784, COLUMN_MAJOR, 392, false},
             {1, 2, 784, COLUMN_MAJOR, 784, true},
             {1, 1, 8193, COLUMN_MAJOR, 4128, true},
             {1, 2, 784, ROW_MAJOR, 392, false},
             {2, 1, 784, COLUMN_MAJOR, 784, true}};
  buffer data = random_buffer(2 * 8193 + 8, PERI_F32);
  float y[4];
  buffer out = {y, sizeof y};
  for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
    int64_t m = row[i].m, n = row[i].n, k = row[i].k;
    peri_call call;
    peri__call_begin(&call, peri__kernel_id(PERI_K_matmul));
    peri__call_out(&call, laid(&out, 1, m, n, ROW_MAJOR, PERI_F32));
    peri__call_in(&call, laid(&data, 1, m, k, ROW_MAJOR, PERI_F32));
    peri__call_in(&call, laid(&data, 1, k, n, row[i].b, PERI_F32));
    peri__call_in(&call, NULL);
    peri__product p = peri__product_of(&call);
    CHECK(p.part == row[i].part && p.dot == row[i].dot);
  }
  free(data.data);
}

/* Other dtypes are left to the plain kernel. */
static void declined(void) {
  static const int64_t shape[] = {2, 2};
  static const int64_t number[] = {1, 2, 3, 4};
  peri_tensor *x = peri_tensor_new(ctx, number, shape, 2, PERI_I64);
  peri_recording *recording = peri_record(ctx);
  peri_matmul(x, x);
  peri_record_stop(recording);
  const peri_call *call = peri_recording_call(recording, 0);
  CHECK_TEXT(call->provider->name, "plain");
  peri_recording_free(recording);
}

static void at_level(const peri__level *level) {
  peri_options options = {.isa = level->name};
  ctx = peri_context_new(&options, NULL);
  if (!CHECK(ctx != NULL)) return;
  fused = level->provider ? level->fused : peri__has_fused();
  state = 12;
  edges(PERI_F32);
  edges(PERI_F64);
  random_cases(PERI_F32, same_bits);
  random_cases(PERI_F64, same_bits);
  if (level->provider) random_cases(PERI_F16, rounds_once);
  if (level->provider) random_cases(PERI_BF16, rounds_once);
  declined();
  peri_context_free(ctx);
}

/* With PERIGEE_QUICK set only the best level here. */
static bool is_wanted(int i) {
  const peri__level *next = peri__level_at(i + 1);
  bool best = !next || !next->here();
  return peri__level_at(i)->here() && (best || !getenv("PERIGEE_QUICK"));
}

int main(void) {
  for (int i = 0; peri__level_at(i); i++)
    if (is_wanted(i)) at_level(peri__level_at(i));
  in_context(rules);
  return check_done("matmul");
}
