/* child.c - time and memory of a whole process, started without a shell, its
   input empty and its output dropped.

     time COMMAND...   seconds from start to end
     peak COMMAND...   most bytes resident at once, in place of seconds */
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "worker.h"

extern char **environ;

/* Run 'command' to its end. -> false if it failed */
static bool run(char *const *command, struct rusage *used) {
  posix_spawn_file_actions_t files;
  pid_t child;
  int status = -1;
  posix_spawn_file_actions_init(&files);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  int failed = posix_spawnp(&child, command[0], &files, NULL, command, environ);
  posix_spawn_file_actions_destroy(&files);
  return !failed && wait4(child, &status, 0, used) == child && status == 0;
}

static double run_time(const bench_request *request) {
  struct rusage used;
  double start = bench_now();
  for (long i = 0; i < request->reps; i++)
    if (request->count == 0 || !run(request->word, &used)) return -1;
  return bench_now() - start;
}

static double run_peak(const bench_request *request) {
  struct rusage used;
  if (request->count == 0 || !run(request->word, &used)) return -1;
  return (double)used.ru_maxrss * 1024; /* Linux counts kibibytes */
}

static const bench_case cases[] = {{"time", run_time}, {"peak", run_peak}, {0}};

int main(void) { return bench_serve("processes", cases); }
