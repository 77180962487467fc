/* idx.c - the IDX format: a magic number of two zero bytes, a type and the
   number of dimensions, then the sizes, four bytes each, then the elements
   row-major; all numbers big-endian.

   Nothing is allocated for the elements before the sizes are known to fit what
   is there, and not a byte more than they say is read or inflated. */
#include "data/data.h"

enum {
  HEADER_BYTES = 4, /* before the sizes */
  SIZE_BYTES = 4    /* of each size */
};

/* An element type of the format and the dtype it becomes. */
typedef struct {
  int code;
  int bytes;
  peri_dtype dtype;
} element;

static const element elements[] = {
    {0x08, 1, PERI_U8},  {0x09, 1, PERI_I32}, {0x0b, 2, PERI_I32},
    {0x0c, 4, PERI_I32}, {0x0d, 4, PERI_F32}, {0x0e, 8, PERI_F64},
};

static const element *find_element(int code) {
  for (size_t i = 0; i < sizeof elements / sizeof *elements; i++)
    if (elements[i].code == code) return &elements[i];
  return NULL;
}

static uint32_t big_endian(const unsigned char *from) {
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 |
         (uint32_t)from[2] << 8 | from[3];
}

/* 'count' elements from the file's form into the tensor's. */
static void decode(const element *type, const unsigned char *from,
                   unsigned char *to, int64_t count) {
  for (int64_t i = 0; i < count; i++, from += type->bytes) {
    int32_t small = (from[0] ^ 0x80) - 0x80; /* the top byte, with its sign */
    uint32_t word;
    uint64_t both;
    switch (type->bytes) {
      case 1:
        if (type->dtype == PERI_U8)
          to[i] = from[0];
        else
          memcpy(to + 4 * i, &small, 4);
        break;
      case 2:
        small = small * 256 + from[1];
        memcpy(to + 4 * i, &small, 4);
        break;
      case 4:
        word = big_endian(from);
        memcpy(to + 4 * i, &word, 4);
        break;
      default:
        both = (uint64_t)big_endian(from) << 32 | big_endian(from + 4);
        memcpy(to + 8 * i, &both, 8);
    }
  }
}

/* What holds the bytes that a message counts. */
static const char *holder(const peri_source *source) {
  return peri__source_is_gzip(source) ? "the gzip data" : "file";
}

/* 'count' bytes of the header, which then has 'whole', of which 'before' were
   read. */
static int read_header(peri_source *source, unsigned char *bytes, int before,
                       int count) {
  int64_t got = peri__source_read(source, bytes, count);
  if (got < 0) return (int)got;
  if (got < count)
    return peri__source_fail(source, "%d bytes of header expected, %s has %lld",
                             before + count, holder(source),
                             (long long)(before + got));
  return 0;
}

/* Compare what the header says with what can be there. */
static int check_size(peri_source *source, const peri_meta *meta,
                      int64_t expected) {
  int64_t bound = peri__source_bound(source);
  char shape[PERI_SHAPE_TEXT];
  if (expected < 0)
    return peri__source_fail(
        source, "byte %d: sizes %s are too large", HEADER_BYTES,
        peri_shape_text(meta->shape, meta->ndim, shape, sizeof shape));
  if (peri__source_is_gzip(source) ? expected > bound : expected != bound)
    return peri__source_fail(
        source, "%lld bytes expected, %s %s %lld", (long long)expected,
        holder(source), peri__source_is_gzip(source) ? "holds at most" : "has",
        (long long)bound);
  return 0;
}

/* Read and check everything before the elements. -> bytes of the whole file,
   inflated, or a negative status */
static int64_t read_sizes(peri_source *source, const element **type,
                          peri_meta *meta) {
  unsigned char bytes[HEADER_BYTES + SIZE_BYTES * PERI_MAX_DIMS];
  int status = read_header(source, bytes, 0, HEADER_BYTES);
  if (status < 0) return status;
  if (bytes[0] != 0 || bytes[1] != 0)
    return peri__source_fail(
        source, "byte 0: magic number 00 00 expected, found %02X %02X",
        bytes[0], bytes[1]);
  *type = find_element(bytes[2]);
  if (!*type)
    return peri__source_fail(source,
                             "byte 2: element type %02X is none of "
                             "08 09 0B 0C 0D 0E",
                             bytes[2]);
  if (bytes[3] > PERI_MAX_DIMS)
    return peri__source_fail(source, "byte 3: %d dimensions, at most %d",
                             bytes[3], PERI_MAX_DIMS);
  meta->dtype = (*type)->dtype;
  meta->ndim = bytes[3];
  status = read_header(source, bytes + HEADER_BYTES, HEADER_BYTES,
                       SIZE_BYTES * meta->ndim);
  if (status < 0) return status;
  for (int d = 0; d < meta->ndim; d++)
    meta->shape[d] = big_endian(bytes + HEADER_BYTES + SIZE_BYTES * d);
  int64_t header = HEADER_BYTES + SIZE_BYTES * meta->ndim;
  int64_t expected = peri__numel(meta->shape, meta->ndim);
  if (expected < 0 || !peri__mul(expected, (*type)->bytes, &expected) ||
      !peri__add(expected, header, &expected))
    expected = -1;
  status = check_size(source, meta, expected);
  return status < 0 ? status : expected;
}

/* All elements into 'x', then the end of the file, which must be there. */
static int read_elements(peri_source *source, const element *type,
                         peri_tensor *x, int64_t expected) {
  unsigned char chunk[PERI_SOURCE_BYTES];
  unsigned char *to = peri_tensor_data(x);
  int64_t each = (int64_t)peri_dtype_size(x->dtype);
  int64_t left = peri_tensor_numel(x);
  while (left > 0) {
    int64_t part = (int64_t)sizeof chunk / type->bytes;
    if (part > left) part = left;
    int64_t got = peri__source_read(source, chunk, part * type->bytes);
    if (got < 0) return (int)got;
    if (got < part * type->bytes)
      return peri__source_fail(
          source, "%lld bytes expected, %s has %lld", (long long)expected,
          holder(source), (long long)(expected - left * type->bytes + got));
    decode(type, chunk, to, part);
    to += part * each;
    left -= part;
  }
  int64_t more = peri__source_read(source, chunk, 1);
  if (more > 0)
    return peri__source_fail(source, "%lld bytes expected, %s has more",
                             (long long)expected, holder(source));
  return (int)more;
}

peri_tensor *peri__idx_load(peri_context *ctx, const char *what,
                            const char *path) {
  const element *type = NULL;
  peri_meta meta = {0};
  peri_tensor *x = NULL;
  peri_source *source = peri__source_open(ctx, what, path);
  if (!source) return NULL;
  int64_t expected = read_sizes(source, &type, &meta);
  if (expected >= 0)
    x = peri_tensor_new(ctx, NULL, meta.shape, meta.ndim, meta.dtype);
  if (x && read_elements(source, type, x, expected) < 0) {
    peri_release(x);
    x = NULL;
  }
  peri__source_close(source);
  return x;
}

int peri__idx_read(peri_context *ctx, const peri_value *value, int base,
                   peri_made *made, int room) {
  (void)base; /* the elements are numbers, not positions */
  if (peri__made_room(ctx, "idx", room, 1) < 0) return PERI_EARG;
  made[0].tensor = peri__idx_load(ctx, "idx", value[0].s);
  return made[0].tensor ? 1 : (int)peri_error(ctx);
}
