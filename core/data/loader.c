/* loader.c - a data set in batches, epoch after epoch.

   The order of an epoch depends on the context's seed and the epoch's number
   alone, so training that stops and resumes sees the same samples. An epoch
   can be started as often as one likes, also before another is through. */
#include "data/data.h"

struct peri_loader {
  peri_context *ctx;
  peri_dataset *dataset;
  peri_loader_options options;
  int64_t size; /* samples */
  int64_t next; /* place in 'order' of the next sample; -1: not started */
  int64_t order[];
};

static peri_loader *make(peri_dataset *dataset, peri_loader_options options) {
  peri_context *ctx = peri_dataset_context(dataset);
  int64_t size = peri_dataset_size(dataset);
  if (options.batch_size < 0) {
    peri_fail(ctx, PERI_EARG, "loader: batch_size must be 1 or more, got %lld",
              (long long)options.batch_size);
    return NULL;
  }
  int64_t bytes;
  if (!peri__mul(size, (int64_t)sizeof(int64_t), &bytes) ||
      !peri__add(bytes, (int64_t)sizeof(peri_loader), &bytes)) {
    peri_fail(ctx, PERI_ENOMEM, "loader: too many samples to order");
    return NULL;
  }
  peri_loader *loader = peri__alloc(ctx, (size_t)bytes);
  if (!loader) return NULL;
  loader->ctx = ctx;
  loader->dataset = peri_dataset_keep(dataset);
  loader->options = options;
  if (options.batch_size == 0) loader->options.batch_size = 1;
  loader->size = size;
  loader->next = -1;
  for (int64_t i = 0; i < size; i++) loader->order[i] = i;
  return loader;
}

peri_loader *peri_loader_new(peri_dataset *dataset,
                             const peri_loader_options *options) {
  static const peri_loader_options defaults = {0};
  if (!dataset || peri__enter(peri_dataset_context(dataset)) < 0) return NULL;
  peri_loader *loader = make(dataset, options ? *options : defaults);
  peri__leave(peri_dataset_context(dataset));
  return loader;
}

void peri_loader_free(peri_loader *loader) {
  if (!loader || peri__enter_always(loader->ctx) < 0) return;
  peri_context *ctx = loader->ctx;
  peri_dataset_free(loader->dataset);
  peri__free(ctx, loader);
  peri__leave(ctx);
}

peri_context *peri_loader_context(const peri_loader *loader) {
  return loader ? loader->ctx : NULL;
}

int64_t peri_loader_size(const peri_loader *loader) {
  if (!loader) return 0;
  int64_t full = loader->size / loader->options.batch_size;
  bool rest = loader->size % loader->options.batch_size != 0;
  return rest && !loader->options.drop_last ? full + 1 : full;
}

static int start(peri_loader *loader, int64_t epoch) {
  if (epoch < 0)
    return peri_fail(loader->ctx, PERI_EARG,
                     "loader: epochs count from 0, got %lld", (long long)epoch);
  if (loader->options.shuffle)
    peri__shuffle(loader->ctx->generator.seed, (uint64_t)epoch,
                  PERI_STREAM_ORDER, loader->order, loader->size);
  loader->next = 0;
  return 0;
}

int peri_loader_start(peri_loader *loader, int64_t epoch) {
  int status = loader ? peri__enter(loader->ctx) : PERI_EARG;
  if (status < 0) return status;
  status = start(loader, epoch);
  peri__leave(loader->ctx);
  return status;
}

/* The next batch; a failure leaves the place where it was. */
static int next(peri_loader *loader, peri_tensor **out, int room) {
  if (loader->next < 0)
    return peri_fail(loader->ctx, PERI_EARG,
                     "loader: start an epoch before asking for batches");
  int64_t count = loader->size - loader->next;
  if (count > loader->options.batch_size) count = loader->options.batch_size;
  bool full = count == loader->options.batch_size;
  if (count == 0 || (loader->options.drop_last && !full)) return 0;
  int made = peri_dataset_batch(loader->dataset, loader->order + loader->next,
                                count, out, room);
  if (made > 0) loader->next += count;
  return made;
}

int peri_loader_next(peri_loader *loader, peri_tensor **out, int room) {
  int status = loader ? peri__enter(loader->ctx) : PERI_EARG;
  if (status < 0) return status;
  status = next(loader, out, room);
  peri__leave(loader->ctx);
  return status;
}
