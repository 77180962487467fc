/* select_i64.c - the fast forms of topk and kth, which choose by keys alone and
   find the place later. Twins: plain_sort.c. */
#include "sort_lines.h"

enum { KEPT = 32 }; /* best elements that are kept in order by moving them */

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
  LOWEST(sort_load_keys)(j, offset[2], room);
  int64_t k = peri__kth_place(&j->attr, n, count_nans(j, room));
  choice c = choose(j->call, room, room + n, n, k);
  int64_t place = place_of(j, offset[2], c);
  LOWEST(sort_put)(j, offset, 0, &place, 1);
}

static void run_kth(const peri_call *call) {
  LOWEST(sort_each_line)(call, 5, kth_line);
}

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
  LOWEST(sort_put)(j, offset, 0, place, have);
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
  LOWEST(sort_load_keys)(j, offset[2], key);
  choice c = choose(j->call, key, room + n, n, k - 1);
  LOWEST(sort_load_keys)(j, offset[2], key);
  if (peri_call_stopped(j->call)) return;
  take_up_to(j, key, c, place, taken);
  if (peri_call_stopped(j->call)) return;
  LOWEST(sort_put_items)
  (j, offset, LOWEST(sort_items)(j, taken, k, room, room + k), place);
}

static void run_topk(const peri_call *call) {
  int64_t k = wanted_of(call);
  if (k == 0) return;
  if (k <= KEPT)
    LOWEST(sort_each_line)(call, 1.5, few_line);
  else if (k <= length_of(call) / 2)
    LOWEST(sort_each_line)(call, 7, many_line);
  else
    LOWEST(sort_run)(call);
}

/* ---- The table ----------------------------------------------------------- */

/* Places have 32 bits. */
static bool takes(const peri_call *call) {
  return length_of(call) <= UINT32_MAX;
}

/* A few need no room. */
static void prepare_topk(peri_call *call) {
  call->run = run_topk;
  if (wanted_of(call) > KEPT) LOWEST(sort_prepare)(call, run_topk);
}

static void prepare_kth(peri_call *call) {
  LOWEST(sort_prepare)(call, run_kth);
}

const peri__fast LEVEL(topk) = {takes, prepare_topk};
const peri__fast LEVEL(kth) = {takes, prepare_kth};
