/* host.c - the perigee executable: runs scripts, strings and an interactive
   session as the lua program does, with perigee inside. Written on the VM
   part of perigee.h and nothing else, so that it shows what any host can do.

   Options are read twice, as in lua: once to find the script and refuse what
   is unknown, once in their order to act on them. */
#define _POSIX_C_SOURCE 200809L

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "repl.h"

static const char help_text[] =
    "usage: perigee [options] [script [arguments]]\n"
    "       perigee info\n"
    "\n"
    "  -e code       run a string of Lua\n"
    "  -l module     require 'module' into a global of that name\n"
    "  -l name=module\n"
    "                ... into global 'name'\n"
    "  -i            interactive session, after the script if there is one\n"
    "  -E            ignore environment variables\n"
    "  -W            turn Lua's warnings on\n"
    "  -v --version  print the versions\n"
    "  -h --help     print this text\n"
    "  --            end of options\n"
    "  -             end of options, the script is standard input\n"
    "  info          print how this perigee was built and what it finds\n"
    "\n"
    "Without a script or -e, -v, a terminal gets the session and other input\n"
    "is run as a script. In the session and in -e code the module is there as\n"
    "global 'pg'; scripts say: local pg = require \"perigee\".\n"
    "Code in LUA_INIT, or the file it names as @file, runs first.\n";

/* What the command line asks for. */
typedef struct {
  int argc;
  char **argv;
  int script; /* its place in argv, 0 if there is none */
  bool code;  /* -e */
  bool interactive, version, help, info, closed;
} command;

/* ---- Command line ----------------------------------------------------- */

/* Value of -e or -l at argv[*place], joined ("-lname") or the next word, to
   which 'place' then moves; NULL if there is none. */
static const char *option_value(const command *asked, int *place) {
  if (asked->argv[*place][2]) return asked->argv[*place] + 2;
  if (*place + 1 >= asked->argc) return NULL;
  const char *value = asked->argv[*place + 1];
  if (value[0] == '-') return NULL; /* an option, not a value */
  (*place)++;
  return value;
}

static bool is(const char *word, const char *name) {
  return strcmp(word, name) == 0;
}

/* -> false if 'word' is no option without a value */
static bool read_flag(command *asked, const char *word) {
  if (is(word, "-i")) return asked->interactive = true;
  if (is(word, "-E")) return asked->closed = true;
  if (is(word, "-v") || is(word, "--version")) return asked->version = true;
  if (is(word, "-h") || is(word, "--help")) return asked->help = true;
  return is(word, "-W"); /* acted on in its turn */
}

/* Fill 'asked'. -> false, naming the place in 'wrong' */
static bool read_command(command *asked, int *wrong) {
  for (int i = 1; i < asked->argc; i++) {
    const char *word = asked->argv[i];
    *wrong = i;
    if (word[0] != '-' || !word[1]) {
      asked->info = is(word, "info") && !asked->code;
      if (!asked->info) asked->script = i;
      return true;
    }
    if (is(word, "--")) {
      asked->script = i + 1 < asked->argc ? i + 1 : 0;
      return true;
    }
    if (word[1] == 'e' || word[1] == 'l') {
      asked->code = asked->code || word[1] == 'e';
      if (!option_value(asked, &i)) return false;
    } else if (!read_flag(asked, word)) {
      return false;
    }
  }
  return true;
}

static int refuse(const char *word) {
  bool takes_value = is(word, "-e") || is(word, "-l");
  fprintf(stderr,
          takes_value ? "perigee: '%s' needs an argument"
                      : "perigee: unknown option '%s'",
          word);
  fputs("; 'perigee --help' lists the options\n", stderr);
  return EXIT_FAILURE;
}

/* ---- Running ---------------------------------------------------------- */

static peri_vm *volatile running; /* what Ctrl-C stops */

static void on_interrupt(int number) {
  signal(number, SIG_DFL); /* a second one ends the process */
  peri_vm_interrupt(running);
}

static void catch_interrupt(peri_vm *vm) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = on_interrupt;
  sigemptyset(&action.sa_mask);
  running = vm;
  sigaction(SIGINT, &action, NULL);
}

/* Print the message of a failed visit. -> true if it did not fail */
static bool report(peri_vm *vm, int status) {
  running = NULL;
  if (status >= 0) return true;
  fflush(stdout);
  fprintf(stderr, "perigee: %s\n", peri_vm_error(vm));
  return false;
}

static bool run_string(peri_vm *vm, const char *code, const char *name) {
  catch_interrupt(vm);
  return report(vm, peri_vm_run_string(vm, code, name));
}

static bool run_file(peri_vm *vm, const char *path) {
  catch_interrupt(vm);
  return report(vm, peri_vm_run_file(vm, path));
}

/* -l module, -l name=module, -lmodule: the word is read from 'arg'. */
static bool run_require(peri_vm *vm, const command *asked, int *place) {
  char code[256];
  int joined = asked->argv[*place][2] ? 3 : 1;
  option_value(asked, place);
  snprintf(code, sizeof code,
           "local word = arg[%d]:sub(%d) "
           "local name, module = word:match '^([^=]+)=(.+)$' "
           "_G[name or word] = require(module or word)",
           *place - asked->script, joined);
  return run_string(vm, code, "(command line)");
}

/* -e, -l and -W in their order. */
static bool run_options(peri_vm *vm, const command *asked) {
  int end = asked->script ? asked->script : asked->argc;
  bool fine = true;
  for (int i = 1; fine && i < end && asked->argv[i][0] == '-'; i++) {
    char letter = asked->argv[i][1];
    if (letter == 'e')
      fine = run_string(vm, option_value(asked, &i), "(command line)");
    else if (letter == 'l')
      fine = run_require(vm, asked, &i);
    else if (letter == 'W')
      fine = run_string(vm, "warn '@on'", "option -W");
  }
  return fine;
}

/* What LUA_INIT_5_4 or LUA_INIT holds: code, or @file, which gets no
   arguments. */
static bool run_init(peri_vm *vm) {
  static const char run_named_file[] =
      "dofile((os.getenv 'LUA_INIT_5_4' or os.getenv 'LUA_INIT'):sub(2))";
  const char *name = "LUA_INIT_5_4";
  const char *init = getenv(name);
  if (!init) init = getenv(name = "LUA_INIT");
  if (!init) return true;
  return run_string(vm, init[0] == '@' ? run_named_file : init, name);
}

static bool run_script(peri_vm *vm, const command *asked) {
  const char *path = asked->argv[asked->script];
  bool named = is(asked->argv[asked->script - 1], "--");
  return run_file(vm, named || !is(path, "-") ? path : NULL);
}

static bool print_version(peri_vm *vm) {
  return run_string(vm, "print(require 'perigee.host'.version())", "version");
}

static bool print_info(peri_vm *vm) {
  char code[80];
  snprintf(code, sizeof code, "require 'perigee.host'.info '%s'", repl_kind());
  return run_string(vm, code, "info");
}

/* ---- The session ------------------------------------------------------ */

/* Read lines and run them until the input ends; errors are shown and the
   session goes on. */
static bool converse(peri_vm *vm) {
  repl *editor = repl_open(vm);
  if (!editor) return false;
  const char *line = NULL;
  int status = 0;
  for (;;) {
    catch_interrupt(NULL);
    repl_event event = repl_read(editor, status == 1 ? ">> " : "> ", &line);
    if (event == REPL_END) break;
    catch_interrupt(vm);
    status = peri_vm_line(vm, event == REPL_LINE ? line : NULL);
    report(vm, status);
  }
  repl_close(editor);
  return true;
}

/* ---- All of it -------------------------------------------------------- */

/* Act on the command line as lua does. -> true if all of it went well */
static bool serve(peri_vm *vm, const command *asked) {
  bool terminal = isatty(STDIN_FILENO);
  bool idle = !asked->script && !asked->code && !asked->version;
  bool session = asked->interactive || (idle && terminal);
  if (asked->info) return print_info(vm);
  if (session || asked->version) {
    if (!print_version(vm)) return false;
  }
  if (session || asked->code) {
    if (!run_string(vm, "pg = require 'perigee'", "perigee")) return false;
  }
  if (!asked->closed && !run_init(vm)) return false;
  if (!run_options(vm, asked)) return false;
  if (asked->script && !run_script(vm, asked) && !asked->interactive)
    return false;
  if (session) return converse(vm);
  return idle ? run_file(vm, NULL) : true;
}

static void show_log(void *user, peri_log_level level, const char *text) {
  (void)user;
  if (level > PERI_LOG_DEBUG) fprintf(stderr, "perigee: %s\n", text);
}

int main(int argc, char **argv) {
  command asked = {.argc = argc, .argv = argv};
  const char *why = NULL;
  int wrong = 0;
  if (!read_command(&asked, &wrong)) return refuse(argv[wrong]);
  if (asked.help) return fputs(help_text, stdout) < 0;
  peri_vm_options options = {
      .context = {.log = show_log},
      .argc = argc,
      .argv = argv,
      .script = asked.script,
      .environment = !asked.closed,
      .may_exit = true,
  };
  peri_vm *vm = peri_vm_open(&options, &why);
  if (!vm) {
    fprintf(stderr, "perigee: %s\n", why);
    return EXIT_FAILURE;
  }
  bool fine = serve(vm, &asked);
  peri_vm_close(vm);
  return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
