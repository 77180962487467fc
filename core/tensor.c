/* tensor.c - tensors, the storage they share, and the scopes they die with.

   A tensor is a view: storage, offset, shape, strides. Storage is counted and
   carries the version number that every change in place raises. Every tensor
   stands in one list of the context: that of the open scopes, where newer
   scopes come first, so that closing one is popping from the front; or that of
   kept tensors, which callers, graphs and holders own by count. */
#include "internal.h"

/* ---- Lists ------------------------------------------------------------ */

static peri_tensor **list_of(peri_tensor *x) {
  return x->depth < 0 ? &x->ctx->kept : &x->ctx->made;
}

static void unlink_tensor(peri_tensor *x) {
  if (x->previous)
    x->previous->next = x->next;
  else
    *list_of(x) = x->next;
  if (x->next) x->next->previous = x->previous;
}

/* Put 'x' at the front of the open scope's list, or of the kept ones. */
static void link_tensor(peri_tensor *x, int64_t depth) {
  x->depth = depth;
  peri_tensor **list = list_of(x);
  x->previous = NULL;
  x->next = *list;
  if (*list) (*list)->previous = x;
  *list = x;
}

/* ---- Storage ---------------------------------------------------------- */

#define SMALL_BYTES 64 /* of data that lies behind its storage */

/* A storage and the tensor it is made with are one block, which lives as long
   as the storage; views have blocks of their own. */
typedef struct {
  peri_storage storage;
  peri_tensor first;
} pair;

enum { PAIR_BYTES = (sizeof(pair) + PERI_ALIGN - 1) / PERI_ALIGN * PERI_ALIGN };

/* Where the data of 'storage' is if it is small. */
static void *behind(peri_storage *storage) {
  return (char *)storage + PAIR_BYTES;
}

static peri_tensor *first_of(peri_storage *storage) {
  return &((pair *)storage)->first;
}

/* A storage without data, and 'extra' bytes behind its pair. */
static peri_storage *storage_make(peri_context *ctx, size_t extra) {
  peri_storage *storage = peri__alloc(ctx, PAIR_BYTES + extra);
  if (!storage) return NULL;
  *storage = (peri_storage){.refs = 1};
  storage->serial = ++ctx->serial;
  ctx->memory.stats.live_storages++;
  return storage;
}

/* A storage of 'bytes' of new memory. */
static peri_storage *storage_filled(peri_context *ctx, size_t bytes) {
  bool small = bytes <= SMALL_BYTES;
  peri_storage *storage = storage_make(ctx, small ? bytes : 0);
  if (!storage) return NULL;
  storage->data = small ? behind(storage) : peri__alloc(ctx, bytes);
  if (storage->data) return storage;
  peri__storage_drop(ctx, storage);
  return NULL;
}

/* A storage on the meta device, which has no memory. */
static peri_storage *storage_meta(peri_context *ctx) {
  peri_storage *storage = storage_make(ctx, 0);
  if (storage) storage->meta = true;
  return storage;
}

peri_storage *peri__storage_hold(peri_storage *storage) {
  storage->refs++;
  return storage;
}

void peri__storage_drop(peri_context *ctx, peri_storage *storage) {
  if (--storage->refs > 0) return;
  if (storage->wrapped) {
    if (storage->release) storage->release(storage->user, storage->data);
  } else if (storage->data != behind(storage)) {
    peri__free(ctx, storage->data);
  }
  ctx->memory.stats.live_storages--;
  peri__free(ctx, storage);
}

/* ---- Making ----------------------------------------------------------- */

/* Make 'x' a tensor of the open scope over 'storage', whose share it takes
   over. */
static void tensor_init(peri_context *ctx, peri_tensor *x,
                        peri_storage *storage, peri_dtype dtype, int ndim) {
  memset(x, 0, offsetof(peri_tensor, shape));
  memset(&x->number, 0, sizeof *x - offsetof(peri_tensor, number));
  x->ctx = ctx;
  x->refs = 1;
  x->storage = storage;
  x->dtype = dtype;
  x->ndim = ndim;
  link_tensor(x, ctx->depth);
  ctx->memory.stats.live_tensors++;
}

/* The tensor that a storage is made with; row-major without 'strides'. */
static peri_tensor *tensor_first(peri_context *ctx, peri_storage *storage,
                                 const peri_meta *meta,
                                 const int64_t *strides) {
  peri_tensor *x = first_of(storage);
  tensor_init(ctx, x, storage, meta->dtype, meta->ndim);
  peri__copy_sizes(x->shape, meta->shape, x->ndim);
  if (strides)
    peri__copy_sizes(x->strides, strides, x->ndim);
  else
    peri__strides(x->shape, x->ndim, x->strides);
  return x;
}

peri_tensor *peri__tensor_sized(peri_context *ctx, const peri_meta *meta,
                                int64_t count, const int64_t *strides,
                                bool on_meta) {
  size_t bytes = (size_t)count * peri_dtype_size(meta->dtype);
  peri_storage *storage =
      on_meta ? storage_meta(ctx) : storage_filled(ctx, bytes);
  if (!storage) return NULL;
  storage->bytes = bytes;
  return tensor_first(ctx, storage, meta, strides);
}

peri_tensor *peri__tensor_make(peri_context *ctx, const peri_meta *meta,
                               const int64_t *strides, bool on_meta) {
  int64_t count = peri__numel(meta->shape, meta->ndim);
  if (count >= 0) return peri__tensor_sized(ctx, meta, count, strides, on_meta);
  peri_text text = peri__meta_text(meta);
  peri_fail(ctx, PERI_ESHAPE, "tensor: shape %s is too large or negative",
            text.s);
  return NULL;
}

peri_tensor *peri__view(peri_tensor *x, const int64_t *shape,
                        const int64_t *strides, int ndim, int64_t offset) {
  peri_tensor *y = peri__alloc(x->ctx, sizeof *y);
  if (!y) return NULL;
  tensor_init(x->ctx, y, peri__storage_hold(x->storage), x->dtype, ndim);
  peri__copy_sizes(y->shape, shape, ndim);
  peri__copy_sizes(y->strides, strides, ndim);
  y->offset = offset;
  return y;
}

peri_tensor *peri__alias(peri_tensor *x) {
  peri_tensor *y = peri__view(x, x->shape, x->strides, x->ndim, x->offset);
  if (y) y->number = x->number;
  return y;
}

/* The error of a shape that no tensor can have, or 0. */
static int check_shape(peri_context *ctx, const char *what,
                       const int64_t *shape, int ndim, peri_dtype dtype) {
  if (ndim < 0 || ndim > PERI_MAX_DIMS)
    return peri_fail(ctx, PERI_ESHAPE, "%s: %d dimensions, at most %d", what,
                     ndim, PERI_MAX_DIMS);
  if (ndim > 0 && !shape)
    return peri_fail(ctx, PERI_EARG, "%s: shape is NULL", what);
  if (dtype <= PERI_DTYPE_NONE || dtype >= PERI_DTYPES)
    return peri_fail(ctx, PERI_EDTYPE, "%s: no dtype with number %d", what,
                     (int)dtype);
  if (peri__numel(shape, ndim) < 0)
    return peri_fail(ctx, PERI_ESHAPE,
                     "%s: shape has a negative size or is too large", what);
  return 0;
}

static peri_meta meta_of(const int64_t *shape, int ndim, peri_dtype dtype) {
  peri_meta meta = {.dtype = dtype, .ndim = ndim};
  if (ndim > 0) memcpy(meta.shape, shape, (size_t)ndim * sizeof *shape);
  return meta;
}

peri_tensor *peri_tensor_new(peri_context *ctx, const void *data,
                             const int64_t *shape, int ndim, peri_dtype dtype) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_tensor *x = NULL;
  if (check_shape(ctx, "tensor", shape, ndim, dtype) == 0) {
    peri_meta meta = meta_of(shape, ndim, dtype);
    x = peri__tensor_make(ctx, &meta, NULL, false);
    if (x && data && x->storage->bytes > 0)
      memcpy(x->storage->data, data, x->storage->bytes);
  }
  peri__leave(ctx);
  return x;
}

/* Elements from the first to the last one that the strides reach; 0 if they
   reach too far, or there is none. */
static size_t reach(const peri_meta *meta, const int64_t *strides) {
  int64_t count = peri__numel(meta->shape, meta->ndim);
  if (!strides || count == 0) return (size_t)count;
  int64_t last = 0, step;
  for (int d = 0; d < meta->ndim; d++)
    if (!peri__mul(meta->shape[d] - 1, strides[d], &step) ||
        !peri__add(last, step, &last))
      return 0;
  return last < INT64_MAX / 8 ? (size_t)last + 1 : 0;
}

static peri_tensor *wrap(peri_context *ctx, void *data, const peri_meta *meta,
                         const int64_t *strides,
                         void (*release)(void *user, void *data), void *user) {
  peri_storage *storage = storage_make(ctx, 0);
  if (!storage) return NULL;
  storage->data = data;
  storage->bytes = reach(meta, strides) * peri_dtype_size(meta->dtype);
  storage->wrapped = true;
  storage->release = release;
  storage->user = user;
  return tensor_first(ctx, storage, meta, strides);
}

peri_tensor *peri_tensor_wrap(peri_context *ctx, void *data,
                              const int64_t *shape, const int64_t *strides,
                              int ndim, peri_dtype dtype,
                              void (*release)(void *user, void *data),
                              void *user) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_tensor *x = NULL;
  if (check_shape(ctx, "tensor_wrap", shape, ndim, dtype) == 0) {
    peri_meta meta = meta_of(shape, ndim, dtype);
    bool backwards = false;
    for (int d = 0; strides && d < ndim; d++)
      backwards = backwards || strides[d] < 0;
    bool empty = peri__numel(shape, ndim) == 0;
    if (!data && !empty)
      peri_fail(ctx, PERI_EARG, "tensor_wrap: data is NULL");
    else if (backwards)
      peri_fail(ctx, PERI_EARG, "tensor_wrap: strides must be 0 or more");
    else if (!empty && reach(&meta, strides) == 0)
      peri_fail(ctx, PERI_ESHAPE, "tensor_wrap: strides reach too far");
    else
      x = wrap(ctx, data, &meta, strides, release, user);
  }
  peri__leave(ctx);
  return x;
}

static peri_tensor *plain_number(peri_context *ctx, const void *value,
                                 peri_dtype dtype) {
  peri_tensor *x = peri_tensor_new(ctx, value, NULL, 0, dtype);
  if (x) x->number = true;
  return x;
}

peri_tensor *peri_number(peri_context *ctx, double value) {
  return plain_number(ctx, &value, PERI_F64);
}

peri_tensor *peri_whole(peri_context *ctx, int64_t value) {
  return plain_number(ctx, &value, PERI_I64);
}

/* ---- Owning and scopes ------------------------------------------------ */

void peri__drop(peri_tensor *x) {
  if (!x || --x->refs > 0) return;
  peri_context *ctx = x->ctx;
  unlink_tensor(x);
  if (x->grad) peri__drop(x->grad);
  if (x->base) peri__drop(x->base);
  if (x->node) peri__node_drop(ctx, x->node);
  ctx->memory.stats.live_tensors--;
  bool own_block = x != first_of(x->storage);
  peri__storage_drop(ctx, x->storage);
  if (own_block) peri__free(ctx, x);
}

/* The scope's share is a share like others: those of callers, of nodes and
   holders may outlive it. */
void peri__scope_drop(peri_tensor *x) {
  if (x->refs > 1) {
    unlink_tensor(x);
    link_tensor(x, -1);
  }
  peri__drop(x);
}

peri_tensor *peri_keep(peri_tensor *x) {
  if (!x || peri__take(x->ctx) < 0) return NULL;
  x->refs++;
  x->owners++;
  peri__leave(x->ctx);
  return x;
}

void peri_release(peri_tensor *x) {
  if (!x || peri__take(x->ctx) < 0) return;
  peri_context *ctx = x->ctx;
  if (x->owners == 0 && x->depth >= 0) {
    peri__scope_drop(x);
  } else if (x->owners > 0) {
    x->owners--;
    peri__drop(x);
  } /* else the shares are those of holders, not the caller's */
  peri__leave(ctx);
}

peri_scope peri_scope_open(peri_context *ctx) {
  if (peri__take(ctx) < 0) return (peri_scope){NULL, 0};
  peri_scope scope = peri__scope_open(ctx);
  peri__leave(ctx);
  return scope;
}

void peri_scope_close(peri_scope scope) {
  if (!scope.ctx || peri__take(scope.ctx) < 0) return;
  peri__scope_close(scope);
  peri__leave(scope.ctx);
}

/* Tensors of the scope around go behind those of the open one, which stay in
   front; the list's order by depth must hold. */
void peri__escape(peri_tensor *x) {
  peri_context *ctx = x->ctx;
  if (x->depth < ctx->depth || ctx->depth == 0) return;
  unlink_tensor(x);
  peri_tensor *after = ctx->made;
  if (!after || after->depth < ctx->depth) {
    link_tensor(x, ctx->depth - 1);
    return;
  }
  while (after->next && after->next->depth >= ctx->depth) after = after->next;
  x->depth = ctx->depth - 1;
  x->previous = after;
  x->next = after->next;
  if (x->next) x->next->previous = x;
  after->next = x;
}

#define NOWHERE INT64_MIN /* depth of a tensor that is in no list */

void peri__scope_close_but(peri_scope scope, peri_tensor *const *kept,
                           int count) {
  for (int i = 0; i < count; i++) {
    if (kept[i]->depth < scope.depth) continue; /* not of it, or met before */
    unlink_tensor(kept[i]);
    kept[i]->depth = NOWHERE;
  }
  peri__scope_close(scope);
  for (int i = 0; i < count; i++)
    if (kept[i]->depth == NOWHERE) link_tensor(kept[i], scope.ctx->depth);
}

void peri__tensors_end(peri_context *ctx) {
  while (ctx->made) peri__scope_drop(ctx->made);
  for (peri_tensor *x = ctx->kept; x; x = x->next) {
    peri_storage *storage = x->storage; /* blocks die with the allocator */
    if (storage->release) storage->release(storage->user, storage->data);
    storage->release = NULL;
  }
}

/* ---- Looking ---------------------------------------------------------- */

peri_context *peri_tensor_context(const peri_tensor *x) {
  return x ? x->ctx : NULL;
}

peri_dtype peri_tensor_dtype(const peri_tensor *x) {
  return x ? x->dtype : PERI_DTYPE_NONE;
}

int peri_tensor_ndim(const peri_tensor *x) { return x ? x->ndim : 0; }

const int64_t *peri_tensor_shape(const peri_tensor *x) {
  return x ? x->shape : NULL;
}

const int64_t *peri_tensor_strides(const peri_tensor *x) {
  return x ? x->strides : NULL;
}

size_t peri_tensor_bytes(const peri_tensor *x) {
  return x ? x->storage->bytes : 0;
}

int64_t peri_tensor_numel(const peri_tensor *x) {
  return x ? peri__numel(x->shape, x->ndim) : 0;
}

const char *peri_tensor_device(const peri_tensor *x) {
  return x && x->storage->meta ? "meta" : x ? "cpu" : "none";
}

bool peri_tensor_is_contiguous(const peri_tensor *x) {
  int64_t expected = 1;
  if (!x) return false;
  for (int d = x->ndim - 1; d >= 0; d--) {
    if (x->shape[d] == 1) continue;
    if (x->strides[d] != expected) return peri_tensor_numel(x) == 0;
    expected *= x->shape[d];
  }
  return true;
}

/* No gaps and no element twice, in whatever order: the product of the sizes
   reached so far is the next stride. */
bool peri__dense(const peri_tensor *x) {
  int64_t expected = 1;
  bool used[PERI_MAX_DIMS] = {false};
  for (int step = 0; step < x->ndim; step++) {
    int next = -1;
    for (int d = 0; d < x->ndim; d++)
      if (!used[d] && (x->shape[d] == 1 || x->strides[d] == expected)) {
        next = d;
        if (x->shape[d] == 1) break;
      }
    if (next < 0) return peri_tensor_numel(x) == 0;
    used[next] = true;
    expected *= x->shape[next];
  }
  return true;
}

/* From the smallest stride up, each must step over all that those before it
   reach. */
bool peri__overlaps(const peri_tensor *x) {
  int order[PERI_MAX_DIMS];
  int64_t reached = 0;
  peri__order_dims(x->strides, x->ndim, order);
  for (int i = x->ndim - 1; i >= 0; i--) {
    int d = order[i];
    if (x->shape[d] < 2) continue;
    if (x->strides[d] <= reached) return true;
    reached += (x->shape[d] - 1) * x->strides[d];
  }
  return false;
}

void *peri_tensor_data(peri_tensor *x) {
  if (!x || !x->storage->data) return NULL;
  return (char *)x->storage->data +
         (size_t)x->offset * peri_dtype_size(x->dtype);
}

/* ---- Reading out ------------------------------------------------------ */

/* Convert the only element of 'x' to 'dtype'. */
static int read_item(const peri_tensor *x, void *out, peri_dtype dtype) {
  if (peri_tensor_numel(x) != 1) {
    peri_text shape = peri__shape_of(x);
    return peri_fail(x->ctx, PERI_ESHAPE,
                     "item: x must have one element, its shape is %s", shape.s);
  }
  const char *data = x->storage->data;
  if (!data)
    return peri_fail(x->ctx, PERI_EDEVICE,
                     "item: x is on the meta device and has no elements");
  data += (size_t)x->offset * peri_dtype_size(x->dtype);
  peri__convert(out, dtype, 1, data, x->dtype, 1, 1);
  return 0;
}

double peri_item(const peri_tensor *x) {
  double value = 0;
  if (!x || peri__enter(x->ctx) < 0) return 0;
  read_item(x, &value, PERI_F64);
  peri__leave(x->ctx);
  return value;
}

int64_t peri_item_whole(const peri_tensor *x) {
  int64_t value = 0;
  if (!x || peri__enter(x->ctx) < 0) return 0;
  read_item(x, &value, PERI_I64);
  peri__leave(x->ctx);
  return value;
}

peri_tensor *peri__contiguous(peri_tensor *x) {
  return peri_tensor_is_contiguous(x) ? x : peri_contiguous(x);
}

static int copy_out(peri_tensor *x, void *out, peri_dtype dtype, size_t bytes) {
  int64_t count = peri_tensor_numel(x);
  size_t needed = (size_t)count * peri_dtype_size(dtype);
  if (peri_dtype_size(dtype) == 0)
    return peri_fail(x->ctx, PERI_EDTYPE, "copy_out: no dtype with number %d",
                     (int)dtype);
  if (bytes < needed)
    return peri_fail(x->ctx, PERI_EARG, "copy_out: %zu bytes needed, got %zu",
                     needed, bytes);
  if (x->storage->meta)
    return peri_fail(x->ctx, PERI_EDEVICE,
                     "copy_out: x is on the meta device and has no elements");
  peri_scope scope = peri__scope_open(x->ctx);
  peri_tensor *flat = peri__contiguous(x);
  if (flat)
    peri__convert(out, dtype, 1, peri_tensor_data(flat), x->dtype, 1, count);
  peri__scope_close(scope);
  return flat ? 0 : (int)x->ctx->status;
}

int peri_copy_out(peri_tensor *x, void *out, peri_dtype dtype, size_t bytes) {
  if (!x) return PERI_EARG;
  int status = peri__enter(x->ctx);
  if (status < 0) return status;
  status = copy_out(x, out, dtype, bytes);
  peri__leave(x->ctx);
  return status;
}
