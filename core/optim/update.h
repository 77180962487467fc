/* update.h - how an optimizer's file sees its work.

   An optimizer writes its formula once, over plain arrays of one type, expands
   it for float and double and names both in UPDATE. The files are compiled
   once for every instruction-set level and once as the plain twin, whose names
   LEVEL makes; update.c walks strides, converts half precision, counts the
   steps and shares the work. A formula rounds every operation, so that all of
   them give the same bits. From a row come two structs:

     peri__Adam_numbers  { double lr; double betas[2]; double eps; ... }
     peri__Adam_states   { void *step; void *exp_avg; ... }

   This file borrows the words of tables.h and must come before it. */
#ifndef PERI_OPTIM_UPDATE_H
#define PERI_OPTIM_UPDATE_H

#ifndef PERI_LEVEL
#define PERI_LEVEL plain
#endif
#include "cpu/fast/fast.h"

#define REAL(name, ...) double name;
#define FLAG(name, ...) double name;
#define CHOICE(name, ...) double name;
#define INT(name, ...) double name;
#define PAIR(name, ...) double name[2];
#define STATE(name, used) void *name;
#define OPTIM(Name, params, states, refusals, doc) \
  typedef struct { \
    params \
  } peri__##Name##_numbers; \
  typedef struct { \
    void *step; \
    states \
  } peri__##Name##_states; \
  void LEVEL(Name)(const peri_call *call);
#include "optims.def"
#undef REAL
#undef FLAG
#undef CHOICE
#undef INT
#undef PAIR
#undef STATE
#undef OPTIM

/* Some neighbouring elements of a parameter. */
typedef struct {
  int64_t count;
  void *p;            /* parameter, changed in place */
  const void *g;      /* its gradient */
  const void *state;  /* peri__<Name>_states; NULL pointers: not used */
  const void *number; /* peri__<Name>_numbers */
  double step;        /* updates of this parameter, this one included */
} peri__piece;

typedef void peri__formula(const peri__piece *piece);

/* Run an update record with the formula for its type: 'wide' for float64
   parameters, else 'narrow', through float32 for half precision. */
void LEVEL(update)(const peri_call *call, peri__formula *narrow,
                   peri__formula *wide);

/* The kernel of row 'Name'. */
#define UPDATE(Name, narrow, wide) \
  void LEVEL(Name)(const peri_call *call) { LEVEL(update)(call, narrow, wide); }

/* EACH stands in front of the loop of a formula: clang 14 looks at five
   arrays for overlaps only if it is told to. */
#if defined(__clang__)
#define EACH _Pragma("clang loop vectorize(enable)")
#else
#define EACH
#endif

/* base^count by squaring: the same bits whatever the host's pow. */
INLINE double peri__power(double base, double count) {
  double power = 1;
  for (uint64_t left = (uint64_t)count; left > 0; left >>= 1) {
    if (left & 1) power *= base;
    base *= base;
  }
  return power;
}

#endif
