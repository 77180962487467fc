/* index_spec.c - reading and writing by positions: at every level the bits of
   the plain kernels, over random dtypes, shapes, layouts and positions, some of
   them out of range as a replay may find them, on any number of threads; and
   the keys of peri_at in C, where positions count from 0. */
#include "kernels.h"
#include "twin_check.h"

static peri_context *plain, *fast;

static peri_dtype any_dtype(void) {
  return (peri_dtype)(PERI_BOOL + below(PERI_DTYPES - PERI_BOOL));
}

static double small_number(void) { return (double)below(9) - 3; }
static double truth(void) { return (double)below(2); }

static int64_t places; /* that positions are drawn for */

/* From the start, from the end, now and then beyond both. */
static double position(void) {
  return (double)(below(8) == 0 ? below(2 * places + 6) - places - 3
                                : below(places));
}

/* ---- Kernels ----------------------------------------------------------- */

enum { MOST = 3 };

typedef struct {
  int kernel, count; /* of the arguments, the output first */
  sample arg[MOST];
  peri__index_attr attr;
  peri__join_attr join;
} call;

/* Run 'c' in 'ctx' on a copy of its output. -> the output */
static peri_tensor *run(peri_context *ctx, const call *c) {
  peri_tensor *args[MOST];
  for (int i = 0; i < c->count; i++) args[i] = in(ctx, &c->arg[i]);
  args[0] = peri_clone(args[0]);
  bool joins = c->kernel == PERI_K_join_places;
  const void *attr = joins ? (const void *)&c->join : &c->attr;
  peri_launch(ctx, peri__kernel_id(c->kernel), args, 1, c->count - 1, attr,
              joins ? sizeof c->join : sizeof c->attr);
  return args[0];
}

/* -> true if plain and fast agree; frees the samples */
static bool agrees(call *c) {
  peri_scope scopes[] = {peri_scope_open(plain), peri_scope_open(fast)};
  bool ok = same_bytes(run(plain, c), run(fast, c));
  if (!ok)
    printf("isa %s, kernel %d, mode %d, dtype %s\n", peri_isa(fast), c->kernel,
           c->attr.mode, peri_dtype_name(c->arg[0].dtype));
  for (int i = 0; i < 2; i++) peri_scope_close(scopes[i]);
  for (int i = 0; i < c->count; i++) free(c->arg[i].data);
  return ok && peri_error(plain) == 0 && peri_error(fast) == 0;
}

/* An index of 'shape'; with 'repeats' it is one row along 'dim'. */
static sample random_index(const int64_t *shape, int ndim, int dim,
                           bool repeats) {
  peri_dtype dtype = below(3) == 0 ? PERI_I32 : PERI_I64;
  if (!repeats) return random_sample(shape, ndim, dtype, false, position);
  sample s = random_sample(&shape[dim], 1, dtype, false, position);
  int64_t stride = s.strides[0];
  for (int d = 0; d < ndim; d++) {
    s.shape[d] = shape[d];
    s.strides[d] = d == dim ? stride : 0;
  }
  s.ndim = ndim;
  return s;
}

/* gather or scatter with a tensor that has one or two dimensions of places. */
static bool moves(int kernel, int64_t most) {
  int ndim = 1 + (int)below(3), dims = 1 + (int)below(2), total;
  int64_t rows[PERI_MAX_DIMS], whole[PERI_MAX_DIMS];
  call c = {.kernel = kernel, .count = 3};
  peri_dtype dtype = any_dtype();
  c.attr = (peri__index_attr){(int)below(ndim), dims, below(2), 0, false};
  if (kernel == PERI_K_scatter) c.attr.mode = (int)below(5);
  for (int d = 0; d < ndim; d++) rows[d] = below(most);
  total = ndim + dims - 1;
  for (int d = 0; d < total; d++)
    whole[d] = rows[d < c.attr.dim          ? d
                    : d < c.attr.dim + dims ? 0
                                            : d - dims + 1];
  places = 1;
  for (int d = c.attr.dim; d < c.attr.dim + dims; d++)
    places *= whole[d] = 1 + below(most);
  bool reads = kernel == PERI_K_gather;
  sample narrow = random_sample(rows, ndim, dtype, below(2), small_number);
  sample wide = random_sample(whole, total, dtype, below(2), small_number);
  c.arg[0] = reads ? narrow : wide;
  c.arg[1] = reads ? wide : narrow;
  c.arg[2] = random_index(rows, ndim, c.attr.dim, below(2));
  return agrees(&c);
}

static bool joins(void) {
  int64_t shape[] = {below(20), below(300)};
  call c = {.kernel = PERI_K_join_places, .count = 3};
  c.join = (peri__join_attr){
      {below(2), below(2)}, {1 + below(9), 1 + below(9)}, false};
  c.arg[0] = random_sample(shape, 2, PERI_I64, true, small_number);
  for (int i = 0; i < 2; i++) {
    places = c.join.size[i];
    c.arg[i + 1] = random_index(shape, 2, (int)below(2), below(2));
  }
  return agrees(&c);
}

/* Room for fewer or more than the mask chooses. */
static bool masks(int kernel) {
  int ndim = 1 + (int)below(3);
  int64_t shape[PERI_MAX_DIMS], room = 1;
  call c = {.kernel = kernel, .count = 3};
  peri_dtype dtype = any_dtype();
  for (int d = 0; d < ndim; d++) room *= shape[d] = below(20);
  room = below(room + 2);
  bool reads = kernel == PERI_K_masked_select;
  sample row = random_sample(&room, 1, dtype, false, small_number);
  sample x = random_sample(shape, ndim, dtype, below(2), small_number);
  c.arg[0] = reads ? row : x;
  c.arg[1] = reads ? x : row;
  c.arg[2] = random_sample(shape, ndim, PERI_BOOL, below(2), truth);
  return agrees(&c);
}

static bool finds(void) {
  int ndim = (int)below(4);
  bool flat = below(2);
  int64_t shape[PERI_MAX_DIMS], found[] = {below(90), ndim};
  call c = {.kernel = PERI_K_nonzero, .count = 2};
  peri__nonzero_attr attr = {below(2), flat};
  for (int d = 0; d < ndim; d++) shape[d] = below(20);
  memcpy(&c.attr, &attr, sizeof attr);
  c.arg[0] = random_sample(found, flat ? 1 : 2, PERI_I64, true, small_number);
  c.arg[1] = random_sample(shape, ndim, any_dtype(), below(2), truth);
  return agrees(&c);
}

static void all_kernels(int rounds, int64_t most) {
  bool ok = true;
  for (int i = 0; i < rounds; i++) {
    ok = moves(PERI_K_gather, most) && ok;
    ok = moves(PERI_K_scatter, most) && ok;
    ok = joins() && ok;
    ok = masks(PERI_K_masked_select) && ok;
    ok = masks(PERI_K_masked_scatter) && ok;
    ok = finds() && ok;
  }
  CHECK(ok);
}

static void at_level(const peri__level *level) {
  static const int threads[] = {1, 2, 5};
  for (int i = 0; i < 3; i++) {
    fast = open_level(level->name, threads[i]);
    random_state = 11;
    all_kernels(200, 20);
    all_kernels(3, 130);
    CHECK(threads[i] == 1 || peri_parallel_jobs(fast) > 0);
    peri_context_free(fast);
  }
}

/* ---- Keys -------------------------------------------------------------- */

static double total(peri_tensor *x) { return peri_item(peri_sum(x, NULL)); }

static peri_tensor *whole_numbers(const int64_t *data, int64_t count,
                                  peri_dtype dtype) {
  return peri_cast(
      peri_tensor_new(plain, data, (int64_t[]){count}, 1, PERI_I64), dtype);
}

static void keys(void) {
  const int64_t rows[] = {2, 0, -1}, marks[] = {1, 0, 1};
  peri_arange_options none = peri_arange_defaults();
  peri_scope scope = peri_scope_open(plain);
  peri_tensor *x =
      peri_reshape(peri_arange(plain, 12, &none), (int64_t[]){3, 4}, 2);
  const peri_index by_rows = {.kind = PERI_TENSOR,
                              .by = whole_numbers(rows, 3, PERI_I64)};
  const peri_index by_mask = {.kind = PERI_TENSOR,
                              .by = whole_numbers(marks, 3, PERI_BOOL)};
  const peri_index both[] = {by_rows, {.kind = PERI_AT, .first = 1}};
  CHECK(total(peri_at(x, &by_rows, 1)) == 38 + 6 + 38);
  CHECK(total(peri_at(x, both, 2)) == 9 + 1 + 9);
  CHECK(total(peri_at(x, &by_mask, 1)) == 6 + 38);
  CHECK(peri_add_at(x, both, 2, peri_whole(plain, 10)) == 0);
  CHECK(total(x) == 66 + 30);
  CHECK(peri_set_at(x, &by_mask, 1, peri_whole(plain, 0)) == 0);
  CHECK(total(x) == 22);
  const peri_index out = {.kind = PERI_TENSOR,
                          .by = whole_numbers((int64_t[]){0, 3}, 2, PERI_I32)};
  CHECK(peri_at(x, &out, 1) == NULL && peri_error(plain) == PERI_EINDEX);
  CHECK(strcmp(peri_error_text(plain),
               "index: position 3 at [1] is out of range, dimension 0 of "
               "[3, 4] has 3 positions") == 0);
  peri_clear_error(plain);
  const peri_index missing = {.kind = PERI_TENSOR};
  CHECK(peri_at(x, &missing, 1) == NULL && peri_error(plain) == PERI_EARG);
  peri_clear_error(plain);
  peri_scope_close(scope);
}

int main(void) {
  plain = open_level("plain", 1);
  for (int i = 1; peri__level_at(i); i++)
    if (peri__level_at(i)->here()) at_level(peri__level_at(i));
  keys();
  peri_context_free(plain);
  return check_done("positions");
}
