/* random_source.h - the words that belong to the elements of a random call,
   one element after the other: a block of Philox gives four, which are four
   float32 or two float64. */
#ifndef PERI_RANDOM_SOURCE_H
#define PERI_RANDOM_SOURCE_H

#include "kernels.h"

typedef struct {
  peri__random_attr attr;
  uint64_t block; /* whose words are held, +1; 0: none */
  uint32_t word[4];
} peri__source;

static inline peri__source peri__source_of(const peri_call *call) {
  peri__source s = {.block = 0};
  memcpy(&s.attr, call->attr, sizeof s.attr);
  return s;
}

static inline const uint32_t *peri__words(peri__source *s, uint64_t block) {
  if (s->block != block + 1) {
    peri__philox(s->attr.key, block, s->attr.draw, PERI_STREAM_TENSOR, s->word);
    s->block = block + 1;
  }
  return s->word;
}

/* The two words of element 'i' where each has two. */
static inline const uint32_t *peri__word_pair(peri__source *s, uint64_t i) {
  return peri__words(s, i / 2) + i % 2 * 2;
}

/* Uniform number of element 'i', 24 bits or, if 'wide', 53. */
static inline double peri__uniform_at(peri__source *s, uint64_t i, bool wide) {
  if (!wide) return (double)peri__uniform32(peri__words(s, i / 4)[i % 4]);
  const uint32_t *w = peri__word_pair(s, i);
  return peri__uniform64(w[0], w[1]);
}

/* Elements come in pairs, each of two neighbouring uniform numbers. */
static inline double peri__normal_at(peri__source *s, uint64_t i, bool wide) {
  double pair[2];
  uint64_t even = i / 2 * 2;
  double u = peri__uniform_at(s, even, wide);
  double v = peri__uniform_at(s, even + 1, wide);
  peri__normal_pair(u, v, pair);
  return pair[i % 2];
}

#endif
