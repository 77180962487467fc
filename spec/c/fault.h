/* fault.h - an allocator for contexts under test that counts what it gave and
   can refuse: the N-th request, or all from the N-th on.

   Lua's blocks and core's differ in their alignment, so that either can be
   made to fail alone. */
#ifndef PERI_FAULT_H
#define PERI_FAULT_H

#include <stdlib.h>

#include "perigee.h"

enum { FAULT_CORE = 64, FAULT_LUA = 16 }; /* alignment of the requests */

typedef struct {
  long blocks;    /* held now */
  size_t bytes;   /* in them */
  size_t watched; /* FAULT_CORE or FAULT_LUA */
  long calls;     /* watched requests since fault_arm */
  long fail_at;   /* the one that fails; 0: none */
  bool forever;   /* and all after it */
  bool hit;       /* a request has failed since fault_arm */
} fault;

static inline void *fault_alloc(void *user, size_t bytes, size_t alignment) {
  fault *f = user;
  if (f->fail_at > 0 && alignment == f->watched) {
    f->calls++;
    if (f->calls == f->fail_at || (f->forever && f->calls > f->fail_at)) {
      f->hit = true;
      return NULL;
    }
  }
  void *block =
      aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (block) {
    f->blocks++;
    f->bytes += bytes;
  }
  return block;
}

static inline void fault_free(void *user, void *block, size_t bytes) {
  fault *f = user;
  if (!block) return;
  f->blocks--;
  f->bytes -= bytes;
  free(block);
}

/* Refuse watched request number 'n' from here on; 0: none. */
static inline void fault_arm(fault *f, size_t watched, long n, bool forever) {
  f->watched = watched;
  f->calls = 0;
  f->fail_at = n;
  f->forever = forever;
  f->hit = false;
}

/* Options of a context over 'f' in which every request reaches it. */
static inline peri_options fault_options(fault *f) {
  peri_options options = {.alloc = fault_alloc,
                          .free = fault_free,
                          .alloc_user = f,
                          .no_cache = true,
                          .threads = 1};
  return options;
}

#endif
