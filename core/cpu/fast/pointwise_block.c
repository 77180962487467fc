/* pointwise_block.c - blocks of strided arguments to dense arrays and back.
   Memory is gone through along the smaller stride, so that a transposed block
   uses its lines wholly; what has another dtype is converted by rows or
   columns. */
#include "pointwise.h"

static int64_t size(int64_t stride) { return stride < 0 ? -stride : stride; }

/* Rows that are dense, rows of one value, columns, anything. */
#define READ(name, T) \
  static void name(const peri__block *from, T *to) { \
    const T *x = from->data; \
    const int64_t rows = from->rows, cols = from->cols; \
    const int64_t row = from->row, col = from->col; \
    if (col == 1) { \
      for (int64_t i = 0; i < rows; i++) \
        _Pragma("omp simd") for (int64_t j = 0; j < cols; j++) \
            to[i * cols + j] = x[i * row + j]; \
    } else if (col == 0) { \
      for (int64_t i = 0; i < rows; i++) { \
        const T value = x[i * row]; \
        for (int64_t j = 0; j < cols; j++) to[i * cols + j] = value; \
      } \
    } else if (size(row) < size(col)) { \
      for (int64_t j = 0; j < cols; j++) \
        for (int64_t i = 0; i < rows; i++) \
          to[i * cols + j] = x[i * row + j * col]; \
    } else { \
      for (int64_t i = 0; i < rows; i++) \
        for (int64_t j = 0; j < cols; j++) \
          to[i * cols + j] = x[i * row + j * col]; \
    } \
  }

#define WRITE(name, T) \
  static void name(const peri__block *to, const T *from) { \
    T *y = to->data; \
    const int64_t rows = to->rows, cols = to->cols; \
    const int64_t row = to->row, col = to->col; \
    for (int64_t i = 0; i < rows; i++, y += row, from += cols) \
      if (col == 1) { \
        _Pragma("omp simd") for (int64_t j = 0; j < cols; j++) y[j] = from[j]; \
      } else { \
        for (int64_t j = 0; j < cols; j++) y[j * col] = from[j]; \
      } \
  }

READ(read_4, uint32_t)
READ(read_8, uint64_t)
WRITE(write_1, uint8_t)
WRITE(write_4, uint32_t)
WRITE(write_8, uint64_t)

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

static void convert_in(const peri__block *from, void *to, peri_dtype dtype) {
  lines l = lines_of(from);
  const char *x = from->data;
  char *y = to;
  for (int64_t i = 0; i < l.count; i++)
    peri__convert(y + bytes(dtype, i * l.dense), dtype, l.dense_step,
                  x + bytes(from->dtype, i * l.line), from->dtype, l.step,
                  l.each);
}

static void convert_out(const peri__block *to, const void *from,
                        peri_dtype dtype) {
  lines l = lines_of(to);
  const char *x = from;
  char *y = to->data;
  for (int64_t i = 0; i < l.count; i++)
    peri__convert(y + bytes(to->dtype, i * l.line), to->dtype, l.step,
                  x + bytes(dtype, i * l.dense), dtype, l.dense_step, l.each);
}

void LEVEL(block_read)(const peri__block *from, void *to, peri_dtype dtype) {
  if (from->dtype != dtype)
    convert_in(from, to, dtype);
  else if (dtype == PERI_F32)
    read_4(from, to);
  else
    read_8(from, to);
}

void LEVEL(block_write)(const peri__block *to, const void *from, peri_dtype dtype) {
  if (to->dtype != dtype)
    convert_out(to, from, dtype);
  else if (dtype == PERI_BOOL)
    write_1(to, from);
  else if (dtype == PERI_F32)
    write_4(to, from);
  else
    write_8(to, from);
}
