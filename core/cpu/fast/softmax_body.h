/* softmax_body.h - softmax, log_softmax and their gradients of one element
   type at one level. Twins: plain_softmax.c. */
#include "softmax_lines.h"

/* The arguments as lines have them: inputs first. */
typedef struct {
  lines l;
  int out; /* which of them is the output */
  bool logs;
} softmax_job;

MAP(subtract_two, X - A - B)
MAP(product, X *Z)
MAP(softmax_slope, X *(Z - A))    /* of y, dy */
MAP(log_softmax_slope, Z - X * A) /* of e^y, dy */

static void softmax_tile(const softmax_job *j, tile *t) {
  table work;
  lane_row max, sum;
  bool keep = !j->logs && rows_stay(t, j->out);
  find_max(t, max);
  fill(sum, 0, j->l.lanes);
  EACH_TABLE(t) {
    view x = rows_in(t, 0, at, n), power = view_of(t, work, t->l->lanes, n);
    if (keep) power = rows_out(t, j->out, at, n);
    powers(&power, &x, max);
    join_sum(sum, &power);
  }
  fold_single(t, SUM, sum);
  if (j->logs) LOG(sum, sum, j->l.lanes);
  for (int i = 0; !j->logs && i < j->l.lanes; i++) sum[i] = 1 / sum[i];
  EACH_TABLE(t) {
    view y = rows_out(t, j->out, at, n);
    if (!keep) {
      view x = rows_in(t, 0, at, n);
      if (j->logs)
        subtract_two(&y, &x, &x, max, sum);
      else
        powers(&y, &x, max);
    }
    if (!j->logs) multiply(&y, &y, &y, sum, sum);
    rows_done(t, j->out, at, &y);
  }
}

/* dx = y (dy - sum(dy y)), of logarithms dx = dy - e^y sum(dy). */
static void slope_tile(const softmax_job *j, tile *t) {
  table work;
  lane_row sum;
  fill(sum, 0, j->l.lanes);
  EACH_TABLE(t) {
    view dy = rows_in(t, 1, at, n), part = view_of(t, work, t->l->lanes, n);
    if (!j->logs) {
      view y = rows_in(t, 0, at, n);
      product(&part, &y, &dy, sum, sum);
    }
    join_sum(sum, j->logs ? &dy : &part);
  }
  fold_single(t, SUM, sum);
  EACH_TABLE(t) {
    view y = rows_in(t, 0, at, n), dy = rows_in(t, 1, at, n);
    view dx = rows_out(t, j->out, at, n), power = dx;
    power.at = work;
    power.row = power.lanes;
    if (j->logs) {
      exponentials(&power, &y);
      log_softmax_slope(&dx, &power, &dy, sum, sum);
    } else {
      softmax_slope(&dx, &y, &dy, sum, sum);
    }
    rows_done(t, j->out, at, &dx);
  }
}

static void softmax_tiles(void *user, int64_t first, int64_t end, int thread) {
  const softmax_job *j = user;
  (void)thread;
  for (; first < end && !peri_call_stopped(j->l.call); first++) {
    tile t;
    tile_begin(&t, &j->l, first);
    if (j->out == 1)
      softmax_tile(j, &t);
    else
      slope_tile(j, &t);
  }
}

void SOFTMAX(const peri_call *call) {
  int kernel = call->kernel - peri__kernel_id(PERI_K_softmax);
  softmax_job j = {.l = {.call = call}, .out = call->nin};
  peri__dim_attr attr;
  peri_call order;
  memcpy(&attr, call->attr, sizeof attr);
  for (int a = 0; a < call->nin; a++) order.arg[a] = call->arg[1 + a];
  order.arg[j.out] = call->arg[0];
  j.logs = kernel % 2 == 1;
  if (call->nin == 1) j.l.pad[0] = NONE;
  lines_begin(&j.l, &order, j.out + 1, ~0u, attr.dim);
  if (j.l.length == 0) return;
  peri_parallel_for(call, j.l.tiles, tile_cost(&j.l, 0.7), softmax_tiles, &j);
}
