/* shape_spec.c - checked arithmetic, broadcasting, strides of views and the
   text of shapes. Views are compared with a walk over all elements. */
#include "check.h"
#include "internal.h"

#define LONG(...) ((const int64_t[]){__VA_ARGS__})

static void arithmetic_notices_overflow(void) {
  int64_t out;
  CHECK(peri__mul(1 << 20, 1 << 20, &out) && out == (int64_t)1 << 40);
  CHECK(peri__mul(INT64_MIN, 1, &out) && out == INT64_MIN);
  CHECK(!peri__mul(INT64_MIN, -1, &out));
  CHECK(!peri__mul((int64_t)1 << 32, (int64_t)1 << 31, &out));
  CHECK(peri__add(INT64_MAX, -1, &out) && out == INT64_MAX - 1);
  CHECK(!peri__add(INT64_MAX, 1, &out));
  CHECK(!peri__add(INT64_MIN, -1, &out));
}

static void numel_refuses_what_no_tensor_has(void) {
  const int64_t most = INT64_MAX / 8;
  CHECK(peri__numel(NULL, 0) == 1);
  CHECK(peri__numel(LONG(2, 3, 4), 3) == 24);
  CHECK(peri__numel(LONG(2, 0, 4), 3) == 0);
  CHECK(peri__numel(LONG(2, -1), 2) == -1);
  CHECK(peri__numel(LONG(0, -1), 2) == -1);
  CHECK(peri__numel(LONG(most), 1) == most);
  CHECK(peri__numel(LONG(most + 1), 1) == -1);
  CHECK(peri__numel(LONG((int64_t)1 << 31, (int64_t)1 << 31), 2) == -1);
  CHECK(peri__numel(LONG((int64_t)1 << 40, 0, (int64_t)1 << 40), 3) == -1);
  CHECK(peri__numel(LONG(INT64_MAX, INT64_MAX, INT64_MAX), 3) == -1);
}

static void strides_are_row_major(void) {
  int64_t strides[4];
  peri__strides(LONG(2, 3, 4), 3, strides);
  CHECK(strides[0] == 12 && strides[1] == 4 && strides[2] == 1);
  peri__strides(LONG(2, 0, 4), 3, strides);
  CHECK(strides[0] == 4 && strides[1] == 4 && strides[2] == 1);
}

static void shapes_compare(void) {
  CHECK(peri__same_shape(NULL, 0, NULL, 0));
  CHECK(peri__same_shape(LONG(2, 3), 2, LONG(2, 3), 2));
  CHECK(!peri__same_shape(LONG(2, 3), 2, LONG(3, 2), 2));
  CHECK(!peri__same_shape(LONG(2, 3), 2, LONG(2, 3, 1), 3));
}

/* ---- Broadcasting ----------------------------------------------------- */

static const struct {
  int na, nb, nout;
  int64_t a[4], b[4], out[4];
} broadcasts[] = {
    {0, 0, 0, {0}, {0}, {0}},
    {2, 0, 2, {2, 3}, {0}, {2, 3}},
    {2, 1, 2, {2, 3}, {3}, {2, 3}},
    {1, 2, 2, {3}, {2, 1}, {2, 3}},
    {3, 2, 3, {4, 1, 5}, {6, 1}, {4, 6, 5}},
    {2, 2, 2, {1, 3}, {0, 3}, {0, 3}},
    {2, 2, 2, {0, 3}, {1, 1}, {0, 3}},
    {2, 2, -1, {2, 3}, {2, 4}, {0}},
    {2, 2, -1, {0, 3}, {2, 3}, {0}},
    {2, 1, -1, {2, 3}, {2}, {0}},
};

static void broadcasting_stretches_ones(void) {
  for (size_t i = 0; i < sizeof broadcasts / sizeof *broadcasts; i++) {
    int64_t out[PERI_MAX_DIMS];
    int ndim = peri__broadcast(broadcasts[i].a, broadcasts[i].na,
                               broadcasts[i].b, broadcasts[i].nb, out);
    CHECK(ndim == broadcasts[i].nout);
    CHECK(ndim < 0 || peri__same_shape(out, ndim, broadcasts[i].out, ndim));
  }
}

/* ---- Views ------------------------------------------------------------ */

/* Offset of element 'index', counted row-major. */
static int64_t offset_of(const int64_t *shape, const int64_t *strides, int ndim,
                         int64_t index) {
  int64_t offset = 0;
  for (int d = ndim - 1; d >= 0; d--) {
    offset += index % shape[d] * strides[d];
    index /= shape[d];
  }
  return offset;
}

static const struct {
  const char *what;
  bool possible;
  int old_ndim, ndim;
  int64_t old_shape[5], old_strides[5], shape[5];
} views[] = {
    {"scalar to vector", true, 0, 1, {0}, {0}, {1}},
    {"vector to scalar", true, 1, 0, {1}, {7}, {0}},
    {"split rows", true, 2, 3, {4, 6}, {6, 1}, {2, 2, 6}},
    {"flatten", true, 2, 1, {4, 6}, {6, 1}, {24}},
    {"cut across rows", true, 2, 2, {4, 6}, {6, 1}, {3, 8}},
    {"split a transposed one", true, 2, 3, {6, 4}, {1, 6}, {2, 3, 4}},
    {"flatten a transposed one", false, 2, 1, {6, 4}, {1, 6}, {24}},
    {"regroup a transposed one", false, 2, 2, {6, 4}, {1, 6}, {4, 6}},
    {"flatten every other row", false, 2, 1, {2, 6}, {12, 1}, {12}},
    {"flatten every other column", true, 2, 1, {4, 3}, {6, 2}, {12}},
    {"flatten an expanded one", false, 2, 1, {4, 6}, {0, 1}, {24}},
    {"split an expanded one", true, 2, 3, {4, 6}, {0, 1}, {2, 2, 6}},
    {"flatten one stretched twice", true, 2, 1, {4, 6}, {0, 0}, {24}},
    {"flatten a reversed one", true, 2, 1, {2, 3}, {-3, -1}, {6}},
    {"ones with any stride", true, 3, 2, {1, 4, 1}, {99, 2, 77}, {2, 2}},
    {"ones put in", true, 2, 5, {2, 3}, {1, 2}, {1, 2, 1, 3, 1}},
    {"swap ends of a middle", false, 3, 2, {2, 3, 4}, {4, 8, 1}, {6, 4}},
    {"keep outer, flatten inner", true, 3, 2, {3, 2, 4}, {99, 4, 1}, {3, 8}},
};

static void views_look_at_the_same_elements(void) {
  for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
    int64_t strides[PERI_MAX_DIMS];
    bool possible = peri__view_strides(views[i].old_shape, views[i].old_strides,
                                       views[i].old_ndim, views[i].shape,
                                       views[i].ndim, strides);
    bool same = true;
    int64_t count = peri__numel(views[i].shape, views[i].ndim);
    for (int64_t k = 0; possible && k < count; k++)
      same = same && offset_of(views[i].shape, strides, views[i].ndim, k) ==
                         offset_of(views[i].old_shape, views[i].old_strides,
                                   views[i].old_ndim, k);
    if (!CHECK(possible == views[i].possible && same))
      printf("  %s\n", views[i].what);
  }
}

static void views_of_row_major_are_row_major(void) {
  int64_t strides[3], expected[3];
  CHECK(peri__view_strides(LONG(4, 6), LONG(6, 1), 2, LONG(1, 24, 1), 3,
                           strides));
  peri__strides(LONG(1, 24, 1), 3, expected);
  CHECK(memcmp(strides, expected, sizeof strides) == 0);
  CHECK(
      peri__view_strides(LONG(0, 6), LONG(1, 1), 2, LONG(3, 0, 5), 3, strides));
  peri__strides(LONG(3, 0, 5), 3, expected);
  CHECK(memcmp(strides, expected, sizeof strides) == 0);
}

/* A host's buffer may have strides whose products overflow. */
static void views_stand_wild_strides(void) {
  const int64_t wild = INT64_MAX / 2;
  int64_t strides[3];
  CHECK(!peri__view_strides(LONG(2, 3), LONG(wild, wild), 2, LONG(6), 1,
                            strides));
  CHECK(peri__view_strides(LONG(4), LONG(wild), 1, LONG(1, 4, 1), 3, strides));
  CHECK(strides[1] == wild);
}

/* ---- Text ------------------------------------------------------------- */

static void shapes_print(void) {
  char text[PERI_SHAPE_TEXT];
  CHECK_TEXT(peri_shape_text(NULL, 0, text, sizeof text), "[]");
  CHECK_TEXT(peri_shape_text(LONG(5), 1, text, sizeof text), "[5]");
  CHECK_TEXT(peri_shape_text(LONG(2, 0, 3), 3, text, sizeof text), "[2, 0, 3]");
  CHECK_TEXT(peri_shape_text(LONG(2, 345), 2, text, 5), "[2, ");
  CHECK_TEXT(peri_shape_text(LONG(2, 345), 2, text, 1), "");
  int64_t wide[PERI_MAX_DIMS];
  for (int d = 0; d < PERI_MAX_DIMS; d++) wide[d] = INT64_MIN;
  peri_shape_text(wide, PERI_MAX_DIMS, text, sizeof text);
  CHECK(text[strlen(text) - 1] == ']');
  peri_meta meta = {PERI_F32, 2, {7, 8}};
  CHECK_TEXT(peri__meta_text(&meta).s, "[7, 8]");
}

int main(void) {
  arithmetic_notices_overflow();
  numel_refuses_what_no_tensor_has();
  strides_are_row_major();
  shapes_compare();
  broadcasting_stretches_ones();
  views_look_at_the_same_elements();
  views_of_row_major_are_row_major();
  views_stand_wild_strides();
  shapes_print();
  return check_done("shape");
}
