/* apply_list.c - the entry of operations that give a list of tensors, as many
   as 'infer' says: the same steps as in apply.c. A view row makes all of them
   look into its first input: nothing is written, so the node can come last, one
   that is the history of all. A composed row makes them of operations. */
#include "internal.h"

/* The parts of a view row look into in[0]. */
static int join_history(peri_frame *frame) {
  for (int i = 0; i < frame->nout; i++)
    peri__set_base(frame->part[i], frame->in[0]);
  if (frame->nout == 0 || !peri__wants_grad(frame->ctx, frame->in, frame->nin))
    return 0;
  peri_node *node = peri__node_begin(frame);
  if (!node) return frame->ctx->status;
  peri__node_finish_list(node, frame);
  return 0;
}

/* What forward makes on the way dies with the scope inside, the parts move to
   the one outside. */
static int make_parts(peri_frame *frame) {
  peri_context *ctx = frame->ctx;
  peri_scope scope = peri__scope_open(ctx);
  int status = frame->op->forward(frame);
  if (status == 0) status = ctx->status;
  if (status == 0 && frame->op->flags & PERI_OP_VIEW)
    status = join_history(frame);
  if (status < 0) peri__frame_sign(frame);
  peri__scope_close_but(scope, frame->part, status == 0 ? frame->nout : 0);
  return status;
}

/* -> how many parts there are, or a status */
static int run_list(peri_frame *frame, peri_tensor **part, int room) {
  unsigned flags = frame->op->flags;
  if (flags & PERI_OP_DATA && peri__frame_check_data(frame) < 0)
    return frame->ctx->status;
  int status = frame->op->infer(frame);
  if (status < 0 || part == NULL) return status < 0 ? status : frame->nout;
  if (frame->nout > room)
    return peri__op_fail(frame, PERI_EARG,
                         "gives %d tensors, there is room for %d", frame->nout,
                         room);
  memset(part, 0, (size_t)frame->nout * sizeof *part);
  frame->part = part;
  status = make_parts(frame);
  if (status == 0) return frame->nout;
  memset(part, 0, (size_t)frame->nout * sizeof *part);
  return status;
}

int peri_apply_list(peri_context *ctx, const peri_op *op,
                    peri_tensor *const *in, int nin, const peri_value *value,
                    int base, peri_tensor **part, int room) {
  peri_value checked[PERI_MAX_PARAMS];
  if (!op) peri_fail(ctx, PERI_EARG, "apply_list: op is NULL");
  int status = peri__enter(ctx);
  if (status < 0) return status;
  peri_frame frame;
  peri__frame_init(&frame, ctx, op, in, nin, base);
  status = peri__frame_begin(&frame, value, checked);
  if (status == 0 && !(op->flags & PERI_OP_LIST))
    status = peri__op_fail(&frame, PERI_EARG, "gives no list; see apply");
  if (status == 0) status = run_list(&frame, part, room);
  peri__leave(ctx);
  return status;
}
