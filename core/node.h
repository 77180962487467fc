/* node.h - the history of tensors, shared by the two files that know it:
   node.c, which makes and frees it, and autograd.c, which walks it.

   A node is one application that was recorded: its row, the parameter values,
   the inputs and outputs that the row saves with their version numbers, and an
   edge for each input: to the node that made it, or to a leaf. It is counted,
   owned by its outputs and by the nodes after it. */
#ifndef PERI_NODE_H
#define PERI_NODE_H

#include "internal.h"

/* Where the gradient of an input goes. */
typedef struct {
  peri_node *next;   /* to the node that made the input, */
  peri_tensor *leaf; /* or to a leaf; or nowhere */
  int output;        /* which output of 'next' the input was */
  uint32_t version;  /* of the input when it was saved */
} peri_edge;

struct peri_node {
  int64_t refs;
  const peri_op *op;
  uint64_t sequence;
  int base, nin, nout;
  bool freed;           /* saved tensors are gone */
  const void *pass;     /* the backward that has it in its heap */
  peri_node *next_dead; /* in the list of nodes to free */
  peri_value *value;    /* the arrays lie behind the node: per parameter, */
  peri_edge *edge;      /* and per input, as all that follow */
  peri_meta *in_meta;
  peri_tensor **in;                   /* saved inputs */
  peri_tensor **dx;                   /* results while the node is at work */
  bool *needs;                        /* the edge leads somewhere */
  peri_tensor *out[PERI_MAX_OUTPUTS]; /* saved outputs, without their node */
  uint32_t out_version[PERI_MAX_OUTPUTS];
  peri_tensor *dy[PERI_MAX_OUTPUTS]; /* gathered in a backward */
};

/* Drop what the node saved. */
void peri__free_saved(peri_node *node);

#endif
