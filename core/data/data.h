/* data.h - what the files of core/data share: the bytes of a file (source.c),
   an IDX file as a tensor (idx.c), drawn digits (digits.c). */
#ifndef PERI_DATA_H
#define PERI_DATA_H

#include "internal.h"

/* ---- Bytes of a file, plain or gzip (source.c) ------------------------ */

#define PERI_SOURCE_BYTES 16384 /* read from the file at once */

typedef struct peri_source peri_source;

/* Open 'path' for the reader 'what', both in front of every message. A file
   that starts with the two bytes 1F 8B is inflated on the way.
   -> NULL with EIO if it cannot be read */
peri_source *peri__source_open(peri_context *ctx, const char *what,
                               const char *path);
void peri__source_close(peri_source *source);
/* The next 'count' bytes into 'data'. -> how many there were, fewer only at
   the end, or a negative status: EIO, or EFORMAT if the gzip data is broken */
int64_t peri__source_read(peri_source *source, void *data, int64_t count);
/* The most bytes that can come in all: the size of a plain file, which is
   exact, or what so much gzip can hold. */
int64_t peri__source_bound(const peri_source *source);
bool peri__source_is_gzip(const peri_source *source);
/* EFORMAT with "what: path: " in front. */
int peri__source_fail(peri_source *source, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- Readers that others use ------------------------------------------ */

/* The tensor in the IDX file 'path', in the open scope; 'what' is the reader
   that asks, for messages. */
peri_tensor *peri__idx_load(peri_context *ctx, const char *what,
                            const char *path);

#define PERI_DIGIT_SIDE 28 /* pixels of a digit's image, each way */
#define PERI_DIGIT_PIXELS (PERI_DIGIT_SIDE * PERI_DIGIT_SIDE)

/* A data set of images x uint8 [N, 1, 28, 28], delivered as x / 255, and
   their classes y int64 [N], with the names "0" to "9". */
peri_dataset *peri__digits_new(peri_context *ctx, peri_tensor *x,
                               peri_tensor *y, const char *source);
/* The first 'count' drawn digits of 'seed', classes counted from 'base'. */
peri_dataset *peri__digits_drawn(peri_context *ctx, int64_t count,
                                 uint64_t seed, int base);
/* Draw digit 'index' of 'seed' into 28x28 pixels. -> which digit it is */
int peri__digit_draw(uint64_t seed, uint64_t index, uint8_t *pixels);

/* EARG unless 'made' has room for what reader 'what' makes. */
int peri__made_room(peri_context *ctx, const char *what, int room, int need);

#endif
