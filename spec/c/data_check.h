/* data_check.h - what the specs of data sets and readers share: the text of an
   error, files to read, and a run of all cases of a program in a temporary
   folder, which is the current one meanwhile. The including file asks for
   POSIX. */
#ifndef PERI_DATA_CHECK_H
#define PERI_DATA_CHECK_H

#include <perigee.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "check.h"

/* True if the error of 'ctx' is this one, which is then forgotten. */
static inline bool failed(peri_context *ctx, peri_status status,
                          const char *text) {
  bool good = peri_error(ctx) == status;
  if (!good) printf("  status %d: ", (int)peri_error(ctx));
  if (strcmp(peri_error_text(ctx), text) != 0) {
    printf("  got: %s\n  not: %s\n", peri_error_text(ctx), text);
    good = false;
  }
  peri_clear_error(ctx);
  return good;
}

static inline void write_file(const char *path, const void *bytes,
                              size_t count) {
  FILE *file = fopen(path, "wb");
  CHECK(file && fwrite(bytes, 1, count, file) == count);
  if (file) fclose(file);
}

static inline void write_gzip(const char *path, const void *bytes,
                              size_t count) {
  gzFile file = gzopen(path, "wb");
  CHECK(file && gzwrite(file, bytes, (unsigned)count) == (int)count);
  if (file) gzclose(file);
}

/* Run each case in a scope of its own, which must leave no error and no
   tensor behind. -> exit status of main */
static inline int run_cases(const char *subject,
                            void (*const *cases)(peri_context *), int count) {
  char folder[] = "/tmp/perigee-data-XXXXXX", command[64];
  if (!mkdtemp(folder) || chdir(folder) != 0) return 1;
  peri_context *ctx = peri_context_new(NULL, NULL);
  for (int i = 0; i < count; i++) {
    peri_scope scope = peri_scope_open(ctx);
    cases[i](ctx);
    CHECK_TEXT(peri_error_text(ctx), "");
    peri_clear_error(ctx);
    peri_scope_close(scope);
    CHECK(peri_memory_stats(ctx).live_tensors == 0);
  }
  peri_context_free(ctx);
  snprintf(command, sizeof command, "rm -r %s", folder);
  CHECK(system(command) == 0);
  return check_done(subject);
}

#define RUN_CASES(subject, cases) \
  run_cases(subject, cases, (int)(sizeof cases / sizeof *cases))

#endif
