/* softmax.h - what the files of the softmax family share: the kernels of each
   element type, by the place of their operation. */
#ifndef PERI_FAST_SOFTMAX_H
#define PERI_FAST_SOFTMAX_H

#include "cpu/bundle.h"
#include "fast.h"

/* Lines that are worked on side by side, at every level. */
#define SIDE_BY_SIDE 16
/* Lines longer than this are worked on one by one where they lie in memory as
   lines. */
#define SHORT_LINE 32

void LEVEL(softmax_f32)(const peri_call *call);
void LEVEL(softmax_f64)(const peri_call *call);
void LEVEL(log_softmax_f32)(const peri_call *call);
void LEVEL(log_softmax_f64)(const peri_call *call);
void LEVEL(softmax_dx_f32)(const peri_call *call);
void LEVEL(softmax_dx_f64)(const peri_call *call);
void LEVEL(log_softmax_dx_f32)(const peri_call *call);
void LEVEL(log_softmax_dx_f64)(const peri_call *call);

void LEVEL(class_loss_f32)(const peri_call *call);
void LEVEL(class_loss_f64)(const peri_call *call);
void LEVEL(class_loss_dx_f32)(const peri_call *call);
void LEVEL(class_loss_dx_f64)(const peri_call *call);

#endif
