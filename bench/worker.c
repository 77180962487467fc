/* worker.c - the loop of worker.h. */
#include "worker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

double bench_now(void) {
  struct timespec now = {0, 0};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

long bench_number(const bench_request *request, int index) {
  return index < request->count ? strtol(request->word[index], NULL, 10) : 0;
}

/* Cut 'line' into the words of 'request'. -> name of the case, or NULL */
static const char *read_request(char *line, bench_request *request) {
  char *rest = NULL;
  const char *reps = strtok_r(line, " \n", &rest);
  const char *threads = strtok_r(NULL, " \n", &rest);
  const char *name = strtok_r(NULL, " \n", &rest);
  memset(request, 0, sizeof *request);
  if (!name) return NULL;
  request->reps = strtol(reps, NULL, 10);
  request->threads = (int)strtol(threads, NULL, 10);
  while (request->count < BENCH_MAX_WORDS) {
    char *word = strtok_r(NULL, " \n", &rest);
    if (!word) break;
    request->word[request->count++] = word;
  }
  return name;
}

int bench_serve(const char *name, const bench_case *cases) {
  char line[1024];
  bench_request request;
  puts(name);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin)) {
    const char *asked = read_request(line, &request);
    const bench_case *row = cases;
    while (row->name && (!asked || strcmp(row->name, asked) != 0)) row++;
    double seconds = row->name ? row->run(&request) : -1;
    if (seconds < 0)
      puts("- this worker cannot do it");
    else
      printf("%.9g\n", seconds);
    fflush(stdout);
  }
  return EXIT_SUCCESS;
}
