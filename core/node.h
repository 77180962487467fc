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

/* An output of a node. */
typedef struct {
  peri_tensor *saved; /* an alias without its node, or NULL */
  peri_tensor *dy;    /* gathered in a backward */
  uint32_t version;   /* of the output when it was saved */
} peri_result;

struct peri_node {
  int64_t refs;
  const peri_op *op;
  uint64_t sequence;
  int base, nin, nout;
  bool saves;           /* it has saved tensors, or had some */
  bool freed;           /* those are gone */
  bool listed;          /* by peri__loosen, in the list below */
  const void *pass;     /* the backward that has it in its heap */
  union {
    peri_node *next_dead;   /* in the list of nodes to free */
    peri_node *next_listed; /* of nodes that are alive */
  };
  /* These lie behind the node, one per parameter, per output, per input. */
  peri_value *value;
  peri_result *result;
  peri_edge *edge;
  peri_meta *in_meta;
  peri_tensor **in; /* saved inputs */
  peri_tensor **dx; /* what backward made of them */
  bool *needs;      /* the edge leads somewhere */
};

/* Drop what the node saved. */
void peri__free_saved(peri_node *node);

#endif
