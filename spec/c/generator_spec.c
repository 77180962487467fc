/* generator_spec.c - generators and random rows from C: streams of their own,
   states, positions from 0, what a recording keeps. */
#include "check.h"
#include "perigee.h"

enum { COUNT = 5 };
static const int64_t five = COUNT;

/* Numbers from 'generator', NULL: from the context. */
static peri_tensor *draw(peri_context *ctx, peri_generator *generator) {
  peri_rand_options options = peri_rand_defaults();
  options.generator = generator;
  return peri_rand(ctx, &five, 1, &options);
}

static bool same(peri_tensor *a, peri_tensor *b) {
  return a && b &&
         memcmp(peri_tensor_data(a), peri_tensor_data(b),
                peri_tensor_bytes(a)) == 0;
}

static void streams_are_their_own(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_generator *g = peri_generator_new(ctx, 7);
  peri_manual_seed(ctx, 7);
  peri_tensor *of_context = draw(ctx, NULL);
  peri_tensor *of_generator = draw(ctx, g);
  CHECK(same(of_context, of_generator));
  CHECK(same(draw(ctx, peri_default_generator(ctx)), draw(ctx, g)));
  CHECK(peri_generator_state(g).draws == 2);
  CHECK(peri_generator_state(peri_default_generator(ctx)).draws == 2);
  peri_generator_free(g);
  peri_generator_free(NULL);
  peri_generator_free(peri_default_generator(ctx)); /* which stays */
  CHECK(draw(ctx, NULL) != NULL);
  peri_context_free(ctx);
}

static void states_come_back(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  const peri_random_state far = {UINT64_MAX, (uint64_t)1 << 40};
  peri_generator *g = peri_generator_new(ctx, 7);
  CHECK(peri_generator_set_state(g, far) == PERI_OK);
  peri_tensor *x = draw(ctx, g);
  CHECK(peri_generator_state(g).seed == far.seed);
  CHECK(peri_generator_state(g).draws == far.draws + 1);
  peri_generator_set_state(g, far);
  CHECK(same(draw(ctx, g), x));
  CHECK(peri_generator_set_state(NULL, far) == PERI_EARG);
  CHECK(peri_generator_state(NULL).seed == 0);
  peri_fail(ctx, PERI_EARG, "first");
  CHECK(peri_generator_set_state(g, far) == PERI_EARG);
  CHECK(peri_generator_new(ctx, 1) == NULL);
  peri_context_free(ctx); /* and the generator with it */
}

static void others_are_refused(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_context *other = peri_context_new(NULL, NULL);
  peri_generator *g = peri_generator_new(other, 7);
  CHECK(draw(ctx, g) == NULL);
  CHECK_TEXT(peri_error_text(ctx),
             "rand: generator belongs to another context");
  CHECK(peri_generator_state(g).draws == 0);
  peri_context_free(ctx);
  peri_context_free(other);
}

static void recordings_keep_theirs(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_generator *g = peri_generator_new(ctx, 7);
  peri_generator *twin = peri_generator_new(ctx, 7);
  peri_recording *recording = peri_record(ctx);
  peri_tensor *x = draw(ctx, g);
  peri_record_stop(recording);
  peri_generator_free(g);
  CHECK(same(x, draw(ctx, twin)));
  CHECK(peri_replay(recording) == PERI_OK);
  CHECK(same(x, draw(ctx, twin)));
  peri_recording_free(recording);
  CHECK(peri_generator_state(peri_default_generator(ctx)).draws == 0);
  peri_context_free(ctx);
}

static void positions_count_from_0(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  const float weights[] = {1, 0, 0, 0, 0};
  peri_tensor *w = peri_tensor_new(ctx, weights, &five, 1, PERI_F32);
  CHECK(peri_item(peri_multinomial(w, 1, NULL)) == 0);
  CHECK(peri_item(peri_categorical(w, NULL, NULL)) == 0);
  peri_context_free(ctx);
}

static void laws_take_numbers_and_options(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_normal_options options = peri_normal_defaults();
  options.shape = &five;
  options.shape_count = 1;
  options.dtype = PERI_F64;
  peri_tensor *x =
      peri_normal(peri_number(ctx, 3), peri_number(ctx, 0), &options);
  CHECK(peri_tensor_numel(x) == COUNT && peri_tensor_dtype(x) == PERI_F64);
  CHECK(*(double *)peri_tensor_data(x) == 3);
  CHECK(peri_uniform_(x, NULL) == x);
  CHECK(*(double *)peri_tensor_data(x) < 1);
  peri_normal_inplace_options inplace = peri_normal_inplace_defaults();
  inplace.std = -1;
  CHECK(peri_normal_(x, &inplace) == NULL);
  CHECK_TEXT(peri_error_text(ctx),
             "normal_: std must be finite and not negative, got -1");
  peri_context_free(ctx);
}

int main(void) {
  streams_are_their_own();
  states_come_back();
  others_are_refused();
  recordings_keep_theirs();
  positions_count_from_0();
  laws_take_numbers_and_options();
  return check_done("generators");
}
