/* dtype.c - element types: their names and sizes, promotion, conversion.

   A pair of dtypes is a load, a store (convert.h) and one loop around them,
   expanded for all pairs. Every float result is the nearest one, ties to
   even: the 16-bit floats are rounded here from a double or whole number
   itself, never from a float32 that was rounded before. */
#include "convert.h"

/* ---- Names ------------------------------------------------------------ */

#define ROW(constant, type, name, category) \
  [constant] = {name, sizeof(type), category},

static const struct {
  const char *name;
  size_t size;
  int category;
} rows[PERI_DTYPES] = {[PERI_DTYPE_NONE] = {"none", 0, PERI_CATEGORY_BOOL},
                       PERI_DTYPE_ROWS(ROW)};

static bool known(peri_dtype dtype) {
  return dtype > PERI_DTYPE_NONE && dtype < PERI_DTYPES;
}

const char *peri_dtype_name(peri_dtype dtype) {
  return rows[known(dtype) ? dtype : PERI_DTYPE_NONE].name;
}

size_t peri_dtype_size(peri_dtype dtype) {
  return rows[known(dtype) ? dtype : PERI_DTYPE_NONE].size;
}

peri_dtype peri_dtype_named(const char *name) {
  for (int i = PERI_DTYPE_NONE + 1; name != NULL && i < PERI_DTYPES; i++)
    if (strcmp(rows[i].name, name) == 0) return (peri_dtype)i;
  return PERI_DTYPE_NONE;
}

int peri__category(peri_dtype dtype) {
  return rows[known(dtype) ? dtype : PERI_DTYPE_NONE].category;
}

peri_dtype peri__wide(peri_dtype dtype) {
  return dtype == PERI_F16 || dtype == PERI_BF16 ? PERI_F32 : dtype;
}

/* ---- Promotion -------------------------------------------------------- */

/* The rows are in the order of promotion, with one pair that neither member
   can hold. PERI_DTYPE_NONE gives way to everything. */
peri_dtype peri__promote(peri_dtype a, peri_dtype b) {
  peri_dtype higher = a > b ? a : b, lower = a > b ? b : a;
  return higher == PERI_BF16 && lower == PERI_F16 ? PERI_F32 : higher;
}

/* 'strong' with what a weaker level asks of it: the weaker one counts only if
   its category is the higher of the two. */
static peri_dtype raise_category(peri_dtype strong, peri_dtype weak) {
  if (strong == PERI_DTYPE_NONE || weak == PERI_DTYPE_NONE)
    return strong == PERI_DTYPE_NONE ? weak : strong;
  if (peri__category(weak) > peri__category(strong))
    return peri__promote(strong, weak);
  return strong;
}

/* Three levels: tensors with dimensions, 0-d tensors, plain numbers; a float
   number asks for float32. */
static peri_dtype promote_levels(peri_tensor *const *in, int count) {
  peri_dtype tensors = PERI_DTYPE_NONE;
  peri_dtype scalars = PERI_DTYPE_NONE;
  peri_dtype numbers = PERI_DTYPE_NONE;
  for (int i = 0; i < count; i++) {
    const peri_tensor *x = in[i];
    if (x == NULL) continue;
    if (x->number)
      numbers = peri__promote(numbers,
                              peri__is_float(x->dtype) ? PERI_F32 : x->dtype);
    else if (x->ndim == 0)
      scalars = peri__promote(scalars, x->dtype);
    else
      tensors = peri__promote(tensors, x->dtype);
  }
  if (scalars == PERI_DTYPE_NONE && numbers == PERI_DTYPE_NONE) return tensors;
  return raise_category(raise_category(tensors, scalars), numbers);
}

/* Mostly all are tensors with dimensions and have one dtype. */
peri_dtype peri__promote_all(peri_tensor *const *in, int count) {
  for (int i = 0; i < count; i++) {
    const peri_tensor *x = in[i];
    if (!x || x->number || x->ndim == 0 || x->dtype != in[0]->dtype)
      return promote_levels(in, count);
  }
  return count > 0 ? in[0]->dtype : PERI_DTYPE_NONE;
}

/* ---- 16-bit floats ---------------------------------------------------- */

#define F64_MANTISSA 52
#define F64_BIAS 1023
#define F64_INFINITY ((uint64_t)0x7ff << F64_MANTISSA)
#define F16_MANTISSA 10
#define F16_BIAS 15
#define BF16_MANTISSA 7
#define BF16_BIAS 127

/* 'm' divided by 2^shift, to the nearest, ties to even. */
static uint64_t round_shift(uint64_t m, int shift) {
  if (shift > F64_MANTISSA + 2) return 0; /* under half of one */
  uint64_t half = (uint64_t)1 << (shift - 1);
  uint64_t rest = m & (2 * half - 1);
  uint64_t q = m >> shift;
  return q + (rest > half || (rest == half && (q & 1) != 0));
}

/* The 16 bits nearest to 'value' with so many bits of mantissa. A mantissa
   that rounds up to the next power of two carries into the exponent, from
   subnormal to normal and from the largest number to infinity as well. */
static uint16_t encode16(double value, int mantissa, int bias) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  uint16_t sign = (uint16_t)(bits >> 63 << 15);
  uint64_t infinity = (uint64_t)(2 * bias + 1) << mantissa;
  bits &= ~((uint64_t)1 << 63);
  if (bits > F64_INFINITY) /* a quiet NaN */
    return (uint16_t)(sign | infinity | (uint64_t)1 << (mantissa - 1));
  int exponent = (int)(bits >> F64_MANTISSA) - F64_BIAS;
  uint64_t m = bits & (((uint64_t)1 << F64_MANTISSA) - 1);
  m |= (uint64_t)1 << F64_MANTISSA;
  int lowest = 1 - bias; /* exponent of subnormals */
  int shift = F64_MANTISSA - mantissa;
  if (exponent < lowest) {
    shift += lowest - exponent;
    exponent = lowest;
  }
  uint64_t result =
      ((uint64_t)(exponent - lowest) << mantissa) + round_shift(m, shift);
  return (uint16_t)(sign | (result < infinity ? result : infinity));
}

/* A whole number as a double that rounds to the same 16 bits: where a double
   has no room, the last bit it keeps says whether any lost one was set. */
static double odd_double(int64_t value) {
  uint64_t m = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
  if (m >> 53 != 0) m = (m >> 11 | ((m & 0x7ff) != 0)) << 11;
  return value < 0 ? -(double)m : (double)m;
}

uint16_t peri__f16_of_double(double value) {
  return encode16(value, F16_MANTISSA, F16_BIAS);
}

uint16_t peri__bf16_of_double(double value) {
  return encode16(value, BF16_MANTISSA, BF16_BIAS);
}

uint16_t peri__f16_of_whole(int64_t value) {
  return peri__f16_of_double(odd_double(value));
}

uint16_t peri__bf16_of_whole(int64_t value) {
  return peri__bf16_of_double(odd_double(value));
}

/* ---- One loop per pair ------------------------------------------------ */

_Static_assert(PERI_DTYPES == 9, "SOURCES and TARGETS name every dtype");

typedef void convert_loop(void *to, int64_t to_stride, const void *from,
                          int64_t from_stride, int64_t count);

/* Every pair: source, its type, kind of its wide type, target, its type. */
#define SOURCES(P) \
  TARGETS(P, BOOL, uint8_t, WHOLE) \
  TARGETS(P, U8, uint8_t, WHOLE) \
  TARGETS(P, I32, int32_t, WHOLE) \
  TARGETS(P, I64, int64_t, WHOLE) \
  TARGETS(P, F16, uint16_t, SINGLE) \
  TARGETS(P, BF16, uint16_t, SINGLE) \
  TARGETS(P, F32, float, SINGLE) \
  TARGETS(P, F64, double, DOUBLE)

#define TARGETS(P, from, from_type, kind) \
  P(from, from_type, kind, BOOL, uint8_t) \
  P(from, from_type, kind, U8, uint8_t) \
  P(from, from_type, kind, I32, int32_t) \
  P(from, from_type, kind, I64, int64_t) \
  P(from, from_type, kind, F16, uint16_t) \
  P(from, from_type, kind, BF16, uint16_t) \
  P(from, from_type, kind, F32, float) \
  P(from, from_type, kind, F64, double)

#define LOOP(from, from_type, kind, to, to_type) \
  static void from##_to_##to(void *out, int64_t out_stride, const void *in, \
                             int64_t in_stride, int64_t count) { \
    to_type *y = out; \
    const from_type *x = in; \
    for (int64_t i = 0; i < count; i++) { \
      peri__wide_##kind v = LOAD_##from(x[i * in_stride]); \
      y[i * out_stride] = kind##_##to(v); \
    } \
  }
SOURCES(LOOP)
#undef LOOP

static convert_loop *const loops[PERI_DTYPES][PERI_DTYPES] = {
#define ENTRY(from, from_type, kind, to, to_type) \
  [PERI_##from][PERI_##to] = from##_to_##to,
    SOURCES(ENTRY)
#undef ENTRY
};

/* A 16-bit float as it is: through a wider one a NaN would change. */
static void move_16(uint16_t *y, int64_t to_stride, const uint16_t *x,
                    int64_t from_stride, int64_t count) {
  for (int64_t i = 0; i < count; i++) y[i * to_stride] = x[i * from_stride];
}

/* Both ends are aligned as their elements need; they may be the same place if
   the dtypes are the same. Elements of one dtype are copied bit for bit, save
   that a bool becomes 0 or 1. */
void peri__convert(void *to, peri_dtype to_dtype, int64_t to_stride,
                   const void *from, peri_dtype from_dtype, int64_t from_stride,
                   int64_t count) {
  bool same = to_dtype == from_dtype && to_dtype != PERI_BOOL;
  if (count <= 0 || !known(to_dtype) || !known(from_dtype)) return;
  if (same && to_stride == 1 && from_stride == 1)
    memmove(to, from, (size_t)count * peri_dtype_size(to_dtype));
  else if (same && peri_dtype_size(to_dtype) == sizeof(uint16_t))
    move_16(to, to_stride, from, from_stride, count);
  else
    loops[from_dtype][to_dtype](to, to_stride, from, from_stride, count);
}
