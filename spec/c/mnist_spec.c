/* mnist_spec.c - drawn digits, and MNIST from files that are there, damaged,
   incomplete or absent. */
#define _POSIX_C_SOURCE 200809L
#include <sys/stat.h>

#include "data_check.h"

/* ---- Digits ----------------------------------------------------------- */

static peri_dataset *draw(peri_context *ctx, int64_t count, int64_t seed) {
  peri_digits_options options = peri_digits_defaults();
  peri_made made = {0};
  options.seed = seed;
  CHECK(peri_read_digits(ctx, count, &options, &made, 1) == 1);
  return made.dataset;
}

/* FNV-1a, 64 bits, of all bytes of tensor 'index'. */
static uint64_t hash(peri_dataset *set, int index) {
  peri_tensor *x = peri_dataset_tensor(set, index);
  const unsigned char *bytes = peri_tensor_data(x);
  uint64_t sum = 14695981039346656037u;
  for (size_t i = 0; i < peri_tensor_bytes(x); i++)
    sum = (sum ^ bytes[i]) * 1099511628211u;
  return sum;
}

static void digits(peri_context *ctx) {
  peri_dataset *a = draw(ctx, 50, 1), *b = draw(ctx, 100, 1),
               *c = draw(ctx, 50, 2);
  const uint8_t *x = peri_tensor_data(peri_dataset_tensor(a, 0));
  const uint8_t *y = peri_tensor_data(peri_dataset_tensor(b, 0));
  CHECK(peri_dataset_size(b) == 100);
  CHECK(memcmp(x, y, 50 * 784) == 0);
  CHECK(hash(a, 0) != hash(c, 0));
  /* The pixels are part of the file format: these never change. */
  CHECK(hash(b, 0) == 0xb95a7403d6a3371bu);
  CHECK(hash(b, 1) == 0x66cda62f8e7acd66u);
  CHECK_TEXT(peri_dataset_class(a, 7), "7");
  CHECK_TEXT(peri_dataset_source(a), "drawn digits");
  peri_dataset_free(a);
  peri_dataset_free(b);
  peri_dataset_free(c);
}

/* ---- MNIST ------------------------------------------------------------ */

static void write_images(const char *path, unsigned char count) {
  static unsigned char bytes[16 + 4 * 784];
  const unsigned char head[] = {0, 0, 8, 3,  0, 0, 0, count,
                                0, 0, 0, 28, 0, 0, 0, 28};
  memcpy(bytes, head, sizeof head);
  bytes[16 + 783] = 51; /* the last pixel of the first image */
  write_gzip(path, bytes, 16 + count * (size_t)784);
}

static void write_labels(const char *path, unsigned char count,
                         unsigned char last) {
  unsigned char bytes[] = {0, 0, 8, 1, 0, 0, 0, count, 7, 0, 9, 9};
  bytes[8 + count - 1] = last;
  write_file(path, bytes, 8 + (size_t)count);
}

static int read_mnist(peri_context *ctx, const char *root, peri_made made[2]) {
  peri_mnist_options options = peri_mnist_defaults();
  options.root = root;
  options.train_size = 30;
  options.test_size = 20;
  memset(made, 0, 2 * sizeof *made);
  return peri_read_mnist(ctx, &options, made, 2);
}

static void free_both(peri_made made[2]) {
  peri_dataset_free(made[0].dataset);
  peri_dataset_free(made[1].dataset);
}

static void mnist_drawn(peri_context *ctx) {
  peri_made made[2];
  CHECK(read_mnist(ctx, NULL, made) == 2);
  CHECK_TEXT(peri_dataset_source(made[0].dataset), "drawn digits");
  CHECK(peri_dataset_size(made[0].dataset) == 30);
  CHECK(peri_dataset_size(made[1].dataset) == 20);
  CHECK(hash(made[0].dataset, 1) != hash(made[1].dataset, 1));
  free_both(made);
  CHECK(read_mnist(ctx, "empty", made) == PERI_EIO);
  CHECK(failed(ctx, PERI_EIO,
               "mnist: empty has no train-images-idx3-ubyte[.gz]"));
}

static void mnist_files(peri_context *ctx) {
  peri_made made[2];
  peri_tensor *out[2];
  const int64_t first = 0;
  float pixels[784];
  CHECK(mkdir("data", 0700) == 0);
  write_images("data/train-images-idx3-ubyte.gz", 3);
  write_labels("data/train-labels.idx1-ubyte", 3, 4);
  write_images("data/t10k-images-idx3-ubyte.gz", 2);
  CHECK(read_mnist(ctx, NULL, made) == PERI_EFORMAT);
  CHECK(failed(ctx, PERI_EFORMAT,
               "mnist: ./data/t10k-images-idx3-ubyte.gz is "
               "there, but ./data/t10k-labels-idx1-ubyte[.gz] is not"));
  write_labels("data/t10k-labels-idx1-ubyte", 2, 1);
  CHECK(read_mnist(ctx, NULL, made) == 2);
  peri_dataset *train = made[0].dataset;
  CHECK(peri_dataset_size(train) == 3);
  CHECK(peri_dataset_size(made[1].dataset) == 2);
  CHECK_TEXT(peri_dataset_source(train), "files in ./data");
  CHECK(peri_dataset_batch(train, &first, 1, out, 2) == 2);
  CHECK(peri_tensor_ndim(out[0]) == 4 && peri_tensor_shape(out[0])[3] == 28);
  CHECK(peri_copy_out(out[0], pixels, PERI_F32, sizeof pixels) == 0);
  CHECK(pixels[783] == (float)(1.0 / 255) * 51 && pixels[0] == 0);
  CHECK(peri_item_whole(out[1]) == 7);
  CHECK_TEXT(peri_dataset_class(train, 9), "9");
  free_both(made);
}

static void mnist_counting(peri_context *ctx) {
  peri_made made[2];
  CHECK(peri_read(ctx, peri_reader_named("mnist"), NULL, 1, made, 2) == 2);
  peri_tensor *y = peri_dataset_tensor(made[0].dataset, 1);
  CHECK(((int64_t *)peri_tensor_data(y))[0] == 8); /* a seven, from 1 */
  free_both(made);
}

static void mnist_damaged(peri_context *ctx) {
  peri_made made[2];
  write_labels("data/t10k-labels-idx1-ubyte", 2, 10);
  CHECK(read_mnist(ctx, NULL, made) == PERI_EFORMAT);
  CHECK(failed(ctx, PERI_EFORMAT,
               "mnist: ./data/t10k-labels-idx1-ubyte: label 1 "
               "is 10, not a digit from 0 to 9"));
  CHECK(!made[0].dataset && !made[1].dataset);
  write_labels("data/t10k-labels-idx1-ubyte", 1, 1);
  CHECK(read_mnist(ctx, "data", made) == PERI_EFORMAT);
  CHECK(failed(ctx, PERI_EFORMAT,
               "mnist: data/t10k-images-idx3-ubyte.gz has 2 "
               "images, data/t10k-labels-idx1-ubyte 1 labels"));
  write_labels("data/t10k-images-idx3-ubyte.gz", 2, 1);
  CHECK(read_mnist(ctx, "data", made) == PERI_EFORMAT);
  CHECK(failed(ctx, PERI_EFORMAT,
               "mnist: data/t10k-images-idx3-ubyte.gz: images "
               "uint8 [N, 28, 28] expected, found uint8 [2]"));
  write_file("data/t10k-images-idx3-ubyte.gz", "", 0);
  CHECK(read_mnist(ctx, "data", made) == PERI_EFORMAT);
  CHECK(failed(ctx, PERI_EFORMAT,
               "mnist: data/t10k-images-idx3-ubyte.gz: 4 bytes "
               "of header expected, file has 0"));
}

static void (*const cases[])(peri_context *) = {
    digits, mnist_drawn, mnist_files, mnist_counting, mnist_damaged};

int main(void) { return RUN_CASES("mnist", cases); }
