/* softmax.h - what the files of the softmax family share: the kernels of each
   compute type. */
#ifndef PERI_FAST_SOFTMAX_H
#define PERI_FAST_SOFTMAX_H

#include "cpu/walk.h"
#include "fast.h"

#define SOFTMAX_ARGS 5 /* that lines go through */

/* softmax, log_softmax and their gradients. */
void LEVEL(softmax_f32)(const peri_call *call);
void LEVEL(softmax_f64)(const peri_call *call);

void LEVEL(class_loss_f32)(const peri_call *call);
void LEVEL(class_loss_f64)(const peri_call *call);
void LEVEL(class_loss_dx_f32)(const peri_call *call);
void LEVEL(class_loss_dx_f64)(const peri_call *call);

#endif
