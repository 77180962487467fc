/* plain_multinomial.c - positions drawn by weights, a row of samples for each
   row of weights. A sample with replacement is where a uniform number falls
   among the sums of the weights. Without replacement each position waits for an
   exponential time of rate weight, and those that come first are taken in the
   order of coming: that is drawing one after the other (Efraimidis and Spirakis
   2006). Rows, or the samples of the only row, are shared among threads.

   call  y [N, S] or [S] int64; weights [N, K] or [K] floats
   Attributes: peri__random_attr. */
#include <math.h>

#include "plain.h"
#include "random_source.h"
#include "random_words.h"

/* A position and when it comes; never comes what has no weight. */
typedef struct {
  double time;
  int64_t position;
} arrival;

typedef struct {
  const peri_call *call;
  peri__random_attr attr;
  int64_t rows, classes, samples;
  char *workspace; /* a part of 'part' bytes for each thread */
  size_t part;
} job;

static job job_of(const peri_call *call) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  job j = {.call = call, .workspace = call->workspace};
  memcpy(&j.attr, call->attr, sizeof j.attr);
  j.rows = x->ndim == 2 ? x->shape[0] : 1;
  j.classes = x->shape[x->ndim - 1];
  j.samples = y->shape[y->ndim - 1];
  j.part = j.attr.replacement ? (size_t)j.classes * sizeof(double)
                              : (size_t)j.samples * sizeof(arrival);
  return j;
}

size_t peri__multinomial_workspace(const peri_call *call) {
  job j = job_of(call);
  return (size_t)call->threads * j.part + 1;
}

static double weight_at(const job *j, int64_t row, int64_t k) {
  const peri_arg *x = &j->call->arg[1];
  int64_t offset = k * x->strides[x->ndim - 1];
  if (x->ndim == 2) offset += row * x->strides[0];
  double weight = peri__get(x, offset);
  return weight > 0 && weight < INFINITY ? weight : 0; /* also in a replay */
}

static void put_position(const job *j, int64_t row, int64_t sample,
                         int64_t position) {
  const peri_arg *y = &j->call->arg[0];
  int64_t offset = sample * y->strides[y->ndim - 1];
  if (y->ndim == 2) offset += row * y->strides[0];
  *(int64_t *)peri__at(y, offset) = position + j->attr.base;
}

/* ---- With replacement ------------------------------------------------- */

static void add_up(const job *j, int64_t row, double *sums) {
  double sum = 0;
  for (int64_t k = 0; k < j->classes; k++) {
    if (peri__stopped_at(j->call, k)) return;
    sums[k] = sum += weight_at(j, row, k);
  }
}

/* The first position whose sum is above 'point'; the last if there is none. */
static int64_t find(const double *sums, int64_t count, double point) {
  int64_t low = 0, high = count - 1;
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (sums[middle] > point)
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

static void take_samples(const job *j, int64_t row, const double *sums,
                         int64_t first, int64_t end) {
  peri__source s = {.attr = j->attr};
  double total = sums[j->classes - 1];
  for (int64_t i = first; i < end; i++) {
    if (peri__stopped_at(j->call, i)) return;
    double u = peri__uniform_at(&s, (uint64_t)(row * j->samples + i), true);
    put_position(j, row, i, find(sums, j->classes, u * total));
  }
}

static void samples_of_one_row(void *user, int64_t first, int64_t end,
                               int thread) {
  const job *j = user;
  (void)thread;
  take_samples(j, 0, (const double *)j->workspace, first, end);
}

/* ---- Without replacement ---------------------------------------------- */

static bool before(const arrival *a, const arrival *b) {
  if (a->time != b->time) return a->time < b->time;
  return a->position < b->position;
}

/* Let the entry at 'at' of a heap, the last to come on top, sink. */
static void sink(arrival *heap, int64_t count, int64_t at) {
  arrival moved = heap[at];
  for (int64_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
    if (child + 1 < count && before(&heap[child], &heap[child + 1])) child++;
    if (!before(&moved, &heap[child])) break;
    heap[at] = heap[child];
    at = child;
  }
  heap[at] = moved;
}

/* When a position comes whose uniform number is 'u'. */
static arrival arrival_of(double u, double weight, int64_t position) {
  double time = peri__exponential_from(u);
  return (arrival){weight > 0 ? time / weight : INFINITY, position};
}

/* The first to come of all positions, as a heap. A time is at least u / weight,
   which most positions are too late by. */
static bool gather(const job *j, int64_t row, arrival *heap) {
  peri__source s = {.attr = j->attr};
  int64_t samples = j->samples;
  for (int64_t k = 0; k < j->classes; k++) {
    double weight = weight_at(j, row, k);
    uint64_t i = (uint64_t)(row * j->classes + k);
    double u = peri__uniform_at(&s, i, true);
    if (peri__stopped_at(j->call, k)) return false;
    if (k >= samples && u > heap[0].time * weight) continue;
    arrival next = arrival_of(u, weight, k);
    if (k < samples) heap[k] = next;
    if (k == samples - 1)
      for (int64_t at = samples / 2; at >= 0; at--) sink(heap, samples, at);
    if (k < samples || !before(&next, &heap[0])) continue;
    heap[0] = next;
    sink(heap, samples, 0);
  }
  return true;
}

static void take_first(const job *j, int64_t row, arrival *heap) {
  if (!gather(j, row, heap)) return;
  for (int64_t left = j->samples - 1; left >= 0; left--) {
    put_position(j, row, left, heap[0].position);
    heap[0] = heap[left];
    sink(heap, left, 0);
  }
}

/* ---- The kernel ------------------------------------------------------- */

static void run_rows(void *user, int64_t first, int64_t end, int thread) {
  const job *j = user;
  void *own = j->workspace + (size_t)thread * j->part;
  for (int64_t row = first; row < end; row++) {
    if (peri_call_stopped(j->call)) return;
    if (!j->attr.replacement) {
      take_first(j, row, own);
      continue;
    }
    add_up(j, row, own);
    take_samples(j, row, own, 0, j->samples);
  }
}

#define WEIGHT_COST 10. /* nanoseconds for a weight, and a sample */
#define SAMPLE_COST 60.

void peri__plain_multinomial(const peri_call *call) {
  job j = job_of(call);
  double cost =
      WEIGHT_COST * (double)j.classes + SAMPLE_COST * (double)j.samples;
  if (j.rows != 1 || !j.attr.replacement) {
    peri_parallel_for(call, j.rows, cost, run_rows, &j);
    return;
  }
  add_up(&j, 0, (double *)j.workspace);
  if (peri_call_stopped(call)) return;
  peri_parallel_for(call, j.samples, SAMPLE_COST, samples_of_one_row, &j);
}
