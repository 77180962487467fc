/* kernels.h - what every kernel of a name agrees on, whichever provider has
   it: the attribute structs that are laid over the bytes of a record, beside
   the arguments that each plain twin in cpu/ describes. */
#ifndef PERI_KERNELS_H
#define PERI_KERNELS_H

#include "internal.h"

/* Elements between two looks at the interrupt, well under 10 milliseconds. */
#define PERI_POLL 65536

/* Element type in which a kernel computes: float, double or int64_t. */
peri_dtype peri__compute_dtype(peri_dtype dtype);

#define PERI_POINTWISE_PARAMS 4 /* of a row, at most */

typedef struct {
  peri_dtype compute;
  unsigned has; /* bit k: parameter k is given */
  double real[PERI_POINTWISE_PARAMS];
  int64_t whole[PERI_POINTWISE_PARAMS];
} peri__pointwise_attr;

/* sum, prod, max, min, any, all, argmax, argmin, logsumexp, moments, norm: the
   outputs have size 1 in the reduced dimensions. */
typedef struct {
  int64_t base; /* added to positions */
  double p;     /* order of a norm, divisor of squares */
} peri__reduce_attr;

/* scan_sum, scan_prod, scan_logsumexp, scan_max, scan_min, recurrence. */
typedef struct {
  int64_t base; /* added to positions */
  int dim;
  bool reverse;   /* from the end of the dimension */
  bool exclusive; /* without the element itself */
} peri__scan_attr;

/* nonzero. */
typedef struct {
  int64_t base; /* added to positions */
  bool flat;    /* positions count through all dimensions */
} peri__nonzero_attr;

/* distances: order of the norm. */
typedef struct {
  double p;
} peri__distance_attr;

/* matmul: a pointwise kernel of one input and no parameters that is applied to
   the finished elements. */
typedef struct {
  int activation; /* its id, or PERI_NO_ACTIVATION */
} peri__matmul_attr;

#define PERI_NO_ACTIVATION (-1)

/* 'given' counts from 'base'. -> the class from 0, or -1 if it is none of
   'classes', which an applied operation refuses but a replay does not see */
static inline int64_t peri__class(int64_t given, int base, int64_t classes) {
  uint64_t own = (uint64_t)given - (uint64_t)base;
  return own < (uint64_t)classes ? (int64_t)own : -1;
}

/* triangle: which part of matrices is kept. triangle_places: the same of a
   matrix with so many columns, whose positions count from 'base'. */
typedef struct {
  int64_t diagonal;
  bool upper;
  int64_t columns, base;
} peri__triangle_attr;

/* softmax ...: the dimension they work along. */
typedef struct {
  int dim;
  int64_t base; /* of positions in data */
} peri__dim_attr;

/* gather, scatter: positions that count through 'dims' dimensions, row-major,
   from 'dim' on; the other tensor has one dimension in their place. */
typedef struct {
  int dim, dims;
  int64_t base; /* of positions in data */
  int mode;     /* scatter: PERI_SCATTER_* */
  bool inside;  /* all are there and count from the start: no need to look */
} peri__index_attr;

/* join_places: y counts through the places of both from 0. */
typedef struct {
  int64_t base[2], size[2];
  bool inside; /* as of gather */
} peri__join_attr;

/* What scatter does where it writes. */
enum {
  PERI_SCATTER_SET,
  PERI_SCATTER_ADD,
  PERI_SCATTER_MUL,
  PERI_SCATTER_MAX,
  PERI_SCATTER_MIN
};

/* fill: the number in both forms. arange, linspace: first and step. */
typedef struct {
  bool whole;
  double real[2];
  int64_t i[2];
  int64_t last; /* linspace: place of the last number; -1: none */
  double stop;  /* linspace: the last number */
} peri__numbers_attr;

/* Random kernels: key and call number come first, call.c renews them from the
   generator. */
typedef struct {
  uint64_t key, draw;
  peri_generator *generator; /* for replays; kernels do not look at it */
  double p;
  int64_t low;
  uint64_t range;
  int64_t base;
  int law;          /* PERI_LAW_*, of the kernel law */
  double real[4];   /* its parameters; the first two only where the call has no
                     tensor for them */
  bool replacement; /* multinomial */
} peri__random_attr;

/* The laws of the kernel law, with their parameters. */
enum {
  PERI_LAW_UNIFORM,      /* low, high */
  PERI_LAW_NORMAL,       /* mean, std */
  PERI_LAW_LOG_NORMAL,   /* mean, std of the logarithm */
  PERI_LAW_TRUNC_NORMAL, /* mean, std, a, b */
  PERI_LAW_EXPONENTIAL,  /* lambd */
  PERI_LAW_CAUCHY,       /* median, sigma */
  PERI_LAW_LAPLACE,      /* loc, scale */
  PERI_LAW_GAMMA,        /* concentration, rate */
  PERI_LAW_BETA,         /* concentration1, concentration0 */
  PERI_LAW_GEOMETRIC,    /* p */
  PERI_LAW_POISSON,      /* rate */
  PERI_LAW_BINOMIAL      /* count, prob */
};

/* The largest number of 'dtype' below 'high', which uniform numbers stay
   under, and the smallest normal one. */
double peri__below(double high, peri_dtype dtype);
double peri__least_normal(peri_dtype dtype);

/* class_weights, class_loss, class_loss_dx. */
typedef struct {
  int dim, reduction; /* PERI_REDUCE_* */
  int64_t base, ignore_index;
  double smoothing;
} peri__class_attr;

/* What becomes of the losses of the samples: the words of cross_entropy. */
enum { PERI_REDUCE_MEAN, PERI_REDUCE_SUM, PERI_REDUCE_NONE };

#endif
