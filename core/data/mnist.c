/* mnist.c - the MNIST database: four IDX files in one folder, found or, if no
   folder was named and there are none, replaced by drawn digits.

   A folder counts as soon as one of the four is in it. From then on whatever
   is wrong is an error: damaged files never turn into drawn digits. */
#include <errno.h>
#include <stdio.h>

#include "data/data.h"

enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, FILES };

#define FOLDER_BYTES 900 /* longest name of a folder, its end included */
#define PATH_BYTES 1000  /* the same of a file in it */

/* Seeds of the drawn digits: different ones, so that no digit is in both. */
#define TRAIN_SEED 1
#define TEST_SEED 2

typedef struct {
  char path[PATH_BYTES];
} file_name;

static const char *const stems[FILES] = {"train-images", "train-labels",
                                         "t10k-images", "t10k-labels"};

/* How people keep the files: as published, and unpacked under the name inside
   the archive. */
static const char *const forms[] = {"%s/%s-idx%d-ubyte", "%s/%s-idx%d-ubyte.gz",
                                    "%s/%s.idx%d-ubyte",
                                    "%s/%s.idx%d-ubyte.gz"};

static int dimensions(int file) {
  return file == TRAIN_IMAGES || file == TEST_IMAGES ? 3 : 1;
}

/* True unless there is no such file; one that cannot be opened is there. */
static bool exists(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file) fclose(file);
  return file || (errno != ENOENT && errno != ENOTDIR);
}

/* Look for 'file' in 'folder'; 'name' ends as the form found, or as the first
   one. */
static bool find_file(const char *folder, int file, file_name *name) {
  for (int i = (int)(sizeof forms / sizeof *forms) - 1; i >= 0; i--) {
    snprintf(name->path, PATH_BYTES, forms[i], folder, stems[file],
             dimensions(file));
    if (exists(name->path)) return true;
  }
  return false;
}

/* Look for all four in 'folder'. -> 1 all there, 0 none, EFORMAT some */
static int find_files(peri_context *ctx, const char *folder,
                      file_name name[FILES]) {
  int there = -1, missing = -1;
  for (int file = 0; file < FILES; file++) {
    if (find_file(folder, file, &name[file]))
      there = file;
    else
      missing = file;
  }
  if (there >= 0 && missing >= 0)
    return peri_fail(ctx, PERI_EFORMAT,
                     "mnist: %s is there, but %s[.gz] is not", name[there].path,
                     name[missing].path);
  return there >= 0;
}

/* ---- Reading ---------------------------------------------------------- */

/* Images [N, 28, 28] of the file as [N, 1, 28, 28]. */
static peri_tensor *load_images(peri_context *ctx, const char *path) {
  peri_tensor *x = peri__idx_load(ctx, "mnist", path);
  if (!x) return NULL;
  if (x->dtype != PERI_U8 || x->ndim != 3 || x->shape[1] != PERI_DIGIT_SIDE ||
      x->shape[2] != PERI_DIGIT_SIDE) {
    peri_fail(ctx, PERI_EFORMAT,
              "mnist: %s: images uint8 [N, 28, 28] expected, found %s %s", path,
              peri_dtype_name(x->dtype), peri__shape_of(x).s);
    return NULL;
  }
  const int64_t shape[] = {x->shape[0], 1, PERI_DIGIT_SIDE, PERI_DIGIT_SIDE};
  int64_t strides[4];
  peri__strides(shape, 4, strides);
  return peri__view(x, shape, strides, 4, 0);
}

/* Labels 0 to 9 of the file as classes counted from 'base'. */
static peri_tensor *load_labels(peri_context *ctx, const char *path, int base) {
  peri_tensor *labels = peri__idx_load(ctx, "mnist", path);
  if (!labels) return NULL;
  if (labels->dtype != PERI_U8 || labels->ndim != 1) {
    peri_fail(ctx, PERI_EFORMAT,
              "mnist: %s: labels uint8 [N] expected, found %s %s", path,
              peri_dtype_name(labels->dtype), peri__shape_of(labels).s);
    return NULL;
  }
  peri_tensor *y = peri_tensor_new(ctx, NULL, labels->shape, 1, PERI_I64);
  const uint8_t *from = peri_tensor_data(labels);
  int64_t *to = y ? peri_tensor_data(y) : NULL;
  for (int64_t i = 0; y && i < labels->shape[0]; i++) {
    if (from[i] > 9) {
      peri_fail(ctx, PERI_EFORMAT,
                "mnist: %s: label %lld is %d, not a digit from 0 to 9", path,
                (long long)(i + base), from[i]);
      return NULL;
    }
    to[i] = from[i] + base;
  }
  return y;
}

static peri_dataset *load_set(peri_context *ctx, const file_name *images,
                              const file_name *labels, int base,
                              const char *source) {
  peri_dataset *set = NULL;
  peri_scope scope = peri_scope_open(ctx);
  peri_tensor *x = load_images(ctx, images->path);
  peri_tensor *y = load_labels(ctx, labels->path, base);
  if (x && y && x->shape[0] != y->shape[0])
    peri_fail(ctx, PERI_EFORMAT, "mnist: %s has %lld images, %s %lld labels",
              images->path, (long long)x->shape[0], labels->path,
              (long long)y->shape[0]);
  else if (x && y)
    set = peri__digits_new(ctx, x, y, source);
  peri_scope_close(scope);
  return set;
}

/* Both sets into 'made'. */
static int load_both(peri_context *ctx, const char *folder,
                     const file_name name[FILES], int base, peri_made *made) {
  char source[FOLDER_BYTES + 16];
  snprintf(source, sizeof source, "files in %s", folder);
  made[0].dataset =
      load_set(ctx, &name[TRAIN_IMAGES], &name[TRAIN_LABELS], base, source);
  if (made[0].dataset)
    made[1].dataset =
        load_set(ctx, &name[TEST_IMAGES], &name[TEST_LABELS], base, source);
  return made[1].dataset ? 2 : (int)peri_error(ctx);
}

/* ---- Where the files are ---------------------------------------------- */

/* Read the sets from folder/inside. -> 2, 0 if no file is there, or a status */
static int try_folder(peri_context *ctx, const char *folder, const char *inside,
                      int base, peri_made *made) {
  char whole[FOLDER_BYTES];
  file_name name[FILES];
  int length = snprintf(whole, sizeof whole, "%s%s", folder, inside);
  if (length < 0 || (size_t)length >= sizeof whole)
    return peri_fail(ctx, PERI_EARG,
                     "mnist: the name of the folder has more than %d bytes",
                     FOLDER_BYTES - 1);
  int found = find_files(ctx, whole, name);
  return found > 0 ? load_both(ctx, whole, name, base, made) : found;
}

static int search_folders(peri_context *ctx, int base, peri_made *made) {
  const char *const folders[] = {ctx->data_path, "./data"};
  static const char *const inside[] = {"/mnist", ""};
  for (int i = 0; i < 4; i++) {
    if (!folders[i / 2]) continue;
    int count = try_folder(ctx, folders[i / 2], inside[i % 2], base, made);
    if (count != 0) return count;
  }
  return 0;
}

static int draw_both(peri_context *ctx, int64_t train, int64_t test, int base,
                     peri_made *made) {
  peri__log(ctx, PERI_LOG_INFO,
            "mnist: no files in %s%s./data; drawing %lld and %lld digits",
            ctx->data_path ? ctx->data_path : "", ctx->data_path ? " and " : "",
            (long long)train, (long long)test);
  made[0].dataset = peri__digits_drawn(ctx, train, TRAIN_SEED, base);
  if (made[0].dataset)
    made[1].dataset = peri__digits_drawn(ctx, test, TEST_SEED, base);
  return made[1].dataset ? 2 : (int)peri_error(ctx);
}

static int read_sets(peri_context *ctx, const peri_value *value, int base,
                     peri_made *made) {
  const char *root = value[0].type == PERI_P_STRING ? value[0].s : NULL;
  int count = root ? try_folder(ctx, root, "", base, made)
                   : search_folders(ctx, base, made);
  if (count == 0 && root)
    return peri_fail(ctx, PERI_EIO, "mnist: %s has no %s-idx3-ubyte[.gz]", root,
                     stems[TRAIN_IMAGES]);
  return count == 0 ? draw_both(ctx, value[1].i, value[2].i, base, made)
                    : count;
}

int peri__mnist_read(peri_context *ctx, const peri_value *value, int base,
                     peri_made *made, int room) {
  if (peri__made_room(ctx, "mnist", room, 2) < 0) return PERI_EARG;
  int count = read_sets(ctx, value, base, made);
  if (count < 0 && made[0].dataset) {
    peri_dataset_free(made[0].dataset);
    made[0].dataset = NULL;
  }
  return count;
}
