/* pointwise_tiles.c - pointwise loops over arguments of any layout and dtype.

   A loop takes dense arrays of one dtype. So the elements are cut into tiles,
   rows and columns of two dimensions; in each, an argument is used where it
   lies if it is dense there, else it goes through a buffer: numbers, repeated
   rows and columns, strides, other dtypes. A buffer that the next tile would
   fill in the same way stays as it is.

   Tiles are the items that threads share. Their cut depends on the call alone,
   so every element meets the same instructions at any number of threads. */
#include "cpu/walk.h"
#include "pointwise.h"

#define LONG_TILE 4096 /* elements of a tile that needs no buffer */
#define SIDE 32        /* rows of a tile with a transposed argument */
#define ARGS (PERI_LOOP_INPUTS + 1)

/* The elements as a grid of tiles: 'step' elements of each dimension belong to
   one, more than one in the last two dimensions alone. */
typedef struct {
  const peri__loop_work *work;
  peri__walk walk; /* at least 2 dimensions */
  int64_t step[PERI_MAX_DIMS], grid[PERI_MAX_DIMS];
} plan;

/* ---- The cut ---------------------------------------------------------- */

static int64_t size(int64_t stride) { return stride < 0 ? -stride : stride; }

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t over(int64_t a, int64_t b) { return (a + b - 1) / b; }

static void swap_dims(peri__walk *walk, int d, int e) {
  int64_t shape = walk->shape[d];
  walk->shape[d] = walk->shape[e];
  walk->shape[e] = shape;
  for (int a = 0; a < walk->args; a++) {
    int64_t stride = walk->strides[a][d];
    walk->strides[a][d] = walk->strides[a][e];
    walk->strides[a][e] = stride;
  }
}

/* Two dimensions at least: one of size 1 in front. */
static void widen(peri__walk *walk) {
  if (walk->ndim > 1) return;
  walk->ndim = 2;
  walk->shape[1] = 1;
  for (int a = 0; a < walk->args; a++) walk->strides[a][1] = 0;
  swap_dims(walk, 0, 1);
}

/* The outer dimension in which argument 'a' lies closer than in the last one,
   -1 if there is none. */
static int closer_dim(const peri__walk *walk, int a) {
  int found = -1, last = walk->ndim - 1;
  int64_t closest = size(walk->strides[a][last]);
  for (int d = 0; d < last; d++) {
    int64_t stride = size(walk->strides[a][d]);
    if (stride == 0 || stride >= closest) continue;
    closest = stride;
    found = d;
  }
  return found;
}

/* Bring the dimension along which a transposed argument is dense next to the
   last one. -> false if no argument is transposed */
static bool face_transposed(peri__walk *walk) {
  for (int a = 1; a < walk->args; a++) {
    int d = closer_dim(walk, a);
    if (d < 0) continue;
    swap_dims(walk, d, walk->ndim - 2);
    return true;
  }
  return false;
}

/* True if argument 'a' is of the dtype that the loop takes or makes. */
static bool fits(const peri__loop_work *work, int a) {
  peri_dtype dtype = work->call->arg[a].dtype;
  return dtype == (a == 0 ? work->made : work->attr.compute);
}

/* True if no tile of one row needs a buffer. */
static bool direct(const plan *p) {
  for (int a = 0; a < p->walk.args; a++)
    if (p->work->call->arg[a].data &&
        (!fits(p->work, a) || p->walk.strides[a][p->walk.ndim - 1] != 1))
      return false;
  return true;
}

/* Columns of a tile, of 'most' elements at most, so that no narrow one is left
   at the end. */
static int64_t even_cut(int64_t cols, int64_t most) {
  int64_t each = over(cols, over(cols, most));
  return least(most, over(each, 16) * 16);
}

static void cut(plan *p) {
  peri__walk *walk = &p->walk;
  bool crossed = face_transposed(walk);
  int64_t *shape = &walk->shape[walk->ndim - 2];
  int64_t *step = &p->step[walk->ndim - 2];
  int64_t most = direct(p) ? LONG_TILE : PERI_TILE; /* of one row */
  if (crossed) most = PERI_TILE / least(shape[0], SIDE);
  for (int d = 0; d < walk->ndim - 2; d++) p->step[d] = 1;
  step[1] = shape[1] <= most ? shape[1] : even_cut(shape[1], most);
  step[0] = step[1] < PERI_TILE ? least(shape[0], PERI_TILE / step[1]) : 1;
  for (int d = 0; d < walk->ndim; d++)
    p->grid[d] = over(walk->shape[d], p->step[d]);
}

/* ---- One tile --------------------------------------------------------- */

/* A place in the grid, and what the buffers hold. */
typedef struct {
  const plan *plan;
  int64_t at[PERI_MAX_DIMS];
  int64_t offset[ARGS]; /* of each argument, in elements */
  int64_t rows, cols;   /* of the tile here */
  struct {
    int64_t offset, rows, cols; /* none: rows is 0 */
  } held[ARGS];
  /* Room for any compute type, on lines of the cache. */
  _Alignas(64) double buffer[ARGS][PERI_TILE];
} place;

/* Argument 'a' in the tile. */
static peri__block block_of(const place *here, int a) {
  const peri__walk *walk = &here->plan->walk;
  const peri_arg *arg = &here->plan->work->call->arg[a];
  return (peri__block){peri__at(arg, here->offset[a]),
                       arg->dtype,
                       here->rows,
                       here->cols,
                       walk->strides[a][walk->ndim - 2],
                       walk->strides[a][walk->ndim - 1]};
}

static bool is_dense(const peri__block *block) {
  return (block->cols == 1 || block->col == 1) &&
         (block->rows == 1 || block->row == block->cols);
}

/* Where the loop reads argument 'a'. */
static const void *fetch(place *here, int a) {
  const peri__loop_work *work = here->plan->work;
  if (!work->call->arg[a].data) return NULL;
  peri__block block = block_of(here, a);
  if (fits(work, a) && is_dense(&block)) return block.data;
  if (here->held[a].offset != here->offset[a] ||
      here->held[a].rows != block.rows || here->held[a].cols != block.cols)
    LEVEL(block_read)(&block, here->buffer[a], work->attr.compute);
  here->held[a].offset = here->offset[a];
  here->held[a].rows = block.rows;
  here->held[a].cols = block.cols;
  return here->buffer[a];
}

static void run_tile(place *here) {
  const peri__loop_work *work = here->plan->work;
  const void *in[PERI_LOOP_INPUTS] = {NULL};
  peri__block y = block_of(here, 0);
  bool stays = fits(work, 0) && is_dense(&y);
  for (int k = 0; k < work->call->nin; k++) in[k] = fetch(here, k + 1);
  fill_gaps(in, work->call->nin);
  work->loop(&work->attr, in, stays ? y.data : here->buffer[0],
             y.rows * y.cols);
  if (!stays) LEVEL(block_write)(&y, here->buffer[0], work->made);
}

/* ---- The way through the grid ----------------------------------------- */

static void move(place *here, int d, int64_t tiles) {
  const peri__walk *walk = &here->plan->walk;
  here->at[d] += tiles;
  for (int a = 0; a < walk->args; a++)
    here->offset[a] += tiles * here->plan->step[d] * walk->strides[a][d];
}

/* 'at' was just written, and is read by itself: a load of two of its elements
   would wait until all that was stored before is in memory. */
static int64_t extent(const place *here, int d) {
  const plan *p = here->plan;
  const volatile int64_t *at = &here->at[d];
  return least(p->step[d], p->walk.shape[d] - *at * p->step[d]);
}

static void measure(place *here) {
  int last = here->plan->walk.ndim - 1;
  here->rows = extent(here, last - 1);
  here->cols = extent(here, last);
}

static void begin_at(place *here, const plan *p, int64_t item) {
  here->plan = p;
  memset(here->at, 0, sizeof here->at);
  memset(here->offset, 0, sizeof here->offset);
  memset(here->held, 0, sizeof here->held);
  for (int d = p->walk.ndim - 1; d >= 0; item /= p->grid[d--])
    move(here, d, item % p->grid[d]);
  measure(here);
}

static void next(place *here) {
  const plan *p = here->plan;
  for (int d = p->walk.ndim - 1; d >= 0; d--) {
    move(here, d, 1);
    if (here->at[d] < p->grid[d]) break;
    move(here, d, -p->grid[d]);
  }
  measure(here);
}

static void run_some(void *user, int64_t first, int64_t end, int thread) {
  const plan *p = user;
  place here;
  (void)thread;
  begin_at(&here, p, first);
  for (int64_t i = first; i < end && !peri_call_stopped(p->work->call); i++) {
    run_tile(&here);
    next(&here);
  }
}

void LEVEL(pointwise_tiles)(const peri__loop_work *work, double cost) {
  plan p = {.work = work};
  int64_t tiles = 1;
  peri__walk_begin(&p.walk, work->call);
  widen(&p.walk);
  for (int d = 0; d < p.walk.ndim; d++)
    if (p.walk.shape[d] == 0) return;
  cut(&p);
  for (int d = 0; d < p.walk.ndim; d++) tiles *= p.grid[d];
  cost *= (double)(p.step[p.walk.ndim - 2] * p.step[p.walk.ndim - 1]);
  peri_parallel_for(work->call, tiles, cost, run_some, &p);
}
