/* generator.c - streams of random numbers as objects: a seed and a count of
   calls, which is all that what comes next depends on. The context has one of
   its own. */
#include "internal.h"

uint64_t peri__draw(peri_generator *generator) { return generator->draws++; }

peri_generator *peri__generator_of(const peri_frame *frame) {
  const peri_param *params = frame->op->params;
  for (int i = 0; params && params[i].name; i++)
    if (params[i].type == PERI_P_GENERATOR &&
        frame->value[i].type == PERI_P_GENERATOR)
      return frame->value[i].generator;
  return &frame->ctx->generator;
}

peri_generator *peri__generator_hold(peri_generator *generator) {
  if (generator) generator->refs++;
  return generator;
}

/* That of a context, which holds a share of its own, is no block. */
void peri__generator_drop(peri_generator *generator) {
  if (generator && --generator->refs == 0)
    peri__free(generator->ctx, generator);
}

peri_generator *peri_generator_new(peri_context *ctx, uint64_t seed) {
  if (peri__enter(ctx) < 0) return NULL;
  peri_generator *generator = peri__alloc_zeroed(ctx, sizeof *generator);
  if (generator)
    *generator = (peri_generator){.ctx = ctx, .refs = 1, .seed = seed};
  peri__leave(ctx);
  return generator;
}

void peri_generator_free(peri_generator *generator) {
  if (!generator || peri__enter_always(generator->ctx) < 0) return;
  peri_context *ctx = generator->ctx;
  if (generator != &ctx->generator) peri__generator_drop(generator);
  peri__leave(ctx);
}

peri_generator *peri_default_generator(peri_context *ctx) {
  return ctx ? &ctx->generator : NULL;
}

peri_random_state peri_generator_state(const peri_generator *generator) {
  const peri_random_state none = {0, 0};
  if (!generator) return none;
  return (peri_random_state){generator->seed, generator->draws};
}

int peri_generator_set_state(peri_generator *generator,
                             peri_random_state state) {
  if (!generator) return PERI_EARG;
  int status = peri__enter(generator->ctx);
  if (status < 0) return status;
  generator->seed = state.seed;
  generator->draws = state.draws;
  peri__leave(generator->ctx);
  return PERI_OK;
}

int peri_manual_seed(peri_context *ctx, uint64_t seed) {
  const peri_random_state start = {seed, 0};
  return peri_generator_set_state(peri_default_generator(ctx), start);
}
