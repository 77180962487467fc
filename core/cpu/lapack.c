/* lapack.c - finds LAPACK, loads it, and carries matrices in and out. The
   handle belongs to the context; the system keeps one copy per process. */
#include "lapack.h"

#include <dlfcn.h>
#include <float.h>
#include <limits.h>
#include <math.h>

/* ---- The library ------------------------------------------------------ */

/* Asked for in this order; the first is what the administrator chose. */
static const char *const usual_names[] = {
    "liblapack.so.3",
    "libopenblas.so.0",
    "libflexiblas.so.3",
    "liblapack.so",
    "libopenblas.so",
    "/System/Library/Frameworks/Accelerate.framework/Accelerate",
};

static bool find(void *handle, char type, const char *name, void *routine) {
  char symbol[16] = {type};
  strcat(strcpy(symbol + 1, name), "_");
  void *found = dlsym(handle, symbol);
  memcpy(routine, &found, sizeof found);
  return found != NULL;
}

static bool find_all(void *handle, char type, peri__lapack_routines *use) {
  return find(handle, type, "getrf", &use->getrf) &&
         find(handle, type, "getrs", &use->getrs) &&
         find(handle, type, "getri", &use->getri) &&
         find(handle, type, "potrf", &use->potrf) &&
         find(handle, type, "geqrf", &use->geqrf) &&
         find(handle, type, "orgqr", &use->orgqr) &&
         find(handle, type, "gesdd", &use->gesdd) &&
         find(handle, type, "syevd", &use->syevd) &&
         find(handle, type, "gelsd", &use->gelsd);
}

/* The library stays in memory: it may have threads. */
static bool load(peri__lapack *library, const char *name) {
  library->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (!library->handle) return false;
  if (find_all(library->handle, 's', &library->f32) &&
      find_all(library->handle, 'd', &library->f64))
    return true;
  dlclose(library->handle);
  return false;
}

static bool load_any(peri__lapack *library, const char *path) {
  if (path) return *path != '\0' && load(library, path);
  for (size_t i = 0; i < sizeof usual_names / sizeof *usual_names; i++)
    if (load(library, usual_names[i])) return true;
  return false;
}

const peri__lapack *peri__lapack_of(peri_context *ctx) {
  peri__lapack library = {.handle = NULL};
  if (ctx->lapack || !load_any(&library, ctx->lapack_path)) return ctx->lapack;
  ctx->lapack = peri__alloc(ctx, sizeof library);
  if (ctx->lapack)
    *ctx->lapack = library;
  else
    dlclose(library.handle);
  return ctx->lapack;
}

void peri__lapack_end(peri_context *ctx) {
  if (ctx->lapack) dlclose(ctx->lapack->handle);
}

/* ---- A record --------------------------------------------------------- */

#define X(name) void peri__lapack_##name(peri__lapack_job *job);
PERI_LAPACK_KERNELS(X)
#undef X

static peri__lapack_job job_of(const peri_call *call, bool runs) {
  peri__lapack_job job = {.call = call, .runs = runs, .count = 1};
  const peri_arg *x = &call->arg[call->nout];
  memcpy(&job.attr, call->attr, sizeof job.attr);
  job.dtype = x->dtype;
  job.size = peri_dtype_size(job.dtype);
  if (job.attr.library)
    job.use =
        job.dtype == PERI_F32 ? &job.attr.library->f32 : &job.attr.library->f64;
  for (int d = 0; d < job.attr.batch; d++) job.count *= x->shape[d];
  return job;
}

peri__lapack_job peri__lapack_begin(const peri_call *call) {
  return job_of(call, true);
}

#define X(name) \
  void peri__plain_##name(const peri_call *call) { \
    peri__lapack_job job = job_of(call, true); \
    peri__lapack_##name(&job); \
  }
PERI_LAPACK_KERNELS(X)
#undef X

size_t peri__lapack_workspace(const peri_call *call) {
  if (call->kernel < peri__kernel_id(PERI_K_lu) ||
      call->kernel > peri__kernel_id(PERI_K_lstsq))
    return 0;
  static const struct {
    int kernel;
    void (*body)(peri__lapack_job *job);
  } rows[] = {
#define X(name) {PERI_K_##name, peri__lapack_##name},
      PERI_LAPACK_KERNELS(X)
#undef X
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (call->kernel != peri__kernel_id(rows[i].kernel)) continue;
    peri__lapack_job job = job_of(call, false);
    rows[i].body(&job);
    return job.used;
  }
  return 0;
}

void *peri__lapack_room(peri__lapack_job *job, int64_t count, size_t size) {
  char *start = job->call->workspace;
  size_t at = job->used;
  job->used += ((size_t)count * size + 63) / 64 * 64;
  return start && job->runs ? start + at : NULL;
}

/* Told as a float, a length may have been rounded down. */
void *peri__lapack_work(peri__lapack_job *job, const void *best, int *length) {
  double told;
  peri__convert(&told, PERI_F64, 1, best, job->dtype, 1, 1);
  if (job->dtype == PERI_F32) told *= 1 + (double)FLT_EPSILON;
  *length = told < 1 ? 1 : told < INT_MAX ? (int)ceil(told) : INT_MAX;
  return peri__lapack_room(job, *length, job->size);
}

bool peri__lapack_next(peri__lapack_job *job) {
  const peri_call *call = job->call;
  int64_t rest = job->index;
  if (!job->runs || rest == job->count || peri_call_stopped(call)) return false;
  job->index++;
  for (int i = 0; i < call->nout + call->nin; i++) job->offset[i] = 0;
  for (int d = job->attr.batch - 1; d >= 0; d--) {
    int64_t size = call->arg[call->nout].shape[d], at = rest % size;
    rest /= size;
    for (int i = 0; i < call->nout + call->nin; i++)
      if (call->arg[i].data) job->offset[i] += at * call->arg[i].strides[d];
  }
  return true;
}

/* ---- Matrices --------------------------------------------------------- */

peri__matrix peri__lapack_matrix(const peri__lapack_job *job, int arg) {
  const peri_arg *x = &job->call->arg[arg];
  int row = job->attr.batch, col = row + 1;
  size_t size = peri_dtype_size(x->dtype);
  return (peri__matrix){
      .dtype = x->dtype,
      .data = (char *)x->data + job->offset[arg] * (int64_t)size,
      .rows = row < x->ndim ? x->shape[row] : 1,
      .row = row < x->ndim ? x->strides[row] : 1,
      .cols = col < x->ndim ? x->shape[col] : 1,
      .col = col < x->ndim ? x->strides[col] : 1,
  };
}

peri__matrix peri__matrix_turned(peri__matrix a) {
  return (peri__matrix){a.dtype, a.data, a.cols, a.rows, a.col, a.row};
}

static void *at(peri__matrix a, int64_t row, int64_t col) {
  return a.data +
         (row * a.row + col * a.col) * (int64_t)peri_dtype_size(a.dtype);
}

void peri__matrix_load(const peri__lapack_job *job, peri__matrix a, void *to) {
  char *column = to;
  for (int64_t j = 0; j < a.cols; j++, column += (size_t)a.rows * job->size)
    peri__convert(column, job->dtype, 1, at(a, 0, j), a.dtype, a.row, a.rows);
}

void peri__matrix_store(const peri__lapack_job *job, peri__matrix a,
                        const void *from, int64_t step) {
  const char *column = from;
  for (int64_t j = 0; j < a.cols; j++, column += (size_t)step * job->size)
    peri__convert(at(a, 0, j), a.dtype, a.row, column, job->dtype, 1, a.rows);
}

void peri__matrix_put(peri__matrix a, int64_t row, int64_t col, double value) {
  peri__convert(at(a, row, col), a.dtype, 1, &value, PERI_F64, 1, 1);
}

double peri__matrix_get(peri__matrix a, int64_t row, int64_t col) {
  double value;
  peri__convert(&value, PERI_F64, 1, at(a, row, col), a.dtype, 1, 1);
  return value;
}

/* 'count' elements of column 'col' from 'row' on become 'value'. */
static void fill(peri__matrix a, int64_t row, int64_t col, int64_t count,
                 double value) {
  if (count > 0)
    peri__convert(at(a, row, col), a.dtype, a.row, &value, PERI_F64, 0, count);
}

void peri__matrix_unit(peri__matrix a, double value) {
  for (int64_t j = 0; j < a.cols; j++) {
    fill(a, 0, j, a.rows, 0);
    if (j < a.rows) fill(a, j, j, 1, value);
  }
}

void peri__matrix_trim(peri__matrix a, bool upper) {
  for (int64_t j = 0; j < a.cols; j++)
    if (upper)
      fill(a, j + 1, j, a.rows - j - 1, 0);
    else
      fill(a, 0, j, j < a.rows ? j : a.rows, 0);
}

void peri__fill_nan(const peri__lapack_job *job, void *data, int64_t count) {
  const double nan = NAN;
  peri__convert(data, job->dtype, 1, &nan, PERI_F64, 0, count);
}

bool peri__all_finite(const peri__lapack_job *job, const void *data,
                      int64_t count) {
  const float *f32 = data;
  const double *f64 = data;
  for (int64_t i = 0; i < count; i++)
    if (!isfinite(job->dtype == PERI_F32 ? (double)f32[i] : f64[i]))
      return false;
  return true;
}
