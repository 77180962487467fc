/* distance.h - what the files of the fast distances share: the kernel of each
   type. */
#ifndef PERI_FAST_DISTANCE_H
#define PERI_FAST_DISTANCE_H

#include "fast.h"
#include "kernels.h"

void LEVEL(distances_f32)(const peri_call *call);
void LEVEL(distances_f64)(const peri_call *call);

#endif
