/* matmul_job.h - one product of a batch, and the pieces in which it is worked
   off. */

/* How it is worked off: in tiles; or with one vector, whose matrix is
   row-major (ROW) or lies along k (DOT). */
typedef enum { TILES, ROW, DOT } form;

/* One product, transposed or not. */
typedef struct {
  const peri_call *call;
  form form;
  int64_t m, n, k, part;
  const T *a, *b, *bias; /* bias NULL: none */
  T *y;
  int64_t a_row, a_k, b_k, b_col, y_row, y_col, bias_row, bias_col;
  peri__loop *activation; /* or NULL */
  T *packed;              /* the workspace of one thread */
} job;

/* Columns and part of k that are worked on. */
typedef struct {
  int64_t col, cols, at, k;
} area;

/* A panel: 'columns' of them starting at 'col', in 'vectors' vectors. */
typedef struct {
  int64_t col, columns;
  int vectors;
} panel;

static int64_t cut(int64_t count, int64_t most) {
  return (count + most - 1) / most;
}

static int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t larger(int64_t a, int64_t b) { return a > b ? a : b; }

/* From the panel before number 'index', counted from 1, to it; 'count' of them
   share 'cols' columns evenly. */
static void next_panel(panel *p, int64_t cols, int index, int count) {
  int vectors = (int)cut(cols, W), end = index * vectors / count;
  p->col += p->vectors * W;
  p->vectors = end - (int)(p->col / W);
  p->columns = smaller(end * W, cols) - p->col;
}
