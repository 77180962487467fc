/* matmul_half.c - products of float16 and bfloat16: a matrix of the batch at a
   time is converted to float32 in the workspace, multiplied there, and rounded
   once on its way out. Threads take whole matrices of a batch, or share the one
   there is. Twin: plain_matmul.c. */
#include "matmul.h"
#include "pointwise.h"

#define LINE 16          /* float32 elements of a cache line */
#define CONVERT_COST 0.2 /* nanoseconds of an element */

/* Where a matrix lies in float32: dense, along the same dimension as before.
   Offsets in elements, from the workspace of the thread. */
typedef struct {
  const peri_call *call;
  peri__product shape, single; /* the batch as it is, one matrix in float32 */
  bool a_turned, b_turned;     /* a lies along m, b along k */
  int64_t a, b, y, bias, inner, size;
} stage;

static int64_t whole_lines(int64_t count) {
  return (count + LINE - 1) / LINE * LINE;
}

static stage stage_of(const peri_call *call, const peri__product *shape) {
  stage s = {.call = call, .shape = *shape, .single = *shape};
  peri__product *one = &s.single;
  s.a_turned = one->a_row == 1 && one->a_k != 1;
  s.b_turned = one->b_k == 1 && one->b_col != 1;
  one->batch = 0;
  one->y_row = one->n;
  one->y_col = one->bias_col = 1;
  one->a_row = s.a_turned ? 1 : one->k;
  one->a_k = s.a_turned ? one->m : 1;
  one->b_k = s.b_turned ? 1 : one->n;
  one->b_col = s.b_turned ? one->k : 1;
  s.b = whole_lines(one->m * one->k);
  s.y = s.b + whole_lines(one->k * one->n);
  s.bias = s.y + whole_lines(one->m * one->n);
  s.inner = s.bias + whole_lines(one->n);
  return s;
}

/* The record of one matrix in float32, for one thread or all, without data. */
static peri_call inner_call(const stage *s) {
  peri_call inner = *s->call;
  if (peri__product_count(&s->shape) > 1) inner.threads = 1;
  for (int i = 0; i < 4; i++) inner.arg[i].dtype = PERI_F32;
  return inner;
}

/* ---- Conversion, shared by rows ---------------------------------------- */

typedef struct {
  peri__block block;
  float *dense;
  bool out;
} conversion;

static void convert_rows(void *user, int64_t first, int64_t end, int thread) {
  const conversion *c = user;
  peri__block part = c->block;
  float *dense = c->dense + first * part.cols;
  (void)thread;
  part.rows = end - first;
  part.data = (char *)part.data +
              first * part.row * (int64_t)peri_dtype_size(part.dtype);
  if (c->out)
    LEVEL(block_write)(&part, dense, PERI_F32);
  else
    LEVEL(block_read)(&part, dense, PERI_F32);
}

/* 'rows' x 'cols' elements of argument 'i' from 'offset' on; 'row' and 'col'
   are its strides. */
static void convert(const stage *s, int i, int64_t offset, peri__block block,
                    float *dense) {
  const peri_arg *arg = &s->call->arg[i];
  conversion c = {block, dense, i == 0};
  c.block.dtype = arg->dtype;
  c.block.data =
      (char *)arg->data + offset * (int64_t)peri_dtype_size(arg->dtype);
  peri_parallel_for(s->call, block.rows, CONVERT_COST * (double)block.cols,
                    convert_rows, &c);
}

/* ---- One matrix --------------------------------------------------------- */

static void one_matrix(const stage *s, int64_t index, float *room) {
  const peri__product *p = &s->shape;
  int64_t m = p->m, n = p->n, k = p->k, offset[3];
  peri_call inner = inner_call(s);
  inner.arg[0].data = room + s->y;
  inner.arg[1].data = room;
  inner.arg[2].data = room + s->b;
  if (inner.arg[3].data) inner.arg[3].data = room + s->bias;
  inner.workspace = room + s->inner;
  peri__product_offsets(p, index, offset);
  convert(
      s, 1, offset[1],
      s->a_turned
          ? (peri__block){.rows = k, .cols = m, .row = p->a_k, .col = 1}
          : (peri__block){.rows = m, .cols = k, .row = p->a_row, .col = p->a_k},
      room);
  convert(
      s, 2, offset[2],
      s->b_turned
          ? (peri__block){.rows = n, .cols = k, .row = p->b_col, .col = 1}
          : (peri__block){.rows = k, .cols = n, .row = p->b_k, .col = p->b_col},
      room + s->b);
  if (inner.arg[3].data)
    convert(s, 3, 0, (peri__block){.rows = 1, .cols = n, .col = p->bias_col},
            room + s->bias);
  LEVEL(matmul_f32)(&inner, &s->single);
  convert(s, 0, offset[0],
          (peri__block){.rows = m, .cols = n, .row = p->y_row, .col = p->y_col},
          room + s->y);
}

static void run_matrices(void *user, int64_t first, int64_t end, int thread) {
  const stage *s = user;
  float *room = (float *)s->call->workspace + thread * s->size;
  for (int64_t i = first; i < end && !peri_call_stopped(s->call); i++)
    one_matrix(s, i, room);
}

/* ---- The kernel --------------------------------------------------------- */

static void set_size(stage *s) {
  peri_call inner = inner_call(s);
  size_t bytes = LEVEL(matmul_f32_workspace)(&inner, &s->single);
  s->size = s->inner + whole_lines((int64_t)(bytes / sizeof(float)));
}

size_t LEVEL(matmul_half_workspace)(const peri_call *call,
                                    const peri__product *shape) {
  if (peri__product_empty(shape)) return 0;
  stage s = stage_of(call, shape);
  set_size(&s);
  int64_t count = peri__product_count(shape);
  int64_t rooms = count < call->threads ? count : call->threads;
  return (size_t)(rooms * s.size) * sizeof(float);
}

void LEVEL(matmul_half)(const peri_call *call, const peri__product *shape) {
  if (peri__product_empty(shape)) return;
  stage s = stage_of(call, shape);
  set_size(&s);
  double each = (double)shape->m * (double)shape->n * (double)shape->k / 50;
  peri_parallel_for(call, peri__product_count(shape), each, run_matrices, &s);
}
