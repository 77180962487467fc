/* check.h - what the C specs share: CHECK counts, and says what failed and
   where; main ends with `return check_done("subject");`. A loop over many
   cases folds them into one condition first. */
#ifndef PERI_CHECK_H
#define PERI_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int check_passed, check_failed;

static inline bool check_that(bool ok, const char *condition, const char *file,
                              int line) {
  if (ok)
    check_passed++;
  else
    check_failed++;
  if (!ok) printf("%s:%d: failed: %s\n", file, line, condition);
  return ok;
}

static inline bool check_text(const char *got, const char *expected,
                              const char *file, int line) {
  bool ok =
      check_that(strcmp(got, expected) == 0, "texts are equal", file, line);
  if (!ok) printf("--- expected\n%s\n--- got\n%s\n---\n", expected, got);
  return ok;
}

#define CHECK(condition) check_that((condition), #condition, __FILE__, __LINE__)
#define CHECK_TEXT(got, expected) check_text(got, expected, __FILE__, __LINE__)

/* The last line of a spec. -> exit status of main */
static inline int check_done(const char *subject) {
  printf("%s: %d passed, %d failed\n", subject, check_passed, check_failed);
  return check_failed > 0;
}

#endif
