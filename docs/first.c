#include <perigee.h>
#include <stdio.h>

int main(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_tensor *x = peri_randn(ctx, (int64_t[]){32, 784}, 2, NULL);
  peri_module *layer = peri_linear_new(ctx, 784, 10, NULL);
  peri_tensor *y = peri_softmax(peri_forward(layer, x), 1);
  double total = peri_item(peri_sum(y, NULL)); /* 32: a row sums to one */
  printf("%g %s\n", total, peri_error_text(ctx));
  peri_context_free(ctx);
}
