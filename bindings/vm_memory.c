/* vm_memory.c - what Lua's state is made of. Lua resizes blocks and tells
   their sizes; the hooks of peri_options can only make and free, so a block
   from them carries its true size in front:

     [ size | padding to 16 ][ what Lua sees ... ] */
#include "vm_memory.h"

#include <stdlib.h>
#include <string.h>

#define HEADER 16 /* keeps the alignment of any Lua object */

void peri__vm_memory_init(peri_vm_memory *memory, const peri_options *options) {
  memory->alloc = options->alloc;
  memory->free = options->free;
  memory->user = options->alloc_user;
  memory->limit = options->byte_limit ? options->byte_limit : SIZE_MAX;
  memory->held = 0;
}

static void hook_free(peri_vm_memory *memory, void *block) {
  if (!block) return;
  char *start = (char *)block - HEADER;
  memory->free(memory->user, start, *(size_t *)(void *)start);
}

static void *hook_resize(peri_vm_memory *memory, void *block, size_t old,
                         size_t size) {
  if (size > SIZE_MAX - HEADER) return NULL;
  char *start = memory->alloc(memory->user, size + HEADER, HEADER);
  if (!start) return NULL;
  *(size_t *)(void *)start = size + HEADER;
  if (block) memcpy(start + HEADER, block, old < size ? old : size);
  hook_free(memory, block);
  return start + HEADER;
}

static void release(peri_vm_memory *memory, void *block) {
  if (memory->free)
    hook_free(memory, block);
  else
    free(block);
}

void *peri__vm_memory(void *user, void *block, size_t old, size_t size) {
  peri_vm_memory *memory = user;
  if (!block) old = 0; /* of a new block Lua tells the type instead */
  if (size == 0) {
    release(memory, block);
    memory->held -= old;
    return NULL;
  }
  if (size > old && size - old > memory->limit - memory->held) return NULL;
  void *moved = memory->alloc ? hook_resize(memory, block, old, size)
                              : realloc(block, size);
  if (!moved && size > old) return NULL;
  memory->held = memory->held - old + size;
  return moved ? moved : block; /* a block that cannot shrink stays */
}
