/* digits.c - data sets of digits: 28x28 images with their classes, read by
   mnist.c or drawn here, one call of draw.c per image. */
#include "data/data.h"

#define POLL_EVERY 64 /* digits; one takes about 30 microseconds */

static const char *const names[] = {"0", "1", "2", "3", "4",
                                    "5", "6", "7", "8", "9"};

peri_dataset *peri__digits_new(peri_context *ctx, peri_tensor *x,
                               peri_tensor *y, const char *source) {
  peri_tensor *tensors[] = {x, y};
  peri_dataset *set = peri_dataset_new(ctx, tensors, 2);
  if (peri_dataset_scale(set, 0, 1.0 / 255) == 0 &&
      peri_dataset_set_classes(set, names, 10) == 0 &&
      peri_dataset_set_source(set, source) == 0)
    return set;
  peri_dataset_free(set);
  return NULL;
}

/* Draw as many digits as 'y' has room for. */
static int draw_all(peri_context *ctx, peri_tensor *x, peri_tensor *y,
                    uint64_t seed, int base) {
  uint8_t *pixels = peri_tensor_data(x);
  int64_t *classes = peri_tensor_data(y);
  int64_t count = peri_tensor_numel(y);
  for (int64_t i = 0; i < count; i++) {
    if (i % POLL_EVERY == 0 && peri__poll(ctx) < 0) return PERI_EINTERRUPT;
    classes[i] = base + peri__digit_draw(seed, (uint64_t)i,
                                         pixels + i * PERI_DIGIT_PIXELS);
  }
  return 0;
}

peri_dataset *peri__digits_drawn(peri_context *ctx, int64_t count,
                                 uint64_t seed, int base) {
  const int64_t shape[] = {count, 1, PERI_DIGIT_SIDE, PERI_DIGIT_SIDE};
  peri_dataset *set = NULL;
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = peri_tensor_new(ctx, NULL, shape, 4, PERI_U8);
  peri_tensor *y = peri_tensor_new(ctx, NULL, shape, 1, PERI_I64);
  if (x && y && draw_all(ctx, x, y, seed, base) == 0)
    set = peri__digits_new(ctx, x, y, "drawn digits");
  peri_scope_close(scope);
  return set;
}

int peri__digits_read(peri_context *ctx, const peri_value *value, int base,
                      peri_made *made, int room) {
  if (peri__made_room(ctx, "digits", room, 1) < 0) return PERI_EARG;
  made[0].dataset =
      peri__digits_drawn(ctx, value[0].i, (uint64_t)value[1].i, base);
  return made[0].dataset ? 1 : (int)peri_error(ctx);
}
