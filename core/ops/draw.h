/* draw.h - what the rows share that draw random numbers. */
#ifndef PERI_DRAW_H
#define PERI_DRAW_H

#include "create.h"

/* One record of 'kernel' over args[0] and 'nin' inputs behind it, NULL for an
   absent one, which are broadcast to its shape if 'alike', with the next call
   number of the frame's generator; replays take new ones. A call that fails
   draws nothing. */
int peri__run_random(peri_frame *frame, int kernel, peri_tensor *const *args,
                     int nin, bool alike, peri__random_attr attr);
/* The first element of 'x' in memory that 'fits' says no to, into '*found';
   meta tensors have none. -> true if there is one, or with the error set */
bool peri__find_unfit(peri_tensor *x, bool (*fits)(double), double *found);
/* The shape rule of parameters that make a tensor: their common shape, or that
   of the first parameter, shape; the dtype is the second one, theirs, or
   float32. */
int peri__law_infer(peri_frame *frame);
/* That of a row in place: in[0] as it is; the inputs from 'first' on, if there,
   must broadcast to it. */
int peri__params_infer(peri_frame *frame, int first);
int peri__same_infer(peri_frame *frame); /* copy.c */
/* Probabilities. */
bool peri__is_chance(double p);

#endif
