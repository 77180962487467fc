/* level_spec.c - instruction-set levels: the choice of a context and its
   errors. */
#include "check.h"
#include "cpu/level.h"

/* NULL, or a context whose kernels are of level 'isa'. */
static peri_context *open(const char *isa, const char **why) {
  peri_options options = {.isa = isa};
  return peri_context_new(&options, why);
}

static void best(void) {
  const char *name = NULL;
  for (int i = 0; peri__level_at(i); i++)
    if (peri__level_at(i)->here()) name = peri__level_at(i)->name;
  peri_context *ctx = open(NULL, NULL);
  CHECK_TEXT(peri_isa(ctx), name);
  CHECK_TEXT(peri_provider_name(ctx, 0), name);
  peri_context_free(ctx);
}

static void forced(void) {
  for (int i = 0; peri__level_at(i); i++) {
    const peri__level *level = peri__level_at(i);
    const char *why = NULL;
    peri_context *ctx = open(level->name, &why);
    CHECK((ctx != NULL) == level->here());
    if (ctx) CHECK_TEXT(peri_isa(ctx), level->name);
    if (!ctx) CHECK(strstr(why, "lacks") && strstr(why, level->name));
    peri_context_free(ctx);
  }
}

#define X(word, name, fused) ", " name
static void unknown(void) {
  const char *why = NULL;
  CHECK(open("abacus", &why) == NULL);
  CHECK_TEXT(why, "options: isa is none of plain" PERI_LEVEL_ROWS(X));
}
#undef X

static void plain(void) {
  peri_context *ctx = open("plain", NULL);
  CHECK_TEXT(peri_provider_name(ctx, 0), "plain");
  CHECK(peri_provider_name(ctx, 1) == NULL);
  peri_context_free(ctx);
}

int main(void) {
  best();
  forced();
  unknown();
  plain();
  return check_done("levels");
}
