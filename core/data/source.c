/* source.c - the bytes of a file, one after the other, inflated on the way if
   the file is gzip.

   What is inflated is handed on at once, so a small file that would inflate to
   gigabytes costs no memory: the reader stops asking. zlib's own memory comes
   from the context and counts against its byte limit. */
#include <errno.h>
#include <stdio.h>
#include <zlib.h>

#include "data/data.h"

/* Deflate needs at least 2 bits for 258 bytes. */
#define MOST_PER_BYTE 1032

struct peri_source {
  peri_context *ctx;
  const char *what;
  char *path;
  FILE *file;
  int64_t size; /* of the file in bytes */
  bool gzip;
  bool finished;    /* the gzip data has ended, its checksum was right */
  int64_t consumed; /* bytes of the file taken out of 'buffer' */
  z_stream z;       /* gzip; else next_in and avail_in alone serve */
  bool z_open;
  unsigned char buffer[PERI_SOURCE_BYTES];
};

int peri__source_fail(peri_source *source, const char *format, ...) {
  char text[PERI_ERROR_BYTES / 2];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return peri_fail(source->ctx, PERI_EFORMAT, "%s: %s: %s", source->what,
                   source->path, text);
}

static int fail_io(peri_context *ctx, const char *what, const char *path) {
  return peri_fail(ctx, PERI_EIO, "%s: %s: %s", what, path,
                   strerror(errno ? errno : EIO));
}

static void *zlib_alloc(void *user, unsigned items, unsigned size) {
  return peri__alloc(user, (size_t)items * size);
}

static void zlib_free(void *user, void *data) { peri__free(user, data); }

/* Fill the empty buffer. -> bytes, 0 at the end of the file, or a status */
static int64_t refill(peri_source *s) {
  errno = 0;
  size_t count = fread(s->buffer, 1, sizeof s->buffer, s->file);
  if (count == 0 && ferror(s->file)) return fail_io(s->ctx, s->what, s->path);
  s->z.next_in = s->buffer;
  s->z.avail_in = (unsigned)count;
  return (int64_t)count;
}

/* Size of the open file, which is left at the start; -1 if it has none, as a
   pipe. */
static int64_t measure(FILE *file) {
  if (fseek(file, 0, SEEK_END) != 0) return -1;
  long size = ftell(file);
  return fseek(file, 0, SEEK_SET) == 0 ? size : -1;
}

/* Look at the first bytes and get ready to inflate if they say gzip. */
static int start(peri_source *s) {
  errno = 0;
  s->size = measure(s->file);
  if (s->size < 0) return fail_io(s->ctx, s->what, s->path);
  int64_t count = refill(s);
  if (count < 0) return (int)count;
  s->gzip = count >= 2 && s->buffer[0] == 0x1f && s->buffer[1] == 0x8b;
  if (!s->gzip) return 0;
  s->z.zalloc = zlib_alloc;
  s->z.zfree = zlib_free;
  s->z.opaque = s->ctx;
  if (inflateInit2(&s->z, 15 + 16) != Z_OK) /* 15: any window; 16: gzip */
    return peri_fail(s->ctx, PERI_ENOMEM, "%s: %s: out of memory", s->what,
                     s->path);
  s->z_open = true;
  return 0;
}

peri_source *peri__source_open(peri_context *ctx, const char *what,
                               const char *path) {
  peri_source *source = peri__alloc_zeroed(ctx, sizeof *source);
  if (!source) return NULL;
  source->ctx = ctx;
  source->what = what;
  source->path = peri__strdup(ctx, path);
  if (!source->path) goto fail;
  errno = 0;
  source->file = fopen(path, "rb");
  if (!source->file) {
    fail_io(ctx, what, path);
    goto fail;
  }
  if (start(source) == 0) return source;
fail:
  peri__source_close(source);
  return NULL;
}

void peri__source_close(peri_source *source) {
  if (!source) return;
  peri_context *ctx = source->ctx;
  if (source->z_open) inflateEnd(&source->z);
  if (source->file) fclose(source->file);
  peri__free(ctx, source->path);
  peri__free(ctx, source);
}

bool peri__source_is_gzip(const peri_source *source) { return source->gzip; }

int64_t peri__source_bound(const peri_source *source) {
  int64_t most = source->size;
  if (source->gzip && !peri__mul(most, MOST_PER_BYTE, &most)) most = INT64_MAX;
  return most;
}

static int64_t read_plain(peri_source *s, unsigned char *data, int64_t count) {
  int64_t done = 0;
  while (done < count) {
    if (s->z.avail_in == 0) {
      int64_t got = refill(s);
      if (got <= 0) return got < 0 ? got : done;
    }
    size_t part = s->z.avail_in;
    if ((int64_t)part > count - done) part = (size_t)(count - done);
    memcpy(data + done, s->z.next_in, part);
    s->z.next_in += part;
    s->z.avail_in -= (unsigned)part;
    done += (int64_t)part;
  }
  return done;
}

/* After the checksum nothing may follow. */
static int finish(peri_source *s) {
  s->finished = true;
  int64_t at = s->consumed;
  int64_t rest = s->z.avail_in;
  if (rest == 0) rest = refill(s);
  if (rest < 0) return (int)rest;
  return rest == 0 ? 0
                   : peri__source_fail(s,
                                       "byte %lld: the gzip data ends "
                                       "here, but the file goes on",
                                       (long long)at);
}

/* One round of inflate into next_out. */
static int inflate_some(peri_source *s) {
  if (s->z.avail_in == 0) {
    int64_t got = refill(s);
    if (got < 0) return (int)got;
    if (got == 0)
      return peri__source_fail(s, "the gzip data breaks off at byte %lld",
                               (long long)s->consumed);
  }
  unsigned before = s->z.avail_in;
  int result = inflate(&s->z, Z_NO_FLUSH);
  s->consumed += before - s->z.avail_in;
  if (result == Z_STREAM_END) return finish(s);
  if (result == Z_MEM_ERROR)
    return peri_fail(s->ctx, PERI_ENOMEM, "%s: %s: out of memory", s->what,
                     s->path);
  if (result == Z_OK || result == Z_BUF_ERROR) return 0;
  return peri__source_fail(s, "the gzip data is damaged before byte %lld (%s)",
                           (long long)s->consumed,
                           s->z.msg ? s->z.msg : "no reason given");
}

static int64_t read_gzip(peri_source *s, unsigned char *data, int64_t count) {
  int64_t done = 0;
  while (done < count && !s->finished) {
    int64_t part = count - done;
    if (part > PERI_SOURCE_BYTES) part = PERI_SOURCE_BYTES;
    s->z.next_out = data + done;
    s->z.avail_out = (unsigned)part;
    int status = inflate_some(s);
    if (status < 0) return status;
    done += part - (int64_t)s->z.avail_out;
  }
  return done;
}

int64_t peri__source_read(peri_source *source, void *data, int64_t count) {
  int status = peri__poll(source->ctx);
  if (status < 0) return status;
  return source->gzip ? read_gzip(source, data, count)
                      : read_plain(source, data, count);
}
