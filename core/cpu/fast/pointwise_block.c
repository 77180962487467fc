/* pointwise_block.c - blocks of strided arguments to dense arrays and back.
   Memory is gone through along the smaller stride, so that a transposed block
   uses its lines wholly; what has another dtype is converted by rows or
   columns. */
#include "pointwise.h"

#define T float
#define W (VECTOR_BYTES / 4)
#define MULTIPLY_ADD __builtin_fmaf
#include "vector.h"

static int64_t size(int64_t stride) { return stride < 0 ? -stride : stride; }

/* Elements of any type of that size. */
typedef uint8_t one __attribute__((may_alias));
typedef uint32_t four __attribute__((may_alias));
typedef uint64_t eight __attribute__((may_alias));

/* ---- Rows ------------------------------------------------------------- */

/* Rows that are dense, rows of one value, any. */
#define READ(name, type) \
  static void name(const peri__block *from, type *to) { \
    const type *x = from->data; \
    const int64_t cols = from->cols, col = from->col; \
    for (int64_t i = 0; i < from->rows; i++, x += from->row, to += cols) \
      if (col == 1) { \
        _Pragma("omp simd") for (int64_t j = 0; j < cols; j++) to[j] = x[j]; \
      } else if (col == 0) { \
        const type value = *x; \
        _Pragma("omp simd") for (int64_t j = 0; j < cols; j++) to[j] = value; \
      } else { \
        for (int64_t j = 0; j < cols; j++) to[j] = x[j * col]; \
      } \
  }

#define WRITE(name, type) \
  static void name(const peri__block *to, const type *from) { \
    type *y = to->data; \
    const int64_t cols = to->cols, col = to->col; \
    for (int64_t i = 0; i < to->rows; i++, y += to->row, from += cols) \
      if (col == 1) { \
        _Pragma("omp simd") for (int64_t j = 0; j < cols; j++) y[j] = from[j]; \
      } else { \
        for (int64_t j = 0; j < cols; j++) y[j * col] = from[j]; \
      } \
  }

READ(read_4, four)
READ(read_8, eight)
WRITE(write_1, one)
WRITE(write_4, four)
WRITE(write_8, eight)

/* ---- Columns ---------------------------------------------------------- */

#define COLUMNS(name, type) \
  static void name(const peri__block *from, type *to) { \
    const type *x = from->data; \
    const int64_t row = from->row, cols = from->cols; \
    for (int64_t j = 0; j < cols; j++, x += from->col) \
      for (int64_t i = 0; i < from->rows; i++) to[i * cols + j] = x[i * row]; \
  }

COLUMNS(columns_4, four)
COLUMNS(columns_8, eight)

/* Dense columns of 4-byte elements: W x W of them at once in registers, the
   rest one by one. */
static void turn_columns(const peri__block *from, float *to) {
  const int64_t rows = from->rows / W * W, cols = from->cols / W * W;
  const float *x = from->data;
  for (int64_t j = 0; j < cols; j += W)
    for (int64_t i = 0; i < rows; i += W) {
      vec square[W];
      for (int k = 0; k < W; k++) square[k] = load(x + i + (j + k) * from->col);
      turn(square);
      for (int k = 0; k < W; k++)
        store(to + (i + k) * from->cols + j, square[k]);
    }
  for (int64_t j = 0; j < from->cols; j++)
    for (int64_t i = j < cols ? rows : 0; i < from->rows; i++)
      to[i * from->cols + j] = x[i + j * from->col];
}

static void read_columns(const peri__block *from, void *to, peri_dtype dtype) {
  if (dtype == PERI_F32 && from->row == 1)
    turn_columns(from, to);
  else if (dtype == PERI_F32)
    columns_4(from, to);
  else
    columns_8(from, to);
}

/* ---- Conversion ------------------------------------------------------- */

static int64_t bytes(peri_dtype dtype, int64_t count) {
  return count * (int64_t)peri_dtype_size(dtype);
}

/* Elements in conversion: 'count' lines of 'each', which go on from line to
   line by 'line' in the block and 'dense' in the array, and inside a line by
   'step' and 'dense_step'. */
typedef struct {
  int64_t count, each, line, dense, step, dense_step;
} lines;

/* The longest lines, or those with the smaller step. */
static lines lines_of(const peri__block *block) {
  const int64_t rows = block->rows, cols = block->cols;
  if (rows == 1 || block->row == cols * block->col)
    return (lines){1, rows * cols, 0, 0, block->col, 1};
  if (cols == 1 || (block->row != 0 && size(block->row) < size(block->col)))
    return (lines){cols, rows, block->col, 1, block->row, cols};
  return (lines){rows, cols, block->row, cols, block->col, 1};
}

static void convert_line(char *y, peri_dtype y_dtype, int64_t y_step,
                         const char *x, peri_dtype x_dtype, int64_t x_step,
                         int64_t count) {
  if (y_step == 1 && x_step == 1)
    LEVEL(convert)(y, y_dtype, x, x_dtype, count);
  else
    peri__convert(y, y_dtype, y_step, x, x_dtype, x_step, count);
}

static void convert_in(const peri__block *from, void *to, peri_dtype dtype) {
  lines l = lines_of(from);
  const char *x = from->data;
  char *y = to;
  for (int64_t i = 0; i < l.count; i++)
    convert_line(y + bytes(dtype, i * l.dense), dtype, l.dense_step,
                 x + bytes(from->dtype, i * l.line), from->dtype, l.step,
                 l.each);
}

static void convert_out(const peri__block *to, const void *from,
                        peri_dtype dtype) {
  lines l = lines_of(to);
  const char *x = from;
  char *y = to->data;
  for (int64_t i = 0; i < l.count; i++)
    convert_line(y + bytes(to->dtype, i * l.line), to->dtype, l.step,
                 x + bytes(dtype, i * l.dense), dtype, l.dense_step, l.each);
}

/* ---- Both ways -------------------------------------------------------- */

void LEVEL(block_read)(const peri__block *from, void *to, peri_dtype dtype) {
  if (from->dtype != dtype)
    convert_in(from, to, dtype);
  else if (from->col != 0 && size(from->row) < size(from->col))
    read_columns(from, to, dtype);
  else if (dtype == PERI_F32)
    read_4(from, to);
  else
    read_8(from, to);
}

/* Results of whole numbers. */
static void whole_out(const peri__block *to, const int64_t *from) {
  for (int64_t i = 0; i < to->rows; i++) {
    char *row = (char *)to->data + bytes(to->dtype, i * to->row);
    peri__store_whole(row, to->dtype, to->col, from + i * to->cols, to->cols);
  }
}

void LEVEL(block_write)(const peri__block *to, const void *from,
                        peri_dtype dtype) {
  if (to->dtype != dtype && dtype == PERI_I64)
    whole_out(to, from);
  else if (to->dtype != dtype)
    convert_out(to, from, dtype);
  else if (dtype == PERI_BOOL)
    write_1(to, from);
  else if (dtype == PERI_F32)
    write_4(to, from);
  else
    write_8(to, from);
}
