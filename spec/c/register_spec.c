/* register_spec.c - a host adds an operation at run time; a script uses it as
   any other, asks for its help and trains through it. */
#include "check.h"
#include "perigee.h"

/* ---- The operation: y = x^3 ------------------------------------------- */

static void walk(const peri_call *call, int dim, int64_t to, int64_t from) {
  const peri_arg *y = &call->arg[0], *x = &call->arg[1];
  if (dim < y->ndim) {
    for (int64_t i = 0; i < y->shape[dim]; i++)
      walk(call, dim + 1, to + i * y->strides[dim], from + i * x->strides[dim]);
  } else if (y->dtype == PERI_F32) {
    float v = ((const float *)x->data)[from];
    ((float *)y->data)[to] = v * v * v;
  } else {
    double v = ((const double *)x->data)[from];
    ((double *)y->data)[to] = v * v * v;
  }
}

static void cube_kernel(const peri_call *call) { walk(call, 0, 0, 0); }

static int cube_infer(peri_frame *frame) {
  peri_tensor *x = frame->in[0];
  peri_dtype dtype = peri_tensor_dtype(x);
  if (dtype != PERI_F32 && dtype != PERI_F64)
    return peri_fail(frame->ctx, PERI_EDTYPE, "cube: x must be a float, is %s",
                     peri_dtype_name(dtype));
  frame->nout = 1;
  frame->out[0].dtype = dtype;
  frame->out[0].ndim = peri_tensor_ndim(x);
  for (int i = 0; i < peri_tensor_ndim(x); i++)
    frame->out[0].shape[i] = peri_tensor_shape(x)[i];
  return 0;
}

static int cube_forward(peri_frame *frame) {
  const int *kernel = frame->op->detail;
  peri_tensor *args[] = {frame->y[0], frame->in[0]};
  return peri_launch(frame->ctx, *kernel, args, 1, 1, NULL, 0);
}

static int cube_backward(peri_backprop *grad) {
  peri_tensor *x = grad->in[0];
  grad->dx[0] = peri_mul(grad->dy[0],
                         peri_mul(peri_number(grad->ctx, 3), peri_mul(x, x)));
  return grad->dx[0] ? 0 : (int)peri_error(grad->ctx);
}

static int cube_kernel_id;

static const peri_op cube = {
    .name = "cube",
    .inputs = {{"x", 0}},
    .flags = PERI_OP_INPLACE,
    .saves = PERI_SAVE_IN(0),
    .infer = cube_infer,
    .forward = cube_forward,
    .backward = cube_backward,
    .detail = &cube_kernel_id,
    .doc =
        "Third power: y = x^3.\nx  float tensor\n-> shape and dtype of x\n"
        "grad  x",
};

static int add_cube(peri_context *ctx) {
  cube_kernel_id = peri_register_kernel(ctx, "cube", cube_kernel);
  if (cube_kernel_id < 0) return cube_kernel_id;
  return peri_register_op(ctx, &cube);
}

/* ---- Scripts ---------------------------------------------------------- */

static const char *const scripts[] = {
    "local pg = require 'perigee'\n"
    "local x = pg.tensor({ 1.0, 2.0, -3.0 }, { requires_grad = true })\n"
    "local y = pg.cube(x)\n"
    "assert(y[1] == 1 and y[2] == 8 and y[3] == -27)\n"
    "y:sum():backward()\n"
    "assert(x.grad[2] == 12 and x.grad[3] == 27)\n"
    "assert(x:transpose(1, -1):cube():sum():item() == -18)",

    "local pg = require 'perigee'\n"
    "local x = pg.tensor({ 2.0 })\n"
    "assert(x:cube_() == x and x[1] == 8)",

    "local pg = require 'perigee'\n"
    "local x = pg.tensor({ 0.5, 1.5 }, { dtype = 'float64',\n"
    "  requires_grad = true })\n"
    "assert(pg.gradcheck(pg.cube, { x }))\n"
    "assert(pg.gradgradcheck(pg.cube, { x }))",

    "local pg = require 'perigee'\n"
    "assert(pg.help('cube'):find('Third power', 1, true))\n"
    "local found\n"
    "for _, row in ipairs(pg.ops()) do\n"
    "  found = found or row.name == 'cube'\n"
    "end\n"
    "assert(found)",

    "local pg = require 'perigee'\n"
    "local ok, message = pcall(pg.cube, pg.tensor { 1, 2 })\n"
    "assert(not ok and message:find('cube: x must be a float, is int64'))\n"
    "ok, message = pcall(pg.cube, 'text')\n"
    "assert(not ok and message:find('cube: x must be a tensor'))",

    "local pg = require 'perigee'\n"
    "local w = pg.tensor({ 1.0 }, { requires_grad = true })\n"
    "local opt = pg.optim.SGD({ w }, { lr = 0.003 })\n"
    "for _ = 1, 300 do\n"
    "  local miss = w:cube() - 8\n"
    "  opt:zero_grad();\n"
    "  (miss * miss):sum():backward()\n"
    "  opt:step()\n"
    "end\n"
    "assert(math.abs(w:item() - 2) < 1e-3, w:item())",
};

static void discard(void *user, const char *text, size_t length) {
  (void)user, (void)text, (void)length;
}

static void from_scripts(void) {
  peri_vm_options options = {.output = discard};
  peri_vm *vm = peri_vm_open(&options, NULL);
  CHECK(add_cube(peri_vm_context(vm)) == 0);
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++)
    if (!CHECK(peri_vm_run_string(vm, scripts[i], "script") == 0))
      printf("script %zu: %s\n", i + 1, peri_vm_error(vm));
  peri_vm_close(vm);
}

/* ---- The registry ----------------------------------------------------- */

static void refusals(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_op nameless = cube, mute = cube, taken = cube, shapeless = cube;
  nameless.name = NULL;
  mute.forward = NULL;
  taken.name = "add";
  shapeless.infer = NULL;
  const peri_op *const wrong[] = {&nameless, &mute, &taken, &shapeless};
  for (int i = 0; i < 4; i++) {
    CHECK(peri_register_op(ctx, wrong[i]) == PERI_EARG);
    peri_clear_error(ctx);
  }
  CHECK(add_cube(ctx) == 0);
  CHECK(peri_register_op(ctx, &cube) == PERI_EARG);
  peri_clear_error(ctx);
  CHECK(peri_op_named(ctx, "cube") == &cube);
  CHECK(peri_op_named(NULL, "cube") == NULL);
  peri_context_free(ctx);
}

/* Rows that make tensors from nothing end in dtype, device, requires_grad. */
static void sources(void) {
  peri_context *ctx = peri_context_new(NULL, NULL);
  const peri_op *zeros = peri_op_named(ctx, "zeros");
  peri_op bare = *zeros, nothings = *zeros;
  bare.params = NULL;
  bare.name = nothings.name = "nothings";
  CHECK(peri_register_op(ctx, &bare) == PERI_EARG);
  CHECK_TEXT(peri_error_text(ctx),
             "register_op: nothings makes tensors, so its last parameters "
             "must be dtype, device and requires_grad");
  peri_clear_error(ctx);
  CHECK(peri_register_op(ctx, &nothings) == 0);
  const peri_value value[5] = {{.type = PERI_P_INTS, .count = 1, .list = {3}},
                               {.type = PERI_P_END},
                               {.type = PERI_P_STRING, .s = "meta"}};
  peri_tensor *x = peri_apply(ctx, &nothings, NULL, 0, value, 0, NULL);
  CHECK(x && peri_tensor_numel(x) == 3);
  CHECK_TEXT(peri_tensor_device(x), "meta");
  peri_context_free(ctx);
}

static int multiply_itself(peri_frame *frame) {
  frame->y[0] = peri_matmul(frame->in[0], frame->in[0]);
  return 0;
}

/* What users called is what an error names, not what it is made of. */
static void composed_signs_errors(void) {
  static const float data[2] = {2, 3};
  peri_context *ctx = peri_context_new(NULL, NULL);
  peri_op twice = {.name = "twice",
                   .inputs = {{"x", 0}},
                   .flags = PERI_OP_COMPOSED,
                   .forward = multiply_itself};
  CHECK(peri_register_op(ctx, &twice) == 0);
  peri_tensor *x = peri_tensor_new(ctx, data, (int64_t[]){1, 2}, 2, PERI_F32);
  CHECK(peri_apply(ctx, &twice, &x, 1, NULL, 0, NULL) == NULL);
  CHECK(strncmp(peri_error_text(ctx), "twice: a of shape", 17) == 0);
  peri_context_free(ctx);
}

static int make_nothing(peri_frame *frame) {
  (void)frame;
  return 0;
}

/* Composed rows and views make their result themselves. */
static void empty_handed(void) {
  static const float data[2] = {2, 3};
  static const unsigned kinds[] = {PERI_OP_COMPOSED, PERI_OP_VIEW};
  for (int i = 0; i < 2; i++) {
    peri_context *ctx = peri_context_new(NULL, NULL);
    peri_op idle = {.name = "idle",
                    .inputs = {{"x", 0}},
                    .flags = kinds[i],
                    .forward = make_nothing};
    peri_tensor *x = peri_tensor_new(ctx, data, (int64_t[]){2}, 1, PERI_F32);
    CHECK(peri_register_op(ctx, &idle) == 0);
    CHECK(peri_apply(ctx, &idle, &x, 1, NULL, 0, NULL) == NULL);
    CHECK(peri_error(ctx) == PERI_EARG);
    CHECK_TEXT(peri_error_text(ctx), "idle: made no result");
    peri_context_free(ctx);
  }
}

static void from_c(void) {
  static const float data[2] = {2, 3};
  peri_context *ctx = peri_context_new(NULL, NULL);
  CHECK(add_cube(ctx) == 0);
  peri_tensor *x = peri_tensor_new(ctx, data, (int64_t[]){2}, 1, PERI_F32);
  peri_tensor *y = peri_apply(ctx, &cube, &x, 1, NULL, 0, NULL);
  CHECK(peri_item(peri_sum(y, NULL)) == 35);
  peri_context_free(ctx);
}

int main(void) {
  from_c();
  refusals();
  sources();
  empty_handed();
  composed_signs_errors();
  from_scripts();
  return check_done("registered operations");
}
