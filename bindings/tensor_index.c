/* tensor_index.c - t[i], t[{ {1, 3}, {}, 2 }] and the same on the left of an
   assignment.

   A key is one place, or a table of places, one per leading dimension: a
   position, {first, last}, {first, last, step}, {} for everything, or a tensor
   of positions or truth values. Positions count from 1, negative ones from the
   end; numbers are checked here, in the user's own, and handed to core counted
   from 0; tensors go as they are. */
#include "binding.h"

/* A key while it is read. */
typedef struct {
  lua_State *L;
  const pgl_state *S;
  const peri_tensor *x;
  peri_index places[PERI_MAX_DIMS];
  int count;
  int dim; /* of the next place, which a mask moves by more than one */
} key;

static int64_t size_of(const key *k) { return peri_tensor_shape(k->x)[k->dim]; }

static int out_of_range(const key *k, int64_t position) {
  char shape[PGL_TEXT_BYTES];
  peri_shape_text(peri_tensor_shape(k->x), peri_tensor_ndim(k->x), shape,
                  sizeof shape);
  if (position == 0)
    return pgl_error(k->L,
                     "index 0: positions count from 1, negative ones "
                     "from the end");
  return pgl_error(
      k->L,
      "index %I is out of range: dimension %d of %s has %I "
      "positions%s",
      (LUAI_UACINT)position, k->dim + 1, shape, (LUAI_UACINT)size_of(k),
      lua_type(k->L, 2) == LUA_TNUMBER ? "; rows() iterates over them" : "");
}

/* 'position' counted from 0; 'beyond' is how far past the last it may be. */
static int64_t from_zero(const key *k, int64_t position, int64_t beyond) {
  int64_t size = size_of(k);
  int64_t place = position < 0 ? position + size : position - 1;
  if (position == 0 || place < 0 || place >= size + beyond)
    out_of_range(k, position);
  return place;
}

static bool read_whole(lua_State *L, int index, int64_t *out) {
  int whole = 0;
  if (lua_type(L, index) != LUA_TNUMBER) return false;
  *out = lua_tointegerx(L, index, &whole);
  return whole != 0;
}

static void add_place(key *k, peri_index place) {
  k->places[k->count++] = place;
  k->dim++;
}

static int refuse_place(const key *k, int index) {
  return pgl_error(k->L,
                   "index: place %d must be a position, {first, last}, "
                   "{first, last, step}, {} or a tensor, got %s",
                   k->count + 1,
                   lua_type(k->L, index) == LUA_TNUMBER
                       ? luaL_tolstring(k->L, index, NULL)
                       : pgl_kind(k->L, k->S, index));
}

/* {first, last, step}: both ends are included, {i, i - 1} is empty. */
static void read_range(key *k, int index, lua_Unsigned length) {
  int64_t ends[3] = {0, 0, 1};
  for (lua_Unsigned i = 0; i < length; i++) {
    lua_rawgeti(k->L, index, (lua_Integer)i + 1);
    bool right = read_whole(k->L, -1, &ends[i]);
    lua_pop(k->L, 1);
    if (!right) refuse_place(k, index);
  }
  int64_t first = from_zero(k, ends[0], 1);
  int64_t last = ends[1] == 0 && first == 0 ? -1 : from_zero(k, ends[1], 0);
  if (last < first - 1)
    pgl_error(k->L, "index: range {%I, %I} runs backwards",
              (LUAI_UACINT)ends[0], (LUAI_UACINT)ends[1]);
  if (ends[2] < 1)
    pgl_error(k->L, "index: the step of a range must be at least 1, got %I",
              (LUAI_UACINT)ends[2]);
  add_place(
      k,
      (peri_index){
          .kind = PERI_RANGE, .first = first, .last = last, .step = ends[2]});
}

/* A table without positions is for everything, and holds nothing. */
static void refuse_names(const key *k, int index) {
  lua_pushnil(k->L);
  if (lua_next(k->L, index))
    pgl_error(k->L, "index: a table of places has no names, got [%s]",
              luaL_tolstring(k->L, -2, NULL));
}

static int too_many(const key *k) {
  return pgl_error(k->L,
                   "index: the places stand for more dimensions than the "
                   "tensor has, %d",
                   peri_tensor_ndim(k->x));
}

/* A mask stands for as many dimensions as it has. */
static void read_tensor(key *k, peri_tensor *by) {
  bool mask = peri_tensor_dtype(by) == PERI_BOOL;
  int last = k->dim + (mask ? peri_tensor_ndim(by) : 1);
  add_place(k, (peri_index){.kind = PERI_TENSOR, .by = by, .base = 1});
  k->dim = last;
}

/* The next place, at 'index'. */
static void read_place(key *k, int index) {
  int64_t position;
  peri_tensor *by = pgl_to_tensor(k->L, k->S, index);
  if (k->dim >= peri_tensor_ndim(k->x)) too_many(k);
  if (by) {
    read_tensor(k, by);
    return;
  }
  if (read_whole(k->L, index, &position)) {
    add_place(k, (peri_index){.first = from_zero(k, position, 0)});
    return;
  }
  lua_Unsigned length = lua_rawlen(k->L, index);
  if (lua_type(k->L, index) != LUA_TTABLE || length == 1 || length > 3)
    refuse_place(k, index);
  if (length == 0) refuse_names(k, index);
  if (length == 0)
    add_place(k, (peri_index){.kind = PERI_ALL});
  else
    read_range(k, index, length);
}

/* The key at stack index 2 for the tensor at 1. Its tensors stay on the stack:
   whoever changes the table cannot take them away. */
static key read_key(lua_State *L, const pgl_state *S) {
  key k = {.L = L, .S = S, .x = pgl_to_tensor(L, S, 1)};
  luaL_checkstack(L, 8 + PERI_MAX_DIMS, "index");
  if (lua_type(L, 2) != LUA_TTABLE) {
    read_place(&k, 2);
    return k;
  }
  lua_Unsigned length = lua_rawlen(L, 2);
  if (length == 0) refuse_names(&k, 2);
  for (lua_Unsigned i = 1; i <= length; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i);
    read_place(&k, lua_gettop(L));
    if (k.places[k.count - 1].kind != PERI_TENSOR) lua_pop(L, 1);
  }
  return k;
}

/* An element of a 1-d tensor as a number, without a box. */
static int give_element(lua_State *L, pgl_state *S, const key *k) {
  pgl_item item = {.dtype = PERI_DTYPE_NONE};
  peri_tensor *x = pgl_to_tensor(L, S, 1);
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *y = peri_at(x, k->places, k->count);
  if (y) item = pgl_read_item(y);
  peri_scope_close(scope);
  pgl_push_item(L, S, item);
  return 1;
}

int pgl_tensor_at(lua_State *L, pgl_state *S) {
  peri_tensor *x = pgl_to_tensor(L, S, 1);
  if (lua_type(L, 2) == LUA_TNUMBER && peri_tensor_ndim(x) == 1) {
    key k = read_key(L, S);
    return give_element(L, S, &k);
  }
  pgl_tensor *box = pgl_new_box(L, S);
  int at = lua_gettop(L);
  key k = read_key(L, S);
  peri_scope scope = peri_scope_open(S->ctx);
  pgl_fill_box(S, box, peri_at(pgl_to_tensor(L, S, 1), k.places, k.count));
  peri_scope_close(scope);
  pgl_settle(L, S, at);
  lua_settop(L, at);
  return 1;
}

/* The assigned value, at stack index 3, as a tensor of the open scope. */
static peri_tensor *value_tensor(lua_State *L, pgl_state *S,
                                 const pgl_plan *plan) {
  if (lua_type(L, 3) == LUA_TTABLE)
    return pgl_build(L, S, 3, plan, plan->dtype);
  if (lua_type(L, 3) == LUA_TUSERDATA)
    return ((const pgl_tensor *)lua_touserdata(L, 3))->x;
  return pgl_scalar(L, S, 3);
}

int pgl_tensor_set_at(lua_State *L, pgl_state *S) {
  pgl_plan plan = {0};
  pgl_pay(L, S);
  int type = lua_type(L, 3);
  if (type == LUA_TTABLE)
    pgl_measure(L, S, 3, "index", &plan);
  else if (type != LUA_TNUMBER && type != LUA_TBOOLEAN &&
           !pgl_to_tensor(L, S, 3))
    return pgl_error(L,
                     "index: the value must be a number, a boolean, nested "
                     "lists of them or a tensor, got %s",
                     pgl_kind(L, S, 3));
  key k = read_key(L, S);
  peri_tensor *x = pgl_to_tensor(L, S, 1);
  peri_scope scope = peri_scope_open(S->ctx);
  peri_tensor *value = value_tensor(L, S, &plan);
  int status = peri_set_at(x, k.places, k.count, value);
  peri_scope_close(scope);
  return status < 0 || !value ? pgl_raise(L, S) : 0;
}
