/* fast.h - words of the kernels that are compiled once per instruction-set
   level. They are written with vector types of the compiler, as wide as the
   level's registers, so one body serves every level; what a file shows to
   others is named by LEVEL, which puts the level into the name. */
#ifndef PERI_FAST_H
#define PERI_FAST_H

#include "cpu/level.h"

/* PERI_LEVEL comes from the Makefile: x86_64_v3 ... */
#define LEVEL(name) LEVEL_NAME(PERI_LEVEL, name)
/* The same of the lowest level, which alone has kernels of whole numbers. */
#define LOWEST(name) LEVEL_NAME(PERI_LOWEST, name)
#define LEVEL_NAME(level, name) LEVEL_PASTE(level, name)
#define LEVEL_PASTE(level, name) peri__##level##_##name

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FUSED 1
#else
#define FUSED 0
#endif

#define INLINE static inline __attribute__((always_inline))

/* What runs once in a call: as small as can be, and never copied. */
#define COLD static __attribute__((cold, noinline))

/* UNROLL stands in front of a loop with a constant number of turns, FEW in
   front of one with too few for vectors: clang 14 would gather and scatter. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define FEW _Pragma("clang loop vectorize(disable) unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#define FEW
#endif

/* One fast kernel: what 'supports' and 'prepare' of the provider ask for a
   record of its. */
typedef struct {
  bool (*supports)(const peri_call *call);
  void (*prepare)(peri_call *call);
} peri__fast;

extern const peri__fast LEVEL(matmul);
extern const peri__fast LEVEL(copy);
extern const peri__fast LEVEL(fill);
extern const peri__fast LEVEL(gather), LEVEL(scatter), LEVEL(join_places);
extern const peri__fast LEVEL(masked_select), LEVEL(masked_scatter);
extern const peri__fast LEVEL(nonzero);
extern const peri__fast LEVEL(uniform);
extern const peri__fast LEVEL(normal);
extern const peri__fast LEVEL(integers);
extern const peri__fast LEVEL(bernoulli);
extern const peri__fast LEVEL(dropout_mask);
extern const peri__fast LEVEL(permutation);
extern const peri__fast LEVEL(law);
extern const peri__fast LEVEL(reduce), LEVEL(extreme), LEVEL(choice),
    LEVEL(pairs), LEVEL(scans), LEVEL(distances);
extern const peri__fast LEVEL(softmax), LEVEL(class_loss), LEVEL(class_loss_dx);
extern const peri__fast LOWEST(sort), LOWEST(topk), LOWEST(kth);
extern const peri__fast LOWEST(mode), LOWEST(search);

/* What prepares the records of all pointwise rows. */
void LEVEL(pointwise_prepare)(peri_call *call);

/* Dense elements of one dtype into another, as peri__convert does it. */
void LEVEL(convert)(void *to, peri_dtype to_dtype, const void *from,
                    peri_dtype from_dtype, int64_t count);

/* y[i] = f(x[i]); 'y' may be 'x'. */
void LEVEL(exp_f32)(const float *x, float *y, int64_t count);
void LEVEL(exp_f64)(const double *x, double *y, int64_t count);
void LEVEL(log_f32)(const float *x, float *y, int64_t count);
void LEVEL(log_f64)(const double *x, double *y, int64_t count);

#endif
