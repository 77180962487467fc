/* sort_i64.c - the fast forms of sort, topk, kth and mode. Lines are shared
   among the threads, each of which has room in the workspace for one of them.

   What is put in order are items, whole numbers with 32 bits of a key above the
   place of the element; no two are equal, so there is one order and stability
   costs nothing. Of a key with more bits an item has those from the highest
   that differs on; runs that are equal there are put in order by the rest.
   What only chooses one element looks at keys alone and finds the place later.
   Twins: plain_sort.c. */
#include "cpu/sort.h"
#include "fast.h"

enum {
  SOME = 256, /* keys or places made at once */
  SHORT = 64, /* items; longer arrays are dealt out, which costs counters */
  KEPT = 32   /* best elements that are kept in order by moving them */
};

#define PLACE(item) ((int64_t)((item)&UINT32_MAX))

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* ---- Lines --------------------------------------------------------------- */

typedef struct job {
  const peri_call *call;
  const peri_arg *values, *positions, *x;
  peri__sort_attr attr;
  peri__walk walk; /* of all three beside the dimension */
  int64_t count;   /* elements of a line */
  int64_t stride;  /* in x */
  int64_t wanted;  /* elements of a line of the outputs */
  void (*run)(const struct job *j, const int64_t *offset, uint64_t *room);
} job;

static inline peri__sort_attr attr_of(const peri_call *call) {
  peri__sort_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return attr;
}

static int64_t length_of(const peri_call *call) {
  return call->arg[2].shape[attr_of(call).dim];
}

static int64_t wanted_of(const peri_call *call) {
  return call->arg[0].shape[attr_of(call).dim];
}

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

/* 'cost': nanoseconds that an element takes. */
static void each_line(const peri_call *call, double cost,
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

/* 'count' places to the outputs from number 'at' on; none that a stop has left
   unknown. */
static void put(const job *j, const int64_t *offset, int64_t at,
                const int64_t *place, int64_t count) {
  int64_t step = j->values->strides[j->attr.dim];
  if (peri_call_stopped(j->call)) return;
  peri__take_places(j->values, offset[0] + at * step, step, j->x, offset[2],
                    j->stride, place, count);
  step = j->positions->strides[j->attr.dim];
  int64_t *to = peri__at(j->positions, offset[1] + at * step);
  for (int64_t i = 0; i < count; i++) to[i * step] = place[i] + j->attr.base;
}

/* The first items to the outputs, as many as these have; their places are
   places in the line or, if given, in a list of such. */
static void put_items(const job *j, const int64_t *offset, const uint64_t *item,
                      const int64_t *list) {
  int64_t place[SOME];
  for (int64_t at = 0; at < j->wanted; at += SOME) {
    int64_t count = least(j->wanted - at, SOME);
    if (peri_call_stopped(j->call)) return;
    for (int64_t i = 0; i < count; i++) {
      place[i] = PLACE(item[at + i]);
      if (list) place[i] = list[place[i]];
    }
    put(j, offset, at, place, count);
  }
}

/* All keys of a line. */
static void load_keys(const job *j, int64_t offset, uint64_t *key) {
  for (int64_t at = 0; at < j->count; at += PERI_POLL) {
    if (peri_call_stopped(j->call)) return;
    peri__order_keys(key + at, j->x, offset + at * j->stride, j->stride,
                     least(j->count - at, PERI_POLL), j->attr.descending);
  }
}

/* ---- Items in order ------------------------------------------------------ */

static void insert(uint64_t *a, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    uint64_t v = a[i];
    int64_t at = i;
    for (; at > 0 && v < a[at - 1]; at--) a[at] = a[at - 1];
    a[at] = v;
  }
}

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

/* Items of 'n' keys in order, of which the places alone count. 'a' and 'b' are
   room; 'key' may be 'b' if keys have no more than 32 bits.
   -> 'a' or 'b', whichever holds them */
static uint64_t *ordered(const job *j, const uint64_t *key, int64_t n,
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
  load_keys(j, offset, key);
  return ordered(j, key, n, room, room + n);
}

/* ---- sort ---------------------------------------------------------------- */

static void sort_line(const job *j, const int64_t *offset, uint64_t *room) {
  put_items(j, offset, ordered_line(j, offset[2], room), NULL);
}

static void run_sort(const peri_call *call) { each_line(call, 10, sort_line); }

/* ---- Choosing by keys alone ---------------------------------------------- */

/* What the order has at a place: a key, and how many of its equals come
   before. */
typedef struct {
  uint64_t key;
  int64_t before;
} choice;

static uint64_t middle(uint64_t a, uint64_t b, uint64_t c) {
  uint64_t low = a < b ? a : b, high = a < b ? b : a;
  if (c < low) return low;
  return c < high ? c : high;
}

/* Keys below 'pivot' to the front of 'b', those above it to its end.
   -> how many are below; 'above': where the others begin */
static int64_t part(const peri_call *call, const uint64_t *a, uint64_t *b,
                    int64_t n, uint64_t pivot, int64_t *above) {
  int64_t low = 0, high = n;
  for (int64_t at = 0; at < n; at += PERI_POLL) {
    int64_t end = at + least(n - at, PERI_POLL);
    if (peri_call_stopped(call)) break;
    for (int64_t i = at; i < end; i++) {
      uint64_t v = a[i];
      b[low] = v;
      b[high - 1] = v;
      low += v < pivot;
      high -= pivot < v;
    }
  }
  *above = high;
  return low;
}

/* A place below 'n' that no line can foresee. */
static int64_t draw(uint64_t *state, int64_t n) {
  *state = *state * 6364136223846793005u + 1442695040888963407u; /* Knuth */
  return (int64_t)((*state >> 32) * (uint64_t)n >> 32);
}

/* What stands at place 'k' of the order of 'n' keys: they are parted around the
   middle one of three until few are left. 'b' is room; both change. */
static choice choose(const peri_call *call, uint64_t *a, uint64_t *b, int64_t n,
                     int64_t k) {
  uint64_t state = 0;
  while (n > SHORT && !peri_call_stopped(call)) {
    int64_t above;
    uint64_t pivot =
        middle(a[draw(&state, n)], a[draw(&state, n)], a[draw(&state, n)]);
    int64_t below = part(call, a, b, n, pivot, &above);
    if (k >= below && k < above) return (choice){pivot, k - below};
    int64_t skip = k < below ? 0 : above;
    uint64_t *spare = a + skip;
    a = b + skip;
    b = spare;
    n = k < below ? below : n - above;
    k -= skip;
  }
  if (n > SHORT) return (choice){a[0], 0}; /* stopped */
  insert(a, n);
  choice c = {a[k], 0};
  while (c.before < k && a[k - c.before - 1] == c.key) c.before++;
  return c;
}

/* The place in the line of what was chosen. */
static int64_t place_of(const job *j, int64_t offset, choice c) {
  uint64_t key[SOME];
  for (int64_t at = 0; at < j->count; at += SOME) {
    int64_t count = least(j->count - at, SOME);
    if (at % PERI_POLL == 0 && peri_call_stopped(j->call)) return 0;
    peri__order_keys(key, j->x, offset + at * j->stride, j->stride, count,
                     j->attr.descending);
    for (int64_t i = 0; i < count; i++)
      if (key[i] == c.key && c.before-- == 0) return at + i;
  }
  return 0;
}

/* ---- kth ----------------------------------------------------------------- */

static int64_t count_nans(const job *j, const uint64_t *key) {
  int64_t nans = 0;
  uint64_t nan = peri__last_key(j->x->dtype);
  if (j->attr.choice == PERI_KTH || !peri__is_float(j->x->dtype)) return 0;
  for (int64_t at = 0; at < j->count; at += PERI_POLL) {
    int64_t end = at + least(j->count - at, PERI_POLL);
    if (peri_call_stopped(j->call)) return 0;
    for (int64_t i = at; i < end; i++) nans += key[i] == nan;
  }
  return nans;
}

static void kth_line(const job *j, const int64_t *offset, uint64_t *room) {
  int64_t n = j->count;
  load_keys(j, offset[2], room);
  int64_t k = peri__kth_place(&j->attr, n, count_nans(j, room));
  choice c = choose(j->call, room, room + n, n, k);
  int64_t place = place_of(j, offset[2], c);
  put(j, offset, 0, &place, 1);
}

static void run_kth(const peri_call *call) { each_line(call, 5, kth_line); }

/* ---- topk ---------------------------------------------------------------- */

typedef struct {
  uint64_t key;
  int64_t place;
} good;

/* Put 'v' in front of those of the 'count' best behind it. */
static void insert_best(good *list, int64_t count, good v) {
  int64_t at = count;
  for (; at > 0 && v.key < list[at - 1].key; at--) list[at] = list[at - 1];
  list[at] = v;
}

/* The best so far with 'count' more elements from place 'at' on. What comes
   later and is equal is no better, so most pass after one comparison. */
static int64_t look_for_best(good *list, int64_t have, int64_t k,
                             const uint64_t *key, int64_t at, int64_t count) {
  int64_t i = 0;
  for (; i < count && have < k; i++)
    insert_best(list, have++, (good){key[i], at + i});
  for (uint64_t last = list[have - 1].key; i < count; i++) {
    if (key[i] >= last) continue;
    insert_best(list, k - 1, (good){key[i], at + i});
    last = list[k - 1].key;
  }
  return have;
}

static void few_line(const job *j, const int64_t *offset, uint64_t *room) {
  uint64_t key[SOME];
  good list[KEPT];
  int64_t place[KEPT], have = 0;
  (void)room;
  for (int64_t at = 0; at < j->count; at += SOME) {
    int64_t count = least(j->count - at, SOME);
    if (at % PERI_POLL == 0 && peri_call_stopped(j->call)) return;
    peri__order_keys(key, j->x, offset[2] + at * j->stride, j->stride, count,
                     j->attr.descending);
    have = look_for_best(list, have, j->wanted, key, at, count);
  }
  for (int64_t i = 0; i < have; i++) place[i] = list[i].place;
  put(j, offset, 0, place, have);
}

/* Places of the keys up to 'c' in the order, and these keys. */
static void take_up_to(const job *j, const uint64_t *key, choice c,
                       int64_t *place, uint64_t *taken) {
  int64_t have = 0;
  for (int64_t i = 0; i < j->count && have < j->wanted; i++) {
    if (i % PERI_POLL == 0 && peri_call_stopped(j->call)) return;
    if (key[i] > c.key || (key[i] == c.key && c.before-- < 0)) continue;
    place[have] = i;
    taken[have++] = key[i];
  }
}

/* The best are chosen, then they alone are put in order. They are at most half
   of the line, so that there is room for all in that of the line. */
static void many_line(const job *j, const int64_t *offset, uint64_t *room) {
  int64_t n = j->count, k = j->wanted, *place = (int64_t *)(room + n);
  uint64_t *key = room, *taken = room + n + k;
  load_keys(j, offset[2], key);
  choice c = choose(j->call, key, room + n, n, k - 1);
  load_keys(j, offset[2], key);
  if (peri_call_stopped(j->call)) return;
  take_up_to(j, key, c, place, taken);
  if (peri_call_stopped(j->call)) return;
  put_items(j, offset, ordered(j, taken, k, room, room + k), place);
}

static void run_topk(const peri_call *call) {
  int64_t k = wanted_of(call);
  if (k == 0) return;
  if (k <= KEPT)
    each_line(call, 1.5, few_line);
  else if (k <= length_of(call) / 2)
    each_line(call, 7, many_line);
  else
    run_sort(call);
}

/* ---- mode ---------------------------------------------------------------- */

/* The last of the longest run of equals, the first such run. */
static void mode_line(const job *j, const int64_t *offset, uint64_t *room) {
  int64_t n = j->count, best = 0, longest = 0, start = 0;
  bool real = peri__is_float(j->x->dtype);
  uint64_t *key = room + 2 * n, nan = peri__last_key(j->x->dtype);
  load_keys(j, offset[2], key);
  const uint64_t *item = ordered(j, key, n, room, room + n);
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
  put(j, offset, 0, &best, 1);
}

static void run_mode(const peri_call *call) { each_line(call, 12, mode_line); }

/* ---- The table ----------------------------------------------------------- */

/* Places have 32 bits. */
static bool takes(const peri_call *call) {
  return length_of(call) <= UINT32_MAX;
}

/* Room for as many threads as there are lines. */
static void prepare(peri_call *call) {
  static void (*const run[PERI_KERNEL_COUNT])(const peri_call *call) = {
      [PERI_K_sort] = run_sort,
      [PERI_K_topk] = run_topk,
      [PERI_K_kth] = run_kth,
      [PERI_K_mode] = run_mode,
  };
  int64_t lines = 1, threads = call->threads;
  call->run = run[call->kernel - peri__kernel_id(0)];
  if (call->run == run_topk && wanted_of(call) <= KEPT) return;
  for (int d = 0; d < call->arg[0].ndim; d++)
    if (d != attr_of(call).dim) lines *= call->arg[0].shape[d];
  if (lines < threads) threads = lines;
  call->workspace_bytes = (size_t)(room_of(call) * threads) * sizeof(uint64_t);
}

const peri__fast LEVEL(sort) = {takes, prepare};
