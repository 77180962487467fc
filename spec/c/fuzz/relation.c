/* relation.c - shapes of the inputs of a call: what stands alone, and how an
   input after the first relates to it. */
#include "fuzz.h"

static int64_t some_size(fuzz_random *r) { return fuzz_between(r, 1, 4); }

static void drop_dim(peri_meta *m, int dim) {
  if (m->ndim == 0) return;
  m->ndim--;
  for (int d = dim; d < m->ndim; d++) m->shape[d] = m->shape[d + 1];
}

static void vector_of(peri_meta *m, int64_t size) {
  m->ndim = 1;
  m->shape[0] = size;
}

/* Numbers of dimensions up to the most, few of them more often. */
static int some_ndim(fuzz_random *r) {
  if (fuzz_chance(r, 8)) return (int)fuzz_between(r, 5, PERI_MAX_DIMS);
  return (int)fuzz_below(r, 5);
}

static void square(fuzz_random *r, peri_meta *m) {
  int64_t size = some_size(r);
  m->ndim = fuzz_chance(r, 3) ? 3 : 2;
  m->shape[0] = some_size(r);
  m->shape[m->ndim - 2] = m->shape[m->ndim - 1] = size;
}

/* A shape that follows from nothing. -> false for another relation */
static bool alone(fuzz_random *r, fuzz_relation relation, peri_meta *m) {
  switch (relation) {
    case SHAPE_FREE: m->ndim = some_ndim(r); break;
    case SHAPE_SCALAR: m->ndim = 0; break;
    case SHAPE_VECTOR: m->ndim = 1; break;
    case SHAPE_MATRIX: m->ndim = 2; break;
    case SHAPE_CUBE: m->ndim = 3; break;
    case SHAPE_FOUR: m->ndim = 4; break;
    case SHAPE_FIVE: m->ndim = 5; break;
    case SHAPE_SQUARE: square(r, m); return true;
    default: return false;
  }
  fuzz_shape(r, m->ndim, m->shape);
  return true;
}

/* Some sizes 1, some leading dimensions gone. */
static void narrow(fuzz_random *r, peri_meta *m) {
  while (m->ndim > 0 && fuzz_chance(r, 3)) drop_dim(m, 0);
  for (int d = 0; d < m->ndim; d++)
    if (fuzz_chance(r, 3)) m->shape[d] = 1;
}

/* Sizes of 1 grown, leading dimensions added. */
static void widen(fuzz_random *r, peri_meta *m) {
  for (int d = 0; d < m->ndim; d++)
    if (m->shape[d] == 1) m->shape[d] = some_size(r);
  if (m->ndim == PERI_MAX_DIMS) return;
  memmove(m->shape + 1, m->shape, (size_t)m->ndim * sizeof *m->shape);
  m->shape[0] = some_size(r);
  m->ndim++;
}

/* Relations to a first input that has at least a matrix's dimensions. */
static bool like_matrix(fuzz_random *r, fuzz_relation relation, peri_meta *m) {
  int n = m->ndim;
  int64_t rows = n > 1 ? m->shape[n - 2] : 0, columns = m->shape[n - 1];
  if (n < 2 && relation != SHAPE_RIGHT && relation != SHAPE_WEIGHT)
    return false;
  if (n < 2) m->ndim = n = 2; /* what meets a vector */
  switch (relation) {
    case SHAPE_RIGHT:
      m->shape[n - 2] = columns;
      m->shape[n - 1] = some_size(r);
      return true;
    case SHAPE_COLUMNS: m->shape[n - 1] = some_size(r); return true;
    case SHAPE_WEIGHT:
      m->ndim = 2;
      m->shape[0] = some_size(r);
      m->shape[1] = columns;
      return true;
    case SHAPE_TURNED:
      m->shape[n - 2] = columns;
      m->shape[n - 1] = rows;
      return true;
    case SHAPE_STACKED:
      m->ndim = 3;
      m->shape[0] = some_size(r);
      m->shape[1] = rows;
      m->shape[2] = some_size(r);
      return true;
    case SHAPE_SECOND: vector_of(m, m->shape[1]); return true;
    case SHAPE_SAMPLES: drop_dim(m, 1); return true;
    default: return false;
  }
}

/* Relations to a first input that has a dimension. */
static bool like_first(fuzz_random *r, fuzz_relation relation, int dim,
                       peri_meta *m) {
  int n = m->ndim;
  if (n == 0) return false;
  switch (relation) {
    case SHAPE_LAST: vector_of(m, m->shape[n - 1]); return true;
    case SHAPE_FIRST: vector_of(m, m->shape[0]); return true;
    case SHAPE_AT_DIM: vector_of(m, m->shape[dim]); return true;
    case SHAPE_ROWS: drop_dim(m, n - 1); return true;
    case SHAPE_REST: drop_dim(m, dim); return true;
    case SHAPE_ALONG: m->shape[dim] = some_size(r); return true;
    case SHAPE_WITHIN:
      for (int d = 0; d < n; d++)
        if (m->shape[d] > 1)
          m->shape[d] -= fuzz_below(r, m->shape[d] < 3 ? m->shape[d] : 3);
      return true;
    default: return like_matrix(r, relation, m);
  }
}

/* Relations to the input before, which is not the first. */
static bool like_before(fuzz_relation relation, const peri_tensor *before,
                        int dim, peri_meta *m) {
  int64_t columns = m->ndim > 0 ? m->shape[m->ndim - 1] : 0;
  switch (relation) {
    case SHAPE_BEFORE:
    case SHAPE_CLOSING:
      if (relation == SHAPE_CLOSING && before->ndim < 2) return false;
      m->ndim = before->ndim;
      memcpy(m->shape, before->shape, sizeof m->shape);
      if (relation == SHAPE_BEFORE) return true;
      m->shape[m->ndim - 2] = m->shape[m->ndim - 1];
      m->shape[m->ndim - 1] = columns;
      return true;
    case SHAPE_BEFORE_FIRST:
      if (before->ndim == 0) return false;
      vector_of(m, before->shape[0]);
      return true;
    case SHAPE_SPREAD:
      if (m->ndim == 0) return false;
      m->shape[dim] = peri_tensor_numel(before);
      return true;
    default: return false;
  }
}

bool fuzz_relate(fuzz_random *r, fuzz_relation relation, const fuzz_call *call,
                 int index, int dim, peri_meta *out) {
  const peri_tensor *x = index > 0 ? call->in[0].main : NULL;
  const peri_tensor *before = index > 0 ? call->in[index - 1].main : NULL;
  if (alone(r, relation, out)) return true;
  if (!x) return false;
  out->ndim = x->ndim;
  memcpy(out->shape, x->shape, sizeof out->shape);
  if (relation == SHAPE_SAME) return true;
  if (relation == SHAPE_NARROW) narrow(r, out);
  if (relation == SHAPE_WIDE) widen(r, out);
  if (relation == SHAPE_NARROW || relation == SHAPE_WIDE) return true;
  if (dim < 0 || dim >= x->ndim) dim = 0;
  if (before && like_before(relation, before, dim, out)) return true;
  return like_first(r, relation, dim, out);
}

int fuzz_equation(fuzz_random *r, const char *equation, peri_meta *out) {
  int64_t size[128] = {0};
  int count = 0, batch = (int)fuzz_below(r, 3);
  const char *end = strstr(equation, "->");
  out[0].ndim = 0;
  for (const char *at = equation; *at && at != end; at++) {
    peri_meta *m = &out[count];
    if (*at == ',') out[++count].ndim = 0;
    if (*at == '.') { /* the first of three */
      for (int d = 0; d < batch; d++) m->shape[m->ndim++] = d + 2;
      at += 2;
      continue;
    }
    int letter = *at & 127;
    if (*at == ',' || *at == ' ') continue;
    if (size[letter] == 0) size[letter] = some_size(r);
    m->shape[m->ndim++] = size[letter];
  }
  return count + 1;
}
