/* fuzz_spec.c - random programs over all operations, dtypes, shapes, strides,
   aliases and views find no fault: no sanitizer speaks, results agree with the
   plain kernels and with float64, what fails changes nothing (fuzz/fuzz.h).

     fuzz_spec [--seed N] [--seconds S] [--steps N] [--row name]
               [--program N] [--faults N] [--loud]

   --seed     of the first program; the others follow it
   --seconds  at least so long, and until every row was tried some times
   --program  the program of this seed alone, as a failure prints it
   --faults   to find before it gives up
   --loud     print all programs

   PERIGEE_FUZZ_SECONDS says how long when no option does. */
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "fuzz/fuzz.h"

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One option. -> false if it is not understood */
static bool read_option(fuzz_settings *s, const char *name, const char *value) {
  bool program = strcmp(name, "--program") == 0;
  if (program || strcmp(name, "--seed") == 0) {
    s->seed = strtoull(value, NULL, 10);
    s->one = s->one || program;
  } else if (strcmp(name, "--seconds") == 0) {
    s->seconds = atof(value);
  } else if (strcmp(name, "--steps") == 0) {
    s->steps = atoi(value);
  } else if (strcmp(name, "--faults") == 0) {
    s->faults = atoi(value);
  } else if (strcmp(name, "--row") == 0) {
    s->row = peri_op_named(NULL, value);
    return s->row != NULL;
  } else {
    return false;
  }
  return true;
}

static bool read_options(fuzz_settings *s, int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    if (strcmp(argv[i], "--loud") == 0)
      s->loud = true;
    else if (i + 1 == argc || !read_option(s, argv[i], argv[i + 1]))
      return false;
    else
      i++;
  }
  return s->steps > 0;
}

int main(int argc, char **argv) {
  const char *seconds = getenv("PERIGEE_FUZZ_SECONDS");
  fuzz_settings s = {.seed = 1, .steps = 30, .least = 30, .faults = 3};
  s.seconds = seconds ? atof(seconds) : 10;
  if (!read_options(&s, argc, argv)) {
    printf("fuzz_spec: wrong options, see the head of fuzz_spec.c\n");
    return 2;
  }
  fuzz_tell_deaths();
  printf("fuzz: seed %llu\n", (unsigned long long)s.seed);
  fflush(stdout);
  CHECK(fuzz_learn(&s));
  double end = now() + s.seconds;
  uint64_t seed = s.seed;
  do {
    CHECK(fuzz_program(&s, seed++));
  } while (!s.one && check_failed < s.faults &&
           (now() < end || !fuzz_enough(&s)));
  int zeros = fuzz_report(&s);
  if (!s.one) CHECK(zeros == 0);
  printf("%llu programs\n", (unsigned long long)(seed - s.seed));
  return check_done("fuzz");
}
