/* data_spec.c - data sets and loaders through the C API: batches, the order of
   samples, the texts of errors. */
#define _POSIX_C_SOURCE 200809L
#include "data_check.h"

/* x [size, 2] uint8 with x[i] = (i, i + 100), y [size] int64 with y[i] = i. */
static peri_dataset *numbered(peri_context *ctx, int64_t size) {
  uint8_t x[64][2];
  int64_t y[64];
  const int64_t shape[] = {size, 2};
  for (int i = 0; i < size; i++) {
    x[i][0] = (uint8_t)i;
    x[i][1] = (uint8_t)(i + 100);
    y[i] = i;
  }
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *tensors[] = {peri_tensor_new(ctx, x, shape, 2, PERI_U8),
                            peri_tensor_new(ctx, y, shape, 1, PERI_I64)};
  peri_dataset *set = peri_dataset_new(ctx, tensors, 2);
  peri_scope_close(scope);
  return set;
}

static void batches(peri_context *ctx) {
  peri_dataset *set = numbered(ctx, 6);
  const int64_t positions[] = {4, 0, 4};
  uint8_t x[3][2];
  float scaled[3][2];
  peri_tensor *out[2];
  CHECK(peri_dataset_size(set) == 6);
  CHECK(peri_dataset_batch(set, positions, 3, out, 2) == 2);
  CHECK(peri_tensor_dtype(out[0]) == PERI_U8);
  CHECK(peri_copy_out(out[0], x, PERI_U8, sizeof x) == 0);
  CHECK(x[0][0] == 4 && x[0][1] == 104 && x[1][0] == 0 && x[2][1] == 104);
  CHECK(peri_dataset_scale(set, 0, 0.5) == 0);
  CHECK(peri_dataset_batch(set, positions, 3, out, 2) == 2);
  CHECK(peri_tensor_dtype(out[0]) == PERI_F32);
  CHECK(peri_copy_out(out[0], scaled, PERI_F32, sizeof scaled) == 0);
  CHECK(scaled[0][0] == 2 && scaled[0][1] == 52 && scaled[1][0] == 0);
  CHECK(peri_dataset_batch(set, NULL, 0, out, 2) == 2);
  CHECK(peri_tensor_shape(out[0])[0] == 0 && peri_tensor_shape(out[0])[1] == 2);
  CHECK(peri_tensor_shape(out[1])[0] == 0 && peri_tensor_ndim(out[1]) == 1);
  CHECK(peri_dataset_keep(set) == set);
  peri_dataset_free(set);
  CHECK(peri_dataset_size(set) == 6);
  peri_dataset_free(set);
}

static void names(peri_context *ctx) {
  static const char *const classes[] = {"cat", "dog"};
  peri_dataset *set = numbered(ctx, 2);
  CHECK_TEXT(peri_dataset_source(set), "tensors");
  CHECK(peri_dataset_set_source(set, "a story") == 0);
  CHECK_TEXT(peri_dataset_source(set), "a story");
  CHECK(peri_dataset_class(set, 0) == NULL);
  CHECK(peri_dataset_set_classes(set, classes, 2) == 0);
  CHECK_TEXT(peri_dataset_class(set, 1), "dog");
  CHECK(peri_dataset_class(set, 2) == NULL);
  CHECK(peri_dataset_class(set, -1) == NULL);
  CHECK(peri_dataset_tensor(set, 2) == NULL);
  peri_dataset_free(set);
}

static void dataset_errors(peri_context *ctx) {
  const int64_t three = 3, four = 4, wrong[] = {1, 6}, negative = -1;
  peri_tensor *out[2], *pair[2];
  peri_scope scope = peri_scope_open(ctx);
  CHECK(!peri_dataset_new(ctx, NULL, 0));
  CHECK(failed(ctx, PERI_EARG, "dataset: at least one tensor is needed"));
  pair[0] = peri_tensor_new(ctx, NULL, &three, 1, PERI_F32);
  pair[1] = peri_tensor_new(ctx, NULL, &four, 1, PERI_F32);
  CHECK(!peri_dataset_new(ctx, pair, 2));
  CHECK(failed(ctx, PERI_ESHAPE,
               "dataset: tensors [3] and [4] differ in their "
               "first size, the number of samples"));
  pair[1] = peri_number(ctx, 1);
  CHECK(!peri_dataset_new(ctx, pair, 2));
  CHECK(
      failed(ctx, PERI_ESHAPE, "dataset: a tensor is 0-d, it has no samples"));
  pair[1] = NULL;
  CHECK(!peri_dataset_new(ctx, pair, 2));
  CHECK(failed(ctx, PERI_EARG, "dataset: a tensor is NULL"));
  peri_scope_close(scope);
  peri_dataset *set = numbered(ctx, 6);
  CHECK(peri_dataset_batch(set, wrong, 2, out, 2) == PERI_EINDEX);
  CHECK(failed(ctx, PERI_EINDEX,
               "dataset: position 6 is out of range, 6 samples "
               "count from 0"));
  CHECK(peri_dataset_batch(set, &negative, 1, out, 2) == PERI_EINDEX);
  peri_clear_error(ctx);
  CHECK(peri_dataset_batch(set, wrong, 1, out, 1) == PERI_EARG);
  CHECK(failed(ctx, PERI_EARG, "dataset: room for 2 results is needed, got 1"));
  CHECK(peri_dataset_scale(set, 1, 0.5) == PERI_EDTYPE);
  CHECK(failed(ctx, PERI_EDTYPE,
               "dataset: a scale is for uint8, the tensor is int64"));
  CHECK(peri_dataset_batch(NULL, wrong, 1, out, 2) == PERI_EARG);
  peri_dataset_free(set);
}

/* The second tensors of all batches of 'epoch', one after the other. -> how
   many samples; the sizes of the batches in 'sizes', 0 at the end */
static int64_t walk(peri_loader *loader, int64_t epoch, int64_t *order,
                    int64_t *sizes) {
  int64_t count = 0;
  peri_tensor *out[2];
  if (peri_loader_start(loader, epoch) < 0) return -1;
  while (peri_loader_next(loader, out, 2) > 0) {
    int64_t size = peri_tensor_numel(out[1]);
    peri_copy_out(out[1], order + count, PERI_I64, (size_t)size * 8);
    *sizes++ = size;
    count += size;
    peri_release(out[0]);
    peri_release(out[1]);
  }
  *sizes = 0;
  return count;
}

static void loader_sizes(peri_context *ctx) {
  int64_t order[64], sizes[64];
  peri_dataset *set = numbered(ctx, 10);
  peri_loader_options options = {.batch_size = 4};
  peri_loader *loader = peri_loader_new(set, &options);
  CHECK(peri_loader_size(loader) == 3);
  CHECK(walk(loader, 0, order, sizes) == 10);
  CHECK(sizes[0] == 4 && sizes[1] == 4 && sizes[2] == 2 && sizes[3] == 0);
  bool ascending = true;
  for (int i = 0; i < 10; i++) ascending = ascending && order[i] == i;
  CHECK(ascending);
  peri_loader_free(loader);
  options.drop_last = true;
  loader = peri_loader_new(set, &options);
  CHECK(peri_loader_size(loader) == 2);
  CHECK(walk(loader, 0, order, sizes) == 8);
  peri_loader_free(loader);
  loader = peri_loader_new(set, NULL);
  CHECK(peri_loader_size(loader) == 10);
  peri_dataset_free(set); /* the loader keeps its own share */
  CHECK(walk(loader, 3, order, sizes) == 10);
  peri_loader_free(loader);
  set = numbered(ctx, 0);
  loader = peri_loader_new(set, NULL);
  CHECK(peri_loader_size(loader) == 0);
  CHECK(walk(loader, 0, order, sizes) == 0);
  peri_loader_free(loader);
  peri_dataset_free(set);
}

static bool permutation(const int64_t *order, int count) {
  bool seen[64] = {false};
  for (int i = 0; i < count; i++) {
    if (order[i] < 0 || order[i] >= count || seen[order[i]]) return false;
    seen[order[i]] = true;
  }
  return true;
}

static void loader_order(peri_context *ctx) {
  int64_t first[64], again[64], later[64], sizes[64];
  const size_t bytes = 40 * sizeof *first;
  peri_dataset *set = numbered(ctx, 40);
  peri_loader_options options = {.batch_size = 7, .shuffle = true};
  peri_loader *loader = peri_loader_new(set, &options);
  CHECK(peri_manual_seed(ctx, 5) == 0);
  CHECK(walk(loader, 0, first, sizes) == 40 && permutation(first, 40));
  CHECK(walk(loader, 1, later, sizes) == 40 && permutation(later, 40));
  CHECK(memcmp(first, later, bytes) != 0);
  CHECK(walk(loader, 0, again, sizes) == 40);
  CHECK(memcmp(first, again, bytes) == 0);
  peri_loader_free(loader);
  options.batch_size = 3; /* another loader, other batches: the same order */
  loader = peri_loader_new(set, &options);
  CHECK(walk(loader, 1, again, sizes) == 40);
  CHECK(memcmp(later, again, bytes) == 0);
  peri_manual_seed(ctx, 6);
  CHECK(walk(loader, 1, again, sizes) == 40 && permutation(again, 40));
  CHECK(memcmp(later, again, bytes) != 0);
  peri_loader_free(loader);
  peri_dataset_free(set);
}

static void loader_errors(peri_context *ctx) {
  peri_tensor *out[2];
  peri_dataset *set = numbered(ctx, 5);
  peri_loader_options options = {.batch_size = -3};
  CHECK(!peri_loader_new(set, &options));
  CHECK(failed(ctx, PERI_EARG, "loader: batch_size must be 1 or more, got -3"));
  options.batch_size = 2;
  peri_loader *loader = peri_loader_new(set, &options);
  CHECK(peri_loader_next(loader, out, 2) == PERI_EARG);
  CHECK(failed(ctx, PERI_EARG,
               "loader: start an epoch before asking for batches"));
  CHECK(peri_loader_start(loader, -1) == PERI_EARG);
  CHECK(failed(ctx, PERI_EARG, "loader: epochs count from 0, got -1"));
  CHECK(peri_loader_start(loader, 0) == 0);
  CHECK(peri_loader_next(loader, out, 2) == 2);
  CHECK(peri_loader_next(loader, out, 1) == PERI_EARG); /* no room */
  CHECK(peri_loader_next(loader, out, 2) == PERI_EARG); /* the error stays */
  peri_clear_error(ctx);
  CHECK(peri_loader_next(loader, out, 2) == 2); /* the batch that failed */
  CHECK(peri_copy_out(out[1], (int64_t[2]){0}, PERI_I64, 16) == 0);
  CHECK(peri_loader_next(loader, out, 2) == 2);
  CHECK(peri_item_whole(out[1]) == 4);
  CHECK(peri_loader_next(loader, out, 2) == 0);
  CHECK(peri_loader_next(loader, out, 2) == 0);
  peri_loader_free(loader);
  peri_dataset_free(set);
}

static void (*const cases[])(peri_context *) = {
    batches, names, dataset_errors, loader_sizes, loader_order, loader_errors};

int main(void) { return RUN_CASES("data", cases); }
