/* fuzz.h - the parts of the random-program fuzzer (../fuzz_spec.c).

   A program is a list of calls over a small pool of tensors. Every tensor is a
   pair: one in the context under test, one in a context of plain kernels with
   the same bits, strides, aliases and history. Each call runs in both; then
   the results are compared (oracle.c) and the bits of the first copied over
   the second, so that differences never add up.

   How a row wants its arguments is not written down anywhere: a recipe says
   how each input relates to the first one and how each parameter is drawn, and
   those that a row accepts are found by trying (learn.c). */
#ifndef PERI_FUZZ_H
#define PERI_FUZZ_H

#include "../fault.h"
#include "cpu/level.h"

enum {
  FUZZ_POOL = 14,   /* tensors at hand */
  FUZZ_LIST = 6,    /* inputs of one call */
  FUZZ_OUT = 40,    /* and its outputs */
  FUZZ_FRESH = 64,  /* tensors made for one step */
  FUZZ_LEAVES = 32, /* whose gradients are compared at the end */
  FUZZ_SCOPES = 3,  /* open at once */
  FUZZ_LEARNED = 12 /* recipes kept of a row */
};

/* ---- Random numbers and drawn contents (draw.c) ------------------------- */

typedef struct {
  uint64_t state;
  bool small; /* shapes are never large */
} fuzz_random;

uint64_t fuzz_next(fuzz_random *r);
/* Below 'n', which is above 0. */
int64_t fuzz_below(fuzz_random *r, int64_t n);
/* From 'low' to 'high', both included. */
int64_t fuzz_between(fuzz_random *r, int64_t low, int64_t high);
/* True once in 'n' times. */
bool fuzz_chance(fuzz_random *r, int n);
/* In [0, 1). */
double fuzz_unit(fuzz_random *r);

/* What numbers a tensor holds. */
typedef enum {
  STYLE_PLAIN,    /* about -2 to 2, ties and extreme ones among them */
  STYLE_UNIT,     /* from 0 to 1 */
  STYLE_POSITIVE, /* above 0 */
  STYLE_SORTED,   /* ascending */
  STYLE_DIM,      /* positions of the dimension that the call names */
  STYLE_FIRST,    /* of the first dimension of the first input */
  STYLE_SECOND,   /* of the second */
  STYLE_LAST,     /* of the last */
  STYLE_ALL,      /* of all its elements */
  FUZZ_STYLES
} fuzz_style;

/* Sizes of 'ndim' dimensions; most shapes are small. */
void fuzz_shape(fuzz_random *r, int ndim, int64_t *shape);
/* 'count' elements of 'dtype'. Positions are below 'bound', counted from
   'base' or from the end. */
void fuzz_fill(fuzz_random *r, void *data, peri_dtype dtype, int64_t count,
               fuzz_style style, int base, int64_t bound);
int64_t fuzz_numel(const int64_t *shape, int ndim);

/* ---- Programs (program.c) ----------------------------------------------- */

typedef struct {
  peri_tensor *main, *plain;
  int id;        /* t<id> in the text */
  int64_t depth; /* of its scope; -1: kept by the program */
} fuzz_pair;

/* Looks on as a provider that supports nothing. */
typedef struct {
  peri_provider provider;
  peri_context *ctx;
  int records;      /* since it was set to 0 */
  int interrupt_at; /* the record before which the context is interrupted */
  bool random;      /* a record draws random numbers */
} fuzz_watch;

/* A program while it runs. */
typedef struct {
  uint64_t seed;
  fuzz_random random;
  peri_context *main, *plain;
  fault fault;
  fuzz_watch watch;
  bool grads; /* leaves require gradients */
  fuzz_pair pool[FUZZ_POOL];
  int pooled;
  fuzz_pair fresh[FUZZ_FRESH]; /* made for the step that runs */
  int fresh_count;
  fuzz_pair leaf[FUZZ_LEAVES]; /* kept until the end */
  int leaf_count;
  peri_scope scope[2][FUZZ_SCOPES + 1];
  int64_t depth;
  int ids;
  bool failed, over; /* something is wrong; no more steps */
} fuzz_world;

/* Options that decide what runs. */
typedef struct {
  uint64_t seed;
  double seconds;
  int steps;
  int least;          /* tries of every row */
  int faults;         /* before it gives up */
  const peri_op *row; /* this one alone, or NULL */
  bool one;           /* the program of 'seed' alone */
  bool loud;          /* print every program */
} fuzz_settings;

/* Run the program of 'seed'. -> false if something is wrong */
bool fuzz_program(const fuzz_settings *settings, uint64_t seed);
/* Make the two contexts; with 'plain_only' both are plain ones. */
bool fuzz_open(fuzz_world *w, uint64_t seed, bool plain_only);
/* Free them. -> false if something is left */
bool fuzz_close(fuzz_world *w);
/* Something is wrong: say what, with the text of the program. -> false */
bool fuzz_wrong(fuzz_world *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- Pairs (pair.c) ----------------------------------------------------- */

/* A new pair of 'meta' in a drawn layout, noted in w->fresh. */
fuzz_pair fuzz_make(fuzz_world *w, const peri_meta *meta, fuzz_style style,
                    int base, int64_t bound);
/* A plain number; whole ones are integers. */
fuzz_pair fuzz_number(fuzz_world *w, bool whole);
/* Note a pair so that it can be named and pooled. */
fuzz_pair *fuzz_note(fuzz_world *w, peri_tensor *main, peri_tensor *plain);
/* Copy the elements of 'from' over those of 'to', strides and all. */
void fuzz_sync(peri_tensor *to, const peri_tensor *from);
/* True if both have the same shape, dtype, strides and wish for gradients. */
bool fuzz_alike(const peri_tensor *a, const peri_tensor *b);
peri_meta fuzz_meta(const peri_tensor *x);

/* What all storages of a program hold, to see what a call changes. */
typedef struct {
  int count;
  struct {
    peri_storage *storage;
    unsigned char *bytes;
    uint32_t version;
  } at[FUZZ_POOL + FUZZ_FRESH];
} fuzz_snapshot;

void fuzz_snap(fuzz_world *w, fuzz_snapshot *s);
/* True if nothing is changed but, if it is not NULL, the elements of
   'target'. */
bool fuzz_unchanged(fuzz_snapshot *s, const peri_tensor *target);
void fuzz_snap_free(fuzz_snapshot *s);

/* ---- Calls (recipe.c, relation.c, value.c, learn.c) --------------------- */

/* How the shape of an input is found. */
typedef enum {
  SHAPE_NONE,   /* an optional input that is absent */
  SHAPE_NUMBER, /* a plain number */
  /* For any input. */
  SHAPE_POOL,   /* a tensor of the pool */
  SHAPE_FREE,   /* any number of dimensions */
  SHAPE_SCALAR, /* none */
  SHAPE_VECTOR, /* one to five */
  SHAPE_MATRIX,
  SHAPE_CUBE,
  SHAPE_FOUR,
  SHAPE_FIVE,
  SHAPE_SQUARE, /* [..., N, N] */
  /* For those after the first, whose shape is [..., M, N] and which has a
     dimension 'dim'. */
  SHAPE_SAME,
  SHAPE_NARROW,       /* broadcasts to it */
  SHAPE_WIDE,         /* it broadcasts to this */
  SHAPE_LAST,         /* [N] */
  SHAPE_FIRST,        /* [its first size] */
  SHAPE_SECOND,       /* [its second size] */
  SHAPE_AT_DIM,       /* [its size at dim] */
  SHAPE_ROWS,         /* without the last dimension */
  SHAPE_SAMPLES,      /* without the second dimension */
  SHAPE_REST,         /* without dim */
  SHAPE_RIGHT,        /* [..., N, K] */
  SHAPE_COLUMNS,      /* [..., M, K] */
  SHAPE_WEIGHT,       /* [K, N] */
  SHAPE_TURNED,       /* [..., N, M] */
  SHAPE_STACKED,      /* [B, M, K] */
  SHAPE_ALONG,        /* another size at dim */
  SHAPE_WITHIN,       /* no size larger */
  SHAPE_BEFORE,       /* as the input before this */
  SHAPE_CLOSING,      /* [..., K, N], with [..., M, K] before this */
  SHAPE_BEFORE_FIRST, /* [its first size] */
  SHAPE_SPREAD,       /* the first, with the size of the input before at dim */
  FUZZ_RELATIONS
} fuzz_relation;

typedef enum {
  KIND_SAME, /* as the first input; of the first itself: any */
  KIND_ANY,
  KIND_FLOAT,
  KIND_WHOLE,
  KIND_INT64,
  KIND_BOOL,
  KIND_BEFORE, /* as the input before */
  FUZZ_KINDS
} fuzz_kind;

/* How arguments are drawn; contents are new each time. */
typedef struct {
  int count; /* of inputs */
  struct {
    unsigned char relation, kind, style;
  } in[FUZZ_LIST];
  unsigned char way[PERI_MAX_PARAMS]; /* of drawing a parameter (value.c) */
} fuzz_recipe;

typedef struct {
  const peri_op *op;
  bool inplace;
  int base;
  int nin;
  fuzz_pair in[FUZZ_LIST];        /* .main is NULL where an input is absent */
  peri_tensor *source[FUZZ_LIST]; /* plain copies from before the call */
  peri_value value[PERI_MAX_PARAMS];
  int64_t many[PERI_MAX_PARAMS][PERI_MAX_DIMS]; /* long lists of them */
  uint64_t draws; /* seed of the random numbers of the call */
} fuzz_call;

/* A recipe for any call of 'op'. */
fuzz_recipe fuzz_any_recipe(fuzz_random *r, const peri_op *op);
/* Draw the arguments of a call. */
void fuzz_draw_call(fuzz_world *w, const fuzz_recipe *recipe, fuzz_call *call);
/* The shape of input 'index' after the ones before it, 'dim' as the call
   names it. -> false if the relation says nothing about them */
bool fuzz_relate(fuzz_random *r, fuzz_relation relation, const fuzz_call *call,
                 int index, int dim, peri_meta *out);
/* How many ways there are to draw a parameter, and one of them. */
int fuzz_ways(const peri_param *param);
peri_value fuzz_value(fuzz_random *r, fuzz_call *call, int index, int way,
                      int *dim);
/* Shapes of the inputs of an equation such as "ij,jk->ik". -> how many */
int fuzz_equation(fuzz_random *r, const char *equation, peri_meta *out);

/* Find recipes for all rows. */
bool fuzz_learn(const fuzz_settings *settings);
/* One that was found, else any. */
fuzz_recipe fuzz_recipe_of(fuzz_random *r, int row, bool inplace);

/* Run 'call' on 'in' in 'ctx'. -> how many outputs were made, negative with the
   error set */
int fuzz_run(fuzz_call *call, peri_context *ctx, peri_tensor *const *in,
             peri_tensor **out);
/* One step: draw a call of row 'row', run it, compare. */
bool fuzz_step(fuzz_world *w, int row);

/* ---- Comparing (oracle.c, gradient.c) ----------------------------------- */

/* What an experiment gave: numbers as float64, row-major. */
typedef struct {
  int count;
  peri_dtype dtype[FUZZ_OUT];
  int64_t numel[FUZZ_OUT];
  double *number[FUZZ_OUT];
} fuzz_numbers;

/* Where and how an experiment is made. */
typedef struct {
  peri_context *ctx;
  bool widen;    /* floats as float64 */
  double noise;  /* inputs off by this part of themselves */
  uint64_t seed; /* of the noise */
  bool as_is;    /* on the tensors of the call, not on copies */
} fuzz_setting;

/* -> false if it fails, with the error cleared */
typedef bool (*fuzz_experiment)(fuzz_world *w, fuzz_call *call,
                                const fuzz_setting *setting, fuzz_numbers *out);

/* True if 'main' agrees with 'plain' and with the experiment in float64. */
bool fuzz_agree(fuzz_world *w, fuzz_call *call, fuzz_experiment experiment,
                const fuzz_numbers *main, const fuzz_numbers *plain,
                const char *what);
/* The call itself on copies. */
bool fuzz_try(fuzz_world *w, fuzz_call *call, const fuzz_setting *setting,
              fuzz_numbers *out);
/* Inputs of 'call' as 'setting' wants them. */
void fuzz_copies(fuzz_call *call, const fuzz_setting *setting,
                 peri_tensor **in);
void fuzz_take(fuzz_numbers *numbers, peri_tensor *x);
void fuzz_drop(fuzz_numbers *numbers);
/* One rounding of 'dtype': the distance from 1 to the next. */
double fuzz_rounding(peri_dtype dtype);
/* The gradients of the call by all its float inputs. */
bool fuzz_check_gradient(fuzz_world *w, fuzz_call *call);
/* Backward from tensors of the pool in both contexts. */
bool fuzz_check_backward(fuzz_world *w);

/* ---- Counts (count.c) --------------------------------------------------- */

typedef enum {
  COUNT_TRIED,
  COUNT_DONE,
  COUNT_IN_PLACE,
  COUNT_GRADIENT,
  COUNT_FLOAT64, /* compared with float64 */
  COUNT_META,
  FUZZ_COUNTS
} fuzz_count;

int fuzz_rows(void);
/* Rows that users call; the others take arguments that nothing checks. */
bool fuzz_callable(const peri_op *op);
int fuzz_callables(void);
/* The row that is the 'place'-th of them. */
int fuzz_callable_row(int place);
int fuzz_row_index(const peri_op *op);
/* True if every row was tried often, those that never succeeded more so. */
bool fuzz_enough(const fuzz_settings *settings);
void fuzz_count_one(const peri_op *op, fuzz_count count);
void fuzz_count_call(const fuzz_call *call);
/* The row needs a library that is not here. */
void fuzz_count_missing(const peri_op *op);
void fuzz_count_event(const char *name);
/* Print all counts. -> how many are zero that should not */
int fuzz_report(const fuzz_settings *settings);

/* ---- Text (tell.c) ------------------------------------------------------ */

void fuzz_tell_begin(uint64_t seed);
void fuzz_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fuzz_tell_tensor(const fuzz_pair *pair, const char *layout);
void fuzz_tell_call(const fuzz_call *call);
/* Print the program that runs. */
void fuzz_tell_out(void);
/* Print it as well when the process dies or hangs. */
void fuzz_tell_deaths(void);
/* The program goes on: no alarm. */
void fuzz_tell_alive(void);

#endif
