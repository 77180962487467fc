/* idx_spec.c - the IDX reader: every element type, malformed files, damaged
   gzip data and files that would inflate to more than they say. */
#define _POSIX_C_SOURCE 200809L
#include "data_check.h"

static peri_tensor *read_idx(peri_context *ctx, const char *path) {
  peri_made made = {0};
  return peri_read_idx(ctx, path, &made, 1) == 1 ? made.tensor : NULL;
}

/* A file of every element type, [2]: its bytes and what they mean. */
typedef struct {
  int code, bytes;
  peri_dtype dtype;
  unsigned char data[16];
  double first, second;
} type_case;

static const type_case types[] = {
    {0x08, 1, PERI_U8, {0x00, 0xff}, 0, 255},
    {0x09, 1, PERI_I32, {0x7f, 0x80}, 127, -128},
    {0x0b, 2, PERI_I32, {0x01, 0x02, 0xff, 0xfe}, 258, -2},
    {0x0c, 4, PERI_I32, {0x80, 0, 0, 0, 0, 1, 0, 2}, -2147483648.0, 65538},
    {0x0d, 4, PERI_F32, {0x3f, 0xc0, 0, 0, 0xc0, 0, 0, 0}, 1.5, -2},
    {0x0e,
     8,
     PERI_F64,
     {0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0xc0, 0x01, 0, 0, 0, 0, 0, 0},
     1.5,
     -2.125},
};

static void idx_types(peri_context *ctx) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    const type_case *t = &types[i];
    unsigned char bytes[32] = {0, 0, (unsigned char)t->code, 1, 0, 0, 0, 2};
    size_t count = 8 + 2 * (size_t)t->bytes;
    double got[2] = {0};
    memcpy(bytes + 8, t->data, 16);
    write_file("plain", bytes, count);
    write_gzip("packed", bytes, count);
    for (int packed = 0; packed < 2; packed++) {
      peri_tensor *x = read_idx(ctx, packed ? "packed" : "plain");
      bool good = x && peri_tensor_dtype(x) == t->dtype &&
                  peri_tensor_ndim(x) == 1 &&
                  peri_copy_out(x, got, PERI_F64, sizeof got) == 0;
      CHECK(good && got[0] == t->first && got[1] == t->second);
      peri_release(x);
    }
  }
}

static void idx_shapes(peri_context *ctx) {
  static const unsigned char cube[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0,
                                       2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6};
  static const unsigned char none[] = {0, 0, 13, 2, 0, 0, 0, 0, 0, 0, 0, 5};
  static const unsigned char point[] = {0, 0, 8, 0, 7};
  write_file("x", cube, sizeof cube);
  peri_tensor *x = read_idx(ctx, "x");
  CHECK(x && peri_tensor_ndim(x) == 3 && peri_tensor_shape(x)[2] == 3);
  CHECK(x && ((uint8_t *)peri_tensor_data(x))[5] == 6);
  write_gzip("x", none, sizeof none);
  x = read_idx(ctx, "x");
  CHECK(x && peri_tensor_ndim(x) == 2 && peri_tensor_numel(x) == 0);
  write_file("x", point, sizeof point);
  x = read_idx(ctx, "x");
  CHECK(x && peri_tensor_ndim(x) == 0 && peri_item(x) == 7);
}

/* A malformed file and what is said of it, plain and gzip. */
typedef struct {
  size_t count;
  unsigned char bytes[48];
  const char *text;
  const char *packed; /* NULL: the same */
} broken_case;

static const broken_case broken[] = {
    {0,
     {0},
     "4 bytes of header expected, file has 0",
     "4 bytes of header expected, the gzip data has 0"},
    {3,
     {0, 0, 8},
     "4 bytes of header expected, file has 3",
     "4 bytes of header expected, the gzip data has 3"},
    {7,
     {0, 0, 8, 2, 0, 0, 0},
     "12 bytes of header expected, file has 7",
     "12 bytes of header expected, the gzip data has 7"},
    {8,
     {'P', 'K', 8, 1},
     "byte 0: magic number 00 00 expected, found 50 4B",
     NULL},
    {9,
     {0, 0, 7, 1, 0, 0, 0, 1, 5},
     "byte 2: element type 07 is none of 08 09 0B 0C 0D 0E",
     NULL},
    {9, {0, 0, 8, 9, 0, 0, 0, 1, 5}, "byte 3: 9 dimensions, at most 8", NULL},
    {20,
     {0,   0,   14,  4,   255, 255, 255, 255, 255, 255,
      255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
     "byte 4: sizes [4294967295, 4294967295, 4294967295, 4294967295] are too "
     "large",
     NULL},
    {10,
     {0, 0, 8, 1, 0, 0, 0, 3, 1, 2},
     "11 bytes expected, file has 10",
     "11 bytes expected, the gzip data has 10"},
    {12,
     {0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3, 4},
     "11 bytes expected, file has 12",
     "11 bytes expected, the gzip data has more"},
};

static void idx_malformed(peri_context *ctx) {
  char text[256];
  for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
    const broken_case *b = &broken[i];
    write_file("plain", b->bytes, b->count);
    snprintf(text, sizeof text, "idx: plain: %s", b->text);
    CHECK(!read_idx(ctx, "plain") && failed(ctx, PERI_EFORMAT, text));
    write_gzip("packed", b->bytes, b->count);
    snprintf(text, sizeof text, "idx: packed: %s",
             b->packed ? b->packed : b->text);
    CHECK(!read_idx(ctx, "packed") && failed(ctx, PERI_EFORMAT, text));
  }
}

/* Bytes of file 'path' into 'bytes' of 'room'. */
static size_t slurp(const char *path, unsigned char *bytes, size_t room) {
  FILE *file = fopen(path, "rb");
  size_t count = file ? fread(bytes, 1, room, file) : 0;
  if (file) fclose(file);
  return count;
}

static void gzip_damaged(peri_context *ctx) {
  static const unsigned char good[] = {0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3};
  unsigned char bytes[128], copy[128];
  char text[128];
  write_gzip("x", good, sizeof good);
  size_t count = slurp("x", bytes, sizeof bytes);
  memcpy(copy, bytes, count);
  copy[count - 8] ^= 1; /* its checksum */
  write_file("x", copy, count);
  CHECK(!read_idx(ctx, "x"));
  CHECK(peri_error(ctx) == PERI_EFORMAT);
  CHECK(strstr(peri_error_text(ctx), "idx: x: the gzip data is damaged"));
  peri_clear_error(ctx);
  write_file("x", bytes, count - 3);
  snprintf(text, sizeof text, "idx: x: the gzip data breaks off at byte %d",
           (int)count - 3);
  CHECK(!read_idx(ctx, "x") && failed(ctx, PERI_EFORMAT, text));
  bytes[count] = 'x';
  write_file("x", bytes, count + 1);
  snprintf(text, sizeof text,
           "idx: x: byte %d: the gzip data ends here, but "
           "the file goes on",
           (int)count);
  CHECK(!read_idx(ctx, "x") && failed(ctx, PERI_EFORMAT, text));
}

/* A small file that inflates to 64 MiB; what its header says differs. */
static void write_bomb(const char *path, uint32_t size) {
  static const unsigned char zeros[65536];
  const unsigned char header[] = {0,
                                  0,
                                  8,
                                  1,
                                  (unsigned char)(size >> 24),
                                  (unsigned char)(size >> 16),
                                  (unsigned char)(size >> 8),
                                  (unsigned char)size};
  gzFile file = gzopen(path, "wb9");
  bool written = file && gzwrite(file, header, 8) == 8;
  for (int i = 0; written && i < 1024; i++)
    written = gzwrite(file, zeros, sizeof zeros) == (int)sizeof zeros;
  CHECK(written && gzclose(file) == Z_OK);
}

static void gzip_bomb(peri_context *ctx) {
  write_bomb("bomb", 1000);
  size_t before = peri_memory_stats(ctx).peak_bytes;
  CHECK(!read_idx(ctx, "bomb"));
  CHECK(failed(ctx, PERI_EFORMAT,
               "idx: bomb: 1008 bytes expected, the gzip data has more"));
  CHECK(peri_memory_stats(ctx).peak_bytes < before + (1 << 18));
  write_bomb("bomb", 0xffffffffu); /* 4 GiB cannot be in 64 KiB */
  CHECK(!read_idx(ctx, "bomb"));
  CHECK(strstr(peri_error_text(ctx),
               "idx: bomb: 4294967303 bytes expected, "
               "the gzip data holds at most "));
  peri_clear_error(ctx);
  CHECK(peri_memory_stats(ctx).peak_bytes < before + (1 << 18));
}

static void idx_world(peri_context *ctx) {
  CHECK(!read_idx(ctx, "nowhere/x"));
  CHECK(failed(ctx, PERI_EIO, "idx: nowhere/x: No such file or directory"));
  CHECK(!read_idx(ctx, "."));
  CHECK(failed(ctx, PERI_EIO, "idx: .: Is a directory"));
}

static void (*const cases[])(peri_context *) = {
    idx_types, idx_shapes, idx_malformed, gzip_damaged, gzip_bomb, idx_world};

int main(void) { return RUN_CASES("idx", cases); }
