/* matmul_body.h - the fast matrix product of one element type at one level;
   product.h has the order of its sums, plain_matmul.c is its twin.

   Only b is packed: into panels of a few vectors of columns, for one part of k
   at a time, each at its first use; a is broadcast element by element, which
   serves any strides. A tile of at most ROWS rows and COLUMNS vectors stays in
   registers for a whole part. Loops, from the outside: columns of b that fill
   the L2 cache, parts of k, tiles of rows, panels. Where b lies along k and a
   is the smaller one, the transposed product packs less: y^T = b^T a^T. */
#include "cpu/product.h"
#include "vector.h"

/* Tiles that leave registers for a vector of a and a row of b. */
#if defined(__AVX512F__)
#define ROWS 8
#define COLUMNS 3
#elif defined(__AVX__)
#define ROWS 6
#define COLUMNS 2
#else
#define ROWS 4
#define COLUMNS 2
#endif
#define DIRECT (4 * ROWS)   /* rows up to which row-major b is not packed */
#define COLUMNS_AT_ONCE 768 /* packed, they stay in the L2 cache */
#define ROW_AT_ONCE 2048    /* sums of one row, they stay in the L1 cache */

/* One product, transposed or not. */
typedef struct {
  const peri_call *call;
  int64_t m, n, k, part;
  const T *a, *b, *bias; /* bias NULL: none */
  T *y;
  int64_t a_row, a_k, b_k, b_col, y_row, y_col, bias_row, bias_col;
  T *packed; /* the workspace */
} job;

/* Columns and part of k that are worked on. */
typedef struct {
  int64_t col, cols, at, k;
} area;

/* A panel: 'columns' of them starting at 'col', in 'vectors' vectors. */
typedef struct {
  int64_t col;
  int columns, vectors;
} panel;

/* ---- Tiles: out[rows, vectors W] = a b over one part of k -------------- */

typedef struct {
  const T *a, *b;
  T *out;
  int64_t a_row, a_k, b_k, out_row, k;
} operands;

/* 'rows' and 'vectors' are constants, so that the sums stay in registers. */
INLINE void tile(int rows, int vectors, const operands *o) {
  vec sum[ROWS * COLUMNS], right[COLUMNS];
  const T *a = o->a, *b = o->b;
  int64_t a_row = o->a_row, a_k = o->a_k, b_k = o->b_k;
  UNROLL
  for (int i = 0; i < rows * vectors; i++) sum[i] = (vec){0};
  for (int64_t k = o->k; k > 0; k--, a += a_k, b += b_k) {
    UNROLL
    for (int v = 0; v < vectors; v++) right[v] = load(b + v * W);
    UNROLL
    for (int i = 0; i < rows; i++) {
      vec left = all(a[i * a_row]);
      UNROLL
      for (int v = 0; v < vectors; v++)
        sum[i * vectors + v] = mul_add(left, right[v], sum[i * vectors + v]);
    }
  }
  T *out = o->out;
  UNROLL
  for (int i = 0; i < rows; i++, out += o->out_row) {
    UNROLL
    for (int v = 0; v < vectors; v++) store(out + v * W, sum[i * vectors + v]);
  }
}

/* Every size of tile that there is, by name and in a table. */
#if COLUMNS == 3
#define TILES_OF(X, rows) X(rows, 1) X(rows, 2) X(rows, 3)
#else
#define TILES_OF(X, rows) X(rows, 1) X(rows, 2)
#endif
#define TILES_4(X) TILES_OF(X, 1) TILES_OF(X, 2) TILES_OF(X, 3) TILES_OF(X, 4)
#if ROWS == 8
#define TILES(X) \
  TILES_4(X) TILES_OF(X, 5) TILES_OF(X, 6) TILES_OF(X, 7) TILES_OF(X, 8)
#elif ROWS == 6
#define TILES(X) TILES_4(X) TILES_OF(X, 5) TILES_OF(X, 6)
#else
#define TILES(X) TILES_4(X)
#endif

#define X(rows, vectors) \
  static void tile_##rows##_##vectors(const operands *o) { \
    tile(rows, vectors, o); \
  }
TILES(X)
#undef X

static void (*const tiles[ROWS + 1][COLUMNS + 1])(const operands *o) = {
#define X(rows, vectors) [rows][vectors] = tile_##rows##_##vectors,
    TILES(X)
#undef X
};

/* ---- Packing: rows of the panel one after the other, zeros behind ------- */

/* b is row-major. */
static void pack_rows(const job *j, const T *b, int64_t k, const panel *p) {
  int width = p->vectors * W;
  T *to = j->packed + p->col * j->part;
  for (int64_t i = 0; i < k; i++, b += j->b_k, to += width) {
    int c = 0;
    for (; c + W <= p->columns; c += W) store(to + c, load(b + c));
    for (; c < p->columns; c++) to[c] = b[c];
    for (; c < width; c++) to[c] = 0;
  }
}

/* Columns c .. c + W of the panel from any strides; those behind are zero. */
static void pack_any(const job *j, const T *b, int64_t k, const panel *p, int c,
                     T *to) {
  for (int64_t i = 0; i < k; i++, to += p->vectors * W)
    for (int v = 0; v < W; v++)
      to[v] = c + v < p->columns ? b[i * j->b_k + (c + v) * j->b_col] : 0;
}

/* b lies along k: blocks of W columns and W steps of k are turned. */
static void pack_turned(const job *j, const T *b, int64_t k, const panel *p,
                        int c, T *to) {
  int width = p->vectors * W;
  int64_t i = 0;
  for (; i + W <= k; i += W) {
    vec block[W];
    UNROLL
    for (int v = 0; v < W; v++)
      block[v] =
          c + v < p->columns ? load(b + (c + v) * j->b_col + i) : (vec){0};
    turn(block);
    UNROLL
    for (int v = 0; v < W; v++) store(to + (i + v) * width, block[v]);
  }
  pack_any(j, b + i, k - i, p, c, to + i * width);
}

static void pack(const job *j, const area *r, const panel *p) {
  const T *b = j->b + r->at * j->b_k + (r->col + p->col) * j->b_col;
  T *to = j->packed + p->col * j->part;
  if (j->b_col == 1) {
    pack_rows(j, b, r->k, p);
    return;
  }
  for (int c = 0; c < p->vectors * W; c += W)
    if (j->b_k == 1)
      pack_turned(j, b, r->k, p, c, to + c);
    else
      pack_any(j, b, r->k, p, c, to + c);
}

/* ---- Storing a tile: added to earlier parts, then the bias -------------- */

/* One row of a tile, in any direction of y. */
typedef struct {
  T *y;
  const T *sum, *bias; /* bias NULL: none, or not yet */
  int64_t step, bias_step;
  int count;
  bool add;
} line;

/* y = y + sum + bias, of which each may be missing. */
static void store_line(const line *l) {
  int c = 0;
  if (l->step == 1 && (!l->bias || l->bias_step == 1))
    for (; c + W <= l->count; c += W) {
      vec x = load(l->sum + c);
      if (l->add) x = load(l->y + c) + x;
      if (l->bias) x += load(l->bias + c);
      store(l->y + c, x);
    }
  FEW for (; c < l->count; c++) {
    T x = l->sum[c], *y = l->y + c * l->step;
    if (l->add) x = *y + x;
    if (l->bias) x += l->bias[c * l->bias_step];
    *y = x;
  }
}

/* The first 'rows' rows from 'row' on of panel 'p'; the bias with the last part
   of k. */
static void store_tile(const job *j, const area *r, const panel *p, int64_t row,
                       int rows, const T *sum) {
  int64_t col = r->col + p->col;
  bool last = r->at + r->k == j->k;
  line l = {.step = j->y_col,
            .bias_step = j->bias_col,
            .count = p->columns,
            .add = r->at > 0};
  for (int i = 0; i < rows; i++) {
    l.y = j->y + (row + i) * j->y_row + col * j->y_col;
    l.sum = sum + i * p->vectors * W;
    if (j->bias && last)
      l.bias = j->bias + (row + i) * j->bias_row + col * j->bias_col;
    store_line(&l);
  }
}

/* ---- The loops ---------------------------------------------------------- */

static int64_t cut(int64_t count, int64_t most) {
  return (count + most - 1) / most;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

/* Panel 'index' of 'count', which share 'cols' columns evenly. */
static panel panel_of(int64_t cols, int64_t index, int64_t count) {
  int64_t vectors = cut(cols, W);
  int64_t first = index * vectors / count, end = (index + 1) * vectors / count;
  return (panel){.col = first * W,
                 .columns = (int)(smaller(end * W, cols) - first * W),
                 .vectors = (int)(end - first)};
}

/* Where a tile finds a panel of b: packed, or as it lies. */
static void find_panel(const job *j, const area *r, const panel *p, bool packed,
                       operands *o) {
  const T *b = j->b + r->at * j->b_k + r->col + p->col;
  o->b = packed ? j->packed + p->col * j->part : b;
  o->b_k = packed ? p->vectors * W : j->b_k;
}

/* All rows of y in 'r', one part of k. */
static void one_area(const job *j, const area *r) {
  T sum[ROWS * COLUMNS * W] __attribute__((aligned(VECTOR_BYTES)));
  int64_t heights = cut(j->m, ROWS), panels = cut(cut(r->cols, W), COLUMNS);
  bool bare = j->y_col == 1 && r->at == 0 && !j->bias; /* nothing to add */
  for (int64_t i = 0; i < heights && !peri_call_stopped(j->call); i++) {
    int64_t row = i * j->m / heights;
    int rows = (int)((i + 1) * j->m / heights - row);
    operands o = {.a = j->a + row * j->a_row + r->at * j->a_k,
                  .a_row = j->a_row,
                  .a_k = j->a_k,
                  .k = r->k};
    for (int64_t at = 0; at < panels; at++) {
      panel p = panel_of(r->cols, at, panels);
      bool whole = p.columns == p.vectors * W;
      bool packed = j->b_col != 1 || j->m > DIRECT || !whole;
      if (packed && i == 0) pack(j, r, &p);
      find_panel(j, r, &p, packed, &o);
      o.out = bare && whole ? j->y + row * j->y_row + r->col + p.col : sum;
      o.out_row = bare && whole ? j->y_row : p.vectors * W;
      tiles[rows][p.vectors](&o);
      if (!bare || !whole) store_tile(j, r, &p, row, rows, sum);
    }
  }
}

/* ---- One row of y, b row-major: b goes by, nothing is packed ------------ */

/* Four steps of k go over the sums of a row at once. */
static void add_rows(const job *j, const T *a, const T *b, int64_t cols) {
  T *sum = j->packed, a0 = a[0], a1 = a[j->a_k], a2 = a[2 * j->a_k],
    a3 = a[3 * j->a_k];
  const T *b1 = b + j->b_k, *b2 = b1 + j->b_k, *b3 = b2 + j->b_k;
  int64_t c = 0;
  for (; c + W <= cols; c += W) {
    vec x = mul_add(all(a0), load(b + c), load(sum + c));
    x = mul_add(all(a1), load(b1 + c), x);
    x = mul_add(all(a2), load(b2 + c), x);
    store(sum + c, mul_add(all(a3), load(b3 + c), x));
  }
  FEW for (; c < cols; c++) {
    T x = mul_add_one(a1, b1[c], mul_add_one(a0, b[c], sum[c]));
    sum[c] = mul_add_one(a3, b3[c], mul_add_one(a2, b2[c], x));
  }
}

/* A step of k that is left. */
static void add_row(T *sum, T a, const T *b, int64_t cols) {
  for (int64_t c = 0; c < cols; c++) sum[c] = mul_add_one(a, b[c], sum[c]);
}

/* The only row of y in 'r', one part of k; its sums are in the workspace. */
static void one_row(const job *j, const area *r) {
  const T *a = j->a + r->at * j->a_k;
  const T *b = j->b + r->at * j->b_k + r->col;
  int64_t k = 0;
  panel p = {.columns = (int)r->cols};
  memset(j->packed, 0, (size_t)r->cols * sizeof(T));
  for (; k + 4 <= r->k; k += 4)
    add_rows(j, a + k * j->a_k, b + k * j->b_k, r->cols);
  for (; k < r->k; k++)
    add_row(j->packed, a[k * j->a_k], b + k * j->b_k, r->cols);
  store_tile(j, r, &p, 0, 1, j->packed);
}

/* ---- All of y, in slices of columns ------------------------------------- */

/* Columns that are worked on at once. */
static int64_t width_of(const job *j) {
  if (j->m == 1 && j->b_col == 1) return smaller(j->n, ROW_AT_ONCE);
  return cut(cut(j->n, cut(j->n, COLUMNS_AT_ONCE)), W) * W;
}

/* Columns of y from 'first', a multiple of W, up to 'end'. */
static void columns(const job *j, int64_t first, int64_t end) {
  area r = {.col = first};
  int64_t width = width_of(j);
  for (; r.col < end; r.col += r.cols) {
    r.cols = smaller(end - r.col, width);
    r.at = 0;
    do {
      r.k = smaller(j->k - r.at, j->part);
      if (j->m == 1 && j->b_col == 1)
        one_row(j, &r);
      else
        one_area(j, &r);
      r.at += j->part;
    } while (r.at < j->k && !peri_call_stopped(j->call));
  }
}

/* ---- The dot form: rows of b along k, times one vector ------------------ */

enum {
  LANE_VECTORS = PERI_DOT_LANES / W, /* of one row of b */
  DOT_ROWS = W >= 4 ? W / 4 : 1      /* at once, in 8 registers or more */
};

/* The last elements, fewer than a vector; seldom enough to be called. */
static __attribute__((noinline)) vec dot_rest(vec sum, const T *a, const T *b,
                                              int64_t count) {
  for (int64_t i = 0; i < count; i++) sum[i] = mul_add_one(a[i], b[i], sum[i]);
  return sum;
}

/* The last 'count' elements, fewer than there are lanes. -> the folded sum */
INLINE T dot_end(vec *sum, const T *a, const T *b, int64_t count) {
  UNROLL
  for (int v = 0; v < LANE_VECTORS; v++) {
    int64_t left = count - v * W;
    if (left >= W)
      sum[v] = mul_add(load(a + v * W), load(b + v * W), sum[v]);
    else if (left > 0)
      sum[v] = dot_rest(sum[v], a + v * W, b + v * W, left);
  }
  for (int half = LANE_VECTORS / 2; half > 0; half /= 2)
    for (int v = 0; v < half; v++) sum[v] += sum[v + half];
  return fold(sum[0]);
}

/* y[i step] = b[i, :] a for the first 'rows' rows of b. */
INLINE void dot_rows(int rows, const operands *o, T *y, int64_t step) {
  vec sum[DOT_ROWS * LANE_VECTORS];
  int64_t k = 0;
  UNROLL
  for (int i = 0; i < rows * LANE_VECTORS; i++) sum[i] = (vec){0};
  for (; k + PERI_DOT_LANES <= o->k; k += PERI_DOT_LANES) {
    UNROLL
    for (int v = 0; v < LANE_VECTORS; v++) {
      vec left = load(o->a + k + v * W);
      UNROLL
      for (int i = 0; i < rows; i++) {
        vec *s = &sum[i * LANE_VECTORS + v];
        *s = mul_add(left, load(o->b + i * o->b_k + k + v * W), *s);
      }
    }
  }
  UNROLL
  for (int i = 0; i < rows; i++)
    y[i * step] = dot_end(sum + i * LANE_VECTORS, o->a + k,
                          o->b + i * o->b_k + k, o->k - k);
}

/* y = b a for the vector a, gathered into the workspace if it is strided. */
static void dots(const job *j) {
  operands o = {.a = j->a, .b = j->b, .b_k = j->b_col, .k = j->k};
  T *y = j->y;
  int64_t i = 0;
  if (j->a_k != 1) {
    for (int64_t k = 0; k < j->k; k++) j->packed[k] = j->a[k * j->a_k];
    o.a = j->packed;
  }
  for (; i + DOT_ROWS <= j->n && !peri_call_stopped(j->call); i += DOT_ROWS) {
    dot_rows(DOT_ROWS, &o, y, j->y_col);
    o.b += DOT_ROWS * j->b_col;
    y += DOT_ROWS * j->y_col;
  }
  for (; i < j->n && !peri_call_stopped(j->call); i++) {
    dot_rows(1, &o, y, j->y_col);
    o.b += j->b_col;
    y += j->y_col;
  }
  if (!j->bias) return;
  for (i = 0; i < j->n; i++) j->y[i * j->y_col] += j->bias[i * j->bias_col];
}

/* ---- The kernel --------------------------------------------------------- */

/* True if the transposed product is the better one. */
static bool turned(const peri__product *p) {
  if (p->dot) return p->m > 1;
  if (p->m == 1 || p->n == 1) return p->m > 1;
  return (p->y_row == 1 && p->y_col != 1) || (p->b_k == 1 && 4 * p->m <= p->n);
}

/* The first product of the batch. */
static job job_of(const peri_call *call, const peri__product *p) {
  job j = {.call = call,
           .k = p->k,
           .part = p->part,
           .y = call->arg[0].data,
           .bias = call->arg[3].data,
           .packed = call->workspace};
  const T *a = call->arg[1].data, *b = call->arg[2].data;
  bool turn = turned(p);
  j.a = turn ? b : a;
  j.b = turn ? a : b;
  j.m = turn ? p->n : p->m;
  j.n = turn ? p->m : p->n;
  j.a_row = turn ? p->b_col : p->a_row;
  j.a_k = turn ? p->b_k : p->a_k;
  j.b_k = turn ? p->a_k : p->b_k;
  j.b_col = turn ? p->a_row : p->b_col;
  j.y_row = turn ? p->y_col : p->y_row;
  j.y_col = turn ? p->y_row : p->y_col;
  j.bias_row = turn ? p->bias_col : 0;
  j.bias_col = turn ? 0 : p->bias_col;
  return j;
}

size_t WORKSPACE(const peri_call *call) {
  peri__product p = peri__product_of(call);
  job j = job_of(call, &p);
  if (p.dot) return j.a_k == 1 ? 0 : (size_t)j.k * sizeof(T);
  if (peri__product_empty(&p)) return 0;
  int64_t width = width_of(&j);
  bool row = j.m == 1 && j.b_col == 1;
  bool direct = j.b_col == 1 && j.m <= DIRECT && j.n % W == 0;
  return (size_t)(row ? width : direct ? 0 : width * j.part) * sizeof(T);
}

void RUN(const peri_call *call) {
  peri__product p = peri__product_of(call);
  peri__matrix matrix = {0};
  if (peri__product_empty(&p)) return;
  job first = job_of(call, &p), j = first;
  bool turn = turned(&p);
  do {
    j.y = first.y + matrix.offset[0];
    j.a = first.a + matrix.offset[turn ? 2 : 1];
    j.b = first.b + matrix.offset[turn ? 1 : 2];
    if (p.dot)
      dots(&j);
    else
      columns(&j, 0, j.n);
  } while (peri__product_next(&p, &matrix) && !peri_call_stopped(call));
}
