/* repl.h - reading lines from the person at the terminal: with editing,
   history and completion where libedit is there, plainly otherwise. */
#ifndef PERI_REPL_H
#define PERI_REPL_H

#include "perigee.h"

typedef struct repl repl;

typedef enum { REPL_LINE, REPL_INTERRUPTED, REPL_END } repl_event;

/* What this build reads lines with at a terminal: "libedit" or "plain". */
const char *repl_kind(void);
/* An editor on standard input that completes names of 'vm'; NULL when memory
   fails. */
repl *repl_open(peri_vm *vm);
/* Show 'prompt' and read one line, without its end, into 'line', which is
   valid until the next call. SIGINT, caught by the caller without
   SA_RESTART, drops the line. */
repl_event repl_read(repl *editor, const char *prompt, const char **line);
void repl_close(repl *editor);

#endif
