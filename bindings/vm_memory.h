/* vm_memory.h - the memory of a VM's Lua state: the host's hooks or the C
   library's, with a limit of its own that follows the context's option. */
#ifndef PERI_VM_MEMORY_H
#define PERI_VM_MEMORY_H

#include "perigee.h"

#define PERI_VM_LISTS 8 /* of freed blocks: up to 16, 32, ... 128 bytes */

typedef struct {
  void *first; /* each block begins with the address of the next */
  int count;
} peri_vm_list;

typedef struct {
  void *(*alloc)(void *user, size_t bytes, size_t alignment); /* or NULL */
  void (*free)(void *user, void *block, size_t bytes);
  void *user;
  size_t limit; /* bytes that may be held at once */
  size_t held;
  peri_vm_list freed[PERI_VM_LISTS];
} peri_vm_memory;

void peri__vm_memory_init(peri_vm_memory *memory, const peri_options *options);
/* A lua_Alloc over a peri_vm_memory: NULL makes, size 0 frees, otherwise
   resizes. Shrinking never fails. */
void *peri__vm_memory(void *memory, void *block, size_t old, size_t size);
/* Hand back the freed blocks that wait to be used again. */
void peri__vm_memory_clear(peri_vm_memory *memory);

#endif
