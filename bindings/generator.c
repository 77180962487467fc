/* generator.c - streams of random numbers: pg.Generator and the functions of
   the context's own stream. A state is an int64 tensor { seed, draws }. */
#include <sys/random.h>

#include "binding.h"

/* A generator; NULL until it is made. */
typedef struct {
  peri_generator *generator;
} generator_box;

peri_generator *pgl_to_generator(lua_State *L, const pgl_state *S, int index) {
  const generator_box *box = pgl_test(L, S, index, PGL_GENERATOR);
  return box ? pgl_alive(L, box->generator, PGL_GENERATOR) : NULL;
}

static peri_generator *self_generator(lua_State *L, const pgl_state *S,
                                      const char *what) {
  const generator_box *box = pgl_check_self(L, S, PGL_GENERATOR, what);
  return pgl_alive(L, box->generator, PGL_GENERATOR);
}

static int generator_gc(lua_State *L) {
  generator_box *box = lua_touserdata(L, 1);
  peri_generator_free(box->generator);
  box->generator = NULL;
  return 0;
}

/* ---- Seeds ------------------------------------------------------------ */

/* The seed at 'index' of function 'what', 'absent' if there is none. */
static uint64_t read_seed(lua_State *L, const pgl_state *S, const char *what,
                          int index, const uint64_t *absent) {
  static const peri_param seed = {.name = "seed", .type = PERI_P_INT};
  peri_value value;
  pgl_read_value(L, S, what, &seed, index, &value);
  if (value.type != PERI_P_END) return (uint64_t)value.i;
  if (!absent) pgl_error(L, "%s: seed is required", what);
  return absent ? *absent : 0;
}

static int start(lua_State *L, pgl_state *S, peri_generator *generator,
                 uint64_t seed) {
  const peri_random_state state = {seed, 0};
  if (peri_generator_set_state(generator, state) < 0) return pgl_raise(L, S);
  return 0;
}

/* A seed that nobody can foresee. */
static int start_anywhere(lua_State *L, pgl_state *S,
                          peri_generator *generator) {
  uint64_t seed;
  if (getrandom(&seed, sizeof seed, 0) != sizeof seed)
    return pgl_error(L, "seed: the system gives no random bytes");
  start(L, S, generator, seed);
  lua_pushinteger(L, (lua_Integer)seed);
  return 1;
}

static int push_seed(lua_State *L, const peri_generator *generator) {
  lua_pushinteger(L, (lua_Integer)peri_generator_state(generator).seed);
  return 1;
}

/* ---- States ----------------------------------------------------------- */

static int get_state(lua_State *L, pgl_state *S,
                     const peri_generator *generator) {
  const peri_random_state state = peri_generator_state(generator);
  const int64_t numbers[] = {(int64_t)state.seed, (int64_t)state.draws};
  const int64_t size = 2;
  pgl_tensor *box = pgl_new_box(L, S);
  peri_scope scope = peri_scope_open(S->ctx);
  pgl_fill_box(S, box, peri_tensor_new(S->ctx, numbers, &size, 1, PERI_I64));
  peri_scope_close(scope);
  pgl_settle(L, S, lua_gettop(L));
  return 1;
}

static int set_state(lua_State *L, pgl_state *S, peri_generator *generator,
                     const char *what, int index) {
  int64_t numbers[2];
  peri_tensor *x = pgl_check_tensor(L, S, index, what, "state");
  if (peri_tensor_dtype(x) != PERI_I64 || peri_tensor_ndim(x) != 1 ||
      peri_tensor_numel(x) != 2)
    return pgl_error(L,
                     "%s: state must be the int64 tensor { seed, draws } that "
                     "was got before",
                     what);
  if (peri_copy_out(x, numbers, PERI_I64, sizeof numbers) < 0)
    return pgl_raise(L, S);
  const peri_random_state state = {(uint64_t)numbers[0], (uint64_t)numbers[1]};
  if (peri_generator_set_state(generator, state) < 0) return pgl_raise(L, S);
  return 0;
}

/* ---- The context's own ------------------------------------------------ */

static int manual_seed(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  uint64_t seed = read_seed(L, S, "manual_seed", 1, NULL);
  if (lua_gettop(L) > 1)
    return pgl_error(L, "manual_seed: unexpected argument after the last: %s",
                     luaL_tolstring(L, 2, NULL));
  return start(L, S, peri_default_generator(S->ctx), seed);
}

static int initial_seed(lua_State *L) {
  return push_seed(L, peri_default_generator(pgl_enter(L)->ctx));
}

static int any_seed(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  return start_anywhere(L, S, peri_default_generator(S->ctx));
}

static int get_rng_state(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  return get_state(L, S, peri_default_generator(S->ctx));
}

static int set_rng_state(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  return set_state(L, S, peri_default_generator(S->ctx), "set_rng_state", 1);
}

static int make_generator(lua_State *L) {
  static const uint64_t none = 0;
  pgl_state *S = pgl_enter(L);
  uint64_t seed = read_seed(L, S, "Generator", 1, &none);
  generator_box *box = pgl_new(L, PGL_GENERATOR, sizeof *box, 0);
  box->generator = peri_generator_new(S->ctx, seed);
  return box->generator ? 1 : pgl_raise(L, S);
}

const pgl_function pgl_random_functions[] = {
    {"manual_seed", "pg.manual_seed(seed)", manual_seed,
     "Start the random numbers anew from a whole number."},
    {"seed", "pg.seed()", any_seed,
     "Start the random numbers anew from a number of the system's choice.\n"
     "-> the seed"},
    {"initial_seed", "pg.initial_seed()", initial_seed,
     "Give the seed that the random numbers were started from."},
    {"get_rng_state", "pg.get_rng_state()", get_rng_state,
     "Tell where the random numbers stand: a tensor { seed, draws }, for\n"
     "set_rng_state."},
    {"set_rng_state", "pg.set_rng_state(state)", set_rng_state,
     "Go on with the random numbers where get_rng_state was called."},
    {"Generator", "pg.Generator(seed)", make_generator,
     "Make a stream of random numbers of its own, for the parameter generator\n"
     "of random operations. Without a seed it starts from 0."},
    {NULL, NULL, NULL, NULL}};

/* ---- Methods ---------------------------------------------------------- */

static int generator_manual_seed(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_generator *generator = self_generator(L, S, "manual_seed");
  start(L, S, generator, read_seed(L, S, "manual_seed", 2, NULL));
  lua_settop(L, 1);
  return 1;
}

static int generator_seed(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  return start_anywhere(L, S, self_generator(L, S, "seed"));
}

static int generator_initial_seed(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  return push_seed(L, self_generator(L, S, "initial_seed"));
}

static int generator_get_state(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  return get_state(L, S, self_generator(L, S, "get_state"));
}

static int generator_set_state(lua_State *L) {
  pgl_state *S = pgl_enter(L);
  peri_generator *generator = self_generator(L, S, "set_state");
  set_state(L, S, generator, "set_state", 2);
  lua_settop(L, 1);
  return 1;
}

static int generator_tostring(lua_State *L) {
  const pgl_state *S = pgl_enter(L);
  const peri_random_state state =
      peri_generator_state(self_generator(L, S, "tostring"));
  lua_pushfstring(L, "generator of seed %I after %I draws",
                  (LUAI_UACINT)state.seed, (LUAI_UACINT)state.draws);
  return 1;
}

const pgl_function pgl_generator_methods[] = {
    {"manual_seed", "generator:manual_seed(seed)", generator_manual_seed,
     "Start anew from a whole number.\n-> the generator"},
    {"seed", "generator:seed()", generator_seed,
     "Start anew from a number of the system's choice.\n-> the seed"},
    {"initial_seed", "generator:initial_seed()", generator_initial_seed,
     "Give the seed that it was started from."},
    {"get_state", "generator:get_state()", generator_get_state,
     "Tell where it stands: a tensor { seed, draws }, for set_state."},
    {"set_state", "generator:set_state(state)", generator_set_state,
     "Go on where get_state was called.\n-> the generator"},
    {NULL, NULL, NULL, NULL}};

void pgl_open_generator(lua_State *L, pgl_state *S) {
  static const luaL_Reg methods[] = {
      {"__gc", generator_gc}, {"__tostring", generator_tostring}, {NULL, NULL}};
  pgl_new_type(L, S, PGL_GENERATOR, methods);
  lua_newtable(L);
  pgl_add_functions(L, pgl_generator_methods);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
