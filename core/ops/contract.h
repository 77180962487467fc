/* contract.h - what einsum.c asks of contract.c: every dimension of every
   tensor has a label, the result has some of them, the others are summed. */
#ifndef PERI_CONTRACT_H
#define PERI_CONTRACT_H

#include "internal.h"

/* Letters A-Z, a-z, then the dimensions of the dots, the last one last. */
enum { PERI_LETTERS = 52, PERI_LABELS = PERI_LETTERS + PERI_MAX_DIMS };

typedef struct {
  peri_tensor *x;
  int ndim;
  int label[PERI_MAX_DIMS];
} peri__operand;

typedef struct {
  const peri_frame *frame;
  peri__operand *operand;
  int count;                 /* of operands that are left */
  int64_t size[PERI_LABELS]; /* the common one */
  int seen[PERI_LABELS];     /* how often in all operands */
  bool kept[PERI_LABELS];    /* stands in the result */
  int out[PERI_MAX_DIMS], nout;
} peri__contraction;

/* Drop dimension 'at' from the list of labels. */
void peri__drop_label(peri__operand *o, int at);
/* Contract all operands, the cheapest pair first, in which no label comes
   twice. -> the result, NULL with an error set */
peri_tensor *peri__contract(peri__contraction *c);

#endif
