/* fpstate.c - the floating-point state of the thread inside a context.

   Same seed, same bits needs the same arithmetic whatever the host has set:
   round to nearest, no traps, and denormals flushed to zero, which also
   keeps a kernel from slowing down a hundredfold near zero. The host's state
   comes back when the thread leaves. A register is written only when that
   changes it. Processors not named here keep the state they have. */
#include "internal.h"

#if defined(__SSE__)

#include <xmmintrin.h>

#define MXCSR_FLUSH 0x8040u /* FTZ: results, DAZ: operands */
#define MXCSR_MASKS 0x1f80u /* no exception traps */
#define MXCSR_FLAGS 0x003fu /* exceptions seen so far, left alone */

static unsigned read_state(void) { return _mm_getcsr(); }

static void write_state(unsigned state) { _mm_setcsr(state); }

static unsigned ours(unsigned state) {
  return (state & MXCSR_FLAGS) | MXCSR_FLUSH | MXCSR_MASKS;
}

#elif defined(__aarch64__)

#define FPCR_FLUSH (1u << 24)    /* FZ */
#define FPCR_ROUNDING (3u << 22) /* both bits zero: to nearest */
#define FPCR_TRAPS 0x9f00u       /* IDE, IXE, UFE, OFE, DZE, IOE */

static unsigned read_state(void) {
  uint64_t state;
  __asm__ volatile("mrs %0, fpcr" : "=r"(state));
  return (unsigned)state;
}

static void write_state(unsigned state) {
  __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)state));
}

static unsigned ours(unsigned state) {
  return (state & ~(FPCR_ROUNDING | FPCR_TRAPS)) | FPCR_FLUSH;
}

#else

static unsigned read_state(void) { return 0; }

static void write_state(unsigned state) { (void)state; }

static unsigned ours(unsigned state) { return state; }

#endif

unsigned peri__fp_enter(void) {
  unsigned state = read_state();
  if (ours(state) != state) write_state(ours(state));
  return state;
}

void peri__fp_leave(unsigned state) {
  if (ours(state) != state || read_state() != state) write_state(state);
}
