/* level.c - which instruction-set levels there are, and which of them this
   processor has. */
#include "level.h"

#if defined(__x86_64__)

static bool has_x86_64(void) { return true; }

static bool has_x86_64_v3(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
         __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}

static bool has_x86_64_v4(void) {
  return has_x86_64_v3() && __builtin_cpu_supports("avx512f") &&
         __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512cd") &&
         __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl");
}

/* As the plain product asks for them in its target attribute. */
bool peri__has_fused(void) {
  return __builtin_cpu_supports("fma") && __builtin_cpu_supports("avx2");
}

#else

static bool has_portable(void) { return true; }

bool peri__has_fused(void) {
#define X(word, name, fused) return fused;
  PERI_LEVEL_ROWS(X)
#undef X
}

#endif

static bool always(void) { return true; }

#define X(word, name, fused) extern const peri_provider peri__##word##_provider;
PERI_LEVEL_ROWS(X)
#undef X

static const peri__level levels[] = {{"plain", NULL, always, false},
#define X(word, name, fused) \
  {name, &peri__##word##_provider, has_##word, fused},
                                     PERI_LEVEL_ROWS(X)
#undef X
};

enum { LEVELS = sizeof levels / sizeof *levels };

#define X(word, name, fused) ", " name
#define KNOWN "plain" PERI_LEVEL_ROWS(X)
static const char *const unknown_text = "options: isa is none of " KNOWN;
static const char *const lacking_text =
    "options: this processor lacks the isa asked for; known are " KNOWN;
#undef X

const peri__level *peri__level_at(int index) {
  return index >= 0 && index < LEVELS ? &levels[index] : NULL;
}

static const peri__level *best(void) {
  const peri__level *level = &levels[LEVELS - 1];
  while (!level->here()) level--;
  return level;
}

const peri__level *peri__level_named(const char *name, const char **why) {
  if (!name) return best();
  for (const peri__level *level = levels; level < levels + LEVELS; level++) {
    if (strcmp(level->name, name) != 0) continue;
    if (level->here()) return level;
    *why = lacking_text;
    return NULL;
  }
  *why = unknown_text;
  return NULL;
}
