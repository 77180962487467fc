/* collector.c - Lua's collector sees 32-byte boxes, not the buffers behind
   them. Here it is told, in either of its modes and without touching the
   host's settings:

     - each box is charged a little work, so that the collector advances with
       the number of tensors; the charge is paid in batches;
     - the bytes that core holds are compared with a limit. Beyond it one basic
       step is asked for, and if that freed less than half of the room a full
       collection; the next limit follows from what survived.

   Finalizers run inside the payment, so it is made before a box is. A host
   that has stopped the collector is left alone. */
#include "binding.h"

#define BOX_CHARGE 512      /* a userdata and its share of nodes and strings */
#define PAYLOAD_CHARGE 4096 /* the most that a payload adds: 4 KiB */
#define BATCH 16384         /* bytes of debt that are worth a call */
#define LEAST_ROOM ((size_t)16 << 20)

void pgl_charge(pgl_state *S, size_t bytes) {
  S->debt += BOX_CHARGE + (bytes < PAYLOAD_CHARGE ? bytes : PAYLOAD_CHARGE);
}

static size_t live_bytes(const pgl_state *S) {
  return peri_memory_stats(S->ctx).live_bytes;
}

/* A new limit above what is live: room for as much again, for four times
   Lua's own heap, for 16 MiB at least; but never for more than half of what
   the host's byte limit leaves. */
void pgl_set_limit(lua_State *L, pgl_state *S) {
  size_t live = live_bytes(S);
  size_t heap = (size_t)lua_gc(L, LUA_GCCOUNT) * 1024 * 4;
  S->room = live > heap ? live : heap;
  if (S->room < LEAST_ROOM) S->room = LEAST_ROOM;
  if (S->byte_limit > live && S->room > (S->byte_limit - live) / 2)
    S->room = (S->byte_limit - live) / 2;
  S->limit = live + S->room;
}

void pgl_pay(lua_State *L, pgl_state *S) {
  bool due = S->debt >= BATCH;
  if (!due && live_bytes(S) <= S->limit) return;
  if (lua_gc(L, LUA_GCISRUNNING) != 1) return; /* stopped, or a finalizer */
  if (due) {
    int kib = (int)(S->debt / 1024);
    S->debt = 0;
    lua_gc(L, LUA_GCSTEP, kib);
  }
  if (live_bytes(S) <= S->limit) return;
  lua_gc(L, LUA_GCSTEP, 0);
  if (live_bytes(S) + S->room / 2 > S->limit) lua_gc(L, LUA_GCCOLLECT);
  pgl_set_limit(L, S);
}

void pgl_collect(lua_State *L) {
  if (lua_gc(L, LUA_GCISRUNNING) == 1) lua_gc(L, LUA_GCCOLLECT);
}
