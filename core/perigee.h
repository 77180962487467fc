/* perigee.h - the whole public C interface of Perigee, a deep-learning
   framework that lives inside other programs.

   What is not in this file is not public. Five rules, never repeated below:

   Ownership  Everything belongs to a context. A tensor belongs to the scope
              that was open when it was made and dies with it; peri_keep makes
              the caller an owner, peri_release drops earlier. Modules,
              optimizers, data sets, loaders and recordings live until their
              _free or the end of the context. _free(NULL) is fine.
   Errors     A maker returns an object or NULL, a procedure 0 or a negative
              status. The first error stays in the context: while it is set
              every maker returns NULL, every procedure its status, and
              nothing runs, so calls nest and one check at the end suffices.
              NULL for an optional input means none; NULL for a required one
              without an error is itself an error, which stands in the context
              if any argument has one, and else in the return value alone.
              What looks at NULL sees 0, NULL or false.
   Threads    One context serves one thread at a time; a second one is refused
              with PERI_EBUSY. Different contexts share nothing. Only
              peri_interrupt may be called from anywhere.
   Memory     Tensors are strided views over shared storage, row-major when
              new, 64-byte aligned. Positions and dimensions count from 0 here
              and from 1 in Lua; negative ones count from the end.
   Versions   Structs that callers fill begin with zero: a field added later
              means "as before" when it is zero.

   Dimension letters, the same in every text: N batch, C channels, H W image,
   T time, D features, K classes, V vocabulary, M N K of a matrix product. */
#ifndef PERIGEE_H
#define PERIGEE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PERI_VERSION "0.1.0"
#define PERI_API __attribute__((visibility("default")))

#define PERI_MAX_DIMS 8     /* dimensions of a tensor */
#define PERI_MAX_INPUTS 6   /* named inputs of an operation */
#define PERI_MAX_OUTPUTS 4  /* outputs of an operation, hidden ones too */
#define PERI_MAX_PARAMS 10  /* parameters of a row */
#define PERI_MAX_ARGS 8     /* tensors of a call record */
#define PERI_NONE INT64_MIN /* an absent whole-number option */

typedef struct peri_context peri_context;
typedef struct peri_tensor peri_tensor;
typedef struct peri_module peri_module;
typedef struct peri_optimizer peri_optimizer;
typedef struct peri_dataset peri_dataset;
typedef struct peri_loader peri_loader;
typedef struct peri_recording peri_recording;
typedef struct peri_generator peri_generator;
typedef struct peri_vm peri_vm;

/* ---- Status ----------------------------------------------------------- */

/* One row per status: name, number, text. Numbers never change. */
#define PERI_STATUS_ROWS(X) \
  X(PERI_OK, 0, "no error") \
  X(PERI_ENOMEM, -1, "out of memory") \
  X(PERI_EARG, -2, "invalid argument") \
  X(PERI_ESHAPE, -3, "shapes do not fit") \
  X(PERI_EDTYPE, -4, "dtypes do not fit") \
  X(PERI_EINDEX, -5, "position out of range") \
  X(PERI_EGRAD, -6, "gradient not available") \
  X(PERI_EBUSY, -7, "in use by another thread or call") \
  X(PERI_EINTERRUPT, -8, "interrupted") \
  X(PERI_EIO, -9, "input or output failed") \
  X(PERI_EFORMAT, -10, "malformed file") \
  X(PERI_ECALLBACK, -11, "a callback failed") \
  X(PERI_EDEVICE, -12, "no provider for this call")

typedef enum {
#define X(name, number, text) name = number,
  PERI_STATUS_ROWS(X)
#undef X
} peri_status;

/* ---- Element types ---------------------------------------------------- */

/* One row per dtype: constant, C storage type, name, category (0 bool,
   1 integer, 2 float). The order is the order of promotion; float16 with
   bfloat16 gives float32. */
#define PERI_DTYPE_ROWS(X) \
  X(PERI_BOOL, uint8_t, "bool", 0) \
  X(PERI_U8, uint8_t, "uint8", 1) \
  X(PERI_I32, int32_t, "int32", 1) \
  X(PERI_I64, int64_t, "int64", 1) \
  X(PERI_F16, uint16_t, "float16", 2) \
  X(PERI_BF16, uint16_t, "bfloat16", 2) \
  X(PERI_F32, float, "float32", 2) \
  X(PERI_F64, double, "float64", 2)

typedef enum {
  PERI_DTYPE_NONE, /* absent: the default or the promoted type */
#define X(constant, type, name, category) constant,
  PERI_DTYPE_ROWS(X)
#undef X
      PERI_DTYPES
} peri_dtype;

/* Name of 'dtype' ("float32"), or "none". */
PERI_API const char *peri_dtype_name(peri_dtype dtype);
/* Bytes of one element. */
PERI_API size_t peri_dtype_size(peri_dtype dtype);
/* The dtype called 'name', or PERI_DTYPE_NONE. */
PERI_API peri_dtype peri_dtype_named(const char *name);

/* ---- Context ---------------------------------------------------------- */

typedef enum { PERI_LOG_DEBUG, PERI_LOG_INFO, PERI_LOG_WARN } peri_log_level;

#define PERI_MAX_THREADS 256        /* of a context */
#define PERI_HELPER_STACK (1 << 20) /* bytes */

/* How a host lends its threads: run(job, i) once for every i below 'count', in
   any order, on any threads, also one after the other; return when all have
   returned. Their stacks need PERI_HELPER_STACK bytes. */
typedef void peri_parallel(void *user, int count,
                           void (*run)(void *job, int index), void *job);

/* How a context is made; all zero means the defaults. */
typedef struct {
  void *(*alloc)(void *user, size_t bytes, size_t alignment);
  void (*free)(void *user, void *block, size_t bytes);
  void *alloc_user;  /* first argument of both hooks */
  size_t byte_limit; /* bytes held from 'alloc' at once; 0: no limit */
  bool no_cache;     /* give every freed block back at once */
  int threads;       /* that kernels may use, at most PERI_MAX_THREADS; 0: as
                      many as processors */
  peri_parallel *parallel; /* the host's own threads instead of ours, or NULL */
  void *parallel_user;     /* its first argument */
  const char *isa; /* instruction-set level, as -march names it, or "plain";
                      NULL: the best one of this processor */
  void (*log)(void *user, peri_log_level level, const char *text);
  void *log_user;
  uint64_t seed; /* of the random numbers, as by peri_manual_seed */
  /* Folder where readers look for data sets before ./data; NULL: none. */
  const char *data_path;
  /* File of the LAPACK library that solve, svd and their kin load when they
     are first called; NULL: looked for by its usual names; "": none. */
  const char *lapack;
} peri_options;

/* Make a context. 'options' may be NULL and is copied.
   -> NULL when memory or an option fails; 'why', if not NULL, then gets a
      constant text. */
PERI_API peri_context *peri_context_new(const peri_options *options,
                                        const char **why);
/* Free 'ctx' and everything that belongs to it. */
PERI_API void peri_context_free(peri_context *ctx);

/* Take 'ctx' for this thread over many short calls, each of which then has it
   at no cost. Until as many calls of leave other threads are refused, and the
   floating-point state of this one is the library's.
   -> 0, also when an error is set, or PERI_EBUSY: then no leave is due */
PERI_API int peri_context_enter(peri_context *ctx);
PERI_API void peri_context_leave(peri_context *ctx);

/* The status of the first error since the last clear, PERI_OK if none. */
PERI_API peri_status peri_error(const peri_context *ctx);
/* Its text, "" if none. Needs no memory, valid until the next clear. */
PERI_API const char *peri_error_text(const peri_context *ctx);
/* Forget the error, so that calls run again. */
PERI_API void peri_clear_error(peri_context *ctx);
/* Set an error as the library would, for callbacks and registered operations;
   the first one stays. -> the status that is set then */
PERI_API int peri_fail(peri_context *ctx, peri_status status,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Text of a status code. */
PERI_API const char *peri_status_text(peri_status status);
/* Of 'count' names the one most like 'name', for "did you mean"; NULL if none
   is like it. */
PERI_API const char *peri_nearest(const char *name, const char *const *names,
                                  int count);

/* Ask the work running in 'ctx' to stop: it fails with PERI_EINTERRUPT within
   10 milliseconds, but for changes in place and optimizer steps, which end
   first so that nothing is half changed. One atomic store; safe from a signal
   handler or any thread. Stays set until peri_clear_error. */
PERI_API void peri_interrupt(peri_context *ctx);

/* ---- Random numbers --------------------------------------------------- */

/* Where a stream of random numbers stands: its seed and how many calls have
   drawn from it. What comes depends on these two alone. */
typedef struct {
  uint64_t seed, draws;
} peri_random_state;

/* Make a stream of random numbers (Philox4x32-10) of its own, which random
   operations take as their option 'generator'. */
PERI_API peri_generator *peri_generator_new(peri_context *ctx, uint64_t seed);
/* Free 'generator'; a recording that draws from it keeps it. */
PERI_API void peri_generator_free(peri_generator *generator);
/* The stream of the context itself, which serves whoever names none. Not to be
   freed. */
PERI_API peri_generator *peri_default_generator(peri_context *ctx);
/* Where it stands, and how to go back there exactly. */
PERI_API peri_random_state
peri_generator_state(const peri_generator *generator);
PERI_API int peri_generator_set_state(peri_generator *generator,
                                      peri_random_state state);
/* Start the context's own stream anew from 'seed'. */
PERI_API int peri_manual_seed(peri_context *ctx, uint64_t seed);

/* What a context holds at the moment. */
typedef struct {
  size_t live_bytes;    /* in blocks that are in use */
  size_t cached_bytes;  /* in freed blocks kept for reuse */
  size_t peak_bytes;    /* highest live_bytes so far */
  size_t host_allocs;   /* calls of the allocation hook so far */
  size_t live_tensors;  /* tensor handles */
  size_t live_storages; /* buffers they share */
} peri_memory;

/* What 'ctx' holds now. */
PERI_API peri_memory peri_memory_stats(const peri_context *ctx);
/* Give cached blocks back to the host. */
PERI_API void peri_memory_trim(peri_context *ctx);

/* Threads the kernels of 'ctx' may use. Their number changes no bit of any
   result. */
PERI_API int peri_threads(const peri_context *ctx);
/* Let them use 'threads' from the next call on; 0: as many as processors. A
   recording uses at most as many as there were when it was made.
   errors  arg if there are more than PERI_MAX_THREADS */
PERI_API int peri_set_threads(peri_context *ctx, int threads);
/* How often a kernel has shared its work among threads so far. */
PERI_API int64_t peri_parallel_jobs(const peri_context *ctx);
/* Instruction-set level of the kernels: "x86-64-v3", ...; "plain". */
PERI_API const char *peri_isa(const peri_context *ctx);

/* ---- Scopes and tensors ----------------------------------------------- */

typedef struct {
  peri_context *ctx;
  int64_t depth;
} peri_scope;

/* Open a scope: tensors made from here on die at its close. */
PERI_API peri_scope peri_scope_open(peri_context *ctx);
/* Close 'scope' and all that were opened inside it. Runs with an error set. */
PERI_API void peri_scope_close(peri_scope scope);
/* Make the caller an owner of 'x', who owes one peri_release. -> x */
PERI_API peri_tensor *peri_keep(peri_tensor *x);
/* Drop a tensor: one owned by the caller, or one of an open scope early. */
PERI_API void peri_release(peri_tensor *x);

/* Make a tensor from row-major numbers.
   data    count of 'shape' elements of 'dtype', copied; NULL: uninitialised
   shape   ndim sizes, each 0 or more
   errors  shape if a size is negative or the product overflows */
PERI_API peri_tensor *peri_tensor_new(peri_context *ctx, const void *data,
                                      const int64_t *shape, int ndim,
                                      peri_dtype dtype);
/* Make a tensor of the host's buffer 'data' without a copy.
   strides  in elements, NULL: row-major
   release  called with 'user' and 'data' when no view is left; may be NULL */
PERI_API peri_tensor *peri_tensor_wrap(peri_context *ctx, void *data,
                                       const int64_t *shape,
                                       const int64_t *strides, int ndim,
                                       peri_dtype dtype,
                                       void (*release)(void *user, void *data),
                                       void *user);
/* Make a 0-d tensor of a plain number, which does not raise the dtype of the
   tensors it meets above its own category: peri_mul(x, peri_number(ctx, 2)).
   peri_number: float, peri_whole: integer. */
PERI_API peri_tensor *peri_number(peri_context *ctx, double value);
PERI_API peri_tensor *peri_whole(peri_context *ctx, int64_t value);

/* The context that 'x' belongs to. */
PERI_API peri_context *peri_tensor_context(const peri_tensor *x);
/* Its element type. */
PERI_API peri_dtype peri_tensor_dtype(const peri_tensor *x);
/* Its number of dimensions, 0 for a single number. */
PERI_API int peri_tensor_ndim(const peri_tensor *x);
/* Sizes, ndim of them. */
PERI_API const int64_t *peri_tensor_shape(const peri_tensor *x);
/* Distances between neighbours in elements, ndim of them. */
PERI_API const int64_t *peri_tensor_strides(const peri_tensor *x);
/* Number of elements. */
PERI_API int64_t peri_tensor_numel(const peri_tensor *x);
/* Bytes of the storage that 'x' looks into. */
PERI_API size_t peri_tensor_bytes(const peri_tensor *x);
/* "cpu" or "meta". */
PERI_API const char *peri_tensor_device(const peri_tensor *x);
/* True if 'x' lies row-major without gaps. */
PERI_API bool peri_tensor_is_contiguous(const peri_tensor *x);
/* Address of the first element, for reading and writing until 'x' goes;
   NULL for a meta tensor. Writing is the caller's word that no saved tensor
   is touched. */
PERI_API void *peri_tensor_data(peri_tensor *x);

/* The only element of 'x' as a double (or int64_t).
   errors  shape if x has not exactly one element */
PERI_API double peri_item(const peri_tensor *x);
PERI_API int64_t peri_item_whole(const peri_tensor *x);
/* Copy all elements, row-major, converted to 'dtype', into 'out'.
   bytes   room at 'out' */
PERI_API int peri_copy_out(peri_tensor *x, void *out, peri_dtype dtype,
                           size_t bytes);
/* Text of 'x' like NumPy's, long dimensions shortened to their ends, into
   'text' of 'room' bytes, cut there. -> bytes of the whole text */
PERI_API size_t peri_tensor_text(peri_tensor *x, char *text, size_t room);
/* "[2, 3]" into 'text' of 'room' bytes. -> text */
PERI_API const char *peri_shape_text(const int64_t *shape, int ndim, char *text,
                                     size_t room);

/* ---- Indexing --------------------------------------------------------- */

typedef enum { PERI_AT, PERI_RANGE, PERI_ALL, PERI_TENSOR } peri_index_kind;

/* One place of an index: a position (which drops the dimension), a range
   (first to last, both included), everything, or a tensor. One of integers
   (int64, int32) chooses positions, repeats allowed; one of truth values
   chooses where it is true and stands for as many dimensions as it has, whose
   sizes it must have. Several tensors broadcast with each other and choose one
   element for each place of their common shape, which stands where they stand
   if they follow each other and else in front of all. A 0-d tensor of integers
   is read at once, as a position. */
typedef struct {
  peri_index_kind kind;
  int64_t first, last, step; /* PERI_AT: first; PERI_RANGE: all three */
  peri_tensor *by;           /* PERI_TENSOR */
  int base;                  /* from which the positions in 'by' count */
} peri_index;

/* 'x' at 'places', for the leading dimensions: a view, with tensors among the
   places a copy.
   errors  index if a position is out of range or there are too many; shape if
           a mask or the shapes of tensors do not fit; dtype */
PERI_API peri_tensor *peri_at(peri_tensor *x, const peri_index *places,
                              int count);
/* Write 'value', broadcast, to 'x' at 'places'. The last one wins where a
   position is repeated. */
PERI_API int peri_set_at(peri_tensor *x, const peri_index *places, int count,
                         peri_tensor *value);
/* Add 'value', broadcast, to 'x' at 'places', once for each time a position is
   there, in their order. */
PERI_API int peri_add_at(peri_tensor *x, const peri_index *places, int count,
                         peri_tensor *value);

/* ---- Gradients -------------------------------------------------------- */

/* True if a gradient is wanted for 'x', as a leaf or through its history. */
PERI_API bool peri_requires_grad(const peri_tensor *x);
/* Mark a leaf as one whose gradient is wanted.
   errors  grad if x is not a leaf; dtype if x is not a float */
PERI_API int peri_set_requires_grad(peri_tensor *x, bool on);
/* True if 'x' was not made by a recorded operation. */
PERI_API bool peri_is_leaf(const peri_tensor *x);
/* The gradient gathered in leaf 'x', owned by it; NULL if none. */
PERI_API peri_tensor *peri_grad(const peri_tensor *x);
/* Put 'grad' (NULL: none) in its place.
   errors  shape, dtype if it does not fit x */
PERI_API int peri_set_grad(peri_tensor *x, peri_tensor *grad);

/* Recording of operations on or off, returning what it was. */
PERI_API bool peri_grad_enabled(const peri_context *ctx);
PERI_API bool peri_set_grad_enabled(peri_context *ctx, bool on);

/* Add to every leaf's gradient the derivative of 'loss', a single number.
   errors  shape if loss is not a scalar; grad if it has no history, or its
           history was freed by an earlier backward, or a saved tensor was
           changed in place since */
PERI_API int peri_backward(peri_tensor *loss);

/* The general form: any outputs, with the gradients flowing into them. */
typedef struct {
  peri_tensor *const *seeds; /* one per output; NULL or NULL entry: ones */
  bool retain_graph;         /* keep saved tensors for another backward */
  bool create_graph;         /* record the gradient's own operations; leaves
                                then own that graph until zeroed */
  bool allow_unused;         /* inputs without a path get NULL, no error */
} peri_grad_options;

/* peri_backward for any outputs; 'options' may be NULL. */
PERI_API int peri_backward_all(peri_tensor *const *outputs, int count,
                               const peri_grad_options *options);
/* Gradients of sum_i <outputs[i], seeds[i]> with respect to 'inputs', into
   'grads', which belong to the open scope; leaves stay untouched. */
PERI_API int peri_gradients(peri_tensor *const *outputs, int count,
                            peri_tensor *const *inputs, int input_count,
                            const peri_grad_options *options,
                            peri_tensor **grads);

/* A function under test: returns its output, NULL with an error set. */
typedef peri_tensor *(*peri_function)(void *user, peri_tensor *const *inputs,
                                      int count);

typedef struct {
  double eps;  /* step of the differences; 0: 1e-6 */
  double atol; /* 0: 1e-5 */
  double rtol; /* 0: 1e-3 */
} peri_gradcheck_options;

/* Compare the gradients of 'fn' at float64 'inputs' (those that require one)
   with central differences.
   errors  grad, naming the input, the element and both numbers */
PERI_API int peri_gradcheck(peri_context *ctx, peri_function fn, void *user,
                            peri_tensor *const *inputs, int count,
                            const peri_gradcheck_options *options);
/* The same for the gradients of the gradients. */
PERI_API int peri_gradgradcheck(peri_context *ctx, peri_function fn, void *user,
                                peri_tensor *const *inputs, int count,
                                const peri_gradcheck_options *options);

/* ---- Tables ----------------------------------------------------------- */
/* Every operation, layer, optimizer and reader is a row. The rows say what
   there is; help, argument reading and the C functions below come from them. */

typedef enum {
  PERI_P_END,
  PERI_P_INT,    /* whole number */
  PERI_P_REAL,   /* float */
  PERI_P_NUMBER, /* whole or float, which of them matters */
  PERI_P_BOOL,
  PERI_P_DIM,    /* a dimension of the first input */
  PERI_P_NEWDIM, /* a place between its dimensions */
  PERI_P_DIMS,   /* list of dimensions */
  PERI_P_INDEX,  /* a position along a dimension */
  PERI_P_INTS,   /* list of whole numbers */
  PERI_P_REALS,  /* list of floats */
  PERI_P_CHOICE, /* one of the words in 'choices' */
  PERI_P_DTYPE,
  PERI_P_GENERATOR, /* a stream of random numbers */
  PERI_P_STRING,    /* this and what follows points to memory of the caller */
  PERI_P_MANY       /* list of whole numbers of any length */
} peri_type;

/* A parameter's value. 'count' is the length of a list; a choice is the
   place of its word in 'i'; a number is in 'i' if 'whole', else in 'f'. What
   's' and 'many' point to is the caller's. */
typedef struct {
  peri_type type; /* PERI_P_END: absent */
  bool whole;
  int count;
  union {
    int64_t i;
    double f;
    const char *s;
    peri_generator *generator;
    int64_t list[PERI_MAX_DIMS];
    double reals[PERI_MAX_DIMS];
    const int64_t *many;
  };
} peri_value;

enum { PERI_REQUIRED, PERI_OPTIONAL, PERI_DEFAULT };

typedef struct {
  const char *name; /* NULL ends the list */
  peri_type type;
  int need;            /* PERI_REQUIRED, PERI_OPTIONAL, PERI_DEFAULT */
  peri_value fallback; /* the default */
  double low, high;    /* range of numbers, both included; equal: any */
  const char *choices; /* "mean|sum|none"; of a number: words for its default */
  const char *doc;     /* one line */
} peri_param;

enum {
  PERI_IN_OPTIONAL = 1, /* may be NULL */
  PERI_IN_NUMBER = 2,   /* a plain number will do */
  PERI_IN_LIST = 4,     /* any number of tensors, the only input */
  PERI_IN_FIXED = 8     /* never has a gradient; requiring one is an error */
};

typedef struct {
  const char *name; /* NULL ends the list */
  unsigned flags;
} peri_input;

/* Shape and dtype of a tensor. */
typedef struct {
  peri_dtype dtype;
  int ndim;
  int64_t shape[PERI_MAX_DIMS];
} peri_meta;

typedef struct peri_op peri_op;

/* One application of an operation while it runs. 'infer' checks the inputs
   and fills out[] and nout; 'forward' fills the y[] that were made for it; that
   of a view or a composed row makes y[] itself. Of a row that gives a list
   'infer' fills nout alone, with any number, and 'forward' makes part[]. */
typedef struct {
  peri_context *ctx;
  const peri_op *op;
  peri_tensor *const *in; /* NULL where an optional input is absent */
  int nin;
  const peri_value *value; /* one per parameter, dimensions from 0 */
  int base;                /* 1: positions in data count from 1 (Lua) */
  bool inplace;            /* y[0] is in[0] */
  peri_meta out[PERI_MAX_OUTPUTS];
  int nout;
  peri_tensor *y[PERI_MAX_OUTPUTS];
  peri_tensor **part; /* nout of them; set for rows that give a list */
} peri_frame;

/* The gradient of one application. Fill dx[i], out of operations, for every i
   with needs[i]. Shapes broadcast by the operation are summed, and dtypes
   converted back, by the caller. Of a list dy[] has as many as it has parts,
   and nothing is saved of them. */
typedef struct {
  peri_context *ctx;
  const peri_op *op;
  const peri_value *value;
  int base;
  int nin;
  int nout;
  peri_tensor *const *in;   /* those the row saves, else NULL */
  peri_tensor *const *out;  /* those the row saves, else NULL */
  peri_tensor *const *dy;   /* NULL where no gradient flows in */
  const peri_meta *in_meta; /* shapes and dtypes of all inputs */
  const bool *needs;
  bool graph; /* the gradient is differentiated again: no fused kernels */
  peri_tensor **dx;
} peri_backprop;

enum {
  PERI_OP_VIEW = 1,          /* forward makes views of its first input */
  PERI_OP_COMPOSED = 2,      /* forward is made of operations, as their graph */
  PERI_OP_SOURCE = 4,        /* makes tensors without inputs */
  PERI_OP_INPLACE = 8,       /* has the form with an underscore */
  PERI_OP_ONLY_INPLACE = 16, /* has only that form; with the underscore in its
                                name if another row has the name without */
  PERI_OP_HIDDEN = 32,       /* serves other rows, not listed to users */
  PERI_OP_NOGRAD = 64,       /* has no gradient: asking for one is an error */
  PERI_OP_ORDERED = 128,     /* results keep the memory order of the inputs */
  PERI_OP_CONSTANT = 256,    /* result is piecewise constant: never tracked */
  PERI_OP_TRUTH = 512,       /* a 0-d result is the language's own boolean */
  PERI_OP_DATA = 1024,       /* shapes depend on data: no meta, no recording */
  PERI_OP_LIST = 2048        /* gives a list, as long as 'infer' says, of views
                                of its first input or, composed, of anything */
};

/* Bits of 'saves': inputs from 0, outputs from 16. */
#define PERI_SAVE_IN(i) (1u << (i))
#define PERI_SAVE_OUT(i) (1u << (16 + (i)))

/* A row of the table of operations. */
struct peri_op {
  const char *name;
  peri_input inputs[PERI_MAX_INPUTS + 1];
  const peri_param *params; /* a nameless one ends them; NULL: none */
  const char *outputs[PERI_MAX_OUTPUTS + 1]; /* names; none: one, y */
  unsigned flags;
  unsigned saves;             /* what backward needs */
  const unsigned *saves_each; /* the same for each input alone, or NULL */
  int (*infer)(peri_frame *frame);
  int (*forward)(peri_frame *frame);
  int (*backward)(peri_backprop *grad);
  const void *detail; /* the family's own data */
  const char *doc;    /* first line a sentence, then formula, shapes, errors */
};

/* Rows of the table of operations with those registered in 'ctx' behind
   them; NULL past the end. 'ctx' may be NULL: the built-in ones alone. */
PERI_API const peri_op *peri_op_at(const peri_context *ctx, int index);
PERI_API const peri_op *peri_op_named(const peri_context *ctx,
                                      const char *name);
/* The row that 'op', which has no parameters itself, becomes when some are
   given (add: alpha); NULL if there is none. */
PERI_API const peri_op *peri_op_form(const peri_op *op);
/* Range of inputs in which the gradient of 'op' is checked. -> false if its
   row names none */
PERI_API bool peri_op_domain(const peri_op *op, double *low, double *high);
/* Name of the operation behind an operator: "+", "unary -", "<" ...; NULL if
   there is none. */
PERI_API const char *peri_symbol_op(const char *symbol);
/* Name of the operation that other frameworks call 'name', or NULL. */
PERI_API const char *peri_synonym(const char *name);
/* Add an operation to 'ctx'; 'op' must stay valid as long as it.
   errors  arg if the name is taken, or no forward is given */
PERI_API int peri_register_op(peri_context *ctx, const peri_op *op);

/* Apply any operation.
   in      nin tensors in the row's order
   value   one per parameter, NULL: all defaults
   base    1: dimensions and positions count from 1
   more    gets the outputs after the first, may be NULL
   -> the first output */
PERI_API peri_tensor *peri_apply(peri_context *ctx, const peri_op *op,
                                 peri_tensor *const *in, int nin,
                                 const peri_value *value, int base,
                                 peri_tensor **more);
/* The same, for what keeps results longer than any scope: the caller owns the
   outputs, as after peri_keep, and the open scope has nothing of them. */
PERI_API peri_tensor *peri_apply_kept(peri_context *ctx, const peri_op *op,
                                      peri_tensor *const *in, int nin,
                                      const peri_value *value, int base,
                                      peri_tensor **more);
/* Apply an operation that gives a list: its tensors into 'part', which has
   room for so many; NULL: nothing is made, only their number told.
   -> how many there are, or a negative status
   errors  arg if there is no room, or the operation gives no list */
PERI_API int peri_apply_list(peri_context *ctx, const peri_op *op,
                             peri_tensor *const *in, int nin,
                             const peri_value *value, int base,
                             peri_tensor **part, int room);
/* Apply 'op' in place: the result is written into in[0], which is returned.
   errors  arg if the operation has no such form; shape if the result does
           not fit; grad if in[0] is a leaf that requires a gradient */
PERI_API peri_tensor *peri_apply_inplace(peri_context *ctx, const peri_op *op,
                                         peri_tensor *const *in, int nin,
                                         const peri_value *value, int base);

/* ---- Call records and providers --------------------------------------- */

/* A tensor as a kernel sees it. 'buffer' and 'offset' name the place for
   memory planning, 'data' is its address. */
typedef struct {
  void *data;      /* first element */
  uint64_t buffer; /* serial number of the storage */
  int64_t offset;  /* elements from its start */
  peri_dtype dtype;
  int ndim;
  int64_t shape[PERI_MAX_DIMS];
  int64_t strides[PERI_MAX_DIMS]; /* in elements, 0: broadcast */
} peri_arg;

typedef struct peri_provider peri_provider;
typedef struct peri_call peri_call;
typedef struct peri_work peri_work;

enum {
  PERI_CALL_RANDOM = 1, /* takes a new call number at each replay */
  PERI_CALL_BESIDE = 2  /* may run at the same time as the call before it */
};

#define PERI_ATTR_BYTES 128

/* One call of one kernel: a plain struct that can be kept and run again. */
struct peri_call {
  int kernel;     /* id in the table of kernels */
  unsigned flags; /* PERI_CALL_* */
  int nout, nin;  /* outputs first in arg[]; an absent input has no data */
  double cost;    /* about how many nanoseconds it takes, 0: not known */
  peri_arg arg[PERI_MAX_ARGS];
  /* The kernel's own struct of plain data, laid over these bytes. */
  unsigned char attr[PERI_ATTR_BYTES] __attribute__((aligned(16)));
  const peri_provider *provider; /* set by the device */
  const peri_work *work;         /* set by the device: stop, threads */
  int threads; /* that may work on it at once, set by the device */
  /* The device sets the plain kernel; prepare may choose another one. */
  void (*run)(const peri_call *call);
  size_t workspace_bytes; /* set by prepare */
  void *workspace;        /* given by the device */
};

/* One way to execute calls on the processor. The device asks its providers in
   order, the newest first; the plain reference comes last and takes all. */
struct peri_provider {
  const char *name;
  void *user;
  /* True if it can run 'call'. Pure and cheap. */
  bool (*supports)(const peri_provider *self, const peri_call *call);
  /* Choose the kernel once: set run, workspace_bytes. 0 or a status. */
  int (*prepare)(const peri_provider *self, peri_call *call);
};

/* Put 'provider' in front of the list; it must outlive 'ctx'. */
PERI_API int peri_register_provider(peri_context *ctx,
                                    const peri_provider *provider);
/* Name of the provider at 'index' in the order of asking, NULL past it. */
PERI_API const char *peri_provider_name(const peri_context *ctx, int index);
/* True when a kernel that polls should return: the context is interrupted. */
PERI_API bool peri_call_stopped(const peri_call *call);
/* A share of a kernel's work: items 'first' up to 'end'. 'thread', below
   call->threads, is not in two bodies at once: it may name a part of the
   workspace. */
typedef void peri_body(void *user, int64_t first, int64_t end, int thread);
/* Share items 0 .. count - 1 among the threads of the context and wait for
   all. How they are cut is not fixed, so no result may depend on it. 'cost':
   about how many nanoseconds one item takes; too little work in all, a job
   inside a job and the child of a fork run inline. Inside a job 'thread' is 0
   whoever runs it, so only the outer body's names a part of the workspace. */
PERI_API void peri_parallel_for(const peri_call *call, int64_t count,
                                double cost, peri_body *body, void *user);
/* Name of a kernel id, "?" if there is none. */
PERI_API const char *peri_kernel_name(const peri_context *ctx, int kernel);
/* Add a plain kernel to 'ctx'. -> its id, or a negative status */
PERI_API int peri_register_kernel(peri_context *ctx, const char *name,
                                  void (*run)(const peri_call *call));
/* Run 'kernel' over tensors, outputs first; 'attr' of 'bytes' is copied into
   the record. The way a registered operation reaches its kernel. */
PERI_API int peri_launch(peri_context *ctx, int kernel,
                         peri_tensor *const *args, int nout, int nin,
                         const void *attr, size_t bytes);

/* Record the calls made from here on, besides running them. Their buffers
   stay until the recording is freed.
   errors  busy if a recording is running */
PERI_API peri_recording *peri_record(peri_context *ctx);
/* Stop recording. */
PERI_API int peri_record_stop(peri_recording *recording);
/* Run the calls again on what their buffers hold now: no memory is asked
   for, and the results are those of the plain run. Shapes cannot change; what
   an index holds is not checked again: positions out of range give zeros. */
PERI_API int peri_replay(peri_recording *recording);
PERI_API int peri_recording_size(const peri_recording *recording);
PERI_API const peri_call *peri_recording_call(const peri_recording *recording,
                                              int index);
PERI_API void peri_recording_free(peri_recording *recording);

/* ---- Modules ---------------------------------------------------------- */

/* A row of the table of layers. */
typedef struct peri_layer {
  const char *name; /* "Linear" */
  peri_param params[PERI_MAX_PARAMS + 1];
  bool container;         /* takes a list of modules instead of parameters */
  const char *activation; /* the operation, if a Linear may take it along */
  /* Make parameters and buffers of 'module' from its values. */
  int (*init)(peri_module *module);
  /* nin inputs to at most 'room' outputs. -> count, or a negative status */
  int (*forward)(peri_module *module, peri_tensor *const *in, int nin,
                 peri_tensor **out, int room);
  const char *doc;
} peri_layer;

/* Rows of the table of layers, NULL past the end or if none has the name. */
PERI_API const peri_layer *peri_layer_at(int index);
PERI_API const peri_layer *peri_layer_named(const char *name);
/* Make a module of 'layer'.
   value     one per parameter, NULL: all defaults
   children  of a container, in order, which takes a share of each */
PERI_API peri_module *peri_module_new(peri_context *ctx,
                                      const peri_layer *layer,
                                      const peri_value *value, int base,
                                      peri_module *const *children, int count);
/* What a module of the host's own class does; 'user' goes to each. */
typedef struct {
  const char *name; /* of the class, copied */
  int (*forward)(void *user, peri_module *module, peri_tensor *const *in,
                 int nin, peri_tensor **out, int room);
  void (*free)(void *user);
  void *user;
} peri_class;

/* Make a module of the host's own class. */
PERI_API peri_module *peri_module_custom(peri_context *ctx,
                                         const peri_class *type);
/* The callback data of such a module, NULL for a built-in layer. */
PERI_API void *peri_module_user(const peri_module *module);
/* Drop the caller's share; parents keep theirs. */
PERI_API void peri_module_free(peri_module *module);
/* Take another share. -> module */
PERI_API peri_module *peri_module_keep(peri_module *module);

/* The context that 'module' belongs to. */
PERI_API peri_context *peri_module_context(const peri_module *module);
/* Class name: "Linear", or the name of a custom class. */
PERI_API const char *peri_module_type(const peri_module *module);
/* The row of a built-in layer, NULL for a custom class. */
PERI_API const peri_layer *peri_module_layer(const peri_module *module);
/* The parameters it was made with, in row order. */
PERI_API const peri_value *peri_module_values(const peri_module *module);

typedef enum { PERI_PARAMETER, PERI_BUFFER, PERI_CHILD } peri_slot_kind;

/* What a module holds by name, in order of assignment. */
typedef struct {
  const char *name;
  peri_slot_kind kind;
  peri_tensor *tensor; /* parameter or buffer */
  peri_module *child;
} peri_slot;

/* Slot 'index' of the module itself. -> false past the last */
PERI_API bool peri_module_slot(const peri_module *module, int index,
                               peri_slot *slot);
/* Put a parameter, buffer or child under 'name', in place of what is there;
   all NULL takes the name out.
   errors  arg if name is empty or has a dot, a child would contain itself or
           the tree become deeper than 200; grad if a parameter is no leaf */
PERI_API int peri_module_set(peri_module *module, const char *name,
                             peri_slot_kind kind, peri_tensor *tensor,
                             peri_module *child);
/* Walk the whole tree depth first: slot 'index' with its path
   ("block.fc.weight") in 'path' of 'room' bytes. Shared parameters come
   once. -> false past the last */
PERI_API bool peri_module_walk(const peri_module *module, int index,
                               peri_slot *slot, char *path, size_t room);

/* One tensor in, one out. */
PERI_API peri_tensor *peri_forward(peri_module *module, peri_tensor *x);
/* Any number of tensors. -> number of outputs, or a negative status */
PERI_API int peri_module_forward(peri_module *module, peri_tensor *const *in,
                                 int nin, peri_tensor **out, int room);
/* Training (the state of a new module) or evaluation, down the tree. */
PERI_API int peri_module_train(peri_module *module, bool on);
PERI_API bool peri_module_training(const peri_module *module);
/* Forget the gradients of all parameters. */
PERI_API int peri_module_zero_grad(peri_module *module);
/* Text like "nn.Linear(784 -> 10)", nested for containers. -> whole length */
PERI_API size_t peri_module_text(const peri_module *module, char *text,
                                 size_t room);
/* Enter and leave 'module' while the host runs its forward itself, so that
   errors carry its path. Pairs must nest; leave with the depth that enter
   returned. */
PERI_API int peri_module_enter(peri_module *module);
PERI_API void peri_module_leave(peri_context *ctx, int depth);
/* How many modules are running inside each other now. */
PERI_API int peri_module_depth(const peri_context *ctx);
/* The path of the modules running now, as errors show it: nn.Linear
   "block.fc". -> false if none */
PERI_API bool peri_module_path(peri_context *ctx, char *text, size_t room);

/* ---- Optimizers ------------------------------------------------------- */

#define PERI_MAX_STATES 4 /* state tensors per parameter */

/* A row of the table of optimizers. Its hooks get numbers, flags and choices
   as float64 in row order, where a list takes one place per entry. */
typedef struct peri_optim {
  const char *name; /* "Adam" */
  peri_param params[PERI_MAX_PARAMS + 1];
  /* "step", how often the parameter was updated (float64, 0-d), then
     "exp_avg", ... with the shape of the parameter. */
  const char *states[PERI_MAX_STATES + 1];
  /* True if state 'index' is needed with these numbers. */
  bool (*uses)(const double *number, int index);
  /* Errors that ranges cannot say. */
  int (*check)(peri_context *ctx, const double *number);
  /* The plain kernel: outputs parameter and states (no data where a state is
     not used), inputs gradient and numbers. It is not interrupted. */
  void (*update)(const peri_call *call);
  const char *doc;
} peri_optim;

/* Rows of the table of optimizers, NULL past the end or if none has the
   name. */
PERI_API const peri_optim *peri_optim_at(int index);
PERI_API const peri_optim *peri_optim_named(const char *name);
/* Make an optimizer over 'count' parameters.
   errors  arg if there is none, one comes twice or is an expanded view; grad
           if one is no leaf that requires a gradient; dtype if one is not a
           float; as the row says */
PERI_API peri_optimizer *peri_optimizer_new(peri_context *ctx,
                                            const peri_optim *optim,
                                            peri_tensor *const *parameters,
                                            int count, const peri_value *value);
PERI_API void peri_optimizer_free(peri_optimizer *optimizer);
PERI_API peri_context *peri_optimizer_context(const peri_optimizer *opt);
PERI_API const peri_optim *peri_optimizer_row(const peri_optimizer *opt);
/* One update of every parameter that has a gradient; all or none. */
PERI_API int peri_step(peri_optimizer *optimizer);
/* Forget the gradients of its parameters. */
PERI_API int peri_zero_grad(peri_optimizer *optimizer);
/* Value of the hyper-parameter at 'index' of the row. */
PERI_API peri_value peri_optimizer_value(const peri_optimizer *opt, int index);
/* Change it from the next step on, checked as at the start. */
PERI_API int peri_optimizer_set(peri_optimizer *opt, int index,
                                const peri_value *value);
/* State tensor 'state' of parameter 'index', owned by the optimizer; NULL
   before the first step or if unused. */
PERI_API peri_tensor *peri_optimizer_state(const peri_optimizer *opt, int index,
                                           int state);

/* ---- Data ------------------------------------------------------------- */

/* What a reader made: exactly one of the two. */
typedef struct peri_made {
  peri_tensor *tensor;
  peri_dataset *dataset;
} peri_made;

/* A row of the table of readers: makes tensors or data sets from files. */
typedef struct peri_reader {
  const char *name; /* "mnist" */
  peri_param params[PERI_MAX_PARAMS + 1];
  /* Fill 'made'. -> count, or a negative status: EIO and EFORMAT are the
     world's failures, others the caller's. */
  int (*read)(peri_context *ctx, const peri_value *value, int base,
              peri_made *made, int room);
  const char *doc;
} peri_reader;

/* Rows of the table of readers, NULL past the end or if none has the name. */
PERI_API const peri_reader *peri_reader_at(int index);
PERI_API const peri_reader *peri_reader_named(const char *name);
/* Run a reader: what it makes goes into 'made'. -> count, or a status */
PERI_API int peri_read(peri_context *ctx, const peri_reader *reader,
                       const peri_value *value, int base, peri_made *made,
                       int room);

/* Make a data set of 'count' tensors with equal first sizes; sample i is the
   i-th entry of each.
   errors  arg if there is none; shape if one is 0-d or the sizes differ */
PERI_API peri_dataset *peri_dataset_new(peri_context *ctx,
                                        peri_tensor *const *tensors, int count);
PERI_API void peri_dataset_free(peri_dataset *dataset);
PERI_API peri_dataset *peri_dataset_keep(peri_dataset *dataset);
PERI_API peri_context *peri_dataset_context(const peri_dataset *dataset);
/* Number of samples. */
PERI_API int64_t peri_dataset_size(const peri_dataset *dataset);
/* The whole tensor 'index', as stored; NULL past the last. */
PERI_API peri_tensor *peri_dataset_tensor(const peri_dataset *dataset,
                                          int index);
/* Deliver uint8 tensor 'index' as float32 times 'scale' (1/255 for pixels). */
PERI_API int peri_dataset_scale(peri_dataset *dataset, int index, double scale);
/* Name of class 'index' from 0; NULL if there is none. */
PERI_API const char *peri_dataset_class(const peri_dataset *dataset, int index);
/* Copy 'count' class names. */
PERI_API int peri_dataset_set_classes(peri_dataset *dataset,
                                      const char *const *names, int count);
/* Where the data came from: "files in data/mnist", "drawn digits". */
PERI_API const char *peri_dataset_source(const peri_dataset *dataset);
PERI_API int peri_dataset_set_source(peri_dataset *dataset, const char *source);
/* Samples at 'positions', from 0, one batch tensor per tensor of the set,
   into 'out' of 'room'. -> number of tensors, or a negative status */
PERI_API int peri_dataset_batch(peri_dataset *dataset, const int64_t *positions,
                                int64_t count, peri_tensor **out, int room);

typedef struct {
  int64_t batch_size; /* 0: 1 */
  bool shuffle;       /* a new order each epoch, from the context's seed */
  bool drop_last;     /* leave out a last batch that is not full */
} peri_loader_options;

/* Make a loader of batches over 'dataset', of which it takes a share;
   'options' may be NULL. */
PERI_API peri_loader *peri_loader_new(peri_dataset *dataset,
                                      const peri_loader_options *options);
/* Free 'loader'; its data set lives on if others share it. */
PERI_API void peri_loader_free(peri_loader *loader);
/* The context that 'loader' belongs to. */
PERI_API peri_context *peri_loader_context(const peri_loader *loader);
/* Batches of an epoch. */
PERI_API int64_t peri_loader_size(const peri_loader *loader);
/* Begin epoch 'epoch' from 0: the order depends on (seed, epoch) only. */
PERI_API int peri_loader_start(peri_loader *loader, int64_t epoch);
/* The next batch. -> number of tensors, 0 at the end, or a status */
PERI_API int peri_loader_next(peri_loader *loader, peri_tensor **out, int room);

/* ---- The Lua VM ------------------------------------------------------- */

/* How a VM is opened; all zero means the defaults. */
typedef struct {
  peri_options context; /* of the VM's own context */
  int argc;             /* 'arg' of scripts: argv[script] becomes arg[0] */
  char **argv;
  int script;       /* 0 if there is none */
  bool environment; /* read PERIGEE_*, LUA_PATH and LUA_CPATH */
  bool may_exit;    /* os.exit ends the process; otherwise it raises */
  /* Gets what print puts out; NULL: standard output. */
  void (*output)(void *user, const char *text, size_t length);
  void *output_user;
} peri_vm_options;

/* Open a VM with Lua's libraries and perigee in package.loaded.
   -> NULL when memory fails; 'why', if not NULL, then gets a text */
PERI_API peri_vm *peri_vm_open(const peri_vm_options *options,
                               const char **why);
PERI_API void peri_vm_close(peri_vm *vm);
/* The context that its scripts use. */
PERI_API peri_context *peri_vm_context(peri_vm *vm);
/* Run a file (NULL: standard input) or a string called 'name' in messages.
   -> 0 or PERI_ECALLBACK with the traceback in peri_vm_error */
PERI_API int peri_vm_run_file(peri_vm *vm, const char *path);
PERI_API int peri_vm_run_string(peri_vm *vm, const char *code,
                                const char *name);
/* Call global function 'name' with tensors, results into 'out' of 'room',
   each kept for the caller; numbers come as 0-d tensors, nil as NULL, what is
   past 'room' is dropped.
   -> number of results stored, or a negative status */
PERI_API int peri_vm_call(peri_vm *vm, const char *name, peri_tensor *const *in,
                          int nin, peri_tensor **out, int room);
/* Global tensor 'name', kept for the caller; NULL if it is none. */
PERI_API peri_tensor *peri_vm_tensor(peri_vm *vm, const char *name);
/* Make 'x' the global 'name'. */
PERI_API int peri_vm_set_tensor(peri_vm *vm, const char *name, peri_tensor *x);
/* Message of the last failure, "" if none. */
PERI_API const char *peri_vm_error(const peri_vm *vm);
/* Ask the running script to stop; safe from a signal handler. Until the call
   into the VM returns, whatever catches the error is stopped again. What
   cannot be stopped: a finalizer, one long call of a C function of Lua's such
   as a search in a string, a hook that the script sets itself. */
PERI_API void peri_vm_interrupt(peri_vm *vm);
/* One line of an interactive session. 'line' may continue earlier ones; NULL
   forgets what they began.
   -> 0 done, 1 more input is needed, or PERI_ECALLBACK */
PERI_API int peri_vm_line(peri_vm *vm, const char *line);
/* Completion 'index' of the expression at the end of 'line', into 'text':
   the whole line. -> false past the last */
PERI_API bool peri_vm_complete(peri_vm *vm, const char *line, int index,
                               char *text, size_t room);

struct lua_State;
/* Lua's module "perigee", for programs that own a lua_State. Opening it
   twice is harmless. */
PERI_API int luaopen_perigee(struct lua_State *L);

/* ---- Operations, layers, optimizers and readers, printed from the tables */

#include "perigee_tables.h"

#ifdef __cplusplus
}
#endif
#endif
