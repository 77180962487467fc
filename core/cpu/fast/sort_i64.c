/* sort_i64.c - the fast forms of sort and mode, and what orders items for the
   others. Lines are shared among the threads, each of which has room in the
   workspace for one of them.

   Items are dealt out by their digits. No two are equal, so there is one order
   and stability costs nothing. Of a key with more than 32 bits an item has
   those from the highest that differs on; runs that are equal there are put in
   order by the rest. Twins: plain_sort.c. */
#include "sort_lines.h"

/* ---- Lines --------------------------------------------------------------- */

/* Numbers for the line of one thread: two arrays of items, and the keys where
   they are looked at again; a whole number of cache lines. */
static int64_t room_of(const peri_call *call) {
  bool keeps_keys = peri__key_bits(call->arg[2].dtype) > 32 ||
                    call->kernel == peri__kernel_id(PERI_K_mode);
  int arrays = keeps_keys ? 3 : 2;
  return (arrays * length_of(call) + 7) / 8 * 8;
}

static void run_lines(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  peri__spot spot;
  uint64_t *room = j->call->workspace;
  peri__walk_seek(&j->walk, j->walk.ndim, first, &spot);
  for (; first < end && !peri_call_stopped(j->call); first++) {
    j->run(j, spot.offset, room ? room + thread * room_of(j->call) : NULL);
    peri__walk_step(&j->walk, j->walk.ndim, &spot);
  }
}

void LOWEST(sort_each_line)(const peri_call *call, double cost,
                            void (*run)(const job *j, const int64_t *offset,
                                        uint64_t *room)) {
  const peri_arg *arg[] = {&call->arg[0], &call->arg[1], &call->arg[2]};
  job j = {.call = call,
           .values = arg[0],
           .positions = arg[1],
           .x = arg[2],
           .attr = attr_of(call),
           .count = length_of(call),
           .wanted = wanted_of(call),
           .run = run};
  peri__walk_of(&j.walk, arg, 3, j.attr.dim);
  j.stride = j.x->strides[j.attr.dim];
  int64_t lines = peri__walk_count(&j.walk, j.walk.ndim);
  if (lines > 0 && j.count > 0)
    peri_parallel_for(call, lines, cost * (double)j.count, run_lines, &j);
}

void LOWEST(sort_prepare)(peri_call *call, void (*run)(const peri_call *call)) {
  int64_t lines = 1, threads = call->threads;
  for (int d = 0; d < call->arg[0].ndim; d++)
    if (d != attr_of(call).dim) lines *= call->arg[0].shape[d];
  if (lines < threads) threads = lines;
  call->run = run;
  call->workspace_bytes = (size_t)(room_of(call) * threads) * sizeof(uint64_t);
}

void LOWEST(sort_put)(const job *j, const int64_t *offset, int64_t at,
                      const int64_t *place, int64_t count) {
  int64_t step = j->values->strides[j->attr.dim];
  if (peri_call_stopped(j->call)) return;
  peri__take_places(j->values, offset[0] + at * step, step, j->x, offset[2],
                    j->stride, place, count);
  step = j->positions->strides[j->attr.dim];
  int64_t *to = peri__at(j->positions, offset[1] + at * step);
  for (int64_t i = 0; i < count; i++) to[i * step] = place[i] + j->attr.base;
}

void LOWEST(sort_put_items)(const job *j, const int64_t *offset,
                            const uint64_t *item, const int64_t *list) {
  int64_t place[SOME];
  for (int64_t at = 0; at < j->wanted; at += SOME) {
    int64_t count = least(j->wanted - at, SOME);
    if (peri_call_stopped(j->call)) return;
    for (int64_t i = 0; i < count; i++) {
      place[i] = PLACE(item[at + i]);
      if (list) place[i] = list[place[i]];
    }
    LOWEST(sort_put)(j, offset, at, place, count);
  }
}

void LOWEST(sort_load_keys)(const job *j, int64_t offset, uint64_t *key) {
  for (int64_t at = 0; at < j->count; at += PERI_POLL) {
    if (peri_call_stopped(j->call)) return;
    peri__order_keys(key + at, j->x, offset + at * j->stride, j->stride,
                     least(j->count - at, PERI_POLL), j->attr.descending);
  }
}

/* ---- Items in order ------------------------------------------------------ */

#define DIGIT(item, d) ((item) >> (32 + 8 * (d)) & 255)

/* How often each of the four digits has each value. */
static void count_digits(const peri_call *call, const uint64_t *a, int64_t n,
                         int64_t count[4][256]) {
  memset(count, 0, 4 * sizeof *count);
  for (int64_t i = 0; i < n; i++) {
    if (i % PERI_POLL == 0 && peri_call_stopped(call)) return;
    count[0][DIGIT(a[i], 0)]++;
    count[1][DIGIT(a[i], 1)]++;
    count[2][DIGIT(a[i], 2)]++;
    count[3][DIGIT(a[i], 3)]++;
  }
}

/* Deal 'a' out by digit 'd', whose counts become places. */
static void deal(const peri_call *call, const uint64_t *a, uint64_t *b,
                 int64_t n, int d, int64_t count[256]) {
  int64_t place = 0;
  for (int i = 0; i < 256; i++) {
    int64_t own = count[i];
    count[i] = place;
    place += own;
  }
  for (int64_t at = 0; at < n; at += PERI_POLL) {
    int64_t end = at + least(n - at, PERI_POLL);
    if (peri_call_stopped(call)) return;
    for (int64_t i = at; i < end; i++) b[count[DIGIT(a[i], d)]++] = a[i];
  }
}

/* Put the 'n' items of 'a' in order, with 'b' as room for as many. A digit that
   is the same everywhere is left out. -> 'a' or 'b', whichever holds them */
static uint64_t *order(const peri_call *call, uint64_t *a, uint64_t *b,
                       int64_t n) {
  int64_t count[4][256];
  if (n <= SHORT) {
    insert(a, n);
    return a;
  }
  count_digits(call, a, n, count);
  for (int d = 0; d < 4; d++) {
    if (count[d][DIGIT(a[0], d)] == n) continue;
    if (peri_call_stopped(call)) return a;
    deal(call, a, b, n, d, count[d]);
    uint64_t *spare = a;
    a = b;
    b = spare;
  }
  return a;
}

/* ---- Keys of more than 32 bits ------------------------------------------- */

/* Items of 'n' keys without their lowest 'shift' bits. */
static void make_items(const peri_call *call, uint64_t *item,
                       const uint64_t *key, int64_t n, int shift) {
  for (int64_t at = 0; at < n; at += PERI_POLL) {
    int64_t end = at + least(n - at, PERI_POLL);
    if (peri_call_stopped(call)) return;
    for (int64_t i = at; i < end; i++)
      item[i] = key[i] >> shift << 32 | (uint64_t)i;
  }
}

/* Bits of the keys below the 32 that begin with the highest that differs. */
static int spare_bits(const peri_call *call, const uint64_t *key, int64_t n) {
  uint64_t differ = 0;
  for (int64_t at = 0; at < n; at += PERI_POLL) {
    int64_t end = at + least(n - at, PERI_POLL);
    if (peri_call_stopped(call)) return 0;
    for (int64_t i = at; i < end; i++) differ |= key[i] ^ key[0];
  }
  return differ >> 32 ? 32 - __builtin_clzll(differ) : 0;
}

/* Put items that are equal so far in order by the lowest 'shift' bits. */
static void order_run(const peri_call *call, const uint64_t *key,
                      uint64_t *item, uint64_t *room, int64_t n, int shift) {
  uint64_t above = item[0] >> 32 << 32, low = ((uint64_t)1 << shift) - 1;
  for (int64_t i = 0; i < n; i++)
    item[i] = (key[PLACE(item[i])] & low) << 32 | (uint64_t)PLACE(item[i]);
  const uint64_t *sorted = order(call, item, room, n);
  for (int64_t i = 0; i < n; i++) item[i] = above | (uint64_t)PLACE(sorted[i]);
}

static void order_runs(const peri_call *call, const uint64_t *key,
                       uint64_t *item, uint64_t *room, int64_t n, int shift) {
  for (int64_t first = 0, end; first < n; first = end) {
    if (first % SOME == 0 && peri_call_stopped(call)) return;
    for (end = first + 1; end < n; end++)
      if (item[end] >> 32 != item[first] >> 32) break;
    if (end > first + 1)
      order_run(call, key, item + first, room, end - first, shift);
  }
}

uint64_t *LOWEST(sort_items)(const job *j, const uint64_t *key, int64_t n,
                             uint64_t *a, uint64_t *b) {
  bool wide = peri__key_bits(j->x->dtype) > 32;
  int shift = wide ? spare_bits(j->call, key, n) : 0;
  make_items(j->call, a, key, n, shift);
  uint64_t *item = order(j->call, a, b, n);
  if (shift > 0 && !peri_call_stopped(j->call))
    order_runs(j->call, key, item, item == a ? b : a, n, shift);
  return item;
}

static uint64_t *ordered_line(const job *j, int64_t offset, uint64_t *room) {
  int64_t n = j->count;
  bool wide = peri__key_bits(j->x->dtype) > 32;
  uint64_t *key = room + (wide ? 2 * n : n);
  LOWEST(sort_load_keys)(j, offset, key);
  return LOWEST(sort_items)(j, key, n, room, room + n);
}

/* ---- sort ---------------------------------------------------------------- */

static void sort_line(const job *j, const int64_t *offset, uint64_t *room) {
  LOWEST(sort_put_items)(j, offset, ordered_line(j, offset[2], room), NULL);
}

void LOWEST(sort_run)(const peri_call *call) {
  LOWEST(sort_each_line)(call, 10, sort_line);
}

/* ---- mode ---------------------------------------------------------------- */

/* The last of the longest run of equals, the first such run. */
static void mode_line(const job *j, const int64_t *offset, uint64_t *room) {
  int64_t n = j->count, best = 0, longest = 0, start = 0;
  bool real = peri__is_float(j->x->dtype);
  uint64_t *key = room + 2 * n, nan = peri__last_key(j->x->dtype);
  LOWEST(sort_load_keys)(j, offset[2], key);
  const uint64_t *item = LOWEST(sort_items)(j, key, n, room, room + n);
  if (peri_call_stopped(j->call)) return;
  for (int64_t i = 0; i < n; i++) {
    uint64_t own = key[PLACE(item[i])];
    if (i % PERI_POLL == 0 && peri_call_stopped(j->call)) return;
    if (i > 0 && (own != key[PLACE(item[i - 1])] || (real && own == nan)))
      start = i;
    if (i - start < longest) continue;
    longest = i - start + 1;
    best = PLACE(item[i]);
  }
  LOWEST(sort_put)(j, offset, 0, &best, 1);
}

static void run_mode(const peri_call *call) {
  LOWEST(sort_each_line)(call, 12, mode_line);
}

/* ---- The table ----------------------------------------------------------- */

/* Places have 32 bits. */
static bool takes(const peri_call *call) {
  return length_of(call) <= UINT32_MAX;
}

static void prepare_sort(peri_call *call) {
  LOWEST(sort_prepare)(call, LOWEST(sort_run));
}

static void prepare_mode(peri_call *call) {
  LOWEST(sort_prepare)(call, run_mode);
}

const peri__fast LEVEL(sort) = {takes, prepare_sort};
const peri__fast LEVEL(mode) = {takes, prepare_mode};
