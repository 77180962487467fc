/* vm_memory.h - the memory of a VM's Lua state: the host's hooks or the C
   library's, with a limit of its own that follows the context's option. */
#ifndef PERI_VM_MEMORY_H
#define PERI_VM_MEMORY_H

#include "perigee.h"

typedef struct {
  void *(*alloc)(void *user, size_t bytes, size_t alignment); /* or NULL */
  void (*free)(void *user, void *block, size_t bytes);
  void *user;
  size_t limit; /* bytes that may be held at once */
  size_t held;
} peri_vm_memory;

void peri__vm_memory_init(peri_vm_memory *memory, const peri_options *options);
/* A lua_Alloc over a peri_vm_memory: NULL makes, size 0 frees, otherwise
   resizes. Shrinking never fails. */
void *peri__vm_memory(void *memory, void *block, size_t old, size_t size);

#endif
