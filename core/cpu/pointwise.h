/* pointwise.h - what the readers of pointwise_words.h share: loops over dense
   elements, by kernel id. */
#ifndef PERI_POINTWISE_H
#define PERI_POINTWISE_H

#include "kernels.h"

#define PERI_LOOP_INPUTS 5

/* in[0], in[1], in[2] the inputs of a row, in[3] its output, in[4] the
   gradient of that: five arrays of 'count' elements of the compute type, where
   what is absent has the address of one that is there. 'out' may be one of
   them; it takes bytes of 0 and 1 if the row compares. */
typedef void peri__loop(const peri__pointwise_attr *attr,
                        const void *const in[PERI_LOOP_INPUTS], void *out,
                        int64_t count);

/* The kernels by name. */
enum {
#define UNARY(f, ...) PERI_ID_##f, PERI_ID_##f##_da,
#define PART(f, ...) PERI_ID_##f, PERI_ID_##f##_da,
#define BINARY(f, ...) PERI_ID_##f, PERI_ID_##f##_da, PERI_ID_##f##_db,
#define TERNARY(f, ...) \
  PERI_ID_##f, PERI_ID_##f##_da, PERI_ID_##f##_db, PERI_ID_##f##_dc,
#define STEP1(f, ...) PERI_ID_##f,
#define STEP2(f, ...) PERI_ID_##f,
#define FORM(op, f, ...) PERI_ID_##f, PERI_ID_##f##_da, PERI_ID_##f##_db,
#define MODE(f, ...) PERI_ID_##f,
#include "ops/pointwise.def"
};

/* Give what is absent among the 'count' inputs of a row the address of one that
   is there. */
static inline void fill_gaps(const void *in[PERI_LOOP_INPUTS], int count) {
  const void *there = NULL;
  for (int k = 0; k < count; k++)
    if (in[k]) there = in[k];
  for (int k = 0; k < PERI_LOOP_INPUTS; k++)
    if (k >= count || !in[k]) in[k] = there;
}

/* The plain loop of a kernel; NULL if the row has none for that type. */
peri__loop *peri__plain_loop(int kernel, peri_dtype compute);
/* True if the row of the kernel compares: its loops give bool. */
bool peri__compares(int kernel);
/* Whole numbers into a narrower integer type, of which they keep the low bits;
   into any other dtype as peri__convert does it. 'step': of 'to', in
   elements. */
void peri__store_whole(void *to, peri_dtype dtype, int64_t step,
                       const int64_t *from, int64_t count);

#endif
