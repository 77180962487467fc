/* fpstate_spec.c - a context computes with denormals flushed and to the
   nearest, and gives the host its own state back. OURS says whether the
   library knows this processor's state. */
#include <fenv.h>

#include "check.h"
#include "internal.h"

#if defined(__SSE__) || defined(__aarch64__)
#define OURS 1
#else
#define OURS 0
#endif

static volatile double tiny = 0x1p-1060, smallest = 0x1p-1022;
static volatile double third = 3, one = 1;

static void entry_flushes_and_rounds_to_nearest(void) {
  volatile double nearest = one / third;
  fesetround(FE_UPWARD);
  volatile double upward = one / third;
  CHECK(upward > nearest);
  unsigned state = peri__fp_enter();
  if (OURS) {
    CHECK(one / third == nearest);
    CHECK(smallest * 0.5 == 0); /* a result */
    CHECK(tiny * 0x1p900 == 0); /* an operand */
  }
  peri__fp_leave(state);
  CHECK(one / third == upward);
  fesetround(FE_TONEAREST);
  CHECK(smallest * 0.5 != 0 && tiny * 0x1p900 != 0);
}

static void entries_nest(void) {
  unsigned host = peri__fp_enter();
  unsigned ours = peri__fp_enter();
  peri__fp_leave(ours);
  if (OURS) CHECK(smallest * 0.5 == 0);
  peri__fp_leave(host);
  CHECK(smallest * 0.5 != 0);
}

/* Control bits and, where they share a register, exception flags. */
static void the_state_of_the_host_comes_back(void) {
  volatile double zero = 0;
  unsigned before = peri__fp_enter();
  CHECK(one / zero > 1); /* raises a flag */
  peri__fp_leave(before);
  unsigned after = peri__fp_enter();
  peri__fp_leave(after);
  CHECK(after == before);
}

static void note_third(void *user, void *data) {
  (void)data;
  *(double *)user = one / third;
}

/* A thread that holds a context has its state; what only keeps books, such as
   releasing a buffer, leaves the host its own. */
static void computing_alone_changes_it(void) {
  static double buffer[1] = {1};
  double released = 0;
  peri_context *ctx = peri_context_new(NULL, NULL);
  volatile double nearest = one / third;
  peri_tensor *x = peri_tensor_wrap(ctx, buffer, NULL, NULL, 0, PERI_F64,
                                    note_third, &released);
  fesetround(FE_UPWARD);
  volatile double upward = one / third;
  CHECK(peri_context_enter(ctx) == 0);
  if (OURS) CHECK(one / third == nearest);
  peri_context_leave(ctx);
  CHECK(one / third == upward);
  peri_release(x);
  CHECK(released == upward);
  fesetround(FE_TONEAREST);
  peri_context_free(ctx);
}

int main(void) {
  entry_flushes_and_rounds_to_nearest();
  entries_nest();
  the_state_of_the_host_comes_back();
  computing_alone_changes_it();
  return check_done("fpstate");
}
