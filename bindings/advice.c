/* advice.c - what is written here for the names that other frameworks, and
   Torch before, have for the same thing. Messages about unknown names ask it
   before they look for a likeness: 'float' is no misspelt floor.

   Names that are merely misspelt are not its business. */
#include <string.h>

#include "binding.h"

/* On tensors. */
static const char *const of_tensors[][2] = {
    {"T", "x:t()"},
    {"bfloat16", "x:to(\"bfloat16\")"},
    {"bool", "x:to(\"bool\")"},
    {"byte", "x:to(\"uint8\")"},
    {"data", "x:detach()"},
    {"double", "x:to(\"float64\")"},
    {"float", "x:to(\"float32\")"},
    {"half", "x:to(\"float16\")"},
    {"hsplit", "x:tensor_split(n, 2)"},
    {"index", "x[positions]"},
    {"index_put", "x[{ ... }] = value"},
    {"index_put_", "x[{ ... }] = value"},
    {"int", "x:to(\"int32\")"},
    {"len", "#x"},
    {"long", "x:to(\"int64\")"},
    {"mT", "x:transpose(-2, -1)"},
    {"nDimension", "x:dim()"},
    {"nElement", "x:numel()"},
    {"ndim", "x:dim()"},
    {"ndimension", "x:dim()"},
    {"nelement", "x:numel()"},
    {"new_full", "pg.full(shape, value, { dtype = x.dtype })"},
    {"new_ones", "pg.ones(shape, { dtype = x.dtype })"},
    {"new_tensor", "pg.tensor(value, { dtype = x.dtype })"},
    {"new_zeros", "pg.zeros(shape, { dtype = x.dtype })"},
    {"numpy", "x:totable()"},
    {"repeat_", "x:tile(...)"},
    {"resize", "x:reshape(...)"},
    {"resize_", "x:reshape(...)"},
    {"tolist", "x:totable()"},
    {"type", "x.dtype, or x:to(dtype)"},
    {"type_as", "x:to(y.dtype)"},
    {"vsplit", "x:tensor_split(n, 1)"},
    {"zero_grad", "x.grad = nil"},
    {NULL, NULL},
};

/* In the module. */
static const char *const of_module[][2] = {
    {"ByteTensor", "pg.tensor(value, { dtype = \"uint8\" })"},
    {"DoubleTensor", "pg.tensor(value, { dtype = \"float64\" })"},
    {"F", "pg.relu(x) and the like: functions are in pg itself"},
    {"FloatTensor", "pg.tensor(value, { dtype = \"float32\" })"},
    {"IntTensor", "pg.tensor(value, { dtype = \"int32\" })"},
    {"LongTensor", "pg.tensor(value, { dtype = \"int64\" })"},
    {"Tensor", "pg.tensor{ ... } of values, pg.zeros(...) of sizes"},
    {"array", "pg.tensor{ ... }"},
    {"as_tensor", "pg.tensor{ ... }"},
    {"asarray", "pg.tensor{ ... }"},
    {"double", "pg.float64"},
    {"float", "pg.float32"},
    {"from_numpy", "pg.tensor{ ... }"},
    {"functional", "pg.relu(x) and the like: functions are in pg itself"},
    {"half", "pg.float16"},
    {"int", "pg.int64"},
    {"linalg", "pg.svd(x) and the like: functions are in pg itself"},
    {"long", "pg.int64"},
    {"range", "pg.arange, which leaves its end out"},
    {"shuffle", "x[pg.randperm(#x)]"},
    {NULL, NULL},
};

/* Element types. */
static const char *const of_dtypes[][2] = {
    {"double", "float64"}, {"float", "float32"}, {"half", "float16"},
    {"int", "int64"},      {"long", "int64"},    {NULL, NULL},
};

/* Parameters, and those of ours that have the meaning, or what to do. */
static const char *const of_parameters[][2] = {
    {"axes", "dims"},
    {"axes", "dim"},
    {"axis", "dim"},
    {"input", "x"},
    {"learning_rate", "lr"},
    {"other", "b"},
    {"size", "shape"},
    {"size", "sizes"},
    {"unbiased", "correction"},
    {NULL, NULL},
};

static const char *find(const char *const (*rows)[2], const char *name) {
  for (; (*rows)[0]; rows++)
    if (strcmp((*rows)[0], name) == 0) return (*rows)[1];
  return NULL;
}

/* The operation that is meant, that of a form in place included. */
static const char *find_op(lua_State *L, const char *before, const char *name) {
  size_t length = strlen(name);
  const char *op = peri_synonym(name);
  if (op) return lua_pushfstring(L, "%s%s", before, op);
  if (length == 0 || name[length - 1] != '_') return NULL;
  op = peri_synonym(lua_pushlstring(L, name, length - 1));
  return op ? lua_pushfstring(L, "%s%s_", before, op) : NULL;
}

static bool is_word(const char *text) {
  return strspn(text, "abcdefghijklmnopqrstuvwxyz_") == strlen(text);
}

static const char *find_parameter(const char *name, const char *const *names,
                                  int count) {
  for (const char *const(*row)[2] = of_parameters; (*row)[0]; row++)
    for (int i = 0; strcmp((*row)[0], name) == 0 && i < count; i++)
      if (!is_word((*row)[1]) || strcmp((*row)[1], names[i]) == 0)
        return (*row)[1];
  return NULL;
}

const char *pgl_advice(lua_State *L, const char *what, const char *kind,
                       const char *name, const char *const *names, int count) {
  const char *found = NULL;
  bool tensor = strcmp(what, "tensor") == 0, help = strcmp(what, "help") == 0;
  if (strcmp(kind, "parameter") == 0) return find_parameter(name, names, count);
  if (tensor || help) found = find(of_tensors, name);
  if (!found && !tensor) found = find(of_module, name);
  return found ? found : find_op(L, tensor ? "x:" : "pg.", name);
}

const char *pgl_usual_dtype(const char *name) { return find(of_dtypes, name); }
