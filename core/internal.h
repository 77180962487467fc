/* internal.h - what the files of core share with each other and with nobody
   else: the structs behind the handles of perigee.h and the functions with
   the prefix peri__.

   Who owns what:

     context --- allocator --- every block (one header, one list)
        |--- scopes: list of tensors, innermost open scope first
        |--- kept tensors, modules, optimizers ...
     tensor ---> storage (counted, shared by views)
        '------> node ---> the inputs' nodes (edges) and saved tensors

   A node is owned by the tensors it made and by the nodes after it, never by
   the context: what is not reachable from a tensor is gone. */
#ifndef PERI_INTERNAL_H
#define PERI_INTERNAL_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include "perigee.h"

#define PERI_ALIGN 64         /* of every block, one cache line */
#define PERI_ERROR_BYTES 1024 /* of the error text kept in a context */
#define PERI_PATH_BYTES 256   /* of a module path */
#define PERI_CLASSES 192      /* size classes of the allocator */
#define PERI_MAX_PROVIDERS 8
#define PERI_MAX_MODULE_DEPTH 200   /* modules running inside each other */
#define PERI_LAST_ROUND 0xffffffffu /* of a pool */
#define PERI_LEAST_COST 50e3 /* nanoseconds of work that are worth sharing */

typedef struct peri_storage peri_storage;
typedef struct peri_node peri_node;
typedef struct peri_block peri_block;

/* ---- Memory (memory.c) ------------------------------------------------ */

typedef struct {
  void *(*alloc)(void *user, size_t bytes, size_t alignment);
  void (*free)(void *user, void *block, size_t bytes);
  void *user;
  size_t limit;
  size_t held; /* bytes of all blocks, in use or not */
  bool no_cache;
  peri_block *blocks;                  /* all of them */
  peri_block *cache[PERI_CLASSES + 1]; /* those not in use, by size class */
  peri_memory stats;
} peri_allocator;

/* A block of at least 'bytes', 64-byte aligned, contents undefined; NULL with
   the error set. Freed by peri__free or, at the latest, with the context. */
void *peri__alloc(peri_context *ctx, size_t bytes);
void *peri__alloc_zeroed(peri_context *ctx, size_t bytes);
void peri__free(peri_context *ctx, void *data);
/* Grow 'data', of which 'used' bytes are kept; NULL leaves it as it was. */
void *peri__grow(peri_context *ctx, void *data, size_t used, size_t bytes);
/* Make room for one more entry of 'size' bytes behind the 'count' ones of
   '*list', which has '*room'. -> 0 or a status */
int peri__grow_list(peri_context *ctx, void **list, int count, int *room,
                    size_t size);
char *peri__strdup(peri_context *ctx, const char *text);
void peri__memory_init(peri_allocator *memory, const peri_options *options);
void peri__memory_end(peri_allocator *memory);

/* ---- Threads (threads.c) ---------------------------------------------- */

typedef struct {
  peri_body *body;
  void *user;
  int threads;
} peri__job;

/* Items of a job that are meant for one thread, taken 'chunk' at a time. */
typedef struct {
  _Alignas(PERI_ALIGN) _Atomic(int64_t) next; /* that nobody has taken */
  int64_t end, chunk;
} peri__share;

typedef struct {
  _Atomic(int) threads; /* that may work, the one that asks included */
  int processors;       /* that this process may run on */
  int started;          /* helpers that exist */
  pthread_t thread[PERI_MAX_THREADS];
  _Atomic(int) numbered; /* of those that have taken their number */
  pid_t process;         /* the one that has them */
  bool busy;             /* a job runs */
  peri__job job;
  peri__share share[PERI_MAX_THREADS];
  _Atomic(int) gate;       /* helpers inside, or closed */
  _Atomic(unsigned) round; /* number of the job */
  int asleep;
  pthread_mutex_t mutex; /* of 'asleep' and the two conditions */
  pthread_cond_t wake, done;
  int64_t jobs; /* shared so far */
  peri_parallel *parallel;
  void *parallel_user;
} peri_pool;

/* What a kernel may reach beside its record. */
struct peri_work {
  const atomic_int *stop; /* NULL: not to be stopped */
  peri_pool *pool;
};

/* Processors that this process may run on, at most PERI_MAX_THREADS. */
int peri__processors(void);
void peri__pool_init(peri_pool *pool, const peri_options *options);
void peri__pool_end(peri_pool *pool);

/* ---- Generators (random.c) -------------------------------------------- */

struct peri_generator {
  peri_context *ctx;
  int64_t refs;   /* of its owner and of recordings */
  uint64_t seed;  /* key of Philox */
  uint64_t draws; /* call number of the next random call */
};

/* ---- Context (context.c) ---------------------------------------------- */

struct peri_context {
  peri_allocator memory;
  _Atomic(uintptr_t) owner; /* thread inside the context, 0: none */
  int entries;              /* how often it has entered */
  bool computes;            /* the floating-point state is ours */
  unsigned host_fp;         /* that of the host, put back on leave */
  peri_status status;
  char error[PERI_ERROR_BYTES];
  atomic_int interrupted;
  void (*log)(void *user, peri_log_level level, const char *text);
  void *log_user;
  char *data_path;                 /* folder of data sets, or NULL */
  char *lapack_path;               /* file of LAPACK, NULL: the usual ones */
  struct peri__lapack *lapack;     /* loaded when first needed (cpu/lapack.c) */
  const struct peri__level *level; /* of the instruction set */
  peri_pool pool;
  peri_work work;           /* of calls that may be stopped */
  peri_work steady;         /* of calls that run to their end */
  peri_generator generator; /* of random numbers, of who names none */
  uint64_t serial;          /* of the last storage */
  uint64_t sequence;        /* of the last node */
  uint64_t signatures;      /* of lists of calls */
  bool grad_enabled;
  int unstoppable;   /* above 0: calls run to their end, interrupt or not */
  peri_tensor *made; /* tensors of open scopes, the newest first */
  peri_tensor *kept; /* tensors owned by callers and holders */
  int64_t depth;     /* open scopes, the root not counted */
  peri_node *dying;  /* nodes to free, so that chains need no stack */
  bool reaping;
  const peri_provider *providers[PERI_MAX_PROVIDERS]; /* the newest last */
  int provider_count;
  const peri_op **ops; /* registered at run time */
  int op_count;
  struct peri_kernel *kernels; /* registered at run time */
  int kernel_count;
  peri_recording *recording;                   /* the one running, or NULL */
  peri_recording *recordings;                  /* all of them */
  peri_module *running[PERI_MAX_MODULE_DEPTH]; /* modules, outermost first */
  int running_count;
  peri_module *modules; /* all of them, the newest first */
  uint64_t tours;       /* number of the last walk over a tree of modules */
};

/* Enter the context from a public function: 0, or the negative status of the
   error that is set, or PERI_EBUSY when another thread is inside. After 0 the
   caller owes one peri__leave. Calls nest. */
int peri__enter(peri_context *ctx);
/* The same, but an error that is set does not matter. */
int peri__enter_always(peri_context *ctx);
/* The same for what keeps books and computes nothing: the floating-point state
   stays the host's. */
int peri__take(peri_context *ctx);
void peri__leave(peri_context *ctx);
int peri__poll_failed(peri_context *ctx);
/* PERI_EINTERRUPT, set as error, if an interrupt was asked for. */
static inline int peri__poll(peri_context *ctx) {
  if (ctx->status != PERI_OK) return ctx->status;
  if (!atomic_load_explicit(&ctx->interrupted, memory_order_relaxed)) return 0;
  return peri__poll_failed(ctx);
}
void peri__log(peri_context *ctx, peri_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Floating-point state: flush denormals, round to nearest (fpstate.c). */
unsigned peri__fp_enter(void);
void peri__fp_leave(unsigned state);

/* ---- Random numbers (random.c) ---------------------------------------- */

/* Streams keep uses of one seed apart; part of the file format. */
enum {
  PERI_STREAM_TENSOR,
  PERI_STREAM_ORDER,
  PERI_STREAM_SAMPLE,
  PERI_STREAM_TRIAL = 256 /* and those after it: trials of an element */
};

/* Four words from counter (element block, call number, stream) and key. */
void peri__philox(uint64_t key, uint64_t block, uint64_t call, uint32_t stream,
                  uint32_t out[4]);
/* The bare generator: ten rounds over 'counter' with 'key', in place. */
void peri__philox_rounds(uint32_t counter[4], uint32_t key[2]);
/* Uniform in [0, 1) from one word (24 bits) or two (53 bits). */
float peri__uniform32(uint32_t word);
double peri__uniform64(uint32_t high, uint32_t low);
/* Two independent normal numbers from two uniforms in [0, 1). */
void peri__normal_pair(double u, double v, double out[2]);
/* Order of 0..count-1 by Fisher-Yates from the words of (key, call,
   stream). */
void peri__shuffle(uint64_t key, uint64_t call, uint32_t stream, int64_t *order,
                   int64_t count);
/* Positions 'from' down to above 'to' of that work, on an order made before. */
void peri__shuffle_part(uint64_t key, uint64_t call, uint32_t stream,
                        int64_t *order, int64_t from, int64_t to);
/* The high 64 bits of a product: a number below 'b' from uniform bits 'a'. */
uint64_t peri__mul_high(uint64_t a, uint64_t b);
/* Take the next call number. */
uint64_t peri__draw(peri_generator *generator);
/* The generator that 'frame' names, or that of its context. */
peri_generator *peri__generator_of(const peri_frame *frame);
/* Take a share, drop one; NULL is fine. */
peri_generator *peri__generator_hold(peri_generator *generator);
void peri__generator_drop(peri_generator *generator);

/* ---- Element types (dtype.c) ------------------------------------------ */

enum { PERI_CATEGORY_BOOL, PERI_CATEGORY_INT, PERI_CATEGORY_FLOAT };

int peri__category(peri_dtype dtype);
/* float32 for 16-bit floats, whose sums overflow; else 'dtype'. */
peri_dtype peri__wide(peri_dtype dtype);
/* Floats are the last rows of the table. */
static inline bool peri__is_float(peri_dtype dtype) {
  return dtype >= PERI_F16 && dtype < PERI_DTYPES;
}
/* The smallest dtype that holds both, PyTorch's table. */
peri_dtype peri__promote(peri_dtype a, peri_dtype b);
/* Result dtype of a pointwise operation over tensors 'in' (NULL ones are
   skipped): 0-d tensors and plain numbers only raise the category. */
peri_dtype peri__promote_all(peri_tensor *const *in, int count);
/* 'count' elements from 'from' to 'to', strides in elements. Integers
   saturate, NaN becomes 0; to bool: not equal to zero. */
void peri__convert(void *to, peri_dtype to_dtype, int64_t to_stride,
                   const void *from, peri_dtype from_dtype, int64_t from_stride,
                   int64_t count);

/* ---- Shapes (shape.c) ------------------------------------------------- */

/* 'given' counts from 'base' or, if negative, from the end of 'size' places;
   -> from 0, or -1 if it is none of them. */
int64_t peri__place(int64_t given, int base, int64_t size);
/* The dimensions in the order of their strides, the largest first; equal ones
   keep their order. */
void peri__order_dims(const int64_t *strides, int ndim, int *order);
/* Checked int64 arithmetic: false on overflow, 'out' then undefined. */
bool peri__mul(int64_t a, int64_t b, int64_t *out);
bool peri__add(int64_t a, int64_t b, int64_t *out);
/* Number of elements, or -1 if a size is negative or the product, in bytes
   of 8, overflows. */
int64_t peri__numel(const int64_t *shape, int ndim);
/* Row-major strides. */
void peri__strides(const int64_t *shape, int ndim, int64_t *strides);
static inline bool peri__same_shape(const int64_t *a, int na, const int64_t *b,
                                    int nb) {
  if (na != nb) return false;
  for (int d = 0; d < na; d++)
    if (a[d] != b[d]) return false;
  return true;
}
/* One by one: they were just written so, and a wider read would wait until
   they are in memory. */
static inline void peri__copy_sizes(int64_t *to, const int64_t *from,
                                    int ndim) {
  for (int d = 0; d < ndim; d++) to[d] = from[d];
}
/* Common shape of 'a' and 'b' into 'out'. -> dimensions, -1 if none fits */
int peri__broadcast(const int64_t *a, int na, const int64_t *b, int nb,
                    int64_t *out);
/* Strides that let 'shape' look at the elements of a view without a copy.
   -> false if there are none */
bool peri__view_strides(const int64_t *old_shape, const int64_t *old_strides,
                        int old_ndim, const int64_t *shape, int ndim,
                        int64_t *strides);
#define PERI_SHAPE_TEXT 192
/* Shape of 'x' as text in a buffer of the caller. */
typedef struct {
  char s[PERI_SHAPE_TEXT];
} peri_text;
peri_text peri__shape_of(const peri_tensor *x);
peri_text peri__meta_text(const peri_meta *meta);

/* ---- Tensors (tensor.c) ----------------------------------------------- */

/* One block with the tensor it is made with, and with its data if that is
   small. */
struct peri_storage {
  int64_t refs;
  uint64_t serial;
  size_t bytes;
  void *data; /* NULL on the meta device */
  bool meta;
  bool wrapped;              /* the data is the host's */
  uint32_t version;          /* raised by every change in place */
  uint32_t tracked;          /* version of the last change with a history */
  uint64_t writer;           /* signature of the last list that writes it */
  const peri_op *changed_by; /* raised it last; NULL: an optimizer's step */
  void (*release)(void *user, void *data); /* of a wrapped buffer */
  void *user;
};

struct peri_tensor {
  peri_context *ctx;
  int64_t refs;   /* all shares: of a scope, of owners, of nodes, holders */
  int64_t owners; /* those that callers took by peri_keep */
  peri_tensor *next, *previous; /* in the list of its scope or of kept ones */
  int64_t depth;                /* of its scope; -1: kept */
  peri_storage *storage;
  int64_t offset; /* in elements */
  peri_dtype dtype;
  int ndim;
  int64_t shape[PERI_MAX_DIMS];
  int64_t strides[PERI_MAX_DIMS];
  bool number;        /* a plain number: gives way in promotion */
  bool requires_grad; /* a leaf whose gradient is wanted */
  peri_tensor *base;  /* the tensor it is a view of, itself no view; or NULL */
  uint32_t view_version; /* of the storage when the view was made */
  uint64_t seen;         /* last walk over modules that met it */
  peri_node *node;       /* that made it, NULL: a leaf */
  int output;            /* which of the node's outputs it is */
  int slot;              /* its place in the backward that runs, from 1 */
  peri_tensor *grad;
};

/* True if a gradient is wanted for 'x', as a leaf or through its history. */
static inline bool peri__tracked(const peri_tensor *x) {
  return x->requires_grad || x->node;
}
/* A tensor of the open scope with new memory (or none, if 'meta'), row-major
   or, if 'strides' is given, with those dense strides. */
peri_tensor *peri__tensor_make(peri_context *ctx, const peri_meta *meta,
                               const int64_t *strides, bool on_meta);
/* The same for a shape that is known to have 'count' elements. */
peri_tensor *peri__tensor_sized(peri_context *ctx, const peri_meta *meta,
                                int64_t count, const int64_t *strides,
                                bool on_meta);
/* A tensor that looks into the storage of 'x' elsewhere. */
peri_tensor *peri__view(peri_tensor *x, const int64_t *shape,
                        const int64_t *strides, int ndim, int64_t offset);
/* Note that 'y' looks into 'x': a change in place of it changes what x looks
   into too. */
static inline void peri__set_base(peri_tensor *y, peri_tensor *x) {
  peri_tensor *base = x->base ? x->base : x;
  base->refs++;
  y->base = base;
  y->view_version = x->storage->version;
}
/* The same elements without history. */
peri_tensor *peri__alias(peri_tensor *x);
/* Scopes, for a thread that is inside the context. */
static inline peri_scope peri__scope_open(peri_context *ctx) {
  return (peri_scope){ctx, ++ctx->depth};
}
/* Own a share, drop a share, whatever the scope says. */
static inline peri_tensor *peri__hold(peri_tensor *x) {
  if (x) x->refs++;
  return x;
}
void peri__drop(peri_tensor *x);
/* Drop the share that an open scope has. */
void peri__scope_drop(peri_tensor *x);
/* Close 'scope' and those inside it that are still open. */
static inline void peri__scope_close(peri_scope scope) {
  peri_context *ctx = scope.ctx;
  while (ctx->made && ctx->made->depth >= scope.depth)
    peri__scope_drop(ctx->made);
  if (ctx->depth >= scope.depth) ctx->depth = scope.depth - 1;
}
/* Move 'x' from its scope to the scope around the open one. */
void peri__escape(peri_tensor *x);
/* Close 'scope' but for these tensors, which move to the scope around it. */
void peri__scope_close_but(peri_scope scope, peri_tensor *const *kept,
                           int count);
peri_storage *peri__storage_hold(peri_storage *storage);
void peri__storage_drop(peri_context *ctx, peri_storage *storage);
static inline void peri__read_meta(const peri_tensor *x, peri_meta *meta) {
  meta->dtype = x->dtype;
  meta->ndim = x->ndim;
  peri__copy_sizes(meta->shape, x->shape, x->ndim);
}
static inline peri_meta peri__meta(const peri_tensor *x) {
  peri_meta meta;
  peri__read_meta(x, &meta);
  return meta;
}
bool peri__dense(const peri_tensor *x);
/* True if elements share memory, so that they cannot be written one by one. */
bool peri__overlaps(const peri_tensor *x);
/* Elements of 'x' as flat row-major: 'x' itself or a copy in the scope. */
peri_tensor *peri__contiguous(peri_tensor *x);
void peri__tensors_end(peri_context *ctx);

/* ---- Call records (call.c) -------------------------------------------- */

typedef struct peri_kernel {
  const char *name;
  void (*run)(const peri_call *call); /* the plain twin */
} peri_kernel;

/* Ids of the built-in kernels come from the tables, in this order: pointwise
   rows (forward, then the fused derivative of each input), kernels.def,
   optims.def. */
bool peri__kernel(const peri_context *ctx, int id, peri_kernel *kernel);
/* How many built-in ones there are. */
int peri__kernel_total(void);
/* The last provider of every context: all kernels as plain loops. The device
   has put the plain kernel into 'run' before it asks (cpu/plain.c). */
extern const peri_provider peri__plain_provider;
/* In front of all, in builds with a BLAS (cpu/blas.c). */
extern const peri_provider peri__blas_provider;

/* Start a record of 'kernel'; then add arguments, outputs first. */
void peri__call_begin(peri_call *call, int kernel);
void peri__call_out(peri_call *call, const peri_tensor *x);
void peri__call_in(peri_call *call, const peri_tensor *x); /* NULL: absent */
/* A whole record of one output, args[0], and 'nin' inputs behind it, which are
   broadcast to its shape. */
void peri__call_alike(peri_call *call, int kernel, peri_tensor *const *args,
                      int nin);
/* The last argument seen with another shape: broadcast to 'shape'. */
void peri__call_broadcast(peri_call *call, const int64_t *shape, int ndim);
/* Give a random record, which names its generator, the next call number. */
void peri__call_draw(peri_call *call);
/* Give an argument a dimension of size 1 at place 'at'. */
void peri__arg_widen(peri_arg *arg, int at);
/* Run 'call' on the device of its arguments: nothing on meta tensors.
   'tensors', nout + nin of them, keeps the buffers of a recording. */
int peri__call_run(peri_context *ctx, peri_call *call,
                   peri_tensor *const *tensors);
/* A call that waits for others, with its tensors as peri__call_run has
   them. */
typedef struct {
  peri_call call;
  peri_tensor *tensors[PERI_MAX_ARGS];
} peri_pending;
/* Run all 'count' calls, none of them on meta tensors, or none: every one is
   prepared before the first runs. */
int peri__calls_run(peri_context *ctx, peri_pending *list, int count);
/* Mark the calls of a list that may run beside the one before them, if no call
   touches what another one writes (beside.c). */
void peri__calls_mark(peri_context *ctx, peri_pending *list, int count);
/* Run the first of 'count' prepared calls, 'stride' bytes apart, and those
   marked behind it. -> how many have run */
int peri__calls_beside(const peri_call *first, size_t stride, int count);

/* ---- Registry (registry.c) -------------------------------------------- */

/* Place of kernel 'name' of kernels.def. */
enum {
#define KERNEL(name) PERI_K_##name,
#include "cpu/kernels.def"
  PERI_KERNEL_COUNT
};
/* The kernels of pointwise rows stand before them, first those that every level
   has. */
#define UNARY(...) +2
#define PART(...) +2
#define BINARY(...) +3
#define TERNARY(...) +4
#define STEP1(...) +1
#define STEP2(...) +1
#define FORM(...) +3
#define MODE(...) +1
enum {
  PERI_LEVELLED_KERNELS = 0
#include "ops/arithmetic.def"
#include "ops/elementary.def"
#include "ops/function.def"
};
enum {
  PERI_POINTWISE_KERNELS = 0
#include "ops/pointwise.def"
};
/* PERI_K_* -> id in a record */
static inline int peri__kernel_id(int kernel) {
  return PERI_POINTWISE_KERNELS + kernel;
}
int peri__optim_kernel(const peri_optim *optim);

/* The pointwise rows and their kernels (ops/pointwise.c, cpu/). */
enum {
  PERI_POINTWISE_ROWS = 0
#define UNARY(...) +1
#define PART(...) +1
#define BINARY(...) +1
#define TERNARY(...) +1
#define STEP1(...) +1
#define STEP2(...) +1
#define FORM(...)
#define MODE(...)
#include "ops/pointwise.def"
};
/* Behind them those that take the parameters of others. */
enum {
  PERI_POINTWISE_FORMS = 0
#define UNARY(...)
#define PART(...)
#define BINARY(...)
#define TERNARY(...)
#define STEP1(...)
#define STEP2(...)
#define FORM(...) +1
#define MODE(...)
#include "ops/pointwise.def"
};
extern const peri_op
    peri__pointwise_rows[PERI_POINTWISE_ROWS + PERI_POINTWISE_FORMS];
/* Kernel of a pointwise row that a matrix product may apply to what it stores,
   else PERI_NO_ACTIVATION. */
int peri__activation_kernel(const peri_op *op);
const peri_kernel *peri__pointwise_kernel(int id);

/* The row called 'name', hidden ones too: those check nothing. */
const peri_op *peri__op_named(const peri_context *ctx, const char *name);
/* Number of inputs (a list counts as 1), parameters, outputs of a row. */
int peri__count_inputs(const peri_op *op);
int peri__count_params(const peri_param *params);
int peri__count_outputs(const peri_op *op);
/* What turns the name of 'op' into that of its form in place: "_", or nothing
   if it exists in place only and is named so itself, beside another row. */
const char *peri__inplace_end(const peri_op *op);
/* Place of the dtype among the parameters of a source, device and
   requires_grad follow it; -1 if the row does not end so. */
int peri__source_place(const peri_op *op);
/* Check 'value' against 'params' under the name 'what', filling defaults into
   'out'. */
int peri__check_values(peri_context *ctx, const char *what,
                       const peri_param *params, const peri_value *value,
                       peri_value *out);

/* ---- Autograd (autograd.c) -------------------------------------------- */

/* A node for 'frame', whose outputs are made but not filled: inputs and
   outputs that the row saves are held. NULL with the error set. */
peri_node *peri__node_begin(peri_frame *frame);
/* The outputs are filled: 'node' becomes their history. */
void peri__node_finish(peri_node *node, peri_frame *frame);
/* The same for the parts of a list. */
void peri__node_finish_list(peri_node *node, peri_frame *frame);
/* Let no node of the history that ends in 'last' own 'x', which is to be
   changed in place, or a view of it (loosen.c). -> 0 or a status */
int peri__loosen(peri_node *last, const peri_tensor *x);
/* What raised the version of 'storage' last, as users write it: "add_". */
peri_text peri__changer(const peri_storage *storage);
/* True if 'x' is a view whose base has been changed since, so that its history
   is not true any more. */
bool peri__stale(const peri_tensor *x);
/* True if an operation on these inputs is to be recorded. */
bool peri__wants_grad(peri_context *ctx, peri_tensor *const *in, int nin);
void peri__node_hold(peri_node *node);
void peri__node_drop(peri_context *ctx, peri_node *node);

/* ---- Applying (apply.c, apply_list.c, inplace.c) ----------------------- */

/* A frame without values and results. The shapes of results, which are much of
   it, are left to the row's infer. */
void peri__frame_init(peri_frame *frame, peri_context *ctx, const peri_op *op,
                      peri_tensor *const *in, int nin, int base);
/* Check inputs and values into 'value', of which the frame keeps a pointer. */
int peri__frame_begin(peri_frame *frame, const peri_value *given,
                      peri_value *value);
/* Refuse what shapes that depend on data cannot have: meta, a recording. */
int peri__frame_check_data(const peri_frame *frame);
/* Put the operation's own name in front of the error that one of those it is
   made of has set. */
void peri__frame_sign(const peri_frame *frame);
/* The row's forward, unrecorded, in a scope for what it makes on the way. */
int peri__frame_forward(peri_frame *frame);
/* The same with its node, if a gradient is wanted. */
int peri__frame_records(peri_frame *frame);

/* ---- Helpers of operations (apply.c) ---------------------------------- */

/* The operation's own error: its name is put in front. */
int peri__op_fail(const peri_frame *frame, peri_status status,
                  const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Value 'index' if it is given, else 'absent'. */
int64_t peri__int(const peri_value *value, int index, int64_t absent);
double peri__real(const peri_value *value, int index, double absent);
/* One call of a built-in kernel over tensors, outputs first. */
int peri__run(peri_context *ctx, int kernel, peri_tensor *const *args, int nout,
              int nin, const void *attr, size_t bytes);

/* The sum of two tensors; a row-major copy; zeros or ones in the shape and
   dtype and on the device of 'x' (ops/compose.c). */
peri_tensor *peri__plus(peri_tensor *a, peri_tensor *b);
peri_tensor *peri__copy(peri_tensor *x);
peri_tensor *peri__zeros_like(peri_tensor *x);
peri_tensor *peri__ones_like(peri_tensor *x);
/* Zeros as 'meta' says, on the device of 'x'. */
peri_tensor *peri__zeros_of(peri_tensor *x, const peri_meta *meta);
/* linear followed by the operation called 'activation', a row of which
   peri__activation_kernel knows the kernel, in one record (ops/matmul.c). */
peri_tensor *peri__linear_active(peri_tensor *x, peri_tensor *weight,
                                 peri_tensor *bias, const char *activation);
/* The rows that rewrite the history of a base (ops/region.c). */
const peri_op *peri__region_row(void);
const peri_op *peri__embed_row(void);
/* 'x' summed to 'meta', undoing a broadcast, and converted to its dtype. */
peri_tensor *peri__fit(peri_tensor *x, const peri_meta *meta);
/* 'length' positions of dimension 'dim' of 'x' from 'start', without history
   (ops/view.c). */
peri_tensor *peri__cut(peri_tensor *x, int dim, int64_t start, int64_t length);
/* The elements of 'from', broadcast, into 'to', in one record (ops/copy.c). */
int peri__copy_into(peri_tensor *to, peri_tensor *from);
/* Overwrite 'to' with a plain number (ops/copy.c). */
int peri__fill_with(peri_tensor *to, const peri_value *number);

/* ---- Modules, optimizers, data ---------------------------------------- */

/* For layers: parameter of the row and tensor by name, NULL if there is none;
   the base of its positions. */
const peri_value *peri__module_value(const peri_module *module,
                                     const char *name);
peri_tensor *peri__module_tensor(const peri_module *module, const char *name);
int peri__module_base(const peri_module *module);
void peri__modules_end(peri_context *ctx);

/* The operations that are hidden from users, printed from the tables. */
#include "perigee_hidden.h"

#endif
