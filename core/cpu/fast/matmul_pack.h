/* matmul_pack.h - a panel of b, its rows one after the other. Columns behind
   the last one of b hold anything: what comes of them is stored nowhere. */

/* b is row-major. A vector may reach into the next row, but not behind b. */
static void pack_rows(const job *j, const T *b, int64_t k, const panel *p,
                      T *to) {
  const T *end = j->b + (j->k - 1) * j->b_k + j->n;
  for (int64_t i = 0; i < k; i++, b += j->b_k)
    for (int c = 0; c < p->vectors * W; c += W, to += W)
      if (end - (b + c) >= W)
        store(to, load(b + c));
      else
        for (int v = 0; v < W; v++) to[v] = c + v < p->columns ? b[c + v] : 0;
}

/* Columns c .. c + W of the panel from any strides. */
static void pack_any(const job *j, const T *b, int64_t k, const panel *p, int c,
                     T *to) {
  for (int64_t i = 0; i < k; i++, to += p->vectors * W)
    for (int v = 0; v < W; v++)
      to[v] = c + v < p->columns ? b[i * j->b_k + (c + v) * j->b_col] : 0;
}

/* b lies along k: blocks of W columns and W steps of k are turned, the last
   ones once more if k ends within a block. */
static void pack_turned(const job *j, const T *b, int64_t k, const panel *p,
                        int c, T *to) {
  int width = p->vectors * W;
  for (int64_t next = 0; next < k; next += W) {
    int64_t i = smaller(next, k - W);
    vec block[W];
    UNROLL
    for (int v = 0; v < W; v++)
      block[v] =
          c + v < p->columns ? load(b + (c + v) * j->b_col + i) : (vec){0};
    turn(block);
    UNROLL
    for (int v = 0; v < W; v++) store(to + (i + v) * width, block[v]);
  }
}

static void pack(const job *j, const area *r, const panel *p) {
  const T *b = j->b + r->at * j->b_k + (r->col + p->col) * j->b_col;
  T *to = j->packed + p->col * j->part;
  if (j->b_col == 1) {
    pack_rows(j, b, r->k, p, to);
    return;
  }
  for (int c = 0; c < p->vectors * W; c += W)
    if (j->b_k == 1 && r->k >= W)
      pack_turned(j, b, r->k, p, c, to + c);
    else
      pack_any(j, b, r->k, p, c, to + c);
}
