/* matmul_body.h - the fast matrix product of one element type at one level;
   product.h has the order of its sums, plain_matmul.c is its twin.

   Only b is packed: into panels of a few vectors of columns, for one part of k
   at a time, each at its first use; a is broadcast element by element, which
   serves any strides. A tile stays in registers for a whole part. Loops, from
   the outside: columns of b that fill the L2 cache, parts of k, tiles of rows,
   panels. Where b lies along k and a is the smaller one, the transposed product
   packs less: y^T = b^T a^T.

   Threads share a product by slices of its columns, or of its rows where it
   has few columns; each slice is a whole product that packs what it uses, so
   nobody waits for anybody. Where there are few elements to a long k, threads
   take parts of k, whose sums are added in their order at the end. */
#include "cpu/product.h"
#include "vector.h"

#include "matmul_job.h"
#include "matmul_store.h"
#include "matmul_tile.h"

#include "matmul_pack.h"
#include "matmul_vector.h"

#define DIRECT (4 * ROWS)   /* rows up to which row-major b is not packed */
#define COLUMNS_AT_ONCE 768 /* packed, they stay in the L2 cache */
#define ROW_AT_ONCE 2048    /* sums of one row, they stay in the L1 cache */
#define CACHE_LINE (64 / (int64_t)sizeof(T))

/* ---- A slice of columns -------------------------------------------------- */

/* Where a tile finds a panel of b: packed, or as it lies. */
static void find_panel(const job *j, const area *r, const panel *p, bool packed,
                       operands *o) {
  const T *b = j->b + r->at * j->b_k + r->col + p->col;
  o->b = packed ? j->packed + p->col * j->part : b;
  o->b_k = packed ? p->vectors * W : j->b_k;
}

/* All rows of y in 'r', one part of k. */
static void tile_area(const job *j, const area *r) {
  T sum[ROWS * COLUMNS * W] __attribute__((aligned(VECTOR_BYTES)));
  int64_t heights = cut(j->m, ROWS);
  int panels = (int)cut(cut(r->cols, W), COLUMNS);
  bool bare = j->y_col == 1 && r->at == 0 && !j->bias && !j->activation;
  for (int64_t i = 0; i < heights && !peri_call_stopped(j->call); i++) {
    int64_t row = i * j->m / heights;
    int rows = (int)((i + 1) * j->m / heights - row);
    operands o = {.a = j->a + row * j->a_row + r->at * j->a_k,
                  .a_row = j->a_row,
                  .a_k = j->a_k,
                  .k = r->k};
    panel p = {0};
    for (int at = 1; at <= panels; at++) {
      next_panel(&p, r->cols, at, panels);
      bool whole = p.columns == p.vectors * W;
      bool packed = j->b_col != 1 || j->m > DIRECT || !whole;
      if (packed && i == 0) pack(j, r, &p);
      find_panel(j, r, &p, packed, &o);
      o.out = bare && whole ? j->y + row * j->y_row + r->col + p.col : sum;
      o.out_row = bare && whole ? j->y_row : p.vectors * W;
      tiles[rows][p.vectors](&o);
      if (!bare || !whole)
        store_sums(j, r, &p, &(sums){sum, row, p.vectors * W, rows});
    }
  }
}

/* Columns that are worked on at once. */
static int64_t width_of(const job *j) {
  if (j->form == DOT) return j->n;
  if (j->form == ROW) return smaller(j->n, ROW_AT_ONCE);
  return cut(cut(j->n, cut(j->n, COLUMNS_AT_ONCE)), W) * W;
}

/* Columns of y from 'first', a multiple of W, up to 'end'. */
static void columns(const job *j, int64_t first, int64_t end) {
  static void (*const works[])(const job *j, const area *r) = {
      [TILES] = tile_area, [ROW] = row_area, [DOT] = dot_area};
  area r = {.col = first};
  int64_t width = width_of(j);
  for (; r.col < end; r.col += r.cols) {
    r.cols = smaller(end - r.col, width);
    r.at = 0;
    do {
      r.k = smaller(j->k - r.at, j->part);
      works[j->form](j, &r);
      r.at += j->part;
    } while (r.at < j->k && !peri_call_stopped(j->call));
  }
}

/* Elements of workspace that one thread needs, whole cache lines. */
static int64_t packed_size(const job *j) {
  int64_t width = width_of(j), size;
  bool direct = j->b_col == 1 && j->m <= DIRECT && j->n % W == 0;
  if (j->form == DOT)
    size = j->a_k == 1 ? 0 : j->k;
  else if (j->form == ROW)
    size = width;
  else
    size = direct ? 0 : width * j->part;
  return cut(size, CACHE_LINE) * CACHE_LINE;
}

/* ---- All products, and how threads share them ---------------------------- */

/* Slices of each of 'matrices', and of k if 'parts' is above 1; there is then
   one matrix in one slice. */
typedef struct {
  job first;
  peri__product shape;
  bool turned;
  int64_t matrices, rows, cols, parts;
  int64_t packed; /* elements of workspace per thread */
  double cost;    /* nanoseconds of one item */
} plan;

#define SLICE_COST 25e3 /* nanoseconds that a slice takes at least */

/* True if the transposed product is the better one. */
static bool turned(const peri__product *p) {
  if (p->dot) return p->m > 1;
  if (p->m == 1 || p->n == 1) return p->m > 1;
  return (p->y_row == 1 && p->y_col != 1) || (p->b_k == 1 && 4 * p->m <= p->n);
}

/* The first product of the batch. */
static void make_job(job *j, const peri_call *call, const peri__product *p,
                     bool turn) {
  int kernel = peri__product_activation(call);
  const T *a = call->arg[1].data, *b = call->arg[2].data;
  j->call = call;
  j->k = p->k;
  j->part = p->part;
  j->y = call->arg[0].data;
  j->bias = call->arg[3].data;
  j->activation = kernel == PERI_NO_ACTIVATION ? NULL : LOOP(kernel);
  j->packed = NULL;
  j->a = turn ? b : a;
  j->b = turn ? a : b;
  j->m = turn ? p->n : p->m;
  j->n = turn ? p->m : p->n;
  j->a_row = turn ? p->b_col : p->a_row;
  j->a_k = turn ? p->b_k : p->a_k;
  j->b_k = turn ? p->a_k : p->b_k;
  j->b_col = turn ? p->a_row : p->b_col;
  j->y_row = turn ? p->y_col : p->y_row;
  j->y_col = turn ? p->y_row : p->y_col;
  j->bias_row = turn ? p->bias_col : 0;
  j->bias_col = turn ? 0 : p->bias_col;
  j->form = p->dot ? DOT : j->m == 1 && j->b_col == 1 ? ROW : TILES;
}

/* Nanoseconds of one product: multiply-adds in registers, or a matrix that
   comes from the L3 cache. */
static double cost_of(const job *j) {
  double cost = (double)j->m * (double)j->n * (double)j->k / (5 * W);
  double bytes = (double)j->n * (double)j->k * sizeof(T);
  return j->form == TILES || cost > bytes / 50 ? cost : bytes / 50;
}

/* Cut the matrices into about 'wanted' slices in all: columns while each has a
   panel, then rows; or parts of k where that gives more. */
static void cut_matrices(plan *p, int64_t wanted) {
  static const int least[] = {[TILES] = COLUMNS, [ROW] = 16, [DOT] = 1};
  const job *j = &p->first;
  int64_t each = cut(wanted, p->matrices), parts = cut(j->k, j->part);
  p->cols = smaller(cut(j->n, W) / least[j->form], each);
  p->cols = larger(p->cols, 1);
  p->rows = smaller(cut(each, p->cols), cut(j->m, ROWS));
  if (p->matrices > 1 || p->rows * p->cols >= smaller(wanted, parts)) return;
  p->rows = p->cols = 1;
  p->parts = parts;
}

/* -> false if there is nothing to write */
static bool make_plan(plan *p, const peri_call *call,
                      const peri__product *shape) {
  const job *j = &p->first;
  p->shape = *shape;
  if (peri__product_empty(&p->shape)) return false;
  p->turned = turned(&p->shape);
  make_job(&p->first, call, &p->shape, p->turned);
  p->packed = packed_size(j);
  p->matrices = peri__product_count(&p->shape);
  p->rows = p->cols = p->parts = 1;
  p->cost = cost_of(j);
  double slices = p->cost * (double)p->matrices / SLICE_COST;
  int64_t wanted = slices < call->threads ? (int64_t)slices : call->threads;
  if (wanted > 1 && p->matrices < 4 * wanted) cut_matrices(p, wanted);
  p->cost /= (double)(p->rows * p->cols * p->parts);
  return true;
}

/* Place 'index' of 'count' in 'size', at a multiple of 'unit'. */
static int64_t border(int64_t size, int64_t unit, int64_t index,
                      int64_t count) {
  return smaller(index * cut(size, unit) / count * unit, size);
}

/* Slice 'index' of the matrix that 'j' is. */
static void run_slice(const plan *p, job *j, int64_t index) {
  int64_t row = index / p->cols, col = index % p->cols;
  int64_t heights = cut(j->m, ROWS);
  int64_t first = row * heights / p->rows * j->m / heights;
  int64_t end = (row + 1) * heights / p->rows * j->m / heights;
  j->m = end - first;
  j->a += first * j->a_row;
  j->y += first * j->y_row;
  if (j->bias) j->bias += first * j->bias_row;
  columns(j, border(j->n, W, col, p->cols), border(j->n, W, col + 1, p->cols));
}

/* Items of all matrices, slice by slice. */
static void run_items(void *user, int64_t first, int64_t end, int thread) {
  const plan *p = user;
  const peri_call *call = p->first.call;
  int64_t slices = p->rows * p->cols, offset[3];
  for (int64_t i = first; i < end && !peri_call_stopped(call); i++) {
    job j = p->first;
    peri__product_offsets(&p->shape, i / slices, offset);
    j.packed = (T *)call->workspace + thread * p->packed;
    j.y += offset[0];
    j.a += offset[p->turned ? 2 : 1];
    j.b += offset[p->turned ? 1 : 2];
    run_slice(p, &j, i % slices);
  }
}

/* ---- Parts of k ---------------------------------------------------------- */

/* Sums of the parts, one matrix [m, n] each, behind what threads pack. */
static T *sums_of_parts(const plan *p) {
  const peri_call *call = p->first.call;
  return (T *)call->workspace + call->threads * p->packed;
}

static void run_parts(void *user, int64_t first, int64_t end, int thread) {
  const plan *p = user;
  for (int64_t i = first; i < end; i++) {
    job j = p->first;
    int64_t at = i * j.part;
    j.packed = (T *)j.call->workspace + thread * p->packed;
    j.y = sums_of_parts(p) + i * j.m * j.n;
    j.y_row = j.n;
    j.y_col = 1;
    j.bias = NULL;
    j.activation = NULL;
    j.a += at * j.a_k;
    j.b += at * j.b_k;
    j.k = smaller(j.k - at, j.part);
    columns(&j, 0, j.n);
  }
}

/* y = the sums of all parts in their order, a row at a time. */
static void join_parts(const plan *p) {
  const job *j = &p->first;
  T *total = sums_of_parts(p);
  int64_t size = j->m * j->n;
  area whole = {.cols = j->n, .k = j->k};
  panel all_columns = {.columns = j->n};
  for (int64_t part = 1; part < p->parts; part++)
    for (int64_t i = 0; i < size; i++) total[i] += total[part * size + i];
  for (int64_t i = 0; i < j->m; i++)
    store_sums(j, &whole, &all_columns,
               &(sums){.sum = total + i * j->n, .row = i, .rows = 1});
}

/* ---- The kernel ---------------------------------------------------------- */

size_t WORKSPACE(const peri_call *call, const peri__product *shape) {
  plan p;
  if (!make_plan(&p, call, shape)) return 0;
  int64_t parts = p.parts > 1 ? p.parts * p.first.m * p.first.n : 0;
  return (size_t)(call->threads * p.packed + parts) * sizeof(T);
}

void RUN(const peri_call *call, const peri__product *shape) {
  plan p;
  if (!make_plan(&p, call, shape)) return;
  if (p.parts > 1) {
    peri_parallel_for(call, p.parts, p.cost, run_parts, &p);
    join_parts(&p);
    return;
  }
  peri_parallel_for(call, p.matrices * p.rows * p.cols, p.cost, run_items, &p);
}
