/* sort_lines.h - what the fast kernels of order share: the lines of a record,
   which the threads share, and items in order (sort_i64.c).

   An item is a whole number with 32 bits of a key above the place of the
   element. */
#ifndef PERI_SORT_LINES_H
#define PERI_SORT_LINES_H

#include "cpu/sort.h"
#include "fast.h"

enum {
  SOME = 256, /* keys or places made at once */
  SHORT = 64  /* items; longer arrays are dealt out, which costs counters */
};

#define PLACE(item) ((int64_t)((item)&UINT32_MAX))

typedef struct peri__sort_job {
  const peri_call *call;
  const peri_arg *values, *positions, *x;
  peri__sort_attr attr;
  peri__walk walk; /* of all three beside the dimension */
  int64_t count;   /* elements of a line */
  int64_t stride;  /* in x */
  int64_t wanted;  /* elements of a line of the outputs */
  void (*run)(const struct peri__sort_job *j, const int64_t *offset,
              uint64_t *room);
} job;

static inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static inline peri__sort_attr attr_of(const peri_call *call) {
  peri__sort_attr attr;
  memcpy(&attr, call->attr, sizeof attr);
  return attr;
}

static inline int64_t length_of(const peri_call *call) {
  return call->arg[2].shape[attr_of(call).dim];
}

static inline int64_t wanted_of(const peri_call *call) {
  return call->arg[0].shape[attr_of(call).dim];
}

/* Call 'run' for every line with its offsets and this thread's room, an array
   of numbers as sort_prepare asks for it. 'cost': nanoseconds that an element
   takes. */
void LOWEST(sort_each_line)(const peri_call *call, double cost,
                            void (*run)(const job *j, const int64_t *offset,
                                        uint64_t *room));
/* Room for as many threads as there are lines; runs 'run'. */
void LOWEST(sort_prepare)(peri_call *call, void (*run)(const peri_call *call));
/* 'count' places to the outputs from number 'at' on; none that a stop has left
   unknown. */
void LOWEST(sort_put)(const job *j, const int64_t *offset, int64_t at,
                      const int64_t *place, int64_t count);
/* The first items to the outputs, as many as these have; their places are
   places in the line or, if given, in a list of such. */
void LOWEST(sort_put_items)(const job *j, const int64_t *offset,
                            const uint64_t *item, const int64_t *list);
/* All keys of a line. */
void LOWEST(sort_load_keys)(const job *j, int64_t offset, uint64_t *key);
/* Items of 'n' keys in order, of which the places alone count. 'a' and 'b' are
   room; 'key' may be 'b' if keys have no more than 32 bits.
   -> 'a' or 'b', whichever holds them */
uint64_t *LOWEST(sort_items)(const job *j, const uint64_t *key, int64_t n,
                             uint64_t *a, uint64_t *b);
/* The kernel of sort. */
void LOWEST(sort_run)(const peri_call *call);

/* The few numbers of 'a' in order. */
static inline void insert(uint64_t *a, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    uint64_t v = a[i];
    int64_t at = i;
    for (; at > 0 && v < a[at - 1]; at--) a[at] = a[at - 1];
    a[at] = v;
  }
}

#endif
