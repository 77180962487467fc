/* worker.h - the loop of a C worker: it prints its name, then answers every
   request, a line "reps threads case words...", with the seconds that the
   case took. contest.lua is on the other side. */
#ifndef BENCH_WORKER_H
#define BENCH_WORKER_H

#include <stdbool.h>

enum { BENCH_MAX_WORDS = 16 };

/* What follows the name of a case, numbers still as text. */
typedef struct {
  long reps;
  int threads;
  int count;
  char *word[BENCH_MAX_WORDS + 1]; /* NULL after the last */
} bench_request;

/* A row of a worker's table, which a row without a name ends. */
typedef struct {
  const char *name;
  /* -> the seconds of 'reps' runs after a first one that does not count;
     negative if that cannot be had */
  double (*run)(const bench_request *request);
} bench_case;

/* Seconds of a clock that never goes back. */
double bench_now(void);
/* Word 'index' as a number, 0 if there is none. */
long bench_number(const bench_request *request, int index);
/* Answer requests until the input ends. -> the status of main */
int bench_serve(const char *name, const bench_case *cases);
#endif
