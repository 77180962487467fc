/* repl.c - the line editor of the interactive session. Two forms of the same
   three functions: libedit's own interface (PERI_HAVE_LIBEDIT), which keeps
   its state in an object, and getline for every other case: no libedit, or
   standard input is no terminal. What a line means is not known here; names
   come from peri_vm_complete. */
#define _POSIX_C_SOURCE 200809L

#include "repl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef PERI_HAVE_LIBEDIT
#include <histedit.h>
#include <locale.h>
#include <wchar.h>
#endif

#define LINE_BYTES 1024 /* of a line with a completion */
#define HISTORY_LINES 1000

struct repl {
  peri_vm *vm;
  char prompt[8];
  char *line; /* of getline, grown as needed */
  size_t room;
#ifdef PERI_HAVE_LIBEDIT
  EditLine *edit; /* NULL: standard input is no terminal */
  History *history;
  bool interrupted;
  char path[LINE_BYTES]; /* of the history file, "" if there is no place */
#endif
};

static char *drop_line_end(char *line) {
  size_t length = strcspn(line, "\r\n");
  line[length] = '\0';
  return line;
}

static repl_event read_plain(repl *editor, const char **line) {
  fputs(editor->prompt, stdout);
  fflush(stdout);
  errno = 0;
  if (getline(&editor->line, &editor->room, stdin) >= 0) {
    *line = drop_line_end(editor->line);
    return REPL_LINE;
  }
  bool interrupted = errno == EINTR;
  clearerr(stdin);
  putchar('\n');
  return interrupted ? REPL_INTERRUPTED : REPL_END;
}

#ifdef PERI_HAVE_LIBEDIT

/* ---- History ---------------------------------------------------------- */

/* $XDG_STATE_HOME/perigee_history or ~/.perigee_history. */
static void find_history(char *path, size_t room) {
  const char *state = getenv("XDG_STATE_HOME");
  const char *home = getenv("HOME");
  int length = 0;
  path[0] = '\0';
  if (state && *state)
    length = snprintf(path, room, "%s/perigee_history", state);
  else if (home && *home)
    length = snprintf(path, room, "%s/.perigee_history", home);
  if (length < 0 || (size_t)length >= room) path[0] = '\0';
}

static void open_history(repl *editor) {
  HistEvent event;
  editor->history = history_init();
  if (!editor->history) return;
  history(editor->history, &event, H_SETSIZE, HISTORY_LINES);
  history(editor->history, &event, H_SETUNIQUE, 1);
  find_history(editor->path, sizeof editor->path);
  if (editor->path[0]) history(editor->history, &event, H_LOAD, editor->path);
  el_set(editor->edit, EL_HIST, history, editor->history);
}

/* Saved at once: the line may be os.exit(). */
static void add_history(repl *editor, const char *line) {
  HistEvent event;
  if (!editor->history || !line[0]) return;
  history(editor->history, &event, H_ENTER, line);
  if (editor->path[0]) history(editor->history, &event, H_SAVE, editor->path);
}

/* ---- Completion ------------------------------------------------------- */

/* Where the name at the end of a completed line begins. */
static const char *last_name(const char *line) {
  const char *start = line + strlen(line);
  while (start > line && !strchr(" .:(){}[]=,+-*/^%#<>~&|;", start[-1]))
    start--;
  return start;
}

static void list_names(repl *editor, const char *line) {
  char text[LINE_BYTES];
  int column = 0;
  putchar('\n');
  for (int i = 0; peri_vm_complete(editor->vm, line, i, text, sizeof text);
       i++) {
    column += printf("%-18s ", last_name(text));
    if (column < 60) continue;
    column = 0;
    putchar('\n');
  }
  if (column > 0) putchar('\n');
  fflush(stdout);
}

/* Common beginning of all completions of 'line' into 'common'. -> count */
static int common_part(repl *editor, const char *line, char *common) {
  char text[LINE_BYTES];
  int count = 0;
  while (peri_vm_complete(editor->vm, line, count, text, sizeof text)) {
    if (count++ == 0) memcpy(common, text, sizeof text);
    size_t same = 0;
    while (common[same] && common[same] == text[same]) same++;
    common[same] = '\0';
  }
  return count;
}

/* What Tab does: extend the name before the cursor as far as it is clear,
   else list the names; in an empty line, indent. */
static unsigned char complete(EditLine *edit, int key) {
  repl *editor;
  char line[LINE_BYTES], common[LINE_BYTES];
  const LineInfo *info = el_line(edit);
  size_t length = (size_t)(info->cursor - info->buffer);
  (void)key;
  el_get(edit, EL_CLIENTDATA, &editor);
  if (length >= sizeof line) return CC_ERROR;
  memcpy(line, info->buffer, length);
  line[length] = '\0';
  if (strspn(line, " ") == length)
    return el_insertstr(edit, "  ") == 0 ? CC_REFRESH : CC_ERROR;
  int count = common_part(editor, line, common);
  if (count == 0) return CC_REFRESH_BEEP;
  if (strlen(common) > length && strncmp(common, line, length) == 0)
    return el_insertstr(edit, common + length) == 0 ? CC_REFRESH : CC_ERROR;
  if (count > 1) list_names(editor, line);
  return CC_REDISPLAY;
}

/* ---- Editing ---------------------------------------------------------- */

static char *show_prompt(EditLine *edit) {
  repl *editor;
  el_get(edit, EL_CLIENTDATA, &editor);
  return editor->prompt;
}

/* Read one character in the locale's encoding; a signal ends the line. */
static int read_character(EditLine *edit, wchar_t *character) {
  mbstate_t state;
  char byte;
  memset(&state, 0, sizeof state);
  for (;;) {
    ssize_t got = read(STDIN_FILENO, &byte, 1);
    if (got < 0 && errno == EINTR) {
      repl *editor;
      el_get(edit, EL_CLIENTDATA, &editor);
      editor->interrupted = true;
    }
    if (got <= 0) return (int)got;
    size_t length = mbrtowc(character, &byte, 1, &state);
    if (length == (size_t)-2) continue; /* the bytes so far begin one */
    if (length == (size_t)-1) *character = L'?';
    return 1;
  }
}

static void open_editor(repl *editor) {
  setlocale(LC_CTYPE, "");
  editor->edit = el_init("perigee", stdin, stdout, stderr);
  if (!editor->edit) return;
  el_set(editor->edit, EL_CLIENTDATA, editor);
  el_set(editor->edit, EL_PROMPT, show_prompt);
  el_set(editor->edit, EL_GETCFN, read_character);
  el_set(editor->edit, EL_EDITOR, "emacs");
  el_set(editor->edit, EL_ADDFN, "perigee-complete", "Complete a name",
         complete);
  el_set(editor->edit, EL_BIND, "^I", "perigee-complete", NULL);
  el_set(editor->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
  open_history(editor);
  el_source(editor->edit, NULL);
}

static repl_event read_edited(repl *editor, const char **line) {
  int length;
  editor->interrupted = false;
  el_resize(editor->edit);
  const char *text = el_gets(editor->edit, &length);
  if (!text || length <= 0) {
    putchar('\n');
    return editor->interrupted ? REPL_INTERRUPTED : REPL_END;
  }
  char *copy = strdup(text);
  if (!copy) return REPL_END;
  free(editor->line);
  editor->line = drop_line_end(copy);
  add_history(editor, editor->line);
  *line = editor->line;
  return REPL_LINE;
}

#endif

/* ---- Either form ------------------------------------------------------ */

const char *repl_kind(void) {
#ifdef PERI_HAVE_LIBEDIT
  return "libedit";
#else
  return "plain";
#endif
}

repl *repl_open(peri_vm *vm) {
  repl *editor = calloc(1, sizeof *editor);
  if (!editor) return NULL;
  editor->vm = vm;
#ifdef PERI_HAVE_LIBEDIT
  if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) open_editor(editor);
#endif
  return editor;
}

repl_event repl_read(repl *editor, const char *prompt, const char **line) {
  snprintf(editor->prompt, sizeof editor->prompt, "%s", prompt);
#ifdef PERI_HAVE_LIBEDIT
  if (editor->edit) return read_edited(editor, line);
#endif
  return read_plain(editor, line);
}

void repl_close(repl *editor) {
  if (!editor) return;
#ifdef PERI_HAVE_LIBEDIT
  if (editor->edit) el_end(editor->edit);
  if (editor->history) history_end(editor->history);
#endif
  free(editor->line);
  free(editor);
}
