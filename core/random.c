/* random.c - random numbers as a function of their place: Philox4x32-10
   (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11).

   This is a file format: checkpoints rely on it, so it never changes.

     key     word 0, 1   seed, low and high half
     counter word 0, 1   block of elements, low and high half
             word 2      call number, low 32 bits
             word 3      stream << 16 | call number, bits 32 to 47

   Streams: 0 tensors, 1 order of samples, 2 drawn samples; 256 + round: trials
   of an element (cpu/laws.h), whose block is the element itself.

   Ten rounds give four words for each counter. Each call that draws takes
   the next call number of its context; which words an element of it uses is
   said where it is drawn. Uniform numbers are the high 24 or 53 bits of a
   word or two. Normal numbers are Box-Muller. The arithmetic is in
   random_words.h, which the fast kernels share. */
#include "random_words.h"

/* ---- Philox ----------------------------------------------------------- */

/* Locals, which the compiler keeps in registers. */
void peri__philox_rounds(uint32_t counter[4], uint32_t key[2]) {
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  peri__rounds(&c0, &c1, &c2, &c3, &k0, &k1);
  const uint32_t out[] = {c0, c1, c2, c3}, after[] = {k0, k1};
  memcpy(counter, out, sizeof out);
  memcpy(key, after, sizeof after);
}

void peri__philox(uint64_t key, uint64_t block, uint64_t call, uint32_t stream,
                  uint32_t out[4]) {
  uint32_t halves[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
  out[0] = (uint32_t)block;
  out[1] = (uint32_t)(block >> 32);
  out[2] = (uint32_t)call;
  out[3] = stream << 16 | (uint32_t)(call >> 32 & 0xffff);
  peri__philox_rounds(out, halves);
}

/* ---- Numbers ---------------------------------------------------------- */

float peri__uniform32(uint32_t word) { return peri__uniform_narrow(word); }

double peri__uniform64(uint32_t high, uint32_t low) {
  return peri__uniform_wide(high, low);
}

void peri__normal_pair(double u, double v, double out[2]) {
  peri__normal_from(u, v, &out[0], &out[1]);
}

/* ---- Order ------------------------------------------------------------ */

uint64_t peri__mul_high(uint64_t a, uint64_t b) {
  return peri__high_of_product(a, b);
}

/* Position i changes places with one of 0..i: the high half of (i + 1) times
   the number whose low and high half are words 0 and 1 of block i. */
void peri__shuffle_part(uint64_t key, uint64_t call, uint32_t stream,
                        int64_t *order, int64_t from, int64_t to) {
  for (int64_t i = from; i > to; i--) {
    uint32_t word[4];
    peri__philox(key, (uint64_t)i, call, stream, word);
    uint64_t draw = (uint64_t)word[1] << 32 | word[0];
    int64_t j = (int64_t)peri__mul_high(draw, (uint64_t)i + 1);
    int64_t last = order[i];
    order[i] = order[j];
    order[j] = last;
  }
}

void peri__shuffle(uint64_t key, uint64_t call, uint32_t stream, int64_t *order,
                   int64_t count) {
  for (int64_t i = 0; i < count; i++) order[i] = i;
  peri__shuffle_part(key, call, stream, order, count - 1, 0);
}
