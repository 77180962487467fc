/* pointwise_rest.h - loops over whole blocks made to serve any number of
   elements, in type T: what is left over is copied to buffers of a block, where
   the numbers behind it are zeros, so an element meets the same instructions
   wherever it stands. Included by pointwise_f32.c and pointwise_f64.c. */

/* A block of the five inputs from 'at' on, 'rest' elements of which are
   there. */
typedef struct {
  T in[PERI_LOOP_INPUTS][PERI_BLOCK], out[PERI_BLOCK];
} NAME(block);

static void NAME(run_block)(peri__loop *blocks, NAME(block) * block,
                            const peri__pointwise_attr *attr,
                            const void *const in[PERI_LOOP_INPUTS], int64_t at,
                            int64_t rest) {
  const void *copies[PERI_LOOP_INPUTS];
  memset(block, 0, sizeof *block);
  for (int k = 0; k < PERI_LOOP_INPUTS; k++) {
    memcpy(block->in[k], (const T *)in[k] + at, (size_t)rest * sizeof(T));
    copies[k] = block->in[k];
  }
  blocks(attr, copies, block->out, PERI_BLOCK);
}

/* 'size': of an element that the loop makes. */
static void NAME(by_blocks)(peri__loop *blocks, size_t size,
                            const peri__pointwise_attr *attr,
                            const void *const in[PERI_LOOP_INPUTS], void *out,
                            int64_t count) {
  const int64_t rest = count % PERI_BLOCK, whole = count - rest;
  NAME(block) block;
  if (whole > 0) blocks(attr, in, out, whole);
  if (rest == 0) return;
  NAME(run_block)(blocks, &block, attr, in, whole, rest);
  memcpy((char *)out + (size_t)whole * size, block.out, (size_t)rest * size);
}

/* ---- Elements that go another way ------------------------------------- */

/* True if an element is among 'count' for which the loop of a row does not
   hold. */
typedef bool NAME(beyond)(const void *const in[PERI_LOOP_INPUTS],
                          int64_t count);

static inline bool NAME(beyond_none)(const void *const in[PERI_LOOP_INPUTS],
                                     int64_t count) {
  (void)in, (void)count;
  return false;
}

#ifndef WITHOUT_ELEMENTARY
/* Angles that our sine, cosine and tangent do not take. */
static bool NAME(beyond_angle)(const void *const in[PERI_LOOP_INPUTS],
                               int64_t count) {
  const T *x = in[0];
  unsigned found = 0;
  _Pragma("omp simd reduction(| : found)") for (int64_t i = 0; i < count; i++)
      found |= NAME(magnitude)(x[i]) <= MOST_ANGLE ? 0u : 1u;
  return found != 0;
}

/* Quotients whose remainder takes more than one step. */
static bool NAME(beyond_quotient)(const void *const in[PERI_LOOP_INPUTS],
                                  int64_t count) {
  const T *a = in[0], *b = in[1];
  unsigned found = 0;
  _Pragma("omp simd reduction(| : found)") for (int64_t i = 0; i < count; i++) {
    T most = NAME(magnitude)(b[i]) * (T)MOST_QUOTIENT;
    found |= NAME(magnitude)(a[i]) <= most && most < INFINITY ? 0u : 1u;
  }
  return found != 0;
}
#endif

/* The elements of 'beyond' go by the plain loop of 'kernel', which asks
   libm. */
static void NAME(by_elements)(peri__loop *blocks, NAME(beyond) * beyond,
                              int kernel, const peri__pointwise_attr *attr,
                              const void *const in[PERI_LOOP_INPUTS], void *out,
                              int64_t count) {
  peri__loop *plain =
      peri__plain_loop(kernel, sizeof(T) == 4 ? PERI_F32 : PERI_F64);
  NAME(block) block;
  for (int64_t at = 0; at < count; at += PERI_BLOCK) {
    int64_t rest = count - at < PERI_BLOCK ? count - at : PERI_BLOCK;
    NAME(run_block)(blocks, &block, attr, in, at, rest);
    for (int64_t i = 0; i < rest; i++) {
      const void *one[PERI_LOOP_INPUTS];
      for (int k = 0; k < PERI_LOOP_INPUTS; k++) one[k] = &block.in[k][i];
      if (beyond(one, 1)) plain(attr, one, &block.out[i], 1);
    }
    memcpy((T *)out + at, block.out, (size_t)rest * sizeof(T));
  }
}
