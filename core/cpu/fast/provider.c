/* provider.c - the provider of one level: the table of its kernels; what they
   do not take goes to the plain ones. */
#include "optim/update.h"

static const peri__fast *const kernels[PERI_KERNEL_COUNT] = {
    [PERI_K_copy] = &LEVEL(copy),
    [PERI_K_fill] = &LEVEL(fill),
    [PERI_K_matmul] = &LEVEL(matmul),
    [PERI_K_gather] = &LEVEL(gather),
    [PERI_K_scatter] = &LEVEL(scatter),
    [PERI_K_join_places] = &LEVEL(join_places),
    [PERI_K_masked_select] = &LEVEL(masked_select),
    [PERI_K_masked_scatter] = &LEVEL(masked_scatter),
    [PERI_K_nonzero] = &LEVEL(nonzero),
    [PERI_K_uniform] = &LEVEL(uniform),
    [PERI_K_normal] = &LEVEL(normal),
    [PERI_K_integers] = &LEVEL(integers),
    [PERI_K_bernoulli] = &LEVEL(bernoulli),
    [PERI_K_dropout_mask] = &LEVEL(dropout_mask),
    [PERI_K_permutation] = &LEVEL(permutation),
    [PERI_K_law] = &LEVEL(law),
    [PERI_K_sum] = &LEVEL(reduce),
    [PERI_K_nansum] = &LEVEL(reduce),
    [PERI_K_prod] = &LEVEL(reduce),
    [PERI_K_norm] = &LEVEL(reduce),
    [PERI_K_moments] = &LEVEL(pairs),
    [PERI_K_logsumexp] = &LEVEL(pairs),
    [PERI_K_scan_sum] = &LEVEL(scans),
    [PERI_K_scan_prod] = &LEVEL(scans),
    [PERI_K_scan_max] = &LEVEL(scans),
    [PERI_K_scan_min] = &LEVEL(scans),
    [PERI_K_recurrence] = &LEVEL(scans),
    [PERI_K_distances] = &LEVEL(distances),
    [PERI_K_any] = &LEVEL(reduce),
    [PERI_K_all] = &LEVEL(reduce),
    [PERI_K_max] = &LEVEL(extreme),
    [PERI_K_min] = &LEVEL(extreme),
    [PERI_K_argmax] = &LEVEL(choice),
    [PERI_K_argmin] = &LEVEL(choice),
    [PERI_K_softmax] = &LEVEL(softmax),
    [PERI_K_log_softmax] = &LEVEL(softmax),
    [PERI_K_softmax_dx] = &LEVEL(softmax),
    [PERI_K_log_softmax_dx] = &LEVEL(softmax),
    [PERI_K_class_loss] = &LEVEL(class_loss),
    [PERI_K_class_loss_dx] = &LEVEL(class_loss_dx),
    [PERI_K_sort] = &LOWEST(sort),
    [PERI_K_topk] = &LOWEST(topk),
    [PERI_K_kth] = &LOWEST(kth),
    [PERI_K_mode] = &LOWEST(mode),
    [PERI_K_search] = &LOWEST(search),
};

/* Updates of the optimizers, which take every record. */
static void (*const updates[])(const peri_call *call) = {
#define OPTIM(Name, ...) LEVEL(Name),
#include "optim/optims.def"
};
#undef OPTIM

/* Row of the optimizer whose update the record is, negative if it is none. */
static int update_row(const peri_call *call) {
  const int count = (int)(sizeof updates / sizeof *updates);
  int row = call->kernel - peri__kernel_id(PERI_KERNEL_COUNT);
  return row < count ? row : -1;
}

/* The kernel for a record of no pointwise row, NULL if there is none. */
static const peri__fast *find(const peri_call *call) {
  int own = call->kernel - PERI_POINTWISE_KERNELS;
  return own < PERI_KERNEL_COUNT ? kernels[own] : NULL;
}

static bool supports(const peri_provider *self, const peri_call *call) {
  (void)self;
  if (call->kernel < PERI_POINTWISE_KERNELS || update_row(call) >= 0)
    return true;
  const peri__fast *kernel = find(call);
  return kernel && kernel->supports(call);
}

static int prepare(const peri_provider *self, peri_call *call) {
  (void)self;
  if (call->kernel < PERI_POINTWISE_KERNELS)
    LEVEL(pointwise_prepare)(call);
  else if (update_row(call) >= 0)
    call->run = updates[update_row(call)];
  else
    find(call)->prepare(call);
  return 0;
}

const peri_provider LEVEL(provider) = {PERI_LEVEL_NAME, NULL, supports,
                                       prepare};
