/* update.h - how an optimizer's file sees its work.

   An optimizer writes its formula once, over plain arrays of one type, and
   expands it for float and double; update.c walks strides, converts half
   precision and counts the steps. From a row come two structs:

     peri__Adam_numbers  { double lr; double betas[2]; double eps; ... }
     peri__Adam_states   { void *step; void *exp_avg; ... }

   which are what the hooks get as 'number' and 'state'. This file borrows the
   words of tables.h and must come before it. */
#ifndef PERI_OPTIM_UPDATE_H
#define PERI_OPTIM_UPDATE_H

#include "../internal.h"

#define REAL(name, ...) double name;
#define FLAG(name, ...) double name;
#define CHOICE(name, ...) double name;
#define INT(name, ...) double name;
#define PAIR(name, ...) double name[2];
#define STATE(name) void *name;
#define OPTIM(Name, params, states, doc) \
  typedef struct { \
    params \
  } peri__##Name##_numbers; \
  typedef struct { \
    void *step; \
    states \
  } peri__##Name##_states; \
  void peri__##Name##_update(const peri_call *call); \
  bool peri__##Name##_uses(const double *number, int index); \
  int peri__##Name##_check(peri_context *ctx, const double *number);
#include "optims.def"
#undef REAL
#undef FLAG
#undef CHOICE
#undef INT
#undef PAIR
#undef STATE
#undef OPTIM

/* Place of a state in its row. */
#define PERI_STATE(Name, state) \
  ((int)(offsetof(peri__##Name##_states, state) / sizeof(void *)))

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
   parameters, else 'narrow', through float32 for half precision. It does not
   stop when interrupted, so that no parameter is left half updated. */
void peri__update(const peri_call *call, peri__formula *narrow,
                  peri__formula *wide);

/* base^count by squaring: the same bits whatever the host's pow. */
double peri__power(double base, double count);

#endif
