/* copy.c - the fast copy and fill: runs of memory, rows by strides, planes
   that are turned. Elements of one dtype are moved by their size, whatever
   they mean; others, and bool, whose bytes become 0 or 1, are converted a
   block at a time. Twins: peri__plain_copy, peri__plain_fill. */
#include "cpu/walk.h"
#include "fast.h"

enum { BLOCK = 512 }; /* elements that are gathered or converted at once */

/* ---- Elements by size -------------------------------------------------- */

/* y[i dy] = x[i dx] */
#define STRIDED(T) \
  static void strided_##T(void *to, int64_t dy, const void *from, int64_t dx, \
                          int64_t count) { \
    T *y = to; \
    const T *x = from; \
    if (dx == 0 && dy == 1) { \
      const T value = *x; \
      for (int64_t i = 0; i < count; i++) y[i] = value; \
    } else if (dx == -1 && dy == 1) { \
      for (int64_t i = 0; i < count; i++) y[i] = x[-i]; \
    } else if (dy == 1) { \
      for (int64_t i = 0; i < count; i++) y[i] = x[i * dx]; \
    } else { \
      for (int64_t i = 0; i < count; i++) y[i * dy] = x[i * dx]; \
    } \
  }
STRIDED(uint8_t)
STRIDED(uint16_t)
STRIDED(uint32_t)
STRIDED(uint64_t)
#undef STRIDED

/* Elements of 'size' bytes by strides. */
static void move(size_t size, char *to, int64_t dy, const char *from,
                 int64_t dx, int64_t count) {
  bool dense = dy == 1 && dx == 1;
  if (dense)
    memmove(to, from, (size_t)count * size);
  else if (size == 1)
    strided_uint8_t(to, dy, from, dx, count);
  else if (size == 2)
    strided_uint16_t(to, dy, from, dx, count);
  else if (size == 4)
    strided_uint32_t(to, dy, from, dx, count);
  else
    strided_uint64_t(to, dy, from, dx, count);
}

/* ---- Rows -------------------------------------------------------------- */

typedef struct {
  const peri_arg *y, *x;
  bool same; /* the bits are kept */
} copy;

static copy copy_of(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  return (copy){y, x, y->dtype == x->dtype && y->dtype != PERI_BOOL};
}

/* A run that is converted: what is not dense goes through buffers. */
static void convert_run(const copy *c, char *to, int64_t dy, const char *from,
                        int64_t dx, int64_t count) {
  size_t in = peri_dtype_size(c->x->dtype), out = peri_dtype_size(c->y->dtype);
  uint64_t gathered[BLOCK], converted[BLOCK];
  while (count > 0) {
    int64_t n = dx == 1 && dy == 1 ? count : count < BLOCK ? count : BLOCK;
    const void *source = dx == 1 ? (const void *)from : gathered;
    void *target = dy == 1 ? (void *)to : converted;
    if (dx != 1) move(in, (char *)gathered, 1, from, dx, n);
    LEVEL(convert)(target, c->y->dtype, source, c->x->dtype, n);
    if (dy != 1) move(out, to, dy, target, 1, n);
    from += n * dx * (int64_t)in;
    to += n * dy * (int64_t)out;
    count -= n;
  }
}

static void copy_piece(void *user, const peri__walk *walk,
                       const int64_t *offset, int64_t count) {
  const copy *c = user;
  int64_t dy = peri__row_stride(walk, 0), dx = peri__row_stride(walk, 1);
  char *to = peri__at(c->y, offset[0]);
  const char *from = peri__at(c->x, offset[1]);
  if (c->same)
    move(peri_dtype_size(c->y->dtype), to, dy, from, dx, count);
  else
    convert_run(c, to, dy, from, dx, count);
}

/* Rows of less than SHORT elements are worth less than the step between them:
   the dimension before becomes the row if it is longer. Of rows of less than
   LONG a whole dimension is copied at a time. */
#define SHORT 16
#define LONG 1024

/* Put dimension 'd' of the walk behind the others. */
static void put_last(peri__walk *walk, int d) {
  for (; d + 1 < walk->ndim; d++) {
    int64_t size = walk->shape[d];
    walk->shape[d] = walk->shape[d + 1];
    walk->shape[d + 1] = size;
    for (int a = 0; a < walk->args; a++) {
      int64_t stride = walk->strides[a][d];
      walk->strides[a][d] = walk->strides[a][d + 1];
      walk->strides[a][d + 1] = stride;
    }
  }
}

static void prefer_long(peri__walk *walk) {
  int last = walk->ndim - 1;
  if (last > 0 && walk->shape[last] < SHORT &&
      walk->shape[last - 1] > walk->shape[last])
    put_last(walk, last - 1);
}

typedef struct {
  size_t size;            /* bytes of an element */
  const peri_arg *arg[2]; /* y, x */
  int64_t step[2];        /* of an element in its row, of each */
  int64_t count;          /* elements of a row */
} short_rows;

static void rows_piece(void *user, const peri__walk *walk,
                       const int64_t *offset, int64_t count) {
  const short_rows *r = user;
  int64_t size = (int64_t)r->size;
  int64_t down = peri__row_stride(walk, 0) * size;
  int64_t over = peri__row_stride(walk, 1) * size;
  char *to = peri__at(r->arg[0], offset[0]);
  const char *from = peri__at(r->arg[1], offset[1]);
  for (int64_t i = 0; i < count; i++)
    move(r->size, to + i * down, r->step[0], from + i * over, r->step[1],
         r->count);
}

/* The walk without its last dimension, whose rows are its elements. */
static void copy_rows(const peri_call *call, peri__walk *walk) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  short_rows r = {peri_dtype_size(y->dtype), {y, x}, {0}, 0};
  int last = --walk->ndim;
  r.count = walk->shape[last];
  for (int a = 0; a < 2; a++) r.step[a] = walk->strides[a][last];
  peri__walk_share(walk, call, 5 + 0.3 * (double)r.count, rows_piece, &r);
}

/* ---- Turned planes ----------------------------------------------------- */

/* A plane is two dimensions of which the last lies densely in y and the other
   in x. It is cut into strips: as many rows of y as elements fill a line of the
   cache, so that every line of x that is touched is used up, and as many
   columns as the processor keeps the page addresses of, for the strip below.
   What has to be converted is turned into a buffer first. */
#define LINE 64
#define COLUMNS 512
#define LEAST 4 /* rows and columns of a plane that are worth it */

#if defined(__clang__) || __GNUC__ >= 12
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, (__typeof__(a)){__VA_ARGS__})
#endif

#define T uint8_t
#define N 16
#define NAME(f) f##_1
#define LOW(a, b) \
  SHUFFLE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define HIGH(a, b) \
  SHUFFLE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#include "turn_body.h"

#define T uint16_t
#define N 8
#define NAME(f) f##_2
#define LOW(a, b) SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define HIGH(a, b) SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#include "turn_body.h"

#define T uint32_t
#define N 4
#define NAME(f) f##_4
#define LOW(a, b) SHUFFLE(a, b, 0, 4, 1, 5)
#define HIGH(a, b) SHUFFLE(a, b, 2, 6, 3, 7)
#include "turn_body.h"

#define T uint64_t
#define N 2
#define NAME(f) f##_8
#define LOW(a, b) SHUFFLE(a, b, 0, 2)
#define HIGH(a, b) SHUFFLE(a, b, 1, 3)
#include "turn_body.h"

typedef void turner(void *to, int64_t y_row, const void *from, int64_t x_row,
                    int64_t rows, int64_t columns);

typedef struct {
  copy c;
  const peri_call *call;
  peri__walk walk; /* its last two dimensions are the plane */
  turner *turn;
  int64_t height;       /* rows of a strip */
  int64_t down, across; /* strips of a plane */
} planes;

/* Make the last two dimensions of 'walk' a plane. -> false if there is none */
static bool find_plane(peri__walk *walk) {
  int last = walk->ndim - 1;
  if (walk->strides[0][last] != 1 || walk->shape[last] < LEAST) return false;
  if (walk->strides[1][last] == 0 || walk->strides[1][last] == 1) return false;
  for (int d = 0; d < last; d++) {
    if (walk->strides[1][d] != 1 || walk->shape[d] < LEAST) continue;
    put_last(walk, d);
    put_last(walk, last - 1);
    return true;
  }
  return false;
}

/* A strip that is converted on its way. */
static void convert_strip(const planes *p, const int64_t *offset, int64_t rows,
                          int64_t columns) {
  uint64_t buffer[LINE * COLUMNS / sizeof(uint64_t)];
  const peri_arg *y = p->c.y, *x = p->c.x;
  int last = p->walk.ndim - 1;
  const char *row = (const char *)buffer;
  p->turn(buffer, COLUMNS, peri__at(x, offset[1]), p->walk.strides[1][last],
          rows, columns);
  for (int64_t i = 0; i < rows; i++) {
    int64_t to = offset[0] + i * p->walk.strides[0][last - 1];
    LEVEL(convert)(peri__at(y, to), y->dtype, row, x->dtype, columns);
    row += COLUMNS * peri_dtype_size(x->dtype);
  }
}

/* Strip 'index' of the plane at 'spot'. */
static void run_strip(const planes *p, const peri__spot *spot, int64_t index) {
  const peri__walk *walk = &p->walk;
  int last = walk->ndim - 1;
  int64_t i = index % p->down * p->height, j = index / p->down * COLUMNS;
  int64_t rows = walk->shape[last - 1] - i, columns = walk->shape[last] - j;
  int64_t offset[2];
  if (rows > p->height) rows = p->height;
  if (columns > COLUMNS) columns = COLUMNS;
  for (int a = 0; a < 2; a++)
    offset[a] = spot->offset[a] + i * walk->strides[a][last - 1] +
                j * walk->strides[a][last];
  if (p->c.same)
    p->turn(peri__at(p->c.y, offset[0]), walk->strides[0][last - 1],
            peri__at(p->c.x, offset[1]), walk->strides[1][last], rows, columns);
  else
    convert_strip(p, offset, rows, columns);
}

static void run_strips(void *user, int64_t first, int64_t end, int thread) {
  const planes *p = user;
  int64_t strips = p->down * p->across, strip = first % strips;
  int outer = p->walk.ndim - 2;
  peri__spot spot;
  (void)thread;
  peri__walk_seek(&p->walk, outer, first / strips, &spot);
  for (; first < end && !peri_call_stopped(p->call); first++) {
    run_strip(p, &spot, strip);
    if (++strip < strips) continue;
    strip = 0;
    peri__walk_step(&p->walk, outer, &spot);
  }
}

static void copy_planes(const peri_call *call, planes *p) {
  static turner *const turns[] = {
      [1] = turn_1, [2] = turn_2, [4] = turn_4, [8] = turn_8};
  int64_t size = (int64_t)peri_dtype_size(call->arg[1].dtype);
  int outer = p->walk.ndim - 2;
  const int64_t *shape = &p->walk.shape[outer];
  p->call = call;
  p->c = copy_of(call);
  p->turn = turns[size];
  p->height = LINE / size;
  p->down = (shape[0] + p->height - 1) / p->height;
  p->across = (shape[1] + COLUMNS - 1) / COLUMNS;
  int64_t strips = peri__walk_count(&p->walk, outer) * p->down * p->across;
  int64_t width = shape[1] < COLUMNS ? shape[1] : COLUMNS;
  peri_parallel_for(call, strips, (double)(p->height * width), run_strips, p);
}

static void run_copy(const peri_call *call) {
  planes p;
  copy c = copy_of(call);
  peri__walk_begin(&p.walk, call);
  if (find_plane(&p.walk)) {
    copy_planes(call, &p);
    return;
  }
  prefer_long(&p.walk);
  if (c.same && p.walk.ndim > 1 && p.walk.shape[p.walk.ndim - 1] < LONG)
    copy_rows(call, &p.walk);
  else
    peri__walk_share(&p.walk, call, c.same ? 0.3 : 0.6, copy_piece, &c);
}

/* ---- fill -------------------------------------------------------------- */

typedef struct {
  const peri_arg *y;
  uint64_t value; /* its first bytes are the element */
  bool zero;
} filling;

static void fill_piece(void *user, const peri__walk *walk,
                       const int64_t *offset, int64_t count) {
  const filling *f = user;
  size_t size = peri_dtype_size(f->y->dtype);
  int64_t dy = peri__row_stride(walk, 0);
  char *to = peri__at(f->y, offset[0]);
  if (f->zero && dy == 1)
    memset(to, 0, (size_t)count * size);
  else
    move(size, to, dy, (const char *)&f->value, 0, count);
}

static void run_fill(const peri_call *call) {
  filling f = {.y = &call->arg[0]};
  peri__numbers_attr attr;
  peri__walk walk;
  memcpy(&attr, call->attr, sizeof attr);
  const void *from = attr.whole ? (const void *)attr.i : attr.real;
  peri__convert(&f.value, f.y->dtype, 1, from, attr.whole ? PERI_I64 : PERI_F64,
                1, 1);
  f.zero = f.value == 0;
  peri__walk_begin(&walk, call);
  prefer_long(&walk);
  peri__walk_share(&walk, call, 0.2, fill_piece, &f);
}

/* ---- The table --------------------------------------------------------- */

static bool takes(const peri_call *call) {
  (void)call;
  return true;
}

static void prepare_copy(peri_call *call) { call->run = run_copy; }
static void prepare_fill(peri_call *call) { call->run = run_fill; }

const peri__fast LEVEL(copy) = {takes, prepare_copy};
const peri__fast LEVEL(fill) = {takes, prepare_fill};
