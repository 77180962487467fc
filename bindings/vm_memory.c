/* vm_memory.c - what Lua's state is made of. Lua resizes blocks and tells
   their sizes; the hooks of peri_options can only make and free, so a block
   from them carries its true size in front:

     [ size | padding to 16 ][ what Lua sees ... ]

   Small blocks from the C library wait in lists by size when Lua frees them: a
   step makes and drops as many boxes, closures and tables as the one before,
   and the collector frees them in bursts that overflow malloc's own cache. */
#include "vm_memory.h"

#include <stdlib.h>
#include <string.h>

#define HEADER 16 /* keeps the alignment of any Lua object */
#define STEP 16   /* bytes between the sizes of two lists */
#if defined(__SANITIZE_ADDRESS__)
#define MOST 0 /* so that the sanitizer sees uses after free */
#else
#define MOST 256 /* blocks in a list */
#endif

void peri__vm_memory_init(peri_vm_memory *memory, const peri_options *options) {
  memory->alloc = options->alloc;
  memory->free = options->free;
  memory->user = options->alloc_user;
  memory->limit = options->byte_limit ? options->byte_limit : SIZE_MAX;
  memory->held = 0;
  memset(memory->freed, 0, sizeof memory->freed);
}

/* ---- Hooks of the host ------------------------------------------------ */

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

/* ---- Small blocks of the C library ------------------------------------ */

static size_t list_of(size_t size) { return (size - 1) / STEP; }

/* What is asked for 'size' bytes: all that a list holds is as large. */
static size_t full_size(size_t size) {
  size_t list = list_of(size);
  return list < PERI_VM_LISTS ? (list + 1) * STEP : size;
}

static void *take(peri_vm_memory *memory, size_t size) {
  size_t place = list_of(size);
  void *block = place < PERI_VM_LISTS ? memory->freed[place].first : NULL;
  if (!block) return malloc(full_size(size));
  memory->freed[place].first = *(void **)block;
  memory->freed[place].count--;
  return block;
}

static void put(peri_vm_memory *memory, void *block, size_t size) {
  size_t place = list_of(size);
  if (place >= PERI_VM_LISTS || memory->freed[place].count >= MOST) {
    free(block);
    return;
  }
  *(void **)block = memory->freed[place].first;
  memory->freed[place].first = block;
  memory->freed[place].count++;
}

void peri__vm_memory_clear(peri_vm_memory *memory) {
  for (int i = 0; i < PERI_VM_LISTS; i++) {
    for (void *next, *block = memory->freed[i].first; block; block = next) {
      next = *(void **)block;
      free(block);
    }
    memory->freed[i] = (peri_vm_list){NULL, 0};
  }
}

static void *resize(peri_vm_memory *memory, void *block, size_t old,
                    size_t size) {
  if (!block) return take(memory, size);
  if (full_size(size) == full_size(old)) return block;
  return realloc(block, full_size(size));
}

/* ---- The allocator of Lua --------------------------------------------- */

static void release(peri_vm_memory *memory, void *block, size_t size) {
  if (!block) return;
  if (memory->free)
    hook_free(memory, block);
  else
    put(memory, block, size);
}

void *peri__vm_memory(void *user, void *block, size_t old, size_t size) {
  peri_vm_memory *memory = user;
  if (!block) old = 0; /* of a new block Lua tells the type instead */
  if (size == 0) {
    release(memory, block, old);
    memory->held -= old;
    return NULL;
  }
  if (size > old && size - old > memory->limit - memory->held) return NULL;
  void *moved = memory->alloc ? hook_resize(memory, block, old, size)
                              : resize(memory, block, old, size);
  if (!moved && size > old) return NULL;
  memory->held = memory->held - old + size;
  return moved ? moved : block; /* a block that cannot shrink stays */
}
