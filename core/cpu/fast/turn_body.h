/* turn_body.h - a tile of a matrix turned: rows to columns. The includer says
   the element type T, an unsigned integer, and how many of them, N, make the
   16 bytes of a vector; blocks of N rows of N elements are turned in
   registers. */

typedef T NAME(vec) __attribute__((vector_size(16)));
typedef T NAME(loose)
    __attribute__((vector_size(16), aligned(sizeof(T)), may_alias));

/* Rows i and i + N / 2 are put together element by element, log2 N times. */
INLINE void NAME(block)(T *y, int64_t y_row, const T *x, int64_t x_row) {
  NAME(vec) row[N], next[N];
  UNROLL
  for (int i = 0; i < N; i++) row[i] = *(const NAME(loose) *)(x + i * x_row);
  UNROLL
  for (int round = 1; round < N; round *= 2) {
    UNROLL
    for (int i = 0; i < N / 2; i++) {
      next[2 * i] = LOW(row[i], row[i + N / 2]);
      next[2 * i + 1] = HIGH(row[i], row[i + N / 2]);
    }
    UNROLL
    for (int i = 0; i < N; i++) row[i] = next[i];
  }
  UNROLL
  for (int i = 0; i < N; i++) *(NAME(loose) *)(y + i * y_row) = row[i];
}

/* y[i, j] = x[j, i] for rows * columns elements of y, whose rows are 'y_row'
   apart and dense; those of x are dense and 'x_row' apart. */
static void NAME(turn)(void *to, int64_t y_row, const void *from, int64_t x_row,
                       int64_t rows, int64_t columns) {
  T *y = to;
  const T *x = from;
  int64_t whole_rows = rows - rows % N, whole_columns = columns - columns % N;
  for (int64_t j = 0; j < whole_columns; j += N)
    for (int64_t i = 0; i < whole_rows; i += N)
      NAME(block)(y + i * y_row + j, y_row, x + j * x_row + i, x_row);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = i < whole_rows ? whole_columns : 0; j < columns; j++)
      y[i * y_row + j] = x[j * x_row + i];
}

#undef T
#undef N
#undef NAME
#undef LOW
#undef HIGH
