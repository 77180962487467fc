/* memory.c - the caching allocator of a context.

   A block is one cache line of header and, behind it, what callers see:

     | header, 64 bytes | data, rounded up to its size class |
     ^ the host's block   ^ 64-byte aligned

   All blocks that the host gave hang in one list, so the end of a context
   finds them, in use or not. A freed block goes to the stack of its size class
   and serves the next request of that class: a loop that repeats itself asks
   the host for nothing and leaves the list alone. Classes are the multiples of
   64 bytes up to 1 KiB, then eight steps per power of two, so that less than an
   eighth is lost; blocks over 4 GiB go straight back. Live and cached bytes
   count whole blocks, header included: their sum is what the host gave and what
   the byte limit bounds. Under AddressSanitizer bytes that no caller asked for
   are poisoned. */
#include <stdlib.h>

#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define PERI_ASAN
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PERI_ASAN
#endif
#endif

#ifdef PERI_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(data, bytes) __asan_poison_memory_region(data, bytes)
#define UNPOISON(data, bytes) __asan_unpoison_memory_region(data, bytes)
#else
#define POISON(data, bytes) ((void)(data), (void)(bytes))
#define UNPOISON(data, bytes) ((void)(data), (void)(bytes))
#endif

#define SMALL_CLASSES 16 /* multiples of 64 up to SMALL_BYTES */
#define SMALL_BYTES 1024 /* 2^SMALL_LOG */
#define SMALL_LOG 10
#define STEPS_LOG 3           /* eight classes per power of two above */
#define CACHED_LOG 32         /* data of more than 2^32 bytes: no class */
#define NO_CLASS PERI_CLASSES /* its stack stays empty */
#define MOST_BYTES ((size_t)PTRDIFF_MAX / 2) /* no sum below overflows */

struct peri_block {
  _Alignas(PERI_ALIGN) peri_block *next; /* in the list of all */
  peri_block *previous;
  peri_block *below; /* in the stack of its class */
  size_t room;       /* bytes of data */
  int size_class;    /* NO_CLASS: never cached */
};

_Static_assert(sizeof(peri_block) == PERI_ALIGN, "the header is one line");
_Static_assert(SMALL_CLASSES + ((CACHED_LOG - SMALL_LOG) << STEPS_LOG) ==
                   PERI_CLASSES,
               "PERI_CLASSES names every class");

/* C11 wants whole multiples of the alignment. */
static void *default_alloc(void *user, size_t bytes, size_t alignment) {
  (void)user;
  return aligned_alloc(alignment,
                       (bytes + alignment - 1) / alignment * alignment);
}

static void default_free(void *user, void *block, size_t bytes) {
  (void)user;
  (void)bytes;
  free(block);
}

/* Size class of 'bytes'. */
static int class_of(size_t bytes) {
  uint64_t last = (uint64_t)bytes - (bytes > 0);
  if (last < SMALL_BYTES) return (int)(last / PERI_ALIGN);
  int log = 63 - __builtin_clzll(last); /* 2^log <= last < 2^(log+1) */
  if (log >= CACHED_LOG) return NO_CLASS;
  int step = (int)((last >> (log - STEPS_LOG)) - (1u << STEPS_LOG));
  return SMALL_CLASSES + ((log - SMALL_LOG) << STEPS_LOG) + step;
}

/* Bytes of data in a block of that class that 'bytes' ask for. */
static size_t room_of(size_t bytes, int size_class) {
  if (size_class == NO_CLASS)
    return (bytes + PERI_ALIGN - 1) / PERI_ALIGN * PERI_ALIGN;
  if (size_class < SMALL_CLASSES) return ((size_t)size_class + 1) * PERI_ALIGN;
  int above = size_class - SMALL_CLASSES,
      log = SMALL_LOG + (above >> STEPS_LOG);
  size_t step = (size_t)above % (1u << STEPS_LOG);
  return ((1u << STEPS_LOG) + step + 1) << (log - STEPS_LOG);
}

static size_t whole(const peri_block *block) {
  return sizeof(peri_block) + block->room;
}

static void *data_of(peri_block *block) { return block + 1; }

static peri_block *block_of(void *data) { return (peri_block *)data - 1; }

/* ---- Between us and the host ------------------------------------------ */

static void link_block(peri_allocator *memory, peri_block *block) {
  block->previous = NULL;
  block->next = memory->blocks;
  if (block->next != NULL) block->next->previous = block;
  memory->blocks = block;
}

static void unlink_block(peri_allocator *memory, peri_block *block) {
  if (block->next != NULL) block->next->previous = block->previous;
  if (block->previous != NULL)
    block->previous->next = block->next;
  else
    memory->blocks = block->next;
}

static void give_back(peri_allocator *memory, peri_block *block) {
  size_t bytes = whole(block);
  unlink_block(memory, block);
  UNPOISON(data_of(block), block->room);
  memory->held -= bytes;
  memory->free(memory->user, block, bytes);
}

static void flush_cache(peri_allocator *memory) {
  for (int i = 0; i < PERI_CLASSES; i++) {
    while (memory->cache[i] != NULL) {
      peri_block *block = memory->cache[i];
      memory->cache[i] = block->below;
      give_back(memory, block);
    }
  }
}

static bool over_limit(const peri_allocator *memory, size_t bytes) {
  return memory->limit != 0 &&
         (bytes > memory->limit || memory->held > memory->limit - bytes);
}

/* One call of the hook. A host that ignores the alignment counts as one that
   has no memory. */
static peri_block *call_host(peri_allocator *memory, size_t bytes) {
  void *block = memory->alloc(memory->user, bytes, PERI_ALIGN);
  memory->stats.host_allocs++;
  if (block != NULL && (uintptr_t)block % PERI_ALIGN != 0) {
    memory->free(memory->user, block, bytes);
    return NULL;
  }
  return block;
}

/* A new block of 'size_class' from the host; the cache goes first when the
   limit or the host refuses. */
static peri_block *ask_host(peri_allocator *memory, size_t wanted,
                            int size_class) {
  size_t room = room_of(wanted, size_class);
  size_t bytes = sizeof(peri_block) + room;
  if (over_limit(memory, bytes)) flush_cache(memory);
  if (over_limit(memory, bytes)) return NULL;
  peri_block *block = call_host(memory, bytes);
  if (block == NULL && memory->held > memory->stats.live_bytes) {
    flush_cache(memory);
    block = call_host(memory, bytes);
  }
  if (block == NULL) return NULL;
  memory->held += bytes;
  block->room = room;
  block->size_class = memory->no_cache ? NO_CLASS : size_class;
  link_block(memory, block);
  return block;
}

/* ---- The cache -------------------------------------------------------- */

static peri_block *take_cached(peri_allocator *memory, int size_class) {
  peri_block *block = memory->cache[size_class];
  if (block != NULL) memory->cache[size_class] = block->below;
  return block;
}

/* Let the caller see the first 'bytes' of 'block' and nothing behind. */
static void expose(peri_block *block, size_t bytes) {
  POISON(data_of(block), block->room);
  UNPOISON(data_of(block), bytes);
}

static void *out_of_memory(peri_context *ctx, size_t bytes) {
  const peri_allocator *memory = &ctx->memory;
  size_t live = memory->stats.live_bytes;
  if (memory->limit != 0)
    peri_fail(ctx, PERI_ENOMEM,
              "out of memory: %zu bytes asked, %zu of %zu in use", bytes, live,
              memory->limit);
  else
    peri_fail(ctx, PERI_ENOMEM, "out of memory: %zu bytes asked, %zu in use",
              bytes, live);
  return NULL;
}

static void *hand_out(peri_allocator *memory, peri_block *block, size_t bytes) {
  memory->stats.live_bytes += whole(block);
  if (memory->stats.live_bytes > memory->stats.peak_bytes)
    memory->stats.peak_bytes = memory->stats.live_bytes;
  expose(block, bytes);
  return data_of(block);
}

/* Kept out of peri__alloc, which nearly always finds a block in the cache. */
static __attribute__((noinline)) void *alloc_new(peri_context *ctx,
                                                 size_t bytes, int size_class) {
  if (bytes > MOST_BYTES) return out_of_memory(ctx, bytes);
  peri_block *block = ask_host(&ctx->memory, bytes, size_class);
  if (block == NULL) return out_of_memory(ctx, bytes);
  return hand_out(&ctx->memory, block, bytes);
}

/* ---- What core calls -------------------------------------------------- */

void *peri__alloc(peri_context *ctx, size_t bytes) {
  peri_allocator *memory = &ctx->memory;
  int size_class = class_of(bytes);
  peri_block *block = take_cached(memory, size_class);
  return block != NULL ? hand_out(memory, block, bytes)
                       : alloc_new(ctx, bytes, size_class);
}

void *peri__alloc_zeroed(peri_context *ctx, size_t bytes) {
  void *data = peri__alloc(ctx, bytes);
  if (data != NULL) memset(data, 0, bytes);
  return data;
}

void peri__free(peri_context *ctx, void *data) {
  if (data == NULL) return;
  peri_allocator *memory = &ctx->memory;
  peri_block *block = block_of(data);
  memory->stats.live_bytes -= whole(block);
  if (block->size_class == NO_CLASS) {
    give_back(memory, block);
    return;
  }
  block->below = memory->cache[block->size_class];
  memory->cache[block->size_class] = block;
  POISON(data, block->room);
}

void *peri__grow(peri_context *ctx, void *data, size_t used, size_t bytes) {
  if (data != NULL && block_of(data)->room >= bytes) {
    expose(block_of(data), bytes);
    return data;
  }
  void *grown = peri__alloc(ctx, bytes);
  if (grown == NULL) return NULL;
  if (data != NULL) memcpy(grown, data, used);
  peri__free(ctx, data);
  return grown;
}

int peri__grow_list(peri_context *ctx, void **list, int count, int *room,
                    size_t size) {
  if (count < *room) return 0;
  int more = *room ? 2 * *room : 16;
  while (more <= count) more *= 2;
  void *grown =
      peri__grow(ctx, *list, (size_t)(*room) * size, (size_t)more * size);
  if (!grown) return ctx->status;
  *list = grown;
  *room = more;
  return 0;
}

char *peri__strdup(peri_context *ctx, const char *text) {
  size_t bytes = strlen(text) + 1;
  char *copy = peri__alloc(ctx, bytes);
  if (copy != NULL) memcpy(copy, text, bytes);
  return copy;
}

/* 'options' may be NULL: the C library's memory, no limit. */
void peri__memory_init(peri_allocator *memory, const peri_options *options) {
  memset(memory, 0, sizeof *memory);
  memory->alloc = default_alloc;
  memory->free = default_free;
  if (options == NULL) return;
  memory->limit = options->byte_limit;
  memory->no_cache = options->no_cache;
  if (options->alloc != NULL) {
    memory->alloc = options->alloc;
    memory->free = options->free;
    memory->user = options->alloc_user;
  }
}

void peri__memory_end(peri_allocator *memory) {
  while (memory->blocks != NULL) give_back(memory, memory->blocks);
}

peri_memory peri_memory_stats(const peri_context *ctx) {
  if (ctx == NULL) return (peri_memory){0};
  peri_memory stats = ctx->memory.stats;
  stats.cached_bytes = ctx->memory.held - stats.live_bytes;
  return stats;
}

void peri_memory_trim(peri_context *ctx) {
  if (ctx == NULL || peri__take(ctx) < 0) return;
  flush_cache(&ctx->memory);
  peri__leave(ctx);
}
