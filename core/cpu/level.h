/* level.h - instruction-set levels. The files of cpu/fast/ are compiled once
   per level (Makefile: LEVELS); a context takes its kernels from the provider
   of one of them. The Makefile and the rows here name the same levels. */
#ifndef PERI_LEVEL_H
#define PERI_LEVEL_H

#include "internal.h"

/* The lowest first: the word in C names, the name as of -march, whether its
   multiply-adds are fused. */
#if defined(__x86_64__)
#define PERI_LEVEL_ROWS(X) \
  X(x86_64, "x86-64", false) \
  X(x86_64_v3, "x86-64-v3", true) \
  X(x86_64_v4, "x86-64-v4", true)
#elif defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define PERI_LEVEL_ROWS(X) X(portable, "portable", true)
#else
#define PERI_LEVEL_ROWS(X) X(portable, "portable", false)
#endif

typedef struct peri__level {
  const char *name;
  const peri_provider *provider; /* NULL: the plain one alone */
  bool (*here)(void);            /* this processor has it */
  bool fused;                    /* its kernels fuse multiply-adds */
} peri__level;

/* Level 'name', or the best one here for NULL. -> NULL if there is none or
   the processor lacks it, and 'why' gets a constant text */
const peri__level *peri__level_named(const char *name, const char **why);
/* Rows from the lowest, plain, on; NULL past the end. */
const peri__level *peri__level_at(int index);
/* True if this processor has fused multiply-adds: the plain products then use
   them too. */
bool peri__has_fused(void);

#endif
