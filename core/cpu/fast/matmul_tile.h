/* matmul_tile.h - out[rows, vectors W] = a b over one part of k, in registers:
   one function for every size of tile that there is. */

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
