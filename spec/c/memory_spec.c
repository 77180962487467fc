/* memory_spec.c - the allocator of a context: blocks, cache, byte limit,
   hooks that fail, and a long random run against a plain list. */
#include <stdlib.h>

#include "check.h"
#include "internal.h"

#if defined(__SANITIZE_ADDRESS__)
#define POISONS
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define POISONS
#endif
#endif

#ifdef POISONS
#include <sanitizer/asan_interface.h>
#endif

/* A host that counts what it gave and can refuse. */
typedef struct {
  size_t held;
  int blocks, calls;
  int fail_at;     /* number of the call that fails, 0: none */
  bool fail_after; /* and all after it */
  size_t skew;     /* bytes off the alignment */
} host;

static void *host_alloc(void *user, size_t bytes, size_t alignment) {
  host *h = user;
  h->calls++;
  if (h->fail_at != 0 &&
      (h->calls == h->fail_at || (h->fail_after && h->calls > h->fail_at)))
    return NULL;
  h->held += bytes;
  h->blocks++;
  if (h->skew != 0) return (char *)malloc(bytes + h->skew) + h->skew;
  return aligned_alloc(alignment,
                       (bytes + alignment - 1) / alignment * alignment);
}

static void host_free(void *user, void *block, size_t bytes) {
  host *h = user;
  h->held -= bytes;
  h->blocks--;
  free((char *)block - h->skew);
}

static peri_context *open_context(host *h, size_t limit, bool no_cache) {
  peri_options options = {.alloc = host_alloc,
                          .free = host_free,
                          .alloc_user = h,
                          .byte_limit = limit,
                          .no_cache = no_cache};
  return peri_context_new(&options, NULL);
}

static void aligns_and_keeps_apart(void) {
  host h = {0};
  peri_context *ctx = open_context(&h, 0, false);
  bool aligned = true;
  for (size_t bytes = 0; bytes < 5000; bytes += 7) {
    unsigned char *data = peri__alloc(ctx, bytes);
    aligned = aligned && data != NULL && (uintptr_t)data % PERI_ALIGN == 0;
    memset(data, 0xa5, bytes);
  }
  CHECK(aligned);
  char *text = peri__strdup(ctx, "perigee");
  CHECK_TEXT(text, "perigee");
  unsigned char *zero = peri__alloc_zeroed(ctx, 300);
  bool clear = true;
  for (int i = 0; i < 300; i++) clear = clear && zero[i] == 0;
  CHECK(clear);
  peri__free(ctx, NULL);
  peri_context_free(ctx); /* with every block in use */
  CHECK(h.held == 0 && h.blocks == 0);
}

static void steady_loop_asks_host_for_nothing(void) {
  host h = {0};
  peri_context *ctx = open_context(&h, 0, false);
  size_t first = 0;
  for (int step = 0; step < 100; step++) {
    void *block[20];
    for (size_t i = 0; i < 20; i++) block[i] = peri__alloc(ctx, i * i * 331);
    for (size_t i = 0; i < 20; i++) peri__free(ctx, block[i]);
    if (step == 0) first = peri_memory_stats(ctx).host_allocs;
  }
  peri_memory stats = peri_memory_stats(ctx);
  CHECK(stats.host_allocs == first);
  CHECK(stats.live_bytes == 0);
  CHECK(stats.cached_bytes > 0);
  CHECK(stats.peak_bytes == stats.cached_bytes);
  peri_memory_trim(ctx);
  CHECK(peri_memory_stats(ctx).cached_bytes == 0);
  CHECK(h.blocks == 1); /* the context itself */
  peri_context_free(ctx);
  CHECK(h.held == 0);
}

static void no_cache_gives_back_at_once(void) {
  host h = {0};
  peri_context *ctx = open_context(&h, 0, true);
  peri__free(ctx, peri__alloc(ctx, 1000));
  CHECK(h.blocks == 1);
  CHECK(peri_memory_stats(ctx).cached_bytes == 0);
  peri_context_free(ctx);
}

/* Every size finds a block that is large enough and, over 1 KiB, at most an
   eighth and a line too large; a cached one serves its whole class. */
static void classes_fit(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  bool fits = true, reused = true;
  for (size_t bytes = 1; bytes < 300000; bytes += 1 + bytes / 97) {
    peri_memory_trim(ctx);
    void *data = peri__alloc(ctx, bytes);
    size_t room = peri_memory_stats(ctx).live_bytes - PERI_ALIGN;
    fits = fits && room >= bytes && room % PERI_ALIGN == 0 &&
           room - bytes <= bytes / 8 + PERI_ALIGN;
    peri__free(ctx, data);
    size_t asked = peri_memory_stats(ctx).host_allocs;
    peri__free(ctx, peri__alloc(ctx, room));
    reused = reused && peri_memory_stats(ctx).host_allocs == asked;
  }
  CHECK(fits);
  CHECK(reused);
  peri_context_free(ctx);
}

static void grow_keeps_contents(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  char *data = peri__grow(ctx, NULL, 0, 10);
  memcpy(data, "123456789", 10);
  CHECK(peri__grow(ctx, data, 10, 60) == data); /* in its class */
  data = peri__grow(ctx, data, 10, 100000);
  CHECK_TEXT(data, "123456789");
  peri__free(ctx, data);
  CHECK(peri_memory_stats(ctx).live_bytes == 0);
  peri_context_free(ctx);
}

static void limit_is_an_ordinary_error(void) {
  host h = {0};
  peri_context *ctx = open_context(&h, 2048, false);
  char *data = peri__alloc(ctx, 960); /* a block of 1024 */
  CHECK(peri__alloc(ctx, 4096) == NULL);
  CHECK(peri_error(ctx) == PERI_ENOMEM);
  CHECK_TEXT(peri_error_text(ctx),
             "out of memory: 4096 bytes asked, 1024 of 2048 in use");
  CHECK(peri__grow(ctx, data, 960, 4096) == NULL);
  peri_clear_error(ctx);
  void *rest = peri__alloc(ctx, 960); /* to the last byte */
  CHECK(rest != NULL);
  CHECK(peri__alloc(ctx, 0) == NULL);
  peri_clear_error(ctx);
  peri__free(ctx, rest);
  peri__free(ctx, data);
  CHECK(peri__alloc(ctx, 1900) != NULL); /* what was cached makes room */
  CHECK(peri_error(ctx) == PERI_OK);
  CHECK(peri_memory_stats(ctx).cached_bytes == 0);
  peri_context_free(ctx);
  CHECK(h.held == 0);
}

static void impossible_sizes_are_refused(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 63, SIZE_MAX / 2 + 1,
                          SIZE_MAX / 4 + 64};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    CHECK(peri__alloc(ctx, sizes[i]) == NULL);
    CHECK(peri_error(ctx) == PERI_ENOMEM);
    peri_clear_error(ctx);
  }
  CHECK(peri__alloc(ctx, SIZE_MAX) == NULL);
  CHECK(strstr(peri_error_text(ctx), " bytes asked, 0 in use") != NULL);
  peri_context_free(ctx);
}

static void failing_host_is_asked_again_after_a_flush(void) {
  host h = {0};
  peri_context *ctx = open_context(&h, 0, false);
  peri__free(ctx, peri__alloc(ctx, 500));
  h.fail_at = h.calls + 1;
  CHECK(peri__alloc(ctx, 5000) != NULL); /* the second call is granted */
  CHECK(peri_memory_stats(ctx).cached_bytes == 0);
  h.fail_at = h.calls + 1;
  CHECK(peri__alloc(ctx, 5000) == NULL); /* nothing to flush: no retry */
  CHECK(peri_error(ctx) == PERI_ENOMEM);
  peri_clear_error(ctx);
  h.fail_at = h.calls + 1;
  h.fail_after = true;
  CHECK(peri__alloc(ctx, 500) == NULL);
  h.fail_at = 0;
  peri_clear_error(ctx);
  h.skew = 16; /* blocks that are not aligned are given back */
  int blocks = h.blocks;
  CHECK(peri__alloc(ctx, 500) == NULL);
  CHECK(h.blocks == blocks);
  h.skew = 0;
  peri_context_free(ctx);
  CHECK(h.held == 0 && h.blocks == 0);
}

static void freed_bytes_are_poisoned(void) {
#ifdef POISONS
  peri_context *ctx = peri_context_new(NULL, NULL);
  char *data = peri__alloc(ctx, 100);
  CHECK(__asan_region_is_poisoned(data, 100) == NULL);
  CHECK(__asan_address_is_poisoned(data + 104));
  peri__free(ctx, data);
  CHECK(__asan_address_is_poisoned(data));
  CHECK(peri__alloc(ctx, 128) == data);
  CHECK(__asan_region_is_poisoned(data, 128) == NULL);
  peri_context_free(ctx);
#endif
}

/* ---- A long run against a plain list ---------------------------------- */

enum { SLOTS = 64, STEPS = 20000, LIMIT = 200000 };

typedef struct {
  unsigned char *data;
  size_t bytes;
  unsigned char mark;
} slot;

static bool intact(const slot *s) {
  for (size_t i = 0; i < s->bytes; i++)
    if (s->data[i] != s->mark) return false;
  return true;
}

/* Drop, grow or fill one slot. -> false if a block lost its contents */
static bool random_step(peri_context *ctx, slot *s, const uint32_t word[4]) {
  size_t bytes = word[1] % (word[2] % 4 == 0 ? 40000 : 600);
  bool fine = s->data == NULL || intact(s);
  if (s->data != NULL && word[2] % 3 == 0) {
    peri__free(ctx, s->data);
    s->data = NULL;
    return fine;
  }
  size_t used = s->bytes < bytes ? s->bytes : bytes;
  unsigned char *data =
      peri__grow(ctx, s->data, s->data != NULL ? used : 0, bytes);
  if (data == NULL) {
    peri_clear_error(ctx);
    return fine && (s->data == NULL || intact(s));
  }
  *s = (slot){data, bytes, (unsigned char)word[3]};
  memset(data, s->mark, bytes);
  return fine;
}

static void random_run_keeps_every_promise(void) {
  const uint64_t seed = 7;
  host h = {0};
  peri_context *ctx = open_context(&h, LIMIT, false);
  size_t own = h.held;
  slot slots[SLOTS] = {{0}};
  bool kept = true, counted = true, limited = true;
  for (uint64_t step = 0; step < STEPS; step++) {
    uint32_t word[4];
    peri__philox(seed, step, 0, PERI_STREAM_SAMPLE, word);
    if (step % 1000 == 0) h.fail_at = h.calls + 1;
    kept = random_step(ctx, &slots[word[0] % SLOTS], word) && kept;
    peri_memory stats = peri_memory_stats(ctx);
    size_t held = stats.live_bytes + stats.cached_bytes;
    counted = counted && held == h.held - own;
    limited = limited && held <= LIMIT && stats.peak_bytes <= LIMIT;
  }
  if (!CHECK(kept && counted && limited)) printf("seed %d\n", (int)seed);
  for (int i = 0; i < SLOTS; i++) peri__free(ctx, slots[i].data);
  CHECK(peri_memory_stats(ctx).live_bytes == 0);
  peri_context_free(ctx);
  CHECK(h.held == 0 && h.blocks == 0);
}

/* What an operation makes to look at its inputs is gone when it returns. */
static void operations_leave_their_results_alone(void) {
  static const int64_t classes[] = {0, 9, 1, 9}, turned[] = {1, 0};
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_tensor *x = peri_ones(ctx, (int64_t[]){2, 3}, 2, NULL);
  peri_tensor *y = peri_permute(
      peri_tensor_new(ctx, classes, (int64_t[]){2, 2}, 2, PERI_I64), turned, 2);
  peri_tensor *target = peri_select(y, 0, 0); /* 0, 1 with a gap */
  size_t before = peri_memory_stats(ctx).live_tensors;
  CHECK(peri_cross_entropy(x, target, NULL, NULL) != NULL);
  CHECK(peri_memory_stats(ctx).live_tensors == before + 1);
  peri_context_free(ctx);
}

/* A tensor that was saved because it changed itself is not kept by that. */
static void history_of_a_change_by_itself_ends(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = peri_ones(ctx, (int64_t[]){2}, 1, NULL);
  peri_set_requires_grad(x, true);
  peri_tensor *y = peri_exp(x);
  CHECK(peri_mul_(y, y) == y && peri_error(ctx) == PERI_OK);
  peri_scope_close(scope);
  CHECK(peri_memory_stats(ctx).live_tensors == 0);
  peri_context_free(ctx);
}

/* Nor is one that was saved for the gradient of what changes it, nor its base
   for that of a view. */
static void history_of_a_change_by_what_was_saved_ends(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = peri_ones(ctx, (int64_t[]){2, 2}, 2, NULL);
  peri_set_requires_grad(x, true);
  peri_tensor *y = peri_exp(x), *z = peri_exp(x);
  CHECK(peri_add_(y, peri_mul(y, y)) == y);
  peri_tensor *part = peri_select(z, 0, 0);
  CHECK(peri_add_(part, peri_mul(part, part)) == part);
  CHECK(peri_add_(z, peri_mul(peri_select(z, 0, 1), part)) == z);
  peri_scope_close(scope);
  CHECK(peri_memory_stats(ctx).live_tensors == 0);
  peri_context_free(ctx);
}

int main(void) {
  history_of_a_change_by_what_was_saved_ends();
  operations_leave_their_results_alone();
  history_of_a_change_by_itself_ends();
  aligns_and_keeps_apart();
  steady_loop_asks_host_for_nothing();
  no_cache_gives_back_at_once();
  classes_fit();
  grow_keeps_contents();
  limit_is_an_ordinary_error();
  impossible_sizes_are_refused();
  failing_host_is_asked_again_after_a_flush();
  freed_bytes_are_poisoned();
  random_run_keeps_every_promise();
  return check_done("memory");
}
