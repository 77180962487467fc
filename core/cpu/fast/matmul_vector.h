/* matmul_vector.h - products with one vector: nothing is packed, the matrix
   goes by once. */

/* ---- One row of y, b row-major ------------------------------------------ */

/* Four steps of k go over the sums of a row at once. */
static void add_rows(const job *j, const T *a, const T *b, int64_t cols) {
  T *sum = j->packed, a0 = a[0], a1 = a[j->a_k], a2 = a[2 * j->a_k],
    a3 = a[3 * j->a_k];
  const T *b1 = b + j->b_k, *b2 = b1 + j->b_k, *b3 = b2 + j->b_k;
  int64_t c = 0;
  for (; c + W <= cols; c += W) {
    vec x = mul_add(all(a0), load(b + c), load(sum + c));
    x = mul_add(all(a1), load(b1 + c), x);
    x = mul_add(all(a2), load(b2 + c), x);
    store(sum + c, mul_add(all(a3), load(b3 + c), x));
  }
  FEW for (; c < cols; c++) {
    T x = mul_add_one(a1, b1[c], mul_add_one(a0, b[c], sum[c]));
    sum[c] = mul_add_one(a3, b3[c], mul_add_one(a2, b2[c], x));
  }
}

/* A step of k that is left. */
static void add_row(T *sum, T a, const T *b, int64_t cols) {
  for (int64_t c = 0; c < cols; c++) sum[c] = mul_add_one(a, b[c], sum[c]);
}

/* The only row of y in 'r', one part of k; its sums are in the workspace. */
static void row_area(const job *j, const area *r) {
  const T *a = j->a + r->at * j->a_k;
  const T *b = j->b + r->at * j->b_k + r->col;
  int64_t k = 0;
  panel p = {.columns = r->cols};
  memset(j->packed, 0, (size_t)r->cols * sizeof(T));
  for (; k + 4 <= r->k; k += 4)
    add_rows(j, a + k * j->a_k, b + k * j->b_k, r->cols);
  for (; k < r->k; k++)
    add_row(j->packed, a[k * j->a_k], b + k * j->b_k, r->cols);
  store_sums(j, r, &p, &(sums){.sum = j->packed, .rows = 1});
}

/* ---- The dot form: rows of b along k, times one vector ------------------ */

enum {
  LANE_VECTORS = PERI_DOT_LANES / W, /* of one row of b */
  DOT_ROWS = W >= 4 ? W / 4 : 1,     /* at once, in 8 registers or more */
  DOTS = 64                          /* before they are stored */
};

/* The last elements, fewer than a vector; seldom enough to be called. */
static __attribute__((noinline)) vec dot_rest(vec sum, const T *a, const T *b,
                                              int64_t count) {
  for (int64_t i = 0; i < count; i++) sum[i] = mul_add_one(a[i], b[i], sum[i]);
  return sum;
}

/* The last 'count' elements, fewer than there are lanes. -> the folded sum */
INLINE T dot_end(vec *sum, const T *a, const T *b, int64_t count) {
  UNROLL
  for (int v = 0; v < LANE_VECTORS; v++) {
    int64_t left = count - v * W;
    if (left >= W)
      sum[v] = mul_add(load(a + v * W), load(b + v * W), sum[v]);
    else if (left > 0)
      sum[v] = dot_rest(sum[v], a + v * W, b + v * W, left);
  }
  for (int half = LANE_VECTORS / 2; half > 0; half /= 2)
    for (int v = 0; v < half; v++) sum[v] += sum[v + half];
  return fold(sum[0]);
}

/* y[i] = b[i, :] a for the first 'rows' rows of b. */
INLINE void dot_rows(int rows, const operands *o, T *y) {
  vec sum[DOT_ROWS * LANE_VECTORS];
  int64_t k = 0;
  UNROLL
  for (int i = 0; i < rows * LANE_VECTORS; i++) sum[i] = (vec){0};
  for (; k + PERI_DOT_LANES <= o->k; k += PERI_DOT_LANES) {
    UNROLL
    for (int v = 0; v < LANE_VECTORS; v++) {
      vec left = load(o->a + k + v * W);
      UNROLL
      for (int i = 0; i < rows; i++) {
        vec *s = &sum[i * LANE_VECTORS + v];
        *s = mul_add(left, load(o->b + i * o->b_k + k + v * W), *s);
      }
    }
  }
  UNROLL
  for (int i = 0; i < rows; i++)
    y[i] = dot_end(sum + i * LANE_VECTORS, o->a + k, o->b + i * o->b_k + k,
                   o->k - k);
}

/* sum[i] = b[i, :] a, one part of k, for the columns of panel 'p'. */
static void dots(const job *j, const area *r, const panel *p, T *sum) {
  int64_t col = r->col + p->col, i = 0;
  operands o = {.a = (j->a_k == 1 ? j->a : j->packed) + r->at,
                .b = j->b + col * j->b_col + r->at,
                .b_k = j->b_col,
                .k = r->k};
  for (; i + DOT_ROWS <= p->columns; i += DOT_ROWS, o.b += DOT_ROWS * j->b_col)
    dot_rows(DOT_ROWS, &o, sum + i);
  for (; i < p->columns; i++, o.b += j->b_col) dot_rows(1, &o, sum + i);
}

/* The columns of 'r', a row of b each. The vector is gathered into the
   workspace if it is strided. */
static void dot_area(const job *j, const area *r) {
  T sum[DOTS];
  if (j->a_k != 1)
    for (int64_t k = r->at; k < r->at + r->k; k++)
      j->packed[k] = j->a[k * j->a_k];
  for (int64_t at = 0; at < r->cols && !peri_call_stopped(j->call);
       at += DOTS) {
    panel p = {.col = at, .columns = smaller(r->cols - at, DOTS)};
    dots(j, r, &p, sum);
    store_sums(j, r, &p, &(sums){.sum = sum, .rows = 1});
  }
}
