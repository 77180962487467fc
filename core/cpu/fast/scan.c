/* scan.c - the fast scans: of float32, float64 and int64 where all arguments
   have the same type. They are bound by memory or by the length of their
   chains, not by the width of vectors, so they are compiled for the lowest
   level alone. */
#include "scan.h"

#include "cpu/walk.h"

enum { SUM, PROD, EXCLUSIVE, RECUR, MAX, MIN };

enum {
  MOST_BESIDE = 64, /* columns that go side by side */
  MOST_APART = 2,   /* lines with jumps in memory between them */
  FEW_BESIDE = 8,   /* columns that go each for itself */
  ROWS_POLLED = 1024,
  SCAN_ARGS = 3
};

typedef struct {
  const peri_call *call;
  peri__scan_attr attr;
  int op, args;
  bool beside; /* lines follow each other in memory */
  int group;   /* lines that go side by side */
  peri__walk walk;
  int64_t length, step[SCAN_ARGS], start[SCAN_ARGS]; /* of a line */
} scan_job;

static int op_of(const peri_call *call, const peri__scan_attr *attr) {
  switch (call->kernel - PERI_POINTWISE_KERNELS) {
    case PERI_K_scan_sum: return SUM;
    case PERI_K_scan_prod: return attr->exclusive ? EXCLUSIVE : PROD;
    case PERI_K_scan_max: return MAX;
    case PERI_K_scan_min: return MIN;
    default: return RECUR;
  }
}

static int64_t groups_across(const scan_job *j) {
  int64_t wide = j->walk.shape[j->walk.ndim - 1];
  return (wide + j->group - 1) / j->group;
}

static void begin(scan_job *j, const peri_call *call) {
  const peri_arg *arg[SCAN_ARGS];
  memcpy(&j->attr, call->attr, sizeof j->attr);
  j->call = call;
  j->op = op_of(call, &j->attr);
  j->args = call->nout + call->nin;
  for (int a = 0; a < j->args; a++) arg[a] = &call->arg[a];
  peri__walk_of(&j->walk, arg, j->args, j->attr.dim);
  j->length = arg[0]->ndim > 0 ? arg[0]->shape[j->attr.dim] : 1;
  j->beside = j->walk.shape[j->walk.ndim - 1] > FEW_BESIDE;
  for (int a = 0; a < j->args; a++) {
    j->step[a] = arg[a]->ndim > 0 ? arg[a]->strides[j->attr.dim] : 0;
    j->start[a] = j->attr.reverse ? (j->length - 1) * j->step[a] : 0;
    if (j->attr.reverse) j->step[a] = -j->step[a];
    j->beside = j->beside && peri__row_stride(&j->walk, a) == 1;
  }
  j->group = j->beside ? MOST_BESIDE : MOST_APART;
}

/* Offsets of group 'item'. -> how many lines it has */
static int place_of(const scan_job *j, int64_t item, int64_t *offset) {
  int last = j->walk.ndim - 1;
  int64_t across = groups_across(j), first = item % across * j->group;
  int64_t left = j->walk.shape[last] - first;
  peri__spot spot;
  peri__walk_seek(&j->walk, last, item / across, &spot);
  for (int a = 0; a < j->args; a++)
    offset[a] = spot.offset[a] + first * j->walk.strides[a][last] + j->start[a];
  return (int)(left < j->group ? left : j->group);
}

#define T float
#define ACC double
#define NAME(name) name##_f32
#include "scan_body.h"
#undef T
#undef NAME
#define T double
#define NAME(name) name##_f64
#include "scan_body.h"
#undef T
#undef ACC
#undef NAME
#define T int64_t
#define ACC int64_t
#define NAME(name) name##_i64
#include "scan_body.h"

void LEVEL(scan)(const peri_call *call) {
  scan_job j;
  peri_dtype dtype = call->arg[0].dtype;
  peri_body *items = dtype == PERI_F32   ? items_f32
                     : dtype == PERI_F64 ? items_f64
                                         : items_i64;
  begin(&j, call);
  int64_t groups =
      peri__walk_count(&j.walk, j.walk.ndim - 1) * groups_across(&j);
  if (j.length == 0) return;
  double cost = 0.5 * (double)(j.length * j.group) + 20;
  peri_parallel_for(call, groups, cost, items, &j);
}
