/* tell.c - the text of a program: every tensor it makes, every call it runs,
   in the order in which they can be made again. It is written before each call
   runs, and printed when something is wrong, also when the process dies. */
#include "fuzz.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { TEXT_BYTES = 1 << 20, MOST_ELEMENTS = 100, LONGEST_STEP = 120 };

static char text[TEXT_BYTES];
static size_t used;

void fuzz_tell(const char *format, ...) {
  va_list list;
  if (used + 512 > TEXT_BYTES) return;
  va_start(list, format);
  int length = vsnprintf(text + used, TEXT_BYTES - used, format, list);
  va_end(list);
  if (length > 0) used += (size_t)length;
  if (used > TEXT_BYTES) used = TEXT_BYTES;
}

void fuzz_tell_begin(uint64_t seed) {
  used = 0;
  fuzz_tell("-- program %llu\n", (unsigned long long)seed);
}

void fuzz_tell_out(void) {
  fwrite(text, 1, used, stdout);
  fflush(stdout);
}

/* ---- Tensors and calls -------------------------------------------------- */

static void tell_list(const int64_t *list, int count) {
  fuzz_tell("[");
  for (int i = 0; i < count; i++)
    fuzz_tell("%s%lld", i ? ", " : "", (long long)list[i]);
  fuzz_tell("]");
}

/* All elements of a small tensor. */
static void tell_elements(const peri_tensor *x) {
  double data[MOST_ELEMENTS];
  int64_t whole[MOST_ELEMENTS];
  int64_t count = peri_tensor_numel(x);
  if (x->storage->meta || count > MOST_ELEMENTS) return;
  peri_tensor copy = *x; /* looked at, never used by operations */
  copy.node = NULL;
  copy.base = NULL;
  bool real = peri__is_float(x->dtype);
  if (real)
    peri_copy_out(&copy, data, PERI_F64, sizeof data);
  else
    peri_copy_out(&copy, whole, PERI_I64, sizeof whole);
  fuzz_tell(" {");
  for (int64_t i = 0; i < count; i++)
    if (real)
      fuzz_tell(" %.17g", data[i]);
    else
      fuzz_tell(" %lld", (long long)whole[i]);
  fuzz_tell(" }");
}

void fuzz_tell_tensor(const fuzz_pair *pair, const char *layout) {
  const peri_tensor *x = pair->main;
  if (!x) return;
  fuzz_tell("t%d = %s ", pair->id, peri_dtype_name(x->dtype));
  tell_list(x->shape, x->ndim);
  fuzz_tell(" strides ");
  tell_list(x->strides, x->ndim);
  fuzz_tell(" offset %lld %s%s%s", (long long)x->offset, layout,
            x->requires_grad ? " leaf"
            : x->node        ? " tracked"
                             : "",
            x->storage->meta ? " meta" : "");
  tell_elements(x);
  fuzz_tell("\n");
}

static void tell_value(const peri_param *param, const peri_value *v) {
  fuzz_tell(", %s = ", param->name);
  switch (v->type) {
    case PERI_P_REAL: fuzz_tell("%.17g", v->f); break;
    case PERI_P_NUMBER:
      if (v->whole)
        fuzz_tell("%lld", (long long)v->i);
      else
        fuzz_tell("%.17g", v->f);
      break;
    case PERI_P_STRING: fuzz_tell("\"%s\"", v->s); break;
    case PERI_P_DTYPE:
      fuzz_tell("%s", peri_dtype_name((peri_dtype)v->i));
      break;
    case PERI_P_DIMS:
    case PERI_P_INTS: tell_list(v->list, v->count); break;
    case PERI_P_MANY: tell_list(v->many, v->count); break;
    case PERI_P_REALS:
      for (int i = 0; i < v->count; i++) fuzz_tell("%.17g ", v->reals[i]);
      break;
    default: fuzz_tell("%lld", (long long)v->i);
  }
}

static void tell_input(const fuzz_pair *pair) {
  const peri_tensor *x = pair->main;
  if (!x) {
    fuzz_tell("nil");
  } else if (x->number) {
    fuzz_tell("number");
    tell_elements(x);
  } else {
    fuzz_tell("t%d", pair->id);
  }
}

void fuzz_tell_call(const fuzz_call *call) {
  fuzz_tell("%s%s(", call->op->name, call->inplace ? "_" : "");
  for (int i = 0; i < call->nin; i++) {
    if (i > 0) fuzz_tell(", ");
    tell_input(&call->in[i]);
  }
  for (int i = 0; i < peri__count_params(call->op->params); i++)
    if (call->value[i].type != PERI_P_END)
      tell_value(&call->op->params[i], &call->value[i]);
  fuzz_tell(") base %d seed %llu\n", call->base,
            (unsigned long long)call->draws);
}

/* ---- Deaths ------------------------------------------------------------- */

static void say(const char *line) {
  if (write(STDOUT_FILENO, line, strlen(line)) < 0) return;
}

static void last_words(void) {
  if (write(STDOUT_FILENO, text, used) < 0) return;
  say("the process dies in the last call\n");
}

static void hung(int number) {
  (void)number;
  last_words();
  say("the last call took too long\n");
  _exit(3);
}

static void died(int number) {
  last_words();
  signal(number, SIG_DFL);
  raise(number);
}

/* Sanitizers call this; without them it is not there. */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

/* UBSan asks this: it then dies by a signal, which says the last words. */
PERI_API const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void) {
  return "abort_on_error=1:print_stacktrace=1";
}

void fuzz_tell_deaths(void) {
  signal(SIGALRM, hung);
  signal(SIGABRT, died);
  if (__sanitizer_set_death_callback) {
    __sanitizer_set_death_callback(last_words);
    return;
  }
  signal(SIGSEGV, died);
  signal(SIGBUS, died);
  signal(SIGFPE, died);
}

void fuzz_tell_alive(void) { alarm(LONGEST_STEP); }
