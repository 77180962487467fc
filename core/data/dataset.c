/* dataset.c - data sets, and the table of readers that make them.

   A data set is a list of tensors with equal first sizes: sample i is the i-th
   entry of each. A batch is made by operations (index_select, mul), so what
   happens to the samples is in the call records like everything else. */
#include <math.h>

#include "data/data.h"

/* One tensor of the set and what batches of it are multiplied with. */
typedef struct {
  peri_tensor *tensor;
  double scale; /* 0: delivered as it is */
} column;

struct peri_dataset {
  peri_context *ctx;
  int64_t refs;
  int64_t size;
  char *source;   /* NULL: none was set */
  char **classes; /* pointers and texts in one block */
  int class_count;
  int count;
  column columns[];
};

/* ---- Readers ---------------------------------------------------------- */

#define READER(name, params, doc) \
  int peri__##name##_read(peri_context *ctx, const peri_value *value, \
                          int base, peri_made *made, int room);
#include "data/readers.def"
#undef READER

#include "tables.h"

static const peri_reader readers[] = {
#define READER(name, params, doc) \
  {#name, {params{0}}, peri__##name##_read, doc},
#include "data/readers.def"
#undef READER
};

const peri_reader *peri_reader_at(int index) {
  const int count = (int)(sizeof readers / sizeof *readers);
  return index >= 0 && index < count ? &readers[index] : NULL;
}

const peri_reader *peri_reader_named(const char *name) {
  const peri_reader *reader;
  for (int i = 0; name && (reader = peri_reader_at(i)); i++)
    if (strcmp(reader->name, name) == 0) return reader;
  return NULL;
}

int peri__made_room(peri_context *ctx, const char *what, int room, int need) {
  return room >= need ? 0
                      : peri_fail(ctx, PERI_EARG,
                                  "%s: room for %d results is needed, got %d",
                                  what, need, room);
}

static int read_made(peri_context *ctx, const peri_reader *reader,
                     const peri_value *value, int base, peri_made *made,
                     int room) {
  peri_value checked[PERI_MAX_PARAMS];
  if (!reader || !made || room < 0)
    return peri_fail(ctx, PERI_EARG, "read: %s",
                     reader ? "no room for results" : "the reader is NULL");
  memset(made, 0, (size_t)room * sizeof *made);
  int status =
      peri__check_values(ctx, reader->name, reader->params, value, checked);
  return status < 0 ? status : reader->read(ctx, checked, base, made, room);
}

int peri_read(peri_context *ctx, const peri_reader *reader,
              const peri_value *value, int base, peri_made *made, int room) {
  int status = peri__enter(ctx);
  if (status < 0) return status;
  status = read_made(ctx, reader, value, base, made, room);
  peri__leave(ctx);
  return status;
}

/* ---- Making and freeing ----------------------------------------------- */

static int check_tensors(peri_context *ctx, peri_tensor *const *tensors,
                         int count) {
  if (!tensors || count < 1)
    return peri_fail(ctx, PERI_EARG, "dataset: at least one tensor is needed");
  for (int i = 0; i < count; i++) {
    if (!tensors[i])
      return peri_fail(ctx, PERI_EARG, "dataset: a tensor is NULL");
    if (tensors[i]->ndim == 0)
      return peri_fail(ctx, PERI_ESHAPE,
                       "dataset: a tensor is 0-d, it has no samples");
    if (tensors[i]->shape[0] != tensors[0]->shape[0])
      return peri_fail(ctx, PERI_ESHAPE,
                       "dataset: tensors %s and %s differ in their first "
                       "size, the number of samples",
                       peri__shape_of(tensors[0]).s,
                       peri__shape_of(tensors[i]).s);
  }
  return 0;
}

static peri_dataset *make(peri_context *ctx, peri_tensor *const *tensors,
                          int count) {
  if (check_tensors(ctx, tensors, count) < 0) return NULL;
  peri_dataset *set = peri__alloc_zeroed(
      ctx, sizeof *set + (size_t)count * sizeof *set->columns);
  if (!set) return NULL;
  set->ctx = ctx;
  set->refs = 1;
  set->size = tensors[0]->shape[0];
  set->count = count;
  for (int i = 0; i < count; i++)
    set->columns[i].tensor = peri__hold(tensors[i]);
  return set;
}

peri_dataset *peri_dataset_new(peri_context *ctx, peri_tensor *const *tensors,
                               int count) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_dataset *set = make(ctx, tensors, count);
  peri__leave(ctx);
  return set;
}

peri_dataset *peri_dataset_keep(peri_dataset *dataset) {
  if (!dataset || peri__enter_always(dataset->ctx) < 0) return NULL;
  dataset->refs++;
  peri__leave(dataset->ctx);
  return dataset;
}

void peri_dataset_free(peri_dataset *dataset) {
  if (!dataset || peri__enter_always(dataset->ctx) < 0) return;
  peri_context *ctx = dataset->ctx;
  if (--dataset->refs == 0) {
    for (int i = 0; i < dataset->count; i++)
      peri__drop(dataset->columns[i].tensor);
    peri__free(ctx, dataset->classes);
    peri__free(ctx, dataset->source);
    peri__free(ctx, dataset);
  }
  peri__leave(ctx);
}

/* ---- What it is ------------------------------------------------------- */

peri_context *peri_dataset_context(const peri_dataset *dataset) {
  return dataset ? dataset->ctx : NULL;
}

int64_t peri_dataset_size(const peri_dataset *dataset) {
  return dataset ? dataset->size : 0;
}

peri_tensor *peri_dataset_tensor(const peri_dataset *dataset, int index) {
  bool there = dataset && index >= 0 && index < dataset->count;
  return there ? dataset->columns[index].tensor : NULL;
}

const char *peri_dataset_class(const peri_dataset *dataset, int index) {
  bool there = dataset && index >= 0 && index < dataset->class_count;
  return there ? dataset->classes[index] : NULL;
}

const char *peri_dataset_source(const peri_dataset *dataset) {
  return dataset && dataset->source ? dataset->source : "tensors";
}

static int set_scale(peri_dataset *set, int index, double scale) {
  peri_tensor *x = peri_dataset_tensor(set, index);
  if (!x)
    return peri_fail(set->ctx, PERI_EINDEX,
                     "dataset: no tensor %d, there are %d", index, set->count);
  if (x->dtype != PERI_U8)
    return peri_fail(set->ctx, PERI_EDTYPE,
                     "dataset: a scale is for uint8, the tensor is %s",
                     peri_dtype_name(x->dtype));
  if (!isfinite(scale))
    return peri_fail(set->ctx, PERI_EARG, "dataset: scale must be finite");
  set->columns[index].scale = scale;
  return 0;
}

int peri_dataset_scale(peri_dataset *dataset, int index, double scale) {
  int status = dataset ? peri__enter(dataset->ctx) : PERI_EARG;
  if (status < 0) return status;
  status = set_scale(dataset, index, scale);
  peri__leave(dataset->ctx);
  return status;
}

/* One block: 'count' pointers, then the texts they point to. */
static char **copy_names(peri_context *ctx, const char *const *names,
                         int count) {
  size_t bytes = (size_t)count * sizeof(char *);
  for (int i = 0; i < count; i++) bytes += strlen(names[i]) + 1;
  char **copy = peri__alloc(ctx, bytes);
  if (!copy) return NULL;
  char *text = (char *)(copy + count);
  for (int i = 0; i < count; i++) {
    size_t length = strlen(names[i]) + 1;
    copy[i] = memcpy(text, names[i], length);
    text += length;
  }
  return copy;
}

static int set_classes(peri_dataset *set, const char *const *names, int count) {
  bool whole = count == 0 || (count > 0 && names);
  for (int i = 0; whole && i < count; i++) whole = names[i] != NULL;
  if (!whole)
    return peri_fail(set->ctx, PERI_EARG, "dataset: a class name is missing");
  char **copy = copy_names(set->ctx, names, count);
  if (!copy) return PERI_ENOMEM;
  peri__free(set->ctx, set->classes);
  set->classes = copy;
  set->class_count = count;
  return 0;
}

int peri_dataset_set_classes(peri_dataset *dataset, const char *const *names,
                             int count) {
  int status = dataset ? peri__enter(dataset->ctx) : PERI_EARG;
  if (status < 0) return status;
  status = set_classes(dataset, names, count);
  peri__leave(dataset->ctx);
  return status;
}

int peri_dataset_set_source(peri_dataset *dataset, const char *source) {
  int status = dataset ? peri__enter(dataset->ctx) : PERI_EARG;
  if (status < 0) return status;
  char *copy = source ? peri__strdup(dataset->ctx, source) : NULL;
  if (source && !copy) {
    status = PERI_ENOMEM;
  } else {
    peri__free(dataset->ctx, dataset->source);
    dataset->source = copy;
  }
  peri__leave(dataset->ctx);
  return status;
}

/* ---- Batches ---------------------------------------------------------- */

static int check_batch(peri_dataset *set, const int64_t *positions,
                       int64_t count, peri_tensor **out, int room) {
  if (peri__made_room(set->ctx, "dataset", room, set->count) < 0)
    return PERI_EARG;
  if (count < 0 || (count > 0 && !positions) || !out)
    return peri_fail(set->ctx, PERI_EARG,
                     "dataset: positions or places for tensors are missing");
  for (int64_t i = 0; i < count; i++)
    if (positions[i] < 0 || positions[i] >= set->size)
      return peri_fail(set->ctx, PERI_EINDEX,
                       "dataset: position %lld is out of range, %lld samples "
                       "count from 0",
                       (long long)positions[i], (long long)set->size);
  return 0;
}

/* The rows of one tensor that 'index' names, scaled. */
static peri_tensor *take(const column *from, peri_tensor *index) {
  peri_tensor *rows = peri_index_select(from->tensor, index, NULL);
  if (from->scale == 0 || !rows) return rows;
  peri_tensor *wide = peri_to(rows, PERI_F32);
  peri_tensor *number = peri_number(rows->ctx, from->scale);
  peri_tensor *batch = peri_mul(wide, number);
  peri_release(number);
  peri_release(wide);
  peri_release(rows);
  return batch;
}

static int make_batch(peri_dataset *set, const int64_t *positions,
                      int64_t count, peri_tensor **out, int room) {
  int status = check_batch(set, positions, count, out, room);
  if (status < 0) return status;
  peri_tensor *index =
      peri_tensor_new(set->ctx, positions, &count, 1, PERI_I64);
  int made = 0;
  while (index && made < set->count) {
    out[made] = take(&set->columns[made], index);
    if (!out[made]) break;
    made++;
  }
  peri_release(index);
  if (made == set->count) return made;
  while (made > 0) peri_release(out[--made]);
  return peri_error(set->ctx);
}

int peri_dataset_batch(peri_dataset *dataset, const int64_t *positions,
                       int64_t count, peri_tensor **out, int room) {
  int status = dataset ? peri__enter(dataset->ctx) : PERI_EARG;
  if (status < 0) return status;
  status = make_batch(dataset, positions, count, out, room);
  peri__leave(dataset->ctx);
  return status;
}
