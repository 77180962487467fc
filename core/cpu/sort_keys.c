/* sort_keys.c - the keys by which elements are ordered, and moving elements to
   where their order puts them. */
#include "sort.h"

/* Unsigned numbers as they are; the sign bit turned for signed ones. Of a float
   the sign bit is turned too, and all bits if it is negative. S is T with a
   sign, as vectors compare it at every level. */
#define TOP(T) ((T)((T)1 << (8 * sizeof(T) - 1)))
#define UNSIGNED_KEY(bits, T, S) (bits)
#define BOOL_KEY(bits, T, S) ((T)((bits) != 0))
#define SIGNED_KEY(bits, T, S) ((T)((bits) ^ TOP(T)))
#define MAGNITUDE(bits, T, S) ((S)((bits) & (T)~TOP(T)))
#define TURNED(bits, T, S) \
  ((T)((bits) ^ (T)((T)(0 - ((bits) >> (8 * sizeof(T) - 1))) | TOP(T))))
#define NO_ZERO_KEY(bits, T, S) \
  (MAGNITUDE(bits, T, S) == 0 ? TOP(T) : TURNED(bits, T, S))
#define FLOAT_KEY(bits, T, S, infinity) \
  (MAGNITUDE(bits, T, S) > (infinity) ? (T) ~(T)0 : NO_ZERO_KEY(bits, T, S))
#define F16_KEY(bits, T, S) FLOAT_KEY(bits, T, S, 0x7c00)
#define BF16_KEY(bits, T, S) FLOAT_KEY(bits, T, S, 0x7f80)
#define F32_KEY(bits, T, S) FLOAT_KEY(bits, T, S, 0x7f800000)
#define F64_KEY(bits, T, S) FLOAT_KEY(bits, T, S, 0x7ff0000000000000)

typedef struct {
  const void *from;
  int64_t stride, count;
  uint64_t flip; /* the bits to turn */
} line;

#define KEYS(name, T, S, KEY) \
  static void name(uint64_t *key, const line *x) { \
    const T *from = x->from; \
    int64_t stride = x->stride, count = x->count; \
    T flip = (T)x->flip; \
    if (stride == 1) \
      for (int64_t i = 0; i < count; i++) \
        key[i] = (T)(KEY(from[i], T, S) ^ flip); \
    else \
      for (int64_t i = 0; i < count; i++) \
        key[i] = (T)(KEY(from[i * stride], T, S) ^ flip); \
  }
KEYS(keys_bool, uint8_t, int8_t, BOOL_KEY)
KEYS(keys_u8, uint8_t, int8_t, UNSIGNED_KEY)
KEYS(keys_i32, uint32_t, int32_t, SIGNED_KEY)
KEYS(keys_i64, uint64_t, int64_t, SIGNED_KEY)
KEYS(keys_f16, uint16_t, int16_t, F16_KEY)
KEYS(keys_bf16, uint16_t, int16_t, BF16_KEY)
KEYS(keys_f32, uint32_t, int32_t, F32_KEY)
KEYS(keys_f64, uint64_t, int64_t, F64_KEY)

void peri__order_keys(uint64_t *key, const peri_arg *x, int64_t offset,
                      int64_t stride, int64_t count, bool descending) {
  static void (*const keys[PERI_DTYPES])(uint64_t * key, const line *x) = {
      [PERI_BOOL] = keys_bool, [PERI_U8] = keys_u8,   [PERI_I32] = keys_i32,
      [PERI_I64] = keys_i64,   [PERI_F16] = keys_f16, [PERI_BF16] = keys_bf16,
      [PERI_F32] = keys_f32,   [PERI_F64] = keys_f64,
  };
  line l = {peri__at(x, offset), stride, count,
            descending ? peri__last_key(x->dtype) : 0};
  keys[x->dtype](key, &l);
}

#define TAKE(T) \
  static void take_##T(T *to, int64_t to_stride, const T *from, \
                       int64_t from_stride, const int64_t *place, \
                       int64_t count) { \
    for (int64_t i = 0; i < count; i++) \
      to[i * to_stride] = from[place[i] * from_stride]; \
  }
TAKE(uint8_t)
TAKE(uint16_t)
TAKE(uint32_t)
TAKE(uint64_t)

/* Two of one dtype: their bits are moved, but true becomes 1. */
void peri__take_places(const peri_arg *y, int64_t to, int64_t to_stride,
                       const peri_arg *x, int64_t from, int64_t from_stride,
                       const int64_t *place, int64_t count) {
  void *target = peri__at(y, to);
  const void *source = peri__at(x, from);
  switch (peri_dtype_size(x->dtype)) {
    case 1:
      take_uint8_t(target, to_stride, source, from_stride, place, count);
      break;
    case 2:
      take_uint16_t(target, to_stride, source, from_stride, place, count);
      break;
    case 4:
      take_uint32_t(target, to_stride, source, from_stride, place, count);
      break;
    default:
      take_uint64_t(target, to_stride, source, from_stride, place, count);
  }
  if (x->dtype != PERI_BOOL) return;
  uint8_t *truth = target;
  for (int64_t i = 0; i < count; i++)
    truth[i * to_stride] = truth[i * to_stride] != 0;
}
