/* vm_spec.c - what a host may expect of a VM: code that runs or fails with a
   traceback, tensors in and out, the context's error left alone, limits of
   memory, lines of a session, completions, an interrupt. */
#include <signal.h>
#include <unistd.h>

#include "check.h"
#include "fault.h"
#include "perigee.h"

static peri_vm *open_with(const char *code) {
  const char *why = "";
  peri_vm *vm = peri_vm_open(NULL, &why);
  if (!CHECK(vm != NULL)) {
    printf("%s\n", why);
    return NULL;
  }
  CHECK(peri_vm_run_string(vm, "pg = require 'perigee'", "host") == 0);
  CHECK(peri_vm_run_string(vm, code, "host") == 0);
  CHECK_TEXT(peri_vm_error(vm), "");
  return vm;
}

static bool error_has(const peri_vm *vm, const char *part) {
  if (strstr(peri_vm_error(vm), part)) return true;
  printf("no \"%s\" in: %s\n", part, peri_vm_error(vm));
  return false;
}

/* ---- Running code ----------------------------------------------------- */

static void errors_come_back_as_text(void) {
  peri_vm *vm = open_with("function f() error 'broken' end");
  CHECK(peri_vm_run_string(vm, "x = 1\nf()", "part") == PERI_ECALLBACK);
  CHECK(error_has(vm, "host:1: broken\nstack traceback:"));
  CHECK(error_has(vm, "part:2: in main chunk"));
  CHECK(peri_vm_run_string(vm, "x = = 1", "part") == PERI_ECALLBACK);
  CHECK_TEXT(peri_vm_error(vm), "part:1: unexpected symbol near '='");
  CHECK(peri_vm_run_string(vm, "error { 1 }", "part") == PERI_ECALLBACK);
  CHECK(error_has(vm, "table"));
  CHECK(peri_vm_run_file(vm, "/nonexistent.lua") == PERI_ECALLBACK);
  CHECK(error_has(vm, "/nonexistent.lua"));
  CHECK(peri_vm_run_string(vm, "assert(x == 1)", "part") == 0);
  CHECK_TEXT(peri_vm_error(vm), "");
  peri_vm_close(vm);
}

typedef struct {
  char text[64];
  int calls;
} sink;

static void keep_output(void *user, const char *text, size_t length) {
  sink *out = user;
  out->calls++;
  snprintf(out->text, sizeof out->text, "%.*s", (int)length, text);
}

static void print_goes_to_the_sink(void) {
  sink out = {0};
  peri_vm_options options = {.output = keep_output, .output_user = &out};
  peri_vm *vm = peri_vm_open(&options, NULL);
  CHECK(peri_vm_run_string(vm, "print('a', 1, nil)", "part") == 0);
  CHECK_TEXT(out.text, "a\t1\tnil\n");
  CHECK(out.calls == 1);
  peri_vm_close(vm);
}

static void arguments_surround_the_script(void) {
  char *words[] = {"host", "-o", "script", "one", "two"};
  peri_vm_options options = {.argc = 5, .argv = words, .script = 2};
  peri_vm *vm = peri_vm_open(&options, NULL);
  CHECK(peri_vm_run_string(vm,
                           "assert(arg[-2] == 'host' and arg[0] == 'script')\n"
                           "assert(#arg == 2 and arg[2] == 'two')",
                           "part") == 0);
  peri_vm_close(vm);
}

static void environment_is_read_only_when_asked(void) {
  static const char code[] = "assert(not package.path:find 'elsewhere')";
  peri_vm_options options = {.environment = true};
  setenv("LUA_PATH", "elsewhere/?.lua", 1);
  peri_vm *closed = peri_vm_open(NULL, NULL);
  peri_vm *open = peri_vm_open(&options, NULL);
  CHECK(peri_vm_run_string(closed, code, "part") == 0);
  CHECK(peri_vm_run_string(open, code, "part") == PERI_ECALLBACK);
  unsetenv("LUA_PATH");
  peri_vm_close(closed);
  peri_vm_close(open);
}

static void scripts_do_not_end_the_host(void) {
  peri_vm *vm = open_with("");
  CHECK(peri_vm_run_string(vm, "os.exit(1)", "part") == PERI_ECALLBACK);
  CHECK(error_has(vm, "os.exit: the host decides when to end"));
  CHECK(peri_vm_run_string(vm, NULL, "part") == PERI_EARG);
  CHECK_TEXT(peri_vm_error(vm), "run_string: no code");
  peri_vm_close(vm);
}

/* ---- Tensors ---------------------------------------------------------- */

static void tensors_go_in_and_out(void) {
  peri_vm *vm = open_with("function f(a, b) return a + b, 3, nil, 0.5 end");
  peri_context *ctx = peri_vm_context(vm);
  float buffer[2] = {1, 2};
  const int64_t shape[1] = {2};
  peri_tensor *out[4] = {0};
  peri_tensor *in[2] = {
      peri_tensor_wrap(ctx, buffer, shape, NULL, 1, PERI_F32, NULL, NULL),
      peri_number(ctx, 10)};
  CHECK(peri_vm_call(vm, "f", in, 2, out, 4) == 4);
  CHECK(((float *)peri_tensor_data(out[0]))[1] == 12);
  CHECK(peri_item_whole(out[1]) == 3 && !out[2] && peri_item(out[3]) == 0.5);
  CHECK(peri_vm_call(vm, "f", in, 2, out, 1) == 1);

  CHECK(peri_vm_set_tensor(vm, "x", in[0]) == 0);
  CHECK(peri_vm_run_string(vm, "x:mul_(3)", "part") == 0);
  CHECK(buffer[1] == 6); /* the host's own memory */
  CHECK(peri_vm_tensor(vm, "x") == in[0]);
  peri_vm_close(vm);
}

static void what_is_no_tensor_is_refused(void) {
  peri_vm *vm = open_with("s = 'text' function f() return 1, s end");
  peri_context *other = peri_context_new(NULL, NULL);
  peri_tensor *out[2] = {0};
  CHECK(peri_vm_tensor(vm, "s") == NULL);
  CHECK(error_has(vm, "global 's' is a string, not a tensor"));
  CHECK(peri_vm_call(vm, "f", NULL, 0, out, 2) == PERI_ECALLBACK);
  CHECK(error_has(vm, "f: result 2 is a string, not a tensor"));
  CHECK(!out[0] && !out[1]);
  CHECK(peri_vm_call(vm, "none", NULL, 0, out, 2) == PERI_ECALLBACK);
  CHECK(error_has(vm, "there is no global function 'none'"));
  CHECK(peri_vm_set_tensor(vm, "x", peri_number(other, 1)) < 0);
  CHECK(error_has(vm, "the tensor belongs to another context"));
  peri_vm_close(vm);
  peri_context_free(other);
}

static void the_context_keeps_its_own_state(void) {
  peri_vm *vm = open_with("function f() return pg.ones { 2 } * 2 end");
  peri_context *ctx = peri_vm_context(vm);
  peri_tensor *out = NULL;
  peri_set_grad_enabled(ctx, false);
  peri_fail(ctx, PERI_ESHAPE, "the host's own");
  CHECK(peri_vm_call(vm, "f", NULL, 0, &out, 1) == 1);
  CHECK(peri_vm_run_string(vm, "pg.ones { 2 }:matmul(pg.ones { 3 })", "part") ==
        PERI_ECALLBACK);
  CHECK(peri_error(ctx) == PERI_ESHAPE);
  CHECK_TEXT(peri_error_text(ctx), "the host's own");
  CHECK(!peri_grad_enabled(ctx));
  peri_clear_error(ctx);
  CHECK(peri_item(peri_sum(out, NULL)) == 4);
  peri_vm_close(vm);
}

/* ---- Limits ----------------------------------------------------------- */

static void memory_has_its_limit(void) {
  peri_vm_options options = {.context = {.byte_limit = 4000000}};
  peri_vm *vm = peri_vm_open(&options, NULL);
  CHECK(peri_vm_run_string(vm,
                           "local t = {} "
                           "for i = 1, 1e6 do t[i] = ('x'):rep(1000) .. i end",
                           "part") == PERI_ECALLBACK);
  CHECK(error_has(vm, "not enough memory"));
  CHECK(peri_vm_run_string(vm, "assert(#('x'):rep(1000) == 1000)", "p") == 0);
  peri_vm_close(vm);
}

/* Open, run, call with a request failing as 'f' is armed. -> true if one
   failed */
static bool try_with_fault(fault *f) {
  peri_vm_options options = {.context = fault_options(f)};
  const char *why = "";
  peri_tensor *out = NULL;
  peri_vm *vm = peri_vm_open(&options, &why);
  bool fine = vm != NULL;
  if (!vm && strcmp(why, "out of memory") != 0) CHECK_TEXT(why, "");
  const char *script =
      "local pg = require 'perigee' "
      "function f() return pg.ones { #('x'):rep(99) } * 2 end";
  fine = fine && peri_vm_run_string(vm, script, "part") == 0;
  fine = fine && peri_vm_call(vm, "f", NULL, 0, &out, 1) == 1;
  if (!fine && !f->hit) CHECK_TEXT(vm ? peri_vm_error(vm) : why, "");
  peri_vm_close(vm);
  return f->hit;
}

/* All requests of Lua's, or of core's, fail in turn. -> how many there are */
static long fail_each(size_t watched, bool forever) {
  fault f = {0};
  long n = 0;
  do {
    fault_arm(&f, watched, ++n, forever);
  } while (try_with_fault(&f) && f.blocks == 0 && f.bytes == 0);
  CHECK(!f.hit && f.blocks == 0 && f.bytes == 0);
  return n - 1;
}

static void failing_memory_leaves_nothing(void) {
  for (int forever = 0; forever < 2; forever++) {
    CHECK(fail_each(FAULT_LUA, forever != 0) > 100);
    CHECK(fail_each(FAULT_CORE, forever != 0) > 3);
  }
}

static void options_that_fail_are_named(void) {
  peri_vm_options options = {.context = {.isa = "abacus"}};
  const char *why = "";
  CHECK(peri_vm_open(&options, &why) == NULL);
  CHECK(strstr(why, "isa") != NULL);
}

/* ---- Sessions and interrupts ------------------------------------------ */

static void lines_continue_each_other(void) {
  sink out = {0};
  peri_vm_options options = {.output = keep_output, .output_user = &out};
  peri_vm *vm = peri_vm_open(&options, NULL);
  CHECK(peri_vm_line(vm, "1 + 1, 'b'") == 0);
  CHECK_TEXT(out.text, "2\tb\n");
  CHECK(peri_vm_line(vm, "for i = 1, 3 do") == 1);
  CHECK(peri_vm_line(vm, "print(i)") == 1);
  CHECK(peri_vm_line(vm, "end") == 0);
  CHECK_TEXT(out.text, "3\n");
  CHECK(peri_vm_line(vm, "f(") == 1);
  CHECK(peri_vm_line(vm, NULL) == 0);
  CHECK(peri_vm_line(vm, "x = = 1") == PERI_ECALLBACK);
  CHECK(peri_vm_line(vm, "error 'broken'") == PERI_ECALLBACK);
  CHECK(error_has(vm, "stdin:1: broken"));
  CHECK(peri_vm_line(vm, "7") == 0);
  CHECK_TEXT(out.text, "7\n");
  peri_vm_close(vm);
}

static void names_are_completed(void) {
  peri_vm *vm = open_with("x = pg.ones { 2 } long_name = 1");
  char text[64] = "";
  CHECK(peri_vm_complete(vm, "y = long", 0, text, sizeof text));
  CHECK_TEXT(text, "y = long_name");
  CHECK(!peri_vm_complete(vm, "y = long", 1, text, sizeof text));
  CHECK(peri_vm_complete(vm, "x:matm", 0, text, sizeof text));
  CHECK_TEXT(text, "x:matmul");
  CHECK(peri_vm_complete(vm, "f(x.requires_grad_", 0, text, sizeof text));
  CHECK(peri_vm_complete(vm, "string.fo", 0, text, sizeof text));
  CHECK_TEXT(text, "string.format");
  CHECK(!peri_vm_complete(vm, "string.fo", 0, text, 5));
  CHECK(!peri_vm_complete(vm, "nothing.here", 0, text, sizeof text));
  peri_vm_close(vm);
}

static peri_vm *interrupted;

static void on_alarm(int number) {
  (void)number;
  peri_vm_interrupt(interrupted);
}

static void scripts_are_interrupted(void) {
  static const char *const codes[] = {
      "while true do end", "while true do x = pg.ones { 50, 50 } * 2 end",
      "coroutine.wrap(function() x = pg.ones { 2 } while x do end end)()",
      "while true do pcall(function() while true do end end) end",
      ("while true do coroutine.resume(coroutine.create(function() "
       "pcall(coroutine.wrap(function() while true do end end)) end)) end")};
  interrupted = open_with("");
  signal(SIGALRM, on_alarm);
  for (int i = 0; i < 5; i++) {
    ualarm(50000, 0); /* microseconds */
    CHECK(peri_vm_run_string(interrupted, codes[i], "part") == PERI_ECALLBACK);
    CHECK(error_has(interrupted, "interrupted"));
  }
  peri_vm_interrupt(interrupted); /* nothing runs: nothing to stop */
  CHECK(peri_vm_run_string(interrupted, "for i = 1, 9 do end", "p") == 0);
  peri_vm_close(interrupted);
}

static int outer_status;

static void call_again(void *user, const char *text, size_t length) {
  (void)text;
  (void)length;
  outer_status = peri_vm_run_string(*(peri_vm **)user, "x = 1", "part");
}

static void a_running_vm_is_not_entered_again(void) {
  peri_vm *vm = NULL;
  peri_vm_options options = {.output = call_again, .output_user = &vm};
  vm = peri_vm_open(&options, NULL);
  CHECK(peri_vm_run_string(vm, "print(1)", "part") == 0);
  CHECK(outer_status == PERI_EBUSY);
  peri_vm_close(vm);
}

int main(void) {
  errors_come_back_as_text();
  print_goes_to_the_sink();
  arguments_surround_the_script();
  environment_is_read_only_when_asked();
  scripts_do_not_end_the_host();
  tensors_go_in_and_out();
  what_is_no_tensor_is_refused();
  the_context_keeps_its_own_state();
  memory_has_its_limit();
  failing_memory_leaves_nothing();
  options_that_fail_are_named();
  lines_continue_each_other();
  names_are_completed();
  scripts_are_interrupted();
  a_running_vm_is_not_entered_again();
  peri_vm_close(NULL);
  return check_done("vm");
}
