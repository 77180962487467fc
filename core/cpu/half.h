/* half.h - half precision to float32 and back, one element at a time and
   without a branch, so that a loop over them becomes vectors at every level.
   The bits are those of peri__convert (dtype.c). Nothing here makes or reads a
   subnormal float32, which this thread may flush to zero. */
#ifndef PERI_HALF_H
#define PERI_HALF_H

#include <stdint.h>
#include <string.h>

static inline float peri__float_of(int32_t bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline int32_t peri__bits_of(float value) {
  int32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float peri__from_bf16(uint16_t x) {
  return peri__float_of((int32_t)((uint32_t)x << 16));
}

static inline uint16_t peri__to_bf16(float value) {
  const int32_t bits = peri__bits_of(value), size = bits & 0x7fffffff;
  const int32_t sign = (bits >> 16) & 0x8000;
  const int32_t near = (size + 0x7fff + ((size >> 16) & 1)) >> 16;
  return (uint16_t)(sign | (size > 0x7f800000 ? 0x7fc0 : near));
}

/* Exponents differ by 112, those of infinity by twice as much. */
static inline float peri__from_f16(uint16_t x) {
  const int32_t size = x & 0x7fff;
  const int32_t shift = size >= 0x7c00 ? 224 << 23 : 112 << 23;
  const int32_t tiny = peri__bits_of((float)size * 0x1p-24f);
  const int32_t bits = size < 0x400 ? tiny : (size << 13) + shift;
  return peri__float_of(bits | (int32_t)((uint32_t)(x & 0x8000) << 16));
}

/* Subnormal ones are whole multiples of 2^-24, the last bit of 0.5. */
static inline uint16_t peri__to_f16(float value) {
  const int32_t bits = peri__bits_of(value), size = bits & 0x7fffffff;
  const int32_t sign = (bits >> 16) & 0x8000;
  const int32_t half = peri__bits_of(0.5f);
  const int32_t tiny = peri__bits_of(peri__float_of(size) + 0.5f) - half;
  int32_t near = (size - (112 << 23) + 0xfff + ((size >> 13) & 1)) >> 13;
  near = near < 0x7c00 ? near : 0x7c00;
  near = size < 0x38800000 ? tiny : near;
  return (uint16_t)(sign | (size > 0x7f800000 ? 0x7e00 : near));
}

#endif
